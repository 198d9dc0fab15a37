/* container_ls.c - tare container ls: containers that are kept, in docker's columns */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/render.h"
#include "cli/container.h"
#include "cli/session.h"
#include "engine/state_text.h"

#define ID_SHORT 12 /* digits, as docker shows them */

struct ls {
	bool all, latest;
	struct render render;
};

// clang-format off
static const struct opt opts[] = {
	OPT_FLAG_("all",    'a', struct ls, all,    "those that don't run, too"),
	OPT_FLAG_("latest", 'l', struct ls, latest, "only that which was created last"),
	RENDER_OPTS_QUIET(struct ls, render),
};

/* struct listed - docker's members; @created is what they are sorted by */
struct listed {
	char *id, *image, *command, *created_at, *running_for, *status, *state, *names, *labels;
	int64_t created;
};
static const struct bind_row rows[] = {
	ROW_STRING("ID",         REQUIRED, struct listed, id),
	ROW_STRING("Image",      REQUIRED, struct listed, image),
	ROW_STRING("Command",    REQUIRED, struct listed, command),
	ROW_STRING("CreatedAt",  REQUIRED, struct listed, created_at),
	ROW_STRING("RunningFor", REQUIRED, struct listed, running_for),
	ROW_STRING("Status",     REQUIRED, struct listed, status),
	ROW_STRING("State",      REQUIRED, struct listed, state),
	ROW_STRING("Names",      REQUIRED, struct listed, names),
	ROW_STRING("Labels",     REQUIRED, struct listed, labels),
};
static const struct bind_table listed_table = BIND_TABLE(rows, struct listed, false);
static const struct render_column columns[] = {
	{ .header = "CONTAINER ID", .path = "ID" },
	{ .header = "IMAGE",        .path = "Image",    .max = 40 },
	{ .header = "COMMAND",      .path = "Command",  .max = 24 },
	{ .header = "CREATED",      .path = "RunningFor" },
	{ .header = "STATUS",       .path = "Status" },
	{ .header = "NAMES",        .path = "Names" },
};
static const struct render_list list = {
	.table = &listed_table, .columns = columns, .n = COUNT(columns), .quiet = "ID",
};
// clang-format on

static char *command_of(const struct container_record *r, struct arena *a)
{
	own_str struct str s = { 0 };

	str_addf(&s, "\"%s", r->path ? r->path : "");
	for (char **word = r->args; word && *word; word++)
		str_addf(&s, " %s", *word);
	str_add(&s, "\"");
	return s.torn ? NULL : arena_dup(a, s.at);
}

static char *labels_of(const struct pairs *p, struct arena *a)
{
	own_str struct str s = { 0 };

	for (size_t i = 0; i < p->n; i++)
		str_addf(&s, "%s%s=%s", i ? "," : "", p->at[i].key, p->at[i].value);
	return s.torn ? NULL : arena_dup(a, s.at ? s.at : "");
}

static int add(struct arena *a, struct list_any *to, const struct kept *k, const struct ls *o,
	       struct err *e)
{
	struct listed *more = arena_more(a, to->at, to->n, sizeof(*more));
	char ago[64], status[STATE_TEXT];
	struct listed l = { 0 };

	(void)date_parse(k->record.created, &l.created);
	l.id = arena_dup_len(a, k->id, o->render.no_trunc ? strlen(k->id) : ID_SHORT);
	l.image = arena_dup(a, k->record.image_name ? k->record.image_name : k->record.image);
	l.command = command_of(&k->record, a);
	l.created_at = arena_dup(a, k->record.created);
	l.running_for = arena_dup(a, date_ago(l.created, date_now_ns(), ago, sizeof(ago)));
	l.status = arena_dup(a, kept_text(&k->state, status));
	l.state = arena_dup(a, k->state.status);
	l.names = arena_dup(a, k->record.name);
	l.labels = labels_of(&k->record.config->labels, a);
	if (!more || !l.id || !l.image || !l.command || !l.created_at || !l.running_for ||
	    !l.status || !l.state || !l.names || !l.labels)
		return fail_errno(e, ENOMEM, "list the containers");
	more[to->n++] = l;
	to->at = more;
	return 0;
}

static int look(struct store *s, const struct ls *o, const char *id, struct arena *a,
		struct list_any *to, struct err *e)
{
	struct kept k = { 0 };
	struct err why = { 0 };
	int r = 0;

	/* gone meanwhile, being made, or somebody's in the foreground */
	if (kept_read(s, id, &k, &why) == 0 && (o->all || o->latest || k.running))
		r = add(a, to, &k, o, e);
	kept_done(&k);
	return r;
}

static int newest_first(const void *a, const void *b)
{
	const struct listed *one = a, *other = b;

	return one->created < other->created ? 1 : one->created > other->created ? -1 : 0;
}

static int run_ls(const struct cli *cli, void *options, char **args __attribute__((unused)),
		  size_t n_args __attribute__((unused)), int *ret_status __attribute__((unused)),
		  struct err *e)
{
	const struct ls *o = options;
	own_arena struct arena a = { .limit = (size_t)256 << 20 };
	own_store s = STORE_NONE;
	own_dir DIR *dir = NULL;
	struct list_any all = { 0 };
	int copy;

	if (session_open(&s, cli, e) < 0)
		return -1;
	copy = openat(s.containers, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = copy < 0 ? NULL : fdopendir(copy);
	if (!dir)
		return fail_sys(e, "list the folder 'containers'");
	for (const struct dirent *d; (d = readdir(dir));)
		if (*d->d_name != '.' && look(&s, o, d->d_name, &a, &all, e) < 0)
			return -1;
	if (all.n)
		qsort(all.at, all.n, sizeof(struct listed), newest_first);
	if (o->latest && all.n > 1)
		all.n = 1;
	return render_print(&o->render, &list, all, e);
}

const struct command container_ls_command = {
	.name = "ls",
	.args = "",
	.summary = "list containers that are kept",
	.aliases = (const char *const[]){ "list", "ps", NULL },
	.opts = opts,
	.n = COUNT(opts),
	.size = sizeof(struct ls),
	.run = run_ls,
};
