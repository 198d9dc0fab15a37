/* query.c - state and list */
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/own.h"
#include "oci/cli.h"
#include "oci/logfile.h"
#include "runtime/container.h"

/* How often we look again, every 10 ms. While a create is under way, what the caller wants to
 * know is how it ends; but not for long, since its hooks may ask as well. A folder that nobody
 * works on and that has no process may have been read a moment too early. */
static int patience(const struct container *c, enum container_status status)
{
	if (status == STATUS_CREATING)
		return 30;
	return status == STATUS_STOPPED && !c->state.pid ? 5 : 0;
}

static int settled_status(struct container *c, const char *id, enum container_status *ret_status,
			  struct err *e)
{
	for (int i = 0;; i++) {
		int root = c->root;

		if (container_status(c, ret_status, e) < 0)
			return -1;
		if (i >= patience(c, *ret_status))
			return 0;
		(void)nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
		container_done(c);
		if (container_open(c, root, id, e) < 0)
			return -1;
	}
}

static int run_state(const struct cli *cli, void *options __attribute__((unused)), char **args,
		     size_t n_args __attribute__((unused)), int *ret_status __attribute__((unused)),
		     struct err *e)
{
	own_container struct container c;
	own_fd int root = cli_open_root(cli, e);
	enum container_status status;
	own_mem char *text = NULL;

	c = (struct container){ .dir = FD_NONE };
	if (root < 0 || container_open(&c, root, args[0], e) < 0 ||
	    settled_status(&c, args[0], &status, e) < 0)
		return -1;
	/* callers wait for state to succeed before they start what create is still making */
	if (status == STATUS_CREATING)
		return fail(e, ERR_CONFLICT, "container '%s' is still being created", args[0]);
	text = container_state_text(&c, status, true, e);
	if (!text)
		return -1;
	puts(text);
	return 0;
}

const struct command state_command = {
	.name = "state",
	.args = "CONTAINER",
	.summary = "print the state of a container as JSON",
	.min = 1,
	.max = 1,
	.run = run_state,
};

struct list {
	const char *format;
	bool quiet;
};

static const struct opt list_opts[] = {
	OPT_STRING_("format", 'f', struct list, format, "FORMAT", "'table' or 'json'"),
	OPT_FLAG_("quiet", 'q', struct list, quiet, "print only the ids"),
};

static void print_row(const struct container *c, enum container_status status)
{
	const struct state *s = &c->state;

	printf("%-12s %-8lld %-12s %-24s %-32s %s\n", s->id,
	       (long long)(status == STATUS_STOPPED ? 0 : s->pid), word_name(status_words, status),
	       s->bundle, s->created ? s->created : "", s->owner ? s->owner : "");
}

/* One container, in the format that was asked for. @shown: how many came before it */
static int show_one(int root, const char *id, const struct list *l, bool json, size_t *shown,
		    struct err *e)
{
	own_container struct container c = { .dir = FD_NONE };
	enum container_status status;
	own_mem char *text = NULL;

	if (l->quiet) {
		puts(id);
		return 0;
	}
	if (container_peek(&c, root, id, e) < 0 || container_status(&c, &status, e) < 0)
		return e->cls == ERR_ABSENT ? 0 : -1; /* it went away while we looked */
	if (!json) {
		print_row(&c, status);
		return 0;
	}
	text = container_state_text(&c, status, false, e);
	if (!text)
		return -1;
	printf("%s%s", (*shown)++ ? "," : "", text);
	return 0;
}

static int run_list(const struct cli *cli, void *options, char **args __attribute__((unused)),
		    size_t n_args __attribute__((unused)), int *ret_status __attribute__((unused)),
		    struct err *e)
{
	static char rows[16 << 10]; /* musl's own buffer takes ten rows */
	const struct list *l = options;
	own_arena struct arena mem = { 0 };
	own_fd int root = cli_open_root(cli, e);
	bool json = l->format && strcmp(l->format, "json") == 0;
	size_t shown = 0;
	char **ids;

	if (l->format && !json && strcmp(l->format, "table") != 0)
		return fail(e, ERR_INPUT, "list: unknown format '%s': it is neither table nor json",
			    l->format);
	if (root < 0 || container_list(root, &mem, &ids, e) < 0)
		return -1;
	(void)setvbuf(stdout, rows, _IOFBF, sizeof(rows));
	if (json && !l->quiet)
		fputs("[", stdout);
	else if (!l->quiet)
		printf("%-12s %-8s %-12s %-24s %-32s %s\n", "ID", "PID", "STATUS", "BUNDLE",
		       "CREATED", "OWNER");
	for (size_t i = 0; ids[i]; i++) {
		struct err one = { 0 };

		/* one that cannot be read must not hide the others; nor, as with runc, be taken by
		 * callers who look at the exit status for a list that is no use */
		if (show_one(root, ids[i], l, json, &shown, &one) < 0)
			logfile_failure(cli, &one);
	}
	if (json && !l->quiet)
		puts("]");
	return 0;
}

const struct command list_command = {
	.name = "list",
	.args = "",
	.summary = "list containers",
	.opts = list_opts,
	.n = COUNT(list_opts),
	.size = sizeof(struct list),
	.min = 0,
	.max = 0,
	.run = run_list,
};
