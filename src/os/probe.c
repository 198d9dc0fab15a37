/* probe.c - the feature switch behind os/sys.h */
#include "os/probe.h"

#include <stdlib.h>
#include <string.h>

#include "os/sys.h"

unsigned sys_lacking;

// clang-format off
const struct word probe_feature_words[] = {
	{ "openat2",           SYS_OPENAT2           },
	{ "clone3",            SYS_CLONE3            },
	{ "pidfd",             SYS_PIDFD             },
	{ "mount_api",         SYS_MOUNT_API         },
	{ "mount_setattr",     SYS_MOUNT_SETATTR     },
	{ "close_range",       SYS_CLOSE_RANGE       },
	{ "cgroup.kill",       SYS_CGROUP_KILL       },
	{ "clone_into_cgroup", SYS_CLONE_INTO_CGROUP },
	{ "memfd_exec",        SYS_MEMFD_EXEC        },
	{ "overlay_fd",        SYS_OVERLAY_FD        },
	{ "ficlone",           SYS_FICLONE           },
	{ NULL, 0 },
};
// clang-format on

/* probe_lack() - from now on behave as on a kernel without @features (enum sys_feature bits) */
void probe_lack(unsigned features)
{
	sys_lacking = features;
}

/* probe_lack_by_env() - probe_lack() by the names in TARE_TEST_LACK; unknown names are ignored */
void probe_lack_by_env(void)
{
	const char *list = secure_getenv("TARE_TEST_LACK");
	unsigned features = 0;

	if (!list)
		return;
	for (const struct word *w = probe_feature_words; w->name; w++)
		if (strstr(list, w->name))
			features |= (unsigned)w->value;
	probe_lack(features);
}
