/* run_mounts.c - -v, --mount and --tmpfs: three ways to say what is mounted in a container */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/units.h"
#include "cli/run.h"
#include "spec/oci.h"

static int no_memory(struct err *e)
{
	return fail_errno(e, ENOMEM, "read the command line");
}

/* Docker's client does so: "./x" and "../x" lie in our own folder, any other word may be a volume's name. */
static const char *from_here(struct arena *a, const char *path)
{
	char here[PATH_MAX];

	if (!text_starts(path, "./") && !text_starts(path, "../") && strcmp(path, ".") != 0 &&
	    !text_starts(path, ".:"))
		return path;
	return getcwd(here, sizeof(here)) ? arena_printf(a, "%s/%s", here, path) : path;
}

static int set_binds(const struct run_options *o, struct arena *a, struct host_config *h,
		     struct err *e)
{
	h->binds = arena_array(a, o->volumes.n + 1, sizeof(char *));
	for (size_t i = 0; h->binds && i < o->volumes.n; i++)
		if (!(h->binds[i] = text_shown(from_here(a, o->volumes.at[i]))))
			return no_memory(e);
	return h->binds ? 0 : no_memory(e);
}

/* TARGET[:OPTION,...] */
static int set_tmpfs(const struct run_options *o, struct arena *a, struct host_config *h,
		     struct err *e)
{
	h->tmpfs.at = arena_array(a, o->tmpfs.n + 1, sizeof(*h->tmpfs.at));
	if (!h->tmpfs.at)
		return no_memory(e);
	for (size_t i = 0; i < o->tmpfs.n; i++) {
		char *target = arena_dup(a, o->tmpfs.at[i]), *options;

		if (!target)
			return no_memory(e);
		options = strchr(target, ':');
		if (options)
			*options++ = '\0';
		h->tmpfs.at[h->tmpfs.n++] =
			(struct pair){ target, options ? options : text_shown("") };
	}
	return 0;
}

/* --- --mount: KEY=VALUE,... --- */

/* struct long_mount - one that is being read; @bind and @tmpfs are its own, whatever its type */
struct long_mount {
	struct arena *a;
	struct host_mount m;
	struct host_bind_options bind;
	struct host_tmpfs_options tmpfs;
};

static int on_type(struct long_mount *l, char *value, struct err *e __attribute__((unused)))
{
	l->m.type = value;
	return 0;
}

static int on_source(struct long_mount *l, char *value, struct err *e)
{
	l->m.source = text_shown(from_here(l->a, value));
	return l->m.source ? 0 : no_memory(e);
}

static int on_target(struct long_mount *l, char *value, struct err *e __attribute__((unused)))
{
	l->m.target = value;
	return 0;
}

static int yes_or_no(const char *value, bool *ret, struct err *e)
{
	*ret = !*value || strcmp(value, "true") == 0 || strcmp(value, "1") == 0;
	if (*ret || strcmp(value, "false") == 0 || strcmp(value, "0") == 0)
		return 0;
	return fail(e, ERR_INPUT, "'%.50s' is neither true nor false", value);
}

static int on_readonly(struct long_mount *l, char *value, struct err *e)
{
	return yes_or_no(value, &l->m.read_only, e);
}

static int on_propagation(struct long_mount *l, char *value, struct err *e)
{
	if (!word_find(oci_propagation_words, value))
		return fail(e, ERR_INPUT, "there is no propagation '%.50s'", value);
	l->bind.propagation = value;
	return 0;
}

static int on_nonrecursive(struct long_mount *l, char *value, struct err *e)
{
	return yes_or_no(value, &l->bind.non_recursive, e);
}

/* Docker 25's word for what is not recursive: the bind itself, or its being read-only. */
static int on_recursive(struct long_mount *l, char *value, struct err *e)
{
	l->bind.non_recursive = strcmp(value, "disabled") == 0;
	if (l->bind.non_recursive || strcmp(value, "enabled") == 0)
		return 0;
	return fail(e, ERR_UNSUPPORTED, "'%.50s' can't be honoured yet", value);
}

