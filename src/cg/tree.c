/* tree.c - walks hierarchies, and merges what belongs to one path into one row */
#include "cg/tree.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/own.h"
#include "os/cgroup_file.h"
#include "os/path.h"

// clang-format off
static const struct bind_row rows[] = {
	ROW_STRING("path",         OPTIONAL, struct cg_row, path),
	ROW_STRING("name",         OPTIONAL, struct cg_row, name),
	ROW_U64("depth",           OPTIONAL, struct cg_row, depth),
	ROW_STRING("controllers",  OPTIONAL, struct cg_row, controllers),
	ROW_OPT_U64("memory",      OPTIONAL, struct cg_row, memory),
	ROW_OPT_U64("cpuTime",     OPTIONAL, struct cg_row, cpu),
	ROW_OPT_U64("pids",        OPTIONAL, struct cg_row, pids),
	ROW_U64("processes",       OPTIONAL, struct cg_row, processes),
};
// clang-format on
const struct bind_table cg_row_table = BIND_TABLE(rows, struct cg_row, false);

/**
 * struct visit - a walk through one hierarchy
 * @base:   how much of a directory's name is the mount point
 * @above:  the depth of the group that was asked for
 */
struct visit {
	struct cg_tree *tree;
	const struct cgroup_hierarchy *h;
	size_t base, above;
	bool usage;
};

/* Where a number is, by controller and version. */
static const struct {
	unsigned controller;
	enum cgroup_version version;
	const char *file, *key;
	uint64_t unit;
	size_t at;
} counters[] = {
	{ CGROUP_MEMORY, CGROUP_V1, "memory.usage_in_bytes", NULL, 1,
	  offsetof(struct cg_row, memory) },
	{ CGROUP_MEMORY, CGROUP_V2, "memory.current", NULL, 1, offsetof(struct cg_row, memory) },
	{ CGROUP_CPUACCT, CGROUP_V1, "cpuacct.usage", NULL, 1, offsetof(struct cg_row, cpu) },
	/* v2 counts time in every group but the root, whatever controllers there are */
	{ CGROUP_V2_CORE, CGROUP_V2, "cpu.stat", "usage_usec ", 1000,
	  offsetof(struct cg_row, cpu) },
	{ CGROUP_PIDS, CGROUP_V1, "pids.current", NULL, 1, offsetof(struct cg_row, pids) },
	{ CGROUP_PIDS, CGROUP_V2, "pids.current", NULL, 1, offsetof(struct cg_row, pids) },
};

static void read_counters(const struct visit *v, int dirfd, struct cg_row *row)
{
	for (size_t i = 0; i < COUNT(counters); i++) {
		struct opt_u64 *to = (void *)((char *)row + counters[i].at);
		char text[1024];
		const char *at = text;

		if (v->h->version != counters[i].version ||
		    !(v->h->controllers & counters[i].controller) ||
		    cgroup_try_read(dirfd, counters[i].file, text, sizeof(text)) < 0)
			continue;
		if (counters[i].key) {
			at = strstr(text, counters[i].key);
			if (!at)
				continue;
			at += strlen(counters[i].key);
		}
		*to = (struct opt_u64){ .set = true,
					.v = strtoull(at, NULL, 10) * counters[i].unit };
	}
}

