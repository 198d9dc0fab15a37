/* images_tree.c - images with the platforms that are here of them, as docker images --tree shows them
 *
 * Of an index only the image for one platform is kept, so that each has one.
 */
#include "cli/images_tree.h"

#include "base/arena.h"
#include "base/units.h"
#include "store/images.h"

struct node {
	char *name, *id, *disk, *content, *extra;
	size_t depth;
};

// clang-format off
static const struct bind_row rows[] = {
	ROW_STRING("Image",       OPTIONAL, struct node, name),
	ROW_STRING("ID",          OPTIONAL, struct node, id),
	ROW_STRING("DiskUsage",   OPTIONAL, struct node, disk),
	ROW_STRING("ContentSize", OPTIONAL, struct node, content),
	ROW_STRING("Extra",       OPTIONAL, struct node, extra),
};
static const struct bind_table node_table = BIND_TABLE(rows, struct node, false);

static const struct render_column columns[] = {
	{ .header = "IMAGE",        .path = "Image", .tree = true },
	{ .header = "ID",           .path = "ID" },
	{ .header = "DISK USAGE",   .path = "DiskUsage",   .align = RENDER_RIGHT },
	{ .header = "CONTENT SIZE", .path = "ContentSize", .align = RENDER_RIGHT },
	{ .header = "EXTRA",        .path = "Extra" },
};
// clang-format on

static size_t depth_of(const void *row)
{
	return ((const struct node *)row)->depth;
}

/* "U": in use, by a container or a snapshot */
static int mark_use(struct store *s, const struct listed_image *i, struct node *n, struct err *e)
{
	char user[256];
	int r = db_get(&s->db, DB_SNAPSHOT_OF, e, "s", i->digest, user, sizeof(user));

	n->extra = text_shown(r > 0 ? "U" : "");
	return r < 0 ? -1 : 0;
}

static char *size_text(struct arena *a, uint64_t bytes)
{
	char text[24];

	return arena_dup(a, size_format_short(bytes, text));
}

/* What is known of an image stands behind the last of its names, and below it the platform. */
static int add_image(struct store *s, const struct listed_image *i, struct arena *a,
		     struct node two[2], struct err *e)
{
	struct node *top = &two[0], *below = &two[1];

	top->id = arena_printf(a, "%.12s", i->id + 7);
	top->disk = size_text(a, i->size + i->content);
	top->content = size_text(a, i->content);
	if (mark_use(s, i, top, e) < 0)
		return -1;
	*below = *top;
	below->depth = 1;
	below->id = arena_printf(a, "%.12s", i->digest + 7);
	below->name = i->artifact ? i->artifact
				  : arena_printf(a, "%s/%s%s%s", i->os, i->architecture,
						 *i->variant ? "/" : "", i->variant);
	return 0;
}

/* images_tree() - print them */
int images_tree(struct store *s, const struct tree_name *names, size_t n, const struct render *how,
		struct arena *a, struct err *e)
{
	static const struct render_list list = {
		.table = &node_table, .columns = columns, .n = COUNT(columns), .depth = depth_of
	};
	struct node *nodes = arena_array(a, 2 * n + 1, sizeof(*nodes));
	size_t done = 0;

	if (!nodes)
		return fail_errno(e, ENOMEM, "show the images");
	for (size_t i = 0; i < n; i++) {
		bool last = i + 1 == n || names[i + 1].image != names[i].image;
		char *none = text_shown("");

		nodes[done] =
			(struct node){ text_shown(names[i].name ? names[i].name : "<untagged>"),
				       none,
				       none,
				       none,
				       none,
				       0 };
		if (last && add_image(s, names[i].image, a, &nodes[done], e) < 0)
			return -1;
		done += last ? 2 : 1;
	}
	return render_print(how, &list, (struct list_any){ nodes, done }, e);
}
