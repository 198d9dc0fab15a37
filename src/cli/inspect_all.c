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
int inspect_all(const struct cli *cli, const char *format, char **words, size_t n, inspect_one *one,
		int *ret_status, struct err *e)
{
	const bool template = format && strcmp(format, "json") != 0;
	const struct render how = { .format = template ? format : "json" };
	own_str struct str out = { 0 };
	own_store s = STORE_NONE;
	size_t found = 0;

	if (session_open(&s, cli, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		own_arena struct arena a = { 0 };
		own_str struct str text = { 0 };
		struct err bad = { 0 };

		if (one(&s, words[i], &how, &a, &text, &bad) < 0) {
			cli_complain(cli, &bad);
			*ret_status = 1;
			continue;
		}
		str_addf(&out, "%s%s", found++ && !template ? "," : "", text.at ? text.at : "");
	}
	return print(&out, template, e);
}
