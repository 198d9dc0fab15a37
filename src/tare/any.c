/* any.c - finds the containers that a command line names, whoever made them */
#include "tare/any.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/render_text.h"
#include "any/ledger.h"

/**
 * any_open() - look at the host
 * @host: release it with any_close(), also after a failure
 */
int any_open(struct any_host *host, struct err *e)
{
	*host = (struct any_host){ 0 };
	ledger_tidy();
	if (cgroup_world_open(&host->world, e) < 0)
		return -1;
	return containers_find(NULL, CONTAINERS_ALL, &host->all, e);
}

void any_close(struct any_host *host)
{
	containers_done(&host->all);
	cgroup_world_done(&host->world);
}

/* any_name() - what people call it, or else its id */
const char *any_name(const struct container_found *c)
{
	return c->name ? c->name : c->id;
}

/* any_print() - one line of output; names are the containers' own, and must not reach a terminal raw */
void any_print(const char *text)
{
	own_str struct str out = { 0 };

	render_visible(&out, text, strlen(text), !render_is_utf8());
	puts(out.at && !out.torn ? out.at : "?");
}

static int compare_pid(const void *key, const void *member)
{
	pid_t pid = *(const pid_t *)key, other = ((const struct container_member *)member)->pid;

	return pid < other ? -1 : pid > other;
}

/* any_holds_us() - whether this command itself runs in the container */
bool any_holds_us(const struct any_host *host, const struct container_found *c)
{
	pid_t us = getpid();
	const struct container_member *m =
		bsearch(&us, host->all.members, host->all.n_members, sizeof(*m), compare_pid);

	return m && &host->all.at[m->container] == c;
}

static int do_one(struct any_host *host, const char *word, any_deed *deed, void *ctx, struct err *e)
{
	const struct container_found *c = containers_lookup(&host->all, word, e);

	host->word = word;
	return c ? deed(host, c, ctx, e) : -1;
}

/**
 * any_each() - do something to every container that is named, also after one that fails
 * @words: names, ids, pids, cgroups (containers_lookup())
 *
 * Return: -1 if any failed; @e has the last failure, the others are logged.
 */
int any_each(char **words, size_t n, any_deed *deed, void *ctx, struct err *e)
{
	own_any_host struct any_host host = { 0 };
	char line[2048];
	int r = 0;

	if (any_open(&host, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct err one = { 0 };

		if (do_one(&host, words[i], deed, ctx, &one) == 0)
			continue;
		if (r < 0) {
			err_line(e, line, sizeof(line));
			log_error("%s", line);
		}
		*e = one;
		r = -1;
	}
	return r;
}
