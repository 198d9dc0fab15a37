/* cg_mount.c - tare cg mount, release-agent, notify-on-release */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/own.h"
#include "tare/cg.h"

/* --- mount --------------------------------------------------------------------------------- */

static int fail_mount(const char *what, const char *folder, int sysno, struct err *e)
{
	fail_errno(e, sysno, "mount '%s' at '%s'", what, folder);
	if (sysno == EBUSY)
		return fail_hint(e, "a controller is in one hierarchy only: it is in v2's, or in "
				    "another one with groups, and leaves that when they are gone");
	if (sysno == EINVAL || sysno == ENOENT || sysno == ENODEV)
		return fail_hint(e, "this kernel has no such v1 controller: `tare cg subsystems` "
				    "shows what it has");
	if (sysno == EPERM)
		return fail_hint(e,
				 "mounting v1 hierarchies is root's, in the first user namespace");
	return -1;
}

/* Every word is a controller of v1's, or a name; the kernel takes other options, too. */
static int check_words(const char *words, struct err *e)
{
	char list[256], *save = NULL;
	bool any = false;

	if (strlen(words) >= sizeof(list))
		return fail(e, ERR_INPUT, "mount: too many controllers");
	snprintf(list, sizeof(list), "%s", words);
	for (char *c = strtok_r(list, ",", &save); c; c = strtok_r(NULL, ",", &save)) {
		any = true;
		if (cgroup_controllers_parse(c) && strcmp(c, "io") != 0)
			continue;
		if (strcmp(c, "none") == 0 || (text_starts(c, "name=") && c[5]))
			continue;
		fail(e, ERR_INPUT, "mount: '%s' is no controller of v1", c);
		return fail_hint(e,
				 "as in cpu,cpuacct; none,name=NAME for a hierarchy without any; "
				 "v2 for all others");
	}
	return any ? 0 : fail(e, ERR_INPUT, "mount: no controller is named");
}

static int run_mount(const struct cli *cli __attribute__((unused)),
		     void *options __attribute__((unused)), char **args,
		     size_t n_args __attribute__((unused)), int *ret_status __attribute__((unused)),
		     struct err *e)
{
	const char *words = args[0], *folder = args[1];
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
	bool v2 = strcmp(words, "v2") == 0, made;

	if (!v2 && check_words(words, e) < 0)
		return -1;
	made = mkdir(folder, 0755) == 0;
	if (!made && errno != EEXIST)
		return fail_sys(e, "create the folder '%s'", folder);
	if (mount(v2 ? "cgroup2" : "cgroup", folder, v2 ? "cgroup2" : "cgroup", flags,
		  v2 ? NULL : words) == 0)
		return 0;
	fail_mount(words, folder, errno, e);
	if (made)
		(void)rmdir(folder);
	return -1;
}

const struct command cg_mount_command = {
	.name = "mount",
	.args = "CONTROLLERS|v2 FOLDER",
	.summary = "mount a hierarchy with chosen controllers",
	.about =
		"CONTROLLERS are v1's, divided by commas, and go into a hierarchy together; "
		"none,name=NAME is a hierarchy without any. The folder is made if it is not there.",
	.min = 2,
	.max = 2,
	.words = WORDS_FILE,
	.run = run_mount,
};

/* --- release ------------------------------------------------------------------------------- */

/* v1's files, which v2 has not: there cgroup.events tells who waits for it. */
static int need_v1(const struct cg_in *in, const char *what, struct err *e)
{
	if (in->at->version == CGROUP_V1)
		return 0;
	fail(e, ERR_UNSUPPORTED, "%s: cgroup v2 has none", what);
	return fail_hint(e, "wait for 'populated 0' in the group's cgroup.events");
}

static int show_file(int dir, const char *file, struct err *e)
{
	own_str struct str text = { 0 };

	if (cg_read(dir, file, &text, e) < 0)
		return -1;
	puts(text.len ? text.at : "");
	return 0;
}

static int set_file(int dir, const char *file, const char *value, struct err *e)
{
	struct cg_wrote wrote;

	if (cg_write(dir, file, value, &wrote, e) < 0)
		return -1;
	/* empty takes the program away; nothing is longer than the kernel's buffer */
	if (wrote.told == CG_OTHERWISE && strcmp(wrote.now, value) != 0)
		return fail(e, ERR_SYSTEM, "'%s' was asked to be '%s' and is '%s'", file, value,
			    wrote.now);
	return 0;
}

static int run_release_agent(const struct cli *cli __attribute__((unused)),
			     void *options __attribute__((unused)), char **args, size_t n_args,
			     int *ret_status __attribute__((unused)), struct err *e)
{
	own_cgroup_world struct cgroup_world w = { 0 };
	const char *program = n_args > 1 ? args[1] : NULL;
	struct cg_in in;

	if (cg_world_open(&w, e) < 0 || cg_find(&w, args[0], &in, e) < 0 ||
	    need_v1(&in, "release-agent", e) < 0)
		return -1;
	if (program && *program && *program != '/') {
		fail(e, ERR_INPUT, "release-agent: '%s' is no absolute path", program);
		return fail_hint(e, "the kernel starts it, from the root folder");
	}
	own_fd int dir = cg_mount_open(in.at, e);

	if (dir < 0)
		return -1;
	if (!program)
		return show_file(dir, "release_agent", e);
	return set_file(dir, "release_agent", *program ? program : "\n", e);
}

const struct command cg_release_agent_command = {
	.name = "release-agent",
	.args = "CONTROLLER [PROGRAM]",
	.summary = "show or set the program that a v1 hierarchy starts for a group that is empty",
	.about = "It is started with the group's path, as root of the host, for groups with "
		 "notify-on-release. '' takes it away. On v2 cgroup.events tells instead.",
	.min = 1,
	.max = 2,
	.run = run_release_agent,
};

static int run_notify(const struct cli *cli __attribute__((unused)),
		      void *options __attribute__((unused)), char **args, size_t n_args,
		      int *ret_status __attribute__((unused)), struct err *e)
{
	static const struct word words[] = { { "on", 1 }, { "off", 0 }, { NULL, 0 } };
	own_cgroup_world struct cgroup_world w = { 0 };
	const struct word *word = n_args > 1 ? word_find(words, args[1]) : NULL;
	struct cg_group g;

	if (n_args > 1 && !word)
		return fail(e, ERR_INPUT, "notify-on-release: '%s' is neither on nor off", args[1]);
	if (cg_world_open(&w, e) < 0 || cg_group_parse(&w, args[0], &g, e) < 0)
		return -1;
	for (size_t i = 0; i < g.n; i++)
		if (need_v1(&g.in[i], "notify-on-release", e) < 0)
			return -1;
	for (size_t i = 0; i < g.n; i++) {
		own_fd int dir = cg_open(g.in[i].at, g.path, e);

		if (dir < 0)
			return -1;
		if (word ? set_file(dir, "notify_on_release", word->value ? "1" : "0", e) < 0
			 : show_file(dir, "notify_on_release", e) < 0)
			return -1;
	}
	return 0;
}

const struct command cg_notify_command = {
	.name = "notify-on-release",
	.args = "CONTROLLERS:PATH [on|off]",
	.summary = "show or set whether the release agent is started when a v1 group is empty",
	.min = 1,
	.max = 2,
	.words = WORDS_CGROUP,
	.run = run_notify,
};
