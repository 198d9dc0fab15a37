/* plan.c - the packed plan that tare-init reads, as if somebody had damaged it
 *
 * What unpacks at all packs to bytes that unpack and pack the same.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bind.h"
#include "base/err.h"
#include "base/own.h"
#include "base/text.h"
#include "spec/plan.h"

/* Packs *@plan to @out. */
static void pack(const struct plan *plan, struct str *out)
{
	MUST(bind_pack(&plan_table, plan, out) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	own_arena struct arena mem = { 0 }, again = { 0 };
	own_str struct str once = { 0 }, twice = { 0 };
	struct plan plan = { 0 }, back = { 0 };
	own_mem unsigned char *bytes = malloc(len ? len : 1);
	struct err e = { 0 };

	if (len)
		memcpy(bytes, at, len);
	if (bind_unpack(&plan_table, bytes, len, &mem, &plan, &e) < 0) {
		MUST(e.text[0]);
		return 0;
	}
	pack(&plan, &once);
	MUST(bind_unpack(&plan_table, (unsigned char *)once.at, once.len, &again, &back, &e) == 0);
	pack(&back, &twice);
	MUST(once.len == twice.len && memcmp(once.at, twice.at, once.len) == 0);
	return 0;
}
