/* auth.c - which file, which helper; see the header for the order */
#include "remote/auth.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/json_text.h"
#include "base/own.h"
#include "base/text.h"
#include "os/spawn.h"
#include "remote/auth_file.h"

#define HELPER_PREFIX   "docker-credential-"
#define HELPER_SECONDS  60 /* it may ask its user for a password */
#define HELPER_SAYS_MAX ((size_t)64 << 10)
#define TOKEN_USER      "<token>" /* as the name: the secret is an identity token */
#define PLACES          4

/* --- helpers --- */

static const char *server_name(const char *registry)
{
	return strcmp(registry, "docker.io") == 0 ? AUTH_HUB_KEY : registry;
}

/* Letters, digits and hyphens only: it becomes a part of a program's name. */
static bool is_helper_name(const char *name)
{
	const char *at = name;

	while (isalnum((unsigned char)*at) || *at == '-' || *at == '_' || *at == '.')
		at++;
	return at != name && !*at && strlen(name) < 64;
}

/* 1: it did, 0: it says that there is nothing, -1; what it prints is the arena's */
static int run_helper(const char *name, const char *verb, const char *input, struct arena *a,
		      char **ret_says, struct err *e)
{
	char path[4096];
	own_mem char *says = NULL;
	char *program = arena_printf(a, HELPER_PREFIX "%s", name);
	char *argv[] = { program, (char *)verb, NULL };
	struct spawn s = { .path = path,
			   .argv = argv,
			   .envp = environ,
			   .input = input,
			   .timeout = HELPER_SECONDS };
	int status = 0;

	if (!program || !is_helper_name(name))
		return fail(e, ERR_INPUT, "use the credential helper '%.60s': it is no name", name);
	if (spawn_find(program, path, sizeof(path), e) < 0)
		return fail_hint(e,
				 "credHelpers or credsStore of the file of credentials names it");
	if (spawn_read(&s, HELPER_SAYS_MAX, &says, &status, e) < 0)
		return -1;
	*ret_says = arena_dup(a, says);
	if (!*ret_says)
		return fail_errno(e, ENOMEM, "use the credential helper '%s'", program);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 1;
	if (strstr(says, "not found"))
		return 0;
	says[strcspn(says, "\n")] = '\0';
	return fail(e, ERR_DENIED, "use the credential helper '%s': %.200s", program,
		    *says ? says : "it fails and does not say why");
}

static char *text_of(const struct json *doc, const char *key, struct arena *a)
{
	const struct json *v = json_member(doc, key);

	return v && v->type == JSON_STRING && strlen(v->text) == v->len ? arena_dup(a, v->text)
									: NULL;
}

/* 1: found, 0: it has nothing, -1 */
static int ask_helper(const char *name, const char *registry, struct arena *a, struct auth *ret,
		      struct err *e)
{
	const struct json *doc;
	char *says = NULL, *user, *secret;
	int r = run_helper(name, "get", server_name(registry), a, &says, e);

	if (r <= 0)
		return r;
	doc = json_parse(says, strlen(says), "credentials", NULL, a, e);
	if (!doc || doc->type != JSON_OBJECT)
		return fail(e, ERR_INPUT,
			    "use the credential helper '" HELPER_PREFIX
			    "%s': it does not answer in "
			    "its protocol",
			    name);
	user = text_of(doc, "Username", a);
	secret = text_of(doc, "Secret", a);
	if (!user || !secret)
		return 0;
	*ret = (struct auth){ .source = arena_printf(a, HELPER_PREFIX "%s", name) };
	if (strcmp(user, TOKEN_USER) == 0) {
		ret->identity_token = secret;
	} else {
		ret->username = user;
		ret->password = secret;
	}
	return 1;
}

static int store_by_helper(const char *name, const char *registry, const struct auth *auth,
			   struct arena *a, struct err *e)
{
	own_str struct str input = { 0 };
	char *says = NULL;
	int r;

