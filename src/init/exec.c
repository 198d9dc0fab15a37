/* exec.c - PATH search and execve(2) */
#include "init/exec.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "base/own.h"
#include "init/exec_why.h"

#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif

/* Where programs are when the environment has no PATH. */
#define PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static const char *path_of(char *const *env)
{
	for (; env && *env; env++)
		if (strncmp(*env, "PATH=", 5) == 0)
			return *env + 5;
	return PATH_DEFAULT;
}

/* access(2) judges by the real ids without ambient capabilities; exec by the effective ones. */
static int try_executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	if (syscall(SYS_faccessat2, AT_FDCWD, path, X_OK, AT_EACCESS) == 0)
		return 0;
	/* Before 5.8, and below seccomp policies that are older than the call (EPERM). */
	if ((errno == ENOSYS || errno == EPERM) && faccessat(AT_FDCWD, path, X_OK, 0) == 0)
		return 0;
	return -errno;
}

/* Joins "dir" and "/name"; an empty element of PATH is the working directory. */
static bool join(const char *dir, size_t len, const char *name, char *ret, size_t size)
{
	size_t n = strlen(name);

	if (!len) {
		dir = ".";
		len = 1;
	}
	if (len + 1 + n + 1 > size)
		return false;
	memcpy(ret, dir, len);
	ret[len] = '/';
	memcpy(ret + len + 1, name, n + 1);
	return true;
}

static int keep(const char *path, char **ret_path, struct err *e)
{
	*ret_path = strdup(path);
	return *ret_path ? 0 : fail_sys(e, "exec '%s'", path);
}

/* As execvp(3): a match that may not be executed is passed over, and is the error at the end. */
static int search(const char *name, const char *dirs, char **ret_path, struct err *e)
{
	char path[PATH_MAX], denied[PATH_MAX] = "";

	for (const char *dir = dirs; dir;) {
		const char *end = strchr(dir, ':');
		size_t len = end ? (size_t)(end - dir) : strlen(dir);
		bool fits = join(dir, len, name, path, sizeof(path));
		int r = fits ? try_executable(path) : -ENAMETOOLONG;

		if (r == 0)
			return keep(path, ret_path, e);
		if (r == -EACCES && !*denied)
			memcpy(denied, path, sizeof(denied));
		dir = end ? end + 1 : NULL;
	}
	if (*denied)
		return exec_why(denied, NULL, NULL, EACCES, e);
	fail_errno(e, ENOENT, "exec '%s': executable file not found in $PATH", name);
	return fail_hint(e, "PATH is '%.200s'", dirs);
}

/**
 * exec_resolve() - find the program that @args names
 * @args:     the process' arguments, NULL-terminated
 * @env:      its environment; PATH is taken from here, never from our own
 * @ret_path: receives the path, which the caller frees
 *
 * A name with a slash is a path, relative to the working directory if it does not begin with
 * one. Any other name is looked up in PATH.
 *
 * Return: 0, or -1: ERR_ABSENT when there is no such file, ERR_DENIED when it is no file that
 * this user may execute.
 */
int exec_resolve(char *const *args, char *const *env, char **ret_path, struct err *e)
{
	int r;

	if (!args || !args[0])
		return fail(e, ERR_INPUT, "the process has no args");
	if (!*args[0])
		return fail_errno(e, ENOENT, "exec '': executable file not found in $PATH");
	if (!strchr(args[0], '/'))
		return search(args[0], path_of(env), ret_path, e);
	r = try_executable(args[0]);
	if (r < 0)
		return exec_why(args[0], args, env, -r, e);
	return keep(args[0], ret_path, e);
}

/**
 * exec_now() - execve(2), with an explanation when it fails
 * @path: from exec_resolve()
 *
 * Return: -1, if at all.
 */
int exec_now(const char *path, char *const *args, char *const *env, struct err *e)
{
	execve(path, args, env);
	return exec_why(path, args, env, errno, e);
}

/* exec_program() - exec_resolve(), then exec_now(). Return: -1, if at all. */
int exec_program(char *const *args, char *const *env, struct err *e)
{
	own_mem char *path = NULL;

	if (exec_resolve(args, env, &path, e) < 0 || !path)
		return -1;
	return exec_now(path, args, env, e);
}
