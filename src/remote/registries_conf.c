/* registries_conf.c - what the documents say, merged; where they lie; and what they make of a name */
#include "remote/registries_conf.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "base/own.h"
#include "os/file.h"
#include "remote/toml.h"

#define FILES_MAX   256 /* in a folder */
#define MIRRORS_MAX 32  /* of a registry */

/* struct source - the document that is being read */
struct source {
	const char *doc;
	struct arena *arena;
	struct err *e;
};

static int no_memory(const struct source *s)
{
	return fail_errno(s->e, ENOMEM, "read '%s'", s->doc);
}

static int wrong(const struct source *s, const struct toml *v, const char *key, const char *wanted)
{
	return fail(s->e, ERR_INPUT, "read '%s': line %u: '%s' is %s, not %s", s->doc, v->line, key,
		    toml_type_word(v->type), wanted);
}

/* Getters: what is not there leaves @ret alone. */

static int get_string(const struct source *s, const struct toml *t, const char *key,
		      const char **ret)
{
	const struct toml *v = toml_member(t, key);

	if (v && v->type != TOML_STRING)
		return wrong(s, v, key, "a string");
	if (v)
		*ret = v->text;
	return 0;
}

static int get_bool(const struct source *s, const struct toml *t, const char *key, bool *ret)
{
	const struct toml *v = toml_member(t, key);

	if (v && v->type != TOML_BOOL)
		return wrong(s, v, key, "true or false");
	if (v)
		*ret = v->truth;
	return 0;
}

static int get_strings(const struct source *s, const struct toml *t, const char *key, char ***ret)
{
	const struct toml *v = toml_member(t, key);
	size_t n = 0;
	char **list;

	if (!v)
		return 0;
	if (v->type != TOML_ARRAY)
		return wrong(s, v, key, "an array");
	for (const struct toml *i = v->child; i; i = i->next, n++)
		if (i->type != TOML_STRING)
			return wrong(s, i, key, "an array of strings");
	list = arena_array(s->arena, n + 1, sizeof(*list));
	if (!list)
		return no_memory(s);
	n = 0;
	for (const struct toml *i = v->child; i; i = i->next)
		list[n++] = (char *)i->text;
	*ret = list;
	return 0;
}

static void warn_unknown(const struct source *s, const struct toml *t, const char *const *known)
{
	for (const struct toml *v = t->child; v; v = v->next) {
		size_t i = 0;

		while (known[i] && strcmp(known[i], v->key) != 0)
			i++;
		if (!known[i])
			log_warn("%s: line %u: '%s' is not known, and ignored", s->doc, v->line,
				 v->key);
	}
}

/* HOST[:PORT][/PATH] without tag and digest. */
static int check_location(const struct source *s, const struct toml *t, const char *location)
{
	const char *slash = strchr(location, '/');
	char host[REFERENCE_NAME_MAX + 1];
	size_t len = slash ? (size_t)(slash - location) : strlen(location);

	if (len < sizeof(host) && strlen(location) <= REFERENCE_NAME_MAX) {
		memcpy(host, location, len);
		host[len] = '\0';
		if (reference_is_registry(host) && (!slash || slash[1]))
			return 0;
	}
	fail(s->e, ERR_INPUT, "read '%s': line %u: '%.200s' is no registry", s->doc, t->line,
	     location);
	return fail_hint(s->e, "it is HOST[:PORT][/PATH], without http:// and without a tag");
}

static int check_prefix(const struct source *s, const struct toml *t, const char *prefix)
{
	if (!text_starts(prefix, "*."))
		return check_location(s, t, prefix);
	if (strchr(prefix, '/'))
		return fail(s->e, ERR_INPUT,
			    "read '%s': line %u: prefix '%.200s': a wildcard has no path", s->doc,
			    t->line, prefix);
	return check_location(s, t, prefix + 2);
}

/* --- rows --- */

static int read_when(const struct source *s, const struct toml *t, bool digest_only,
		     struct registries_mirror *m)
{
	static const struct word words[] = {
		{ "all", 3 }, { "digest-only", 1 }, { "tag-only", 2 }, { 0 }
	};
	const char *text = digest_only ? "digest-only" : "all";
	const struct word *w;

	if (get_string(s, t, "pull-from-mirror", &text) < 0)
		return -1;
	w = word_find(words, text);
	if (!w || (digest_only && w->value != 1))
		return fail(s->e, ERR_INPUT, "read '%s': line %u: pull-from-mirror '%.60s': %s",
			    s->doc, t->line, text,
			    w ? "the registry says mirror-by-digest-only"
			      : "it is all, digest-only or tag-only");
	m->by_digest = w->value & 1;
	m->by_tag = w->value & 2;
	return 0;
}

