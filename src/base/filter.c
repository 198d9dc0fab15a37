/* filter.c - see filter.h */
#include "base/filter.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/date.h"
#include "base/err.h"
#include "base/text.h"

/* --- what is meant by a value --- */

static bool read_text(struct filter *f __attribute__((unused)), int64_t now __attribute__((unused)))
{
	return true;
}

static bool read_bool(struct filter *f, int64_t now __attribute__((unused)))
{
	return opt_truth(f->value, &f->truth);
}

static bool read_number(struct filter *f, int64_t now __attribute__((unused)))
{
	return text_u64(f->value, INT64_MAX, &f->number) == 0;
}

static bool read_label(struct filter *f, int64_t now __attribute__((unused)))
{
	return *f->value && *f->value != '=';
}

static bool read_time(struct filter *f, int64_t now)
{
	return date_parse_point(f->value, now, &f->ns);
}

/* fnmatch(3) takes what is not closed for a plain sign. */
static bool read_pattern(struct filter *f, int64_t now __attribute__((unused)))
{
	for (const char *c = f->value; *c; c++) {
		if (*c == '\\' && !*++c)
			return false;
		if (*c != '[')
			continue;
		c += c[1] == '^' ? 2 : 1;
		if (*c == ']')
			return false;
		for (; *c && *c != ']'; c++)
			if (*c == '\\' && !*++c)
				return false;
		if (!*c)
			return false;
	}
	return *f->value != '\0';
}

// clang-format off
static const struct reader {
	bool (*read)(struct filter *f, int64_t now);
	const char *wrong;
} readers[] = {
	[FILTER_TEXT]    = { read_text,    "" },
	[FILTER_BOOL]    = { read_bool,    "it is true or false" },
	[FILTER_NUMBER]  = { read_number,  "it is a whole number" },
	[FILTER_LABEL]   = { read_label,   "a label's name is wanted, or NAME=VALUE" },
	[FILTER_TIME]    = { read_time,    "neither a duration, a date nor seconds since 1970; as in 24h, 2024-01-31 or "
					   "2024-01-31T10:00:00Z" },
	[FILTER_PATTERN] = { read_pattern, "no pattern; as in 'debian:*', 'example.org/*/x' or '[ab]*'" },
};
// clang-format on

/* --- which filter --- */

static int fail_unknown(const struct filter_key *keys, const char *text, struct err *e)
{
	char key[64];
	struct text_near near;
	own_str struct str known = { 0 };

	snprintf(key, sizeof(key), "%.*s", (int)strcspn(text, "!="), text);
	near = text_near(key);
	for (const struct filter_key *k = keys; k->name; k++) {
		text_near_try(&near, k->name);
		str_addf(&known, "%s%s", known.len ? ", " : "", k->name);
	}
	fail(e, ERR_INPUT, "--filter '%.100s' is not understood", text);
	if (near.best && strchr(text, '='))
		return fail_hint(e, "did you mean '%s'?", near.best);
	return fail_hint(e, "it is KEY=VALUE, with one of these keys: %s",
			 known.at ? known.at : "");
}

/* "key=", or "key!=" where there is such a thing; docker makes small letters of its own */
static const struct filter_key *find_key(const struct filter_key *keys, const char *text,
					 struct filter *f)
{
	const char *equals = strchr(text, '=');
	size_t len = equals ? (size_t)(equals - text) : 0;
	bool without = len && equals[-1] == '!';

	*f = (struct filter){ .text = text,
			      .value = equals ? equals + 1 : NULL,
			      .without = without };
	for (const struct filter_key *k = keys; equals && k->name; k++)
		if (strlen(k->name) == len - without &&
		    strncasecmp(k->name, text, len - without) == 0 &&
		    (!without || k->use == FILTER_MAY_NOT))
			return k;
	return NULL;
}

static int agrees(const struct filters *others, const struct filter *f, struct err *e)
{
	for (size_t i = 0; i < others->n; i++) {
		const struct filter *o = &others->at[i];

		if (o->key != f->key)
			continue;
		if (f->key->use == FILTER_ONCE)
			return fail(e, ERR_INPUT, "--filter '%.100s': %s is given more than once",
				    f->text, f->key->name);
		if (f->key->kind == FILTER_BOOL && o->truth != f->truth)
			return fail(e, ERR_INPUT, "--filter '%.100s' contradicts '%.100s'", f->text,
				    o->text);
	}
	return 0;
}

/**
 * filters_parse() - read what the user gave; @ret refers to the words
 * @now_ns: what durations are reckoned from
 */
int filters_parse(const struct filter_key *keys, const struct opt_list *words, int64_t now_ns,
		  struct filters *ret, struct err *e)
{
	ret->n = 0;
	for (size_t i = 0; i < words->n; i++) {
		struct filter f;
		const struct filter_key *k = find_key(keys, words->at[i], &f);

		/* a script's variable that is empty */
		if (!*words->at[i])
			continue;
		if (!k)
			return fail_unknown(keys, words->at[i], e);
		f.key = k;
		if (!readers[k->kind].read(&f, now_ns))
			return fail(e, ERR_INPUT, "--filter '%.100s': %s", f.text,
				    readers[k->kind].wrong);
		if (agrees(ret, &f, e) < 0)
			return -1;
		ret->at[ret->n++] = f;
	}
	return 0;
}

/* --- what fits --- */

/* filters_find() - the first of a key, or NULL */
const struct filter *filters_find(const struct filters *f, int id)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->at[i].key->id == id)
			return &f->at[i];
	return NULL;
}

/* filters_fit_truth() - where it is asked for, is it as asked? */
bool filters_fit_truth(const struct filters *f, int id, bool is)
{
	const struct filter *one = filters_find(f, id);

	return !one || one->truth == is;
}

/* filters_fit_least() - at least as much as each of them says */
bool filters_fit_least(const struct filters *f, int id, uint64_t is)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->at[i].key->id == id && is < f->at[i].number)
			return false;
	return true;
}

/* filters_fit_time() - before all of them */
bool filters_fit_time(const struct filters *f, int id, int64_t ns)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->at[i].key->id == id && ns >= f->at[i].ns)
			return false;
	return true;
}

static bool has_label(const struct pairs *labels, const char *wanted)
{
	const char *equals = strchr(wanted, '=');
	size_t len = equals ? (size_t)(equals - wanted) : strlen(wanted);

	for (size_t i = 0; labels && i < labels->n; i++)
		if (strlen(labels->at[i].key) == len &&
		    strncmp(labels->at[i].key, wanted, len) == 0 &&
		    (!equals || strcmp(labels->at[i].value, equals + 1) == 0))
			return true;
	return false;
}

/* filters_fit_labels() - has all labels that are asked for, and none that must not be; @labels may be NULL */
bool filters_fit_labels(const struct filters *f, int id, const struct pairs *labels)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->at[i].key->id == id && has_label(labels, f->at[i].value) == f->at[i].without)
			return false;
	return true;
}

/* filter_fits_pattern() - a star and a question mark stand for no slash */
bool filter_fits_pattern(const struct filter *f, const char *path)
{
	return fnmatch(f->value, path, FNM_PATHNAME) == 0;
}
