/* registries.c - TOML, and registries.conf made of it */
#include "remote/registries_conf.h"

#include "base/arena.h"
#include "base/text.h"
#include "remote/toml.h"
#include "t.h"

static struct arena arena;

static const struct toml *parse(const char *text)
{
	struct err e = { 0 };
	const struct toml *t = toml_parse(text, strlen(text), "x.toml", &arena, &e);

	if (!t)
		T_FAIL("%s", e.text);
	return t;
}

TEST(toml_values_are_what_they_say)
{
	const struct toml *t = parse("a = 1 # one\n"
				     "b = -9_000\n"
				     "'c d' = \"x\\ty\\u00e9\\\\\"\r\n"
				     "e = 'no \\escape'\n"
				     "f = [ 'x', # first\n  'y',\n]\n"
				     "g = { h = true, i.j = false }\n"
				     "k.l = \"\"\"\nfirst\nsecond \\\n   third\"\"\"\n"
				     "m = '''a'b''''\n"
				     "[n.o]\np = 1\n[[q]]\nr = 1\n[[q]]\nr = 2\n[q.s]\nt = 3\n");

	WANT_INT(toml_member(t, "a")->number, 1);
	WANT_INT(toml_member(t, "b")->number, -9000);
	WANT_STR(toml_member(t, "c d")->text, "x\ty\xc3\xa9\\");
	WANT_STR(toml_member(t, "e")->text, "no \\escape");
	WANT_STR(toml_member(t, "f")->child->next->text, "y");
	WANT_INT(toml_member(t, "f")->child->next->line, 6);
	WANT(toml_member(toml_member(t, "g"), "h")->truth);
	WANT(!toml_member(toml_member(toml_member(t, "g"), "i"), "j")->truth);
	WANT_STR(toml_member(toml_member(t, "k"), "l")->text, "first\nsecond third");
	WANT_STR(toml_member(t, "m")->text, "a'b'");
	WANT_INT(toml_member(toml_member(toml_member(t, "n"), "o"), "p")->number, 1);
	WANT_INT(toml_member(toml_member(t, "q")->child, "r")->number, 1);
	t = toml_member(t, "q")->child->next;
	WANT_INT(toml_member(t, "r")->number, 2);
	WANT_INT(toml_member(toml_member(t, "s"), "t")->number, 3);
}

TEST(wrong_toml_says_the_line_and_what)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "a", "line 1: '=' is expected" },
		{ "\n= 1", "line 2: a key is expected" },
		{ "a = ", "line 1: a value is expected" },
		{ "a = 1 b = 2", "line 1: something follows" },
		{ "a = 1\na = 2", "line 2: a key is there twice" },
		{ "a = 1.5", "no floats" },
		{ "a = 2026-01-01", "no dates" },
		{ "a = 0x10", "whole decimal" },
		{ "a = 1__0", "a value is expected" },
		{ "a = 99999999999999999999", "a value is expected" },
		{ "a = \"x", "no end" },
		{ "a = \"x\ny\"", "line 1: a string has no end on its line" },
		{ "a = \"\\q\"", "escape that is unknown" },
		{ "a = \"\\u00\"", "unfinished escape" },
		{ "a = \"\\u0000\"", "no character" },
		{ "a = \"\\ud800\"", "no character" },
		{ "a = '\x01'", "control character" },
		{ "a = \"\xff\"", "not UTF-8" },
		{ "a = [1", "',' or ']' is expected" },
		{ "a = [1,,2]", "a value is expected" },
		{ "a = {b = 1", "',' or '}' is expected" },
		{ "[a]\n[a]", "line 2: a table is there twice" },
		{ "[a]\n[[a]]", "the name of something else" },
		{ "a = []\n[[a]]", "the name of something else" },
		{ "a = {}\n[a.b]", "cannot be added to" },
		{ "a = {}\na.b = 1", "cannot be added to" },
		{ "a = 1\n[a.b]", "cannot be added to" },
		{ "[a\n", "']' is expected" },
		{ "[[a]\n", "']]' is expected" },
		{ "a = true1", "something follows" },
		{ "a = tru", "a value is expected" },
		{ "a = [[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]", "nested too deeply" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err e = { 0 };

		if (toml_parse(rows[i].text, strlen(rows[i].text), "x.toml", &arena, &e))
			T_FAIL("taken: %s", rows[i].text);
		if (!strstr(e.text, rows[i].says) || !strstr(e.text, "'x.toml'"))
			T_FAIL("'%s': %s", rows[i].text, e.text);
	}
}

