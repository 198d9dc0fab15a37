/* json_text.h - JSON as text: quoting, and the layout that Go's tools write */
#ifndef BASE_JSON_TEXT_H
#define BASE_JSON_TEXT_H

struct str;

void json_text_quote(struct str *out, const char *text);
void json_text_indent(struct str *out, const char *compact, const char *indent);

#endif
