/* cg_watch.c - tare cg watch: a line, and a command, for what happens in groups
 *
 * The kernel rings for most of it. For the rest, v1's empty groups and v2's memory thresholds, it
 * tells nobody, so a look is taken at every tick; that is also how a removed group is noticed.
 */
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>

#include "base/log.h"
#include "base/own.h"
#include "base/units.h"
#include "os/cgroup_file.h"
#include "os/cgroup_stats.h"
#include "os/spawn.h"
#include "tare/cg.h"

#define TICK_MS 200

extern char **environ;

struct watch {
	struct opt_list groups;
	const char *threshold, *pressure, *exec;
	bool oom, empty, once, json;
};

// clang-format off
static const struct opt watch_opts[] = {
	OPT_STRINGS_("group",           'g', struct watch, groups, "CONTROLLERS:PATH", "a group to watch"),
	OPT_STRING_("memory-threshold", 'm', struct watch, threshold, "BYTES", "tell when it uses so much memory, such as 64M"),
	OPT_FLAG_("oom",                'o', struct watch, oom, "tell when memory has run out"),
	OPT_STRING_("pressure",         'p', struct watch, pressure, "LEVEL", "tell when memory is scarce: low, medium or critical"),
	OPT_FLAG_("empty",              'e', struct watch, empty, "tell when no process is in it, or below it"),
	OPT_STRING_("exec",             'x', struct watch, exec, "COMMAND", "run this by sh for each event; $1 is the group, $2 the event"),
	OPT_FLAG_("once",               '1', struct watch, once, "end after the first event"),
	OPT_FLAG_("json",                0,  struct watch, json, "print an object for each event"),
};

/* struct event - what is told; @bytes: of memory in use, at a threshold */
struct event {
	char *group, *event;
	struct opt_u64 bytes;
};

static const struct bind_row event_rows[] = {
	ROW_STRING("group", REQUIRED, struct event, group),
	ROW_STRING("event", REQUIRED, struct event, event),
	ROW_OPT_U64("memory", OPTIONAL, struct event, bytes),
};
static const struct bind_table event_table = BIND_TABLE(event_rows, struct event, false);
// clang-format on

static const struct word level_words[] = {
	{ "low", CGROUP_PRESSURE_LOW },
	{ "medium", CGROUP_PRESSURE_MEDIUM },
	{ "critical", CGROUP_PRESSURE_CRITICAL },
	{ NULL, 0 },
};

enum ring { RING_OOM, RING_PRESSURE, RING_THRESHOLD, RING_EMPTY, RINGS };

/**
 * struct group - one that is watched
 * @dir:   its directory in the first hierarchy that was named; FD_NONE when it is gone
 * @rings: those that the kernel rings; others have no descriptor
 * @above, @was_empty: how it was at the last look
 */
struct group {
	const struct cg_group *named;
	struct cgroup cg;
	int dir;
	struct cgroup_watch rings[RINGS];
	bool above, was_empty;
};

/* struct watching - all of it */
struct watching {
	const struct watch *o;
	int64_t threshold;
	enum cgroup_level level;
	struct group *at;
	size_t n;
	struct arena mem;
	bool done;
};

static void watching_done(struct watching *w)
{
	for (size_t i = 0; w->at && i < w->n; i++) {
		for (int j = 0; j < RINGS; j++)
			cgroup_watch_close(&w->at[i].rings[j]);
		own_close_(&w->at[i].dir);
	}
	free(w->at);
	arena_done(&w->mem);
}

/* --- an event ------------------------------------------------------------------------------ */

static int run_command(const char *command, const struct event *ev, struct err *e)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)command, (char *)"sh", ev->group,
			 ev->event,    NULL };
	const struct spawn s = { .path = "/bin/sh", .argv = argv, .envp = environ };
	int status;

	if (spawn_wait(&s, &status, e) < 0)
		return fail_in(e, "run the command for an event");
	if (status != 0)
		log_warn("the command for event '%s' of group '%s' failed", ev->event, ev->group);
	return 0;
}

static int tell(struct watching *w, const struct group *g, const char *what, struct opt_u64 bytes,
		struct err *e)
{
	struct event ev = { (char *)g->named->path, (char *)what, bytes };

	if (w->done)
		return 0;
	w->done = w->o->once;
	if (w->o->json) {
		own_mem char *text = bind_print(&event_table, &ev, false, e);

		if (!text)
			return -1;
		puts(text);
	} else if (bytes.set) {
		printf("%s %s %llu\n", ev.group, what, (unsigned long long)bytes.v);
	} else {
		printf("%s %s\n", ev.group, what);
	}
	if (fflush(stdout) != 0)
		return fail_sys(e, "print an event");
	return w->o->exec ? run_command(w->o->exec, &ev, e) : 0;
}

