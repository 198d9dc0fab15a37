/* tar_names.c - names of entries and whiteouts: what comes out stays below the root */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "layer/name.h"

static void check_name(const struct name *n)
{
	const char *p = n->path;

	MUST(strlen(p) == n->len && n->base <= n->len);
	MUST(n->base == 0 || n->path[n->base - 1] == '/');
	MUST(!strchr(p + n->base, '/'));
	MUST(*p != '/' && (n->len == 0 || p[n->len - 1] != '/'));
	while (*p) {
		size_t len = strcspn(p, "/");

		MUST(len > 0 && len <= NAME_MAX);
		MUST(!(len == 1 && p[0] == '.') && !(len == 2 && p[0] == '.' && p[1] == '.'));
		p += len + (p[len] == '/');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_mem char *text = malloc(size + 1);
	enum whiteout what;
	struct err e = { 0 };
	struct name n, again;

	MUST(text);
	memcpy(text, data, size);
	text[size] = '\0';
	if (name_clean(text, 100, &n, &e) < 0) {
		MUST(*e.text);
		return 0;
	}
	check_name(&n);
	MUST(name_clean(n.path, 100, &again, &e) == 0 && strcmp(n.path, again.path) == 0);
	(void)name_climbs(n.path, n.base ? n.base - 1 : 0, text);
	if (whiteout_of(&n, &what, &e) < 0) {
		MUST(*e.text);
		return 0;
	}
	check_name(&n);
	MUST(what != WHITEOUT_ONE || n.len > 0);
	return 0;
}
