/* cgroup_world.c - which cgroup hierarchies this process can see, and where
 *
 * Two ways to the same answer. The standard one asks the file system type of the usual mount
 * points, which costs one system call per hierarchy (two where the caller's own cgroup matters)
 * and does not grow with the number of mounts. Only when something is elsewhere, and when the
 * caller's own cgroup must be located below a mount that shows part of a hierarchy (inside a
 * container), mountinfo is read.
 *
 * mountinfo lists mounts that are covered by others, too: a hierarchy that a later mount
 * hides does not exist for us.
 */
#include "os/cgroup.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/err.h"
#include "base/own.h"
#include "base/text.h"
#include "os/cgroup_file.h"
#include "os/mountinfo.h"

#define STANDARD               "/sys/fs/cgroup"

/* PROC_CGROUP_INIT_INO of the kernel's proc_ns.h, and the inode that kernfs gives every root */
#define FIRST_CGROUP_NAMESPACE "cgroup:[4026531835]"
#define ROOT_INODE             1

// clang-format off
const struct word cgroup_controller_words[] = {
	{ "cpu",        CGROUP_CPU        },
	{ "cpuacct",    CGROUP_CPUACCT    },
	{ "cpuset",     CGROUP_CPUSET     },
	{ "memory",     CGROUP_MEMORY     },
	{ "devices",    CGROUP_DEVICES    },
	{ "freezer",    CGROUP_FREEZER    },
	{ "io",         CGROUP_IO         },
	{ "blkio",      CGROUP_IO         },
	{ "pids",       CGROUP_PIDS       },
	{ "hugetlb",    CGROUP_HUGETLB    },
	{ "rdma",       CGROUP_RDMA       },
	{ "net_cls",    CGROUP_NET_CLS    },
	{ "net_prio",   CGROUP_NET_PRIO   },
	{ "perf_event", CGROUP_PERF_EVENT },
	{ "misc",       CGROUP_MISC       },
	{ NULL, 0 },
};
// clang-format on

static unsigned controller_bit(const char *name, size_t len)
{
	for (const struct word *w = cgroup_controller_words; w->name; w++)
		if (strlen(w->name) == len && memcmp(w->name, name, len) == 0)
			return (unsigned)w->value;
	return 0;
}

/* cgroup_controllers_parse() - bits of a list separated by commas, blanks or newlines */
unsigned cgroup_controllers_parse(const char *list)
{
	unsigned bits = 0;

	while (*list) {
		size_t len = strcspn(list, ", \n");

		bits |= controller_bit(list, len);
		list += len + (list[len] != '\0');
	}
	return bits;
}

static struct cgroup_hierarchy *add(struct cgroup_world *w, enum cgroup_version version,
				    const char *name, size_t name_len)
{
	struct cgroup_hierarchy *h;

	if (w->n == COUNT(w->at))
		return NULL;
	h = &w->at[w->n];
	*h = (struct cgroup_hierarchy){ .version = version };
	h->name = arena_dup_len(&w->mem, name, name_len);
	if (!h->name)
		return NULL;
	if (version == CGROUP_V1)
		h->controllers = cgroup_controllers_parse(h->name);
	w->n++;
	return h;
}

/**
 * cgroup_line_next() - take one line off a text of /proc/PID/cgroup
 *
 * Return: false at the end; lines that make no sense are passed over.
 */
bool cgroup_line_next(const char **text, struct cgroup_line *ret_line)
{
	while (**text) {
		const char *line = *text, *end = line + strcspn(line, "\n");
		const char *name = memchr(line, ':', (size_t)(end - line));
		const char *path = name ? memchr(name + 1, ':', (size_t)(end - name - 1)) : NULL;

		*text = *end ? end + 1 : end;
		if (!path || path[1] != '/')
			continue;
		*ret_line = (struct cgroup_line){
			.hierarchy = name + 1,
			.hierarchy_len = (size_t)(path - name - 1),
			.path = path + 1,
			.path_len = (size_t)(end - path - 1),
		};
		return true;
	}
	return false;
}

/* --- mountinfo ------------------------------------------------------------------------ */

/* Is path @a equal to @b or one of the directories above it? */
static bool is_at_or_above(const char *a, size_t a_len, const char *b, size_t b_len)
{
	if (a_len == 1)
		return true;
	return a_len <= b_len && memcmp(a, b, a_len) == 0 && (a_len == b_len || b[a_len] == '/');
}

