/* place_remove.c - what an entry replaces, or a whiteout removes
 *
 * No path is walked: folders are opened by plain names, without following links. @keep: what this
 * archive itself has brought stays, since whiteouts are of the layers below only.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "layer/place_priv.h"

#define LIST ((size_t)4 << 10)

static size_t slot_of(const struct inodes *s, uint64_t inode)
{
	size_t i = (size_t)(inode * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (s->cap - 1);

	while (s->at[i] && s->at[i] != inode)
		i = (i + 1) & (s->cap - 1);
	return i;
}

static int grow(struct inodes *s, struct err *e)
{
	struct inodes bigger = { .cap = s->cap ? 2 * s->cap : 1024 };

	bigger.at = calloc(bigger.cap, sizeof(*bigger.at));
	if (!bigger.at)
		return fail_errno(e, ENOMEM, "remember what was made");
	for (size_t i = 0; i < s->cap; i++)
		if (s->at[i])
			bigger.at[slot_of(&bigger, s->at[i])] = s->at[i];
	bigger.n = s->n;
	free(s->at);
	*s = bigger;
	return 0;
}

int inodes_add(struct inodes *s, uint64_t inode, struct err *e)
{
	size_t i;

	if (4 * s->n >= 3 * s->cap && grow(s, e) < 0)
		return -1;
	i = slot_of(s, inode);
	s->n += !s->at[i];
	s->at[i] = inode;
	return 0;
}

bool inodes_has(const struct inodes *s, uint64_t inode)
{
	return s->cap && s->at[slot_of(s, inode)];
}

/* place_made() - remember what was just made, or named: @name in @dir, or @dir itself */
int place_made(struct place *p, int dir, const char *name, struct err *e)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW | (*name ? 0 : AT_EMPTY_PATH)) < 0)
		return fail_sys(e, "look at '/%s'", p->name.path);
	return inodes_add(&p->made, st.st_ino, e);
}

/* as getdents64(2) writes them */
struct entry {
	uint64_t inode;
	int64_t next;
	unsigned short len;
	unsigned char type;
	char name[];
};

static bool is_dots(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

static int empty_listed(const struct inodes *keep, int dir, char *list, struct err *e)
{
	for (;;) {
		long n = syscall(SYS_getdents64, dir, list, LIST);

		if (n < 0)
			return fail_sys(e, "list a folder");
		if (n == 0)
			return 0;
		for (long at = 0; at < n;) {
			const struct entry *x = (const struct entry *)(list + at);

			at += x->len;
			if (!is_dots(x->name) && place_remove(keep, dir, x->name, e) < 0)
				return -1;
		}
	}
}

/**
 * place_empty() - remove what is in an open folder
 * @keep: NULL, or what stays; the folder's times are then as before
 */
int place_empty(const struct inodes *keep, int dir, struct err *e)
{
	own_mem char *list = malloc(LIST);
	struct timespec times[2];
	struct stat st;

	if (!list)
		return fail_errno(e, ENOMEM, "list a folder");
	if (fstat(dir, &st) < 0 || lseek(dir, 0, SEEK_SET) < 0)
		return fail_sys(e, "list a folder");
	if (empty_listed(keep, dir, list, e) < 0)
		return -1;
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	return keep && futimens(dir, times) < 0 ? fail_sys(e, "set a folder's times") : 0;
}

/**
 * place_remove() - remove a file, or a folder with all that is in it
 * @keep: NULL, or what stays, with the folders that it is in
 *
 * Return: 0, also where nothing is.
 */
int place_remove(const struct inodes *keep, int dir, const char *name, struct err *e)
{
	own_fd int fd = FD_NONE;
	struct stat st;
	bool stays;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : fail_sys(e, "look at '%s'", name);
	stays = keep && inodes_has(keep, st.st_ino);
	if (!S_ISDIR(st.st_mode)) {
		if (!stays && unlinkat(dir, name, 0) < 0)
			return fail_sys(e, "remove '%s'", name);
		return 0;
	}
	if (!stays && unlinkat(dir, name, AT_REMOVEDIR) == 0)
		return 0;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail_sys(e, "open the folder '%s'", name);
	if (place_empty(keep, fd, e) < 0)
		return -1;
	if (!stays && unlinkat(dir, name, AT_REMOVEDIR) < 0 && !(keep && errno == ENOTEMPTY))
		return fail_sys(e, "remove the folder '%s'", name);
	return 0;
}
