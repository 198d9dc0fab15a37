/* shares_show.c - which shares are in force: the kernel's numbers, and what they come to */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/own.h"
#include "cg/shares.h"
#include "os/cgroup_file.h"
#include "os/net_class.h"

/* Deeper groups are not looked at. */
#define DEPTH_MAX 64

/* struct walk - one hierarchy; @weights, @limits, @net: what is looked for in it */
struct walk {
	struct cg_forces *to;
	const char *weights, *limits;
	bool net;
	int depth;
};

/* struct child - a group that has been looked at */
struct child {
	char *name;
	uint64_t weight, limit;
	uint32_t net_class;
};
struct children {
	struct child *at;
	size_t n, room;
	uint64_t sum;
};

static void children_done(struct children *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->at[i].name);
	free(c->at);
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct child *)a)->name, ((const struct child *)b)->name);
}

static uint64_t read_number(int dir, const char *path, uint64_t otherwise)
{
	uint64_t value;

	return cgroup_try_read_u64(dir, path, &value) < 0 ? otherwise : value;
}

static int add_child(const struct walk *w, int dir, const char *name, struct children *c,
		     struct err *e)
{
	struct child child = { .limit = UINT64_MAX };
	own_fd int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	/* no group, or one that is gone by now */
	if (fd < 0)
		return 0;
	if (c->n == c->room) {
		size_t room = c->room ? c->room * 2 : 32;
		struct child *more = reallocarray(c->at, room, sizeof(*more));

		if (!more)
			return fail_errno(e, ENOMEM, "look at the groups");
		c->at = more;
		c->room = room;
	}
	if (w->weights)
		child.weight = read_number(fd, w->weights, 0);
	if (w->limits)
		child.limit = read_number(fd, w->limits, UINT64_MAX);
	/* who may not look sees none */
	if (w->net)
		(void)net_class_try_find(fd, &child.net_class);
	/* v1's "none" is the largest multiple of a page */
	if (child.limit >= (INT64_MAX & ~0xffffULL))
		child.limit = UINT64_MAX;
	child.name = strdup(name);
	if (!child.name)
		return fail_errno(e, ENOMEM, "look at the groups");
	c->sum += child.weight;
	c->at[c->n++] = child;
	return 0;
}

static int list_children(const struct walk *w, int dirfd, struct children *c, struct err *e)
{
	own_fd int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	own_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir)
		return fail_sys(e, "look at the groups");
	(void)give_fd(&fd);
	while ((entry = readdir(dir)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.' &&
		    add_child(w, dirfd, entry->d_name, c, e) < 0)
			return -1;
	if (c->n)
		qsort(c->at, c->n, sizeof(*c->at), compare);
	return 0;
}

static struct cg_in_force *find_or_add(struct cg_forces *f, const char *above, const char *name,
				       struct err *e)
{
	const char *path = arena_printf(&f->mem, "%s%s%s", above, *above ? "/" : "", name);

	for (size_t i = 0; path && i < f->n; i++)
		if (strcmp(f->at[i].path, path) == 0)
			return &f->at[i];
	if (f->n == f->room) {
		size_t room = f->room ? f->room * 2 : 64;
		struct cg_in_force *more = reallocarray(f->at, room, sizeof(*more));

		if (more) {
			f->at = more;
			f->room = room;
		}
	}
	if (!path || f->n == f->room) {
		(void)fail_errno(e, ENOMEM, "look at the groups");
		return NULL;
	}
	f->at[f->n] = (struct cg_in_force){ .path = path, .limit = UINT64_MAX };
	return &f->at[f->n++];
}

