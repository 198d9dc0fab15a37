/* systemd_names.c - systemd's names for a container (pure) */
#include "os/systemd_names.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

#define NAME_LIMIT 255 /* systemd.unit(5) */

static int no_memory(struct err *e)
{
	return fail_errno(e, ENOMEM, "work out systemd's names");
}

static int check_unit(const char *name, struct err *e)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789:-_.\\@";

	if (strlen(name) > NAME_LIMIT)
		return fail(e, ERR_INPUT, "systemd unit name '%.40s...' is too long", name);
	if (strspn(name, allowed) != strlen(name)) {
		fail(e, ERR_INPUT, "'%s' is no name for a systemd unit", name);
		return fail_hint(e, "letters, digits and :-_.\\@ are allowed");
	}
	return 0;
}

static int fail_slice(const char *slice, struct err *e)
{
	fail(e, ERR_INPUT, "invalid slice name '%s'", slice);
	return fail_hint(e, "a slice is called like system.slice or a-b.slice");
}

/**
 * systemd_slice_expand() - a slice's path: a-b.slice is /a.slice/a-b.slice, -.slice is ""
 * @ret_path: without a slash at its end, in @a's memory
 */
int systemd_slice_expand(const char *slice, struct arena *a, const char **ret_path, struct err *e)
{
	size_t len = strlen(slice);
	const char *path = "";

	if (len < 7 || !text_ends(slice, ".slice") || strchr(slice, '/'))
		return fail_slice(slice, e);
	if (check_unit(slice, e) < 0)
		return -1;
	len -= strlen(".slice");
	for (size_t at = 0; at < len && strcmp(slice, "-.slice") != 0; at++) {
		size_t part = strcspn(slice + at, "-");

		if (at + part > len)
			part = len - at;
		if (!part || slice[at + part] == '\0' ||
		    (slice[at + part] == '-' && at + part + 1 == len))
			return fail_slice(slice, e);
		at += part;
		path = arena_printf(a, "%s/%.*s.slice", path, (int)at, slice);
		if (!path)
			return no_memory(e);
	}
	*ret_path = path;
	return 0;
}

/* struct parts - "SLICE:PREFIX:NAME", taken apart */
struct parts {
	const char *slice, *prefix, *name;
};

/* Splits in place; false when it has neither three parts nor two. */
static bool split(char *text, struct parts *ret)
{
	char *second = strchr(text, ':'), *third = second ? strchr(second + 1, ':') : NULL;

	if (!second || (third && strchr(third + 1, ':')))
		return false;
	*second++ = '\0';
	if (third)
		*third++ = '\0';
	*ret = (struct parts){ text, third ? second : "", third ? third : second };
	return *ret->name;
}

static int fail_form(const char *path, struct err *e)
{
	return fail(e, ERR_INPUT,
		    "expected cgroupsPath to be of format \"slice:prefix:name\" for systemd "
		    "cgroups, got '%s' instead",
		    path);
}

static int take_apart(const struct systemd_wish *wish, struct arena *a, struct parts *ret,
		      struct err *e)
{
	const char *path = wish->cgroups_path;
	char *copy;

	*ret = (struct parts){ "", wish->prefix, wish->id };
	if (path && *path) {
		copy = arena_dup(a, path);
		if (!copy)
			return no_memory(e);
		if (!split(copy, ret))
			return fail_form(path, e);
	}
	if (!*ret->slice)
		ret->slice = wish->user ? "user.slice" : "system.slice";
	return 0;
}

/* crun's two parts may have the whole name of the unit as the second. */
static const char *unit_name(struct arena *a, const struct parts *p)
{
	if (text_ends(p->name, ".slice") || (!*p->prefix && text_ends(p->name, ".scope")))
		return arena_dup(a, p->name);
	return arena_printf(a, "%s%s%s.scope", p->prefix, *p->prefix ? "-" : "", p->name);
}

static int resolve(const struct systemd_wish *wish, struct arena *a, struct systemd_names *n,
		   struct err *e)
{
	const char *path, *own;
	struct parts parts;

	if (take_apart(wish, a, &parts, e) < 0)
		return -1;
	n->slice = parts.slice;
	n->unit = unit_name(a, &parts);
	if (!n->unit)
		return no_memory(e);
	if (systemd_slice_expand(n->slice, a, &path, e) < 0 || check_unit(n->unit, e) < 0)
		return -1;
	path = arena_printf(a, "%s/%s", path, n->unit);
	if (!path)
		return no_memory(e);
	if (text_ends(n->unit, ".slice")) {
		/* where a slice is, its own name says */
		if (systemd_slice_expand(n->unit, a, &own, e) < 0)
			return -1;
		if (strcmp(own, path) != 0)
			return fail(e, ERR_INPUT, "slice '%s' is not in slice '%s'", n->unit,
				    n->slice);
	}
	n->path = wish->user ? arena_printf(a, "/user.slice/user-%u.slice/user@%u.service%s",
					    wish->uid, wish->uid, path)
			     : path;
	return n->path ? 0 : no_memory(e);
}

/**
 * systemd_names_resolve() - what config.json's cgroupsPath means to the systemd driver
 * @a: owns the names
 */
int systemd_names_resolve(const struct systemd_wish *wish, struct arena *a,
			  struct systemd_names *ret_names, struct err *e)
{
	struct systemd_names names;

	if (resolve(wish, a, &names, e) < 0)
		return fail_at(e, "config.json: /linux/cgroupsPath");
	*ret_names = names;
	return 0;
}
