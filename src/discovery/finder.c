/* finder.c - the engines' state folders as lists of names, nothing in them read yet */
#include "discovery/finder_priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/own.h"
#include "base/parallel.h"
#include "base/passwd.h"
#include "base/text.h"
#include "os/path.h"

/* A user can fill his folders with names, and keep whoever looks busy. */
#define NAMES_MAX  65536
#define PASSWD_MAX ((size_t)1 << 20)
#define USER_MAX   ((size_t)64 << 20) /* bytes of one user's files */

/* Of an id that several sources know, the first says whose the container is: an engine before the
 * low-level runtime that it uses. */
static const struct state_source *const sources[] = {
	&docker_source, &containerd_source, &podman_source, &lxc_source,  &incus_source,
	&lxd_source,    &machine_source,    &tare_source,   &runc_source, &crun_source,
};

/* finder_sources() - list them all; 0 or -ENOMEM */
int finder_sources(struct finder *f)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < COUNT(sources); i++)
		r = sources[i]->list(f, sources[i]);
	return r;
}

/**
 * finder_entry() - note that a source knows a container
 * @folder: kept, not copied
 * @id:     copied
 *
 * Return: 0 or -ENOMEM.
 */
int finder_entry(struct finder *f, const struct state_source *s, const char *folder, const char *id,
		 uint32_t uid)
{
	struct state_entry *entry;
	uint32_t *first, last;
	const char *copy;

	if (f->n_entries == f->cap_entries) {
		size_t cap = f->cap_entries ? f->cap_entries * 2 : 256;

		entry = reallocarray(f->entries, cap, sizeof(*entry));
		if (!entry)
			return -ENOMEM;
		f->entries = entry;
		f->cap_entries = cap;
	}
	copy = arena_dup(&f->scratch, id);
	first = copy ? string_map_put(&f->by_id, copy, strlen(copy)) : NULL;
	if (!first)
		return -ENOMEM;
	f->entries[f->n_entries] = (struct state_entry){
		.source = s, .id = copy, .folder = folder, .uid = uid, .next = STRING_MAP_NONE
	};
	if (*first == STRING_MAP_NONE) {
		*first = (uint32_t)f->n_entries++;
		return 0;
	}
	for (last = *first; f->entries[last].next != STRING_MAP_NONE; last = f->entries[last].next)
		;
	f->entries[last].next = (uint32_t)f->n_entries++;
	return 0;
}

/* finder_first() - the first entry with an id, or NULL */
const struct state_entry *finder_first(const struct finder *f, const char *id, size_t len)
{
	uint32_t i = string_map_get(&f->by_id, id, len);

	return i == STRING_MAP_NONE ? NULL : &f->entries[i];
}

const struct state_entry *finder_next(const struct finder *f, const struct state_entry *entry)
{
	return entry->next == STRING_MAP_NONE ? NULL : &f->entries[entry->next];
}

/**
 * finder_each() - call @see for each name in a folder, but for those that begin with a dot
 * @folder: below the root; one that is not there, or is not @uid's, has none
 *
 * Return: 0, or what @see stopped with, < 0.
 */
int finder_each(struct finder *f, const char *folder, uint32_t uid,
		int (*see)(struct finder *f, const char *name, void *ctx), void *ctx)
{
	int fd = path_try_open(f->root, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0), r = 0;
	own_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;
	struct stat st;

	if (!dir) {
		if (fd >= 0)
			(void)close(fd);
		return 0;
	}
	if (fstat(fd, &st) < 0 || st.st_uid != uid)
		return 0;
	for (int n = 0; r == 0 && n < NAMES_MAX && (d = readdir(dir)); n++)
		if (d->d_name[0] != '.')
			r = see(f, d->d_name, ctx);
	return r;
}

struct listing {
	const struct state_source *source;
	const char *folder;
	uint32_t uid;
};

static int see_name(struct finder *f, const char *name, void *ctx)
{
	const struct listing *l = ctx;

	return finder_entry(f, l->source, l->folder, name, l->uid);
}

/* finder_list() - an entry for each name in a folder; 0 or -ENOMEM */
int finder_list(struct finder *f, const struct state_source *s, const char *folder, uint32_t uid)
{
	struct listing l = { s, arena_dup(&f->scratch, folder), uid };

	return l.folder ? finder_each(f, folder, uid, see_name, &l) : -ENOMEM;
}

struct users {
	int (*see)(struct finder *f, uint32_t uid, void *ctx);
	void *ctx;
};

