/* resources_merge.c - an update laid over what is in force (pure)
 *
 * Walks the rows of the resources document, so that a new member needs nothing here. Members
 * of an object are taken one by one; lists are joined, an entry for the same device (page
 * size, interface, key) replacing the old one.
 */
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "runtime/resources.h"

/* Members in which 0 is a value; in all others it means "leave it as it is" (runc's example
 * file for `update` is full of them). */
static const char *const zero_counts[] = { "swappiness", "burst", "idle", NULL };

static bool is_one_of(const char *const *list, const char *key)
{
	for (; *list; list++)
		if (strcmp(*list, key) == 0)
			return true;
	return false;
}

/* struct opt_i64 and struct opt_u64 have one layout */
static void merge_number(const struct bind_row *row, const char *object, void *onto,
			 const void *change)
{
	const struct opt_u64 *c = change;
	bool zero = is_one_of(zero_counts, row->key) || strcmp(object, "pids") == 0;

	if (c->set && (c->v || zero))
		memcpy(onto, change, sizeof(*c));
}

/* What tells two entries of a list apart. */
static const char *const identity[] = { "major", "minor", "pageSize", "name", NULL };

static bool same_member(const struct bind_row *row, const char *a, const char *b)
{
	const char *ta, *tb;

	if (row->kind != BIND_STRING)
		return *(const int64_t *)(a + row->at) == *(const int64_t *)(b + row->at);
	ta = *(char *const *)(a + row->at);
	tb = *(char *const *)(b + row->at);
	return ta && tb && strcmp(ta, tb) == 0;
}

static bool same_entry(const struct bind_row *list, const char *a, const char *b)
{
	if (list->kind == BIND_MAP)
		return strcmp(*(char *const *)a, *(char *const *)b) == 0;
	for (size_t i = 0; i < list->table->n; i++)
		if (is_one_of(identity, list->table->rows[i].key) &&
		    !same_member(&list->table->rows[i], a, b))
			return false;
	return true;
}

static int merge_object(const struct bind_table *t, const char *name, char *onto,
			const char *change, struct arena *a, struct err *e);

/* Device rules are a sequence, in which the new ones come last. */
static int merge_list(const struct bind_row *row, struct list_any *onto,
		      const struct list_any *change, struct arena *a, struct err *e)
{
	size_t size = row->table->size, n = onto->n;
	char *at = arena_array(a, onto->n + change->n + 1, size);
	bool sequence = strcmp(row->key, "devices") == 0;

	if (!at)
		return fail_errno(e, ENOMEM, "merge the resources");
	if (n)
		memcpy(at, onto->at, n * size);
	for (size_t i = 0; i < change->n; i++) {
		const char *entry = (const char *)change->at + i * size;
		size_t k = sequence ? 0 : n;

		/* of two for one device the later is in force */
		while (k > 0 && !same_entry(row, at + (k - 1) * size, entry))
			k--;
		if (k == 0)
			memcpy(at + n++ * size, entry, size);
		else if (merge_object(row->table, row->key, at + (k - 1) * size, entry, a, e) < 0)
			return -1;
	}
	*onto = (struct list_any){ .at = at, .n = n };
	return 0;
}

static int merge_pairs(struct pairs *onto, const struct pairs *change, struct arena *a,
		       struct err *e)
{
	struct pair *at = arena_array(a, onto->n + change->n + 1, sizeof(*at));
	size_t n = onto->n;

	if (!at)
		return fail_errno(e, ENOMEM, "merge the resources");
	if (n)
		memcpy(at, onto->at, n * sizeof(*at));
	for (size_t i = 0; i < change->n; i++) {
		size_t k = 0;

		while (k < n && strcmp(at[k].key, change->at[i].key) != 0)
			k++;
		at[k] = change->at[i];
		n += k == n;
	}
	*onto = (struct pairs){ .at = at, .n = n };
	return 0;
}

static int merge_part(const struct bind_row *row, void **onto, void *const *change, struct arena *a,
		      struct err *e)
{
	void *part;

	if (!*change)
		return 0;
	part = arena_alloc(a, row->table->size);
	if (!part)
		return fail_errno(e, ENOMEM, "merge the resources");
	if (*onto)
		memcpy(part, *onto, row->table->size);
	*onto = part;
	return merge_object(row->table, row->key, part, *change, a, e);
}

static int merge_row(const struct bind_row *row, const char *object, char *onto, const char *change,
		     struct arena *a, struct err *e)
{
	switch (row->kind) {
	case BIND_OPT_I64:
	case BIND_OPT_U64:
		merge_number(row, object, onto, change);
		return 0;
	case BIND_OPT_BOOL:
		if (((const struct opt_bool *)change)->set)
			memcpy(onto, change, sizeof(struct opt_bool));
		return 0;
	case BIND_STRING:
		if (*(char *const *)change && **(char *const *)change)
			*(char **)onto = *(char *const *)change;
		return 0;
	case BIND_BOOL:
		*(bool *)onto = *(const bool *)change;
		return 0;
	case BIND_U32:
		*(uint32_t *)onto = *(const uint32_t *)change;
		return 0;
	case BIND_I64:
	case BIND_U64:
		*(uint64_t *)onto = *(const uint64_t *)change;
		return 0;
	case BIND_PAIRS:
		return merge_pairs((struct pairs *)onto, (const struct pairs *)change, a, e);
	case BIND_OBJECT:
		return merge_part(row, (void **)onto, (void *const *)change, a, e);
	case BIND_OBJECTS:
	case BIND_MAP:
		return merge_list(row, (struct list_any *)onto, (const struct list_any *)change, a,
				  e);
	default:
		return fail(e, ERR_BUG, "merge the resources: '%s' has a kind that isn't handled",
			    row->key);
	}
}

static int merge_object(const struct bind_table *t, const char *name, char *onto,
			const char *change, struct arena *a, struct err *e)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct bind_row *row = &t->rows[i];

		if (merge_row(row, name, onto + row->at, change + row->at, a, e) < 0)
			return -1;
	}
	return 0;
}

/**
 * resources_merge() - lay an update over the resources in force
 * @onto:   changed; its parts that change are copied first, so other holders see nothing
 * @change: what the user gave; its strings and lists are shared afterwards
 * @a:      owns what is new; must live as long as @onto, as must @change's arena
 */
int resources_merge(struct oci_resources *onto, const struct oci_resources *change, struct arena *a,
		    struct err *e)
{
	const struct oci_memory *m = change->memory;

	if (merge_object(&oci_resources_table, "resources", (char *)onto, (const char *)change, a,
			 e) < 0)
		return -1;
	/* no limit of memory: the old one of memory and swap together means nothing any more */
	if (m && m->limit.set && m->limit.v == -1 && !(m->swap.set && m->swap.v))
		onto->memory->swap = (struct opt_i64){ 0 };
	return 0;
}
