/* json.c - JSON text to a tree (RFC 8259) */
#include "t.h"

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"

static const struct json *parse(const char *text, const char *skip, struct arena *a)
{
	struct err e = { 0 };
	const struct json *v = json_parse(text, strlen(text), "doc", skip, a, &e);

	if (!v)
		T_FAIL("%s is refused: %s: %s", text, e.origin, e.text);
	return v;
}

TEST(strings_are_decoded)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "\"\"", "" },
		{ "\"plain\"", "plain" },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
		{ "\"a\\u0041\\u00e9\\u20AC\\ud83d\\ude00z\"",
		  "aA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z" },
		{ "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"",
		  "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80" },
		{ "\"\\u0041\xc3\xa9\\n\xe2\x82\xac\"", "A\xc3\xa9\n\xe2\x82\xac" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		own_arena struct arena a = { 0 };
		const struct json *v = parse(rows[i].text, NULL, &a);

		WANT_STR(v->text, rows[i].want);
		WANT_INT(v->len, strlen(rows[i].want));
	}
}

TEST(lone_surrogates_are_replaced)
{
	own_arena struct arena a = { 0 };

	WANT_STR(parse("\"\\ud83d\"", NULL, &a)->text, "\xef\xbf\xbd");
	WANT_STR(parse("\"\\ud83d\\u0041\"", NULL, &a)->text, "\xef\xbf\xbd"
							      "A");
	WANT_STR(parse("\"\\ude00\\ud83dx\"", NULL, &a)->text, "\xef\xbf\xbd\xef\xbf\xbd"
							       "x");
}

