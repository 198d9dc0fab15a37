/* layer.c - tare layer: differences of folders by hand, as a list, an archive, an image */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "cli/layer_parts.h"
#include "cli/session.h"
#include "os/sys.h"

/* struct source_options - what the folders are */
struct source_options {
	bool overlay, user_xattrs;
	const char *since;
};

struct diff_options {
	struct source_options source;
	struct render render;
};

struct layer_pack_options {
	struct source_options source;
	struct pack_options pack;
};

struct layer_commit_options {
	struct source_options source;
	struct commit_options commit;
	const char *from, *platform;
};

// clang-format off
#define SOURCE_OPTS(S, m) \
	OPT_FLAG_("overlay",    0, S, m.overlay,     "UPPER is the upper folder of an overlay mount, LOWER all that is below it"), \
	OPT_FLAG_("userxattr",  0, S, m.user_xattrs, "it was mounted with 'userxattr'; implies --overlay"), \
	OPT_STRING_("since",    0, S, m.since, "FILE", "UPPER was a copy of LOWER when FILE was last changed: what was not changed later need not be read")

static const struct opt diff_opts[] = {
	SOURCE_OPTS(struct diff_options, source),
	RENDER_OPTS_QUIET(struct diff_options, render),
};
static const struct opt pack_opts[] = {
	SOURCE_OPTS(struct layer_pack_options, source),
	PACK_OPTS(struct layer_pack_options, pack),
};
static const struct opt commit_opts[] = {
	SOURCE_OPTS(struct layer_commit_options, source),
	OPT_STRING_("from",     'f', struct layer_commit_options, from,     "IMAGE", "the image that LOWER is"),
	OPT_STRING_("platform",  0,  struct layer_commit_options, platform, "OS/ARCH[/VARIANT]", "without --from: the image is for this machine instead of ours"),
	COMMIT_OPTS(struct layer_commit_options, commit),
};
// clang-format on

/* struct folders - both, open */
struct folders {
	struct pack_source source;
	int lower, upper;
};

static void folders_close(struct folders *f)
{
	fd_close(&f->lower);
	fd_close(&f->upper);
}

#define own_folders __attribute__((cleanup(folders_close))) struct folders
#define FOLDERS_NONE \
	{ \
		.lower = FD_NONE, .upper = FD_NONE \
	}

/* A mount of its own, without what is mounted below it, shows the tree as it lies on the disk; who may
 * not mount gets the folder itself, and is refused where something is mounted in it. */
