/* auth_file.c - the JSON of credentials, read and changed; what is not ours stays as it was */
#include "remote/auth_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/json_text.h"
#include "base/own.h"
#include "base/text.h"
#include "os/file.h"
#include "remote/base64.h"

#define FILE_MAX ((size_t)1 << 20)

/* auth_file_load() - read a file that may be missing */
int auth_file_load(const char *path, struct arena *a, struct auth_file *ret_file, struct err *e)
{
	own_mem char *text = NULL;
	struct err why = { 0 };
	int len = file_read(AT_FDCWD, path, FILE_MAX, &text, &why);
	struct json *doc;

	*ret_file = (struct auth_file){ .path = path };
	if (len < 0 && (why.sysno == ENOENT || why.sysno == ENOTDIR || why.sysno == EACCES))
		return 0;
	if (len < 0)
		return *e = why, -1;
	if (!text[strspn(text, " \t\r\n")])
		return 0;
	doc = json_parse(text, (size_t)len, path, NULL, a, e);
	if (!doc)
		return fail_in(e, "read the credentials in '%s'", path);
	if (doc->type != JSON_OBJECT)
		return fail(e, ERR_INPUT, "read the credentials in '%s': it is no object", path);
	ret_file->doc = doc;
	return 0;
}

/* --- keys --- */

/* docker.io has many names */
static bool is_hub(const char *host, size_t len)
{
	static const char *const names[] = { "docker.io", "index.docker.io",
					     "registry-1.docker.io" };

	for (size_t i = 0; i < COUNT(names); i++)
		if (strlen(names[i]) == len && strncasecmp(names[i], host, len) == 0)
			return true;
	return false;
}

static bool same_host(const char *a, size_t a_len, const char *b, size_t b_len)
{
	return (a_len == b_len && strncasecmp(a, b, a_len) == 0) ||
	       (is_hub(a, a_len) && is_hub(b, b_len));
}

/**
 * match() - how well a key fits
 *
 * With a scheme it is a host, as old Dockers write it; else HOST or HOST/NAMESPACE….
 *
 * Return: 0 not at all, 1 the host, more: the length of the path.
 */
static size_t match(const char *key, const char *registry, const char *repository)
{
	const char *scheme = strstr(key, "://"), *host = scheme ? scheme + 3 : key, *path;
	size_t len = strcspn(host, "/"), path_len;

	if (!same_host(host, len, registry, strlen(registry)))
		return 0;
	path = host[len] && !scheme ? host + len + 1 : "";
	path_len = strlen(path);
	if (!path_len)
		return 1;
	if (!repository || strncmp(repository, path, path_len) != 0 ||
	    (repository[path_len] && repository[path_len] != '/'))
		return 0;
	return 1 + path_len;
}

static const struct json *object_member(const struct json *doc, const char *key)
{
	const struct json *v = doc ? json_member(doc, key) : NULL;

	return v && v->type == JSON_OBJECT ? v : NULL;
}

static char *string_member(const struct json *object, const char *key, struct arena *a)
{
	const struct json *v = json_member(object, key);

	if (!v || v->type != JSON_STRING || !v->len || strlen(v->text) != v->len)
		return NULL;
	return arena_dup(a, v->text);
}

static const struct json *best_entry(const struct auth_file *f, const char *registry,
				     const char *repository)
{
	const struct json *auths = object_member(f->doc, "auths"), *best = NULL;
	size_t fit = 0;

	for (const struct json *v = auths ? auths->child : NULL; v; v = v->next) {
		size_t now = match(v->key, registry, repository);

		if (now > fit && v->type == JSON_OBJECT) {
			fit = now;
			best = v;
		}
	}
	return best;
}

/* --- entries --- */

static int bad_entry(const struct auth_file *f, const struct json *entry, struct err *e)
{
	return fail(e, ERR_INPUT,
		    "read the credentials in '%s': those of '%.100s' are not the base64 of "
		    "NAME:PASSWORD",
		    f->path, entry->key);
}

