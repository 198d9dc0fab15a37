/* bind_json.c - JSON text to struct and back, by a table's rows
 *
 * json-c does the parsing, for its exact 64-bit integers: an OCI config says
 * 18446744073709551615 where it means "unlimited". Errors name the document and the place:
 * line and column for broken syntax, a JSON pointer (RFC 6901) for a value that does not fit.
 */
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/bind.h"
#include "base/err.h"

#define MAX_DEPTH 64

/* struct place - the chain of names from the value in hand up to the document */
struct place {
	const struct place *up;
	const char *key; /* NULL: an array item, see @index */
	size_t index;
};

struct reader {
	const char *doc;
	const struct bind_note *note;
	struct arena *arena;
	struct err *e;
};

static size_t pointer_of(const struct place *p, char *buf, size_t size)
{
	size_t used;

	if (!p || !p->up)
		return 0;
	used = pointer_of(p->up, buf, size);
	if (used >= size)
		return used;
	if (p->key)
		used += (size_t)snprintf(buf + used, size - used, "/%s", p->key);
	else
		used += (size_t)snprintf(buf + used, size - used, "/%zu", p->index);
	return used;
}

static int fail_place(struct reader *r, const struct place *p)
{
	char pointer[160] = "";

	pointer_of(p, pointer, sizeof(pointer));
	return fail_at(r->e, "%s: %s", r->doc, pointer[0] ? pointer : "/");
}

static int fail_type(struct reader *r, const struct place *p, const char *want, json_object *v)
{
	fail(r->e, ERR_INPUT, "must be %s, not %s", want,
	     v ? json_type_to_name(json_object_get_type(v)) : "null");
	return fail_place(r, p);
}

static int out_of_memory(struct reader *r)
{
	return fail(r->e, ERR_LIMIT, "read '%s': out of memory", r->doc);
}

static int read_string(struct reader *r, const struct place *p, json_object *v, char **ret)
{
	size_t len;

	if (!json_object_is_type(v, json_type_string))
		return fail_type(r, p, "a string", v);
	len = (size_t)json_object_get_string_len(v);
	if (strlen(json_object_get_string(v)) != len) {
		fail(r->e, ERR_INPUT, "holds a NUL byte");
		return fail_place(r, p);
	}
	*ret = arena_dup_len(r->arena, json_object_get_string(v), len);
	return *ret ? 0 : out_of_memory(r);
}

static int read_i64(struct reader *r, const struct place *p, json_object *v, int64_t min,
		    int64_t max, int64_t *ret)
{
	int64_t n;

	if (!json_object_is_type(v, json_type_int))
		return fail_type(r, p, "a whole number", v);
	n = json_object_get_int64(v);
	if (n < min || n > max) {
		fail(r->e, ERR_INPUT, "%s is not between %lld and %lld", json_object_get_string(v),
		     (long long)min, (long long)max);
		return fail_place(r, p);
	}
	*ret = n;
	return 0;
}

static int read_u64(struct reader *r, const struct place *p, json_object *v, uint64_t max,
		    uint64_t *ret)
{
	uint64_t n;

	if (!json_object_is_type(v, json_type_int))
		return fail_type(r, p, "a whole number", v);
	n = json_object_get_uint64(v);
	if (json_object_get_int64(v) < 0 || n > max) {
		fail(r->e, ERR_INPUT, "%s is not between 0 and %llu", json_object_get_string(v),
		     (unsigned long long)max);
		return fail_place(r, p);
	}
	*ret = n;
	return 0;
}

static int read_bool(struct reader *r, const struct place *p, json_object *v, bool *ret)
{
	if (!json_object_is_type(v, json_type_boolean))
		return fail_type(r, p, "true or false", v);
	*ret = json_object_get_boolean(v);
	return 0;
}

static int read_word(struct reader *r, const struct place *p, json_object *v,
		     const struct word *words, int64_t *ret)
{
	const struct word *w;
	const char *name, *near;

	if (!json_object_is_type(v, json_type_string))
		return fail_type(r, p, "a string", v);
	name = json_object_get_string(v);
	w = word_find(words, name);
	if (w) {
		*ret = w->value;
		return 0;
	}
	fail(r->e, ERR_INPUT, "unknown value '%.64s'", name);
	near = word_nearest(words, name);
	if (near)
		fail_hint(r->e, "did you mean '%s'?", near);
	return fail_place(r, p);
}

