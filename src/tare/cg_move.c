/* cg_move.c - tare cg exec, tare cg classify; cgexec, cgclassify */
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/own.h"
#include "cg/rules.h"
#include "cg/sticky.h"
#include "tare/cg.h"

struct move {
	struct opt_list groups;
	bool sticky, unsticky;
};

// clang-format off
static const struct opt exec_opts[] = {
	OPT_STRINGS_("group", 'g', struct move, groups, "CONTROLLERS:PATH", "a group to run in; without one the rules name it"),
	OPT_FLAG_("sticky",   's', struct move, sticky, "no rule moves it, or what it starts, elsewhere"),
};
static const struct opt classify_opts[] = {
	OPT_STRINGS_("group",      'g', struct move, groups, "CONTROLLERS:PATH", "a group to move to; without one the rules name it"),
	OPT_FLAG_("sticky",        's', struct move, sticky, "no rule moves it, or what it starts, elsewhere"),
	OPT_FLAG_("cancel-sticky",  0,  struct move, unsticky, "rules may move it again"),
};
// clang-format on

/* The daemon that applies rules leaves the program here, or also all that it ever starts. Who has no
 * way to its socket is under the rules, unless he insists. */
static int stick(const struct move *o, pid_t pid, struct err *e)
{
	enum cg_sticky_wish wish = o->unsticky ? CG_STICKY_CANCEL
				   : o->sticky ? CG_STICKY_CHILDREN
					       : CG_STICKY_ITSELF;
	struct err why = { 0 };

	if (o->sticky && o->unsticky)
		return fail(e, ERR_INPUT, "--sticky and --cancel-sticky exclude each other");
	if (cg_sticky_ask(pid, wish, &why) == 0 || (!o->sticky && !o->unsticky))
		return 0;
	*e = why;
	return fail_in(e, "--%ssticky", o->unsticky ? "cancel-" : "");
}

static void warn_of(void *ctx __attribute__((unused)), struct err *problem)
{
	char line[2048];

	err_sanitise(problem);
	err_line(problem, line, sizeof(line));
	log_warn("%s", line);
}

/* Without a group it is the rules that name it, for what is to be run. */
static int enter_by_rules(const char *program, struct err *e)
{
	own_cg_rules struct cg_rules r = { 0 };
	own_cg_templates struct cg_templates t = { 0 };
	own_cg_process struct cg_process p = { .status = FD_NONE };
	struct cg_rules_report report = { warn_of, NULL, 0 };
	enum cg_placed placed;
	int why;

	if (cg_rules_load(&r, NULL, false, &report, e) < 0) {
		if (e->sysno == ENOENT)
			fail_hint(e, "name a group, as in -g memory:/students, or write rules");
		return -1;
	}
	why = cg_templates_load(&t, e) < 0 ? -1 : cg_process_try_open(getpid(), &p);
	if (why < 0)
		return *e->text ? -1 : fail_errno(e, -why, "look at this process");
	snprintf(p.program, sizeof(p.program), "%s", program);
	return cg_rules_place(&r, &t, &p, &placed, e);
}

static int enter(const struct move *o, const char *program, struct err *e)
{
	if (stick(o, 0, e) < 0)
		return -1;
	return o->groups.n ? cg_enter_quickly(o->groups.at, o->groups.n, e)
			   : enter_by_rules(program, e);
}

static int become(char **args, struct err *e)
{
	execvp(args[0], args);
	return fail_sys(e, "run '%s'", args[0]);
}

static int run_exec(const struct cli *cli __attribute__((unused)), void *options, char **args,
		    size_t n_args __attribute__((unused)), int *ret_status, struct err *e)
{
	struct err why = { 0 };

	if (enter(options, args[0], &why) < 0) {
		/* 126 and 127 are about the program */
		*e = why;
		if (e->cls == ERR_DENIED || e->cls == ERR_ABSENT)
			e->cls = ERR_SYSTEM;
		return -1;
	}
	(void)ret_status;
	return become(args, e);
}

static int run_cgexec(const struct cli *cli, void *options, char **args,
		      size_t n_args __attribute__((unused)), int *ret_status, struct err *e)
{
	static const struct cg_codes codes = {
		.unmounted = 84, .absent = 82, .denied = 87, .other = 96
	};
	static const struct cg_codes program = { 255, 255, 255, 255 };
	/* of cgrules.conf, which says where to when no group is named */
	static const struct cg_codes rules = { 99, 99, 99, 99 };
	const struct move *o = options;

	if (enter(o, args[0], e) < 0)
		return cg_answer(cli, o->groups.n ? &codes : &rules, -1, ret_status, e);
	return cg_answer(cli, &program, become(args, e), ret_status, e);
}

