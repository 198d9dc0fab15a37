/* proxy.h - which requests go through a proxy: HTTP_PROXY, HTTPS_PROXY, NO_PROXY, as Go's programs read them */
#ifndef REMOTE_PROXY_H
#define REMOTE_PROXY_H

#include <stdbool.h>

#include "remote/url.h"

/* struct proxies - NULL: none */
struct proxies {
	const char *http, *https, *no;
};

const char *proxy_for(const struct proxies *p, const struct url *u);
bool proxy_excepted(const char *no_proxy, const struct url *u);

#endif
