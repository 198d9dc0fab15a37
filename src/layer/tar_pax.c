/* tar_pax.c - extended headers: records of "LENGTH KEY=VALUE\n" (POSIX pax, "Extended Header") */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "layer/tar_priv.h"

#define XATTR "SCHILY.xattr."

struct record {
	char *key, *value;
	size_t len;
};

typedef int take_record(struct tar *t, struct tar_pax *p, const struct record *r, struct err *e);

static int fail_record(const struct tar *t, const struct record *r, struct err *e)
{
	tar_fail(t, e, "a pax header is broken");
	return fail_in(e, "record '%.64s'", r->key);
}

/* Only the values of extended attributes are bytes; in the others a NUL would hide what follows. */
static bool is_text(const struct record *r)
{
	return strlen(r->value) == r->len;
}

static int take_text(const struct tar *t, const struct record *r, const char **ret_text,
		     struct err *e)
{
	if (!is_text(r))
		return fail_record(t, r, e);
	*ret_text = r->len ? r->value : NULL;
	return 0;
}

/* An empty value takes back what was said before. */
static int take_number(const struct tar *t, const struct record *r, bool *ret_has,
		       uint64_t *ret_number, struct err *e)
{
	const char *p = r->value;

	*ret_has = r->len > 0;
	if (r->len && (!is_text(r) || tar_decimal(&p, ret_number) < 0 || *p))
		return fail_record(t, r, e);
	return 0;
}

static int take_time(const struct tar *t, const struct record *r, bool *ret_has,
		     struct timespec *ret_time, struct err *e)
{
	*ret_has = r->len > 0;
	if (r->len && (!is_text(r) || tar_time(r->value, ret_time) < 0))
		return fail_record(t, r, e);
	return 0;
}

static int take_path(struct tar *t, struct tar_pax *p, const struct record *r, struct err *e)
{
	return take_text(t, r, &p->path, e);
}

static int take_link(struct tar *t, struct tar_pax *p, const struct record *r, struct err *e)
{
	return take_text(t, r, &p->link, e);
}

static int take_size(struct tar *t, struct tar_pax *p, const struct record *r, struct err *e)
{
	return take_number(t, r, &p->has_size, &p->size, e);
}

static int take_uid(struct tar *t, struct tar_pax *p, const struct record *r, struct err *e)
{
	return take_number(t, r, &p->has_uid, &p->uid, e);
}

static int take_gid(struct tar *t, struct tar_pax *p, const struct record *r, struct err *e)
{
	return take_number(t, r, &p->has_gid, &p->gid, e);
}

static int take_mtime(struct tar *t, struct tar_pax *p, const struct record *r, struct err *e)
{
	return take_time(t, r, &p->has_mtime, &p->mtime, e);
}

static int take_atime(struct tar *t, struct tar_pax *p, const struct record *r, struct err *e)
{
	return take_time(t, r, &p->has_atime, &p->atime, e);
}

static int take_sparse_major(struct tar *t, struct tar_pax *p, const struct record *r,
			     struct err *e)
{
	return take_number(t, r, &p->sparse, &p->sparse_major, e);
}

static int take_sparse_minor(struct tar *t, struct tar_pax *p, const struct record *r,
			     struct err *e)
{
	return take_number(t, r, &p->sparse, &p->sparse_minor, e);
}

static int take_sparse_name(struct tar *t, struct tar_pax *p, const struct record *r, struct err *e)
{
	return take_text(t, r, &p->sparse_name, e);
}

static int take_sparse_size(struct tar *t, struct tar_pax *p, const struct record *r, struct err *e)
{
	p->sparse = true;
	return take_number(t, r, &p->sparse_has_size, &p->sparse_size, e);
}

static int take_sparse_map(struct tar *t, struct tar_pax *p, const struct record *r, struct err *e)
{
	p->sparse = true;
	return take_text(t, r, &p->map, e);
}

/* format 0.0 names a region in two records; the first waits in a region of no length */
static int take_sparse_offset(struct tar *t, struct tar_pax *p, const struct record *r,
			      struct err *e)
{
	uint64_t offset;
	bool has;

	p->sparse = true;
	if (take_number(t, r, &has, &offset, e) < 0)
		return -1;
	return has ? tar_region_add(t, offset, 0, e) : fail_record(t, r, e);
}

static int take_sparse_len(struct tar *t, struct tar_pax *p, const struct record *r, struct err *e)
{
	uint64_t len;
	bool has;

	if (take_number(t, r, &has, &len, e) < 0)
		return -1;
	if (!has || t->n_regions == 0)
		return fail_record(t, r, e);
	t->regions[t->n_regions - 1].len = len;
	return 0;
}

