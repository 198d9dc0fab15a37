/* run_mounts.c - -v, --mount and --tmpfs: three ways to say what is mounted in a container */
#include <string.h>

#include "base/err.h"
#include "cli/run.h"

static int no_memory(struct err *e)
{
	return fail_errno(e, ENOMEM, "read the command line");
}

static int add(struct wish *w, struct arena *a, const struct wish_mount *m, struct err *e)
{
	struct wish_mount *more = arena_more(a, w->mounts.at, w->mounts.n, sizeof(*more));

	if (!more)
		return no_memory(e);
	more[w->mounts.n++] = *m;
	w->mounts.at = more;
	return 0;
}

static int add_option(struct arena *a, struct wish_mount *m, const char *option, struct err *e)
{
	char **more = arena_append(a, m->options, option);

	if (!more)
		return no_memory(e);
	m->options = more;
	return 0;
}

static int check_target(const char *target, const char *word, struct err *e)
{
	if (target && *target == '/' && target[1])
		return 0;
	fail(e, ERR_INPUT,
	     "mount '%.200s': its place in the container must be an absolute path, not '%.200s'",
	     word, target ? target : "");
	return -1;
}

/* Docker's words of -v; those that change nothing without SELinux or without a virtual machine are known, too. */
static int bind_option(struct arena *a, struct wish_mount *m, const char *word, struct err *e)
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
			return rows[i].option ? add_option(a, m, rows[i].option, e) : 0;
	return fail(e, ERR_INPUT, "there is no mount option '%.100s'", word);
}

/* SOURCE:TARGET[:OPTION,...] */
static int add_volume(struct wish *w, struct arena *a, const char *word, struct err *e)
{
	struct wish_mount m = { .create = true };
	char *text = arena_dup(a, word), *target, *options, *option;

	if (!text)
		return no_memory(e);
	target = strchr(text, ':');
	if (*text != '/' || !target) {
		fail(e, ERR_UNSUPPORTED, "-v '%.200s': %s volumes are not there yet", word,
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
	if (check_target(target, word, e) < 0 || add_option(a, &m, "rbind", e) < 0 ||
	    add_option(a, &m, "rprivate", e) < 0)
		return -1;
	while ((option = strsep(&options, ",")))
		if (*option && bind_option(a, &m, option, e) < 0)
			return fail_in(e, "-v '%.200s'", word);
	return add(w, a, &m, e);
}

/* TARGET[:OPTION,...]; Docker's are safe unless it is said that they are not */
static int add_tmpfs(struct wish *w, struct arena *a, const char *word, struct err *e)
{
	static const char *const usual[] = { "noexec", "nosuid", "nodev" };
	struct wish_mount m = { .target = arena_dup(a, word) };
	char *options, *option;

	if (!m.target)
		return no_memory(e);
	options = strchr(m.target, ':');
	if (options)
		*options++ = '\0';
	if (check_target(m.target, word, e) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(usual); i++)
		if (add_option(a, &m, usual[i], e) < 0)
			return -1;
	while ((option = strsep(&options, ",")))
		if (*option && add_option(a, &m, option, e) < 0)
			return -1;
	return add(w, a, &m, e);
}

/* --- --mount: KEY=VALUE,... --- */

/* struct long_mount - one that is being read */
struct long_mount {
	struct arena *a;
	struct wish_mount m;
	const char *type;
	bool recursive, propagates;
};

static int on_type(struct long_mount *l, char *value, struct err *e)
{
	if (strcmp(value, "bind") != 0 && strcmp(value, "tmpfs") != 0) {
		fail(e, ERR_UNSUPPORTED, "mounts of type '%.50s' are not there yet", value);
		return fail_hint(e, "'bind' and 'tmpfs' are");
	}
	l->type = value;
	return 0;
}

static int on_source(struct long_mount *l, char *value, struct err *e)
{
	if (*value != '/')
		return fail(e, ERR_INPUT, "'%.200s' is not an absolute path", value);
	l->m.source = value;
	return 0;
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
	bool readonly;

	if (yes_or_no(value, &readonly, e) < 0)
		return -1;
	return readonly ? add_option(l->a, &l->m, "ro", e) : 0;
}

static int on_propagation(struct long_mount *l, char *value, struct err *e)
{
	if (!word_find(oci_propagation_words, value))
		return fail(e, ERR_INPUT, "there is no propagation '%.50s'", value);
	l->propagates = true;
	return add_option(l->a, &l->m, value, e);
}

static int on_nonrecursive(struct long_mount *l, char *value, struct err *e)
{
	bool flat;

	if (yes_or_no(value, &flat, e) < 0)
		return -1;
	l->recursive = !flat;
	return 0;
}

/* What tmpfs(5) has by the same name, less "tmpfs-". */
static int on_tmpfs(struct long_mount *l, const char *name, const char *value, struct err *e)
{
	char *option = arena_printf(l->a, "%s=%s", name, value);

	return option ? add_option(l->a, &l->m, option, e) : no_memory(e);
}

static int on_size(struct long_mount *l, char *value, struct err *e)
{
	return on_tmpfs(l, "size", value, e);
}

static int on_mode(struct long_mount *l, char *value, struct err *e)
{
	return on_tmpfs(l, "mode", value, e);
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

static int finish(struct long_mount *l, const char *word, struct err *e)
{
	if (!l->type)
		return fail(e, ERR_UNSUPPORTED,
			    "volumes are not there yet; type=bind and type=tmpfs are");
	if ((strcmp(l->type, "bind") == 0) != (l->m.source != NULL))
		return fail(e, ERR_INPUT, "%s",
			    l->m.source ? "memory has no source" : "it has no source");
	if (check_target(l->m.target, word, e) < 0)
		return -1;
	if (!l->m.source)
		return 0;
	if (add_option(l->a, &l->m, l->recursive ? "rbind" : "bind", e) < 0)
		return -1;
	return l->propagates ? 0 : add_option(l->a, &l->m, "rprivate", e);
}

static int add_mount(struct wish *w, struct arena *a, const char *word, struct err *e)
{
	struct long_mount l = { .a = a, .recursive = true };
	char *rest = arena_dup(a, word), *pair;

	if (!rest)
		return no_memory(e);
	while ((pair = strsep(&rest, ",")))
		if (take_key(&l, pair, e) < 0)
			return fail_in(e, "--mount '%.200s'", word);
	if (finish(&l, word, e) < 0)
		return fail_in(e, "--mount '%.200s'", word);
	return add(w, a, &l.m, e);
}

/* run_mounts() - all of them, into @w->mounts */
int run_mounts(const struct run_options *o, struct arena *a, struct wish *w, struct err *e)
{
	const struct {
		const struct opt_list *words;
		int (*add)(struct wish *w, struct arena *a, const char *word, struct err *e);
	} ways[] = {
		{ &o->volumes, add_volume },
		{ &o->mounts, add_mount },
		{ &o->tmpfs, add_tmpfs },
	};

	for (size_t i = 0; i < COUNT(ways); i++)
		for (size_t k = 0; k < ways[i].words->n; k++)
			if (ways[i].add(w, a, ways[i].words->at[k], e) < 0)
				return -1;
	return 0;
}
