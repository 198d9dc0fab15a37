/* snapshot_diff.c - tare snapshot diff, export and commit: what was written, as a list, an archive, an image */
#include <fcntl.h>
#include <string.h>

#include "base/arena.h"
#include "cli/layer_parts.h"
#include "cli/session.h"
#include "cli/snapshot.h"
#include "image/snapshots.h"

/* struct changed - a snapshot, and what differs in it */
struct changed {
	struct store store;
	struct snapshot snapshot;
	struct pack_source source;
};

static void changed_done(struct changed *c)
{
	fd_close(&c->source.upper);
	fd_close(&c->source.lower);
	snapshot_close(&c->snapshot);
	store_close(&c->store);
}

#define own_changed __attribute__((cleanup(changed_done))) struct changed
#define CHANGED_NONE \
	{ \
		.store = STORE_NONE, .snapshot = SNAPSHOT_NONE, .source = { \
			.upper = FD_NONE, \
			.lower = FD_NONE \
		} \
	}

static int open_changed(struct changed *c, const struct cli *cli, const char *word, struct err *e)
{
	if (session_open(&c->store, cli, e) < 0 ||
	    snapshot_open(&c->snapshot, &c->store, word, e) < 0)
		return -1;
	return snapshot_source(&c->snapshot, &c->source, e);
}

struct diff {
	struct render render;
};

static const struct opt diff_opts[] = { RENDER_OPTS_QUIET(struct diff, render) };

static int run_diff(const struct cli *cli, void *options, char **args,
		    size_t n_args __attribute__((unused)), int *ret_status __attribute__((unused)),
		    struct err *e)
{
	struct diff *o = options;
	own_changed c = CHANGED_NONE;

	if (open_changed(&c, cli, args[0], e) < 0)
		return -1;
	return changes_print(&c.source, &o->render, e);
}

const struct command snapshot_diff_command = {
	.name = "diff",
	.args = "SNAPSHOT",
	.summary = "list what was added (A), changed (C) or deleted (D) since it was made",
	.opts = diff_opts,
	.n = COUNT(diff_opts),
	.size = sizeof(struct diff),
	.min = 1,
	.max = 1,
	.run = run_diff,
};

struct export
{
	struct pack_options pack;
};

static const struct opt export_opts[] = { PACK_OPTS(struct export, pack) };

/* All of it, as one tree: through a mount, since an overlay's tree lies nowhere. */
static int run_export(const struct cli *cli, void *options, char **args,
		      size_t n_args __attribute__((unused)),
		      int *ret_status __attribute__((unused)), struct err *e)
{
	const struct export *o = options;
	own_snapshot n = SNAPSHOT_NONE;
	own_store s = STORE_NONE;
	own_fd int mount = FD_NONE, root = FD_NONE;
	struct pack_source source = { .kind = PACK_WHOLE, .lower = FD_NONE };

	if (session_open(&s, cli, e) < 0 || snapshot_open(&n, &s, args[0], e) < 0)
		return -1;
	mount = snapshot_mount(&n, true, FD_NONE, e);
	if (mount < 0)
		return -1;
	root = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return fail_sys(e, "open the snapshot's tree");
	source.upper = root;
	return pack_print(&source, &o->pack, e);
}

const struct command snapshot_export_command = {
	.name = "export",
	.args = "SNAPSHOT",
	.summary = "write all of a snapshot as a tar archive",
	.opts = export_opts,
	.n = COUNT(export_opts),
	.size = sizeof(struct export),
	.min = 1,
	.max = 1,
	.run = run_export,
};

struct commits {
	struct commit_options commit;
};

static const struct opt commit_opts[] = { COMMIT_OPTS(struct commits, commit) };

static int commit(struct changed *c, const struct commit_options *o, const char *name,
		  struct err *e)
{
	own_arena struct arena a = { 0 };
	struct stored_image parent;
	struct layers layers;
	struct digest digest;
	struct commit m = { .store = &c->store,
			    .layers = &layers,
			    .parent = &parent,
			    .source = &c->source,
			    .a = &a };

	if (layers_init(&layers, &c->store, e) < 0 ||
	    digest_parse(c->snapshot.doc.image, &digest, e) < 0 ||
	    store_image_load(&c->store, &digest, &a, &parent, e) < 0)
		return -1;
	return commit_print(&m, o, name, e);
}

static int run_commit(const struct cli *cli, void *options, char **args, size_t n_args,
		      int *ret_status __attribute__((unused)), struct err *e)
{
	const struct commits *o = options;
	own_changed c = CHANGED_NONE;

	if (open_changed(&c, cli, args[0], e) < 0)
		return -1;
	return commit(&c, &o->commit, n_args > 1 ? args[1] : NULL, e);
}

const struct command snapshot_commit_command = {
	.name = "commit",
	.args = "SNAPSHOT [NAME[:TAG]]",
	.summary = "make an image of a snapshot's image and what was written",
	.opts = commit_opts,
	.n = COUNT(commit_opts),
	.size = sizeof(struct commits),
	.min = 1,
	.max = 2,
	.run = run_commit,
};
