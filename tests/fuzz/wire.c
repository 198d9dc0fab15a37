/* wire.c - the engine and tare-fetch: whatever the other side sends, it is read or refused */
#include "fuzz.h"

#include <string.h>

#include "base/arena.h"
#include "base/own.h"
#include "remote/wire.h"

static void hear_news(const uint8_t *data, size_t size)
{
	struct remote_event ev;
	struct err e = { 0 };

	if (wire_news_read(data, size, &ev, &e) < 0) {
		MUST(*e.text);
		return;
	}
	MUST(ev.news <= REMOTE_FAILED);
	MUST(ev.news != REMOTE_FAILED || (ev.err.cls && *ev.err.text));
	MUST(!strpbrk(ev.err.text, "\n\x1b") && !strpbrk(ev.media_type, "\n\x1b"));
}

static void hear_ask(const uint8_t *data, size_t size)
{
	own_arena struct arena a = { 0 };
	own_str struct str out = { 0 };
	struct wire_ask ask;
	struct err e = { 0 };

	if (wire_ask_read(data, size, &a, &ask, &e) < 0)
		return;
	MUST(ask.offset <= ask.size);
	MUST(bind_pack(&wire_ask_table, &ask, &out) == 0);
	MUST(out.len == size && memcmp(out.at, data, size) == 0);
}

static void hear_lists(const uint8_t *data, size_t size)
{
	own_arena struct arena a = { 0 };
	struct wire_names names = { 0 };
	struct remote_results results = { 0 };
	struct remote_target target = { 0 };
	struct err e = { 0 };

	(void)bind_unpack(&wire_names_table, data, size, &a, &names, &e);
	(void)bind_unpack(&wire_results_table, data, size, &a, &results, &e);
	(void)bind_unpack(&wire_target_table, data, size, &a, &target, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hear_news(data, size);
	hear_ask(data, size);
	hear_lists(data, size);
	return 0;
}
