/* chroot.c - tare chroot: a program with another root, from which a second chroot does not lead out
 *
 * Options and exit codes are those of coreutils' chroot(1). Names of users and groups are the host's:
 * what is in the new root's files, whoever wrote them, decides nothing.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/own.h"
#include "base/passwd.h"
#include "ns/new_root.h"
#include "host/child.h"
#include "os/creds.h"
#include "os/file.h"
#include "tare/ns.h"

#define GROUPS_MAX 65536 /* NGROUPS_MAX */
#define PASSWD_MAX ((size_t)16 << 20)

struct chroot_options {
	const char *userspec, *groups;
	bool skip_chdir, version;
};

// clang-format off
static const struct opt chroot_opts[] = {
	OPT_STRING_("userspec",  0, struct chroot_options, userspec,   "USER[:GROUP]", "the program's user and group, by the host's names or by number"),
	OPT_STRING_("groups",    0, struct chroot_options, groups,     "GROUP,…", "its supplementary groups; none when empty"),
	OPT_FLAG_("skip-chdir",  0, struct chroot_options, skip_chdir, "leave the working directory as it is; with the root '/' only"),
	OPT_FLAG_("version",     0, struct chroot_options, version,    "print the version"),
};
// clang-format on

/* struct who - @groups: @n of them; malloc()ed */
struct who {
	bool has_uid, has_gid, has_groups;
	uint32_t uid, gid, *groups;
	size_t n;
};

static void who_done(struct who *w)
{
	free(w->groups);
}

static int add_group(struct who *w, uint32_t gid, struct err *e)
{
	uint32_t *more;

	if (w->n == GROUPS_MAX)
		return fail(e, ERR_LIMIT, "more than %d groups", GROUPS_MAX);
	more = reallocarray(w->groups, w->n + 1, sizeof(*more));
	if (!more)
		return fail_errno(e, ENOMEM, "read the groups");
	more[w->n++] = gid;
	w->groups = more;
	return 0;
}

/* What the host's files say of a user beyond his number: his group, and the groups he is in. */
static int fill_up(struct who *w, bool want_groups, struct err *e)
{
	own_mem char *users = NULL, *groups = NULL;
	const char *next;
	char name[256];
	uint32_t gid;

	if (file_read(AT_FDCWD, "/etc/passwd", PASSWD_MAX, &users, e) < 0)
		return -1;
	if (!passwd_user_of(users, w->uid, name, sizeof(name), &gid)) {
		if (w->has_gid)
			return 0;
		fail(e, ERR_INPUT, "option '--userspec': '/etc/passwd' has no group for user %u",
		     w->uid);
		return fail_hint(e, "give it, as in %u:GID", w->uid);
	}
	if (!w->has_gid)
		w->gid = gid;
	w->has_gid = true;
	if (!want_groups)
		return 0;
	if (file_read(AT_FDCWD, "/etc/group", PASSWD_MAX, &groups, e) < 0 ||
	    add_group(w, w->gid, e) < 0)
		return -1;
	next = groups;
	while (passwd_next_group(&next, name, &gid))
		if (gid != w->gid && add_group(w, gid, e) < 0)
			return -1;
	return 0;
}

/* Nothing when there is no word; '+' before a number says that it is one. */
static int read_name(const char *file, const char *word, bool *ret_has, uint32_t *ret_id,
		     struct err *e)
{
	*ret_has = *word;
	return *word ? ns_parse_name("userspec", file, word + (*word == '+'), ret_id, e) : 0;
}

/* Where the user's name ends: at ':', or, if nobody is called so as a whole, at '.', as once was usual. */
static int split_userspec(const char *text, size_t *ret_len, struct err *e)
{
	size_t len = strcspn(text, ":"), dot = strcspn(text, ".");
	own_mem char *users = NULL;
	uint32_t uid;

	*ret_len = len;
	if (text[len] || !text[dot])
		return 0;
	if (file_read(AT_FDCWD, "/etc/passwd", PASSWD_MAX, &users, e) < 0)
		return -1;
	if (passwd_id(users, text, &uid))
		return 0;
	/* not its reading as "everything after the user" */
	if (!text[dot + 1])
		return fail(e, ERR_INPUT, "option '--userspec': '/etc/passwd' does not know '%s'",
			    text);
	log_warn("option '--userspec': '.' should be ':'");
	*ret_len = dot;
	return 0;
}

