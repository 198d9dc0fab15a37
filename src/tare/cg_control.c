/* cg_control.c - tare cg freeze, thaw, kill: all processes in and below groups */
#include <stdint.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/own.h"
#include "tare/cg.h"

typedef int deed(const struct cgroup *cg, struct err *e);

/* A group of the freezer's hierarchy, and none else: there alone processes can be frozen. */
static int only_freezer(struct cgroup *cg, const char *path, struct err *e)
{
	const struct cgroup_place *p = cgroup_with(cg, CGROUP_FREEZER);

	if (!p) {
		fail(e, ERR_UNSUPPORTED, "group '%s' is not in the freezer's hierarchy", path);
		return fail_hint(e, "create it there (-g freezer:PATH) and classify its processes");
	}
	cg->at[0] = *p;
	cg->n = 1;
	return 0;
}

/* Its directories in the hierarchies that were meant. */
static int open_group(struct cgroup *cg, struct cgroup_world *w, const struct cg_group *g,
		      struct err *e)
{
	size_t n = 0;

	if (cgroup_init(cg, w, CGROUP_AT_ROOT, g->path, e) < 0)
		return -1;
	for (size_t i = 0; i < cg->n; i++)
		for (size_t j = 0; j < g->n; j++)
			if (cg->at[i].in == g->in[j].at)
				cg->at[n++] = cg->at[i];
	cg->n = n;
	for (size_t i = 0; i < n; i++) {
		own_fd int fd = cg_open(cg->at[i].in, g->path, e);

		if (fd < 0)
			return -1;
	}
	return 0;
}

static int refuse_own(const struct cgroup *cg, struct err *e)
{
	own_arena struct arena a = { 0 };
	struct numbers pids = { 0 };

	if (cgroup_pids(cg, &pids, &a, e) < 0)
		return -1;
	for (size_t i = 0; i < pids.n; i++)
		if (pids.at[i] == getpid())
			return fail(e, ERR_CONFLICT, "this command runs in it itself");
	return 0;
}

static int do_kill(const struct cgroup *cg, struct err *e)
{
	struct cgroup one = { .n = 1 };

	for (size_t i = 0; i < cg->n; i++) {
		one.at[0] = cg->at[i];
		if (refuse_own(&one, e) < 0)
			return -1;
	}
	/* hierarchies may hold different processes */
	for (size_t i = 0; i < cg->n; i++) {
		one.at[0] = cg->at[i];
		if (cgroup_kill(&one, e) < 0)
			return -1;
	}
	return 0;
}

static int do_freeze(const struct cgroup *cg, struct err *e)
{
	return refuse_own(cg, e) < 0 ? -1 : cgroup_freeze(cg, e);
}

static int each(char **args, size_t n_args, const char *what, deed *how, struct err *e)
{
	own_cgroup_world struct cgroup_world w = { 0 };

	if (cgroup_world_open(&w, e) < 0)
		return -1;
	for (size_t i = 0; i < n_args; i++) {
		own_cgroup struct cgroup cg = { 0 };
		struct cg_group g;

		if (cg_group_any(&w, args[i], &g, e) < 0 || open_group(&cg, &w, &g, e) < 0 ||
		    (how != do_kill && only_freezer(&cg, g.path, e) < 0) || how(&cg, e) < 0)
			return fail_in(e, "%s group '%s'", what, args[i]);
	}
	return 0;
}

static int run_freeze(const struct cli *cli __attribute__((unused)),
		      void *options __attribute__((unused)), char **args, size_t n_args,
		      int *ret_status __attribute__((unused)), struct err *e)
{
	return each(args, n_args, "freeze", do_freeze, e);
}

static int run_thaw(const struct cli *cli __attribute__((unused)),
		    void *options __attribute__((unused)), char **args, size_t n_args,
		    int *ret_status __attribute__((unused)), struct err *e)
{
	return each(args, n_args, "thaw", cgroup_thaw, e);
}

static int run_kill(const struct cli *cli __attribute__((unused)),
		    void *options __attribute__((unused)), char **args, size_t n_args,
		    int *ret_status __attribute__((unused)), struct err *e)
{
	return each(args, n_args, "kill", do_kill, e);
}

#define GROUPS .args = "[CONTROLLERS:]PATH...", .min = 1, .max = SIZE_MAX, .words = WORDS_CGROUP

const struct command cg_freeze_command = {
	.name = "freeze",
	.summary = "let all processes in and below groups stand still",
	.about = "Returns when all of them do.",
	GROUPS,
	.run = run_freeze,
};

const struct command cg_thaw_command = {
	.name = "thaw",
	.summary = "let the processes of frozen groups go on",
	GROUPS,
	.run = run_thaw,
};

const struct command cg_kill_command = {
	.name = "kill",
	.summary = "end all processes in and below groups at once",
	.about = "By cgroup.kill where the kernel has it. A group that holds the command itself is "
		 "refused.",
	GROUPS,
	.run = run_kill,
};