/**
 * auth_file_entry() - what "auths" has for a registry
 * @repository: NULL: the registry as such
 *
 * Return: 1; 0 when there is nothing, or an empty entry; -1.
 */
int auth_file_entry(const struct auth_file *f, const char *registry, const char *repository,
		    struct arena *a, struct auth *ret_auth, struct err *e)
{
	const struct json *entry = best_entry(f, registry, repository);
	struct auth auth = { .source = (char *)f->path };
	char *packed, *pair = NULL, *colon;

	if (!entry)
		return 0;
	auth.username = string_member(entry, "username", a);
	auth.password = string_member(entry, "password", a);
	auth.identity_token = string_member(entry, "identitytoken", a);
	auth.registry_token = string_member(entry, "registrytoken", a);
	packed = string_member(entry, "auth", a);
	if (packed) {
		pair = base64_read(packed, a);
		colon = pair ? strchr(pair, ':') : NULL;
		if (!colon)
			return bad_entry(f, entry, e);
		*colon = '\0';
		auth.username = pair;
		auth.password = colon + 1;
	}
	if (!auth.username && !auth.identity_token && !auth.registry_token)
		return 0;
	*ret_auth = auth;
	return 1;
}

/* auth_file_helper() - the credential helper that the file has for a registry, or NULL */
const char *auth_file_helper(const struct auth_file *f, const char *registry)
{
	const struct json *helpers = object_member(f->doc, "credHelpers"), *store;

	for (const struct json *v = helpers ? helpers->child : NULL; v; v = v->next)
		if (v->type == JSON_STRING && v->len && match(v->key, registry, NULL))
			return v->text;
	store = f->doc ? json_member(f->doc, "credsStore") : NULL;
	return store && store->type == JSON_STRING && store->len ? store->text : NULL;
}

/* --- changes --- */

static bool write_json(const struct json *v, struct str *out)
{
	static const char *const words[] = { "null", "false", "true" };

	if (v->key) {
		json_text_quote(out, v->key);
		str_add(out, ":");
	}
	switch (v->type) {
	case JSON_NULL:
	case JSON_BOOL:
		str_add(out, words[v->type == JSON_NULL ? 0 : 1 + v->truth]);
		return true;
	case JSON_NUMBER:
		str_add_len(out, v->text, v->len);
		return true;
	case JSON_STRING:
		json_text_quote(out, v->text);
		return strlen(v->text) == v->len;
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	}
	str_add(out, v->type == JSON_ARRAY ? "[" : "{");
	for (const struct json *c = v->child; c; c = c->next) {
		if (c != v->child)
			str_add(out, ",");
		if (!write_json(c, out))
			return false;
	}
	str_add(out, v->type == JSON_ARRAY ? "]" : "}");
	return true;
}

static struct json *new_json(struct arena *a, enum json_type type, const char *key,
			     const char *text)
{
	struct json *v = arena_alloc(a, sizeof(*v));

	if (!v)
		return NULL;
	v->type = type;
	v->key = key ? arena_dup(a, key) : NULL;
	v->text = text;
	v->len = text ? strlen(text) : 0;
	return v;
}

static void append(struct json *object, struct json *member)
{
	struct json **at = &object->child;

	while (*at)
		at = &(*at)->next;
	*at = member;
}

/* Without all that means exactly this registry. Returns whether there was anything. */
static bool remove_entries(struct json *auths, const char *registry)
{
	bool any = false;

	for (struct json **at = &auths->child; *at;) {
		const char *scheme = strstr((*at)->key, "://");
		bool path = !scheme && strchr((*at)->key, '/');

		if (!path && match((*at)->key, registry, NULL)) {
			*at = (*at)->next;
			any = true;
		} else {
			at = &(*at)->next;
		}
	}
	return any;
}

static struct json *new_entry(const char *registry, const struct auth *auth, bool empty,
			      struct arena *a)
{
	const char *key = is_hub(registry, strlen(registry)) ? AUTH_HUB_KEY : registry;
	struct json *entry = new_json(a, JSON_OBJECT, key, NULL), *part;
	char *pair;

