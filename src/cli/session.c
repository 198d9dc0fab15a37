/* session.c - the store that commands work on, and images by name */
#include "cli/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "cli/base.h"
#include "os/probe.h"
#include "snapshot/snapshot.h"

/* session_root() - where the store is: --root, $TARE_ROOT, or the usual place */
const char *session_root(const struct cli *cli)
{
	const char *root = cli->root ? cli->root : getenv("TARE_ROOT");

	return root && *root ? root : STORE_ROOT;
}

/* session_open_bare() - open it; @s is STORE_NONE, and closed by the caller in any case */
int session_open_bare(struct store *s, const struct cli *cli, struct err *e)
{
	const struct snapshot_driver *driver;
	const char *wish = cli->driver ? cli->driver : getenv("TARE_STORAGE_DRIVER");

	probe_lack_by_env();
	if (store_open(s, session_root(cli), e) < 0 ||
	    snapshot_driver_of(s, wish && *wish ? wish : NULL, &driver, e) < 0)
		return -1;
	return 0;
}

/* session_open() - the same, and tare/base is in it */
int session_open(struct store *s, const struct cli *cli, struct err *e)
{
	return session_open_bare(s, cli, e) < 0 ? -1 : base_provide(s, e);
}

static int by_reference(struct store *s, const struct reference *r, struct digest *ret,
			struct err *e)
{
	char text[REFERENCE_TEXT];

	if (r->digest.algorithm != DIGEST_NONE)
		return store_image_by_digest(s, reference_name(r, text), &r->digest, ret, e);
	return store_image_by_tag(s, reference_full(r, text), ret, e);
}

/**
 * session_names() - what a name can mean: by registries.conf a short one may mean several
 * @ret_registries: that file, for struct remote_options
 */
int session_names(const char *word, struct arena *a, struct registries_names *ret_names,
		  struct registries *ret_registries, struct err *e)
{
	return registries_load(a, ret_registries, e) < 0
		       ? -1
		       : registries_candidates(ret_registries, word, a, ret_names, e);
}

/* What was pulled by a short name has the whole one of where it was found. */
static int by_other_names(struct store *s, const char *word, struct image_found *ret, struct err *e)
{
	own_arena struct arena a = { 0 };
	struct registries_names names = { 0 };
	struct registries registries;
	struct err no_names = { 0 };
	int r = 0;

	if (!ret->reference.short_name ||
	    session_names(word, &a, &names, &registries, &no_names) < 0)
		return 0;
	for (size_t i = 0; r == 0 && i < names.names.n; i++) {
		r = by_reference(s, &names.names.at[i], &ret->digest, e);
		if (r > 0)
			ret->reference = names.names.at[i];
	}
	return r;
}

/**
 * session_image() - the image that @word stands for: a name, or an id or its beginning
 *
 * A short name is docker.io's first, then what registries.conf says of it.
 *
 * Return: 0; -1 with ERR_ABSENT when there is none.
 */
int session_image(struct store *s, const char *word, struct image_found *ret, struct err *e)
{
	struct err no_name = { 0 };
	const char *hex = text_starts(word, "sha256:") ? word + 7 : word;
	int r = 0;

	*ret = (struct image_found){ 0 };
	if (hex == word && reference_parse(word, &ret->reference, &no_name) == 0) {
		r = by_reference(s, &ret->reference, &ret->digest, e);
		ret->by_name = r > 0;
	}
	if (r == 0)
		r = store_image_by_id(s, hex, &ret->digest, e);
	if (r == 0 && hex == word && !*no_name.text) {
		r = by_other_names(s, word, ret, e);
		ret->by_name = r > 0;
	}
	if (r != 0)
		return r < 0 ? -1 : 0;
	fail(e, ERR_ABSENT, "no such image: %s", word);
	if (*no_name.text)
		return fail_hint(e, "it is no name either: %.150s", no_name.text);
	return fail_hint(e, "`tare images` lists what is here, `tare pull %.100s` downloads it",
			 word);
}

/**
 * session_platform() - for what a new image is to be: --platform, $DOCKER_DEFAULT_PLATFORM, or this machine
 * @wish:      the option, or NULL
 * @ret_given: whether it was said
 */
int session_platform(const char *wish, struct platform *ret, bool *ret_given, struct err *e)
{
	const char *text = wish ? wish : getenv("DOCKER_DEFAULT_PLATFORM");

	*ret_given = text && *text;
	return *ret_given ? platform_parse(text, ret, e) : platform_of_host(ret, e);
}

/**
 * session_check_platform() - is what @word stands for the image that --platform asks for?
 * @wish: NULL: any is meant
 * @is:   what it is for
 */
int session_check_platform(const char *wish, const char *word, const struct platform *is,
			   struct err *e)
{
	struct platform want;

	if (!wish)
		return 0;
	if (platform_parse(wish, &want, e) < 0)
		return fail_in(e, "--platform");
	if (platform_check(&want, word, is, e) == 0)
		return 0;
	return fail_hint(e, "of an image for several platforms one is kept here; `tare pull "
			    "--platform` gets another one");
}
