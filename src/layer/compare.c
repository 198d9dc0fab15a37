/* compare.c - a layer beside its fresh copy: names, what they are, contents, overlayfs's marks
 *
 * Unlike a difference for a layer (pack.h) it believes nothing, and ends with the first thing that
 * differs: that of a file whose bits have rotted is its content alone.
 */
#include "layer/compare.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "layer/pack_priv.h"

/* struct comparison - @path of what is looked at, @len bytes of at most @size - 1 */
struct comparison {
	char *path;
	size_t len, size;
	int depth;
};

/* How overlayfs's notes are found: both families of names, whichever is in force here. */
static const struct pack_source notes[] = { { .kind = PACK_OVERLAY, .user_xattrs = false },
					    { .kind = PACK_OVERLAY, .user_xattrs = true } };
/* reads everything: nothing is known */
static const struct pack_source contents = { .kind = PACK_TREES };

static int marks_same(const struct pack_file *a, const struct pack_file *b, struct err *e)
{
	for (size_t i = 0; i < COUNT(notes); i++) {
		own_xattrs x = { 0 }, y = { 0 };

		if (xattrs_read(&notes[i], a->dir, a->name, &x, e) < 0 ||
		    xattrs_read(&notes[i], b->dir, b->name, &y, e) < 0)
			return -1;
		if (x.marks.opaque != y.marks.opaque || x.marks.whiteout != y.marks.whiteout ||
		    x.marks.redirect != y.marks.redirect || x.marks.metacopy != y.marks.metacopy)
			return 0;
	}
	return 1;
}

static int folder_same(struct comparison *c, int a, int b, struct err *e);

static int below_same(struct comparison *c, const struct pack_file *a, const struct pack_file *b,
		      struct err *e)
{
	own_fd int x = openat(a->dir, a->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	own_fd int y = openat(b->dir, b->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (x < 0 || y < 0)
		return fail_sys(e, "open a folder");
	if (c->depth >= PACK_DEPTH)
		return 0;
	c->depth++;
	r = folder_same(c, x, y, e);
	c->depth--;
	return r;
}

/* Nothing of them counts but that they are there. */
static bool is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

static int file_same(struct comparison *c, const struct pack_file *a, const struct pack_file *b,
		     struct err *e)
{
	int r;

	if (is_whiteout(&a->st) && is_whiteout(&b->st))
		return 1;
	r = pack_same(&contents, a, b, e);
	if (r < 0)
		return -1;
	/* folders that the archive has no entry for have the time at which they were made */
	r = r != PACK_DIFFERENT && a->st.st_nlink == b->st.st_nlink ? marks_same(a, b, e) : 0;
	return r > 0 && S_ISDIR(a->st.st_mode) ? below_same(c, a, b, e) : r;
}

static int entry_same(struct comparison *c, int a, int b, const char *name, struct err *e)
{
	struct pack_file is = { .dir = a, .name = name }, fresh = { .dir = b, .name = name };
	size_t len = c->len;
	int n = snprintf(c->path + len, c->size - len, "%s%s", len ? "/" : "", name), r;

	c->len = n < 0 || (size_t)n >= c->size - len ? c->size - 1 : len + (size_t)n;
	if (fstatat(a, name, &is.st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fstatat(b, name, &fresh.st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_sys(e, "look at '%s'", c->path);
	r = file_same(c, &is, &fresh, e);
	if (r < 0)
		return fail_in(e, "compare '%s'", c->path);
	if (r > 0)
		c->path[c->len = len] = '\0';
	return r;
}

/* The first name that only one of the two has is told of. */
static int folder_same(struct comparison *c, int a, int b, struct err *e)
{
	own_names x = { 0 }, y = { 0 };
	int r = 1;

	if (names_read(a, &x, e) < 0 || names_read(b, &y, e) < 0)
		return -1;
	for (size_t i = 0; r > 0 && (i < x.n || i < y.n); i++) {
		int order = i >= x.n ? 1 : i >= y.n ? -1 : strcmp(x.at[i], y.at[i]);

		if (order == 0) {
			r = entry_same(c, a, b, x.at[i], e);
			continue;
		}
		snprintf(c->path + c->len, c->size - c->len, "%s%s", c->len ? "/" : "",
			 order < 0 ? x.at[i] : y.at[i]);
		return 0;
	}
	return r;
}

/**
 * layer_compare() - is an unpacked layer what its archive makes?
 * @is:       its folder
 * @fresh:    of the same archive, unpacked just now in the same way
 * @ret_path: where they differ first, cut to @size bytes; "": in the folder itself
 *
 * Return: 1 they are the same, 0 they are not, -1.
 */
int layer_compare(int is, int fresh, char *ret_path, size_t size, struct err *e)
{
	struct comparison c = { .path = ret_path, .size = size };
	struct pack_file a = { .dir = is, .name = "." }, b = { .dir = fresh, .name = "." };

	*ret_path = '\0';
	if (fstat(is, &a.st) < 0 || fstat(fresh, &b.st) < 0)
		return fail_sys(e, "look at a layer");
	return file_same(&c, &a, &b, e);
}
