/* system.c - tare system: what the store takes, and what may go; tare info */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/render.h"
#include "base/units.h"
#include "cli/prune.h"
#include "cli/session.h"
#include "cli/system.h"
#include "image/snapshots.h"
#include "store/listing.h"

struct df {
	struct render render;
};

// clang-format off
static const struct opt df_opts[] = {
	RENDER_OPTS(struct df, render),
};

struct usage {
	char *type, *total, *active, *size, *reclaimable;
	uint64_t bytes;
};
static const struct bind_row rows[] = {
	ROW_STRING("Type",        OPTIONAL, struct usage, type),
	ROW_STRING("TotalCount",  OPTIONAL, struct usage, total),
	ROW_STRING("Active",      OPTIONAL, struct usage, active),
	ROW_STRING("Size",        OPTIONAL, struct usage, size),
	ROW_STRING("Reclaimable", OPTIONAL, struct usage, reclaimable),
	ROW_U64("bytes",          OPTIONAL, struct usage, bytes),
};
static const struct bind_table usage_table = BIND_TABLE(rows, struct usage, false);
static const struct render_column columns[] = {
	{ .header = "TYPE",        .path = "Type" },
	{ .header = "TOTAL",       .path = "TotalCount" },
	{ .header = "SIZE",        .path = "Size" },
};
static const struct render_list list = { .table = &usage_table, .columns = columns, .n = COUNT(columns) };
// clang-format on

static int sum(struct store *s, enum db_statement which, int column, uint64_t *n, uint64_t *bytes,
	       struct err *e)
{
	own_rows r = { 0 };
	int more;

	if (db_query(&s->db, which, &r, e, "") < 0)
		return -1;
	while ((more = db_next(&r, e)) > 0) {
		*bytes += (uint64_t)db_number(&r, column);
		++*n;
	}
	return more;
}

/* One that can't be measured is counted all the same. */
static int sum_snapshots(struct store *s, uint64_t *n, uint64_t *bytes, struct err *e)
{
	own_arena struct arena a = { 0 };
	struct snapshot_records all;

	if (store_snapshots(s, &a, &all, e) < 0)
		return -1;
	for (size_t i = 0; i < all.n; i++) {
		own_snapshot one = SNAPSHOT_NONE;
		struct snapshot_usage usage = { 0 };
		struct err why = { 0 };

		if (snapshot_open(&one, s, all.at[i].id, &why) < 0 ||
		    snapshot_usage(&one, &usage, &why) < 0)
			log_warn("%s", why.text);
		*bytes += usage.bytes;
	}
	*n = all.n;
	return 0;
}

static int run_df(const struct cli *cli, void *options, char **args __attribute__((unused)),
		  size_t n_args __attribute__((unused)), int *ret_status __attribute__((unused)),
		  struct err *e)
{
	static const struct {
		const char *name;
		enum db_statement which;
		int column; /* of the bytes */
	} kinds[] = {
		{ "Images", DB_IMAGE_ALL, 2 },
		{ "Blobs", DB_BLOB_ALL, 1 },
		{ "Layers, unpacked", DB_LAYER_ALL, 3 },
	};
	const struct df *o = options;
	own_arena struct arena a = { 0 };
	own_store s = STORE_NONE;
	struct usage all[COUNT(kinds) + 1] = { 0 };
	char text[24];

	if (session_open(&s, cli, e) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(all); i++) {
		bool snapshots = i == COUNT(kinds);
		uint64_t n = 0;

		if (snapshots ? sum_snapshots(&s, &n, &all[i].bytes, e) < 0
			      : sum(&s, kinds[i].which, kinds[i].column, &n, &all[i].bytes, e) < 0)
			return -1;
		all[i].type = arena_dup(&a, snapshots ? "Snapshots" : kinds[i].name);
		all[i].total = arena_printf(&a, "%llu", (unsigned long long)n);
		all[i].size = arena_dup(&a, size_format(all[i].bytes, false, text));
		all[i].active = all[i].reclaimable = text_shown("N/A");
	}
	return render_print(&o->render, &list, (struct list_any){ all, COUNT(all) }, e);
}