static int read_mirror(const struct source *s, const struct toml *t, bool digest_only,
		       struct registries_mirror *m)
{
	static const char *const known[] = { "location", "insecure", "pull-from-mirror", NULL };

	if (t->type != TOML_TABLE)
		return wrong(s, t, "mirror", "a table");
	warn_unknown(s, t, known);
	if (get_string(s, t, "location", &m->location) < 0 ||
	    get_bool(s, t, "insecure", &m->insecure) < 0)
		return -1;
	if (!m->location)
		return fail(s->e, ERR_INPUT, "read '%s': line %u: a mirror needs a location",
			    s->doc, t->line);
	if (check_location(s, t, m->location) < 0)
		return -1;
	return read_when(s, t, digest_only, m);
}

static int read_mirrors(const struct source *s, const struct toml *t, bool digest_only,
			struct registries_row *row)
{
	const struct toml *list = toml_member(t, "mirror");
	size_t n = 0;

	if (!list)
		return 0;
	if (list->type != TOML_ARRAY)
		return wrong(s, list, "mirror", "an array of tables");
	for (const struct toml *m = list->child; m; m = m->next)
		n++;
	if (n > MIRRORS_MAX)
		return fail(s->e, ERR_LIMIT, "read '%s': line %u: more than %d mirrors", s->doc,
			    list->line, MIRRORS_MAX);
	row->mirrors.at = arena_array(s->arena, n, sizeof(*row->mirrors.at));
	if (n && !row->mirrors.at)
		return no_memory(s);
	for (const struct toml *m = list->child; m; m = m->next)
		if (read_mirror(s, m, digest_only, &row->mirrors.at[row->mirrors.n++]) < 0)
			return -1;
	return 0;
}

/* A later row of the same prefix takes the place of an earlier one. */
static void put_row(struct registries *r, struct registries_row *row)
{
	struct registries_row **at = &r->rows;

	while (*at && strcmp((*at)->prefix, row->prefix) != 0)
		at = &(*at)->next;
	row->next = *at ? (*at)->next : NULL;
	*at = row;
}

static int read_row(const struct source *s, const struct toml *t, struct registries *r)
{
	static const char *const known[] = { "prefix",  "location", "insecure",
					     "blocked", "mirror",   "mirror-by-digest-only",
					     NULL };
	struct registries_row *row = arena_alloc(s->arena, sizeof(*row));
	bool digest_only = false;

	if (!row)
		return no_memory(s);
	if (t->type != TOML_TABLE)
		return wrong(s, t, "registry", "a table");
	warn_unknown(s, t, known);
	row->file = s->doc;
	if (get_string(s, t, "prefix", &row->prefix) < 0 ||
	    get_string(s, t, "location", &row->location) < 0 ||
	    get_bool(s, t, "insecure", &row->insecure) < 0 ||
	    get_bool(s, t, "blocked", &row->blocked) < 0 ||
	    get_bool(s, t, "mirror-by-digest-only", &digest_only) < 0)
		return -1;
	if (!row->prefix)
		row->prefix = row->location;
	if (!row->prefix)
		return fail(s->e, ERR_INPUT,
			    "read '%s': line %u: a registry needs a prefix or a location", s->doc,
			    t->line);
	if (check_prefix(s, t, row->prefix) < 0 ||
	    (row->location && check_location(s, t, row->location) < 0) ||
	    read_mirrors(s, t, digest_only, row) < 0)
		return -1;
	put_row(r, row);
	return 0;
}

static int read_alias(const struct source *s, const struct toml *v, struct registries *r)
{
	struct registries_alias *alias = arena_alloc(s->arena, sizeof(*alias));
	struct reference ref;

	if (!alias)
		return no_memory(s);
	if (v->type != TOML_STRING)
		return wrong(s, v, v->key, "a string");
	alias->name = v->key;
	alias->value = v->text;
	/* an empty value takes an earlier alias back */
	if (*v->text && (reference_parse_bare(v->text, &ref, s->e) < 0 || ref.short_name ||
			 *ref.tag || ref.digest.algorithm != DIGEST_NONE))
		return fail(s->e, ERR_INPUT,
			    "read '%s': line %u: alias '%.100s' means '%.200s', which is no "
			    "registry and repository",
			    s->doc, v->line, v->key, v->text);
	alias->next = r->aliases;
	r->aliases = alias;
	return 0;
}

