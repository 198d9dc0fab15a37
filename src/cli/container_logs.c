/* container_logs.c - tare logs: what a container has printed */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/date.h"
#include "base/units.h"
#include "cli/container.h"
#include "cli/session.h"
#include "engine/logs.h"

struct logs {
	bool follow, timestamps;
	const char *tail, *since, *until;
};

// clang-format off
static const struct opt opts[] = {
	OPT_FLAG_("follow",     'f', struct logs, follow,              "go on until the container ends"),
	OPT_STRING_("tail",     'n', struct logs, tail,   "NUMBER",    "the last so many lines; 'all' is usual"),
	OPT_STRING_("since",     0,  struct logs, since,  "WHEN",      "from then on: a time (RFC 3339), or how long ago, such as 10m"),
	OPT_STRING_("until",     0,  struct logs, until,  "WHEN",      "until then"),
	OPT_FLAG_("timestamps", 't', struct logs, timestamps,          "begin each line with its time"),
};
// clang-format on

static int read_when(const char *option, const char *text, int64_t *ret, struct err *e)
{
	int64_t ago;
	struct err ignored = { 0 };
	uint64_t seconds;

	*ret = 0;
	if (!text || date_parse(text, ret))
		return 0;
	if (text_u64(text, INT64_MAX / 1000000000, &seconds) == 0)
		*ret = (int64_t)seconds * 1000000000;
	else if (duration_parse(text, &ago, &ignored) == 0)
		*ret = date_now_ns() - ago;
	else
		return fail(e, ERR_INPUT,
			    "%s '%.50s': it is neither a time (2026-01-02T03:04:05Z) nor how long "
			    "ago (10m)",
			    option, text);
	return 0;
}

static int print_entry(void *ctx, const struct log_entry *l, struct err *e)
{
	const struct logs *o = ctx;
	FILE *out = strcmp(l->stream, "stderr") == 0 ? stderr : stdout;

	if (o->timestamps)
		fprintf(out, "%s ", l->time);
	fputs(l->log, out);
	/* who reads along wants it now */
	if ((o->follow && fflush(out) < 0) || ferror(out))
		return fail_sys(e, "print the container's log");
	return 0;
}

static int run_logs(const struct cli *cli, void *options, char **args,
		    size_t n_args __attribute__((unused)), int *ret_status __attribute__((unused)),
		    struct err *e)
{
	struct logs *o = options;
	own_store s = STORE_NONE;
	struct logs_wish w = { .tail = -1, .follow = o->follow, .entry = print_entry, .ctx = o };
	struct kept k = { 0 };
	char id[CONTAINER_ID];
	int r;

	if (o->tail && strcmp(o->tail, "all") != 0 && text_i64(o->tail, &w.tail) < 0)
		return fail(e, ERR_INPUT, "--tail '%.50s': it is not a number, nor 'all'", o->tail);
	if (read_when("--since", o->since, &w.since, e) < 0 ||
	    read_when("--until", o->until, &w.until, e) < 0 || session_open(&s, cli, e) < 0 ||
	    kept_find(&s, args[0], id, e) < 0)
		return -1;
	r = kept_read(&s, id, &k, e) < 0 ? -1 : logs_read(&s, &k, &w, e);
	kept_done(&k);
	return r;
}

#define LOGS(symbol) \
	const struct command symbol = { \
		.name = "logs", \
		.args = "CONTAINER", \
		.summary = "print what a container has printed", \
		.section = "CONTAINERS", \
		.opts = opts, \
		.n = COUNT(opts), \
		.size = sizeof(struct logs), \
		.min = 1, \
		.max = 1, \
		.run = run_logs, \
	}

LOGS(logs_command);
LOGS(container_logs_command);
