/* finder_details.c - of one container: its cgroups, whether it is paused, what it is called */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "base/parallel.h"
#include "base/text.h"
#include "discovery/finder_priv.h"
#include "os/file.h"

#define CGROUPS "sys/fs/cgroup"

/* --- cgroups -------------------------------------------------------------------------- */

/* Bytes of a path up to the component that is called as the container's cgroup is; 0: none is. */
static size_t up_to_leaf(const struct cgroup_line *line, const struct finder_mark *m)
{
	const char *leaf = m->dir + m->dir_len;
	size_t len = 0, end;

	while (leaf > m->dir && leaf[-1] != '/')
		leaf--;
	len = (size_t)(m->dir + m->dir_len - leaf);
	for (size_t at = 0; at < line->path_len; at = end + 1) {
		const char *slash = memchr(line->path + at, '/', line->path_len - at);

		end = slash ? (size_t)(slash - line->path) : line->path_len;
		if (end - at == len && memcmp(line->path + at, leaf, len) == 0)
			return end;
	}
	return 0;
}

/* Adds @n to the line and to those of the cgroups above it. */
static int count_line(struct finder *f, const struct cgroup_line *line, uint32_t n)
{
	for (size_t len = 2; len <= line->path_len; len++) {
		uint32_t *sum;

		if (len < line->path_len && line->path[len] != '/')
			continue;
		sum = string_map_put(&f->by_line, line->hierarchy, line->hierarchy_len + 1 + len);
		if (!sum)
			return -ENOMEM;
		*sum = (*sum == STRING_MAP_NONE ? 0 : *sum) + n;
	}
	return 0;
}

/* How many processes are in each cgroup and below it, by its line without the number in front. */
static int count_lines(struct finder *f)
{
	for (size_t i = 0; i < f->procs.n_texts; i++) {
		const char *text = f->procs.texts[i].at;
		struct cgroup_line line;

		while (cgroup_line_next(&text, &line))
			if (count_line(f, &line, f->procs.texts[i].processes) < 0)
				return -ENOMEM;
	}
	return 0;
}

/* Others than its own have the very text that its first process has: they are in all its cgroups. */
static bool has_company(const struct finder *f, const struct container_found *c,
			const struct finder_mark *m)
{
	return f->procs.texts[m->text].processes > c->processes;
}

/* Of a hierarchy that has no cgroup called after the container: is anybody else in its cgroup there, or
 * below? 0, 1 or -ENOMEM */
static int is_shared(struct finder *f, const struct container_found *c, const struct finder_mark *m,
		     const struct cgroup_line *line)
{
	size_t len = line->hierarchy_len + 1 + line->path_len;

	if (has_company(f, c, m))
		return 1;
	if (!f->by_line.size && count_lines(f) < 0)
		return -ENOMEM;
	return string_map_get(&f->by_line, line->hierarchy, len) != c->processes;
}

static int add_cgroup(struct finder *f, struct container_found *c, const struct cgroup_line *line,
		      size_t len, bool shared)
{
	struct container_place *cg = &c->cgroups.at[c->cgroups.n++];

	cg->hierarchy = arena_dup_len(&f->found->mem, line->hierarchy, line->hierarchy_len);
	cg->path = arena_dup_len(&f->found->mem, line->path, len);
	cg->shared = shared;
	return cg->hierarchy && cg->path ? 0 : -ENOMEM;
}

/* Those of the first process; of a container that a cgroup's name gave away, that cgroup itself,
 * and not one below it that the container has made. */
