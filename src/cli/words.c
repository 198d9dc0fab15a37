/* words.c - see words.h */
#include "cli/words.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/text.h"
#include "os/file.h"

#define LIST_FILE_MAX ((size_t)1 << 20) /* bytes of an --env-file or --label-file */

static int no_memory(struct err *e)
{
	return fail_errno(e, ENOMEM, "read the command line");
}

/* words_add() - @word NULL: memory ran out */
int words_add(struct words *w, char *word, struct err *e)
{
	char **more = arena_more(w->a, w->at, w->n, sizeof(char *));

	if (!more || !word)
		return no_memory(e);
	more[w->n++] = word;
	w->at = more;
	return 0;
}

/* NAME=VALUE; NAME alone has our own value, if we have one. */
static int add_variable(struct words *w, const char *word, struct err *e)
{
	const char *ours;

	if (!*word || *word == '=')
		return fail(e, ERR_INPUT, "the variable '%.100s' has no name", word);
	if (strchr(word, '='))
		return words_add(w, arena_dup(w->a, word), e);
	ours = getenv(word);
	return ours ? words_add(w, arena_printf(w->a, "%s=%s", word, ours), e) : 0;
}

static int add_label(struct words *w, const char *word, struct err *e)
{
	if (!*word || *word == '=')
		return fail(e, ERR_INPUT, "the label '%.100s' has no name", word);
	return words_add(w, arena_dup(w->a, word), e);
}

typedef int add_one(struct words *w, const char *word, struct err *e);

/* A line each; '#' begins a remark; what stands before the word is blank. */
static int add_file(struct words *w, const char *path, add_one *add, struct err *e)
{
	own_mem char *text = NULL;
	char *rest, *line;

	if (file_read(AT_FDCWD, path, LIST_FILE_MAX, &text, e) < 0)
		return -1;
	rest = text;
	for (size_t number = 1; (line = strsep(&rest, "\n")); number++) {
		line += strspn(line, " \t");
		if (!*line || *line == '#' || (*line == '\r' && !line[1]))
			continue;
		if (line[strlen(line) - 1] == '\r')
			line[strlen(line) - 1] = '\0';
		if (add(w, line, e) < 0)
			return fail_in(e, "%s:%zu", path, number);
	}
	return 0;
}

static int add_all(struct words *w, const struct opt_list *files, const struct opt_list *words,
		   add_one *add, const char *option, struct err *e)
{
	for (size_t i = 0; i < files->n; i++)
		if (add_file(w, files->at[i], add, e) < 0)
			return fail_in(e, "%s-file", option);
	for (size_t i = 0; i < words->n; i++)
		if (add(w, words->at[i], e) < 0)
			return fail_in(e, "%s", option);
	return 0;
}

/**
 * words_split() - NAME=VALUE each; @what: what they are called where one is not; NULL: it has no value then
 * @a: owns what is returned
 */
int words_split(struct arena *a, char *const *words, size_t n, const char *what, struct pairs *ret,
		struct err *e)
{
	ret->at = arena_array(a, n + 1, sizeof(*ret->at));
	ret->n = 0;
	if (!ret->at)
		return no_memory(e);
	for (size_t i = 0; i < n; i++) {
		char *key = arena_dup(a, words[i]), *value = key ? strchr(key, '=') : NULL;

		if (!key)
			return no_memory(e);
		if (value)
			*value++ = '\0';
		else if (what)
			return fail(e, ERR_INPUT, "%s '%.100s': it is not NAME=VALUE", what, key);
		ret->at[ret->n++] = (struct pair){ key, value ? value : text_shown("") };
	}
	return 0;
}

/* words_list() - with a NULL at its end */
char **words_list(const struct words *w, struct err *e)
{
	char **list = arena_array(w->a, w->n + 1, sizeof(char *));

	if (!list)
		(void)no_memory(e);
	else if (w->n)
		memcpy(list, w->at, w->n * sizeof(char *));
	return list;
}

/**
 * words_env() - the environment that options ask for: files first, then words, then @more, which may be NULL
 * @a: owns what is returned
 */
int words_env(struct arena *a, const struct opt_list *files, const struct opt_list *words,
	      const char *more, char ***ret, struct err *e)
{
	struct words env = { .a = a };

	if (add_all(&env, files, words, add_variable, "--env", e) < 0 ||
	    (more && words_add(&env, text_shown(more), e) < 0))
		return -1;
	*ret = words_list(&env, e);
	return *ret ? 0 : -1;
}

/* words_labels() - the same of labels */
int words_labels(struct arena *a, const struct opt_list *files, const struct opt_list *words,
		 struct pairs *ret, struct err *e)
{
	struct words labels = { .a = a };

	return add_all(&labels, files, words, add_label, "--label", e) < 0
		       ? -1
		       : words_split(a, labels.at, labels.n, NULL, ret, e);
}