static const struct command df_command = {
	.name = "df",
	.args = "",
	.summary = "show what images, blobs, layers and snapshots take",
	.opts = df_opts,
	.n = COUNT(df_opts),
	.size = sizeof(struct df),
	.run = run_df,
};

static const struct command *const commands[] = { &df_command, &system_check_command, NULL };

const struct command system_command = {
	.name = "system",
	.args = "COMMAND",
	.summary = "check, measure and clean the store",
	.section = "ABOUT TARE",
	.commands = commands,
};

struct info {
	struct render render;
};

static const struct opt info_opts[] = {
	OPT_STRING_("format", 'f', struct info, render.format, "FORMAT", "'json' or a Go template"),
};

/* struct info_driver - the snapshot driver, and what is possible where the store lies */
struct info_driver {
	char *file_system;
	bool reflink, quota, idmap, fast, by_fd, user_xattrs;
};
static const struct bind_row driver_rows[] = {
	ROW_STRING("BackingFilesystem", REQUIRED, struct info_driver, file_system),
	ROW_BOOL("Reflink", REQUIRED, struct info_driver, reflink),
	ROW_BOOL("SizeLimits", REQUIRED, struct info_driver, quota),
	ROW_BOOL("IdMappedMounts", REQUIRED, struct info_driver, idmap),
	ROW_BOOL("Volatile", REQUIRED, struct info_driver, fast),
	ROW_BOOL("LayersByDescriptor", REQUIRED, struct info_driver, by_fd),
	ROW_BOOL("UserXattrs", REQUIRED, struct info_driver, user_xattrs),
};
static const struct bind_table driver_table = BIND_TABLE(driver_rows, struct info_driver, false);

struct info_doc {
	char *version, *root, *driver;
	struct info_driver *status;
	uint64_t images, snapshots;
};
static const struct bind_row info_rows[] = {
	ROW_STRING("ServerVersion", REQUIRED, struct info_doc, version),
	ROW_STRING("DockerRootDir", REQUIRED, struct info_doc, root),
	ROW_STRING("Driver", REQUIRED, struct info_doc, driver),
	ROW_OBJECT("DriverStatus", REQUIRED, struct info_doc, status, driver_table),
	ROW_U64("Images", REQUIRED, struct info_doc, images),
	ROW_U64("Snapshots", REQUIRED, struct info_doc, snapshots),
};
static const struct bind_table info_table = BIND_TABLE(info_rows, struct info_doc, false);

static int describe_driver(struct store *s, struct snapshot_facts *facts, struct info_driver *ret,
			   struct err *e)
{
	const struct snapshot_driver *driver;

	if (snapshot_driver_of(s, NULL, &driver, e) < 0)
		return -1;
	snapshot_facts(s, driver, facts);
	*ret = (struct info_driver){ facts->file_system, facts->reflink, facts->quota,
				     facts->idmap,       facts->fast,    facts->by_fd,
				     s->user_xattrs };
	return 0;
}

static int run_info(const struct cli *cli, void *options, char **args __attribute__((unused)),
		    size_t n_args __attribute__((unused)), int *ret_status __attribute__((unused)),
		    struct err *e)
{
	const struct info *o = options;
	own_str struct str out = { 0 };
	own_store s = STORE_NONE;
	uint64_t bytes = 0;
	struct snapshot_facts facts;
	struct info_driver status;
	struct info_doc d = { .version = text_shown(TARE_VERSION), .status = &status };

	d.root = text_shown(session_root(cli));
	d.driver = s.driver;
	if (session_open(&s, cli, e) < 0 || sum(&s, DB_IMAGE_ALL, 2, &d.images, &bytes, e) < 0 ||
	    sum(&s, DB_SNAPSHOT_ALL, 3, &d.snapshots, &bytes, e) < 0 ||
	    describe_driver(&s, &facts, &status, e) < 0 ||
	    render_document(&o->render, &info_table, &d, &out, e) < 0)
		return -1;
	fputs(out.at, stdout);
	return 0;
}

const struct command info_command = {
	.name = "info",
	.args = "",
	.summary = "what this host and the store can do",
	.section = "ABOUT TARE",
	.opts = info_opts,
	.n = COUNT(info_opts),
	.size = sizeof(struct info),
	.run = run_info,
};
