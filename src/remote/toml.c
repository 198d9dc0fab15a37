/* toml.c - a recursive descent, a line at a time; the first thing that does not fit ends it */
#include "remote/toml.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

#define MAX_DEPTH 16

/* struct parser - @why is set by the first thing that is wrong, @line is where */
struct parser {
	const char *at, *end;
	unsigned line;
	const char *why;
	struct arena *arena;
	int depth;
	struct toml *root;
};

static bool stop(struct parser *p, const char *why)
{
	if (!p->why)
		p->why = why;
	return false;
}

/* The byte at hand, or NUL at the end; NULs in the text are refused before anything is read. */
static char peek(const struct parser *p)
{
	return p->at < p->end ? *p->at : '\0';
}

static bool take(struct parser *p, char c)
{
	if (peek(p) != c)
		return false;
	p->at++;
	return true;
}

static bool take_text(struct parser *p, const char *text)
{
	size_t len = strlen(text);

	if ((size_t)(p->end - p->at) < len || memcmp(p->at, text, len) != 0)
		return false;
	p->at += len;
	return true;
}

static void skip_blanks(struct parser *p)
{
	while (peek(p) == ' ' || peek(p) == '\t')
		p->at++;
}

static bool take_newline(struct parser *p)
{
	if (!take(p, '\n') && !take_text(p, "\r\n"))
		return false;
	p->line++;
	return true;
}

static void skip_comment(struct parser *p)
{
	if (peek(p) == '#')
		while (p->at < p->end && *p->at != '\n')
			p->at++;
}

/* Blanks, comments and ends of lines. */
static void skip_space(struct parser *p)
{
	do {
		skip_blanks(p);
		skip_comment(p);
	} while (take_newline(p));
}

/* Nothing but a comment may follow on this line. */
static bool end_line(struct parser *p)
{
	skip_blanks(p);
	skip_comment(p);
	if (p->at == p->end || take_newline(p))
		return true;
	return stop(p, "something follows the value on its line");
}

static struct toml *new_value(struct parser *p, enum toml_type type)
{
	struct toml *v = arena_alloc(p->arena, sizeof(*v));

	if (!v) {
		stop(p, "it needs more memory than is allowed");
		return NULL;
	}
	v->type = type;
	v->line = p->line;
	return v;
}

static void append(struct toml *parent, struct toml *v)
{
	if (parent->last_)
		parent->last_->next = v;
	else
		parent->child = v;
	parent->last_ = v;
}

/* toml_member() - the member of that name, or NULL */
const struct toml *toml_member(const struct toml *table, const char *key)
{
	const struct toml *v = table && table->type == TOML_TABLE ? table->child : NULL;

	while (v && strcmp(v->key, key) != 0)
		v = v->next;
	return v;
}

/* toml_type_word() - what a value is, for messages */
const char *toml_type_word(enum toml_type type)
{
	static const char *const words[] = { "a string", "a number", "a boolean", "an array",
					     "a table" };

	return words[type];
}

/* --- strings --- */

