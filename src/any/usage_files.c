/* usage_files.c - where the kernel tells what a container uses: cgroup files, else its processes */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "any/usage_priv.h"

#define TEXT_MAX 8192

/* struct counter - a file of a cgroup, and the line of it that counts; @key NULL: the only number */
struct counter {
	unsigned controller;
	const char *v1, *v1_key, *v2, *v2_key;
	uint64_t v2_scale; /* to the unit of v1 */
};

static const struct counter cpu_time = { CGROUP_CPUACCT, "cpuacct.usage", NULL,
					 "cpu.stat",     "usage_usec",    1000 };
static const struct counter memory_used = { CGROUP_MEMORY, "memory.usage_in_bytes",
					    NULL,          "memory.current",
					    NULL,          1 };
static const struct counter memory_limit = { CGROUP_MEMORY, "memory.limit_in_bytes",
					     NULL,          "memory.max",
					     NULL,          1 };
/* what docker takes off to say what is used */
static const struct counter memory_cache = { CGROUP_MEMORY, "memory.stat",   "total_inactive_file",
					     "memory.stat", "inactive_file", 1 };
static const struct counter pids_now = {
	CGROUP_PIDS, "pids.current", NULL, "pids.current", NULL, 1
};

static int compare_keys(const void *a, const void *b)
{
	const struct usage_key *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->start < y->start ? -1 : x->start > y->start;
}

/* usage_keys() - sorted, for usage_find_key(); the caller frees them; NULL without memory */
struct usage_key *usage_keys(const struct containers *all)
{
	struct usage_key *keys = calloc(all->n + 1, sizeof(*keys));

	for (size_t i = 0; keys && i < all->n; i++)
		keys[i] = (struct usage_key){ all->at[i].pid, all->at[i].pid_start, i };
	if (keys)
		qsort(keys, all->n, sizeof(*keys), compare_keys);
	return keys;
}

/* usage_find_key() - its index in the list that the keys were made of; SIZE_MAX: it is not there */
size_t usage_find_key(const struct usage_key *keys, size_t n, const struct container_found *c)
{
	const struct usage_key want = { c->pid, c->pid_start, 0 };
	const struct usage_key *found = bsearch(&want, keys, n, sizeof(want), compare_keys);

	return found ? found->index : SIZE_MAX;
}

/* --- text ---------------------------------------------------------------------------------- */

/* usage_parse_key() - the number after "KEY " at the beginning of a line; USAGE_UNKNOWN */
uint64_t usage_parse_key(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *line = text; line && *line;
	     line = strchr(line, '\n'), line += line != NULL)
		if (strncmp(line, key, len) == 0 && line[len] == ' ')
			return strtoull(line + len + 1, NULL, 10);
	return USAGE_UNKNOWN;
}

/**
 * usage_parse_net() - the bytes of all interfaces but the loopback's
 * @text: of /proc/PID/net/dev
 *
 * Return: false if there is none.
 */
bool usage_parse_net(const char *text, uint64_t *ret_received, uint64_t *ret_sent)
{
	bool any = false;

	*ret_received = *ret_sent = 0;
	for (const char *line = text; line && *line;
	     line = strchr(line, '\n'), line += line != NULL) {
		char name[32];
		uint64_t in, out;

		/* the headers have '|' where others have numbers */
		if (sscanf(line, " %31[^:\n]: %" SCNu64 " %*u %*u %*u %*u %*u %*u %*u %" SCNu64,
			   name, &in, &out) != 3 ||
		    strcmp(name, "lo") == 0)
			continue;
		any = true;
		*ret_received += in;
		*ret_sent += out;
	}
	return any;
}

/* The sum of "@word number" over all lines; v1 has the operation as a word, v2 "rbytes=". */
static bool sum_words(const char *text, const char *word, uint64_t *ret_sum)
{
	bool any = false;

	*ret_sum = 0;
	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
		if (at != text && at[-1] != ' ')
			continue;
		any = true;
		*ret_sum += strtoull(at + strlen(word), NULL, 10);
	}
	return any;
}

