/* reference.c - names of images, as Docker reads and shows them */
#include "spec/reference.h"

#include "base/text.h"
#include "t.h"

#define HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define D   "@sha256:" HEX
#define T50 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"

static const struct {
	const char *text, *full, *familiar;
} good[] = {
	{ "debian", "docker.io/library/debian:latest", "debian:latest" },
	{ "debian:12", "docker.io/library/debian:12", "debian:12" },
	{ "debian" D, "docker.io/library/debian" D, "debian" D },
	{ "debian:12" D, "docker.io/library/debian:12" D, "debian:12" D },
	{ "library/debian", "docker.io/library/debian:latest", "debian:latest" },
	{ "user/app", "docker.io/user/app:latest", "user/app:latest" },
	{ "user/a/b", "docker.io/user/a/b:latest", "user/a/b:latest" },
	{ "docker.io/debian", "docker.io/library/debian:latest", "debian:latest" },
	{ "docker.io/library/debian", "docker.io/library/debian:latest", "debian:latest" },
	{ "index.docker.io/debian", "docker.io/library/debian:latest", "debian:latest" },
	{ "index.docker.io/user/app", "docker.io/user/app:latest", "user/app:latest" },
	{ "localhost/app", "localhost/app:latest", "localhost/app:latest" },
	{ "localhost:5000/app", "localhost:5000/app:latest", "localhost:5000/app:latest" },
	{ "localhost:5000", "docker.io/library/localhost:5000", "localhost:5000" },
	{ "localhost", "docker.io/library/localhost:latest", "localhost:latest" },
	{ "quay.io/a/b:v1", "quay.io/a/b:v1", "quay.io/a/b:v1" },
	{ "quay.io/a/b:v1" D, "quay.io/a/b:v1" D, "quay.io/a/b:v1" D },
	{ "host:1/a", "host:1/a:latest", "host:1/a:latest" },
	{ "HOST/a", "HOST/a:latest", "HOST/a:latest" },
	{ "Foo/bar", "Foo/bar:latest", "Foo/bar:latest" },
	{ "a-b.c/d", "a-b.c/d:latest", "a-b.c/d:latest" },
	{ "[::1]/app", "[::1]/app:latest", "[::1]/app:latest" },
	{ "[::1]:5000/app:x", "[::1]:5000/app:x", "[::1]:5000/app:x" },
	{ "[2001:DB8::1]:5000/a/b" D, "[2001:DB8::1]:5000/a/b" D, "[2001:DB8::1]:5000/a/b" D },
	{ "127.0.0.1:5000/a", "127.0.0.1:5000/a:latest", "127.0.0.1:5000/a:latest" },
	{ "a__b", "docker.io/library/a__b:latest", "a__b:latest" },
	{ "a_b.c-d---e", "docker.io/library/a_b.c-d---e:latest", "a_b.c-d---e:latest" },
	{ "a:_", "docker.io/library/a:_", "a:_" },
	{ "a:A.B-c_9", "docker.io/library/a:A.B-c_9", "a:A.B-c_9" },
	{ "docker.io/a.b/c", "docker.io/a.b/c:latest", "docker.io/a.b/c:latest" },
	{ "docker.io/localhost/c", "docker.io/localhost/c:latest", "docker.io/localhost/c:latest" },
	{ "0", "docker.io/library/0:latest", "0:latest" },
	{ "a@sha512:" HEX HEX, "docker.io/library/a@sha512:" HEX HEX, "a@sha512:" HEX HEX },
	{ HEX "/a", "docker.io/" HEX "/a:latest", HEX "/a:latest" },
	{ HEX ":x", "docker.io/library/" HEX ":x", "docker.io/library/" HEX ":x" },
};

