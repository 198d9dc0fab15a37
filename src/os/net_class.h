/* net_class.h - whose packets are whose: a cgroup's are put into a class of a queueing discipline
 *
 * A small BPF program of a v2 cgroup gives every packet that its processes send a priority. HTB takes
 * one as the number of a class when its upper half is the discipline's handle, and needs no filters.
 * The program looks at packets when they leave, so it also holds for sockets that were there before it.
 *
 * The kernel runs the programs of the innermost cgroup first, those of the ones above it after them.
 * So a cgroup's program must know which classes those in it have, and leaves these be; they are
 * numbered in a row. Any other priority that a process has chosen for itself is replaced.
 *
 * Programs are attached beside those of others (BPF_F_ALLOW_MULTI), and end with their cgroup. Ours
 * are known by their names, which say the class. Functions return -errno on failure, and -EPERM
 * without CAP_BPF or CAP_SYS_ADMIN, and CAP_NET_ADMIN. Source: bpf(2), linux/bpf.h,
 * kernel/bpf/cgroup.c, net/sched/sch_htb.c (htb_classify).
 */
#ifndef OS_NET_CLASS_H
#define OS_NET_CLASS_H

#include <stddef.h>
#include <stdint.h>

struct bpf_insn;

/* A class with others in it holds no packets itself. Its own leaf has this bit. */
#define NET_CLASS_OWN 0x8000U

/**
 * struct net_class - what a cgroup's program does
 * @id:          the class; upper half: the discipline's handle
 * @first, @last: classes of the cgroups in it, with NET_CLASS_OWN or without; 0, 0: there are none
 */
struct net_class {
	uint32_t id, first, last;
};

#define NET_CLASS_INSNS_MAX 8

size_t net_class_program(const struct net_class *c, struct bpf_insn *ret_insns);
int net_class_try_load(const struct net_class *c);
int net_class_try_attach(int dirfd, int program);
int net_class_try_find(int dirfd, uint32_t *ret_id);
int net_class_try_detach(int dirfd, uint32_t handle);

#endif