/**
 * usage_parse_io() - bytes that disks read and wrote
 * @text: of v2's io.stat or v1's blkio.throttle.io_service_bytes_recursive
 *
 * Return: false if it tells nothing: no disk was used.
 */
bool usage_parse_io(const char *text, uint64_t *ret_read, uint64_t *ret_written)
{
	static const char *const words[][2] = { { "rbytes=", "wbytes=" }, { "Read ", "Write " } };

	for (size_t i = 0; i < COUNT(words); i++) {
		bool reads = sum_words(text, words[i][0], ret_read);
		bool writes = sum_words(text, words[i][1], ret_written);

		if (reads && writes)
			return true;
	}
	return false;
}

/* --- cgroup files --------------------------------------------------------------------------- */

/* The container's directory in the hierarchy of one controller, unless it shares it. */
static const struct cgroup_hierarchy *place_of(const struct usage_sampler *s, size_t i,
					       unsigned controller, const char **ret_path)
{
	const struct container_found *c = &s->all.at[i];
	/* v2 counts processor time without the controller */
	const struct cgroup_hierarchy *h = cgroup_world_with(&s->world, controller);

	if (!h && controller == CGROUP_CPUACCT)
		h = cgroup_world_v2(&s->world);
	for (size_t k = 0; h && k < c->cgroups.n; k++)
		if (!c->cgroups.at[k].shared && strcmp(c->cgroups.at[k].hierarchy, h->name) == 0) {
			*ret_path = c->cgroups.at[k].path;
			return h;
		}
	return NULL;
}

