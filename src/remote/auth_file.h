/* auth_file.h - one file of credentials: ~/.docker/config.json, or auth.json of containers */
#ifndef REMOTE_AUTH_FILE_H
#define REMOTE_AUTH_FILE_H

#include "remote/auth.h"

struct json;

/* the name under which Docker keeps docker.io */
#define AUTH_HUB_KEY "https://index.docker.io/v1/"

/* struct auth_file - @doc: NULL when there is no such file */
struct auth_file {
	const char *path;
	struct json *doc;
};

int auth_file_load(const char *path, struct arena *a, struct auth_file *ret_file, struct err *e);
int auth_file_entry(const struct auth_file *f, const char *registry, const char *repository,
		    struct arena *a, struct auth *ret_auth, struct err *e);
const char *auth_file_helper(const struct auth_file *f, const char *registry);
int auth_file_change(const struct auth_file *f, const char *registry, const struct auth *auth,
		     bool empty, struct arena *a, bool *ret_changed, struct err *e);

#endif
