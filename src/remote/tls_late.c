/* tls_late.c - OpenSSL is set up when TLS is spoken for the first time, not at tare-fetch's start
 *
 * curl_global_init(3) has it read its configuration, load all ciphers' names and all error texts: a
 * third of what a question to a registry costs, and a registry on the loopback is asked without TLS.
 * The linker gives us every call of OPENSSL_init_ssl(3) (--wrap); the first one, curl's, is put off until libssl makes its own, which it does before each thing that it
 * makes. Where the libraries are shared, they call each other without us, and nothing is put off.
 */
#include <stdbool.h>
#include <stdint.h>

struct ossl_init_settings_st;

int __real_OPENSSL_init_ssl(uint64_t what, const struct ossl_init_settings_st *settings);
int __wrap_OPENSSL_init_ssl(uint64_t what, const struct ossl_init_settings_st *settings);

static uint64_t put_off;
static bool was_asked;

int __wrap_OPENSSL_init_ssl(uint64_t what, const struct ossl_init_settings_st *settings)
{
	if (!was_asked) {
		was_asked = true;
		put_off = what;
		return 1;
	}
	return __real_OPENSSL_init_ssl(what | put_off, settings);
}

/* SSH has OpenSSL set up, too, and is never spoken. */
int __wrap_libssh2_init(int flags);
int __wrap_libssh2_init(int flags)
{
	(void)flags;
	return 0;
}
