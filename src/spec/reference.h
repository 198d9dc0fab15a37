/* reference.h - names of images, by Docker's grammar (github.com/distribution/reference)
 *
 *	debian                             docker.io/library/debian:latest
 *	user/app:1.0                       docker.io/user/app:1.0
 *	localhost:5000/app                 localhost:5000/app:latest
 *	[::1]:5000/a/b@sha256:…            a digest
 *	quay.io/a/b:tag@sha256:…           both: the digest decides, the tag is for readers
 *
 * The first component is a registry if it has a dot, a colon or an upper-case letter, or is
 * "localhost"; otherwise the registry is docker.io.
 */
#ifndef SPEC_REFERENCE_H
#define SPEC_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "spec/digest.h"

#define REFERENCE_NAME_MAX \
	255 /* bytes of repository, with the registry as the specification has it */
#define REFERENCE_TAG_MAX 128
#define REFERENCE_TEXT \
	((size_t)2 * (REFERENCE_NAME_MAX + 1) + 1 + REFERENCE_TAG_MAX + 1 + DIGEST_TEXT)

#define REFERENCE_DEFAULT_REGISTRY "docker.io"
#define REFERENCE_DEFAULT_TAG      "latest"

/**
 * struct reference - a name, taken apart; no pointers, so it can be copied
 * @registry:   host, or host:port; "docker.io" where nothing is said
 * @repository: with "library/" where that is left out
 * @tag:        "" when there is none; then there is a digest, unless reference_parse_bare() read it
 * @digest:     .algorithm is DIGEST_NONE when there is none
 * @short_name: no registry was named
 */
struct reference {
	char registry[REFERENCE_NAME_MAX + 1];
	char repository[REFERENCE_NAME_MAX + 1];
	char tag[REFERENCE_TAG_MAX + 1];
	struct digest digest;
	bool short_name;
};

int reference_parse(const char *text, struct reference *ret_reference, struct err *e);
int reference_parse_bare(const char *text, struct reference *ret_reference, struct err *e);
bool reference_is_registry(const char *text);
bool reference_is_tag(const char *text);
const char *reference_name(const struct reference *ref, char buf[REFERENCE_TEXT]);
const char *reference_full(const struct reference *ref, char buf[REFERENCE_TEXT]);
const char *reference_familiar(const struct reference *ref, char buf[REFERENCE_TEXT]);
const char *reference_familiar_name(const struct reference *ref, char buf[REFERENCE_TEXT]);

#endif
