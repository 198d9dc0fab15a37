/* snapshot_mounts.c - where a snapshot is mounted, as far as our mount namespace shows
 *
 * The kernel knows. An overlay of ours says in its source whose it is; a tree is found by the folder that is
 * the mount's root. Only of a layer's own tree, which is several images', something is written down
 * (view_mounts.c).
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/text.h"
#include "image/snapshots.h"
#include "os/file.h"
#include "os/mount.h"

/* snapshot_mount_name() - what an overlay of it is called: its name, and which folder of that name it is */
void snapshot_mount_name(const struct snapshot *n, char ret[256])
{
	struct stat st = { 0 };

	(void)fstat(n->folder, &st);
	snprintf(ret, 256, "tare:%s:%llx:%llx", n->id, (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino);
}

/* A bind mount of its tree. Others are not looked at: their file systems may be dead. */
static bool is_tree(const struct snapshot *n, const struct mount_line *m, const char *target)
{
	const struct snapshot_base *b = &n->base;
	const char *last = b->n ? b->layers[b->n - 1] : "";
	char path[SNAPSHOT_ID + 64];
	struct stat ours, there;
	size_t len;

	if (n->doc.view)
		snprintf(path, sizeof(path), "/layers/%s", last);
	else
		snprintf(path, sizeof(path), "/snapshots/%s/%s", n->id, n->driver->root);
	len = strlen(path);
	if (m->root_len < len || memcmp(m->root + m->root_len - len, path, len) != 0)
		return false;
	return fstatat(n->store->root, path + 1, &ours, AT_SYMLINK_NOFOLLOW) == 0 &&
	       stat(target, &there) == 0 && ours.st_ino == there.st_ino &&
	       ours.st_dev == there.st_dev;
}

/* struct search - what is looked for: mounts of @n, or only those that write to it, or the one with @id */
struct search {
	const struct snapshot *n;
	char name[256];
	bool writers;
	uint64_t id, namespace;
};

static bool is_overlay(const char *name, const struct mount_line *m)
{
	return mount_line_is(m, "overlay") && m->source_len == strlen(name) &&
	       memcmp(m->source, name, m->source_len) == 0;
}

static bool is_wanted(const struct search *s, const struct mount_line *m, const char *target)
{
	static const char upper[] = ",upperdir=";

	if (s->id && m->id != s->id)
		return false;
	if (s->n->driver->root)
		return is_tree(s->n, m, target) &&
		       (!s->n->doc.view || view_has(&s->n->doc, s->namespace, m, target));
	return is_overlay(s->name, m) &&
	       (!s->writers || memmem(m->options, m->options_len, upper, strlen(upper)));
}

static int find(struct search *s, struct arena *a, char ***ret_targets, size_t *ret_n,
		struct err *e)
{
	own_mem char *text = NULL;
	const char *rest;
	char **all = NULL;
	struct mount_line m;
	size_t count = 0;

	snapshot_mount_name(s->n, s->name);
	s->namespace = view_namespace();
	if (file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, e) < 0)
		return -1;
	for (rest = text; mount_line_next(&rest, &m);) {
		char *target = mountinfo_text(a, m.point, m.point_len);

		if (!target)
			return fail_errno(e, ENOMEM, "look for mounts");
		if (!is_wanted(s, &m, target))
			continue;
		all = arena_more(a, all, count, sizeof(*all));
		if (!all)
			return fail_errno(e, ENOMEM, "look for mounts");
		memmove(all + 1, all, count++ * sizeof(*all));
		all[0] = target;
	}
	*ret_targets = all;
	*ret_n = count;
	return 0;
}

/**
 * snapshot_mounts() - the places where it is mounted, the last one first
 * @a: owns what is returned
 */
int snapshot_mounts(const struct snapshot *n, struct arena *a, char ***ret_targets, size_t *ret_n,
		    struct err *e)
{
	struct search s = { .n = n };

	return find(&s, a, ret_targets, ret_n, e);
}

/* snapshot_writer() - 1: it is mounted for writing, on @ret_target, which @a owns; 0: it is not; -1 */
int snapshot_writer(const struct snapshot *n, struct arena *a, const char **ret_target,
		    struct err *e)
{
	struct search s = { .n = n, .writers = true };
	char **targets;
	size_t count;

	if (find(&s, a, &targets, &count, e) < 0)
		return -1;
	if (count)
		*ret_target = targets[0];
	return count > 0;
}

/* snapshot_is_on() - 1: of what is mounted on the folder @target the uppermost is its mount; 0: it is not; -1 */
int snapshot_is_on(const struct snapshot *n, const char *target, struct err *e)
{
	own_arena struct arena a = { 0 };
	struct search s = { .n = n, .id = mount_id(AT_FDCWD, target) };
	char **targets;
	size_t count;

	if (find(&s, &a, &targets, &count, e) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (strcmp(targets[i], target) == 0)
			return 1;
	return 0;
}

/* snapshot_unmount() - from wherever it is mounted; @ret_n: how often it was */
int snapshot_unmount(const struct snapshot *n, size_t *ret_n, struct err *e)
{
	own_arena struct arena a = { 0 };
	char **targets;

	if (snapshot_mounts(n, &a, &targets, ret_n, e) < 0)
		return -1;
	for (size_t i = 0; i < *ret_n; i++)
		if (umount2(targets[i], UMOUNT_NOFOLLOW) < 0)
			return fail_sys(e, "unmount '%.200s'", targets[i]);
	return 0;
}