static int open_tree(const char *path, struct err *e)
{
	own_fd int fd = fd_open(path, O_RDONLY | O_DIRECTORY);
	int alone;

	if (fd < 0)
		return fail_sys(e, "open the folder '%s'", path);
	alone = sys_open_tree(fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	return alone < 0 ? give_fd(&fd) : alone;
}

/* LOWER UPPER, or one tree alone */
static int open_folders(struct folders *f, const struct source_options *o, char **args, size_t n,
			struct err *e)
{
	bool overlay = o->overlay || o->user_xattrs;
	struct stat st = { 0 };

	if (n < 2 && overlay)
		return fail(e, ERR_INPUT, "--overlay: both LOWER and UPPER are wanted");
	f->upper = open_tree(args[n - 1], e);
	if (f->upper < 0)
		return -1;
	if (n > 1 && (f->lower = open_tree(args[0], e)) < 0)
		return -1;
	if (o->since && stat(o->since, &st) < 0)
		return fail_sys(e, "look at '%s'", o->since);
	f->source = (struct pack_source){
		.kind = n < 2     ? PACK_WHOLE
			: overlay ? PACK_OVERLAY
				  : PACK_TREES,
		.upper = f->upper,
		.lower = f->lower,
		.user_xattrs = o->user_xattrs,
		.since = st.st_ctim,
	};
	return 0;
}

static int run_diff(const struct cli *cli __attribute__((unused)), void *options, char **args,
		    size_t n_args, int *ret_status __attribute__((unused)), struct err *e)
{
	struct diff_options *o = options;
	own_folders f = FOLDERS_NONE;

	if (open_folders(&f, &o->source, args, n_args, e) < 0 ||
	    changes_print(&f.source, &o->render, e) < 0)
		return fail_in(e, "layer diff");
	return 0;
}

static int run_pack(const struct cli *cli __attribute__((unused)), void *options, char **args,
		    size_t n_args, int *ret_status __attribute__((unused)), struct err *e)
{
	const struct layer_pack_options *o = options;
	own_folders f = FOLDERS_NONE;

	if (open_folders(&f, &o->source, args, n_args, e) < 0 ||
	    pack_print(&f.source, &o->pack, e) < 0)
		return fail_in(e, "layer pack");
	return 0;
}

/* struct committing - all that a commit needs, as long as it takes */
struct committing {
	const struct layer_commit_options *options;
	struct store store;
	struct layers layers;
	struct platform platform;
	struct folders folders;
	struct stored_image parent;
	struct arena a;
	struct commit commit;
};

static void committing_done(struct committing *g)
{
	folders_close(&g->folders);
	store_close(&g->store);
	arena_done(&g->a);
}

static int load_parent(struct committing *g, const char *from, struct err *e)
{
	struct image_found found;

	if (session_image(&g->store, from, &found, e) < 0 ||
	    store_image_load(&g->store, &found.digest, &g->a, &g->parent, e) < 0)
		return -1;
	g->commit.parent = &g->parent;
	return 0;
}

static int commit(struct committing *g, const struct cli *cli, char **args, size_t n_args,
		  struct err *e)
{
	const struct layer_commit_options *o = g->options;
	size_t n = n_args == 3 || o->from ? 2 : 1;

	if (o->from && n_args < 2)
		return fail(e, ERR_INPUT, "--from: both LOWER and UPPER are wanted");
	if ((o->platform ? platform_parse(o->platform, &g->platform, e)
			 : platform_of_host(&g->platform, e)) < 0 ||
	    open_folders(&g->folders, &o->source, args, n, e) < 0 ||
	    session_open(&g->store, cli, e) < 0 || layers_init(&g->layers, &g->store, e) < 0 ||
	    (o->from && load_parent(g, o->from, e) < 0))
		return -1;
	g->commit.store = &g->store;
	g->commit.layers = &g->layers;
	g->commit.platform = &g->platform;
	g->commit.source = &g->folders.source;
	g->commit.a = &g->a;
	return commit_print(&g->commit, &o->commit, n_args > n ? args[n] : NULL, e);
}

static int run_commit(const struct cli *cli, void *options, char **args, size_t n_args,
		      int *ret_status __attribute__((unused)), struct err *e)
{
	struct committing g = { .options = options, .store = STORE_NONE, .folders = FOLDERS_NONE };
	int r = commit(&g, cli, args, n_args, e);

	committing_done(&g);
	return r < 0 ? fail_in(e, "layer commit") : 0;
}

static const struct command diff_command = {
	.name = "diff",
	.args = "[LOWER] UPPER",
	.summary = "list what is added (A), changed (C) or deleted (D) in UPPER, as docker diff",
	.opts = diff_opts,
	.n = COUNT(diff_opts),
	.size = sizeof(struct diff_options),
	.min = 1,
	.max = 2,
	.run = run_diff,
};

static const struct command pack_command = {
	.name = "pack",
	.args = "[LOWER] UPPER",
	.summary = "write the difference as a layer; without LOWER, the whole tree",
	.about = "The layer holds what differs and nothing else, and makes UPPER of LOWER. The "
		 "same trees give the same bytes. Sockets are left out.",
	.opts = pack_opts,
	.n = COUNT(pack_opts),
	.size = sizeof(struct layer_pack_options),
	.min = 1,
	.max = 2,
	.run = run_pack,
};

static const struct command commit_command = {
	.name = "commit",
	.args = "[LOWER] UPPER [NAME[:TAG]]",
	.summary = "make an image of another one, --from, and the difference",
	.about =
		"LOWER is what the image that --from names looks like, merged. With one folder, or "
		"with a name behind it, and without --from the image has one layer, the whole "
		"tree.",
	.opts = commit_opts,
	.n = COUNT(commit_opts),
	.size = sizeof(struct layer_commit_options),
	.min = 1,
	.max = 3,
	.run = run_commit,
};

static const struct command *const commands[] = {
	&diff_command,
	&pack_command,
	&commit_command,
	NULL,
};

const struct command layer_command = {
	.name = "layer",
	.args = "COMMAND",
	.summary = "differences of folders: listed, packed as a layer, committed as an image",
	.section = "IMAGES",
	.commands = commands,
};
