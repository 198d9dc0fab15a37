/* isolation.c - the facts: what the kernel says of a container's first process
 *
 * Its folder in /proc is opened once, and asked whether it is still that process: what is read
 * through it afterwards is that one's, or fails. Nothing is opened inside the container.
 */
#include "any/isolation.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/own.h"
#include "base/text.h"
#include "os/file.h"
#include "os/mountinfo.h"
#include "os/process.h"
#include "spec/oci.h"

#define STATUS_MAX  65536
#define LINES_MAX   1024
#define COVERED_MAX 2048

// clang-format off
const struct word isolation_seccomp_words[] = {
	{ "none", 0 }, { "strict", 1 }, { "filter", 2 }, { NULL, 0 },
};

static const struct bind_row finding_rows[] = {
	ROW_WORD("weight",      OPTIONAL, struct isolation_finding, weight, isolation_weight_words),
	ROW_STRING("rule",      OPTIONAL, struct isolation_finding, rule),
	ROW_STRING("text",      OPTIONAL, struct isolation_finding, text),
};
static const struct bind_table finding_table = BIND_TABLE(finding_rows, struct isolation_finding, false);

static const struct bind_row mount_rows[] = {
	ROW_WORD("weight",      OPTIONAL, struct isolation_mount, weight, isolation_weight_words),
	ROW_STRING("what",      OPTIONAL, struct isolation_mount, what),
	ROW_STRING("source",    OPTIONAL, struct isolation_mount, source),
	ROW_STRING("target",    OPTIONAL, struct isolation_mount, target),
	ROW_BOOL("writable",    OPTIONAL, struct isolation_mount, writable),
};
static const struct bind_table mount_table = BIND_TABLE(mount_rows, struct isolation_mount, false);

static const struct bind_row range_rows[] = {
	ROW_U32("inside",       OPTIONAL, struct isolation_range, inside),
	ROW_U32("outside",      OPTIONAL, struct isolation_range, outside),
	ROW_U32("size",         OPTIONAL, struct isolation_range, size),
};
static const struct bind_table range_table = BIND_TABLE(range_rows, struct isolation_range, false);

static const struct bind_row isolation_rows[] = {
	ROW_STRING("grade",        OPTIONAL, struct isolation, grade),
	ROW_OBJECTS("findings",    OPTIONAL, struct isolation, findings, finding_table),
	ROW_STRINGS("sharedNamespaces", OPTIONAL, struct isolation, shared),
	ROW_FLAGS("capabilities",  OPTIONAL, struct isolation, caps, oci_capability_words),
	ROW_FLAGS("effectiveCapabilities", OPTIONAL, struct isolation, effective, oci_capability_words),
	ROW_WORD("seccomp",        OPTIONAL, struct isolation, seccomp, isolation_seccomp_words),
	ROW_BOOL("noNewPrivileges", OPTIONAL, struct isolation, no_new_privs),
	ROW_STRING("confinement",  OPTIONAL, struct isolation, confinement),
	ROW_OBJECTS("uidMappings", OPTIONAL, struct isolation, uid_map, range_table),
	ROW_OBJECTS("gidMappings", OPTIONAL, struct isolation, gid_map, range_table),
	ROW_STRINGS("devices",     OPTIONAL, struct isolation, devices),
	ROW_STRINGS("writable",    OPTIONAL, struct isolation, writable),
	ROW_OBJECTS("sensitiveMounts", OPTIONAL, struct isolation, mounts, mount_table),
};
const struct bind_table isolation_table = BIND_TABLE(isolation_rows, struct isolation, false);

static const struct namespace {
	const char *name;
	enum isolation_fact fact;
} namespaces[] = {
	{ "user", FACT_HOST_USER }, { "mnt", FACT_HOST_MNT }, { "pid", FACT_HOST_PID },
	{ "net", FACT_HOST_NET },   { "ipc", FACT_HOST_IPC }, { "uts", FACT_HOST_UTS },
	{ "cgroup", FACT_HOST_CGROUP },
};

