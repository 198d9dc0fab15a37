/* template_functions.c - the functions that templates know: Go's and docker's
 *
 * Text of a row stays raw in functions that only change it (lower, truncate, split), and is made
 * visible by those that put texts together (print, printf, join), since the rest of these is the
 * user's own and may hold what it likes.
 */
#include <stdio.h>
#include <string.h>

#include "base/render_text.h"
#include "base/template_priv.h"
#include "base/text.h"

/* A text as the document has it; of anything else, what would be printed. */
static int take_text(struct run *x, const struct value *v, struct value *ret)
{
	const char *text;

	if (v->kind == VALUE_TEXT) {
		*ret = *v;
		return run_charge(x, strlen(v->text) / 16);
	}
	text = run_text(x, v);
	if (!text)
		return -1;
	*ret = value_text(text, false);
	return 0;
}

static int give_text(struct run *x, const struct str *s, bool raw, struct value *ret)
{
	const char *kept = run_keep(x, s);

	if (!kept)
		return -1;
	*ret = value_text(kept, raw);
	return 0;
}

/* A count from 0 to @max. */
static int take_count(struct run *x, const char *function, const struct value *v, int64_t max,
		      size_t *ret)
{
	if ((v->kind != VALUE_I64 && v->kind != VALUE_U64) || v->i < 0 || v->i > max)
		return run_fail(x, "%s wants a number from 0 to %lld", function, (long long)max);
	*ret = (size_t)v->i;
	return 0;
}

static struct value of_bool(bool truth)
{
	return (struct value){ .kind = VALUE_BOOL, .truth = truth };
}

/* --- comparison ------------------------------------------------------------------------------- */

static bool is_number(const struct value *v)
{
	return v->kind == VALUE_I64 || v->kind == VALUE_U64;
}

static int compare_numbers(const struct value *a, const struct value *b)
{
	bool a_below = a->kind == VALUE_I64 && a->i < 0, b_below = b->kind == VALUE_I64 && b->i < 0;

	if (a_below != b_below)
		return a_below ? -1 : 1;
	if (a_below)
		return (a->i > b->i) - (a->i < b->i);
	return (a->u > b->u) - (a->u < b->u);
}

/* An absent text is an empty one, as it is for Go. */
static struct value filled(const struct value *v)
{
	if (v->kind == VALUE_NONE && v->row &&
	    (v->row->kind == BIND_STRING || v->row->kind == BIND_WORD))
		return value_text("", false);
	return *v;
}

/**
 * compare() - how @left and @right stand to each other
 * @ret_order: below, at or above 0; if they have no order, only whether it is 0
 * @ret_none:  one of them is absent: no order, and equal only if both are
 */
static int compare(struct run *x, const struct value *left, const struct value *right,
		   int *ret_order, bool *ret_none)
{
	struct value a = filled(left), b = filled(right);

	*ret_none = a.kind == VALUE_NONE || b.kind == VALUE_NONE;
	if (*ret_none)
		*ret_order = a.kind != b.kind;
	else if (is_number(&a) && is_number(&b))
		*ret_order = compare_numbers(&a, &b);
	else if (a.kind == VALUE_TEXT && b.kind == VALUE_TEXT)
		*ret_order = strcmp(a.text, b.text);
	else if (a.kind == VALUE_BOOL && b.kind == VALUE_BOOL)
		*ret_order = a.truth - b.truth;
	else
		return run_fail(x, "%s cannot be compared with %s", value_kind_word(&a),
				value_kind_word(&b));
	return a.kind == VALUE_TEXT && b.kind == VALUE_TEXT ? run_charge(x, strlen(a.text) / 16)
							    : 0;
}

/* eq: is the first one of the others? */
static int call_eq(struct run *x, const struct value *args, size_t n, struct value *ret)
{
	*ret = of_bool(false);
	for (size_t i = 1; i < n; i++) {
		bool none;
		int order;

		if (compare(x, &args[0], &args[i], &order, &none) < 0)
			return -1;
		ret->truth |= order == 0;
	}
	return 0;
}

static int call_ne(struct run *x, const struct value *args, size_t n, struct value *ret)
{
	if (call_eq(x, args, n, ret) < 0)
		return -1;
	ret->truth = !ret->truth;
	return 0;
}

