/* template_run.c - a template's tree carried out for a row
 *
 * Everything that takes time takes steps, of which there are so many for a row; what is made lies in
 * an arena with a limit; and output has one. So a template ends, whatever it says.
 *
 * A *sample* is a row that only has names: it is run for the headers of `table {{.Name}}`, and to
 * find members that do not exist before any row is printed, and if there is none. All branches are
 * walked then, but only the first is printed.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/template_priv.h"
#include "base/text.h"

#define MEMORY_MAX ((size_t)16 << 20)

/* run_make_failure() - what run_fail() says */
int run_make_failure(struct run *x, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return fail(x->e, ERR_INPUT, "run the template '%s': %s at %zu", x->t->shown, what,
		    x->at + 1);
}

/* run_charge() - count what was done; fails if it is too much for one row */
int run_charge(struct run *x, size_t steps)
{
	if (x->out->len - x->start > TEMPLATE_OUTPUT_MAX)
		return run_fail(x, "one row prints more than %zu bytes", TEMPLATE_OUTPUT_MAX);
	if (steps > x->steps)
		return run_fail(x, "it takes too many steps for one row");
	x->steps -= steps;
	return 0;
}

/* run_keep() - a text that lives as long as the row; NULL: failed */
const char *run_keep(struct run *x, const struct str *s)
{
	const char *kept = s->torn ? NULL : arena_dup_len(x->mem, s->at ? s->at : "", s->len);

	if (!kept)
		run_fail(x, "it takes too much memory for one row");
	return kept && run_charge(x, s->len / 16) < 0 ? NULL : kept;
}

/* run_text() - a value as it is printed; NULL: failed */
const char *run_text(struct run *x, const struct value *v)
{
	own_str struct str text = { 0 };

	value_write(v, VALUE_GO, x->ascii, &text);
	return run_keep(x, &text);
}

/* value_kind_word() - what a value is, for messages */
const char *value_kind_word(const struct value *v)
{
	static const char *const words[] = {
		[VALUE_NONE] = "nothing",    [VALUE_BOOL] = "true or false",
		[VALUE_I64] = "a number",    [VALUE_U64] = "a number",
		[VALUE_TEXT] = "a text",     [VALUE_STRUCT] = "an object",
		[VALUE_LIST] = "a list",     [VALUE_MAP] = "a map",
		[VALUE_SAMPLE] = "a sample",
	};

	return words[v->kind];
}

/* --- samples ---------------------------------------------------------------------------------- */

/* "io.readBytes" is IO READ BYTES. */
static void add_words(struct str *out, const char *path)
{
	char before = ' ';

	for (; *path; before = *path++) {
		bool upper = *path >= 'A' && *path <= 'Z', joint = strchr("._-/", *path) != NULL;

		if (upper && before >= 'a' && before <= 'z')
			str_add(out, " ");
		if (joint)
			str_add(out, " ");
		else if (*path >= 'a' && *path <= 'z')
			str_addf(out, "%c", *path - 'a' + 'A');
		else
			str_add_len(out, path, 1);
	}
}

static const char *sample_header(struct run *x, const char *path)
{
	const char *chosen = x->headers->of ? x->headers->of(x->headers->ctx, path) : NULL;
	own_str struct str words = { 0 };

	if (chosen)
		return chosen;
	add_words(&words, path);
	return run_keep(x, &words);
}

static struct value make_sample(struct run *x, const char *path, const struct bind_row *row)
{
	struct value v = { .kind = VALUE_SAMPLE, .row = row, .path = path, .text = "" };
	const char *header = path ? sample_header(x, path) : NULL;

	if (header)
		v.text = header;
	if (row && row->kind == BIND_OBJECT)
		v.table = row->table;
	return v;
}

/* sample_item() - what stands for an item of a list or map: of objects, their shape; @key: the map's
 * key, NULL for any */
struct value sample_item(struct run *x, const struct value *sample, const char *key)
{
	static const struct bind_row plain = { .kind = BIND_STRING };
	const struct bind_row *row = sample->row;
	struct value v = *sample;

	if (key && row && row->kind == BIND_PAIRS)
		v = make_sample(x, key, NULL);
	v.row = &plain;
	if (row && (row->kind == BIND_OBJECTS || row->kind == BIND_MAP)) {
		v.row = NULL;
		v.table = row->table;
	}
	return v;
}

static const char *join_path(struct run *x, const char *path, const char *key)
{
	own_str struct str joined = { 0 };

	str_addf(&joined, "%s%s%s", path, *path ? "." : "", key);
	return run_keep(x, &joined);
}

/* --- members ---------------------------------------------------------------------------------- */

