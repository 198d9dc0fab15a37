/* snapshot.c - groups and their settings as a configuration that makes them again */
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/log.h"
#include "base/own.h"
#include "cg/apply.h"
#include "cg/tree.h"

/* struct shot - where the next statement goes */
struct shot {
	struct arena *mem;
	struct cg_node **end;
};

static struct cg_node *add_node(struct shot *s, const char *kind)
{
	struct cg_node *n = arena_alloc(s->mem, sizeof(*n));

	if (!n)
		return NULL;
	n->kind = arena_dup(s->mem, kind);
	if (!n->kind)
		return NULL;
	*s->end = n;
	s->end = &n->next;
	return n;
}

/* Settings of one line; what has several (lists of devices) is no value of the grammar. */
static int add_file(int dirfd, const char *name, mode_t mode, void *ctx, struct err *e)
{
	own_str struct str value = { 0 };
	struct err unread = { 0 };
	struct shot *s = ctx;
	struct cg_node *n;

	if (!cg_is_setting(name, mode) || cg_read(dirfd, name, &value, &unread) < 0 || !value.len ||
	    strpbrk(value.at, "\n\""))
		return 0;
	n = add_node(s, name);
	if (n)
		n->value = arena_dup(s->mem, value.at);
	return n && n->value ? 0 : fail_errno(e, ENOMEM, "remember '%s'", name);
}

static int add_controller(struct shot *s, const struct cg_in *in, const char *name, int dir,
			  struct err *e)
{
	struct cg_node *n = add_node(s, name);
	struct shot inside = { .mem = s->mem, .end = n ? &n->first : NULL };

	if (!n)
		return fail_errno(e, ENOMEM, "remember the group");
	return cg_files(in, dir, name, add_file, &inside, e);
}

/* A v2 hierarchy's controllers one by one: those that work in this group. */
static int add_v2(struct shot *s, const struct cg_in *in, int dir, struct err *e)
{
	own_str struct str text = { 0 };
	unsigned have;
	bool any = false;

	if (cg_read(dir, "cgroup.controllers", &text, e) < 0)
		return -1;
	have = cgroup_controllers_parse(text.at ? text.at : "");
	for (const struct word *w = cgroup_controller_words; w->name; w++) {
		if (!(have & (unsigned)w->value) || strcmp(w->name, "blkio") == 0)
			continue;
		any = true;
		if (add_controller(s, in, w->name, dir, e) < 0)
			return -1;
	}
	return any || add_node(s, "cgroup") ? 0 : fail_errno(e, ENOMEM, "remember the group");
}

static int add_owner(struct shot *s, const char *kind, const struct stat *st, struct err *e)
{
	struct cg_node *n = add_node(s, kind);
	struct shot inside = { .mem = s->mem, .end = n ? &n->first : NULL };
	struct cg_node *uid = n ? add_node(&inside, "uid") : NULL;
	struct cg_node *gid = uid ? add_node(&inside, "gid") : NULL;

	if (!gid)
		return fail_errno(e, ENOMEM, "remember the owner");
	uid->value = arena_printf(s->mem, "%u", st->st_uid);
	gid->value = arena_printf(s->mem, "%u", st->st_gid);
	return uid->value && gid->value ? 0 : fail_errno(e, ENOMEM, "remember the owner");
}

/* Said only where it is not root: that is how groups are made. */
static int add_perm(struct shot *s, const struct cg_in *in, int dir, struct err *e)
{
	const char *tasks = in->at->version == CGROUP_V2 ? "cgroup.procs" : "tasks";
	struct stat of_dir, of_tasks;
	struct cg_node *n;
	struct shot inside = { .mem = s->mem };

	if (fstat(dir, &of_dir) < 0 || fstatat(dir, tasks, &of_tasks, 0) < 0 ||
	    !(of_dir.st_uid || of_dir.st_gid || of_tasks.st_uid || of_tasks.st_gid))
		return 0;
	n = add_node(s, "perm");
	if (!n)
		return fail_errno(e, ENOMEM, "remember the owner");
	inside.end = &n->first;
	return add_owner(&inside, "task", &of_tasks, e) < 0 ||
			       add_owner(&inside, "admin", &of_dir, e) < 0
		       ? -1
		       : 0;
}

/* One group in all of its hierarchies; the root has nothing that could be made again. */
static int add_group(struct shot *s, const struct cg_in *in, size_t n, const char *path,
		     struct err *e)
{
	struct cg_node *group = add_node(s, "group");
	struct shot inside = { .mem = s->mem, .end = group ? &group->first : NULL };
	bool owner = false;

	if (!group)
		return fail_errno(e, ENOMEM, "remember the group");
	group->name = arena_dup(s->mem, path + 1);
	if (!group->name)
		return fail_errno(e, ENOMEM, "remember the group");
	for (size_t i = 0; i < n; i++) {
		struct err absent = { 0 };
		own_fd int dir = cg_open(in[i].at, path, &absent);

		if (dir < 0)
			continue;
		if (!owner && add_perm(&inside, &in[i], dir, e) < 0)
			return -1;
		owner = true;
		if (in[i].at->version == CGROUP_V2
			    ? add_v2(&inside, &in[i], dir, e) < 0
			    : add_controller(&inside, &in[i], in[i].at->name, dir, e) < 0)
			return -1;
	}
	return 0;
}

/* A name that the grammar has no words for, or that nothing of ours takes: whoever may make groups
 * may call them so. */
static bool is_writable(const char *path)
{
	struct err why = { 0 };

	if (!strchr(path, '"') && cgroup_path_check(path, &why) == 0)
		return true;
	log_warn("group '%s' is left out: a configuration cannot have such a name", path);
	return false;
}

/**
 * cg_snapshot() - the groups at and below @path as statements of cgconfig.conf(5)
 * @a:         owns them
 * @ret_first: the first; NULL where there are no groups
 */
int cg_snapshot(const struct cg_in *in, size_t n, const char *path, struct arena *a,
		struct cg_node **ret_first, struct err *e)
{
	own_cg_tree struct cg_tree t = { 0 };
	struct cg_node *first = NULL;
	struct shot s = { .mem = a, .end = &first };

	if (cg_tree_read(in, n, path, false, &t, e) < 0)
		return -1;
	for (size_t i = 0; i < t.n; i++)
		if (!cg_is_root(t.at[i].path) && is_writable(t.at[i].path) &&
		    add_group(&s, in, n, t.at[i].path, e) < 0)
			return -1;
	*ret_first = first;
	return 0;
}
