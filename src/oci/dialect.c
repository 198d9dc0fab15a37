/* dialect.c - for callers that say "runc": the sentences by which programs know its errors
 *
 * Only on standard error. The log has ours, which say more.
 */
#include "oci/dialect.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define EXEC "cannot start the program: exec '"

/* "…: exec '/a': its interpreter '/b' does not exist: no such file …" is "exec /a: no such file …" */
static size_t say_exec(const char *command __attribute__((unused)), const struct err *e, char *ret,
		       size_t size)
{
	const char *path = e->text + strlen(EXEC), *words = NULL;
	size_t len = strcspn(path, "'");

	for (const char *c = path; (c = strstr(c, ": ")); c += 2)
		words = c;
	if (!e->sysno || !words || words < path + len)
		return 0;
	snprintf(ret, size, "exec %.*s%s", (int)len, path, words);
	return strlen(ret);
}

static size_t say_mount(const char *command, const struct err *e, char *ret, size_t size)
{
	size_t len;

	snprintf(ret, size,
		 "runc %s failed: unable to start container process: "
		 "error during container init: error mounting: ",
		 command);
	len = strlen(ret);
	return len + err_line(e, ret + len, size - len);
}

// clang-format off
static const struct {
	const char *text, *origin; /* what an error begins with, and its place */
	size_t (*say)(const char *command, const struct err *e, char *ret, size_t size);
} sentences[] = {
	{ EXEC, "",                      say_exec  },
	{ "",   "config.json: /mounts/", say_mount },
};
// clang-format on

/**
 * dialect_line() - err_line() in the words of @program, where it has words of its own
 * @program:  the name by which we were called
 * @command:  "run", …, or NULL where none was found
 * @ret_line: NUL-terminated, with no control bytes
 *
 * Return: the line's length.
 */
size_t dialect_line(const char *program, const char *command, const struct err *e, char *ret_line,
		    size_t size)
{
	size_t n = 0;

	if (command && strcmp(program, "runc") == 0)
		for (size_t i = 0; !n && i < COUNT(sentences); i++)
			if (text_starts(e->text, sentences[i].text) &&
			    text_starts(e->origin, sentences[i].origin))
				n = sentences[i].say(command, e, ret_line, size);
	return n ? n : err_line(e, ret_line, size);
}
