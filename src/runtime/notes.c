/* notes.c - what nobody knows in a document is worth a warning; with --strict it is an error */
#include "runtime/notes.h"

#include "base/err.h"
#include "base/log.h"

static int warn(void *ctx, const char *what, const char *pointer, const char *nearest,
		struct err *e __attribute__((unused)))
{
	if (nearest)
		log_warn("%s: %s: %s (did you mean '%s'?)", (const char *)ctx, pointer, what,
			 nearest);
	else
		log_warn("%s: %s: %s", (const char *)ctx, pointer, what);
	return 0;
}

/* note_by_warning() - for bind_parse(): each unknown member is a line in the log. @doc: borrowed */
struct bind_note note_by_warning(const char *doc)
{
	return (struct bind_note){ .unknown = warn, .ctx = (void *)doc };
}

/**
 * note_or_fail() - say something about a document that does not keep it from being used
 * @strict: ... unless the user wants it so
 * @note:   the sentence, with its place
 *
 * Return: 0; -1 with @note in @e when strict.
 */
int note_or_fail(bool strict, const struct err *note, struct err *e)
{
	char line[1536];

	if (strict) {
		*e = *note;
		return -1;
	}
	err_line(note, line, sizeof(line));
	log_warn("%s", line);
	return 0;
}
