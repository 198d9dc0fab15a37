/* enter.c - tare enter: a program in a container of any engine, as that container's own
 *
 * The container may be hostile, and what runs in it is its own program. So it gets the container's
 * identity and limits and no more: namespaces, root, cgroups, user, environment, capabilities. It
 * never holds a terminal of ours: it has a new session, and where we have a terminal, a new one, whose
 * bytes we copy; so nothing that it does to its terminal reaches our shell.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/own.h"
#include "host/ns_enter.h"
#include "os/foreground.h"
#include "os/lsm.h"
#include "tare/any.h"
#include "tare/cli.h"

struct enter {
	const char *user, *workdir;
	struct opt_list env;
	bool privileged;
};

// clang-format off
static const struct opt enter_opts[] = {
	OPT_STRING_("user",    'u', struct enter, user,       "UID[:GID]", "the user inside, by number; the container's own by default"),
	OPT_STRING_("workdir", 'w', struct enter, workdir,    "DIR", "the working directory inside"),
	OPT_STRINGS_("env",    'e', struct enter, env,        "NAME=VALUE", "set a variable"),
	OPT_FLAG_("privileged", 0,  struct enter, privileged, "keep all capabilities, as for repairs; only in a container that you trust"),
};
// clang-format on

/* The first tty of the standard streams, or -1. */
static int find_tty(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (isatty(fd))
			return fd;
	return -1;
}

/* struct console - a new terminal of ours; FD_NONE without one */
struct console {
	int master, slave;
};

static int open_console(struct console *c, struct err *e)
{
	int unlock = 0;

	*c = (struct console){ FD_NONE, FD_NONE };
	if (find_tty() < 0)
		return 0;
	c->master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (c->master < 0 || ioctl(c->master, TIOCSPTLCK, &unlock) < 0)
		return fail_sys(e, "make a terminal");
	c->slave = ioctl(c->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return c->slave < 0 ? fail_sys(e, "make a terminal") : 0;
}

static void close_console(struct console *c)
{
	fd_close(&c->master);
	fd_close(&c->slave);
}

/* In the child: whatever of its streams is a terminal becomes the new one. */
static int take_console(const struct console *c, struct err *e)
{
	bool tty[3];

	if (setsid() < 0)
		return fail_sys(e, "make a session");
	if (c->slave < 0)
		return 0;
	for (int fd = 0; fd < 3; fd++)
		tty[fd] = isatty(fd);
	for (int fd = 0; fd < 3; fd++)
		if (tty[fd] && dup2(c->slave, fd) < 0)
			return fail_sys(e, "take the terminal");
	if (ioctl(c->slave, TIOCSCTTY, 0) < 0)
		return fail_sys(e, "take the terminal");
	return 0;
}

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

/* What the child has left to say goes where its program's words would have gone. */
static int be_child(const struct ns_enter *n, const struct console *console,
		    struct foreground *front, int *ret_status, struct err *e)
{
	if (take_console(console, e) < 0)
		return -1;
	foreground_end(front);
	return ns_enter(n, ret_status, e);
}

/* The copy of what the terminal shows goes to our terminal, also where our output is a file: that
 * one the program has itself. */
static int be_parent(pid_t pid, struct console *console, struct foreground *front, int *ret_status,
		     struct err *e)
{
	int tty = find_tty();

	fd_close(&console->slave);
	if (tty > 0 && !isatty(STDIN_FILENO)) {
		/* nothing to read: the program has its input from elsewhere */
		int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

		if (null < 0 || dup2(null, STDIN_FILENO) < 0)
			return fail_sys(e, "open '/dev/null'");
		(void)close(null);
	}
	if (tty >= 0 && !isatty(STDOUT_FILENO) && dup2(tty, STDOUT_FILENO) < 0)
		return fail_sys(e, "use the terminal");
	return foreground_wait(front, pid, console->master, ret_status, e);
}

static int run_program(const struct ns_enter *n, int *ret_status, struct err *e)
{
	struct console console;
	struct foreground front;
	pid_t pid;
	int r;

	if (open_console(&console, e) < 0 || foreground_begin(&front, e) < 0) {
		close_console(&console);
		return -1;
	}
	pid = fork();
	if (pid == 0)
		return be_child(n, &console, &front, ret_status, e);
	r = pid < 0 ? fail_sys(e, "fork") : be_parent(pid, &console, &front, ret_status, e);
	foreground_end(&front);
	close_console(&console);
	return r;
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

	if (any_open(&host, e) < 0)
		return -1;
	c = containers_lookup(&host.all, args[0], e);
	if (!c || describe(o, c, n_args > 1 ? args + 1 : shell, env, &n, e) < 0)
		return -1;
	return run_program(&n, ret_status, e) < 0 ? fail_in(e, "enter container '%s'", any_name(c))
						  : 0;
}

const struct command enter_command = {
	.name = "enter",
	.args = "CONTAINER [COMMAND [ARG...]]",
	.summary = "run a program in a container of any engine; its shell by default",
	.about = "The program gets the container's namespaces, root, working directory, cgroups, "
		 "user, "
		 "environment and capabilities, and a terminal of its own. Of the container's "
		 "seccomp "
		 "policy it gets nothing, since the kernel hands none on.",
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
