/* template_parse.c - a template's source to its tree
 *
 * By recursive descent, no deeper than TEMPLATE_DEPTH_MAX. Names of functions and variables, and how
 * many arguments there are, are settled here; names of members when it runs, by the bind table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/own.h"
#include "base/render_text.h"
#include "base/template_priv.h"
#include "base/text.h"

static const char blanks[] = " \t\r\n";

/* What a list of nodes ends with. */
enum stop { STOP_SOURCE, STOP_END, STOP_ELSE };

/**
 * struct parser
 * @names:  of the variables in scope; the first is $, the row
 * @trims:  the action before this text said -}}
 * @ranges: how many we are in
 */
struct parser {
	struct scan s;
	const char *names[VARIABLES_MAX];
	size_t n_names, depth, ranges;
	bool trims;
};

static int out_of_memory(struct parser *p)
{
	return fail_errno(p->s.e, ENOMEM, "read the template");
}

static int deeper(struct parser *p, size_t at)
{
	if (++p->depth > TEMPLATE_DEPTH_MAX)
		return scan_fail(&p->s, at, "too deep:");
	return 0;
}

static int parse_pipe(struct parser *p, size_t max, struct pipe **ret_pipe);

/* --- operands --------------------------------------------------------------------------------- */

static const struct word constants[] = {
	{ "true", 1 },
	{ "false", 0 },
	{ "nil", -1 },
	{ NULL, 0 },
};

static int fail_function(struct parser *p, const struct token *t)
{
	struct text_near near = text_near(t->text);

	scan_fail(&p->s, t->at, "unknown function '%.40s'", t->text);
	for (const struct function *f = template_functions; f->name; f++)
		text_near_try(&near, f->name);
	return near.best ? fail_hint(p->s.e, "did you mean '%s'?", near.best) : -1;
}

static int parse_word(struct parser *p, const struct token *t, struct term *term)
{
	const struct word *w = word_find(constants, t->text);

	if (w) {
		term->kind = TERM_CONSTANT;
		if (w->value >= 0)
			term->constant =
				(struct value){ .kind = VALUE_BOOL, .truth = w->value == 1 };
		return 0;
	}
	term->kind = TERM_FUNCTION;
	term->function = template_function(t->text);
	return term->function ? 0 : fail_function(p, t);
}

static int find_variable(struct parser *p, const struct token *t, size_t *ret_slot)
{
	for (size_t i = p->n_names; i-- > 0;) {
		if (strcmp(p->names[i], t->text) == 0) {
			*ret_slot = i;
			return 0;
		}
	}
	return scan_fail(&p->s, t->at, "unknown variable '$%.40s'", t->text);
}

/* .A.B after an operand, nothing between. */
static int parse_fields(struct parser *p, struct term *term)
{
	struct field **tail = &term->fields;

	while (*tail)
		tail = &(*tail)->next;
	while (p->s.token.kind == TOKEN_FIELD && p->s.token.joined) {
		*tail = arena_alloc(p->s.mem, sizeof(**tail));
		if (!*tail)
			return out_of_memory(p);
		(*tail)->name = p->s.token.text;
		(*tail)->at = p->s.token.at;
		tail = &(*tail)->next;
		if (scan_next(&p->s) < 0)
			return -1;
	}
	return 0;
}

static int parse_parentheses(struct parser *p, struct term *term)
{
	term->kind = TERM_PIPE;
	if (deeper(p, term->at) < 0 || scan_next(&p->s) < 0 || parse_pipe(p, 0, &term->pipe) < 0)
		return -1;
	p->depth--;
	if (p->s.token.kind != TOKEN_CLOSE)
		return scan_fail(&p->s, term->at, "the parenthesis is not closed");
	return 0;
}

