/* seccomp.c - tare-seccomp: a packed policy on a descriptor in, a filter on stdout out
 *
 * usage: tare-seccomp POLICY-FD      (executed by tare-runtime only, see runtime/seccomp_apart.c)
 */
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/own.h"
#include "os/file.h"
#include "runtime/seccomp_translate.h"
#include "spec/oci.h"

#define POLICY_MAX ((size_t)8 << 20)

static int answer(const struct str *filter, const struct str *ignored)
{
	const struct seccomp_answer a = { .filter = (uint32_t)filter->len,
					  .ignored = (uint32_t)ignored->len };
	own_str struct str out = { 0 };

	str_add_len(&out, (const char *)&a, sizeof(a));
	str_add_len(&out, filter->at, filter->len);
	if (ignored->len)
		str_add_len(&out, ignored->at, ignored->len);
	return !out.torn && write(STDOUT_FILENO, out.at, out.len) == (ssize_t)out.len ? 0 : 1;
}

static int answer_failure(const struct err *e)
{
	const struct seccomp_answer a = { .failed = 1 };
	own_str struct str out = { 0 };

	str_add_len(&out, (const char *)&a, sizeof(a));
	str_add_len(&out, (const char *)e, sizeof(*e));
	return !out.torn && write(STDOUT_FILENO, out.at, out.len) == (ssize_t)out.len ? 0 : 1;
}

int main(int argc, char **argv)
{
	own_str struct str filter = { 0 }, ignored = { 0 };
	own_arena struct arena mem = { 0 };
	struct oci_seccomp policy = { 0 };
	own_mem char *packed = NULL;
	struct err e = { 0 };
	uint64_t fd = 0;
	int n;

	if (argc != 2 || text_u64(argv[1], INT32_MAX, &fd) < 0)
		return 2;
	n = file_read_fd((int)fd, "policy", POLICY_MAX, &packed, &e);
	if (n < 0 ||
	    bind_unpack(&oci_seccomp_table, (unsigned char *)packed, (size_t)n, &mem, &policy, &e) <
		    0 ||
	    seccomp_translate(&policy, &filter, &ignored, &e) < 0)
		return answer_failure(&e);
	return answer(&filter, &ignored);
}
