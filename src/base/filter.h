/* filter.h - --filter KEY=VALUE as docker's commands take it: understood by a table, asked afterwards
 *
 *	enum { BY_LABEL, BY_UNTIL };
 *	static const struct filter_key keys[] = {
 *		{ "label", BY_LABEL, FILTER_LABEL, FILTER_MAY_NOT },
 *		{ "until", BY_UNTIL, FILTER_TIME, FILTER_ONCE },
 *		{ NULL, 0, FILTER_TEXT, FILTER_AGAIN },
 *	};
 *	if (filters_parse(keys, &o->filter, date_now_ns(), &f, e) < 0)
 *		return fail_in(e, "image prune");
 *	gone = filters_fit_labels(&f, BY_LABEL, labels) && filters_fit_time(&f, BY_UNTIL, created);
 *
 * Filters of different keys must all fit. Of those with one key some are alternatives: the command
 * knows which, and which of the functions below to ask.
 */
#ifndef BASE_FILTER_H
#define BASE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bind.h"
#include "base/opt.h"

struct err;

enum filter_kind {
	FILTER_TEXT,
	FILTER_BOOL,   /* Go's words; several must say the same */
	FILTER_NUMBER, /* a whole number, not negative */
	FILTER_LABEL,  /* a label's name, or NAME=VALUE */
	FILTER_TIME, /* a duration before now, a date, or seconds since 1970: date_parse_point() */
	FILTER_PATTERN, /* of a path, as Go's path.Match has it */
};

enum filter_use {
	FILTER_AGAIN, /* may be given several times */
	FILTER_ONCE,
	FILTER_MAY_NOT, /* several times, and as KEY!=VALUE, which is for those that have it not */
};

/* struct filter_key - a row; tables end with a NULL name */
struct filter_key {
	const char *name;
	int id;
	enum filter_kind kind;
	enum filter_use use;
};

/**
 * struct filter - one of them, understood
 * @text:  as it was given
 * @value: behind the sign
 * @truth, @number, @ns: what @value is, by the key's kind
 * @without: KEY!=VALUE
 */
struct filter {
	const struct filter_key *key;
	const char *text, *value;
	bool without, truth;
	uint64_t number;
	int64_t ns;
};

struct filters {
	struct filter at[COUNT(((struct opt_list *)0)->at)];
	size_t n;
};

int filters_parse(const struct filter_key *keys, const struct opt_list *words, int64_t now_ns,
		  struct filters *ret, struct err *e);
const struct filter *filters_find(const struct filters *f, int id);
bool filters_fit_truth(const struct filters *f, int id, bool is);
bool filters_fit_least(const struct filters *f, int id, uint64_t is);
bool filters_fit_time(const struct filters *f, int id, int64_t ns);
bool filters_fit_labels(const struct filters *f, int id, const struct pairs *labels);
bool filter_fits_pattern(const struct filter *f, const char *path);

#endif
