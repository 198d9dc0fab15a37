/* template_printf.c - printf of templates: Go's verbs for what there is, texts and numbers
 *
 * %s %v any value   %q text in quotes   %d %x %X %o %b number   %x text in hexadecimal   %c character
 * %t true or false   %%   with the flags - + 0 and blank, a width and a precision.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/render_text.h"
#include "base/template_priv.h"
#include "base/text.h"

#define WIDTH_MAX 1000

/* struct verb - %-10.3s */
struct verb {
	bool left, zero, plus, blank;
	size_t width, precision;
	char letter;
};

static size_t take_digits(const char **at)
{
	size_t n = 0;

	for (; **at >= '0' && **at <= '9'; (*at)++)
		if (n <= WIDTH_MAX)
			n = n * 10 + (size_t)(**at - '0');
	return n;
}

/* From what follows the % on. */
static int take_verb(struct run *x, const char **at, struct verb *ret)
{
	struct verb v = { .precision = SIZE_MAX };

	for (; **at && strchr("-0+ ", **at); (*at)++) {
		v.left |= **at == '-';
		v.zero |= **at == '0';
		v.plus |= **at == '+';
		v.blank |= **at == ' ';
	}
	v.width = take_digits(at);
	if (**at == '.') {
		(*at)++;
		v.precision = take_digits(at);
	}
	if (v.width > WIDTH_MAX || (v.precision > WIDTH_MAX && v.precision != SIZE_MAX))
		return run_fail(x, "printf: a width over %d", WIDTH_MAX);
	v.letter = **at;
	if (!v.letter || !strchr("svqdxXobct%", v.letter))
		return run_fail(x, "printf: unknown verb '%%%.4s'", *at);
	(*at)++;
	*ret = v;
	return 0;
}

/* Fills to the width, in columns; zeros stand between a number's sign and its digits. */
static void pad(const struct verb *v, const char *text, size_t len, bool number, struct str *out)
{
	size_t width = render_width(text, len);
	size_t fill = v->width > width ? v->width - width : 0;
	bool sign = number && len && strchr("+- ", *text) != NULL;

	if (v->left) {
		str_add_len(out, text, len);
		str_addf(out, "%*s", (int)fill, "");
		return;
	}
	if (v->zero) {
		str_add_len(out, text, sign);
		for (; fill; fill--)
			str_add(out, "0");
		str_add_len(out, text + sign, len - sign);
		return;
	}
	str_addf(out, "%*s", (int)fill, "");
	str_add_len(out, text, len);
}

static void add_binary(struct str *out, uint64_t n)
{
	char digits[64];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + (n & 1));
		n >>= 1;
	} while (n);
	str_add_len(out, digits + at, sizeof(digits) - at);
}

static void add_digits(const struct verb *v, uint64_t n, struct str *out)
{
	switch (v->letter) {
	case 'x':
		str_addf(out, "%" PRIx64, n);
		break;
	case 'X':
		str_addf(out, "%" PRIX64, n);
		break;
	case 'o':
		str_addf(out, "%" PRIo64, n);
		break;
	case 'b':
		add_binary(out, n);
		break;
	default:
		str_addf(out, "%" PRIu64, n);
	}
}

/* A number's precision is how many digits it has at least. */
static void put_number(const struct verb *v, const struct value *arg, struct str *out)
{
	bool minus = arg->kind == VALUE_I64 && arg->i < 0;
	size_t least = v->precision == SIZE_MAX ? 0 : v->precision;
	own_str struct str digits = { 0 }, text = { 0 };

	add_digits(v, minus ? 0 - arg->u : arg->u, &digits);
	str_add(&text, minus ? "-" : v->plus ? "+" : v->blank ? " " : "");
	for (size_t n = digits.len; n < least; n++)
		str_add(&text, "0");
	str_add_len(&text, digits.at, digits.len);
	if (text.at)
		pad(v, text.at, text.len, true, out);
	out->torn |= text.torn || digits.torn;
}

