/* challenge.c - headers with parameters: WWW-Authenticate, and Link (RFC 8288); answers of token servers */
#include "remote/challenge.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"

#define TOKEN_MAX    ((size_t)64 << 10)
#define LIFE_DEFAULT 60    /* s, as the protocol has it */
#define LIFE_MAX     86400 /* s */

/* RFC 9110 5.6.2 */
static size_t token_len(const char *at)
{
	return strspn(at, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
			  "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

static void skip_blanks(const char **at)
{
	*at += strspn(*at, " \t");
}

/* A quoted string or a token, decoded; NULL when it is neither. */
static char *take_value(const char **at, struct arena *a)
{
	size_t len = token_len(*at), n = 0;
	char *value;

	if (**at != '"') {
		/* what should be quoted and is not: up to the next comma */
		len = strcspn(*at, ", \t");
		value = len ? arena_dup_len(a, *at, len) : NULL;
		*at += len;
		return value;
	}
	value = arena_alloc(a, strlen(*at) + 1);
	for (++*at; value && **at && **at != '"'; ++*at) {
		if (**at == '\\' && (*at)[1])
			++*at;
		value[n++] = **at;
	}
	if (**at != '"')
		return NULL;
	++*at;
	return value;
}

static bool is_name(const char *at, size_t len, const char *name)
{
	return strlen(name) == len && strncasecmp(at, name, len) == 0;
}

static void set_parameter(struct challenge *c, const char *name, size_t len, char *value)
{
	const struct {
		const char *name;
		char **at;
	} rows[] = {
		{ "realm", &c->realm },
		{ "service", &c->service },
		{ "scope", &c->scope },
		{ "error", &c->error },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (is_name(name, len, rows[i].name) && !*rows[i].at)
			*rows[i].at = value;
}

/* name=value, …; stops before the next challenge, which is a token without "=" */
static void take_parameters(const char **at, struct arena *a, struct challenge *c)
{
	for (;;) {
		const char *from, *after;
		char *value;
		size_t len;

		*at += strspn(*at, " \t,");
		from = *at;
		len = token_len(from);
		after = from + len;
		skip_blanks(&after);
		if (!len || *after != '=')
			return;
		*at = after + 1;
		skip_blanks(at);
		value = take_value(at, a);
		if (!value)
			return;
		set_parameter(c, from, len, value);
	}
}

/**
 * challenge_parse() - the challenge that we answer: Bearer if there is one, else Basic
 * @header:        values of all WWW-Authenticate lines, joined by commas
 * @ret_challenge: CHALLENGE_NONE when there is none that we know
 */
void challenge_parse(const char *header, struct arena *a, struct challenge *ret_challenge)
{
	struct challenge best = { 0 };
	const char *at = header;

	for (;;) {
		struct challenge c = { 0 };
		const char *from;
		size_t len;

		at += strspn(at, " \t,");
		from = at;
		len = token_len(at);
		if (!len)
			break;
		at += len;
		if (is_name(from, len, "Bearer"))
			c.kind = CHALLENGE_BEARER;
		else if (is_name(from, len, "Basic"))
			c.kind = CHALLENGE_BASIC;
		take_parameters(&at, a, &c);
		/* the one parameter of others, without a name: Negotiate YII… */
		if (*at && *at != ',' && !token_len(at))
			at += strcspn(at, ",");
		if (c.kind > best.kind && (c.kind != CHALLENGE_BEARER || c.realm))
			best = c;
	}
	*ret_challenge = best;
}

/* It becomes a header's line. */
static bool is_token(const struct json *v)
{
	if (!v || v->type != JSON_STRING || !v->len || v->len > TOKEN_MAX)
		return false;
	for (size_t i = 0; i < v->len; i++)
		if (v->text[i] <= ' ' || v->text[i] == '\x7f')
			return false;
	return true;
}

/**
 * token_read() - the answer of a token server (distribution's docs/spec/auth/token.md)
 * @ret_token:   the arena's
 * @ret_seconds: how long it is good, from one minute to one day
 *
 * Return: whether there is a token that can be said in a header.
 */
bool token_read(const char *text, size_t len, struct arena *a, char **ret_token,
		int64_t *ret_seconds)
{
	struct err why = { 0 };
	const struct json *doc = json_parse(text ? text : "", len, "token", NULL, a, &why);
	const struct json *token, *life;
	int64_t s = LIFE_DEFAULT;

	if (!doc || doc->type != JSON_OBJECT)
		return false;
	token = json_member(doc, "token");
	if (!is_token(token))
		token = json_member(doc, "access_token");
	if (!is_token(token))
		return false;
	life = json_member(doc, "expires_in");
	if (!life || life->type != JSON_NUMBER || !json_i64(life, &s) || s < LIFE_DEFAULT)
		s = LIFE_DEFAULT;
	*ret_token = arena_dup_len(a, token->text, token->len);
	*ret_seconds = s < LIFE_MAX ? s : LIFE_MAX;
	return *ret_token;
}

static bool is_next(const char *parameters)
{
	for (const char *at = parameters; (at = strcasestr(at, "rel")); at += 3) {
		const char *v = at + 3;

		skip_blanks(&v);
		if (*v != '=')
			continue;
		v++;
		skip_blanks(&v);
		if (strncasecmp(v, "\"next\"", 6) == 0 || strncasecmp(v, "next", 4) == 0)
			return true;
	}
	return false;
}

/* link_next() - the target of rel="next" in a Link header, or NULL */
char *link_next(const char *header, struct arena *a)
{
	const char *at = header;

	while (at && (at = strchr(at, '<'))) {
		const char *end = strchr(at, '>'), *stop;
		char *parameters;

		if (!end)
			return NULL;
		stop = strchr(end, '<');
		parameters = arena_dup_len(a, end + 1,
					   stop ? (size_t)(stop - end - 1) : strlen(end + 1));
		if (parameters && is_next(parameters))
			return arena_dup_len(a, at + 1, (size_t)(end - at - 1));
		at = stop;
	}
	return NULL;
}
