/* check.c - tare system check: is the store what it should be? */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/render.h"
#include "cli/session.h"
#include "cli/system.h"
#include "engine/clear.h"
#include "engine/setup.h"
#include "image/layers_check.h"
#include "store/check.h"
#include "store/listing.h"

struct check_options {
	bool repair, quick;
	struct render render;
};

// clang-format off
static const struct opt opts[] = {
	OPT_FLAG_("repair", 'r', struct check_options, repair, "mend what is found"),
	OPT_FLAG_("quick",  'q', struct check_options, quick,  "do not read blobs and layers: believe their sizes"),
	RENDER_OPTS(struct check_options, render),
};

static const struct bind_row rows[] = {
	ROW_STRING("Kind",   REQUIRED, struct finding, kind),
	ROW_STRING("Object", REQUIRED, struct finding, object),
	ROW_STRING("What",   REQUIRED, struct finding, text),
	ROW_STRING("Done",   OPTIONAL, struct finding, done),
};
static const struct bind_table finding_table = BIND_TABLE(rows, struct finding, false);
static const struct render_column columns[] = {
	{ .header = "KIND",   .path = "Kind" },
	{ .header = "OBJECT", .path = "Object", .max = 24 },
	{ .header = "WHAT",   .path = "What",   .max = 80 },
	{ .header = "DONE",   .path = "{{if .Done}}{{.Done}}{{else}}-{{end}}" },
};
static const struct render_list list = { .table = &finding_table, .columns = columns, .n = COUNT(columns) };
// clang-format on

/* The layers are compared with their blobs, once all that they hang on has been looked at. */
static int compare_layers(struct check *c, struct err *e)
{
	own_store s = STORE_NONE;

	if (c->no_further || c->driverless || c->quick)
		return 0;
	return store_open(&s, c->root, e) < 0 ? -1 : layers_check(c, &s, e);
}

/* What was forgotten of layers is unpacked again. */
static int unpack_again(const struct cli *cli, struct arena *a, struct err *e)
{
	own_store s = STORE_NONE;
	struct listed_images all;
	struct layers layers;

	if (session_open(&s, cli, e) < 0 || layers_init(&layers, &s, e) < 0 ||
	    store_images(&s, a, &all, e) < 0)
		return -1;
	for (size_t i = 0; i < all.n; i++) {
		struct stored_image image;
		struct digest d;

		struct err lacking = { 0 };

		/* one that is broken has been told of, and is kept for a snapshot of it */
		if (digest_parse(all.at[i].digest, &d, e) < 0)
			return -1;
		if (store_image_load(&s, &d, a, &image, &lacking) < 0)
			continue;
		if (layers_unpack(&layers, &image, &lacking) < 0 && lacking.cls != ERR_ABSENT) {
			*e = lacking;
			return -1;
		}
	}
	return 0;
}

/* What killed commands have left may have processes, which are the engine's to end. */
static int clear_containers(const struct cli *cli, struct check *c, struct err *e)
{
	own_store s = STORE_NONE;
	char runtime[PATH_MAX];
	size_t left = 0;

	for (size_t i = 0; i < c->findings.n; i++)
		left += strcmp(c->findings.at[i].kind, CHECK_CONTAINER_LEFT) == 0;
	if (left == 0)
		return 0;
	if (session_open(&s, cli, e) < 0 ||
	    setup_find_runtime(NULL, runtime, sizeof(runtime), e) < 0 ||
	    containers_clear(&s, runtime, e) < 0)
		return -1;
	for (size_t i = 0; i < c->findings.n; i++) {
		struct finding *f = &c->findings.at[i];

		if (strcmp(f->kind, CHECK_CONTAINER_LEFT) != 0 ||
		    faccessat(s.containers, f->object, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		f->done = text_shown("removed");
		c->unmended--;
	}
	return 0;
}

static int run_check(const struct cli *cli, void *options, char **args __attribute__((unused)),
		     size_t n_args __attribute__((unused)), int *ret_status, struct err *e)
{
	const struct check_options *o = options;
	own_arena struct arena a = { .limit = (size_t)256 << 20 };
	struct check c = {
		.root = session_root(cli), .repair = o->repair, .quick = o->quick, .a = &a
	};

	if (store_check(&c, e) < 0 || compare_layers(&c, e) < 0)
		return -1;
	if (o->repair && (clear_containers(cli, &c, e) < 0 || unpack_again(cli, &a, e) < 0))
		return -1;
	*ret_status = c.unmended ? 1 : 0;
	if (c.findings.n == 0 && !o->render.json && !o->render.format) {
		printf("Nothing is wrong with '%s'.\n", c.root);
		return 0;
	}
	return render_print(&o->render, &list, (struct list_any){ c.findings.at, c.findings.n }, e);
}

const struct command system_check_command = {
	.name = "check",
	.args = "",
	.summary = "look for damage in the store, and mend it with --repair",
	.about =
		"Every blob is read and compared with its digest, every record with its documents, "
		"and every unpacked layer with what its blob makes. The exit "
		"status is 1 when something is wrong and not mended.",
	.opts = opts,
	.n = COUNT(opts),
	.size = sizeof(struct check_options),
	.run = run_check,
};
