/* usage_rows.c - puts usage into words */
#include "tare/usage_rows.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/own.h"
#include "base/units.h"
#include "tare/any.h"

#define INTERVAL_MIN 10000000

// clang-format off
static const struct bind_row rows[] = {
	ROW_STRING("Container", OPTIONAL, struct usage_row, container),
	ROW_STRING("ID",        OPTIONAL, struct usage_row, id),
	ROW_STRING("Name",      OPTIONAL, struct usage_row, name),
	ROW_WORD("Engine",      OPTIONAL, struct usage_row, engine, engine_words),
	ROW_WORD("Status",      OPTIONAL, struct usage_row, status, container_run_words),
	ROW_STRING("CPUPerc",   OPTIONAL, struct usage_row, cpu_text),
	ROW_STRING("MemUsage",  OPTIONAL, struct usage_row, memory_text),
	ROW_STRING("MemPerc",   OPTIONAL, struct usage_row, memory_share),
	ROW_STRING("NetIO",     OPTIONAL, struct usage_row, net),
	ROW_STRING("BlockIO",   OPTIONAL, struct usage_row, block),
	ROW_STRING("PIDs",      OPTIONAL, struct usage_row, pids_text),
	ROW_I64("pid",          OPTIONAL, struct usage_row, pid),
	ROW_U64("cpuMilli",     OPTIONAL, struct usage_row, cpu),
	ROW_U64("memoryBytes",  OPTIONAL, struct usage_row, memory),
	ROW_OPT_U64("cacheBytes",       OPTIONAL, struct usage_row, cache),
	ROW_OPT_U64("memoryLimitBytes", OPTIONAL, struct usage_row, limit),
	ROW_OPT_U64("memoryPressure",   OPTIONAL, struct usage_row, pressure),
	ROW_OPT_U64("processes",        OPTIONAL, struct usage_row, pids),
	ROW_OPT_U64("readBytes",        OPTIONAL, struct usage_row, read),
	ROW_OPT_U64("writtenBytes",     OPTIONAL, struct usage_row, written),
	ROW_OPT_U64("receivedBytes",    OPTIONAL, struct usage_row, received),
	ROW_OPT_U64("sentBytes",        OPTIONAL, struct usage_row, sent),
};
const struct bind_table usage_row_table = BIND_TABLE(rows, struct usage_row, false);

const struct word usage_sort_words[] = {
	{ "cpu", SORT_CPU }, { "memory", SORT_MEMORY }, { "io", SORT_IO }, { "net", SORT_NET },
	{ "pids", SORT_PIDS }, { "name", SORT_NAME }, { NULL, 0 },
};
// clang-format on

/**
 * usage_choose() - understand the options by which stats and top agree
 * @c:        has the defaults
 * @sort:     a word of usage_sort_words, or NULL
 * @interval: a duration, or NULL
 */
int usage_choose(struct usage_choice *c, const char *sort, const char *interval, struct err *e)
{
	const struct word *word = sort ? word_find(usage_sort_words, sort) : NULL;

	if (sort && !word) {
		fail(e, ERR_INPUT, "--sort '%s': there is no such key", sort);
		return fail_hint(e, "it is cpu, memory, io, net, pids or name");
	}
	if (word)
		c->sort = (enum usage_sort)word->value;
	if (interval && duration_parse(interval, &c->interval, e) < 0)
		return fail_in(e, "time between two readings");
	if (c->interval < INTERVAL_MIN)
		return fail(e, ERR_INPUT, "time between two readings: 10ms is the least");
	return 0;
}

/* What qsort's comparison needs beside its two words. */
static struct {
	const struct usage_sampler *s;
	enum usage_sort by;
} sorting;

static uint64_t known(uint64_t n)
{
	return n == USAGE_UNKNOWN ? 0 : n;
}