/* One operand; its first token is there, and the token after it is read. */
static int parse_term(struct parser *p, struct term **ret_term)
{
	struct token t = p->s.token;
	struct term *term = arena_alloc(p->s.mem, sizeof(*term));
	int r = 0;

	if (!term)
		return out_of_memory(p);
	*ret_term = term;
	term->at = t.at;
	switch (t.kind) {
	case TOKEN_FIELD:
		p->s.token.joined = true; /* to the dot that is meant */
		return parse_fields(p, term);
	case TOKEN_DOT:
		break;
	case TOKEN_VARIABLE:
		term->kind = TERM_VARIABLE;
		r = find_variable(p, &t, &term->slot);
		break;
	case TOKEN_WORD:
		r = parse_word(p, &t, term);
		break;
	case TOKEN_CONSTANT:
		term->kind = TERM_CONSTANT;
		term->constant = t.constant;
		break;
	case TOKEN_OPEN:
		r = parse_parentheses(p, term);
		break;
	default:
		r = scan_fail(&p->s, t.at, "a value is missing");
	}
	if (r < 0 || scan_next(&p->s) < 0)
		return -1;
	if (term->kind == TERM_VARIABLE || term->kind == TERM_PIPE)
		return parse_fields(p, term);
	return 0;
}

/* --- pipelines -------------------------------------------------------------------------------- */

static bool ends_call(const struct token *t)
{
	return t->kind == TOKEN_END || t->kind == TOKEN_CLOSE || t->kind == TOKEN_PIPE;
}

/* Does the first operand take as many arguments as there are? A member takes one, a map's key. */
static int check_arguments(struct parser *p, const struct call *c, bool piped)
{
	const struct term *first = c->terms;
	size_t n = c->n - 1 + piped;

	if (first->kind == TERM_FUNCTION) {
		if (n >= first->function->min && n <= first->function->max)
			return 0;
		return scan_fail(&p->s, first->at, "too %s arguments for %s",
				 n < first->function->min ? "few" : "many", first->function->name);
	}
	if (first->kind == TERM_CONSTANT && first->constant.kind == VALUE_NONE)
		return scan_fail(&p->s, first->at, "nil alone");
	if (n == 0 || (n == 1 && first->fields))
		return 0;
	return scan_fail(&p->s, first->at, "arguments, but no function");
}

static int parse_call(struct parser *p, bool piped, struct call **ret_call)
{
	struct call *c = arena_alloc(p->s.mem, sizeof(*c));
	struct term **tail = c ? &c->terms : NULL;

	if (!c)
		return out_of_memory(p);
	*ret_call = c;
	do {
		if (c->n && p->s.token.joined)
			return scan_fail(&p->s, p->s.token.at, "a blank is missing");
		if (parse_term(p, tail) < 0)
			return -1;
		tail = &(*tail)->next;
		if (++c->n > ARGUMENTS_MAX)
			return scan_fail(&p->s, c->terms->at, "too many arguments");
	} while (!ends_call(&p->s.token));
	return check_arguments(p, c, piped);
}

static int declare(struct parser *p, const struct token *name, size_t *ret_slot)
{
	if (p->n_names == VARIABLES_MAX)
		return scan_fail(&p->s, name->at, "too many variables");
	if (!*name->text)
		return scan_fail(&p->s, name->at, "a variable's name is missing");
	*ret_slot = p->n_names;
	p->names[p->n_names++] = name->text;
	return 0;
}

/* struct targets - what stands before := or = */
struct targets {
	struct token names[2];
	size_t n;
	bool assign;
};

/* $x := and $x =, and for range $i, $v := as well. If it is none of these, we go back to where we
 * were: the variable is a value. */
