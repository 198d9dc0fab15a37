/* seccomp.c - linux.seccomp as JSON: compiled, and run on every system call there is
 *
 * Whatever the policy, the filter must end with a verdict, and one that the policy names (or
 * our ENOSYS, or the kill of a foreign architecture).
 */
#include "fuzz.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "runtime/seccomp.h"
#include "spec/oci.h"
#include "tests/unit/bpf.h"

static bool is(uint32_t verdict, const struct opt_word *action, const struct opt_u64 *ret)
{
	uint32_t kind = (uint32_t)action->v & SECCOMP_RET_ACTION_FULL;
	uint32_t data = kind == SECCOMP_RET_ERRNO || kind == SECCOMP_RET_TRACE
				? (uint32_t)(ret->set ? ret->v : EPERM)
				: 0;

	return verdict == (kind | data);
}

static bool named(uint32_t verdict, const struct oci_seccomp *s)
{
	bool found = is(verdict, &s->default_action, &s->default_errno_ret) ||
		     verdict == (SECCOMP_RET_ERRNO | ENOSYS) || verdict == SECCOMP_RET_KILL_THREAD;

	for (size_t i = 0; i < s->syscalls.n && !found; i++)
		found = is(verdict, &s->syscalls.at[i].action, &s->syscalls.at[i].errno_ret);
	return found;
}

static void run(const struct oci_seccomp *s, const struct seccomp_program *p, uint32_t arch)
{
	for (int nr = -1; nr < 500; nr++)
		for (uint64_t arg = 0; arg < 3; arg++) {
			struct seccomp_data d = { .nr = nr, .arch = arch, .args = { arg, ~arg } };

			MUST(named(bpf_run((const struct sock_filter *)p->filter.at,
					   p->filter.n / sizeof(struct sock_filter), &d),
				   s));
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	struct arena a = { .limit = 8 << 20 };
	struct seccomp_program p = { 0 };
	struct oci_seccomp s = { 0 };
	struct err e = { 0 };

	if (bind_parse(&oci_seccomp_table, (const char *)at, len, "fuzz", NULL, &a, &s, &e) == 0 &&
	    seccomp_compile(&s, -1, &a, &p, &e) == 0) {
		MUST(p.filter.n && p.filter.n % sizeof(struct sock_filter) == 0);
		run(&s, &p, AUDIT_ARCH_X86_64);
		run(&s, &p, AUDIT_ARCH_I386);
	} else {
		MUST(e.text[0]);
	}
	arena_done(&a);
	return 0;
}
