/* url.h - URLs of http and https, taken apart; origins; and addresses that nobody may send us to */
#ifndef REMOTE_URL_H
#define REMOTE_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct arena;
struct sockaddr;

#define URL_MAX 8192 /* bytes; signed ones of storage services are long */

/**
 * struct url - the arena's
 * @host: in lower case; an IPv6 address without brackets
 * @path: with the query, from the slash on; no fragment
 */
struct url {
	bool https;
	char *host, *path;
	unsigned port;
};

bool url_parse(const char *text, struct arena *a, struct url *ret_url);
char *url_join(const char *base, const char *location, struct arena *a);
bool url_same_origin(const struct url *a, const struct url *b);
bool url_host_is_loopback(const char *host);
bool url_host_is_link_local(const char *host);
bool url_address_is_link_local(const struct sockaddr *address);
bool url_address_is_loopback(const struct sockaddr *address);
void url_escape(struct str *out, const char *text);

#endif