static int take_nothing(struct tar *t, struct tar_pax *p, const struct record *r, struct err *e)
{
	p->sparse = true;
	return 0;
}

// clang-format off
static const struct {
	const char *key;
	take_record *take;
} records[] = {
	{ "path",                 take_path          },
	{ "linkpath",             take_link          },
	{ "size",                 take_size          },
	{ "uid",                  take_uid           },
	{ "gid",                  take_gid           },
	{ "mtime",                take_mtime         },
	{ "atime",                take_atime         },
	{ "GNU.sparse.major",     take_sparse_major  },
	{ "GNU.sparse.minor",     take_sparse_minor  },
	{ "GNU.sparse.name",      take_sparse_name   },
	{ "GNU.sparse.size",      take_sparse_size   },
	{ "GNU.sparse.realsize",  take_sparse_size   },
	{ "GNU.sparse.map",       take_sparse_map    },
	{ "GNU.sparse.numblocks", take_nothing       },
	{ "GNU.sparse.offset",    take_sparse_offset },
	{ "GNU.sparse.numbytes",  take_sparse_len    },
};
// clang-format on

/* The same name again replaces the value, as setxattr(2) would. */
static int take_xattr(struct tar *t, const struct record *r, struct err *e)
{
	const char *name = r->key + sizeof(XATTR) - 1;
	struct tar_xattr *x = t->xattrs;
	uint64_t bytes = strlen(name) + r->len;
	size_t i;

	for (i = 0; i < t->n_xattrs && strcmp(x[i].name, name) != 0; i++)
		bytes += strlen(x[i].name) + x[i].len;
	if (!*name)
		return fail_record(t, r, e);
	if (i == t->limits.xattrs || bytes > t->limits.xattr_bytes)
		return fail(e, ERR_LIMIT, "too many extended attributes, or too long ones");
	if (i == t->xattrs_cap) {
		size_t cap = t->xattrs_cap ? 2 * t->xattrs_cap : 8;

		x = reallocarray(x, cap, sizeof(*x));
		if (!x)
			return fail_errno(e, ENOMEM, "read the archive");
		t->xattrs = x;
		t->xattrs_cap = cap;
	}
	if (i == t->n_xattrs)
		t->n_xattrs++;
	x[i] = (struct tar_xattr){ .name = name, .value = r->value, .len = r->len };
	return 0;
}

static int take(struct tar *t, struct tar_pax *p, const struct record *r, struct err *e)
{
	if (text_starts(r->key, XATTR))
		return take_xattr(t, r, e);
	for (size_t i = 0; i < COUNT(records); i++)
		if (strcmp(r->key, records[i].key) == 0)
			return records[i].take(t, p, r, e);
	return 0;
}

/* Cut the next record off; its key and its value are ended by NULs in place. */
static int next_record(const struct tar *t, char **p, const char *end, struct record *ret_record,
		       struct err *e)
{
	char *start = *p, *equals;
	const char *q = start;
	uint64_t len;

	if (tar_decimal(&q, &len) < 0 || *q != ' ' || len > (uint64_t)(end - start) ||
	    start + len < q + 3 || start[len - 1] != '\n')
		return tar_fail(t, e, "a pax header is broken");
	q++;
	equals = memchr(q, '=', (size_t)(start + len - 1 - q));
	if (!equals || equals == q || memchr(q, '\0', (size_t)(equals - q)))
		return tar_fail(t, e, "a pax header is broken");
	*equals = '\0';
	start[len - 1] = '\0';
	*ret_record = (struct record){ .key = (char *)(uintptr_t)q,
				       .value = equals + 1,
				       .len = (size_t)(start + len - 1 - (equals + 1)) };
	*p = start + len;
	return 0;
}

/**
 * tar_pax_read() - understand the extended header whose bytes are in @t->pax
 *
 * Texts in @ret_pax are in there, too. Extended attributes and regions go to @t.
 */
int tar_pax_read(struct tar *t, struct tar_pax *ret_pax, struct err *e)
{
	char *p = t->pax.at;
	const char *end;
	struct record r;

	*ret_pax = (struct tar_pax){ 0 };
	if (t->pax.len == 0)
		return 0;
	end = p + t->pax.len;
	while (p < end)
		if (next_record(t, &p, end, &r, e) < 0 || take(t, ret_pax, &r, e) < 0)
			return -1;
	return 0;
}