static int parse_targets(struct parser *p, size_t max, struct targets *t)
{
	struct scan back = p->s;

	while (t->n < max && p->s.token.kind == TOKEN_VARIABLE) {
		t->names[t->n++] = p->s.token;
		if (scan_next(&p->s) < 0)
			return -1;
		if (p->s.token.kind != TOKEN_COMMA)
			break;
		if (scan_next(&p->s) < 0)
			return -1;
	}
	t->assign = p->s.token.kind == TOKEN_ASSIGN;
	if (t->n && (t->assign || p->s.token.kind == TOKEN_DECLARE))
		return scan_next(&p->s);
	t->n = 0;
	p->s = back;
	return 0;
}

static int parse_calls(struct parser *p, struct pipe *pipe)
{
	struct call **tail = &pipe->calls;

	for (;;) {
		if (parse_call(p, tail != &pipe->calls, tail) < 0)
			return -1;
		if (tail != &pipe->calls && (*tail)->terms->kind == TERM_CONSTANT)
			return scan_fail(&p->s, (*tail)->terms->at,
					 "a pipe into what is no function");
		tail = &(*tail)->next;
		if (p->s.token.kind != TOKEN_PIPE)
			return 0;
		if (scan_next(&p->s) < 0)
			return -1;
	}
}

/* Up to }} or a closing parenthesis, which is p->s.token then. At most @max variables may be set; new
 * ones are in scope after the pipeline only. */
static int parse_pipe(struct parser *p, size_t max, struct pipe **ret_pipe)
{
	struct pipe *pipe = arena_alloc(p->s.mem, sizeof(*pipe));
	struct targets t = { 0 };

	if (!pipe)
		return out_of_memory(p);
	*ret_pipe = pipe;
	pipe->at = p->s.token.at;
	if (parse_targets(p, max, &t) < 0 || parse_calls(p, pipe) < 0)
		return -1;
	for (; pipe->n_slots < t.n; pipe->n_slots++) {
		const struct token *name = &t.names[pipe->n_slots];
		size_t *slot = &pipe->slots[pipe->n_slots];

		if ((t.assign ? find_variable(p, name, slot) : declare(p, name, slot)) < 0)
			return -1;
	}
	return 0;
}

/* --- blocks ----------------------------------------------------------------------------------- */

static int parse_nodes(struct parser *p, struct node **ret_nodes, enum stop *ret_stop);

static int want_end(struct parser *p)
{
	if (p->s.token.kind != TOKEN_END)
		return scan_fail(&p->s, p->s.token.at, "}} is missing");
	p->trims = p->s.token.trims;
	return 0;
}

static int parse_block(struct parser *p, struct node *node);

/* After {{else: the rest of the block, or one more condition. */
static int parse_else(struct parser *p, struct node *node)
{
	const char *again = node->kind == NODE_IF ? "if" : node->kind == NODE_WITH ? "with" : "";
	enum stop stop;

	if (p->s.token.kind == TOKEN_WORD && strcmp(p->s.token.text, again) == 0) {
		node->other = arena_alloc(p->s.mem, sizeof(*node));
		if (!node->other)
			return out_of_memory(p);
		node->other->kind = node->kind;
		node->other->at = p->s.token.at;
		return scan_next(&p->s) < 0 || parse_block(p, node->other) < 0 ? -1 : 0;
	}
	if (want_end(p) < 0 || parse_nodes(p, &node->other, &stop) < 0)
		return -1;
	if (stop != STOP_END)
		return scan_fail(&p->s, node->at, "{{end}} is missing for what begins");
	return 0;
}

/* if, with and range, from the token after the word to what follows {{end}}. */
static int parse_block(struct parser *p, struct node *node)
{
	size_t outer = p->n_names, inner;
	bool range = node->kind == NODE_RANGE;
	enum stop stop;

	if (deeper(p, node->at) < 0 || parse_pipe(p, range ? 2 : 1, &node->pipe) < 0 ||
	    want_end(p) < 0)
		return -1;
	inner = p->n_names;
	p->ranges += range;
	if (parse_nodes(p, &node->body, &stop) < 0)
		return -1;
	p->ranges -= range;
	p->n_names = inner;
	if (stop == STOP_SOURCE)
		return scan_fail(&p->s, node->at, "{{end}} is missing for what begins");
	if (stop == STOP_ELSE && parse_else(p, node) < 0)
		return -1;
	p->n_names = outer;
	p->depth--;
	return 0;
}

