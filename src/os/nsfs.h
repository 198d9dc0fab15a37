/* nsfs.h - namespaces as descriptors: their types, owners and parents, opening and entering them
 *
 * A namespace is alive while a process is in it, a descriptor or a bind mount holds it, or a
 * namespace below it lives. Whoever has a descriptor of one from this file has kept it alive.
 * Sources: namespaces(7), ioctl_ns(2), setns(2).
 */
#ifndef OS_NSFS_H
#define OS_NSFS_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/text.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

/* In the order of their names, which is that of /proc/PID/ns. */
enum nsfs_type {
	NSFS_CGROUP,
	NSFS_IPC,
	NSFS_MNT,
	NSFS_NET,
	NSFS_PID,
	NSFS_TIME,
	NSFS_USER,
	NSFS_UTS,
	NSFS_TYPES,
};

#define NSFS_ALL_FLAGS \
	((uint64_t)(CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | \
		    CLONE_NEWTIME | CLONE_NEWUSER | CLONE_NEWUTS))

/**
 * struct nsfs_kind - one type of namespaces
 * @name:     in links ("net:[4026531840]"), and of its file in /proc/PID/ns
 * @flag:     CLONE_NEW*
 * @path:     "ns/NAME", below a /proc/PID
 * @children: the same of the namespace that only children are born into, or NULL
 */
struct nsfs_kind {
	const char *name;
	uint64_t flag;
	const char *path, *children;
};

extern const struct nsfs_kind nsfs_kinds[NSFS_TYPES];
extern const struct word nsfs_words[];

#define NSFS_LINK_MAX 32 /* bytes of "cgroup:[4294967295]", and more */

int nsfs_type_of(uint64_t flag);
int nsfs_parse_link(const char *text, enum nsfs_type *ret_type, uint64_t *ret_inode);
int nsfs_try_link(int dirfd, const char *path, enum nsfs_type *ret_type, uint64_t *ret_inode);

int nsfs_try_look(int fd, enum nsfs_type *ret_type, uint64_t *ret_inode);
int nsfs_try_owner(int fd);
int nsfs_try_parent(int fd);
int nsfs_try_owner_uid(int fd, uint32_t *ret_uid);

int nsfs_try_open(int dirfd, const char *path, int *ret_fd);
int nsfs_try_reopen(int place, int *ret_fd);
int nsfs_open(int dirfd, const char *path, enum nsfs_type *ret_type, struct err *e);

/**
 * struct nsfs_target - a process whose namespaces are to be entered; it stays the same process
 * @pid:   as the caller's /proc calls it
 * @pidfd: FD_NONE on kernels without (Linux < 5.3)
 * @proc:  its folder in /proc, which says ESRCH once it has ended, also when the pid is reused
 * @thread: it is the folder of a thread, since the first one has ended and shows nothing any more
 */
struct nsfs_target {
	pid_t pid;
	int pidfd, proc;
	bool thread;
};
#define NSFS_TARGET_NONE \
	{ \
		.pidfd = FD_NONE, .proc = FD_NONE \
	}

int nsfs_target_open(pid_t pid, struct nsfs_target *ret_target, struct err *e);
void nsfs_target_close(struct nsfs_target *t);
int nsfs_differing(const struct nsfs_target *t, uint64_t flags, uint64_t *ret_flags, struct err *e);
int nsfs_enter_process(const struct nsfs_target *t, uint64_t flags, struct err *e);
int nsfs_enter(int fd, enum nsfs_type type, struct err *e);

#define own_target __attribute__((cleanup(nsfs_target_close))) struct nsfs_target

#endif
