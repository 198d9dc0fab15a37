/* mounts.c - see mounts.h: Binds, Mounts and Tmpfs of the Engine API */
#include "engine/mounts.h"

#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/err.h"
#include "os/file.h"
#include "spec/oci.h"

static int no_memory(struct err *e)
{
	return fail_errno(e, ENOMEM, "read what is to be mounted");
}

/* struct reading - what was read so far */
struct reading {
	struct arena *a;
	struct mounts_asked *m;
};

static int check_target(const struct reading *r, const char *target, struct err *e)
{
	if (!target || *target != '/' || !target[1])
		return fail(e, ERR_INPUT,
			    "its place in the container must be an absolute path, not '%.200s'",
			    target ? target : "");
	for (size_t i = 0; i < r->m->n; i++)
		if (strcmp(r->m->at[i].target, target) == 0)
			return fail(e, ERR_INPUT, "something else is mounted on '%.200s', too",
				    target);
	return 0;
}

static int add(struct reading *r, const struct mount_asked *m, struct err *e)
{
	struct mount_asked *more;

	if (check_target(r, m->target, e) < 0)
		return -1;
	more = arena_more(r->a, r->m->at, r->m->n, sizeof(*more));
	if (!more)
		return no_memory(e);
	more[r->m->n++] = *m;
	r->m->at = more;
	return 0;
}

static int add_option(const struct reading *r, struct mount_asked *m, const char *option,
		      struct err *e)
{
	char **more = arena_append(r->a, m->options, option);

	if (!more)
		return no_memory(e);
	m->options = more;
	return 0;
}

/* --- Binds --- */

