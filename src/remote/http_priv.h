/* http_priv.h - between http.c, which waits, and http_easy.c, which knows a request's options */
#ifndef REMOTE_HTTP_PRIV_H
#define REMOTE_HTTP_PRIV_H

#include "remote/http.h"

int http_prepare(struct http *h, struct exchange *x, struct err *e);

#endif