static int need_array(struct reader *r, const struct place *p, json_object *v)
{
	return json_object_is_type(v, json_type_array) ? 0 : fail_type(r, p, "an array", v);
}

static int read_flags(struct reader *r, const struct place *p, json_object *v,
		      const struct word *words, uint64_t *ret)
{
	if (need_array(r, p, v) < 0)
		return -1;
	for (size_t i = 0; i < json_object_array_length(v); i++) {
		struct place item = { .up = p, .index = i };
		int64_t value;

		if (read_word(r, &item, json_object_array_get_idx(v, i), words, &value) < 0)
			return -1;
		*ret |= (uint64_t)value;
	}
	return 0;
}

static int read_strings(struct reader *r, const struct place *p, json_object *v, char ***ret)
{
	size_t n;
	char **list;

	if (need_array(r, p, v) < 0)
		return -1;
	n = json_object_array_length(v);
	list = arena_array(r->arena, n + 1, sizeof(*list));
	if (!list)
		return out_of_memory(r);
	for (size_t i = 0; i < n; i++) {
		struct place item = { .up = p, .index = i };

		if (read_string(r, &item, json_object_array_get_idx(v, i), &list[i]) < 0)
			return -1;
	}
	*ret = list;
	return 0;
}

static int read_numbers(struct reader *r, const struct place *p, json_object *v,
			const struct bind_row *row, struct numbers *ret)
{
	if (need_array(r, p, v) < 0)
		return -1;
	ret->n = json_object_array_length(v);
	ret->at = arena_array(r->arena, ret->n, sizeof(*ret->at));
	if (!ret->at)
		return out_of_memory(r);
	for (size_t i = 0; i < ret->n; i++) {
		struct place item = { .up = p, .index = i };

		if (read_i64(r, &item, json_object_array_get_idx(v, i), row->min, row->max,
			     &ret->at[i]) < 0)
			return -1;
	}
	return 0;
}

static int read_pairs(struct reader *r, const struct place *p, json_object *v, struct pairs *ret)
{
	size_t n = 0;

	if (!json_object_is_type(v, json_type_object))
		return fail_type(r, p, "an object", v);
	ret->at = arena_array(r->arena, (size_t)json_object_object_length(v), sizeof(*ret->at));
	if (!ret->at)
		return out_of_memory(r);
	json_object_object_foreach(v, key, member)
	{
		struct place item = { .up = p, .key = key };

		ret->at[n].key = arena_dup(r->arena, key);
		if (!ret->at[n].key)
			return out_of_memory(r);
		if (read_string(r, &item, member, &ret->at[n].value) < 0)
			return -1;
		n++;
	}
	ret->n = n;
	return 0;
}

static int read_struct(struct reader *r, const struct place *p, json_object *v,
		       const struct bind_table *t, unsigned char *doc);

static int read_objects(struct reader *r, const struct place *p, json_object *v,
			const struct bind_row *row, struct list_any *ret)
{
	size_t size = row->table->size;

	if (need_array(r, p, v) < 0)
		return -1;
	ret->n = json_object_array_length(v);
	ret->at = arena_array(r->arena, ret->n, size);
	if (!ret->at)
		return out_of_memory(r);
	for (size_t i = 0; i < ret->n; i++) {
		struct place item = { .up = p, .index = i };

		if (read_struct(r, &item, json_object_array_get_idx(v, i), row->table,
				(unsigned char *)ret->at + i * size) < 0)
			return -1;
	}
	return 0;
}

