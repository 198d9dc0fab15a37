/* systemd_value.c - properties of a systemd unit, as values and as text (pure) */
#include "os/systemd_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"

#define VALUES_MAX 4096

/* --- GVariant's text form, the part of it that properties need ------------------------------- */

// clang-format off
static const struct { const char *word, *type; } type_words[] = {
	{ "boolean", "b" }, { "int32",  "i" }, { "uint32",     "u" }, { "int64",     "x" },
	{ "uint64",  "t" }, { "double", "d" }, { "string",     "s" }, { "objectpath", "o" },
	{ "byte",    "y" }, { "int16",  "n" }, { "uint16",     "q" }, { "signature",  "g" },
};
// clang-format on

/* struct source - text being read; @type is '\0' until something fixes it */
struct source {
	const char *at;
	struct arena *a;
	char type;
	const char **values;
	size_t n;
};

static void blanks(struct source *s)
{
	s->at += strspn(s->at, " \t\n");
}

/* "uint64 …", "@t …" */
static bool type_prefix(struct source *s)
{
	blanks(s);
	if (*s->at == '@') {
		const char *end = s->at + 1 + strspn(s->at + 1, "abdgionqstuxy");
		size_t len = (size_t)(end - s->at) - 1;

		if (!len || len > 2 || (len == 2 && s->at[1] != 'a') || *end != ' ')
			return false;
		s->type = end[-1];
		s->at = end;
		return true;
	}
	for (size_t i = 0; i < COUNT(type_words); i++) {
		size_t len = strlen(type_words[i].word);

		if (strncmp(s->at, type_words[i].word, len) == 0 && s->at[len] == ' ') {
			s->type = type_words[i].type[0];
			s->at += len;
			break;
		}
	}
	return true;
}

static bool add(struct source *s, char type, const char *value)
{
	bool number = strchr("iuxtdynq", s->type) && strchr("id", type);
	bool text = strchr("sog", s->type) && type == 's';

	if (!s->type)
		s->type = type;
	else if (s->type != type && !number && !text)
		return false;
	if (s->type != 'd' && type == 'd')
		return false;
	if (!value || s->n == VALUES_MAX)
		return false;
	s->values[s->n++] = value;
	return true;
}

/* 'text' or "text", with backslashes before quotes, backslashes, and n and t */
static bool quoted(struct source *s)
{
	char quote = *s->at++, *out = arena_alloc(s->a, strlen(s->at) + 1), *w = out;

	if (!out)
		return false;
	for (; *s->at && *s->at != quote; s->at++) {
		if (*s->at == '\\') {
			s->at++;
			if (!*s->at || !strchr("'\"\\nt", *s->at))
				return false;
			*w++ = *s->at == 'n' ? '\n' : *s->at == 't' ? '\t' : *s->at;
		} else {
			*w++ = *s->at;
		}
	}
	*w = '\0';
	if (*s->at != quote)
		return false;
	s->at++;
	return add(s, 's', out);
}

static bool word(struct source *s)
{
	size_t len = strcspn(s->at, " \t\n,]");
	const char *text = arena_dup_len(s->a, s->at, len);
	char *end;

	if (!text || !len)
		return false;
	s->at += len;
	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
		return add(s, 'b', text);
	if (strspn(text, "0123456789+-.eExXabcdefABCDEF") != len)
		return false;
	(void)strtod(text, &end);
	if (*end)
		return false;
	return add(s, strpbrk(text, ".eE") && !strpbrk(text, "xX") ? 'd' : 'i', text);
}

static bool scalar(struct source *s)
{
	blanks(s);
	return *s->at == '\'' || *s->at == '"' ? quoted(s) : word(s);
}

static bool array(struct source *s)
{
	s->at++;
	blanks(s);
	while (*s->at && *s->at != ']') {
		if (!scalar(s))
			return false;
		blanks(s);
		if (*s->at == ',')
			s->at++;
		else if (*s->at != ']')
			return false;
		blanks(s);
	}
	return *s->at++ == ']' && s->type;
}

/* In range for its type; D-Bus would refuse it less clearly. */
static bool fits(char type, const char *text)
{
	static const struct {
		char type;
		int64_t min;
		uint64_t max;
	} rows[] = {
		{ 'y', 0, UINT8_MAX },  { 'n', INT16_MIN, INT16_MAX },
		{ 'q', 0, UINT16_MAX }, { 'i', INT32_MIN, INT32_MAX },
		{ 'u', 0, UINT32_MAX }, { 'x', INT64_MIN, INT64_MAX },
		{ 't', 0, UINT64_MAX },
	};
	char *end;

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (rows[i].type != type)
			continue;
		errno = 0;
		if (*text == '-')
			return strtoll(text, &end, 0) >= rows[i].min && !*end && !errno;
		return strtoull(text, &end, 0) <= rows[i].max && !*end && !errno;
	}
	return true;
}

