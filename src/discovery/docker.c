/* docker.c - dockerd: a folder for each container below its data root
 *
 * The data root is /var/lib/docker unless daemon.json says otherwise, and below the home of the user
 * whose rootless daemon it is. Source: moby's container/container.go, which writes config.v2.json.
 */
#include <stdio.h>

#include "base/own.h"
#include "discovery/finder_priv.h"

#define CONTAINERS "containers"

// clang-format off
static const struct state_fact config_facts[] = {
	FACT("Name",                                            FACT_NAME, name),
	FACT("Config>Image",                                    FACT_TEXT, image),
	FACT("Created",                                         FACT_TEXT, created),
	FACT("State>Pid",                                       FACT_I64,  pid),
	FACT("State>Paused",                                    FACT_BOOL, paused),
	FACT("Config>Labels>io.kubernetes.pod.name",            FACT_TEXT, pod),
	FACT("Config>Labels>io.kubernetes.pod.namespace",       FACT_TEXT, pod_namespace),
	FACTS_END,
};
/* the two members that have been called so; the facts serve as a place */
static const struct state_fact daemon_facts[] = {
	FACT("data-root", FACT_NAME, rootfs),
	FACT("graph",     FACT_NAME, rootfs),
	FACTS_END,
};
// clang-format on

static int list_root(struct finder *f, const struct state_source *s, const char *root, uint32_t uid)
{
	const char *folder = arena_printf(&f->scratch, "%s/" CONTAINERS, root);

	return folder ? finder_list(f, s, folder, uid) : 0;
}

static int list_user(struct finder *f, uint32_t uid, void *ctx)
{
	const char *home = finder_home(f, uid);
	const char *root = home ? arena_printf(&f->scratch, "%s/.local/share/docker", home) : NULL;

	return root ? list_root(f, ctx, root, uid) : 0;
}

static int list(struct finder *f, const struct state_source *s)
{
	struct state_facts facts = { 0 };
	own_mem char *text = NULL;
	int n = state_file_read(f->root, "etc/docker/daemon.json", STATE_FILE_MAX, f->admin, &text);
	int r;

	if (n >= 0)
		finder_facts(f, text, (size_t)n, daemon_facts, &facts);
	r = list_root(f, s, facts.rootfs ? facts.rootfs : "var/lib/docker", f->admin);
	return r < 0 ? r : finder_each_user(f, list_user, (void *)s);
}

static void read_one(struct finder *f, const struct state_entry *entry, struct state_facts *facts)
{
	own_mem char *text = NULL;
	int n = finder_read(f, entry, docker_source.file, STATE_FILE_MAX, &text);

	if (n >= 0)
		finder_facts(f, text, (size_t)n, config_facts, facts);
}

const struct state_source docker_source = { ENGINE_DOCKER, false, list, read_one,
					    "config.v2.json" };
