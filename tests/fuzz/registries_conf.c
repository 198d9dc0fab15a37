/* registries_conf.c - registries.conf: a name resolves to places that are names again, or to an error */
#include "fuzz.h"

#include "base/arena.h"
#include "base/err.h"
#include "remote/registries_conf.h"

static void resolve(const struct registries *r, const char *text, struct arena *a)
{
	struct registries_places p;
	struct registries_names names;
	struct err e = { 0 };

	if (registries_candidates(r, text, a, &names, &e) < 0) {
		MUST(*e.text);
		return;
	}
	MUST(names.names.n);
	for (size_t i = 0; i < names.names.n; i++) {
		if (registries_resolve(r, &names.names.at[i], false, a, &p, &e) < 0) {
			MUST(*e.text);
			continue;
		}
		MUST(p.places.n);
		for (size_t k = 0; k < p.places.n; k++)
			MUST(reference_is_registry(p.places.at[k].host) &&
			     *p.places.at[k].repository);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "debian", "a.com/team/app", "x.e.com/app" };
	own_arena struct arena a = { 0 };
	struct registries r = { 0 };
	struct err e = { 0 };

	if (registries_read(&r, (const char *)data, size, "fuzz", &a, &e) < 0) {
		MUST(*e.text);
		return 0;
	}
	for (size_t i = 0; i < 3; i++)
		resolve(&r, names[i], &a);
	return 0;
}