TEST(a_nul_is_no_text)
{
	struct err e = { 0 };

	WANT(!toml_parse("a = 'x\0y'", 9, "x", &arena, &e));
}

static struct registries conf(const char *text)
{
	struct registries r = { 0 };
	struct err e = { 0 };

	if (registries_read(&r, text, strlen(text), "r.conf", &arena, &e) < 0)
		T_FAIL("%s", e.text);
	return r;
}

static const char *places(const struct registries *r, const char *name, bool push)
{
	static struct str out;
	struct registries_places p = { 0 };
	struct reference ref;
	struct err e = { 0 };

	str_done(&out);
	if (reference_parse(name, &ref, &e) < 0 ||
	    registries_resolve(r, &ref, push, &arena, &p, &e) < 0) {
		str_add(&out, e.text);
		return out.at;
	}
	for (size_t i = 0; i < p.places.n; i++) {
		const struct registries_place *at = &p.places.at[i];

		str_addf(&out, "%s%s %s%s%s%s%s", i ? ", " : "", at->host, at->repository,
			 at->insecure ? " insecure" : "", at->mirror ? " mirror" : "",
			 at->by_tag ? "" : " digest-only", at->by_digest ? "" : " tag-only");
	}
	return out.at;
}

TEST(without_any_file_a_name_is_where_it_says)
{
	struct registries r = { 0 };

	WANT_STR(places(&r, "debian", false), "docker.io library/debian");
	WANT_STR(places(&r, "[::1]:5000/a/b", true), "[::1]:5000 a/b");
}

TEST(the_longest_prefix_decides)
{
	struct registries r = conf("[[registry]]\nprefix = 'a.com'\nlocation = 'b.com/x'\n"
				   "[[registry]]\nprefix = 'a.com/team'\nlocation = 'c.com'\n"
				   "insecure = true\n"
				   "[[registry]]\nlocation = 'd.com:5000'\ninsecure = true\n"
				   "[[registry]]\nprefix = '*.e.com'\nlocation = 'f.com'\n"
				   "[[registry]]\nprefix = '*.deep.e.com'\n"
				   "[[registry]]\nprefix = 'no.com'\nblocked = true\n");

	WANT_STR(places(&r, "a.com/app", false), "b.com x/app");
	WANT_STR(places(&r, "a.com/team/app", false), "c.com app insecure");
	WANT_STR(places(&r, "a.com/teams/app", false), "b.com x/teams/app");
	WANT_STR(places(&r, "d.com:5000/app", false), "d.com:5000 app insecure");
	WANT_STR(places(&r, "d.com/app", false), "d.com app");
	WANT_STR(places(&r, "x.e.com/app", false), "f.com app");
	WANT_STR(places(&r, "e.com/app", false), "e.com app");
	WANT_STR(places(&r, "x.deep.e.com/app", false), "x.deep.e.com app");
	WANT(strstr(places(&r, "no.com/app", false), "'no.com' is blocked"));
}

TEST(mirrors_come_first_and_only_for_pulls)
{
	struct registries r =
		conf("[[registry]]\nprefix = 'docker.io'\n"
		     "[[registry.mirror]]\nlocation = 'm1:5000/hub'\ninsecure = true\n"
		     "[[registry.mirror]]\nlocation = 'm2'\n"
		     "pull-from-mirror = 'digest-only'\n"
		     "[[registry.mirror]]\nlocation = 'm3'\n"
		     "pull-from-mirror = 'tag-only'\n"
		     "[[registry]]\nprefix = 'q.io'\nmirror-by-digest-only = true\n"
		     "[[registry.mirror]]\nlocation = 'm4'\n");

	WANT_STR(places(&r, "debian", false),
		 "m1:5000 hub/library/debian insecure mirror, "
		 "m2 library/debian mirror digest-only, m3 library/debian mirror tag-only, "
		 "docker.io library/debian");
	WANT_STR(places(&r, "debian", true), "docker.io library/debian");
	WANT_STR(places(&r, "q.io/a", false), "m4 a mirror digest-only, q.io a");
}