static int read_tables(const struct source *s, const struct toml *root, struct registries *r)
{
	const struct toml *rows = toml_member(root, "registry");
	const struct toml *aliases = toml_member(root, "aliases");

	if (rows && rows->type != TOML_ARRAY)
		return wrong(s, rows, "registry", "an array of tables: [[registry]]");
	if (aliases && aliases->type != TOML_TABLE)
		return wrong(s, aliases, "aliases", "a table");
	for (const struct toml *t = rows ? rows->child : NULL; t; t = t->next)
		if (read_row(s, t, r) < 0)
			return -1;
	for (const struct toml *v = aliases ? aliases->child : NULL; v; v = v->next)
		if (read_alias(s, v, r) < 0)
			return -1;
	return 0;
}

static int check_search(const struct source *s, const struct toml *root, char *const *search)
{
	for (size_t i = 0; search && search[i]; i++)
		if (check_location(s, toml_member(root, "unqualified-search-registries"),
				   search[i]) < 0)
			return -1;
	return 0;
}

/* There is nobody here who could be asked which of several is meant; podman asks if it has a terminal. */
static int read_mode(const struct source *s, const struct toml *root, struct registries *r)
{
	static const struct word words[] = {
		{ "enforcing", 1 }, { "permissive", 0 }, { "disabled", 0 }, { 0 }
	};
	const char *text = NULL;
	const struct word *w;

	if (get_string(s, root, "short-name-mode", &text) < 0)
		return -1;
	if (!text)
		return 0;
	w = word_find(words, text);
	if (!w)
		return fail(s->e, ERR_INPUT,
			    "read '%s': line %u: short-name-mode '%.60s' is not enforcing, "
			    "permissive or disabled",
			    s->doc, toml_member(root, "short-name-mode")->line, text);
	r->strict = w->value ? s->doc : NULL;
	return 0;
}

/**
 * registries_read() - add one document to what was read before
 * @r:   points into @a
 * @doc: its name, for messages; it must live as long as @r
 */
int registries_read(struct registries *r, const char *text, size_t len, const char *doc,
		    struct arena *a, struct err *e)
{
	static const char *const known[] = { "unqualified-search-registries",
					     "registry",
					     "aliases",
					     "short-name-mode",
					     "credential-helpers",
					     NULL };
	const struct source s = { doc, a, e };
	const struct toml *root = toml_parse(text, len, doc, a, e);
	const struct toml *old = toml_member(root, "registries");
	char **search = NULL;

	if (!root)
		return -1;
	if (old) {
		fail(e, ERR_UNSUPPORTED, "read '%s': line %u: this is the first form of the file",
		     doc, old->line);
		return fail_hint(e, "write unqualified-search-registries and [[registry]]: "
				    "containers-registries.conf(5)");
	}
	warn_unknown(&s, root, known);
	if (get_strings(&s, root, "unqualified-search-registries", &search) < 0 ||
	    check_search(&s, root, search) < 0 ||
	    get_strings(&s, root, "credential-helpers", &r->helpers) < 0)
		return -1;
	if (search)
		r->search = search;
	if (read_mode(&s, root, r) < 0)
		return -1;
	return read_tables(&s, root, r);
}

/* --- files --- */

/* 1: it was there, 0: it was not, -1 */
static int load_file(struct registries *r, const char *path, struct arena *a, struct err *e)
{
	own_mem char *text = NULL;
	char *doc = arena_dup(a, path);
	int len = doc ? file_read(AT_FDCWD, path, TOML_MAX, &text, e)
		      : fail_errno(e, ENOMEM, "read '%s'", path);

	if (len < 0 && (e->sysno == ENOENT || e->sysno == ENOTDIR || e->sysno == EACCES)) {
		*e = (struct err){ 0 };
		return 0;
	}
	if (len < 0)
		return -1;
	return registries_read(r, text, (size_t)len, doc, a, e) < 0 ? -1 : 1;
}

static int is_conf(const struct dirent *d)
{
	return d->d_name[0] != '.' && text_ends(d->d_name, ".conf");
}

static int load_folder(struct registries *r, const char *folder, struct arena *a, struct err *e)
{
	struct dirent **list = NULL;
	int n = scandir(folder, &list, is_conf, alphasort), result = 0;

	for (int i = 0; i < n; i++) {
		char *path = arena_printf(a, "%s/%s", folder, list[i]->d_name);

		if (result == 0 && i < FILES_MAX)
			result = !path ? fail_errno(e, ENOMEM, "read '%s'", folder)
				       : load_file(r, path, a, e);
		if (result > 0)
			result = 0;
		free(list[i]);
	}
	free(list);
	return result;
}

