/* container_life.c - tare start, stop, restart, kill, wait and rm: the same with each container that is named */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/signals.h"
#include "cli/container.h"
#include "cli/session.h"

/* struct life - the options of all of them; each has its own table of those that it takes */
struct life {
	bool force, volumes;
	const char *time, *signal;
};

static int one(struct container_call *c, int (*act)(struct container_call *c, struct err *e),
	       struct err *e)
{
	char id[CONTAINER_ID];
	int r = kept_find(c->s, c->word, id, e) < 0 || kept_read(c->s, id, &c->kept, e) < 0 ? -1
											    : 0;

	if (r == 0)
		r = act(c, e);
	kept_done(&c->kept);
	return r;
}

int each_container(const struct cli *cli, const void *options, char **words, size_t n,
		   int (*act)(struct container_call *c, struct err *e), int *ret_status,
		   struct err *e)
{
	own_store s = STORE_NONE;

	if (session_open(&s, cli, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct container_call c = {
			.cli = cli, .s = &s, .options = options, .word = words[i]
		};
		struct err why = { 0 };

		if (one(&c, act, &why) == 0)
			continue;
		cli_complain(cli, &why);
		*ret_status = 1;
	}
	return 0;
}

static int said(const struct container_call *c)
{
	printf("%s\n", c->word);
	return 0;
}

/* --- start --- */

/* Does it run, whoever has started it? */
static bool runs_by_now(struct container_call *c)
{
	struct kept now = { 0 };
	struct err ignored = { 0 };
	bool runs = kept_read(c->s, c->kept.id, &now, &ignored) == 0 && now.running;

	kept_done(&now);
	return runs;
}

static int start(struct container_call *c, struct err *e)
{
	struct container own = CONTAINER_NONE;
	struct shim_report report = { 0 };
	int r;

	if (c->kept.running)
		return said(c);
	r = kept_lock(&own, c->s, c->kept.id, e);
	if (r < 0 && e->cls == ERR_CONFLICT && runs_by_now(c)) {
		*e = (struct err){ 0 };
		container_close(&own);
		return said(c);
	}
	if (r == 0)
		r = kept_start(&own, &report, e);
	container_close(&own);
	if (r == 0 && report.status) {
		*e = report.e;
		return fail_in(e, "start the container '%s'", c->kept.record.name);
	}
	return r < 0 ? -1 : said(c);
}

/* --- stop, restart, kill --- */

static int seconds(const struct container_call *c, int64_t *ret, struct err *e)
{
	const struct life *o = c->options;

	*ret = -1;
	if (!o->time || (text_i64(o->time, ret) == 0 && *ret >= -1 && *ret < 1000000000))
		return 0;
	return fail(e, ERR_INPUT, "--time '%.50s': it is not a number of seconds", o->time);
}

static int set_signal(const struct container_call *c, struct err *e)
{
	const struct life *o = c->options;
	int signal;

	if (!o->signal)
		return 0;
	c->kept.record.config->stop_signal = text_shown(o->signal);
	return signal_parse(o->signal, &signal, e);
}

static int end(struct container_call *c, struct err *e)
{
	int64_t timeout;

	if (seconds(c, &timeout, e) < 0 || set_signal(c, e) < 0)
		return -1;
	return c->kept.running ? kept_stop(&c->kept, timeout, e) : 0;
}

static int stop(struct container_call *c, struct err *e)
{
	return end(c, e) < 0 ? -1 : said(c);
}

static int restart(struct container_call *c, struct err *e)
{
	if (end(c, e) < 0)
		return -1;
	c->kept.running = false;
	return start(c, e);
}

static int kill_one(struct container_call *c, struct err *e)
{
	const struct life *o = c->options;
	int signal = SIGKILL;

	if (o->signal && signal_parse(o->signal, &signal, e) < 0)
		return -1;
	if (!c->kept.running)
		return fail(e, ERR_CONFLICT, "kill the container '%s': it is not running",
			    c->kept.record.name);
	return (signal == SIGKILL ? kept_kill(&c->kept, e) : kept_signal(&c->kept, signal, e)) < 0
		       ? -1
		       : said(c);
}

/* --- wait, rm --- */

static int wait_one(struct container_call *c, struct err *e)
{
	struct kept after = { 0 };
	int r;

	if (c->kept.running && kept_wait(&c->kept, -1, e) < 0)
		return -1;
	r = kept_read(c->s, c->kept.id, &after, e);
	if (r < 0 && e->sysno == ENOENT && c->kept.record.host->auto_remove) {
		*e = (struct err){ 0 };
		r = fail(e, ERR_ABSENT,
			 "the container '%s' was removed when it ended: what it ended with is not "
			 "known any more",
			 c->kept.record.name);
	}
	if (r == 0)
		printf("%" PRId64 "\n", after.state.exit_code);
	kept_done(&after);
	return r;
}

static int remove_one(struct container_call *c, struct err *e)
{
	const struct life *o = c->options;

	return kept_remove(c->s, c->kept.id, o->force, e) < 0 ? -1 : said(c);
}

/* --- the commands --- */

#define RUN(act) \
	static int run_##act(const struct cli *cli, void *options, char **args, size_t n_args, \
			     int *ret_status, struct err *e) \
	{ \
		return each_container(cli, options, args, n_args, act, ret_status, e); \
	}

RUN(start)
RUN(stop)
RUN(restart)
RUN(kill_one)
RUN(wait_one)
RUN(remove_one)

// clang-format off
static const struct opt stop_opts[] = {
	OPT_STRING_("time",   't', struct life, time,   "SECONDS", "after that it is killed; ten, or what the container says; -1: never"),
	OPT_STRING_("timeout", 0,  struct life, time,   "SECONDS", "the same"),
	OPT_STRING_("signal", 's', struct life, signal, "SIGNAL",  "the signal that asks it to end; TERM, or what the container says"),
};
static const struct opt kill_opts[] = {
	OPT_STRING_("signal", 's', struct life, signal, "SIGNAL",  "another than KILL"),
};
static const struct opt rm_opts[] = {
	OPT_FLAG_("force",    'f', struct life, force,             "kill what runs"),
	OPT_FLAG_("volumes",  'v', struct life, volumes,           "its anonymous volumes, too; as without it, since there are none yet"),
};
// clang-format on

#define LIFE(symbol, word, says, function, list, n_list, more) \
	const struct command symbol = { .name = word, \
					.args = "CONTAINER...", \
					.summary = says, \
					.section = "CONTAINERS", \
					.opts = list, \
					.n = n_list, \
					.size = sizeof(struct life), \
					.min = 1, \
					.max = SIZE_MAX, \
					.run = function, \
					more }
#define TWICE(word, says, function, list, n_list, more) \
	LIFE(word##_command, #word, says, function, list, n_list, more); \
	LIFE(container_##word##_command, #word, says, function, list, n_list, more)

TWICE(start, "start containers that have ended, or were only created", run_start, NULL, 0, );
TWICE(stop, "ask containers to end, and kill them after a while", run_stop, stop_opts,
      COUNT(stop_opts), );
TWICE(restart, "stop containers, and start them again", run_restart, stop_opts, COUNT(stop_opts), );
TWICE(kill, "send a signal to containers", run_kill_one, kill_opts, COUNT(kill_opts), );
TWICE(wait, "wait until containers end, and print their exit statuses", run_wait_one, NULL, 0, );
TWICE(rm, "remove containers, with all that they wrote", run_remove_one, rm_opts, COUNT(rm_opts), );
