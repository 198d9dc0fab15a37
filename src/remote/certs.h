/* certs.h - certificates for one registry: folders certs.d/HOST[:PORT], as Docker and podman have them
 *
 * NAME.crt is an authority, NAME.cert our certificate, NAME.key its key. The authorities of all
 * folders count; of our certificates the first: /etc/tare/certs.d, ~/.config/containers/certs.d,
 * /etc/containers/certs.d, /etc/docker/certs.d.
 */
#ifndef REMOTE_CERTS_H
#define REMOTE_CERTS_H

#include "base/bind.h"

struct arena;
struct err;

struct certs {
	struct bytes ca, cert, key; /* PEM */
};

int certs_load(const char *host, struct arena *a, struct certs *ret_certs, struct err *e);
int certs_load_folder(const char *folder, struct arena *a, struct certs *certs, struct err *e);

#endif
