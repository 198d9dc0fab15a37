/* bind_json.c - JSON text to struct and back, by a table's rows
 *
 * Errors name the document and the place: line and column for broken syntax (json.c), a JSON
 * pointer (RFC 6901) for a value that does not fit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/bind.h"
#include "base/err.h"
#include "base/json.h"
#include "base/json_text.h"
#include "base/own.h"

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
	char key[128];
	size_t used;

	if (!p || !p->up)
		return 0;
	used = pointer_of(p->up, buf, size);
	if (used >= size)
		return used;
	if (p->key)
		used += (size_t)snprintf(buf + used, size - used, "/%s",
					 text_pointer_key(p->key, key, sizeof(key)));
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

static int fail_type(struct reader *r, const struct place *p, const char *want,
		     const struct json *v)
{
	fail(r->e, ERR_INPUT, "must be %s, not %s", want, json_type_word(v->type));
	return fail_place(r, p);
}

static int out_of_memory(struct reader *r)
{
	return fail(r->e, ERR_LIMIT, "read '%s': out of memory", r->doc);
}

static int read_string(struct reader *r, const struct place *p, const struct json *v, char **ret)
{
	if (v->type != JSON_STRING)
		return fail_type(r, p, "a string", v);
	if (strlen(v->text) != v->len) {
		fail(r->e, ERR_INPUT, "holds a NUL byte");
		return fail_place(r, p);
	}
	*ret = (char *)v->text; /* the tree lives in the same arena */
	return 0;
}

/* How much of a number to show: all of any sensible one. */
static int shown(const struct json *v)
{
	return v->len < 32 ? (int)v->len : 32;
}

static int read_i64(struct reader *r, const struct place *p, const struct json *v, int64_t min,
		    int64_t max, int64_t *ret)
{
	int64_t n = 0;

	if (v->type != JSON_NUMBER)
		return fail_type(r, p, "a whole number", v);
	if (!json_i64(v, &n) || n < min || n > max) {
		fail(r->e, ERR_INPUT, "%.*s is not a whole number from %lld to %lld", shown(v),
		     v->text, (long long)min, (long long)max);
		return fail_place(r, p);
	}
	*ret = n;
	return 0;
}

static int read_u64(struct reader *r, const struct place *p, const struct json *v, uint64_t max,
		    uint64_t *ret)
{
	uint64_t n = 0;

	if (v->type != JSON_NUMBER)
		return fail_type(r, p, "a whole number", v);
	if (!json_u64(v, &n) || n > max) {
		fail(r->e, ERR_INPUT, "%.*s is not a whole number from 0 to %llu", shown(v),
		     v->text, (unsigned long long)max);
		return fail_place(r, p);
	}
	*ret = n;
	return 0;
}

static int read_bool(struct reader *r, const struct place *p, const struct json *v, bool *ret)
{
	if (v->type != JSON_BOOL)
		return fail_type(r, p, "true or false", v);
	*ret = v->truth;
	return 0;
}

static int read_word(struct reader *r, const struct place *p, const struct json *v,
		     const struct word *words, int64_t *ret)
{
	const struct word *w;
	const char *near;

	if (v->type != JSON_STRING)
		return fail_type(r, p, "a string", v);
	w = word_find(words, v->text);
	if (w) {
		*ret = w->value;
		return 0;
	}
	fail(r->e, ERR_INPUT, "unknown value '%.64s'", v->text);
	near = word_nearest(words, v->text);
	if (near)
		fail_hint(r->e, "did you mean '%s'?", near);
	return fail_place(r, p);
}

static int need(struct reader *r, const struct place *p, const struct json *v, enum json_type type)
{
	return v->type == type ? 0 : fail_type(r, p, json_type_word(type), v);
}

static int note(struct reader *r, const struct place *p, const char *what, const char *near)
{
	char pointer[160] = "";

	if (!r->note || !r->note->unknown)
		return 0;
	pointer_of(p, pointer, sizeof(pointer));
	return r->note->unknown(r->note->ctx, what, pointer, near, r->e);
}

