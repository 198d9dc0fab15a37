/* view_mounts.c - which mounts of a layer's tree are a view's, where nothing that the kernel says tells it
 *
 * With btrfs and copy an image's mount is a bind of the tree of its last layer, which several images may
 * have, and each may be mounted several times. So each mount is written down before it is attached, in the
 * view's document: "ID NAMESPACE FOLDER", the number of the mount, of the mount namespace that we are in, and
 * where it will be. The kernel says what has become of it: an ID that mountinfo does not have is gone. A
 * number is given again when its mount is gone; so whoever is given one takes it from all that had it. In
 * another mount namespace, which has copies of our mounts by numbers of their own, the folder counts.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "image/snapshots.h"
#include "os/mount.h"

/* what stands for a mount that is gone: a document without any is an earlier tare's */
#define NONE_LEFT "-"

/* struct note - one mount, as it is written down */
struct note {
	uint64_t id, namespace;
	const char *folder;
};

static bool read_note(const char *text, struct note *ret)
{
	char *end;

	ret->id = strtoull(text, &end, 10);
	if (end == text || *end != ' ')
		return false;
	text = end + 1;
	ret->namespace = strtoull(text, &end, 10);
	ret->folder = end + 1;
	return end != text && *end == ' ';
}

/* view_namespace() - the number of our mount namespace; 0: it can't be told */
uint64_t view_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/mnt", &st) == 0 ? st.st_ino : 0;
}

/**
 * view_has() - is a mount of the tree of its last layer this view's?
 * @m, @target: the mount, and its place
 */
bool view_has(const struct snapshot_doc *doc, uint64_t namespace, const struct mount_line *m,
	      const char *target)
{
	/* nothing is known: all of them may be */
	if (!doc->mounts || !doc->mounts[0])
		return true;
	for (char **one = doc->mounts; *one; one++) {
		struct note n;

		if (!read_note(*one, &n))
			continue;
		if (n.namespace == namespace ? n.id == m->id : strcmp(n.folder, target) == 0)
			return true;
	}
	return false;
}

/* Out of what another one has written down. 1: there was something */
static int take_from(const struct snapshot_doc *doc, uint64_t id)
{
	int any = 0;

	for (char **one = doc->mounts; one && *one; one++) {
		struct note n;

		if (!read_note(*one, &n) || n.id != id)
			continue;
		*one = text_shown(NONE_LEFT);
		any = 1;
	}
	return any;
}

/* One that can't be read is none's concern here. */
static int take_id(struct store *s, uint64_t id, struct err *e)
{
	own_arena struct arena a = { 0 };
	struct snapshot_records all;

	if (store_snapshots(s, &a, &all, e) < 0)
		return -1;
	for (size_t i = 0; i < all.n; i++) {
		own_fd int fd = openat(s->snapshots, all.at[i].id,
				       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		struct snapshot_doc doc;
		struct err ignored = { 0 };

		if (fd >= 0 && snapshot_doc_read(fd, &a, &doc, &ignored) == 0 &&
		    take_from(&doc, id) && snapshot_doc_write(fd, &doc, false, e) < 0)
			return -1;
	}
	return 0;
}

/* What is there still, and one more. */
static int add_note(struct snapshot *n, const char *note, struct err *e)
{
	size_t count = 0, kept = 0;
	char **all;

	while (n->doc.mounts && n->doc.mounts[count])
		count++;
	all = arena_array(&n->a, count + 2, sizeof(*all));
	if (!all)
		return fail_errno(e, ENOMEM, "note a mount");
	for (size_t i = 0; i < count; i++)
		if (strcmp(n->doc.mounts[i], NONE_LEFT) != 0)
			all[kept++] = n->doc.mounts[i];
	all[kept] = (char *)(uintptr_t)note;
	n->doc.mounts = all;
	return snapshot_doc_write(n->folder, &n->doc, false, e);
}

/**
 * view_note() - write down that @mount, attached nowhere yet, is @n's
 * @target: where it will be attached
 *
 * Only of views by drivers whose mounts do not say themselves whose they are.
 */
int view_note(struct snapshot *n, int mount, const char *target, struct err *e)
{
	uint64_t id = n->doc.view && n->driver->root ? mount_id(mount, "") : 0;
	char *real, *note;

	if (!id)
		return 0;
	real = realpath(target, NULL);
	if (!real)
		return fail_sys(e, "look at '%s'", target);
	note = arena_printf(&n->a, "%" PRIu64 " %" PRIu64 " %s", id, view_namespace(), real);
	free(real);
	if (!note)
		return fail_errno(e, ENOMEM, "note a mount");
	return take_id(n->store, id, e) < 0 ? -1 : add_note(n, note, e);
}
