/* bind_pack.c - the compact form: a struct's members in row order, lengths before bytes
 *
 * Integers are 8 bytes in host order (both ends run on one kernel), strings and arrays are a
 * 32-bit count and then their content; the count BIND_ABSENT marks what is NULL. Reading
 * trusts nothing: every count is checked against the bytes that are left before memory is
 * taken for it.
 */
#include <string.h>

#include "base/arena.h"
#include "base/bind.h"
#include "base/err.h"

#define ABSENT   UINT32_MAX
#define MAX_DEEP 16

struct reader {
	const unsigned char *at, *end;
	struct arena *arena;
	int deep;
};

static void put(struct str *out, const void *at, size_t size)
{
	str_add_len(out, at, size);
}

static void put_count(struct str *out, size_t n)
{
	uint32_t v = (uint32_t)n;

	put(out, &v, sizeof(v));
}

static void put_string(struct str *out, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	put_count(out, text ? len : ABSENT);
	put(out, text, len);
}

static void put_strings(struct str *out, char *const *list)
{
	size_t n = 0;

	if (!list) {
		put_count(out, ABSENT);
		return;
	}
	while (list[n])
		n++;
	put_count(out, n);
	for (size_t i = 0; i < n; i++)
		put_string(out, list[i]);
}

static void put_struct(const struct bind_table *t, const unsigned char *doc, struct str *out);

static void put_list(const struct bind_row *r, const struct list_any *l, struct str *out)
{
	put_count(out, l->n);
	for (size_t i = 0; i < l->n; i++) {
		const unsigned char *item = (const unsigned char *)l->at + i * r->table->size;

		if (r->kind == BIND_MAP)
			put_string(out, *(char *const *)item);
		put_struct(r->table, item, out);
	}
}

static size_t plain_size(enum bind_kind kind)
{
	switch (kind) {
	case BIND_BOOL:
		return sizeof(bool);
	case BIND_OPT_BOOL:
		return sizeof(struct opt_bool);
	case BIND_U32:
		return sizeof(uint32_t);
	case BIND_I64:
	case BIND_U64:
	case BIND_FLAGS:
		return sizeof(uint64_t);
	case BIND_OPT_I64:
	case BIND_OPT_U64:
	case BIND_OPT_FLAGS:
	case BIND_WORD:
		return sizeof(struct opt_i64);
	default:
		return 0;
	}
}

static void put_row(const struct bind_row *r, const unsigned char *at, struct str *out)
{
	const struct pairs *pairs = (const void *)at;
	const struct bytes *bytes = (const void *)at;
	const unsigned char *sub;

	switch (r->kind) {
	case BIND_STRING:
		put_string(out, *(char *const *)at);
		break;
	case BIND_STRINGS:
		put_strings(out, *(char **const *)at);
		break;
	case BIND_NUMBERS:
		put_count(out, bytes->n);
		put(out, bytes->at, bytes->n * sizeof(int64_t));
		break;
	case BIND_BYTES:
		put_count(out, bytes->n);
		put(out, bytes->at, bytes->n);
		break;
	case BIND_PAIRS:
		put_count(out, pairs->n);
		for (size_t i = 0; i < pairs->n; i++) {
			put_string(out, pairs->at[i].key);
			put_string(out, pairs->at[i].value);
		}
		break;
	case BIND_OBJECT:
		sub = *(unsigned char *const *)at;
		put_count(out, sub ? 1 : ABSENT);
		if (sub)
			put_struct(r->table, sub, out);
		break;
	case BIND_OBJECTS:
	case BIND_MAP:
		put_list(r, (const void *)at, out);
		break;
	default:
		put(out, at, plain_size(r->kind));
	}
}

static void put_struct(const struct bind_table *t, const unsigned char *doc, struct str *out)
{
	for (size_t i = 0; i < t->n; i++)
		put_row(&t->rows[i], doc + t->rows[i].at, out);
}

/**
 * bind_pack() - append the compact form of @doc to @out
 *
 * Return: 0, or -1 with out->torn when memory ran out.
 */
int bind_pack(const struct bind_table *t, const void *doc, struct str *out)
{
	put_struct(t, doc, out);
	return out->torn ? -1 : 0;
}

/* The readers return false when the bytes do not hold what the table wants. */

static bool get(struct reader *r, void *at, size_t size)
{
	if ((size_t)(r->end - r->at) < size)
		return false;
	if (size)
		memcpy(at, r->at, size);
	r->at += size;
	return true;
}

/* Every item of a counted thing takes at least @least bytes, so a count cannot lie by much. */
static bool get_count(struct reader *r, size_t least, uint32_t *ret_n)
{
	if (!get(r, ret_n, sizeof(*ret_n)))
		return false;
	return *ret_n == ABSENT || *ret_n <= (size_t)(r->end - r->at) / least;
}

static bool get_string(struct reader *r, char **ret_text)
{
	uint32_t n;

	if (!get_count(r, 1, &n))
		return false;
	if (n == ABSENT) {
		*ret_text = NULL;
		return true;
	}
	*ret_text = arena_dup_len(r->arena, (const char *)r->at, n);
	r->at += n;
	return *ret_text && strlen(*ret_text) == n;
}