static int note_name(struct reader *r, const struct place *p, const struct json *v,
		     const struct word *words)
{
	char what[96];

	snprintf(what, sizeof(what), "unknown value '%.64s'", v->text);
	return note(r, p, what, word_nearest(words, v->text));
}

static int read_flags(struct reader *r, const struct place *p, const struct json *v,
		      const struct bind_row *row, uint64_t *ret)
{
	const struct word *words = row->words;
	struct place item = { .up = p };

	if (need(r, p, v, JSON_ARRAY) < 0)
		return -1;
	for (const struct json *i = v->child; i; i = i->next, item.index++) {
		bool known = !row->lenient || i->type != JSON_STRING || word_find(words, i->text);
		int64_t value = 0;

		if ((known ? read_word(r, &item, i, words, &value)
			   : note_name(r, &item, i, words)) < 0)
			return -1;
		*ret |= (uint64_t)value;
	}
	return 0;
}

static int read_strings(struct reader *r, const struct place *p, const struct json *v, char ***ret)
{
	struct place item = { .up = p };
	char **list;

	if (need(r, p, v, JSON_ARRAY) < 0)
		return -1;
	list = arena_array(r->arena, v->len + 1, sizeof(*list));
	if (!list)
		return out_of_memory(r);
	for (const struct json *i = v->child; i; i = i->next, item.index++)
		if (read_string(r, &item, i, &list[item.index]) < 0)
			return -1;
	*ret = list;
	return 0;
}

static int read_numbers(struct reader *r, const struct place *p, const struct json *v,
			const struct bind_row *row, struct numbers *ret)
{
	struct place item = { .up = p };

	if (need(r, p, v, JSON_ARRAY) < 0)
		return -1;
	ret->n = v->len;
	ret->at = arena_array(r->arena, ret->n, sizeof(*ret->at));
	if (!ret->at)
		return out_of_memory(r);
	for (const struct json *i = v->child; i; i = i->next, item.index++)
		if (read_i64(r, &item, i, row->min, row->max, &ret->at[item.index]) < 0)
			return -1;
	return 0;
}

static int read_pairs(struct reader *r, const struct place *p, const struct json *v,
		      struct pairs *ret)
{
	if (need(r, p, v, JSON_OBJECT) < 0)
		return -1;
	ret->n = 0; /* it may have been there before, in other letters */
	ret->at = arena_array(r->arena, v->len, sizeof(*ret->at));
	if (!ret->at)
		return out_of_memory(r);
	for (const struct json *i = v->child; i; i = i->next) {
		struct place item = { .up = p, .key = i->key };

		ret->at[ret->n].key = (char *)i->key;
		if (read_string(r, &item, i, &ret->at[ret->n].value) < 0)
			return -1;
		ret->n++;
	}
	return 0;
}

static int read_struct(struct reader *r, const struct place *p, const struct json *v,
		       const struct bind_table *t, unsigned char *doc);

static int read_objects(struct reader *r, const struct place *p, const struct json *v,
			const struct bind_row *row, struct list_any *ret)
{
	size_t size = row->table->size;
	struct place item = { .up = p };

	if (need(r, p, v, JSON_ARRAY) < 0)
		return -1;
	ret->n = v->len;
	ret->at = arena_array(r->arena, ret->n, size);
	if (!ret->at)
		return out_of_memory(r);
	for (const struct json *i = v->child; i; i = i->next, item.index++)
		if (read_struct(r, &item, i, row->table,
				(unsigned char *)ret->at + item.index * size) < 0)
			return -1;
	return 0;
}

