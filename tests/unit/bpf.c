/* bpf.c - the part of classic BPF that libseccomp and our stub use */
#include "bpf.h"

#include <stdbool.h>
#include <string.h>

static bool holds(const struct sock_filter *i, uint32_t a)
{
	switch (BPF_OP(i->code)) {
	case BPF_JEQ:
		return a == i->k;
	case BPF_JGT:
		return a > i->k;
	case BPF_JGE:
		return a >= i->k;
	case BPF_JSET:
		return a & i->k;
	default:
		return false;
	}
}

/* Return: the filter's verdict, or BPF_BROKEN when it runs astray. */
uint32_t bpf_run(const struct sock_filter *f, size_t n, const struct seccomp_data *d)
{
	uint32_t a = 0;

	for (size_t at = 0; at < n; at++) {
		const struct sock_filter *i = &f[at];

		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			if (i->code != (BPF_LD | BPF_W | BPF_ABS) || i->k > sizeof(*d) - 4 ||
			    i->k % 4)
				return BPF_BROKEN;
			memcpy(&a, (const char *)d + i->k, sizeof(a));
			break;
		case BPF_JMP:
			if (BPF_OP(i->code) == BPF_JA)
				at += i->k;
			else
				at += holds(i, a) ? i->jt : i->jf;
			break;
		case BPF_ALU:
			if (i->code != (BPF_ALU | BPF_AND | BPF_K))
				return BPF_BROKEN;
			a &= i->k;
			break;
		case BPF_RET:
			return i->k;
		default:
			return BPF_BROKEN;
		}
	}
	return BPF_BROKEN;
}
