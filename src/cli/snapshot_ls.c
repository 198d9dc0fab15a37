/* snapshot_ls.c - tare snapshot ls, inspect and usage: what is known of snapshots */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/date.h"
#include "base/json_text.h"
#include "base/render.h"
#include "base/units.h"
#include "cli/session.h"
#include "cli/snapshot.h"
#include "image/snapshots.h"

/* struct row - one snapshot; what is mounted and what it takes only where it is asked for */
struct row {
	char *name, *image, *digest, *driver, *since, *created, *used_text, *limit_text, *folder;
	char **mounts;
	uint64_t used, inodes, limit;
	bool fast, view;
};

// clang-format off
#define ROWS \
	ROW_STRING("Name",      REQUIRED, struct row, name), \
	ROW_STRING("Image",     REQUIRED, struct row, image), \
	ROW_STRING("Digest",    REQUIRED, struct row, digest), \
	ROW_STRING("Driver",    REQUIRED, struct row, driver), \
	ROW_STRING("CreatedAt", REQUIRED, struct row, created), \
	ROW_STRING("Used",      OPTIONAL, struct row, used_text), \
	ROW_STRING("Limit",     OPTIONAL, struct row, limit_text), \
	ROW_U64("UsedBytes",    OPTIONAL, struct row, used), \
	ROW_U64("Inodes",       OPTIONAL, struct row, inodes), \
	ROW_U64("LimitBytes",   OPTIONAL, struct row, limit), \
	ROW_BOOL("Volatile",    OPTIONAL, struct row, fast), \
	ROW_BOOL("View",        OPTIONAL, struct row, view)
static const struct bind_row rows[] = {
	ROWS,
	ROW_STRING("CreatedSince", OPTIONAL, struct row, since),
	ROW_STRINGS("Mounts",   OPTIONAL, struct row, mounts),
};
static const struct bind_row whole_rows[] = {
	ROWS,
	ROW_STRING("Folder",    REQUIRED, struct row, folder),
	ROW_STRINGS("Mounts",   REQUIRED, struct row, mounts),
};
static const struct bind_table row_table = BIND_TABLE(rows, struct row, false);
static const struct bind_table whole_table = BIND_TABLE(whole_rows, struct row, false);

#define COLUMNS \
	{ .header = "NAME",    .path = "Name", .max = 24 }, \
	{ .header = "IMAGE",   .path = "Image" }, \
	{ .header = "DRIVER",  .path = "Driver" }, \
	{ .header = "CREATED", .path = "CreatedSince" }
#define MOUNTED \
	{ .header = "MOUNTED ON", .path = "{{if .Mounts}}{{join .Mounts \",\"}}{{else}}-{{end}}" }
static const struct render_column columns[] = { COLUMNS, MOUNTED };
static const struct render_column sized[] = {
	COLUMNS,
	{ .header = "USED",  .path = "Used",  .align = RENDER_RIGHT },
	{ .header = "LIMIT", .path = "{{if .Limit}}{{.Limit}}{{else}}-{{end}}", .align = RENDER_RIGHT },
	MOUNTED,
};
static const struct render_column usage_columns[] = {
	{ .header = "NAME",   .path = "Name", .max = 24 },
	{ .header = "USED",   .path = "Used",   .align = RENDER_RIGHT },
	{ .header = "INODES", .path = "Inodes", .align = RENDER_RIGHT },
	{ .header = "LIMIT",  .path = "{{if .Limit}}{{.Limit}}{{else}}-{{end}}", .align = RENDER_RIGHT },
};
// clang-format on

/* A tag of the image, or its digest. */
static char *image_name(struct store *s, struct arena *a, const char *digest, struct err *e)
{
	own_rows all = { 0 };
	struct err ignored = { 0 };
	struct reference r;
	char text[REFERENCE_TEXT];

	if (db_query(&s->db, DB_TAG_ALL, &all, e, "") < 0)
		return NULL;
	while (db_next(&all, e) > 0)
		if (strcmp(db_text(&all, 1), digest) == 0 &&
		    reference_parse(db_text(&all, 0), &r, &ignored) == 0)
			return arena_dup(a, reference_familiar(&r, text));
	return arena_dup_len(a, digest, 19);
}

