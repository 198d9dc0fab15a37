/* bootstrap.h - a distribution's root filesystem as an archive, made of its packages by mmdebstrap(1) */
#ifndef IMAGE_BOOTSTRAP_H
#define IMAGE_BOOTSTRAP_H

#include "base/err.h"
#include "base/opt.h"

/**
 * struct bootstrap - what is wanted
 * @distribution, @suite: as in "debian", "bookworm"
 * @variant:              mmdebstrap's word for how much is in it, such as "minbase"
 * @mirror:               an address, or a line or file of sources.list(5); NULL: the host's own where
 *                        it is of that suite, else mmdebstrap's for it
 * @components:           "main,contrib"; NULL: mmdebstrap's
 * @architecture:         as Debian calls it; NULL: the host's
 * @include:              packages besides
 */
struct bootstrap {
	const char *distribution, *suite, *variant, *mirror, *components, *architecture;
	const struct opt_list *include;
};

int image_bootstrap(const struct bootstrap *b, int output, struct err *e);

#endif
