/* words.h - lists of words that may come from files: environment and labels */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#include "base/arena.h"
#include "base/bind.h"
#include "base/err.h"
#include "base/opt.h"

/* struct words - a growing list; @at has no NULL at its end */
struct words {
	struct arena *a;
	char **at;
	size_t n;
};

int words_add(struct words *w, char *word, struct err *e);
char **words_list(const struct words *w, struct err *e);
int words_split(struct arena *a, char *const *words, size_t n, const char *what, struct pairs *ret,
		struct err *e);
int words_env(struct arena *a, const struct opt_list *files, const struct opt_list *words,
	      const char *more, char ***ret_env, struct err *e);
int words_labels(struct arena *a, const struct opt_list *files, const struct opt_list *words,
		 struct pairs *ret_labels, struct err *e);

#endif