static uint64_t weight(size_t i)
{
	const struct usage *u = &sorting.s->usage[i];

	switch (sorting.by) {
	case SORT_CPU:
		return u->cpu_rate;
	case SORT_MEMORY:
		return known(u->memory);
	case SORT_IO:
		return u->read_rate + u->written_rate;
	case SORT_NET:
		return u->received_rate + u->sent_rate;
	case SORT_PIDS:
		return sorting.s->all.at[i].processes;
	case SORT_NAME:
		break;
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	uint64_t wx = weight(x), wy = weight(y);

	if (wx != wy)
		return wx > wy ? -1 : 1;
	return strcmp(any_name(&sorting.s->all.at[x]), any_name(&sorting.s->all.at[y]));
}

/**
 * usage_order() - sort indices of containers
 * @order: @n indices, sorted in place
 */
void usage_order(const struct usage_sampler *s, enum usage_sort by, size_t *order, size_t n)
{
	sorting.s = s;
	sorting.by = by;
	qsort(order, n, sizeof(*order), compare);
}

/* usage_fits() - whether a filter's text is in its name, id or engine; NULL and "" are in every one */
bool usage_fits(const struct container_found *c, const char *text)
{
	return !text || strstr(any_name(c), text) || strstr(c->id, text) ||
	       strstr(word_name(engine_words, c->engine.v), text);
}

static char *pair_text(struct arena *a, uint64_t first, uint64_t second)
{
	char x[24], y[24];

	if (first == USAGE_UNKNOWN || second == USAGE_UNKNOWN)
		return arena_dup(a, "-");
	return arena_printf(a, "%s / %s", size_format(first, false, x),
			    size_format(second, false, y));
}

static char *percent(struct arena *a, uint64_t part, uint64_t whole)
{
	double share = whole ? 100.0 * (double)part / (double)whole : 0;

	return arena_printf(a, "%.2f%%", share);
}

static struct opt_u64 optional(uint64_t n)
{
	return (struct opt_u64){ .set = n != USAGE_UNKNOWN, .v = n };
}

/* As docker: without the files that could be dropped at once. */
static uint64_t used(const struct usage *u)
{
	uint64_t memory = known(u->memory), cache = known(u->cache);

	return cache < memory ? memory - cache : memory;
}

/**
 * usage_fill_row() - one container's usage in words
 * @i: its index; usage_read_more() has been called for it
 */
int usage_fill_row(const struct usage_sampler *s, size_t i, struct arena *a,
		   struct usage_row *ret_row, struct err *e)
{
	const struct container_found *c = &s->all.at[i];
	const struct usage *u = &s->usage[i];
	uint64_t host = usage_host_memory();
	uint64_t limit = u->limit < host ? u->limit : host;
	char x[24], y[24];
	struct usage_row *r = ret_row;

	*r = (struct usage_row){
		.container = (char *)c->id,
		.id = (char *)c->id,
		.name = (char *)any_name(c),
		.engine = c->engine,
		.status = c->status,
		.pid = c->pid,
		.cpu = u->cpu_rate,
		.memory = known(u->memory),
		.cache = optional(u->cache),
		.limit = optional(u->limit),
		.pressure = optional(u->pressure),
		.pids = optional(u->pids),
		.read = optional(u->read),
		.written = optional(u->written),
		.received = optional(u->received),
		.sent = optional(u->sent),
	};
	r->cpu_text = percent(a, u->cpu_rate, 1000);
	r->memory_text = arena_printf(a, "%s / %s", size_format(used(u), true, x),
				      size_format(limit, true, y));
	r->memory_share = percent(a, used(u), limit);
	r->net = pair_text(a, u->received, u->sent);
	r->block = pair_text(a, u->read, u->written);
	r->pids_text = arena_printf(a, "%" PRIu64, known(u->pids));
	if (!r->cpu_text || !r->memory_text || !r->memory_share || !r->net || !r->block ||
	    !r->pids_text)
		return fail_errno(e, ENOMEM, "print what containers use");
	return 0;
}

/**
 * usage_print() - one reading: a row for each index
 * @order: @n indices of containers; usage_read_more() has been called for each
 */
int usage_print(const struct usage_sampler *s, const struct render *how,
		const struct render_list *list, const size_t *order, size_t n, struct err *e)
{
	own_arena struct arena mem = { 0 };
	struct usage_row *lines = arena_array(&mem, n, sizeof(*lines));

	if (!lines)
		return fail_errno(e, ENOMEM, "print what containers use");
	for (size_t i = 0; i < n; i++)
		if (usage_fill_row(s, order[i], &mem, &lines[i], e) < 0)
			return -1;
	if (render_print(how, list, (struct list_any){ lines, n }, e) < 0)
		return -1;
	return fflush(stdout) == 0 ? 0 : fail_sys(e, "print what containers use");
}
