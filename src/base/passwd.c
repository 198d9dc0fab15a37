/* passwd.c - name:password:uid:gid:comment:home:shell
 *
 * The file is the container's: a line that is not exactly that is passed over.
 */
#include "base/passwd.h"

#include <string.h>

#include "base/err.h"
#include "base/userspec.h"

#define FIELDS 7

enum { UID = 2, HOME = 5 };

/* Does the field, which ends at @end, hold exactly this id? */
static bool is_id(const char *at, const char *end, uint32_t id)
{
	char text[16];
	size_t n = (size_t)(end - at);
	struct err e;
	uint32_t v;

	if (n >= sizeof(text))
		return false;
	memcpy(text, at, n);
	text[n] = '\0';
	return userspec_id(text, &v, &e) == 0 && v == id;
}

/* Splits a line at its colons; false when it has not the right number of them. */
static bool split(const char *line, const char *end, const char *field[FIELDS + 1])
{
	int n = 0;

	field[n++] = line;
	for (const char *c = line; c < end; c++)
		if (*c == ':' && n++ < FIELDS)
			field[n - 1] = c + 1;
	field[FIELDS] = end + 1;
	return n == FIELDS;
}

/**
 * passwd_home() - find the home directory of a user
 * @text:     content of /etc/passwd
 * @ret_home: receives it, NUL-terminated
 *
 * Return: true when there is one, an absolute path that fits in @size bytes.
 */
bool passwd_home(const char *text, uint32_t uid, char *ret_home, size_t size)
{
	for (const char *line = text, *end; *line; line = *end ? end + 1 : end) {
		const char *field[FIELDS + 1] = { NULL };
		size_t n;

		end = line + strcspn(line, "\n");
		if (!split(line, end, field) || !is_id(field[UID], field[UID + 1] - 1, uid))
			continue;
		n = (size_t)(field[HOME + 1] - 1 - field[HOME]);
		if (!n || *field[HOME] != '/' || n >= size)
			return false;
		memcpy(ret_home, field[HOME], n);
		ret_home[n] = '\0';
		return true;
	}
	return false;
}
