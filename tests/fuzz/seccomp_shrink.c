/* seccomp_shrink.c - any filter and its shrunk form agree on every call
 *
 * The input is a filter: four bytes make an instruction, with its jumps kept inside and its
 * constant taken from those that filters have.
 */
#include "fuzz.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdlib.h>

#include "base/text.h"
#include "os/seccomp_shrink.h"
#include "tests/unit/bpf.h"

#define MOST 200

static const uint16_t codes[] = {
	BPF_JMP | BPF_JEQ | BPF_K,  BPF_JMP | BPF_JGE | BPF_K, BPF_JMP | BPF_JGT | BPF_K,
	BPF_JMP | BPF_JSET | BPF_K, BPF_JMP | BPF_JA,          BPF_LD | BPF_W | BPF_ABS,
	BPF_LD | BPF_W | BPF_ABS,   BPF_ALU | BPF_AND | BPF_K, BPF_RET | BPF_K,
};
static const uint32_t archs[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64 };
static const uint32_t offsets[] = { 0, 0, 4, 4, 16, 20, 24, 28 };
static const uint32_t numbers[] = { 0,          1,          2,         3,          4,
				    5,          8,          60,        0x40000000, 0x40000001,
				    0x7fffffff, 0x80000000, 0xffffffff };

static uint32_t constant(uint16_t code, uint8_t choice, size_t left)
{
	if (BPF_CLASS(code) == BPF_RET)
		return choice % 4 * 0x10000;
	if (BPF_CLASS(code) == BPF_LD)
		return offsets[choice % COUNT(offsets)];
	if (code == (BPF_JMP | BPF_JA))
		return choice % (uint32_t)left;
	return choice < 32 ? archs[choice % COUNT(archs)] : numbers[choice % COUNT(numbers)];
}

static size_t decode(const uint8_t *at, size_t len, struct sock_filter *f)
{
	size_t n = len / 4 > MOST ? MOST : len / 4;

	for (size_t i = 0; i < n; i++, at += 4) {
		size_t left = n - i; /* the verdict at the end included */
		uint16_t code = codes[at[0] % COUNT(codes)];

		f[i] = (struct sock_filter){ code, (uint8_t)(at[1] % left), (uint8_t)(at[2] % left),
					     constant(code, at[3], left) };
		if (BPF_CLASS(code) != BPF_JMP || code == (BPF_JMP | BPF_JA))
			f[i].jt = f[i].jf = 0;
	}
	f[n] = (struct sock_filter){ BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW };
	return n + 1;
}

static void compare(const struct sock_filter *f, size_t n, const struct str *small)
{
	for (size_t a = 0; a <= COUNT(archs); a++)
		for (size_t i = 0; i < COUNT(numbers); i++)
			for (uint64_t arg = 0; arg < 4; arg++) {
				struct seccomp_data d = { (int)numbers[i],
							  a < COUNT(archs) ? archs[a] : 77,
							  0,
							  { arg | arg << 32, ~arg } };

				MUST(bpf_run(f, n, &d) ==
				     bpf_run((const struct sock_filter *)(const void *)small->at,
					     small->len / sizeof(*f), &d));
			}
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	struct sock_filter f[MOST + 1];
	size_t n = decode(at, len, f);
	own_str struct str small = { 0 };

	if (seccomp_try_shrink(f, n, archs, COUNT(archs), &small) == 0) {
		MUST(small.len < n * sizeof(*f));
		compare(f, n, &small);
	} else {
		MUST(small.len == 0);
	}
	return 0;
}
