/* pack_xattrs.c - a file's extended attributes: those of images, and overlayfs's notes
 *
 * They are reached by the folder's descriptor in /proc and the plain name, which is not followed:
 * that works for links, nodes and files that may not be read, and opens nothing. A file that is open
 * is reached by its own descriptor, since the name may have gone to another meanwhile.
 */
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "layer/pack_priv.h"
#include "layer/tar_write.h"

#define OVERLAY_TRUSTED "trusted.overlay."
#define OVERLAY_USER    "user.overlay."

/* struct place_of - "/proc/self/fd/N/NAME"; or @fd, and no path */
struct place_of {
	int fd;
	char path[64 + NAME_MAX];
};

static ssize_t get(const struct place_of *at, const char *name, void *value, size_t size)
{
	return *at->path ? lgetxattr(at->path, name, value, size)
			 : fgetxattr(at->fd, name, value, size);
}

static ssize_t get_names(const struct place_of *at, char *names, size_t size)
{
	return *at->path ? llistxattr(at->path, names, size) : flistxattr(at->fd, names, size);
}

/* Which attributes a layer has: just those that unpacking takes (layer/place_attrs.c). */
// clang-format off
static const struct {
	const char *prefix;
	bool whole, wanted;
} rules[] = {
	{ OVERLAY_USER,               false, false },
	{ "user.",                    false, true  },
	{ "security.capability",      true,  true  },
	{ "system.posix_acl_access",  true,  true  },
	{ "system.posix_acl_default", true,  true  },
};
// clang-format on

static bool is_wanted(const char *name)
{
	for (size_t i = 0; i < COUNT(rules); i++)
		if (rules[i].whole ? strcmp(name, rules[i].prefix) == 0
				   : text_starts(name, rules[i].prefix))
			return rules[i].wanted && tar_can_name(name);
	return false;
}

/* What other programs of the host have put there is no part of the image, and not worth a word. */
static bool is_ours(const char *name)
{
	return text_starts(name, OVERLAY_TRUSTED) || text_starts(name, OVERLAY_USER) ||
	       (text_starts(name, "security.") && strcmp(name, "security.capability") != 0);
}

static int mark(struct overlay_marks *m, const struct place_of *at, const char *whole,
		const char *name, struct err *e)
{
	if (strcmp(name, "redirect") == 0)
		m->redirect = true;
	else if (strcmp(name, "metacopy") == 0)
		m->metacopy = true;
	else if (strcmp(name, "whiteout") == 0)
		m->whiteout = true;
	if (strcmp(name, "opaque") == 0 && get(at, whole, &m->opaque, 1) < 0)
		return fail_sys(e, "read the attribute '%s'", whole);
	return 0;
}

/* Both listings: the first asks for the size, and the list may grow until the second. */
static ssize_t list(const struct place_of *at, char **ret_names, struct err *e)
{
	for (;;) {
		own_mem char *names = NULL;
		ssize_t size = get_names(at, NULL, 0), got;

		if (size == 0 || (size < 0 && errno == EOPNOTSUPP))
			return 0;
		if (size < 0)
			return fail_sys(e, "list the attributes");
		names = malloc((size_t)size);
		if (!names)
			return fail_errno(e, ENOMEM, "list the attributes");
		got = get_names(at, names, (size_t)size);
		if (got < 0 && errno == ERANGE)
			continue;
		if (got < 0)
			return fail_sys(e, "list the attributes");
		*ret_names = give(names);
		return got;
	}
}

static int too_many(struct err *e)
{
	return fail(e, ERR_LIMIT, "it has more than %d extended attributes, or %zu bytes of them",
		    PACK_XATTRS, PACK_XATTR_BYTES);
}

/* Capabilities that hold below one root only, by his number on this host, are those of an image's root
 * (capabilities(7), "File capability extended attribute versioning"); Docker does so, too. Version 3 is
 * version 2 with the number behind it. Return: how long it is now */
static ssize_t everybodys(char *value, ssize_t len)
{
	if (len != XATTR_CAPS_SZ_3 || value[3] != VFS_CAP_REVISION_3 >> VFS_CAP_REVISION_SHIFT)
		return len;
	value[3] = VFS_CAP_REVISION_2 >> VFS_CAP_REVISION_SHIFT;
	return XATTR_CAPS_SZ_2;
}

static int read_value(struct xattrs *x, const struct place_of *at, const char *name, size_t *used,
		      struct err *e)
{
	ssize_t n;

	if (x->n == PACK_XATTRS)
		return too_many(e);
	if (!x->values) {
		x->at = calloc(PACK_XATTRS, sizeof(*x->at));
		x->values = malloc(PACK_XATTR_BYTES);
	}
	if (!x->at || !x->values)
		return fail_errno(e, ENOMEM, "read the attributes");
	n = get(at, name, x->values + *used, PACK_XATTR_BYTES - *used);
	if (n < 0 && errno == ENODATA)
		return 0;
	if (n < 0 && errno == ERANGE)
		return too_many(e);
	if (n < 0)
		return fail_sys(e, "read the attribute '%s'", name);
	if (strcmp(name, "security.capability") == 0)
		n = everybodys(x->values + *used, n);
	x->at[x->n++] =
		(struct tar_xattr){ .name = name, .value = x->values + *used, .len = (size_t)n };
	*used += (size_t)n;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct tar_xattr *)a)->name, ((const struct tar_xattr *)b)->name);
}

/**
 * xattrs_read() - the attributes of @name in @dir; NULL: of @dir, which is a file, open for reading
 * @ret_xattrs: zero; released by xattrs_done(), whatever was returned
 */
int xattrs_read(const struct pack_source *s, int dir, const char *name, struct xattrs *ret_xattrs,
		struct err *e)
{
	struct xattrs *x = ret_xattrs;
	const char *overlay = s->user_xattrs ? OVERLAY_USER : OVERLAY_TRUSTED;
	struct place_of at = { .fd = dir };
	ssize_t len;
	size_t used = 0;

	if (name)
		snprintf(at.path, sizeof(at.path), "/proc/self/fd/%d/%s", dir, name);
	len = list(&at, &x->names, e);
	for (const char *p = x->names; len > 0 && p < x->names + len; p += strlen(p) + 1) {
		if (s->kind == PACK_OVERLAY && text_starts(p, overlay)) {
			if (mark(&x->marks, &at, p, p + strlen(overlay), e) < 0)
				return -1;
		} else if (!is_wanted(p)) {
			x->skipped += !is_ours(p);
		} else if (read_value(x, &at, p, &used, e) < 0) {
			return -1;
		}
	}
	if (x->n)
		qsort(x->at, x->n, sizeof(*x->at), by_name);
	return len < 0 ? -1 : 0;
}

bool xattrs_same(const struct xattrs *a, const struct xattrs *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->at[i].name, b->at[i].name) != 0 || a->at[i].len != b->at[i].len ||
		    memcmp(a->at[i].value, b->at[i].value, a->at[i].len) != 0)
			return false;
	return true;
}

void xattrs_done(struct xattrs *x)
{
	free(x->at);
	free(x->names);
	free(x->values);
	*x = (struct xattrs){ 0 };
}