static int read_map(struct reader *r, const struct place *p, json_object *v,
		    const struct bind_row *row, struct list_any *ret)
{
	size_t size = row->table->size;

	if (!json_object_is_type(v, json_type_object))
		return fail_type(r, p, "an object", v);
	ret->at = arena_array(r->arena, (size_t)json_object_object_length(v), size);
	if (!ret->at)
		return out_of_memory(r);
	json_object_object_foreach(v, key, member)
	{
		struct place item = { .up = p, .key = key };
		unsigned char *at = (unsigned char *)ret->at + ret->n * size;

		*(char **)at = arena_dup(r->arena, key);
		if (!*(char **)at)
			return out_of_memory(r);
		if (read_struct(r, &item, member, row->table, at) < 0)
			return -1;
		ret->n++;
	}
	return 0;
}

static int read_object(struct reader *r, const struct place *p, json_object *v,
		       const struct bind_row *row, void **ret)
{
	*ret = arena_alloc(r->arena, row->table->size);
	if (!*ret)
		return out_of_memory(r);
	return read_struct(r, p, v, row->table, *ret);
}

static uint64_t upper(const struct bind_row *row, uint64_t otherwise)
{
	return row->max ? (uint64_t)row->max : otherwise;
}

static int read_row(struct reader *r, const struct place *p, json_object *v,
		    const struct bind_row *row, unsigned char *at)
{
	int64_t lo = row->max ? row->min : INT64_MIN, hi = row->max ? row->max : INT64_MAX;
	struct opt_u64 *u = (void *)at;
	struct opt_i64 *i = (void *)at;
	struct opt_bool *b = (void *)at;
	uint64_t n;

	switch (row->kind) {
	case BIND_STRING:
		return read_string(r, p, v, (char **)at);
	case BIND_BOOL:
		return read_bool(r, p, v, (bool *)at);
	case BIND_OPT_BOOL:
		b->set = true;
		return read_bool(r, p, v, &b->v);
	case BIND_U32:
		if (read_u64(r, p, v, upper(row, UINT32_MAX), &n) < 0)
			return -1;
		*(uint32_t *)at = (uint32_t)n;
		return 0;
	case BIND_I64:
		return read_i64(r, p, v, lo, hi, (int64_t *)at);
	case BIND_U64:
		return read_u64(r, p, v, upper(row, UINT64_MAX), (uint64_t *)at);
	case BIND_OPT_I64:
		i->set = true;
		return read_i64(r, p, v, lo, hi, &i->v);
	case BIND_OPT_U64:
		u->set = true;
		return read_u64(r, p, v, upper(row, UINT64_MAX), &u->v);
	case BIND_WORD:
		i->set = true;
		return read_word(r, p, v, row->words, &i->v);
	case BIND_FLAGS:
		return read_flags(r, p, v, row->words, (uint64_t *)at);
	case BIND_STRINGS:
		return read_strings(r, p, v, (char ***)at);
	case BIND_NUMBERS:
		return read_numbers(r, p, v, row, (struct numbers *)at);
	case BIND_PAIRS:
		return read_pairs(r, p, v, (struct pairs *)at);
	case BIND_OBJECT:
		return read_object(r, p, v, row, (void **)at);
	case BIND_OBJECTS:
		return read_objects(r, p, v, row, (struct list_any *)at);
	case BIND_MAP:
		return read_map(r, p, v, row, (struct list_any *)at);
	case BIND_BYTES:
		break;
	}
	return fail(r->e, ERR_BUG, "row '%s' cannot be read from JSON", row->key);
}

static const struct bind_row *row_find(const struct bind_table *t, const char *key)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->rows[i].key, key) == 0)
			return &t->rows[i];
	return NULL;
}

static int note_unknown(struct reader *r, const struct place *p, const struct bind_table *t,
			const char *key)
{
	const char *near = NULL;
	size_t best = 1 + strlen(key) / 3;
	char pointer[160] = "";

	if (!t->guarded || !r->note || !r->note->unknown)
		return 0;
	for (size_t i = 0; i < t->n; i++) {
		size_t d = text_distance(t->rows[i].key, key);

		if (d <= best) {
			best = d;
			near = t->rows[i].key;
		}
	}
	pointer_of(p, pointer, sizeof(pointer));
	return r->note->unknown(r->note->ctx, pointer, near, r->e);
}

