/* config.c - config.json as everybody may write it: read, printed, and packed for tare-init
 *
 * What is accepted prints as JSON that is accepted again and prints the same; its packed form
 * unpacks to what packs the same.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bind.h"
#include "base/err.h"
#include "base/own.h"
#include "base/text.h"
#include "spec/oci.h"

static void pack_again(const struct oci_config *config)
{
	own_str struct str once = { 0 }, twice = { 0 };
	own_arena struct arena mem = { 0 };
	static struct oci_config back;
	struct err e = { 0 };

	MUST(bind_pack(&oci_config_table, config, &once) == 0);
	memset(&back, 0, sizeof(back));
	MUST(bind_unpack(&oci_config_table, (unsigned char *)once.at, once.len, &mem, &back, &e) ==
	     0);
	MUST(bind_pack(&oci_config_table, &back, &twice) == 0);
	MUST(once.len == twice.len && memcmp(once.at, twice.at, once.len) == 0);
}

static void print_again(const struct oci_config *config)
{
	own_arena struct arena mem = { 0 };
	static struct oci_config back;
	struct err e = { 0 };
	own_mem char *once = bind_print(&oci_config_table, config, false, &e);
	own_mem char *twice = NULL;

	MUST(once);
	memset(&back, 0, sizeof(back));
	MUST(bind_parse(&oci_config_table, once, strlen(once), "again", NULL, &mem, &back, &e) ==
	     0);
	twice = bind_print(&oci_config_table, &back, false, &e);
	MUST(twice && strcmp(once, twice) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	own_arena struct arena mem = { 0 };
	static struct oci_config config;
	struct err e = { 0 };

	memset(&config, 0, sizeof(config));
	if (bind_parse(&oci_config_table, (const char *)at, len, "config.json", NULL, &mem, &config,
		       &e) < 0) {
		MUST(e.text[0]);
		return 0;
	}
	print_again(&config);
	pack_again(&config);
	return 0;
}
