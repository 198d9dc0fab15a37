/* events.c - events: counters at an interval; memory that ran out or is short, as it happens */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/own.h"
#include "base/units.h"
#include "oci/cli.h"
#include "os/cgroup_stats.h"
#include "os/process.h"
#include "runtime/cgroups.h"
#include "runtime/container.h"
#include "runtime/stats.h"

struct events {
	const char *interval;
	bool stats;
};

static const struct opt events_opts[] = {
	OPT_STRING_("interval", 0, struct events, interval, "DURATION",
		    "time between two readings, such as 1s or 100ms; 5s by default"),
	OPT_FLAG_("stats", 0, struct events, stats, "print one reading, then end"),
};

/**
 * struct stream - one run of the command
 * @watch:  news that come by themselves
 * @type:   what they are called
 */
struct stream {
	struct container *container;
	const struct cgroup *cgroup;
	int64_t interval;
	struct cgroup_watch watch[2];
	const char *type[2];
	size_t n;
	int pidfd;
};

static int put(struct str *line, struct err *e)
{
	if (line->torn)
		return fail_errno(e, ENOMEM, "print an event");
	fputs(line->at, stdout);
	return fflush(stdout) == 0 ? 0 : fail_sys(e, "print an event");
}

static int print_stats(const struct stream *s, struct err *e)
{
	own_arena struct arena mem = { 0 };
	own_str struct str line = { 0 };
	struct cgroup_stats stats;

	if (cgroup_stats(s->cgroup, &mem, &stats, e) < 0)
		return -1;
	stats_event(&stats, s->container->state.id, &line);
	return put(&line, e);
}

static int print_notice(const struct stream *s, const char *type, struct err *e)
{
	own_str struct str line = { 0 };

	stats_notice(type, s->container->state.id, &line);
	return put(&line, e);
}

/* What this kernel cannot tell is left out. */
static void open_watches(struct stream *s)
{
	struct err why = { 0 };

	if (cgroup_watch_oom(s->cgroup, &s->watch[s->n], &why) == 0)
		s->type[s->n++] = "oom";
	else
		log_debug("no oom events: %s", why.text);
	if (cgroup_watch_pressure(s->cgroup, CGROUP_PRESSURE_MEDIUM, &s->watch[s->n], &why) == 0)
		s->type[s->n++] = "pressure";
	else
		log_debug("no pressure events: %s", why.text);
}

static bool is_alive(const struct stream *s)
{
	return process_alive((pid_t)s->container->state.pid, s->container->state.pid_start);
}

/* Wait for news, at most until @until. */
static int wait_news(struct stream *s, int64_t until, struct err *e)
{
	struct pollfd p[3] = { { .fd = s->pidfd, .events = POLLIN } };
	int64_t left = until - clock_now_ns();
	/* without pidfds (Linux < 5.3) the end is looked for every second */
	int64_t most = s->pidfd < 0 ? 1000 : 3600000;
	int64_t ms = left <= 0 ? 0 : left / 1000000 + 1;

	for (size_t i = 0; i < s->n; i++)
		p[i + 1] = (struct pollfd){ .fd = s->watch[i].fd, .events = s->watch[i].events };
	if (poll(p, 1 + s->n, (int)(ms < most ? ms : most)) < 0 && errno != EINTR)
		return fail_sys(e, "wait for events");
	for (size_t i = 0; i < s->n; i++)
		if (p[i + 1].revents && cgroup_watch_read(&s->watch[i]) == CGROUP_HAPPENED &&
		    print_notice(s, s->type[i], e) < 0)
			return -1;
	return 0;
}

/* What killed the container may be told only after its end: the kernel rings for a cgroup's events
 * at most every 10 ms. */
static int last_news(struct stream *s, struct err *e)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->watch[i].oom && cgroup_watch_read(&s->watch[i]) == CGROUP_HAPPENED)
			return print_notice(s, s->type[i], e);
	return 0;
}

static int stream_events(struct stream *s, struct err *e)
{
	int64_t next = clock_now_ns() + s->interval;
	struct err gone = { 0 };
	int r = 0;

	while (r == 0 && is_alive(s)) {
		r = wait_news(s, next, e);
		if (r == 0 && clock_now_ns() >= next && is_alive(s)) {
			/* it may be going away just now */
			if (print_stats(s, &gone) < 0)
				log_debug("no reading: %s", gone.text);
			next = clock_now_ns() + s->interval;
		}
	}
	return r == 0 ? last_news(s, e) : r;
}

static int open_stream(struct stream *s, const struct events *o, struct err *e)
{
	enum container_status status;
	struct err no_pidfd = { 0 };

	s->interval = 5000000000LL;
	if (o->interval && duration_parse(o->interval, &s->interval, e) < 0)
		return fail_in(e, "invalid value for interval");
	if (s->interval <= 0)
		return fail(e, ERR_INPUT, "duration interval must be greater than 0");
	if (container_status(s->container, &status, e) < 0)
		return -1;
	if (status == STATUS_STOPPED || status == STATUS_CREATING)
		return fail(e, ERR_CONFLICT, "container with id %s is not running",
			    s->container->state.id);
	s->pidfd = process_open((pid_t)s->container->state.pid, s->container->state.pid_start,
				&no_pidfd);
	return 0;
}

static int run_events(const struct cli *cli, void *options, char **args,
		      size_t n_args __attribute__((unused)),
		      int *ret_status __attribute__((unused)), struct err *e)
{
	const struct events *o = options;
	own_container struct container c = { .dir = FD_NONE };
	own_container_cgroup struct container_cgroup g = { .present = false };
	own_fd int root = cli_open_root(cli, e);
	struct stream s = { .container = &c, .cgroup = &g.cgroup, .pidfd = FD_NONE };
	int r;

	if (root < 0 || container_open(&c, root, args[0], e) < 0 || open_stream(&s, o, e) < 0 ||
	    cgroups_recall(&g, &c, e) < 0)
		return -1;
	if (!g.present)
		return fail(e, ERR_UNSUPPORTED, "events: container '%s' has no cgroup", args[0]);
	if (o->stats)
		return print_stats(&s, e);
	open_watches(&s);
	r = stream_events(&s, e);
	for (size_t i = 0; i < s.n; i++)
		cgroup_watch_close(&s.watch[i]);
	fd_close(&s.pidfd);
	return r;
}

const struct command events_command = {
	.name = "events",
	.args = "CONTAINER",
	.summary = "print what a container uses, and when its memory runs out",
	.opts = events_opts,
	.n = COUNT(events_opts),
	.size = sizeof(struct events),
	.min = 1,
	.max = 1,
	.run = run_events,
};
