/* layer.c - archives into a folder full of traps: whatever they say, the canary beside it lives
 *
 * The first byte chooses the mode; the rest is an archive. Nothing shuts us in here: what keeps the
 * archive in its folder are the ways in which names are opened, and nothing else.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "layer/place_priv.h"

struct once {
	const uint8_t *at;
	size_t left;
};

static int next(void *of, const unsigned char **ret_at, size_t *ret_len, struct err *e)
{
	struct once *o = of;

	*ret_at = o->at;
	*ret_len = o->left;
	o->left = 0;
	return *ret_len > 0;
}

static char folder[] = "/tmp/fuzz-layer.XXXXXX";

static void remove_world(void)
{
	struct err e = { 0 };

	(void)place_remove(NULL, AT_FDCWD, folder, &e);
}

/* FOLDER/canary/file, and FOLDER/tree with links to it. Return: a descriptor of FOLDER */
static int make_world(void)
{
	static const char *const links[][2] = {
		{ "l", "../canary" },
		{ "up", "../.." },
		{ "root", "/" },
		{ "f", "../canary/file" },
	};
	char absolute[64];
	int fd, file;

	MUST(mkdtemp(folder) && atexit(remove_world) == 0);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	MUST(fd >= 0 && mkdirat(fd, "canary", 0755) == 0 && mkdirat(fd, "tree", 0755) == 0);
	MUST(mkdirat(fd, "tree/d", 0755) == 0);
	file = openat(fd, "canary/file", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	MUST(file >= 0 && write(file, "canary", 6) == 6 && close(file) == 0);
	for (size_t i = 0; i < COUNT(links); i++) {
		char path[32];

		(void)snprintf(path, sizeof(path), "tree/%s", links[i][0]);
		MUST(symlinkat(links[i][1], fd, path) == 0);
	}
	(void)snprintf(absolute, sizeof(absolute), "%s/canary", folder);
	MUST(symlinkat(absolute, fd, "tree/d/a") == 0);
	(void)umask(0);
	return fd;
}

/* All that a change of the canary would show in. */
static void look(int world, struct stat st[2])
{
	MUST(fstatat(world, "canary", &st[0], AT_SYMLINK_NOFOLLOW) == 0);
	MUST(fstatat(world, "canary/file", &st[1], AT_SYMLINK_NOFOLLOW) == 0);
}

static void compare(const struct stat *a, const struct stat *b)
{
	MUST(a->st_mode == b->st_mode && a->st_uid == b->st_uid && a->st_size == b->st_size);
	MUST(a->st_nlink == b->st_nlink && a->st_ino == b->st_ino);
	MUST(a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec);
}

static void unpack(int root, enum unpack_mode mode, struct once *o)
{
	static const struct tar_limits limits = { .path = 4095,
						  .header = 1 << 16,
						  .file = 1 << 16,
						  .xattrs = 16,
						  .xattr_bytes = 1 << 12,
						  .regions = 1000 };
	const struct unpack_job job = { .mode = mode,
					.devices = UNPACK_DEVICES_SKIP,
					.limits = { .entries = 1000, .depth = 40 } };
	struct unpack_result result = { 0 };
	struct err e = { 0 };
	struct tar_entry x;
	own_place p = { 0 };
	own_tar t = { 0 };
	int r;

	tar_start(&t, &limits, next, o);
	MUST(place_start(&p, &job, root, &result, &e) == 0);
	while ((r = tar_next(&t, &x, &e)) > 0)
		if (place_entry(&p, &t, &x, &e) < 0)
			break;
	if (r == 0 && place_end(&p, &e) == 0)
		return;
	MUST(*e.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int world = -1, seed = 0;
	struct stat before[2], after[2];
	struct once o = { data + 1, size - 1 };
	struct err e = { 0 };
	int root;

	if (size < 1)
		return 0;
	if (world < 0)
		world = make_world();
	look(world, before);
	root = openat(world, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	MUST(root >= 0);
	unpack(root, (enum unpack_mode)(data[0] % 4), &o);
	look(world, after);
	compare(&before[0], &after[0]);
	compare(&before[1], &after[1]);
	/* traps are put up again now and then: what an archive has left is a trap for the next */
	if (++seed % 8 == 0) {
		MUST(place_empty(NULL, root, &e) == 0);
		MUST(mkdirat(root, "d", 0755) == 0);
		(void)!symlinkat("../canary", root, "l");
		(void)!symlinkat("../canary/file", root, "f");
		(void)!symlinkat("../../canary", root, "d/a");
	}
	(void)close(root);
	return 0;
}