/* USER, USER:, USER:GROUP, :GROUP; nothing, or ':' alone, leaves all as it is */
static int read_userspec(const char *text, bool want_groups, struct who *w, struct err *e)
{
	own_mem char *user = text ? strdup(text) : NULL;
	const char *group;
	size_t len;

	if (!text)
		return 0;
	if (!user)
		return fail_errno(e, ENOMEM, "read the user");
	if (split_userspec(text, &len, e) < 0)
		return -1;
	user[len] = '\0';
	group = text + len + (text[len] != '\0');
	if (read_name("/etc/passwd", user, &w->has_uid, &w->uid, e) < 0 ||
	    read_name("/etc/group", group, &w->has_gid, &w->gid, e) < 0)
		return -1;
	w->has_groups = want_groups && w->has_uid;
	return w->has_uid ? fill_up(w, want_groups, e) : 0;
}

static int read_groups(const char *text, struct who *w, struct err *e)
{
	own_mem char *copy = text ? strdup(text) : NULL;
	char *next = copy, *one;
	uint32_t gid;

	if (!text)
		return 0;
	if (!copy)
		return fail_errno(e, ENOMEM, "read the groups");
	w->has_groups = true;
	while ((one = strsep(&next, ",")))
		if (*one &&
		    (ns_parse_name("groups", "/etc/group", one + (*one == '+'), &gid, e) < 0 ||
		     add_group(w, gid, e) < 0))
			return -1;
	return 0;
}

static int become(const struct who *w, struct err *e)
{
	if (w->has_groups && creds_set_groups(w->groups, w->n, e) < 0)
		return -1;
	if (w->has_gid && creds_set_gid(w->gid, e) < 0)
		return -1;
	return w->has_uid ? creds_set_uid(w->uid, e) : 0;
}

/* For the root that we have, nothing is changed. */
static int change_root(const struct chroot_options *o, const char *dir, struct err *e)
{
	char real[PATH_MAX];
	bool same = realpath(dir, real) && strcmp(real, "/") == 0;

	if (o->skip_chdir && !same)
		return fail(e, ERR_INPUT, "option '--skip-chdir': only with the root '/'");
	if (!same)
		return new_root_enter(dir, e);
	return !o->skip_chdir && chdir("/") < 0 ? fail_sys(e, "enter '/'") : 0;
}

static int run(const struct cli *cli, void *options, char **args, size_t n_args,
	       int *ret_status __attribute__((unused)), struct err *e)
{
	const struct chroot_options *o = options;
	char interactive[] = "-i", *words[2], *shell[3] = { NULL, interactive, NULL };
	__attribute__((cleanup(who_done))) struct who who = { 0 };

	if (o->version)
		return version_print(cli);
	if (!n_args) {
		fail(e, ERR_INPUT, "chroot: no new root is given");
		return fail_hint(e, "usage: tare chroot %s", chroot_command.args);
	}
	shell[0] = ns_shell(NULL, 0, words)[0];
	if (read_userspec(o->userspec, !o->groups, &who, e) < 0 ||
	    read_groups(o->groups, &who, e) < 0 || change_root(o, args[0], e) < 0 ||
	    become(&who, e) < 0)
		return child_not_tried(e);
	return child_exec(n_args > 1 ? args + 1 : shell, NULL, e);
}

const struct command chroot_command = {
	.name = "chroot",
	.args = "NEWROOT [PROGRAM [ARG...]]",
	.summary = "run a program with another root; an interactive shell by default",
	.about =
		"The options are those of chroot(1). The new root is that of a mount namespace of "
		"its "
		"own, so a second chroot does not lead out, and mounts made inside end with it.\n\n"
		"Names of users and groups are looked up on the host, never in the new root.",
	.section = "NAMESPACES",
	.opts = chroot_opts,
	.n = COUNT(chroot_opts),
	.size = sizeof(struct chroot_options),
	.max = SIZE_MAX,
	.stop_early = true,
	.words = WORDS_FILE,
	.run = run,
};
