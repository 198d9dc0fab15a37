/* ns_enter.c - tare ns enter: a program in other namespaces, with the options of nsenter(1)
 *
 * What is entered by its number or by a file is entered with the caller's privileges, as nsenter(1)
 * does it. A container that is entered by name has its programs run as its own: where its files are
 * seen: with its environment, a terminal of their own, nothing that the caller has open, and no more
 * capabilities than it has, unless the user says that he trusts it.
 */
#include <stdint.h>
#include <string.h>

#include "host/child.h"
#include "ns/enter.h"
#include "os/lsm.h"
#include "os/sealed_self.h"
#include "tare/any.h"
#include "tare/console.h"
#include "tare/ns.h"

/* struct enter - the options; what is a const char * may be without a value */
struct enter {
	const char *types[NSFS_TYPES];
	const char *target, *held, *container, *uid, *gid, *root, *wd, *wd_inside;
	bool all, keep_creds, env, no_fork, context, cgroup, privileged, version, no_seccomp;
};

// clang-format off
static const struct opt enter_opts[] = {
	OPT_STRING_("target",      't', struct enter, target,    "PID", "the process whose namespaces are meant"),
	OPT_STRING_("name",        'N', struct enter, held,      "NAME", "namespaces that are held under this name, all of them"),
	OPT_STRING_("container",    0,  struct enter, container, "CONTAINER", "the first process of a container of any engine; all namespaces, unless some are named"),
	OPT_FLAG_("all",           'a', struct enter, all,       "all namespaces of the process"),
	NS_TYPE_OPTS(OPT_MAYBE_SHORT_, struct enter, types),
	OPT_STRING_("setuid",      'S', struct enter, uid,       "UID", "the program's user"),
	OPT_STRING_("setgid",      'G', struct enter, gid,       "GID", "its group"),
	OPT_FLAG_("preserve-credentials", 0, struct enter, keep_creds, "leave user and groups as they are"),
	OPT_MAYBE_SHORT_("root",   'r', struct enter, root,      "DIR", "the root: the process's, or DIR"),
	OPT_MAYBE_SHORT_("wd",     'w', struct enter, wd,        "DIR", "the working directory: the process's, or DIR"),
	OPT_STRING_("wdns",        'W', struct enter, wd_inside, "DIR", "the working directory, as it is called inside"),
	OPT_FLAG_("env",           'e', struct enter, env,       "the process's environment"),
	OPT_FLAG_("no-fork",       'F', struct enter, no_fork,   "no child, also with a pid namespace"),
	OPT_FLAG_("follow-context", 'Z', struct enter, context,  "the process's security label"),
	OPT_FLAG_("join-cgroup",   'c', struct enter, cgroup,    "the process's cgroups"),
	OPT_FLAG_("version", 'V', struct enter, version, "print the version"),
	OPT_FLAG_("privileged",     0,  struct enter, privileged, "with --container: keep all capabilities and system calls; only in a container that you trust"),
	OPT_FLAG_("no-seccomp",     0,  struct enter, no_seccomp, "with --container: leave its seccomp filters out"),
};
// clang-format on

static int describe(const struct enter *o, struct ns_enter *n, struct err *e)
{
	if (o->target && o->container)
		return fail(e, ERR_INPUT,
			    "options '--target' and '--container' exclude each other");
	if ((o->privileged || o->no_seccomp) && !o->container)
		return fail(e, ERR_INPUT, "option '--%s' needs '--container'",
			    o->privileged ? "privileged" : "no-seccomp");
	for (int i = 0; i < NSFS_TYPES; i++) {
		if (o->types[i] && *o->types[i])
			n->paths[i] = o->types[i];
		else if (o->types[i])
			n->types |= nsfs_kinds[i].flag;
	}
	n->root = o->root && !*o->root;
	n->root_path = o->root && *o->root ? o->root : NULL;
	n->wd = o->wd && !*o->wd;
	n->wd_path = o->wd && *o->wd ? o->wd : NULL;
	if (ns_parse_id("setuid", o->uid, &n->uid, e) < 0 ||
	    ns_parse_id("setgid", o->gid, &n->gid, e) < 0)
		return -1;
	return o->target ? ns_parse_pid(o->target, &n->pid, e) : 0;
}

