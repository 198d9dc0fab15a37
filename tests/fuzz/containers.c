/* containers.c - a host that somebody else has made up: its containers, found and graded
 *
 * An input is files: a line "@PATH" begins one, the lines after it are its text; "@PATH>TARGET" is a
 * link. What is found is whole, prints, and is found again by its pid.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/own.h"
#include "base/text.h"
#include "discovery/containers.h"
#include "any/isolation.h"

#define FILES_MAX 64
#define NAME_LEN  256

static char root[] = "/tmp/tare-fuzz-XXXXXX";

/* A relative path of plain names, so that nothing is made outside of the root. */
static bool is_safe(const char *path)
{
	return *path && *path != '/' && !strstr(path, "..") && !strstr(path, "//");
}

static void make_parents(int dir, char *path)
{
	for (char *p = strchr(path, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		(void)mkdirat(dir, path, 0755);
		*p = '/';
	}
}

/* The file that begins behind an '@'; returns what is behind it. */
static const char *make_file(int dir, const char *at, const char *end)
{
	const char *line = memchr(at, '\n', (size_t)(end - at));
	const char *text = line ? line + 1 : end, *stop = text;
	char path[NAME_LEN] = "", *target;
	own_fd int fd = FD_NONE;

	snprintf(path, sizeof(path), "%.*s", (int)((line ? line : end) - at), at);
	while (stop < end && *stop != '@') {
		const char *next = memchr(stop, '\n', (size_t)(end - stop));

		stop = next ? next + 1 : end;
	}
	target = strchr(path, '>');
	if (target)
		*target++ = '\0';
	if (!is_safe(path))
		return stop;
	make_parents(dir, path);
	if (target) {
		(void)!symlinkat(target, dir, path);
		return stop;
	}
	fd = openat(dir, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd >= 0)
		(void)!write(fd, text, (size_t)(stop - text));
	return stop;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	return where->level ? remove(path) : 0;
}

static void look(const struct containers *all, size_t i)
{
	const struct container_found *c = &all->at[i], *again;
	struct err e = { 0 };
	own_mem char *text = bind_print(&container_found_table, c, false, &e);
	char pid[32];

	MUST(text && c->id && c->pid > 0 && c->processes > 0);
	MUST(c->engine.set && word_name(engine_words, c->engine.v));
	snprintf(pid, sizeof(pid), "pid:%d", (int)c->pid);
	again = containers_lookup(all, pid, &e);
	MUST(again == c || (!again && e.text[0]));
	again = containers_lookup(all, c->id, &e);
	MUST(again || e.text[0]);
}

static void inspect(const struct container_found *c)
{
	own_arena struct arena mem = { 0 };
	struct isolation report;
	struct err e = { 0 };
	own_mem char *text = NULL;

	if (isolation_inspect(root, c, &mem, &report, &e) < 0) {
		MUST(e.text[0]);
		return;
	}
	text = bind_print(&isolation_table, &report, false, &e);
	MUST(text && report.grade[0] >= 'A' && report.grade[0] <= 'F');
}

static void remove_root(void)
{
	(void)rmdir(root);
}

static void make_root(void)
{
	static bool made;

	if (made)
		return;
	MUST(mkdtemp(root));
	made = true;
	(void)atexit(remove_root);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	const char *p = (const char *)at, *end = p + len;
	struct containers all;
	struct err e = { 0 };
	int dir;

	make_root();
	dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	MUST(dir >= 0);
	for (int n = 0; n < FILES_MAX && p < end; n++)
		p = *p == '@' ? make_file(dir, p + 1, end) : p + 1;
	close(dir);
	if (containers_find(root, CONTAINERS_ALL, &all, &e) < 0)
		MUST(e.text[0]);
	for (size_t i = 0; i < all.n; i++) {
		look(&all, i);
		inspect(&all.at[i]);
	}
	containers_done(&all);
	MUST(nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
	return 0;
}
