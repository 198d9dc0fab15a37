/* devices_bpf.c - device rules as a BPF program (pure)
 *
 * The kernel calls the program with struct bpf_cgroup_dev_ctx and allows the access when it
 * returns 1. Rules are tested from the last to the first. r3 holds the access bits that are
 * still to be decided, so that "read by one rule, write by another" comes out right.
 *
 *   r2 type   r3 bits left   r4 major   r5 minor   r0 result, scratch
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>

#include "base/err.h"
#include "os/devices.h"

#define PROLOGUE  6
#define PER_RULE  9
#define INSNS_MAX 4096 /* BPF_MAXINSNS: all that kernels before 5.2 take */

/* struct program - being written; there is always room for one more rule and the end */
struct program {
	struct bpf_insn *at;
	size_t n;
};

static void emit(struct program *p, unsigned code, unsigned dst, unsigned src, int off, int32_t imm)
{
	p->at[p->n++] = (struct bpf_insn){
		.code = (__u8)code,
		.dst_reg = (__u8)(dst & 15),
		.src_reg = (__u8)(src & 15),
		.off = (__s16)off,
		.imm = imm,
	};
}

#define LOAD(p, dst, off)   emit(p, BPF_LDX | BPF_MEM | BPF_W, dst, 1, off, 0)
#define MOVE(p, dst, src)   emit(p, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define AND(p, dst, imm)    emit(p, BPF_ALU64 | BPF_AND | BPF_K, dst, 0, 0, imm)
#define RSH(p, dst, imm)    emit(p, BPF_ALU64 | BPF_RSH | BPF_K, dst, 0, 0, imm)
#define IF_NOT(p, reg, imm) emit(p, BPF_JMP | BPF_JNE | BPF_K, reg, 0, 0, imm)
#define IF_IS(p, reg, imm)  emit(p, BPF_JMP | BPF_JEQ | BPF_K, reg, 0, 0, imm)

static void answer(struct program *p, bool allow)
{
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, allow);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void prologue(struct program *p)
{
	LOAD(p, 2, 0);
	MOVE(p, 3, 2);
	AND(p, 2, 0xffff);
	RSH(p, 3, 16);
	LOAD(p, 4, 4);
	LOAD(p, 5, 8);
}

/* Jumps that were emitted as "to the next rule" get their distance. */
static void aim(struct program *p, size_t from)
{
	for (size_t i = from; i < p->n; i++) {
		struct bpf_insn *in = &p->at[i];

		if (BPF_CLASS(in->code) == BPF_JMP && BPF_OP(in->code) != BPF_EXIT)
			in->off = (__s16)(p->n - i - 1);
	}
}

/* Returns whether what follows can be reached. */
static bool rule(struct program *p, const struct device_rule *r)
{
	size_t from = p->n;
	bool conditional;

	if (r->type != 'a')
		IF_NOT(p, 2, r->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	if (r->major != DEVICE_ANY)
		IF_NOT(p, 4, (int32_t)r->major);
	if (r->minor != DEVICE_ANY)
		IF_NOT(p, 5, (int32_t)r->minor);
	if (r->access != DEVICE_ALL && r->allow) {
		AND(p, 3, (int32_t)(DEVICE_ALL & ~r->access));
		IF_NOT(p, 3, 0);
	} else if (r->access != DEVICE_ALL) {
		MOVE(p, 0, 3);
		AND(p, 0, (int32_t)r->access);
		IF_IS(p, 0, 0);
	}
	conditional = p->n > from;
	answer(p, r->allow);
	aim(p, from);
	return conditional;
}

/* Does one later rule decide everything that rule @i would? Then it needs no code. */
static bool is_shadowed(const struct device_rule *rules, size_t n, size_t i)
{
	const struct device_rule *r = &rules[i];

	for (size_t k = i + 1; k < n; k++) {
		const struct device_rule *l = &rules[k];

		if ((l->type == 'a' || l->type == r->type) &&
		    (l->major == DEVICE_ANY || l->major == r->major) &&
		    (l->minor == DEVICE_ANY || l->minor == r->minor) && !(r->access & ~l->access))
			return true;
	}
	return false;
}

/**
 * device_program_build() - the rules as a program of type BPF_PROG_TYPE_CGROUP_DEVICE
 * @ret_insns: the caller frees it
 *
 * Numbers are at most INT32_MAX (the caller checks; no device has larger ones).
 */
int device_program_build(const struct device_rule *rules, size_t n, struct bpf_insn **ret_insns,
			 size_t *ret_n, struct err *e)
{
	struct program p = { .at = calloc(PROLOGUE + PER_RULE * (n + 1), sizeof(*p.at)) };
	bool reachable = true;

	if (!p.at)
		return fail_errno(e, ENOMEM, "write the device program");
	prologue(&p);
	/* the verifier refuses code that can't be reached */
	for (size_t i = n; i-- > 0 && reachable;)
		if (!is_shadowed(rules, n, i))
			reachable = rule(&p, &rules[i]);
	if (reachable)
		answer(&p, false);
	if (p.n > INSNS_MAX) {
		free(p.at);
		return fail(e, ERR_LIMIT, "write the device program: %zu rules are too many", n);
	}
	*ret_insns = p.at;
	*ret_n = p.n;
	return 0;
}
