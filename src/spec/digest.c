/* digest.c - digests from text and back */
#include "spec/digest.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const struct algorithm {
	const char *name;
	size_t size; /* bytes */
} algorithms[] = {
	[DIGEST_NONE] = { "", 0 },
	[DIGEST_SHA256] = { "sha256", 32 },
	[DIGEST_SHA512] = { "sha512", 64 },
};

const char *digest_algorithm_name(enum digest_algorithm algorithm)
{
	return algorithms[algorithm].name;
}

/* digest_size() - its length in bytes */
size_t digest_size(enum digest_algorithm algorithm)
{
	return algorithms[algorithm].size;
}

/* Lower case only: the specification knows one spelling, and two would be two files. */
static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_hex(const char *hex, enum digest_algorithm algorithm, struct digest *ret_digest)
{
	size_t size = digest_size(algorithm);
	struct digest d = { .algorithm = algorithm };

	if (strnlen(hex, 2 * size + 1) != 2 * size)
		return false;
	for (size_t i = 0; i < size; i++) {
		int high = nibble(hex[2 * i]), low = nibble(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		d.bytes[i] = (unsigned char)(high << 4 | low);
	}
	*ret_digest = d;
	return true;
}

/* digest_try_parse() - whether @text is a digest as it is written: algorithm, colon, lower-case hex */
bool digest_try_parse(const char *text, struct digest *ret_digest)
{
	for (size_t i = DIGEST_SHA256; text && i < COUNT(algorithms); i++) {
		size_t len = strlen(algorithms[i].name);

		if (strncmp(text, algorithms[i].name, len) == 0 && text[len] == ':')
			return parse_hex(text + len + 1, (enum digest_algorithm)i, ret_digest);
	}
	return false;
}

/* digest_parse() - the same, and what is wrong with it */
int digest_parse(const char *text, struct digest *ret_digest, struct err *e)
{
	if (digest_try_parse(text, ret_digest))
		return 0;
	fail(e, ERR_INPUT, "digest '%.150s': not valid", text ? text : "");
	return fail_hint(
		e, "it is sha256: and 64 hexadecimal digits, or sha512: and 128, in lower case");
}

/* digest_hex() - its hexadecimal digits alone, in @buf */
const char *digest_hex(const struct digest *d, char buf[DIGEST_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	size_t size = digest_size(d->algorithm);

	for (size_t i = 0; i < size; i++) {
		buf[2 * i] = digits[d->bytes[i] >> 4];
		buf[2 * i + 1] = digits[d->bytes[i] & 15];
	}
	buf[2 * size] = '\0';
	return buf;
}

/* digest_text() - as it is written, in @buf */
const char *digest_text(const struct digest *d, char buf[DIGEST_TEXT])
{
	char hex[DIGEST_TEXT];

	snprintf(buf, DIGEST_TEXT, "%s:%.*s", digest_algorithm_name(d->algorithm),
		 2 * DIGEST_MAX_BYTES, digest_hex(d, hex));
	return buf;
}

bool digest_same(const struct digest *a, const struct digest *b)
{
	return a->algorithm == b->algorithm && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}
