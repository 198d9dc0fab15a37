/* env.c - the program's environment: each variable once, and HOME
 *
 * HOME comes from the container's own /etc/passwd when the config gives none. That file is the
 * container's to fake; all it decides is a string in the container's own environment. It is
 * opened inside the root, must be a regular file, and is read up to a bound.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/own.h"
#include "init/init.h"
#include "os/file.h"
#include "os/path.h"

#define PASSWD_MAX ((size_t)1 << 20)

static size_t name_len(const char *variable)
{
	return strcspn(variable, "=");
}

static bool is_empty_home(const char *variable)
{
	return strcmp(variable, "HOME=") == 0;
}

/* The last one of a name counts, as it would for a shell that sets them one by one. */
static bool comes_again(char *const *rest, const char *variable)
{
	size_t n = name_len(variable) + 1;

	for (; *rest; rest++)
		if (strncmp(*rest, variable, n) == 0)
			return true;
	return false;
}

/* The @n-th field of a line of passwd(5), cut out in place. */
static char *next_field(char **rest)
{
	char *field = strsep(rest, ":");

	return field ? field : (char *)"";
}

/* The home directory in "name:password:uid:gid:gecos:home:shell", if it is @uid's. */
static const char *home_in_line(char *line, uint32_t uid)
{
	uint64_t number;

	(void)next_field(&line);
	(void)next_field(&line);
	if (text_u64(next_field(&line), UINT32_MAX, &number) < 0 || number != uid)
		return NULL;
	(void)next_field(&line);
	(void)next_field(&line);
	return next_field(&line);
}

static int read_passwd(char **ret_text)
{
	own_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	own_fd int fd = path_try_open(root, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	struct err ignored = { 0 };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -1;
	return file_read_fd(fd, "/etc/passwd", PASSWD_MAX, ret_text, &ignored);
}

/* "HOME=…" for @uid; "/" without an entry or a passwd, as runc and crun have it. */
static char *make_home(uint32_t uid)
{
	own_mem char *text = NULL;
	const char *home = NULL;
	char *rest, *line, *variable = NULL;

	if (read_passwd(&text) >= 0) {
		rest = text;
		while (!home && (line = strsep(&rest, "\n")))
			home = home_in_line(line, uid);
	}
	if (asprintf(&variable, "HOME=%s", home && *home ? home : "/") < 0)
		return NULL;
	return variable;
}

/**
 * init_compose_env() - settle the program's environment; needs the container's root at "/"
 */
int init_compose_env(struct init *in, struct err *e)
{
	struct oci_process *p = in->plan.process;
	bool has_home = false;
	char **env, **given = p->env;
	size_t n = 0, out = 0;

	while (given && given[n])
		n++;
	env = calloc(n + 2, sizeof(*env));
	if (!env)
		return fail_errno(e, ENOMEM, "compose the environment");
	for (size_t i = 0; i < n; i++) {
		if (is_empty_home(given[i]) || comes_again(given + i + 1, given[i]))
			continue;
		has_home |= strncmp(given[i], "HOME=", 5) == 0;
		env[out++] = given[i];
	}
	if (!has_home && !(env[out++] = make_home(p->user->uid)))
		return fail_errno(e, ENOMEM, "compose the environment");
	p->env = env;
	return 0;
}
