/* run_image.c - the image of a container, pulled where it isn't here */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/run.h"
#include "image/platform.h"
#include "os/spawn.h"
#include "store/images.h"

/* As by hand; its progress is no output of the container's. */
static int pull(const struct cli *cli, const struct run_options *o, const char *image,
		struct err *e)
{
	own_fd int null = fd_open("/dev/null", O_WRONLY);
	char *argv[12] = { (char *)"tare", (char *)"--root", text_shown(session_root(cli)),
			   (char *)"pull" };
	size_t n = 4;
	const struct spawn s = { .path = "/proc/self/exe",
				 .argv = argv,
				 .envp = environ,
				 .our_input = true,
				 .out = o->quiet ? null : STDERR_FILENO };
	int status;

	if (o->quiet)
		argv[n++] = (char *)"--quiet";
	if (o->platform) {
		argv[n++] = (char *)"--platform";
		argv[n++] = text_shown(o->platform);
	}
	argv[n] = text_shown(image);
	if (spawn_wait(&s, &status, e) < 0)
		return -1;
	/* it has said why */
	return status == 0 ? 0 : fail(e, ERR_ABSENT, "run '%.200s': it can't be pulled", image);
}

/* 1: it is here, and for the platform that is asked for; 0: it is not; -1: @e */
static int look(const struct run_options *o, const char *word, struct store *s,
		struct image_found *ret, struct err *e)
{
	own_arena struct arena a = { 0 };
	struct stored_image image;
	struct platform is;

	if (session_image(s, word, ret, e) < 0)
		return e->cls == ERR_ABSENT ? 0 : -1;
	if (!o->platform)
		return 1;
	if (store_image_load(s, &ret->digest, &a, &image, e) < 0)
		return -1;
	is = platform_of(image.config.os, image.config.architecture, image.config.variant);
	if (session_check_platform(o->platform, word, &is, e) == 0)
		return 1;
	/* its words are wrong, or it is another's image */
	return e->cls == ERR_INPUT ? -1 : 0;
}

/* A word of anybody's may hold what a terminal obeys. */
static void tell(const char *word)
{
	char shown[200];

	snprintf(shown, sizeof(shown), "%s", word);
	text_scrub(shown);
	fprintf(stderr, "The image '%s' is not here; it is pulled.\n", shown);
}

/**
 * run_image() - the image that @word stands for, as --pull and --platform have it
 */
int run_image(const struct cli *cli, const struct run_options *o, const char *word, struct store *s,
	      struct image_found *ret, struct err *e)
{
	static const char *const whens[] = { "missing", "always", "never" };
	const char *when = o->pull ? o->pull : "missing";
	bool known = false;
	int r;

	for (size_t i = 0; i < COUNT(whens); i++)
		known = known || strcmp(when, whens[i]) == 0;
	if (!known)
		return fail(e, ERR_INPUT, "--pull '%.50s': it is one of missing, always and never",
			    when);
	if (strcmp(when, "always") == 0 && pull(cli, o, word, e) < 0)
		return -1;
	r = look(o, word, s, ret, e);
	if (r != 0 || strcmp(when, "missing") != 0)
		return r > 0 ? 0 : -1;
	*e = (struct err){ 0 };
	if (!o->quiet)
		tell(word);
	return pull(cli, o, word, e) < 0 ? -1 : look(o, word, s, ret, e) > 0 ? 0 : -1;
}
