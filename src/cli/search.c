/* search.c - tare search: images that registries have */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/date.h"
#include "base/filter.h"
#include "base/render.h"
#include "cli/registry.h"
#include "tare/cli.h"

struct search {
	uint32_t limit;
	struct opt_list filter;
	struct registry_options registry;
	struct render render;
};

/* Results that are asked for at once, by docker's rule; and columns of a description. */
#define SEARCH_MAX      100
#define DESCRIPTION_MAX 45

enum { BY_AUTOMATED, BY_OFFICIAL, BY_STARS };

// clang-format off
static const struct filter_key search_filters[] = {
	{ "is-automated", BY_AUTOMATED, FILTER_BOOL,   FILTER_AGAIN },
	{ "is-official",  BY_OFFICIAL,  FILTER_BOOL,   FILTER_AGAIN },
	{ "stars",        BY_STARS,     FILTER_NUMBER, FILTER_AGAIN },
	{ NULL, 0, FILTER_TEXT, FILTER_AGAIN },
};

static const struct opt search_opts[] = {
	OPT_STRINGS_("filter", 'f', struct search, filter, "KEY=VALUE", "only those with this is-official (true, false), is-automated, or at least so many stars"),
	OPT_U32_("limit", 0, struct search, limit, "N", "at most N results, up to 100; 25 by default"),
	REGISTRY_OPTS(struct search, registry),
	RENDER_OPTS(struct search, render),
};

struct result {
	char *name, *description, *official, *automated, *stars;
};
static const struct bind_row rows[] = {
	ROW_STRING("Name",        OPTIONAL, struct result, name),
	ROW_STRING("Description", OPTIONAL, struct result, description),
	ROW_STRING("StarCount",   OPTIONAL, struct result, stars),
	ROW_STRING("IsOfficial",  OPTIONAL, struct result, official),
	ROW_STRING("IsAutomated", OPTIONAL, struct result, automated),
};
static const struct bind_table result_table = BIND_TABLE(rows, struct result, false);
static const struct render_column columns[] = {
	{ .header = "NAME",        .path = "Name" },
	{ .header = "DESCRIPTION", .path = "Description" },
	{ .header = "STARS",       .path = "StarCount" },
	{ .header = "OFFICIAL",    .path = "IsOfficial" },
};
static const struct render_list list = { .table = &result_table, .columns = columns, .n = COUNT(columns) };
// clang-format on

/* The most stars first; then as the registry has them. */
static int by_stars(const void *a, const void *b)
{
	const struct remote_found *const *x = a, *const *y = b;

	if ((*x)->stars != (*y)->stars)
		return (*x)->stars < (*y)->stars ? 1 : -1;
	return (*x > *y) - (*x < *y);
}

static bool is_wanted(const struct remote_found *f, const struct filters *filters)
{
	return filters_fit_truth(filters, BY_OFFICIAL, f->official) &&
	       filters_fit_truth(filters, BY_AUTOMATED, f->automated) &&
	       filters_fit_least(filters, BY_STARS, f->stars > 0 ? (uint64_t)f->stars : 0);
}

/* JSON has docker's words; templates and tables have its mark. */
static char *truth_text(bool is, const struct render *how)
{
	if (how->json || (how->format && strcmp(how->format, "json") == 0))
		return text_shown(is ? "true" : "false");
	return text_shown(is ? "[OK]" : "");
}

static void fill(struct result *r, const struct remote_found *f, const struct render *how,
		 struct arena *a)
{
	*r = (struct result){ .name = f->name,
			      .stars = arena_printf(a, "%lld", (long long)f->stars),
			      .official = truth_text(f->official, how),
			      .automated = truth_text(f->automated, how) };
	r->description =
		render_short(a, how, f->description ? f->description : "", DESCRIPTION_MAX);
}

static int print_results(const struct remote_results *found, const struct filters *filters,
			 const struct render *how, struct arena *a, struct err *e)
{
	const struct remote_found **order = arena_array(a, found->found.n + 1, sizeof(*order));
	struct result *all = arena_array(a, found->found.n + 1, sizeof(*all));
	size_t n = 0;

	if (!order || !all)
		return fail_errno(e, ENOMEM, "search");
	for (size_t i = 0; i < found->found.n; i++)
		if (is_wanted(&found->found.at[i], filters))
			order[n++] = &found->found.at[i];
	if (n)
		qsort(order, n, sizeof(struct remote_found *), by_stars);
	for (size_t i = 0; i < n; i++)
		fill(&all[i], order[i], how, a);
	return render_print(how, &list, (struct list_any){ all, n }, e);
}

static int run_search(const struct cli *cli __attribute__((unused)), void *options, char **args,
		      size_t n_args __attribute__((unused)),
		      int *ret_status __attribute__((unused)), struct err *e)
{
	const struct search *o = options;
	const char *slash = strchr(args[0], '/');
	own_arena struct arena a = { 0 };
	struct remote_options how = { 0 };
	struct remote_target target;
	struct remote_results found = { 0 };
	struct remote *remote;
	struct filters filters;
	char registry[256];
	int r;

	if (registry_options(&o->registry, &how, e) < 0)
		return -1;
	if (filters_parse(search_filters, &o->filter, date_now_ns(), &filters, e) < 0)
		return fail_in(e, "search");
	if (o->limit > SEARCH_MAX)
		return fail(e, ERR_INPUT, "search: --limit %u is outside of 1 to %d", o->limit,
			    SEARCH_MAX);
	snprintf(registry, sizeof(registry), "%.*s", slash ? (int)(slash - args[0]) : 0, args[0]);
	if (!slash || !reference_is_registry(registry) || !strpbrk(registry, ".:")) {
		slash = NULL;
		snprintf(registry, sizeof(registry), "%s", REFERENCE_DEFAULT_REGISTRY);
	}
	if (remote_target_of_registry(registry, &how, &a, &target, e) < 0 ||
	    remote_open(&target, &remote, e) < 0)
		return -1;
	r = remote_search(remote, slash ? slash + 1 : args[0], o->limit ? o->limit : 25, &a, &found,
			  e);
	remote_close(remote);
	return r < 0 ? fail_in(e, "search %s", registry)
		     : print_results(&found, &filters, &o->render, &a, e);
}

const struct command search_command = {
	.name = "search",
	.args = "[REGISTRY/]WORDS",
	.summary = "look for images in registries",
	.about = "Asks Docker Hub, or the registry that is named. One that can't search is asked "
		 "for its "
		 "catalog instead, and what has the words in its name is shown.",
	.section = "IMAGES",
	.opts = search_opts,
	.n = COUNT(search_opts),
	.size = sizeof(struct search),
	.min = 1,
	.max = 1,
	.run = run_search,
};