static const char *names(const struct registries *r, const char *name)
{
	static struct str out;
	struct registries_names n = { 0 };
	struct err e = { 0 };
	char text[REFERENCE_TEXT];

	str_done(&out);
	if (registries_candidates(r, name, &arena, &n, &e) < 0)
		str_add(&out, e.text);
	for (size_t i = 0; i < n.names.n; i++)
		str_addf(&out, "%s%s", i ? " " : "", reference_full(&n.names.at[i], text));
	return out.at;
}

TEST(short_names_are_searched_or_have_an_alias)
{
	struct registries none = { 0 };
	struct registries r = conf("unqualified-search-registries = ['q.io', 'docker.io']\n"
				   "[aliases]\ndebian = 'd.org/os/debian'\ngone = ''\n");

	WANT_STR(names(&none, "debian:12"), "docker.io/library/debian:12");
	WANT_STR(names(&r, "debian:12"), "d.org/os/debian:12");
	WANT_STR(names(&r, "app"), "q.io/app:latest docker.io/library/app:latest");
	WANT_STR(names(&r, "gone"), "q.io/gone:latest docker.io/library/gone:latest");
	WANT_STR(names(&r, "docker.io/debian"), "docker.io/library/debian:latest");
	WANT_STR(names(&r, "x.io/debian"), "x.io/debian:latest");
}

TEST(later_documents_win)
{
	struct registries r = conf("unqualified-search-registries = ['q.io']\n"
				   "[[registry]]\nprefix = 'a.com'\nblocked = true\n"
				   "[aliases]\nx = 'a.com/x'\n");
	const char *second = "[[registry]]\nprefix = 'a.com'\nlocation = 'b.com'\n"
			     "[aliases]\nx = 'c.com/x'\n";
	struct err e = { 0 };

	WANT_INT(registries_read(&r, second, strlen(second), "2.conf", &arena, &e), 0);
	WANT_STR(places(&r, "a.com/app", false), "b.com app");
	WANT_STR(names(&r, "x"), "c.com/x:latest");
	WANT_STR(names(&r, "y"), "q.io/y:latest");
}

TEST(the_last_document_lists_the_credential_helpers)
{
	static const char *const more[] = { "credential-helpers = ['b', 'containers-auth.json']",
					    "short-name-mode = 'disabled'" };
	struct registries r = conf("credential-helpers = ['a']");
	struct err e = { 0 };

	for (size_t i = 0; i < COUNT(more); i++)
		WANT_INT(registries_read(&r, more[i], strlen(more[i]), "2.conf", &arena, &e), 0);
	WANT_STR(r.helpers[0], "b");
	WANT_STR(r.helpers[1], "containers-auth.json");
	WANT(!r.helpers[2]);
	WANT(!conf("").helpers);
}

TEST(wrong_registries_say_file_and_line)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "[registries.search]\nregistries = []", "the first form" },
		{ "[[registry]]\nlocation = 'https://a'", "line 1: 'https://a' is no registry" },
		{ "[[registry]]\nprefix = 'a'\nlocation = 1", "line 3: 'location' is a number" },
		{ "[[registry]]\ninsecure = true", "line 1: a registry needs" },
		{ "[[registry]]\nprefix = '*.a.com/x'", "a wildcard has no path" },
		{ "[[registry]]\nprefix = 'a'\n[[registry.mirror]]\n", "line 3: a mirror needs" },
		{ "[[registry]]\nprefix = 'a'\ninsecure = 'yes'",
		  "line 3: 'insecure' is a string" },
		{ "[registry]\nprefix = 'a'", "[[registry]]" },
		{ "[[registry]]\nprefix = 'a'\n[[registry.mirror]]\nlocation = 'b'\n"
		  "pull-from-mirror = 'x'",
		  "all, digest-only or tag-only" },
		{ "unqualified-search-registries = 'a'", "not an array" },
		{ "unqualified-search-registries = ['a b']", "'a b' is no registry" },
		{ "[aliases]\na = 'b'", "which is no registry and repository" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct registries r = { 0 };
		struct err e = { 0 };

		if (registries_read(&r, rows[i].text, strlen(rows[i].text), "r.conf", &arena, &e) ==
		    0)
			T_FAIL("taken: %s", rows[i].text);
		if (!strstr(e.text, rows[i].says) || !strstr(e.text, "'r.conf'"))
			T_FAIL("'%s': %s", rows[i].text, e.text);
	}
}
