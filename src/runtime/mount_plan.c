/* mount_plan.c - one config mount becomes one or, for cgroups, several orders
 *
 * Sources of bind mounts are opened here, on the host and with the host's privileges, as
 * detached copies (open_tree): the container's user namespace may not be able to reach them,
 * and no path of the host is walked once the container's world has begun.
 */
#include "runtime/mount_plan.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/own.h"
#include "os/file.h"
#include "os/idmap.h"
#include "os/mount.h"
#include "os/mountinfo.h"
#include "os/mountopt.h"
#include "os/msg.h"
#include "os/path.h"
#include "os/recipe.h"
#include "os/sys.h"
#include "runtime/cgroup_mount.h"

/**
 * mount_plan_clean() - an absolute path without "//", "/./", "/../" and a trailing slash
 *
 * Lexical, as runc and Go's filepath.Clean do it: links are not looked at.
 */
char *mount_plan_clean(struct arena *a, const char *path)
{
	char *out = arena_alloc(a, strlen(path) + 2);
	size_t len = 0;

	if (!out)
		return NULL;
	while (*(path += strspn(path, "/"))) {
		size_t n = strcspn(path, "/");

		if (n == 2 && path[0] == '.' && path[1] == '.') {
			while (len > 0 && out[--len] != '/')
				;
		} else if (!(n == 1 && path[0] == '.')) {
			out[len++] = '/';
			memcpy(out + len, path, n);
			len += n;
		}
		path += n;
	}
	if (len == 0)
		out[len++] = '/';
	out[len] = '\0';
	return out;
}

static int out_of_memory(struct err *e)
{
	return fail_errno(e, ENOMEM, "plan the mounts");
}

/* mount_plan_append() - a blank order at the end, its descriptor absent; NULL without memory */
struct plan_mount *mount_plan_append(struct mount_plan *p)
{
	if (p->n == p->room) {
		size_t room = p->room ? p->room * 2 : 32;
		struct plan_mount *more = arena_array(p->mem, room, sizeof(*more));

		if (!more)
			return NULL;
		if (p->n)
			memcpy(more, p->list, p->n * sizeof(*more));
		p->list = more;
		p->room = room;
	}
	p->list[p->n] = (struct plan_mount){ .fd = -1, .userns_fd = -1 };
	return &p->list[p->n++];
}

static int read_options(const struct oci_mount *m, const char *origin, struct mount_want *w,
			struct err *e)
{
	for (size_t i = 0; m->options && m->options[i]; i++) {
		/* a comma would let one word become several on the way to the file system */
		if (strchr(m->options[i], ',') && !strchr(m->options[i], '=')) {
			fail(e, ERR_INPUT, "mount option '%s' holds a comma", m->options[i]);
			return fail_at(e, "config.json: %s/options/%zu", origin, i);
		}
		if (mountopt_add(w, m->options[i]) < 0)
			return out_of_memory(e);
	}
	return 0;
}

#define MAX_RANGES 340 /* the kernel's own limit, UID_GID_MAP_MAX_EXTENTS */

struct ranges {
	struct idmap_range at[MAX_RANGES];
	size_t n;
};

static int copy_ranges(const oci_idmaps *maps, struct ranges *ret, struct err *e)
{
	if (maps->n > MAX_RANGES)
		return fail(e, ERR_LIMIT, "more than %d id ranges", MAX_RANGES);
	for (size_t i = 0; i < maps->n; i++)
		ret->at[i] = (struct idmap_range){ maps->at[i].container_id, maps->at[i].host_id,
						   maps->at[i].size };
	ret->n = maps->n;
	return 0;
}

/* "@": the ids on the right are the container's, not the host's. */
static int shift_ranges(struct ranges *r, const oci_idmaps *maps, struct err *e)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct oci_idmap *m = NULL;

		for (size_t k = 0; k < maps->n && !m; k++)
			if (r->at[i].outside >= maps->at[k].container_id &&
			    r->at[i].outside - maps->at[k].container_id < maps->at[k].size)
				m = &maps->at[k];
		if (!m)
			return fail(e, ERR_INPUT, "id %u is not mapped in the container",
				    r->at[i].outside);
		r->at[i].outside = r->at[i].outside - m->container_id + m->host_id;
	}
	return 0;
}

/* crun's "uids=0-1000-10;gids=@0-0-10" */
static int parse_spec(char *spec, const struct oci_linux *l, struct ranges *uids,
		      struct ranges *gids, struct err *e)
{
	char *part;

