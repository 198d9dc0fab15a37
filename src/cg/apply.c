/* apply.c - what the words of cgconfig.conf(5) mean
 *
 * Everything is checked before anything is touched: words, controllers, users, permissions. Only
 * values are the kernel's to judge.
 */
#include "cg/apply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/own.h"
#include "cg/translate.h"

static int fail_node(const struct cg_node *n, const char *what, struct err *e)
{
	return fail(e, ERR_INPUT, "line %u: '%s' %s", n->line, n->kind, what);
}

static bool is(const struct cg_node *n, const char *kind)
{
	return strcmp(n->kind, kind) == 0;
}

/* --- perm ---------------------------------------------------------------------------------- */

// clang-format off
static const struct {
	const char *block, *key;
	enum { USER, GROUP, MODE } what;
	size_t at;
} perms[] = {
	{ "task",  "uid",   USER,  offsetof(struct cg_rights, tasks.uid) },
	{ "task",  "gid",   GROUP, offsetof(struct cg_rights, tasks.gid) },
	{ "task",  "fperm", MODE,  offsetof(struct cg_rights, tasks_mode) },
	{ "admin", "uid",   USER,  offsetof(struct cg_rights, all.uid) },
	{ "admin", "gid",   GROUP, offsetof(struct cg_rights, all.gid) },
	{ "admin", "dperm", MODE,  offsetof(struct cg_rights, dir_mode) },
	{ "admin", "fperm", MODE,  offsetof(struct cg_rights, file_mode) },
};
// clang-format on

static int read_perm_value(const struct cg_node *n, size_t row, struct cg_rights *r, struct err *e)
{
	uint32_t *to = (void *)((char *)r + perms[row].at);
	struct cg_owner owner = CG_OWNER_KEEP;
	char word[256];

	if (perms[row].what == MODE)
		return cg_mode_parse(n->value, to, e);
	snprintf(word, sizeof(word), "%s%s", perms[row].what == GROUP ? ":" : "", n->value);
	if (cg_owner_parse(word, &owner, e) < 0)
		return -1;
	*to = perms[row].what == GROUP ? owner.gid : owner.uid;
	return 0;
}

static int read_perm(const struct cg_node *perm, struct cg_rights *r, struct err *e)
{
	for (const struct cg_node *block = perm->first; block; block = block->next)
		for (const struct cg_node *n = block->first; n; n = n->next) {
			size_t row = 0;

			while (row < COUNT(perms) &&
			       (!is(block, perms[row].block) || !is(n, perms[row].key)))
				row++;
			if (row == COUNT(perms) || !n->value)
				return fail_node(n, "says nothing about permissions", e);
			if (read_perm_value(n, row, r, e) < 0)
				return fail_in(e, "line %u", n->line);
		}
	return 0;
}

/* --- groups -------------------------------------------------------------------------------- */

/* struct plan - one group, checked */
struct plan {
	struct cg_group group;
	struct cg_rights rights;
};

static int read_group(const struct cgroup_world *w, const struct cg_node *n,
		      const struct cg_rights *rights, struct plan *ret_plan, struct err *e)
{
	own_str struct str text = { 0 };

	if (!n->name || n->value)
		return fail_node(n, "has no name", e);
	ret_plan->rights = *rights;
	for (const struct cg_node *c = n->first; c; c = c->next) {
		if (is(c, "perm")) {
			if (read_perm(c, &ret_plan->rights, e) < 0)
				return -1;
			continue;
		}
		if (c->value || c->name)
			return fail_node(c, "is no controller's block", e);
		for (const struct cg_node *v = c->first; v; v = v->next)
			if (!v->value)
				return fail_node(v, "has no value", e);
		str_addf(&text, "%s%s", text.len ? "," : "", c->kind);
	}
	if (!text.len)
		return fail_node(n, "names no controller", e);
	str_addf(&text, ":%s", n->name);
	if (text.torn)
		return fail_errno(e, ENOMEM, "read the configuration");
	return cg_group_parse(w, text.at, &ret_plan->group, e) < 0 ? fail_in(e, "line %u", n->line)
								   : 0;
}

/* A mount that is there already is all that a configuration may ask for here. */
static int check_mounts(const struct cgroup_world *w, const struct cg_node *mount, struct err *e)
{
	for (const struct cg_node *n = mount->first; n; n = n->next) {
		struct cg_in in;

		if (!n->value)
			return fail_node(n, "has no path", e);
		if (cg_find(w, n->kind, &in, e) < 0) {
			fail_in(e, "line %u", n->line);
			return fail_hint(e, "`tare cg mount` mounts it");
		}
	}
	return 0;
}

static int read_default(const struct cg_node *n, struct cg_rights *r, struct err *e)
{
	for (const struct cg_node *c = n->first; c; c = c->next)
		if (!is(c, "perm"))
			return fail_node(c, "is nothing that can have a default", e);
		else if (read_perm(c, r, e) < 0)
			return -1;
	return 0;
}

static int check(const struct cgroup_world *w, const struct cg_node *first, struct cg_rights *r,
		 struct err *e)
{
	struct plan ignored;

