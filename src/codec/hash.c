/* hash.c - SHA-256 and SHA-512 by libcrypto
 *
 * By its functions of before 3.0, which compute the same with the same instructions: the way through
 * providers costs a millisecond to set up and six megabytes where it is linked statically.
 */
#define OPENSSL_API_COMPAT 10100 /* they are called deprecated since */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "codec/hash.h"

#include <string.h>

static int failed(struct err *e)
{
	return fail(e, ERR_BUG, "compute a digest: of no known algorithm");
}

/* hash_start() - begin a digest in @h; it may be used again and again */
int hash_start(struct hash *h, enum digest_algorithm algorithm, struct err *e)
{
	h->algorithm = algorithm;
	if (algorithm == DIGEST_SHA256)
		return SHA256_Init(&h->sha256) == 1 ? 0 : failed(e);
	if (algorithm == DIGEST_SHA512)
		return SHA512_Init(&h->sha512) == 1 ? 0 : failed(e);
	return failed(e);
}

int hash_add(struct hash *h, const void *at, size_t len, struct err *e)
{
	if (h->algorithm == DIGEST_SHA256)
		return SHA256_Update(&h->sha256, at, len) == 1 ? 0 : failed(e);
	if (h->algorithm == DIGEST_SHA512)
		return SHA512_Update(&h->sha512, at, len) == 1 ? 0 : failed(e);
	return failed(e);
}

/* hash_end() - the digest of all that was added since hash_start() */
int hash_end(struct hash *h, struct digest *ret_digest, struct err *e)
{
	struct digest d = { .algorithm = h->algorithm };

	if (h->algorithm == DIGEST_SHA256 && SHA256_Final(d.bytes, &h->sha256) == 1) {
		*ret_digest = d;
		return 0;
	}
	if (h->algorithm == DIGEST_SHA512 && SHA512_Final(d.bytes, &h->sha512) == 1) {
		*ret_digest = d;
		return 0;
	}
	return failed(e);
}

/* hash_done() - forget what was added */
void hash_done(struct hash *h)
{
	memset(h, 0, sizeof(*h));
}

/* hash_of() - the digest of @len bytes that are all there */
int hash_of(enum digest_algorithm algorithm, const void *at, size_t len, struct digest *ret_digest,
	    struct err *e)
{
	own_hash h = { 0 };

	if (hash_start(&h, algorithm, e) < 0 || hash_add(&h, at, len, e) < 0)
		return -1;
	return hash_end(&h, ret_digest, e);
}
