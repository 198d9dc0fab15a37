/* rules_place.c - a process is put where its rule says
 *
 * A number may go to another process at any time. So the process is looked at again right before it is
 * moved, through a file of /proc that speaks of it alone, and once more afterwards: if it is still
 * there then, its number was its own all the time.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/own.h"
#include "cg/apply.h"
#include "cg/rules.h"

static const struct cg_rights as_made = {
	{ CG_KEEP, CG_KEEP }, { CG_KEEP, CG_KEEP }, CG_KEEP, CG_KEEP, CG_KEEP
};

/* cg_group_is_there() - in all of its hierarchies */
bool cg_group_is_there(const struct cg_group *g)
{
	struct err ignored = { 0 };

	for (size_t i = 0; i < g->n; i++) {
		own_fd int fd = cg_open(g->in[i].at, g->path, &ignored);

		if (fd < 0)
			return false;
	}
	return true;
}

/* --- groups of templates ------------------------------------------------------------------- */

/* Do two paths name the same, slashes around them apart? */
static bool same_path(const char *a, size_t a_len, const char *b)
{
	size_t b_len = strlen(b);

	for (; a_len && *a == '/'; a++, a_len--)
		;
	for (; b_len && *b == '/'; b++, b_len--)
		;
	while (a_len && a[a_len - 1] == '/')
		a_len--;
	while (b_len && b[b_len - 1] == '/')
		b_len--;
	return a_len == b_len && memcmp(a, b, a_len) == 0;
}

static const struct cg_node *find_template(const struct cg_templates *t, const char *name,
					   size_t len)
{
	for (const struct cg_node *n = t ? t->first : NULL; n; n = n->next)
		if (strcmp(n->kind, "template") == 0 && n->name && same_path(name, len, n->name))
			return n;
	return NULL;
}

/* The template as a group of this name, behind the defaults of its files. */
static int apply_template(const struct cg_rules *r, const struct cg_templates *t,
			  const struct cg_node *template, const char *path, struct err *e)
{
	own_arena struct arena a = { 0 };
	struct cg_node group = *template, *first = &group;

	group.kind = "group";
	group.name = path;
	group.next = NULL;
	for (const struct cg_node *n = t->first; n; n = n->next) {
		struct cg_node *copy;

		if (strcmp(n->kind, "default") != 0)
			continue;
		copy = arena_alloc(&a, sizeof(*copy));
		if (!copy)
			return fail_errno(e, ENOMEM, "make group '%s'", path);
		*copy = *n;
		copy->next = first;
		first = copy;
	}
	return cg_apply(r->world, first, &as_made, e);
}

/* One level of a destination, which ends at @end, for those hierarchies that lack it. */
static int make_level(const struct cg_rules *r, const struct cg_templates *t,
		      const struct cg_rule *rule, size_t end, const struct cg_process *p,
		      struct err *e)
{
	char text[CGROUP_PATH_MAX];
	const struct cg_node *template;
	struct cg_group g = { .n = 0 };
	bool made;

	snprintf(text, sizeof(text), "%.*s", (int)end, rule->destination);
	if (cg_rule_expand(r, text, p, g.path, &made, e) < 0)
		return -1;
	g.n = rule->n_in;
	memcpy(g.in, rule->in, rule->n_in * sizeof(*rule->in));
	if (cg_is_root(g.path) || cg_group_is_there(&g))
		return 0;
	template = find_template(t, rule->destination, end);
	if (template && apply_template(r, t, template, g.path, e) < 0)
		return -1;
	return cg_create(&g, &as_made, e);
}

/* Each level may have a template of its own. */
static int make_levels(const struct cg_rules *r, const struct cg_templates *t,
		       const struct cg_rule *rule, const struct cg_process *p, struct err *e)
{
	const char *c = rule->destination;

	while (*c) {
		c += strspn(c, "/");
		c += strcspn(c, "/");
		if (make_level(r, t, rule, (size_t)(c - rule->destination), p, e) < 0)
			return -1;
	}
	return 0;
}

/* --- a process ----------------------------------------------------------------------------- */

/* One line of a rule: to where the process is not yet. */
static int place_line(const struct cg_rules *r, const struct cg_templates *t,
		      const struct cg_rule *rule, const struct cg_process *p,
		      enum cg_placed *placed, struct err *e)
{
	struct cg_group g = { .n = 0 };
	bool made;
	int moved;

	if (cg_rule_expand(r, rule->destination, p, g.path, &made, e) < 0)
		return -1;
	for (size_t i = 0; i < rule->n_in; i++)
		if (!cg_process_is_at(p, rule->in[i].at, g.path, false))
			g.in[g.n++] = rule->in[i];
	if (!g.n)
		return 0;
	if (made && !cg_group_is_there(&g) && make_levels(r, t, rule, p, e) < 0)
		return -1;
	if (!cg_process_same(p)) {
		*placed = CG_GONE;
		return 0;
	}
	moved = cg_attach(&g, p->pid, e);
	if (moved < 0 && e->sysno != ESRCH && cg_process_same(p))
		return -1;
	*placed = moved == 0 && cg_process_same(p) ? CG_MOVED : CG_GONE;
	return 0;
}

static int fail_place(struct cg_rule *rule, const struct cg_process *p, struct err *e)
{
	fail_in(e, "process %d of user %u ('%s')", (int)p->pid, p->uid, p->comm);
	return fail_at(e, "%s:%u", rule->file, rule->line);
}

/**
 * cg_rules_place() - put a process where its rule says, in all that it says
 * @t:          what groups that are made get; NULL: as the kernel makes them
 * @p:          from cg_process_try_open()
 * @ret_placed: CG_GONE also when it became another user's meanwhile, of which there is news then
 *
 * A line of the rule that fails keeps nobody from the others. Processes without a program, such as the
 * kernel's own, are left alone.
 */
int cg_rules_place(struct cg_rules *r, const struct cg_templates *t, struct cg_process *p,
		   enum cg_placed *ret_placed, struct err *e)
{
	const struct cg_rule *rule = cg_rules_find(r, p);
	enum cg_placed placed = CG_STAYED;
	int result = 0;

	*ret_placed = CG_STAYED;
	if (!rule || rule->options)
		return 0;
	cg_process_name(p);
	if (p->no_program)
		return 0;
	for (; rule && placed != CG_GONE; rule = cg_rules_next(r, rule)) {
		struct err why = { 0 };

		if (place_line(r, t, rule, p, &placed, &why) == 0)
			continue;
		*e = why;
		result = fail_place(&r->at[rule - r->at], p, e);
	}
	*ret_placed = placed;
	return result;
}
