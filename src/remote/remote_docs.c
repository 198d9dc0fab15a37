/* remote_docs.c - questions with short answers, asked and waited for */
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/own.h"
#include "codec/hash.h"
#include "os/spawn.h"
#include "remote/remote_priv.h"
#include "remote/wire.h"
#include "spec/image.h"

static int ask(struct remote *r, const struct remote_request *q, struct remote_event *ret_event,
	       struct err *e)
{
	uint64_t id;

	if (remote_ask(r, q, &id, e) < 0)
		return -1;
	return remote_wait(r, id, ret_event, e);
}

/**
 * read_answer() - a copy of what tare-fetch wrote
 *
 * It still has the file: what is judged is the copy.
 */
static int read_answer(int fd, const char *name, struct arena *a, char **ret_bytes,
		       size_t *ret_size, struct err *e)
{
	struct stat st;
	char *bytes;
	size_t done = 0;

	if (fstat(fd, &st) < 0)
		return fail_sys(e, "read the answer of '%s'", name);
	if ((uint64_t)st.st_size > WIRE_ANSWER_MAX)
		return fail(e, ERR_LIMIT, "read the answer of '%s': it is longer than %zu bytes",
			    name, WIRE_ANSWER_MAX);
	bytes = arena_alloc(a, (size_t)st.st_size + 1);
	if (!bytes)
		return fail_errno(e, ENOMEM, "read the answer of '%s'", name);
	while (done < (size_t)st.st_size) {
		ssize_t n = pread(fd, bytes + done, (size_t)st.st_size - done, (off_t)done);

		if (n <= 0)
			return fail(e, ERR_SYSTEM, "read the answer of '%s': it has changed", name);
		done += (size_t)n;
	}
	*ret_bytes = bytes;
	*ret_size = done;
	return 0;
}

/* remote_manifest_head() - what a tag or digest is, without its bytes */
int remote_manifest_head(struct remote *r, const char *what, struct remote_event *ret_event,
			 struct err *e)
{
	const struct remote_request q = { .action = REMOTE_MANIFEST_HEAD,
					  .what = what,
					  .fd = FD_NONE };

	return ask(r, &q, ret_event, e);
}

/* --- manifests --- */

static int check_digest(const struct remote_manifest *m, const struct digest *want,
			const char *name, struct err *e)
{
	char have[DIGEST_TEXT], wanted[DIGEST_TEXT];

	if (want->algorithm == DIGEST_NONE || digest_same(&m->digest, want))
		return 0;
	return fail(e, ERR_INPUT,
		    "get a manifest of '%s' from '%s': its bytes are %s, not %s as is said", name,
		    m->host, digest_text(&m->digest, have), digest_text(want, wanted));
}

static int check_media(const struct remote_manifest *m, const char *name, struct err *e)
{
	const struct media *media = media_find(m->media_type);

	if (media && (media->kind == MEDIA_MANIFEST || media->kind == MEDIA_INDEX))
		return 0;
	if (media && media->kind == MEDIA_SCHEMA1) {
		fail(e, ERR_UNSUPPORTED, "get a manifest of '%s': it is of Docker's schema 1",
		     name);
		return fail_hint(e, "its makers must push it again with a Docker of 2016 or later; "
				    "skopeo copy converts it");
	}
	/* some registries say nothing better; the document itself decides then */
	if (!*m->media_type || strncmp(m->media_type, "application/json", 16) == 0 ||
	    strncmp(m->media_type, "application/octet-stream", 24) == 0)
		return 0;
	return fail(e, ERR_INPUT, "get a manifest of '%s' from '%s': it is of type '%.100s'", name,
		    m->host, m->media_type);
}

/* By which algorithm: that of the digest that is wanted, or that the registry says; sha256 else. */
static int take_manifest(const struct remote_event *ev, const struct digest *want, int fd,
			 const char *name, struct arena *a, struct remote_manifest *m,
			 struct err *e)
{
	const struct digest *d = want->algorithm != DIGEST_NONE ? want : &ev->digest;

	m->host = arena_dup(a, ev->host);
	m->media_type = arena_dup(a, ev->media_type);
	if (!m->host || !m->media_type)
		return fail_errno(e, ENOMEM, "get a manifest of '%s'", name);
	if (read_answer(fd, name, a, &m->bytes, &m->size, e) < 0 ||
	    hash_of(d->algorithm != DIGEST_NONE ? d->algorithm : DIGEST_SHA256, m->bytes, m->size,
		    &m->digest, e) < 0)
		return -1;
	if (check_digest(m, d, name, e) < 0)
		return -1;
	return check_media(m, name, e);
}

static int get_manifest(struct remote *r, const char *what, bool registry_only, struct arena *a,
			struct remote_manifest *ret, struct err *e)
{
	own_fd int fd = memfd_of("manifest", "", 0, e);
	struct remote_request q = { .action = REMOTE_MANIFEST_GET,
				    .what = what,
				    .registry_only = registry_only,
				    .fd = fd };
	struct remote_manifest m = { 0 };
	struct remote_event ev;
	struct digest want;

