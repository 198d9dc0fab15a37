/* find_containers.c - what the library finds on this host, for engines.bats: JSON, one line each
 *
 * usage: tool-containers           all of them
 *        tool-containers WORD      the one that WORD means
 */
#include <stdio.h>

#include "base/err.h"
#include "base/own.h"
#include "host/containers.h"

static int show(const struct container_found *c)
{
	struct err e = { 0 };
	own_mem char *text = bind_print(&container_found_table, c, false, &e);

	return text ? puts(text) : -1;
}

int main(int argc, char **argv)
{
	own_containers struct containers all = { 0 };
	const struct container_found *one;
	struct err e = { 0 };

	if (containers_find(NULL, CONTAINERS_ALL, &all, &e) == 0 && argc < 2) {
		for (size_t i = 0; i < all.n; i++)
			show(&all.at[i]);
		return 0;
	}
	one = e.text[0] ? NULL : containers_lookup(&all, argv[1], &e);
	if (one)
		return show(one) < 0;
	fprintf(stderr, "%s\n", e.text);
	return err_exit_status(&e);
}
