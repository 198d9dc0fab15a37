/* err.c - building, wrapping and rendering the error value */
#include "base/err.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

_Static_assert(sizeof(struct err) <= PIPE_BUF, "one write() must carry a whole struct err");

static const struct {
	int exit_status;
	int http_status;
} class_table[] = {
#define X(name, status, http) [ERR_##name] = { status, http },
	ERR_CLASSES(X)
#undef X
};

enum err_class err_class_of(int sysno)
{
	switch (sysno) {
	case ENOENT:
	case ESRCH:
	case ENODEV:
	case ENXIO:
		return ERR_ABSENT;
	case EEXIST:
	case EBUSY:
	case ENOTEMPTY:
		return ERR_CONFLICT;
	case EPERM:
	case EACCES:
	case EROFS:
		return ERR_DENIED;
	case ENOSYS:
	case EOPNOTSUPP:
		return ERR_UNSUPPORTED;
	case ENOSPC:
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case EAGAIN:
		return ERR_LIMIT;
	default:
		return ERR_SYSTEM;
	}
}

static void push_trace(struct err *e, const char *src)
{
	size_t used = strnlen(e->trace, sizeof(e->trace) - 1);

	snprintf(e->trace + used, sizeof(e->trace) - used, "%s%s", used ? " < " : "", src);
}

/* Callers of runtimes match on glibc's words, which are Go's too; musl's differ for these. */
// clang-format off
static const struct { int sysno; const char *words; } glibc_words[] = {
	{ EIO,           "Input/output error"                 },
	{ ENXIO,         "No such device or address"          },
	{ ENOMEM,        "Cannot allocate memory"             },
	{ EBUSY,         "Device or resource busy"            },
	{ EXDEV,         "Invalid cross-device link"          },
	{ ENFILE,        "Too many open files in system"      },
	{ EMFILE,        "Too many open files"                },
	{ ERANGE,        "Numerical result out of range"      },
	{ ENAMETOOLONG,  "File name too long"                 },
	{ ELOOP,         "Too many levels of symbolic links"  },
	{ EOPNOTSUPP,    "Operation not supported"            },
	{ EADDRINUSE,    "Address already in use"             },
	{ ETIMEDOUT,     "Connection timed out"               },
	{ EDQUOT,        "Disk quota exceeded"                },
	{ EOVERFLOW,     "Value too large for defined data type" },
};
// clang-format on

static const char *words_of(int sysno)
{
	for (size_t i = 0; i < sizeof(glibc_words) / sizeof(*glibc_words); i++)
		if (glibc_words[i].sysno == sysno)
			return glibc_words[i].words;
	return strerror(sysno);
}

/* The system's words, lower-case like ours. */
static void append_strerror(char *at, size_t room, int sysno)
{
	const char *words = words_of(sysno);
	bool lower = words[0] >= 'A' && words[0] <= 'Z' && words[1] >= 'a' && words[1] <= 'z';

	snprintf(at, room, ": %c%s", lower ? words[0] - 'A' + 'a' : words[0], words + 1);
}

int err_make(struct err *e, const char *src, enum err_class cls, int sysno, const char *fmt, ...)
{
	va_list ap;
	int n;

	*e = (struct err){ .cls = cls, .sysno = sysno };
	va_start(ap, fmt);
	n = vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	if (sysno && n >= 0 && (size_t)n < sizeof(e->text))
		append_strerror(e->text + n, sizeof(e->text) - (size_t)n, sysno);
	push_trace(e, src);
	return -1;
}

/* Prepends; when room runs out the new context is cut, never the root cause. */
int err_wrap(struct err *e, const char *src, const char *fmt, ...)
{
	char context[sizeof(e->text)];
	size_t inner = strlen(e->text) + 1, room = sizeof(e->text) - inner, n;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(context, sizeof(context), fmt, ap);
	va_end(ap);

	push_trace(e, src);
	if (room < 3)
		return -1;
	n = strnlen(context, room - 2);
	memmove(e->text + n + 2, e->text, inner);
	memcpy(e->text, context, n);
	memcpy(e->text + n, ": ", 2);
	return -1;
}

int err_hint(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->hint, sizeof(e->hint), fmt, ap);
	va_end(ap);
	return -1;
}

int err_origin(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->origin, sizeof(e->origin), fmt, ap);
	va_end(ap);
	return -1;
}

static void scrub(char *text, size_t size)
{
	text[size - 1] = '\0';
	text_scrub(text);
}

/**
 * err_sanitise() - make a record from a process that has touched a container printable
 * @e: the record, changed in place: strings are terminated, control bytes become '?', an
 *     unknown class becomes ERR_BUG
 */
void err_sanitise(struct err *e)
{
	if ((unsigned)e->cls >= ERR_CLASS_COUNT)
		e->cls = ERR_BUG;
	scrub(e->text, sizeof(e->text));
	scrub(e->origin, sizeof(e->origin));
	scrub(e->hint, sizeof(e->hint));
	scrub(e->trace, sizeof(e->trace));
}

/**
 * err_line() - the one line that a user reads
 * @e:        the failure
 * @ret_line: receives "origin: text (hint)", NUL-terminated, with no control bytes
 * @size:     bytes at @ret_line
 *
 * Return: the line's length.
 */
size_t err_line(const struct err *e, char *ret_line, size_t size)
{
	snprintf(ret_line, size, "%s%s%s%s%s%s", e->origin, e->origin[0] ? ": " : "", e->text,
		 e->hint[0] ? " (" : "", e->hint, e->hint[0] ? ")" : "");
	scrub(ret_line, size);
	return strlen(ret_line);
}

int err_exit_status(const struct err *e)
{
	return class_table[e->cls].exit_status;
}

int err_http_status(const struct err *e)
{
	return class_table[e->cls].http_status;
}
