/* auth.c - which file, which helper; see the header for the order */
#include "remote/auth.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "remote/auth_file.h"
#include "remote/auth_helper.h"

#define PLACES 4

/* --- helpers --- */

/* The helpers to ask, in order. */
static char *const *helpers_of(const struct auth_places *p)
{
	static char *const files_only[] = { (char *)AUTH_FILES, NULL };

	return p->helpers && *p->helpers ? p->helpers : files_only;
}

static bool is_files(const char *name)
{
	return strcmp(name, AUTH_FILES) == 0;
}

/* One of registries.conf, which knows docker.io by that name, as podman does. */
static struct auth_helper listed_helper(const char *name, const char *registry)
{
	return (struct auth_helper){ name, registry, "credential-helpers of registries.conf" };
}

/* The one that a file has for a registry, which knows docker.io as Docker does; false: none */
static bool file_helper(const struct auth_file *f, const char *registry, struct auth_helper *ret)
{
	const char *name = auth_file_helper(f, registry);

	if (!name)
		return false;
	*ret = (struct auth_helper){ name,
				     strcmp(registry, "docker.io") == 0 ? AUTH_HUB_KEY : registry,
				     "credHelpers or credsStore of the file of credentials" };
	return true;
}

static char *helper_program(const struct auth_helper *h, struct arena *a)
{
	return arena_printf(a, AUTH_HELPER_PREFIX "%s", h->name);
}

/* --- files --- */

static char *docker_file(struct arena *a)
{
	const char *folder = getenv("DOCKER_CONFIG"), *home = getenv("HOME");

	if (folder && *folder)
		return arena_printf(a, "%s/config.json", folder);
	return home && *home ? arena_printf(a, "%s/.docker/config.json", home) : NULL;
}

static char *runtime_file(struct arena *a)
{
	const char *folder = getenv("XDG_RUNTIME_DIR");

	if (folder && *folder)
		return arena_printf(a, "%s/containers/auth.json", folder);
	return arena_printf(a, "/run/containers/%u/auth.json", (unsigned)geteuid());
}

static char *config_file(struct arena *a)
{
	const char *folder = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (folder && *folder)
		return arena_printf(a, "%s/containers/auth.json", folder);
	return home && *home ? arena_printf(a, "%s/.config/containers/auth.json", home) : NULL;
}

/* The files to read, in order, from 0 on; NULL ends them. */
static void find_places(const char *authfile, struct arena *a, char *ret_places[PLACES])
{
	const char *named = authfile ? authfile : getenv("REGISTRY_AUTH_FILE");
	char *const all[] = { runtime_file(a), config_file(a), docker_file(a) };
	size_t n = 0;

	memset(ret_places, 0, PLACES * sizeof(*ret_places));
	if (named && *named) {
		ret_places[0] = arena_dup(a, named);
		return;
	}
	for (size_t i = 0; i < COUNT(all); i++)
		if (all[i])
			ret_places[n++] = all[i];
}

/* 1: found, 0: not here, -1 */
static int find_in(const char *path, const char *registry, const char *repository, struct arena *a,
		   struct auth *ret, struct err *e)
{
	struct auth_helper helper;
	struct auth_file f;
	int r;

	if (auth_file_load(path, a, &f, e) < 0)
		return -1;
	if (file_helper(&f, registry, &helper)) {
		r = auth_helper_get(&helper, a, ret, e);
		if (r)
			return r;
	}
	return auth_file_entry(&f, registry, repository, a, ret, e);
}

static int find_in_files(const struct auth_places *from, const char *registry,
			 const char *repository, struct arena *a, struct auth *ret, struct err *e)
{
	char *places[PLACES];
	int r = 0;

	find_places(from->authfile, a, places);
	for (size_t i = 0; i < PLACES && places[i] && !r; i++)
		r = find_in(places[i], registry, repository, a, ret, e);
	return r;
}

/**
 * auth_find() - the credentials for a registry
 * @repository: some keys are for a namespace; NULL: the registry as such
 * @from:       see struct auth_places
 * @a:          owns what is found
 *
 * Return: 1; 0 when there are none; -1 when a file or helper cannot be understood, and none of the others
 * has any.
 */
int auth_find(const char *registry, const char *repository, const struct auth_places *from,
	      struct arena *a, struct auth *ret_auth, struct err *e)
{
	char *const *names = helpers_of(from);
	struct err first = { 0 };

	for (; *names; names++) {
		const struct auth_helper helper = listed_helper(*names, registry);
		struct err why = { 0 };
		int r = is_files(*names)
				? find_in_files(from, registry, repository, a, ret_auth, &why)
				: auth_helper_get(&helper, a, ret_auth, &why);

		if (r > 0)
			return 1;
		if (r < 0 && !*first.text)
			first = why;
	}
	if (!*first.text)
		return 0;
	*e = first;
	return -1;
}