static int in_order(struct run *x, const struct value *a, const struct value *b, bool equal,
		    struct value *ret)
{
	bool none;
	int order;

	if (compare(x, a, b, &order, &none) < 0)
		return -1;
	*ret = of_bool(!none && (order < 0 || (equal && order == 0)));
	return 0;
}

static int call_lt(struct run *x, const struct value *args, size_t n, struct value *ret)
{
	return in_order(x, &args[0], &args[1], false, ret);
}

static int call_le(struct run *x, const struct value *args, size_t n, struct value *ret)
{
	return in_order(x, &args[0], &args[1], true, ret);
}

static int call_gt(struct run *x, const struct value *args, size_t n, struct value *ret)
{
	return in_order(x, &args[1], &args[0], false, ret);
}

static int call_ge(struct run *x, const struct value *args, size_t n, struct value *ret)
{
	return in_order(x, &args[1], &args[0], true, ret);
}

static int call_not(struct run *x, const struct value *args, size_t n, struct value *ret)
{
	*ret = of_bool(!value_truth(&args[0]));
	return 0;
}

/* --- parts of values -------------------------------------------------------------------------- */

static int call_len(struct run *x, const struct value *args, size_t n, struct value *ret)
{
	const struct value v = filled(&args[0]);
	size_t len = v.kind == VALUE_TEXT ? strlen(v.text) : value_count(&v);

	if (v.kind != VALUE_TEXT && v.kind != VALUE_LIST && v.kind != VALUE_MAP &&
	    v.kind != VALUE_NONE)
		return run_fail(x, "%s has no length", value_kind_word(&v));
	*ret = value_number((int64_t)len);
	return run_charge(x, len / 16);
}

static int index_once(struct run *x, const struct value *v, const struct value *key,
		      struct value *ret)
{
	struct value its_key;

	*ret = (struct value){ 0 };
	if (v->kind == VALUE_SAMPLE)
		*ret = sample_item(x, v, key->kind == VALUE_TEXT ? key->text : NULL);
	else if (v->kind == VALUE_MAP && key->kind == VALUE_TEXT)
		value_index(v, key->text, ret);
	else if (v->kind == VALUE_LIST && is_number(key))
		*ret = key->u < value_count(v) ? value_item(v, (size_t)key->u, &its_key) : *ret;
	else if (v->kind != VALUE_NONE && key->kind != VALUE_SAMPLE)
		return run_fail(x, "%s has no item for %s", value_kind_word(v),
				value_kind_word(key));
	return run_charge(x, 1 + value_count(v) / 4);
}

static int call_index(struct run *x, const struct value *args, size_t n, struct value *ret)
{
	struct value v = args[0], item;

	for (size_t i = 1; i < n; i++) {
		if (index_once(x, &v, &args[i], &item) < 0)
			return -1;
		v = item;
	}
	*ret = v;
	return 0;
}

/* slice TEXT [FROM [TO]], in bytes; cut to what is there. */
static int call_slice(struct run *x, const struct value *args, size_t n, struct value *ret)
{
	size_t len, from = 0, to;
	own_str struct str part = { 0 };
	struct value v;

	if (args[0].kind != VALUE_TEXT && args[0].kind != VALUE_NONE)
		return run_fail(x, "slice wants a text, not %s", value_kind_word(&args[0]));
	if (take_text(x, &args[0], &v) < 0)
		return -1;
	to = len = strlen(v.text);
	if ((n > 1 && take_count(x, "slice", &args[1], INT32_MAX, &from) < 0) ||
	    (n > 2 && take_count(x, "slice", &args[2], INT32_MAX, &to) < 0))
		return -1;
	to = to < len ? to : len;
	if (from < to)
		str_add_len(&part, v.text + from, to - from);
	return give_text(x, &part, v.raw, ret);
}

/* --- texts ------------------------------------------------------------------------------------ */

static int call_print(struct run *x, const struct value *args, size_t n, struct value *ret)
{
	own_str struct str out = { 0 };

	for (size_t i = 0; i < n; i++) {
		/* Go's rule: a blank between two operands of which none is a text */
		if (i && args[i].kind != VALUE_TEXT && args[i - 1].kind != VALUE_TEXT)
			str_add(&out, " ");
		value_write(&args[i], VALUE_GO, x->ascii, &out);
	}
	return give_text(x, &out, false, ret);
}