	if (fd < 0 || ask(r, &q, &ev, e) < 0)
		return -1;
	if (!digest_try_parse(what, &want))
		want = (struct digest){ 0 };
	if (take_manifest(&ev, &want, fd, remote_name(r), a, &m, e) < 0)
		return -1;
	*ret = m;
	return 0;
}

/**
 * remote_manifest() - the bytes of a manifest or index
 * @what: tag or digest
 * @a:    owns what is returned
 *
 * The digest is verified: against @what if that is one, else against what the registry says. What a
 * mirror has wrong is asked for again at the registry. Schema 1 is refused.
 */
int remote_manifest(struct remote *r, const char *what, struct arena *a,
		    struct remote_manifest *ret_manifest, struct err *e)
{
	struct err first = { 0 };

	if (get_manifest(r, what, false, a, ret_manifest, &first) == 0)
		return 0;
	if (first.cls == ERR_INPUT && get_manifest(r, what, true, a, ret_manifest, e) == 0)
		return 0;
	*e = first;
	return -1;
}

/* remote_manifest_put() - put a manifest, last of all that it names, under a tag or its digest */
int remote_manifest_put(struct remote *r, const char *what, const char *media_type,
			const void *bytes, size_t size, struct err *e)
{
	own_fd int fd = memfd_of("manifest", bytes, size, e);
	const struct remote_request q = { .action = REMOTE_MANIFEST_PUT,
					  .what = what,
					  .media_type = media_type,
					  .size = size,
					  .fd = fd };
	struct remote_event ev;
	struct digest d;

	if (fd < 0 || ask(r, &q, &ev, e) < 0)
		return -1;
	if (ev.digest.algorithm == DIGEST_NONE)
		return 0;
	if (hash_of(ev.digest.algorithm, bytes, size, &d, e) < 0)
		return -1;
	return digest_same(&d, &ev.digest)
		       ? 0
		       : fail(e, ERR_INPUT,
			      "push to '%s': the registry made another manifest of ours",
			      remote_name(r));
}

int remote_manifest_delete(struct remote *r, const char *what, struct err *e)
{
	const struct remote_request q = { .action = REMOTE_MANIFEST_DELETE,
					  .what = what,
					  .fd = FD_NONE };
	struct remote_event ev;

	return ask(r, &q, &ev, e);
}

/* --- the rest --- */

int remote_blob_exists(struct remote *r, const struct digest *d, bool *ret_exists, struct err *e)
{
	char text[DIGEST_TEXT];
	const struct remote_request q = { .action = REMOTE_BLOB_HEAD,
					  .what = digest_text(d, text),
					  .fd = FD_NONE };
	struct remote_event ev;

	if (ask(r, &q, &ev, e) < 0)
		return -1;
	*ret_exists = ev.existed;
	return 0;
}

/* @table: what the list is packed by */
static int get_list(struct remote *r, struct remote_request *q, const struct bind_table *table,
		    struct arena *a, void *ret_list, struct err *e)
{
	own_fd int fd = memfd_of("list", "", 0, e);
	struct remote_event ev;
	char *bytes;
	size_t size;

	q->fd = fd;
	if (fd < 0 || ask(r, q, &ev, e) < 0 ||
	    read_answer(fd, remote_name(r), a, &bytes, &size, e) < 0)
		return -1;
	return bind_unpack(table, (unsigned char *)bytes, size, a, ret_list, e);
}

static int get_names(struct remote *r, enum remote_action action, uint64_t limit, struct arena *a,
		     char ***ret_names, struct err *e)
{
	struct remote_request q = { .action = action, .limit = limit };
	struct wire_names names = { 0 };

	if (get_list(r, &q, &wire_names_table, a, &names, e) < 0)
		return -1;
	if (!names.names)
		return fail(e, ERR_BUG, "list '%s': there is no list", remote_name(r));
	*ret_names = names.names;
	return 0;
}

/* remote_tags() - the tags of the repository; @limit 0: all; @ret_names ends with NULL */
int remote_tags(struct remote *r, uint64_t limit, struct arena *a, char ***ret_names, struct err *e)
{
	return get_names(r, REMOTE_TAGS, limit, a, ret_names, e);
}

/* remote_catalog() - the repositories of the registry */
int remote_catalog(struct remote *r, uint64_t limit, struct arena *a, char ***ret_names,
		   struct err *e)
{
	return get_names(r, REMOTE_CATALOG, limit, a, ret_names, e);
}

/* remote_search() - what the registry finds for @words; one without a search is gone through by name */
int remote_search(struct remote *r, const char *words, uint64_t limit, struct arena *a,
		  struct remote_results *ret_results, struct err *e)
{
	struct remote_request q = { .action = REMOTE_SEARCH, .what = words, .limit = limit };

	*ret_results = (struct remote_results){ 0 };
	return get_list(r, &q, &wire_results_table, a, ret_results, e);
}

/* remote_login() - 0: the registry takes the target's credentials; ERR_DENIED: it does not */
int remote_login(struct remote *r, struct err *e)
{
	const struct remote_request q = { .action = REMOTE_LOGIN, .fd = FD_NONE };
	struct remote_event ev;

	return ask(r, &q, &ev, e);
}
