/* seccomp_translate.c - a policy's rules, one by one, into libseccomp
 *
 * Linked into tare-seccomp and the tests, not into tare-runtime (see seccomp_apart.c).
 */
#include "runtime/seccomp_translate.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/seccomp.h>

#include "base/err.h"
#include "os/seccomp.h"
#include "spec/oci.h"

#define ERRNO_MAX 4095 /* the kernel cuts what is above */
#define TRACE_MAX UINT16_MAX
#define WHERE     "config.json: /linux/seccomp"

static uint32_t kind(int64_t action)
{
	return (uint32_t)action & SECCOMP_RET_ACTION_FULL;
}

/* The kernel's own order: the smaller as a signed number, the stricter. */
static bool stricter(uint32_t a, uint32_t b)
{
	return (int32_t)kind(a) < (int32_t)kind(b);
}

/* config-linux.md: an errno for an action that takes none is an error; the default is EPERM. */
static int full_action(const struct opt_word *action, const struct opt_u64 *ret, uint32_t *out,
		       struct err *e)
{
	uint32_t a = (uint32_t)action->v;
	uint64_t most = kind(a) == SECCOMP_RET_ERRNO ? ERRNO_MAX : TRACE_MAX;

	*out = a;
	if (kind(a) != SECCOMP_RET_ERRNO && kind(a) != SECCOMP_RET_TRACE)
		return ret->set ? fail(e, ERR_INPUT, "%s takes no errno",
				       word_name(oci_seccomp_action_words, action->v))
				: 0;
	if (ret->set && ret->v > most)
		return fail(e, ERR_INPUT, "errno %" PRIu64 " is above %" PRIu64, ret->v, most);
	*out = a | (uint32_t)(ret->set ? ret->v : EPERM);
	return 0;
}

static int add_call(struct seccomp_gen *g, const struct oci_syscall *c, uint32_t action,
		    const char *name, struct err *e)
{
	struct seccomp_cond cond[16];

	if (c->args.n > COUNT(cond))
		return fail(e, ERR_INPUT, "%zu conditions are too many", c->args.n);
	for (size_t i = 0; i < c->args.n; i++) {
		const struct oci_seccomp_arg *arg = &c->args.at[i];

		cond[i] = (struct seccomp_cond){ arg->index, (unsigned)arg->op.v, arg->value,
						 arg->value_two };
	}
	return seccomp_gen_rule(g, action, name, cond, c->args.n, e);
}

static int add_calls(struct seccomp_gen *g, const struct oci_syscall *c, uint32_t usual,
		     struct str *ignored, struct err *e)
{
	uint32_t action;

	if (full_action(&c->action, &c->errno_ret, &action, e) < 0)
		return -1;
	for (size_t i = 0; c->names[i]; i++) {
		int r = *c->names[i] ? add_call(g, c, action, c->names[i], e)
				     : fail(e, ERR_INPUT, "a system call's name is empty");

		if (r < 0)
			return -1;
		if (r == 1 && stricter(action, usual))
			str_addf(ignored, "%s%.64s", ignored->len ? ", " : "", c->names[i]);
	}
	return 0;
}

/**
 * seccomp_translate() - compile a policy
 * @filter:  receives struct sock_filter instructions
 * @ignored: receives the names of system calls that have no rule because nobody knows them
 */
int seccomp_translate(const struct oci_seccomp *s, struct str *filter, struct str *ignored,
		      struct err *e)
{
	own_seccomp_gen struct seccomp_gen *g = NULL;
	uint32_t usual;

	if (full_action(&s->default_action, &s->default_errno_ret, &usual, e) < 0)
		return fail_at(e, WHERE "/defaultErrnoRet");
	if (seccomp_gen_new(usual, &g, e) < 0)
		return fail_at(e, WHERE "/defaultAction");
	for (size_t i = 0; s->architectures && s->architectures[i]; i++)
		if (seccomp_gen_arch(g, s->architectures[i], e) < 0)
			return fail_at(e, WHERE "/architectures/%zu", i);
	for (size_t i = 0; i < s->syscalls.n; i++)
		if (add_calls(g, &s->syscalls.at[i], usual, ignored, e) < 0)
			return fail_at(e, WHERE "/syscalls/%zu", i);
	if (seccomp_gen_finish(g, filter, e) < 0)
		return fail_at(e, WHERE);
	return 0;
}
