/* state_text.c - see state_text.h */
#include "engine/state_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/date.h"

/* "5 minutes ago", or without the last word */
static void since(const char *when, bool ago, char *buf, size_t size)
{
	int64_t ns = 0;
	char *end;

	if (!when || !date_parse(when, &ns)) {
		snprintf(buf, size, "?");
		return;
	}
	(void)date_ago(ns, date_now_ns(), buf, size);
	end = strstr(buf, " ago");
	if (end && !ago)
		*end = '\0';
}

const char *kept_text(const struct container_state *t, char buf[STATE_TEXT])
{
	char when[64];

	if (strcmp(t->status, "running") == 0) {
		since(t->started, false, when, sizeof(when));
		snprintf(buf, STATE_TEXT, "Up %s", when);
	} else if (strcmp(t->status, "created") == 0) {
		snprintf(buf, STATE_TEXT, "Created");
	} else {
		since(t->finished, true, when, sizeof(when));
		snprintf(buf, STATE_TEXT, "%s (%" PRId64 ") %s",
			 strcmp(t->status, "restarting") == 0 ? "Restarting" : "Exited",
			 t->exit_code, when);
	}
	return buf;
}
