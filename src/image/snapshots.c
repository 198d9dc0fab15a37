/* snapshots.c - from an image to a snapshot of it, and back to nothing */
#include "image/snapshots.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/date.h"
#include "os/lock.h"
#include "os/random.h"

static int choose_id(const struct snapshot_options *o, char ret[SNAPSHOT_ID], struct err *e)
{
	if (!o->name)
		return random_hex(ret, 32, e);
	if (!snapshot_id_is_valid(o->name)) {
		fail(e, ERR_INPUT, "call a snapshot '%.140s'", o->name);
		return fail_hint(
			e, "letters, digits, '_', '.' and '-', a letter or digit first; at most "
			   "128 of them");
	}
	snprintf(ret, SNAPSHOT_ID, "%s", o->name);
	return 0;
}

static int fail_taken(const char *id, struct err *e)
{
	fail(e, ERR_CONFLICT, "make the snapshot '%s': there is one of that name", id);
	return fail_hint(e, "`tare snapshot rm` removes it");
}

/* overlayfs takes no folder twice (ELOOP). The uppermost does all that those below it do: what it has
 * hides what they have, and what they remove it removes. So they are left out. */
static void drop_below(struct snapshot_base *b, const char *name)
{
	const char **names = (const char **)(uintptr_t)b->layers;

	for (size_t i = 0; i < b->n; i++)
		if (strcmp(names[i], name) == 0) {
			memmove(&names[i], &names[i + 1], (b->n - i - 1) * sizeof(*names));
			b->n--;
			return;
		}
}

/* Layers come by name; the lowest first. */
static int add_layer(struct arena *a, struct snapshot_base *b, const char *digest, struct err *e)
{
	const char **names = (const char **)(uintptr_t)b->layers;
	const char *colon = strchr(digest, ':');

	drop_below(b, colon ? colon + 1 : digest);
	names = arena_more(a, names, b->n, sizeof(*names));
	if (!names || !(names[b->n] = arena_dup(a, colon ? colon + 1 : digest)))
		return fail_errno(e, ENOMEM, "list an image's layers");
	b->layers = names;
	b->n++;
	return 0;
}

/**
 * snapshot_image_base() - what snapshots of an image stand on
 * @a: owns what is returned
 */
int snapshot_image_base(struct store *s, const char *manifest, struct arena *a,
			struct snapshot_base *ret, struct err *e)
{
	const struct snapshot_driver *driver;
	struct snapshot_base b = { .store = s };
	own_rows rows = { 0 };
	int r;

	if (snapshot_driver_of(s, NULL, &driver, e) < 0 ||
	    db_query(&s->db, DB_IMAGE_LAYERS, &rows, e, "s", manifest) < 0)
		return -1;
	while ((r = db_next(&rows, e)) > 0)
		if (add_layer(a, &b, db_text(&rows, driver->chained ? 2 : 1), e) < 0)
			return -1;
	*ret = b;
	return r;
}

/**
 * struct creation - a snapshot on its way
 * @name: of its folder meanwhile
 */
struct creation {
	struct store *s;
	const struct snapshot_options *o;
	const struct snapshot_driver *driver;
	const char *id;
	char name[SNAPSHOT_ID + 8];
	struct snapshot_base base;
	struct snapshot_doc doc;
	int folder;
};

/* Does it survive a power cut once it has been acknowledged, and so what is flushed in it? */
static bool lasts(const struct snapshot_doc *doc)
{
	return !doc->fast && !doc->view;
}

static int begin(struct store *s, const struct snapshot_doc *doc, struct db_transaction *t,
		 struct err *e)
{
	return lasts(doc) ? db_begin_durable(&s->db, t, e) : db_begin(&s->db, t, e);
}

/* Names in snapshots/ are on the disk before what relies on them. */
static int flush_names(const struct store *s, const struct snapshot_doc *doc, struct err *e)
{
	return lasts(doc) && fsync(s->snapshots) < 0
		       ? fail_sys(e, "flush the folder 'snapshots' to the disk")
		       : 0;
}

