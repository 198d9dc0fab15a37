/* cg_set.c - tare cg set; cgset */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/own.h"
#include "tare/cg.h"

struct set {
	struct opt_list values;
	const char *from;
	bool explain;
};

// clang-format off
static const struct opt set_opts[] = {
	OPT_STRINGS_("variable", 'r', struct set, values, "NAME=VALUE", "a control file, and what to write to it"),
	OPT_STRING_("copy-from",  0,  struct set, from, "PATH", "write what this group's files hold"),
	OPT_FLAG_("explain",      0,  struct set, explain, "say which file a name of the other version is here, and the formula"),
};
// clang-format on

static int check_values(const struct set *o, struct err *e)
{
	if (!o->values.n == !o->from) {
		fail(e, ERR_INPUT, "set: %s",
		     o->from ? "-r and --copy-from exclude each other" : "nothing is to be set");
		return fail_hint(e, "as in -r memory.max=64M, or --copy-from PATH");
	}
	for (size_t i = 0; i < o->values.n; i++) {
		const char *word = o->values.at[i], *equals = strchr(word, '=');

		if (!equals)
			return fail(e, ERR_INPUT, "set: '%s' is no NAME=VALUE", word);
		/* the kernel takes nothing for nothing; only of a set can all be taken away */
		if (!equals[1 + strspn(equals + 1, " \t\n")] && !text_starts(word, "cpuset."))
			return fail(e, ERR_INPUT, "set: '%s' has no value", word);
	}
	return 0;
}

static int set_one(const struct set *o, const struct cgroup_world *w, const char *path,
		   const char *word, struct err *e)
{
	char name[128];
	size_t len = strcspn(word, "=");
	const char *value = word + len + 1;
	struct cg_wrote wrote;
	struct cg_said said;

	if (len >= sizeof(name))
		return fail(e, ERR_INPUT, "'%.64s…' is no name of a control file", word);
	snprintf(name, sizeof(name), "%.*s", (int)len, word);
	if (cg_set_value(w, path, name, value, &wrote, &said, e) < 0)
		return fail_in(e, "group '%s'", path);
	if (o->explain)
		cg_explain(name, &said);
	if (wrote.told != CG_OTHERWISE)
		return 0;
	if (said.pair)
		log_warn("group '%s': '%s' was asked to be '%s', and its counterpart is '%s'", path,
			 name, value, wrote.now);
	else
		log_warn("group '%s': '%s' was asked to be '%s' and is '%s'", path, name, value,
			 wrote.now);
	return 0;
}

static int run_set(const struct cli *cli __attribute__((unused)), void *options, char **args,
		   size_t n_args, int *ret_status __attribute__((unused)), struct err *e)
{
	const struct set *o = options;
	own_cgroup_world struct cgroup_world w = { 0 };

	if (check_values(o, e) < 0 || cg_world_open(&w, e) < 0)
		return -1;
	for (size_t i = 0; i < n_args; i++) {
		if (o->from && cg_copy(&w, o->from, args[i], e) < 0)
			return -1;
		for (size_t j = 0; j < o->values.n; j++)
			if (set_one(o, &w, args[i], o->values.at[j], e) < 0)
				return -1;
	}
	return 0;
}

static int run_cgset(const struct cli *cli, void *options, char **args, size_t n_args,
		     int *ret_status, struct err *e)
{
	/* root is denied a value by the kernel, others are denied the file */
	const struct cg_codes codes = {
		.unmounted = 84, .absent = 95, .denied = geteuid() == 0 ? 96 : 95, .other = 96
	};

	return cg_answer(cli, &codes, run_set(cli, options, args, n_args, ret_status, e),
			 ret_status, e);
}

#define SET \
	.args = "-r NAME=VALUE... PATH...", .opts = set_opts, .n = COUNT(set_opts), \
	.size = sizeof(struct set), .min = 1, .max = SIZE_MAX, .words = WORDS_CGROUP

const struct command cg_set_command = {
	.name = "set",
	.summary = "write control files of groups, and see what the kernel made of it",
	.about = "Each value is read back: one that the kernel rounded or cut is told, one that it "
		 "refused is an error.",
	SET,
	.run = run_set,
};

const struct command cgset_command = {
	.name = "cgset",
	.summary = "tare cg set, as libcgroup's",
	.section = "LIBCGROUP'S PROGRAMS",
	SET,
	.link = true,
	.failure = 255,
	.run = run_cgset,
};
