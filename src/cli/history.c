/* history.c - tare history and tare image tree: how images were made, and what they share */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/date.h"
#include "base/render.h"
#include "base/units.h"
#include "cli/image.h"
#include "cli/session.h"
#include "store/listing.h"

struct history {
	struct opt_bool human;
	const char *platform;
	struct render render;
};

// clang-format off
static const struct opt opts[] = {
	OPT_BOOL_("human", 'H', struct history, human, "sizes and dates for people, as without it; --human=false: for programs"),
	PLATFORM_OPT(struct history, platform, "show the image's history"),
	RENDER_OPTS_QUIET(struct history, render),
};

struct row {
	char *id, *created, *since, *by, *size, *comment;
};
static const struct bind_row rows[] = {
	ROW_STRING("ID",           OPTIONAL, struct row, id),
	ROW_STRING("CreatedAt",    OPTIONAL, struct row, created),
	ROW_STRING("CreatedSince", OPTIONAL, struct row, since),
	ROW_STRING("CreatedBy",    OPTIONAL, struct row, by),
	ROW_STRING("Size",         OPTIONAL, struct row, size),
	ROW_STRING("Comment",      OPTIONAL, struct row, comment),
};
static const struct bind_table row_table = BIND_TABLE(rows, struct row, false);

#define COLUMNS(created, member) \
	{ .header = "IMAGE",      .path = "ID" }, \
	{ .header = created,      .path = member }, \
	{ .header = "CREATED BY", .path = "CreatedBy" }, \
	{ .header = "SIZE",       .path = "Size" }, \
	{ .header = "COMMENT",    .path = "Comment" }
static const struct render_column columns[] = { COLUMNS("CREATED", "CreatedSince") };
static const struct render_column dated_columns[] = { COLUMNS("CREATED AT", "CreatedAt") };
static const struct render_list list = {
	.table = &row_table, .columns = columns, .n = COUNT(columns), .quiet = "ID",
};
static const struct render_list dated_list = {
	.table = &row_table, .columns = dated_columns, .n = COUNT(dated_columns), .quiet = "ID",
};
// clang-format on

/* Columns of CreatedBy, as docker's. */
#define BY_MAX 45

static bool is_human(const struct history *o)
{
	return !o->human.set || o->human.v;
}

static uint64_t layer_bytes(struct store *s, const struct digest *diff_id)
{
	char name[DIGEST_TEXT];
	own_rows r = { 0 };
	struct err ignored = { 0 };

	if (db_query(&s->db, DB_LAYER_FIND, &r, &ignored, "s", digest_hex(diff_id, name)) < 0 ||
	    db_next(&r, &ignored) <= 0)
		return 0;
	return (uint64_t)db_number(&r, 0);
}

static char *size_of(struct arena *a, uint64_t bytes, bool human)
{
	char text[24];

	return human ? arena_dup(a, size_format_short(bytes, text))
		     : arena_printf(a, "%llu", (unsigned long long)bytes);
}

static void add(struct arena *a, struct row *row, const struct image_history *h, uint64_t bytes,
		const struct history *o)
{
	bool human = is_human(o), dated;
	int64_t created = 0;
	char text[64];

	dated = h->created && date_parse(h->created, &created);
	row->id = text_shown("<missing>");
	row->created = dated ? arena_dup(a, date_local(created, text)) : text_shown("");
	row->since = human ? arena_dup(a, date_ago(created, date_now_ns(), text, sizeof(text)))
			   : row->created;
	row->by = render_short(a, &o->render, h->created_by ? h->created_by : "", BY_MAX);
	row->comment = text_shown(h->comment ? h->comment : "");
	row->size = size_of(a, bytes, human);
}

static int show(struct store *s, const char *word, const struct history *o, struct arena *a,
		struct err *e)
{
	struct image_found found;
	struct stored_image i;
	struct row *all;
	struct platform is;
	size_t n, layer = 0;
	char id[DIGEST_TEXT];

	if (session_image(s, word, &found, e) < 0 ||
	    store_image_load(s, &found.digest, a, &i, e) < 0)
		return -1;
	is = platform_of(i.config.os, i.config.architecture, i.config.variant);
	if (session_check_platform(o->platform, word, &is, e) < 0)
		return -1;
	if (i.artifact)
		return fail(e, ERR_UNSUPPORTED, "history: %s is an artifact, '%s', and has none",
			    word, i.artifact);
	n = i.config.history.n;
	all = arena_array(a, n + 1, sizeof(*all));
	if (!all)
		return fail_errno(e, ENOMEM, "show the history");
	for (size_t k = 0; k < n; k++) {
		const struct image_history *h = &i.config.history.at[k];
		bool has = !h->empty_layer && layer < i.layers.n;

		add(a, &all[n - 1 - k], h, has ? layer_bytes(s, &i.layers.at[layer].diff_id) : 0,
		    o);
		layer += has;
	}
	digest_text(&i.id, id);
	if (n)
		all[0].id = o->render.no_trunc ? arena_dup(a, id) : arena_dup_len(a, id + 7, 12);
	return render_print(&o->render, is_human(o) ? &list : &dated_list,
			    (struct list_any){ all, n }, e);
}

static int run_history(const struct cli *cli, void *options, char **args,
		       size_t n_args __attribute__((unused)),
		       int *ret_status __attribute__((unused)), struct err *e)
{
	own_arena struct arena a = { 0 };
	own_store s = STORE_NONE;

	return session_open(&s, cli, e) < 0 ? -1 : show(&s, args[0], options, &a, e);
}

#define HISTORY(symbol) \
	const struct command symbol = { \
		.name = "history", \
		.args = "IMAGE", \
		.summary = "show how an image was made", \
		.section = "IMAGES", \
		.opts = opts, \
		.n = COUNT(opts), \
		.size = sizeof(struct history), \
		.min = 1, \
		.max = 1, \
		.run = run_history, \
	}

HISTORY(history_command);
HISTORY(image_history_command);
