/* lookup.c - from what people type to one container
 *
 * Everything that fits whole comes before the beginning of an id, since a full name is what somebody
 * meant. Among those that fit whole nothing wins: who may make containers must not be able to catch
 * words that mean another's, by calling his own so.
 */
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/own.h"
#include "base/text.h"
#include "discovery/containers.h"

#define SHOWN_MAX 8

/* How well a container fits. */
enum fit { FIT_NOT, FIT_BEGINNING, FIT_WHOLE };

/* struct wish - what was typed: "ENGINE:" before it is cut off, a pid is a number */
struct wish {
	const char *word;
	struct opt_word engine;
	pid_t pid;
};

static struct wish parse(const char *what)
{
	struct wish wish = { .word = what };
	const char *colon = strchr(what, ':');
	uint64_t pid;

	for (const struct word *w = engine_words; colon && w->name; w++)
		if (strlen(w->name) == (size_t)(colon - what) &&
		    strncmp(w->name, what, (size_t)(colon - what)) == 0) {
			wish.engine = (struct opt_word){ true, w->value };
			wish.word = colon + 1;
		}
	if (text_starts(wish.word, "pid:"))
		wish.word += 4;
	if (text_u64(wish.word, INT32_MAX, &pid) == 0)
		wish.pid = (pid_t)pid;
	return wish;
}

/* Whose is a process? STRING_MAP_NONE-like SIZE_MAX: nobody's. */
static size_t owner_of(const struct containers *all, pid_t pid)
{
	size_t from = 0, to = all->n_members;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (all->members[mid].pid < pid)
			from = mid + 1;
		else
			to = mid;
	}
	return from < all->n_members && all->members[from].pid == pid ? all->members[from].container
								      : SIZE_MAX;
}

/* A path as /proc has it, or that of a folder: "/sys/fs/cgroup/memory/docker/ID". */
static bool fits_cgroup(const struct container_found *c, const char *word)
{
	size_t len = strlen(word);

	while (len > 1 && word[len - 1] == '/')
		len--;
	for (size_t i = 0; i < c->cgroups.n; i++) {
		const char *path = c->cgroups.at[i].path;
		size_t n = strlen(path);
		bool folder = len > n && text_starts(word, "/sys/fs/cgroup/");

		if (c->cgroups.at[i].shared)
			continue;
		if (len == n ? strncmp(word, path, n) == 0
			     : folder && strncmp(word + len - n, path, n) == 0)
			return true;
	}
	return false;
}

static enum fit fit_of(const struct containers *all, size_t i, const struct wish *wish,
		       size_t by_pid)
{
	const struct container_found *c = &all->at[i];

	if (wish->engine.set && wish->engine.v != c->engine.v)
		return FIT_NOT;
	if (i == by_pid || strcmp(c->id, wish->word) == 0 ||
	    (c->name && strcmp(c->name, wish->word) == 0) ||
	    (*wish->word == '/' && fits_cgroup(c, wish->word)))
		return FIT_WHOLE;
	return text_starts(c->id, wish->word) ? FIT_BEGINNING : FIT_NOT;
}

static int fail_absent(const struct wish *wish, const char *what, struct err *e)
{
	(void)fail(e, ERR_ABSENT, "find container '%s': no running container is called so", what);
	if (geteuid() != 0)
		return fail_hint(e, "root finds more: of other users' processes only the cgroups "
				    "are seen");
	if (wish->pid)
		return fail_hint(e, "no container has a process %d, either", (int)wish->pid);
	return -1;
}

static int fail_ambiguous(const struct containers *all, const struct wish *wish, const char *what,
			  enum fit best, size_t by_pid, struct err *e)
{
	own_str struct str list = { 0 };
	size_t shown = 0, n = 0;

	for (size_t i = 0; i < all->n; i++) {
		const struct container_found *c = &all->at[i];

		if (fit_of(all, i, wish, by_pid) != best)
			continue;
		n++;
		if (shown++ < SHOWN_MAX)
			str_addf(&list, "%s%s:%.64s (pid %d)", list.len ? ", " : "",
				 word_name(engine_words, c->engine.v), c->id, (int)c->pid);
	}
	(void)fail(e, ERR_CONFLICT, "find container '%s': it may be any of %zu: %s%s", what, n,
		   list.at ? list.at : "", n > SHOWN_MAX ? ", …" : "");
	return fail_hint(e, "give more of the id, ENGINE:NAME, or the pid of one of its processes");
}

/**
 * containers_lookup() - the one container that somebody means
 * @what: a name, an id or its beginning, the pid of one of its processes (also "pid:N"), the path of
 *        its cgroup, or one of these after "ENGINE:"; names need CONTAINERS_NAMES
 *
 * Errors: ERR_ABSENT; ERR_CONFLICT with a list when several fit equally well.
 *
 * Return: an element of @all, or NULL.
 */
const struct container_found *containers_lookup(const struct containers *all, const char *what,
						struct err *e)
{
	struct wish wish = parse(what);
	size_t by_pid = wish.pid ? owner_of(all, wish.pid) : SIZE_MAX, found = 0, n = 0;
	enum fit best = FIT_NOT;

	for (size_t i = 0; *wish.word && i < all->n; i++) {
		enum fit fit = fit_of(all, i, &wish, by_pid);

		if (fit == FIT_NOT || fit < best)
			continue;
		n = fit > best ? 1 : n + 1;
		best = fit;
		found = i;
	}
	if (n == 1)
		return &all->at[found];
	if (n == 0)
		(void)fail_absent(&wish, what, e);
	else
		(void)fail_ambiguous(all, &wish, what, best, by_pid, e);
	err_sanitise(e);
	return NULL;
}
