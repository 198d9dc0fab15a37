/* text.h - words, numbers and growing strings: the small things every parser needs
 *
 * Numbers are parsed in full or not at all: no leading blanks, no signs where none belong,
 * no trailing bytes, no wrap-around.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* struct word - a row that gives a name its number; tables end with a NULL name */
struct word {
	const char *name;
	int64_t value;
};

const struct word *word_find(const struct word *table, const char *name);
const char *word_name(const struct word *table, int64_t value);
const char *word_nearest(const struct word *table, const char *name);
size_t text_distance(const char *a, const char *b);

/* struct text_near - the word that was probably meant: @best of those that were tried, or NULL */
struct text_near {
	const char *word, *best;
	size_t distance;
};

struct text_near text_near(const char *word);
void text_near_try(struct text_near *near, const char *candidate);

/* text_shown() - a text for a struct's member that nobody writes through; binds want char * */
static inline char *text_shown(const char *text)
{
	return (char *)(uintptr_t)text;
}

int text_u64(const char *text, uint64_t max, uint64_t *ret_value);
int text_i64(const char *text, int64_t *ret_value);
bool text_starts(const char *text, const char *prefix);
void text_scrub(char *text);
char *text_pointer_key(const char *key, char *buf, size_t size);
bool text_is_below(const char *path, const char *folder);
bool text_ends(const char *text, const char *suffix);
size_t text_count(char *const *list);
bool text_glob(const char *pattern, const char *text);

/**
 * struct str - a string that grows
 * @at:   NUL-terminated text, NULL while empty; free it with str_done()
 * @len:  bytes without the NUL
 * @cap:  bytes at @at
 * @torn: memory ran out, some text is missing; checked once, where the string is used
 */
struct str {
	char *at;
	size_t len, cap;
	bool torn;
};

#define own_str __attribute__((cleanup(str_done)))

void str_add(struct str *s, const char *text);
void str_add_len(struct str *s, const char *text, size_t len);
void str_addf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void str_done(struct str *s);

#endif
