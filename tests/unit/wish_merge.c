/* wish_merge.c - what an image says of its containers, and what is said of one */
#include "t.h"

#include "base/arena.h"
#include "base/err.h"
#include "engine/wish.h"

static const char *env[] = { "A=image", "B=image", NULL };
static const char *cmd[] = { "image", "words", NULL };
static const char *entrypoint[] = { "/entry", NULL };

static struct image_run image(void)
{
	return (struct image_run){ .user = (char *)"nobody",
				   .working_dir = (char *)"/image",
				   .env = (char **)(uintptr_t)env,
				   .cmd = (char **)(uintptr_t)cmd,
				   .entrypoint = (char **)(uintptr_t)entrypoint };
}

static void merge(struct image_run *ours, struct arena *a)
{
	const struct image_run theirs = image();
	struct err e = { 0 };

	WANT(wish_merge(ours, &theirs, a, &e) == 0);
}

TEST(what_nobody_said_the_image_says)
{
	own_arena struct arena a = { 0 };
	struct image_run ours = { 0 };

	merge(&ours, &a);
	WANT_STR(ours.user, "nobody");
	WANT_STR(ours.working_dir, "/image");
	WANT_STR(ours.cmd[1], "words");
	WANT_STR(ours.entrypoint[0], "/entry");
	WANT_STR(ours.env[0], "A=image");
}

TEST(what_was_said_stands)
{
	own_arena struct arena a = { 0 };
	const char *own_env[] = { "B=own", "AB=own", NULL }, *own_cmd[] = { "own", NULL };
	struct image_run ours = { .user = (char *)"root",
				  .env = (char **)(uintptr_t)own_env,
				  .cmd = (char **)(uintptr_t)own_cmd };

	merge(&ours, &a);
	WANT_STR(ours.user, "root");
	WANT(text_count(ours.env) == 3);
	WANT_STR(ours.env[0], "B=own");
	WANT_STR(ours.env[2], "A=image");
	WANT(text_count(ours.cmd) == 1);
	WANT_STR(ours.entrypoint[0], "/entry");
}

TEST(an_entrypoint_goes_without_the_image_s_command)
{
	own_arena struct arena a = { 0 };
	const char *none[] = { "", NULL };
	struct image_run ours = { .entrypoint = (char **)(uintptr_t)none };

	merge(&ours, &a);
	WANT(!ours.cmd);
	WANT_STR(ours.entrypoint[0], "");
}

TEST(labels_and_ports_are_united)
{
	own_arena struct arena a = { 0 };
	struct pair theirs[] = { { (char *)"a", (char *)"image" },
				 { (char *)"b", (char *)"image" } };
	struct pair own[] = { { (char *)"b", (char *)"own" } };
	struct image_name port = { (char *)"80/tcp" };
	struct image_run from = image(), ours = { .labels = { own, 1 } };
	struct err e = { 0 };

	from.labels = (struct pairs){ theirs, 2 };
	from.exposed_ports.at = &port;
	from.exposed_ports.n = 1;
	WANT(wish_merge(&ours, &from, &a, &e) == 0);
	WANT(ours.labels.n == 2);
	WANT_STR(ours.labels.at[0].value, "own");
	WANT_STR(ours.labels.at[1].key, "a");
	WANT(ours.exposed_ports.n == 1);
	WANT_STR(ours.exposed_ports.at[0].key, "80/tcp");
}
