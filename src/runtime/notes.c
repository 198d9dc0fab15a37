/* notes.c - unknown members of a process, of resources or of mounts: a warning, as in a config */
#include "runtime/notes.h"

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