static int measure(const struct snapshot *n, struct arena *a, struct row *r, struct err *e)
{
	struct snapshot_usage usage;
	char text[24];

	if (snapshot_usage(n, &usage, e) < 0)
		return -1;
	r->used = usage.bytes;
	r->inodes = usage.inodes;
	r->used_text = arena_dup(a, size_format(usage.bytes, false, text));
	return 0;
}

/* struct wanted - how much is to be told of each */
struct wanted {
	bool usage, mounts;
};

static int describe(const struct snapshot *n, const struct wanted *w, struct arena *a,
		    struct row *r, struct err *e)
{
	char text[DATE_TEXT];
	size_t mounts = 0;

	*r = (struct row){ .name = arena_dup(a, n->id),
			   .image = image_name(n->store, a, n->doc.image, e),
			   .digest = arena_dup(a, n->doc.image),
			   .driver = arena_dup(a, n->doc.driver),
			   .created = arena_dup(a, date_text(n->doc.created, text)),
			   .limit = n->doc.size,
			   .fast = n->doc.fast,
			   .view = n->doc.view };
	r->folder = arena_printf(a, "%s/snapshots/%s", n->store->path, n->id);
	r->since = arena_dup(a, date_ago(n->doc.created, date_now_ns(), text, sizeof(text)));
	if (n->doc.size)
		r->limit_text = arena_dup(a, size_format(n->doc.size, false, text));
	if (w->usage && measure(n, a, r, e) < 0)
		return -1;
	if (w->mounts) {
		char **targets;

		if (snapshot_mounts(n, a, &targets, &mounts, e) < 0)
			return -1;
		r->mounts = arena_array(a, mounts + 1, sizeof(char *));
		for (size_t i = 0; r->mounts && i < mounts; i++)
			r->mounts[i] = targets[i];
	}
	return r->name && r->image && r->digest && r->since
		       ? 0
		       : fail_errno(e, ENOMEM, "list snapshots");
}

/* One that can't be opened is told, and the others are listed. */
static int gather(const struct cli *cli, struct store *s, const struct wanted *w, struct arena *a,
		  struct list_any *ret, struct err *e)
{
	struct snapshot_records all;
	struct row *list;

	if (store_snapshots_clear(s, e) < 0 || store_snapshots(s, a, &all, e) < 0)
		return -1;
	list = arena_array(a, all.n + 1, sizeof(*list));
	if (!list)
		return fail_errno(e, ENOMEM, "list snapshots");
	*ret = (struct list_any){ list, 0 };
	for (size_t i = 0; i < all.n; i++) {
		own_snapshot n = SNAPSHOT_NONE;
		struct err one = { 0 };

		if (snapshot_open(&n, s, all.at[i].id, &one) < 0 ||
		    describe(&n, w, a, &list[ret->n], &one) < 0)
			cli_complain(cli, &one);
		else
			ret->n++;
	}
	return 0;
}

struct ls {
	bool size;
	struct render render;
};

static const struct opt ls_opts[] = {
	OPT_FLAG_("size", 's', struct ls, size, "show what each takes on the disk"),
	RENDER_OPTS_QUIET(struct ls, render),
};

static int run_ls(const struct cli *cli, void *options, char **args __attribute__((unused)),
		  size_t n_args __attribute__((unused)), int *ret_status __attribute__((unused)),
		  struct err *e)
{
	const struct ls *o = options;
	struct wanted w = { .usage = o->size, .mounts = !o->render.quiet };
	struct render_list how = { .table = &row_table, .quiet = "Name" };
	own_arena struct arena a = { 0 };
	own_store s = STORE_NONE;
	struct list_any all;

	how.columns = o->size ? sized : columns;
	how.n = o->size ? COUNT(sized) : COUNT(columns);
	if (session_open(&s, cli, e) < 0 || gather(cli, &s, &w, &a, &all, e) < 0)
		return -1;
	return render_print(&o->render, &how, all, e);
}

