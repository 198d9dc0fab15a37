/* net_class.c - the program is written, loaded, attached to cgroups, and found again */
#include "os/net_class.h"

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/own.h"

#define NAME         "tare_"
#define PROGRAMS_MAX 64

static struct bpf_insn insn(unsigned code, unsigned dst, unsigned src, size_t off, uint32_t imm)
{
	return (struct bpf_insn){ .code = (__u8)code,
				  .dst_reg = (__u8)(dst & 15),
				  .src_reg = (__u8)(src & 15),
				  .off = (__s16)off,
				  .imm = (__s32)imm };
}

/**
 * net_class_program() - a program of type BPF_PROG_TYPE_CGROUP_SKB (pure)
 * @ret_insns: room for NET_CLASS_INSNS_MAX
 *
 * Return: how many instructions it has.
 */
size_t net_class_program(const struct net_class *c, struct bpf_insn *ret_insns)
{
	const size_t priority = offsetof(struct __sk_buff, priority);
	struct bpf_insn *at = ret_insns;

	if (c->first) {
		*at++ = insn(BPF_LDX | BPF_MEM | BPF_W, 2, 1, priority, 0);
		*at++ = insn(BPF_ALU | BPF_AND | BPF_K, 2, 0, 0, ~NET_CLASS_OWN);
		/* to the class; what is left and not below the first: to the end */
		*at++ = insn(BPF_JMP | BPF_JGT | BPF_K, 2, 0, 1, c->last);
		*at++ = insn(BPF_JMP | BPF_JGT | BPF_K, 2, 0, 2, c->first - 1);
	}
	*at++ = insn(BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, c->id);
	*at++ = insn(BPF_STX | BPF_MEM | BPF_W, 1, 2, priority, 0);
	*at++ = insn(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1);
	*at++ = insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	return (size_t)(at - ret_insns);
}

static int try_bpf(int cmd, union bpf_attr *attr)
{
	long r = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return r < 0 ? -errno : (int)r;
}

/* net_class_try_load() - a descriptor of the program; in force nowhere yet */
int net_class_try_load(const struct net_class *c)
{
	struct bpf_insn insns[NET_CLASS_INSNS_MAX];
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_SKB,
		.expected_attach_type = BPF_CGROUP_INET_EGRESS,
		.insns = (uintptr_t)insns,
		.insn_cnt = (__u32)net_class_program(c, insns),
		.license = (uintptr_t) "Apache-2.0",
	};
	int r = -EAGAIN;

	snprintf(attr.prog_name, sizeof(attr.prog_name), NAME "%08x", c->id);
	/* EAGAIN: a signal came while the verifier was at work */
	for (int i = 0; i < 10 && r == -EAGAIN; i++)
		r = try_bpf(BPF_PROG_LOAD, &attr);
	return r;
}

/* struct attached - one program of ours; @tag: of its instructions */
struct attached {
	int fd;
	uint32_t id;
	unsigned char tag[BPF_TAG_SIZE];
};

static bool is_same(const struct attached *a, const struct attached *b)
{
	return a->id == b->id && memcmp(a->tag, b->tag, sizeof(a->tag)) == 0;
}

/* Whether the program is one of ours; then it is open. */
static bool is_ours(int program, struct attached *ret)
{
	struct bpf_prog_info info = { 0 };
	union bpf_attr ask = {
		.info.bpf_fd = (__u32)program,
		.info.info_len = sizeof(info),
		.info.info = (uintptr_t)&info,
	};
	char *end;

	if (try_bpf(BPF_OBJ_GET_INFO_BY_FD, &ask) < 0 || info.type != BPF_PROG_TYPE_CGROUP_SKB ||
	    strncmp(info.name, NAME, strlen(NAME)) != 0)
		return false;
	ret->fd = program;
	ret->id = (uint32_t)strtoul(info.name + strlen(NAME), &end, 16);
	memcpy(ret->tag, info.tag, sizeof(ret->tag));
	return end == info.name + strlen(NAME) + 8 && !*end;
}

/* Those of ours that are attached to the cgroup itself: how many, or -errno. Each is to be closed. */
static int list(int dirfd, struct attached *ret)
{
	__u32 ids[PROGRAMS_MAX] = { 0 };
	union bpf_attr attr = {
		.query.target_fd = (__u32)dirfd,
		.query.attach_type = BPF_CGROUP_INET_EGRESS,
		.query.prog_ids = (uintptr_t)ids,
		.query.prog_cnt = PROGRAMS_MAX,
	};
	int r = try_bpf(BPF_PROG_QUERY, &attr), n = 0;

	if (r < 0)
		return r;
	for (__u32 i = 0; i < attr.query.prog_cnt; i++) {
		union bpf_attr open = { .prog_id = ids[i] };
		own_fd int fd = try_bpf(BPF_PROG_GET_FD_BY_ID, &open);

		if (fd >= 0 && is_ours(fd, &ret[n])) {
			(void)give_fd(&fd);
			n++;
		}
	}
	return n;
}

static void close_all(struct attached *at, int n)
{
	for (int i = 0; i < n; i++)
		fd_close(&at[i].fd);
}

static int change(int cmd, int dirfd, int program)
{
	union bpf_attr attr = {
		.target_fd = (__u32)dirfd,
		.attach_bpf_fd = (__u32)program,
		.attach_type = BPF_CGROUP_INET_EGRESS,
		.attach_flags = cmd == BPF_PROG_ATTACH ? BPF_F_ALLOW_MULTI : 0,
	};

	return try_bpf(cmd, &attr);
}

/**
 * net_class_try_attach() - put a program in force for a cgroup, in place of those of ours that it has
 * @dirfd: the cgroup, of the v2 hierarchy, not O_PATH
 *
 * One with the same instructions stays as it is. Return: 0 or -errno; -EPERM also when somebody has
 * attached one here or above that suffers no other.
 */
int net_class_try_attach(int dirfd, int program)
{
	struct attached old[PROGRAMS_MAX], new;
	int n = list(dirfd, old), r = 0;
	bool there = false;

	if (n < 0)
		return n;
	if (!is_ours(program, &new))
		r = -EINVAL;
	for (int i = 0; r == 0 && i < n; i++)
		there = there || is_same(&old[i], &new);
	if (r == 0 && !there)
		r = change(BPF_PROG_ATTACH, dirfd, program);
	for (int i = 0; r == 0 && i < n; i++)
		if (!is_same(&old[i], &new))
			r = change(BPF_PROG_DETACH, dirfd, old[i].fd);
	close_all(old, n);
	return r;
}

/* net_class_try_find() - the class of a cgroup itself: 1 and the class, 0: it has none, or -errno */
int net_class_try_find(int dirfd, uint32_t *ret_id)
{
	struct attached at[PROGRAMS_MAX];
	int n = list(dirfd, at);

	if (n > 0)
		*ret_id = at[0].id;
	close_all(at, n);
	return n > 0 ? 1 : n;
}

/* net_class_try_detach() - a cgroup's packets are in no class of the discipline @handle any more */
int net_class_try_detach(int dirfd, uint32_t handle)
{
	struct attached at[PROGRAMS_MAX];
	int n = list(dirfd, at), r = n < 0 ? n : 0;

	for (int i = 0; r == 0 && i < n; i++)
		if ((at[i].id ^ handle) >> 16 == 0)
			r = change(BPF_PROG_DETACH, dirfd, at[i].fd);
	close_all(at, n);
	return r;
}
