/* usage_rows.h - what containers use, as rows to print: docker's columns and plain numbers */
#ifndef TARE_USAGE_ROWS_H
#define TARE_USAGE_ROWS_H

#include "base/arena.h"
#include "base/bind.h"
#include "base/render.h"
#include "any/usage.h"

struct err;

/* struct usage_row - strings as docker stats has them; numbers in bytes and thousandths */
struct usage_row {
	char *container, *id, *name, *cpu_text, *memory_text, *memory_share, *net, *block,
		*pids_text;
	struct opt_word engine, status;
	int64_t pid;
	uint64_t cpu, memory;
	struct opt_u64 cache, limit, pressure, pids, read, written, received, sent;
};
extern const struct bind_table usage_row_table;

/* What rows are sorted by, the greatest first; names in alphabetical order. */
enum usage_sort { SORT_CPU, SORT_MEMORY, SORT_IO, SORT_NET, SORT_PIDS, SORT_NAME };
extern const struct word usage_sort_words[];

/* struct usage_choice - what is printed first, and nanoseconds between two readings */
struct usage_choice {
	enum usage_sort sort;
	int64_t interval;
};

int usage_choose(struct usage_choice *c, const char *sort, const char *interval, struct err *e);
bool usage_fits(const struct container_found *c, const char *text);
void usage_order(const struct usage_sampler *s, enum usage_sort by, size_t *order, size_t n);
int usage_fill_row(const struct usage_sampler *s, size_t i, struct arena *a,
		   struct usage_row *ret_row, struct err *e);
int usage_print(const struct usage_sampler *s, const struct render *how,
		const struct render_list *list, const size_t *order, size_t n, struct err *e);

#endif
