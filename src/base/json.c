/* json.c - a recursive descent over a copy of the text, depth and memory bounded
 *
 * Strings are decoded and ended where they stand in that copy, which is why there are no others:
 * `list` reads a thousand documents, and what a string costs is what reading costs.
 */
#include "base/json.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

#define MAX_DEPTH  64
#define NUMBER_MAX 24 /* more than any whole number of 64 bits has digits */

/* struct parser - where we are; @why is set by the first thing that does not fit */
struct parser {
	char *begin, *at, *end;
	const char *why, *skip;
	struct arena *arena;
	int depth;
};

static struct json *parse_value(struct parser *p);

static bool stop(struct parser *p, const char *why)
{
	if (!p->why)
		p->why = why;
	return false;
}

static void skip_blanks(struct parser *p)
{
	char *at = p->at;

	/* the copy ends with a NUL, which is no blank */
	while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')
		at++;
	p->at = at;
}

static bool take(struct parser *p, char c)
{
	if (p->at == p->end || *p->at != c)
		return false;
	p->at++;
	return true;
}

static const char no_memory[] = "no memory";

static struct json *new_value(struct parser *p, enum json_type type)
{
	struct json *v = arena_alloc(p->arena, sizeof(*v));

	if (!v) {
		stop(p, no_memory);
		return NULL;
	}
	v->type = type;
	return v;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool parse_hex4(struct parser *p, uint32_t *ret)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++) {
		int d = p->at < p->end ? hex_digit(*p->at) : -1;

		if (d < 0)
			return stop(p, "\\u needs four hexadecimal digits");
		v = v << 4 | (uint32_t)d;
		p->at++;
	}
	*ret = v;
	return true;
}

static char *put_utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		*out++ = (char)c;
	} else if (c < 0x800) {
		*out++ = (char)(0xc0 | c >> 6);
		*out++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*out++ = (char)(0xe0 | c >> 12);
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
		*out++ = (char)(0x80 | (c & 0x3f));
	} else {
		*out++ = (char)(0xf0 | c >> 18);
		*out++ = (char)(0x80 | (c >> 12 & 0x3f));
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
		*out++ = (char)(0x80 | (c & 0x3f));
	}
	return out;
}

/* \u and four hex digits, or two of these for what lies beyond the first plane; lone halves become U+FFFD. */
static bool parse_unicode(struct parser *p, char **out)
{
	uint32_t c, low;

	if (!parse_hex4(p, &c))
		return false;
	if (c >= 0xd800 && c < 0xdc00 && p->end - p->at >= 6 && p->at[0] == '\\' &&
	    p->at[1] == 'u') {
		p->at += 2;
		if (!parse_hex4(p, &low))
			return false;
		if (low >= 0xdc00 && low < 0xe000) {
			*out = put_utf8(*out, 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00));
			return true;
		}
		*out = put_utf8(*out, 0xfffd);
		c = low;
	}
	*out = put_utf8(*out, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
	return true;
}

static bool parse_escape(struct parser *p, char **out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *which;
	char c;

	if (p->at == p->end)
		return stop(p, "the text ends inside a string");
	c = *p->at++;
	if (c == 'u')
		return parse_unicode(p, out);
	which = c ? strchr(from, c) : NULL;
	if (!which)
		return stop(p, "unknown escape in a string");
	*(*out)++ = to[which - from];
	return true;
}

