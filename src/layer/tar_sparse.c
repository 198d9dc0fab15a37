/* tar_sparse.c - maps of sparse files: GNU's old one, and the three that pax archives have
 *
 * See "Storing Sparse Files" in GNU tar's manual. Whatever the form, the regions end up in
 * @t->regions: in order, apart, and within the file. tar_data() hands out their bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "layer/tar_priv.h"

#define OLD_IN_HEADER    4
#define OLD_IN_EXTENSION 21
#define OLD_ENTRY        24

static const struct tar_field old_size = { 483, 12 };

/* tar_region_add() - one more region, as the archive says it; sense is looked for at the end */
int tar_region_add(struct tar *t, uint64_t offset, uint64_t len, struct err *e)
{
	if (t->n_regions == t->limits.regions)
		return fail(e, ERR_LIMIT, "a sparse file of more than %llu regions",
			    (unsigned long long)t->limits.regions);
	if (t->n_regions == t->regions_cap) {
		size_t cap = t->regions_cap ? 2 * t->regions_cap : 64;
		struct tar_region *r = reallocarray(t->regions, cap, sizeof(*r));

		if (!r)
			return fail_errno(e, ENOMEM, "read the archive");
		t->regions = r;
		t->regions_cap = cap;
	}
	t->regions[t->n_regions++] = (struct tar_region){ .offset = offset, .len = len };
	return 0;
}

/* The regions must be what is stored, neither more nor less: two readers could disagree. */
static int check(const struct tar *t, uint64_t size, struct err *e)
{
	uint64_t end = 0, stored = 0;

	for (size_t i = 0; i < t->n_regions; i++) {
		const struct tar_region *r = &t->regions[i];

		if (r->offset < end || r->offset > size || r->len > size - r->offset)
			return tar_fail(t, e, "a sparse file's map is broken");
		end = r->offset + r->len;
		stored += r->len;
	}
	if (stored != t->left)
		return tar_fail(t, e, "a sparse file's map does not fit what is stored");
	return 0;
}

static int add_old(struct tar *t, const unsigned char *at, int n, struct err *e)
{
	for (int i = 0; i < n; i++, at += OLD_ENTRY) {
		const struct tar_field offset = { 0, 12 }, len = { 12, 12 };
		int64_t o, l;

		if (at[0] == '\0')
			break;
		if (tar_number(at, offset, &o) < 0 || tar_number(at, len, &l) < 0 || o < 0 || l < 0)
			return tar_fail(t, e, "a sparse file's map is broken");
		if (tar_region_add(t, (uint64_t)o, (uint64_t)l, e) < 0)
			return -1;
	}
	return 0;
}

/**
 * tar_sparse_old() - the map in a header of type 'S', and in the blocks that follow it
 * @ret_size: of the file, holes included
 */
int tar_sparse_old(struct tar *t, const unsigned char *header, uint64_t *ret_size, struct err *e)
{
	unsigned char block[TAR_BLOCK];
	bool more = header[482];
	int64_t size;

	if (tar_number(header, old_size, &size) < 0 || size < 0)
		return tar_fail(t, e, "a sparse file's map is broken");
	if (add_old(t, header + 386, OLD_IN_HEADER, e) < 0)
		return -1;
	while (more) {
		if (tar_take(t, block, sizeof(block), e) < 0 ||
		    add_old(t, block, OLD_IN_EXTENSION, e) < 0)
			return -1;
		more = block[504];
	}
	*ret_size = (uint64_t)size;
	return check(t, *ret_size, e);
}

/* Format 0.1: offsets and lengths between commas */
static int read_map(struct tar *t, const char *p, struct err *e)
{
	uint64_t offset, len;

	while (*p) {
		if (tar_decimal(&p, &offset) < 0 || *p++ != ',' || tar_decimal(&p, &len) < 0 ||
		    (*p && *p++ != ','))
			return tar_fail(t, e, "a sparse file's map is broken");
		if (tar_region_add(t, offset, len, e) < 0)
			return -1;
	}
	return 0;
}

/* struct lines - numbers, one a line, in blocks before the file's content (format 1.0) */
struct lines {
	char block[TAR_BLOCK + 1];
	size_t at;
};

static int next_line(struct tar *t, struct lines *l, uint64_t *ret_number, struct err *e)
{
	char text[24];
	const char *p = text;
	size_t n = 0;
	char c;

	do {
		if (l->at == TAR_BLOCK) {
			if (t->left < TAR_BLOCK)
				return tar_fail(t, e, "a sparse file's map is broken");
			if (tar_take(t, l->block, TAR_BLOCK, e) < 0)
				return -1;
			t->left -= TAR_BLOCK;
			l->at = 0;
		}
		c = l->block[l->at++];
		text[n++] = c == '\n' ? '\0' : c;
	} while (c != '\n' && n < sizeof(text));
	if (c != '\n' || tar_decimal(&p, ret_number) < 0 || *p)
		return tar_fail(t, e, "a sparse file's map is broken");
	return 0;
}

/* Format 1.0: their count, then offsets and lengths, padded to a block */
static int read_lines(struct tar *t, struct err *e)
{
	struct lines l = { .at = TAR_BLOCK };
	uint64_t n, offset, len;

	if (next_line(t, &l, &n, e) < 0)
		return -1;
	for (; n > 0; n--)
		if (next_line(t, &l, &offset, e) < 0 || next_line(t, &l, &len, e) < 0 ||
		    tar_region_add(t, offset, len, e) < 0)
			return -1;
	return 0;
}

/**
 * tar_sparse_pax() - the map that pax records describe, or that lies before the content
 * @ret_size: of the file, holes included
 */
int tar_sparse_pax(struct tar *t, const struct tar_pax *pax, uint64_t *ret_size, struct err *e)
{
	int r = 0;

	if (!pax->sparse_has_size || pax->sparse_major > 1 ||
	    pax->sparse_minor > (pax->sparse_major ? 0U : 1U))
		return tar_fail(t, e, "a sparse file is of an unknown format");
	if (pax->sparse_major == 1)
		r = read_lines(t, e);
	else if (pax->map)
		r = read_map(t, pax->map, e);
	*ret_size = pax->sparse_size;
	return r < 0 ? -1 : check(t, *ret_size, e);
}
