/* net_class.c - the program that puts a cgroup's packets into a class, against its definition */
#include "t.h"

#include <linux/bpf.h>
#include <stdbool.h>

#include "base/text.h"
#include "os/net_class.h"

/* The priority that a packet with @priority leaves the program with. Just what is written is known. */
static uint32_t run(const struct bpf_insn *at, size_t n, uint32_t priority)
{
	uint64_t r[11] = { 0 };

	for (size_t pc = 0; pc < n; pc++) {
		const struct bpf_insn *i = &at[pc];

		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			WANT(i->src_reg == 1 && i->off == offsetof(struct __sk_buff, priority));
			r[i->dst_reg] = priority;
			break;
		case BPF_STX | BPF_MEM | BPF_W:
			WANT(i->dst_reg == 1 && i->off == offsetof(struct __sk_buff, priority));
			priority = (uint32_t)r[i->src_reg];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			r[i->dst_reg] = (uint64_t)(int64_t)i->imm;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			r[i->dst_reg] = (uint32_t)r[i->dst_reg] & (uint32_t)i->imm;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			pc += r[i->dst_reg] > (uint64_t)(int64_t)i->imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_EXIT:
			WANT_INT(r[0], 1);
			return priority;
		default:
			T_FAIL("unknown instruction %02x at %zu", i->code, pc);
		}
	}
	T_FAIL("ran off the end");
}

TEST(a_packet_is_in_the_class_of_its_group_unless_it_is_in_one_of_those_inside)
{
	static const struct net_class classes[] = {
		{ 0x7abd0001, 0, 0 },
		{ 0x7abd8002, 0x7abd0003, 0x7abd0005 },
		{ 0x7aff8001, 0x7aff0002, 0x7aff0002 },
	};
	static const uint32_t priorities[] = {
		0,          6,          0x7abd0001, 0x7abd0002, 0x7abd0003, 0x7abd0005,
		0x7abd0006, 0x7abd8002, 0x7abd8003, 0x7abd8005, 0x7abd8006, 0x7abe0003,
		0x7aff0002, 0x7aff8002, 0x7abd7fff, UINT32_MAX, 0xfabd0003, 0x8003,
	};

	for (size_t i = 0; i < COUNT(classes); i++) {
		const struct net_class *c = &classes[i];
		struct bpf_insn insns[NET_CLASS_INSNS_MAX];
		size_t n = net_class_program(c, insns);

		WANT(n <= NET_CLASS_INSNS_MAX);
		for (size_t k = 0; k < COUNT(priorities); k++) {
			uint32_t plain = priorities[k] & ~NET_CLASS_OWN;
			bool inside = c->first && plain >= c->first && plain <= c->last;

			WANT_INT(run(insns, n, priorities[k]), inside ? priorities[k] : c->id);
		}
	}
}
