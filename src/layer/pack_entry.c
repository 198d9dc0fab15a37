/* pack_entry.c - an item as entries of the archive
 *
 * What counts is what a file is when its turn comes: it may have changed since the folder was read.
 * Then its header is written, and says how long it is: what it grows by is cut off, and if it shrinks
 * that is an error, since zeros in its place would be a file that never was. (Docker goes on then,
 * with a broken archive.) Who wants no such error freezes the container.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "layer/pack_priv.h"
#include "layer/tar_write.h"

#define PIECE     ((size_t)256 << 10)

/* holes of fewer bytes, all together, are written as zeros: readers that don't know them are many */
#define HOLES_MIN ((uint64_t)64 << 10)

struct packer {
	const struct pack_source *s;
	const struct timespec *not_after;
	struct pack_result *result;
	struct tar_writer tar;
	struct links links;
	char *piece, *path;
	struct tar_region *regions;
};

/* packer_new() - @result receives the counts; NULL: failed */
struct packer *packer_new(const struct pack_source *s, const struct timespec *not_after,
			  deflate_sink *write, void *of, struct pack_result *result, struct err *e)
{
	struct packer *p = calloc(1, sizeof(*p));

	if (p) {
		p->s = s;
		p->not_after = not_after;
		p->result = result;
		p->tar = (struct tar_writer){ .write = write, .of = of, .dialect = TAR_PAX };
		p->piece = malloc(PIECE);
		p->path = malloc((size_t)2 * PATH_MAX);
	}
	if (p && p->piece && p->path)
		return p;
	packer_free(p);
	fail_errno(e, ENOMEM, "pack a layer");
	return NULL;
}

void packer_free(struct packer *p)
{
	if (!p)
		return;
	tar_writer_done(&p->tar);
	links_done(&p->links);
	free(p->piece);
	free(p->path);
	free(p->regions);
	free(p);
}

static int put(struct packer *p, const struct tar_entry *x, const struct tar_map *map,
	       struct err *e)
{
	p->result->entries++;
	return tar_put(&p->tar, x, map, e);
}

/* "DIR/.wh.NAME", an empty file; its time is none's, so that two packings are the same. */
static int put_whiteout(struct packer *p, const struct pack_item *i, struct err *e)
{
	const char *slash = strrchr(i->path, '/');
	size_t dir = slash ? (size_t)(slash + 1 - i->path) : 0;
	struct tar_entry x = { .type = TAR_FILE, .path = p->path, .mode = 0600 };

	memcpy(p->path, i->path, dir);
	memcpy(p->path + dir, ".wh.", 4);
	memcpy(p->path + dir + 4, i->path + dir, i->len - dir + 1);
	p->result->whiteouts++;
	return put(p, &x, NULL, e);
}

static int put_opaque(struct packer *p, const struct pack_item *i, struct err *e)
{
	struct tar_entry x = { .type = TAR_FILE, .path = p->path, .mode = 0600 };

	memcpy(p->path, i->path, i->len);
	memcpy(p->path + i->len, "/.wh..wh..opq", sizeof("/.wh..wh..opq"));
	p->result->opaque++;
	return put(p, &x, NULL, e);
}

static void describe(const struct packer *p, const struct stat *st, struct tar_entry *x)
{
	const struct timespec *most = p->not_after;

	x->mode = st->st_mode & 07777;
	x->uid = st->st_uid;
	x->gid = st->st_gid;
	x->mtime = st->st_mtim;
	if ((most->tv_sec || most->tv_nsec) &&
	    (x->mtime.tv_sec > most->tv_sec ||
	     (x->mtime.tv_sec == most->tv_sec && x->mtime.tv_nsec > most->tv_nsec)))
		x->mtime = *most;
}

/* Of @name in @dir; NULL: of the file @dir. */
static int add_xattrs(struct packer *p, int dir, const char *name, struct xattrs *a,
		      struct tar_entry *x, struct err *e)
{
	if (xattrs_read(p->s, dir, name, a, e) < 0)
		return -1;
	p->result->skipped_xattrs += a->skipped;
	x->xattrs = a->at;
	x->n_xattrs = a->n;
	return 0;
}

static int put_folder(struct packer *p, const struct pack_item *i, struct err *e)
{
	own_xattrs a = { 0 };
	struct tar_entry x = { .type = TAR_DIR, .path = p->path };
	struct stat st;

	if (fstat(i->folder, &st) < 0)
		return fail_sys(e, "look at it");
	describe(p, &st, &x);
	memcpy(p->path, i->len ? i->path : ".", i->len ? i->len : 1);
	memcpy(p->path + (i->len ? i->len : 1), "/", 2);
	if (add_xattrs(p, i->folder, ".", &a, &x, e) < 0 || put(p, &x, NULL, e) < 0)
		return -1;
	return i->opaque ? put_opaque(p, i, e) : 0;
}

/* 1: another name of the same file was written, 0: it is the first; it is remembered */
static int put_hard_link(struct packer *p, const char *path, const struct stat *st,
			 struct tar_entry *x, struct err *e)
{
	struct link *k;

	if (st->st_nlink < 2)
		return 0;
	k = links_get(&p->links, st, e);
	if (!k)
		return -1;
	if (k->path == LINK_NO_PATH)
		return links_name(&p->links, k, path, e);
	x->type = TAR_HARD_LINK;
	x->link = p->links.paths.at + k->path;
	x->size = 0;
	return put(p, x, NULL, e) < 0 ? -1 : 1;
}

/* Where its data are. Return: 1; 0: it is not worth it, or cannot be told; -1 */
static int map_holes(struct packer *p, int fd, uint64_t size, struct tar_map *ret_map,
		     struct err *e)
{
	uint64_t data = 0;
	off_t at = 0, end;
	size_t n = 0;

