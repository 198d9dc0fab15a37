/* name.c - see name.h; pure text */
#include "layer/name.h"

#include <string.h>

#include "base/text.h"

#define WH     ".wh."
#define WH_LEN (sizeof(WH) - 1)
#define META   WH WH
#define OPAQUE META ".opq"

/* Where the last component of @path begins. */
static size_t base_of(const char *path, size_t len)
{
	while (len > 0 && path[len - 1] != '/')
		len--;
	return len;
}

/**
 * name_clean() - the clean form of a name in an archive
 * @depth: components that it may have
 *
 * Return: 0; -1 with ERR_INPUT where it climbs above the root, ERR_LIMIT where it is too long.
 */
int name_clean(const char *raw, size_t depth, struct name *ret_name, struct err *e)
{
	struct name *n = ret_name;
	size_t deep = 0;

	n->len = 0;
	for (const char *p = raw; *(p += strspn(p, "/"));) {
		size_t len = strcspn(p, "/");

		if (len == 2 && memcmp(p, "..", 2) == 0) {
			if (deep-- == 0)
				return fail(e, ERR_INPUT, "the name '%s' climbs above the root",
					    raw);
			n->len = base_of(n->path, n->len);
			n->len -= n->len > 0;
		} else if (len != 1 || *p != '.') {
			if (len > NAME_MAX || n->len + 1 + len >= sizeof(n->path))
				return fail(e, ERR_LIMIT, "the name '%s' is too long", raw);
			if (++deep > depth)
				return fail(e, ERR_LIMIT, "the name '%s' is too deep", raw);
			if (n->len)
				n->path[n->len++] = '/';
			memcpy(n->path + n->len, p, len);
			n->len += len;
		}
		p += len;
	}
	n->path[n->len] = '\0';
	n->base = base_of(n->path, n->len);
	return 0;
}

/* name_climbs() - does a link's target lead out of the root from folder @dir, as text? */
bool name_climbs(const char *dir, size_t dir_len, const char *target)
{
	size_t deep = dir_len > 0;

	if (*target == '/')
		return true;
	for (size_t i = 0; i < dir_len; i++)
		deep += dir[i] == '/';
	for (const char *p = target; *(p += strspn(p, "/"));) {
		size_t len = strcspn(p, "/");

		if (len == 2 && memcmp(p, "..", 2) == 0) {
			if (deep-- == 0)
				return true;
		} else if (len != 1 || *p != '.') {
			deep++;
		}
		p += len;
	}
	return false;
}

/* A folder cannot be a whiteout. */
static bool has_whiteout_folder(const struct name *n)
{
	for (const char *p = n->path; p < n->path + n->base; p += strcspn(p, "/") + 1)
		if (text_starts(p, WH))
			return true;
	return false;
}

/**
 * whiteout_of() - what a name says about the layers below
 * @n: for WHITEOUT_ONE it becomes the name that is gone, for WHITEOUT_OPAQUE the folder's
 *
 * Return: 0; -1 with ERR_INPUT for a whiteout of nothing, of "." or of "..", and where a folder has
 * the name of a whiteout.
 */
int whiteout_of(struct name *n, enum whiteout *ret_what, struct err *e)
{
	const char *base = n->path + n->base, *gone = base + WH_LEN;

	*ret_what = WHITEOUT_NONE;
	if (text_starts(n->path, META) && n->base > 0) {
		*ret_what = WHITEOUT_AUFS;
		return 0;
	}
	if (has_whiteout_folder(n))
		return fail(e, ERR_INPUT, "the name '%s' has a whiteout for a folder", n->path);
	if (!text_starts(base, WH))
		return 0;
	if (strcmp(base, OPAQUE) == 0) {
		*ret_what = WHITEOUT_OPAQUE;
		n->len = n->base - (n->base > 0);
	} else if (text_starts(base, META)) {
		*ret_what = WHITEOUT_AUFS;
		return 0;
	} else {
		if (!*gone || strcmp(gone, ".") == 0 || strcmp(gone, "..") == 0)
			return fail(e, ERR_INPUT, "the whiteout '%s' is of no file", n->path);
		*ret_what = WHITEOUT_ONE;
		n->len -= WH_LEN;
		memmove(n->path + n->base, gone, n->len - n->base + 1);
	}
	n->path[n->len] = '\0';
	n->base = base_of(n->path, n->len);
	return 0;
}
