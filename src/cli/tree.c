/* tree.c - tare image tree: images by the layers that they stand on */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/render.h"
#include "base/units.h"
#include "cli/image.h"
#include "cli/session.h"
#include "store/listing.h"

struct tree_options {
	struct render render;
};

// clang-format off
static const struct opt opts[] = {
	RENDER_OPTS(struct tree_options, render),
};

/* struct node - a layer where it stands in a chain; who shares it has the same one */
struct node {
	char *layer, *size_text, *blob_text, *images, *shared;
	uint64_t bytes, blob;
	struct digest chain;
	size_t depth, n_images, parent;
};
static const struct bind_row rows[] = {
	ROW_STRING("Layer",      OPTIONAL, struct node, layer),
	ROW_STRING("Size",       OPTIONAL, struct node, size_text),
	ROW_STRING("Compressed", OPTIONAL, struct node, blob_text),
	ROW_STRING("Shared",     OPTIONAL, struct node, shared),
	ROW_STRING("Images",     OPTIONAL, struct node, images),
	ROW_U64("bytes",         OPTIONAL, struct node, bytes),
	ROW_U64("blobBytes",     OPTIONAL, struct node, blob),
};
static const struct bind_table node_table = BIND_TABLE(rows, struct node, false);

static const struct render_column columns[] = {
	{ .header = "LAYER",      .path = "Layer", .tree = true },
	{ .header = "SIZE",       .path = "Size",       .align = RENDER_RIGHT },
	{ .header = "COMPRESSED", .path = "Compressed", .align = RENDER_RIGHT },
	{ .header = "SHARED",     .path = "Shared",     .align = RENDER_RIGHT },
	{ .header = "IMAGES",     .path = "Images" },
};
// clang-format on

#define NO_PARENT SIZE_MAX

/* struct forest - all chains; nodes are found by their chain id */
struct forest {
	struct arena *a;
	struct node *nodes;
	size_t n, room;
};

static struct node *find(struct forest *f, const struct digest *chain)
{
	for (size_t i = 0; i < f->n; i++)
		if (digest_same(&f->nodes[i].chain, chain))
			return &f->nodes[i];
	return NULL;
}

static uint64_t unpacked(struct store *s, const struct digest *diff_id)
{
	char name[DIGEST_TEXT];
	own_rows r = { 0 };
	struct err ignored = { 0 };

	if (db_query(&s->db, DB_LAYER_FIND, &r, &ignored, "s", digest_hex(diff_id, name)) < 0 ||
	    db_next(&r, &ignored) <= 0)
		return 0;
	return (uint64_t)db_number(&r, 0);
}

static struct node *add(struct forest *f, struct store *s, const struct stored_layer *l,
			size_t parent)
{
	struct node *n;
	char hex[DIGEST_TEXT], text[24];

	if (f->n == f->room) {
		size_t room = f->room ? 2 * f->room : 64;
		struct node *more = arena_array(f->a, room, sizeof(*more));

		if (!more)
			return NULL;
		if (f->n)
			memcpy(more, f->nodes, f->n * sizeof(*more));
		f->nodes = more;
		f->room = room;
	}
	n = &f->nodes[f->n++];
	n->chain = l->chain_id;
	n->parent = parent;
	n->depth = parent == NO_PARENT ? 0 : f->nodes[parent].depth + 1;
	n->layer = arena_printf(f->a, "%.12s", digest_hex(&l->diff_id, hex));
	n->bytes = unpacked(s, &l->diff_id);
	n->blob = l->size;
	n->size_text = arena_dup(f->a, size_format(n->bytes, false, text));
	n->blob_text = arena_dup(f->a, size_format(n->blob, false, text));
	n->images = text_shown("");
	return n;
}