static int list_cgroups(struct finder *f, struct container_found *c, const struct finder_mark *m)
{
	const char *text = f->procs.texts[m->text].at;
	struct cgroup_line line;
	size_t lines = 0;

	for (const char *p = text; cgroup_line_next(&p, &line);)
		lines++;
	c->cgroups.at = arena_array(&f->found->mem, lines, sizeof(c->cgroups.at[0]));
	if (!c->cgroups.at)
		return -ENOMEM;
	while (cgroup_line_next(&text, &line)) {
		size_t leaf = m->sure ? up_to_leaf(&line, m) : 0;
		size_t len = leaf ? leaf : line.path_len;
		int shared;

		if (len <= 1)
			continue;
		shared = leaf ? 0 : is_shared(f, c, m, &line);
		if (shared < 0 || add_cgroup(f, c, &line, len, shared) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* --- status --------------------------------------------------------------------------- */

static bool reads(const struct finder *f, const char *path, const char *word)
{
	char text[256];

	return file_try_read(f->root, path, text, sizeof(text)) > 0 && strstr(text, word);
}

static bool is_frozen(const struct finder *f, const struct container_place *cg,
		      const struct process_stat *first)
{
	char path[PATH_MAX];
	bool v2 = !*cg->hierarchy;
	int n;

	/* "/..": above the root of our cgroup namespace */
	if (cg->shared || (!v2 && strcmp(cg->hierarchy, "freezer") != 0) ||
	    text_starts(cg->path, "/.."))
		return false;
	/* whom v1 froze does not sleep as others do, not even as they did before */
	if (!v2 && first->state == 'S')
		return false;
	n = snprintf(path, sizeof(path), CGROUPS "%s%s/%s",
		     v2 ? (f->v2_alone ? "" : "/unified") : "/freezer", cg->path,
		     v2 ? "cgroup.events" : "freezer.state");
	return n > 0 && (size_t)n < sizeof(path) && reads(f, path, v2 ? "frozen 1" : "FROZEN");
}

/* runc and crun keep a FIFO, and we a socket, until the program is started. */
static bool is_created(const struct finder *f, const struct container_found *c)
{
	const struct state_entry *entry = finder_first(f, c->id, strlen(c->id));
	char path[PATH_MAX];

	for (; entry; entry = finder_next(f, entry)) {
		const char *file = entry->source == &tare_source ? "start.sock" : "exec.fifo";

		if (entry->source != &tare_source && entry->source != &runc_source &&
		    entry->source != &crun_source)
			continue;
		snprintf(path, sizeof(path), "%s/%s/%s", entry->folder, entry->id, file);
		if (faccessat(f->root, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return true;
	}
	return false;
}

static void find_status(const struct finder *f, struct container_found *c,
			const struct finder_mark *m)
{
	bool frozen = false;

	for (size_t i = 0; i < c->cgroups.n; i++)
		frozen = frozen || is_frozen(f, &c->cgroups.at[i], &m->first);
	c->status = (struct opt_word){ true, frozen             ? CONTAINER_PAUSED
					     : is_created(f, c) ? CONTAINER_CREATED
								: CONTAINER_RUNNING };
}

/* --- names ---------------------------------------------------------------------------- */

/* Whose is a container that is in no user's slice? His who made its user namespace; a sandbox without
 * one is his as whom it runs. An engine's container may run as anybody, and be root's all the same. */
static void find_user(const struct finder *f, struct container_found *c)
{
	uint64_t userns = engine_procs_namespace(&f->procs, (pid_t)c->pid, "ns/user");
	bool sandbox = c->engine.v == ENGINE_BUBBLEWRAP || c->engine.v == ENGINE_FIREJAIL ||
		       c->engine.v == ENGINE_UNKNOWN;
	int64_t uid = -1;

	if (userns && userns != f->host_userns)
		uid = finder_owner(f, (pid_t)c->pid);
	else if (sandbox)
		uid = finder_user(f, (pid_t)c->pid);
	if (uid >= 0 && uid != f->admin)
		c->uid = (struct opt_i64){ true, uid };
}

/* May what lies in that user's folders describe the container? */
static bool may_describe(const struct finder *f, const struct container_found *c,
			 const struct state_entry *entry)
{
	return entry->uid == (c->uid.set ? (uint64_t)c->uid.v : f->admin);
}

/* A fact that is a copy in memory that stays. */
static char *keep(struct finder *f, const char *text)
{
	return text ? arena_dup(&f->found->mem, text) : NULL;
}

/* "app-flatpak-org.gnome.Maps-1234.scope": without the number */
static char *flatpak_name(struct finder *f, const struct finder_text *t)
{
	const char *dash = memrchr(t->id, '-', t->id_len);

	return arena_dup_len(&f->found->mem, t->id,
			     dash && dash > t->id ? (size_t)(dash - t->id) : t->id_len);
}

/* With --name; the file is called after the process that stays outside. */
static char *firejail_name(struct finder *f, pid_t monitor)
{
	own_mem char *text = NULL;
	char path[48];

	snprintf(path, sizeof(path), "run/firejail/name/%d", (int)monitor);
	if (state_file_read(f->root, path, 256, f->admin, &text) <= 0)
		return NULL;
	return state_text(text, strcspn(text, "\n"), &f->found->mem);
}

/* What no state file tells: LXC's names are its ids, a sandbox is called as what runs in it. */
static char *other_name(struct finder *f, const struct container_found *c,
			const struct finder_mark *m)
{
	char *name;

	switch ((enum engine_kind)c->engine.v) {
	case ENGINE_FLATPAK:
		return f->texts[m->text].id ? flatpak_name(f, &f->texts[m->text]) : NULL;
	case ENGINE_FIREJAIL:
		name = firejail_name(f, m->first.parent);
		if (name)
			return name;
		/* fall through */
	case ENGINE_BUBBLEWRAP:
		if (*m->name)
			return arena_dup(&f->found->mem, m->name);
		/* fall through */
	case ENGINE_UNKNOWN:
		return *m->first.name ? arena_dup(&f->found->mem, m->first.name) : NULL;
	case ENGINE_LXC:
	case ENGINE_INCUS:
	case ENGINE_LXD:
	case ENGINE_NSPAWN:
	case ENGINE_MACHINED:
	case ENGINE_SYSTEMD:
		return text_starts(c->id, "pidns-") ? keep(f, m->first.name) : keep(f, c->id);
	default:
		return NULL;
	}
}

/* finder_names() - what the state files tell of it, and what it is called else */
void finder_names(struct finder *f, struct container_found *c, const struct finder_mark *m)
{
	struct state_facts facts = { 0 };
	const struct state_entry *entry = finder_first(f, c->id, strlen(c->id));

	for (; entry; entry = finder_next(f, entry)) {
		struct state_facts more = { 0 };

		if (!may_describe(f, c, entry))
			continue;
		entry->source->read(f, entry, &more);
		state_facts_merge(&more, &facts);
	}
	if (c->engine.v == ENGINE_CRIO)
		crio_describe(f, c->id, &facts);
	c->name = keep(f, facts.name);
	c->image = keep(f, facts.image);
	c->created = keep(f, facts.created);
	c->bundle = keep(f, facts.bundle);
	c->rootfs = keep(f, facts.rootfs);
	c->pod = keep(f, facts.pod);
	c->pod_namespace = keep(f, facts.pod_namespace);
	if (!c->name)
		c->name = other_name(f, c, m);
	if (facts.paused && c->status.set)
		c->status.v = CONTAINER_PAUSED;
}

struct details {
	struct finder *f;
	struct container_found *at;
	const struct finder_mark *marks;
};

/* What is only read from the kernel: by several at a time. */
static void look_at(void *ctx, size_t i)
{
	const struct details *d = ctx;
	struct container_found *c = &d->at[i];

	if (d->f->want & CONTAINERS_STATUS)
		find_status(d->f, c, &d->marks[i]);
	if ((d->f->want & CONTAINERS_NAMES) && !c->uid.set)
		find_user(d->f, c);
}

static void want_files(struct finder *f, const struct container_found *c)
{
	const struct state_entry *entry = finder_first(f, c->id, strlen(c->id));

	for (; entry; entry = finder_next(f, entry))
		if (may_describe(f, c, entry))
			finder_want(f, entry);
}

/* finder_details() - fill in what was asked for of all that was found; 0 or -ENOMEM */
int finder_details(struct finder *f)
{
	struct containers *all = f->found;
	struct details d = { f, all->at, f->marks };

	for (size_t i = 0; (f->want & CONTAINERS_STATUS) && i < all->n; i++)
		if (list_cgroups(f, &all->at[i], &f->marks[i]) < 0)
			return -ENOMEM;
	if (f->want & (CONTAINERS_NAMES | CONTAINERS_STATUS))
		parallel_each(all->n, look_at, &d);
	if (!(f->want & CONTAINERS_NAMES))
		return 0;
	for (size_t i = 0; i < all->n; i++)
		want_files(f, &all->at[i]);
	finder_read_ahead(f);
	for (size_t i = 0; i < all->n; i++)
		finder_names(f, &all->at[i], &f->marks[i]);
	return 0;
}