/* Is every word of the comma list @words among the mount's options? */
static bool has_words(const struct mount_line *m, const char *words, size_t len)
{
	const char *end = words + len;

	while (words < end) {
		const char *comma = memchr(words, ',', (size_t)(end - words));
		size_t n = (size_t)((comma ? comma : end) - words);
		const char *o = m->options, *o_end = o + m->options_len;
		bool found = false;

		while (o < o_end && !found) {
			const char *stop = memchr(o, ',', (size_t)(o_end - o));
			size_t o_len = (size_t)((stop ? stop : o_end) - o);

			found = o_len == n && memcmp(o, words, n) == 0;
			o += o_len + 1;
		}
		if (!found || !n)
			return false;
		words += n + 1;
	}
	return true;
}

/* The first visible mount of the hierarchy; one below /sys/fs/cgroup is preferred. */
static const struct mount_line *mount_of(const struct mount_table *t, const struct cgroup_line *own)
{
	const struct mount_line *found = NULL;

	for (size_t i = 0; i < t->n; i++) {
		const struct mount_line *m = &t->at[i];
		bool usual = is_at_or_above(STANDARD, strlen(STANDARD), m->point, m->point_len);

		if (!mount_line_is(m, own->hierarchy_len ? "cgroup" : "cgroup2") ||
		    (found && !usual))
			continue;
		if (own->hierarchy_len && !has_words(m, own->hierarchy, own->hierarchy_len))
			continue;
		if (!mount_table_visible(t, m))
			continue;
		if (usual)
			return m;
		found = m;
	}
	return found;
}

/* The caller's cgroup as a path below a mount that shows the hierarchy from @root on; NULL
 * when it is outside, or when @root is above our cgroup namespace ("/../..") and unnamed. */
static const char *own_below(struct arena *a, const char *root, const struct cgroup_line *own)
{
	size_t len = strlen(root);

	if (!is_at_or_above(root, len, own->path, own->path_len))
		return NULL;
	if (is_at_or_above("/..", 3, own->path, own->path_len))
		return NULL;
	if (len == 1)
		len = 0;
	if (len == own->path_len)
		return "/";
	return arena_dup_len(a, own->path + len, own->path_len - len);
}

static int fill_from_mount(struct cgroup_world *w, struct cgroup_hierarchy *h,
			   const struct mount_line *m, const struct cgroup_line *own)
{
	char *root = mountinfo_text(&w->mem, m->root, m->root_len);

	h->mount = mountinfo_text(&w->mem, m->point, m->point_len);
	if (!root || !h->mount)
		return -ENOMEM;
	h->own = own_below(&w->mem, root, own);
	return 0;
}

static struct cgroup_hierarchy *find(struct cgroup_world *w, const struct cgroup_line *own)
{
	for (size_t i = 0; i < w->n; i++)
		if (strlen(w->at[i].name) == own->hierarchy_len &&
		    memcmp(w->at[i].name, own->hierarchy, own->hierarchy_len) == 0)
			return &w->at[i];
	return NULL;
}

/* Adds hierarchies that @w lacks (or, with @only_own, completes the ones it has). */
static int world_from_mounts(struct cgroup_world *w, const struct mount_table *t,
			     const char *self_cgroup, bool only_own)
{
	struct cgroup_line own;

	while (cgroup_line_next(&self_cgroup, &own)) {
		const struct mount_line *m = mount_of(t, &own);
		struct cgroup_hierarchy *h = find(w, &own);

		if (!m || (only_own && !h))
			continue;
		if (!h)
			h = add(w, own.hierarchy_len ? CGROUP_V1 : CGROUP_V2, own.hierarchy,
				own.hierarchy_len);
		if (!h || fill_from_mount(w, h, m, &own) < 0)
			return -ENOMEM;
	}
	return 0;
}

/**
 * cgroup_world_parse() - the world that two proc files describe; opens nothing
 * @mountinfo:   text of /proc/self/mountinfo
 * @self_cgroup: text of /proc/self/cgroup
 * @controllers: text of the v2 hierarchy's cgroup.controllers
 */
