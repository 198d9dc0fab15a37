/* namespaces_priv.h - the graph while it grows: what namespaces.c finds and holders.c adds to */
#ifndef NS_NAMESPACES_PRIV_H
#define NS_NAMESPACES_PRIV_H

#include "base/arena.h"
#include "ns/namespaces.h"

#define NS_NONE (-1)

struct holding {
	struct ns_holder holder;
	int next; /* index of the next of the same namespace, or NS_NONE */
};

/* struct found - a namespace; @owner and @parent are indices, @holdings of its last */
struct found {
	enum nsfs_type type;
	uint64_t inode;
	int owner, parent, holdings;
	bool learnt, has_uid, ours;
	uint32_t owner_uid;
	size_t n_processes, n_holders;
};

/* struct member - a process, and the indices of its namespaces */
struct member {
	int64_t pid;
	uint64_t start;
	uint32_t uid;
	char name[16];
	int ns[NSFS_TYPES];
};

/* struct awaited - a mount of a namespace that is opened by path if no process shows it in the end */
struct awaited {
	int ns, dir;
	char *path;
};

// clang-format off
#define GROWING(T) struct { T *at; size_t n, room; }
// clang-format on

/**
 * struct finder - the state of a search
 * @table: indices of @all by hash, @slots of them, a power of two
 * @fd_buffer: room for getdents64, NULL unless descriptors are looked at
 * @nsfs_dev: st_dev of all namespaces
 */
struct finder {
	unsigned find;
	struct arena *arena;
	GROWING(struct found) all;
	GROWING(struct member) members;
	GROWING(struct holding) holdings;
	GROWING(struct awaited) awaited;
	int *table;
	size_t slots;
	char *fd_buffer;
	uint64_t nsfs_dev;
	pid_t self;
};

#define NS_FD_BUFFER ((size_t)32768)

bool finder_grow(void **at, size_t n, size_t *room, size_t size);

/* Room for one more; false without memory. */
#define GROW(list) finder_grow((void **)&(list)->at, (list)->n, &(list)->room, sizeof(*(list)->at))

int finder_meet(struct finder *f, enum nsfs_type type, uint64_t inode);
int finder_learn(struct finder *f, int ns, int fd);
int finder_hold(struct finder *f, int ns, const struct ns_holder *h);

int finder_read_mounts(struct finder *f, int dir, pid_t pid, uint64_t mount_ns);
int finder_read_fds(struct finder *f, int dir, pid_t pid);
int finder_open_awaited(struct finder *f);

#endif
