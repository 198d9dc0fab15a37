/* place_priv.h - what the files of placing share */
#ifndef LAYER_PLACE_PRIV_H
#define LAYER_PLACE_PRIV_H

#include "layer/place.h"

/* Folders of missing parents */
enum place_missing { PLACE_MAKE, PLACE_LEAVE };

/* place_levels.c */
int place_open_root(struct place *p, int root, struct err *e);
int place_enter(struct place *p, const char *path, size_t len, enum place_missing missing,
		struct err *e);
int place_push(struct place *p, int fd, size_t len, struct err *e);
int place_leave_all(struct place *p, struct err *e);
int place_leave_root(struct place *p, struct err *e);
void place_close_all(struct place *p);

static inline struct level *place_top(const struct place *p)
{
	return &p->levels[p->n_levels - 1];
}

/* modes in which files get what the archive says of them: owners, modes, times, attributes */
static inline bool place_faithful(const struct place *p)
{
	return p->job->mode != UNPACK_MEMBERS;
}

static inline const char *place_base(const struct name *n)
{
	return n->path + n->base;
}

/* the length of the parent's name */
static inline size_t place_parent(const struct name *n)
{
	return n->base ? n->base - 1 : 0;
}

/* place_attrs.c */
int place_own(struct place *p, int fd, const char *name, const struct tar_entry *x, mode_t made,
	      struct err *e);
int place_xattrs(struct place *p, int fd, const struct tar_entry *x, struct err *e);
int place_node_xattrs(struct place *p, int dir, const char *name, const struct tar_entry *x,
		      struct err *e);
int place_forget_xattrs(struct place *p, int fd, const struct tar_entry *x, struct err *e);
void place_times(const struct tar_entry *x, struct timespec ret_times[2]);

/* place_remove.c */
int inodes_add(struct inodes *s, uint64_t inode, struct err *e);
bool inodes_has(const struct inodes *s, uint64_t inode);
int place_made(struct place *p, int dir, const char *name, struct err *e);
int place_remove(const struct inodes *keep, int dir, const char *name, struct err *e);
int place_empty(const struct inodes *keep, int dir, struct err *e);

/* place_whiteout.c */
int place_mark_opaque(struct place *p, const char *path, int fd, struct err *e);
int place_whiteout(struct place *p, enum whiteout what, struct err *e);

#endif
