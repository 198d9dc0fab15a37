/* lifecycle.c - create, run, start, kill, delete */
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/own.h"
#include "base/signals.h"
#include "oci/cli.h"
#include "runtime/activation.h"
#include "runtime/container.h"
#include "runtime/create.h"
#include "runtime/remove.h"
#include "runtime/start.h"

/* struct make - options of create and run */
struct make {
	const char *bundle, *config, *console_socket, *pid_file, *pidfd_socket;
	uint32_t preserve_fds;
	bool detach, keep, no_pivot, no_new_keyring, no_subreaper;
};

// clang-format off
#define MAKE_OPTS                                                                                         \
	OPT_STRING_("bundle",         'b', struct make, bundle,         "DIR",  "the bundle; the working directory by default"), \
	OPT_STRING_("config",         'f', struct make, config,         "FILE", "the config; config.json in the bundle by default"), \
	OPT_STRING_("console-socket", 0,   struct make, console_socket, "PATH", "unix socket that receives the terminal"), \
	OPT_STRING_("pidfd-socket",   0,   struct make, pidfd_socket,   "PATH", "unix socket that receives the process's pidfd"), \
	OPT_STRING_("pid-file",       0,   struct make, pid_file,       "FILE", "where the process's id is written"), \
	OPT_FLAG_("no-pivot",         0,   struct make, no_pivot,               "chroot instead of pivot_root, for hosts on an initramfs"), \
	OPT_FLAG_("no-new-keyring",   0,   struct make, no_new_keyring,         "keep the caller's session keyring"), \
	OPT_U32_("preserve-fds",      0,   struct make, preserve_fds,   "N",    "pass on descriptors 3 to 2+N")

static const struct opt create_opts[] = {
	MAKE_OPTS,
	OPT_FLAG_("no-subreaper", 0,   struct make, no_subreaper, "accepted for crun's callers: create adopts nobody"),
};
static const struct opt run_opts[] = {
	MAKE_OPTS,
	OPT_FLAG_("detach",       'd', struct make, detach,       "do not wait for the end"),
	OPT_FLAG_("keep",         0,   struct make, keep,         "do not delete it afterwards"),
	OPT_FLAG_("no-subreaper", 0,   struct make, no_subreaper, "do not adopt the container's orphans"),
};
// clang-format on

/* cli_cgroup_manager() - who makes cgroups, by the global options */
int cli_cgroup_manager(const struct cli *cli, const char **ret_name, struct err *e)
{
	static const char *const names[] = { "cgroupfs", "systemd", "disabled" };

	*ret_name = cli->systemd_cgroup ? "systemd" : "cgroupfs";
	if (!cli->cgroup_manager)
		return 0;
	for (size_t i = 0; i < COUNT(names); i++)
		if (strcmp(cli->cgroup_manager, names[i]) == 0) {
			*ret_name = names[i];
			return 0;
		}
	fail(e, ERR_INPUT, "unknown cgroup manager '%s'", cli->cgroup_manager);
	return fail_hint(e, "use cgroupfs, systemd or disabled");
}

/* cli_unit_prefix() - who calls us runc expects units called runc-ID.scope */
const char *cli_unit_prefix(const struct cli *cli)
{
	static const char *const peers[] = { "runc", "crun" };

	for (size_t i = 0; i < COUNT(peers); i++)
		if (strcmp(cli->program, peers[i]) == 0)
			return peers[i];
	return "tare";
}

static int make_options(const struct cli *cli, const struct make *m, const char *id,
			struct create_options *ret, struct err *e)
{
	*ret = (struct create_options){
		.root = cli->root,
		.id = id,
		.unit_prefix = cli_unit_prefix(cli),
		.bundle = m->bundle ? m->bundle : ".",
		.config = m->config,
		.console_socket = m->console_socket,
		.pidfd_socket = m->pidfd_socket,
		.pid_file = m->pid_file,
		.detach = m->detach,
		.keep = m->keep,
		.strict = cli->strict,
		.no_pivot = m->no_pivot,
		.no_new_keyring = m->no_new_keyring,
		.no_subreaper = m->no_subreaper,
	};
	if (activation_sum(m->preserve_fds, activation_count(), &ret->preserve_fds, e) < 0)
		return -1;
	return cli_cgroup_manager(cli, &ret->cgroup_manager, e);
}

static int run_create(const struct cli *cli, void *options, char **args,
		      size_t n_args __attribute__((unused)),
		      int *ret_status __attribute__((unused)), struct err *e)
{
	struct create_options o;

	if (make_options(cli, options, args[0], &o, e) < 0)
		return -1;
	return container_create(&o, e);
}

const struct command create_command = {
	.name = "create",
	.args = "CONTAINER",
	.summary = "create a container",
	.opts = create_opts,
	.n = COUNT(create_opts),
	.size = sizeof(struct make),
	.min = 1,
	.max = 1,
	.run = run_create,
};

