/* auth_helper.h - a program that keeps credentials: docker-credential-NAME
 *
 * Its protocol is that of docker-credential-helpers: a verb as argument, a server or JSON on its input.
 */
#ifndef REMOTE_AUTH_HELPER_H
#define REMOTE_AUTH_HELPER_H

#include "remote/auth.h"

#define AUTH_HELPER_PREFIX "docker-credential-"

/**
 * struct auth_helper - one helper, asked for one registry
 * @server:   what it knows the registry by
 * @named_by: who says that it is to be asked, for messages
 */
struct auth_helper {
	const char *name, *server, *named_by;
};

int auth_helper_get(const struct auth_helper *h, struct arena *a, struct auth *ret_auth,
		    struct err *e);
int auth_helper_store(const struct auth_helper *h, const struct auth *auth, struct arena *a,
		      struct err *e);
int auth_helper_erase(const struct auth_helper *h, struct arena *a, struct err *e);

#endif