static int parse_print(struct parser *p, struct node *node)
{
	return parse_pipe(p, 1, &node->pipe) < 0 ? -1 : want_end(p);
}

static int parse_jump(struct parser *p, struct node *node)
{
	if (!p->ranges)
		return scan_fail(&p->s, node->at, "only a range can be left:");
	return want_end(p);
}

static int parse_unknown(struct parser *p, struct node *node)
{
	return scan_fail(&p->s, node->at, "templates in templates are not supported:");
}

// clang-format off
static const struct keyword {
	const char *name;
	enum node_kind kind;
	int (*parse)(struct parser *p, struct node *node);
} keywords[] = {
	{ "if",       NODE_IF,       parse_block   },
	{ "with",     NODE_WITH,     parse_block   },
	{ "range",    NODE_RANGE,    parse_block   },
	{ "break",    NODE_BREAK,    parse_jump    },
	{ "continue", NODE_CONTINUE, parse_jump    },
	{ "define",   NODE_PRINT,    parse_unknown },
	{ "template", NODE_PRINT,    parse_unknown },
	{ "block",    NODE_PRINT,    parse_unknown },
};
// clang-format on

static const struct keyword *find_keyword(const struct token *t)
{
	for (size_t i = 0; t->kind == TOKEN_WORD && i < COUNT(keywords); i++)
		if (strcmp(keywords[i].name, t->text) == 0)
			return &keywords[i];
	return NULL;
}

/* {{end}} and {{else}}, which end a list of nodes. */
static int parse_stop(struct parser *p, enum stop *ret_stop)
{
	const struct token *t = &p->s.token;

	if (t->kind != TOKEN_WORD)
		return 0;
	*ret_stop = strcmp(t->text, "end") == 0    ? STOP_END
		    : strcmp(t->text, "else") == 0 ? STOP_ELSE
						   : STOP_SOURCE;
	if (*ret_stop == STOP_SOURCE)
		return 0;
	if (!p->depth)
		return scan_fail(&p->s, t->at, "nothing has begun: '%s'", t->text);
	if (scan_next(&p->s) < 0)
		return -1;
	return *ret_stop == STOP_END ? want_end(p) : 0;
}

/* An action, from its first token on. */
static int parse_action(struct parser *p, struct node *node)
{
	const struct keyword *k = find_keyword(&p->s.token);

	node->at = p->s.token.at;
	node->kind = k ? k->kind : NODE_PRINT;
	if (!k)
		return parse_print(p, node);
	return scan_next(&p->s) < 0 ? -1 : k->parse(p, node);
}

/* --- text and comments ------------------------------------------------------------------------ */

/* Text as it is printed: \t and \n are a tab and a newline, as docker takes them in --format. */
static int keep_text(struct parser *p, const char *from, size_t len, bool trim_end,
		     struct node *node)
{
	char *text = arena_alloc(p->s.mem, len + 1);
	size_t n = 0, skip;

	if (!text)
		return out_of_memory(p);
	for (size_t i = 0; i < len; i++) {
		bool escape = from[i] == '\\' && i + 1 < len &&
			      (from[i + 1] == 't' || from[i + 1] == 'n');

		text[n++] = !escape ? from[i] : from[i + 1] == 't' ? '\t' : '\n';
		i += escape;
	}
	while (trim_end && n && strchr(blanks, text[n - 1]))
		n--;
	text[n] = '\0';
	skip = p->trims ? strspn(text, blanks) : 0;
	p->trims = false;
	node->kind = NODE_TEXT;
	node->text = text + skip;
	node->len = n - skip;
	return 0;
}

