/* remote.h - registries, as the engine sees them (OCI distribution-spec 1.1; Docker's HTTP API V2)
 *
 * What registries send is read by another process, tare-fetch, which has network but neither files
 * nor privileges. Here is only its remote control:
 *
 *	struct remote_target t;			where an image lies: endpoints, credentials, TLS
 *	remote_target(&reference, &options, arena, &t, e);
 *	remote_open(&t, &r, e);			returns at once; tare-fetch loads meanwhile
 *	remote_manifest(r, "bookworm", …);	waits for the answer
 *	remote_ask(r, &blob_request, &id, e);	several side by side;
 *	remote_next(r, -1, &event, e);		their news: progress, done, failed
 *	remote_close(r);			whatever is under way ends
 *
 * Start early: remote_open() is remote_start(), before anything is known, and remote_direct(), when it is. One remote is one repository; connections
 * and tokens are kept as long as it lives. It is for one thread. remote_fd() can be polled.
 *
 * Endpoints are tried in their order, mirrors first: the next one if one cannot be reached, has no
 * such thing, or fails again and again; in the middle of a blob, too. Retries have a back-off and an
 * end. None of these is for the caller to do, with one exception: a blob whose digest is wrong in
 * the end is the caller's to find. Ask again from offset 0 with @registry_only, since a mirror may lie.
 *
 * What is verified where: here, the digest of a manifest over its bytes; in tare-fetch, that a blob
 * has as many bytes as was asked for. Whoever reads a blob's pipe hashes it.
 *
 * Errors are one line with a hint, of these classes: ERR_ABSENT (no such image, tag, blob, host),
 * ERR_DENIED (credentials wanted or refused; also a certificate that nobody vouches for), ERR_LIMIT
 * (too long, too slow, rate limit), ERR_INPUT (an answer that is none), ERR_UNSUPPORTED.
 */
#ifndef REMOTE_REMOTE_H
#define REMOTE_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bind.h"
#include "base/err.h"
#include "spec/digest.h"
#include "spec/reference.h"

struct arena;
struct auth;
struct remote;

/**
 * struct remote_endpoint - one place that may have the repository
 * @host:       host or host:port, as in a reference
 * @repository: its name there; NULL when no repository is meant (login, search)
 * @insecure:   TLS is not verified, and plain HTTP is taken if there is no TLS; loopback hosts get
 *              the second part always
 * @mirror:     only asked for what is pulled
 * @by_tag, @by_digest: what a mirror may be asked for
 * @username, @password: for Basic, and for token servers
 * @identity_token: for token servers instead; @registry_token: a Bearer token as it stands
 * @ca, @cert, @key: PEM: more authorities; our certificate and its key
 */
struct remote_endpoint {
	char *host, *repository;
	bool insecure, mirror, by_tag, by_digest;
	char *username, *password, *identity_token, *registry_token;
	struct bytes ca, cert, key;
};

/**
 * struct remote_target - all that tare-fetch needs to know before it shuts itself in
 * @name:      of registry and repository in messages, e.g. "docker.io/library/debian"
 * @push:      tokens are asked for pushing, too; only the registry itself is asked
 * @http_proxy, @https_proxy, @no_proxy: NULL: none
 * @parallel:  blobs at the same time; 0: 3
 * @retries:   after the first attempt, of what may pass; UINT32_MAX: none; 0: 5
 * @connect_ms, @stall_ms: a connection takes no longer; a transfer may stand still no longer;
 *             0: 15 s, 60 s
 */
struct remote_target {
	char *name;
	LIST(struct remote_endpoint) endpoints;
	bool push;
	char *http_proxy, *https_proxy, *no_proxy;
	uint32_t parallel, retries, connect_ms, stall_ms;
};

/**
 * struct remote_options - what a command line adds to the configuration files
 * @push:       as in the target
 * @auth:       these credentials, and none from files; NULL: those that were stored by login
 * @authfile:   look for credentials in this file only
 * @cert_dir:   a folder like one of certs.d, instead of these
 * @tls_verify: .set: overrules `insecure` of registries.conf
 * @registries: registries.conf, for who has read it already; NULL
 */
struct remote_options {
	bool push;
	const struct registries *registries;
	const struct auth *auth;
	const char *authfile, *cert_dir;
	struct opt_bool tls_verify;
};

int remote_target(const struct reference *ref, const struct remote_options *o, struct arena *a,
		  struct remote_target *ret_target, struct err *e);
int remote_target_of_registry(const char *registry, const struct remote_options *o, struct arena *a,
			      struct remote_target *ret_target, struct err *e);

