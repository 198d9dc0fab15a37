/* cgroup_watch.c - being told when a cgroup's memory runs out or gets scarce
 *
 * v1: an eventfd that is registered in cgroup.event_control; the kernel also rings it when the
 * cgroup is removed. v2: memory.events and cgroup.events change, which inotify tells; pressure
 * is a trigger on memory.pressure. Nothing on v2 tells of the removal: the last process' end,
 * "populated 0", comes before it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

#include "base/err.h"
#include "base/own.h"
#include "os/cgroup.h"
#include "os/cgroup_file.h"
#include "os/cgroup_stats.h"

static const struct cgroup_place *memory_of(const struct cgroup *cg, struct err *e)
{
	const struct cgroup_place *p = cgroup_with(cg, CGROUP_MEMORY);

	if (!p) {
		fail(e, ERR_UNSUPPORTED, "this container has no 'memory' cgroup to watch");
		fail_hint(e, "the controller must be there when the container is created");
	}
	return p;
}

static int watch_v1(const struct cgroup_place *p, const char *file, const char *arg,
		    struct cgroup_watch *w, struct err *e)
{
	char text[64];
	int r;

	w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->source = openat(w->dir, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (w->fd < 0 || w->source < 0)
		return fail_sys(e, "watch '%s/%s'", p->dir, file);
	snprintf(text, sizeof(text), "%d %d%s%s", w->fd, w->source, *arg ? " " : "", arg);
	r = cgroup_try_write(w->dir, "cgroup.event_control", text);
	w->events = POLLIN;
	return r < 0 ? fail_errno(e, -r, "watch '%s/%s'", p->dir, file) : 0;
}

/* The number after @key in one of the *.events files. */
static uint64_t event_count(int dir, const char *file, const char *key)
{
	char text[512], line[32];
	unsigned long long v = 0;
	const char *at;

	if (cgroup_try_read(dir, file, text, sizeof(text)) < 0)
		return 0;
	snprintf(line, sizeof(line), "%s ", key);
	at = strstr(text, line);
	/* "oom_kill 1" must not be found in "oom_group_kill 1" */
	while (at && at != text && at[-1] != '\n')
		at = strstr(at + 1, line);
	if (at)
		(void)sscanf(at + strlen(line), "%llu", &v);
	return v;
}

static int watch_oom_v2(const struct cgroup_place *p, struct cgroup_watch *w, struct err *e)
{
	static const char *const files[] = { "memory.events", "cgroup.events" };
	char path[CGROUP_PATH_MAX];

	w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->fd < 0)
		return fail_sys(e, "watch '%s'", p->dir);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", p->dir, files[i]);
		if (inotify_add_watch(w->fd, path, IN_MODIFY) < 0)
			return fail_sys(e, "watch '%s'", path);
	}
	w->events = POLLIN;
	w->seen = event_count(w->dir, "memory.events", "oom_kill");
	return 0;
}

static int watch_start(const struct cgroup_place *p, struct cgroup_watch *w, bool oom,
		       struct err *e)
{
	*w = (struct cgroup_watch){ .fd = FD_NONE, .source = FD_NONE, .dir = FD_NONE, .oom = oom };
	if (!p)
		return -1;
	w->v2 = p->in->version == CGROUP_V2;
	w->dir = cgroup_place_open(p, e);
	return w->dir < 0 ? -1 : 0;
}

/**
 * cgroup_watch_oom() - be told of processes killed for lack of memory
 * @ret_watch: close it with cgroup_watch_close() also after a failure
 */
int cgroup_watch_oom(const struct cgroup *cg, struct cgroup_watch *ret_watch, struct err *e)
{
	const struct cgroup_place *p = memory_of(cg, e);

	if (watch_start(p, ret_watch, true, e) < 0)
		return -1;
	if (ret_watch->v2)
		return watch_oom_v2(p, ret_watch, e);
	return watch_v1(p, "memory.oom_control", "", ret_watch, e);
}

