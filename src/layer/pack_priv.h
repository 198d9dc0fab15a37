/* pack_priv.h - what the files of packing share */
#ifndef LAYER_PACK_PRIV_H
#define LAYER_PACK_PRIV_H

#include <limits.h>

#include "base/text.h"
#include "layer/pack.h"
#include "layer/tar.h"

/* as many folders below each other as unpacking makes (layer/unpack.c); each holds two descriptors */
#define PACK_DEPTH       512
#define PACK_XATTRS      256
#define PACK_XATTR_BYTES ((size_t)256 << 10)
#define PACK_REGIONS     ((size_t)256 << 10)

/* --- pack_names.c: what is in a folder ------------------------------------------------------- */

/* struct names - @n of them, in the order of their bytes */
struct names {
	char *text;
	const char **at;
	size_t n;
};

#define own_names __attribute__((cleanup(names_done))) struct names

int names_read(int dir, struct names *ret_names, struct err *e);
void names_done(struct names *n);

/* --- pack_xattrs.c: extended attributes ------------------------------------------------------ */

/* struct overlay_marks - what overlayfs has noted; @opaque: 'y', 'x' or 0 */
struct overlay_marks {
	char opaque;
	bool redirect, metacopy, whiteout;
};

/**
 * struct xattrs - those that images may have, @n of them in the order of their names
 * @skipped: how many others there are, overlayfs's not counted
 */
struct xattrs {
	struct tar_xattr *at;
	size_t n;
	uint64_t skipped;
	struct overlay_marks marks;
	char *names, *values;
};

#define own_xattrs __attribute__((cleanup(xattrs_done))) struct xattrs

int xattrs_read(const struct pack_source *s, int dir, const char *name, struct xattrs *ret_xattrs,
		struct err *e);
bool xattrs_same(const struct xattrs *a, const struct xattrs *b);
void xattrs_done(struct xattrs *x);

/* --- pack_same.c: is it what it was? --------------------------------------------------------- */

/* struct pack_file - a name in an open folder, and what it is */
struct pack_file {
	int dir;
	const char *name;
	struct stat st;
};

enum pack_same { PACK_SAME, PACK_SAME_BUT_TIME, PACK_DIFFERENT };

int pack_same(const struct pack_source *s, const struct pack_file *was, const struct pack_file *is,
	      struct err *e);
int pack_open_file(const struct pack_file *f, struct stat *ret_st, struct err *e);

/* --- pack_links.c: files of several names ---------------------------------------------------- */

/**
 * struct link - one inode
 * @path:    of its first name, in @paths of struct links; LINK_NO_PATH: none yet
 * @other_*: the inode of the other tree that has the same names, once it is @paired
 * @touched: it has to be in the layer, by all of its names
 */
struct link {
	dev_t dev, other_dev;
	ino_t ino, other_ino;
	size_t path;
	bool paired, touched;
};

struct links {
	struct link *at;
	size_t n, cap;
	struct str paths;
};

#define LINK_NO_PATH SIZE_MAX

struct link *links_get(struct links *l, const struct stat *st, struct err *e);
struct link *links_find(const struct links *l, const struct stat *st);
int links_name(struct links *l, struct link *k, const char *path, struct err *e);
void links_done(struct links *l);

/* --- pack_walk.c ----------------------------------------------------------------------------- */

/**
 * struct pack_item - something that differs
 * @file: in the newer tree, or in the older one where it was deleted; a folder is open as @folder
 * @path: of @len bytes; "" is the root
 * @over: there was something else of that name
 */
struct pack_item {
	enum pack_change_kind kind;
	const char *path;
	size_t len;
	struct pack_file file;
	int folder;
	bool opaque, over;
};

/* What is wanted: a list for people, as Docker's; or all that a layer must hold. */
enum pack_purpose { PACK_TO_LIST, PACK_TO_WRITE, PACK_TO_LEARN_LINKS };

typedef int pack_visit(void *of, const struct pack_item *i, struct err *e);

int pack_walk(const struct pack_source *s, enum pack_purpose purpose, pack_visit *visit, void *of,
	      struct err *e);

/* --- pack_entry.c: an item as entries of the archive ----------------------------------------- */

struct packer;

struct packer *packer_new(const struct pack_source *s, const struct timespec *not_after,
			  deflate_sink *write, void *of, struct pack_result *result, struct err *e);
int packer_item(void *packer, const struct pack_item *i, struct err *e);
int packer_end(struct packer *p, struct err *e);
void packer_free(struct packer *p);

#endif
