/* certs.c - the folders, read whole: tare-fetch, which uses them, sees no files */
#include "remote/certs.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/own.h"
#include "os/file.h"

#define FILE_MAX  ((size_t)256 << 10)
#define FILES_MAX 64 /* in a folder */
#define CA_MAX    ((size_t)2 << 20)

static int read_into(const char *path, struct arena *a, struct bytes *to, struct err *e)
{
	own_mem char *text = NULL;
	int len = file_read(AT_FDCWD, path, FILE_MAX, &text, e);
	unsigned char *joined;
	size_t n;

	if (len < 0)
		return -1;
	n = to->n + (size_t)len + 1;
	if (n > CA_MAX)
		return fail(e, ERR_LIMIT, "read '%s': there are too many certificates", path);
	joined = arena_alloc(a, n);
	if (!joined)
		return fail_errno(e, ENOMEM, "read '%s'", path);
	if (to->n)
		memcpy(joined, to->at, to->n);
	memcpy(joined + to->n, text, (size_t)len);
	joined[n - 1] = '\n';
	*to = (struct bytes){ .at = joined, .n = n };
	return 0;
}

static int read_pair(const char *cert_path, struct arena *a, struct certs *c, struct err *e)
{
	size_t stem = strlen(cert_path) - strlen(".cert");
	char *key_path = arena_printf(a, "%.*s.key", (int)stem, cert_path);

	if (!key_path)
		return fail_errno(e, ENOMEM, "read '%s'", cert_path);
	if (read_into(cert_path, a, &c->cert, e) < 0)
		return -1;
	if (read_into(key_path, a, &c->key, e) < 0)
		return fail_hint(e, "each NAME.cert needs its NAME.key; authorities are NAME.crt");
	return 0;
}

static int read_one(const char *path, struct arena *a, struct certs *c, struct err *e)
{
	if (text_ends(path, ".crt"))
		return read_into(path, a, &c->ca, e);
	if (text_ends(path, ".cert") && !c->cert.n)
		return read_pair(path, a, c, e);
	return 0;
}

static int is_shown(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/* certs_load_folder() - add what lies in @folder; it need not exist */
int certs_load_folder(const char *folder, struct arena *a, struct certs *certs, struct err *e)
{
	struct dirent **list = NULL;
	int n = scandir(folder, &list, is_shown, alphasort), r = 0;

	for (int i = 0; i < n; i++) {
		char *path = arena_printf(a, "%s/%s", folder, list[i]->d_name);

		if (r == 0 && i < FILES_MAX)
			r = path ? read_one(path, a, certs, e)
				 : fail_errno(e, ENOMEM, "read '%s'", folder);
		free(list[i]);
	}
	free(list);
	return r;
}

/**
 * certs_load() - what all folders say of a registry
 * @host: as in a reference: HOST or HOST:PORT, and nothing with a slash
 */
int certs_load(const char *host, struct arena *a, struct certs *ret_certs, struct err *e)
{
	const char *home = getenv("HOME");
	char *own = home ? arena_printf(a, "%s/.config/containers/certs.d", home) : NULL;
	const char *const folders[] = { "/etc/tare/certs.d", own, "/etc/containers/certs.d",
					"/etc/docker/certs.d" };
	struct certs c = { 0 };

	for (size_t i = 0; i < COUNT(folders); i++) {
		char *folder = folders[i] ? arena_printf(a, "%s/%s", folders[i], host) : NULL;

		if (folder && certs_load_folder(folder, a, &c, e) < 0)
			return fail_in(e, "read the certificates of '%s'", host);
	}
	*ret_certs = c;
	return 0;
}
