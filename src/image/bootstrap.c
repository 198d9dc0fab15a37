/* bootstrap.c - mmdebstrap does it; we know where the packages come from, and say what went wrong
 *
 * A host has sources that it can reach, by proxies, mirrors and keys of its owner's choice. They serve
 * for its own suite, which is the usual wish; mmdebstrap knows where those of others are published.
 */
#include "image/bootstrap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/own.h"
#include "base/text.h"
#include "os/file.h"
#include "os/spawn.h"

#define SOURCES     "/etc/apt/sources.list"
#define SOURCES_MAX 32 /* files below SOURCES.d */
#define WORDS_MAX   (64 + SOURCES_MAX + 16)

extern char **environ;

/* struct words - a command's, as it grows: there is room for all that options can name; @torn: no memory */
struct words {
	struct arena *a;
	char *at[WORDS_MAX];
	size_t n;
	bool torn;
};

static void add(struct words *w, char *word)
{
	if (word && w->n < WORDS_MAX - 1)
		w->at[w->n++] = word;
	else
		w->torn = true;
}

static void add_option(struct words *w, const char *name, const char *value)
{
	if (value)
		add(w, arena_printf(w->a, "--%s=%s", name, value));
}

/* Does os-release(5) say KEY=VALUE, in quotes or not? */
static bool host_is(const char *text, const char *key, const char *value)
{
	size_t key_len = strlen(key), len = strlen(value);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, key_len) != 0)
			continue;
		line += key_len;
		line += *line == '"';
		if (strncmp(line, value, len) == 0 && strchr("\"\n", line[len]))
			return true;
	}
	return false;
}

static bool is_hosts_own(const struct bootstrap *b)
{
	own_mem char *text = NULL;
	struct err ignored = { 0 };

	return !b->architecture &&
	       file_read(AT_FDCWD, "/etc/os-release", 65536, &text, &ignored) >= 0 &&
	       host_is(text, "ID=", b->distribution) &&
	       host_is(text, "VERSION_CODENAME=", b->suite);
}

/* apt's own sources, of both formats; mmdebstrap reads files of them. */
static void add_host_sources(struct words *w)
{
	own_dir DIR *dir = opendir(SOURCES ".d");
	const struct dirent *d;
	size_t n = 0;

	if (access(SOURCES, R_OK) == 0)
		add(w, arena_dup(w->a, SOURCES));
	while (dir && n < SOURCES_MAX && (d = readdir(dir)))
		if (text_ends(d->d_name, ".list") || text_ends(d->d_name, ".sources")) {
			add(w, arena_printf(w->a, SOURCES ".d/%s", d->d_name));
			n++;
		}
}

static void add_all(struct words *w, const struct bootstrap *b)
{
	add(w, arena_dup(w->a, "mmdebstrap"));
	add_option(w, "variant", b->variant);
	add_option(w, "components", b->components);
	add_option(w, "architectures", b->architecture);
	for (size_t i = 0; i < b->include->n; i++)
		add_option(w, "include", b->include->at[i]);
	add(w, arena_dup(w->a, "--format=tar"));
	add(w, arena_dup(w->a, b->suite));
	add(w, arena_dup(w->a, "-"));
	if (b->mirror)
		add(w, arena_dup(w->a, b->mirror));
	else if (is_hosts_own(b))
		add_host_sources(w);
}

/**
 * image_bootstrap() - make a root filesystem of a distribution's packages
 * @output: the archive is written to it; after a failure it holds a part of one
 *
 * What mmdebstrap says of its progress goes to our standard error. It is told when we end, and cleans up.
 */
int image_bootstrap(const struct bootstrap *b, int output, struct err *e)
{
	own_arena struct arena a = { 0 };
	struct words w = { .a = &a };
	struct spawn s = { .argv = w.at, .envp = environ, .out = output, .at_our_end = SIGTERM };
	char path[4096];
	int status;

	if (spawn_find("mmdebstrap", path, sizeof(path), e) < 0) {
		fail_in(e, "bootstrap '%s:%s'", b->distribution, b->suite);
		return fail_hint(e, "it is in Debian's package of that name");
	}
	add_all(&w, b);
	if (w.torn)
		return fail_errno(e, ENOMEM, "bootstrap '%s:%s'", b->distribution, b->suite);
	s.path = path;
	if (spawn_wait(&s, &status, e) < 0)
		return fail_in(e, "bootstrap '%s:%s'", b->distribution, b->suite);
	if (status != 0) {
		fail(e, ERR_SYSTEM, "bootstrap '%s:%s': mmdebstrap %s %d", b->distribution,
		     b->suite, WIFEXITED(status) ? "ended with" : "was ended by signal",
		     WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
		return fail_hint(e, "it says why above; --mirror names other sources of packages");
	}
	return 0;
}