	str_add(&input, "{\"ServerURL\":");
	json_text_quote(&input, server_name(registry));
	str_add(&input, ",\"Username\":");
	json_text_quote(&input, auth->identity_token ? TOKEN_USER : auth->username);
	str_add(&input, ",\"Secret\":");
	json_text_quote(&input, auth->identity_token ? auth->identity_token : auth->password);
	str_add(&input, "}");
	if (input.torn)
		return fail_errno(e, ENOMEM, "store credentials");
	r = run_helper(name, "store", input.at, a, &says, e);
	if (r == 0)
		return fail(e, ERR_SYSTEM, "use the credential helper '%s': %.200s", name, says);
	return r < 0 ? -1 : 0;
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
	struct auth_file f;
	const char *helper;
	int r;

	if (auth_file_load(path, a, &f, e) < 0)
		return -1;
	helper = auth_file_helper(&f, registry);
	if (helper) {
		r = ask_helper(helper, registry, a, ret, e);
		if (r)
			return r;
	}
	return auth_file_entry(&f, registry, repository, a, ret, e);
}

/**
 * auth_find() - the credentials for a registry
 * @repository: some keys are for a namespace; NULL: the registry as such
 * @authfile:   look nowhere else; NULL: see the head of auth.h
 * @a:          owns what is found
 *
 * Return: 1; 0 when there are none; -1 when a file or helper cannot be understood.
 */
int auth_find(const char *registry, const char *repository, const char *authfile, struct arena *a,
	      struct auth *ret_auth, struct err *e)
{
	char *places[PLACES];
	int r = 0;

	find_places(authfile, a, places);
	for (size_t i = 0; i < PLACES && places[i] && !r; i++)
		r = find_in(places[i], registry, repository, a, ret_auth, e);
	return r;
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

/**
 * auth_store() - keep credentials, as `docker login` does
 * @auth:      a name and a password, or an identity token
 * @ret_place: what has them now; the arena's
 */
int auth_store(const char *registry, const struct auth *auth, const char *authfile, struct arena *a,
	       struct auth_place *ret_place, struct err *e)
{
	struct auth_file f;
	const char *helper;
	char *path;
	bool changed;

	if (place_to_write(authfile, a, &path, e) < 0 || auth_file_load(path, a, &f, e) < 0)
		return -1;
	helper = auth_file_helper(&f, registry);
	if (helper && store_by_helper(helper, registry, auth, a, e) < 0)
		return -1;
	if (auth_file_change(&f, registry, auth, helper, a, &changed, e) < 0)
		return -1;
	ret_place->helper = helper != NULL;
	ret_place->name = helper ? arena_printf(a, HELPER_PREFIX "%s", helper) : path;
	return ret_place->name ? 0 : fail_errno(e, ENOMEM, "keep credentials");
}

/* 1: taken out, 0: there was nothing, -1 */
static int erase_in(const char *path, const char *registry, struct arena *a, struct err *e)
{
	struct auth_file f;
	const char *helper;
	bool changed = false;
	char *says = NULL;
	int r = 0;

	if (auth_file_load(path, a, &f, e) < 0)
		return -1;
	helper = auth_file_helper(&f, registry);
	if (helper)
		r = run_helper(helper, "erase", server_name(registry), a, &says, e);
	if (r < 0)
		return -1;
	if (f.doc && auth_file_change(&f, registry, NULL, false, a, &changed, e) < 0)
		return -1;
	return r || changed;
}

/**
 * auth_erase() - forget the credentials of a registry, in every place where they are looked for
 *
 * Return: 1; 0 when there were none; -1.
 */
int auth_erase(const char *registry, const char *authfile, struct arena *a, struct err *e)
{
	char *places[PLACES];
	int any = 0;

	find_places(authfile, a, places);
	for (size_t i = 0; i < PLACES && places[i]; i++) {
		int r = erase_in(places[i], registry, a, e);

		if (r < 0)
			return -1;
		any |= r;
	}
	return any;
}
