/* hash.h - a digest of bytes that come in pieces (libcrypto, which knows the processor's SHA) */
#ifndef CODEC_HASH_H
#define CODEC_HASH_H

#include <openssl/sha.h>

#include "spec/digest.h"

/* struct hash - in the making; zero: none */
struct hash {
	enum digest_algorithm algorithm;
	union {
		SHA256_CTX sha256;
		SHA512_CTX sha512;
	};
};

#define own_hash __attribute__((cleanup(hash_done))) struct hash

int hash_start(struct hash *h, enum digest_algorithm algorithm, struct err *e);
int hash_add(struct hash *h, const void *at, size_t len, struct err *e);
int hash_end(struct hash *h, struct digest *ret_digest, struct err *e);
void hash_done(struct hash *h);
int hash_of(enum digest_algorithm algorithm, const void *at, size_t len, struct digest *ret_digest,
	    struct err *e);

#endif
