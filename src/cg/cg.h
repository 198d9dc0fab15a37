/* cg.h - cgroups by hand: libcgroup's abilities over v1, mixed and v2 hosts
 *
 * A group is named by hand as "CONTROLLERS:PATH", which may be a directory in each of several
 * hierarchies. Every path is opened below its hierarchy's mount and follows no link, every level
 * of it that is missing is made below a descriptor of the one above, and every value that is
 * written is read back.
 *
 * On v2 a controller works in a group only if every group above it hands it on, which one that
 * has processes of its own may not do: cg_create() enables what is asked for along the way, and
 * says where the way ends.
 */
#ifndef CG_CG_H
#define CG_CG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/text.h"
#include "os/cgroup.h"

struct err;

/* struct cg_in - one hierarchy that a group is in, and the controllers that it is there for */
struct cg_in {
	const struct cgroup_hierarchy *at;
	unsigned need;
};

/**
 * struct cg_group - a group as somebody wrote it
 * @controllers: as written, without the path
 * @path:        as written
 * @in:          its hierarchies, @n of them; borrowed from the world
 */
struct cg_group {
	char controllers[256];
	char path[CGROUP_PATH_MAX];
	struct cg_in in[CGROUP_HIERARCHIES];
	size_t n;
};

/* group.c */
int cg_world_open(struct cgroup_world *w, struct err *e);
int cg_group_split(const char *text, struct cg_group *ret_group, struct err *e);
int cg_group_parse(const struct cgroup_world *w, const char *text, struct cg_group *ret_group,
		   struct err *e);
int cg_group_any(const struct cgroup_world *w, const char *text, struct cg_group *ret_group,
		 struct err *e);
int cg_find(const struct cgroup_world *w, const char *controller, struct cg_in *ret_in,
	    struct err *e);
int cg_find_for(const struct cgroup_world *w, const char *file, struct cg_in *ret_in,
		struct err *e);
int cg_mount_open(const struct cgroup_hierarchy *h, struct err *e);
int cg_open(const struct cgroup_hierarchy *h, const char *path, struct err *e);
bool cg_is_root(const char *path);

/* struct cg_owner - who is to own files; UINT32_MAX: as it is */
struct cg_owner {
	uint32_t uid, gid;
};
#define CG_KEEP       UINT32_MAX
#define CG_OWNER_KEEP ((struct cg_owner){ CG_KEEP, CG_KEEP })

/**
 * struct cg_rights - owners and modes that a new group gets
 * @tasks:      of the file through which processes come in
 * @all:        of the directory and all other files
 * @dir_mode, @file_mode, @tasks_mode: CG_KEEP: as the kernel makes them
 */
struct cg_rights {
	struct cg_owner tasks, all;
	uint32_t dir_mode, file_mode, tasks_mode;
};

int cg_owner_parse(const char *text, struct cg_owner *ret_owner, struct err *e);
int cg_mode_parse(const char *text, uint32_t *ret_mode, struct err *e);

/* make.c */
int cg_create(const struct cg_group *g, const struct cg_rights *rights, struct err *e);
int cg_delete(const struct cg_in *in, const char *path, bool recursive, struct err *e);

/* value.c */

/* What came of a value that was written. */
enum cg_told {
	CG_AS_ASKED,  /* it reads as it was written, or means the same */
	CG_OTHERWISE, /* the kernel made something else of it: rounded, cut */
	CG_UNKNOWN,   /* the file cannot be read */
};

/**
 * struct cg_wrote - one write
 * @now: the file's text afterwards, if it can be read; its beginning, if it is long
 */
struct cg_wrote {
	enum cg_told told;
	char now[256];
};

int cg_read(int dirfd, const char *file, struct str *ret_text, struct err *e);
int cg_write(int dirfd, const char *file, const char *value, struct cg_wrote *ret_wrote,
	     struct err *e);
bool cg_is_setting(const char *file, mode_t mode);
bool cg_value_same(const char *asked, const char *now);
int cg_copy(const struct cgroup_world *w, const char *from, const char *to, struct err *e);

typedef int cg_each_file(int dirfd, const char *name, mode_t mode, void *ctx, struct err *e);
int cg_files(const struct cg_in *in, int dirfd, const char *prefix, cg_each_file *each, void *ctx,
	     struct err *e);

/* exec.c */
int cg_enter(const struct cg_group *groups, size_t n, struct err *e);
int cg_enter_quickly(const char *const *texts, size_t n, struct err *e);
int cg_attach(const struct cg_group *g, pid_t pid, struct err *e);

#endif