static bool add_utf8(struct parser *p, struct str *out, uint32_t c)
{
	char b[4];

	if (!c || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return stop(p, "a string has an escape that is no character");
	if (c < 0x80) {
		b[0] = (char)c;
		str_add_len(out, b, 1);
	} else if (c < 0x800) {
		b[0] = (char)(0xc0 | c >> 6);
		b[1] = (char)(0x80 | (c & 63));
		str_add_len(out, b, 2);
	} else if (c < 0x10000) {
		b[0] = (char)(0xe0 | c >> 12);
		b[1] = (char)(0x80 | (c >> 6 & 63));
		b[2] = (char)(0x80 | (c & 63));
		str_add_len(out, b, 3);
	} else {
		b[0] = (char)(0xf0 | c >> 18);
		b[1] = (char)(0x80 | (c >> 12 & 63));
		b[2] = (char)(0x80 | (c >> 6 & 63));
		b[3] = (char)(0x80 | (c & 63));
		str_add_len(out, b, 4);
	}
	return true;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool unicode_escape(struct parser *p, struct str *out, int digits)
{
	uint32_t c = 0;

	for (int i = 0; i < digits; i++) {
		int v = hex_value(peek(p));

		if (v < 0)
			return stop(p, "a string has an unfinished escape");
		c = c << 4 | (uint32_t)v;
		p->at++;
	}
	return add_utf8(p, out, c);
}

/* A backslash at a line's end swallows all space up to the next character. */
static bool line_escape(struct parser *p)
{
	skip_blanks(p);
	if (!take_newline(p))
		return stop(p, "a string has an escape that is unknown");
	do
		skip_blanks(p);
	while (take_newline(p));
	return true;
}

static bool escape(struct parser *p, struct str *out, bool lines)
{
	static const char from[] = "btnfre\"\\", to[] = "\b\t\n\f\r\x1b\"\\";
	char c = peek(p);
	const char *found = c ? strchr(from, c) : NULL;

	if (lines && (c == '\n' || c == '\r' || c == ' ' || c == '\t'))
		return line_escape(p);
	if (p->at < p->end)
		p->at++;
	if (found)
		return str_add_len(out, &to[found - from], 1), true;
	if (c == 'u' || c == 'U')
		return unicode_escape(p, out, c == 'u' ? 4 : 8);
	return stop(p, "a string has an escape that is unknown");
}

/* struct quotes - one kind of string: what ends it, and what may be in it */
static const struct quotes {
	const char *mark;
	bool escapes, lines;
} quotes[] = {
	{ "\"\"\"", true, true },
	{ "'''", false, true },
	{ "\"", true, false },
	{ "'", false, false },
};

static bool at_mark(const struct parser *p, const struct quotes *q)
{
	size_t len = strlen(q->mark);

	/* the last three of up to five quotes end a string of lines */
	return (size_t)(p->end - p->at) >= len && memcmp(p->at, q->mark, len) == 0 &&
	       (!q->lines || p->end - p->at == (ptrdiff_t)len || p->at[len] != *q->mark);
}

static bool string_body(struct parser *p, const struct quotes *q, struct str *out)
{
	if (q->lines)
		(void)take_newline(p);
	while (!at_mark(p, q)) {
		const char *from = p->at;

		if (p->at == p->end)
			return stop(p, "a string has no end");
		if (q->escapes && take(p, '\\')) {
			if (!escape(p, out, q->lines))
				return false;
		} else if (take_newline(p)) {
			if (!q->lines)
				return p->line--, stop(p, "a string has no end on its line");
			str_add(out, "\n");
		} else if ((unsigned char)*from < ' ' && *from != '\t') {
			return stop(p, "a string has a control character");
		} else {
			str_add_len(out, p->at++, 1);
		}
	}
	p->at += strlen(q->mark);
	return true;
}

static const char *parse_string(struct parser *p, bool key)
{
	own_str struct str out = { 0 };
	const char *text;

	for (size_t i = key ? 2 : 0; i < COUNT(quotes); i++) {
		if (!take_text(p, quotes[i].mark))
			continue;
		if (!string_body(p, &quotes[i], &out))
			return NULL;
		text = out.torn ? NULL : arena_dup_len(p->arena, out.at ? out.at : "", out.len);
		if (!text)
			stop(p, "it needs more memory than is allowed");
		return text;
	}
	stop(p, "a string is expected");
	return NULL;
}

/* --- keys and tables --- */

static bool is_bare(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

static const char *parse_key(struct parser *p)
{
	const char *from = p->at, *key;

	if (peek(p) == '"' || peek(p) == '\'')
		return parse_string(p, true);
	while (is_bare(peek(p)))
		p->at++;
	if (p->at == from) {
		stop(p, "a key is expected");
		return NULL;
	}
	key = arena_dup_len(p->arena, from, (size_t)(p->at - from));
	if (!key)
		stop(p, "it needs more memory than is allowed");
	return key;
}

static struct toml *add_table(struct parser *p, struct toml *parent, const char *key)
{
	struct toml *t = new_value(p, TOML_TABLE);

	if (!t)
		return NULL;
	t->key = key;
	append(parent, t);
	return t;
}

/* The table that @key leads on to: of an array of tables it is the last one. */
static struct toml *step(struct parser *p, struct toml *table, const char *key, bool dotted)
{
	struct toml *found = (struct toml *)toml_member(table, key);

	if (!found)
		return add_table(p, table, key);
	if (found->type == TOML_ARRAY && !found->closed_ && !dotted)
		return found->last_;
	if (found->type != TOML_TABLE || found->closed_ || (dotted && found->header_)) {
		stop(p, "a key leads through a value that cannot be added to");
		return NULL;
	}
	return found;
}

/* Reads a.b.c: goes to the table a.b, below @table, and returns it with the key c. */
static struct toml *walk_keys(struct parser *p, struct toml *table, bool dotted,
			      const char **ret_key)
{
	const char *key = parse_key(p);

	for (int deep = 0; key; deep++) {
		skip_blanks(p);
		if (!take(p, '.')) {
			*ret_key = key;
			return table;
		}
		if (deep == MAX_DEPTH)
			return stop(p, "tables are nested too deeply"), NULL;
		table = step(p, table, key, dotted);
		if (!table)
			return NULL;
		skip_blanks(p);
		key = parse_key(p);
	}
	return NULL;
}

static bool parse_value(struct parser *p, struct toml **ret_value);

static bool parse_pair(struct parser *p, struct toml *table)
{
	unsigned line = p->line;
	const char *key = NULL;
	struct toml *v;

	table = walk_keys(p, table, true, &key);
	if (!table)
		return false;
	if (toml_member(table, key))
		return stop(p, "a key is there twice");
	skip_blanks(p);
	if (!take(p, '='))
		return stop(p, "'=' is expected after a key");
	skip_blanks(p);
	if (!parse_value(p, &v))
		return false;
	v->key = key;
	v->line = line;
	append(table, v);
	return true;
}

/* --- values --- */

static bool parse_array(struct parser *p, struct toml *array)
{
	struct toml *v;

	array->closed_ = true;
	for (;;) {
		skip_space(p);
		if (take(p, ']'))
			return true;
		if (!parse_value(p, &v))
			return false;
		append(array, v);
		skip_space(p);
		if (take(p, ']'))
			return true;
		if (!take(p, ','))
			return stop(p, "',' or ']' is expected in an array");
	}
}

/* Nobody adds to an inline table, nor to what dotted keys made in it. */
static void close_tables(struct toml *v)
{
	v->closed_ = true;
	if (v->type == TOML_TABLE)
		for (struct toml *c = v->child; c; c = c->next)
			close_tables(c);
}

static bool parse_inline_table(struct parser *p, struct toml *table)
{
	skip_blanks(p);
	if (!take(p, '}')) {
		for (;;) {
			skip_blanks(p);
			if (!parse_pair(p, table))
				return false;
			skip_blanks(p);
			if (take(p, '}'))
				break;
			if (!take(p, ','))
				return stop(p, "',' or '}' is expected in an inline table");
		}
	}
	close_tables(table);
	return true;
}

/* Digits with single underscores between them, no leading zero. */
static bool parse_number(struct parser *p, struct toml *v)
{
	char digits[24];
	size_t n = 0;
	bool after_digit = false;

	if (peek(p) == '-' || peek(p) == '+') {
		if (*p->at == '-')
			digits[n++] = '-';
		p->at++;
	}
	for (; (peek(p) >= '0' && peek(p) <= '9') || (peek(p) == '_' && after_digit); p->at++) {
		after_digit = *p->at != '_';
		if (after_digit && n + 1 < sizeof(digits))
			digits[n++] = *p->at;
	}
	digits[n] = '\0';
	if (peek(p) && strchr(".eE:-xob", peek(p)))
		return stop(p, "only whole decimal numbers are read here, no floats and no dates");
	if (!after_digit || text_i64(digits, &v->number) < 0)
		return stop(p, "a value is expected");
	return true;
}

static enum toml_type type_at(char c)
{
	switch (c) {
	case '"':
	case '\'':
		return TOML_STRING;
	case '[':
		return TOML_ARRAY;
	case '{':
		return TOML_TABLE;
	case 't':
	case 'f':
		return TOML_BOOL;
	default:
		return TOML_NUMBER;
	}
}

static bool fill_value(struct parser *p, struct toml *v)
{
	switch (v->type) {
	case TOML_STRING:
		v->text = parse_string(p, false);
		return v->text;
	case TOML_ARRAY:
		p->at++;
		return parse_array(p, v);
	case TOML_TABLE:
		p->at++;
		return parse_inline_table(p, v);
	case TOML_BOOL:
		v->truth = take_text(p, "true");
		return v->truth || take_text(p, "false") || stop(p, "a value is expected");
	case TOML_NUMBER:
		break;
	}
	return parse_number(p, v);
}

static bool parse_value(struct parser *p, struct toml **ret_value)
{
	struct toml *v = new_value(p, type_at(peek(p)));

	if (!v)
		return false;
	if (++p->depth > MAX_DEPTH)
		return stop(p, "values are nested too deeply");
	if (!fill_value(p, v))
		return false;
	p->depth--;
	*ret_value = v;
	return true;
}

/* --- headers --- */

/* [[a.b]]: one more table in the array a.b */
static struct toml *array_header(struct parser *p, struct toml *parent, const char *key)
{
	struct toml *array = (struct toml *)toml_member(parent, key);
	struct toml *item;

	if (array && (array->type != TOML_ARRAY || array->closed_)) {
		stop(p, "a table array has the name of something else");
		return NULL;
	}
	if (!array) {
		array = new_value(p, TOML_ARRAY);
		if (!array)
			return NULL;
		array->key = key;
		append(parent, array);
	}
	item = new_value(p, TOML_TABLE);
	if (!item)
		return NULL;
	item->header_ = true;
	append(array, item);
	return item;
}

static struct toml *table_header(struct parser *p, struct toml *parent, const char *key)
{
	struct toml *t = (struct toml *)toml_member(parent, key);

	if (!t)
		t = add_table(p, parent, key);
	else if (t->type != TOML_TABLE || t->closed_ || t->header_)
		t = (stop(p, "a table is there twice"), NULL);
	if (t)
		t->header_ = true;
	return t;
}

static bool parse_header(struct parser *p, struct toml **ret_table)
{
	bool many = take_text(p, "[[") || !take(p, '[');
	const char *key = NULL;
	struct toml *parent;

	skip_blanks(p);
	parent = walk_keys(p, p->root, false, &key);
	if (!parent)
		return false;
	if (!take_text(p, many ? "]]" : "]"))
		return stop(p, many ? "']]' is expected" : "']' is expected");
	*ret_table = many ? array_header(p, parent, key) : table_header(p, parent, key);
	return *ret_table && end_line(p);
}

static bool parse_lines(struct parser *p)
{
	struct toml *table = p->root;

	for (;;) {
		skip_space(p);
		if (p->at == p->end)
			return true;
		if (peek(p) == '[' ? !parse_header(p, &table)
				   : !parse_pair(p, table) || !end_line(p))
			return false;
	}
}

/* --- the text as such --- */

/* Bytes of the well-formed UTF-8 sequence at @at (Unicode, table 3-7), 0 for none. */
static size_t utf8_len(const unsigned char *at, size_t left)
{
	static const struct {
		unsigned char first, last, low, high, len;
	} rows[] = {
		{ 0x01, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (*at < rows[i].first || *at > rows[i].last)
			continue;
		if (rows[i].len > left ||
		    (rows[i].len > 1 && (at[1] < rows[i].low || at[1] > rows[i].high)))
			return 0;
		for (size_t k = 2; k < rows[i].len; k++)
			if ((at[k] & 0xc0) != 0x80)
				return 0;
		return rows[i].len;
	}
	return 0;
}

static bool check_bytes(struct parser *p)
{
	const unsigned char *at = (const unsigned char *)p->at;
	size_t left = (size_t)(p->end - p->at);

	while (left) {
		size_t n = utf8_len(at, left);

		if (!n)
			return stop(p, "it is not UTF-8 text");
		p->line += *at == '\n';
		at += n;
		left -= n;
	}
	p->line = 1;
	return true;
}

/**
 * toml_parse() - read a whole document
 * @doc: its name, for messages
 * @a:   owns the tree
 *
 * Return: the root table, or NULL with ERR_INPUT whose text names document and line.
 */
const struct toml *toml_parse(const char *text, size_t len, const char *doc, struct arena *a,
			      struct err *e)
{
	struct parser p = { .at = text, .end = text + len, .line = 1, .arena = a };

	if (len > TOML_MAX) {
		fail(e, ERR_LIMIT, "read '%s': it is longer than %zu bytes", doc, TOML_MAX);
		return NULL;
	}
	p.root = new_value(&p, TOML_TABLE);
	if (p.root && check_bytes(&p) && parse_lines(&p))
		return p.root;
	fail(e, ERR_INPUT, "read '%s': line %u: %s", doc, p.line, p.why);
	return NULL;
}
