/* systemd_ask.c - a few arguments and lines to tare-systemd; what went wrong comes back as one struct
 * err in a memory file */
#include "os/systemd_ask.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/own.h"
#include "base/text.h"
#include "os/spawn.h"

#define HELPER      "tare-systemd"
#define HELPER_SECS 60
#ifndef TARE_LIBEXECDIR
#define TARE_LIBEXECDIR "/usr/libexec/tare"
#endif

/* systemd_find_helper() - the program, beside this one or where it is installed */
int systemd_find_helper(char *ret_path, size_t size, struct err *e)
{
	if (spawn_beside(HELPER, ret_path, size) == 0)
		return 0;
	snprintf(ret_path, size, "%s", TARE_LIBEXECDIR "/" HELPER);
	if (faccessat(AT_FDCWD, ret_path, X_OK, 0) == 0)
		return 0;
	fail_sys(e, "find the program '%s' that talks to systemd", ret_path);
	return fail_hint(e, "install it, or use the cgroupfs driver");
}

static char *env_of(struct arena *a, const char *name)
{
	const char *value = getenv(name);

	return value ? arena_printf(a, "%s=%s", name, value) : NULL;
}

/* Where a user's own bus is found. */
static void environment(struct arena *a, char **ret_env)
{
	static const char *const names[] = { "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS",
					     "HOME" };
	size_t n = 0;

	for (size_t i = 0; i < COUNT(names); i++) {
		char *line = env_of(a, names[i]);

		if (line)
			ret_env[n++] = line;
	}
	ret_env[n] = NULL;
}

static int answer_of(int fd, int status, const char *verb, const char *unit, struct err *e)
{
	struct err answer;

	if (pread(fd, &answer, sizeof(answer), 0) == (ssize_t)sizeof(answer)) {
		err_sanitise(&answer);
		*e = answer;
		return answer.cls == ERR_NONE ? 0 : -1;
	}
	return fail(e, ERR_SYSTEM,
		    "%s systemd unit '%s': " HELPER " ended with status %d and said nothing", verb,
		    unit, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* systemd_ask() - have it said, and wait until it is done; ERR_ABSENT when the program is missing */
int systemd_ask(const struct systemd_question *q, struct err *e)
{
	own_fd int fd = memfd_create("answer", MFD_CLOEXEC);
	char path[PATH_MAX], answer[64], *env[4];
	char *argv[] = { (char *)HELPER,  answer,          (char *)(q->user ? "user" : "system"),
			 (char *)q->verb, (char *)q->unit, NULL };
	struct arena a = { 0 };
	int status = 0, r;

	if (fd < 0)
		return fail_sys(e, "make a memory file");
	if (systemd_find_helper(path, sizeof(path), e) < 0)
		return -1;
	/* not inherited: opened by name, so that nothing else needs to be left open for it */
	snprintf(answer, sizeof(answer), "/proc/%d/fd/%d", (int)getpid(), fd);
	environment(&a, env);
	r = spawn_wait(&(struct spawn){ .path = path,
					.argv = argv,
					.envp = env,
					.input = q->input,
					.timeout = HELPER_SECS },
		       &status, e);
	arena_done(&a);
	return r < 0 ? -1 : answer_of(fd, status, q->verb, q->unit, e);
}