/* Skips a comment, if one stands after {{; it fills its action. */
static int skip_comment(struct parser *p, bool *ret_was_one)
{
	const char *at = p->s.source + p->s.at, *end;

	*ret_was_one = text_starts(at, "/*");
	if (!*ret_was_one)
		return 0;
	end = strstr(at + 2, "*/");
	if (!end)
		return scan_fail(&p->s, p->s.at, "the comment is not closed");
	p->s.at = (size_t)(end - p->s.source) + 2;
	if (scan_next(&p->s) < 0)
		return -1;
	return want_end(p);
}

/* The text before the next action, and {{ or {{- itself. */
static int parse_text(struct parser *p, struct node *node, bool *ret_more)
{
	const char *at = p->s.source + p->s.at, *open = strstr(at, "{{");
	size_t len = open ? (size_t)(open - at) : strlen(at);
	bool trims = open && open[2] == '-' && open[3] && strchr(blanks, open[3]);

	node->at = p->s.at;
	if (keep_text(p, at, len, trims, node) < 0)
		return -1;
	p->s.at += len + (open ? 2 : 0) + trims;
	if (trims)
		p->s.at += strspn(p->s.source + p->s.at, blanks);
	*ret_more = open != NULL;
	return 0;
}

static struct node *add_node(struct parser *p, struct node ***tail)
{
	struct node *node = arena_alloc(p->s.mem, sizeof(*node));

	if (node) {
		**tail = node;
		*tail = &node->next;
	} else {
		out_of_memory(p);
	}
	return node;
}

static int parse_nodes(struct parser *p, struct node **ret_nodes, enum stop *ret_stop)
{
	struct node **tail = ret_nodes, *node;

	*ret_stop = STOP_SOURCE;
	for (;;) {
		bool more, comment;

		node = add_node(p, &tail);
		if (!node || parse_text(p, node, &more) < 0)
			return -1;
		if (!more)
			return 0;
		if (skip_comment(p, &comment) < 0)
			return -1;
		if (comment)
			continue;
		if (scan_next(&p->s) < 0 || parse_stop(p, ret_stop) < 0)
			return -1;
		if (*ret_stop != STOP_SOURCE)
			return 0;
		node = add_node(p, &tail);
		if (!node || parse_action(p, node) < 0)
			return -1;
	}
}

/* --- the whole -------------------------------------------------------------------------------- */

/* The source for messages: its beginning, made visible. */
static char *shorten(struct arena *mem, const char *source)
{
	own_str struct str all = { 0 };
	size_t max = 64, cut;

	render_visible(&all, source, strnlen(source, 4 * max), false);
	cut = render_cut(all.at ? all.at : "", all.len, max);
	return arena_printf(mem, "%.*s%s", (int)cut, all.at ? all.at : "",
			    cut < all.len ? "..." : "");
}

/**
 * template_parse() - read a template, to be run for many rows
 *
 * Return: what template_free() frees, or NULL. Messages name the place, counted in bytes from 1.
 */
struct template *template_parse(const char *source, struct err *e)
{
	own_template struct template *t = calloc(1, sizeof(*t));
	struct parser p = { .names = { "" }, .n_names = 1 };
	enum stop stop;

	if (t)
		t->shown = shorten(&t->mem, source);
	if (!t || !t->shown) {
		fail_errno(e, ENOMEM, "read the template");
		return NULL;
	}
	p.s = (struct scan){ .source = source, .shown = t->shown, .mem = &t->mem, .e = e };
	if (strlen(source) > TEMPLATE_LENGTH_MAX) {
		scan_fail(&p.s, TEMPLATE_LENGTH_MAX, "it is too long: it should have ended");
		return NULL;
	}
	if (parse_nodes(&p, &t->nodes, &stop) < 0)
		return NULL;
	return give(t);
}

void template_free(struct template *t)
{
	if (t)
		arena_done(&t->mem);
	free(t);
}
