/* cg_rules.c - tare cg rules: who is placed where by cgrules.conf(5), and placing them */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/passwd.h"
#include "base/render.h"
#include "cg/rules.h"
#include "tare/cg.h"

/* Prints what is wrong with a rule, a line each. */
static void print_problem(void *ctx __attribute__((unused)), struct err *problem)
{
	char line[2048];

	err_sanitise(problem);
	err_line(problem, line, sizeof(line));
	puts(line);
}

static void complain(void *ctx, struct err *problem)
{
	cli_complain(ctx, problem);
}

/* --- check -------------------------------------------------------------------------------- */

/* Groups that nobody makes have to be there. */
static void check_group(const struct cg_rules *r, const struct cg_rule *rule,
			struct cg_rules_report *report)
{
	const struct cg_process nobody = { .status = FD_NONE };
	struct err why = { 0 };
	struct cg_group g = { .n = 0 };
	bool made;

	if (rule->options || rule->off ||
	    cg_rule_expand(r, rule->destination, &nobody, g.path, &made, &why) < 0 || made)
		return;
	for (size_t i = 0; i < rule->n_in; i++) {
		g.in[0] = rule->in[i];
		g.n = 1;
		if (cg_group_is_there(&g))
			continue;
		fail(&why, ERR_ABSENT, "there is no group '%s' below '%s'", g.path,
		     g.in[0].at->mount);
		fail_hint(&why, "tare cg create -g %s:%s makes it", rule->controllers, g.path);
		cg_rule_report(report, rule, &why);
		return;
	}
}

/* Of two lines for the same hierarchy the second undoes the first. */
static void check_twice(const struct cg_rules *r, const struct cg_rule *rule,
			struct cg_rules_report *report)
{
	struct err why = { 0 };

	for (const struct cg_rule *c = cg_rules_next(r, rule); c; c = cg_rules_next(r, c))
		for (size_t i = 0; i < rule->n_in; i++)
			for (size_t j = 0; j < c->n_in; j++) {
				if (rule->in[i].at != c->in[j].at ||
				    strcmp(rule->destination, c->destination) == 0)
					continue;
				fail(&why, ERR_CONFLICT,
				     "'%s' and '%s' are in the same hierarchy here, so line %u "
				     "undoes this",
				     rule->controllers, c->controllers, c->line);
				fail_hint(&why, "name one group for both");
				cg_rule_report(report, rule, &why);
				return;
			}
}

/* After a rule for everybody come none. */
static void check_reach(const struct cg_rules *r, struct cg_rules_report *report)
{
	const struct cg_rule *all = NULL;

	for (size_t i = 0; i < r->n; i++) {
		const struct cg_rule *rule = &r->at[i];
		struct err why = { 0 };

		if (all && !rule->more) {
			fail(&why, ERR_CONFLICT, "no process gets so far: %s:%u is for everybody",
			     all->file, all->line);
			fail_hint(&why, "put that one last");
			cg_rule_report(report, rule, &why);
			return;
		}
		if (!all && rule->who == CG_RULE_ANY && !rule->program && !rule->options)
			all = rule;
	}
}

static int run_check(const struct cli *cli __attribute__((unused)),
		     void *options __attribute__((unused)), char **args, size_t n_args,
		     int *ret_status, struct err *e)
{
	own_cg_rules struct cg_rules r = { 0 };
	struct cg_rules_report report = { print_problem, NULL, 0 };

	if (cg_rules_load(&r, n_args ? args[0] : NULL, true, &report, e) < 0)
		return -1;
	for (size_t i = 0; i < r.n; i++) {
		check_group(&r, &r.at[i], &report);
		check_twice(&r, &r.at[i], &report);
	}
	check_reach(&r, &report);
	*ret_status = report.n != 0;
	if (!report.n)
		printf("%zu rules, and nothing is wrong with them\n", r.n);
	return 0;
}

static const struct command check_command = {
	.name = "check",
	.args = "[FILE]",
	.summary = "say what is wrong with the rules",
	.about = "Each line is a rule of the file's, what is wrong with it and what would mend it. "
		 "The "
		 "exit status is 1 if there is any.",
	.max = 1,
	.words = WORDS_FILE,
	.run = run_check,
};