/* what a container may have, but must not be able to write to */
static const struct word kernel_paths[] = {
	{ "/proc/sys",           FACT_SYSCTLS },
	{ "/sys",                FACT_SYSFS   },
	{ "/proc/sysrq-trigger", FACT_SYSRQ   },
	{ NULL, 0 },
};
// clang-format on

/**
 * struct look - an inspection
 * @root, @pid, @first: the host's root, and in /proc the container's and the host's first process
 */
struct look {
	int root, pid, first;
	const struct container_found *c;
	struct arena *a;
	struct isolation *to;
};

static void look_done(struct look *l)
{
	fd_close(&l->root);
	fd_close(&l->pid);
	fd_close(&l->first);
}
#define own_look __attribute__((cleanup(look_done)))

/* --- namespaces ----------------------------------------------------------------------- */

/* 1: it is the host's; 0: it is not, or this kernel has none; -errno: who cannot tell says so. */
static int is_same(const struct look *l, const char *name)
{
	char path[16], ours[64] = "", theirs[64] = "";

	snprintf(path, sizeof(path), "ns/%s", name);
	if (readlinkat(l->pid, path, ours, sizeof(ours) - 1) < 0 ||
	    readlinkat(l->first, path, theirs, sizeof(theirs) - 1) < 0)
		return errno == ENOENT ? 0 : -errno;
	return strcmp(ours, theirs) == 0;
}

static int see_namespaces(struct look *l)
{
	size_t n = 0;

	l->to->shared = arena_array(l->a, COUNT(namespaces) + 1, sizeof(char *));
	if (!l->to->shared)
		return -ENOMEM;
	for (size_t i = 0; i < COUNT(namespaces); i++) {
		int same = is_same(l, namespaces[i].name);

		if (same < 0)
			return same;
		if (!same)
			continue;
		l->to->facts |= namespaces[i].fact;
		l->to->shared[n++] = (char *)namespaces[i].name;
	}
	return 0;
}

/* --- status, maps, confinement ---------------------------------------------------------- */

