/* enter.c - tare enter: a program in a container of any engine, as that container's own
 *
 * The container may be hostile, and what runs in it is its own program. So it gets the container's
 * identity and limits and no more: namespaces, root, cgroups, user, environment, capabilities, seccomp
 * filters. It never holds a terminal of ours (console.h).
 */
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "host/child.h"
#include "ns/enter.h"
#include "os/lsm.h"
#include "os/sealed_self.h"
#include "tare/any.h"
#include "tare/cli.h"
#include "tare/console.h"

struct enter {
	const char *user, *workdir;
	struct opt_list env;
	bool privileged, no_seccomp;
};

// clang-format off
static const struct opt enter_opts[] = {
	OPT_STRING_("user",    'u', struct enter, user,       "UID[:GID]", "the user inside, by number; the container's own by default. Another than that, unless that is root, gets a fresh environment"),
	OPT_STRING_("workdir", 'w', struct enter, workdir,    "DIR", "the working directory inside"),
	OPT_STRINGS_("env",    'e', struct enter, env,        "NAME=VALUE", "set a variable"),
	OPT_FLAG_("privileged", 0,  struct enter, privileged, "keep all capabilities and system calls, as for repairs; only in a container that you trust"),
	OPT_FLAG_("no-seccomp", 0,  struct enter, no_seccomp, "leave the container's seccomp filters out"),
};
// clang-format on

static int parse_ids(const char *text, struct ns_enter *n, struct err *e)
{
	uint64_t uid, gid = 0;
	const char *colon = strchr(text, ':');
	char head[16];

	snprintf(head, sizeof(head), "%.*s", (int)(colon ? colon - text : (ptrdiff_t)strlen(text)),
		 text);
	if (text_u64(head, UINT32_MAX - 1, &uid) < 0 ||
	    (colon && text_u64(colon + 1, UINT32_MAX - 1, &gid) < 0)) {
		fail(e, ERR_INPUT, "enter: --user: '%s' is no UID or UID:GID", text);
		return fail_hint(e,
				 "names would have to be looked up in the container, which is not "
				 "trusted: give numbers");
	}
	n->uid = (struct opt_u64){ true, uid };
	n->gid = (struct opt_u64){ true, gid };
	return 0;
}

static int describe(const struct enter *o, const struct container_found *c, char **argv, char **env,
		    struct ns_enter *ret, struct err *e)
{
	*ret = (struct ns_enter){
		.pid = (pid_t)c->pid,
		.start = c->pid_start,
		.all = true,
		.root = true,
		.wd = !o->workdir,
		.env = true,
		.cgroup = true,
		.user = !o->user,
		.confined = !o->privileged,
		.seccomp = !o->no_seccomp,
		.sealed = true,
		.context =
			!o->privileged && (lsm_enabled(LSM_SELINUX) || lsm_enabled(LSM_APPARMOR)),
		.wd_inside = o->workdir,
		.set_env = env,
		.argv = argv,
	};
	for (size_t i = 0; i < o->env.n; i++) {
		const char *equals = strchr(o->env.at[i], '=');

		if (!equals || equals == o->env.at[i])
			return fail(e, ERR_INPUT, "enter: --env: '%s' is not NAME=VALUE",
				    o->env.at[i]);
		env[i] = (char *)o->env.at[i];
	}
	return o->user ? parse_ids(o->user, ret, e) : 0;
}

static int run_enter(const struct cli *cli __attribute__((unused)), void *options, char **args,
		     size_t n_args, int *ret_status, struct err *e)
{
	static char *shell[] = { (char *)"sh", NULL };
	const struct enter *o = options;
	char *env[COUNT(o->env.at) + 1] = { NULL };
	own_any_host struct any_host host = { 0 };
	const struct container_found *c;
	struct ns_enter n;

	if (sealed_self(e) < 0 || any_open(&host, e) < 0)
		return child_not_tried(e);
	c = containers_lookup(&host.all, args[0], e);
	if (!c || describe(o, c, n_args > 1 ? args + 1 : shell, env, &n, e) < 0)
		return child_not_tried(e);
	return console_enter(&n, ret_status, e) < 0
		       ? fail_in(e, "enter container '%s'", any_name(c))
		       : 0;
}

const struct command enter_command = {
	.name = "enter",
	.args = "CONTAINER [COMMAND [ARG...]]",
	.summary = "run a program in a container of any engine; its shell by default",
	.about = "The program gets the container's namespaces, root, working directory, "
		 "cgroups, user, environment, capabilities and seccomp filters, and a terminal of "
		 "its own. To read the filters the container's first process is stopped for a "
		 "moment.",
	.section = "ANY CONTAINER OF THE HOST",
	.opts = enter_opts,
	.n = COUNT(enter_opts),
	.size = sizeof(struct enter),
	.min = 1,
	.max = SIZE_MAX,
	.stop_early = true,
	.words = WORDS_CONTAINER,
	.run = run_enter,
};