static int on_create(struct long_mount *l, char *value, struct err *e)
{
	return yes_or_no(value, &l->bind.create_mountpoint, e);
}

static int on_size(struct long_mount *l, char *value, struct err *e)
{
	return size_parse(value, &l->tmpfs.size, e);
}

static int on_mode(struct long_mount *l, char *value, struct err *e)
{
	char *end;

	l->tmpfs.mode = strtol(value, &end, 8);
	return *value && !*end && l->tmpfs.mode >= 0 && l->tmpfs.mode <= 07777
		       ? 0
		       : fail(e, ERR_INPUT, "'%.50s' is no mode in octal digits", value);
}

static const struct {
	const char *key;
	int (*take)(struct long_mount *l, char *value, struct err *e);
} keys[] = {
	{ "type", on_type },
	{ "source", on_source },
	{ "src", on_source },
	{ "target", on_target },
	{ "destination", on_target },
	{ "dst", on_target },
	{ "readonly", on_readonly },
	{ "ro", on_readonly },
	{ "bind-propagation", on_propagation },
	{ "bind-nonrecursive", on_nonrecursive },
	{ "bind-recursive", on_recursive },
	{ "bind-create-src", on_create },
	{ "tmpfs-size", on_size },
	{ "tmpfs-mode", on_mode },
};

static int take_key(struct long_mount *l, char *pair, struct err *e)
{
	char *value = strchr(pair, '=');

	if (value)
		*value++ = '\0';
	for (size_t i = 0; i < COUNT(keys); i++)
		if (strcmp(keys[i].key, pair) == 0)
			return keys[i].take(l, value ? value : text_shown(""), e) < 0
				       ? fail_in(e, "%s", pair)
				       : 0;
	return fail(e, ERR_INPUT, "there is no key '%.100s'", pair);
}

static int finish(struct long_mount *l, struct err *e)
{
	if (!l->m.type)
		return fail(e, ERR_UNSUPPORTED,
			    "volumes are not there yet; type=bind and type=tmpfs are");
	if (!l->m.target)
		return fail(e, ERR_INPUT, "it has no target");
	if (strcmp(l->m.type, "bind") == 0 && !l->m.source)
		return fail(e, ERR_INPUT, "it has no source");
	return 0;
}

static int read_mount(struct arena *a, const char *word, struct host_mount *ret, struct err *e)
{
	struct long_mount *l = arena_alloc(a, sizeof(*l));
	char *rest = arena_dup(a, word), *pair;

	if (!l || !rest)
		return no_memory(e);
	l->a = a;
	while ((pair = strsep(&rest, ",")))
		if (take_key(l, pair, e) < 0)
			return -1;
	if (finish(l, e) < 0)
		return -1;
	l->m.bind = strcmp(l->m.type, "bind") == 0 ? &l->bind : NULL;
	l->m.tmpfs = strcmp(l->m.type, "tmpfs") == 0 ? &l->tmpfs : NULL;
	*ret = l->m;
	return 0;
}

static int set_mounts(const struct run_options *o, struct arena *a, struct host_config *h,
		      struct err *e)
{
	h->mounts.at = arena_array(a, o->mounts.n + 1, sizeof(*h->mounts.at));
	if (!h->mounts.at)
		return no_memory(e);
	for (size_t i = 0; i < o->mounts.n; i++)
		if (read_mount(a, o->mounts.at[i], &h->mounts.at[h->mounts.n++], e) < 0)
			return fail_in(e, "--mount '%.200s'", o->mounts.at[i]);
	return 0;
}

/* run_mounts() - all of them, into @h; @a owns what is added */
int run_mounts(const struct run_options *o, struct arena *a, struct host_config *h, struct err *e)
{
	return set_binds(o, a, h, e) < 0 || set_mounts(o, a, h, e) < 0 || set_tmpfs(o, a, h, e) < 0
		       ? -1
		       : 0;
}