static uint64_t count_processes(int dirfd)
{
	own_fd int fd = openat(dirfd, "cgroup.procs", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char text[4096];
	uint64_t found = 0;
	ssize_t n;

	while (fd >= 0 && (n = read(fd, text, sizeof(text))) > 0)
		for (ssize_t i = 0; i < n; i++)
			found += text[i] == '\n';
	return found;
}

static size_t depth_of(const char *path)
{
	size_t n = 0;

	for (const char *c = path; *c; c++)
		n += *c == '/' && c[1];
	return n;
}

static struct cg_row *add_row(struct cg_tree *t)
{
	if (t->n == t->room) {
		size_t room = t->room ? t->room * 2 : 64;
		struct cg_row *grown = arena_array(&t->mem, room, sizeof(*grown));

		if (!grown)
			return NULL;
		if (t->n)
			memcpy(grown, t->at, t->n * sizeof(*grown));
		t->at = grown;
		t->room = room;
	}
	t->at[t->n] = (struct cg_row){ 0 };
	return &t->at[t->n++];
}

/* The walk gives descriptors; the kernel says where they are. One that is removed or moved out
 * of sight meanwhile is left out. */
static int visit(int dirfd, void *ctx)
{
	struct visit *v = ctx;
	char link[32], dir[CGROUP_PATH_MAX];
	const char *path;
	struct cg_row *row;
	ssize_t n;

	path_fd_link(dirfd, link);
	n = readlink(link, dir, sizeof(dir) - 1);
	if (n < (ssize_t)v->base)
		return 0;
	dir[n] = '\0';
	if (text_ends(dir, " (deleted)"))
		return 0;
	row = add_row(v->tree);
	if (!row)
		return -ENOMEM;
	path = dir[v->base] ? dir + v->base : "/";
	row->path = arena_dup(&v->tree->mem, path);
	row->controllers =
		arena_dup(&v->tree->mem, v->h->version == CGROUP_V2 ? "cgroup" : v->h->name);
	if (!row->path || !row->controllers)
		return -ENOMEM;
	row->name = row->path[1] ? strrchr(row->path, '/') + 1 : row->path;
	row->depth = depth_of(row->path) - v->above;
	if (v->usage) {
		read_counters(v, dirfd, row);
		row->processes = count_processes(dirfd);
	}
	return 0;
}

/* cg_path_order() - as strcmp(), but all that is below a path comes right after it */
int cg_path_order(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	if (*a == *b)
		return 0;
	if (!*a || !*b)
		return *a ? 1 : -1;
	if (*a == '/' || *b == '/')
		return *a == '/' ? -1 : 1;
	return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
}

static int compare(const void *a, const void *b)
{
	const struct cg_row *x = a, *y = b;
	int order = cg_path_order(x->path, y->path);

	return order ? order : strcmp(x->controllers, y->controllers);
}

static int merge_into(struct cg_tree *t, struct cg_row *into, const struct cg_row *row)
{
	into->controllers = arena_printf(&t->mem, "%s %s", into->controllers, row->controllers);
	if (row->processes > into->processes)
		into->processes = row->processes;
	into->memory = row->memory.set ? row->memory : into->memory;
	into->cpu = row->cpu.set && !into->cpu.set ? row->cpu : into->cpu;
	into->pids = row->pids.set ? row->pids : into->pids;
	return into->controllers ? 0 : -ENOMEM;
}

static int merge(struct cg_tree *t)
{
	size_t n = 0;

	if (t->n)
		qsort(t->at, t->n, sizeof(t->at[0]), compare);
	for (size_t i = 0; i < t->n; i++) {
		if (n && strcmp(t->at[n - 1].path, t->at[i].path) == 0) {
			if (merge_into(t, &t->at[n - 1], &t->at[i]) < 0)
				return -ENOMEM;
			continue;
		}
		t->at[n++] = t->at[i];
	}
	t->n = n;
	return 0;
}

/* 1: there was such a group */
static int read_one(struct cg_tree *t, const struct cg_in *in, const char *path, bool usage,
		    struct err *e)
{
	struct visit v = { .tree = t, .h = in->at, .usage = usage };
	struct cgroup_walk walk = { .enter = visit, .ctx = &v };
	own_fd int dir = cg_open(in->at, path, e);
	int r;

	if (dir < 0)
		return e->sysno == ENOENT ? 0 : -1;
	v.base = strlen(in->at->mount);
	v.above = 0;
	for (const char *c = path; *c; c += strcspn(c, "/")) {
		c += strspn(c, "/");
		v.above += *c && !(*c == '.' && (!c[1] || c[1] == '/'));
	}
	r = visit(dir, &v);
	if (r == 0)
		r = cgroup_try_walk(dir, &walk);
	return r < 0 ? fail_errno(e, -r, "list the groups below '%s%s'", in->at->mount, path) : 1;
}

/**
 * cg_tree_read() - the group at @path and all below it, of several hierarchies
 * @usage:    with what they use; else only names
 * @ret_tree: filled; release it with cg_tree_done() also after a failure
 *
 * Fails if there is no such group in any of them.
 */
int cg_tree_read(const struct cg_in *in, size_t n, const char *path, bool usage,
		 struct cg_tree *ret_tree, struct err *e)
{
	bool any = false;

	*ret_tree = (struct cg_tree){ 0 };
	for (size_t i = 0; i < n; i++) {
		int r = read_one(ret_tree, &in[i], path, usage, e);

		if (r < 0)
			return -1;
		any = any || r;
	}
	if (!any)
		return n ? -1 : fail(e, ERR_UNSUPPORTED, "no cgroup hierarchy is mounted");
	return merge(ret_tree) < 0 ? fail_errno(e, ENOMEM, "list the groups") : 0;
}

void cg_tree_done(struct cg_tree *t)
{
	arena_done(&t->mem);
	*t = (struct cg_tree){ 0 };
}