/* --- begin --------------------------------------------------------------------------------- */

/* v2 tells of a group's last process; v1 only its release agent. */
static int watch_empty(struct group *g, struct err *e)
{
	const struct cgroup_place *p = cgroup_v2(&g->cg);
	char path[CGROUP_PATH_MAX];
	struct cgroup_watch *w = &g->rings[RING_EMPTY];

	if (!p)
		return 0;
	w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	w->events = POLLIN;
	snprintf(path, sizeof(path), "%s/cgroup.events", p->dir);
	if (w->fd < 0 || inotify_add_watch(w->fd, path, IN_MODIFY) < 0)
		return fail_sys(e, "watch '%s'", path);
	return 0;
}

static int begin_group(struct watching *w, struct group *g, struct err *e)
{
	const struct watch *o = w->o;

	if (cg_places(g->named, &w->mem, &g->cg, e) < 0)
		return -1;
	if ((o->oom || o->pressure || o->threshold) && !cgroup_with(&g->cg, CGROUP_MEMORY)) {
		fail(e, ERR_INPUT, "watch: '%s:%s' is not in memory's hierarchy",
		     g->named->controllers, g->named->path);
		return fail_hint(e, "name it as in -g memory:%s", g->named->path);
	}
	g->dir = cg_open(g->named->in[0].at, g->named->path, e);
	if (g->dir < 0 || (o->oom && cgroup_watch_oom(&g->cg, &g->rings[RING_OOM], e) < 0) ||
	    (o->pressure &&
	     cgroup_watch_pressure(&g->cg, w->level, &g->rings[RING_PRESSURE], e) < 0) ||
	    (o->threshold && cgroup_watch_threshold(&g->cg, (uint64_t)w->threshold,
						    &g->rings[RING_THRESHOLD], e) < 0))
		return fail_in(e, "group '%s'", g->named->path);
	return o->empty ? watch_empty(g, e) : 0;
}

static int parse(struct watching *w, struct err *e)
{
	const struct watch *o = w->o;
	const struct word *level = word_find(level_words, o->pressure ? o->pressure : "low");

	if (!o->groups.n) {
		fail(e, ERR_INPUT, "watch: no group is named");
		return fail_hint(e, "as in -g memory:/students");
	}
	if (!o->oom && !o->pressure && !o->threshold && !o->empty) {
		fail(e, ERR_INPUT, "watch: say for what");
		return fail_hint(e, "--memory-threshold, --oom, --pressure, --empty");
	}
	if (!level) {
		fail(e, ERR_INPUT, "watch: '%s' is no level of pressure", o->pressure);
		return fail_hint(e, "low, medium or critical");
	}
	w->level = (enum cgroup_level)level->value;
	if (o->threshold && size_parse(o->threshold, &w->threshold, e) < 0)
		return fail_in(e, "watch: --memory-threshold");
	return 0;
}

static int begin(struct watching *w, const struct cg_group *groups, struct err *e)
{
	w->at = calloc(w->n, sizeof(*w->at));
	if (!w->at)
		return fail_errno(e, ENOMEM, "watch the groups");
	for (size_t i = 0; i < w->n; i++) {
		w->at[i].named = &groups[i];
		w->at[i].dir = FD_NONE;
		for (int j = 0; j < RINGS; j++)
			w->at[i].rings[j] = (struct cgroup_watch){ .fd = FD_NONE,
								   .source = FD_NONE,
								   .dir = FD_NONE };
	}
	for (size_t i = 0; i < w->n; i++)
		if (begin_group(w, &w->at[i], e) < 0)
			return -1;
	return 0;
}

/* --- what has happened --------------------------------------------------------------------- */

/* A threshold is told when it is passed upwards; a ring of v1 for a use that is over counts. */
static int look_at_memory(struct watching *w, struct group *g, bool rang, struct err *e)
{
	struct cgroup_watch *ring = &g->rings[RING_THRESHOLD];
	uint64_t use = 0;
	bool was = g->above;

	if (cgroup_try_read_u64(ring->dir, ring->v2 ? "memory.current" : "memory.usage_in_bytes",
				&use) < 0)
		return 0;
	g->above = use >= (uint64_t)w->threshold;
	if (was || !(g->above || rang))
		return 0;
	return tell(w, g, "memory-threshold", (struct opt_u64){ true, use }, e);
}

