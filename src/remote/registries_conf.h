/* registries_conf.h - which registry a name means, and where it is really asked for
 *
 * The second form of containers' registries.conf(5): search registries and aliases of short names,
 * credential helpers, and rows of [[registry]] with prefix, location, insecure, blocked and mirrors. The first form is
 * refused by name. Read in this order, later ones win by key and by prefix:
 *
 *	short-name-aliases.conf of podman's cache
 *	$CONTAINERS_REGISTRIES_CONF, else $HOME/.config/containers/registries.conf, else
 *	/etc/containers/registries.conf, else /usr/share/containers/registries.conf
 *	/etc/containers/registries.conf.d/ and $HOME/.config/containers/registries.conf.d/: *.conf
 *	/etc/tare/registries.conf, /etc/tare/registries.conf.d/: *.conf
 *
 * (The folders of containers are left out if CONTAINERS_REGISTRIES_CONF is set, as podman does.)
 */
#ifndef REMOTE_REGISTRIES_CONF_H
#define REMOTE_REGISTRIES_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bind.h"
#include "spec/reference.h"

struct arena;
struct err;

struct registries_mirror {
	const char *location;
	bool insecure, by_tag, by_digest;
};

/**
 * struct registries_row - one [[registry]]
 * @prefix:   HOST, HOST/PATH… or *.DOMAIN
 * @location: what stands for the prefix when it is asked; NULL: the prefix
 * @file:     where it was said
 */
struct registries_row {
	const char *prefix, *location, *file;
	bool insecure, blocked;
	LIST(struct registries_mirror) mirrors;
	struct registries_row *next;
};

/**
 * struct registries - everything that was read; zero: nothing, and docker.io is the default
 * @search: NULL: docker.io
 * @helpers: who keeps credentials, for struct auth_places; NULL: files
 * @strict: a file that says that nobody is asked for a name that can mean several, or NULL
 */
struct registries {
	char **search, **helpers;
	const char *strict;
	struct registries_row *rows;
	struct registries_alias {
		const char *name, *value;
		struct registries_alias *next;
	} * aliases;
};

/* struct registries_place - host and repository, @mirror first */
struct registries_place {
	char *host, *repository;
	bool insecure, mirror, by_tag, by_digest;
};
struct registries_places {
	LIST(struct registries_place) places;
};
struct registries_names {
	LIST(struct reference) names;
};

int registries_read(struct registries *r, const char *text, size_t len, const char *doc,
		    struct arena *a, struct err *e);
int registries_load(struct arena *a, struct registries *ret_registries, struct err *e);
int registries_candidates(const struct registries *r, const char *text, struct arena *a,
			  struct registries_names *ret_names, struct err *e);
int registries_resolve(const struct registries *r, const struct reference *ref, bool push,
		       struct arena *a, struct registries_places *ret_places, struct err *e);

#endif
