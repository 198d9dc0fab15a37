/* store.c - the store's folders, and the index that other programs read */
#include "store/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json_text.h"
#include "base/text.h"
#include "os/btrfs.h"
#include "os/file.h"
#include "spec/image.h"

#define LAYOUT "{\"imageLayoutVersion\":\"1.0.0\"}"

/* Nobody but root may pass through it: what lies in layers has the modes of its images. */
static int open_folder(int at, const char *name, struct err *e)
{
	int fd;

	if (mkdirat(at, name, 0700) < 0 && errno != EEXIST)
		return fail_sys(e, "make the folder '%s'", name);
	fd = openat(at, name,
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC | (at == AT_FDCWD ? 0 : O_NOFOLLOW));
	return fd < 0 ? fail_sys(e, "open the folder '%s'", name) : fd;
}

/**
 * store_refuse_owner() - is it a folder of root's, or of ours? What another user keeps in his is not for us
 *
 * He would say by it what images are, and where we write. What lies in it is not looked at: only who owns
 * it can have made that. Nor are the folders above: who may rename in them can but put one of his own here.
 */
int store_refuse_owner(const struct stat *root, struct err *e)
{
	if (root->st_uid == 0 || root->st_uid == geteuid())
		return 0;
	fail(e, ERR_DENIED, "it belongs to another user, %u", (unsigned)root->st_uid);
	return fail_hint(
		e, "use another --root, or make it yours by chown, if you trust what is in it");
}

static int refuse_open(const struct stat *root, struct err *e)
{
	if (!(root->st_mode & 022))
		return 0;
	fail(e, ERR_DENIED, "others may write to the folder (mode %04o)", root->st_mode & 07777);
	return fail_hint(e, "use a folder in it, or close it by chmod go-w");
}

static int open_root(struct store *s, struct err *e)
{
	struct stat st;

	s->root = open_folder(AT_FDCWD, s->path, e);
	if (s->root < 0)
		return -1;
	if (fstat(s->root, &st) < 0)
		return fail_sys(e, "look at the folder '%s'", s->path);
	return store_refuse_owner(&st, e) < 0 ? -1 : refuse_open(&st, e);
}

static int open_folders(struct store *s, struct err *e)
{
	if (open_root(s, e) < 0)
		return -1;
	s->layout = open_folder(s->root, "store", e);
	s->ingest = s->layout < 0 ? -1 : open_folder(s->root, "ingest", e);
	s->layers = s->ingest < 0 ? -1 : open_folder(s->root, "layers", e);
	s->snapshots = s->layers < 0 ? -1 : open_folder(s->root, "snapshots", e);
	s->leases = s->snapshots < 0 ? -1 : open_folder(s->root, "leases", e);
	s->containers = s->leases < 0 ? -1 : open_folder(s->root, "containers", e);
	s->names = s->containers < 0 ? -1 : open_folder(s->root, "names", e);
	return s->names < 0 ? -1 : 0;
}

