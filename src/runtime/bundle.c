/* bundle.c - config.json from disk to struct */
#include "runtime/bundle.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "os/file.h"
#include "runtime/notes.h"

#define CONFIG_MAX ((size_t)16 << 20)

static int note_unknown(void *ctx, const char *what, const char *pointer, const char *nearest,
			struct err *e)
{
	const struct bundle_options *o = ctx;
	struct err note = { 0 };

	fail(&note, ERR_INPUT, "%s", what);
	fail_at(&note, "config.json: %s", pointer);
	if (nearest)
		fail_hint(&note, "did you mean '%s'?", nearest);
	return note_or_fail(o->strict, &note, e);
}

/* What callers of runc know a part of the config by. */
static int name_part(struct err *e)
{
	static const struct {
		const char *pointer, *phrase;
	} parts[] = {
		{ "config.json: /linux/memoryPolicy/flags", "invalid memory policy flag" },
		{ "config.json: /linux/memoryPolicy", "invalid memory policy mode" },
	};

	for (size_t i = 0; i < COUNT(parts); i++)
		if (text_starts(e->origin, parts[i].pointer))
			return fail_in(e, "%s", parts[i].phrase);
	return -1;
}

/* A user namespace without mappings holds just its root, who is the caller; as crun has it. */
static int default_mappings(struct bundle *b, struct err *e)
{
	struct oci_linux *l = b->config.platform;
	const struct oci_namespace *user = l ? oci_namespace_of(l, CLONE_NEWUSER) : NULL;
	struct oci_idmap *one;

	if (!user || user->path || l->uid_mappings.n || l->gid_mappings.n)
		return 0;
	one = arena_array(&b->mem, 2, sizeof(*one));
	if (!one)
		return fail_errno(e, ENOMEM, "map ids");
	one[0] = (struct oci_idmap){ .host_id = geteuid(), .size = 1 };
	one[1] = (struct oci_idmap){ .host_id = getegid(), .size = 1 };
	l->uid_mappings.at = &one[0];
	l->gid_mappings.at = &one[1];
	l->uid_mappings.n = l->gid_mappings.n = 1;
	return 0;
}

static int find_root(struct bundle *b, struct err *e)
{
	const char *path = b->config.root ? b->config.root->path : NULL;
	char joined[PATH_MAX], *real;
	int n;

	if (!path || !*path) {
		fail(e, ERR_INPUT, "it is missing");
		return fail_at(e, "config.json: /root/path");
	}
	n = snprintf(joined, sizeof(joined), "%s%s%s", *path == '/' ? "" : b->path,
		     *path == '/' ? "" : "/", path);
	if (n < 0 || (size_t)n >= sizeof(joined))
		return fail_errno(e, ENAMETOOLONG, "open the root '%s'", path);
	real = realpath(joined, NULL);
	if (!real) {
		fail_sys(e, "open the root file system '%s'", joined);
		fail_hint(e, "root.path is relative to the bundle");
		return fail_at(e, "config.json: /root/path");
	}
	b->rootfs = arena_dup(&b->mem, real);
	free(real);
	return b->rootfs ? 0 : fail_errno(e, ENOMEM, "open the root '%s'", path);
}

/**
 * bundle_read() - read the config of the bundle at @path
 * @b: filled; ends with bundle_done(), also after a failure
 */
int bundle_read(struct bundle *b, const char *path, const struct bundle_options *o, struct err *e)
{
	const struct bind_note note = { .unknown = note_unknown, .ctx = (void *)o };
	own_fd int dir = fd_open(path, O_PATH | O_DIRECTORY);
	const char *name = o->config_path ? o->config_path : "config.json";
	char *real;
	int n;

	*b = (struct bundle){ 0 };
	if (dir < 0)
		return fail_sys(e, "open the bundle '%s'", path);
	real = realpath(path, NULL);
	b->path = real ? arena_dup(&b->mem, real) : NULL;
	free(real);
	if (!b->path)
		return fail_sys(e, "open the bundle '%s'", path);
	n = file_read(o->config_path ? AT_FDCWD : dir, name, CONFIG_MAX, &b->text, e);
	if (n < 0) {
		if (e->sysno == ENOENT)
			fail_hint(e, "'tare-runtime spec' writes one");
		return fail_in(e, "read the config of bundle '%s'", path);
	}
	b->len = (size_t)n;
	if (bind_parse(&oci_config_table, b->text, b->len, "config.json", &note, &b->mem,
		       &b->config, e) < 0)
		return name_part(e);
	if (b->config.process && oci_process_settle(b->config.process, &b->mem, e) < 0)
		return -1;
	return default_mappings(b, e) < 0 ? -1 : find_root(b, e);
}

void bundle_done(struct bundle *b)
{
	free(b->text);
	arena_done(&b->mem);
	*b = (struct bundle){ 0 };
}