/* The text behind a name at the beginning of a line, or NULL. */
static const char *value_of(const char *text, const char *name)
{
	size_t len = strlen(name);

	while (text && strncmp(text, name, len) != 0) {
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return text ? text + len : NULL;
}

static uint64_t number_of(const char *text, const char *name, int base)
{
	const char *value = value_of(text, name);

	return value ? strtoull(value, NULL, base) : 0;
}

static int see_status(struct look *l)
{
	own_mem char *text = malloc(STATUS_MAX);
	int n = text ? file_try_read(l->pid, "status", text, STATUS_MAX) : -ENOMEM;
	const char *uid = n > 0 ? value_of(text, "Uid:\t") : NULL;

	if (!uid)
		return n < 0 ? n : -EINVAL;
	l->to->effective = number_of(text, "CapEff:\t", 16);
	l->to->seccomp =
		(struct opt_word){ true, (int64_t)(number_of(text, "Seccomp:\t", 10) & 3) };
	l->to->no_new_privs = number_of(text, "NoNewPrivs:\t", 10) != 0;
	/* with no_new_privs no program of its own can give it what it does not have */
	l->to->caps = number_of(text, l->to->no_new_privs ? "CapPrm:\t" : "CapBnd:\t", 16);
	/* the second is the effective one */
	uid = strchr(uid, '\t');
	if (uid && strtoull(uid + 1, NULL, 10) == 0)
		l->to->facts |= FACT_HOST_ROOT;
	if (!l->to->seccomp.v)
		l->to->facts |= FACT_NO_SECCOMP;
	if (!l->to->no_new_privs)
		l->to->facts |= FACT_NEW_PRIVS;
	return 0;
}

static int see_map(struct look *l, const char *file, struct isolation_range **ret_at, size_t *ret_n)
{
	own_mem char *text = malloc(STATUS_MAX);
	struct isolation_range *at = arena_array(l->a, LINES_MAX, sizeof(*at));
	size_t n = 0;

	if (!text || !at)
		return -ENOMEM;
	if (file_try_read(l->pid, file, text, STATUS_MAX) <= 0)
		return 0;
	for (char *p = text; *p && n < LINES_MAX; n++) {
		at[n].inside = (uint32_t)strtoul(p, &p, 10);
		at[n].outside = (uint32_t)strtoul(p, &p, 10);
		at[n].size = (uint32_t)strtoul(p, &p, 10);
		p += strcspn(p, "\n");
		p += *p == '\n';
	}
	*ret_at = at;
	*ret_n = n;
	return 0;
}

static int see_maps(struct look *l)
{
	int r = see_map(l, "uid_map", &l->to->uid_map.at, &l->to->uid_map.n);

	return r < 0 ? r : see_map(l, "gid_map", &l->to->gid_map.at, &l->to->gid_map.n);
}

/* "docker-default (enforce)", an SELinux context, "unconfined"; no file without a module. */
static int see_confinement(struct look *l)
{
	char text[512];
	int n = file_try_read(l->pid, "attr/current", text, sizeof(text));

	if (n <= 0)
		return 0;
	text[strcspn(text, "\n")] = '\0';
	l->to->confinement = arena_dup(l->a, text);
	if (!l->to->confinement)
		return -ENOMEM;
	if (strcmp(text, "unconfined") == 0 || strstr(text, ":unconfined_t:") ||
	    strstr(text, ":spc_t:") || strcmp(text, "kernel") == 0)
		l->to->facts |= FACT_UNCONFINED;
	return 0;
}

/* --- devices -------------------------------------------------------------------------- */

static int split_lines(struct look *l, const char *text, char ***ret_lines)
{
	char **lines = arena_array(l->a, LINES_MAX + 1, sizeof(char *));
	size_t n = 0;

	if (!lines)
		return -ENOMEM;
	while (*text && n < LINES_MAX) {
		size_t len = strcspn(text, "\n");

		lines[n] = arena_dup_len(l->a, text, len);
		if (!lines[n++])
			return -ENOMEM;
		text += len + (text[len] == '\n');
	}
	*ret_lines = lines;
	return 0;
}

/* v1's list; v2 has a program in its place, which does not say what it does. */
static int see_devices(struct look *l)
{
	own_mem char *text = malloc(STATUS_MAX);
	char path[PATH_MAX];
	int n = 0;

	if (!text)
		return -ENOMEM;
	for (size_t i = 0; n <= 0 && i < l->c->cgroups.n; i++) {
		const struct container_place *cg = &l->c->cgroups.at[i];

		if (strcmp(cg->hierarchy, "devices") != 0 || text_starts(cg->path, "/.."))
			continue;
		snprintf(path, sizeof(path), "sys/fs/cgroup/devices%s/devices.list", cg->path);
		n = file_try_read(l->root, path, text, STATUS_MAX);
	}
	if (n <= 0)
		return 0;
	if (value_of(text, "a *:* rw"))
		l->to->facts |= FACT_ALL_DEVICES;
	if (value_of(text, "b *:* rw"))
		l->to->facts |= FACT_BLOCK_DEVICES;
	return split_lines(l, text, &l->to->devices);
}

/* --- mounts --------------------------------------------------------------------------- */

/* The device "8:1" stands before the root. */
static const char *device_of(const struct mount_line *m, size_t *ret_len)
{
	const char *end = m->root - 1, *at = end;

	while (at[-1] != ' ')
		at--;
	*ret_len = (size_t)(end - at);
	return at;
}

static bool same_device(const struct mount_line *x, const struct mount_line *y)
{
	size_t n, m;
	const char *a = device_of(x, &n), *b = device_of(y, &m);

	return n == m && memcmp(a, b, n) == 0;
}

/* Neither the mount nor its file system is read-only. */
static bool is_writable(const struct mount_line *m)
{
	const char *own = m->point + m->point_len + 1;

	return !text_starts(own, "ro,") && !text_starts(own, "ro ") &&
	       !(m->options_len >= 2 && memcmp(m->options, "ro", 2) == 0 &&
		 (m->options_len == 2 || m->options[2] == ','));
}

static bool covers(const char *above, size_t above_len, const char *path, size_t len)
{
	if (above_len == 1)
		return true;
	return above_len <= len && memcmp(above, path, above_len) == 0 &&
	       (above_len == len || path[above_len] == '/');
}

/* The mount in which a path lies: the lowest, and of several the last. */
static const struct mount_line *mount_at(const struct mount_table *t, const char *path)
{
	const struct mount_line *found = NULL;

	for (size_t i = 0; i < t->n; i++)
		if (covers(t->at[i].point, t->at[i].point_len, path, strlen(path)) &&
		    (!found || t->at[i].point_len >= found->point_len))
			found = &t->at[i];
	return found;
}

/* Where on the host is what a mount shows? The name by which the host itself has it mounted. */
static char *host_path(struct look *l, const struct mount_table *host, const struct mount_line *m)
{
	const struct mount_line *from = NULL;
	size_t rest;
	char *path;

	for (size_t i = 0; i < host->n; i++) {
		const struct mount_line *h = &host->at[i];

		if (same_device(h, m) && covers(h->root, h->root_len, m->root, m->root_len) &&
		    (!from || h->root_len > from->root_len))
			from = h;
	}
	if (!from)
		return NULL;
	rest = from->root_len == 1 ? 0 : from->root_len;
	path = arena_printf(l->a, "%.*s%.*s", from->point_len == 1 ? 0 : (int)from->point_len,
			    from->point, m->root_len == 1 ? 0 : (int)(m->root_len - rest),
			    m->root + rest);
	if (path)
		mountinfo_unescape(path);
	return path && !*path ? arena_dup(l->a, "/") : path;
}

static bool is_kernels(const struct mount_line *m)
{
	return mount_line_is(m, "proc") || mount_line_is(m, "sysfs") ||
	       mount_line_is(m, "cgroup") || mount_line_is(m, "cgroup2");
}

/* Over bwrap's part of the host's /dev lies a /dev of its own. Of very many mounts, which somebody made
 * for us to be busy with, each counts. */
static bool is_covered(const struct mount_table *own, const struct mount_line *m)
{
	return own->n <= COVERED_MAX && !mount_table_visible(own, m);
}

static int see_mount(struct look *l, const struct mount_table *own, const struct mount_table *host,
		     const struct mount_line *m)
{
	struct isolation_mount *to = &l->to->mounts.at[l->to->mounts.n];
	char *path = is_kernels(m) ? NULL : host_path(l, host, m);
	enum isolation_weight weight;
	const char *what;

	if (!path || !isolation_sensitive(path, is_writable(m), &weight, &what) ||
	    is_covered(own, m))
		return 0;
	*to = (struct isolation_mount){ .weight = { true, weight },
					.what = (char *)what,
					.source = path,
					.target = arena_dup_len(l->a, m->point, m->point_len),
					.writable = is_writable(m) };
	if (!to->target)
		return -ENOMEM;
	mountinfo_unescape(to->target);
	l->to->mounts.n++;
	return 0;
}

static int see_kernel_paths(struct look *l, const struct mount_table *own)
{
	size_t n = 0;

	l->to->writable = arena_array(l->a, COUNT(kernel_paths), sizeof(char *));
	if (!l->to->writable)
		return -ENOMEM;
	for (const struct word *w = kernel_paths; w->name; w++) {
		const struct mount_line *m = mount_at(own, w->name);

		/* where no proc and no sysfs is, there is but a folder; and not every kernel has all */
		if (!m || !is_kernels(m) || !is_writable(m) ||
		    faccessat(l->root, w->name + 1, F_OK, 0) < 0)
			continue;
		l->to->facts |= (uint64_t)w->value;
		l->to->writable[n++] = (char *)w->name;
	}
	return 0;
}

static int read_mounts(int dir, char **ret_text, struct mount_table *ret)
{
	struct err e = { 0 };

	if (file_read(dir, "mountinfo", MOUNTINFO_MAX, ret_text, &e) < 0)
		return e.sysno ? -e.sysno : -EFBIG;
	return mount_table_parse(ret, *ret_text);
}

static int see_mounts(struct look *l)
{
	own_mem char *own_text = NULL, *host_text = NULL;
	own_mounts struct mount_table own = { 0 }, host = { 0 };
	int r = read_mounts(l->pid, &own_text, &own);

	/* in the host's mount namespace there is no telling what was put there for it */
	if (r == 0 && !(l->to->facts & FACT_HOST_MNT))
		r = read_mounts(l->first, &host_text, &host);
	if (r < 0)
		return r;
	l->to->mounts.at = arena_array(l->a, own.n + 1, sizeof(l->to->mounts.at[0]));
	if (!l->to->mounts.at)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && host.n && i < own.n; i++)
		r = see_mount(l, &own, &host, &own.at[i]);
	return r < 0 ? r : see_kernel_paths(l, &own);
}