#define EXEC \
	.args = "[-g CONTROLLERS:PATH...] PROGRAM [ARG...]", .opts = exec_opts, \
	.n = COUNT(exec_opts), .size = sizeof(struct move), .min = 1, .max = SIZE_MAX, \
	.stop_early = true, .words = WORDS_PROGRAM

const struct command cg_exec_command = {
	.name = "exec",
	.summary = "run a program in groups",
	EXEC,
	.run = run_exec,
};

const struct command cgexec_command = {
	.name = "cgexec",
	.summary = "tare cg exec, as libcgroup's",
	.section = "LIBCGROUP'S PROGRAMS",
	EXEC,
	.link = true,
	.failure = 1,
	.run = run_cgexec,
};

/* --- classify ---------------------------------------------------------------------------- */

static int attach(const struct cg_group *groups, size_t n, const char *word, struct err *e)
{
	uint64_t pid;

	if (text_u64(word, INT32_MAX, &pid) < 0 || !pid)
		return fail(e, ERR_INPUT, "'%s' is no process number", word);
	for (size_t i = 0; i < n; i++)
		if (cg_attach(&groups[i], (pid_t)pid, e) < 0)
			return -1;
	return 0;
}

/* What is asked of the daemon only if the command line says so: as libcgroup's. */
static int stick_word(const struct move *o, const char *word, struct err *e)
{
	uint64_t pid;

	if ((!o->sticky && !o->unsticky) || text_u64(word, INT32_MAX, &pid) < 0 || !pid)
		return 0;
	return stick(o, (pid_t)pid, e);
}

/* Every process that can be moved is; each failure is said, and the last one left. */
static int classify_into(const struct cli *cli, const struct move *o, char **args, size_t n_args,
			 struct err *e)
{
	own_cgroup_world struct cgroup_world w = { 0 };
	own_mem struct cg_group *groups = NULL;
	int r = 0;

	if (cg_world_open(&w, e) < 0 || cg_parse_groups(&w, &o->groups, &groups, e) < 0)
		return -1;
	for (size_t i = 0; i < n_args; i++) {
		struct err why = { 0 };

		if (stick_word(o, args[i], &why) == 0 &&
		    attach(groups, o->groups.n, args[i], &why) == 0)
			continue;
		if (r < 0)
			cli_complain(cli, e);
		*e = why;
		r = -1;
	}
	return r;
}

static int classify(const struct cli *cli, const struct move *o, char **args, size_t n_args,
		    struct err *e)
{
	const struct cg_apply to = { .pids = args, .n = n_args };

	if (o->groups.n)
		return classify_into(cli, o, args, n_args, e);
	for (size_t i = 0; i < n_args; i++)
		if (stick_word(o, args[i], e) < 0)
			return -1;
	return cg_rules_apply(cli, &to, e);
}

static int run_classify(const struct cli *cli, void *options, char **args, size_t n_args,
			int *ret_status __attribute__((unused)), struct err *e)
{
	return classify(cli, options, args, n_args, e);
}

static int run_cgclassify(const struct cli *cli, void *options, char **args, size_t n_args,
			  int *ret_status, struct err *e)
{
	static const struct cg_codes codes = { 1, 1, 1, 1 };
	const struct move *o = options;

	/* as in: cgclassify -g cpu:/students $(pidof nobody-there) */
	if (!n_args)
		return o->groups.n ? 0 : fail(e, ERR_INPUT, "no group and no process is named");
	return cg_answer(cli, &codes, classify(cli, options, args, n_args, e), ret_status, e);
}

#define CLASSIFY \
	.args = "[-g CONTROLLERS:PATH...] PID...", .opts = classify_opts, \
	.n = COUNT(classify_opts), .size = sizeof(struct move), .max = SIZE_MAX, \
	.words = WORDS_PID

const struct command cg_classify_command = {
	.name = "classify",
	.summary = "move running processes to groups",
	CLASSIFY,
	.min = 1,
	.run = run_classify,
};

const struct command cgclassify_command = {
	.name = "cgclassify",
	.summary = "tare cg classify, as libcgroup's",
	.section = "LIBCGROUP'S PROGRAMS",
	CLASSIFY,
	.link = true,
	.failure = 2,
	.run = run_cgclassify,
};
