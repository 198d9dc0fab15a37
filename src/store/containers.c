/* containers.c - see containers.h */
#include "store/containers.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "os/lock.h"

/* --- marks --- */

/* A user namespace's root has no trusted.*; tmpfs has no user.* before Linux 6.6. */
static const char *mark_name(const struct store *s, const char *what, char buf[32])
{
	snprintf(buf, 32, "%s.tare.%s", s->user_xattrs ? "user" : "trusted", what);
	return buf;
}

static int set_mark(const struct store *s, int folder, const char *what, const char *value,
		    struct err *e)
{
	char name[32];

	if (fsetxattr(folder, mark_name(s, what, name), value, strlen(value), 0) == 0)
		return 0;
	fail_sys(e, "note the container's %s", what);
	return fail_hint(e, "'%.200s' must lie on a file system that has extended attributes",
			 s->path);
}

static int read_mark(const struct store *s, int folder, const char *what, char *ret, size_t size,
		     struct err *e)
{
	char name[32];
	ssize_t n = fgetxattr(folder, mark_name(s, what, name), ret, size - 1);

	ret[n > 0 ? n : 0] = '\0';
	return n >= 0 || errno == ENODATA || errno == EOPNOTSUPP
		       ? 0
		       : fail_sys(e, "read the container's %s", what);
}

int store_container_marks(const struct store *s, int folder, struct container_marks *ret,
			  struct err *e)
{
	return read_mark(s, folder, "image", ret->image, sizeof(ret->image), e) < 0 ||
			       read_mark(s, folder, "name", ret->name, sizeof(ret->name), e) < 0
		       ? -1
		       : 0;
}

/* --- containers --- */

static int want_image(struct store *s, const char *image, struct err *e)
{
	own_rows row = { 0 };
	int r = db_query(&s->db, DB_IMAGE_RECORD, &row, e, "s", image) < 0 ? -1 : db_next(&row, e);

	if (r != 0)
		return r < 0 ? -1 : 0;
	fail(e, ERR_ABSENT, "the image %.19s has been removed", image);
	return -1;
}

/**
 * store_container_make() - make the folder of a container, locked
 *
 * From then on its image stays.
 *
 * Return: its descriptor, or -1; e->sysno is EEXIST where there is one of that id.
 */
int store_container_make(struct store *s, const char *id, const struct digest *image, struct err *e)
{
	char text[DIGEST_TEXT];
	own_fd int folder = FD_NONE;
	int r = -1;

	digest_text(image, text);
	if (flock(s->containers, LOCK_SH) < 0)
		return fail_sys(e, "lock the folder 'containers'");
	folder = lock_make(s->containers, id, e);
	if (folder >= 0 && want_image(s, text, e) == 0)
		r = set_mark(s, folder, "image", text, e);
	if (folder >= 0 && r < 0)
		(void)unlinkat(s->containers, id, AT_REMOVEDIR);
	(void)flock(s->containers, LOCK_UN);
	return r < 0 ? -1 : give_fd(&folder);
}

/**
 * store_container_of() - a container of the image, if there is one
 *
 * The caller holds an exclusive lock on containers/ if nobody may make one meanwhile.
 *
 * Return: 1: @ret_id is its id; 0: there is none; -1.
 */
int store_container_of(struct store *s, const char *image, char ret_id[CONTAINER_ID], struct err *e)
{
	own_dir DIR *dir = NULL;
	const struct dirent *d;
	int copy = openat(s->containers, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	dir = copy < 0 ? NULL : fdopendir(copy);
	if (!dir)
		return fail_sys(e, "list the folder 'containers'");
	while ((d = readdir(dir))) {
		struct container_marks marks;
		own_fd int fd = FD_NONE;

		if (*d->d_name == '.')
			continue;
		fd = openat(s->containers, d->d_name,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		/* gone, or none of ours */
		if (fd < 0)
			continue;
		if (store_container_marks(s, fd, &marks, e) < 0)
			return -1;
		if (strcmp(marks.image, image) != 0)
			continue;
		snprintf(ret_id, CONTAINER_ID, "%.64s", d->d_name);
		return 1;
	}
	return 0;
}

/* --- names --- */

/* store_name_is_valid() - may a container be called so? Docker's rule: two letters at least */
bool store_name_is_valid(const char *name)
{
	static const char first[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	const size_t len = strlen(name);

	return len >= 2 && len < CONTAINER_NAME && strchr(first, *name) &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") ==
		       len;
}

/* Whose it is; empty: nobody's. What a kill has left is nobody's. */
static void holder_of(const struct store *s, const char *name, char ret_id[CONTAINER_ID])
{
	ssize_t n = readlinkat(s->names, name, ret_id, CONTAINER_ID - 1);
	struct stat st;

	ret_id[n > 0 ? n : 0] = '\0';
	if (n > 0 && fstatat(s->containers, ret_id, &st, AT_SYMLINK_NOFOLLOW) < 0)
		*ret_id = '\0';
}

static int take(struct store *s, const char *name, const char *id, struct err *e)
{
	char holder[CONTAINER_ID];

	holder_of(s, name, holder);
	if (*holder) {
		fail(e, ERR_CONFLICT, "call a container '%s': %.12s is called so", name, holder);
		return fail_hint(e, "remove it, or choose another name");
	}
	if (unlinkat(s->names, name, 0) < 0 && errno != ENOENT)
		return fail_sys(e, "free the name '%s'", name);
	return symlinkat(id, s->names, name) < 0 ? fail_sys(e, "note the name '%s'", name) : 0;
}

/* store_name_take() - give the container @id, whose folder is @folder, a name that nobody else has */
int store_name_take(struct store *s, const char *name, const char *id, int folder, struct err *e)
{
	int r;

	if (!store_name_is_valid(name)) {
		fail(e, ERR_INPUT, "call a container '%.100s'", name);
		return fail_hint(e,
				 "letters, digits, '_', '.' and '-', a letter or digit first; 2 to "
				 "128 of them");
	}
	if (flock(s->names, LOCK_EX) < 0)
		return fail_sys(e, "lock the folder 'names'");
	/* the folder first: whoever removes it knows by it which name to free */
	r = set_mark(s, folder, "name", name, e);
	r = r < 0 ? -1 : take(s, name, id, e);
	(void)flock(s->names, LOCK_UN);
	return r;
}

/* store_name_drop() - free it, if it is that container's */
int store_name_drop(struct store *s, const char *name, const char *id, struct err *e)
{
	char holder[CONTAINER_ID];
	ssize_t n;
	int r = 0;

	if (!*name)
		return 0;
	if (flock(s->names, LOCK_EX) < 0)
		return fail_sys(e, "lock the folder 'names'");
	n = readlinkat(s->names, name, holder, sizeof(holder) - 1);
	holder[n > 0 ? n : 0] = '\0';
	if (strcmp(holder, id) == 0 && unlinkat(s->names, name, 0) < 0)
		r = fail_sys(e, "free the name '%s'", name);
	(void)flock(s->names, LOCK_UN);
	return r;
}
