/* challenge.h - what a registry wants before it answers (RFC 9110 11.6.1; distribution's token.md) */
#ifndef REMOTE_CHALLENGE_H
#define REMOTE_CHALLENGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

enum challenge_kind { CHALLENGE_NONE, CHALLENGE_BASIC, CHALLENGE_BEARER };

/* struct challenge - @realm: of Bearer, the token server; absent members are NULL */
struct challenge {
	enum challenge_kind kind;
	char *realm, *service, *scope, *error;
};

void challenge_parse(const char *header, struct arena *a, struct challenge *ret_challenge);
bool token_read(const char *text, size_t len, struct arena *a, char **ret_token,
		int64_t *ret_seconds);
char *link_next(const char *header, struct arena *a);

#endif