/* "TimeoutStopSec" is a property TimeoutStopUSec, in microseconds. */
static bool seconds(struct source *s, const char *name, struct systemd_property *p)
{
	size_t len = strlen(name);
	double v;

	p->name = name;
	if (len < 4 || !text_ends(name, "Sec") || name[len - 4] < 'a' || name[len - 4] > 'z')
		return true;
	if (!strchr("iuxtdynq", s->type) || s->n != 1)
		return false;
	v = strtod(s->values[0], NULL) * 1e6;
	if (v < 0 || v >= 1.8e19)
		return false;
	s->type = 't';
	s->values[0] = arena_printf(s->a, "%llu", (unsigned long long)v);
	p->name = arena_printf(s->a, "%.*sUSec", (int)len - 3, name);
	return s->values[0] && p->name;
}

static bool is_name(const char *name)
{
	size_t len = strlen(name);

	for (const char *c = name; *c; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z')))
			return false;
	return len >= 3 && len < 128;
}

/**
 * systemd_property_annotation() - an annotation org.systemd.property.NAME
 * @name: NAME; one that ends in "Sec" becomes "USec", in microseconds, as in runc
 * @text: GVariant's text form: true, 5, uint64 5, @t 5, 'text', ['a', 'b']
 * @a:    owns the result
 */
int systemd_property_annotation(const char *name, const char *text, struct arena *a,
				struct systemd_property *ret_property, struct err *e)
{
	struct source s = { .at = text, .a = a };
	struct systemd_property p = { 0 };
	bool list = false, ok;

	if (!is_name(name))
		return fail(e, ERR_INPUT, "'%s' is no name of a systemd property", name);
	s.values = arena_array(a, strlen(text) + 2, sizeof(*s.values));
	if (!s.values)
		return fail_errno(e, ENOMEM, "read systemd property '%s'", name);
	ok = type_prefix(&s);
	blanks(&s);
	list = ok && *s.at == '[';
	ok = ok && (list ? array(&s) : scalar(&s));
	blanks(&s);
	for (size_t i = 0; ok && i < s.n; i++)
		ok = fits(s.type, s.values[i]);
	ok = ok && !*s.at && seconds(&s, name, &p);
	if (!ok) {
		fail(e, ERR_INPUT,
		     "systemd property '%s' has a value '%s' that can't be understood", name, text);
		return fail_hint(e, "it is GVariant text: true, 5, uint64 5, 'text', ['a', 'b']");
	}
	p.type = arena_printf(a, "%s%c", list ? "a" : "", s.type);
	p.values = s.values;
	if (!p.type)
		return fail_errno(e, ENOMEM, "read systemd property '%s'", name);
	*ret_property = p;
	return 0;
}

/* --- one line per property: NAME TAB TYPE { TAB VALUE } --- */

static void escape(struct str *out, const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text <= ' ' || *text == '%' || *text == 0x7f)
			str_addf(out, "%%%02x", (unsigned char)*text);
		else
			str_add_len(out, text, 1);
	}
}

/* systemd_property_write() - append the property's line */
void systemd_property_write(const struct systemd_property *p, struct str *out)
{
	str_addf(out, "%s\t%s", p->name, p->type);
	for (const char **v = p->values; *v; v++) {
		str_add(out, "\t");
		escape(out, *v);
	}
	str_add(out, "\n");
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undoes escape() in place; false on a torn one. */
static bool unescape(char *text)
{
	char *w = text;

	for (; *text; text++, w++) {
		*w = *text;
		if (*text != '%')
			continue;
		if (hex(text[1]) < 0 || hex(text[2]) < 0)
			return false;
		*w = (char)(hex(text[1]) << 4 | hex(text[2]));
		if (!*w)
			return false;
		text += 2;
	}
	*w = '\0';
	return true;
}

static bool line_read(char *line, struct arena *a, struct systemd_property *ret)
{
	size_t n = 0;
	char *type = strchr(line, '\t'), *next;

	for (const char *c = line; *c; c++)
		n += *c == '\t';
	if (!type)
		return false;
	*type++ = '\0';
	next = strchr(type, '\t');
	ret->values = arena_array(a, n + 1, sizeof(*ret->values));
	if (!ret->values)
		return false;
	n = 0;
	while (next) {
		char *value = next + 1;

		*next = '\0';
		next = strchr(value, '\t');
		if (next)
			*next = '\0';
		if (!unescape(value))
			return false;
		ret->values[n++] = value;
	}
	ret->name = line;
	ret->type = type;
	return is_name(line) && *type;
}

/**
 * systemd_properties_read() - what systemd_property_write() wrote
 * @a: owns the list and its texts
 */
int systemd_properties_read(const char *text, struct arena *a, systemd_property_list *ret_list,
			    struct err *e)
{
	char *copy = arena_dup(a, text), *line = copy, *end;
	size_t lines = 1;

	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	ret_list->n = 0;
	ret_list->at = arena_array(a, lines, sizeof(*ret_list->at));
	if (!copy || !ret_list->at)
		return fail_errno(e, ENOMEM, "read the unit's properties");
	for (; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			return fail(e, ERR_BUG, "read the unit's properties: a line is cut");
		*end = '\0';
		if (!line_read(line, a, &ret_list->at[ret_list->n++]))
			return fail(e, ERR_BUG,
				    "read the unit's properties: line %zu makes no sense",
				    ret_list->n);
	}
	return 0;
}
