/* wire.c - the rows of what crosses, and the checks of what came */
#include "remote/wire.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/own.h"

// clang-format off
static const struct bind_row endpoint_rows[] = {
	ROW_STRING("host", REQUIRED, struct remote_endpoint, host),
	ROW_STRING("repository", OPTIONAL, struct remote_endpoint, repository),
	ROW_BOOL("insecure", OPTIONAL, struct remote_endpoint, insecure),
	ROW_BOOL("mirror", OPTIONAL, struct remote_endpoint, mirror),
	ROW_BOOL("by_tag", OPTIONAL, struct remote_endpoint, by_tag),
	ROW_BOOL("by_digest", OPTIONAL, struct remote_endpoint, by_digest),
	ROW_STRING("username", OPTIONAL, struct remote_endpoint, username),
	ROW_STRING("password", OPTIONAL, struct remote_endpoint, password),
	ROW_STRING("identity_token", OPTIONAL, struct remote_endpoint, identity_token),
	ROW_STRING("registry_token", OPTIONAL, struct remote_endpoint, registry_token),
	ROW_BYTES("ca", OPTIONAL, struct remote_endpoint, ca),
	ROW_BYTES("cert", OPTIONAL, struct remote_endpoint, cert),
	ROW_BYTES("key", OPTIONAL, struct remote_endpoint, key),
};
static const struct bind_table endpoint_table =
	BIND_TABLE(endpoint_rows, struct remote_endpoint, false);

static const struct bind_row target_rows[] = {
	ROW_STRING("name", REQUIRED, struct remote_target, name),
	ROW_OBJECTS("endpoints", REQUIRED, struct remote_target, endpoints, endpoint_table),
	ROW_BOOL("push", OPTIONAL, struct remote_target, push),
	ROW_STRING("http_proxy", OPTIONAL, struct remote_target, http_proxy),
	ROW_STRING("https_proxy", OPTIONAL, struct remote_target, https_proxy),
	ROW_STRING("no_proxy", OPTIONAL, struct remote_target, no_proxy),
	ROW_U32("parallel", OPTIONAL, struct remote_target, parallel),
	ROW_U32("retries", OPTIONAL, struct remote_target, retries),
	ROW_U32("connect_ms", OPTIONAL, struct remote_target, connect_ms),
	ROW_U32("stall_ms", OPTIONAL, struct remote_target, stall_ms),
};
const struct bind_table wire_target_table = BIND_TABLE(target_rows, struct remote_target, false);

static const struct bind_row ask_rows[] = {
	ROW_U64("id", REQUIRED, struct wire_ask, id),
	ROW_U32("action", REQUIRED, struct wire_ask, action),
	ROW_STRING("what", OPTIONAL, struct wire_ask, what),
	ROW_STRING("media_type", OPTIONAL, struct wire_ask, media_type),
	ROW_STRING("mount_from", OPTIONAL, struct wire_ask, mount_from),
	ROW_U64("size", OPTIONAL, struct wire_ask, size),
	ROW_U64("offset", OPTIONAL, struct wire_ask, offset),
	ROW_U64("chunk", OPTIONAL, struct wire_ask, chunk),
	ROW_U64("limit", OPTIONAL, struct wire_ask, limit),
	ROW_BOOL("registry_only", OPTIONAL, struct wire_ask, registry_only),
};
const struct bind_table wire_ask_table = BIND_TABLE(ask_rows, struct wire_ask, false);

static const struct bind_row news_rows[] = {
	ROW_U64("id", REQUIRED, struct wire_news, id),
	ROW_U32("news", REQUIRED, struct wire_news, news),
	ROW_U64("bytes", OPTIONAL, struct wire_news, bytes),
	ROW_U64("size", OPTIONAL, struct wire_news, size),
	ROW_BOOL("has_size", OPTIONAL, struct wire_news, has_size),
	ROW_BOOL("mounted", OPTIONAL, struct wire_news, mounted),
	ROW_BOOL("existed", OPTIONAL, struct wire_news, existed),
	ROW_STRING("digest", OPTIONAL, struct wire_news, digest),
	ROW_STRING("media_type", OPTIONAL, struct wire_news, media_type),
	ROW_STRING("host", OPTIONAL, struct wire_news, host),
	ROW_I64("pulls_left", OPTIONAL, struct wire_news, pulls_left),
	ROW_U32("cls", OPTIONAL, struct wire_news, cls),
	ROW_I64("sysno", OPTIONAL, struct wire_news, sysno),
	ROW_STRING("text", OPTIONAL, struct wire_news, text),
	ROW_STRING("hint", OPTIONAL, struct wire_news, hint),
};
const struct bind_table wire_news_table = BIND_TABLE(news_rows, struct wire_news, false);