static int read_map(struct reader *r, const struct place *p, const struct json *v,
		    const struct bind_row *row, struct list_any *ret)
{
	size_t size = row->table->size;

	if (need(r, p, v, JSON_OBJECT) < 0)
		return -1;
	ret->n = 0;
	ret->at = arena_array(r->arena, v->len, size);
	if (!ret->at)
		return out_of_memory(r);
	for (const struct json *i = v->child; i; i = i->next) {
		struct place item = { .up = p, .key = i->key };
		unsigned char *at = (unsigned char *)ret->at + ret->n * size;

		*(char **)at = (char *)i->key;
		if (read_struct(r, &item, i, row->table, at) < 0)
			return -1;
		ret->n++;
	}
	return 0;
}

static int read_object(struct reader *r, const struct place *p, const struct json *v,
		       const struct bind_row *row, void **ret)
{
	/* there already: "cpu" and "CPU" in one document are one object, as with Go's decoder */
	if (!*ret)
		*ret = arena_alloc(r->arena, row->table->size);
	if (!*ret)
		return out_of_memory(r);
	return read_struct(r, p, v, row->table, *ret);
}

static uint64_t upper(const struct bind_row *row, uint64_t otherwise)
{
	return row->max ? (uint64_t)row->max : otherwise;
}

