/* auth_helper.c - programs that keep credentials: docker-credential-NAME; their protocol */
#include "remote/auth_helper.h"

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

#define HELPER_SECONDS  60 /* it may ask its user for a password */
#define HELPER_SAYS_MAX ((size_t)64 << 10)
#define TOKEN_USER      "<token>" /* as the name: the secret is an identity token */

/* Letters, digits and a few marks only: it becomes a part of a program's name. */
static bool is_helper_name(const char *name)
{
	const char *at = name;

	while (isalnum((unsigned char)*at) || *at == '-' || *at == '_' || *at == '.')
		at++;
	return at != name && !*at && strlen(name) < 64;
}

/* 1: it did, 0: it says that there is nothing, -1; what it prints is the arena's */
static int run(const struct auth_helper *h, const char *verb, const char *input, struct arena *a,
	       char **ret_says, struct err *e)
{
	char path[4096];
	own_mem char *says = NULL;
	char *program = arena_printf(a, AUTH_HELPER_PREFIX "%s", h->name);
	char *argv[] = { program, (char *)verb, NULL };
	struct spawn s = { .path = path,
			   .argv = argv,
			   .envp = environ,
			   .input = input,
			   .timeout = HELPER_SECONDS };
	int status = 0;

	if (!program || !is_helper_name(h->name))
		return fail(e, ERR_INPUT, "use the credential helper '%.60s': it is no name",
			    h->name);
	if (spawn_find(program, path, sizeof(path), e) < 0)
		return fail_hint(e, "%s names it", h->named_by);
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

/* auth_helper_get() - 1: found, 0: it has nothing, -1; @a owns what is found */
int auth_helper_get(const struct auth_helper *h, struct arena *a, struct auth *ret, struct err *e)
{
	const struct json *doc;
	char *says = NULL, *user, *secret;
	int r = run(h, "get", h->server, a, &says, e);

	if (r <= 0)
		return r;
	doc = json_parse(says, strlen(says), "credentials", NULL, a, e);
	if (!doc || doc->type != JSON_OBJECT)
		return fail(e, ERR_INPUT,
			    "use the credential helper '" AUTH_HELPER_PREFIX
			    "%s': it does not answer in its protocol",
			    h->name);
	user = text_of(doc, "Username", a);
	secret = text_of(doc, "Secret", a);
	if (!user || !secret)
		return 0;
	*ret = (struct auth){ .source = arena_printf(a, AUTH_HELPER_PREFIX "%s", h->name) };
	if (strcmp(user, TOKEN_USER) == 0) {
		ret->identity_token = secret;
	} else {
		ret->username = user;
		ret->password = secret;
	}
	return 1;
}

/* auth_helper_store() - have it keep @auth */
int auth_helper_store(const struct auth_helper *h, const struct auth *auth, struct arena *a,
		      struct err *e)
{
	own_str struct str input = { 0 };
	char *says = NULL;
	int r;

	str_add(&input, "{\"ServerURL\":");
	json_text_quote(&input, h->server);
	str_add(&input, ",\"Username\":");
	json_text_quote(&input, auth->identity_token ? TOKEN_USER : auth->username);
	str_add(&input, ",\"Secret\":");
	json_text_quote(&input, auth->identity_token ? auth->identity_token : auth->password);
	str_add(&input, "}");
	if (input.torn)
		return fail_errno(e, ENOMEM, "store credentials");
	r = run(h, "store", input.at, a, &says, e);
	if (r == 0)
		return fail(e, ERR_SYSTEM, "use the credential helper '%s': %.200s", h->name, says);
	return r < 0 ? -1 : 0;
}

/* auth_helper_erase() - 1: it has forgotten them, 0: it had none, -1 */
int auth_helper_erase(const struct auth_helper *h, struct arena *a, struct err *e)
{
	char *says = NULL;

	return run(h, "erase", h->server, a, &says, e);
}
