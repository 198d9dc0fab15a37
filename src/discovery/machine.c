/* machine.c - systemd-nspawn, and whatever else is registered with systemd-machined
 *
 * machined writes a file of KEY=VALUE lines for each machine, and one called unit:… beside it.
 * Source: systemd's machine/machine.c, machine_save().
 */
#include "base/own.h"
#include "base/text.h"
#include "discovery/finder_priv.h"

// clang-format off
static const struct state_fact machine_facts[] = {
	FACT("NAME",    FACT_TEXT, name),
	FACT("SERVICE", FACT_TEXT, service),
	FACT("CLASS",   FACT_TEXT, class),
	FACT("ROOT",    FACT_TEXT, rootfs),
	FACT("LEADER",  FACT_I64,  pid),
	FACTS_END,
};
// clang-format on

struct listing {
	const struct state_source *source;
};

static int see_machine(struct finder *f, const char *name, void *ctx)
{
	const struct listing *l = ctx;

	return text_starts(name, "unit:")
		       ? 0
		       : finder_entry(f, l->source, "run/systemd/machines", name, f->admin);
}

static int list(struct finder *f, const struct state_source *s)
{
	struct listing l = { s };

	return finder_each(f, "run/systemd/machines", f->admin, see_machine, &l);
}

static void read_one(struct finder *f, const struct state_entry *entry, struct state_facts *facts)
{
	own_mem char *text = NULL;

	if (finder_read(f, entry, "", STATE_FILE_MAX, &text) >= 0)
		state_lines_read(text, machine_facts, &f->scratch, facts);
}

const struct state_source machine_source = { ENGINE_NSPAWN, true, list, read_one, NULL };
