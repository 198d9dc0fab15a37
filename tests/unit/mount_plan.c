/* mount_plan.c - SELinux labels of mounts, and options in quotes */
#include "t.h"

#include "base/arena.h"
#include "base/err.h"
#include "os/lsm.h"
#include "os/mount.h"
#include "runtime/mount_plan.h"

#define LABEL "system_u:object_r:container_file_t:s0:c1,c2"

/* The options, or "@label" where the root is labelled by itself. */
static const char *planned(const char *type, char **options, const char *label)
{
	static char text[512];
	struct oci_linux l = { .mount_label = (char *)label };
	struct oci_config config = { .platform = &l };
	struct oci_mount m = { .destination = "/x", .type = (char *)type, .options = options };
	own_arena struct arena mem = { 0 };
	struct mount_plan p = { .mem = &mem, .config = &config };
	struct err e = { 0 };

	if (mount_plan_add(&p, &m, "/mounts/0", &e) < 0 || p.n != 1)
		T_FAIL("%s", e.text);
	snprintf(text, sizeof(text), "%s%s%s", p.list[0].data ? p.list[0].data : "",
		 p.list[0].label ? "@" : "", p.list[0].label ? p.list[0].label : "");
	return text;
}

TEST(file_systems_get_the_label_by_a_mount_option)
{
	char *size[] = { "size=1m", NULL }, *own[] = { "context=\"mine:c1,c2\"", NULL };

	WANT_STR(planned("tmpfs", NULL, LABEL), "context=\"" LABEL "\"");
	WANT_STR(planned("devpts", NULL, LABEL), "context=\"" LABEL "\"");
	WANT_STR(planned("tmpfs", size, LABEL), "size=1m,context=\"" LABEL "\"");
	WANT_STR(planned("tmpfs", own, LABEL), "context=\"mine:c1,c2\"");
	WANT_STR(planned("tmpfs", NULL, NULL), "");
	WANT_STR(planned("tmpfs", NULL, ""), "");
}

TEST(some_have_labels_of_their_own)
{
	WANT_STR(planned("proc", NULL, LABEL), "");
	WANT_STR(planned("sysfs", NULL, LABEL), "");
	WANT_STR(planned("mqueue", NULL, LABEL), "@" LABEL);
}

TEST(commas_in_quotes_separate_nothing)
{
	char text[] = "a,b=1,context=\"x:c1,c2\",,d=\"\",\"e,f", *rest = text;
	static const char *const want[] = { "a", "b=1", "context=x:c1,c2", "", "d=", "e,f" };

	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++)
		WANT_STR(mount_option_next(&rest), want[i]);
	WANT(!mount_option_next(&rest));
}

TEST(a_label_that_could_be_more_than_one_option_is_refused)
{
	struct err e = { 0 };

	WANT(lsm_check_mount_label("x\",size=1,y=\"", "config.json: /linux", &e) < 0);
	WANT_STR(e.origin, "config.json: /linux/mountLabel");
	WANT(strstr(e.text, "no SELinux label") != NULL);
	WANT(lsm_check_mount_label(NULL, "", &e) == 0);
	WANT(lsm_check_mount_label("", "", &e) == 0);
}
