/* template_scan.c - the tokens inside {{ and }}, with Go's constants */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/render_text.h"
#include "base/template_priv.h"
#include "base/text.h"

static const char blanks[] = " \t\r\n";

/* scan_make_failure() - what scan_fail() says */
int scan_make_failure(struct scan *s, size_t at, const char *fmt, ...)
{
	char what[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return fail(s->e, ERR_INPUT, "parse the template '%s': %s at %zu", s->shown, what, at + 1);
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t word_length(const char *at)
{
	size_t n = 0;

	while (is_letter(at[n]) || is_digit(at[n]))
		n++;
	return n;
}

static int take_name(struct scan *s, enum token_kind kind, size_t skip)
{
	size_t len = word_length(s->source + s->at + skip);

	s->token.kind = kind;
	s->token.text = arena_dup_len(s->mem, s->source + s->at + skip, len);
	s->at += skip + len;
	return s->token.text ? 0 : fail_errno(s->e, ENOMEM, "read the template");
}

static int hex_digit(char c)
{
	return is_digit(c)            ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* @n digits of @base; -1 if there are not so many. */
static int64_t digits(const char *at, size_t n, int base)
{
	int64_t v = 0;

	for (size_t i = 0; i < n; i++) {
		int d = hex_digit(at[i]);

		if (d < 0 || d >= base)
			return -1;
		v = v * base + d;
	}
	return v;
}

static void add_rune(struct str *out, uint32_t rune)
{
	if (rune < 0x80)
		str_addf(out, "%c", (char)rune);
	else if (rune < 0x800)
		str_addf(out, "%c%c", (char)(0xc0 | rune >> 6), (char)(0x80 | (rune & 0x3f)));
	else if (rune < 0x10000)
		str_addf(out, "%c%c%c", (char)(0xe0 | rune >> 12),
			 (char)(0x80 | (rune >> 6 & 0x3f)), (char)(0x80 | (rune & 0x3f)));
	else
		str_addf(out, "%c%c%c%c", (char)(0xf0 | rune >> 18),
			 (char)(0x80 | (rune >> 12 & 0x3f)), (char)(0x80 | (rune >> 6 & 0x3f)),
			 (char)(0x80 | (rune & 0x3f)));
}

/* Escapes with a number: what begins them, their digits, and whether they name a character or a byte. */
// clang-format off
static const struct { char letter; size_t n; int base; bool rune; } numeric[] = {
	{ 'x', 2, 16, false }, { 'u', 4, 16, true }, { 'U', 8, 16, true },
	{ '0', 3, 8,  false }, { '1', 3, 8, false }, { '2', 3, 8,  false }, { '3', 3, 8, false },
};

static const struct word simple[] = {
	{ "a", '\a' }, { "b", '\b' }, { "f", '\f' }, { "n", '\n' },  { "r", '\r' },
	{ "t", '\t' }, { "v", '\v' }, { "\\", '\\' }, { "\"", '"' }, { "'", '\'' },
	{ NULL, 0 },
};
// clang-format on

/* An escape at @at, after its backslash: appended. Returns how many bytes it takes, 0 if it is none. */
static size_t take_escape(const char *at, struct str *out)
{
	const char name[2] = { *at };
	const struct word *w = word_find(simple, name);

	if (w) {
		str_addf(out, "%c", (char)w->value);
		return 1;
	}
	for (size_t i = 0; i < COUNT(numeric); i++) {
		size_t skip = numeric[i].base == 16;
		int64_t v;

		if (*at != numeric[i].letter)
			continue;
		v = digits(at + skip, numeric[i].n, numeric[i].base);
		/* a NUL would end the text here, and mean something else to whoever reads it */
		if (v <= 0 || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
			return 0;
		if (numeric[i].rune)
			add_rune(out, (uint32_t)v);
		else
			str_addf(out, "%c", (char)v);
		return skip + numeric[i].n;
	}
	return 0;
}

/* "…" or '…', from the quote on, into @out. */
static int take_quoted(struct scan *s, struct str *out)
{
	char quote = s->source[s->at];
	size_t start = s->at++;

	for (;;) {
		char c = s->source[s->at];
		size_t n = 1;

		if (!c || c == '\n')
			return scan_fail(s, start, "the quote is not closed");
		s->at++;
		if (c == quote)
			return 0;
		if (c != '\\') {
			str_add_len(out, &c, 1);
			continue;
		}
		n = take_escape(s->source + s->at, out);
		if (!n)
			return scan_fail(s, s->at - 1, "unknown escape");
		s->at += n;
	}
}

static int take_text(struct scan *s)
{
	own_str struct str text = { 0 };
	char *kept;

	if (take_quoted(s, &text) < 0)
		return -1;
	kept = text.torn ? NULL : arena_dup(s->mem, text.at ? text.at : "");
	s->token.kind = TOKEN_CONSTANT;
	s->token.constant = value_text(kept, false);
	return kept ? 0 : fail_errno(s->e, ENOMEM, "read the template");
}

static int take_raw(struct scan *s)
{
	const char *from = s->source + s->at + 1, *end = strchr(from, '`');
	char *kept;

	if (!end)
		return scan_fail(s, s->at, "the quote is not closed");
	kept = arena_dup_len(s->mem, from, (size_t)(end - from));
	s->token.kind = TOKEN_CONSTANT;
	s->token.constant = value_text(kept, false);
	s->at = (size_t)(end - s->source) + 1;
	return kept ? 0 : fail_errno(s->e, ENOMEM, "read the template");
}

static int take_character(struct scan *s)
{
	own_str struct str text = { 0 };
	size_t start = s->at, n;
	uint32_t rune;

	if (take_quoted(s, &text) < 0)
		return -1;
	n = text.len ? rune_read(text.at, text.len, &rune) : 0;
	if (!n || n != text.len)
		return scan_fail(s, start, "one character stands between single quotes");
	s->token.kind = TOKEN_CONSTANT;
	s->token.constant = value_number(rune);
	return 0;
}

/* What Go's numbers begin with if they are not decimal. A zero alone is one of these, in octal. */
static const struct {
	const char *prefix;
	int base;
} bases[] = {
	{ "0x", 16 }, { "0X", 16 }, { "0o", 8 }, { "0O", 8 }, { "0b", 2 }, { "0B", 2 }, { "0", 8 },
};

/* @n characters as a number without sign; -1 if they are none, or it is too large. */
static int64_t read_digits(const char *at, size_t n)
{
	char text[24];
	int64_t v;

	for (size_t i = 0; i < COUNT(bases); i++) {
		size_t skip = strlen(bases[i].prefix);

		/* so few digits that they cannot be too many for 63 bits */
		if (n > skip && strncmp(at, bases[i].prefix, skip) == 0)
			return n - skip <= 15 ? digits(at + skip, n - skip, bases[i].base) : -1;
	}
	if (n >= sizeof(text))
		return -1;
	memcpy(text, at, n);
	text[n] = '\0';
	return text_i64(text, &v) < 0 ? -1 : v;
}

static int take_number(struct scan *s)
{
	size_t start = s->at, n;
	bool minus = s->source[s->at] == '-';
	int64_t v;

	s->at += minus || s->source[s->at] == '+';
	n = word_length(s->source + s->at);
	if (s->source[s->at + n] == '.')
		return scan_fail(s, start, "numbers are whole: a fraction");
	v = read_digits(s->source + s->at, n);
	if (v < 0)
		return scan_fail(s, start, "this is no number, or is too large:");
	s->at += n;
	s->token.kind = TOKEN_CONSTANT;
	s->token.constant = value_number(minus ? -v : v);
	return 0;
}

static int take_sign(struct scan *s)
{
	static const struct {
		const char *text;
		enum token_kind kind;
	} signs[] = {
		{ "}}", TOKEN_END },   { "|", TOKEN_PIPE },  { "(", TOKEN_OPEN },
		{ ")", TOKEN_CLOSE },  { ",", TOKEN_COMMA }, { ":=", TOKEN_DECLARE },
		{ "=", TOKEN_ASSIGN }, { ".", TOKEN_DOT },
	};

	for (size_t i = 0; i < COUNT(signs); i++) {
		if (!text_starts(s->source + s->at, signs[i].text))
			continue;
		s->token.kind = signs[i].kind;
		s->at += strlen(signs[i].text);
		return 0;
	}
	if (!s->source[s->at])
		return scan_fail(s, s->at, "the end of the template, without }},");
	return scan_fail(s, s->at, "a character that means nothing");
}

/**
 * scan_next() - read the next token of an action into @s->token
 */
int scan_next(struct scan *s)
{
	size_t skipped = strspn(s->source + s->at, blanks);
	const char *at = s->source + (s->at += skipped);

	s->token = (struct token){ .at = s->at, .joined = !skipped };
	if (skipped && text_starts(at, "-}}")) {
		s->token.trims = true;
		s->at += 3;
		return 0;
	}
	if (*at == '.' && is_letter(at[1]))
		return take_name(s, TOKEN_FIELD, 1);
	if (*at == '$')
		return take_name(s, TOKEN_VARIABLE, 1);
	if (is_letter(*at))
		return take_name(s, TOKEN_WORD, 0);
	if (is_digit(*at) || ((*at == '-' || *at == '+') && is_digit(at[1])))
		return take_number(s);
	if (*at == '"')
		return take_text(s);
	if (*at == '`')
		return take_raw(s);
	if (*at == '\'')
		return take_character(s);
	return take_sign(s);
}