	while ((part = strsep(&spec, ";"))) {
		bool is_uid = text_starts(part, "uids=");
		struct ranges *r = is_uid ? uids : gids;
		bool relative;

		if (!is_uid && !text_starts(part, "gids="))
			return fail(e, ERR_INPUT,
				    "idmap: '%s' begins with neither 'uids=' nor 'gids='", part);
		relative = part[5] == '@';
		if (idmap_parse(part + 5 + relative, r->at, MAX_RANGES, &r->n, e) < 0)
			return fail_in(e, "idmap");
		if (relative &&
		    shift_ranges(r, is_uid ? &l->uid_mappings : &l->gid_mappings, e) < 0)
			return fail_in(e, "idmap");
	}
	return 0;
}

/* A user namespace whose maps shift the ids of a mount; -1 on failure. */
static int open_idmap(struct mount_plan *p, const struct oci_mount *m, const struct mount_want *w,
		      struct err *e)
{
	const struct oci_linux *l = p->config->platform;
	const struct oci_namespace *joined = oci_namespace_of(l, CLONE_NEWUSER);
	struct ranges uids = { .n = 0 }, gids = { .n = 0 };

	if (w->idmap_spec) {
		if (parse_spec(w->idmap_spec, l, &uids, &gids, e) < 0)
			return -1;
	} else if (joined && joined->path && !m->uid_mappings.n && !m->gid_mappings.n) {
		int fd = fd_open(joined->path, O_RDONLY);

		return fd < 0 ? fail_sys(e, "open the namespace '%s'", joined->path) : fd;
	} else if (copy_ranges(m->uid_mappings.n ? &m->uid_mappings : &l->uid_mappings, &uids, e) <
			   0 ||
		   copy_ranges(m->gid_mappings.n ? &m->gid_mappings : &l->gid_mappings, &gids, e) <
			   0) {
		return -1;
	}
	if (!uids.n || !gids.n)
		return fail(e, ERR_INPUT, "an id-mapped mount needs uidMappings and gidMappings");
	return idmap_open_userns(uids.at, uids.n, gids.at, gids.n, e);
}

static int idmap_tree(struct mount_plan *p, const struct oci_mount *m, const struct mount_want *w,
		      int tree, struct err *e)
{
	own_fd int userns = open_idmap(p, m, w, e);

	return userns < 0 ? -1 : mount_idmap(tree, userns, w->rec_idmap, e);
}

/* config.md: mappings ask for an id-mapped mount, with or without the option. */
static bool wants_idmap(const struct oci_mount *m, const struct mount_want *w)
{
	return w->idmap || m->uid_mappings.n || m->gid_mappings.n;
}

/* Copies come out as peers of the host's mounts; make them what the container's "/" will be. */
static int settle_propagation(const struct mount_plan *p, int tree, struct err *e)
{
	uint64_t kind = p->propagation & (MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE);
	int r;

	if (p->propagation & MS_SHARED)
		return 0;
	r = mount_try_propagate(tree, (kind ? kind : MS_SLAVE) | MS_REC);
	return r < 0 ? fail_errno(e, -r, "change mount propagation") : 0;
}

static const char *absolute_source(struct mount_plan *p, const char *source)
{
	return *source == '/' ? source : arena_printf(p->mem, "%s/%s", p->bundle, source);
}

/* Mounts below the source have flags of their own, which must not go either. */
static int check_below(const char *source, struct err *e)
{
	own_mounts struct mount_table t = { 0 };
	own_mem char *text = NULL, *real = realpath(source, NULL);

	if (!real)
		return fail_sys(e, "look for mounts below '%s'", source);
	if (file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, e) < 0)
		return -1;
	if (mount_table_parse(&t, text) < 0)
		return out_of_memory(e);
	for (size_t i = 0; i < t.n; i++) {
		char *point = strndup(t.at[i].point, t.at[i].point_len);
		bool below;

		if (!point)
			return out_of_memory(e);
		mountinfo_unescape(point);
		below = text_is_below(point, real) && strcmp(point, real) != 0;
		free(point);
		if (below) {
			fail_errno(e, EPERM, "take flags off the mounts below '%s'", source);
			return fail_hint(e, "use \"bind\", and bind what lies below by itself");
		}
	}
	return 0;
}

