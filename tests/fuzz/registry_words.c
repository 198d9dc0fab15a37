/* registry_words.c - what a registry may say in headers and token answers: the first byte says which */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/own.h"
#include "remote/base64.h"
#include "remote/challenge.h"
#include "remote/proxy.h"

static void try_url(const char *text, struct arena *a)
{
	struct url u, again;
	char *joined;

	if (url_parse(text, a, &u)) {
		MUST(*u.host && *u.path == '/' && u.port && u.port < 65536);
		MUST(!strpbrk(u.host, "/@?# \r\n") && !strpbrk(u.path, " \r\n"));
	}
	joined = url_join("https://a.com:5000/v2/x?y=z", text, a);
	if (joined) {
		MUST(url_parse(joined, a, &again));
		/* what has no scheme of its own stays where it was */
		MUST(strstr(text, "//") || (again.https && strcmp(again.host, "a.com") == 0));
	}
	(void)url_host_is_link_local(text);
	(void)url_host_is_loopback(text);
}

static void try_token(const char *text, size_t len, struct arena *a)
{
	int64_t seconds;
	char *token;

	if (token_read(text, len, a, &token, &seconds)) {
		MUST(*token && !strpbrk(token, " \t\r\n"));
		MUST(seconds >= 60 && seconds <= 86400);
	}
}

static void try_challenge(const char *text, struct arena *a)
{
	struct challenge c;

	challenge_parse(text, a, &c);
	MUST(c.kind != CHALLENGE_BEARER || c.realm);
}

static void try_proxy(const char *text, struct arena *a)
{
	struct url u;

	MUST(url_parse("https://[2001:db8::1]:5000/", a, &u));
	(void)proxy_excepted(text, &u);
	MUST(url_parse("https://a.b.com/", a, &u));
	(void)proxy_excepted(text, &u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_arena struct arena a = { 0 };
	own_mem char *text = malloc(size + 1);

	MUST(text);
	memcpy(text, data, size);
	text[size] = '\0';
	if (!size)
		return 0;
	switch (*text) {
	case 'u':
		try_url(text + 1, &a);
		break;
	case 't':
		try_token(text + 1, size - 1, &a);
		break;
	case 'c':
		try_challenge(text + 1, &a);
		break;
	case 'l':
		(void)link_next(text + 1, &a);
		break;
	case 'b':
		(void)base64_read(text + 1, &a);
		break;
	default:
		try_proxy(text + 1, &a);
	}
	return 0;
}
