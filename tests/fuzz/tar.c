/* tar.c - archives: what the parser lets through is as it promises */
#include "fuzz.h"

#include <string.h>

#include "layer/tar.h"

/* The input in pieces of 700 bytes, so that headers are cut. */
struct pieces {
	const uint8_t *at;
	size_t left;
};

static int next(void *of, const unsigned char **ret_at, size_t *ret_len, struct err *e)
{
	struct pieces *p = of;
	size_t n = p->left < 700 ? p->left : 700;

	*ret_at = p->at;
	*ret_len = n;
	p->at += n;
	p->left -= n;
	return n > 0;
}

static void check_entry(const struct tar_limits *l, const struct tar_entry *x)
{
	MUST(*x->path && strlen(x->path) <= l->path);
	MUST(strlen(x->link) <= l->path);
	MUST(x->mode <= 07777 && x->uid != UINT32_MAX && x->gid != UINT32_MAX);
	MUST(x->size <= l->file);
	MUST(x->mtime.tv_nsec >= 0 && x->mtime.tv_nsec < 1000000000);
	MUST(x->type == TAR_FILE || x->size == 0);
	MUST(x->n_xattrs <= l->xattrs);
	for (size_t i = 0; i < x->n_xattrs; i++)
		MUST(*x->xattrs[i].name && x->xattrs[i].value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct tar_limits limits = { .path = 4095,
					   .header = 1 << 16,
					   .file = UINT64_C(1) << 40,
					   .xattrs = 16,
					   .xattr_bytes = 1 << 12,
					   .regions = 1000 };
	struct pieces p = { data, size };
	uint64_t entries = 0, bytes = 0;
	struct err e = { 0 };
	struct tar_entry x;
	own_tar t = { 0 };
	int r, c = 0;

	tar_start(&t, &limits, next, &p);
	while ((r = tar_next(&t, &x, &e)) > 0) {
		uint64_t end = 0;
		struct tar_chunk chunk;

		check_entry(&limits, &x);
		entries++;
		/* every other content is skipped by tar_next() */
		while (entries % 2 && (c = tar_data(&t, &chunk, &e)) > 0) {
			MUST(chunk.len > 0 && chunk.offset >= end);
			end = chunk.offset + chunk.len;
			MUST(end <= x.size);
			bytes += chunk.len;
		}
		if (c < 0)
			break;
	}
	MUST(bytes + entries * TAR_BLOCK <= size);
	MUST((r >= 0 && c >= 0) || *e.text);
	return 0;
}
