/* target.c - from a name to endpoints, with all that the files of this host say of them */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "remote/auth.h"
#include "remote/certs.h"
#include "remote/registries_conf.h"
#include "remote/remote.h"

static char *environment(const char *upper, const char *lower, struct arena *a)
{
	const char *value = getenv(upper);

	value = value && *value ? value : getenv(lower);
	return value && *value ? arena_dup(a, value) : NULL;
}

static void add_proxies(struct remote_target *t, struct arena *a)
{
	t->http_proxy = environment("HTTP_PROXY", "http_proxy", a);
	t->https_proxy = environment("HTTPS_PROXY", "https_proxy", a);
	t->no_proxy = environment("NO_PROXY", "no_proxy", a);
}

/* Credentials that were named are for the registry, not for its mirrors. */
static int add_auth(struct remote_endpoint *ep, const struct remote_options *o, struct arena *a,
		    struct err *e)
{
	const struct auth_places from = { o->authfile, o->registries->helpers };
	struct auth found = { 0 };

	if (o->auth && !ep->mirror)
		found = *o->auth;
	else if (auth_find(ep->host, ep->repository, &from, a, &found, e) < 0)
		return -1;
	ep->username = found.username;
	ep->password = found.password;
	ep->identity_token = found.identity_token;
	ep->registry_token = found.registry_token;
	return 0;
}

static int fill_endpoint(struct remote_endpoint *ep, const struct remote_options *o,
			 struct arena *a, struct err *e)
{
	struct certs certs = { 0 };

	if (o->tls_verify.set)
		ep->insecure = !o->tls_verify.v;
	if (o->cert_dir ? certs_load_folder(o->cert_dir, a, &certs, e) < 0
			: certs_load(ep->host, a, &certs, e) < 0)
		return -1;
	ep->ca = certs.ca;
	ep->cert = certs.cert;
	ep->key = certs.key;
	return add_auth(ep, o, a, e);
}

/* What is zero for an empty list must be no NULL for bind_pack(). */
static int fill_target(const struct registries_places *p, const struct remote_options *o,
		       struct arena *a, struct remote_target *t, struct err *e)
{
	t->endpoints.at = arena_array(a, p->places.n, sizeof(*t->endpoints.at));
	if (!t->endpoints.at || !t->name)
		return fail_errno(e, ENOMEM, "look for a registry");
	for (t->endpoints.n = 0; t->endpoints.n < p->places.n; t->endpoints.n++) {
		struct remote_endpoint *ep = &t->endpoints.at[t->endpoints.n];
		const struct registries_place *at = &p->places.at[t->endpoints.n];

		*ep = (struct remote_endpoint){ .host = at->host,
						.repository = at->repository,
						.insecure = at->insecure,
						.mirror = at->mirror,
						.by_tag = at->by_tag,
						.by_digest = at->by_digest };
		if (fill_endpoint(ep, o, a, e) < 0)
			return -1;
	}
	t->push = o->push;
	add_proxies(t, a);
	return 0;
}

/* @o, or none, with registries.conf, which is read into @room unless it has been. */
static int complete(const struct remote_options *o, struct arena *a, struct registries *room,
		    struct remote_options *ret, struct err *e)
{
	*ret = o ? *o : (struct remote_options){ 0 };
	if (ret->registries)
		return 0;
	ret->registries = room;
	return registries_load(a, room, e);
}

/**
 * remote_target() - where @ref lies, by registries.conf, and how to get in
 * @o: NULL: nothing but what the files say
 * @a: owns the target
 *
 * Return: 0; -1 when a file cannot be understood, or the registry is blocked.
 */
int remote_target(const struct reference *ref, const struct remote_options *o, struct arena *a,
		  struct remote_target *ret_target, struct err *e)
{
	struct remote_target t = { 0 };
	struct registries_places p;
	struct remote_options all;
	struct registries now;
	char name[REFERENCE_TEXT];

	if (complete(o, a, &now, &all, e) < 0 ||
	    registries_resolve(all.registries, ref, all.push, a, &p, e) < 0)
		return -1;
	t.name = arena_dup(a, reference_name(ref, name));
	if (fill_target(&p, &all, a, &t, e) < 0)
		return -1;
	*ret_target = t;
	return 0;
}

/* remote_target_of_registry() - the same of a registry as such: to log in, to list, to search */
int remote_target_of_registry(const char *registry, const struct remote_options *o, struct arena *a,
			      struct remote_target *ret_target, struct err *e)
{
	struct remote_target t = { 0 };
	struct registries_places p;
	struct registries_place place;
	struct reference ref = { .repository = "any" };
	struct remote_options all;
	struct registries now;

	if (!reference_is_registry(registry)) {
		fail(e, ERR_INPUT, "'%.200s' is no registry", registry);
		return fail_hint(e, "it is HOST or HOST:PORT, without https://");
	}
	memcpy(ref.registry, registry, strlen(registry) + 1);
	if (complete(o, a, &now, &all, e) < 0 ||
	    registries_resolve(all.registries, &ref, true, a, &p, e) < 0)
		return -1;
	/* the registry itself stands last; what it is called is more than where it is asked */
	place = p.places.at[p.places.n - 1];
	place.repository = NULL;
	p.places.at = &place;
	p.places.n = 1;
	t.name = arena_dup(a, registry);
	if (fill_target(&p, &all, a, &t, e) < 0)
		return -1;
	*ret_target = t;
	return 0;
}
