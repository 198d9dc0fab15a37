/* session.h - what tare-engine's commands share: the store, open, and images by the names people use */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "image/platform.h"
#include "remote/registries_conf.h"
#include "spec/reference.h"
#include "store/images.h"
#include "tare/cli.h"

// clang-format off
/* Of an index's images one is kept: --platform asks for that one, or is refused. */
#define PLATFORM_OPT(S, m, what) \
	OPT_STRING_("platform", 0, S, m, "OS[/ARCH[/VARIANT]]", what " if for this machine, else refuse")
// clang-format on

const char *session_root(const struct cli *cli);
int session_open_bare(struct store *s, const struct cli *cli, struct err *e);
int session_open(struct store *s, const struct cli *cli, struct err *e);

/**
 * struct image_found - what a word of the user's stands for
 * @by_name: it is a name, not an id: of @reference
 */
struct image_found {
	struct digest digest;
	bool by_name;
	struct reference reference;
};

int session_image(struct store *s, const char *word, struct image_found *ret, struct err *e);
int session_platform(const char *wish, struct platform *ret, bool *ret_given, struct err *e);
int session_check_platform(const char *wish, const char *word, const struct platform *is,
			   struct err *e);
int session_names(const char *word, struct arena *a, struct registries_names *ret_names,
		  struct registries *ret_registries, struct err *e);

#endif
