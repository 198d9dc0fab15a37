/* devices.c - device rules against their definition: the BPF program and v1's exceptions */
#include "tests/unit/t.h"

#include <linux/bpf.h>

#include "base/err.h"
#include "base/own.h"
#include "base/text.h"
#include "os/devices.h"

static struct err e;

/* Just what the compiler emits; anything else, or running off the end, is a failure. */
static bool run(const struct bpf_insn *at, size_t n, const uint32_t *ctx)
{
	uint64_t r[11] = { 0 };

	for (size_t pc = 0; pc < n; pc++) {
		const struct bpf_insn *i = &at[pc];

		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			WANT(i->src_reg == 1 && i->off % 4 == 0 && i->off <= 8);
			r[i->dst_reg] = ctx[i->off / 4];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_X:
			r[i->dst_reg] = r[i->src_reg];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			r[i->dst_reg] = (uint64_t)(int64_t)i->imm;
			break;
		case BPF_ALU64 | BPF_AND | BPF_K:
			r[i->dst_reg] &= (uint64_t)(int64_t)i->imm;
			break;
		case BPF_ALU64 | BPF_RSH | BPF_K:
			r[i->dst_reg] >>= i->imm;
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
			pc += r[i->dst_reg] != (uint64_t)(int64_t)i->imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += r[i->dst_reg] == (uint64_t)(int64_t)i->imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_EXIT:
			return r[0] != 0;
		default:
			T_FAIL("unknown instruction %02x at %zu", i->code, pc);
		}
	}
	T_FAIL("ran off the end");
}

/* The verifier's rule: every instruction can be reached. */
static void all_reachable(const struct bpf_insn *at, size_t n)
{
	own_mem char *seen = calloc(n + 1, 1);

	seen[0] = 1;
	for (size_t pc = 0; pc < n; pc++) {
		bool jump = BPF_CLASS(at[pc].code) == BPF_JMP && BPF_OP(at[pc].code) != BPF_EXIT;

		if (!seen[pc])
			T_FAIL("instruction %zu of %zu can't be reached", pc, n);
		if (jump)
			seen[pc + 1 + (size_t)at[pc].off] = 1;
		if (BPF_OP(at[pc].code) != BPF_EXIT || BPF_CLASS(at[pc].code) != BPF_JMP)
			seen[pc + 1] = 1;
	}
	WANT(!seen[n]);
}

static bool set_allows(const struct device_set *s, char type, int64_t major, int64_t minor,
		       unsigned access)
{
	/* drivers of the v1 controller: an exception must have every bit to allow, any to deny */
	for (size_t i = 0; i < s->n; i++) {
		const struct device_rule *x = &s->at[i];
		bool here = x->type == type && (x->major == DEVICE_ANY || x->major == major) &&
			    (x->minor == DEVICE_ANY || x->minor == minor);

		if (here && s->allow_by_default && (x->access & access))
			return false;
		if (here && !s->allow_by_default && !(access & ~x->access))
			return true;
	}
	return s->allow_by_default;
}

static const int64_t numbers[] = { 0, 1, 3, 136 };

static void compare(const struct device_rule *rules, size_t n)
{
	own_mem struct bpf_insn *insns = NULL;
	struct device_set set = { 0 };
	size_t count;
	bool v1;

	WANT_INT(device_program_build(rules, n, &insns, &count, &e), 0);
	all_reachable(insns, count);
	v1 = device_set_build(rules, n, &set, NULL, &e) == 0;
	for (int type = 0; type < 2; type++)
		for (size_t a = 0; a < COUNT(numbers); a++)
			for (size_t b = 0; b < COUNT(numbers); b++)
				for (unsigned access = 1; access <= DEVICE_ALL; access++) {
					uint32_t ctx[3] = { (access << 16) | (type ? 2U : 1U),
							    (uint32_t)numbers[a],
							    (uint32_t)numbers[b] };
					char t = type ? 'c' : 'b';
					bool want = device_rules_allow(rules, n, t, numbers[a],
								       numbers[b], access);
					bool single = (access & (access - 1)) == 0;

					WANT_INT(run(insns, count, ctx), want);
					/* v1 asks for several bits of one exception at once */
					if (v1 && single)
						WANT_INT(set_allows(&set, t, numbers[a], numbers[b],
								    access),
							 want);
				}
	if (v1)
		free(set.at);
}

static uint32_t seed = 12345;

static uint32_t dice(uint32_t sides)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % sides;
}

TEST(any_rule_list_means_the_same_in_every_form)
{
	for (int round = 0; round < 3000; round++) {
		struct device_rule rules[12];
		size_t n = dice(COUNT(rules) + 1);

		for (size_t i = 0; i < n; i++)
			rules[i] = (struct device_rule){
				.allow = dice(2) != 0,
				.type = "abc"[dice(3)],
				.access = dice(3) ? DEVICE_ALL : 1 + dice(7),
				.major = dice(2) ? DEVICE_ANY : numbers[dice(COUNT(numbers))],
				.minor = dice(2) ? DEVICE_ANY : numbers[dice(COUNT(numbers))],
			};
		compare(rules, n);
	}
}

