/* userspec.c - strict user and group numbers */
#include "base/userspec.h"

#include <string.h>

#include "base/err.h"
#include "base/text.h"

/**
 * userspec_id() - read one user or group id
 * @text: digits only, no sign, no blank, no leading zero; up to 4294967294
 *
 * Return: 0, or -1 with ERR_INPUT.
 */
int userspec_id(const char *text, uint32_t *ret_id, struct err *e)
{
	uint64_t v;
	int r = text_u64(text, USERSPEC_ID_MAX, &v);

	if (r == -ERANGE)
		return fail(e, ERR_INPUT, "id '%.64s' is above %u", text, USERSPEC_ID_MAX);
	if (r < 0)
		return fail(e, ERR_INPUT, "'%.64s' is not a user or group number", text);
	/* Octal to some, decimal to others: to nobody's surprise, neither. */
	if (text[0] == '0' && text[1])
		return fail(e, ERR_INPUT, "id '%.64s' has a leading zero", text);
	*ret_id = (uint32_t)v;
	return 0;
}

/**
 * userspec_parse() - read "UID" or "UID:GID"
 *
 * Return: 0, or -1 with ERR_INPUT; names are refused, they belong to the engine above.
 */
int userspec_parse(const char *text, struct userspec *ret_user, struct err *e)
{
	struct userspec u = { .has_gid = strchr(text, ':') != NULL };
	size_t n = strcspn(text, ":");
	char uid[32];

	if (n >= sizeof(uid))
		return fail(e, ERR_INPUT, "'%.64s' is not a user or group number", text);
	memcpy(uid, text, n);
	uid[n] = '\0';
	if (userspec_id(uid, &u.uid, e) < 0 ||
	    (u.has_gid && userspec_id(text + n + 1, &u.gid, e) < 0)) {
		fail_in(e, "user '%.64s'", text);
		return fail_hint(e, "write UID or UID:GID, for example 1000:1000");
	}
	*ret_user = u;
	return 0;
}
