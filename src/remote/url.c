/* url.c - a strict reader: what looks odd is no URL */
#include "remote/url.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"

/* Only what a URL is made of: no blanks, no control characters, no backslash, no bytes above ASCII. */
static bool is_clean(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 0x7f ||
		    strchr("\\\"<>^`{|}", *text))
			return false;
	return true;
}

static bool take_port(const char *at, unsigned *ret_port)
{
	uint64_t port;

	if (!*at)
		return true; /* "host:" is allowed to mean the default */
	if (text_u64(at, 65535, &port) < 0 || !port)
		return false;
	*ret_port = (unsigned)port;
	return true;
}

/* @authority: host, host:port, [ipv6], [ipv6]:port; what has user and password is refused */
static bool take_authority(char *authority, struct url *u)
{
	char *end;

	if (strchr(authority, '@'))
		return false;
	if (*authority == '[') {
		end = strchr(authority, ']');
		if (!end || end == authority + 1)
			return false;
		*end++ = '\0';
		u->host = authority + 1;
	} else {
		u->host = authority;
		end = authority + strcspn(authority, ":");
	}
	for (char *c = u->host; *c && c != end; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	if (!*end)
		return *u->host;
	if (*end != ':')
		return false;
	*end = '\0';
	return *u->host && take_port(end + 1, &u->port);
}

/* url_parse() - whether @text is an absolute URL of http or https, as one is written properly */
bool url_parse(const char *text, struct arena *a, struct url *ret_url)
{
	struct url u = { .https = strncasecmp(text, "https://", 8) == 0 };
	const char *at = text + (u.https ? 8 : 7), *path;
	char *authority;
	size_t len;

	if (!u.https && strncasecmp(text, "http://", 7) != 0)
		return false;
	len = strcspn(at, "/?#");
	if (strlen(text) > URL_MAX || !is_clean(text))
		return false;
	u.port = u.https ? 443 : 80;
	authority = arena_dup_len(a, at, len);
	if (!authority || !take_authority(authority, &u))
		return false;
	path = at + len;
	u.path = arena_printf(a, "%s%.*s", *path == '/' ? "" : "/", (int)strcspn(path, "#"), path);
	if (!u.path)
		return false;
	*ret_url = u;
	return true;
}

/**
 * url_join() - where a Location header leads
 * @base: the URL that was asked
 *
 * Return: an absolute URL, the arena's; NULL when that is none of http or https.
 */
char *url_join(const char *base, const char *location, struct arena *a)
{
	struct url u;
	char *joined = NULL;
	const char *root = strstr(base, "://");
	size_t len;

	if (!root)
		return NULL;
	len = (size_t)(root - base) + 3;
	len += strcspn(base + len, "/?#");
	if (strstr(location, "://") && strchr(location, ':') < location + strcspn(location, "/?#"))
		joined = arena_dup(a, location);
	else if (text_starts(location, "//"))
		joined = arena_printf(a, "%.*s:%s", (int)(root - base), base, location);
	else if (*location == '/')
		joined = arena_printf(a, "%.*s%s", (int)len, base, location);
	else if (*location == '?')
		joined = arena_printf(a, "%.*s%s", (int)strcspn(base, "?#"), base, location);
	else if (*location) {
		size_t dir = strcspn(base, "?#");

		while (dir > len && base[dir - 1] != '/')
			dir--;
		joined = arena_printf(a, "%.*s%s%s", (int)dir, base, dir == len ? "/" : "",
				      location);
	}
	return joined && url_parse(joined, a, &u) ? joined : NULL;
}

bool url_same_origin(const struct url *a, const struct url *b)
{
	return a->https == b->https && a->port == b->port && strcmp(a->host, b->host) == 0;
}

static bool v4_in(uint32_t address, uint32_t net, unsigned bits)
{
	return (address ^ net) >> (32 - bits) == 0;
}

static bool v4_is_link_local(uint32_t host_order)
{
	return v4_in(host_order, 0xa9fe0000, 16); /* 169.254.0.0/16 */
}

static bool v4_is_loopback(uint32_t host_order)
{
	return v4_in(host_order, 0x7f000000, 8) || v4_in(host_order, 0, 8);
}

/* An IPv4 address in IPv6's clothes (RFC 4291; NAT64, RFC 6052); 0 when it is none. */
static uint32_t mapped_v4(const struct in6_addr *a)
{
	static const unsigned char nat64[12] = { 0, 0x64, 0xff, 0x9b };
	uint32_t v4;

	memcpy(&v4, a->s6_addr + 12, 4);
	if (IN6_IS_ADDR_V4MAPPED(a) || memcmp(a->s6_addr, nat64, 12) == 0)
		return ntohl(v4);
	return 0;
}

/* Link-local, and the address at which a cloud's metadata answers by IPv6 */
static bool v6_is_link_local(const struct in6_addr *a)
{
	static const unsigned char metadata[16] = {
		0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54
	};

	return IN6_IS_ADDR_LINKLOCAL(a) || memcmp(a->s6_addr, metadata, 16) == 0 ||
	       v4_is_link_local(mapped_v4(a));
}

static bool v6_is_loopback(const struct in6_addr *a)
{
	uint32_t v4 = mapped_v4(a);

	return IN6_IS_ADDR_LOOPBACK(a) || IN6_IS_ADDR_UNSPECIFIED(a) || (v4 && v4_is_loopback(v4));
}

/* url_address_is_link_local() - 169.254/16, fe80::/10 and their like: routers, metadata of clouds */
bool url_address_is_link_local(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return v4_is_link_local(
			ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr));
	return address->sa_family == AF_INET6 &&
	       v6_is_link_local(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

bool url_address_is_loopback(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return v4_is_loopback(
			ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr));
	return address->sa_family == AF_INET6 &&
	       v6_is_loopback(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

/* The same of a host that is an address as it stands; names are looked at when they are resolved. */
bool url_host_is_link_local(const char *host)
{
	struct in6_addr six;
	struct in_addr four;

	/* inet_aton() reads 0xa9fea9fe and 2852039166 as resolvers do */
	if (inet_aton(host, &four))
		return v4_is_link_local(ntohl(four.s_addr));
	return inet_pton(AF_INET6, host, &six) == 1 && v6_is_link_local(&six);
}

/* url_host_is_loopback() - 127.0.0.0/8, ::1, localhost; @host as in struct url */
bool url_host_is_loopback(const char *host)
{
	struct in6_addr six;
	struct in_addr four;

	if (strcasecmp(host, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, host, &four) == 1)
		return v4_in(ntohl(four.s_addr), 0x7f000000, 8);
	return inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

/* url_escape() - add @text as one component of a query or path (RFC 3986, unreserved stay) */
void url_escape(struct str *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    strchr("-._~", c))
			str_add_len(out, text, 1);
		else
			str_addf(out, "%%%02X", c);
	}
}