static const struct bind_row names_rows[] = {
	ROW_STRINGS("names", REQUIRED, struct wire_names, names),
};
const struct bind_table wire_names_table = BIND_TABLE(names_rows, struct wire_names, false);

static const struct bind_row found_rows[] = {
	ROW_STRING("name", REQUIRED, struct remote_found, name),
	ROW_STRING("description", OPTIONAL, struct remote_found, description),
	ROW_I64("stars", OPTIONAL, struct remote_found, stars),
	ROW_BOOL("official", OPTIONAL, struct remote_found, official),
	ROW_BOOL("automated", OPTIONAL, struct remote_found, automated),
};
static const struct bind_table found_table = BIND_TABLE(found_rows, struct remote_found, false);
static const struct bind_row results_rows[] = {
	ROW_OBJECTS("found", REQUIRED, struct remote_results, found, found_table),
};
const struct bind_table wire_results_table =
	BIND_TABLE(results_rows, struct remote_results, false);
// clang-format on

/* Printable text without control characters, cut to the room that there is. */
static void copy_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
	for (char *at = to; *at; at++)
		if ((unsigned char)*at < ' ' || *at == '\x7f')
			*at = '?';
}

static void copy_err(const struct wire_news *n, struct err *ret)
{
	*ret = (struct err){ .cls = n->cls < ERR_CLASS_COUNT ? (enum err_class)n->cls : ERR_BUG,
			     .sysno = n->sysno > 0 && n->sysno < 4096 ? (int)n->sysno : 0 };
	copy_text(ret->text, sizeof(ret->text), n->text);
	copy_text(ret->hint, sizeof(ret->hint), n->hint);
	err_sanitise(ret);
	if (n->news == REMOTE_FAILED && (!ret->cls || !*ret->text))
		fail(ret, ERR_BUG, "ask a registry: tare-fetch failed and did not say why");
}

/**
 * wire_news_read() - the engine's reading of a packet
 *
 * Return: 0, or -1 when it is no news. Only digests that are valid come through.
 */
int wire_news_read(const unsigned char *at, size_t len, struct remote_event *ret_event,
		   struct err *e)
{
	own_arena struct arena a = { .limit = (size_t)1 << 20 };
	struct wire_news n = { 0 };

	if (bind_unpack(&wire_news_table, at, len, &a, &n, e) < 0)
		return -1;
	if (n.news > REMOTE_FAILED)
		return fail(e, ERR_BUG, "read news of tare-fetch: kind %u is unknown", n.news);
	*ret_event = (struct remote_event){ .id = n.id,
					    .news = (enum remote_news)n.news,
					    .bytes = n.bytes,
					    .size = n.size,
					    .has_size = n.has_size,
					    .mounted = n.mounted,
					    .existed = n.existed,
					    .pulls_left = n.pulls_left };
	copy_text(ret_event->media_type, sizeof(ret_event->media_type), n.media_type);
	copy_text(ret_event->host, sizeof(ret_event->host), n.host);
	if (!digest_try_parse(n.digest, &ret_event->digest))
		ret_event->digest = (struct digest){ 0 };
	copy_err(&n, &ret_event->err);
	return 0;
}

/* wire_ask_read() - tare-fetch's reading of a packet. Return: 0, or -1 when it is no question. */
int wire_ask_read(const unsigned char *at, size_t len, struct arena *a, struct wire_ask *ret_ask,
		  struct err *e)
{
	struct wire_ask ask = { 0 };

	if (bind_unpack(&wire_ask_table, at, len, a, &ask, e) < 0)
		return -1;
	if (ask.action > REMOTE_LOGIN)
		return fail(e, ERR_BUG, "read a question: action %u is unknown", ask.action);
	if (ask.offset > ask.size)
		return fail(e, ERR_BUG, "read a question: its offset is behind the end");
	*ret_ask = ask;
	return 0;
}
