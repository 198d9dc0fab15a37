/* conf.c - reads and writes cgconfig.conf(5)'s grammar (pure) */
#include "cg/conf.h"

#include <string.h>

#include "base/err.h"

#define DEPTH_MAX 8 /* group, perm, task, and room to be wrong in */

/* What words may hold without quotes. */
#define PLAIN     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/.:,%@\\+*"

/**
 * struct reader - where in the text we are
 * @word: the token that was read last, if it is one: in the arena
 * @sign: its kind: '{', '}', '=', ';', 'w' for a word, 0 at the end
 */
struct reader {
	const char *at;
	struct arena *mem;
	unsigned line;
	const char *word;
	char sign;
	struct err *e;
};

static int fail_line(const struct reader *r, const char *what)
{
	fail(r->e, ERR_INPUT, "line %u: %s", r->line, what);
	return fail_hint(r->e, "as in group NAME { memory { memory.max = 64M; } }");
}

static void pass_blanks(struct reader *r)
{
	for (;; r->at++) {
		if (*r->at == '#')
			r->at += strcspn(r->at, "\n");
		if (*r->at == '\n')
			r->line++;
		else if (*r->at != ' ' && *r->at != '\t' && *r->at != '\r')
			return;
	}
}

static int read_quoted(struct reader *r)
{
	size_t len = strcspn(r->at + 1, "\"\n");

	if (r->at[1 + len] != '"')
		return fail_line(r, "a quoted word has no end");
	r->word = arena_dup_len(r->mem, r->at + 1, len);
	r->at += len + 2;
	r->sign = 'w';
	return r->word ? 0 : fail_errno(r->e, ENOMEM, "read the configuration");
}

static int read_token(struct reader *r)
{
	size_t len;

	pass_blanks(r);
	r->word = NULL;
	r->sign = *r->at;
	if (!r->sign)
		return 0;
	if (strchr("{}=;", r->sign)) {
		r->at++;
		return 0;
	}
	if (r->sign == '"')
		return read_quoted(r);
	len = strspn(r->at, PLAIN);
	if (!len)
		return fail_line(r, "a character that has to be in quotes");
	r->word = arena_dup_len(r->mem, r->at, len);
	r->at += len;
	r->sign = 'w';
	return r->word ? 0 : fail_errno(r->e, ENOMEM, "read the configuration");
}

static int read_block(struct reader *r, unsigned depth, struct cg_node **ret_first);

/* After the '=': VALUE ';', where the last of a block needs no ';'. */
static int read_value(struct reader *r, struct cg_node *n)
{
	if (read_token(r) < 0)
		return -1;
	if (r->sign != 'w')
		return fail_line(r, "a value is missing after '='");
	n->value = r->word;
	if (read_token(r) < 0)
		return -1;
	if (r->sign == ';')
		return read_token(r);
	return r->sign == '}' ? 0 : fail_line(r, "';' is missing");
}

/* Stands on its first word; afterwards on the token behind the statement. */
static int read_statement(struct reader *r, unsigned depth, struct cg_node *n)
{
	n->kind = r->word;
	n->line = r->line;
	if (read_token(r) < 0)
		return -1;
	if (r->sign == '=')
		return read_value(r, n);
	if (r->sign == 'w') {
		n->name = r->word;
		if (read_token(r) < 0)
			return -1;
	}
	if (r->sign != '{')
		return fail_line(r, "'{' or '=' is missing");
	if (depth == DEPTH_MAX)
		return fail_line(r, "too many blocks in each other");
	if (read_token(r) < 0 || read_block(r, depth + 1, &n->first) < 0)
		return -1;
	if (r->sign != '}')
		return fail_line(r, "'}' is missing");
	return read_token(r);
}

/* Statements up to a '}' or the end. */
static int read_block(struct reader *r, unsigned depth, struct cg_node **ret_first)
{
	struct cg_node **end = ret_first;

	while (r->sign && r->sign != '}') {
		struct cg_node *n;

		if (r->sign == ';') {
			if (read_token(r) < 0)
				return -1;
			continue;
		}
		if (r->sign != 'w')
			return fail_line(r, "a word is missing");
		n = arena_alloc(r->mem, sizeof(*n));
		if (!n)
			return fail_errno(r->e, ENOMEM, "read the configuration");
		*end = n;
		end = &n->next;
		if (read_statement(r, depth, n) < 0)
			return -1;
	}
	return 0;
}

/**
 * cg_conf_parse() - the statements of a text
 * @a:         owns them
 * @ret_first: the first one; NULL: there is none
 *
 * Fails with the line's number.
 */
int cg_conf_parse(const char *text, struct arena *a, struct cg_node **ret_first, struct err *e)
{
	struct reader r = { .at = text, .mem = a, .line = 1, .e = e };
	struct cg_node *first = NULL;

	if (read_token(&r) < 0 || read_block(&r, 0, &first) < 0)
		return -1;
	if (r.sign)
		return fail_line(&r, "a '}' too many");
	*ret_first = first;
	return 0;
}

/* --- written ------------------------------------------------------------------------------ */

static void print_word(const char *word, struct str *out)
{
	bool plain = *word && strspn(word, PLAIN) == strlen(word);

	str_addf(out, plain ? "%s" : "\"%s\"", word);
}

static void print_block(const struct cg_node *n, unsigned depth, struct str *out)
{
	for (; n; n = n->next) {
		for (unsigned i = 0; i < depth; i++)
			str_add(out, "\t");
		print_word(n->kind, out);
		if (n->value) {
			str_add(out, " = ");
			print_word(n->value, out);
			str_add(out, ";\n");
			continue;
		}
		if (n->name) {
			str_add(out, " ");
			print_word(n->name, out);
		}
		str_add(out, " {\n");
		print_block(n->first, depth + 1, out);
		for (unsigned i = 0; i < depth; i++)
			str_add(out, "\t");
		str_add(out, "}\n");
	}
}

/* cg_conf_print() - statements as text that cg_conf_parse() reads */
void cg_conf_print(const struct cg_node *first, struct str *out)
{
	print_block(first, 0, out);
}

static bool same_word(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* cg_conf_same() - whether two texts say the same, line numbers apart */
bool cg_conf_same(const struct cg_node *a, const struct cg_node *b)
{
	for (; a && b; a = a->next, b = b->next)
		if (!same_word(a->kind, b->kind) || !same_word(a->name, b->name) ||
		    !same_word(a->value, b->value) || !cg_conf_same(a->first, b->first))
			return false;
	return a == b;
}