/* --- show --------------------------------------------------------------------------------- */

struct show {
	const char *file, *user, *program;
	struct render render;
};

/* struct show_row - one line of the rule that fits */
struct show_row {
	char *rule, *who, *program, *controllers, *group, *state;
};

// clang-format off
static const struct bind_row show_rows[] = {
	ROW_STRING("rule",        REQUIRED, struct show_row, rule),
	ROW_STRING("who",         REQUIRED, struct show_row, who),
	ROW_STRING("program",     OPTIONAL, struct show_row, program),
	ROW_STRING("controllers", REQUIRED, struct show_row, controllers),
	ROW_STRING("group",       REQUIRED, struct show_row, group),
	ROW_STRING("state",       REQUIRED, struct show_row, state),
};
static const struct bind_table show_table = BIND_TABLE(show_rows, struct show_row, false);

static const struct render_column show_columns[] = {
	{ .header = "RULE",        .path = "rule" },
	{ .header = "WHO",         .path = "who" },
	{ .header = "PROGRAM",     .path = "program", .max = 40 },
	{ .header = "CONTROLLERS", .path = "controllers" },
	{ .header = "GROUP",       .path = "group" },
	{ .header = "STATE",       .path = "state" },
};
static const struct opt show_opts[] = {
	OPT_STRING_("file",    'f', struct show, file, "FILE", "rules to read instead of " CG_RULES_FILE),
	OPT_STRING_("user",    'u', struct show, user, "USER", "show it for this user"),
	OPT_STRING_("command", 'c', struct show, program, "PROGRAM", "and this program: its name or path"),
	RENDER_OPTS(struct show, render),
};
// clang-format on

static const struct render_list show_list = { .table = &show_table,
					      .columns = show_columns,
					      .n = COUNT(show_columns) };

/* A process that there is not: a user's, with the program and the group that he begins with. */
static int make_up(const struct cg_rules *r, const struct show *o, struct cg_process *p,
		   struct err *e)
{
	char name[256];
	struct cg_owner owner;

	*p = (struct cg_process){ .status = FD_NONE };
	if (cg_owner_parse(o->user, &owner, e) < 0)
		return -1;
	p->uid = owner.uid;
	if (!passwd_user_of(r->passwd, p->uid, name, sizeof(name), &p->gid))
		p->gid = p->uid;
	if (owner.gid != CG_KEEP)
		p->gid = owner.gid;
	snprintf(p->program, sizeof(p->program), "%s", o->program ? o->program : "");
	return 0;
}

static int find_process(const struct cg_rules *r, const struct show *o, char **args, size_t n_args,
			struct cg_process *p, struct err *e)
{
	uint64_t pid;
	int why;

	if (!n_args == !o->user || (o->program && !o->user)) {
		fail(e, ERR_INPUT, "show: a process, or --user and --command, are to be named");
		return fail_hint(e, "as in 4711, or --user student --command /usr/bin/make");
	}
	if (o->user)
		return make_up(r, o, p, e);
	if (text_u64(args[0], INT32_MAX, &pid) < 0 || !pid)
		return fail(e, ERR_INPUT, "'%s' is no process number", args[0]);
	why = cg_process_try_open((pid_t)pid, p);
	if (why < 0)
		return fail_errno(e, -why, "look at process %s", args[0]);
	cg_process_name(p);
	return 0;
}

static const char *state_of(const struct cg_rule *rule, const struct cg_process *p,
			    const struct cg_group *g, bool made)
{
	size_t there = 0;

	if (rule->options)
		return "left alone";
	if (!rule->n_in)
		return "no such controller here";
	if (p->no_program)
		return "left alone: the kernel's";
	for (size_t i = 0; i < g->n && p->status >= 0; i++)
		there += cg_process_is_at(p, g->in[i].at, g->path, false);
	if (there == g->n)
		return "there already";
	if (cg_group_is_there(g))
		return "to be moved";
	return made ? "group is made" : "group is missing";
}

static int fill_row(const struct cg_rules *r, const struct cg_rule *rule,
		    const struct cg_process *p, struct arena *a, struct show_row *row,
		    struct err *e)
{
	struct cg_group g = { .n = rule->n_in };
	bool made;