static int read_struct(struct reader *r, const struct place *p, json_object *v,
		       const struct bind_table *t, unsigned char *doc)
{
	if (!json_object_is_type(v, json_type_object))
		return fail_type(r, p, "an object", v);
	json_object_object_foreach(v, key, member)
	{
		const struct bind_row *row = row_find(t, key);
		struct place item = { .up = p, .key = key };

		if (!row) {
			if (note_unknown(r, &item, t, key) < 0)
				return -1;
			continue;
		}
		/* null is what Go writes for an absent slice, map or pointer */
		if (!member && row->need == OPTIONAL)
			continue;
		if (read_row(r, &item, member, row, doc + row->at) < 0)
			return -1;
	}
	for (size_t i = 0; i < t->n; i++) {
		if (t->rows[i].need != REQUIRED ||
		    json_object_object_get_ex(v, t->rows[i].key, NULL))
			continue;
		fail(r->e, ERR_INPUT, "'%s' is missing", t->rows[i].key);
		return fail_place(r, p);
	}
	return 0;
}

static int fail_syntax(const char *doc, const char *text, size_t at, const char *why,
		       struct err *e)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < at; i++) {
		column = text[i] == '\n' ? 1 : column + 1;
		line += text[i] == '\n';
	}
	fail(e, ERR_INPUT, "not valid JSON: %s", why);
	return fail_at(e, "%s:%zu:%zu", doc, line, column);
}

static json_object *parse(const char *text, size_t len, const char *doc, struct err *e)
{
	json_tokener *tok = json_tokener_new_ex(MAX_DEPTH);
	json_object *root = NULL;
	enum json_tokener_error why;
	size_t end;

	if (!tok || len > INT_MAX) {
		fail(e, ERR_LIMIT, "read '%s': too large", doc);
		json_tokener_free(tok);
		return NULL;
	}
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	root = json_tokener_parse_ex(tok, text, (int)len);
	why = json_tokener_get_error(tok);
	end = json_tokener_get_parse_end(tok);
	if (why == json_tokener_continue) {
		fail_syntax(doc, text, len, "the text ends too early", e);
	} else if (why != json_tokener_success) {
		fail_syntax(doc, text, end, json_tokener_error_desc(why), e);
	} else if (!root) {
		fail_syntax(doc, text, 0, "expected an object", e);
	}
	json_tokener_free(tok);
	return root;
}

/**
 * bind_parse() - read a JSON document into a struct
 * @t:       its shape
 * @text:    @len bytes
 * @doc:     the document's name for messages, e.g. "config.json"
 * @note:    told of unknown members of guarded objects; may be NULL
 * @a:       owns what @ret_doc will point to
 * @ret_doc: a zeroed struct of the table's size; half filled when this fails
 *
 * Return: 0, or -1 with ERR_INPUT and the place in e->origin.
 */
int bind_parse(const struct bind_table *t, const char *text, size_t len, const char *doc,
	       const struct bind_note *note, struct arena *a, void *ret_doc, struct err *e)
{
	struct reader r = { .doc = doc, .note = note, .arena = a, .e = e };
	struct place root = { 0 };
	json_object *v = parse(text, len, doc, e);
	int ret;

	if (!v)
		return -1;
	ret = read_struct(&r, &root, v, t, ret_doc);
	json_object_put(v);
	return ret;
}

/* The writers return NULL for "absent", which leaves the member out. */

static json_object *write_struct(const struct bind_table *t, const unsigned char *doc);

static json_object *write_flags(const struct word *words, uint64_t v)
{
	json_object *list = json_object_new_array();

	for (; words->name; words++)
		if (words->value && (v & (uint64_t)words->value) == (uint64_t)words->value)
			json_object_array_add(list, json_object_new_string(words->name));
	return list;
}

static json_object *write_strings(char *const *list)
{
	json_object *v = json_object_new_array();

	for (; *list; list++)
		json_object_array_add(v, json_object_new_string(*list));
	return v;
}

static json_object *write_pairs(const struct pairs *p)
{
	json_object *v = json_object_new_object();

	for (size_t i = 0; i < p->n; i++)
		json_object_object_add(v, p->at[i].key, json_object_new_string(p->at[i].value));
	return v;
}

