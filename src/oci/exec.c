/* exec.c - exec: its flags are runc's and crun's */
#include <string.h>

#include "oci/cli.h"
#include "runtime/activation.h"
#include "runtime/exec.h"

struct exec {
	const char *console_socket, *cwd, *user, *process, *pid_file, *process_label, *apparmor;
	const char *pidfd_socket;
	struct opt_list env, gids, caps, cgroups;
	uint32_t preserve_fds;
	bool tty, detach, no_new_privs, ignore_paused, no_subreaper;
};

// clang-format off
static const struct opt exec_opts[] = {
	OPT_STRING_("console-socket",   0,   struct exec, console_socket, "PATH",         "unix socket that receives the terminal"),
	OPT_STRING_("pidfd-socket",     0,   struct exec, pidfd_socket,   "PATH",         "unix socket that receives the process's pidfd"),
	OPT_STRING_("cwd",              0,   struct exec, cwd,            "DIR",          "working directory"),
	OPT_STRINGS_("env",             'e', struct exec, env,            "NAME=VALUE",   "set a variable; may be repeated"),
	OPT_FLAG_("tty",                't', struct exec, tty,                            "give it a terminal"),
	OPT_STRING_("user",             'u', struct exec, user,           "UID[:GID]",    "user and group"),
	OPT_STRINGS_("additional-gids", 'g', struct exec, gids,           "GID",          "one more group; may be repeated"),
	OPT_STRING_("process",          'p', struct exec, process,        "FILE",         "the process as JSON"),
	OPT_FLAG_("detach",             'd', struct exec, detach,                         "do not wait for the end"),
	OPT_STRING_("pid-file",         0,   struct exec, pid_file,       "FILE",         "where the process's id is written"),
	OPT_STRING_("process-label",    0,   struct exec, process_label,  "LABEL",        "SELinux label"),
	OPT_STRING_("apparmor",         0,   struct exec, apparmor,       "PROFILE",      "AppArmor profile"),
	OPT_FLAG_("no-new-privs",       0,   struct exec, no_new_privs,                   "set no_new_privs"),
	OPT_STRINGS_("cap",             'c', struct exec, caps,           "CAP_NAME",     "one more capability; may be repeated"),
	OPT_U32_("preserve-fds",        0,   struct exec, preserve_fds,   "N",            "pass on descriptors 3 to 2+N"),
	OPT_STRINGS_("cgroup",          0,   struct exec, cgroups,        "[CTRL:]PATH",  "cgroup below the container's; may be repeated on v1"),
	OPT_FLAG_("ignore-paused",      0,   struct exec, ignore_paused,                  "go ahead in a paused container"),
	OPT_FLAG_("no-subreaper",       0,   struct exec, no_subreaper,                   "do not adopt orphans"),
};
// clang-format on

static const char *const *list_or_null(const struct opt_list *l)
{
	return l->n ? l->at : NULL;
}

static int run_exec(const struct cli *cli, void *options, char **args, size_t n_args,
		    int *ret_status, struct err *e)
{
	struct exec *x = options;
	struct exec_options o = {
		.root = cli->root,
		.id = args[0],
		.process_file = x->process,
		.console_socket = x->console_socket,
		.pidfd_socket = x->pidfd_socket,
		.pid_file = x->pid_file,
		.cwd = x->cwd,
		.user = x->user,
		.apparmor = x->apparmor,
		.process_label = x->process_label,
		.env = list_or_null(&x->env),
		.gids = list_or_null(&x->gids),
		.caps = list_or_null(&x->caps),
		.cgroups = list_or_null(&x->cgroups),
		.args = n_args > 1 ? args + 1 : NULL,
		.tty = x->tty,
		.detach = x->detach,
		.no_new_privs = x->no_new_privs,
		.ignore_paused = x->ignore_paused,
		.no_subreaper = x->no_subreaper,
	};

	if (n_args < 2 && !x->process) {
		fail(e, ERR_INPUT, "exec: process args cannot be empty");
		return fail_hint(e, "name the program after the container, or use --process");
	}
	if (activation_sum(x->preserve_fds, 0, &o.preserve_fds, e) < 0)
		return -1;
	return container_exec(&o, ret_status, e);
}

const struct command exec_command = {
	.name = "exec",
	.args = "CONTAINER cmd",
	.summary = "run a program in a running container",
	.opts = exec_opts,
	.n = COUNT(exec_opts),
	.size = sizeof(struct exec),
	.min = 1,
	.max = 4096,
	.stop_early = true,
	.failure = 255,
	.run = run_exec,
};