/**
 * cgroup_watch_pressure() - be told when memory gets scarce
 * @level:     how scarce; on v2 the share of a second that is lost waiting for memory
 * @ret_watch: close it with cgroup_watch_close() also after a failure
 */
int cgroup_watch_pressure(const struct cgroup *cg, enum cgroup_level level,
			  struct cgroup_watch *ret_watch, struct err *e)
{
	static const char *const v1[] = { "low", "medium", "critical" };
	static const char *const v2[] = { "some 70000 1000000", "some 200000 1000000",
					  "full 100000 1000000" };
	const struct cgroup_place *p = memory_of(cg, e);
	int r;

	if (watch_start(p, ret_watch, false, e) < 0)
		return -1;
	if (!ret_watch->v2)
		return watch_v1(p, "memory.pressure_level", v1[level], ret_watch, e);
	ret_watch->fd = openat(ret_watch->dir, "memory.pressure", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	r = ret_watch->fd < 0 ? -errno : cgroup_try_write_fd(ret_watch->fd, v2[level]);
	ret_watch->events = POLLPRI;
	if (r == 0)
		return 0;
	fail_errno(e, -r, "watch '%s/memory.pressure'", p->dir);
	return fail_hint(e, "the kernel needs CONFIG_PSI, and psi=1 where it is off by default");
}

/**
 * cgroup_watch_threshold() - be told when memory's use crosses a number of bytes, either way
 * @ret_watch: close it with cgroup_watch_close() also after a failure. On v2, where the kernel tells
 *             nobody, its descriptor is FD_NONE: look at memory.current from time to time
 *
 * Source: the kernel's Documentation/admin-guide/cgroup-v1/memory.rst, 9. Memory thresholds.
 */
int cgroup_watch_threshold(const struct cgroup *cg, uint64_t bytes, struct cgroup_watch *ret_watch,
			   struct err *e)
{
	const struct cgroup_place *p = memory_of(cg, e);
	char text[24];

	if (watch_start(p, ret_watch, false, e) < 0)
		return -1;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)bytes);
	return ret_watch->v2 ? 0 : watch_v1(p, "memory.usage_in_bytes", text, ret_watch, e);
}

static enum cgroup_news read_v1(struct cgroup_watch *w)
{
	uint64_t rings;

	if (read(w->fd, &rings, sizeof(rings)) != (ssize_t)sizeof(rings))
		return CGROUP_NOTHING;
	return faccessat(w->dir, "cgroup.event_control", F_OK, 0) == 0 ? CGROUP_HAPPENED
								       : CGROUP_GONE;
}

static enum cgroup_news read_oom_v2(struct cgroup_watch *w)
{
	char drain[1024];
	uint64_t now;
	bool populated;

	while (read(w->fd, drain, sizeof(drain)) > 0)
		;
	/* First whether anyone is left, then what happened: a kill is counted before its victim ends,
	 * so the last process' kill is never taken for a quiet end. */
	populated = event_count(w->dir, "cgroup.events", "populated") != 0;
	now = event_count(w->dir, "memory.events", "oom_kill");
	if (now > w->seen) {
		w->seen = now;
		return CGROUP_HAPPENED;
	}
	return populated ? CGROUP_NOTHING : CGROUP_GONE;
}

/**
 * cgroup_watch_read() - what the watch that poll() found ready has to say
 *
 * CGROUP_GONE: the cgroup is removed or, on v2, its last process has ended; there will be no
 * more news.
 */
enum cgroup_news cgroup_watch_read(struct cgroup_watch *w)
{
	if (!w->v2)
		return read_v1(w);
	if (w->oom)
		return read_oom_v2(w);
	return faccessat(w->dir, "cgroup.events", F_OK, 0) == 0 ? CGROUP_HAPPENED : CGROUP_GONE;
}

void cgroup_watch_close(struct cgroup_watch *w)
{
	fd_close(&w->fd);
	fd_close(&w->source);
	fd_close(&w->dir);
}
