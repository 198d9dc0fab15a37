/* ps.c - tare ps: the containers of the host, tare's own or those of every engine */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "base/render.h"
#include "any/ledger.h"
#include "tare/any.h"
#include "tare/cli.h"

struct ps {
	bool all_engines, services, all;
	struct opt_list filter;
	struct render render;
};

// clang-format off
static const struct opt ps_opts[] = {
	OPT_FLAG_("all-engines",  0,  struct ps, all_engines, "containers of every engine, and what looks like one"),
	OPT_FLAG_("services",     0,  struct ps, services,    "with --all-engines: systemd's services that have namespaces, too"),
	OPT_STRINGS_("filter",   'f', struct ps, filter,      "KEY=VALUE", "only those of this engine, id, name, image, status or pod"),
	OPT_FLAG_("all",         'a', struct ps, all,         "those that have ended, too"),
	RENDER_OPTS_QUIET(struct ps, render),
};

static const struct render_column columns[] = {
	{ .header = "CONTAINER ID", .path = "id",        .max = 16 },
	{ .header = "ENGINE",       .path = "engine" },
	{ .header = "NAME",         .path = "name",      .max = 32 },
	{ .header = "IMAGE",        .path = "image",     .max = 40 },
	{ .header = "STATUS",       .path = "status" },
	{ .header = "PID",          .path = "pid",       .align = RENDER_RIGHT },
	{ .header = "PROCESSES",    .path = "processes", .align = RENDER_RIGHT },
};

static const struct render_list list = {
	.table = &container_found_table,
	.columns = columns,
	.n = COUNT(columns),
	.quiet = "id",
};
// clang-format on

/* struct filter - what a --filter may look at, and what must be read for it */
struct filter {
	const char *key;
	size_t at; /* of a string in struct container_found */
	const struct word *words;
	unsigned needs;
};

// clang-format off
static const struct filter filters[] = {
	{ "id",     offsetof(struct container_found, id),     NULL, 0 },
	{ "name",   offsetof(struct container_found, name),   NULL, CONTAINERS_NAMES },
	{ "image",  offsetof(struct container_found, image),  NULL, CONTAINERS_NAMES },
	{ "pod",    offsetof(struct container_found, pod),    NULL, CONTAINERS_NAMES },
	{ "engine", offsetof(struct container_found, engine), engine_words, CONTAINERS_FIRST },
	{ "status", offsetof(struct container_found, status), container_run_words, CONTAINERS_STATUS | CONTAINERS_NAMES },
};
// clang-format on

/* struct condition - one --filter, understood */
struct condition {
	const struct filter *filter;
	const char *value;
	int64_t word;
};

static int parse_one(const char *text, struct condition *ret, struct err *e)
{
	const char *equals = strchr(text, '=');
	size_t len = equals ? (size_t)(equals - text) : 0;

	for (size_t i = 0; equals && i < COUNT(filters); i++) {
		const struct filter *f = &filters[i];
		const struct word *w;

		if (strlen(f->key) != len || strncmp(f->key, text, len) != 0)
			continue;
		w = f->words ? word_find(f->words, equals + 1) : NULL;
		if (f->words && !w)
			return fail(e, ERR_INPUT, "ps: --filter '%s': there is no such %s", text,
				    f->key);
		*ret = (struct condition){ f, equals + 1, w ? w->value : 0 };
		return 0;
	}
	fail(e, ERR_INPUT, "ps: --filter '%s' is not understood", text);
	return fail_hint(e, "as in engine=docker, id=…, name=…, image=…, status=paused or pod=…");
}

static bool fits_one(const struct container_found *c, const struct condition *k)
{
	const char *at = (const char *)c + k->filter->at;
	const struct opt_word *w = (const void *)at;
	const char *text;

	if (k->filter->words)
		return w->set && w->v == k->word;
	text = *(char *const *)at;
	if (!text)
		return false;
	/* as docker: an id by its beginning, else any part */
	return strcmp(k->filter->key, "id") == 0 ? text_starts(text, k->value)
						 : strstr(text, k->value) != NULL;
}

/* Filters with the same key are alternatives, as docker's. */
static bool fits(const struct container_found *c, const struct condition *conditions, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool any = false;

		for (size_t j = 0; j < n && !any; j++)
			any = conditions[j].filter == conditions[i].filter &&
			      fits_one(c, &conditions[j]);
		if (!any)
			return false;
	}
	return true;
}

static int compare(const void *a, const void *b)
{
	const struct container_found *x = a, *y = b;

	if (x->engine.v != y->engine.v)
		return x->engine.v < y->engine.v ? -1 : 1;
	return strcmp(x->id, y->id);
}

/* An empty table of our own is right, but not what somebody with docker's containers looks for. */
static void hint_others(const struct ps *o, size_t n)
{
	if (n == 0 || o->all_engines || o->all || o->filter.n || o->render.format ||
	    o->render.json || o->render.quiet || !isatty(STDERR_FILENO))
		return;
	(void)fflush(stdout);
	fprintf(stderr, "%zu container%s of other engines: tare ps --all-engines\n", n,
		n == 1 ? "" : "s");
}

/* No more than is printed or asked for: names and states cost as much as the search itself. */
static unsigned wanted(const struct ps *o, const struct condition *conditions)
{
	unsigned want = o->render.quiet ? 0 : CONTAINERS_NAMES | CONTAINERS_STATUS;

	for (size_t i = 0; i < o->filter.n; i++)
		want |= conditions[i].filter->needs;
	if (o->all_engines)
		want |= CONTAINERS_UNKNOWN | (o->services ? CONTAINERS_SERVICES : 0);
	/* as docker: who asks for them by their status need not say it twice */
	for (size_t i = 0; i < o->filter.n; i++)
		if (conditions[i].filter->words == container_run_words)
			want |= CONTAINERS_STOPPED;
	return o->all ? want | CONTAINERS_STOPPED : want;
}

static int run_ps(const struct cli *cli __attribute__((unused)), void *options,
		  char **args __attribute__((unused)), size_t n_args __attribute__((unused)),
		  int *ret_status __attribute__((unused)), struct err *e)
{
	const struct ps *o = options;
	own_containers struct containers all = { 0 };
	struct condition conditions[COUNT(o->filter.at)];
	size_t n = 0, found;

	for (size_t i = 0; i < o->filter.n; i++)
		if (parse_one(o->filter.at[i], &conditions[i], e) < 0)
			return -1;
	ledger_tidy();
	if (containers_find(NULL, wanted(o, conditions), &all, e) < 0)
		return -1;
	found = all.n;
	for (size_t i = 0; i < all.n; i++)
		if ((o->all_engines || all.at[i].engine.v == ENGINE_TARE) &&
		    fits(&all.at[i], conditions, o->filter.n))
			all.at[n++] = all.at[i];
	if (n)
		qsort(all.at, n, sizeof(all.at[0]), compare);
	if (render_print(&o->render, &list, (struct list_any){ all.at, n }, e) < 0)
		return -1;
	if (n == 0)
		hint_others(o, found);
	return 0;
}

const struct command ps_command = {
	.name = "ps",
	.args = "",
	.summary = "list containers: tare's own, or with --all-engines everybody's",
	.about = "Containers are found from /proc, cgroups and the engines' state "
		 "folders; no daemon is asked.",
	.section = "ANY CONTAINER OF THE HOST",
	.opts = ps_opts,
	.n = COUNT(ps_opts),
	.size = sizeof(struct ps),
	.run = run_ps,
};
