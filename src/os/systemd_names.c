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

/* Splits "SLICE:PREFIX:NAME" in place; false when it has not three parts. */
static bool split(char *text, char **ret_parts)
{
	size_t n = 0;

	ret_parts[n++] = text;
	for (char *c = text; *c; c++) {
		if (*c != ':')
			continue;
		if (n == 3)
			return false;
		*c = '\0';
		ret_parts[n++] = c + 1;
	}
	return n == 3 && *ret_parts[2];
}

static const char *unit_name(struct arena *a, const char *prefix, const char *name)
{
	if (text_ends(name, ".slice"))
		return arena_dup(a, name);
	return arena_printf(a, "%s%s%s.scope", prefix, *prefix ? "-" : "", name);
}

/**
 * systemd_names_resolve() - what config.json's cgroupsPath means to the systemd driver
 * @cgroups_path: "SLICE:PREFIX:NAME"; SLICE may be empty; NULL or "" when absent
 * @id:           the container's id, the NAME of an absent one
 * @user:         the user's own manager (rootless), whose units are below its service's cgroup
 * @uid:          that user
 * @a:            owns the names
 */
int systemd_names_resolve(const char *cgroups_path, const char *id, bool user, uid_t uid,
			  struct arena *a, struct systemd_names *ret_names, struct err *e)
{
	const char *text = cgroups_path && *cgroups_path ? cgroups_path : ":tare:", *slice, *unit,
		   *path;
	char *parts[3] = { 0 },
	     *copy = arena_printf(a, "%s%s", text, text == cgroups_path ? "" : id);

	if (!copy)
		return no_memory(e);
	if (!split(copy, parts)) {
		fail(e, ERR_INPUT,
		     "expected cgroupsPath to be of format \"slice:prefix:name\" for systemd "
		     "cgroups, got '%s' instead",
		     text);
		return fail_at(e, "config.json: /linux/cgroupsPath");
	}
	slice = *parts[0] ? parts[0] : user ? "user.slice" : "system.slice";
	unit = unit_name(a, parts[1], parts[2]);
	if (!unit)
		return no_memory(e);
	if (systemd_slice_expand(slice, a, &path, e) < 0 || check_unit(unit, e) < 0)
		return fail_at(e, "config.json: /linux/cgroupsPath");
	path = user ? arena_printf(a, "/user.slice/user-%u.slice/user@%u.service%s/%s", uid, uid,
				   path, unit)
		    : arena_printf(a, "%s/%s", path, unit);
	if (!path)
		return no_memory(e);
	*ret_names = (struct systemd_names){ .slice = slice, .unit = unit, .path = path };
	return 0;
}
