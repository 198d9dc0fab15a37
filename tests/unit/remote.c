/* remote.c - the small languages of registries: URLs, challenges, links, proxies; and what crosses */
#include "remote/remote.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/arena.h"
#include "base/text.h"
#include "remote/challenge.h"
#include "remote/fiber.h"
#include "remote/proxy.h"
#include "remote/url.h"
#include "remote/wire.h"
#include "t.h"

static struct arena arena;

TEST(urls_are_taken_apart_or_refused)
{
	static const struct {
		const char *text, *host, *path;
		unsigned port;
	} good[] = {
		{ "https://a.com", "a.com", "/", 443 },
		{ "http://A.com/x?y=z#f", "a.com", "/x?y=z", 80 },
		{ "HTTPS://a.com:5000/v2/", "a.com", "/v2/", 5000 },
		{ "http://[::1]:5000/x", "::1", "/x", 5000 },
		{ "http://[::1]", "::1", "/", 80 },
		{ "http://a.com?x=1", "a.com", "/?x=1", 80 },
		{ "http://a.com:/x", "a.com", "/x", 80 },
	};
	static const char *const bad[] = { "",
					   "a.com/x",
					   "ftp://a.com",
					   "file:///etc/passwd",
					   "http://",
					   "http:///x",
					   "http://u:p@a.com/",
					   "http://a.com@b.com/",
					   "http://a.com:0/",
					   "http://a.com:99999/",
					   "http://a.com:x/",
					   "http://[::1/x",
					   "http://[]/x",
					   "http://[::1]x/",
					   "http://a.com/\r\nX: y",
					   "http://a.com/a b",
					   "http://a.com\\@b.com/",
					   "http://a.com/\xc3\xa4" };
	struct url u;

	for (size_t i = 0; i < COUNT(good); i++) {
		WANT(url_parse(good[i].text, &arena, &u));
		WANT_STR(u.host, good[i].host);
		WANT_STR(u.path, good[i].path);
		WANT_INT(u.port, good[i].port);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (url_parse(bad[i], &arena, &u))
			T_FAIL("'%s' is taken", bad[i]);
}

TEST(locations_lead_where_they_say)
{
	static const char *const rows[][3] = {
		{ "https://a/v2/x?y", "/z", "https://a/z" },
		{ "https://a:1/v2/x?y", "z", "https://a:1/v2/z" },
		{ "https://a", "z", "https://a/z" },
		{ "https://a/b/", "?q", "https://a/b/?q" },
		{ "https://a/b", "//c/d", "https://c/d" },
		{ "https://a/b", "http://c/d", "http://c/d" },
		{ "https://a/b", "/x?u=http://c", "https://a/x?u=http://c" },
		{ "https://a/b", "x?u=http://c", "https://a/x?u=http://c" },
		{ "https://a/b", "", NULL },
		{ "https://a/b", "ftp://c/d", NULL },
		{ "https://a/b", "javascript:x y", NULL },
		{ "https://a/b", "http://u@c/d", NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *got = url_join(rows[i][0], rows[i][1], &arena);

		WANT_STR(got ? got : "none", rows[i][2] ? rows[i][2] : "none");
	}
}

TEST(addresses_that_nobody_may_send_us_to_are_known_in_every_dress)
{
	static const char *const local[] = {
		"169.254.169.254",    "0xa9fea9fe",   "2852039166",
		"169.254.43518",      "fe80::1",      "::ffff:169.254.169.254",
		"64:ff9b::a9fe:a9fe", "fd00:ec2::254"
	};
	static const char *const fine[] = { "169.253.0.1", "a.com", "1.1.1.1", "2001:db8::1",
					    "169.254.169.254.nip.example" };

	for (size_t i = 0; i < COUNT(local); i++)
		if (!url_host_is_link_local(local[i]))
			T_FAIL("%s", local[i]);
	for (size_t i = 0; i < COUNT(fine); i++)
		WANT(!url_host_is_link_local(fine[i]));
	WANT(url_host_is_loopback("127.1.2.3") && url_host_is_loopback("::1") &&
	     url_host_is_loopback("localhost"));
	WANT(!url_host_is_loopback("127.0.0.1.evil.example") && !url_host_is_loopback("128.0.0.1"));
}

static void challenge_is(const char *header, enum challenge_kind kind, const char *realm,
			 const char *scope)
{
	struct challenge c;

	challenge_parse(header, &arena, &c);
	if (c.kind != kind)
		T_FAIL("'%s' is %d", header, (int)c.kind);
	WANT_STR(c.realm ? c.realm : "", realm);
	WANT_STR(c.scope ? c.scope : "", scope);
}

TEST(challenges_are_read_as_registries_write_them)
{
	challenge_is("Basic realm=\"x\"", CHALLENGE_BASIC, "x", "");
	challenge_is("Bearer realm=\"https://a/t\",service=\"s\",scope=\"repository:a:pull,push\"",
		     CHALLENGE_BEARER, "https://a/t", "repository:a:pull,push");
	challenge_is("bearer Realm = \"https://a/t\" , scope=x", CHALLENGE_BEARER, "https://a/t",
		     "x");
	challenge_is("Basic realm=\"x, Bearer realm=y\", Bearer realm=\"https://a/t\"",
		     CHALLENGE_BEARER, "https://a/t", "");
	challenge_is("Negotiate, Basic realm=\"q\\\"r\"", CHALLENGE_BASIC, "q\"r", "");
	challenge_is("Bearer service=\"s\"", CHALLENGE_NONE, "", "");
	challenge_is("Bearer realm=\"x", CHALLENGE_NONE, "", "");
	challenge_is("", CHALLENGE_NONE, "", "");
	challenge_is("Digest realm=\"x\", nonce=\"y\"", CHALLENGE_NONE, "", "");
	challenge_is("=,=,\"", CHALLENGE_NONE, "", "");
}

TEST(the_next_page_is_found)
{
	WANT_STR(link_next("</v2/_catalog?last=b&n=2>; rel=\"next\"", &arena),
		 "/v2/_catalog?last=b&n=2");
	WANT_STR(link_next("<a>; rel=prev, <b>; rel=next", &arena), "b");
	WANT(!link_next("<a>; rel=\"prev\"", &arena));
	WANT(!link_next("<a", &arena));
	WANT(!link_next("", &arena));
}

static bool excepted(const char *no, const char *where)
{
	struct url u;

	WANT(url_parse(where, &arena, &u));
	return proxy_excepted(no, &u);
}

TEST(proxies_are_taken_as_everywhere)
{
	const struct proxies p = { "http://p:1", "http://q:2",
				   "a.com,.b.com,10.0.0.0/8,c.com:5000" };
	struct url u;

	WANT(url_parse("http://x.com/", &arena, &u));
	WANT_STR(proxy_for(&p, &u), "http://p:1");
	WANT(url_parse("https://x.com/", &arena, &u));
	WANT_STR(proxy_for(&p, &u), "http://q:2");
	WANT(url_parse("https://127.0.0.1:5000/", &arena, &u));
	WANT_STR(proxy_for(&p, &u), "");
	WANT(excepted("a.com", "https://a.com/") && excepted("a.com", "https://x.a.com/"));
	WANT(!excepted("a.com", "https://xa.com/") && !excepted("", "https://a.com/"));
	WANT(excepted(".b.com", "https://x.b.com/") && !excepted(".b.com", "https://b.com/"));
	WANT(excepted("*.b.com", "https://x.b.com/"));
	WANT(excepted("10.0.0.0/8", "https://10.1.2.3/") &&
	     !excepted("10.0.0.0/8", "https://11.1.2.3/"));
	WANT(excepted("2001:db8::/32", "https://[2001:db8::1]/"));
	WANT(excepted("[2001:db8::1]:5000", "https://[2001:db8::1]:5000/"));
	WANT(excepted("c.com:5000", "https://c.com:5000/") &&
	     !excepted("c.com:5000", "https://c.com/"));
	WANT(excepted("*", "https://a.com/") && excepted(" x , a.com ", "https://a.com/"));
	WANT(excepted("", "https://localhost/"));
}

TEST(news_cross_whole_and_are_cleaned)
{
	struct wire_news n = { .id = 7,
			       .news = REMOTE_FAILED,
			       .cls = ERR_DENIED,
			       .text = "no\x1b[31m",
			       .hint = "log in",
			       .digest = "sha256:../../canary",
			       .media_type = "x/y" };
	own_str struct str out = { 0 };
	struct remote_event ev;
	struct err e = { 0 };

	WANT_INT(bind_pack(&wire_news_table, &n, &out), 0);
	WANT_INT(wire_news_read((unsigned char *)out.at, out.len, &ev, &e), 0);
	WANT_INT((intmax_t)ev.id, 7);
	WANT_INT(ev.err.cls, ERR_DENIED);
	WANT(!strchr(ev.err.text, '\x1b'));
	WANT_STR(ev.err.hint, "log in");
	WANT_INT(ev.digest.algorithm, DIGEST_NONE);
	for (size_t i = 0; i < out.len; i++)
		WANT_INT(wire_news_read((unsigned char *)out.at, i, &ev, &e), -1);
}

static struct fiber *fibers[2];
static char trace[16];

static void two_steps(void *ctx)
{
	strcat(trace, ctx);
	fiber_wait();
	strcat(trace, ctx);
}

TEST(fibers_take_turns)
{
	fibers[0] = fiber_new(two_steps, "a");
	fibers[1] = fiber_new(two_steps, "b");
	for (int i = 0; i < 4; i++)
		fiber_go(fibers[i % 2]);
	WANT_STR(trace, "abab");
	WANT(fiber_ended(fibers[0]) && fiber_ended(fibers[1]) && !fiber_self());
	fiber_free(fibers[0]);
	fiber_free(fibers[1]);
}
