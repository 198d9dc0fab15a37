/* seccomp_apart.c - has tare-seccomp compile a policy that is not in the cache
 *
 * libseccomp comes with glibc, whose start alone costs a third of a millisecond where CPUID
 * traps (in virtual machines); tare-runtime is linked with musl and carries the compiler as a
 * program of its own, run from a memory file once for each new policy.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/own.h"
#include "os/file.h"
#include "os/path.h"
#include "os/spawn.h"
#include "runtime/seccomp_translate.h"
#include "spec/oci.h"

extern const unsigned char tare_seccomp_start[], tare_seccomp_end[];

#define ANSWER_MAX ((size_t)8 << 20)

static int pack(const struct oci_seccomp *s, struct err *e)
{
	own_str struct str packed = { 0 };

	if (bind_pack(&oci_seccomp_table, s, &packed) < 0)
		return fail_errno(e, ENOMEM, "compile the seccomp policy");
	return memfd_of("policy", packed.at, packed.len, e);
}

static int take_answer(const char *text, size_t len, struct str *filter, struct str *ignored,
		       struct err *e)
{
	struct seccomp_answer a;

	if (len < sizeof(a))
		return fail(e, ERR_BUG, "compile the seccomp policy: tare-seccomp gave no answer");
	memcpy(&a, text, sizeof(a));
	text += sizeof(a);
	len -= sizeof(a);
	if (a.failed && len == sizeof(*e)) {
		memcpy(e, text, sizeof(*e));
		err_sanitise(e);
		return -1;
	}
	if (a.failed || (uint64_t)a.filter + a.ignored != len)
		return fail(e, ERR_BUG, "compile the seccomp policy: the answer is damaged");
	str_add_len(filter, text, a.filter);
	str_add_len(ignored, text + a.filter, a.ignored);
	return filter->torn || ignored->torn ? fail_errno(e, ENOMEM, "keep the filter") : 0;
}

int seccomp_translate(const struct oci_seccomp *s, struct str *filter, struct str *ignored,
		      struct err *e)
{
	own_fd int image = memfd_exec_of("tare-seccomp", tare_seccomp_start,
					 (size_t)(tare_seccomp_end - tare_seccomp_start), e);
	own_fd int policy = image < 0 ? -1 : pack(s, e);
	own_mem char *text = NULL;
	char path[32], number[12];
	char *argv[] = { (char *)"tare-seccomp", number, NULL };
	const struct spawn program = {
		.path = path, .argv = argv, .timeout = 30, .keep = &policy, .n_keep = 1
	};
	int status, n;

	if (policy < 0)
		return -1;
	path_fd_link(image, path);
	snprintf(number, sizeof(number), "%d", policy);
	n = spawn_read(&program, ANSWER_MAX, &text, &status, e);
	return n < 0 ? -1 : take_answer(text, (size_t)n, filter, ignored, e);
}