static int fail_member(struct run *x, const struct bind_table *t, const char *name)
{
	struct text_near near = text_near(name);

	run_fail(x, "no member '%.40s'", name);
	for (size_t i = 0; i < t->n; i++)
		text_near_try(&near, t->rows[i].key);
	return near.best ? fail_hint(x->e, "did you mean '.%s'?", near.best) : -1;
}

/* The shape of what @v is or stands for, NULL if it is no object. */
static const struct bind_table *shape_of(const struct value *v)
{
	if (v->kind == VALUE_STRUCT || v->kind == VALUE_SAMPLE)
		return v->table;
	return v->kind == VALUE_NONE && v->row && v->row->kind == BIND_OBJECT ? v->row->table
									      : NULL;
}

/* A member of what is no object: a map's, by its key. What is below nothing is nothing. */
static int map_member(struct run *x, const struct value *v, const char *name, struct value *ret)
{
	const struct bind_row *row = v->row;

	*ret = (struct value){ 0 };
	if (v->kind == VALUE_MAP) {
		value_index(v, name, ret);
		return 0;
	}
	if (v->kind == VALUE_SAMPLE && (!row || row->kind == BIND_PAIRS || row->kind == BIND_MAP)) {
		*ret = sample_item(x, v, name);
		return 0;
	}
	if (v->kind == VALUE_NONE)
		return 0;
	return run_fail(x, "%s has no member '%.40s'",
			v->kind == VALUE_SAMPLE ? "this" : value_kind_word(v), name);
}

static int member(struct run *x, const struct value *v, const char *name, struct value *ret)
{
	const struct bind_table *shape = shape_of(v);
	const struct bind_row *row = shape ? bind_row_named(shape, name, strlen(name)) : NULL;
	const char *path;

	if (!shape)
		return map_member(x, v, name, ret);
	if (!row)
		return fail_member(x, shape, name);
	if (run_charge(x, shape->n / 4) < 0)
		return -1;
	if (v->kind != VALUE_SAMPLE) {
		*ret = v->kind == VALUE_STRUCT ? value_member(v, row)
					       : (struct value){ .row = row };
		return 0;
	}
	path = join_path(x, v->path, row->key);
	if (!path)
		return -1;
	*ret = make_sample(x, path, row);
	return 0;
}

/* .Label "key": docker's way to ask .Labels for one. */
static int map_call(struct run *x, const struct value *v, const char *name, const char *key,
		    struct value *ret)
{
	const struct bind_table *shape = shape_of(v);
	struct value map = *v;
	char more[72];

	snprintf(more, sizeof(more), "%.64ss", name);
	if (shape && !bind_row_named(shape, name, strlen(name)) &&
	    bind_row_named(shape, more, strlen(more)))
		name = more;
	if (member(x, v, name, &map) < 0)
		return -1;
	if (map.kind != VALUE_MAP && map.kind != VALUE_SAMPLE && map.kind != VALUE_NONE)
		return run_fail(x, "'%.40s' is %s, and takes no argument", name,
				value_kind_word(&map));
	return map_member(x, &map, key, ret);
}

static int members(struct run *x, const struct field *fields, const struct field *end,
		   struct value *v)
{
	for (; fields != end; fields = fields->next) {
		struct value inner;

		x->at = fields->at;
		if (run_charge(x, 1) < 0 || member(x, v, fields->name, &inner) < 0)
			return -1;
		*v = inner;
	}
	return 0;
}

/* --- values ----------------------------------------------------------------------------------- */

static int run_pipe(struct run *x, const struct pipe *p, const struct value *dot,
		    struct value *ret);

static int call_function(struct run *x, const struct function *f, const struct value *args,
			 size_t n, struct value *ret)
{
	for (size_t i = 0; i < n && f->sample != SAMPLE_AS_TEXT; i++) {
		if (args[i].kind != VALUE_SAMPLE)
			continue;
		*ret = f->sample == SAMPLE_STAYS
			       ? args[i]
			       : (struct value){ .kind = VALUE_BOOL, .truth = true };
		return 0;
	}
	return f->call(x, args, n, ret);
}

/* What a term is before its members are asked for. */
static int run_operand(struct run *x, const struct term *t, const struct value *dot,
		       struct value *ret)
{
	x->at = t->at;
	if (run_charge(x, 1) < 0)
		return -1;
	switch (t->kind) {
	case TERM_DOT:
		*ret = *dot;
		return 0;
	case TERM_VARIABLE:
		*ret = x->slots[t->slot];
		return 0;
	case TERM_CONSTANT:
		*ret = t->constant;
		return 0;
	case TERM_PIPE:
		return run_pipe(x, t->pipe, dot, ret);
	case TERM_FUNCTION:
		if (t->function->min)
			return run_fail(x, "%s needs arguments: parentheses are missing",
					t->function->name);
		return call_function(x, t->function, NULL, 0, ret);
	}
	return -1;
}