const struct command snapshot_ls_command = {
	.name = "ls",
	.args = "",
	.summary = "list snapshots",
	.aliases = (const char *const[]){ "list", NULL },
	.opts = ls_opts,
	.n = COUNT(ls_opts),
	.size = sizeof(struct ls),
	.run = run_ls,
};

static const struct opt usage_opts[] = {
	RENDER_OPTS(struct ls, render),
};

static int run_usage(const struct cli *cli, void *options, char **args, size_t n_args,
		     int *ret_status __attribute__((unused)), struct err *e)
{
	const struct ls *o = options;
	struct wanted w = { .usage = true };
	struct render_list how = { .table = &row_table,
				   .columns = usage_columns,
				   .n = COUNT(usage_columns) };
	own_arena struct arena a = { 0 };
	own_store s = STORE_NONE;
	struct list_any all = { arena_array(&a, n_args + 1, sizeof(struct row)), 0 };

	if (!all.at)
		return fail_errno(e, ENOMEM, "list snapshots");
	if (session_open(&s, cli, e) < 0 || (n_args == 0 && gather(cli, &s, &w, &a, &all, e) < 0))
		return -1;
	for (; all.n < n_args; all.n++) {
		own_snapshot n = SNAPSHOT_NONE;

		if (snapshot_open(&n, &s, args[all.n], e) < 0 ||
		    describe(&n, &w, &a, (struct row *)all.at + all.n, e) < 0)
			return -1;
	}
	return render_print(&o->render, &how, all, e);
}

const struct command snapshot_usage_command = {
	.name = "usage",
	.args = "[SNAPSHOT...]",
	.summary = "show what snapshots take on the disk, without what they share",
	.opts = usage_opts,
	.n = COUNT(usage_opts),
	.size = sizeof(struct ls),
	.max = SIZE_MAX,
	.run = run_usage,
};

static const struct opt inspect_opts[] = {
	OPT_STRING_("format", 'f', struct ls, render.format, "FORMAT", "'json' or a Go template"),
};

static int inspect(struct store *s, const char *word, const struct render *how, struct str *out,
		   struct err *e)
{
	own_arena struct arena a = { 0 };
	own_snapshot n = SNAPSHOT_NONE;
	struct wanted w = { .usage = true, .mounts = true };
	struct row row;

	if (snapshot_open(&n, s, word, e) < 0 || describe(&n, &w, &a, &row, e) < 0)
		return -1;
	return render_document(how, &whole_table, &row, out, e);
}

static int run_inspect(const struct cli *cli, void *options, char **args, size_t n_args,
		       int *ret_status __attribute__((unused)), struct err *e)
{
	const struct ls *o = options;
	bool template = o->render.format && strcmp(o->render.format, "json") != 0;
	struct render how = { .format = template ? o->render.format : "json" };
	own_str struct str out = { 0 }, pretty = { 0 };
	own_store s = STORE_NONE;

	if (session_open(&s, cli, e) < 0)
		return -1;
	str_add(&out, template ? "" : "[");
	for (size_t i = 0; i < n_args; i++) {
		if (i && !template)
			str_add(&out, ",");
		if (inspect(&s, args[i], &how, &out, e) < 0)
			return -1;
	}
	str_add(&out, template ? "" : "]");
	if (out.torn)
		return fail_errno(e, ENOMEM, "inspect snapshots");
	if (!template)
		json_text_indent(&pretty, out.at, "    ");
	printf("%s%s", template ? out.at : pretty.at, template ? "" : "\n");
	return 0;
}

const struct command snapshot_inspect_command = {
	.name = "inspect",
	.args = "SNAPSHOT...",
	.summary = "show all that is known of snapshots, as JSON",
	.opts = inspect_opts,
	.n = COUNT(inspect_opts),
	.size = sizeof(struct ls),
	.min = 1,
	.max = SIZE_MAX,
	.run = run_inspect,
};