static int look_whether_empty(struct watching *w, struct group *g, struct err *e)
{
	const struct opt_u64 none = { 0 };
	bool empty, was = g->was_empty;

	if (cgroup_empty(&g->cg, &empty, e) < 0)
		return -1;
	g->was_empty = empty;
	return empty && !was ? tell(w, g, "empty", none, e) : 0;
}

/* Has the kernel rung? */
static bool rang(struct cgroup_watch *w, short revents)
{
	char drain[1024];

	if (w->fd < 0 || !revents)
		return false;
	if (w->dir >= 0)
		return cgroup_watch_read(w) == CGROUP_HAPPENED;
	while (read(w->fd, drain, sizeof(drain)) > 0)
		;
	return true;
}

static int look(struct watching *w, struct group *g, const struct pollfd *polled, struct err *e)
{
	static const char *const names[RINGS] = {
		[RING_OOM] = "oom", [RING_PRESSURE] = "pressure"
	};
	const struct opt_u64 none = { 0 };
	bool rings[RINGS];

	for (int i = 0; i < RINGS; i++)
		rings[i] = rang(&g->rings[i], polled[i].revents);
	for (int i = 0; i < RINGS; i++)
		if (rings[i] && names[i] && tell(w, g, names[i], none, e) < 0)
			return -1;
	if ((w->o->threshold && look_at_memory(w, g, rings[RING_THRESHOLD], e) < 0) ||
	    (w->o->empty && look_whether_empty(w, g, e) < 0))
		return -1;
	if (faccessat(g->dir, "cgroup.procs", F_OK, 0) == 0)
		return 0;
	for (int i = 0; i < RINGS; i++)
		cgroup_watch_close(&g->rings[i]);
	own_close_(&g->dir);
	g->dir = FD_NONE;
	return tell(w, g, "gone", none, e);
}

static int look_at_all(struct watching *w, const struct pollfd *polled, size_t *ret_left,
		       struct err *e)
{
	*ret_left = 0;
	for (size_t i = 0; i < w->n && !w->done; i++) {
		if (w->at[i].dir < 0)
			continue;
		if (look(w, &w->at[i], &polled[i * RINGS], e) < 0)
			return -1;
		*ret_left += w->at[i].dir >= 0;
	}
	return 0;
}

/* Until everything is told: for --once the first event, else until all groups are gone. */
static int attend(struct watching *w, struct err *e)
{
	own_mem struct pollfd *polled = calloc(w->n * RINGS, sizeof(*polled));
	size_t left = w->n;

	if (!polled)
		return fail_errno(e, ENOMEM, "watch the groups");
	/* the first look takes what is so already */
	while (look_at_all(w, polled, &left, e) == 0) {
		if (w->done || !left)
			return 0;
		for (size_t i = 0; i < w->n * RINGS; i++)
			polled[i] = (struct pollfd){ w->at[i / RINGS].rings[i % RINGS].fd,
						     w->at[i / RINGS].rings[i % RINGS].events, 0 };
		if (poll(polled, w->n * RINGS, TICK_MS) < 0 && errno != EINTR)
			return fail_sys(e, "wait for events");
	}
	return -1;
}

static int run_watch(const struct cli *cli __attribute__((unused)), void *options,
		     char **args __attribute__((unused)), size_t n_args __attribute__((unused)),
		     int *ret_status __attribute__((unused)), struct err *e)
{
	own_cgroup_world struct cgroup_world world = { 0 };
	own_mem struct cg_group *groups = NULL;
	__attribute__((cleanup(watching_done))) struct watching w = { .o = options };

	if (parse(&w, e) < 0 || cgroup_world_open(&world, e) < 0 ||
	    cg_parse_groups(&world, &w.o->groups, &groups, e) < 0)
		return -1;
	w.n = w.o->groups.n;
	return begin(&w, groups, e) < 0 ? -1 : attend(&w, e);
}

const struct command cg_watch_command = {
	.name = "watch",
	.args = "-g CONTROLLERS:PATH... --oom|--empty|...",
	.summary = "tell what happens in groups, and run a command for it",
	.about = "A line is a group and its event: memory-threshold and the bytes in use, "
		 "oom, pressure, empty, and gone, which ends the watch on a group.\n"
		 "\n"
		 "What is so already, a threshold passed or a group that is empty, is "
		 "told at once. v1's groups tell nobody but their release agent that they "
		 "are empty, and v2's have no thresholds: for these a look is taken five "
		 "times a second, and what came and went between two looks is not seen. "
		 "For the rest the kernel rings.\n"
		 "\n"
		 "--empty --exec does what v1's release_agent does, on both.",
	.opts = watch_opts,
	.n = COUNT(watch_opts),
	.size = sizeof(struct watch),
	.run = run_watch,
};