static int run_run(const struct cli *cli, void *options, char **args,
		   size_t n_args __attribute__((unused)), int *ret_status, struct err *e)
{
	struct create_options o;

	if (make_options(cli, options, args[0], &o, e) < 0)
		return -1;
	o.start = true;
	return container_run(&o, ret_status, e);
}

const struct command run_command = {
	.name = "run",
	.args = "CONTAINER",
	.summary = "create and run a container",
	.opts = run_opts,
	.n = COUNT(run_opts),
	.size = sizeof(struct make),
	.min = 1,
	.max = 1,
	.run = run_run,
};

static int run_start(const struct cli *cli, void *options __attribute__((unused)), char **args,
		     size_t n_args __attribute__((unused)), int *ret_status __attribute__((unused)),
		     struct err *e)
{
	own_fd int root = cli_open_root(cli, e);

	return root < 0 ? -1 : container_start(root, args[0], e);
}

const struct command start_command = {
	.name = "start",
	.args = "CONTAINER",
	.summary = "run the program of a created container",
	.min = 1,
	.max = 1,
	.run = run_start,
};

/* What is to be done to one container, or to each whose id matches. */
struct deed {
	int (*act)(const struct deed *d, int root, const char *id, struct err *e);
	int sig;
	bool all, force;
};

/* crun's --regex takes POSIX extended expressions; a plain glob such as "test-*" works as both.
 * All are gone through; the first failure is told. */
static int to_matching(const struct deed *d, int root, const char *pattern, struct err *e)
{
	own_arena struct arena mem = { 0 };
	struct err failure = { 0 };
	char **ids;
	regex_t re;
	bool failed = false;

	if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return fail(e, ERR_INPUT, "'%s' is not a regular expression", pattern);
	if (container_list(root, &mem, &ids, e) < 0) {
		regfree(&re);
		return -1;
	}
	for (; *ids; ids++) {
		if (regexec(&re, *ids, 0, NULL, 0) != 0)
			continue;
		if (d->act(d, root, *ids, &failure) < 0 && !failed) {
			failed = true;
			*e = failure;
		}
	}
	regfree(&re);
	return failed ? -1 : 0;
}

static int kill_one(const struct deed *d, int root, const char *id, struct err *e)
{
	return container_kill(root, id, d->sig, d->all, e);
}

/* What is not there needs no deleting, by force least of all. */
static int delete_one(const struct deed *d, int root, const char *id, struct err *e)
{
	if (container_remove(root, id, d->force, e) == 0)
		return 0;
	return d->force && e->cls == ERR_ABSENT ? 0 : -1;
}

struct kill {
	bool all, regex;
};

static const struct opt kill_opts[] = {
	OPT_FLAG_("all", 'a', struct kill, all,
		  "send the signal to every process of the container"),
	OPT_FLAG_("regex", 'r', struct kill, regex,
		  "to every container whose id matches CONTAINER"),
};

static int run_kill(const struct cli *cli, void *options, char **args, size_t n_args,
		    int *ret_status __attribute__((unused)), struct err *e)
{
	const struct kill *k = options;
	struct deed d = { .act = kill_one, .sig = SIGTERM, .all = k->all };
	own_fd int root = cli_open_root(cli, e);

	if (root < 0)
		return -1;
	if (n_args > 1 && strcmp(args[1], "0") == 0)
		d.sig = 0; /* only look whether it is there */
	else if (n_args > 1 && signal_parse(args[1], &d.sig, e) < 0)
		return -1;
	return k->regex ? to_matching(&d, root, args[0], e) : d.act(&d, root, args[0], e);
}

const struct command kill_command = {
	.name = "kill",
	.args = "CONTAINER [SIGNAL]",
	.summary = "send a signal (SIGTERM by default) to the container's process",
	.opts = kill_opts,
	.n = COUNT(kill_opts),
	.size = sizeof(struct kill),
	.min = 1,
	.max = 2,
	.run = run_kill,
};

struct removal {
	bool force, regex;
};

static const struct opt delete_opts[] = {
	OPT_FLAG_("force", 'f', struct removal, force,
		  "kill it first if it runs; no error if there is none"),
	OPT_FLAG_("regex", 'r', struct removal, regex,
		  "delete every container whose id matches CONTAINER"),
};

static int run_delete(const struct cli *cli, void *options, char **args,
		      size_t n_args __attribute__((unused)),
		      int *ret_status __attribute__((unused)), struct err *e)
{
	const struct removal *r = options;
	const struct deed d = { .act = delete_one, .force = r->force };
	own_fd int root = cli_open_root(cli, e);

	if (root < 0)
		return -1;
	return r->regex ? to_matching(&d, root, args[0], e) : d.act(&d, root, args[0], e);
}

const struct command delete_command = {
	.name = "delete",
	.args = "CONTAINER",
	.summary = "delete what a stopped container is made of",
	.opts = delete_opts,
	.n = COUNT(delete_opts),
	.size = sizeof(struct removal),
	.min = 1,
	.max = 1,
	.run = run_delete,
};