static int load_first(struct registries *r, const char *home, struct arena *a, struct err *e)
{
	const char *const places[] = {
		home ? arena_printf(a, "%s/.config/containers/registries.conf", home) : NULL,
		"/etc/containers/registries.conf",
		"/usr/share/containers/registries.conf",
	};
	int found = 0;

	for (size_t i = 0; i < COUNT(places) && !found; i++)
		if (places[i])
			found = load_file(r, places[i], a, e);
	return found < 0 ? -1 : 0;
}

/* What podman's users chose once: root's, or a plain user's own */
static int load_short_names(struct registries *r, const char *home, struct arena *a, struct err *e)
{
	const char *path = "/var/cache/containers/short-name-aliases.conf";

	if (geteuid() != 0)
		path = home ? arena_printf(a, "%s/.cache/containers/short-name-aliases.conf", home)
			    : NULL;
	return path && load_file(r, path, a, e) < 0 ? -1 : 0;
}

static int load_containers(struct registries *r, struct arena *a, struct err *e)
{
	const char *named = getenv("CONTAINERS_REGISTRIES_CONF"), *home = getenv("HOME");
	const char *own =
		home ? arena_printf(a, "%s/.config/containers/registries.conf.d", home) : NULL;
	int found;

	if (named && *named) {
		found = load_file(r, named, a, e);
		return found ? found
			     : fail_errno(e, ENOENT,
					  "open '%s', which CONTAINERS_REGISTRIES_CONF names",
					  named);
	}
	if (load_short_names(r, home, a, e) < 0 || load_first(r, home, a, e) < 0 ||
	    load_folder(r, "/etc/containers/registries.conf.d", a, e) < 0)
		return -1;
	return own ? load_folder(r, own, a, e) : 0;
}

/* registries_load() - read all files of this host; @ret_registries is zeroed before */
int registries_load(struct arena *a, struct registries *ret_registries, struct err *e)
{
	*ret_registries = (struct registries){ 0 };
	if (load_containers(ret_registries, a, e) < 0 ||
	    load_file(ret_registries, "/etc/tare/registries.conf", a, e) < 0)
		return -1;
	return load_folder(ret_registries, "/etc/tare/registries.conf.d", a, e);
}

/* --- names --- */

static const char *find_alias(const struct registries *r, const char *name)
{
	const struct registries_alias *alias = r->aliases;

	while (alias && strcmp(alias->name, name) != 0)
		alias = alias->next;
	return alias && *alias->value ? alias->value : NULL;
}

/* @ref as it is named by @name, which is registry and repository; tag and digest stay. */
static int rename_to(const struct reference *ref, const char *name, struct reference *ret,
		     struct err *e)
{
	if (reference_parse_bare(name, ret, e) < 0)
		return -1;
	memcpy(ret->tag, ref->tag, sizeof(ret->tag));
	ret->digest = ref->digest;
	return 0;
}

static int search_names(const struct registries *r, const struct reference *ref, const char *name,
			struct arena *a, struct registries_names *ret, struct err *e)
{
	size_t n = 0;

	while (r->search[n])
		n++;
	ret->names.at = arena_array(a, n, sizeof(*ret->names.at));
	if (!ret->names.at)
		return fail_errno(e, ENOMEM, "resolve '%s'", name);
	for (size_t i = 0; i < n; i++) {
		char *full = arena_printf(a, "%s/%s", r->search[i], name);

		if (!full)
			return fail_errno(e, ENOMEM, "resolve '%s'", name);
		if (rename_to(ref, full, &ret->names.at[ret->names.n++], e) < 0)
			return -1;
	}
	return 0;
}

static int ambiguous(const struct registries *r, const char *text,
		     const struct registries_names *names, struct err *e)
{
	char name[REFERENCE_TEXT], other[REFERENCE_TEXT];

	fail(e, ERR_INPUT, "name '%.200s': it may mean %zu images", text, names->names.n);
	return fail_hint(e, "write it whole, as %.80s or %.80s; '%s' has short-name-mode enforcing",
			 reference_full(&names->names.at[0], name),
			 reference_full(&names->names.at[1], other), r->strict);
}

/**
 * registries_candidates() - what a user's name can mean, in the order in which it is tried
 *
 * A name with a registry is itself. Of a short one the alias decides, then the search registries;
 * docker.io where there are neither.
 */