TEST(numbers_are_whole_to_64_bits)
{
	static const struct {
		const char *text;
		bool is_u64, is_i64;
		uint64_t u;
		int64_t i;
	} rows[] = {
		{ "0", true, true, 0, 0 },
		{ "[-1,2]", false, true, 0, -1 },
		{ "[18446744073709551615]", true, false, UINT64_MAX, 0 },
		{ "[18446744073709551616]", false, false, 0, 0 },
		{ "[-9223372036854775808 ]", false, true, 0, INT64_MIN },
		{ "[-9223372036854775809]", false, false, 0, 0 },
		{ "[1000000000000000000000000000000000000]", false, false, 0, 0 },
		{ "[1.0]", false, false, 0, 0 },
		{ "[1e3]", false, false, 0, 0 },
		{ "[\"1\"]", false, false, 0, 0 },
		{ "[null]", false, false, 0, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		own_arena struct arena a = { 0 };
		const struct json *v = parse(rows[i].text, NULL, &a);
		uint64_t u = 0;
		int64_t n = 0;

		v = v->child ? v->child : v;
		if (json_u64(v, &u) != rows[i].is_u64 || json_i64(v, &n) != rows[i].is_i64)
			T_FAIL("%s: a number of the wrong kind", rows[i].text);
		if (rows[i].is_u64 && u != rows[i].u)
			T_FAIL("%s is %" PRIu64, rows[i].text, u);
		if (rows[i].is_i64 && n != rows[i].i)
			T_FAIL("%s is %" PRId64, rows[i].text, n);
	}
}

TEST(errors_name_the_place)
{
	static const struct {
		const char *text, *origin, *why;
	} rows[] = {
		{ "", "doc:1:1", "the text ends too early" },
		{ "{\"a\": [1,\n 2,, 3]}", "doc:2:4", "unexpected character" },
		{ "{\"a\" 1}", "doc:1:6", "expected ':' after a member's name" },
		{ "{a: 1}", "doc:1:2", "expected a member's name in double quotes" },
		{ "[1,]", "doc:1:4", "unexpected character" },
		{ "[1", "doc:1:3", "the text ends too early" },
		{ "[1}", "doc:1:3", "expected ',' or ']'" },
		{ "[01]", "doc:1:3", "expected ',' or ']'" },
		{ "\"a\nb\"", "doc:1:3", "control character in a string" },
		{ "\"\xc3\"", "doc:1:2", "invalid UTF-8 in a string" },
		{ "\"\xc0\x80\"", "doc:1:2", "invalid UTF-8 in a string" },
		{ "\"\xed\xa0\x80\"", "doc:1:2", "invalid UTF-8 in a string" },
		{ "\"\\x\"", "doc:1:4", "unknown escape in a string" },
		{ "\"\\u12g4\"", "doc:1:6", "\\u needs four hexadecimal digits" },
		{ "nul", "doc:1:1", "unexpected character" },
		{ "{} {}", "doc:1:4", "something follows the document" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		own_arena struct arena a = { 0 };
		struct err e = { 0 };

		if (json_parse(rows[i].text, strlen(rows[i].text), "doc", NULL, &a, &e))
			T_FAIL("'%s' is read", rows[i].text);
		WANT_STR(e.origin, rows[i].origin);
		if (!strstr(e.text, rows[i].why))
			T_FAIL("'%s' is refused as: %s", rows[i].text, e.text);
	}
}

/* One of everything, which has a string at its end that holds an escape. */
static const char rich[] = "{\"a\":{\"b\":[1,\"]}\\\"\",{\"c\":null}]},\"skip\":[{\"x\":\"\\\\\"},"
			   "\"[{\"],\"d\":true,\"e\":\"\\u20ac\"}";

TEST(what_is_cut_short_is_refused_and_nothing_behind_it_is_read)
{
	for (size_t n = 0; n < sizeof(rich) - 1; n++) {
		own_arena struct arena a = { 0 };
		struct err e = { 0 };
		char *text = malloc(n ? n : 1); /* for the sanitizer */

		memcpy(text, rich, n);
		if (json_parse(text, n, "doc", NULL, &a, &e))
			T_FAIL("the first %zu bytes are a document", n);
		if (json_parse(text, n, "doc", "skip", &a, &e))
			T_FAIL("the first %zu bytes are a document, in part", n);
		free(text);
	}
}

TEST(a_member_that_is_skipped_is_null)
{
	own_arena struct arena a = { 0 };
	const struct json *v = parse(rich, "skip", &a);

	WANT_INT(json_member(v, "skip")->type, JSON_NULL);
	WANT_INT(json_member(v, "d")->truth, true);
	WANT_STR(json_member(v, "e")->text, "\xe2\x82\xac");
	/* only of the outermost object, and only what is nested */
	v = parse("{\"a\":{\"skip\":[1]},\"skip\":2}", "skip", &a);
	WANT_INT(json_member(json_member(v, "a"), "skip")->type, JSON_ARRAY);
	WANT_INT(json_member(v, "skip")->type, JSON_NUMBER);
}

TEST(depth_is_bounded)
{
	own_arena struct arena a = { 0 };
	char text[201] = "";
	struct err e = { 0 };

	memset(text, '[', 100);
	memset(text + 100, ']', 100);
	WANT(!json_parse(text, 200, "doc", NULL, &a, &e));
	WANT(strstr(e.text, "nested too deeply"));
	WANT_INT(parse("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", NULL, &a)
			 ->len,
		 1);
}

TEST(one_arena_serves_for_document_after_document)
{
	own_arena struct arena a = { 0 };
	size_t once = 0;
	struct err e;

	for (int i = 0; i < 100; i++) {
		const struct json *doc = json_parse("{\"a\":\"b\"}", 9, "text", NULL, &a, &e);
		const char *zeros;

		WANT(doc && doc->child);
		/* one that needs a block of its own leaves none of it behind */
		WANT((zeros = arena_alloc(&a, i == 50 ? 100000 : 64)));
		for (int k = 0; k < 64; k++)
			WANT_INT(zeros[k], 0);
		once = once ? once : a.total;
		arena_reset(&a);
		WANT_INT(a.total, once);
	}
}
