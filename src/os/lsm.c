/* lsm.c - what the host's security modules offer: asked by tare-runtime before it begins */
#include "os/lsm.h"

#include <fcntl.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/err.h"
#include "base/own.h"

#define SELINUX_MAGIC_ 0xf97cff8c

static bool apparmor_enabled(void)
{
	own_fd int fd = fd_open("/sys/module/apparmor/parameters/enabled", O_RDONLY);
	char yes = 'N';

	return fd >= 0 && read(fd, &yes, 1) == 1 && yes == 'Y';
}

/* selinuxfs is mounted by the host's init when a policy is loaded, and by nothing else. */
static bool selinux_enabled(void)
{
	struct statfs fs;

	return statfs("/sys/fs/selinux", &fs) == 0 && (unsigned)fs.f_type == SELINUX_MAGIC_;
}

/* lsm_enabled() - is this module active on the host? */
bool lsm_enabled(enum lsm which)
{
	return which == LSM_APPARMOR ? apparmor_enabled() : selinux_enabled();
}

/* lsm_wants_apparmor() - does @profile confine at all? NULL, "" and "unconfined" do not. */
bool lsm_wants_apparmor(const char *profile)
{
	return profile && *profile && strcmp(profile, "unconfined") != 0;
}

static int refuse(const char *what, const char *label, const char *module, const char *where,
		  const char *member, struct err *e)
{
	fail(e, ERR_UNSUPPORTED, "%s '%.128s' is asked for, but %s is not enabled on this host",
	     what, label, module);
	fail_hint(e, "leave %s out, or boot with security=%s", member,
		  module[0] == 'A' ? "apparmor" : "selinux");
	return fail_at(e, "%s/%s", where, member);
}

/* lsm_check_mount_label() - likewise for linux.mountLabel; @where is its place */
int lsm_check_mount_label(const char *label, const char *where, struct err *e)
{
	if (!label || !*label)
		return 0;
	/* it will stand in quotes among mount options */
	if (strpbrk(label, "\"\n")) {
		fail(e, ERR_INPUT, "'%.128s' is no SELinux label", label);
		return fail_at(e, "%s/mountLabel", where);
	}
	return lsm_enabled(LSM_SELINUX)
		       ? 0
		       : refuse("SELinux label", label, "SELinux", where, "mountLabel", e);
}

/**
 * lsm_check() - refuse a label that nothing on this host would enforce
 * @apparmor_profile: process.apparmorProfile or NULL; "" and "unconfined" are always fine
 * @selinux_label:    process.selinuxLabel or NULL; "" is always fine
 * @where:            origin of the process, "config.json: /process"
 */
int lsm_check(const char *apparmor_profile, const char *selinux_label, const char *where,
	      struct err *e)
{
	if (lsm_wants_apparmor(apparmor_profile) && !lsm_enabled(LSM_APPARMOR))
		return refuse("AppArmor profile", apparmor_profile, "AppArmor", where,
			      "apparmorProfile", e);
	if (selinux_label && *selinux_label && !lsm_enabled(LSM_SELINUX))
		return refuse("SELinux label", selinux_label, "SELinux", where, "selinuxLabel", e);
	return 0;
}
