/* hash.c - SHA-256 and SHA-512 by libcrypto */
#include "codec/hash.h"

#include <openssl/evp.h>

static int failed(struct err *e)
{
	return fail(e, ERR_SYSTEM, "compute a digest: libcrypto refuses");
}

static const EVP_MD *method(enum digest_algorithm algorithm)
{
	return algorithm == DIGEST_SHA512 ? EVP_sha512() : EVP_sha256();
}

/* hash_start() - begin a digest in @h, which hash_done() releases; it may be used again and again */
int hash_start(struct hash *h, enum digest_algorithm algorithm, struct err *e)
{
	if (!h->ctx)
		h->ctx = EVP_MD_CTX_new();
	h->algorithm = algorithm;
	if (!h->ctx || algorithm == DIGEST_NONE ||
	    EVP_DigestInit_ex(h->ctx, method(algorithm), NULL) != 1)
		return failed(e);
	return 0;
}

int hash_add(struct hash *h, const void *at, size_t len, struct err *e)
{
	return EVP_DigestUpdate(h->ctx, at, len) == 1 ? 0 : failed(e);
}

/* hash_end() - the digest of all that was added since hash_start() */
int hash_end(struct hash *h, struct digest *ret_digest, struct err *e)
{
	struct digest d = { .algorithm = h->algorithm };

	if (EVP_DigestFinal_ex(h->ctx, d.bytes, NULL) != 1)
		return failed(e);
	*ret_digest = d;
	return 0;
}

void hash_done(struct hash *h)
{
	EVP_MD_CTX_free(h->ctx);
	h->ctx = NULL;
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