/* The image may have been removed meanwhile, and the name taken. */
static int record(const struct creation *c, struct err *e)
{
	const struct snapshot_doc *doc = &c->doc;
	struct store *s = c->s;
	own_transaction t = { 0 };
	own_rows image = { 0 };
	int r = begin(s, doc, &t, e);

	if (r < 0 || (r = store_snapshot_find(s, c->id, e)) < 0)
		return -1;
	if (r > 0 || faccessat(s->snapshots, c->id, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return fail_taken(c->id, e);
	if (db_query(&s->db, DB_IMAGE_RECORD, &image, e, "s", doc->image) < 0)
		return -1;
	r = db_next(&image, e);
	if (r <= 0)
		return r < 0 ? -1
			     : fail(e, ERR_ABSENT, "the image %.19s has been removed", doc->image);
	db_rows_done(&image);
	if (db_run(&s->db, DB_SNAPSHOT_ADD, e, "sssi", c->id, doc->image, doc->driver,
		   doc->created) < 0)
		return -1;
	return db_commit(&t, e);
}

static int fill(struct creation *c, struct err *e)
{
	c->folder = lock_make(c->s->snapshots, c->name, e);
	if (c->folder < 0)
		return e->sysno == EEXIST ? fail(e, ERR_CONFLICT, "somebody else is making it")
					  : -1;
	if ((!c->o->view && c->driver->create(c->folder, &c->base, c->o->size, e) < 0) ||
	    snapshot_doc_write(c->folder, &c->doc, lasts(&c->doc), e) < 0 || record(c, e) < 0)
		return -1;
	if (renameat2(c->s->snapshots, c->name, c->s->snapshots, c->id, RENAME_NOREPLACE) < 0)
		return fail_sys(e, "give it its name");
	return flush_names(c->s, &c->doc, e);
}

static int make(struct creation *c, struct err *e)
{
	struct err ignored = { 0 };
	int r = fill(c, e);
	bool ours = c->folder >= 0;

	fd_close(&c->folder);
	if (r < 0 && ours)
		(void)store_snapshot_clear(c->s, c->name, &ignored);
	return r;
}

static int have_all(struct layers *ls, const struct stored_image *image, struct err *e)
{
	int r = 1;

	for (size_t i = 0; r > 0 && i < image->layers.n; i++)
		r = layers_have(ls, &image->layers.at[i], e);
	return r;
}

/**
 * snapshot_ready() - the image's layers, unpacked, as what a snapshot of it stands on
 * @a: owns what is returned
 *
 * They are ours until store_lease_end(), or as long as something keeps their image.
 */
int snapshot_ready(struct store *s, const struct stored_image *image, struct arena *a,
		   const struct snapshot_driver **ret_driver, struct snapshot_base *ret_base,
		   struct err *e)
{
	char text[DIGEST_TEXT];
	struct layers layers;

	if (image->artifact)
		return fail(e, ERR_INPUT, "it is of the type '%.100s', and no container's",
			    image->artifact);
	if (layers_init(&layers, s, e) < 0)
		return -1;
	*ret_driver = layers.driver;
	return layers_unpack(&layers, image, e) < 0
		       ? -1
		       : snapshot_image_base(s, digest_text(&image->digest, text), a, ret_base, e);
}

/* snapshot_ready_kept() - the same for who keeps the image already: no lease where all are there */
int snapshot_ready_kept(struct store *s, const struct stored_image *image, struct arena *a,
			const struct snapshot_driver **ret_driver, struct snapshot_base *ret_base,
			struct err *e)
{
	char text[DIGEST_TEXT];
	struct layers layers;
	int r;

	if (layers_init(&layers, s, e) < 0)
		return -1;
	r = image->artifact ? 0 : have_all(&layers, image, e);
	if (r <= 0)
		return r < 0 ? -1 : snapshot_ready(s, image, a, ret_driver, ret_base, e);
	*ret_driver = layers.driver;
	return snapshot_image_base(s, digest_text(&image->digest, text), a, ret_base, e);
}

/* Its layers are leased to us until the snapshot's record keeps them. */
static int prepare(struct creation *c, const struct digest *manifest, struct arena *a,
		   struct err *e)
{
	struct stored_image image;

	if (store_image_load(c->s, manifest, a, &image, e) < 0 ||
	    snapshot_ready(c->s, &image, a, &c->driver, &c->base, e) < 0)
		return -1;
	if (c->o->fast && !c->driver->fast)
		return fail(e, ERR_UNSUPPORTED, "the driver %s has no volatile snapshots",
			    c->driver->name);
	return 0;
}

/**
 * snapshot_create() - make a snapshot of an image
 * @ret_id: its name
 */
int snapshot_create(struct store *s, const struct digest *manifest,
		    const struct snapshot_options *o, char ret_id[SNAPSHOT_ID], struct err *e)
{
	own_arena struct arena a = { 0 };
	char id[SNAPSHOT_ID], image[DIGEST_TEXT];
	struct creation c = { .s = s, .o = o, .id = id, .folder = FD_NONE };
	int r;

	if (choose_id(o, id, e) < 0 || store_snapshots_clear(s, e) < 0 ||
	    (r = store_snapshot_find(s, id, e)) < 0)
		return -1;
	if (r > 0)
		return fail_taken(id, e);
	c.doc = (struct snapshot_doc){ .image = text_shown(digest_text(manifest, image)),
				       .size = o->size,
				       .fast = o->fast,
				       .view = o->view,
				       .created = date_now_ns() };
	snprintf(c.name, sizeof(c.name), SNAPSHOT_NEW "%s", id);
	if (prepare(&c, manifest, &a, e) < 0)
		return fail_in(e, "make a snapshot of %.19s", image);
	c.doc.driver = text_shown(c.driver->name);
	if (make(&c, e) < 0)
		return fail_in(e, "make a snapshot of %.19s", image);
	memcpy(ret_id, id, sizeof(id));
	return store_lease_end(s, e);
}

static int fail_absent(const char *word, struct err *e)
{
	fail(e, ERR_ABSENT, "no such snapshot: %.140s", word);
	return fail_hint(e, "`tare snapshot ls` lists them");
}

/* The name itself, or the only one that begins so. */
static int find(struct store *s, const char *word, char ret_id[SNAPSHOT_ID], struct err *e)
{
	own_rows rows = { 0 };
	size_t len = strlen(word), n = 0;
	int r;

	if (db_query(&s->db, DB_SNAPSHOT_ALL, &rows, e, "") < 0)
		return -1;
	while ((r = db_next(&rows, e)) > 0) {
		const char *id = db_text(&rows, 0);

		if (len == 0 || strncmp(id, word, len) != 0)
			continue;
		snprintf(ret_id, SNAPSHOT_ID, "%s", id);
		n++;
		if (strcmp(id, word) == 0)
			return 0;
	}
	if (r < 0)
		return -1;
	if (n == 1)
		return 0;
	if (n > 1)
		return fail(e, ERR_INPUT, "find the snapshot '%.140s': several begin so", word);
	return fail_absent(word, e);
}

/**
 * snapshot_open() - a snapshot by its name, or what its name begins with
 * @n: SNAPSHOT_NONE; the caller closes it in any case
 */
int snapshot_open(struct snapshot *n, struct store *s, const char *word, struct err *e)
{
	n->store = s;
	if (find(s, word, n->id, e) < 0 || snapshot_driver_of(s, NULL, &n->driver, e) < 0)
		return -1;
	n->folder = openat(s->snapshots, n->id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (n->folder < 0) {
		fail_sys(e, "open the snapshot '%s'", n->id);
		return fail_hint(e, "`tare system check --repair` forgets what is not there");
	}
	if (snapshot_doc_read(n->folder, &n->a, &n->doc, e) < 0 ||
	    snapshot_image_base(s, n->doc.image, &n->a, &n->base, e) < 0)
		return fail_in(e, "open the snapshot '%s'", n->id);
	return 0;
}

void snapshot_close(struct snapshot *n)
{
	fd_close(&n->folder);
	arena_done(&n->a);
}

/* Nobody removes it as long as @n is open; whoever has begun to is waited for. */
static int hold(const struct snapshot *n, struct err *e)
{
	if (flock(n->folder, LOCK_SH) < 0)
		return fail_sys(e, "lock the snapshot '%s'", n->id);
	return lock_is_named(n->folder, n->store->snapshots, n->id) ? 0 : fail_absent(n->id, e);
}

/* Two overlays that write to one folder damage what is in it. The driver refuses that (overlay_claim.c);
 * here it can be told where the first one is, if we see it. Trees are bound, which does no harm. */
static int refuse_second(const struct snapshot *n, struct err *e)
{
	own_arena struct arena a = { 0 };
	const char *target;
	int r = n->driver->root ? 0 : snapshot_writer(n, &a, &target, e);

	if (r <= 0)
		return r;
	fail(e, ERR_CONFLICT, "mount the snapshot '%s': it is mounted on '%.200s', for writing",
	     n->id, target);
	return fail_hint(e, "`mount --bind` shows that elsewhere, too");
}

/**
 * snapshot_mount() - the snapshot's tree, mounted nowhere
 * @userns: FD_NONE, or a user namespace by whose maps its owners are shifted
 *
 * Return: a detached mount, for mount_attach() or a descriptor that names its root; -1.
 */
int snapshot_mount(const struct snapshot *n, bool readonly, int userns, struct err *e)
{
	char source[256];
	struct snapshot_mount how = {
		.source = source,
		.readonly = readonly || n->doc.view,
		.fast = n->doc.fast,
		.userns = userns,
	};
	int fd;

	if (hold(n, e) < 0 || (!how.readonly && refuse_second(n, e) < 0))
		return -1;
	snapshot_mount_name(n, source);
	fd = n->driver->mount(n->doc.view ? FD_NONE : n->folder, &n->base, &how, e);
	return fd < 0 ? fail_in(e, "mount the snapshot '%s'", n->id) : fd;
}

int snapshot_usage(const struct snapshot *n, struct snapshot_usage *ret, struct err *e)
{
	*ret = (struct snapshot_usage){ 0 };
	return n->doc.view ? 0 : n->driver->usage(n->folder, ret, e);
}

/* snapshot_source() - what was changed in it, for layer/pack.h; the caller closes both descriptors */
int snapshot_source(const struct snapshot *n, struct pack_source *ret, struct err *e)
{
	if (n->doc.view)
		return fail(e, ERR_INPUT, "nothing was written to '%s': it is an image's mount",
			    n->id);
	return hold(n, e) < 0 ? -1 : n->driver->source(n->folder, &n->base, ret, e);
}

static int refuse_mounted(const struct snapshot *n, struct err *e)
{
	own_arena struct arena a = { 0 };
	char **targets;
	size_t count;

	if (snapshot_mounts(n, &a, &targets, &count, e) < 0)
		return -1;
	if (count == 0)
		return 0;
	fail(e, ERR_CONFLICT, "remove the snapshot '%s': it is mounted on '%.200s'", n->id,
	     targets[0]);
	return fail_hint(e, "`tare snapshot umount %.100s`, or `rm --force`", n->id);
}

/* Out of the way, under a name that shows what for. What survives a power cut must not come back without
 * its record, nor its record without it: each step is on the disk before the next. */
static int put_away(const struct snapshot *n, const char *gone, struct err *e)
{
	struct store *s = n->store;
	own_transaction t = { 0 };

	if (begin(s, &n->doc, &t, e) < 0)
		return -1;
	/* until we had the lock it may have been removed, and another one made of that name */
	if (!lock_is_named(n->folder, s->snapshots, n->id))
		return fail_absent(n->id, e);
	if (renameat2(s->snapshots, n->id, s->snapshots, gone, RENAME_NOREPLACE) < 0)
		return fail_sys(e, "remove the snapshot '%s'", n->id);
	if (flush_names(s, &n->doc, e) < 0 || db_run(&s->db, DB_SNAPSHOT_DROP, e, "s", n->id) < 0)
		return -1;
	return db_commit(&t, e);
}

/**
 * snapshot_drop() - remove a snapshot, with all that was written to it, mounted or not
 *
 * Refused while somebody holds a lock on its folder.
 */
int snapshot_drop(struct snapshot *n, struct err *e)
{
	char gone[SNAPSHOT_ID + 8];

	snprintf(gone, sizeof(gone), SNAPSHOT_GONE "%s", n->id);
	if (flock(n->folder, LOCK_EX | LOCK_NB) < 0)
		return fail(e, ERR_CONFLICT, "remove the snapshot '%s': it is in use", n->id);
	if (put_away(n, gone, e) < 0)
		return -1;
	fd_close(&n->folder);
	return store_snapshot_clear(n->store, gone, e) < 0 ? -1 : 0;
}

/* snapshot_remove() - the same, refused while it is mounted where we can see it */
int snapshot_remove(struct snapshot *n, struct err *e)
{
	return refuse_mounted(n, e) < 0 ? -1 : snapshot_drop(n, e);
}
