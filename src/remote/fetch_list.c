/* fetch_list.c - tags, repositories, searches: pages of JSON, read here and packed for the engine */
#include <string.h>

#include "base/json.h"
#include "remote/fetch.h"
#include "remote/url.h"
#include "spec/reference.h"

#define PAGES_MAX  1000
#define PAGE       1000 /* names that are asked for at a time */
#define WORDS_MAX  256
#define PACKED_MAX (WIRE_ANSWER_MAX - WIRE_PACKET)

/* struct names - what was gathered; @room is how many more may come */
struct names {
	char **at;
	size_t n, room, cap, bytes;
	const char *word; /* only names that have it; NULL: all */
};

static bool add_name(struct op *o, struct names *l, const char *name)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 64;
		char **more = arena_array(&o->asked, cap + 1, sizeof(*more));

		if (!more)
			return false;
		if (l->n)
			memcpy(more, l->at, l->n * sizeof(*more));
		l->at = more;
		l->cap = cap;
	}
	l->bytes += strlen(name) + sizeof(uint32_t);
	l->at[l->n] = arena_dup(&o->asked, name);
	return l->bytes < PACKED_MAX && l->at[l->n++];
}

static bool is_repository(const char *name)
{
	struct reference ref;
	struct err e = { 0 };
	char full[REFERENCE_NAME_MAX + 16];

	if (strlen(name) > REFERENCE_NAME_MAX || strchr(name, ':') || strchr(name, '@'))
		return false;
	memcpy(full, "a.b/", 4);
	memcpy(full + 4, name, strlen(name) + 1);
	return reference_parse_bare(full, &ref, &e) == 0;
}

/* The strings of @key; what is no proper name is left out. */
static int take_names(struct op *o, const struct call *c, const char *key, struct names *l,
		      struct err *e)
{
	bool tags = strcmp(key, "tags") == 0;
	const char *text = c->x.answer.at ? c->x.answer.at : "";
	const struct json *doc = json_parse(text, c->x.answer.len, key, NULL, &o->arena, e);
	const struct json *list = doc && doc->type == JSON_OBJECT ? json_member(doc, key) : NULL;

	if (!doc)
		return -1;
	if (!list || (list->type != JSON_ARRAY && list->type != JSON_NULL))
		return fail(e, ERR_INPUT, "read the %s of '%s': the answer has none", key,
			    o->fetch->target.name);
	for (const struct json *v = list->child; v && l->n < l->room; v = v->next) {
		if (v->type != JSON_STRING || strlen(v->text) != v->len ||
		    !(tags ? reference_is_tag(v->text) : is_repository(v->text)))
			continue;
		if (l->word && !strstr(v->text, l->word))
			continue;
		if (!add_name(o, l, v->text))
			return fail(e, ERR_LIMIT, "read the %s of '%s': there are too many", key,
				    o->fetch->target.name);
	}
	return 0;
}

static int page(struct op *o, struct session *s, struct call *c, const char *key, struct names *l,
		struct err *e)
{
	if (op_call(o, s, c, e) < 0)
		return -1;
	if (c->x.status != 200)
		return op_refused(o, s, c, e);
	return take_names(o, c, key, l, e);
}

/* Follows the Links as long as they lead on. */
static int pages(struct op *o, struct session *s, const char *path, const char *scope,
		 const char *key, struct names *l, struct err *e)
{
	const char *url = NULL;

	for (int i = 0; i < PAGES_MAX; i++) {
		struct call c;
		char *next;
		int r;

		op_call_init(o, &c, "GET", scope);
		c.path = url ? NULL : path;
		c.url = url;
		c.x.answer_max = WIRE_ANSWER_MAX;
		r = page(o, s, &c, key, l, e);
		str_done(&c.x.answer);
		if (r < 0)
			return -1;
		next = c.x.headers.link ? link_next(c.x.headers.link, &o->arena) : NULL;
		next = next ? url_join(c.url, next, &o->arena) : NULL;
		if (!next || l->n >= l->room || strcmp(next, c.url) == 0)
			return 0;
		url = next;
	}
	return 0;
}

static size_t room(const struct op *o)
{
	return o->ask.limit && o->ask.limit < WIRE_LIST_MAX ? (size_t)o->ask.limit : WIRE_LIST_MAX;
}

static int answer_names(struct op *o, const struct names *l, struct err *e)
{
	static char *none[] = { NULL };
	const struct wire_names names = { .names = l->at ? l->at : none };
	own_str struct str out = { 0 };

	if (bind_pack(&wire_names_table, &names, &out) < 0)
		return fail_errno(e, ENOMEM, "pass on a list");
	return op_answer(o, out.at, out.len, e);
}

int fetch_tags(struct op *o, struct session *s, struct err *e)
{
	struct names l = { .room = room(o) };
	char *path =
		arena_printf(&o->arena, "/v2/%s/tags/list?n=%d", s->endpoint->repository, PAGE);

	if (pages(o, s, path, op_scope(o, s, "pull"), "tags", &l, e) < 0)
		return -1;
	return answer_names(o, &l, e);
}

static int catalog(struct op *o, struct session *s, struct names *l, struct err *e)
{
	char *path = arena_printf(&o->arena, "/v2/_catalog?n=%d", PAGE);

	return pages(o, s, path, "registry:catalog:*", "repositories", l, e);
}