enum remote_action {
	REMOTE_NOTHING,
	REMOTE_MANIFEST_HEAD,   /* @what: tag or digest */
	REMOTE_MANIFEST_GET,    /* @what; bytes to @fd, a memory file */
	REMOTE_MANIFEST_PUT,    /* @what, @media_type; bytes from @fd */
	REMOTE_MANIFEST_DELETE, /* @what: digest, or tag where the registry allows it */
	REMOTE_BLOB_HEAD,       /* @what: digest */
	REMOTE_BLOB_GET,        /* @what: digest; @size, @offset; bytes to @fd, a pipe */
	REMOTE_BLOB_PUT,        /* @what: digest; @size; bytes from @fd, a file */
	REMOTE_TAGS,            /* names; at most @limit */
	REMOTE_CATALOG,         /* repositories; at most @limit */
	REMOTE_SEARCH,          /* @what: words; at most @limit */
	REMOTE_LOGIN,           /* are the credentials good? */
};

/**
 * struct remote_request - one question
 * @what:          a tag, a digest's text, or words, as the action says
 * @size:          bytes of the whole blob
 * @offset:        bytes of it that the caller has already
 * @media_type:    of a manifest that is put
 * @mount_from:    REMOTE_BLOB_PUT: a repository of the same registry that has the blob: it is linked
 *                 from there, if the registry does that, and not sent
 * @chunk:         REMOTE_BLOB_PUT: send as pieces of so many bytes; 0: in one
 * @registry_only: ask no mirror
 * @fd:            borrowed; the caller may close it as soon as it is asked. A blob's pipe is closed by
 *                 tare-fetch before its last event: without such an event, the end of the pipe means nothing
 */
struct remote_request {
	enum remote_action action;
	const char *what;
	uint64_t size, offset;
	const char *media_type, *mount_from;
	uint64_t chunk;
	uint64_t limit;
	bool registry_only;
	int fd;
};

enum remote_news {
	REMOTE_PROGRESS, /* @bytes of a blob have been sent; only for REMOTE_BLOB_PUT */
	REMOTE_RETRY,    /* @err says what went wrong; it goes on by itself */
	REMOTE_DONE,
	REMOTE_FAILED, /* @err */
};

/**
 * struct remote_event - news of a question; DONE and FAILED are the last ones of it
 * @id:         as remote_ask() gave it
 * @bytes:      of the blob: offset and all that was delivered or sent
 * @size:       of a manifest or blob, as the registry says; only with @has_size
 * @digest:     of a manifest, as the registry says; .algorithm is DIGEST_NONE when it does not
 * @media_type: of a manifest, as the registry says; "" when it does not
 * @mounted, @existed: REMOTE_BLOB_PUT: nothing had to be sent
 * @host:       the endpoint that answered
 * @pulls_left: requests that Docker Hub still allows (ratelimit-remaining), or -1
 */
struct remote_event {
	uint64_t id;
	enum remote_news news;
	uint64_t bytes, size;
	bool has_size, mounted, existed;
	struct digest digest;
	char media_type[256], host[256];
	int64_t pulls_left;
	struct err err;
};

/* struct remote_manifest - @bytes is NUL-terminated, and the arena's; @digest is of these bytes */
struct remote_manifest {
	struct digest digest;
	char *media_type, *host;
	char *bytes;
	size_t size;
};

/* struct remote_found - one result of a search; empty members are unknown */
struct remote_found {
	char *name, *description;
	int64_t stars;
	bool official, automated;
};
struct remote_results {
	LIST(struct remote_found) found;
};

int remote_start(struct remote **ret_remote, struct err *e);
int remote_direct(struct remote *r, const struct remote_target *t, struct err *e);
int remote_open(const struct remote_target *t, struct remote **ret_remote, struct err *e);
void remote_dismiss(struct remote *r);
void remote_close(struct remote *r);
int remote_fd(const struct remote *r);
int remote_ask(struct remote *r, const struct remote_request *q, uint64_t *ret_id, struct err *e);
int remote_cancel(struct remote *r, uint64_t id, struct err *e);
int remote_next(struct remote *r, int timeout_ms, struct remote_event *ret_event, struct err *e);
int remote_wait(struct remote *r, uint64_t id, struct remote_event *ret_event, struct err *e);

int remote_manifest_head(struct remote *r, const char *what, struct remote_event *ret_event,
			 struct err *e);
int remote_manifest(struct remote *r, const char *what, struct arena *a,
		    struct remote_manifest *ret_manifest, struct err *e);
int remote_manifest_put(struct remote *r, const char *what, const char *media_type,
			const void *bytes, size_t size, struct err *e);
int remote_manifest_delete(struct remote *r, const char *what, struct err *e);
int remote_blob_exists(struct remote *r, const struct digest *d, bool *ret_exists, struct err *e);
int remote_tags(struct remote *r, uint64_t limit, struct arena *a, char ***ret_names,
		struct err *e);
int remote_catalog(struct remote *r, uint64_t limit, struct arena *a, char ***ret_names,
		   struct err *e);
int remote_search(struct remote *r, const char *words, uint64_t limit, struct arena *a,
		  struct remote_results *ret_results, struct err *e);
int remote_login(struct remote *r, struct err *e);

#endif
