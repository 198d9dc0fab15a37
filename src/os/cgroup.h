/* cgroup.h - the host's cgroup hierarchies and one container's place in each of them
 *
 * A host has up to a dozen hierarchies: cgroup v1 ones with controllers, v1 ones with only a
 * name (systemd's), and at most one v2 hierarchy. Any mixture works here: pure v1, pure v2,
 * and hybrid with controllers on both sides. Nothing above this file asks "v1 or v2?" about
 * the host, only about one hierarchy.
 *
 * struct cgroup_world is the host (made once per process), struct cgroup is one directory
 * per hierarchy, all from one path. Life of a container's cgroup:
 *
 *   cgroup_world_open    what is mounted here
 *   cgroup_init          its directories' paths; touches nothing
 *   cgroup_plan          which of them exist already, so which will be ours; touches nothing
 *   cgroup_notes         -> the state file: the intent, before the effect
 *   cgroup_create        mkdir, v2 controllers, v1 cpuset inheritance
 *   cgroup_identify      and cgroup_notes again -> the state file, now with the identity of
 *                        each directory (what lives long should; what is removed at once need not)
 *   cgroup_entry_open    parent: descriptors through which the child enters
 *   cgroup_try_enter     child: before it makes its cgroup namespace, else that namespace's
 *                        root would be the parent's cgroup
 *   cgroup_recall        any later command: from the state file
 *   cgroup_remove        idempotent, also after a crash at any point above
 *
 * What existed before cgroup_plan() is never removed, and nobody else's process is killed:
 * removal is rmdir, which the kernel refuses while any process is inside.
 */
#ifndef OS_CGROUP_H
#define OS_CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/bind.h"

struct err;

/* Bits of cgroup_hierarchy.controllers. On v2, freezer and devices are part of the core. */
enum cgroup_controller {
	CGROUP_CPU = 1 << 0,
	CGROUP_CPUACCT = 1 << 1,
	CGROUP_CPUSET = 1 << 2,
	CGROUP_MEMORY = 1 << 3,
	CGROUP_DEVICES = 1 << 4,
	CGROUP_FREEZER = 1 << 5,
	CGROUP_IO = 1 << 6, /* "blkio" on v1 */
	CGROUP_PIDS = 1 << 7,
	CGROUP_HUGETLB = 1 << 8,
	CGROUP_RDMA = 1 << 9,
	CGROUP_NET_CLS = 1 << 10,
	CGROUP_NET_PRIO = 1 << 11,
	CGROUP_PERF_EVENT = 1 << 12,
	CGROUP_MISC = 1 << 13,
};
#define CGROUP_V2_CORE (CGROUP_FREEZER | CGROUP_DEVICES)

extern const struct word cgroup_controller_words[];

#define CGROUP_HIERARCHIES 32

/* A file or directory below a mount: also the room for one when it is put together. */
#define CGROUP_PATH_MAX    4096

enum cgroup_version { CGROUP_V1 = 1, CGROUP_V2 = 2 };

/**
 * struct cgroup_hierarchy - one mounted hierarchy
 * @version:     CGROUP_V1 or CGROUP_V2
 * @name:        its key in /proc/self/cgroup: "cpu,cpuacct", "name=systemd", "" for v2
 * @mount:       where it is mounted
 * @own:         the calling process' cgroup as a path below @mount; NULL before
 *               cgroup_world_own(), and when that cgroup is not below @mount
 * @controllers: enum cgroup_controller bits that live here
 */
struct cgroup_hierarchy {
	enum cgroup_version version;
	const char *name, *mount, *own;
	unsigned controllers;
};

/**
 * struct cgroup_world - every hierarchy that this process can see
 * @at, @n:   the hierarchies; at most one is v2
 * @mem:      owns the strings
 * @standard: found at the usual places without reading mountinfo
 * @self:     text of /proc/self/cgroup
 */
struct cgroup_world {
	struct cgroup_hierarchy at[CGROUP_HIERARCHIES];
	size_t n;
	bool standard;
	const char *self;
	struct arena mem;
};

/**
 * struct cgroup_place - a container's directory in one hierarchy
 * @in:   the hierarchy; borrowed from the world
 * @dir:  absolute: the mount point and @path
 * @path: the part of @dir below the mount point, starting with '/'
 * @made: how many of the last components of @path are ours: did not exist at cgroup_plan()
 * @id:   inode number of the directory that we made, 0 while it is not known
 * @old:  recalled: removal looks whether the directory is still that one
 */
struct cgroup_place {
	const struct cgroup_hierarchy *in;
	const char *dir, *path;
	uint32_t made;
	uint64_t id;
	bool old;
};

/* struct cgroup - a container's directory in each hierarchy; outlived by its world */
struct cgroup {
	struct cgroup_place at[CGROUP_HIERARCHIES];
	size_t n;
	struct arena mem;
};

/* struct cgroup_note - one place as the state file keeps it (bind it with cgroup_note_table) */
struct cgroup_note {
	char *hierarchy, *mount, *path;
	uint32_t made;
	uint64_t id;
};
typedef LIST(struct cgroup_note) cgroup_note_list;
extern const struct bind_table cgroup_note_table;

/* Where a path given to cgroup_init() starts. */
enum cgroup_base {
	CGROUP_AT_ROOT, /* each hierarchy's mount point */
	CGROUP_AT_OWN,  /* v1: the caller's own cgroup; v2: that one's parent, since the caller's
			 * own holds a process and so can't have children with controllers */
};

