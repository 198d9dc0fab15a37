/* proxy.c - golang.org/x/net/http/httpproxy's rules, in short */
#include "remote/proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* An address of either family as 16 bytes; IPv4 as mapped. */
static bool read_address(const char *text, unsigned char ret[16])
{
	static const unsigned char mapped[12] = { [10] = 0xff, 0xff };

	if (inet_pton(AF_INET6, text, ret) == 1)
		return true;
	memcpy(ret, mapped, sizeof(mapped));
	return inet_pton(AF_INET, text, ret + 12) == 1;
}

static bool same_bits(const unsigned char *a, const unsigned char *b, unsigned bits)
{
	if (memcmp(a, b, bits / 8) != 0)
		return false;
	return !(bits % 8) || (a[bits / 8] ^ b[bits / 8]) >> (8 - bits % 8) == 0;
}

/* ADDRESS/BITS */
static bool in_network(const char *entry, const char *host)
{
	unsigned char net[16], address[16];
	char text[64];
	const char *slash = strchr(entry, '/');
	uint64_t bits;

	if (!slash || (size_t)(slash - entry) >= sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)(slash - entry), entry);
	if (!read_address(text, net) || !read_address(host, address) ||
	    text_u64(slash + 1, 128, &bits) < 0)
		return false;
	if (!strchr(text, ':'))
		bits += 96;
	return bits <= 128 && same_bits(net, address, (unsigned)bits);
}

/* A name covers itself and what is below it; with a dot in front, only that. */
static bool covers_name(const char *entry, const char *host)
{
	size_t e, h = strlen(host);

	if (text_starts(entry, "*."))
		entry++;
	e = strlen(entry);
	if (*entry == '.')
		return h > e && strcasecmp(host + h - e, entry) == 0;
	if (strcasecmp(entry, host) == 0)
		return true;
	return h > e + 1 && host[h - e - 1] == '.' && strcasecmp(host + h - e, entry) == 0;
}

/* HOST[:PORT], [IPV6]:PORT, ADDRESS, ADDRESS/BITS or * */
static bool entry_fits(char *entry, const struct url *u)
{
	unsigned char a[16], b[16];
	char *colon = strrchr(entry, ':');
	uint64_t port;

	if (strcmp(entry, "*") == 0)
		return true;
	if (in_network(entry, u->host))
		return true;
	if (read_address(entry, a))
		return read_address(u->host, b) && memcmp(a, b, 16) == 0;
	if (colon && text_u64(colon + 1, 65535, &port) == 0) {
		if (port != u->port)
			return false;
		*colon = '\0';
	}
	if (*entry == '[' && entry[strlen(entry) - 1] == ']') {
		entry[strlen(entry) - 1] = '\0';
		entry++;
	}
	if (read_address(entry, a))
		return read_address(u->host, b) && memcmp(a, b, 16) == 0;
	return *entry && covers_name(entry, u->host);
}

/* proxy_excepted() - does NO_PROXY speak of this host? Loopback never needs a proxy. */
bool proxy_excepted(const char *no_proxy, const struct url *u)
{
	char entry[256];

	if (url_host_is_loopback(u->host))
		return true;
	for (const char *at = no_proxy; at && *at;) {
		size_t len;

		at += strspn(at, ", \t");
		len = strcspn(at, ", \t");
		if (len && len < sizeof(entry)) {
			memcpy(entry, at, len);
			entry[len] = '\0';
			if (entry_fits(entry, u))
				return true;
		}
		at += len;
	}
	return false;
}

/* proxy_for() - the proxy that a request goes through, or "" for none */
const char *proxy_for(const struct proxies *p, const struct url *u)
{
	const char *proxy = u->https ? p->https : p->http;

	return proxy && *proxy && !proxy_excepted(p->no, u) ? proxy : "";
}
