/* cg_snapshot.c - tare cg snapshot, restore; cgsnapshot, cgconfigparser, cgclear */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/own.h"
#include "cg/apply.h"
#include "os/file.h"
#include "tare/cg.h"

#define CONF_MAX ((size_t)16 << 20)

/* --- snapshot ------------------------------------------------------------------------------ */

struct snapshot {
	const char *file;
	bool silent;
};

// clang-format off
static const struct opt snapshot_opts[] = {
	OPT_STRING_("file", 'f', struct snapshot, file, "FILE", "write it there"),
};
static const struct opt cgsnapshot_opts[] = {
	OPT_STRING_("file", 'f', struct snapshot, file, "FILE", "write it there"),
	OPT_FLAG_("silent", 's', struct snapshot, silent, "warn of nothing"),
	OPT_REFUSED_("blacklist", 'b', "FILE", "what counts, and what is a command, is left out in any case"),
	OPT_REFUSED_("whitelist", 'w', "FILE", "what counts, and what is a command, is left out in any case"),
	OPT_REFUSED_("strict",    't', NULL, "it is for --whitelist"),
};
// clang-format on

static int write_out(const char *file, const struct cg_node *first, struct err *e)
{
	own_str struct str text = { 0 };

	cg_conf_print(first, &text);
	if (text.torn)
		return fail_errno(e, ENOMEM, "write the snapshot");
	if (file)
		return file_replace_path(file, text.at ? text.at : "", text.len, e);
	fputs(text.at ? text.at : "", stdout);
	return 0;
}

static int run_snapshot(const struct cli *cli __attribute__((unused)), void *options, char **args,
			size_t n_args, int *ret_status __attribute__((unused)), struct err *e)
{
	const struct snapshot *o = options;
	own_cgroup_world struct cgroup_world w = { 0 };
	own_arena struct arena a = { 0 };
	struct cg_node *first = NULL;
	struct cg_group g;

	if (o->silent)
		log_to(&(struct log_sink){ 0 });
	if (cg_world_open(&w, e) < 0 || cg_group_any(&w, n_args ? args[0] : "/", &g, e) < 0 ||
	    cg_snapshot(g.in, g.n, g.path, &a, &first, e) < 0)
		return -1;
	return write_out(o->file, first, e);
}

const struct command cg_snapshot_command = {
	.name = "snapshot",
	.args = "[[CONTROLLERS:]PATH]",
	.summary = "print groups, their owners and settings as a configuration",
	.about =
		"In the grammar of cgconfig.conf(5). `restore` makes them again. Values of several "
		"lines, such as lists of devices, are not in it.",
	.opts = snapshot_opts,
	.n = COUNT(snapshot_opts),
	.size = sizeof(struct snapshot),
	.max = 1,
	.words = WORDS_CGROUP,
	.run = run_snapshot,
};

/* That program's words are controllers. */
static int run_cgsnapshot(const struct cli *cli, void *options, char **args, size_t n_args,
			  int *ret_status, struct err *e)
{
	own_str struct str word = { 0 };
	char *one[] = { NULL };

	for (size_t i = 0; i < n_args; i++)
		str_addf(&word, "%s%s", i ? "," : "", args[i]);
	if (n_args)
		str_add(&word, ":/");
	if (word.torn)
		return fail_errno(e, ENOMEM, "read the controllers' names");
	one[0] = word.at;
	return run_snapshot(cli, options, one, n_args ? 1 : 0, ret_status, e);
}

const struct command cgsnapshot_command = {
	.name = "cgsnapshot",
	.args = "[CONTROLLER...]",
	.summary = "tare cg snapshot, as libcgroup's",
	.section = "LIBCGROUP'S PROGRAMS",
	.opts = cgsnapshot_opts,
	.n = COUNT(cgsnapshot_opts),
	.size = sizeof(struct snapshot),
	.max = SIZE_MAX,
	.link = true,
	.failure = 255,
	.run = run_cgsnapshot,
};

/* --- restore ------------------------------------------------------------------------------- */

struct load {
	struct opt_list files, folders;
	const char *tasks, *all, *dir_mode, *file_mode, *tasks_mode;
	bool only_empty;
};

// clang-format off
static const struct opt cgconfigparser_opts[] = {
	OPT_STRINGS_("load",           'l', struct load, files, "FILE", "a configuration"),
	OPT_STRINGS_("load-directory", 'L', struct load, folders, "FOLDER", "all configurations in it, in the order of their names"),
	OPT_STRING_("tasks",           't', struct load, tasks, "USER:GROUP", "who may bring processes in, unless a group says so"),
	OPT_STRING_("all",             'a', struct load, all, "USER:GROUP", "who owns groups and their other files"),
	OPT_STRING_("dperm",           'd', struct load, dir_mode, "MODE", "directories' permissions, octal"),
	OPT_STRING_("fperm",           'f', struct load, file_mode, "MODE", "files' permissions, octal"),
	OPT_STRING_("tperm",           's', struct load, tasks_mode, "MODE", "permissions of the files through which processes come in"),
};
static const struct opt cgclear_opts[] = {
	OPT_STRINGS_("load",           'l', struct load, files, "FILE", "a configuration"),
	OPT_STRINGS_("load-directory", 'L', struct load, folders, "FOLDER", "all configurations in it, in the order of their names"),
	OPT_FLAG_("only-empty",        'e', struct load, only_empty, "leave groups alone that hold processes or groups"),
};
// clang-format on

