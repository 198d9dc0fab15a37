/* env.c - process.env, checked, each name once, with a HOME
 *
 * HOME is nowhere in the specification; runc and crun set it, and shells need it. It comes
 * from the container's /etc/passwd, which is therefore read inside, after the root has been
 * switched, by our own parser, up to a limit, and only if it is a regular file.
 */
#include "init/env.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/own.h"
#include "base/passwd.h"

#define PASSWD_BYTES (1 << 20)
#define HOME_DEFAULT "/"

/* struct variable - one of the list; @keep is false when a later one has the same name */
struct variable {
	char *text;
	size_t place, name;
	bool keep;
};

static int by_name(const void *a, const void *b)
{
	const struct variable *x = a, *y = b;
	size_t n = x->name < y->name ? x->name : y->name;
	int r = memcmp(x->text, y->text, n);

	if (r == 0 && x->name != y->name)
		r = x->name < y->name ? -1 : 1;
	if (r == 0)
		r = x->place < y->place ? -1 : 1;
	return r;
}

static int by_place(const void *a, const void *b)
{
	const struct variable *x = a, *y = b;

	return x->place < y->place ? -1 : 1;
}

static int read_list(char *const *env, size_t n, const char *where, struct variable *ret,
		     struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		const char *is = strchr(env[i], '=');

		if (!is || is == env[i]) {
			fail(e, ERR_INPUT, "'%.64s' is not NAME=value", env[i]);
			return fail_at(e, "%s/env/%zu", where, i);
		}
		ret[i] = (struct variable){ env[i], i, (size_t)(is - env[i]), true };
	}
	return 0;
}

/* The last of those with one name counts, as execve's callers have it. */
static void drop_repeated(struct variable *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_name);
	for (size_t i = 0; i + 1 < n; i++)
		v[i].keep = v[i].name != v[i + 1].name ||
			    memcmp(v[i].text, v[i + 1].text, v[i].name) != 0;
	qsort(v, n, sizeof(*v), by_place);
}

/* Return: the text, which the caller frees; NULL when there is none that may be read. */
static char *read_passwd(void)
{
	own_fd int fd = fd_open("/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY);
	own_mem char *text = NULL;
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > PASSWD_BYTES)
		return NULL;
	text = malloc((size_t)st.st_size + 1);
	n = text ? pread(fd, text, (size_t)st.st_size, 0) : -1;
	if (n < 0)
		return NULL;
	text[n] = '\0';
	return give(text);
}

static char *find_home(uint32_t uid, struct arena *a)
{
	own_mem char *text = read_passwd();
	char home[PATH_MAX];

	if (!text || !passwd_home(text, uid, home, sizeof(home)))
		return arena_dup(a, "HOME=" HOME_DEFAULT);
	return arena_printf(a, "HOME=%s", home);
}

/* An empty HOME is none. */
static bool drop_empty_home(struct variable *v, size_t n)
{
	bool found = false;

	for (size_t i = 0; i < n; i++) {
		if (!v[i].keep || strncmp(v[i].text, "HOME=", 5) != 0)
			continue;
		v[i].keep = found = v[i].text[5] != '\0';
	}
	return found;
}

/**
 * env_prepare() - make the environment for execve(2)
 * @env:     process.env, NULL-terminated
 * @uid:     whose home HOME is, when @env has none
 * @where:   origin of the process in the user's input, "config.json: /process"
 * @a:       owns what is added; the rest still belongs to @env
 * @ret_env: NULL-terminated, in @env's order, each name once
 *
 * Call it with the container's root as root.
 *
 * Return: 0, or -1 with ERR_INPUT for what is not NAME=value.
 */
int env_prepare(char *const *env, uint32_t uid, const char *where, struct arena *a, char ***ret_env,
		struct err *e)
{
	own_mem struct variable *v = NULL;
	size_t n = 0, kept = 0;
	char **list;

	while (env && env[n])
		n++;
	v = calloc(n + 1, sizeof(*v));
	list = arena_array(a, n + 2, sizeof(*list));
	if (!v || !list)
		return fail(e, ERR_LIMIT, "prepare %zu environment variables: out of memory", n);
	if (read_list(env, n, where, v, e) < 0)
		return -1;
	drop_repeated(v, n);
	if (!drop_empty_home(v, n))
		v[n++] = (struct variable){ .text = find_home(uid, a), .keep = true };
	for (size_t i = 0; i < n; i++)
		if (v[i].keep)
			list[kept++] = v[i].text;
	if (kept && !list[kept - 1])
		return fail(e, ERR_LIMIT, "set HOME: out of memory");
	*ret_env = list;
	return 0;
}
