/* cg_move.c - tare cg exec, tare cg classify; cgexec, cgclassify */
#include <stdint.h>
#include <unistd.h>

#include "base/own.h"
#include "tare/cg.h"

#define RULES_SOCKET "/run/cgred.socket"

struct move {
	struct opt_list groups;
	bool sticky, unsticky;
};

// clang-format off
static const struct opt exec_opts[] = {
	OPT_STRINGS_("group", 'g', struct move, groups, "CONTROLLERS:PATH", "a group to run in"),
	OPT_FLAG_("sticky",    0,  struct move, sticky, "no rule moves it elsewhere"),
};
static const struct opt classify_opts[] = {
	OPT_STRINGS_("group",      'g', struct move, groups, "CONTROLLERS:PATH", "a group to move to"),
	OPT_FLAG_("sticky",         0,  struct move, sticky, "no rule moves it elsewhere"),
	OPT_FLAG_("cancel-sticky",  0,  struct move, unsticky, "rules may move it again"),
};
// clang-format on

/* Nobody applies rules unless libcgroup's daemon does, whom we cannot tell. */
static int check_sticky(const struct move *o, struct err *e)
{
	if ((!o->sticky && !o->unsticky) || access(RULES_SOCKET, F_OK) < 0)
		return 0;
	fail(e, ERR_UNSUPPORTED, "--%ssticky: cgrulesengd runs here, and is not told by tare",
	     o->unsticky ? "cancel-" : "");
	return fail_hint(e, "use libcgroup's own program for this, or end its daemon");
}

static int enter(const struct move *o, struct err *e)
{
	if (!o->groups.n) {
		fail(e, ERR_INPUT, "exec: no group is named");
		return fail_hint(e, "as in -g memory:/students; rules are not looked up");
	}
	return check_sticky(o, e) < 0 ? -1 : cg_enter_quickly(o->groups.at, o->groups.n, e);
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

	if (enter(options, &why) < 0) {
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

	if (enter(options, e) < 0)
		return cg_answer(cli, &codes, -1, ret_status, e);
	return cg_answer(cli, &program, become(args, e), ret_status, e);
}

#define EXEC \
	.args = "-g CONTROLLERS:PATH... PROGRAM [ARG...]", .opts = exec_opts, \
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

/* Every process that can be moved is; each failure is said, and the last one left. */
static int classify(const struct cli *cli, const struct move *o, char **args, size_t n_args,
		    struct err *e)
{
	own_cgroup_world struct cgroup_world w = { 0 };
	own_mem struct cg_group *groups = NULL;
	int r = 0;

	if (!o->groups.n)
		return fail(e, ERR_INPUT, "classify: no group is named");
	if (check_sticky(o, e) < 0 || cg_world_open(&w, e) < 0 ||
	    cg_parse_groups(&w, &o->groups, &groups, e) < 0)
		return -1;
	for (size_t i = 0; i < n_args; i++) {
		struct err why = { 0 };

		if (attach(groups, o->groups.n, args[i], &why) == 0)
			continue;
		if (r < 0)
			cli_complain(cli, e);
		*e = why;
		r = -1;
	}
	return r;
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

	return cg_answer(cli, &codes, classify(cli, options, args, n_args, e), ret_status, e);
}

#define CLASSIFY \
	.args = "-g CONTROLLERS:PATH... PID...", .opts = classify_opts, .n = COUNT(classify_opts), \
	.size = sizeof(struct move), .min = 1, .max = SIZE_MAX, .words = WORDS_PID

const struct command cg_classify_command = {
	.name = "classify",
	.summary = "move running processes to groups",
	CLASSIFY,
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
