/* auth.h - credentials for registries, where Docker and podman keep them
 *
 * Read in this order, first match wins: REGISTRY_AUTH_FILE or an authfile that is named;
 * $XDG_RUNTIME_DIR/containers/auth.json (root: /run/containers/0/auth.json);
 * $XDG_CONFIG_HOME or ~/.config: containers/auth.json; $DOCKER_CONFIG or ~/.docker: config.json.
 * Within a file: a credential helper of the registry's own (credHelpers), the store of all
 * (credsStore), then the longest key of "auths" that is HOST/NAMESPACE… or HOST.
 * Written: to the named file, else to the one that Docker uses, so that every engine of the host
 * knows what any of them was told. Whatever else stands in the file stays there.
 *
 * Manual pages: containers-auth.json(5), docker login; protocol of helpers: docker-credential-helpers.
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

int auth_find(const char *registry, const char *repository, const char *authfile, struct arena *a,
	      struct auth *ret_auth, struct err *e);
int auth_store(const char *registry, const struct auth *auth, const char *authfile, struct arena *a,
	       struct auth_place *ret_place, struct err *e);
int auth_erase(const char *registry, const char *authfile, struct arena *a, struct err *e);

#endif