/* --- all of it ------------------------------------------------------------------------ */

/* With whom a container is compared: the host's first process, or who may not look there himself. */
static int open_first(int root)
{
	own_fd int fd = openat(root, "proc/1", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char link[64];

	if (fd >= 0 && readlinkat(fd, "ns/mnt", link, sizeof(link)) < 0 && errno == EACCES)
		return openat(root, "proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return give_fd(&fd);
}

/* The container's folder in /proc, if it is still that process. */
static int open_processes(struct look *l, const char *root, struct err *e)
{
	struct process_stat st;
	char path[32], text[1024];

	l->root = fd_open(root ? root : "/", O_PATH | O_DIRECTORY);
	snprintf(path, sizeof(path), "proc/%d", (int)l->c->pid);
	l->pid = openat(l->root, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	l->first = open_first(l->root);
	if (l->pid < 0 || l->first < 0)
		return fail_sys(e, "open process %d", (int)l->c->pid);
	if (file_try_read(l->pid, "stat", text, sizeof(text)) <= 0 ||
	    process_parse_stat(text, &st) < 0 || st.start != l->c->pid_start)
		return fail_errno(e, ESRCH, "open process %d", (int)l->c->pid);
	(void)process_prefer_thread(&l->pid);
	return 0;
}

/**
 * isolation_inspect() - look at a container, and grade it
 * @root: a directory that is taken for the host's root; NULL: "/"
 * @c:    found by containers_find()
 * @a:    owns what the report points to
 *
 * Errors: ESRCH when the container has ended, EACCES without the right to look into it.
 */
int isolation_inspect(const char *root, const struct container_found *c, struct arena *a,
		      struct isolation *ret, struct err *e)
{
	static const struct {
		int (*see)(struct look *l);
		const char *what;
	} steps[] = {
		{ see_namespaces, "namespaces" },
		{ see_status, "privileges" },
		{ see_maps, "ids" },
		{ see_confinement, "confinement" },
		{ see_devices, "devices" },
		{ see_mounts, "mounts" },
	};
	own_look struct look l = {
		.root = FD_NONE, .pid = FD_NONE, .first = FD_NONE, .c = c, .a = a, .to = ret
	};

	*ret = (struct isolation){ 0 };
	if (open_processes(&l, root, e) < 0)
		return fail_in(e, "inspect container '%s'", c->id);
	for (size_t i = 0; i < COUNT(steps); i++) {
		int r = steps[i].see(&l);

		if (r < 0)
			return fail_errno(e, -r, "inspect container '%s': look at its %s", c->id,
					  steps[i].what);
	}
	return isolation_judge(ret, a) < 0 ? fail_errno(e, ENOMEM, "grade container '%s'", c->id)
					   : 0;
}
