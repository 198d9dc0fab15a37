/* registry.h - options that all commands have which speak to registries */
#ifndef CLI_REGISTRY_H
#define CLI_REGISTRY_H

#include "base/opt.h"
#include "remote/remote.h"

struct registry_options {
	const char *authfile, *cert_dir, *tls_verify;
};

// clang-format off
/* docker's, true by default there, too */
#define TRUST_OPT(S, m) \
	OPT_BOOL_("disable-content-trust", 0, S, m, "no signatures, as without it; =false is refused")
#define REGISTRY_OPTS(S, m) \
	OPT_STRING_("authfile",   0, S, m.authfile,   "FILE", "credentials are in FILE only"), \
	OPT_STRING_("cert-dir",   0, S, m.cert_dir,   "DIR",  "certificates and keys, as in certs.d/HOST"), \
	OPT_STRING_("tls-verify", 0, S, m.tls_verify, "BOOL", "false: take any certificate, and plain HTTP")
// clang-format on

int registry_trust(const char *command, struct opt_bool disabled, struct err *e);
int registry_options(const struct registry_options *o, struct remote_options *ret, struct err *e);

#endif
