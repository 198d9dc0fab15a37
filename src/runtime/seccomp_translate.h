/* seccomp_translate.h - a policy to a filter, by libseccomp
 *
 * Two makes of one function: seccomp_translate.c does it here, seccomp_apart.c has the program
 * tare-seccomp do it. A program links one of them.
 */
#ifndef RUNTIME_SECCOMP_TRANSLATE_H
#define RUNTIME_SECCOMP_TRANSLATE_H

#include "base/text.h"

struct err;
struct oci_seccomp;

int seccomp_translate(const struct oci_seccomp *s, struct str *filter, struct str *ignored,
		      struct err *e);

/* struct seccomp_answer - what tare-seccomp writes; filter and names follow where it succeeded */
struct seccomp_answer {
	uint32_t failed, filter, ignored;
};

#endif
