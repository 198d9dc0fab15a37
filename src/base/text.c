/* text.c - word tables, strict numbers, growing strings */
#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/block.h"

/* word_find() - the row called @name, or NULL */
const struct word *word_find(const struct word *table, const char *name)
{
	for (; table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

/* word_name() - the first name that has @value, or NULL */
const char *word_name(const struct word *table, int64_t value)
{
	for (; table->name; table++)
		if (table->value == value)
			return table->name;
	return NULL;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* text_distance() - edits between two words (Levenshtein); words over 63 bytes are far apart */
size_t text_distance(const char *a, const char *b)
{
	size_t row[64], la = strlen(a), lb = strlen(b);

	if (la >= COUNT(row) || lb >= COUNT(row))
		return COUNT(row);
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t up = row[j];

			row[j] =
				least(least(up, row[j - 1]) + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = up;
		}
	}
	return row[lb];
}

/* text_near() - nothing tried yet; a word that is further from @word than a third of it was not meant */
struct text_near text_near(const char *word)
{
	return (struct text_near){ .word = word, .distance = 1 + strlen(word) / 3 };
}

/* text_near_try() - remember @candidate if it is nearer than those before it */
void text_near_try(struct text_near *near, const char *candidate)
{
	size_t d = text_distance(candidate, near->word);

	if (d > near->distance || (near->best && d == near->distance))
		return;
	near->distance = d;
	near->best = candidate;
}

/* word_nearest() - the name that @name was probably meant to be, or NULL */
const char *word_nearest(const struct word *table, const char *name)
{
	struct text_near near = text_near(name);

	for (; table->name; table++)
		text_near_try(&near, table->name);
	return near.best;
}

/**
 * text_u64() - parse a decimal number, all of @text
 * @max: largest value accepted
 *
 * Return: 0, or -EINVAL when it is no number, -ERANGE when it is larger than @max.
 */
int text_u64(const char *text, uint64_t max, uint64_t *ret_value)
{
	uint64_t v = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*text - '0'), &v))
			return -ERANGE;
	}
	if (v > max)
		return -ERANGE;
	*ret_value = v;
	return 0;
}

/* text_i64() - as text_u64(), with one leading '-' allowed */
int text_i64(const char *text, int64_t *ret_value)
{
	bool minus = *text == '-';
	uint64_t v;
	int r = text_u64(text + minus, (uint64_t)INT64_MAX + minus, &v);

	if (r == 0)
		*ret_value = minus ? (int64_t)(0 - v) : (int64_t)v;
	return r;
}

bool text_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/**
 * text_scrub() - make a text fit for a terminal: control characters become '?', in place
 *
 * U+0080 to U+009F are some, too: to a terminal U+009B is what ESC [ is.
 */
void text_scrub(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c; c++)
		if (*c < 0x20 || *c == 0x7f)
			*c = '?';
		else if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
			c[0] = c[1] = '?';
}

/**
 * text_pointer_key() - a member's name as it stands in a JSON pointer (RFC 6901)
 * @size: of @buf, at least 3; what does not fit is cut off
 *
 * Return: @buf.
 */
char *text_pointer_key(const char *key, char *buf, size_t size)
{
	size_t n = 0;

	for (; *key && n < size - 2; key++) {
		bool special = *key == '~' || *key == '/';

		buf[n++] = special ? '~' : *key;
		if (special)
			buf[n++] = *key == '~' ? '0' : '1';
	}
	buf[n] = '\0';
	return buf;
}

/* text_is_below() - is the path the folder's, or one below it? Both clean, without a last slash. */
bool text_is_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return strncmp(path, folder, n) == 0 && (n == 1 || path[n] == '/' || path[n] == '\0');
}

bool text_ends(const char *text, const char *suffix)
{
	size_t lt = strlen(text), ls = strlen(suffix);

	return lt >= ls && memcmp(text + lt - ls, suffix, ls) == 0;
}

/* text_glob() - does @text match @pattern ('*' and '?')? Linear in both, whatever they hold. */
bool text_glob(const char *pattern, const char *text)
{
	const char *star = NULL, *retry = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = pattern++;
			retry = text;
		} else if (*pattern == '?' || *pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star + 1;
			text = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

void str_add_len(struct str *s, const char *text, size_t len)
{
	if (s->torn)
		return;
	if (s->cap - s->len <= len) {
		size_t cap = s->cap ? s->cap : 128;
		char *grown;

		while (cap - s->len <= len)
			cap *= 2;
		grown = block_resize(s->at, s->cap, cap);
		if (!grown) {
			s->torn = true;
			return;
		}
		s->at = grown;
		s->cap = cap;
	}
	if (len) /* nothing may be at NULL */
		memcpy(s->at + s->len, text, len);
	s->len += len;
	s->at[s->len] = '\0';
}

void str_add(struct str *s, const char *text)
{
	str_add_len(s, text, strlen(text));
}

void str_addf(struct str *s, const char *fmt, ...)
{
	char small[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n < 0) {
		s->torn = true;
	} else if ((size_t)n < sizeof(small)) {
		str_add_len(s, small, (size_t)n);
	} else {
		char *big = malloc((size_t)n + 1);

		if (!big) {
			s->torn = true;
			return;
		}
		va_start(ap, fmt);
		vsnprintf(big, (size_t)n + 1, fmt, ap);
		va_end(ap);
		str_add_len(s, big, (size_t)n);
		free(big);
	}
}

void str_done(struct str *s)
{
	block_put(s->at, s->cap);
	*s = (struct str){ 0 };
}

/* text_count() - how many words a NULL-terminated list has; NULL has none */
size_t text_count(char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}
