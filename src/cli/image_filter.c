/* image_filter.c - see image_filter.h */
#include "cli/image_filter.h"

#include <string.h>

#include "base/arena.h"
#include "cli/session.h"

// clang-format off
const struct filter_key image_filters[] = {
	{ "before",    IMAGE_BEFORE,    FILTER_TEXT,    FILTER_AGAIN },
	{ "dangling",  IMAGE_DANGLING,  FILTER_BOOL,    FILTER_AGAIN },
	{ "label",     IMAGE_LABEL,     FILTER_LABEL,   FILTER_MAY_NOT },
	{ "reference", IMAGE_REFERENCE, FILTER_PATTERN, FILTER_AGAIN },
	{ "since",     IMAGE_SINCE,     FILTER_TEXT,    FILTER_AGAIN },
	{ "until",     IMAGE_UNTIL,     FILTER_TIME,    FILTER_AGAIN },
	{ NULL, 0, FILTER_TEXT, FILTER_AGAIN },
};
const struct filter_key image_prune_filters[] = {
	{ "dangling",  IMAGE_DANGLING,  FILTER_BOOL,    FILTER_AGAIN },
	{ "label",     IMAGE_LABEL,     FILTER_LABEL,   FILTER_MAY_NOT },
	{ "until",     IMAGE_UNTIL,     FILTER_TIME,    FILTER_ONCE },
	{ NULL, 0, FILTER_TEXT, FILTER_AGAIN },
};
// clang-format on

static int64_t created_of(const struct listed_images *all, const struct digest *d)
{
	char text[DIGEST_TEXT];

	digest_text(d, text);
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->at[i].digest, text) == 0)
			return all->at[i].created;
	return 0;
}

/* image_filters_resolve() - when the images were made that before and since name */
int image_filters_resolve(struct store *s, const struct listed_images *all, struct filters *f,
			  struct err *e)
{
	for (size_t i = 0; i < f->n; i++) {
		struct filter *one = &f->at[i];
		struct image_found found;

		if (one->key->id != IMAGE_BEFORE && one->key->id != IMAGE_SINCE)
			continue;
		if (session_image(s, one->value, &found, e) < 0)
			return fail_in(e, "--filter '%.100s'", one->text);
		one->ns = created_of(all, &found.digest);
	}
	return 0;
}

static bool is_since(const struct filters *f, int64_t created)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->at[i].key->id == IMAGE_SINCE && created <= f->at[i].ns)
			return false;
	return true;
}

/* Without any name, as docker's true has it. One that came by its digest is neither: it has no tag. */
static bool dangles_as_asked(const struct filters *f, const struct listed_image *i)
{
	const struct filter *one = filters_find(f, IMAGE_DANGLING);

	if (!one)
		return true;
	return one->truth ? i->tags.n == 0 : i->tags.n + i->digests.n > 0;
}

/* Labels are in the image's config, which is read only for who asks for them. */
static int has_labels(struct store *s, const struct listed_image *i, const struct filters *f,
		      struct err *e)
{
	own_arena struct arena a = { .limit = (size_t)64 << 20 };
	struct stored_image image;
	struct digest d;

	if (!filters_find(f, IMAGE_LABEL))
		return 1;
	if (digest_parse(i->digest, &d, e) < 0 || store_image_load(s, &d, &a, &image, e) < 0)
		return -1;
	return filters_fit_labels(f, IMAGE_LABEL,
				  image.config.config ? &image.config.config->labels : NULL);
}

/* image_fits() - 1: all that is said of images fits, names left out; 0; -1 */
int image_fits(struct store *s, const struct listed_image *i, const struct filters *f,
	       struct err *e)
{
	if (!filters_fit_time(f, IMAGE_UNTIL, i->created) ||
	    !filters_fit_time(f, IMAGE_BEFORE, i->created) || !is_since(f, i->created) ||
	    !dangles_as_asked(f, i))
		return 0;
	return has_labels(s, i, f, e);
}

/**
 * image_name_fits() - one of the patterns, if there are any
 * @repository: without tag or digest, as people write it; NULL: there is no name, which fits none
 * @whole:      with them
 */
bool image_name_fits(const struct filters *f, const char *repository, const char *whole)
{
	bool any = false;

	for (size_t i = 0; i < f->n; i++) {
		const struct filter *one = &f->at[i];

		if (one->key->id != IMAGE_REFERENCE)
			continue;
		if (repository &&
		    (filter_fits_pattern(one, whole) || filter_fits_pattern(one, repository)))
			return true;
		any = true;
	}
	return !any;
}
