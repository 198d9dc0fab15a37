/* auth.h - credentials for registries, where Docker and podman keep them
 *
 * Helpers are asked in the order of `credential-helpers` in registries.conf; without it, and at the word
 * containers-auth.json in it, the files are. What fails is told when no other has any.
 *
 * Files are read in this order, first match wins: REGISTRY_AUTH_FILE or an authfile that is named;
 * $XDG_RUNTIME_DIR/containers/auth.json (root: /run/containers/0/auth.json);
 * $XDG_CONFIG_HOME or ~/.config: containers/auth.json; $DOCKER_CONFIG or ~/.docker: config.json.
 * Within a file: a credential helper of the registry's own (credHelpers), the store of all
 * (credsStore), then the longest key of "auths" that is HOST/NAMESPACE… or HOST.
 * Written: to the first helper that takes them. Of files to the named one, else to the one that Docker uses, so that every engine of the host
 * knows what any of them was told. Whatever else stands in the file stays there.
 *
 * Manual pages: containers-auth.json(5), containers-registries.conf(5), docker login; protocol of helpers: docker-credential-helpers.
 */
#ifndef REMOTE_AUTH_H
#define REMOTE_AUTH_H

#include <stdbool.h>

struct arena;
struct err;

/**
 * struct auth - what opens a registry
 * @source: the file or helper that said so
 */
struct auth {
	char *username, *password, *identity_token, *registry_token;
	char *source;
};

/* struct auth_place - what keeps credentials: a file as it was named, or a helper's program */
struct auth_place {
	char *name;
	bool helper;
};

/* among helpers: the files */
#define AUTH_FILES "containers-auth.json"

/**
 * struct auth_places - where credentials are kept; zero: in files, which the environment may name
 * @authfile: of the files no other one
 * @helpers:  `credential-helpers` of registries.conf; NULL ends them
 */
struct auth_places {
	const char *authfile;
	char *const *helpers;
};

int auth_find(const char *registry, const char *repository, const struct auth_places *from,
	      struct arena *a, struct auth *ret_auth, struct err *e);
int auth_store(const char *registry, const struct auth *auth, const struct auth_places *to,
	       struct arena *a, struct auth_place *ret_place, struct err *e);
int auth_erase(const char *registry, const struct auth_places *from, struct arena *a,
	       struct err *e);

#endif