/* What is done with each configuration. */
struct deed {
	const struct cgroup_world *w;
	const struct load *o;
	struct cg_rights rights;
	bool remove;
};

static int do_file(const struct deed *d, const char *path, struct err *e)
{
	own_arena struct arena a = { 0 };
	own_mem char *text = NULL;
	struct cg_node *first = NULL;

	if (file_read(AT_FDCWD, path, CONF_MAX, &text, e) < 0 ||
	    cg_conf_parse(text, &a, &first, e) < 0)
		return fail_in(e, "load '%s'", path);
	if (d->remove ? cg_unapply(d->w, first, d->o->only_empty, e) < 0
		      : cg_apply(d->w, first, &d->rights, e) < 0)
		return fail_in(e, "load '%s'", path);
	return 0;
}

static int no_dot(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static int do_folder(const struct deed *d, const char *folder, struct err *e)
{
	struct dirent **names = NULL;
	int n = scandir(folder, &names, no_dot, alphasort), r = 0;

	if (n < 0)
		return fail_sys(e, "load all of '%s'", folder);
	for (int i = 0; i < n; i++) {
		char path[4096];
		const struct dirent *name = names[d->remove ? n - 1 - i : i];

		snprintf(path, sizeof(path), "%s/%s", folder, name->d_name);
		r = r == 0 ? do_file(d, path, e) : r;
	}
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
	return r;
}

/* Removal goes the other way round. */
static int do_all(const struct deed *d, struct err *e)
{
	const struct load *o = d->o;
	size_t n = o->files.n + o->folders.n;

	for (size_t i = 0; i < n; i++) {
		size_t at = d->remove ? n - 1 - i : i;

		if (at < o->files.n ? do_file(d, o->files.at[at], e) < 0
				    : do_folder(d, o->folders.at[at - o->files.n], e) < 0)
			return -1;
	}
	return 0;
}

static int read_rights(const struct load *o, struct cg_rights *r, struct err *e)
{
	*r = (struct cg_rights){ CG_OWNER_KEEP, CG_OWNER_KEEP, CG_KEEP, CG_KEEP, CG_KEEP };
	if ((o->tasks && cg_owner_parse(o->tasks, &r->tasks, e) < 0) ||
	    (o->all && cg_owner_parse(o->all, &r->all, e) < 0) ||
	    (o->dir_mode && cg_mode_parse(o->dir_mode, &r->dir_mode, e) < 0) ||
	    (o->file_mode && cg_mode_parse(o->file_mode, &r->file_mode, e) < 0) ||
	    (o->tasks_mode && cg_mode_parse(o->tasks_mode, &r->tasks_mode, e) < 0))
		return -1;
	return 0;
}

static int load(const struct load *o, bool remove, struct err *e)
{
	own_cgroup_world struct cgroup_world w = { 0 };
	struct deed d = { .w = &w, .o = o, .remove = remove };

	if (!o->files.n && !o->folders.n) {
		fail(e, ERR_INPUT, "no configuration is named");
		return fail_hint(e, remove ? "-l FILE; all groups of the host are not removed"
					   : "-l FILE or -L FOLDER");
	}
	if (read_rights(o, &d.rights, e) < 0 || cg_world_open(&w, e) < 0)
		return -1;
	return do_all(&d, e);
}

static int run_restore(const struct cli *cli __attribute__((unused)),
		       void *options __attribute__((unused)), char **args, size_t n_args,
		       int *ret_status __attribute__((unused)), struct err *e)
{
	struct load o = { .files = { .n = 0 } };

	for (size_t i = 0; i < n_args && i < COUNT(o.files.at); i++)
		o.files.at[o.files.n++] = args[i];
	return load(&o, false, e);
}

const struct command cg_restore_command = {
	.name = "restore",
	.args = "FILE...",
	.summary = "make the groups of configurations, with their owners and settings",
	.about = "Words, users and controllers are checked before anything is touched.",
	.min = 1,
	.max = 64,
	.words = WORDS_FILE,
	.run = run_restore,
};

static const struct cg_codes load_codes = {
	.unmounted = 84, .absent = 96, .denied = 87, .other = 96
};

static int run_cgconfigparser(const struct cli *cli, void *options,
			      char **args __attribute__((unused)),
			      size_t n_args __attribute__((unused)), int *ret_status, struct err *e)
{
	return cg_answer(cli, &load_codes, load(options, false, e), ret_status, e);
}

static int run_cgclear(const struct cli *cli, void *options, char **args __attribute__((unused)),
		       size_t n_args __attribute__((unused)), int *ret_status, struct err *e)
{
	return cg_answer(cli, &load_codes, load(options, true, e), ret_status, e);
}

const struct command cgconfigparser_command = {
	.name = "cgconfigparser",
	.args = "-l FILE...",
	.summary = "tare cg restore, as libcgroup's",
	.section = "LIBCGROUP'S PROGRAMS",
	.opts = cgconfigparser_opts,
	.n = COUNT(cgconfigparser_opts),
	.size = sizeof(struct load),
	.link = true,
	.failure = 104,
	.run = run_cgconfigparser,
};

const struct command cgclear_command = {
	.name = "cgclear",
	.args = "-l FILE...",
	.summary = "remove the groups of configurations, as libcgroup's",
	.section = "LIBCGROUP'S PROGRAMS",
	.opts = cgclear_opts,
	.n = COUNT(cgclear_opts),
	.size = sizeof(struct load),
	.link = true,
	.failure = 255,
	.run = run_cgclear,
};
