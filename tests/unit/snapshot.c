/* snapshot.c - how layers are grouped, what snapshots may be called, and trees copied and counted */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "os/tree_copy.h"
#include "snapshot/overlay_priv.h"
#include "store/snapshots.h"
#include "t.h"

TEST(any_number_of_layers_fits_into_mounts_of_five_hundred)
{
	for (size_t n = 0; n < 20000; n++) {
		size_t groups = overlay_groups(n), grouped = overlay_grouped(n), sum = 0;

		for (size_t i = 0; i < groups; i++) {
			WANT(overlay_group_size(n, i) >= 2);
			WANT(overlay_group_size(n, i) <= OVERLAY_LOWERS);
			sum += overlay_group_size(n, i);
		}
		WANT_INT(sum, grouped);
		WANT(grouped <= n);
		WANT(n - grouped + groups <= OVERLAY_LOWERS);
		WANT(n > OVERLAY_LOWERS || groups == 0);
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