	if (!entry || empty)
		return entry;
	if (auth->username) {
		/* with an identity token the password is none of anybody's business any more */
		pair = arena_printf(a, "%s:%s", auth->username,
				    auth->password && !auth->identity_token ? auth->password : "");
		pair = pair ? base64_of(pair, a) : NULL;
		part = pair ? new_json(a, JSON_STRING, "auth", pair) : NULL;
		if (!part)
			return NULL;
		append(entry, part);
	}
	if (auth->identity_token) {
		part = new_json(a, JSON_STRING, "identitytoken", auth->identity_token);
		if (!part)
			return NULL;
		append(entry, part);
	}
	return entry;
}

/* The file that a link leads to, or the name as it is; its folder is made. */
static int make_place(const char *path, char **ret_path, struct err *e)
{
	own_mem char *real = realpath(path, NULL);
	own_mem char *folder = NULL;
	char *slash;

	if (real) {
		*ret_path = give(real);
		return 0;
	}
	folder = strdup(path);
	slash = folder ? strrchr(folder, '/') : NULL;
	if (slash && slash != folder) {
		*slash = '\0';
		for (char *at = strchr(folder + 1, '/'); at; at = strchr(at + 1, '/')) {
			*at = '\0';
			(void)mkdir(folder, 0700);
			*at = '/';
		}
		if (mkdir(folder, 0700) < 0 && errno != EEXIST)
			return fail_sys(e, "make the folder '%s'", folder);
	}
	*ret_path = strdup(path);
	return *ret_path ? 0 : fail_errno(e, ENOMEM, "write '%s'", path);
}

/* For who has the file's folder open to others: nobody but us may read what is written. */
static int write_file(const char *path, const struct json *doc, struct err *e)
{
	own_str struct str compact = { 0 }, out = { 0 };
	own_mem char *real = NULL;
	own_fd int dir = FD_NONE;
	char *slash;

	if (!write_json(doc, &compact))
		return fail(e, ERR_UNSUPPORTED, "write '%s': it has a string with a NUL", path);
	json_text_indent(&out, compact.at, "\t");
	str_add(&out, "\n");
	if (compact.torn || out.torn)
		return fail_errno(e, ENOMEM, "write '%s'", path);
	if (make_place(path, &real, e) < 0)
		return -1;
	slash = strrchr(real, '/');
	if (!slash)
		return file_replace(AT_FDCWD, real, out.at, out.len, e);
	*slash = '\0';
	dir = fd_open(*real ? real : "/", O_RDONLY | O_DIRECTORY);
	if (dir < 0)
		return fail_sys(e, "open '%s'", real);
	return file_replace(dir, slash + 1, out.at, out.len, e);
}

/**
 * auth_file_change() - put in, or take out, what the file says of a registry
 * @auth:        NULL: take it out
 * @empty:       put in an empty entry: a helper has the rest
 * @ret_changed: whether there was anything to do
 */
int auth_file_change(const struct auth_file *f, const char *registry, const struct auth *auth,
		     bool empty, struct arena *a, bool *ret_changed, struct err *e)
{
	struct json *doc = f->doc ? f->doc : new_json(a, JSON_OBJECT, NULL, NULL);
	struct json *auths = (struct json *)object_member(doc, "auths"), *entry;
	bool any;

	if (doc && !auths) {
		auths = new_json(a, JSON_OBJECT, "auths", NULL);
		if (auths)
			append(doc, auths);
	}
	if (!doc || !auths)
		return fail_errno(e, ENOMEM, "write '%s'", f->path);
	any = remove_entries(auths, registry);
	*ret_changed = any || auth || empty;
	if (!*ret_changed)
		return 0;
	if (auth) {
		entry = new_entry(registry, auth, empty, a);
		if (!entry)
			return fail_errno(e, ENOMEM, "write '%s'", f->path);
		append(auths, entry);
	}
	return write_file(f->path, doc, e);
}