static int settle_attrs(const struct mount_plan *p, const char *source, const struct mount_want *w,
			struct mount_attrs *a, struct err *e)
{
	bool locked = p->own_userns && (a->set || a->clr || a->rec_set || a->rec_clr);
	struct statvfs fs;

	if (locked && statvfs(source, &fs) < 0)
		return fail_sys(e, "look at the mount of '%s'", source);
	if (locked && w->recursive && mount_takes_off(a) && check_below(source, e) < 0)
		return -1;
	return mount_settle(a, locked ? &fs : NULL, e);
}

/* No copy can be made here, so tare-init will bind @source by its path: which cannot do all. */
static int check_by_path(const struct oci_mount *m, const struct mount_want *w, const char *source,
			 const struct stat *st, struct err *e)
{
	bool link = w->src_nofollow && S_ISLNK(st->st_mode);

	if (!link && !wants_idmap(m, w))
		return 0;
	*e = (struct err){ 0 };
	fail(e, ERR_UNSUPPORTED, "%s '%s'", link ? "bind the symbolic link" : "id-map the mount of",
	     source);
	return fail_hint(e, "only root can, from Linux %s on", link ? "5.2" : "5.12");
}

/* Open the source; where the kernel can't detach mounts, only look at what it is. */
static int open_source(struct mount_plan *p, const struct oci_mount *m, const struct mount_want *w,
		       struct plan_mount *o, struct err *e)
{
	struct mount_attrs attrs = w->attrs;
	own_fd int tree = FD_NONE;
	int settled = 0;
	struct stat st;

	if (fstatat(AT_FDCWD, o->source, &st, w->src_nofollow ? AT_SYMLINK_NOFOLLOW : 0) < 0) {
		fail_sys(e, "bind '%s' on '%s'", o->source, o->target);
		return fail_hint(e, "the source must exist on the host");
	}
	o->shape = S_ISDIR(st.st_mode) ? PLAN_TARGET_DIR : PLAN_TARGET_FILE;
	if (settle_attrs(p, o->source, w, &attrs, e) < 0)
		return fail_in(e, "bind '%s' on '%s'", o->source, o->target);
	if (!p->open || sys_lacks(SYS_MOUNT_API))
		return 0;
	tree = mount_clone(AT_FDCWD, o->source, w->recursive, w->src_nofollow, e);
	if (tree < 0)
		return e->sysno == ENOSYS ? check_by_path(m, w, o->source, &st, e) : -1;
	/* who asks for "shared" wants the host's own peer group */
	if (!(w->propagation & MS_SHARED))
		settled = settle_propagation(p, tree, e);
	if (settled < 0 && (e->sysno != ENOSYS || wants_idmap(m, w)))
		return fail_in(e, "bind '%s' on '%s'", o->source, o->target);
	if (settled < 0) /* Linux < 5.12: bound by path, below a "/" that is no peer */
		return 0;
	if (wants_idmap(m, w) && idmap_tree(p, m, w, tree, e) < 0)
		return fail_in(e, "bind '%s' on '%s'", o->source, o->target);
	if (mount_set(tree, &attrs, e) < 0) {
		/* Linux < 5.12: bound by path, changed in place */
		return e->sysno == ENOSYS ? 0 : fail_in(e, "bind '%s'", o->source);
	}
	o->fd = give_fd(&tree);
	return 0;
}

/* @path below @root, both clean: what follows the root, "/" for the root itself; else NULL */
static const char *path_below(const char *root, const char *path)
{
	size_t n = strlen(root);

	if (n < 2 || strncmp(path, root, n) != 0)
		return NULL;
	return !path[n] ? "/" : path[n] == '/' ? path + n : NULL;
}

static const char *source_below(struct mount_plan *p, const char *source)
{
	const char *clean = p->rootfs ? mount_plan_clean(p->mem, source) : NULL;

	return clean ? path_below(p->rootfs, clean) : NULL;
}

/* A source below the root is the container's: only the mounts before it may make it, and links on
 * the way are to lead where they lead in the container. So tare-init opens it, within the root. */
static int plan_inside(struct mount_plan *p, const struct oci_mount *m, const struct mount_want *w,
		       struct plan_mount *o, struct err *e)
{
	o->inside = true;
	if (!p->open || !wants_idmap(m, w))
		return 0;
	o->rec_idmap = w->rec_idmap;
	o->userns_fd = open_idmap(p, m, w, e);
	return o->userns_fd < 0 ? fail_in(e, "bind '%s' on '%s'", o->source, o->target) : 0;
}

