/* snapshot.c - how layers are grouped, what snapshots may be called, and trees copied and counted */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "image/snapshots.h"
#include "os/tree_copy.h"
#include "snapshot/overlay_priv.h"
#include "store/snapshots.h"
#include "t.h"

/* However it is mounted: the kernel wants one folder below what is written to, or else two, and takes 500. */
static void want_places(size_t n, bool readonly, int folder, bool rooted)
{
	struct snapshot_base base = { .n = n };
	struct snapshot_mount how = { .readonly = readonly };
	struct overlay o = {
		.base = &base, .how = &how, .folder = folder, .root = { rooted ? 'x' : '\0' }
	};
	size_t grouped = overlay_grouped(n), places = n - grouped + (grouped > 0);
	const char *names[2];

	WANT(grouped <= n && grouped <= OVERLAY_LOWERS && grouped != 1);
	places += (folder >= 0 && readonly) + rooted;
	places += overlay_empties(&o, names);
	WANT(places >= (overlay_writes(&o) ? 1 : 2));
	WANT(places <= OVERLAY_LOWERS);
	WANT(strcmp(names[0], names[1]) != 0);
}

TEST(as_many_layers_as_an_overlay_may_have_find_a_place_however_it_is_mounted)
{
	for (size_t n = 0; n <= OVERLAY_MOST; n++) {
		want_places(n, false, 3, false);
		want_places(n, true, 3, false);
		want_places(n, true, FD_NONE, false);
		want_places(n, true, FD_NONE, true);
	}
}

TEST(a_mount_is_the_views_that_has_written_it_down)
{
	static const struct {
		const char *notes[3];
		uint64_t namespace, id;
		const char *target;
		bool has;
	} rows[] = {
		{ { "7 1 /m" }, 1, 7, "/m", true },
		/* it was moved, or copied into another namespace */
		{ { "7 1 /m" }, 1, 7, "/n", true },
		{ { "7 1 /m" }, 2, 9, "/m", true },
		{ { "7 1 /m" }, 2, 7, "/n", false },
		/* another one, in its place */
		{ { "7 1 /m" }, 1, 9, "/m", false },
		{ { "7 1 /m", "8 1 /a b" }, 1, 8, "/a b", true },
		/* what is no note, and one that was taken away */
		{ { "-" }, 1, 7, "/m", false },
		{ { "7", "7 1", "x 1 /m" }, 1, 7, "/m", false },
		/* nothing was written down */
		{ { NULL }, 1, 7, "/m", true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *notes[4] = { (char *)(uintptr_t)rows[i].notes[0],
				   (char *)(uintptr_t)rows[i].notes[1],
				   (char *)(uintptr_t)rows[i].notes[2] };
		struct snapshot_doc doc = { .mounts = notes };
		struct mount_line m = { .id = rows[i].id };

		WANT_INT(view_has(&doc, rows[i].namespace, &m, rows[i].target), rows[i].has);
	}
}

TEST(a_snapshots_name_is_a_folders_and_not_hidden)
{
	static const char *const good[] = { "a", "A-1_b.c", "0" }, *const bad[] = {
		"", ".", "..", ".new-a", "-a", "_a", "a/b", "a b", "\xc3\xa4", "a\n"
	};
	char name[140];

	for (size_t i = 0; i < COUNT(good); i++)
		WANT(snapshot_id_is_valid(good[i]));
	for (size_t i = 0; i < COUNT(bad); i++)
		WANT(!snapshot_id_is_valid(bad[i]));
	memset(name, 'a', sizeof(name));
	name[128] = '\0';
	WANT(snapshot_id_is_valid(name));
	name[128] = 'a';
	name[129] = '\0';
	WANT(!snapshot_id_is_valid(name));
}

static int folder(const char *path)
{
	int fd = -1;

	WANT(mkdir(path, 0700) == 0 || errno == EEXIST);
	fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	WANT(fd >= 0);
	return fd;
}

/* A file with a hole, and another name of it further down. */
static void fill(int from)
{
	own_fd int fd = openat(from, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0640);

	WANT(fd >= 0);
	WANT_INT(pwrite(fd, "end", 3, 1 << 20), 3);
	WANT_INT(mkdirat(from, "below", 0711), 0);
	WANT_INT(linkat(from, "file", from, "below/other", 0), 0);
	WANT_INT(symlinkat("/nowhere", from, "link"), 0);
	WANT_INT(mkfifoat(from, "fifo", 0600), 0);
}

TEST(a_tree_is_copied_with_its_links_and_holes_and_counted_once)
{
	char base[] = "/tmp/tare-snapshot-test-XXXXXX", path[128], command[160];
	struct tree_copied copied = { 0 };
	struct snapshot_usage usage = { 0 };
	struct stat one, other;
	struct err e = { 0 };

	WANT(mkdtemp(base));
	{
		own_fd int top = folder(base), from = FD_NONE, to = FD_NONE;

		snprintf(path, sizeof(path), "%s/from", base);
		from = folder(path);
		snprintf(path, sizeof(path), "%s/to", base);
		to = folder(path);
		fill(from);
		WANT_INT(tree_copy(from, to, &copied, &e), 0);
		WANT_STR(e.text, "");
		WANT_INT(copied.entries, 5);
		WANT_INT(fstatat(to, "file", &one, AT_SYMLINK_NOFOLLOW), 0);
		WANT_INT(fstatat(to, "below/other", &other, AT_SYMLINK_NOFOLLOW), 0);
		WANT(one.st_ino == other.st_ino && one.st_nlink == 2);
		WANT_INT(one.st_size, (1 << 20) + 3);
		WANT(one.st_blocks * 512 < 100000);
		WANT_INT(snapshot_count(top, "to", &usage, &e), 0);
		WANT_INT(usage.inodes, 5); /* the folder itself, and one file by two names */
		WANT(usage.bytes < 100000);
	}
	snprintf(command, sizeof(command), "rm -rf '%s'", base);
	WANT_INT(system(command), 0);
}