	if (cg_rule_expand(r, rule->destination, p, g.path, &made, e) < 0)
		return -1;
	memcpy(g.in, rule->in, rule->n_in * sizeof(*rule->in));
	*row = (struct show_row){
		.rule = arena_printf(a, "%s:%u", rule->file, rule->line),
		.who = arena_printf(a, "%s%s", rule->who == CG_RULE_GROUP ? "@" : "", rule->name),
		.program = rule->program ? arena_dup(a, rule->program) : NULL,
		.controllers = arena_dup(a, rule->controllers),
		.group = arena_dup(a, g.path),
		.state = arena_dup(a, state_of(rule, p, &g, made)),
	};
	return row->rule && row->who && row->controllers && row->group && row->state
		       ? 0
		       : fail_errno(e, ENOMEM, "show the rule");
}

static int show_rule(const struct show *o, const struct cg_rules *r, const struct cg_rule *first,
		     const struct cg_process *p, struct err *e)
{
	own_arena struct arena a = { 0 };
	struct show_row *rows;
	size_t n = 0;

	for (const struct cg_rule *rule = first; rule; rule = cg_rules_next(r, rule))
		n++;
	rows = arena_array(&a, n + 1, sizeof(*rows));
	if (!rows)
		return fail_errno(e, ENOMEM, "show the rule");
	n = 0;
	for (const struct cg_rule *rule = first; rule; rule = cg_rules_next(r, rule))
		if (fill_row(r, rule, p, &a, &rows[n++], e) < 0)
			return -1;
	return render_print(&o->render, &show_list, (struct list_any){ rows, n }, e);
}

static int run_show(const struct cli *cli, void *options, char **args, size_t n_args,
		    int *ret_status, struct err *e)
{
	const struct show *o = options;
	own_cg_rules struct cg_rules r = { 0 };
	own_cg_process struct cg_process p = { .status = FD_NONE };
	struct cg_rules_report report = { complain, (void *)cli, 0 };
	const struct cg_rule *rule;

	if (cg_rules_load(&r, o->file, false, &report, e) < 0 ||
	    find_process(&r, o, args, n_args, &p, e) < 0)
		return -1;
	rule = cg_rules_find(&r, &p);
	*ret_status = !rule;
	return show_rule(o, &r, rule, &p, e);
}

static const struct command show_command = {
	.name = "show",
	.args = "PID",
	.summary = "show which rule a process falls under, and where that puts it",
	.about = "With --user and --command for a process that there is not yet. A user who is in "
		 "groups "
		 "may be named USER:GROUP. The exit status is 1 if no rule fits.",
	.opts = show_opts,
	.n = COUNT(show_opts),
	.size = sizeof(struct show),
	.max = 1,
	.words = WORDS_PID,
	.run = run_show,
};

/* --- apply -------------------------------------------------------------------------------- */

struct apply {
	const char *file;
	bool all;
};

// clang-format off
static const struct opt apply_opts[] = {
	OPT_STRING_("file", 'f', struct apply, file, "FILE", "rules to read instead of " CG_RULES_FILE),
	OPT_FLAG_("all",    'a', struct apply, all, "place every process that there is"),
};
// clang-format on

/* struct applying - @failed: the last failure, and that there is one */
struct applying {
	const struct cli *cli;
	struct cg_rules rules;
	struct cg_templates templates;
	bool print, failed;
	struct err why;
};

static void applying_done(struct applying *a)
{
	cg_rules_done(&a->rules);
	cg_templates_done(&a->templates);
}

/* Each failure is said, and the last one left to be said. */
static void keep_failure(struct applying *a, const struct err *why)
{
	if (a->failed)
		cli_complain(a->cli, &a->why);
	a->failed = true;
	a->why = *why;
}

/* @wanted: somebody named it; one of all may have gone */
static void apply_to(struct applying *a, pid_t pid, bool wanted)
{
	own_cg_process struct cg_process p = { .status = FD_NONE };
	enum cg_placed placed = CG_STAYED;
	struct err why = { 0 };
	int r = cg_process_try_open(pid, &p);

	if (r < 0) {
		if (wanted)
			keep_failure(a,
				     (fail_errno(&why, -r, "look at process %d", (int)pid), &why));
		return;
	}
	if (cg_rules_place(&a->rules, &a->templates, &p, &placed, &why) < 0)
		keep_failure(a, &why);
	if (placed == CG_MOVED && a->print)
		printf("%d\n", (int)pid);
}

