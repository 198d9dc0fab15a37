/* save.c - blobs as they are in a tar: nothing is packed anew, so what is loaded again is the same
 *
 * The archive is an OCI layout; manifest.json beside it is what docker read before version 25, and
 * names the same files. Everything in it depends on the images alone: the same twice, byte for byte.
 */
#include "image/save.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/json_text.h"
#include "base/text.h"
#include "layer/tar_write.h"
#include "spec/reference.h"

/* struct archive - what is being written; each blob once */
struct archive {
	struct store *store;
	int output;
	struct tar_writer tar;
	struct arena a;
	struct digest *written;
	size_t n, room;
};

static int write_all(void *of, const void *at, size_t len, struct err *e)
{
	const struct archive *ar = of;
	const char *from = at;

	while (len > 0) {
		ssize_t n = write(ar->output, from, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_sys(e, "save: write the archive");
		from += n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_header(struct archive *ar, const char *name, enum tar_type type, uint64_t size,
			struct err *e)
{
	const struct tar_entry x = {
		.type = type, .path = name, .mode = type == TAR_DIR ? 0755 : 0644, .size = size
	};

	return tar_put(&ar->tar, &x, NULL, e);
}

static int write_text(struct archive *ar, const char *name, const char *text, size_t len,
		      struct err *e)
{
	if (write_header(ar, name, TAR_FILE, len, e) < 0)
		return -1;
	return tar_put_data(&ar->tar, text, len, e);
}

static int fail_short(struct err *e)
{
	return fail(e, ERR_SYSTEM, "save: a blob of the store ends too soon");
}

/* To a file that is appended to neither of the kernel's ways leads. */
static int copy_by_hand(struct archive *ar, int fd, uint64_t left, struct err *e)
{
	char text[65536];

	while (left > 0) {
		ssize_t n = read(fd, text, left < sizeof(text) ? (size_t)left : sizeof(text));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_sys(e, "save: read a blob of the store");
		if (n == 0)
			return fail_short(e);
		if (write_all(ar, text, (size_t)n, e) < 0)
			return -1;
		left -= (uint64_t)n;
	}
	return 0;
}

/* The kernel copies it, whatever the output is, if it can. */
static int copy_blob(struct archive *ar, int fd, uint64_t size, struct err *e)
{
	uint64_t left = size;

	while (left > 0) {
		size_t piece = left < (1 << 30) ? (size_t)left : (size_t)1 << 30;
		ssize_t n = copy_file_range(fd, NULL, ar->output, NULL, piece, 0);

		if (n < 0 &&
		    (errno == EINVAL || errno == EXDEV || errno == EOPNOTSUPP || errno == EBADF))
			n = sendfile(ar->output, fd, NULL, piece);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EINVAL) {
			if (copy_by_hand(ar, fd, left, e) < 0)
				return -1;
			break;
		}
		if (n < 0)
			return fail_sys(e, "save: write the archive");
		if (n == 0)
			return fail_short(e);
		left -= (uint64_t)n;
	}
	return tar_put_passed(&ar->tar, size, e);
}

static bool is_new(struct archive *ar, const struct digest *d)
{
	for (size_t i = 0; i < ar->n; i++)
		if (digest_same(&ar->written[i], d))
			return false;
	return true;
}

static int note(struct archive *ar, const struct digest *d, struct err *e)
{
	if (ar->n == ar->room) {
		size_t room = ar->room ? 2 * ar->room : 64;
		struct digest *more = arena_array(&ar->a, room, sizeof(*more));

		if (!more)
			return fail_errno(e, ENOMEM, "save images");
		if (ar->n)
			memcpy(more, ar->written, ar->n * sizeof(*more));
		ar->written = more;
		ar->room = room;
	}
	ar->written[ar->n++] = *d;
	return 0;
}

static const char *blob_name(const struct digest *d, char buf[DIGEST_TEXT + 16])
{
	char hex[DIGEST_TEXT];

	snprintf(buf, DIGEST_TEXT + 16, "blobs/%s/%s", digest_algorithm_name(d->algorithm),
		 digest_hex(d, hex));
	return buf;
}

static int write_blob(struct archive *ar, const struct digest *d, struct err *e)
{
	char name[DIGEST_TEXT + 16];
	own_fd int fd = FD_NONE;
	uint64_t size;

	if (!is_new(ar, d))
		return 0;
	fd = store_blob_open(ar->store, d, &size, e);
	if (fd < 0 || note(ar, d, e) < 0 ||
	    write_header(ar, blob_name(d, name), TAR_FILE, size, e) < 0)
		return -1;
	return copy_blob(ar, fd, size, e);
}

static int write_blobs(struct archive *ar, const struct stored_image *i, struct err *e)
{
	struct digest d;

	if (write_blob(ar, &i->digest, e) < 0 || write_blob(ar, &i->id, e) < 0)
		return -1;
	for (size_t n = 0; n < i->manifest.layers.n; n++)
		if (digest_parse(i->manifest.layers.at[n].digest, &d, e) < 0 ||
		    write_blob(ar, &d, e) < 0)
			return -1;
	return 0;
}

static void index_entry(struct str *out, const struct stored_image *i, const char *name)
{
	char text[DIGEST_TEXT];
	struct reference r;
	struct err bad = { 0 };

	str_addf(out, "%s{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%llu",
		 out->len ? "," : "", i->media->type, digest_text(&i->digest, text),
		 (unsigned long long)i->size);
	if (name && reference_parse(name, &r, &bad) == 0) {
		str_add(out, ",\"annotations\":{\"io.containerd.image.name\":");
		json_text_quote(out, name);
		str_add(out, ",\"org.opencontainers.image.ref.name\":");
		json_text_quote(out, r.tag);
		str_add(out, "}");
	}
	str_add(out, "}");
}

/* What docker before 25 reads: the same files, by its own names for them. */
static void manifest_entry(struct str *out, const struct stored_image *i,
			   const struct save_image *as)
{
	char name[DIGEST_TEXT + 16], familiar[REFERENCE_TEXT];
	struct reference r;
	struct err bad = { 0 };
	size_t n = 0;

	str_addf(out, "%s{\"Config\":\"%s\",\"RepoTags\":", out->len ? "," : "",
		 blob_name(&i->id, name));
	for (size_t k = 0; k < as->n; k++) {
		if (reference_parse(as->names[k], &r, &bad) < 0)
			continue;
		str_add(out, n++ ? "," : "[");
		json_text_quote(out, reference_familiar(&r, familiar));
	}
	str_add(out, n ? "],\"Layers\":[" : "null,\"Layers\":[");
	for (size_t k = 0; k < i->layers.n; k++)
		str_addf(out, "%s\"%s\"", k ? "," : "", blob_name(&i->layers.at[k].blob, name));
	str_add(out, "]}");
}

static int write_document(struct archive *ar, const char *name, const char *before,
			  const struct str *list, const char *after, struct err *e)
{
	own_str struct str text = { 0 };

	str_add(&text, before);
	str_add(&text, list->at ? list->at : "");
	str_add(&text, after);
	if (text.torn || list->torn)
		return fail_errno(e, ENOMEM, "save images");
	return write_text(ar, name, text.at, text.len, e);
}

static int write_images(struct archive *ar, const struct save_image *images, size_t n,
			enum save_format format, struct err *e)
{
	static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
	own_str struct str index = { 0 }, manifest = { 0 };
	struct stored_image i;

	for (size_t k = 0; k < n; k++) {
		if (store_image_load(ar->store, &images[k].digest, &ar->a, &i, e) < 0 ||
		    write_blobs(ar, &i, e) < 0)
			return -1;
		for (size_t m = 0; m < images[k].n; m++)
			index_entry(&index, &i, images[k].names[m]);
		if (images[k].n == 0)
			index_entry(&index, &i, NULL);
		manifest_entry(&manifest, &i, &images[k]);
	}
	if (write_document(ar, "index.json",
			   "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image."
			   "index.v1+json\",\"manifests\":[",
			   &index, "]}\n", e) < 0)
		return -1;
	if (format == SAVE_DOCKER &&
	    write_document(ar, "manifest.json", "[", &manifest, "]\n", e) < 0)
		return -1;
	return write_text(ar, "oci-layout", layout, strlen(layout), e);
}

static int write_archive(struct archive *ar, const struct save_image *images, size_t n,
			 enum save_format format, struct err *e)
{
	if (write_header(ar, "blobs/", TAR_DIR, 0, e) < 0 ||
	    write_header(ar, "blobs/sha256/", TAR_DIR, 0, e) < 0 ||
	    write_images(ar, images, n, format, e) < 0)
		return -1;
	return tar_put_end(&ar->tar, e);
}

/**
 * image_save() - write images to an archive
 * @output: a file or a pipe; written from where it stands
 */
int image_save(struct store *s, const struct save_image *images, size_t n, enum save_format format,
	       int output, struct err *e)
{
	struct archive ar = { .store = s, .output = output };
	int r;

	ar.tar = (struct tar_writer){ .write = write_all, .of = &ar, .dialect = TAR_GNU };
	r = write_archive(&ar, images, n, format, e);
	tar_writer_done(&ar.tar);
	arena_done(&ar.a);
	return r;
}
