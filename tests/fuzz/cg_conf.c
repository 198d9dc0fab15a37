/* cg_conf.c - cgconfig.conf: what is read, written and read again says the same */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/own.h"
#include "cg/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_mem char *text = malloc(size + 1);
	own_arena struct arena a = { 0 };
	own_str struct str out = { 0 };
	struct cg_node *first = NULL, *again = NULL;
	struct err e = { 0 };

	MUST(text);
	memcpy(text, data, size);
	text[size] = '\0';
	if (cg_conf_parse(text, &a, &first, &e) < 0) {
		MUST(*e.text);
		return 0;
	}
	cg_conf_print(first, &out);
	MUST(!out.torn);
	MUST(cg_conf_parse(out.at ? out.at : "", &a, &again, &e) == 0);
	MUST(cg_conf_same(first, again));
	return 0;
}