static int call_println(struct run *x, const struct value *args, size_t n, struct value *ret)
{
	own_str struct str out = { 0 };

	for (size_t i = 0; i < n; i++) {
		str_add(&out, i ? " " : "");
		value_write(&args[i], VALUE_GO, x->ascii, &out);
	}
	str_add(&out, "\n");
	return give_text(x, &out, false, ret);
}

static int call_json(struct run *x, const struct value *args, size_t n, struct value *ret)
{
	own_str struct str out = { 0 };

	value_json(&args[0], &out);
	return give_text(x, &out, false, ret);
}

/* join LIST SEPARATOR */
static int call_join(struct run *x, const struct value *args, size_t n, struct value *ret)
{
	own_str struct str out = { 0 };
	size_t items = value_count(&args[0]);

	if (args[0].kind != VALUE_LIST && args[0].kind != VALUE_NONE)
		return run_fail(x, "join wants a list, not %s", value_kind_word(&args[0]));
	for (size_t i = 0; i < items && out.len <= TEMPLATE_OUTPUT_MAX; i++) {
		struct value key, item = value_item(&args[0], i, &key);

		if (i)
			value_write(&args[1], VALUE_GO, x->ascii, &out);
		value_write(&item, VALUE_GO, x->ascii, &out);
	}
	return give_text(x, &out, false, ret);
}

static size_t count_parts(const char *text, const char *separator, size_t skip)
{
	size_t n = 1;

	for (const char *at = text; (at = strstr(at, separator)); at += skip)
		n++;
	return n;
}

/* split TEXT SEPARATOR */
static int call_split(struct run *x, const struct value *args, size_t n, struct value *ret)
{
	struct value text, separator;
	const char **parts, *at, *next;
	size_t skip, count, i = 0;

	if (take_text(x, &args[0], &text) < 0 || take_text(x, &args[1], &separator) < 0)
		return -1;
	skip = strlen(separator.text);
	if (!skip)
		return run_fail(x, "split wants a separator");
	count = count_parts(text.text, separator.text, skip);
	parts = arena_array(x->mem, count, sizeof(*parts));
	for (at = text.text; parts; at = next + skip) {
		next = strstr(at, separator.text);
		parts[i] = next ? arena_dup_len(x->mem, at, (size_t)(next - at)) : at;
		if (!parts[i++])
			parts = NULL;
		if (!next)
			break;
	}
	if (!parts)
		return run_fail(x, "it takes too much memory for one row");
	*ret = (struct value){ .kind = VALUE_LIST, .raw = text.raw, .texts = parts, .n = count };
	return run_charge(x, count);
}

static char to_lower(char c, char before)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static char to_upper(char c, char before)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* Go's strings.Title(): the first letter of each word. */
static char to_title(char c, char before)
{
	bool in_word = to_upper(before, 0) != before || to_lower(before, 0) != before ||
		       (before >= '0' && before <= '9') || before == '_' || (before & 0x80);

	return in_word ? c : to_upper(c, 0);
}

/* The letters of ASCII. */
static int change_letters(struct run *x, const struct value *v, char (*change)(char, char),
			  struct value *ret)
{
	struct value text;
	char *changed;
	char before = ' ';

	if (take_text(x, v, &text) < 0)
		return -1;
	changed = arena_dup(x->mem, text.text);
	if (!changed)
		return run_fail(x, "it takes too much memory for one row");
	for (char *c = changed; *c; c++) {
		char was = *c;

		*c = change(was, before);
		before = was;
	}
	*ret = value_text(changed, text.raw);
	return 0;
}

static int call_lower(struct run *x, const struct value *args, size_t n, struct value *ret)
{
	return change_letters(x, &args[0], to_lower, ret);
}

static int call_upper(struct run *x, const struct value *args, size_t n, struct value *ret)
{
	return change_letters(x, &args[0], to_upper, ret);
}

static int call_title(struct run *x, const struct value *args, size_t n, struct value *ret)
{
	return change_letters(x, &args[0], to_title, ret);
}