static int place_to_write(const char *authfile, struct arena *a, char **ret_path, struct err *e)
{
	const char *named = authfile ? authfile : getenv("REGISTRY_AUTH_FILE");

	*ret_path = named && *named ? arena_dup(a, named) : docker_file(a);
	if (*ret_path)
		return 0;
	fail(e, ERR_INPUT, "keep credentials: there is no place for them");
	return fail_hint(e, "set HOME, or name a file: --authfile, REGISTRY_AUTH_FILE");
}

static int store_in_files(const struct auth_places *from, const char *registry,
			  const struct auth *auth, struct arena *a, struct auth_place *ret_place,
			  struct err *e)
{
	struct auth_helper helper = { 0 };
	struct auth_file f;
	bool helped, changed;
	char *path;

	if (place_to_write(from->authfile, a, &path, e) < 0 || auth_file_load(path, a, &f, e) < 0)
		return -1;
	helped = file_helper(&f, registry, &helper);
	if (helped && auth_helper_store(&helper, auth, a, e) < 0)
		return -1;
	if (auth_file_change(&f, registry, auth, helped, a, &changed, e) < 0)
		return -1;
	*ret_place = (struct auth_place){ helped ? helper_program(&helper, a) : path, helped };
	return ret_place->name ? 0 : fail_errno(e, ENOMEM, "keep credentials");
}

static int store_by(const struct auth_helper *helper, const struct auth *auth, struct arena *a,
		    struct auth_place *ret_place, struct err *e)
{
	if (auth_helper_store(helper, auth, a, e) < 0)
		return -1;
	*ret_place = (struct auth_place){ helper_program(helper, a), true };
	return ret_place->name ? 0 : fail_errno(e, ENOMEM, "keep credentials");
}

/**
 * auth_store() - keep credentials, as `docker login` does, or as `podman login` where helpers are listed
 * @auth:      a name and a password, or an identity token
 * @ret_place: what has them now; the arena's
 *
 * The first that takes them has them.
 */
int auth_store(const char *registry, const struct auth *auth, const struct auth_places *to,
	       struct arena *a, struct auth_place *ret_place, struct err *e)
{
	char *const *names = helpers_of(to);
	struct err first = { 0 };

	for (; *names; names++) {
		const struct auth_helper helper = listed_helper(*names, registry);
		struct err why = { 0 };
		int r = is_files(*names) ? store_in_files(to, registry, auth, a, ret_place, &why)
					 : store_by(&helper, auth, a, ret_place, &why);

		if (r == 0)
			return 0;
		if (!*first.text)
			first = why;
	}
	*e = first;
	return -1;
}

/* 1: taken out, 0: there was nothing, -1 */
static int erase_in(const char *path, const char *registry, struct arena *a, struct err *e)
{
	struct auth_helper helper;
	struct auth_file f;
	bool changed = false;
	int r = 0;

	if (auth_file_load(path, a, &f, e) < 0)
		return -1;
	if (file_helper(&f, registry, &helper))
		r = auth_helper_erase(&helper, a, e);
	if (r < 0)
		return -1;
	if (f.doc && auth_file_change(&f, registry, NULL, false, a, &changed, e) < 0)
		return -1;
	return r || changed;
}

static int erase_in_files(const struct auth_places *from, const char *registry, struct arena *a,
			  struct err *e)
{
	char *places[PLACES];
	int any = 0;

	find_places(from->authfile, a, places);
	for (size_t i = 0; i < PLACES && places[i]; i++) {
		int r = erase_in(places[i], registry, a, e);

		if (r < 0)
			return -1;
		any |= r;
	}
	return any;
}

/**
 * auth_erase() - forget the credentials of a registry, in every place where they are looked for
 *
 * What fails in one place is told when the others have been asked.
 *
 * Return: 1; 0 when there were none; -1.
 */
int auth_erase(const char *registry, const struct auth_places *from, struct arena *a, struct err *e)
{
	char *const *names = helpers_of(from);
	struct err first = { 0 };
	int any = 0;

	for (; *names; names++) {
		const struct auth_helper helper = listed_helper(*names, registry);
		struct err why = { 0 };
		int r = is_files(*names) ? erase_in_files(from, registry, a, &why)
					 : auth_helper_erase(&helper, a, &why);

		if (r > 0)
			any = 1;
		if (r < 0 && !*first.text)
			first = why;
	}
	if (!*first.text)
		return any;
	*e = first;
	return -1;
}