static int see_user(struct finder *f, const char *name, void *ctx)
{
	const struct users *u = ctx;
	uint64_t uid;

	/* root's own folder there holds what rootless engines of root's would have */
	return text_u64(name, UINT32_MAX - 1, &uid) == 0 ? u->see(f, (uint32_t)uid, u->ctx) : 0;
}

/* finder_each_user() - call @see for each user that has a folder in /run/user, as long as it is 0 */
int finder_each_user(struct finder *f, int (*see)(struct finder *f, uint32_t uid, void *ctx),
		     void *ctx)
{
	struct users u = { see, ctx };

	return finder_each(f, "run/user", f->admin, see_user, &u);
}

/* finder_home() - a user's home directory by /etc/passwd, or NULL */
const char *finder_home(struct finder *f, uint32_t uid)
{
	own_mem char *text = NULL;
	char home[PATH_MAX];

	if (state_file_read(f->root, "etc/passwd", PASSWD_MAX, f->admin, &text) < 0 ||
	    !passwd_home(text, uid, home, sizeof(home)) || home[0] != '/' || !home[1])
		return NULL;
	return arena_dup(&f->scratch, home + 1);
}

/* Of a user other than root; NULL without memory. */
static struct finder_read *read_of(struct finder *f, uint32_t uid)
{
	struct finder_read *wider;

	/* entries come user by user */
	for (size_t i = f->n_read; i-- > 0;)
		if (f->read[i].uid == uid)
			return &f->read[i];
	wider = reallocarray(f->read, f->n_read + 1, sizeof(*wider));
	if (!wider)
		return NULL;
	f->read = wider;
	f->read[f->n_read] = (struct finder_read){ .uid = uid };
	return &f->read[f->n_read++];
}

/**
 * finder_read_path() - a file, as state_file_read()
 *
 * A user can make his files as many and as large as he likes, of holes only: there is an end to what
 * is read of them.
 */
int finder_read_path(struct finder *f, const char *path, size_t max, uint32_t uid, char **ret_text)
{
	struct finder_read *so_far = uid == f->admin ? NULL : read_of(f, uid);
	size_t left = so_far ? USER_MAX - so_far->bytes : max;
	int n;

	if (!so_far && uid != f->admin)
		return -ENOMEM;
	n = state_file_read(f->root, path, left < max ? left : max, uid, ret_text);
	if (so_far && n > 0)
		so_far->bytes += (size_t)n;
	return n;
}

/* finder_facts() - add what a JSON document tells to @facts, whose texts live as long as the search */
void finder_facts(struct finder *f, const char *text, size_t len, const struct state_fact *rows,
		  struct state_facts *facts)
{
	state_facts_read(text, len, rows, &f->document, &f->scratch, facts);
}

static int path_of(const struct state_entry *entry, const char *file, char path[PATH_MAX])
{
	int n = snprintf(path, PATH_MAX, "%s/%s%s%s", entry->folder, entry->id, *file ? "/" : "",
			 file);

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* finder_read() - one of the files of an entry's folder, as finder_read_path(); "" is the entry */
int finder_read(struct finder *f, const struct state_entry *entry, const char *file, size_t max,
		char **ret_text)
{
	struct state_entry *own = &f->entries[entry - f->entries];
	char path[PATH_MAX];
	int r;

	if (own->ahead && strcmp(file, own->source->file) == 0) {
		*ret_text = give(own->ahead);
		return own->n_ahead;
	}
	r = path_of(entry, file, path);
	return r < 0 ? r : finder_read_path(f, path, max, entry->uid, ret_text);
}

/* Of the host's own engines only: what is read of a user's is counted, by one at a time. */
static void read_entry(void *ctx, size_t i)
{
	const struct finder *f = ctx;
	struct state_entry *entry = &f->entries[i];
	char path[PATH_MAX];

	if (!entry->wanted || path_of(entry, entry->source->file, path) < 0)
		return;
	entry->n_ahead = state_file_read(f->root, path, STATE_FILE_MAX, f->admin, &entry->ahead);
}

/* finder_want() - note that an entry's file will be read */
void finder_want(struct finder *f, const struct state_entry *entry)
{
	f->entries[entry - f->entries].wanted = entry->source->file && entry->uid == f->admin;
}

/* finder_read_ahead() - read the files of the entries that were noted, several at a time */
void finder_read_ahead(struct finder *f)
{
	parallel_each(f->n_entries, read_entry, f);
}