/* A held name alone says what is to be entered; a process says it only with types. */
static int check_any(const struct enter *o, const struct ns_enter *n, struct err *e)
{
	bool any = n->types || n->all || n->held || n->root || n->root_path || n->wd ||
		   n->wd_path || n->cgroup || n->env;

	for (int i = 0; i < NSFS_TYPES; i++)
		any |= n->paths[i] != NULL;
	if (any || !o->target)
		return 0;
	fail(e, ERR_INPUT, "nothing of process %d is to be entered", (int)n->pid);
	return fail_hint(e, "as in --all, --net or --mount --root");
}

/* Might the program be one of theirs, who could get at ours by it? */
static bool runs_theirs(const struct enter *o, const struct ns_enter *n)
{
	return o->container || n->held || n->all || (n->types & CLONE_NEWNS) ||
	       n->paths[NSFS_MNT] || n->root;
}

/* Where there are none, all processes have the same, and nsenter follows that, too. */
static bool has_labels(void)
{
	return lsm_enabled(LSM_SELINUX) || lsm_enabled(LSM_APPARMOR);
}

static int follow_container(const struct enter *o, struct ns_enter *n, struct err *e)
{
	own_any_host struct any_host host = { 0 };
	const struct container_found *c;

	if (!o->container)
		return 0;
	if (any_open(&host, e) < 0)
		return -1;
	c = containers_lookup(&host.all, o->container, e);
	if (!c)
		return -1;
	n->pid = (pid_t)c->pid;
	n->start = c->pid_start;
	if (!n->types && !n->root_path) {
		n->all = true;
		n->root = true;
		n->wd |= !n->wd_path && !n->wd_inside;
	}
	n->sealed = n->all || (n->types & CLONE_NEWNS) || n->root;
	n->env |= n->sealed;
	if (n->sealed && !o->privileged) {
		n->confined = true;
		n->seccomp = !o->no_seccomp;
		n->context |= has_labels();
	}
	return 0;
}

static int run(const struct cli *cli, void *options, char **args, size_t n_args, int *ret_status,
	       struct err *e)
{
	static char *plain[] = { (char *)(uintptr_t) "/bin/sh", NULL };
	const struct enter *o = options;
	char *shell[2];
	struct ns_enter n = {
		.held = o->held,
		.all = o->all,
		.wd_inside = o->wd_inside,
		.keep_creds = o->keep_creds,
		.env = o->env,
		.no_fork = o->no_fork,
		.context = o->context && has_labels(),
		.cgroup = o->cgroup,
		/* the caller's shell is none of the container's programs */
		.argv = o->container && !n_args ? plain : ns_shell(args, n_args, shell),
	};

	if (o->version)
		return version_print(cli);
	if (describe(o, &n, e) < 0 || check_any(o, &n, e) < 0 ||
	    (runs_theirs(o, &n) && sealed_self(e) < 0) || follow_container(o, &n, e) < 0)
		return child_not_tried(e);
	return n.sealed ? console_enter(&n, ret_status, e) : ns_enter(&n, ret_status, e);
}

const struct command ns_enter_command = {
	.name = "enter",
	.args = "[PROGRAM [ARG...]]",
	.summary = "run a program in other namespaces; the shell by default",
	.about =
		"The options are those of nsenter(1). Namespaces are a process's, a container's, "
		"those that are held under a name, or bound to a FILE.\n\nThe program has our "
		"terminal, as nsenter's has. In a container that is not to be trusted 'tare enter' "
		"gives it one of its own.",
	.opts = enter_opts,
	.n = COUNT(enter_opts),
	.size = sizeof(struct enter),
	.max = SIZE_MAX,
	.stop_early = true,
	.words = WORDS_PROGRAM,
	.run = run,
};