/* crun's "copy-symlink": a link as source is copied, not followed. */
static int copy_symlink(struct mount_plan *p, struct plan_mount *o, bool *ret_done, struct err *e)
{
	char target[4096];
	ssize_t n = readlink(o->source, target, sizeof(target) - 1);

	*ret_done = n >= 0;
	if (n < 0)
		return 0;
	o->kind = PLAN_SYMLINK;
	o->source = arena_dup_len(p->mem, target, (size_t)n);
	return o->source ? 0 : out_of_memory(e);
}

static int add_bind(struct mount_plan *p, const struct oci_mount *m, const struct mount_want *w,
		    struct plan_mount *o, struct err *e)
{
	bool done = false;
	const char *below;

	if (!m->source || !*m->source)
		return fail(e, ERR_INPUT, "a bind mount on '%s' needs a source", o->target);
	o->kind = PLAN_BIND;
	o->source = (char *)absolute_source(p, m->source);
	if (!o->source)
		return out_of_memory(e);
	if (w->copy_symlink && copy_symlink(p, o, &done, e) < 0)
		return -1;
	below = source_below(p, o->source);
	if (done || !below)
		return done ? 0 : open_source(p, m, w, o, e);
	o->source = (char *)below;
	return plan_inside(p, m, w, o, e);
}

/* Nodes and further mounts go into /dev before it may become read-only. */
static int readonly_dev_last(struct mount_plan *p, struct plan_mount *dev, struct err *e)
{
	const struct plan_mount was = *dev;
	struct plan_mount *last;

	if (!(was.attr_set & MOUNT_ATTR_RDONLY) || was.kind != PLAN_FS)
		return 0;
	dev->attr_set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	last = mount_plan_append(p);
	if (!last)
		return out_of_memory(e);
	last->kind = PLAN_REMOUNT;
	last->late = true;
	last->target = was.target;
	last->origin = was.origin;
	last->attr_set = MOUNT_ATTR_RDONLY;
	return 0;
}

/* File systems that linux.mountLabel does not label by a mount option: their files have labels of
 * the policy's, or they are one with the host's; an mqueue's root is labelled by itself. */
static const struct {
	const char *fs;
	bool root;
} unlabelled[] = {
	{ "proc", false },    { "sysfs", false }, { "cgroup", false },
	{ "cgroup2", false }, { "mqueue", true },
};

static bool has_context(const char *data)
{
	static const char *const words[] = { "context=", "fscontext=", "defcontext=",
					     "rootcontext=" };

	for (size_t i = 0; data && i < COUNT(words); i++) {
		const char *at = strstr(data, words[i]);

		if (at && (at == data || at[-1] == ','))
			return true;
	}
	return false;
}

/**
 * mount_plan_label() - give a new file system the label of linux.mountLabel, as runc does
 * @o: its order, with its type and options; one that has a context of its own keeps it
 */
int mount_plan_label(struct mount_plan *p, struct plan_mount *o, struct err *e)
{
	char *label = p->config->platform->mount_label;

	if (!label || !*label || o->kind != PLAN_FS || has_context(o->data))
		return 0;
	for (size_t i = 0; i < COUNT(unlabelled); i++)
		if (strcmp(o->fs, unlabelled[i].fs) == 0) {
			o->label = unlabelled[i].root ? label : NULL;
			return 0;
		}
	o->data = arena_printf(p->mem, "%s%scontext=\"%s\"", o->data ? o->data : "",
			       o->data && *o->data ? "," : "", label);
	return o->data ? 0 : out_of_memory(e);
}

static int add_fs(struct mount_plan *p, const struct oci_mount *m, const struct mount_want *w,
		  struct plan_mount *o, struct err *e)
{
	if (!m->type || !*m->type)
		return fail(e, ERR_INPUT, "the mount on '%s' has neither a type nor 'bind'",
			    o->target);
	if (wants_idmap(m, w))
		return fail(e, ERR_UNSUPPORTED, "id-mapping works on bind mounts only, not on '%s'",
			    m->type);
	if (w->tmpcopyup && strcmp(o->target, "/") == 0)
		return fail(e, ERR_INPUT, "tmpcopyup cannot cover '/'");
	o->kind = w->remount ? PLAN_REMOUNT : PLAN_FS;
	o->fs = m->type;
	o->source = m->source;
	o->data = w->data.at ? arena_dup(p->mem, w->data.at) : NULL;
	o->tmpcopyup = w->tmpcopyup;
	if (mount_plan_label(p, o, e) < 0)
		return -1;
	return strcmp(o->target, "/dev") == 0 ? readonly_dev_last(p, o, e) : 0;
}

