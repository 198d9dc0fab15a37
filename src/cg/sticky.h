/* sticky.h - processes that no rule moves: they asked for it, by cgexec or cgclassify
 *
 * Who knows of them is the daemon that applies the rules. It is told over a socket, by libcgroup's
 * words, so that its programs and ours may be mixed: eight bytes, the process's number and what is
 * asked for, and SUCCESS_STORE_PID as the answer.
 */
#ifndef CG_STICKY_H
#define CG_STICKY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

#define CG_STICKY_SOCKET "/run/cgred.socket"

enum cg_sticky_wish {
	CG_STICKY_ITSELF = 0,   /* the process stays where it is; its children are under rules */
	CG_STICKY_CHILDREN = 1, /* and all that it will ever start */
	CG_STICKY_CANCEL = 2,
};

/* sticky_ask.c */
int cg_sticky_ask(pid_t pid, enum cg_sticky_wish wish, struct err *e);

struct cg_sticky_one;

/* struct cg_sticky - who is; @n of them */
struct cg_sticky {
	struct cg_sticky_one **slots;
	size_t n, n_checked;
};

/* sticky.c */
bool cg_sticky_is(const struct cg_sticky *s, pid_t pid, bool *ret_children);
int cg_sticky_try_add(struct cg_sticky *s, pid_t pid, bool children);
void cg_sticky_remove(struct cg_sticky *s, pid_t pid);
void cg_sticky_check(struct cg_sticky *s);
void cg_sticky_done(struct cg_sticky *s);

/* struct cg_sticky_client - one who has not said all yet; @fd: FD_NONE: nobody */
struct cg_sticky_client {
	int fd;
	size_t got;
	unsigned char said[8];
};

/**
 * struct cg_sticky_door - where one is told
 * @fd: listens
 */
#define CG_STICKY_CLIENTS 16
struct cg_sticky_door {
	int fd;
	size_t next;
	struct cg_sticky_client clients[CG_STICKY_CLIENTS];
};

/* sticky_door.c */
int cg_sticky_open(struct cg_sticky_door *d, uint32_t uid, uint32_t gid, struct err *e);
void cg_sticky_accept(struct cg_sticky_door *d);
void cg_sticky_hear(struct cg_sticky_door *d, size_t client, struct cg_sticky *s);
void cg_sticky_close(struct cg_sticky_door *d);

#endif
