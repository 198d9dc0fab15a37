/* json_text.c - for the few documents that are written and never read */
#include "base/json_text.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

static bool needs_escape(char c)
{
	return (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

/* json_text_quote() - append @text as a JSON string; bytes above 0x7f are taken for UTF-8 */
void json_text_quote(struct str *out, const char *text)
{
	str_add_len(out, "\"", 1);
	for (;;) {
		size_t plain = 0;

		while (!needs_escape(text[plain]))
			plain++;
		str_add_len(out, text, plain);
		text += plain;
		if (!*text)
			break;
		if (*text == '"' || *text == '\\')
			str_addf(out, "\\%c", *text);
		else
			str_addf(out, "\\u%04x", (unsigned)*text);
		text++;
	}
	str_add_len(out, "\"", 1);
}

/* Appends the string at @at, which either quote delimits, and returns its last byte. */
static const char *copy_string(struct str *out, const char *at)
{
	char quote = *at;

	str_add(out, "\"");
	for (at++; *at && *at != quote; at++) {
		if (*at == '\\' && at[1])
			str_add_len(out, at++, 1);
		str_add_len(out, at, 1);
	}
	str_add(out, "\"");
	return *at ? at : at - 1;
}

static void new_line(struct str *out, const char *indent, int deep)
{
	str_add(out, "\n");
	while (deep-- > 0)
		str_add(out, indent);
}

/**
 * json_text_indent() - append a JSON document, one member or item to a line
 * @compact: the document; for the sake of those in our sources, strings may stand in single
 *           quotes, and blanks between tokens do not matter
 * @indent:  what one level is indented by
 *
 * The layout is that of Go's json.MarshalIndent(), without a last line end. The document is
 * our own: what is wrong in it stays wrong.
 */
void json_text_indent(struct str *out, const char *compact, const char *indent)
{
	int deep = 0;

	for (const char *at = compact; *at; at++) {
		if (*at == '"' || *at == '\'') {
			at = copy_string(out, at);
		} else if (*at == '{' || *at == '[') {
			bool empty = at[1] == '}' || at[1] == ']';

			str_add_len(out, at, empty ? 2 : 1);
			at += empty;
			deep += !empty;
			if (!empty)
				new_line(out, indent, deep);
		} else if (*at == '}' || *at == ']') {
			new_line(out, indent, --deep);
			str_add_len(out, at, 1);
		} else if (*at == ',') {
			str_add(out, ",");
			new_line(out, indent, deep);
		} else if (*at == ':') {
			str_add(out, ": ");
		} else if (*at != ' ' && *at != '\n' && *at != '\t') {
			str_add_len(out, at, 1);
		}
	}
}
