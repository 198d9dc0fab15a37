/* usage.c - keeps the containers and their open files, and reads them */
#include "any/usage.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/own.h"
#include "any/usage_priv.h"
#include "os/file.h"

/* Between two looks passes so often the processor time that the last one took. */
#define LOOK_SHARE  200
#define LOOK_SELDOM 2000

/* usage_host_memory() - bytes of the host's memory */
uint64_t usage_host_memory(void)
{
	struct sysinfo info;

	return sysinfo(&info) < 0 ? 0 : (uint64_t)info.totalram * info.mem_unit;
}

/**
 * usage_open() - begin; nothing has been looked for yet
 * @s: release it with usage_close(), also after a failure
 */
int usage_open(struct usage_sampler *s, bool services, struct err *e)
{
	struct rlimit files;
	struct stat st;

	*s = (struct usage_sampler){ .services = services };
	/* as many as we may: two for each container stay open */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
		s->open_max = files.rlim_cur > 128 ? files.rlim_cur - 64 : 64;
	}
	if (stat("/proc/self/ns/net", &st) == 0)
		s->host_net = st.st_ino;
	return cgroup_world_open(&s->world, e);
}

static void close_files(struct usage_sampler *s, struct usage_files *f)
{
	for (size_t i = 0; i < USAGE_KEPT; i++) {
		if (f->fd[i] >= 0)
			s->open--;
		fd_close(&f->fd[i]);
	}
}

static void close_all(struct usage_sampler *s)
{
	usage_procs_close(s);
	for (size_t i = 0; i < s->all.n; i++)
		close_files(s, &s->files[i]);
	free(s->files);
	free(s->usage);
	containers_done(&s->all);
	s->files = NULL;
	s->usage = NULL;
}

void usage_close(struct usage_sampler *s)
{
	close_all(s);
	cgroup_world_done(&s->world);
}

/* Hands the descriptors and readings of those that are still there from the old list to the new. */
static void carry_over(struct usage_sampler *s, struct usage_sampler *to)
{
	own_mem struct usage_key *keys = usage_keys(&to->all);

	for (size_t i = 0; keys && i < s->all.n; i++) {
		size_t k = usage_find_key(keys, to->all.n, &s->all.at[i]);

		if (k == SIZE_MAX)
			continue;
		uint32_t first = to->files[k].first;

		to->files[k] = s->files[i];
		to->files[k].first = first;
		to->usage[k] = s->usage[i];
		s->files[i] = USAGE_FILES_NONE;
	}
}

/* For the containers that were found; on failure nothing is left of them. */
static int begin(struct usage_sampler *fresh)
{
	fresh->files = calloc(fresh->all.n + 1, sizeof(*fresh->files));
	fresh->usage = calloc(fresh->all.n + 1, sizeof(*fresh->usage));
	for (size_t i = 0; fresh->files && i < fresh->all.n; i++)
		fresh->files[i] = USAGE_FILES_NONE;
	if (fresh->files && fresh->usage && usage_procs_open(fresh) == 0)
		return 0;
	containers_done(&fresh->all);
	free(fresh->files);
	free(fresh->usage);
	return -ENOMEM;
}

static int look(struct usage_sampler *s, struct err *e)
{
	struct usage_sampler fresh = { 0 };
	unsigned want = CONTAINERS_NAMES | CONTAINERS_STATUS | CONTAINERS_UNKNOWN;

	if (containers_find(NULL, want | (s->services ? CONTAINERS_SERVICES : 0), &fresh.all, e) <
	    0)
		return -1;
	if (begin(&fresh) < 0)
		return fail_errno(e, ENOMEM, "look for containers");
	carry_over(s, &fresh);
	usage_procs_carry(s, &fresh);
	close_all(s);
	s->all = fresh.all;
	s->files = fresh.files;
	s->usage = fresh.usage;
	s->processes = fresh.processes;
	return 0;
}

/* The number of the process that was born last, as far as we see them; 0: nobody tells. */
static uint64_t newest_process(void)
{
	char text[128];
	const char *last;

	if (file_try_read(AT_FDCWD, "/proc/loadavg", text, sizeof(text)) <= 0)
		return 0;
	last = strrchr(text, ' ');
	return last ? strtoull(last + 1, NULL, 10) : 0;
}

/* What is new has a new process, but for what moves into other namespaces or cgroups alone. */
static bool is_time(const struct usage_sampler *s)
{
	int64_t passed = clock_now_ns() - s->looked;

	if (!s->looked)
		return true;
	if (passed < LOOK_SHARE * s->look_cost)
		return false;
	return passed >= LOOK_SELDOM * s->look_cost || !s->newest || newest_process() != s->newest;
}

/* usage_look() - look for containers, if it is time to: then all indices are new */
int usage_look(struct usage_sampler *s, struct err *e)
{
	int64_t before;

	if (!is_time(s))
		return 0;
	/* asked before, so that whoever comes meanwhile is new the next time, too */
	s->newest = newest_process();
	before = clock_used_ns();
	if (look(s, e) < 0)
		return -1;
	s->looked = clock_now_ns();
	s->look_cost = clock_used_ns() - before;
	return 0;
}

static uint64_t rate(uint64_t before, uint64_t now, int64_t ns, uint64_t scale)
{
	if (before == USAGE_UNKNOWN || now == USAGE_UNKNOWN || now < before || ns <= 0)
		return 0;
	return (uint64_t)((double)(now - before) * (double)scale / (double)ns);
}

/* usage_read_all() - processor time and memory of all containers */
void usage_read_all(struct usage_sampler *s)
{
	for (size_t i = 0; i < s->all.n; i++) {
		struct usage_files *f = &s->files[i];
		struct usage *u = &s->usage[i];
		uint64_t before = u->cpu;
		int64_t now = clock_now_ns();

		usage_read_basic(s, i);
		u->cpu_rate = f->read_at ? rate(before, u->cpu, now - f->read_at, 1000) : 0;
		f->read_at = now;
	}
}

/**
 * usage_read_more() - what else one container uses
 * @i:    its index
 * @want: of enum usage_want
 *
 * Rates are since the last call for this container.
 */
void usage_read_more(struct usage_sampler *s, size_t i, unsigned want)
{
	struct usage *u = &s->usage[i], before = *u;
	struct usage_files *f = &s->files[i];
	int64_t now = clock_now_ns(), passed = f->more_at ? now - f->more_at : 0;

	usage_read_details(s, i, want);
	u->read_rate = rate(before.read, u->read, passed, 1000000000);
	u->written_rate = rate(before.written, u->written, passed, 1000000000);
	u->received_rate = rate(before.received, u->received, passed, 1000000000);
	u->sent_rate = rate(before.sent, u->sent, passed, 1000000000);
	f->more_at = now;
}
