/* err.h - one value that says what failed, on what, why, and what to try next
 *
 * Every function that can fail takes `struct err *` as its last argument, fills it and
 * returns -1. Layers above prepend context with fail_in() where they know a noun that the
 * layer below did not. Only the programs' mains print. Functions whose name contains
 * `try_` return -errno quietly instead and take no struct err.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

/* name, process exit status, HTTP status: the single list that every front end uses */
#define ERR_CLASSES(X) \
	X(NONE, 0, 200) \
	X(INPUT, 125, 400) \
	X(ABSENT, 127, 404) \
	X(CONFLICT, 125, 409) \
	X(DENIED, 126, 403) \
	X(UNSUPPORTED, 125, 501) \
	X(LIMIT, 125, 503) \
	X(SYSTEM, 125, 500) \
	X(BUG, 125, 500)

enum err_class {
#define X(name, status, http) ERR_##name,
	ERR_CLASSES(X)
#undef X
		ERR_CLASS_COUNT
};

/**
 * struct err - a failure, self-contained so that it can cross fork and pipes whole
 * @cls:    what kind of problem it is; decides exit status and HTTP status
 * @sysno:  errno of the root cause, 0 when no system call was involved
 * @text:   outermost context first, root cause last, joined by ": "
 * @origin: place in the *user's* input, e.g. "config.json: /mounts/3/type"
 * @hint:   what the user can do about it, empty when we do not know
 * @trace:  our own source lines, innermost first; printed with --debug only
 *
 * Invariant: sizeof(struct err) <= PIPE_BUF, so that one write() is atomic.
 */
struct err {
	enum err_class cls;
	int sysno;
	char text[1024];
	char origin[192];
	char hint[256];
	char trace[256];
};

#ifndef __FILE_NAME__
#define __FILE_NAME__ __FILE__
#endif
#define ERR_SRC_(line)  __FILE_NAME__ ":" #line
#define ERR_SRC__(line) ERR_SRC_(line)
#define ERR_HERE        ERR_SRC__(__LINE__)

int err_make(struct err *e, const char *src, enum err_class cls, int sysno, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
int err_wrap(struct err *e, const char *src, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int err_hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int err_origin(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
enum err_class err_class_of(int sysno);
int err_exit_status(const struct err *e);
int err_http_status(const struct err *e);
void err_sanitise(struct err *e);
size_t err_line(const struct err *e, char *ret_line, size_t size);

/* err_made() - -1, which compilers and analysers see only where it is written */
static inline int err_made(int made __attribute__((unused)))
{
	return -1;
}

// clang-format off
/* All return -1 so that callers write "return fail…(e, …)". */
#define fail(e, cls, ...)         err_made(err_make(e, ERR_HERE, cls, 0, __VA_ARGS__))
#define fail_sys(e, ...)          err_made(err_make(e, ERR_HERE, err_class_of(errno), errno, __VA_ARGS__))
#define fail_errno(e, sysno, ...) err_made(err_make(e, ERR_HERE, err_class_of(sysno), sysno, __VA_ARGS__))
#define fail_in(e, ...)           err_made(err_wrap(e, ERR_HERE, __VA_ARGS__))
#define fail_hint(e, ...)         err_made(err_hint(e, __VA_ARGS__))
#define fail_at(e, ...)           err_made(err_origin(e, __VA_ARGS__))
// clang-format on

#endif
