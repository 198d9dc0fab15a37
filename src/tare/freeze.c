/* freeze.c - tare freeze, tare thaw: all processes of a container stand still, and go on */
#include <stdint.h>

#include "base/own.h"
#include "any/adopt.h"
#include "tare/any.h"
#include "tare/cli.h"

static int do_freeze(struct any_host *host, const struct container_found *c, struct cgroup *cg,
		     struct err *e)
{
	if (any_holds_us(host, c))
		return fail(e, ERR_CONFLICT, "this command runs in it, and would freeze with it");
	return cgroup_freeze(cg, e);
}

static int do_thaw(struct any_host *host __attribute__((unused)),
		   const struct container_found *c __attribute__((unused)), struct cgroup *cg,
		   struct err *e)
{
	return cgroup_thaw(cg, e);
}

typedef int turn(struct any_host *, const struct container_found *, struct cgroup *, struct err *);

static int change_one(struct any_host *host, const struct container_found *c, void *ctx,
		      struct err *e)
{
	turn *how = *(turn **)ctx;
	own_fd int ledger = ledger_open(e);
	own_ledger_entry struct ledger_entry entry = { 0 };
	own_cgroup struct cgroup cg = { 0 };

	if (ledger < 0 || ledger_sweep(ledger, &host->world, e) < 0 ||
	    ledger_read(ledger, c, &entry, e) < 0 ||
	    adopt_cgroup(ledger, &entry, &host->all, c, &host->world, CGROUP_FREEZER, &cg, e) < 0 ||
	    how(host, c, &cg, e) < 0)
		return fail_in(e, "%s container '%s'", how == do_freeze ? "freeze" : "thaw",
			       any_name(c));
	/* a cgroup that was made only to freeze it has served */
	if (how == do_thaw && entry.places.n && !entry.changes.n &&
	    adopt_release(ledger, &entry, &host->world, e) < 0)
		return -1;
	any_print(host->word);
	return 0;
}

static int run_freeze(const struct cli *cli __attribute__((unused)),
		      void *options __attribute__((unused)), char **args, size_t n_args,
		      int *ret_status __attribute__((unused)), struct err *e)
{
	turn *how = do_freeze;

	return any_each(args, n_args, change_one, &how, e);
}

static int run_thaw(const struct cli *cli __attribute__((unused)),
		    void *options __attribute__((unused)), char **args, size_t n_args,
		    int *ret_status __attribute__((unused)), struct err *e)
{
	turn *how = do_thaw;

	return any_each(args, n_args, change_one, &how, e);
}

const struct command freeze_command = {
	.name = "freeze",
	.args = "CONTAINER...",
	.summary = "let every process of containers of any engine stand still",
	.about = "One that has no cgroup of its own, such as bubblewrap's, gets one, below the one "
		 "that it is in, until it is thawed.",
	.section = "ANY CONTAINER OF THE HOST",
	.min = 1,
	.max = SIZE_MAX,
	.words = WORDS_CONTAINER,
	.run = run_freeze,
};

const struct command thaw_command = {
	.name = "thaw",
	.args = "CONTAINER...",
	.summary = "let frozen containers of any engine go on",
	.section = "ANY CONTAINER OF THE HOST",
	.min = 1,
	.max = SIZE_MAX,
	.words = WORDS_CONTAINER,
	.run = run_thaw,
};