TEST(the_defaults_allow_what_a_container_needs_and_nothing_else)
{
	const struct device_rule *d = device_defaults;
	size_t n = device_defaults_count;

	WANT(device_rules_allow(d, n, 'c', 1, 3, DEVICE_READ | DEVICE_WRITE));
	WANT(device_rules_allow(d, n, 'c', 136, 77, DEVICE_READ | DEVICE_WRITE));
	WANT(device_rules_allow(d, n, 'b', 8, 0, DEVICE_MKNOD));
	WANT(!device_rules_allow(d, n, 'b', 8, 0, DEVICE_READ));
	WANT(!device_rules_allow(d, n, 'c', 1, 1, DEVICE_READ));
	WANT(!device_rules_allow(d, n, 'c', 10, 200, DEVICE_READ));
	compare(d, n);
}

TEST(bits_may_come_from_different_rules)
{
	const struct device_rule rules[] = {
		{ .allow = true,
		  .type = 'c',
		  .access = DEVICE_READ,
		  .major = 1,
		  .minor = DEVICE_ANY },
		{ .allow = true, .type = 'c', .access = DEVICE_WRITE, .major = 1, .minor = 3 },
	};

	WANT(device_rules_allow(rules, 2, 'c', 1, 3, DEVICE_READ | DEVICE_WRITE));
	WANT(!device_rules_allow(rules, 2, 'c', 1, 0, DEVICE_READ | DEVICE_WRITE));
	compare(rules, 2);
}

TEST(everything_allowed_needs_no_rules)
{
	struct device_rule rules[] = {
		{ .allow = false, .type = 'a', .access = DEVICE_ALL, .major = -1, .minor = -1 },
		{ .allow = true, .type = 'a', .access = DEVICE_ALL, .major = -1, .minor = -1 },
		{ .allow = true, .type = 'c', .access = DEVICE_ALL, .major = 1, .minor = 3 },
	};

	WANT(device_rules_open(rules, 3));
	WANT(!device_rules_open(rules, 1));
	WANT(!device_rules_open(NULL, 0));
	rules[2].allow = false;
	WANT(!device_rules_open(rules, 3));
}

TEST(v1_refuses_a_hole_and_names_the_rule)
{
	const struct device_rule rules[] = {
		{ .allow = true,
		  .type = 'c',
		  .access = DEVICE_ALL,
		  .major = 10,
		  .minor = DEVICE_ANY },
		{ .allow = false, .type = 'c', .access = DEVICE_READ, .major = 10, .minor = 200 },
	};
	struct device_set set;
	size_t culprit = 99;

	WANT_INT(device_set_build(rules, 2, &set, &culprit, &e), -1);
	WANT_INT(culprit, 1);
	WANT_STR(e.text, "device rule 'deny c 10:200 r' makes a hole in an earlier rule, which "
			 "cgroup v1 can't express");
}

TEST(v1_writes_nothing_twice)
{
	struct device_rule rules[14] = {
		{ .allow = false, .type = 'a', .access = DEVICE_ALL, .major = -1, .minor = -1 },
		{ .allow = true, .type = 'c', .access = DEVICE_READ, .major = 1, .minor = 3 },
		{ .allow = true, .type = 'b', .access = DEVICE_MKNOD, .major = 8, .minor = 0 },
	};
	struct device_set set;

	memcpy(rules + 3, device_defaults, device_defaults_count * sizeof(*rules));
	WANT_INT(device_set_build(rules, 14, &set, NULL, &e), 0);
	WANT_INT(set.n, device_defaults_count);
	free(set.at);
}

TEST(devices_list_is_read_back)
{
	struct device_set set;

	WANT_INT(device_set_parse("c 1:3 rwm\nb *:* m\nc 136:* rw", &set, &e), 0);
	WANT_INT(set.n, 3);
	WANT(!set.allow_by_default);
	WANT_INT(set.at[2].major, 136);
	WANT_INT(set.at[2].minor, DEVICE_ANY);
	WANT_INT(set.at[2].access, DEVICE_READ | DEVICE_WRITE);
	free(set.at);
	WANT_INT(device_set_parse("a *:* rwm\n", &set, &e), 0);
	WANT(set.allow_by_default && set.n == 0);
	free(set.at);
	WANT_INT(device_set_parse("c 1:3\n", &set, &e), -1);
	WANT_INT(device_set_parse("q 1:3 rwm", &set, &e), -1);
	WANT_INT(device_set_parse("c 1:99999999999 rwm", &set, &e), -1);
}

TEST(access_words)
{
	char odd;

	WANT(device_access_parse("rwm", &odd) == DEVICE_ALL && !odd);
	WANT(device_access_parse("wr", &odd) == (DEVICE_READ | DEVICE_WRITE) && !odd);
	WANT(device_access_parse("", &odd) == 0 && device_access_parse(NULL, &odd) == 0);
	WANT(device_access_parse("rxy", &odd) == DEVICE_READ && odd == 'x');
	WANT(device_access_parse("x", &odd) == 0 && odd == 'x');
}
