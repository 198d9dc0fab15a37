/* bare.c - runtimes that nobody stands above: ours, runc, crun
 *
 * One folder for each container, in the runtime's root and in those of the users' own. What an engine
 * made is there, too; its own source comes first.
 * Sources: spec/state.c; runc's libcontainer/container.go; crun's crun.1 and status.c.
 */
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "base/text.h"
#include "discovery/finder_priv.h"

// clang-format off
static const struct state_fact tare_facts[] = {
	FACT("pid",      FACT_I64,  pid),
	FACT("pidStart", FACT_U64,  pid_start),
	FACT("created",  FACT_TEXT, created),
	FACT("bundle",   FACT_TEXT, bundle),
	FACT("rootfs",   FACT_TEXT, rootfs),
	FACTS_END,
};
static const struct state_fact runc_facts[] = {
	FACT("init_process_pid",   FACT_I64,  pid),
	FACT("init_process_start", FACT_U64,  pid_start),
	FACT("created",            FACT_TEXT, created),
	FACT("config>rootfs",      FACT_TEXT, rootfs),
	FACTS_END,
};
static const struct state_fact crun_facts[] = {
	FACT("pid",                FACT_I64,  pid),
	FACT("process-start-time", FACT_U64,  pid_start),
	FACT("created",            FACT_TEXT, created),
	FACT("bundle",             FACT_TEXT, bundle),
	FACT("rootfs",             FACT_TEXT, rootfs),
	FACTS_END,
};

/* struct bare - a runtime: root's folder, a user's below /run/user/UID */
static const struct bare {
	enum engine_kind engine;
	const char *root, *user;
	const struct state_fact *facts;
} bares[] = {
	{ ENGINE_TARE, "run/tare/runtime", "tare", tare_facts },
	{ ENGINE_RUNC, "run/runc",         "runc", runc_facts },
	{ ENGINE_CRUN, "run/crun",         "crun", crun_facts },
};
// clang-format on

static const struct bare *bare_of(const struct state_source *s)
{
	const struct bare *b = bares;

	while (b->engine != s->engine)
		b++;
	return b;
}

static int list_user(struct finder *f, uint32_t uid, void *ctx)
{
	const struct state_source *s = ctx;
	char folder[64];

	snprintf(folder, sizeof(folder), "run/user/%u/%s", uid, bare_of(s)->user);
	return finder_list(f, s, folder, uid);
}

static int list(struct finder *f, const struct state_source *s)
{
	int r = finder_list(f, s, bare_of(s)->root, f->admin);

	return r < 0 ? r : finder_each_user(f, list_user, (void *)s);
}

static void read_one(struct finder *f, const struct state_entry *entry, struct state_facts *facts)
{
	const struct bare *b = bare_of(entry->source);
	own_mem char *text = NULL;
	int n = finder_read(f, entry, entry->source->file, STATE_FILE_MAX, &text);

	if (n >= 0)
		finder_facts(f, text, (size_t)n, b->facts, facts);
}

const struct state_source tare_source = { ENGINE_TARE, true, list, read_one, "status" };
const struct state_source runc_source = { ENGINE_RUNC, true, list, read_one, "state.json" };
const struct state_source crun_source = { ENGINE_CRUN, true, list, read_one, "status" };