/* What an image layout has besides its index (image-spec image-layout.md). */
static int make_layout(struct store *s, struct err *e)
{
	own_fd int blobs = FD_NONE;
	char text[64];

	if (file_try_read(s->layout, "oci-layout", text, sizeof(text)) > 0)
		return 0;
	blobs = open_folder(s->layout, "blobs", e);
	if (blobs < 0)
		return -1;
	for (enum digest_algorithm a = DIGEST_SHA256; a <= DIGEST_SHA512; a++)
		if (mkdirat(blobs, digest_algorithm_name(a), 0700) < 0 && errno != EEXIST)
			return fail_sys(e, "make the folder 'blobs/%s'", digest_algorithm_name(a));
	/* one that is there may be all that is left of a store */
	if (faccessat(s->layout, "index.json", F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
	    store_write_index(s, e) < 0)
		return -1;
	return file_replace_durable(s->layout, "oci-layout", LAYOUT, strlen(LAYOUT), e);
}

/* store_read_driver() - "overlay" or "overlay userxattr"; none there: it is not chosen yet */
int store_read_driver(struct store *s, struct err *e)
{
	char text[64], *word;
	int n = file_try_read(s->root, "driver", text, sizeof(text));

	if (n == -ENOENT)
		return 0;
	if (n <= 0)
		return fail_errno(e, n ? -n : EINVAL, "read the file 'driver'");
	text[strcspn(text, "\n")] = '\0';
	word = text + strcspn(text, " ");
	s->user_xattrs = strcmp(word, " userxattr") == 0;
	*word = '\0';
	snprintf(s->driver, sizeof(s->driver), "%.15s", text);
	return 0;
}

/**
 * store_guess_driver() - what has made the layers that there are: only chained drivers give them a chain
 * @ret_name: NULL: there are none
 */
int store_guess_driver(struct store *s, const char **ret_name, struct err *e)
{
	own_rows rows = { 0 };
	int r;

	*ret_name = NULL;
	if (db_query(&s->db, DB_LAYER_ALL, &rows, e, "") < 0)
		return -1;
	r = db_next(&rows, e);
	if (r <= 0)
		return r;
	*ret_name = !*db_text(&rows, 2)                                ? "overlay"
		    : btrfs_is_subvolume(s->layers, db_text(&rows, 0)) ? "btrfs"
								       : "copy";
	return 0;
}

/* store_set_driver() - what the store's layers and snapshots are made by, from now on for ever */
int store_set_driver(struct store *s, const char *name, bool user_xattrs, struct err *e)
{
	char text[64];

	snprintf(text, sizeof(text), "%s%s\n", name, user_xattrs ? " userxattr" : "");
	if (file_replace_durable(s->root, "driver", text, strlen(text), e) < 0)
		return -1;
	return store_read_driver(s, e);
}

/**
 * store_open_folders() - the store below @root without its database, for who makes room for that
 * @root, @s: as store_open()'s
 */
int store_open_folders(struct store *s, const char *root, struct err *e)
{
	if (*root != '/' || strlen(root) >= sizeof(s->path)) {
		fail(e, ERR_INPUT, "open the store '%.200s': not an absolute path", root);
		return fail_hint(e, "--root and TARE_ROOT want one that begins with '/'");
	}
	snprintf(s->path, sizeof(s->path), "%s", root);
	if (file_make_folders(root, (size_t)(strrchr(root, '/') - root), 0755, e) < 0 ||
	    open_folders(s, e) < 0)
		return fail_in(e, "open the store '%s'", root);
	return 0;
}

/**
 * store_open() - open the store below @root, making it when there is none
 * @root: an absolute path
 * @s: STORE_NONE; the caller closes it with store_close(), also after a failure
 */
int store_open(struct store *s, const char *root, struct err *e)
{
	char path[4200];

	snprintf(path, sizeof(path), "%.4100s/tare.db", root);
	if (store_open_folders(s, root, e) < 0)
		return -1;
	if (db_open(&s->db, path, e) == 0 && make_layout(s, e) == 0 && store_read_driver(s, e) == 0)
		return 0;
	if (e->sysno == ENOSPC)
		(void)fail_hint(e,
				"`tare image prune --all` begins with what interrupted pulls "
				"have left; where there is no such thing, something else must go");
	return fail_in(e, "open the store '%s'", root);
}

void store_close(struct store *s)
{
	struct err ignored = { 0 };

	if (s->lease >= 0)
		(void)store_lease_end(s, &ignored);
	if (s->db.handle)
		db_close(&s->db);
	fd_close(&s->root);
	fd_close(&s->layout);
	fd_close(&s->ingest);
	fd_close(&s->layers);
	fd_close(&s->snapshots);
	fd_close(&s->leases);
	fd_close(&s->containers);
	fd_close(&s->names);
}

/* One manifest of the index. The name is a tag's, whole: containerd and docker know it by theirs. */
static void index_row(const struct db_rows *rows, struct str *out)
{
	const char *name = db_text(rows, 0), *variant = db_text(rows, 6);

	str_add(out, "{\"mediaType\":");
	json_text_quote(out, db_text(rows, 2));
	str_addf(out,
		 ",\"digest\":\"%s\",\"size\":%lld,\"annotations\":{\"io.containerd.image.name\":",
		 db_text(rows, 1), (long long)db_number(rows, 3));
	json_text_quote(out, name);
	str_add(out, ",\"org.opencontainers.image.ref.name\":");
	json_text_quote(out, name);
	str_add(out, "}");
	if (*db_text(rows, 4)) {
		str_add(out, ",\"platform\":{\"architecture\":");
		json_text_quote(out, db_text(rows, 5));
		str_add(out, ",\"os\":");
		json_text_quote(out, db_text(rows, 4));
		if (*variant) {
			str_add(out, ",\"variant\":");
			json_text_quote(out, variant);
		}
		str_add(out, "}");
	}
	str_add(out, "}");
}

/* store_index_text() - append what index.json should say */
int store_index_text(struct store *s, struct str *out, struct err *e)
{
	own_rows rows = { 0 };
	int r;

	str_addf(out, "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[",
		 media_type_of(MEDIA_INDEX, COMPRESSION_NONE, false));
	if (db_query(&s->db, DB_TAG_INDEX, &rows, e, "") < 0)
		return -1;
	for (size_t n = 0; (r = db_next(&rows, e)) > 0; n++) {
		if (n)
			str_add(out, ",");
		index_row(&rows, out);
	}
	str_add(out, "]}\n");
	if (r < 0)
		return -1;
	return out->torn ? fail_errno(e, ENOMEM, "write the store's index") : 0;
}

/**
 * store_write_index() - make index.json say what the database says of tags
 *
 * Called in the transaction that changes them, so that two writers can't cross.
 */
int store_write_index(struct store *s, struct err *e)
{
	own_str struct str out = { 0 };

	if (store_index_text(s, &out, e) < 0)
		return -1;
	return file_replace_durable(s->layout, "index.json", out.at, out.len, e);
}