static int run_term(struct run *x, const struct term *t, const struct value *dot, struct value *ret)
{
	struct value v;

	if (run_operand(x, t, dot, &v) < 0 || members(x, t->fields, NULL, &v) < 0)
		return -1;
	*ret = v;
	return 0;
}

/* and, or: the first argument that decides, or the last; what follows is not looked at. For a
 * sample all are, for the sake of their names. */
static int run_lazy(struct run *x, const struct call *c, const struct value *dot,
		    const struct value *piped, struct value *ret)
{
	bool stop_at = c->terms->function->lazy == LAZY_OR;

	for (const struct term *t = c->terms->next; t; t = t->next) {
		if (run_term(x, t, dot, ret) < 0)
			return -1;
		if (!x->sampling && value_truth(ret) == stop_at)
			return 0;
	}
	if (piped)
		*ret = *piped;
	return 0;
}

static int run_function(struct run *x, const struct call *c, const struct value *dot,
			const struct value *piped, struct value *ret)
{
	const struct function *f = c->terms->function;
	struct value args[ARGUMENTS_MAX + 1];
	size_t n = 0;

	if (f->lazy)
		return run_lazy(x, c, dot, piped, ret);
	for (const struct term *t = c->terms->next; t; t = t->next)
		if (run_term(x, t, dot, &args[n++]) < 0)
			return -1;
	if (piped)
		args[n++] = *piped;
	x->at = c->terms->at;
	return run_charge(x, 1) < 0 ? -1 : call_function(x, f, args, n, ret);
}

/* .Member argument */
static int run_map_call(struct run *x, const struct call *c, const struct value *dot,
			const struct value *piped, struct value *ret)
{
	const struct field *last = c->terms->fields;
	struct value v, argument;

	while (last->next)
		last = last->next;
	if (piped)
		argument = *piped;
	else if (run_term(x, c->terms->next, dot, &argument) < 0)
		return -1;
	if (run_operand(x, c->terms, dot, &v) < 0 || members(x, c->terms->fields, last, &v) < 0)
		return -1;
	x->at = last->at;
	if (argument.kind != VALUE_TEXT && argument.kind != VALUE_SAMPLE)
		return run_fail(x, "a map's key is a text, not %s", value_kind_word(&argument));
	return map_call(x, &v, last->name, argument.text, ret);
}

static int run_call(struct run *x, const struct call *c, const struct value *dot,
		    const struct value *piped, struct value *ret)
{
	if (c->terms->kind == TERM_FUNCTION)
		return run_function(x, c, dot, piped, ret);
	if (c->n > 1 || piped)
		return run_map_call(x, c, dot, piped, ret);
	return run_term(x, c->terms, dot, ret);
}

/* Without setting variables: range sets its own. */
static int run_calls(struct run *x, const struct pipe *p, const struct value *dot,
		     struct value *ret)
{
	struct value v, next;

	for (const struct call *c = p->calls; c; c = c->next) {
		if (run_call(x, c, dot, c == p->calls ? NULL : &v, &next) < 0)
			return -1;
		v = next;
	}
	*ret = v;
	return 0;
}

static int run_pipe(struct run *x, const struct pipe *p, const struct value *dot, struct value *ret)
{
	if (run_calls(x, p, dot, ret) < 0)
		return -1;
	if (p->n_slots)
		x->slots[p->slots[0]] = *ret;
	return 0;
}

/* --- nodes ------------------------------------------------------------------------------------ */

static int run_nodes(struct run *x, const struct node *nodes, const struct value *dot);

static int run_muted(struct run *x, const struct node *nodes, const struct value *dot)
{
	int r;

	x->muted++;
	r = run_nodes(x, nodes, dot);
	x->muted--;
	return r;
}

static int run_print(struct run *x, const struct node *node, const struct value *dot)
{
	struct value v;

	if (run_pipe(x, node->pipe, dot, &v) < 0)
		return -1;
	if (!node->pipe->n_slots && !x->muted)
		value_write(&v, VALUE_GO, x->ascii, x->out);
	x->at = node->at;
	return run_charge(x, 1);
}

