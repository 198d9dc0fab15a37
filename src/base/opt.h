/* opt.h - command lines by table: parsing, help and did-you-mean come from the same rows */
#ifndef BASE_OPT_H
#define BASE_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bind.h"

struct err;

enum opt_kind {
	OPT_FLAG,    /* bool: --name, --name=true, --name=false, -n=false */
	OPT_BOOL,    /* struct opt_bool: the same, where what was not said is neither */
	OPT_STRING,  /* const char * */
	OPT_U32,     /* uint32_t */
	OPT_COUNT,   /* uint32_t: how often it is given: -vvv */
	OPT_STRINGS, /* struct opt_list: may be given again and again */
	OPT_MAYBE, /* const char *: --name, --name=VALUE, -n; "" when it is given without a value */
	OPT_MAYBE_SHORT, /* the same, and -nVALUE */
	OPT_IGNORED, /* accepted, with a value, because it changes nothing here; .help says why */
	OPT_REFUSED, /* known from a peer, cannot be honoured; .help says why */
};

/* struct opt_list - the values of an option that was given several times */
struct opt_list {
	const char *at[64];
	size_t n;
};

/**
 * struct opt - one option
 * @name:   long name without dashes
 * @letter: short form, or 0
 * @kind:   how its value is read
 * @at:     offset in the command's options struct
 * @value:  the value's name in the help, NULL for flags
 * @help:   one line
 */
struct opt {
	const char *name;
	char letter;
	enum opt_kind kind;
	size_t at;
	const char *value, *help;
};

// clang-format off
#define OPT_AT_(S, m, T) (offsetof(S, m) + 0 * sizeof(_Generic(((S *)0)->m, T : 1)))
#define OPT_FLAG_(n, l, S, m, h)       { n, l, OPT_FLAG, OPT_AT_(S, m, bool), NULL, h }
#define OPT_BOOL_(n, l, S, m, h)       { n, l, OPT_BOOL, OPT_AT_(S, m, struct opt_bool), NULL, h }
#define OPT_STRING_(n, l, S, m, v, h)  { n, l, OPT_STRING, OPT_AT_(S, m, const char *), v, h }
#define OPT_U32_(n, l, S, m, v, h)     { n, l, OPT_U32, OPT_AT_(S, m, uint32_t), v, h }
#define OPT_COUNT_(n, l, S, m, h)      { n, l, OPT_COUNT, OPT_AT_(S, m, uint32_t), NULL, h }
#define OPT_STRINGS_(n, l, S, m, v, h) { n, l, OPT_STRINGS, OPT_AT_(S, m, struct opt_list), v, h }
#define OPT_MAYBE_(n, l, S, m, v, h)   { n, l, OPT_MAYBE, OPT_AT_(S, m, const char *), v, h }
#define OPT_MAYBE_SHORT_(n, l, S, m, v, h) { n, l, OPT_MAYBE_SHORT, OPT_AT_(S, m, const char *), v, h }
#define OPT_REFUSED_(n, l, v, h)       { n, l, OPT_REFUSED, 0, v, h }
// clang-format on

/**
 * struct opt_parse - one command line
 * @opts, @n:    the table
 * @stop_early:  the first word that is no option ends them (exec, ps)
 * @args:        receives the words that are no options; @n_args of them, at most @max_args
 */
struct opt_parse {
	const struct opt *opts;
	size_t n;
	bool stop_early;
	char **args;
	size_t n_args;
};

int opt_parse(struct opt_parse *p, char **argv, size_t argc, void *ret_options, size_t *ret_used,
	      struct err *e);
bool opt_truth(const char *text, bool *ret_value);
bool opt_takes_value(const struct opt *o);
bool opt_may_have_value(const struct opt *o);
void opt_help(const struct opt *opts, size_t n, struct str *out);

#endif