static const struct {
	const char *text, *says;
} bad[] = {
	{ "", "is no repository" },
	{ HEX, "are an image's id" },
	{ "Debian", "is no repository" },
	{ "user/App", "is no repository" },
	{ "quay.io/A", "is no repository" },
	{ "a//b", "is no repository" },
	{ "/a", "is no repository" },
	{ "a/", "is no repository" },
	{ "a.", "is no repository" },
	{ ".a", "is no repository" },
	{ "-a", "is no repository" },
	{ "a..b", "is no repository" },
	{ "a._b", "is no repository" },
	{ "a___b", "is no repository" },
	{ "a b", "is no repository" },
	{ "a\nb", "is no repository" },
	{ "../a", "is no registry" },
	{ "quay.io/../a", "is no repository" },
	{ "quay.io/a%2e", "is no repository" },
	{ "\xc3\xa4", "is no repository" },
	{ "a:", "is no tag" },
	{ "a:.x", "is no tag" },
	{ "a:-x", "is no tag" },
	{ "a:x y", "is no tag" },
	{ "a:b:c", "is no repository" },
	{ "a:" T50 T50 T50, "is no tag" },
	{ "a@", "not valid" },
	{ "a@sha256:" HEX "0", "not valid" },
	{ "a@sha256:../../canary", "not valid" },
	{ "a@md5:d41d8cd98f00b204e9800998ecf8427e", "not valid" },
	{ "a" D D, "not valid" },
	{ "@sha256:" HEX, "is no repository" },
	{ "a.b:99999/c", "is no registry" },
	{ "a.b:/c", "is no registry" },
	{ "a.b:x/c", "is no registry" },
	{ "-a.b/c", "is no registry" },
	{ "a-.b/c", "is no registry" },
	{ "a..b/c", "is no registry" },
	{ "a_b.c/d", "is no registry" },
	{ "[::1/a", "is no registry" },
	{ "[]:1/a", "is no registry" },
	{ "[::g]:1/a", "is no registry" },
	{ "user@host:1/a", "not valid" },
	{ "http://a.b/c", "is no registry" },
	{ "a.b/" T50 T50 T50 T50 T50 "123456", "longer than 255" },
	{ T50 T50 T50 T50 "1234567890123456789012345678901234567890123456789", "longer than 255" },
	{ T50 T50 T50 T50 T50 T50 T50 T50 T50 T50 T50 T50 T50 T50 T50 T50 T50 T50 T50 T50 T50,
	  "too long" },
};

TEST(good_names_have_one_full_and_one_familiar_form)
{
	for (size_t i = 0; i < COUNT(good); i++) {
		struct reference r, again;
		struct err e = { 0 };
		char text[REFERENCE_TEXT];

		if (reference_parse(good[i].text, &r, &e) < 0)
			T_FAIL("%s", e.text);
		WANT_STR(reference_full(&r, text), good[i].full);
		WANT_INT(reference_parse(text, &again, &e), 0);
		WANT_STR(reference_full(&again, text), good[i].full);
		WANT_STR(reference_familiar(&r, text), good[i].familiar);
		WANT_INT(reference_parse(text, &again, &e), 0);
		WANT_STR(reference_full(&again, text), good[i].full);
	}
}

TEST(bad_names_say_what_is_wrong_with_them)
{
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct reference r;
		struct err e = { 0 };

		if (reference_parse(bad[i].text, &r, &e) == 0)
			T_FAIL("'%s' is taken", bad[i].text);
		if (!strstr(e.text, bad[i].says) || e.cls != ERR_INPUT)
			T_FAIL("'%s': %s", bad[i].text, e.text);
	}
}

TEST(upper_case_gets_a_hint)
{
	struct reference r;
	struct err e = { 0 };

	WANT_INT(reference_parse("user/App:X", &r, &e), -1);
	WANT(strstr(e.hint, "lower case"));
}

TEST(the_longest_repository_fits)
{
	struct reference r;
	struct err e = { 0 };

	WANT_INT(reference_parse("a.b/" T50 T50 T50 T50 T50 "12345", &r, &e), 0);
	WANT_INT((intmax_t)strlen(r.repository), 255);
	WANT_INT(reference_parse("a:" T50 T50 "1234567890123456789012345678", &r, &e), 0);
	WANT_INT((intmax_t)strlen(r.tag), 128);
}

TEST(a_bare_name_gets_no_tag)
{
	struct reference r;
	struct err e = { 0 };
	char text[REFERENCE_TEXT];

	WANT_INT(reference_parse_bare("quay.io/a", &r, &e), 0);
	WANT_STR(r.tag, "");
	WANT_STR(reference_full(&r, text), "quay.io/a");
	WANT(!r.short_name);
	WANT_INT(reference_parse_bare("a", &r, &e), 0);
	WANT(r.short_name);
	WANT_STR(reference_familiar_name(&r, text), "a");
}