static char *name_of(struct arena *a, const struct listed_image *i)
{
	char text[REFERENCE_TEXT];
	struct reference r;
	struct err ignored = { 0 };
	own_str struct str names = { 0 };

	for (size_t k = 0; k < i->tags.n; k++)
		if (reference_parse(i->tags.at[k], &r, &ignored) == 0)
			str_addf(&names, "%s%s", names.len ? ", " : "",
				 reference_familiar(&r, text));
	return names.len ? arena_dup(a, names.at) : arena_printf(a, "%.12s", i->id + 7);
}

static int plant(struct forest *f, struct store *s, const struct listed_image *listed,
		 struct err *e)
{
	struct stored_image i;
	struct digest d;
	size_t parent = NO_PARENT;

	if (digest_parse(listed->digest, &d, e) < 0 || store_image_load(s, &d, f->a, &i, e) < 0)
		return -1;
	for (size_t k = 0; k < i.layers.n; k++) {
		struct node *n = find(f, &i.layers.at[k].chain_id);

		if (!n)
			n = add(f, s, &i.layers.at[k], parent);
		if (!n)
			return fail_errno(e, ENOMEM, "show the layers");
		n->n_images++;
		parent = (size_t)(n - f->nodes);
	}
	if (parent == NO_PARENT)
		return 0;
	{
		struct node *top = &f->nodes[parent];

		top->images = arena_printf(f->a, "%s%s%s", top->images, *top->images ? ", " : "",
					   name_of(f->a, listed));
	}
	return 0;
}

/* In the order of a tree: a node, then all that stands on it. */
static void in_order(const struct forest *f, size_t parent, struct node *out, size_t *n)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->nodes[i].parent == parent) {
			out[(*n)++] = f->nodes[i];
			in_order(f, i, out, n);
		}
}

static size_t depth_of(const void *row)
{
	return ((const struct node *)row)->depth;
}

static int show(struct store *s, char **words, size_t n_words, const struct render *how,
		struct arena *a, struct err *e)
{
	struct render_list list = {
		.table = &node_table, .columns = columns, .n = COUNT(columns), .depth = depth_of
	};
	struct forest f = { .a = a };
	struct listed_images all;
	struct node *ordered;
	size_t n = 0;

	if (store_images(s, a, &all, e) < 0)
		return -1;
	for (size_t i = 0; i < all.n; i++) {
		bool wanted = n_words == 0;

		for (size_t k = 0; k < n_words; k++) {
			struct image_found found;
			char text[DIGEST_TEXT];

			if (session_image(s, words[k], &found, e) < 0)
				return -1;
			wanted = wanted ||
				 strcmp(digest_text(&found.digest, text), all.at[i].digest) == 0;
		}
		if (wanted && !all.at[i].artifact && plant(&f, s, &all.at[i], e) < 0)
			return -1;
	}
	for (size_t i = 0; i < f.n; i++)
		f.nodes[i].shared = f.nodes[i].n_images > 1
					    ? arena_printf(a, "%zu", f.nodes[i].n_images)
					    : text_shown("-");
	ordered = arena_array(a, f.n + 1, sizeof(*ordered));
	if (!ordered)
		return fail_errno(e, ENOMEM, "show the layers");
	in_order(&f, NO_PARENT, ordered, &n);
	return render_print(how, &list, (struct list_any){ ordered, n }, e);
}

static int run_tree(const struct cli *cli, void *options, char **args, size_t n_args,
		    int *ret_status __attribute__((unused)), struct err *e)
{
	const struct tree_options *o = options;
	own_arena struct arena a = { .limit = (size_t)256 << 20 };
	own_store s = STORE_NONE;

	return session_open(&s, cli, e) < 0 ? -1 : show(&s, args, n_args, &o->render, &a, e);
}

const struct command image_tree_command = {
	.name = "tree",
	.args = "[IMAGE...]",
	.summary = "show images by the layers that they are made of and share",
	.section = "IMAGES",
	.opts = opts,
	.n = COUNT(opts),
	.size = sizeof(struct tree_options),
	.max = SIZE_MAX,
	.run = run_tree,
};
