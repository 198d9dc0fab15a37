/* cg_shares.c - files of shares: what is read holds together, what is not says why and where */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/own.h"
#include "cg/shares.h"

static void check_group(const struct cg_shares *s, size_t i)
{
	const struct cg_share *share = &s->at[i];
	const char *above = share->above < 0 ? "" : s->at[share->above].path;
	size_t len = strlen(above);
	struct err e = { 0 };

	MUST(share->above < (long)i && share->line > 0);
	MUST(cgroup_path_check(share->path, &e) == 0 && share->path[0] != '/');
	MUST(strncmp(share->path, above, len) == 0 && (!len || share->path[len] == '/'));
	for (int r = 0; r < CG_RESOURCES; r++)
		MUST(share->part[r] <= CG_WHOLE);
}

static void check_sums(const struct cg_shares *s, long above)
{
	for (int r = 0; r < CG_RESOURCES; r++) {
		uint64_t sum = 0;

		for (size_t i = 0; i < s->n; i++)
			sum += s->at[i].above == above ? s->at[i].part[r] : 0;
		MUST(sum <= CG_WHOLE);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_mem char *text = malloc(size + 1);
	own_cg_shares struct cg_shares s = { 0 };
	struct err e = { 0 };

	MUST(text);
	memcpy(text, data, size);
	text[size] = '\0';
	if (cg_shares_parse(text, "shares", &s, &e) < 0) {
		MUST(*e.text);
		return 0;
	}
	MUST(s.n > 0 && s.n_networks <= CG_NETWORKS);
	for (size_t i = 0; i < s.n && i < 64; i++) {
		check_group(&s, i);
		check_sums(&s, (long)i - 1);
	}
	for (size_t i = 0; i < s.n_networks; i++)
		MUST(s.networks[i].rate && *s.networks[i].name &&
		     memchr(s.networks[i].name, '\0', sizeof(s.networks[i].name)));
	return 0;
}