/* Go's %q: a text in double quotes, with escapes for what is not plain. */
static int add_quoted(struct run *x, const struct value *arg, struct str *out)
{
	own_str struct str inner = { 0 };
	const char *text = arg->kind == VALUE_TEXT ? arg->text : run_text(x, arg);

	if (!text || run_charge(x, strlen(text)) < 0)
		return -1;
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			str_add(&inner, "\\");
		str_add_len(&inner, text, 1);
	}
	str_add(out, "\"");
	render_visible(out, inner.at ? inner.at : "", inner.len, x->ascii);
	str_add(out, "\"");
	out->torn |= inner.torn;
	return 0;
}

/* Any value as a text, cut to the precision and filled to the width. */
static int put_text(struct run *x, const struct verb *v, const struct value *arg, struct str *out)
{
	own_str struct str quoted = { 0 };
	const char *text;
	size_t len;

	if (v->letter == 'q' && add_quoted(x, arg, &quoted) < 0)
		return -1;
	text = v->letter == 'q' ? quoted.at : run_text(x, arg);
	out->torn |= quoted.torn;
	if (!text)
		return -1;
	len = strlen(text);
	pad(v, text, render_cut(text, len, v->precision), false, out);
	return 0;
}

static void put_bytes(const struct verb *v, const char *bytes, struct str *out)
{
	own_str struct str text = { 0 };

	for (; *bytes; bytes++)
		str_addf(&text, v->letter == 'x' ? "%02x" : "%02X", (unsigned char)*bytes);
	pad(v, text.at ? text.at : "", text.len, false, out);
	out->torn |= text.torn;
}

static int put_character(struct run *x, const struct verb *v, const struct value *arg,
			 struct str *out)
{
	char text[5] = { (char)arg->u };

	/* the user's own numbers are few; a row's must not make controls */
	if (arg->u < 0x20 || arg->u >= 0x7f)
		return run_fail(x, "printf: %%c wants a character of ASCII");
	pad(v, text, 1, false, out);
	return 0;
}

static int put(struct run *x, const struct verb *v, const struct value *arg, struct str *out)
{
	bool number = arg->kind == VALUE_I64 || arg->kind == VALUE_U64;

	if (strchr("svq", v->letter) || arg->kind == VALUE_NONE || arg->kind == VALUE_SAMPLE) {
		if (number && v->letter != 'q' && v->precision == SIZE_MAX) {
			put_number(v, arg, out);
			return 0;
		}
		return put_text(x, v, arg, out);
	}
	if (v->letter == 't' && arg->kind == VALUE_BOOL)
		return put_text(x, v, arg, out);
	if (arg->kind == VALUE_TEXT && (v->letter == 'x' || v->letter == 'X')) {
		put_bytes(v, arg->text, out);
		return run_charge(x, strlen(arg->text));
	}
	if (!number || v->letter == 't')
		return run_fail(x, "printf: %%%c is not for %s", v->letter, value_kind_word(arg));
	if (v->letter == 'c')
		return put_character(x, v, arg, out);
	put_number(v, arg, out);
	return 0;
}

/* template_printf() - printf FORMAT ARGUMENT...; what Go would print as %!d(…) is an error */
int template_printf(struct run *x, const struct value *args, size_t n, struct value *ret_value)
{
	own_str struct str out = { 0 };
	const char *at = run_text(x, &args[0]), *kept;
	size_t used = 1;
	struct verb v;

	if (!at)
		return -1;
	while (*at) {
		size_t plain = strcspn(at, "%");

		str_add_len(&out, at, plain);
		at += plain;
		if (!*at)
			break;
		at++;
		if (take_verb(x, &at, &v) < 0)
			return -1;
		if (v.letter == '%') {
			str_add(&out, "%");
			continue;
		}
		if (used == n)
			return run_fail(x, "printf: there are fewer values than verbs");
		if (put(x, &v, &args[used++], &out) < 0)
			return -1;
	}
	if (used < n)
		return run_fail(x, "printf: there are more values than verbs");
	kept = run_keep(x, &out);
	*ret_value = value_text(kept, false);
	return kept ? 0 : -1;
}
