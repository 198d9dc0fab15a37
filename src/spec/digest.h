/* digest.h - content digests as the image specification writes them (image-spec descriptor.md)
 *
 * Text from outside becomes a struct here, once, at the edge: nothing else of tare makes a file's
 * name of a digest that somebody sent.
 */
#ifndef SPEC_DIGEST_H
#define SPEC_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum digest_algorithm { DIGEST_NONE, DIGEST_SHA256, DIGEST_SHA512 };

#define DIGEST_MAX_BYTES 64

/* room for the text of any digest, with its NUL */
#define DIGEST_TEXT      (sizeof("sha512:") + 2UL * DIGEST_MAX_BYTES)

/* struct digest - the unused end of @bytes is zero, so that two can be compared whole */
struct digest {
	enum digest_algorithm algorithm;
	unsigned char bytes[DIGEST_MAX_BYTES];
};

int digest_parse(const char *text, struct digest *ret_digest, struct err *e);
bool digest_try_parse(const char *text, struct digest *ret_digest);
const char *digest_text(const struct digest *d, char buf[DIGEST_TEXT]);
const char *digest_hex(const struct digest *d, char buf[DIGEST_TEXT]);
const char *digest_algorithm_name(enum digest_algorithm algorithm);
size_t digest_size(enum digest_algorithm algorithm);
bool digest_same(const struct digest *a, const struct digest *b);

#endif
