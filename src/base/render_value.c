/* render_value.c - members of structs as values, by their bind rows; values as text and as JSON */
#include "base/render_value.h"

#include <string.h>
#include <strings.h>

#include "base/json_text.h"
#include "base/render_text.h"
#include "base/text.h"

static bool is_joint(char c)
{
	return c == '_' || c == '-';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Is @key, in Go's letters, the @len bytes at @name? */
static bool is_same_word(const char *key, const char *name, size_t len)
{
	const char *end = name + len;

	for (;;) {
		while (is_joint(*key))
			key++;
		while (name < end && is_joint(*name))
			name++;
		if (!*key || name == end)
			return !*key && name == end;
		if (lower(*key++) != lower(*name++))
			return false;
	}
}

/**
 * bind_row_named() - the member that a user's word names, or NULL
 *
 * The key itself, or the key in other letters and without its '_' and '-': users write names as Go's
 * exported fields. So "pid" is .pid, .Pid and .PID, and "no_new_privs" is .NoNewPrivs.
 */
const struct bind_row *bind_row_named(const struct bind_table *t, const char *name, size_t len)
{
	for (size_t i = 0; i < t->n; i++)
		if (strlen(t->rows[i].key) == len && memcmp(t->rows[i].key, name, len) == 0)
			return &t->rows[i];
	for (size_t i = 0; i < t->n; i++)
		if (is_same_word(t->rows[i].key, name, len))
			return &t->rows[i];
	return NULL;
}

/* value_text() - a text; @raw: it comes from outside */
struct value value_text(const char *text, bool raw)
{
	return (struct value){ .kind = VALUE_TEXT, .raw = raw, .text = text };
}

struct value value_number(int64_t n)
{
	return (struct value){ .kind = VALUE_I64, .i = n };
}

struct value value_struct(const struct bind_table *t, const void *at)
{
	return (struct value){ .kind = VALUE_STRUCT, .table = t, .at = at };
}

static struct value of_unsigned(uint64_t n)
{
	return (struct value){ .kind = VALUE_U64, .u = n };
}

static struct value of_bool(bool truth)
{
	return (struct value){ .kind = VALUE_BOOL, .truth = truth };
}

static struct value none(const struct bind_row *row)
{
	return (struct value){ .row = row };
}

/* value_member() - what the struct @v has for @row, a row of its table; VALUE_NONE if it is absent */
struct value value_member(const struct value *v, const struct bind_row *row)
{
	const void *at = (const unsigned char *)v->at + row->at;

	if (!bind_present(row, at) && row->kind != BIND_FLAGS)
		return none(row);
	switch (row->kind) {
	case BIND_STRING:
		return value_text(*(char *const *)at, true);
	case BIND_BOOL:
		return of_bool(*(const bool *)at);
	case BIND_OPT_BOOL:
		return of_bool(((const struct opt_bool *)at)->v);
	case BIND_U32:
		return value_number(*(const uint32_t *)at);
	case BIND_I64:
		return value_number(*(const int64_t *)at);
	case BIND_U64:
		return of_unsigned(*(const uint64_t *)at);
	case BIND_OPT_I64:
		return value_number(((const struct opt_i64 *)at)->v);
	case BIND_OPT_U64:
		return of_unsigned(((const struct opt_u64 *)at)->v);
	case BIND_WORD:
		return value_text(word_name(row->words, ((const struct opt_word *)at)->v), false);
	case BIND_OBJECT:
		return value_struct(row->table, *(void *const *)at);
	case BIND_PAIRS:
	case BIND_MAP:
		return (struct value){ .kind = VALUE_MAP, .row = row, .at = at };
	case BIND_FLAGS:
	case BIND_OPT_FLAGS:
	case BIND_STRINGS:
	case BIND_NUMBERS:
	case BIND_OBJECTS:
		return (struct value){ .kind = VALUE_LIST, .row = row, .at = at };
	case BIND_BYTES:
		break;
	}
	return none(row);
}

/**
 * value_path() - the member that a path of keys leads to
 * @path: keys, exactly as in the tables, with dots between them
 *
 * Return: false if the tables have no such member. What lies below an absent object is absent.
 */
bool value_path(const struct bind_table *t, const void *at, const char *path,
		struct value *ret_value)
{
	struct value v = value_struct(t, at);

	for (;;) {
		size_t len = strcspn(path, ".");
		const struct bind_row *row = t ? bind_row_named(t, path, len) : NULL;

		if (!row)
			return false;
		v = v.kind == VALUE_STRUCT ? value_member(&v, row) : none(row);
		if (!path[len])
			break;
		t = row->kind == BIND_OBJECT ? row->table : NULL;
		path += len + 1;
	}
	*ret_value = v;
	return true;
}

/* value_truth() - as Go's if sees it: nothing, false, 0, "" and what is empty are false */
bool value_truth(const struct value *v)
{
	switch (v->kind) {
	case VALUE_NONE:
		return false;
	case VALUE_BOOL:
		return v->truth;
	case VALUE_I64:
	case VALUE_U64:
		return v->u != 0;
	case VALUE_TEXT:
		return *v->text != '\0';
	case VALUE_LIST:
	case VALUE_MAP:
		return value_count(v) > 0;
	case VALUE_STRUCT:
	case VALUE_SAMPLE:
		break;
	}
	return true;
}

static uint64_t flags_of(const struct value *v)
{
	return v->row->kind == BIND_FLAGS ? *(const uint64_t *)v->at
					  : ((const struct opt_u64 *)v->at)->v;
}

static bool is_flags(const struct value *v)
{
	return v->row->kind == BIND_FLAGS || v->row->kind == BIND_OPT_FLAGS;
}

/* The name of the @i-th flag that is set, NULL if there are not so many. */
static const char *flag_name(const struct value *v, size_t i)
{
	uint64_t flags = flags_of(v);

	for (const struct word *w = v->row->words; w->name; w++)
		if (w->value && (flags & (uint64_t)w->value) == (uint64_t)w->value && i-- == 0)
			return w->name;
	return NULL;
}

/* value_count() - items of a list or map; 0 for all else */
size_t value_count(const struct value *v)
{
	size_t n = 0;

	if (v->kind != VALUE_LIST && v->kind != VALUE_MAP)
		return 0;
	if (!v->row)
		return v->n;
	if (is_flags(v)) {
		while (flag_name(v, n))
			n++;
	} else if (v->row->kind == BIND_STRINGS) {
		while ((*(char **const *)v->at)[n])
			n++;
	} else {
		n = ((const struct list_any *)v->at)->n;
	}
	return n;
}

/**
 * value_item() - the @i-th item of a list or map, which has more than @i
 * @ret_key: its index, or its key
 */
struct value value_item(const struct value *v, size_t i, struct value *ret_key)
{
	const struct list_any *l = v->at;
	const void *item;

	*ret_key = value_number((int64_t)i);
	if (!v->row)
		return value_text(v->texts[i], v->raw);
	if (is_flags(v))
		return value_text(flag_name(v, i), false);
	if (v->row->kind == BIND_STRINGS)
		return value_text((*(char **const *)v->at)[i], true);
	if (v->row->kind == BIND_NUMBERS)
		return value_number(((const int64_t *)l->at)[i]);
	if (v->row->kind == BIND_PAIRS) {
		const struct pair *p = (const struct pair *)l->at + i;

		*ret_key = value_text(p->key, true);
		return value_text(p->value, true);
	}
	item = (const unsigned char *)l->at + i * v->row->table->size;
	if (v->row->kind == BIND_MAP)
		*ret_key = value_text(*(char *const *)item, true);
	return value_struct(v->row->table, item);
}

/* value_index() - the item of a map that has this key; false if none has */
bool value_index(const struct value *v, const char *key, struct value *ret_item)
{
	size_t n = v->kind == VALUE_MAP ? value_count(v) : 0;

	for (size_t i = 0; i < n; i++) {
		struct value its_key, item = value_item(v, i, &its_key);

		if (strcmp(its_key.text, key) == 0) {
			*ret_item = item;
			return true;
		}
	}
	return false;
}

static bool is_map_row(const struct bind_row *row)
{
	return row && (row->kind == BIND_PAIRS || row->kind == BIND_MAP);
}

static bool is_list_row(const struct bind_row *row)
{
	return row && (row->kind == BIND_STRINGS || row->kind == BIND_NUMBERS ||
		       row->kind == BIND_OBJECTS || row->kind == BIND_FLAGS ||
		       row->kind == BIND_OPT_FLAGS);
}

static void write_items(const struct value *v, enum value_style style, bool ascii, struct str *out)
{
	size_t n = value_count(v);

	for (size_t i = 0; i < n; i++) {
		struct value key, item = value_item(v, i, &key);

		if (i)
			str_add(out, style == VALUE_GO ? " " : ",");
		if (v->kind == VALUE_MAP) {
			value_write(&key, style, ascii, out);
			str_add(out, style == VALUE_GO ? ":" : "=");
		}
		value_write(&item, style, ascii, out);
	}
}

static void write_struct(const struct value *v, enum value_style style, bool ascii, struct str *out)
{
	str_add(out, "{");
	for (size_t i = 0; i < v->table->n; i++) {
		struct value member = value_member(v, &v->table->rows[i]);

		if (i)
			str_add(out, " ");
		value_write(&member, style, ascii, out);
	}
	str_add(out, "}");
}

static void write_all(const struct value *v, enum value_style style, bool ascii, struct str *out)
{
	bool map = v->kind == VALUE_MAP || is_map_row(v->row);

	if (style == VALUE_GO)
		str_add(out, map ? "map[" : "[");
	write_items(v, style, ascii, out);
	if (style == VALUE_GO)
		str_add(out, "]");
}

/**
 * value_write() - append a value as text
 * @ascii: as render_visible() has it
 *
 * What is absent is nothing; an absent list in Go's style is [], an absent map map[].
 */
void value_write(const struct value *v, enum value_style style, bool ascii, struct str *out)
{
	switch (v->kind) {
	case VALUE_NONE:
		if (is_map_row(v->row) || is_list_row(v->row))
			write_all(v, style, ascii, out);
		break;
	case VALUE_BOOL:
		str_add(out, v->truth ? "true" : "false");
		break;
	case VALUE_I64:
		str_addf(out, "%lld", (long long)v->i);
		break;
	case VALUE_U64:
		str_addf(out, "%llu", (unsigned long long)v->u);
		break;
	case VALUE_TEXT:
	case VALUE_SAMPLE:
		if (v->raw)
			render_visible(out, v->text, strlen(v->text), ascii);
		else
			str_add(out, v->text);
		break;
	case VALUE_STRUCT:
		write_struct(v, style, ascii, out);
		break;
	case VALUE_LIST:
	case VALUE_MAP:
		write_all(v, style, ascii, out);
		break;
	}
}

static void write_json(const struct value *v, struct str *out)
{
	switch (v->kind) {
	case VALUE_NONE:
		str_add(out, "null");
		break;
	case VALUE_TEXT:
		json_text_quote(out, v->text);
		break;
	case VALUE_STRUCT:
		bind_write(v->table, v->at, out);
		break;
	case VALUE_LIST:
	case VALUE_MAP:
		if (v->row) {
			bind_write_member(v->row, v->at, out);
			break;
		}
		str_add(out, "[");
		for (size_t i = 0; i < v->n; i++) {
			str_add(out, i ? "," : "");
			json_text_quote(out, v->texts[i]);
		}
		str_add(out, "]");
		break;
	default:
		value_write(v, VALUE_GO, false, out);
	}
}

/* value_json() - append a value as compact JSON, fit for a terminal; what is absent is null */
void value_json(const struct value *v, struct str *out)
{
	own_str struct str compact = { 0 };

	write_json(v, &compact);
	out->torn |= compact.torn;
	if (compact.at)
		value_json_text(out, compact.at);
}

static void add_utf16(struct str *out, uint32_t rune)
{
	if (rune < 0x10000) {
		str_addf(out, "\\u%04x", (unsigned)rune);
		return;
	}
	rune -= 0x10000;
	str_addf(out, "\\u%04x\\u%04x", 0xd800 + (unsigned)(rune >> 10),
		 0xdc00 + (unsigned)(rune & 0x3ff));
}

/**
 * value_json_text() - append JSON as anybody may have it
 *
 * In strings (nowhere else can they be) characters that are not plain become escapes, which change
 * nothing of what is said, and bytes that are not UTF-8, which JSON must be, U+FFFD, as Go does it.
 */
void value_json_text(struct str *out, const char *compact)
{
	size_t len = strlen(compact);

	for (size_t i = 0; i < len;) {
		size_t start = i, n;
		uint32_t rune = 0xfffd;

		while (i < len && (unsigned char)compact[i] < 0x7f)
			i++;
		str_add_len(out, compact + start, i - start);
		if (i == len)
			return;
		n = rune_read(compact + i, len - i, &rune);
		if (n && rune_is_plain(rune))
			str_add_len(out, compact + i, n);
		else
			add_utf16(out, rune);
		i += n ? n : 1;
	}
}
