/* containerd.c - containerd's tasks, also those of Kubernetes' pods
 *
 * A task is a bundle at STATE/NAMESPACE/ID. The namespace "moby" is dockerd's, which tells more.
 * Sources: containerd's core/runtime/v2/bundle.go, and internal/cri/annotations for the pods.
 */
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "base/text.h"
#include "discovery/finder_priv.h"

static const char *const roots[] = {
	"run/containerd/io.containerd.runtime.v2.task",
	"run/k3s/containerd/io.containerd.runtime.v2.task",
};

// clang-format off
static const struct state_fact config_facts[] = {
	FACT("annotations>io.kubernetes.cri.container-name",    FACT_TEXT, name),
	FACT("annotations>io.kubernetes.cri.sandbox-name",      FACT_TEXT, pod),
	FACT("annotations>io.kubernetes.cri.sandbox-namespace", FACT_TEXT, pod_namespace),
	FACT("annotations>io.kubernetes.cri.image-name",        FACT_TEXT, image),
	FACT("annotations>nerdctl/name",                        FACT_TEXT, name),
	FACT("root>path",                                       FACT_TEXT, rootfs),
	FACTS_END,
};
// clang-format on

struct listing {
	const struct state_source *source;
	const char *root;
};

static int list_namespace(struct finder *f, const char *name, void *ctx)
{
	const struct listing *l = ctx;
	const char *folder = arena_printf(&f->scratch, "%s/%s", l->root, name);

	if (!folder || strcmp(name, "moby") == 0)
		return 0;
	return finder_list(f, l->source, folder, f->admin);
}

static int list(struct finder *f, const struct state_source *s)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < COUNT(roots); i++) {
		struct listing l = { s, roots[i] };

		r = finder_each(f, roots[i], f->admin, list_namespace, &l);
	}
	return r;
}

static void read_one(struct finder *f, const struct state_entry *entry, struct state_facts *facts)
{
	own_mem char *pid = NULL, *text = NULL;
	int n = finder_read(f, entry, "init.pid", 32, &pid);

	if (n > 0) {
		pid[strcspn(pid, "\n")] = '\0';
		(void)text_i64(pid, &facts->pid);
	}
	facts->bundle = arena_printf(&f->scratch, "/%s/%s", entry->folder, entry->id);
	n = finder_read(f, entry, containerd_source.file, STATE_FILE_MAX, &text);
	if (n >= 0)
		finder_facts(f, text, (size_t)n, config_facts, facts);
}

const struct state_source containerd_source = { ENGINE_CONTAINERD, true, list, read_one,
						"config.json" };
