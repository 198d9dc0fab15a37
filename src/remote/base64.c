/* base64.c - six bits a character */
#include "remote/base64.h"

#include <string.h>

#include "base/arena.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* base64_of() - the arena's; NULL: no memory */
char *base64_of(const char *text, struct arena *a)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t len = strlen(text), n = 0;
	char *out = arena_alloc(a, (len + 2) / 3 * 4 + 1);

	for (size_t i = 0; out && i < len; i += 3) {
		unsigned v = (unsigned)at[i] << 16 | (i + 1 < len ? (unsigned)at[i + 1] << 8 : 0) |
			     (i + 2 < len ? at[i + 2] : 0);

		out[n++] = digits[v >> 18];
		out[n++] = digits[v >> 12 & 63];
		out[n++] = i + 1 < len ? digits[v >> 6 & 63] : '=';
		out[n++] = i + 2 < len ? digits[v & 63] : '=';
	}
	return out;
}

/* base64_read() - the text, the arena's; NULL when it is no base64, or of bytes with a NUL */
char *base64_read(const char *text, struct arena *a)
{
	size_t len = strcspn(text, "="), fill = strspn(text + len, "="), n = 0;
	char *out = arena_alloc(a, len + 1);
	unsigned bits = 0, have = 0;

	if (!out || fill > 2 || text[len + fill])
		return NULL;
	for (size_t i = 0; i < len; i++) {
		const char *digit = strchr(digits, text[i]);

		if (!digit)
			return NULL;
		bits = (bits << 6 | (unsigned)(digit - digits)) & 0xffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[n++] = (char)(bits >> have & 0xff);
		}
	}
	/* old Dockers fill up with NULs */
	while (n && !out[n - 1])
		n--;
	return strlen(out) >= n ? out : NULL;
}