static int walk(struct walk *w, int dir, const char *above, uint64_t of_host, struct err *e)
{
	__attribute__((cleanup(children_done))) struct children c = { 0 };

	if (w->depth == DEPTH_MAX || list_children(w, dir, &c, e) < 0)
		return w->depth == DEPTH_MAX ? 0 : -1;
	for (size_t i = 0; i < c.n; i++) {
		struct cg_in_force *f = find_or_add(w->to, above, c.at[i].name, e);
		uint64_t part = c.sum ? (c.at[i].weight * CG_WHOLE + c.sum / 2) / c.sum : 0;
		uint64_t host = of_host * part / CG_WHOLE;
		own_fd int fd = FD_NONE;

		if (!f)
			return -1;
		if (w->weights) {
			f->weight = c.at[i].weight;
			f->cpu_above = (uint32_t)part;
			f->cpu_host = (uint32_t)host;
		}
		if (w->limits)
			f->limit = c.at[i].limit;
		if (w->net)
			f->net_class = c.at[i].net_class;
		fd = openat(dir, c.at[i].name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		w->depth++;
		if (fd >= 0 && walk(w, fd, f->path, host, e) < 0)
			return -1;
		w->depth--;
	}
	return 0;
}

/* A group, all that is in it, and then the group beside it: '/' is the least of all characters. */
static int compare_paths(const void *a, const void *b)
{
	const char *x = ((const struct cg_in_force *)a)->path;
	const char *y = ((const struct cg_in_force *)b)->path;

	while (*x && *x == *y)
		x++, y++;
	if (*x == *y)
		return 0;
	if (!*x || !*y)
		return *x ? 1 : -1;
	if (*x == '/' || *y == '/')
		return *x == '/' ? -1 : 1;
	return (unsigned char)*x < (unsigned char)*y ? -1 : 1;
}

/* struct view - what is looked for in one hierarchy; @controller: 0: v2's, for the network */
struct view {
	unsigned controller;
	const char *v1, *v2;
	bool weight;
};

/* 1: @under has been looked at, 0: it is not there, -1: failed */
static int read_view(const struct cgroup_world *w, const struct view *v, const char *under,
		     struct cg_forces *to, struct err *e)
{
	const struct cgroup_hierarchy *h =
		v->controller ? cgroup_world_with(w, v->controller) : cgroup_world_v2(w);
	struct walk at = { .to = to, .net = !v->controller };
	const char *file = h && h->version == CGROUP_V1 ? v->v1 : v->v2;
	own_fd int dir = FD_NONE;

	if (!h)
		return 0;
	*(v->weight ? &at.weights : &at.limits) = file;
	dir = cg_open(h, under, e);
	if (dir < 0)
		return e->sysno == ENOENT ? 0 : -1;
	return walk(&at, dir, "", CG_WHOLE, e) < 0 ? -1 : 1;
}

/**
 * cg_forces_read() - the CPU weights, memory limits and classes of packets of all groups in @under
 * @under:      the group; "" is the hierarchies' root
 * @ret_forces: zero before; cg_forces_done() also after a failure. In order of their paths
 *
 * A weight is compared with those of all groups beside it, declared or not. Of @under itself it is
 * taken that it has all of the host.
 */
int cg_forces_read(const struct cgroup_world *w, const char *under, struct cg_forces *ret_forces,
		   struct err *e)
{
	static const struct view views[] = {
		{ CGROUP_CPU, "cpu.shares", "cpu.weight", true },
		{ CGROUP_MEMORY, "memory.limit_in_bytes", "memory.max", false },
		{ 0, NULL, NULL, false },
	};
	struct err absent = { 0 };
	bool any = false;

	for (size_t i = 0; i < COUNT(views); i++) {
		struct err why = { 0 };
		int r = read_view(w, &views[i], under, ret_forces, &why);

		if (r < 0 || (r == 0 && why.sysno && !absent.sysno))
			absent = why;
		if (r < 0)
			break;
		any = any || r > 0;
	}
	if (!any && !absent.sysno)
		return fail(e, ERR_UNSUPPORTED, "neither cpu nor memory has a hierarchy here");
	if (!any || (absent.sysno && absent.sysno != ENOENT)) {
		*e = absent;
		return -1;
	}
	if (ret_forces->n)
		qsort(ret_forces->at, ret_forces->n, sizeof(*ret_forces->at), compare_paths);
	return cg_net_rates(ret_forces, e);
}

void cg_forces_done(struct cg_forces *f)
{
	free(f->at);
	arena_done(&f->mem);
}