	for (const struct cg_node *n = first; n; n = n->next)
		if (is(n, "default") && read_default(n, r, e) < 0)
			return -1;
	for (const struct cg_node *n = first; n; n = n->next) {
		if (is(n, "group") ? read_group(w, n, r, &ignored, e) < 0
				   : is(n, "mount") && check_mounts(w, n, e) < 0)
			return -1;
		/* templates are for rules */
		if (!is(n, "group") && !is(n, "mount") && !is(n, "default") && !is(n, "template"))
			return fail_node(n, "is neither a group, a mount, a default nor a template",
					 e);
	}
	return 0;
}

/* A value that is there already is not written: some files take none after the first. */
static int set_value(const struct cgroup_world *w, const char *path, const struct cg_node *v,
		     struct err *e)
{
	own_str struct str now = { 0 };
	struct err unread = { 0 };
	struct cg_wrote wrote;
	struct cg_said said;

	if (cg_get_value(w, path, v->kind, &now, &said, &unread) == 0 && now.at &&
	    cg_value_same(v->value, now.at))
		return 0;
	if (cg_set_value(w, path, v->kind, v->value, &wrote, &said, e) < 0)
		return fail_in(e, "line %u: group '%s'", v->line, path);
	if (wrote.told == CG_OTHERWISE)
		log_warn("group '%s': '%s' was asked to be '%s' and is '%s'", path, v->kind,
			 v->value, wrote.now);
	return 0;
}

/* Values depend on each other (memory and memory+swap): one that is refused gets another turn. */
static int set_values(const struct cgroup_world *w, const struct cg_node *group, struct err *e)
{
	bool refused = false;

	for (int round = 0; round < 2; round++) {
		for (const struct cg_node *c = group->first; c; c = c->next)
			for (const struct cg_node *v = is(c, "perm") ? NULL : c->first; v;
			     v = v->next) {
				if (set_value(w, group->name, v, e) == 0)
					continue;
				if (round)
					return -1;
				refused = true;
			}
		if (!refused)
			return 0;
	}
	return 0;
}

/**
 * cg_apply() - make a configuration's groups, with their owners, permissions and values
 * @rights: of groups that say nothing about them
 *
 * Fails before anything is touched for what makes no sense or is not mounted; at a value that the
 * kernel refuses, with those before it set.
 */
int cg_apply(const struct cgroup_world *w, const struct cg_node *first,
	     const struct cg_rights *rights, struct err *e)
{
	struct cg_rights usual = *rights;

	if (check(w, first, &usual, e) < 0)
		return -1;
	for (const struct cg_node *n = first; n; n = n->next) {
		struct plan p;

		if (!is(n, "group"))
			continue;
		if (read_group(w, n, &usual, &p, e) < 0)
			return -1;
		/* the root is there already, and may have values */
		if (!cg_is_root(p.group.path) && cg_create(&p.group, &p.rights, e) < 0)
			return -1;
		if (set_values(w, n, e) < 0)
			return -1;
	}
	return 0;
}

/* --- undone -------------------------------------------------------------------------------- */

static int remove_group(const struct cg_group *g, bool only_empty, struct err *e)
{
	for (size_t i = 0; i < g->n; i++) {
		struct err why = { 0 };

		if (only_empty) {
			own_fd int dir = cg_open(g->in[i].at, g->path, &why);
			own_str struct str pids = { 0 };

			if (dir >= 0 && (cg_read(dir, "cgroup.procs", &pids, &why) < 0 || pids.len))
				continue;
		}
		if (cg_delete(&g->in[i], g->path, false, &why) < 0 && why.sysno != ENOENT &&
		    !(only_empty && why.sysno == EBUSY)) {
			*e = why;
			return -1;
		}
	}
	return 0;
}

/* The last one first: it may be below one before it. */
static int remove_from(const struct cgroup_world *w, const struct cg_node *n,
		       const struct cg_rights *usual, bool only_empty, struct err *e)
{
	const struct cg_node **groups = NULL;
	size_t count = 0;
	int r = 0;

	for (const struct cg_node *c = n; c; c = c->next)
		count += is(c, "group");
	groups = calloc(count + 1, sizeof(const struct cg_node *));
	if (!groups)
		return fail_errno(e, ENOMEM, "list the groups");
	for (const struct cg_node *c = n, **to = groups; c; c = c->next)
		if (is(c, "group"))
			*to++ = c;
	while (count-- && r == 0) {
		struct plan p;

		r = read_group(w, groups[count], usual, &p, e);
		if (r == 0 && !cg_is_root(p.group.path))
			r = remove_group(&p.group, only_empty, e);
	}
	free(groups);
	return r;
}

/**
 * cg_unapply() - remove a configuration's groups; their processes go to the group above
 * @only_empty: leave those alone that hold processes or groups
 *
 * Groups that are not there are no failure.
 */
int cg_unapply(const struct cgroup_world *w, const struct cg_node *first, bool only_empty,
	       struct err *e)
{
	struct cg_rights usual = { CG_OWNER_KEEP, CG_OWNER_KEEP, CG_KEEP, CG_KEEP, CG_KEEP };

	if (check(w, first, &usual, e) < 0)
		return -1;
	return remove_from(w, first, &usual, only_empty, e);
}
