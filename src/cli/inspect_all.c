/* inspect_all.c - see inspect_all.h */
#include "cli/inspect_all.h"

#include <stdio.h>
#include <string.h>

#include "base/json_text.h"
#include "cli/session.h"

static int print(const struct str *out, bool template, struct err *e)
{
	own_str struct str array = { 0 }, pretty = { 0 };

	if (out->torn)
		return fail_errno(e, ENOMEM, "inspect");
	if (template) {
		fputs(out->at ? out->at : "", stdout);
		return 0;
	}
	str_addf(&array, "[%s]", out->at ? out->at : "");
	json_text_indent(&pretty, array.at ? array.at : "[]", "    ");
	if (array.torn || pretty.torn)
		return fail_errno(e, ENOMEM, "inspect");
	printf("%s\n", pretty.at);
	return 0;
}

/* inspect_all() - who was not found is told in a line each: *ret_status is 1 then */
int inspect_all(const struct cli *cli, struct inspect_wish *w, char **words, size_t n,
		inspect_one *one, int *ret_status, struct err *e)
{
	const bool template = w->format && strcmp(w->format, "json") != 0;
	own_str struct str out = { 0 };
	own_store s = STORE_NONE;
	size_t found = 0;

	w->how = (struct render){ .format = template ? w->format : "json" };
	if (session_open(&s, cli, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		own_arena struct arena a = { 0 };
		own_str struct str text = { 0 };
		struct err bad = { 0 };

		if (one(&s, words[i], w, &a, &text, &bad) < 0) {
			cli_complain(cli, &bad);
			*ret_status = 1;
			continue;
		}
		str_addf(&out, "%s%s", found++ && !template ? "," : "", text.at ? text.at : "");
	}
	return print(&out, template, e);
}

/* --- tare inspect: whatever it is --- */

struct inspect_options {
	struct inspect_wish wish;
	const char *type;
};

// clang-format off
static const struct opt opts[] = {
	OPT_STRING_("format", 'f', struct inspect_options, wish.format, "FORMAT", "'json' or a Go template"),
	OPT_STRING_("type",    0,  struct inspect_options, type,        "TYPE",   "'container' or 'image'; a container is looked for first"),
};
// clang-format on

static int inspect_any(struct store *s, const char *word, const struct inspect_wish *w,
		       struct arena *a, struct str *out, struct err *e)
{
	if (inspect_container(s, word, w, a, out, e) == 0)
		return 0;
	if (e->cls != ERR_ABSENT)
		return -1;
	*e = (struct err){ 0 };
	if (inspect_image(s, word, w, a, out, e) == 0)
		return 0;
	if (e->cls != ERR_ABSENT)
		return -1;
	*e = (struct err){ 0 };
	return fail(e, ERR_ABSENT, "there is no container and no image '%.200s'", word);
}

static int run_inspect(const struct cli *cli, void *options, char **args, size_t n_args,
		       int *ret_status, struct err *e)
{
	static const struct {
		const char *type;
		inspect_one *one;
	} types[] = {
		{ "", inspect_any },
		{ "container", inspect_container },
		{ "image", inspect_image },
	};
	struct inspect_options *o = options;

	for (size_t i = 0; i < COUNT(types); i++)
		if (strcmp(o->type ? o->type : "", types[i].type) == 0)
			return inspect_all(cli, &o->wish, args, n_args, types[i].one, ret_status,
					   e);
	fail(e, ERR_UNSUPPORTED, "--type '%.50s' is not there yet", o->type);
	return fail_hint(e, "'container' and 'image' are");
}

const struct command inspect_command = {
	.name = "inspect",
	.args = "NAME...",
	.summary = "show all that is known of containers or images, as JSON",
	.section = "CONTAINERS",
	.opts = opts,
	.n = COUNT(opts),
	.size = sizeof(struct inspect_options),
	.min = 1,
	.max = SIZE_MAX,
	.run = run_inspect,
};