/* runc takes a destination that is spelled with the root's path for one inside it. */
static char *clean_target(struct mount_plan *p, const char *destination)
{
	char *clean = mount_plan_clean(p->mem, destination);
	const char *below = clean && p->rootfs ? path_below(p->rootfs, clean) : NULL;

	return below ? (char *)below : clean;
}

static int add(struct mount_plan *p, const struct oci_mount *m, const char *origin,
	       const struct mount_want *w, struct err *e)
{
	bool bind = w->bind || (m->type && strcmp(m->type, "bind") == 0);
	struct plan_mount *o;

	if (m->type && !bind && (strcmp(m->type, "cgroup") == 0 || strcmp(m->type, "cgroup2") == 0))
		return cgroup_mount_add(p, m, origin, w, e);
	o = mount_plan_append(p);
	if (!o)
		return out_of_memory(e);
	o->origin = arena_dup(p->mem, origin);
	o->target = clean_target(p, m->destination);
	o->recursive = w->recursive;
	o->attr_set = w->attrs.set;
	o->attr_clr = w->attrs.clr;
	o->rec_set = w->attrs.rec_set;
	o->rec_clr = w->attrs.rec_clr;
	o->propagation = w->propagation;
	o->src_nofollow = w->src_nofollow;
	o->dest_nofollow = w->dest_nofollow;
	if (!o->target || !o->origin)
		return out_of_memory(e);
	return bind && !w->remount ? add_bind(p, m, w, o, e) : add_fs(p, m, w, o, e);
}

/**
 * mount_plan_add() - translate one mount of a config
 * @origin: its JSON pointer
 */
int mount_plan_add(struct mount_plan *p, const struct oci_mount *m, const char *origin,
		   struct err *e)
{
	struct mount_want w = { 0 };
	int r = read_options(m, origin, &w, e);

	if (r == 0)
		r = add(p, m, origin, &w, e);
	mountopt_done(&w);
	if (r < 0 && !e->origin[0])
		fail_at(e, "config.json: %s", origin);
	return r;
}

/* mount_plan_make() - translate all mounts of the config, in order */
int mount_plan_make(struct mount_plan *p, struct err *e)
{
	for (size_t i = 0; i < p->config->mounts.n; i++) {
		char origin[32];

		snprintf(origin, sizeof(origin), "/mounts/%zu", i);
		if (mount_plan_add(p, &p->config->mounts.at[i], origin, e) < 0)
			return -1;
	}
	return 0;
}

/**
 * mount_plan_idmap() - shift the ids of a tree that tare-init has copied inside the container
 * @i:    number of the order
 * @sock: where the tree waits, and the answer goes (see init/inside.c)
 */
int mount_plan_idmap(const struct mount_plan *p, int64_t i, int sock, struct err *e)
{
	const struct plan_mount *m = i >= 0 && (size_t)i < p->n ? &p->list[i] : NULL;
	own_fd int tree = FD_NONE;
	struct msg got;

	if (!m || m->userns_fd < 0)
		return fail(e, ERR_BUG, "map a mount's ids: it is not in the plan");
	if (msg_try_recv(sock, &got, sizeof(got), &tree) < (ssize_t)MSG_SHORT || tree < 0)
		return fail(e, ERR_BUG, "map the ids of '%s': no tree came", m->target);
	if (mount_idmap(tree, (int)m->userns_fd, m->rec_idmap, e) < 0)
		return fail_in(e, "bind '%s' on '%s'", m->source, m->target);
	(void)recipe_tell(sock, MSG_DONE, i, -1);
	return 0;
}

static void close_fd(int64_t *fd)
{
	if (*fd >= 0)
		(void)close((int)*fd);
	*fd = -1;
}

/* mount_plan_close_trees() - the trees; tare-init has them. It may still ask for mount_plan_idmap() */
void mount_plan_close_trees(struct mount_plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		close_fd(&p->list[i].fd);
}

void mount_plan_close(struct mount_plan *p)
{
	mount_plan_close_trees(p);
	for (size_t i = 0; i < p->n; i++)
		close_fd(&p->list[i].userns_fd);
}