	if (!p->regions)
		p->regions = calloc(PACK_REGIONS, sizeof(*p->regions));
	if (!p->regions)
		return fail_errno(e, ENOMEM, "pack a layer");
	while ((uint64_t)at < size) {
		at = lseek(fd, at, SEEK_DATA);
		end = at < 0 ? -1 : lseek(fd, at, SEEK_HOLE);
		if (at < 0 && errno == ENXIO)
			break;
		if (end < 0 || n + 2 > PACK_REGIONS)
			return 0;
		if ((uint64_t)at >= size)
			break;
		if ((uint64_t)end > size)
			end = (off_t)size;
		p->regions[n].offset = (uint64_t)at;
		p->regions[n++].len = (uint64_t)(end - at);
		data += (uint64_t)(end - at);
		at = end;
	}
	if (size - data < HOLES_MIN)
		return 0;
	/* GNU tar makes the file as long as its last region reaches */
	if (n == 0 || p->regions[n - 1].offset + p->regions[n - 1].len < size)
		p->regions[n++] = (struct tar_region){ .offset = size };
	*ret_map = (struct tar_map){ .regions = p->regions, .n = n };
	return 1;
}

static int put_bytes(struct packer *p, int fd, uint64_t from, uint64_t len, struct err *e)
{
	p->result->size += len;
	while (len > 0) {
		ssize_t n = pread(fd, p->piece, len < PIECE ? (size_t)len : PIECE, (off_t)from);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_sys(e, "read it");
		if (n == 0) {
			fail(e, ERR_CONFLICT, "it shrinks while it is read");
			return fail_hint(e, "freeze what writes to it meanwhile");
		}
		if (tar_put_data(&p->tar, p->piece, (size_t)n, e) < 0)
			return -1;
		from += (uint64_t)n;
		len -= (uint64_t)n;
	}
	return 0;
}

static int put_content(struct packer *p, int fd, const struct stat *st, struct tar_entry *x,
		       struct err *e)
{
	struct tar_map map;
	int holes = 0;

	x->size = (uint64_t)st->st_size;
	if ((uint64_t)st->st_blocks * 512 < x->size)
		holes = map_holes(p, fd, x->size, &map, e);
	if (holes < 0 || put(p, x, holes ? &map : NULL, e) < 0)
		return -1;
	if (!holes)
		return put_bytes(p, fd, 0, x->size, e);
	for (size_t i = 0; i < map.n; i++)
		if (put_bytes(p, fd, map.regions[i].offset, map.regions[i].len, e) < 0)
			return -1;
	return 0;
}

static int put_file(struct packer *p, const struct pack_item *i, struct tar_entry *x, struct err *e)
{
	own_xattrs a = { 0 };
	struct stat st;
	own_fd int fd = pack_open_file(&i->file, &st, e);
	int r;

	if (fd < 0)
		return -1;
	describe(p, &st, x);
	r = put_hard_link(p, i->path, &st, x, e);
	if (r != 0)
		return r < 0 ? -1 : 0;
	if (add_xattrs(p, fd, NULL, &a, x, e) < 0)
		return -1;
	return put_content(p, fd, &st, x, e);
}

/* Links, FIFOs and devices: what they are is in their header. */
static int put_other(struct packer *p, const struct pack_item *i, struct tar_entry *x,
		     struct err *e)
{
	own_xattrs a = { 0 };
	ssize_t n;
	int r;

	describe(p, &i->file.st, x);
	r = put_hard_link(p, i->path, &i->file.st, x, e);
	if (r != 0)
		return r < 0 ? -1 : 0;
	if (x->type == TAR_LINK) {
		n = readlinkat(i->file.dir, i->file.name, p->path, PATH_MAX);
		if (n < 0)
			return fail_sys(e, "read the link");
		p->path[n] = '\0';
		x->link = p->path;
	}
	x->major = major(i->file.st.st_rdev);
	x->minor = minor(i->file.st.st_rdev);
	if (add_xattrs(p, i->file.dir, i->file.name, &a, x, e) < 0)
		return -1;
	return put(p, x, NULL, e);
}

/* As Docker: a socket's file means nothing without its process. What it has replaced is gone. */
static int skip_socket(struct packer *p, const struct pack_item *i, struct err *e)
{
	if (p->result->sockets++ == 0)
		memcpy(p->result->socket, i->path, strnlen(i->path, sizeof(p->result->socket) - 1));
	return i->over ? put_whiteout(p, i, e) : 0;
}

/* packer_item() - a pack_visit for PACK_TO_WRITE */
int packer_item(void *packer, const struct pack_item *i, struct err *e)
{
	static const struct {
		mode_t mode;
		enum tar_type type;
	} types[] = { { S_IFLNK, TAR_LINK },
		      { S_IFCHR, TAR_CHAR },
		      { S_IFBLK, TAR_BLOCK_DEVICE },
		      { S_IFIFO, TAR_FIFO } };
	struct packer *p = packer;
	struct tar_entry x = { .type = TAR_FILE, .path = i->path };

	if (i->kind == PACK_DELETED)
		return put_whiteout(p, i, e);
	if (i->folder >= 0)
		return put_folder(p, i, e);
	if (S_ISREG(i->file.st.st_mode))
		return put_file(p, i, &x, e);
	for (size_t k = 0; k < COUNT(types); k++)
		if ((i->file.st.st_mode & S_IFMT) == types[k].mode) {
			x.type = types[k].type;
			return put_other(p, i, &x, e);
		}
	return skip_socket(p, i, e);
}

/* packer_end() - the archive's end */
int packer_end(struct packer *p, struct err *e)
{
	if (tar_put_end(&p->tar, e) < 0)
		return -1;
	p->result->bytes = p->tar.at;
	return 0;
}
