/* sandbox.c - sandboxes that keep no record: bubblewrap, Flatpak, Firejail, bare nspawn
 *
 * Their containers are found by namespaces; whose they are tells the name of the first process, or of
 * its parent, which stays outside and waits. Anybody may call a process so: it is a label, no more.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "discovery/finder_priv.h"

// clang-format off
static const struct word first_words[] = {
	{ "bwrap",          ENGINE_BUBBLEWRAP },
	{ "firejail",       ENGINE_FIREJAIL   },
	{ NULL, 0 },
};
static const struct word parent_words[] = {
	{ "bwrap",          ENGINE_BUBBLEWRAP },
	{ "firejail",       ENGINE_FIREJAIL   },
	{ "systemd-nspawn", ENGINE_NSPAWN     },
	{ "lxc-start",      ENGINE_LXC        },
	{ "lxc-execute",    ENGINE_LXC        },
	{ NULL, 0 },
};
// clang-format on

/* Mostly it was looked at in the scan. */
static bool read_parent(const struct finder *f, pid_t pid, struct process_stat *ret)
{
	const struct engine_proc *known = pid > 0 ? engine_procs_find(&f->procs, pid) : NULL;

	if (known && known->alive)
		*ret = known->stat;
	return (known && known->alive) ||
	       (pid > 0 && engine_procs_try_stat(&f->procs, pid, ret) == 0);
}

/* sandbox_engine() - which engine's is a pid namespace with that first process? */
enum engine_kind sandbox_engine(const struct finder *f, const struct process_stat *first)
{
	const struct word *w = word_find(first_words, first->name);
	struct process_stat parent;

	if (!w && read_parent(f, first->parent, &parent))
		w = word_find(parent_words, parent.name);
	return w ? (enum engine_kind)w->value : ENGINE_UNKNOWN;
}