int fetch_catalog(struct op *o, struct session *s, struct err *e)
{
	struct names l = { .room = room(o) };

	return catalog(o, s, &l, e) < 0 ? -1 : answer_names(o, &l, e);
}

/* --- searches --- */

static int answer_results(struct op *o, const struct remote_results *r, struct err *e)
{
	own_str struct str out = { 0 };

	if (bind_pack(&wire_results_table, r, &out) < 0)
		return fail_errno(e, ENOMEM, "pass on a list");
	return op_answer(o, out.at, out.len, e);
}

static const struct json *string_of(const struct json *row, const char *key)
{
	const struct json *v = json_member(row, key);

	return v && v->type == JSON_STRING && strlen(v->text) == v->len ? v : NULL;
}

static bool truth_of(const struct json *row, const char *key)
{
	const struct json *v = json_member(row, key);

	return v && v->type == JSON_BOOL && v->truth;
}

static bool take_found(struct op *o, const struct json *row, struct remote_found *f)
{
	const struct json *name, *description, *stars;

	if (row->type != JSON_OBJECT || !(name = string_of(row, "name")) ||
	    !is_repository(name->text))
		return false;
	description = string_of(row, "description");
	stars = json_member(row, "star_count");
	f->name = arena_dup(&o->arena, name->text);
	f->description = description ? arena_dup(&o->arena, description->text) : NULL;
	f->official = truth_of(row, "is_official");
	f->automated = truth_of(row, "is_automated");
	if (stars && stars->type == JSON_NUMBER)
		(void)json_i64(stars, &f->stars);
	return f->name;
}

/* 1: it was Docker Hub's form, 0: it was something else */
static int take_results(struct op *o, const struct call *c, struct remote_results *r)
{
	struct err why = { 0 };
	const char *text = c->x.answer.at ? c->x.answer.at : "";
	const struct json *doc = json_parse(text, c->x.answer.len, "search", NULL, &o->arena, &why);
	const struct json *list =
		doc && doc->type == JSON_OBJECT ? json_member(doc, "results") : NULL;

	if (!list || list->type != JSON_ARRAY)
		return 0;
	r->found.at = arena_array(&o->arena, list->len + 1, sizeof(*r->found.at));
	for (const struct json *v = r->found.at ? list->child : NULL; v && r->found.n < room(o);
	     v = v->next)
		r->found.n += take_found(o, v, &r->found.at[r->found.n]);
	return 1;
}

/* Docker Hub's API, which some others have as well. 1: answered, 0: it has none, -1 */
static int by_index(struct op *o, struct session *s, struct remote_results *r, struct err *e)
{
	own_str struct str path = { 0 };
	struct call c;
	int result;

	str_add(&path, "/v1/search?q=");
	url_escape(&path, o->ask.what);
	str_addf(&path, "&n=%zu", room(o) < 100 ? room(o) : 100);
	op_call_init(o, &c, "GET", "");
	c.path = path.torn ? NULL : path.at;
	c.x.answer_max = WIRE_ANSWER_MAX;
	result = op_call(o, s, &c, e);
	if (result == 0)
		result = c.x.status == 200 ? take_results(o, &c, r) : 0;
	str_done(&c.x.answer);
	return result;
}

static int by_catalog(struct op *o, struct session *s, struct remote_results *r, struct err *e)
{
	struct names l = { .room = room(o), .word = o->ask.what };

	if (catalog(o, s, &l, e) < 0)
		return -1;
	r->found.at = arena_array(&o->arena, l.n + 1, sizeof(*r->found.at));
	if (!r->found.at)
		return fail_errno(e, ENOMEM, "search '%s'", s->host);
	for (r->found.n = 0; r->found.n < l.n; r->found.n++)
		r->found.at[r->found.n].name = l.at[r->found.n];
	return 0;
}

/* Docker Hub's index lies at another host than its registry, and wants nobody to log in. */
static int search_hub(struct op *o, struct remote_results *r, struct err *e)
{
	char host[] = "index.docker.io";
	struct remote_endpoint index = { .host = host };
	struct session s;
	int found;

	session_init(&s, &o->fetch->http, &index);
	found = by_index(o, &s, r, e);
	session_done(&s);
	if (found == 0)
		return fail(e, ERR_INPUT, "search 'docker.io': its index gives no answer");
	return found < 0 ? -1 : 0;
}

/* fetch_search() - the index API, or else what of the catalogue has the words in it */
int fetch_search(struct op *o, struct session *s, struct err *e)
{
	struct remote_results r = { 0 };
	int found;

	if (!o->ask.what || !*o->ask.what || strlen(o->ask.what) > WORDS_MAX)
		return fail(e, ERR_INPUT, "search '%s': what for?", s->host);
	if (strcmp(s->endpoint->host, REFERENCE_DEFAULT_REGISTRY) == 0)
		return search_hub(o, &r, e) < 0 ? -1 : answer_results(o, &r, e);
	found = by_index(o, s, &r, e);
	if (found < 0 || (found == 0 && by_catalog(o, s, &r, e) < 0))
		return -1;
	return answer_results(o, &r, e);
}