/**
 * struct cgroup_create_how - what cgroup_create() must achieve
 * @need:     controllers that must be usable in the new cgroup (others: if possible)
 * @tolerate: leave out hierarchies in which we may not create (EACCES, EPERM, EROFS), as a
 *            rootless runtime does, instead of failing
 * @adopt:    somebody may make the directories between plan and create for us: systemd does
 * @pid:      a process that is moved into each directory as soon as it is made; 0: none
 */
struct cgroup_create_how {
	unsigned need;
	bool tolerate, adopt;
	pid_t pid;
};

/**
 * struct cgroup_entry - open descriptors through which a process enters a struct cgroup
 * @into:  v2 directory for clone3(CLONE_INTO_CGROUP), FD_NONE when there is none
 * @file:  v1 "tasks" files (and v2's "cgroup.procs" where clone3 can't do it): the process
 *         itself writes "0" to each of them
 */
struct cgroup_entry {
	int into;
	int file[CGROUP_HIERARCHIES];
	size_t n;
};

/**
 * struct cgroup_line - one line of /proc/PID/cgroup: "4:memory:/a/b"
 * @hierarchy: controllers or "name=..."; empty for v2
 */
struct cgroup_line {
	const char *hierarchy, *path;
	size_t hierarchy_len, path_len;
};

/* cgroup_world.c */
bool cgroup_line_next(const char **text, struct cgroup_line *ret_line);
int cgroup_world_open(struct cgroup_world *w, struct err *e);
int cgroup_world_own(struct cgroup_world *w, struct err *e);
int cgroup_world_parse(struct cgroup_world *w, const char *mountinfo, const char *self_cgroup,
		       const char *controllers, struct err *e);
void cgroup_world_done(struct cgroup_world *w);
const struct cgroup_hierarchy *cgroup_world_with(const struct cgroup_world *w, unsigned controller);
const struct cgroup_hierarchy *cgroup_world_v2(const struct cgroup_world *w);
unsigned cgroup_controllers_parse(const char *list);
#define own_cgroup_world __attribute__((cleanup(cgroup_world_done)))

/* cgroup.c */
int cgroup_path_check(const char *path, struct err *e);
int cgroup_init(struct cgroup *cg, struct cgroup_world *w, enum cgroup_base base, const char *path,
		struct err *e);
int cgroup_init_own(struct cgroup *cg, struct cgroup_world *w, struct err *e);
void cgroup_done(struct cgroup *cg);
int cgroup_plan(struct cgroup *cg, struct err *e);
void cgroup_keep_parents(struct cgroup *cg, bool leaf);
int cgroup_create(struct cgroup *cg, const struct cgroup_create_how *how, struct err *e);
bool cgroup_is_denial(const struct err *e);
void cgroup_identify(struct cgroup *cg);
int cgroup_remove(const struct cgroup *cg, struct err *e);
int cgroup_notes(const struct cgroup *cg, struct arena *a, cgroup_note_list *ret_list,
		 struct err *e);
int cgroup_recall_one(struct cgroup *cg, const struct cgroup_world *w, const char *hierarchy,
		      const char *path, struct err *e);
int cgroup_recall(struct cgroup *cg, const struct cgroup_world *w, const cgroup_note_list *list,
		  struct err *e);
const struct cgroup_place *cgroup_with(const struct cgroup *cg, unsigned controller);
const struct cgroup_place *cgroup_v2(const struct cgroup *cg);
unsigned cgroup_controllers(const struct cgroup *cg);
int cgroup_place_open(const struct cgroup_place *p, struct err *e);
#define own_cgroup __attribute__((cleanup(cgroup_done)))

/* cgroup_enter.c */
int cgroup_entry_open(const struct cgroup *cg, struct cgroup_entry *ret_entry, struct err *e);
int cgroup_entry_no_clone(const struct cgroup *cg, struct cgroup_entry *entry, struct err *e);
int cgroup_try_enter(const struct cgroup_entry *entry);
void cgroup_entry_close(struct cgroup_entry *entry);
int cgroup_place_attach(const struct cgroup_place *p, pid_t pid, struct err *e);
int cgroup_attach_pid(const struct cgroup *cg, pid_t pid, struct err *e);
int cgroup_init_sub(struct cgroup *cg, const struct cgroup *of, char *const *specs, struct err *e);
int cgroup_init_near_pid(struct cgroup *cg, const struct cgroup *of, pid_t pid, struct err *e);
void cgroup_thaw_process(const struct cgroup *of, pid_t pid);
#define own_cgroup_entry __attribute__((cleanup(cgroup_entry_close)))

/* cgroup_control.c */
enum cgroup_frozen { CGROUP_THAWED, CGROUP_FREEZING, CGROUP_FROZEN };

int cgroup_freeze(const struct cgroup *cg, struct err *e);
int cgroup_thaw(const struct cgroup *cg, struct err *e);
int cgroup_frozen(const struct cgroup *cg, enum cgroup_frozen *ret_state, struct err *e);
int cgroup_pids(const struct cgroup *cg, struct numbers *ret_pids, struct arena *a, struct err *e);
int cgroup_empty(const struct cgroup *cg, bool *ret_empty, struct err *e);
bool cgroup_ours(const struct cgroup *cg);
int cgroup_signal(const struct cgroup *cg, int sig, struct err *e);
int cgroup_kill(const struct cgroup *cg, struct err *e);

#endif