int registries_candidates(const struct registries *r, const char *text, struct arena *a,
			  struct registries_names *ret_names, struct err *e)
{
	struct registries_names names = { 0 };
	char name[REFERENCE_TEXT];
	const char *alias;
	struct reference ref;

	if (reference_parse(text, &ref, e) < 0)
		return -1;
	(void)reference_familiar_name(&ref, name);
	alias = ref.short_name ? find_alias(r, name) : NULL;
	if (ref.short_name && !alias && r->search && r->search[0]) {
		if (search_names(r, &ref, name, a, &names, e) < 0)
			return -1;
		*ret_names = names;
		return r->strict && names.names.n > 1 ? ambiguous(r, text, &names, e) : 0;
	}
	names.names.at = arena_array(a, 1, sizeof(*names.names.at));
	if (!names.names.at)
		return fail_errno(e, ENOMEM, "resolve '%s'", text);
	names.names.n = 1;
	names.names.at[0] = ref;
	if (alias && rename_to(&ref, alias, &names.names.at[0], e) < 0)
		return -1;
	*ret_names = names;
	return 0;
}

/* --- places --- */

/* How much of @name the prefix covers; 0 when it does not fit. */
static size_t covers(const char *prefix, const char *name)
{
	size_t len = strlen(prefix), host = strcspn(name, "/");

	if (text_starts(prefix, "*."))
		return host > len - 1 && strncmp(name + host - (len - 1), prefix + 1, len - 1) == 0
			       ? host
			       : 0;
	if (strncmp(prefix, name, len) != 0)
		return 0;
	return !name[len] || name[len] == '/' ? len : 0;
}

static const struct registries_row *find_row(const struct registries *r, const char *name)
{
	const struct registries_row *best = NULL;

	for (const struct registries_row *row = r->rows; row; row = row->next)
		if (covers(row->prefix, name) &&
		    (!best || strlen(row->prefix) > strlen(best->prefix)))
			best = row;
	return best;
}

/* @location and what of @name the prefix left, as host and repository. */
static int place_at(const char *location, const char *rest, struct arena *a,
		    struct registries_place *p, struct err *e)
{
	char *whole = arena_printf(a, "%s%s", location, rest);
	char *slash = whole ? strchr(whole, '/') : NULL;

	if (!slash || !slash[1])
		return fail(e, ERR_INPUT, "resolve '%s%s': it names no repository", location, rest);
	*slash = '\0';
	p->host = whole;
	p->repository = slash + 1;
	return 0;
}

static int place_row(const struct registries_row *row, const char *name, bool push, struct arena *a,
		     struct registries_places *ret, struct err *e)
{
	const char *rest = name + covers(row->prefix, name);
	size_t n = push ? 0 : row->mirrors.n;
	struct registries_place *p;

	if (row->blocked) {
		fail(e, ERR_DENIED, "use '%s': '%s' is blocked", name, row->prefix);
		return fail_hint(e, "it is so in '%s'", row->file);
	}
	p = ret->places.at = arena_array(a, n + 1, sizeof(*p));
	if (!p)
		return fail_errno(e, ENOMEM, "resolve '%s'", name);
	for (size_t i = 0; i < n; i++, p++) {
		const struct registries_mirror *m = &row->mirrors.at[i];

		*p = (struct registries_place){ .insecure = m->insecure,
						.mirror = true,
						.by_tag = m->by_tag,
						.by_digest = m->by_digest };
		if (place_at(m->location, rest, a, p, e) < 0)
			return -1;
	}
	ret->places.n = n + 1;
	*p = (struct registries_place){ .insecure = row->insecure,
					.by_tag = true,
					.by_digest = true };
	return row->location ? place_at(row->location, rest, a, p, e) : place_at("", name, a, p, e);
}

/**
 * registries_resolve() - the places to ask for @ref: mirrors, then the registry
 * @push: no mirrors
 *
 * Return: 0; or -1, with ERR_DENIED when the registry is blocked.
 */
int registries_resolve(const struct registries *r, const struct reference *ref, bool push,
		       struct arena *a, struct registries_places *ret_places, struct err *e)
{
	char name[REFERENCE_TEXT];
	const struct registries_row *row = find_row(r, reference_name(ref, name));
	const struct registries_row plain = { .prefix = ref->registry };

	*ret_places = (struct registries_places){ 0 };
	return place_row(row ? row : &plain, name, push, a, ret_places, e);
}