static int run_if(struct run *x, const struct node *node, const struct value *dot)
{
	const struct value *inner = dot;
	struct value v;

	if (run_pipe(x, node->pipe, dot, &v) < 0)
		return -1;
	if (node->kind == NODE_WITH)
		inner = &v;
	if (x->sampling)
		return run_nodes(x, node->body, inner) < 0 || run_muted(x, node->other, dot) < 0
			       ? -1
			       : 0;
	return value_truth(&v) ? run_nodes(x, node->body, inner) : run_nodes(x, node->other, dot);
}

/* One turn of a range. */
static int run_turn(struct run *x, const struct node *node, const struct value *key,
		    const struct value *item)
{
	const struct pipe *p = node->pipe;

	if (p->n_slots == 2)
		x->slots[p->slots[0]] = *key;
	if (p->n_slots)
		x->slots[p->slots[p->n_slots - 1]] = *item;
	if (run_charge(x, 1) < 0 || run_nodes(x, node->body, item) < 0)
		return -1;
	if (x->flow == RUN_CONTINUE)
		x->flow = RUN_ON;
	return 0;
}

static int range_sample(struct run *x, const struct node *node, const struct value *dot,
			const struct value *v)
{
	struct value key = value_number(0), item = sample_item(x, v, NULL);

	if (run_turn(x, node, &key, &item) < 0)
		return -1;
	x->flow = RUN_ON;
	return run_muted(x, node->other, dot);
}

static int run_range(struct run *x, const struct node *node, const struct value *dot)
{
	struct value v, key, item;
	size_t n;

	if (run_calls(x, node->pipe, dot, &v) < 0)
		return -1;
	if (v.kind == VALUE_SAMPLE)
		return range_sample(x, node, dot, &v);
	x->at = node->pipe->at;
	if (v.kind != VALUE_LIST && v.kind != VALUE_MAP && v.kind != VALUE_NONE)
		return run_fail(x, "range over %s", value_kind_word(&v));
	n = value_count(&v);
	for (size_t i = 0; i < n && x->flow == RUN_ON; i++) {
		item = value_item(&v, i, &key);
		if (run_turn(x, node, &key, &item) < 0)
			return -1;
	}
	x->flow = RUN_ON;
	return n ? 0 : run_nodes(x, node->other, dot);
}

static int run_node(struct run *x, const struct node *node, const struct value *dot)
{
	x->at = node->at;
	switch (node->kind) {
	case NODE_TEXT:
		if (!x->muted)
			str_add_len(x->out, node->text, node->len);
		return run_charge(x, 1);
	case NODE_PRINT:
		return run_print(x, node, dot);
	case NODE_IF:
	case NODE_WITH:
		return run_if(x, node, dot);
	case NODE_RANGE:
		return run_range(x, node, dot);
	case NODE_BREAK:
	case NODE_CONTINUE:
		x->flow = x->sampling                ? RUN_ON
			  : node->kind == NODE_BREAK ? RUN_BREAK
						     : RUN_CONTINUE;
		return 0;
	}
	return -1;
}

static int run_nodes(struct run *x, const struct node *nodes, const struct value *dot)
{
	for (; nodes && x->flow == RUN_ON; nodes = nodes->next)
		if (run_node(x, nodes, dot) < 0)
			return -1;
	return 0;
}

/**
 * template_run() - append what the template makes of one row
 * @ascii: as render_visible() has it, for text that comes from the row
 *
 * Nothing is appended after what is printed: whoever wants lines ends them.
 */
int template_run(const struct template *t, const struct bind_table *table, const void *row,
		 bool ascii, struct str *out, struct err *e)
{
	own_arena struct arena mem = { .limit = MEMORY_MAX };
	struct value dot = value_struct(table, row);
	struct run x = { .t = t,
			 .mem = &mem,
			 .out = out,
			 .start = out->len,
			 .steps = TEMPLATE_STEPS_MAX,
			 .ascii = ascii,
			 .slots = { dot },
			 .e = e };

	return run_nodes(&x, t->nodes, &dot);
}

/**
 * template_sample() - append the template's headers, and check the names of all members
 * @headers: what stands above members
 * @out:     NULL: only check
 */
int template_sample(const struct template *t, const struct bind_table *table,
		    const struct template_headers *headers, struct str *out, struct err *e)
{
	own_arena struct arena mem = { .limit = MEMORY_MAX };
	own_str struct str nowhere = { 0 };
	struct value dot = { .kind = VALUE_SAMPLE, .table = table, .path = "", .text = "" };
	struct run x = { .t = t,
			 .headers = headers,
			 .mem = &mem,
			 .out = out ? out : &nowhere,
			 .steps = TEMPLATE_STEPS_MAX,
			 .sampling = true,
			 .slots = { dot },
			 .e = e };

	x.start = x.out->len;
	return run_nodes(&x, t->nodes, &dot);
}
