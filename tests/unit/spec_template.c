/* spec_template.c - what `spec` writes: like runc's, and good enough for ourselves */
#include "t.h"

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json_text.h"
#include "base/text.h"
#include "runtime/spec_template.h"
#include "spec/oci.h"

#ifndef TEST_DATA
#define TEST_DATA "tests/data"
#endif

static void is_file(const char *name, struct spec_template want)
{
	static char text[16384];
	own_str struct str out = { 0 };
	struct err e = { 0 };
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), TEST_DATA "/%s", name);
	f = fopen(path, "r");
	WANT(f != NULL);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	WANT_INT(spec_template_add(&want, &out, &e), 0);
	WANT_STR(out.at, text);
}

TEST(the_config_is_the_one_that_runc_writes)
{
	is_file("runc-spec.json", (struct spec_template){ 0 });
	is_file("runc-spec-rootless.json", (struct spec_template){ .rootless = true });
}

static int no_unknown(void *ctx, const char *what, const char *pointer, const char *nearest,
		      struct err *e)
{
	T_FAIL("%s %s", what, pointer);
	return -1;
}

TEST(the_config_is_read_back_without_a_warning)
{
	struct bind_note note = { no_unknown, NULL };

	for (int i = 0; i < 4; i++) {
		struct spec_template want = { i & 1, i & 2, 1000, 1001 };
		own_str struct str out = { 0 };
		own_arena struct arena a = { 0 };
		struct oci_config c = { 0 };
		struct err e = { 0 };

		WANT_INT(spec_template_add(&want, &out, &e), 0);
		if (bind_parse(&oci_config_table, out.at, out.len, "spec", &note, &a, &c, &e) < 0)
			T_FAIL("%s: %s", e.origin, e.text);
		WANT_INT(c.platform->uid_mappings.n, i & 1);
		if (i & 1)
			WANT_INT(c.platform->gid_mappings.at[0].host_id, 1001);
		WANT_INT(c.platform->namespaces.n, 5 + !!(i & 2));
	}
}

TEST(json_text_is_laid_out_as_go_does)
{
	own_str struct str out = { 0 };

	json_text_indent(&out, "{'a':[],'b':{},'c':[1,{'d':'x,y:[\\'z'}],\"e'\":null}", "  ");
	WANT_STR(out.at, "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    1,\n    {\n"
			 "      \"d\": \"x,y:[\\'z\"\n    }\n  ],\n  \"e'\": null\n}");
}

TEST(json_strings_are_quoted)
{
	own_str struct str out = { 0 };

	json_text_quote(&out, "a\"b\\c\n\x01ü");
	WANT_STR(out.at, "\"a\\\"b\\\\c\\u000a\\u0001ü\"");
}
