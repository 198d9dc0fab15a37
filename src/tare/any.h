/* any.h - the word ANY of a command line: a container of any engine */
#ifndef TARE_ANY_H
#define TARE_ANY_H

#include "discovery/containers.h"

/**
 * struct any_host - every container of the host, and its cgroup hierarchies
 * @word: by which the one that is at hand was called, for what is printed of it: whoever passes that on
 *        means the same container
 */
struct any_host {
	struct containers all;
	struct cgroup_world world;
	const char *word;
};

/* What is done to one of the containers that were named. */
typedef int any_deed(struct any_host *host, const struct container_found *c, void *ctx,
		     struct err *e);

int any_open(struct any_host *host, struct err *e);
void any_close(struct any_host *host);
int any_each(char **words, size_t n, any_deed *deed, void *ctx, struct err *e);
bool any_holds_us(const struct any_host *host, const struct container_found *c);
void any_print(const char *text);
const char *any_name(const struct container_found *c);
#define own_any_host __attribute__((cleanup(any_close)))

#endif