/* Bytes of the UTF-8 sequence at @s, 0 when it is none (overlong, surrogate, cut short). */
static size_t utf8_len(const unsigned char *s, size_t left)
{
	size_t n = s[0] < 0x80       ? 1
		   : s[0] >> 5 == 6  ? 2
		   : s[0] >> 4 == 14 ? 3
		   : s[0] >> 3 == 30 ? 4
				     : 0;

	if (!n || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if (s[i] >> 6 != 2)
			return 0;
	if ((n == 2 && s[0] < 0xc2) || (n == 3 && s[0] == 0xe0 && s[1] < 0xa0) ||
	    (n == 3 && s[0] == 0xed && s[1] > 0x9f) || (n == 4 && s[0] == 0xf0 && s[1] < 0x90) ||
	    (n == 4 && (s[0] > 0xf4 || (s[0] == 0xf4 && s[1] > 0x8f))))
		return 0;
	return n;
}

/* The end of what stays as it is: most strings do to their end. */
static char *plain_end(const struct parser *p)
{
	/* printable ASCII but for the quote and the backslash: one look at each byte of a document,
	 * whose end, a NUL, is none */
	static const bool plain[256] = { [' ' ... '!'] = true,
					 ['#' ... '['] = true,
					 [']' ... '~'] = true };
	char *at = p->at;

	while (plain[(unsigned char)*at])
		at++;
	return at;
}

/* The rest of a string, which becomes shorter as it is decoded: @out never overtakes p->at. */
static bool decode_rest(struct parser *p, char **out)
{
	while (p->at < p->end && *p->at != '"') {
		unsigned char c = (unsigned char)*p->at;
		size_t n;

		if (c == '\\') {
			p->at++;
			if (!parse_escape(p, out))
				return false;
			continue;
		}
		if (c < 0x20)
			return stop(p, "control character in a string");
		n = utf8_len((const unsigned char *)p->at, (size_t)(p->end - p->at));
		if (!n)
			return stop(p, "invalid UTF-8 in a string");
		memmove(*out, p->at, n);
		*out += n;
		p->at += n;
	}
	return true;
}

static bool parse_string(struct parser *p, const char **ret_text, size_t *ret_len)
{
	char *text = p->at, *out = plain_end(p);

	p->at = out;
	if ((p->at == p->end || *p->at != '"') && !decode_rest(p, &out))
		return false;
	if (!take(p, '"'))
		return stop(p, "the text ends inside a string");
	*out = '\0';
	*ret_text = text;
	*ret_len = (size_t)(out - text);
	return true;
}

static bool digits(struct parser *p)
{
	const char *from = p->at;

	while (p->at < p->end && *p->at >= '0' && *p->at <= '9')
		p->at++;
	return p->at > from;
}

static struct json *parse_number(struct parser *p)
{
	char *from = p->at;
	struct json *v = new_value(p, JSON_NUMBER);
	bool ok;

	take(p, '-');
	/* a leading zero stands alone */
	ok = take(p, '0') || digits(p);
	if (ok && take(p, '.'))
		ok = digits(p);
	if (ok && (take(p, 'e') || take(p, 'E'))) {
		if (!take(p, '+'))
			take(p, '-');
		ok = digits(p);
	}
	if (!ok) {
		p->at = from;
		stop(p, "unexpected character");
		return NULL;
	}
	if (!v)
		return NULL;
	v->text = from;
	v->len = (size_t)(p->at - from);
	return v;
}

static struct json *parse_word(struct parser *p, const char *word, enum json_type type, bool truth)
{
	size_t n = strlen(word);
	struct json *v;

	if ((size_t)(p->end - p->at) < n || memcmp(p->at, word, n) != 0) {
		stop(p, "unexpected character");
		return NULL;
	}
	p->at += n;
	v = new_value(p, type);
	if (v)
		v->truth = truth;
	return v;
}

/* Steps over a string whose first quote was taken. */
static bool skip_string(struct parser *p)
{
	while ((p->at = plain_end(p)) < p->end && *p->at != '"')
		p->at += *p->at == '\\' && p->at + 1 < p->end ? 2 : 1;
	return take(p, '"');
}

/* Steps over an array or object, by nothing but its brackets and strings. */
static struct json *skip_nested(struct parser *p)
{
	int open = 0;

	do {
		char c = p->at < p->end ? *p->at++ : '\0';

		if (c == '[' || c == '{')
			open++;
		else if (c == ']' || c == '}')
			open--;
		else if (!c || (c == '"' && !skip_string(p)))
			stop(p, "the text ends too early");
	} while (open > 0 && !p->why);
	return p->why ? NULL : new_value(p, JSON_NULL);
}

static bool is_skipped(const struct parser *p, const char *key)
{
	return p->skip && p->depth == 1 && p->at < p->end && (*p->at == '[' || *p->at == '{') &&
	       strcmp(key, p->skip) == 0;
}

/* One child of @parent, with its key when that is an object. */
static struct json *parse_child(struct parser *p, const struct json *parent)
{
	const char *key = NULL;
	struct json *child;
	size_t len;

	skip_blanks(p);
	if (parent->type == JSON_OBJECT) {
		if (!take(p, '"')) {
			stop(p, "expected a member's name in double quotes");
			return NULL;
		}
		if (!parse_string(p, &key, &len))
			return NULL;
		skip_blanks(p);
		if (!take(p, ':')) {
			stop(p, "expected ':' after a member's name");
			return NULL;
		}
	}
	skip_blanks(p);
	child = key && is_skipped(p, key) ? skip_nested(p) : parse_value(p);
	if (child)
		child->key = key;
	return child;
}

static struct json *parse_children(struct parser *p, enum json_type type, char close)
{
	struct json *v = new_value(p, type);
	struct json **tail = v ? &v->child : NULL;

	if (!v)
		return NULL;
	skip_blanks(p);
	if (take(p, close))
		return v;
	do {
		struct json *child = parse_child(p, v);

		if (!child)
			return NULL;
		*tail = child;
		tail = &child->next;
		v->len++;
		skip_blanks(p);
	} while (take(p, ','));
	if (take(p, close))
		return v;
	stop(p, type == JSON_OBJECT ? "expected ',' or '}'" : "expected ',' or ']'");
	return NULL;
}

static struct json *parse_text(struct parser *p)
{
	struct json *v = new_value(p, JSON_STRING);

	return v && parse_string(p, &v->text, &v->len) ? v : NULL;
}

static struct json *parse_value(struct parser *p)
{
	struct json *v = NULL;

	skip_blanks(p);
	if (p->at == p->end) {
		stop(p, "the text ends too early");
		return NULL;
	}
	if (++p->depth > MAX_DEPTH) {
		stop(p, "nested too deeply");
		return NULL;
	}
	if (take(p, '{'))
		v = parse_children(p, JSON_OBJECT, '}');
	else if (take(p, '['))
		v = parse_children(p, JSON_ARRAY, ']');
	else if (take(p, '"'))
		v = parse_text(p);
	else if (*p->at == 't')
		v = parse_word(p, "true", JSON_BOOL, true);
	else if (*p->at == 'f')
		v = parse_word(p, "false", JSON_BOOL, false);
	else if (*p->at == 'n')
		v = parse_word(p, "null", JSON_NULL, false);
	else
		v = parse_number(p);
	p->depth--;
	return v;
}

static void fail_syntax(const struct parser *p, const char *doc, struct err *e)
{
	size_t line = 1, column = 1;

	if (p->why == no_memory) {
		fail_errno(e, ENOMEM, "read '%s'", doc);
		return;
	}

	for (const char *c = p->begin; c < p->at; c++) {
		column = *c == '\n' ? 1 : column + 1;
		line += *c == '\n';
	}
	fail(e, ERR_INPUT, "not valid JSON: %s",
	     p->at == p->end ? "the text ends too early"
	     : p->why        ? p->why
			     : "something follows the document");
	fail_at(e, "%s:%zu:%zu", doc, line, column);
}

/**
 * json_parse() - read one JSON document
 * @doc:  its name, for messages
 * @skip: the name of an array or object of the outermost object that is not wanted: it is null in
 *        the tree, and not looked at further than to find its end; NULL: none
 * @a:    owns the tree
 *
 * Return: the tree, or NULL with ERR_INPUT and line and column in e->origin.
 */
struct json *json_parse(const char *text, size_t len, const char *doc, const char *skip,
			struct arena *a, struct err *e)
{
	char *copy = arena_dup_len(a, text, len);
	struct parser p = { .begin = copy, .at = copy, .skip = skip, .arena = a };
	struct json *v;

	if (!copy) {
		fail_errno(e, ENOMEM, "read '%s'", doc);
		return NULL;
	}
	p.end = copy + len;
	v = parse_value(&p);
	if (v) {
		skip_blanks(&p);
		if (p.at == p.end)
			return v;
	}
	fail_syntax(&p, doc, e);
	return NULL;
}

const char *json_type_word(enum json_type type)
{
	static const char *const words[] = { "null",     "a boolean", "a number",
					     "a string", "an array",  "an object" };

	return words[type];
}

/* json_member() - the first member called @key, or NULL */
const struct json *json_member(const struct json *object, const char *key)
{
	for (const struct json *m = object->child; m; m = m->next)
		if (m->key && strcmp(m->key, key) == 0)
			return m;
	return NULL;
}

/* The text of a number, which ends where its bytes do, ended for those who read numbers. */
static const char *number_text(const struct json *v, char buf[static NUMBER_MAX])
{
	if (v->type != JSON_NUMBER || v->len >= NUMBER_MAX)
		return "";
	memcpy(buf, v->text, v->len);
	buf[v->len] = '\0';
	return buf;
}

/* json_u64() - false when it is no whole number from 0 to 2^64-1 */
bool json_u64(const struct json *v, uint64_t *ret_number)
{
	char buf[NUMBER_MAX];

	return text_u64(number_text(v, buf), UINT64_MAX, ret_number) == 0;
}

/* json_i64() - false when it is no whole number that fits */
bool json_i64(const struct json *v, int64_t *ret_number)
{
	char buf[NUMBER_MAX];

	return text_i64(number_text(v, buf), ret_number) == 0;
}