static int apply_to_all(struct applying *a, struct err *e)
{
	own_dir DIR *proc = opendir("/proc");
	struct dirent *d;

	if (!proc)
		return fail_sys(e, "list '/proc'");
	while ((d = readdir(proc))) {
		uint64_t pid;

		if (text_u64(d->d_name, INT32_MAX, &pid) == 0)
			apply_to(a, (pid_t)pid, false);
	}
	return 0;
}

/* cg_rules_apply() - place processes that run already; each failure is said, the last one returned */
int cg_rules_apply(const struct cli *cli, const struct cg_apply *to, struct err *e)
{
	__attribute__((cleanup(applying_done))) struct applying a = { .cli = cli,
								      .print = to->print };
	struct cg_rules_report report = { complain, (void *)cli, 0 };

	if (cg_rules_load(&a.rules, to->file, false, &report, e) < 0 ||
	    cg_templates_load(&a.templates, e) < 0)
		return -1;
	if (!to->pids && apply_to_all(&a, e) < 0)
		return -1;
	for (size_t i = 0; to->pids && i < to->n; i++) {
		struct err why = { 0 };
		uint64_t pid;

		if (text_u64(to->pids[i], INT32_MAX, &pid) == 0 && pid)
			apply_to(&a, (pid_t)pid, true);
		else
			keep_failure(&a, (fail(&why, ERR_INPUT, "'%s' is no process number",
					       to->pids[i]),
					  &why));
	}
	if (!a.failed)
		return 0;
	*e = a.why;
	return -1;
}

static int run_apply(const struct cli *cli, void *options, char **args, size_t n_args,
		     int *ret_status __attribute__((unused)), struct err *e)
{
	const struct apply *o = options;
	const struct cg_apply to = { o->file, o->all ? NULL : args, n_args, true };

	if (o->all == (n_args != 0)) {
		fail(e, ERR_INPUT, "apply: processes, or --all, are to be named");
		return fail_hint(e, "`tare cg rules show PID` says what would happen");
	}
	return cg_rules_apply(cli, &to, e);
}

static const struct command apply_command = {
	.name = "apply",
	.args = "--all | PID...",
	.summary = "place processes that run already, once",
	.about = "The numbers of those that are moved are printed. It does not ask a daemon which "
		 "processes are sticky.",
	.opts = apply_opts,
	.n = COUNT(apply_opts),
	.size = sizeof(struct apply),
	.max = SIZE_MAX,
	.words = WORDS_PID,
	.run = run_apply,
};

static const struct command *const commands[] = {
	&check_command, &show_command, &apply_command, &cg_rules_run_command, NULL,
};

const struct command cg_rules_command = {
	.name = "rules",
	.args = "COMMAND [ARG...]",
	.summary = "place processes by their user, group and program",
	.about = "The rules are those of " CG_RULES_FILE " and of the files in " CG_RULES_DIR
		 ", as cgrules.conf(5) "
		 "describes them, a rule a line:\n\n"
		 "USER|@GROUP|*[:PROGRAM] CONTROLLERS DESTINATION [ignore|ignore_rt]\n\n"
		 "The first rule that fits counts; a line that begins with % is for the user and "
		 "program "
		 "of the one above. A program is named by its name or path; a path may end in *. "
		 "Quotes "
		 "keep blanks within a name.\n\n"
		 "In a destination %u is the user's name and %U his number, %g and %G the group's, "
		 "%p the "
		 "program's name and %P the process's number; \\% is a percent sign. Such groups "
		 "are made, "
		 "with what a template of the same name in /etc/cgconfig.conf says; others have to "
		 "be "
		 "there.\n\n"
		 "ignore leaves those alone who are in the destination, or below it; ignore_rt "
		 "only if "
		 "they are scheduled in real time. * is any destination. The kernel's own "
		 "processes are "
		 "always left alone.",
	.commands = commands,
};