int cgroup_world_parse(struct cgroup_world *w, const char *mountinfo, const char *self_cgroup,
		       const char *controllers, struct err *e)
{
	own_mounts struct mount_table t = { 0 };
	int r;

	*w = (struct cgroup_world){ 0 };
	r = mount_table_parse(&t, mountinfo);
	if (r == 0)
		r = world_from_mounts(w, &t, self_cgroup, false);
	if (r < 0)
		return fail_errno(e, -r, "understand the cgroup mounts");
	for (size_t i = 0; i < w->n; i++)
		if (w->at[i].version == CGROUP_V2)
			w->at[i].controllers =
				cgroup_controllers_parse(controllers) | CGROUP_V2_CORE;
	return 0;
}

/* --- the machine ---------------------------------------------------------------------- */

/* 1, 0, or -errno: a hierarchy that cannot be looked at must not pass for one that is absent. */
static int is_mount_of(const char *path, long magic)
{
	struct statfs fs;

	if (statfs(path, &fs) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	return (long)fs.f_type == magic;
}

static int v2_settle(struct cgroup_hierarchy *h)
{
	char file[CGROUP_PATH_MAX], list[256];
	int r;

	snprintf(file, sizeof(file), "%s/cgroup.controllers", h->mount);
	r = cgroup_try_read(AT_FDCWD, file, list, sizeof(list));
	if (r < 0)
		return r;
	h->controllers = cgroup_controllers_parse(list) | CGROUP_V2_CORE;
	return 0;
}

static int add_at(struct cgroup_world *w, enum cgroup_version version, const char *name,
		  size_t name_len, const char *mount)
{
	struct cgroup_hierarchy *h = add(w, version, name, name_len);

	if (h)
		h->mount = arena_dup(&w->mem, mount);
	if (!h || !h->mount)
		return -ENOMEM;
	return version == CGROUP_V2 ? v2_settle(h) : 0;
}

/* One hierarchy of a host whose /sys/fs/cgroup is a directory of mounts: 1 found, 0 absent,
 * or -errno. "name=systemd" is mounted at "systemd", v2 at "unified" by convention. */
static int standard_line(struct cgroup_world *w, const struct cgroup_line *own)
{
	bool v2 = own->hierarchy_len == 0;
	bool named = own->hierarchy_len > 5 && memcmp(own->hierarchy, "name=", 5) == 0;
	const char *dir = v2 ? "unified" : own->hierarchy + (named ? 5 : 0);
	size_t len = v2 ? strlen(dir) : own->hierarchy_len - (named ? 5 : 0);
	char path[128];
	int r;

	if (len + sizeof(STANDARD "/") > sizeof(path))
		return 0;
	snprintf(path, sizeof(path), STANDARD "/%.*s", (int)len, dir);
	r = is_mount_of(path, v2 ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC);
	if (r <= 0)
		return r;
	r = add_at(w, v2 ? CGROUP_V2 : CGROUP_V1, own->hierarchy, own->hierarchy_len, path);
	return r < 0 ? r : 1;
}

/* Looks at the usual places: 1 all found, 0 something is elsewhere, or -errno. The kernel
 * lists the v2 hierarchy even where it is not mounted, so that one may be missing. */
static int standard_world(struct cgroup_world *w, const char *self_cgroup)
{
	struct cgroup_line own;
	int r = is_mount_of(STANDARD, CGROUP2_SUPER_MAGIC);

	if (r < 0)
		return r;
	if (r > 0) {
		r = add_at(w, CGROUP_V2, "", 0, STANDARD);
		return r < 0 ? r : 1;
	}
	while (cgroup_line_next(&self_cgroup, &own)) {
		r = standard_line(w, &own);
		if (r < 0)
			return r;
		if (r == 0 && own.hierarchy_len)
			return 0;
	}
	return w->n > 0;
}

/* A text file of /proc, whole. */
static int slurp(const char *path, struct str *ret_text, struct err *e)
{
	own_fd int fd = fd_open(path, O_RDONLY);
	char part[4096];
	ssize_t n;

	if (fd < 0)
		return fail_sys(e, "open '%s'", path);
	while ((n = read(fd, part, sizeof(part))) > 0)
		str_add_len(ret_text, part, (size_t)n);
	if (n < 0 || ret_text->torn)
		return fail_errno(e, n < 0 ? errno : ENOMEM, "read '%s'", path);
	return 0;
}

/* With mountinfo: completes @w, which may be empty. */
static int mounts_world(struct cgroup_world *w, const char *self_cgroup, bool only_own,
			struct err *e)
{
	own_str struct str mountinfo = { 0 };
	own_mounts struct mount_table t = { 0 };
	int r;

	if (slurp("/proc/self/mountinfo", &mountinfo, e) < 0)
		return -1;
	r = mount_table_parse(&t, mountinfo.at ? mountinfo.at : "");
	if (r == 0)
		r = world_from_mounts(w, &t, self_cgroup, only_own);
	if (r < 0)
		return fail_errno(e, -r, "understand the cgroup mounts");
	for (size_t i = 0; i < w->n; i++) {
		struct cgroup_hierarchy *h = &w->at[i];

		r = h->version == CGROUP_V2 && !h->controllers ? v2_settle(h) : 0;
		if (r < 0)
			return fail_errno(e, -r, "read '%s/cgroup.controllers'", h->mount);
	}
	return 0;
}

/**
 * cgroup_world_open() - find every hierarchy that this process can see
 * @w: filled; release it with cgroup_world_done() also after a failure
 *
 * A host without any cgroup mount is no error: @w->n is 0.
 */
int cgroup_world_open(struct cgroup_world *w, struct err *e)
{
	own_str struct str self = { 0 };
	int r;

	*w = (struct cgroup_world){ 0 };
	if (slurp("/proc/self/cgroup", &self, e) < 0)
		return -1;
	w->self = arena_dup(&w->mem, self.at ? self.at : "");
	if (!w->self)
		return fail_errno(e, ENOMEM, "read '/proc/self/cgroup'");
	r = standard_world(w, w->self);
	if (r < 0)
		return fail_errno(e, -r, "look at the cgroup mounts below '" STANDARD "'");
	w->standard = r > 0;
	if (w->standard)
		return 0;
	w->n = 0;
	return mounts_world(w, w->self, false, e);
}

/* In the first cgroup namespace, and below mounts that show whole hierarchies, paths are what
 * /proc/self/cgroup says. 1: so it was, 0: mountinfo has to tell, or -errno. */
static int own_below_roots(struct cgroup_world *w)
{
	const char *lines = w->self;
	struct cgroup_line own;
	char ns[64] = "";
	struct stat st;

	if (readlink("/proc/self/ns/cgroup", ns, sizeof(ns) - 1) < 0 ||
	    strcmp(ns, FIRST_CGROUP_NAMESPACE) != 0)
		return 0;
	while (cgroup_line_next(&lines, &own)) {
		struct cgroup_hierarchy *h = find(w, &own);

		if (!h)
			continue;
		/* from the very root, everything that is mounted is below */
		if (own.path_len > 1) {
			if (stat(h->mount, &st) < 0)
				return -errno;
			if (st.st_ino != ROOT_INODE)
				return 0;
		}
		h->own = own_below(&w->mem, "/", &own);
		if (!h->own)
			return 0;
	}
	return 1;
}

/**
 * cgroup_world_own() - find out where the calling process is in each hierarchy (@own)
 *
 * Only a path relative to the caller's own cgroup needs this. Reads mountinfo, which is slow
 * on a host of many mounts, only where the mounts show but a part.
 */
int cgroup_world_own(struct cgroup_world *w, struct err *e)
{
	int r;

	if (!w->standard)
		return 0;
	r = own_below_roots(w);
	if (r < 0)
		return fail_errno(e, -r, "look for our own cgroup");
	if (r == 0 && mounts_world(w, w->self, true, e) < 0)
		return -1;
	w->standard = false;
	return 0;
}

void cgroup_world_done(struct cgroup_world *w)
{
	w->n = 0;
	arena_done(&w->mem);
}

/* cgroup_world_v2() - the v2 hierarchy, or NULL */
const struct cgroup_hierarchy *cgroup_world_v2(const struct cgroup_world *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->at[i].version == CGROUP_V2)
			return &w->at[i];
	return NULL;
}

/**
 * cgroup_world_with() - the hierarchy in which a controller lives, or NULL
 * @controller: one enum cgroup_controller bit; v1 wins for freezer and devices, which v2
 *              always has
 */
const struct cgroup_hierarchy *cgroup_world_with(const struct cgroup_world *w, unsigned controller)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->at[i].version == CGROUP_V1 && (w->at[i].controllers & controller))
			return &w->at[i];
	for (size_t i = 0; i < w->n; i++)
		if (w->at[i].controllers & controller)
			return &w->at[i];
	return NULL;
}
