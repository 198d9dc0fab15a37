/* template_priv.h - a template's tree, and what its functions work with */
#ifndef BASE_TEMPLATE_PRIV_H
#define BASE_TEMPLATE_PRIV_H

#include "base/arena.h"
#include "base/err.h"
#include "base/render_value.h"
#include "base/template.h"

#define VARIABLES_MAX 32
#define ARGUMENTS_MAX 32

struct run;

/* --- the tree ---------------------------------------------------------------------------------
 * Each part knows its place in the source (.at, from 0), for messages.
 */

/* struct function - a row of the table of functions
 * @min, @max: how many arguments, with what comes through a pipe
 * @lazy:      it evaluates its arguments itself
 * @sample:    what it makes of a sample among its arguments
 */
struct function {
	const char *name;
	size_t min, max;
	enum { LAZY_NO, LAZY_AND, LAZY_OR } lazy;
	enum { SAMPLE_AS_TEXT, SAMPLE_STAYS, SAMPLE_IS_TRUE } sample;
	int (*call)(struct run *x, const struct value *args, size_t n, struct value *ret_value);
};

/* struct field - .Name in a chain */
struct field {
	const char *name;
	size_t at;
	struct field *next;
};

/* struct term - an operand, and the members of it that are meant */
struct term {
	enum { TERM_DOT, TERM_VARIABLE, TERM_CONSTANT, TERM_FUNCTION, TERM_PIPE } kind;
	size_t at;
	size_t slot;
	struct value constant;
	const struct function *function;
	struct pipe *pipe;
	struct field *fields;
	struct term *next;
};

/* struct call - a part of a pipeline: a value, or a function and its arguments */
struct call {
	struct term *terms;
	size_t n;
	struct call *next;
};

/* struct pipe - calls, and the variables that get the result: of range, index and item */
struct pipe {
	size_t at;
	size_t slots[2], n_slots;
	struct call *calls;
};

struct node {
	enum node_kind {
		NODE_TEXT,
		NODE_PRINT,
		NODE_IF,
		NODE_WITH,
		NODE_RANGE,
		NODE_BREAK,
		NODE_CONTINUE
	} kind;
	size_t at;
	const char *text;
	size_t len;
	struct pipe *pipe;
	struct node *body, *other, *next;
};

/**
 * struct template - a template that was read
 * @shown: the source, as messages show it
 */
struct template
{
	struct arena mem;
	char *shown;
	struct node *nodes;
};

/* --- tokens ----------------------------------------------------------------------------------- */

enum token_kind {
	TOKEN_END,      /* }} or -}} */
	TOKEN_DOT,      /* . */
	TOKEN_FIELD,    /* .Name: .text is Name */
	TOKEN_VARIABLE, /* $ or $name: .text is name */
	TOKEN_WORD,
	TOKEN_CONSTANT, /* a number or a text: .constant */
	TOKEN_PIPE,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_DECLARE, /* := */
	TOKEN_ASSIGN,  /* = */
	TOKEN_COMMA,
};

/**
 * struct token - a word of an action
 * @joined: nothing stands between it and the token before it
 * @trims:  of TOKEN_END: blanks after it do not count
 */
struct token {
	enum token_kind kind;
	size_t at;
	const char *text;
	bool joined, trims;
	struct value constant;
};

/**
 * struct scan - where in the source we are
 * @shown: the source, as messages show it
 */
struct scan {
	const char *source, *shown;
	size_t at;
	struct token token;
	struct arena *mem;
	struct err *e;
};

int scan_next(struct scan *s);
int scan_make_failure(struct scan *s, size_t at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Say what is wrong, and where in the template; both are -1, as fail() is. */
#define scan_fail(s, at, ...) err_made(scan_make_failure(s, at, __VA_ARGS__))
#define run_fail(x, ...)      err_made(run_make_failure(x, __VA_ARGS__))

/* --- a run ------------------------------------------------------------------------------------ */

/**
 * struct run - one row on its way through a template
 * @at:      the place of what is being evaluated, for messages
 * @mem:     what functions make; ends with the row
 * @steps:   left
 * @muted:   nothing is printed
 * @headers: set when a sample is run instead of a row
 */
struct run {
	const struct template *t;
	const struct template_headers *headers;
	struct arena *mem;
	struct str *out;
	size_t at, start, steps, muted;
	bool ascii, sampling;
	enum { RUN_ON, RUN_BREAK, RUN_CONTINUE } flow;
	struct value slots[VARIABLES_MAX];
	struct err *e;
};

extern const struct function template_functions[];
const struct function *template_function(const char *name);

int run_make_failure(struct run *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int run_charge(struct run *x, size_t steps);
const char *run_text(struct run *x, const struct value *v);
const char *run_keep(struct run *x, const struct str *s);
const char *value_kind_word(const struct value *v);
struct value sample_item(struct run *x, const struct value *sample, const char *key);

int template_printf(struct run *x, const struct value *args, size_t n, struct value *ret_value);

#endif
