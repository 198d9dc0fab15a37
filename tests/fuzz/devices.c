/* devices.c - any list of device rules means the same as a program, as v1's exceptions, and by
 * its definition; and devices.list is read */
#include "fuzz.h"

#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "os/devices.h"

static const int64_t numbers[] = { DEVICE_ANY, 0, 1, 136, INT32_MAX };

static bool run(const struct bpf_insn *at, size_t n, const uint32_t *ctx)
{
	uint64_t r[11] = { 0 };

	for (size_t pc = 0; pc < n; pc++) {
		const struct bpf_insn *i = &at[pc];
		uint64_t imm = (uint64_t)(int64_t)i->imm;

		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			r[i->dst_reg] = ctx[i->off / 4];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_X:
			r[i->dst_reg] = r[i->src_reg];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			r[i->dst_reg] = imm;
			break;
		case BPF_ALU64 | BPF_AND | BPF_K:
			r[i->dst_reg] &= imm;
			break;
		case BPF_ALU64 | BPF_RSH | BPF_K:
			r[i->dst_reg] >>= imm;
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
			pc += r[i->dst_reg] != imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += r[i->dst_reg] == imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_EXIT:
			return r[0] != 0;
		default:
			MUST(!"unknown instruction");
		}
	}
	MUST(!"ran off the end");
	return false;
}

static void ask_all(const struct device_rule *rules, size_t n, const struct bpf_insn *insns,
		    size_t count)
{
	for (int type = 1; type <= 2; type++)
		for (size_t a = 1; a < 5; a++)
			for (size_t b = 1; b < 5; b++)
				for (unsigned access = 1; access <= DEVICE_ALL; access++) {
					uint32_t ctx[3] = { access << 16 | (unsigned)type,
							    (uint32_t)numbers[a],
							    (uint32_t)numbers[b] };

					MUST(run(insns, count, ctx) ==
					     device_rules_allow(rules, n, type == 2 ? 'c' : 'b',
								numbers[a], numbers[b], access));
				}
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	struct device_rule rules[64];
	size_t n = len / 3 < 64 ? len / 3 : 64, count;
	struct device_set set = { 0 };
	struct bpf_insn *insns;
	struct err e = { 0 };
	char *text = calloc(1, len + 1);

	for (size_t i = 0; i < n; i++)
		rules[i] = (struct device_rule){
			.allow = at[3 * i] & 1,
			.type = "abcc"[at[3 * i] >> 1 & 3],
			.access = at[3 * i] >> 3 & 7 ? at[3 * i] >> 3 & 7 : DEVICE_ALL,
			.major = numbers[at[3 * i + 1] % 5],
			.minor = numbers[at[3 * i + 2] % 5],
		};
	if (device_program_build(rules, n, &insns, &count, &e) == 0) {
		ask_all(rules, n, insns, count);
		free(insns);
	}
	if (device_set_build(rules, n, &set, NULL, &e) == 0)
		free(set.at);
	if (text && len) {
		memcpy(text, at, len);
		if (device_set_parse(text, &set, &e) == 0)
			free(set.at);
	}
	free(text);
	return 0;
}