/* Docker's words; those that change nothing without SELinux or without a virtual machine are known, too. */
static int bind_option(const struct reading *r, struct mount_asked *m, const char *word,
		       struct err *e)
{
	static const struct {
		const char *word, *option; /* NULL: nothing to do */
	} rows[] = {
		{ "ro", "ro" },
		{ "rw", "rw" },
		{ "private", "private" },
		{ "rprivate", "rprivate" },
		{ "shared", "shared" },
		{ "rshared", "rshared" },
		{ "slave", "slave" },
		{ "rslave", "rslave" },
		{ "nocopy", NULL },
		{ "z", NULL },
		{ "Z", NULL },
		{ "cached", NULL },
		{ "delegated", NULL },
		{ "consistent", NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (strcmp(rows[i].word, word) == 0)
			return rows[i].option ? add_option(r, m, rows[i].option, e) : 0;
	return fail(e, ERR_INPUT, "there is no mount option '%.100s'", word);
}

/* SOURCE:TARGET[:OPTION,...] */
static int read_bind(struct reading *r, const char *word, struct err *e)
{
	struct mount_asked m = { .create = true };
	char *text = arena_dup(r->a, word), *target, *options, *option;

	if (!text)
		return no_memory(e);
	target = strchr(text, ':');
	if (*text != '/' || !target) {
		fail(e, ERR_UNSUPPORTED, "%s volumes are not there yet",
		     target ? "named" : "anonymous");
		return fail_hint(e,
				 "-v /FOLDER:/TARGET mounts a folder of the host, --tmpfs memory");
	}
	*target++ = '\0';
	options = strchr(target, ':');
	if (options)
		*options++ = '\0';
	m.source = text;
	m.target = target;
	if (add_option(r, &m, "rbind", e) < 0 || add_option(r, &m, "rprivate", e) < 0)
		return -1;
	while ((option = strsep(&options, ",")))
		if (*option && bind_option(r, &m, option, e) < 0)
			return -1;
	return add(r, &m, e);
}

/* --- Tmpfs --- */

/* Docker's are safe unless it is said that they are not */
static int read_tmpfs(struct reading *r, const struct pair *p, struct err *e)
{
	static const char *const usual[] = { "noexec", "nosuid", "nodev" };
	struct mount_asked m = { .target = p->key };
	char *options = arena_dup(r->a, p->value ? p->value : ""), *option;

	if (!options)
		return no_memory(e);
	for (size_t i = 0; i < COUNT(usual); i++)
		if (add_option(r, &m, usual[i], e) < 0)
			return -1;
	while ((option = strsep(&options, ",")))
		if (*option && add_option(r, &m, option, e) < 0)
			return -1;
	return add(r, &m, e);
}

/* --- Mounts --- */

static int read_bind_mount(const struct reading *r, const struct host_mount *from,
			   struct mount_asked *m, struct err *e)
{
	const struct host_bind_options none = { 0 }, *o = from->bind ? from->bind : &none;

	if (!from->source || *from->source != '/')
		return fail(e, ERR_INPUT, "its source must be an absolute path, not '%.200s'",
			    from->source ? from->source : "");
	if (o->read_only_force_recursive || o->read_only_non_recursive)
		return fail(e, ERR_UNSUPPORTED, "ReadOnly%sRecursive can't be honoured yet",
			    o->read_only_force_recursive ? "Force" : "Non");
	if (o->propagation && *o->propagation && !word_find(oci_propagation_words, o->propagation))
		return fail(e, ERR_INPUT, "there is no propagation '%.50s'", o->propagation);
	m->source = from->source;
	m->create = o->create_mountpoint;
	if (add_option(r, m, o->non_recursive ? "bind" : "rbind", e) < 0)
		return -1;
	return add_option(r, m, o->propagation && *o->propagation ? o->propagation : "rprivate", e);
}

static int read_memory_mount(const struct reading *r, const struct host_mount *from,
			     struct mount_asked *m, struct err *e)
{
	static const char *const usual[] = { "noexec", "nosuid", "nodev" };
	const struct host_tmpfs_options none = { 0 }, *o = from->tmpfs ? from->tmpfs : &none;
	char *size = arena_printf(r->a, "size=%lld", (long long)o->size);
	char *mode = arena_printf(r->a, "mode=%llo", (unsigned long long)o->mode);

	if (!size || !mode)
		return no_memory(e);
	if (from->source && *from->source)
		return fail(e, ERR_INPUT, "memory has no source");
	for (size_t i = 0; i < COUNT(usual); i++)
		if (add_option(r, m, usual[i], e) < 0)
			return -1;
	return (o->size && add_option(r, m, size, e) < 0) ||
			       (o->mode && add_option(r, m, mode, e) < 0)
		       ? -1
		       : 0;
}

static int read_mount(struct reading *r, const struct host_mount *from, struct err *e)
{
	static const struct {
		const char *type;
		int (*read)(const struct reading *r, const struct host_mount *from,
			    struct mount_asked *m, struct err *e);
	} types[] = {
		{ "bind", read_bind_mount },
		{ "tmpfs", read_memory_mount },
	};
	struct mount_asked m = { .target = from->target };

	for (size_t i = 0; i < COUNT(types); i++) {
		if (strcmp(types[i].type, from->type) != 0)
			continue;
		if (types[i].read(r, from, &m, e) < 0 ||
		    (from->read_only && add_option(r, &m, "ro", e) < 0))
			return -1;
		return add(r, &m, e);
	}
	fail(e, ERR_UNSUPPORTED, "mounts of type '%.50s' are not there yet", from->type);
	return fail_hint(e, "'bind' and 'tmpfs' are");
}

/* --- all --- */

/**
 * mounts_read() - all that @h asks for, in the order of its members
 * @a: owns what is returned, with @h
 */
int mounts_read(const struct host_config *h, struct arena *a, struct mounts_asked *ret,
		struct err *e)
{
	struct mounts_asked m = { 0 };
	struct reading r = { .a = a, .m = &m };

	for (char **bind = h->binds; bind && *bind; bind++)
		if (read_bind(&r, *bind, e) < 0)
			return fail_in(e, "mount '%.200s'", *bind);
	for (size_t i = 0; i < h->mounts.n; i++)
		if (read_mount(&r, &h->mounts.at[i], e) < 0)
			return fail_in(e, "mount on '%.200s'", h->mounts.at[i].target);
	for (size_t i = 0; i < h->tmpfs.n; i++)
		if (read_tmpfs(&r, &h->tmpfs.at[i], e) < 0)
			return fail_in(e, "mount memory on '%.200s'", h->tmpfs.at[i].key);
	*ret = m;
	return 0;
}

/* mounts_make_sources() - a folder for what isn't there, as Docker's -v has it; an error where that is
 * not asked for */
int mounts_make_sources(const struct mounts_asked *m, struct err *e)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct mount_asked *one = &m->at[i];
		struct stat st;

		if (!one->source || stat(one->source, &st) == 0)
			continue;
		if (errno != ENOENT || !one->create) {
			fail_sys(e, "mount '%.300s' on '%.300s'", one->source, one->target);
			return fail_hint(
				e, "it must be on this host; -v makes a folder of what isn't");
		}
		if (file_make_folders(one->source, strlen(one->source), 0755, e) < 0)
			return fail_in(e, "mount on '%.300s'", one->target);
	}
	return 0;
}