static int open_file(const struct usage_sampler *s, size_t i, const struct counter *k, bool *ret_v2)
{
	char path[CGROUP_PATH_MAX];
	const char *dir;
	const struct cgroup_hierarchy *h = place_of(s, i, k->controller, &dir);
	int n;

	if (!h || strstr(dir, "/.."))
		return -1;
	*ret_v2 = h->version == CGROUP_V2;
	n = snprintf(path, sizeof(path), "%s%s/%s", h->mount, dir, *ret_v2 ? k->v2 : k->v1);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -1;
	return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

static bool read_text(int fd, char *text, size_t size)
{
	ssize_t n = fd < 0 ? -1 : pread(fd, text, size - 1, 0);

	if (n < 0)
		return false;
	text[n] = '\0';
	return true;
}

static uint64_t parse_counter(const struct counter *k, bool v2, const char *text)
{
	const char *key = v2 ? k->v2_key : k->v1_key;
	uint64_t n;

	if (key)
		n = usage_parse_key(text, key);
	else
		n = *text >= '0' && *text <= '9' ? strtoull(text, NULL, 10) : USAGE_UNKNOWN;
	if (n != USAGE_UNKNOWN && v2)
		n *= k->v2_scale;
	return n;
}

static uint64_t read_counter(const struct usage_sampler *s, size_t i, const struct counter *k)
{
	char text[TEXT_MAX];
	bool v2 = false;
	own_fd int fd = open_file(s, i, k, &v2);

	return read_text(fd, text, sizeof(text)) ? parse_counter(k, v2, text) : USAGE_UNKNOWN;
}

/* From a descriptor that stays open as long as there may be so many. */
static uint64_t read_kept(struct usage_sampler *s, size_t i, int kept, const struct counter *k)
{
	int *fd = &s->files[i].fd[kept];
	char text[1024];
	bool v2 = false;

	if (*fd < 0 && s->open >= s->open_max)
		return read_counter(s, i, k);
	if (*fd < 0) {
		*fd = open_file(s, i, k, &v2);
		s->open += *fd >= 0;
	}
	if (!read_text(*fd, text, sizeof(text)))
		return USAGE_UNKNOWN;
	/* of the two files only v2's has words */
	v2 = k->v2_key && *text > '9';
	return parse_counter(k, v2, text);
}

/* --- one container ---------------------------------------------------------------------------- */

/* usage_read_basic() - processor time and memory of the @i-th container */
void usage_read_basic(struct usage_sampler *s, size_t i)
{
	struct usage *u = &s->usage[i];
	uint64_t cpu, memory;

	u->cpu = read_kept(s, i, USAGE_KEPT_CPU, &cpu_time);
	u->memory = read_kept(s, i, USAGE_KEPT_MEMORY, &memory_used);
	if (u->cpu != USAGE_UNKNOWN && u->memory != USAGE_UNKNOWN)
		return;
	usage_procs_sum(s, i, &cpu, &memory);
	if (u->cpu == USAGE_UNKNOWN)
		u->cpu = cpu;
	if (u->memory == USAGE_UNKNOWN)
		u->memory = memory;
}

static void read_limits(struct usage_sampler *s, size_t i)
{
	struct usage *u = &s->usage[i];

	u->cache = read_counter(s, i, &memory_cache);
	u->limit = read_counter(s, i, &memory_limit);
	/* v1's "none" */
	if (u->limit > (uint64_t)INT64_MAX / 2)
		u->limit = USAGE_UNKNOWN;
	u->pids = read_counter(s, i, &pids_now);
	if (u->pids == USAGE_UNKNOWN)
		u->pids = s->all.at[i].processes;
}

static void read_io(struct usage_sampler *s, size_t i)
{
	static const struct counter io = { CGROUP_IO, "blkio.throttle.io_service_bytes_recursive",
					   NULL,      "io.stat",
					   NULL,      1 };
	struct usage *u = &s->usage[i];
	char text[TEXT_MAX];
	bool v2;
	own_fd int fd = open_file(s, i, &io, &v2);

	u->read = u->written = USAGE_UNKNOWN;
	if (read_text(fd, text, sizeof(text)) && !usage_parse_io(text, &u->read, &u->written))
		u->read = u->written = 0;
}

/* Of a container in our own network namespace nothing can be told apart. */
static void read_net(struct usage_sampler *s, size_t i)
{
	struct usage *u = &s->usage[i];
	char path[64], text[TEXT_MAX];
	struct stat st;
	int fd;

	u->received = u->sent = USAGE_UNKNOWN;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)s->all.at[i].pid);
	if (stat(path, &st) < 0 || st.st_ino == s->host_net)
		return;
	snprintf(path, sizeof(path), "/proc/%d/net/dev", (int)s->all.at[i].pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (read_text(fd, text, sizeof(text)) && !usage_parse_net(text, &u->received, &u->sent))
		u->received = u->sent = 0;
	if (fd >= 0)
		(void)close(fd);
}

static void read_pressure(struct usage_sampler *s, size_t i)
{
	static const struct counter stall = { CGROUP_MEMORY, "memory.pressure",
					      NULL,          "memory.pressure",
					      NULL,          1 };
	char text[TEXT_MAX];
	bool v2 = false;
	own_fd int fd = open_file(s, i, &stall, &v2);
	unsigned whole, part;

	s->usage[i].pressure = USAGE_UNKNOWN;
	if (v2 && read_text(fd, text, sizeof(text)) &&
	    sscanf(text, "some avg10=%u.%u", &whole, &part) == 2)
		s->usage[i].pressure = whole * 100 + part;
}

/* usage_read_details() - what else the @i-th container uses */
void usage_read_details(struct usage_sampler *s, size_t i, unsigned want)
{
	static const struct {
		unsigned want;
		void (*read)(struct usage_sampler *s, size_t i);
	} parts[] = {
		{ USAGE_LIMITS, read_limits },
		{ USAGE_IO, read_io },
		{ USAGE_NET, read_net },
		{ USAGE_PRESSURE, read_pressure },
	};

	for (size_t k = 0; k < COUNT(parts); k++)
		if (want & parts[k].want)
			parts[k].read(s, i);
}