/* pad TEXT BEFORE AFTER: so many blanks; nothing stays nothing, as with docker */
static int call_pad(struct run *x, const struct value *args, size_t n, struct value *ret)
{
	own_str struct str out = { 0 };
	size_t before, after;
	struct value text = args[0];

	if (take_count(x, "pad", &args[1], 1000, &before) < 0 ||
	    take_count(x, "pad", &args[2], 1000, &after) < 0 ||
	    (text.kind != VALUE_SAMPLE && take_text(x, &args[0], &text) < 0))
		return -1;
	if (*text.text)
		str_addf(&out, "%*s%s%*s", (int)before, "", text.text, (int)after, "");
	if (text.kind != VALUE_SAMPLE)
		return give_text(x, &out, text.raw, ret);
	*ret = text;
	ret->text = run_keep(x, &out);
	return ret->text ? 0 : -1;
}

/* truncate TEXT N: its first N characters */
static int call_truncate(struct run *x, const struct value *args, size_t n, struct value *ret)
{
	own_str struct str out = { 0 };
	struct value text;
	size_t max, at = 0, len;

	if (take_count(x, "truncate", &args[1], INT32_MAX, &max) < 0 ||
	    take_text(x, &args[0], &text) < 0)
		return -1;
	len = strlen(text.text);
	for (; max && at < len; max--) {
		uint32_t rune;
		size_t bytes = rune_read(text.text + at, len - at, &rune);

		at += bytes ? bytes : 1;
	}
	str_add_len(&out, text.text, at);
	return give_text(x, &out, text.raw, ret);
}

// clang-format off
const struct function template_functions[] = {
	{ "and",      1, SIZE_MAX, LAZY_AND, SAMPLE_AS_TEXT, NULL },
	{ "or",       1, SIZE_MAX, LAZY_OR,  SAMPLE_AS_TEXT, NULL },
	{ "not",      1, 1,        LAZY_NO,  SAMPLE_IS_TRUE, call_not },
	{ "eq",       2, SIZE_MAX, LAZY_NO,  SAMPLE_IS_TRUE, call_eq },
	{ "ne",       2, 2,        LAZY_NO,  SAMPLE_IS_TRUE, call_ne },
	{ "lt",       2, 2,        LAZY_NO,  SAMPLE_IS_TRUE, call_lt },
	{ "le",       2, 2,        LAZY_NO,  SAMPLE_IS_TRUE, call_le },
	{ "gt",       2, 2,        LAZY_NO,  SAMPLE_IS_TRUE, call_gt },
	{ "ge",       2, 2,        LAZY_NO,  SAMPLE_IS_TRUE, call_ge },
	{ "len",      1, 1,        LAZY_NO,  SAMPLE_STAYS,   call_len },
	{ "index",    1, SIZE_MAX, LAZY_NO,  SAMPLE_AS_TEXT, call_index },
	{ "slice",    1, 3,        LAZY_NO,  SAMPLE_STAYS,   call_slice },
	{ "print",    0, SIZE_MAX, LAZY_NO,  SAMPLE_AS_TEXT, call_print },
	{ "printf",   1, SIZE_MAX, LAZY_NO,  SAMPLE_AS_TEXT, template_printf },
	{ "println",  0, SIZE_MAX, LAZY_NO,  SAMPLE_AS_TEXT, call_println },
	{ "json",     1, 1,        LAZY_NO,  SAMPLE_STAYS,   call_json },
	{ "join",     2, 2,        LAZY_NO,  SAMPLE_STAYS,   call_join },
	{ "split",    2, 2,        LAZY_NO,  SAMPLE_STAYS,   call_split },
	{ "lower",    1, 1,        LAZY_NO,  SAMPLE_STAYS,   call_lower },
	{ "upper",    1, 1,        LAZY_NO,  SAMPLE_STAYS,   call_upper },
	{ "title",    1, 1,        LAZY_NO,  SAMPLE_STAYS,   call_title },
	{ "pad",      3, 3,        LAZY_NO,  SAMPLE_AS_TEXT, call_pad },
	{ "truncate", 2, 2,        LAZY_NO,  SAMPLE_STAYS,   call_truncate },
	{ NULL, 0, 0, LAZY_NO, SAMPLE_AS_TEXT, NULL },
};
// clang-format on

/* template_function() - the row with this name, or NULL */
const struct function *template_function(const char *name)
{
	for (const struct function *f = template_functions; f->name; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}
