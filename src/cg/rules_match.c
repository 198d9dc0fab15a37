/* rules_match.c - which rule a process falls under, and what its destination is for it */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "base/passwd.h"
#include "cg/rules.h"

static bool is_member(const struct cg_rule *rule, uint32_t uid)
{
	for (size_t i = 0; i < rule->n_members; i++)
		if (rule->members[i] == uid)
			return true;
	return false;
}

static bool fits_user(const struct cg_rule *rule, const struct cg_process *p)
{
	switch (rule->who) {
	case CG_RULE_ANY:
		return true;
	case CG_RULE_USER:
		return rule->id == p->uid;
	case CG_RULE_GROUP:
		return rule->id == p->gid || is_member(rule, p->uid);
	}
	return false;
}

static const char *name_of(const char *program)
{
	const char *slash = strrchr(program, '/');

	return slash ? slash + 1 : program;
}

static bool fits_program(const struct cg_rule *rule, struct cg_process *p)
{
	const char *want = rule->program;
	size_t len = want ? strlen(want) : 0;

	if (!want)
		return true;
	cg_process_name(p);
	if (strcmp(want, p->program) == 0 || strcmp(want, name_of(p->program)) == 0)
		return true;
	/* as libcgroup: a '*' at the end is for paths, not for the names at their ends */
	return want[len - 1] == '*' && strncmp(want, p->program, len - 1) == 0;
}

/* musl's own function does nothing */
static bool is_realtime(pid_t pid)
{
	long policy = syscall(SYS_sched_getscheduler, pid);

	return policy == SCHED_FIFO || policy == SCHED_RR;
}

/* Whom the rule ignores has to be in its destination already. */
static bool fits_place(const struct cg_rules *r, const struct cg_rule *rule, struct cg_process *p)
{
	char path[CGROUP_PATH_MAX];
	struct err ignored = { 0 };
	bool made;

	if (!(rule->options & CG_RULE_IGNORE) && !is_realtime(p->pid))
		return false;
	if (strcmp(rule->destination, "*") == 0)
		return true;
	if (strchr(rule->destination, '%'))
		cg_process_name(p);
	if (p->status < 0 || cg_rule_expand(r, rule->destination, p, path, &made, &ignored) < 0)
		return false;
	for (size_t i = 0; i < rule->n_in; i++)
		if (cg_process_is_at(p, rule->in[i].at, path, true))
			return true;
	return false;
}

/**
 * cg_rules_find() - the rule that a process falls under
 * @p: its program is looked for if a rule asks for it
 *
 * Return: the first that fits, those for users who are not there apart; NULL: none
 */
const struct cg_rule *cg_rules_find(const struct cg_rules *r, struct cg_process *p)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct cg_rule *rule = &r->at[i];

		if (!rule->more && !rule->off && fits_user(rule, p) && fits_program(rule, p) &&
		    (!rule->options || fits_place(r, rule, p)))
			return rule;
	}
	return NULL;
}

/* cg_rules_next() - the line after @rule that continues it; NULL: there is none */
const struct cg_rule *cg_rules_next(const struct cg_rules *r, const struct cg_rule *rule)
{
	return rule + 1 < r->at + r->n && rule[1].more ? rule + 1 : NULL;
}

/* --- destinations ------------------------------------------------------------------------- */

/* What stands for one letter after '%': a name, or else the number. false if nothing does. */
static bool expand_letter(const struct cg_rules *r, char letter, const struct cg_process *p,
			  char *ret, size_t size)
{
	uint32_t gid;
	bool named = false;

	if (letter == 'u')
		named = r->passwd && passwd_user_of(r->passwd, p->uid, ret, size, &gid);
	else if (letter == 'g')
		named = r->group && passwd_group_name(r->group, p->gid, ret, size);
	else if (letter == 'p')
		/* libcgroup fills the whole path in, whose groups it then fails to make */
		named = *name_of(p->program) && snprintf(ret, size, "%s", name_of(p->program)) > 0;
	if (named)
		return true;
	switch (letter) {
	case 'u':
	case 'U':
		return snprintf(ret, size, "%u", p->uid) > 0;
	case 'g':
	case 'G':
		return snprintf(ret, size, "%u", p->gid) > 0;
	case 'p':
	case 'P':
		return snprintf(ret, size, "%d", (int)p->pid) > 0;
	}
	return false;
}

/**
 * cg_rule_expand() - a destination, or its beginning, for one process
 * @p:            cg_process_name() was called, if it has a '%'
 * @ret_path:     cgroup_path_check() was made
 * @ret_template: it is another text than before, so its groups are to be made
 */
int cg_rule_expand(const struct cg_rules *r, const char *text, const struct cg_process *p,
		   char ret_path[CGROUP_PATH_MAX], bool *ret_template, struct err *e)
{
	own_str struct str out = { 0 };

	for (const char *c = text; *c; c++) {
		char value[PATH_MAX];

		if (*c == '\\' && c[1])
			str_add_len(&out, ++c, 1);
		else if (*c == '%' && expand_letter(r, c[1], p, value, sizeof(value)))
			str_add(&out, (c++, value));
		else
			str_add_len(&out, c, 1);
	}
	if (out.torn || !out.at)
		return fail_errno(e, ENOMEM, "fill '%s' in", text);
	if (cgroup_path_check(out.at, e) < 0)
		return fail_in(e, "fill '%s' in", text);
	snprintf(ret_path, CGROUP_PATH_MAX, "%s", out.at);
	*ret_template = strcmp(text, out.at) != 0;
	return 0;
}