static bool get_strings(struct reader *r, char ***ret_list)
{
	char **list;
	uint32_t n;

	if (!get_count(r, sizeof(uint32_t), &n))
		return false;
	if (n == ABSENT)
		return true;
	list = arena_array(r->arena, (size_t)n + 1, sizeof(*list));
	if (!list)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (!get_string(r, &list[i]) || !list[i])
			return false;
	*ret_list = list;
	return true;
}

static bool get_array(struct reader *r, size_t size, struct list_any *ret)
{
	uint32_t n;

	if (!get_count(r, size, &n) || n == ABSENT)
		return false;
	ret->at = arena_array(r->arena, n, size);
	ret->n = n;
	return ret->at && get(r, ret->at, n * size);
}

static bool get_pairs(struct reader *r, struct pairs *ret)
{
	uint32_t n;

	if (!get_count(r, 2 * sizeof(uint32_t), &n) || n == ABSENT)
		return false;
	ret->at = arena_array(r->arena, n, sizeof(*ret->at));
	ret->n = n;
	if (!ret->at)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (!get_string(r, &ret->at[i].key) || !get_string(r, &ret->at[i].value) ||
		    !ret->at[i].key || !ret->at[i].value)
			return false;
	return true;
}

static bool get_struct(struct reader *r, const struct bind_table *t, unsigned char *doc);

static bool get_object(struct reader *r, const struct bind_table *t, void **ret)
{
	uint32_t n;

	if (!get(r, &n, sizeof(n)))
		return false;
	if (n == ABSENT)
		return true;
	*ret = arena_alloc(r->arena, t->size);
	return n == 1 && *ret && get_struct(r, t, *ret);
}

static bool get_list(struct reader *r, const struct bind_row *row, struct list_any *ret)
{
	uint32_t n;

	if (!get_count(r, 1, &n) || n == ABSENT)
		return false;
	ret->at = arena_array(r->arena, n, row->table->size);
	ret->n = n;
	if (!ret->at)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		unsigned char *item = (unsigned char *)ret->at + i * row->table->size;

		if (row->kind == BIND_MAP && (!get_string(r, (char **)item) || !*(char **)item))
			return false;
		if (!get_struct(r, row->table, item))
			return false;
	}
	return true;
}

/* A bool that is neither 0 nor 1 is undefined behaviour to read, so it is refused here. */
static bool get_plain(struct reader *r, enum bind_kind kind, unsigned char *at)
{
	if (!get(r, at, plain_size(kind)))
		return false;
	switch (kind) {
	case BIND_BOOL:
	case BIND_OPT_I64:
	case BIND_OPT_U64:
	case BIND_OPT_FLAGS:
	case BIND_WORD:
		return at[0] <= 1;
	case BIND_OPT_BOOL:
		return at[0] <= 1 && at[1] <= 1;
	default:
		return true;
	}
}

static bool get_row(struct reader *r, const struct bind_row *row, unsigned char *at)
{
	switch (row->kind) {
	case BIND_STRING:
		return get_string(r, (char **)at);
	case BIND_STRINGS:
		return get_strings(r, (char ***)at);
	case BIND_NUMBERS:
		return get_array(r, sizeof(int64_t), (struct list_any *)at);
	case BIND_BYTES:
		return get_array(r, 1, (struct list_any *)at);
	case BIND_PAIRS:
		return get_pairs(r, (struct pairs *)at);
	case BIND_OBJECT:
		return get_object(r, row->table, (void **)at);
	case BIND_OBJECTS:
	case BIND_MAP:
		return get_list(r, row, (struct list_any *)at);
	default:
		return get_plain(r, row->kind, at);
	}
}

static bool get_struct(struct reader *r, const struct bind_table *t, unsigned char *doc)
{
	if (++r->deep > MAX_DEEP)
		return false;
	for (size_t i = 0; i < t->n; i++)
		if (!get_row(r, &t->rows[i], doc + t->rows[i].at))
			return false;
	r->deep--;
	return true;
}

/**
 * bind_unpack() - read the compact form
 * @at, @len: the bytes, from a process that is not trusted to have written them well
 * @a:        owns what @ret_doc points to
 * @ret_doc:  a zeroed struct of the table's size; half filled when this fails
 *
 * Return: 0, or -1 when the bytes are not exactly one packed struct.
 */
int bind_unpack(const struct bind_table *t, const unsigned char *at, size_t len, struct arena *a,
		void *ret_doc, struct err *e)
{
	struct reader r = { .at = at, .end = at + len, .arena = a };

	if (!get_struct(&r, t, ret_doc))
		return fail(e, ERR_BUG, "read a packed record: it is damaged at byte %zu of %zu",
			    (size_t)(r.at - at), len);
	if (r.at != r.end)
		return fail(e, ERR_BUG, "read a packed record: %zu bytes are left over",
			    (size_t)(r.end - r.at));
	return 0;
}
