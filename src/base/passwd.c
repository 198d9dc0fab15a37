/* passwd.c - name:password:uid:gid:comment:home:shell, and name:password:gid:user,user
 *
 * The file is the container's: a line that is not exactly that is passed over.
 */
#include "base/passwd.h"

#include <string.h>

#include "base/err.h"
#include "base/userspec.h"

#define FIELDS 7

enum { NAME = 0, UID = 2, GID = 3, HOME = 5 };

/* The id in the field, which ends at @end. */
static bool read_id(const char *at, const char *end, uint32_t *ret_id)
{
	char text[16];
	size_t n = (size_t)(end - at);
	struct err e;

	if (n >= sizeof(text))
		return false;
	memcpy(text, at, n);
	text[n] = '\0';
	return userspec_id(text, ret_id, &e) == 0;
}

static bool is_id(const char *at, const char *end, uint32_t id)
{
	uint32_t v;

	return read_id(at, end, &v) && v == id;
}

/* Splits a line at its colons; false when it has not the right number of them. */
static bool split(const char *line, const char *end, const char *field[FIELDS + 1])
{
	int n = 0;

	field[n++] = line;
	for (const char *c = line; c < end; c++)
		if (*c == ':' && n++ < FIELDS)
			field[n - 1] = c + 1;
	field[FIELDS] = end + 1;
	return n == FIELDS;
}

/**
 * passwd_home() - find the home directory of a user
 * @text:     content of /etc/passwd
 * @ret_home: receives it, NUL-terminated
 *
 * Return: true when there is one, an absolute path that fits in @size bytes.
 */
bool passwd_home(const char *text, uint32_t uid, char *ret_home, size_t size)
{
	for (const char *line = text, *end; *line; line = *end ? end + 1 : end) {
		const char *field[FIELDS + 1] = { NULL };
		size_t n;

		end = line + strcspn(line, "\n");
		if (!split(line, end, field) || !is_id(field[UID], field[UID + 1] - 1, uid))
			continue;
		n = (size_t)(field[HOME + 1] - 1 - field[HOME]);
		if (!n || *field[HOME] != '/' || n >= size)
			return false;
		memcpy(ret_home, field[HOME], n);
		ret_home[n] = '\0';
		return true;
	}
	return false;
}

/* The field after @colons of them, in a line that has at least one more; NULL if not. */
static const char *field_of(const char *line, const char *end, int colons, const char **ret_end)
{
	const char *at = line;

	for (; colons > 0 && at; colons--) {
		at = memchr(at, ':', (size_t)(end - at));
		at = at ? at + 1 : NULL;
	}
	*ret_end = at ? memchr(at, ':', (size_t)(end - at)) : NULL;
	return *ret_end ? at : NULL;
}

/**
 * passwd_id() - find the id of a user, or of a group
 * @text: content of /etc/passwd or /etc/group
 *
 * Return: true when there is one of that name.
 */
bool passwd_id(const char *text, const char *name, uint32_t *ret_id)
{
	size_t len = strlen(name);

	for (const char *line = text, *end; *line; line = *end ? end + 1 : end) {
		const char *stop, *id;

		end = line + strcspn(line, "\n");
		if ((size_t)(end - line) <= len || strncmp(line, name, len) != 0 ||
		    line[len] != ':')
			continue;
		id = field_of(line, end, UID, &stop);
		if (id && read_id(id, stop, ret_id))
			return true;
	}
	return false;
}

/**
 * passwd_user_of() - find the name and the group of a user
 * @text:     content of /etc/passwd
 * @ret_name: NUL-terminated
 *
 * Return: true when there is one whose name fits in @size bytes.
 */
bool passwd_user_of(const char *text, uint32_t uid, char *ret_name, size_t size, uint32_t *ret_gid)
{
	for (const char *line = text, *end; *line; line = *end ? end + 1 : end) {
		const char *field[FIELDS + 1] = { NULL };
		size_t n;

		end = line + strcspn(line, "\n");
		if (!split(line, end, field) || !is_id(field[UID], field[UID + 1] - 1, uid))
			continue;
		n = (size_t)(field[NAME + 1] - 1 - field[NAME]);
		if (!n || n >= size || !read_id(field[GID], field[GID + 1] - 1, ret_gid))
			return false;
		memcpy(ret_name, field[NAME], n);
		ret_name[n] = '\0';
		return true;
	}
	return false;
}

static bool lists(const char *at, const char *end, const char *user)
{
	size_t len = strlen(user);

	for (const char *next; at < end; at = next + 1) {
		next = memchr(at, ',', (size_t)(end - at));
		next = next ? next : end;
		if ((size_t)(next - at) == len && memcmp(at, user, len) == 0)
			return true;
	}
	return false;
}

/**
 * passwd_next_group() - the next group that a user is a member of
 * @text: content of /etc/group; moved on
 */
bool passwd_next_group(const char **text, const char *user, uint32_t *ret_gid)
{
	while (**text) {
		const char *line = *text, *end = line + strcspn(line, "\n"), *stop;
		const char *id = field_of(line, end, UID, &stop);

		*text = *end ? end + 1 : end;
		if (id && lists(stop + 1, end, user) && read_id(id, stop, ret_gid))
			return true;
	}
	return false;
}

/**
 * passwd_group_name() - find the name of a group
 * @text:     content of /etc/group
 * @ret_name: NUL-terminated
 *
 * Return: true when there is one whose name fits in @size bytes.
 */
bool passwd_group_name(const char *text, uint32_t gid, char *ret_name, size_t size)
{
	for (const char *line = text, *end; *line; line = *end ? end + 1 : end) {
		const char *stop, *id;
		size_t n;

		end = line + strcspn(line, "\n");
		id = field_of(line, end, UID, &stop);
		if (!id || !is_id(id, stop, gid))
			continue;
		n = (size_t)((const char *)memchr(line, ':', (size_t)(end - line)) - line);
		if (!n || n >= size)
			return false;
		memcpy(ret_name, line, n);
		ret_name[n] = '\0';
		return true;
	}
	return false;
}

/**
 * passwd_members() - who is listed as a member of a group
 * @text: content of /etc/group
 *
 * Return: the names, divided by commas, *@ret_len bytes of @text; NULL without such a group.
 */
const char *passwd_members(const char *text, const char *name, size_t *ret_len)
{
	size_t len = strlen(name);

	for (const char *line = text, *end; *line; line = *end ? end + 1 : end) {
		const char *stop;

		end = line + strcspn(line, "\n");
		if ((size_t)(end - line) <= len || strncmp(line, name, len) != 0 ||
		    line[len] != ':' || !field_of(line, end, UID, &stop))
			continue;
		*ret_len = (size_t)(end - stop) - 1;
		return stop + 1;
	}
	return NULL;
}
