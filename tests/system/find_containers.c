/* find_containers.c - what the library finds on this host, for engines.bats: JSON, one line each
 *
 * usage: tool-containers           all of them
 *        tool-containers WORD      the one that WORD means
 *        tool-containers WORD -    how well that one is isolated
 */
#include <stdio.h>

#include "base/err.h"
#include "base/own.h"
#include "discovery/containers.h"
#include "any/isolation.h"

static int print(const struct bind_table *t, const void *doc, struct err *e)
{
	own_mem char *text = bind_print(t, doc, false, e);

	return text ? puts(text) : -1;
}

static int inspect(const struct container_found *c, struct err *e)
{
	own_arena struct arena mem = { 0 };
	struct isolation report;

	if (isolation_inspect(NULL, c, &mem, &report, e) < 0)
		return -1;
	return print(&isolation_table, &report, e);
}

static int run(int argc, char **argv, struct err *e)
{
	own_containers struct containers all = { 0 };
	const struct container_found *one;

	if (containers_find(NULL, CONTAINERS_ALL, &all, e) < 0)
		return -1;
	for (size_t i = 0; argc < 2 && i < all.n; i++)
		if (print(&container_found_table, &all.at[i], e) < 0)
			return -1;
	if (argc < 2)
		return 0;
	one = containers_lookup(&all, argv[1], e);
	if (!one)
		return -1;
	return argc > 2 ? inspect(one, e) : print(&container_found_table, one, e);
}

int main(int argc, char **argv)
{
	struct err e = { 0 };

	if (run(argc, argv, &e) >= 0)
		return 0;
	fprintf(stderr, "%s\n", e.text);
	return err_exit_status(&e);
}
