/* lxc.c - LXC, and Incus and LXD, which are built upon it
 *
 * All three call a container's cgroup lxc.payload.NAME; whose it is tells the folder that is called
 * NAME. Sources: lxc.container.conf(5), lxc(7); Incus' and LXD's VarPath("containers").
 */
#include <stdio.h>

#include "base/text.h"
#include "discovery/finder_priv.h"

static const struct place {
	enum engine_kind engine;
	const char *folder;
} places[] = {
	{ ENGINE_LXC, "var/lib/lxc" },
	{ ENGINE_INCUS, "var/lib/incus/containers" },
	{ ENGINE_LXD, "var/lib/lxd/containers" },
	{ ENGINE_LXD, "var/snap/lxd/common/lxd/containers" },
};

static int list_user(struct finder *f, uint32_t uid, void *ctx)
{
	const char *home = finder_home(f, uid);
	const char *folder = home ? arena_printf(&f->scratch, "%s/.local/share/lxc", home) : NULL;

	return folder ? finder_list(f, ctx, folder, uid) : 0;
}

static int list(struct finder *f, const struct state_source *s)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < COUNT(places); i++)
		if (places[i].engine == s->engine)
			r = finder_list(f, s, places[i].folder, f->admin);
	return r < 0 || s->engine != ENGINE_LXC ? r : finder_each_user(f, list_user, (void *)s);
}

/* The name is the id, and the configuration knows neither image nor time. */
static void read_one(struct finder *f, const struct state_entry *entry, struct state_facts *facts)
{
	facts->name = arena_dup(&f->scratch, entry->id);
	facts->rootfs = arena_printf(&f->scratch, "/%s/%s/rootfs", entry->folder, entry->id);
}

const struct state_source lxc_source = { ENGINE_LXC, false, list, read_one, NULL };
const struct state_source incus_source = { ENGINE_INCUS, false, list, read_one, NULL };
const struct state_source lxd_source = { ENGINE_LXD, false, list, read_one, NULL };