static json_object *write_list(const struct bind_row *row, const struct list_any *l)
{
	bool map = row->kind == BIND_MAP;
	json_object *v = map ? json_object_new_object() : json_object_new_array();

	for (size_t i = 0; i < l->n; i++) {
		const unsigned char *item = (const unsigned char *)l->at + i * row->table->size;
		json_object *one = write_struct(row->table, item);

		if (map)
			json_object_object_add(v, *(char *const *)item, one);
		else
			json_object_array_add(v, one);
	}
	return v;
}

static json_object *write_numbers(const struct numbers *list)
{
	json_object *v = json_object_new_array();

	for (size_t i = 0; i < list->n; i++)
		json_object_array_add(v, json_object_new_int64(list->at[i]));
	return v;
}

static json_object *write_word(const struct word *words, struct opt_word w)
{
	const char *name = w.set ? word_name(words, w.v) : NULL;

	return name ? json_object_new_string(name) : NULL;
}

static json_object *write_row(const struct bind_row *row, const unsigned char *at)
{
	const struct list_any *list = (const void *)at;
	const struct opt_i64 *i = (const void *)at;
	const struct opt_u64 *u = (const void *)at;
	const struct opt_bool *b = (const void *)at;
	void *const *pointer = (const void *)at;

	switch (row->kind) {
	case BIND_STRING:
		return *pointer ? json_object_new_string(*pointer) : NULL;
	case BIND_BOOL:
		return json_object_new_boolean(*(const bool *)at);
	case BIND_OPT_BOOL:
		return b->set ? json_object_new_boolean(b->v) : NULL;
	case BIND_U32:
		return json_object_new_int64(*(const uint32_t *)at);
	case BIND_I64:
		return json_object_new_int64(*(const int64_t *)at);
	case BIND_U64:
		return json_object_new_uint64(*(const uint64_t *)at);
	case BIND_OPT_I64:
		return i->set ? json_object_new_int64(i->v) : NULL;
	case BIND_OPT_U64:
		return u->set ? json_object_new_uint64(u->v) : NULL;
	case BIND_WORD:
		return write_word(row->words, *(const struct opt_word *)at);
	case BIND_FLAGS:
		return *(const uint64_t *)at ? write_flags(row->words, *(const uint64_t *)at) : NULL;
	case BIND_STRINGS:
		return *pointer ? write_strings(*pointer) : NULL;
	case BIND_NUMBERS:
		return list->n ? write_numbers((const struct numbers *)at) : NULL;
	case BIND_PAIRS:
		return list->n ? write_pairs((const struct pairs *)at) : NULL;
	case BIND_OBJECT:
		return *pointer ? write_struct(row->table, *pointer) : NULL;
	case BIND_OBJECTS:
	case BIND_MAP:
		return list->n ? write_list(row, list) : NULL;
	case BIND_BYTES:
		break;
	}
	return NULL;
}

static json_object *write_struct(const struct bind_table *t, const unsigned char *doc)
{
	json_object *v = json_object_new_object();

	for (size_t i = 0; i < t->n; i++) {
		json_object *member = write_row(&t->rows[i], doc + t->rows[i].at);

		if (member)
			json_object_object_add(v, t->rows[i].key, member);
	}
	return v;
}

/**
 * bind_print() - write a struct as JSON
 * @pretty: indent by two blanks, one member per line
 *
 * Absent members are left out; plain (not optional) numbers and booleans are always written.
 *
 * Return: text that the caller frees, or NULL.
 */
char *bind_print(const struct bind_table *t, const void *doc, bool pretty, struct err *e)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE |
		    (pretty ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED : JSON_C_TO_STRING_PLAIN);
	json_object *v = write_struct(t, doc);
	const char *text = v ? json_object_to_json_string_ext(v, flags) : NULL;
	char *copy = text ? strdup(text) : NULL;

	json_object_put(v);
	if (!copy)
		fail(e, ERR_LIMIT, "write JSON: out of memory");
	return copy;
}