static int read_row(struct reader *r, const struct place *p, const struct json *v,
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
		return read_flags(r, p, v, row, (uint64_t *)at);
	case BIND_OPT_FLAGS:
		u->set = true;
		return read_flags(r, p, v, row, &u->v);
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

/* @guess: where to look first; what we wrote ourselves has the order of its table */
static const struct bind_row *row_find(const struct bind_table *t, const char *key, size_t guess)
{
	for (size_t i = guess; i < guess + t->n; i++) {
		const struct bind_row *row = &t->rows[i < t->n ? i : i - t->n];

		if (strcmp(row->key, key) == 0)
			return row;
	}
	/* Go's decoder, and so every file written for runc, does not mind the case */
	for (size_t i = 0; i < t->n; i++)
		if (strcasecmp(t->rows[i].key, key) == 0)
			return &t->rows[i];
	return NULL;
}

static int note_unknown(struct reader *r, const struct place *p, const struct bind_table *t,
			const char *key)
{
	struct text_near near = text_near(key);

	if (!t->guarded)
		return 0;
	for (size_t i = 0; i < t->n; i++)
		text_near_try(&near, t->rows[i].key);
	return note(r, p, "unknown member", near.best);
}

static int fail_member(struct reader *r, const struct place *p, const char *key, const char *what)
{
	fail(r->e, ERR_INPUT, "'%s' is %s", key, what);
	return fail_place(r, p);
}

/* Tables have fewer than 64 rows, so one word remembers which members were seen. */
static int read_members(struct reader *r, const struct place *p, const struct json *v,
			const struct bind_table *t, unsigned char *doc, uint64_t *seen)
{
	uint64_t folded = 0; /* found under a spelling that differs in case */
	size_t next = 0;

	for (const struct json *i = v->child; i; i = i->next) {
		const struct bind_row *row = row_find(t, i->key, next);
		struct place item = { .up = p, .key = i->key };
		uint64_t bit;

		if (!row) {
			if (note_unknown(r, &item, t, i->key) < 0)
				return -1;
			continue;
		}
		next = (size_t)(row - t->rows) + 1;
		bit = 1ULL << (row - t->rows);
		if (strcmp(row->key, i->key) == 0) {
			if (*seen & bit)
				return fail_member(r, p, i->key, "given twice");
			*seen |= bit;
		} else {
			folded |= bit;
		}
		/* null is what Go writes for an absent slice, map or pointer */
		if (i->type == JSON_NULL && row->need == OPTIONAL)
			continue;
		if (read_row(r, &item, i, row, doc + row->at) < 0)
			return -1;
	}
	*seen |= folded;
	return 0;
}

static int read_struct(struct reader *r, const struct place *p, const struct json *v,
		       const struct bind_table *t, unsigned char *doc)
{
	uint64_t seen = 0;

	if (need(r, p, v, JSON_OBJECT) < 0 || read_members(r, p, v, t, doc, &seen) < 0)
		return -1;
	for (size_t i = 0; i < t->n; i++)
		if (t->rows[i].need == REQUIRED && !(seen >> i & 1))
			return fail_member(r, p, t->rows[i].key, "missing");
	return 0;
}

/* bind_read() - bind_parse() of a document that is parsed already, for who looks at it more than once */
int bind_read(const struct bind_table *t, const struct json *v, const char *doc,
	      const struct bind_note *note, struct arena *a, void *ret_doc, struct err *e)
{
	struct reader r = { .doc = doc, .note = note, .arena = a, .e = e };
	struct place root = { 0 };

	return read_struct(&r, &root, v, t, ret_doc);
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
	const struct json *v = json_parse(text, len, doc, NULL, a, e);

	return v ? bind_read(t, v, doc, note, a, ret_doc, e) : -1;
}

/* bind_parse_but() - the same of a document of ours, with the member @skip left as it is */
int bind_parse_but(const struct bind_table *t, const char *text, size_t len, const char *doc,
		   const char *skip, struct arena *a, void *ret_doc, struct err *e)
{
	const struct json *v = json_parse(text, len, doc, skip, a, e);

	return v ? bind_read(t, v, doc, NULL, a, ret_doc, e) : -1;
}

/* bind_parse_list() - the same for a document that is an array of such structs */
int bind_parse_list(const struct bind_table *item, const char *text, size_t len, const char *doc,
		    const struct bind_note *note, struct arena *a, struct list_any *ret_list,
		    struct err *e)
{
	struct reader r = { .doc = doc, .note = note, .arena = a, .e = e };
	const struct bind_row row = { .kind = BIND_OBJECTS, .table = item };
	struct place root = { 0 };
	const struct json *v = json_parse(text, len, doc, NULL, a, e);

	return v ? read_objects(&r, &root, v, &row, ret_list) : -1;
}

static void write_flags(const struct word *words, uint64_t v, struct str *out)
{
	bool first = true;

	str_add(out, "[");
	for (; words->name; words++) {
		if (!words->value || (v & (uint64_t)words->value) != (uint64_t)words->value)
			continue;
		if (!first)
			str_add(out, ",");
		first = false;
		json_text_quote(out, words->name);
	}
	str_add(out, "]");
}

static void write_strings(char *const *list, struct str *out)
{
	str_add(out, "[");
	for (size_t i = 0; list[i]; i++) {
		if (i)
			str_add(out, ",");
		json_text_quote(out, list[i]);
	}
	str_add(out, "]");
}

static void write_pairs(const struct pairs *p, struct str *out)
{
	str_add(out, "{");
	for (size_t i = 0; i < p->n; i++) {
		if (i)
			str_add(out, ",");
		json_text_quote(out, p->at[i].key);
		str_add(out, ":");
		json_text_quote(out, p->at[i].value);
	}
	str_add(out, "}");
}

static void write_list(const struct bind_row *row, const struct list_any *l, struct str *out)
{
	bool map = row->kind == BIND_MAP;

	str_add(out, map ? "{" : "[");
	for (size_t i = 0; i < l->n; i++) {
		const unsigned char *item = (const unsigned char *)l->at + i * row->table->size;

		if (i)
			str_add(out, ",");
		if (map) {
			json_text_quote(out, *(char *const *)item);
			str_add(out, ":");
		}
		bind_write(row->table, item, out);
	}
	str_add(out, map ? "}" : "]");
}

static void write_numbers(const struct numbers *list, struct str *out)
{
	str_add(out, "[");
	for (size_t i = 0; i < list->n; i++)
		str_addf(out, "%s%lld", i ? "," : "", (long long)list->at[i]);
	str_add(out, "]");
}

/* bind_present() - is there anything to write at @at, the member? Plain numbers and booleans always
 * are, and lists that readers require; the rest may be absent. */
bool bind_present(const struct bind_row *row, const void *at)
{
	switch (row->kind) {
	case BIND_STRING:
	case BIND_STRINGS:
	case BIND_OBJECT:
		return *(void *const *)at != NULL;
	case BIND_OPT_BOOL:
		return ((const struct opt_bool *)at)->set;
	case BIND_OPT_I64:
	case BIND_OPT_U64:
	case BIND_OPT_FLAGS:
		return ((const struct opt_i64 *)at)->set;
	case BIND_WORD:
		return ((const struct opt_word *)at)->set &&
		       word_name(row->words, ((const struct opt_word *)at)->v);
	case BIND_FLAGS:
		return *(const uint64_t *)at != 0;
	case BIND_NUMBERS:
	case BIND_PAIRS:
	case BIND_OBJECTS:
	case BIND_MAP:
		return row->need == REQUIRED || ((const struct list_any *)at)->n > 0;
	case BIND_BYTES:
		return false;
	default:
		return true;
	}
}

/* bind_write_member() - append the JSON of one member that is present, without its key */
void bind_write_member(const struct bind_row *row, const void *at, struct str *out)
{
	switch (row->kind) {
	case BIND_STRING:
		json_text_quote(out, *(char *const *)at);
		break;
	case BIND_BOOL:
		str_add(out, *(const bool *)at ? "true" : "false");
		break;
	case BIND_OPT_BOOL:
		str_add(out, ((const struct opt_bool *)at)->v ? "true" : "false");
		break;
	case BIND_U32:
		str_addf(out, "%u", *(const uint32_t *)at);
		break;
	case BIND_I64:
		str_addf(out, "%lld", (long long)*(const int64_t *)at);
		break;
	case BIND_U64:
		str_addf(out, "%llu", (unsigned long long)*(const uint64_t *)at);
		break;
	case BIND_OPT_I64:
		str_addf(out, "%lld", (long long)((const struct opt_i64 *)at)->v);
		break;
	case BIND_OPT_U64:
		str_addf(out, "%llu", (unsigned long long)((const struct opt_u64 *)at)->v);
		break;
	case BIND_WORD:
		json_text_quote(out, word_name(row->words, ((const struct opt_word *)at)->v));
		break;
	case BIND_FLAGS:
		write_flags(row->words, *(const uint64_t *)at, out);
		break;
	case BIND_OPT_FLAGS:
		write_flags(row->words, ((const struct opt_u64 *)at)->v, out);
		break;
	case BIND_STRINGS:
		write_strings(*(char **const *)at, out);
		break;
	case BIND_NUMBERS:
		write_numbers((const void *)at, out);
		break;
	case BIND_PAIRS:
		write_pairs((const void *)at, out);
		break;
	case BIND_OBJECT:
		bind_write(row->table, *(void *const *)at, out);
		break;
	case BIND_OBJECTS:
	case BIND_MAP:
		write_list(row, (const void *)at, out);
		break;
	case BIND_BYTES:
		break;
	}
}

/* bind_write() - append a struct as compact JSON; bind_print() says what of it */
void bind_write(const struct bind_table *t, const void *doc, struct str *out)
{
	bool first = true;

	str_add(out, "{");
	for (size_t i = 0; i < t->n; i++) {
		const struct bind_row *row = &t->rows[i];
		const void *at = (const unsigned char *)doc + row->at;

		if (!bind_present(row, at))
			continue;
		if (!first)
			str_add(out, ",");
		first = false;
		json_text_quote(out, row->key);
		str_add(out, ":");
		bind_write_member(row, at, out);
	}
	str_add(out, "}");
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
	own_str struct str compact = { 0 }, indented = { 0 };
	const struct str *out = pretty ? &indented : &compact;
	char *text = NULL;

	bind_write(t, doc, &compact);
	if (pretty && !compact.torn)
		json_text_indent(&indented, compact.at, "  ");
	if (!compact.torn && !out->torn)
		text = malloc(out->len + 1);
	if (!text) {
		fail(e, ERR_LIMIT, "write JSON: out of memory");
		return NULL;
	}
	return memcpy(text, out->at, out->len + 1);
}
