/* reference.c - names of images from text, and back
 *
 * A name is cut from behind: digest, tag, registry; then each part is held against its own rule.
 */
#include "spec/reference.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define LIBRARY         "library/"
#define LEGACY_REGISTRY "index.docker.io"
#define IDENTIFIER_HEX  64

static bool is_low(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_alnum(char c)
{
	return is_low(c) || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* One dot, one or two underscores, or any number of hyphens; 0 when it is none. */
static size_t separator(const char *at)
{
	if (*at == '.')
		return 1;
	if (*at == '_')
		return at[1] == '_' ? 2 : 1;
	return strspn(at, "-");
}

/* [a-z0-9]+ (separator [a-z0-9]+)*, such components joined by slashes */
static bool is_repository(const char *at)
{
	for (;;) {
		if (!is_low(*at))
			return false;
		while (is_low(*at))
			at++;
		if (!*at)
			return true;
		if (*at == '/')
			at++;
		else if (separator(at))
			at += separator(at);
		else
			return false;
	}
}

static bool is_port(const char *at)
{
	uint64_t port;

	return text_u64(at, 65535, &port) == 0 && strlen(at) <= 5;
}

/* An address in brackets; what is behind it, or NULL */
static const char *skip_ipv6(const char *at)
{
	const char *end = at + 1;

	while (is_hex(*end) || *end == ':')
		end++;
	return *end == ']' && end > at + 1 ? end + 1 : NULL;
}

/* Labels of letters, digits and inner hyphens, joined by dots; what is behind them, or NULL */
static const char *skip_labels(const char *at)
{
	for (;;) {
		if (!is_alnum(*at))
			return NULL;
		while (is_alnum(*at) || *at == '-')
			at++;
		if (at[-1] == '-')
			return NULL;
		if (*at != '.')
			return at;
		at++;
	}
}

/* reference_is_registry() - host or host:port, which may be an IPv6 address in brackets */
bool reference_is_registry(const char *text)
{
	const char *end = *text == '[' ? skip_ipv6(text) : skip_labels(text);

	if (!end || strlen(text) > REFERENCE_NAME_MAX)
		return false;
	return !*end || (*end == ':' && is_port(end + 1));
}

/* reference_is_tag() - a letter, digit or underscore, then these, dots and hyphens; 128 in all */
bool reference_is_tag(const char *text)
{
	size_t len = 0;

	while (is_alnum(text[len]) || text[len] == '_' ||
	       (len && (text[len] == '.' || text[len] == '-')))
		len++;
	return len && len <= REFERENCE_TAG_MAX && !text[len];
}

static bool has_upper(const char *text)
{
	return text[strcspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] != '\0';
}

/* Docker's rule of what the first component is. */
static bool names_registry(const char *first)
{
	return strcmp(first, "localhost") == 0 || strpbrk(first, ".:") || has_upper(first);
}

static int bad_repository(const char *text, const char *repository, struct err *e)
{
	fail(e, ERR_INPUT, "name '%.300s': '%.200s' is no repository", text, repository);
	if (!*repository)
		return fail_hint(e, "it is [HOST[:PORT]/]NAME[:TAG][@DIGEST]");
	if (has_upper(repository))
		return fail_hint(e, "repositories are in lower case");
	return fail_hint(e, "its components are a-z and 0-9, with '.', '_', '__' or '-' inside");
}

static int set_name(const char *text, const char *registry, const char *repository,
		    struct reference *r, struct err *e)
{
	bool hub = strcmp(registry, REFERENCE_DEFAULT_REGISTRY) == 0;
	bool add = hub && !strchr(repository, '/');

	if (!reference_is_registry(registry)) {
		fail(e, ERR_INPUT, "name '%.300s': '%.200s' is no registry", text, registry);
		return fail_hint(e, "it is HOST or HOST:PORT; an IPv6 address stands in brackets");
	}
	if (!is_repository(repository))
		return bad_repository(text, repository, e);
	if (strlen(repository) + (add ? sizeof(LIBRARY) - 1 : 0) > REFERENCE_NAME_MAX)
		return fail(e, ERR_INPUT,
			    "name '%.60s…': the repository is longer than %d characters", text,
			    REFERENCE_NAME_MAX);
	snprintf(r->registry, sizeof(r->registry), "%s", registry);
	snprintf(r->repository, sizeof(r->repository), "%s%s", add ? LIBRARY : "", repository);
	return 0;
}

/* @name is without tag and digest */
static int split_registry(const char *text, char *name, struct reference *r, struct err *e)
{
	char *slash = strchr(name, '/');

	if (slash)
		*slash = '\0';
	if (!slash || !names_registry(name)) {
		if (slash)
			*slash = '/';
		r->short_name = true;
		return set_name(text, REFERENCE_DEFAULT_REGISTRY, name, r, e);
	}
	if (strcmp(name, LEGACY_REGISTRY) == 0)
		return set_name(text, REFERENCE_DEFAULT_REGISTRY, slash + 1, r, e);
	return set_name(text, name, slash + 1, r, e);
}

static int take_digest(const char *text, char *name, struct reference *r, struct err *e)
{
	char *at = strchr(name, '@');

	if (!at)
		return 0;
	*at = '\0';
	if (digest_parse(at + 1, &r->digest, e) < 0)
		return fail_in(e, "name '%.300s'", text);
	return 0;
}

static int take_tag(const char *text, char *name, struct reference *r, struct err *e)
{
	char *slash = strrchr(name, '/');
	char *colon = strrchr(slash ? slash : name, ':');

	if (!colon)
		return 0;
	*colon = '\0';
	if (!reference_is_tag(colon + 1)) {
		fail(e, ERR_INPUT, "name '%.300s': '%.150s' is no tag", text, colon + 1);
		return fail_hint(e, "it is A-Z, a-z, 0-9 and '_', then also '.' and '-'; %d in all",
				 REFERENCE_TAG_MAX);
	}
	snprintf(r->tag, sizeof(r->tag), "%s", colon + 1);
	return 0;
}

static bool is_identifier(const char *text)
{
	return strlen(text) == IDENTIFIER_HEX && strspn(text, "0123456789abcdef") == IDENTIFIER_HEX;
}

/**
 * reference_parse_bare() - read a name, and put no tag where there is none
 *
 * For names that mean all tags of a repository.
 *
 * Return: 0, or -1 with ERR_INPUT.
 */
int reference_parse_bare(const char *text, struct reference *ret_reference, struct err *e)
{
	struct reference r = { 0 };
	char name[REFERENCE_TEXT + REFERENCE_NAME_MAX];

	if (strlen(text) >= sizeof(name))
		return fail(e, ERR_INPUT, "name '%.60s…': it is too long", text);
	if (is_identifier(text)) {
		fail(e, ERR_INPUT, "name '%s': 64 hexadecimal digits are an image's id, no name",
		     text);
		return fail_hint(e, "by digest it is NAME@sha256:%s", text);
	}
	memcpy(name, text, strlen(text) + 1);
	if (take_digest(text, name, &r, e) < 0 || take_tag(text, name, &r, e) < 0 ||
	    split_registry(text, name, &r, e) < 0)
		return -1;
	*ret_reference = r;
	return 0;
}

/**
 * reference_parse() - read a name as users write it
 *
 * What they leave out is filled in: registry, "library/", and the tag unless there is a digest.
 *
 * Return: 0, or -1 with ERR_INPUT.
 */
int reference_parse(const char *text, struct reference *ret_reference, struct err *e)
{
	if (reference_parse_bare(text, ret_reference, e) < 0)
		return -1;
	if (!*ret_reference->tag && ret_reference->digest.algorithm == DIGEST_NONE)
		memcpy(ret_reference->tag, REFERENCE_DEFAULT_TAG, sizeof(REFERENCE_DEFAULT_TAG));
	return 0;
}

/* reference_name() - registry and repository in @buf: docker.io/library/debian */
const char *reference_name(const struct reference *ref, char buf[REFERENCE_TEXT])
{
	snprintf(buf, REFERENCE_TEXT, "%s/%s", ref->registry, ref->repository);
	return buf;
}

static const char *add_rest(const struct reference *ref, char buf[REFERENCE_TEXT])
{
	size_t len = strlen(buf);
	char digest[DIGEST_TEXT];

	if (*ref->tag)
		len += (size_t)snprintf(buf + len, REFERENCE_TEXT - len, ":%s", ref->tag);
	if (ref->digest.algorithm != DIGEST_NONE && len < REFERENCE_TEXT)
		snprintf(buf + len, REFERENCE_TEXT - len, "@%s", digest_text(&ref->digest, digest));
	return buf;
}

/* reference_full() - everything in @buf: docker.io/library/debian:latest */
const char *reference_full(const struct reference *ref, char buf[REFERENCE_TEXT])
{
	(void)reference_name(ref, buf);
	return add_rest(ref, buf);
}

/* reference_familiar_name() - registry and repository as users write them, in @buf: debian
 *
 * Where the short form would mean another image it is not taken: docker.io/a.b/c stays as it is. */
const char *reference_familiar_name(const struct reference *ref, char buf[REFERENCE_TEXT])
{
	const char *name = ref->repository;
	const char *slash = strchr(name, '/');
	char first[REFERENCE_NAME_MAX + 1];

	if (strcmp(ref->registry, REFERENCE_DEFAULT_REGISTRY) != 0)
		return reference_name(ref, buf);
	if (text_starts(name, LIBRARY) && !strchr(name + sizeof(LIBRARY) - 1, '/')) {
		snprintf(buf, REFERENCE_TEXT, "%s", name + sizeof(LIBRARY) - 1);
		return is_identifier(buf) ? reference_name(ref, buf) : buf;
	}
	snprintf(first, sizeof(first), "%.*s", slash ? (int)(slash - name) : 0, name);
	if (names_registry(first))
		return reference_name(ref, buf);
	snprintf(buf, REFERENCE_TEXT, "%s", name);
	return buf;
}

/* reference_familiar() - as users write it, in @buf: debian:latest */
const char *reference_familiar(const struct reference *ref, char buf[REFERENCE_TEXT])
{
	(void)reference_familiar_name(ref, buf);
	return add_rest(ref, buf);
}
