/* session.h - one endpoint: which scheme it speaks, who we are there, and where it sends us
 *
 * The rules that keep credentials where they belong:
 *	- Authorization goes to the endpoint's own origin only: scheme, host and port;
 *	- a redirect from https to http is refused, unless the endpoint is configured insecure;
 *	- a client certificate is shown to the endpoint's origin only;
 *	- a token server gets the credentials over https, or at the endpoint's own origin, or where both are
 *	  on loopback, or the endpoint is insecure; else nothing is asked there;
 *	- a 401 that comes from somewhere else than the endpoint is answered with nothing.
 *
 * Plain HTTP is spoken to loopback hosts and insecure endpoints only. Loopback is asked by HTTP first,
 * since nobody listens in between and TLS takes time; what TLS needs then is found out by its
 * refusal. Insecure endpoints are asked by HTTPS first.
 */
#ifndef REMOTE_SESSION_H
#define REMOTE_SESSION_H

#include "base/arena.h"
#include "remote/challenge.h"
#include "remote/http.h"
#include "remote/remote.h"

enum session_scheme { SCHEME_UNKNOWN, SCHEME_HTTPS, SCHEME_HTTP };

/**
 * struct session - an endpoint, as far as it is known
 * @host:     that is asked; docker.io has another than its name
 * @scheme:   known to work; @asked: tried last
 * @loopback: it has answered from there
 * @arena:    of what is learned: challenge, tokens
 */
struct session {
	struct http *http;
	const struct remote_endpoint *endpoint;
	const char *host;
	struct http_tls tls, tls_elsewhere;
	enum session_scheme scheme, asked;
	bool loopback, reached;
	struct challenge challenge;
	struct token *tokens;
	struct arena arena;
};

/**
 * struct call - a request to an endpoint, and all that comes of it: log-in, redirects
 * @path:  below the endpoint, "/v2/…"; or NULL and
 * @url:   whole, as the endpoint gave it; after the call, the one that answered
 * @scope: what a token must allow, several joined by blanks; "" for whatever the registry says
 * @x:     the caller fills in method, bodies and limits
 */
struct call {
	const char *path, *url, *scope;
	struct exchange x;
};

void session_init(struct session *s, struct http *h, const struct remote_endpoint *endpoint);
void session_done(struct session *s);
bool session_has_credentials(const struct session *s);
int session_call(struct session *s, struct call *c, struct err *e);
int session_token(struct session *s, const char *scope, struct arena *a, char **ret_authorization,
		  struct err *e);
void session_forget(struct session *s, const char *scope);

#endif
