/* seccomp.h - generate seccomp filters: libseccomp behind one face
 *
 * Only tare-runtime links this. Actions are the kernel's SECCOMP_RET_* values with their data
 * or-ed in, operators are libseccomp's enum scmp_compare; both are what spec/oci.h holds.
 * The result is loaded by os/seccomp_load.h, in another program.
 */
#ifndef OS_SECCOMP_H
#define OS_SECCOMP_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct err;
struct seccomp_gen;

/* struct seccomp_cond - one condition on a system call's argument, as in struct scmp_arg_cmp */
struct seccomp_cond {
	unsigned index, op;
	uint64_t value, value_two;
};

extern const struct word seccomp_arch_words[];

int seccomp_gen_new(uint32_t default_action, struct seccomp_gen **ret_gen, struct err *e);
int seccomp_gen_arch(struct seccomp_gen *g, const char *name, struct err *e);
int seccomp_gen_rule(struct seccomp_gen *g, uint32_t action, const char *name,
		     const struct seccomp_cond *conds, size_t n, struct err *e);
int seccomp_gen_finish(struct seccomp_gen *g, struct str *out, struct err *e);
void seccomp_gen_free(struct seccomp_gen *g);
void seccomp_gen_version(unsigned ret_version[3]);

static inline void own_seccomp_gen_(struct seccomp_gen **g)
{
	seccomp_gen_free(*g);
}
#define own_seccomp_gen __attribute__((cleanup(own_seccomp_gen_)))

#endif
