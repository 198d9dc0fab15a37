/* activation.c - LISTEN_FDS and NOTIFY_SOCKET */
#include "runtime/activation.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/own.h"
#include "os/msg.h"
#include "os/process.h"
#include "runtime/creation.h"

#define BARRIER_MS 5000

/* activation_count() - descriptors that were passed to this process for the container */
uint32_t activation_count(void)
{
	const char *text = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	uint64_t n = 0, to = 0;

	if (!text || text_u64(text, 1024, &n) < 0)
		return 0;
	/* without LISTEN_PID they are taken for ours, as crun does */
	if (pid && (text_u64(pid, INT_MAX, &to) < 0 || to != (uint64_t)getpid()))
		return 0;
	return (uint32_t)n;
}

/**
 * activation_sum() - how many descriptors are passed on, from 3
 * @preserve: of --preserve-fds
 * @listen:   of socket activation
 *
 * More than could be open are refused: the sum must stay a descriptor's number.
 */
int activation_sum(uint32_t preserve, uint32_t listen, uint32_t *ret_n, struct err *e)
{
	uint64_t n = (uint64_t)preserve + listen;
	struct rlimit limit;

	if (n && getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return fail_sys(e, "read the limit of open files");
	if (n && (n + 3 > limit.rlim_cur || n + 3 > INT_MAX)) {
		fail(e, ERR_INPUT,
		     "option '--preserve-fds': %u and %u of LISTEN_FDS are more than can be open",
		     preserve, listen);
		return fail_hint(e, "the limit of open files is %llu",
				 (unsigned long long)limit.rlim_cur);
	}
	*ret_n = (uint32_t)n;
	return 0;
}

static const char *notify_host(void)
{
	const char *path = getenv("NOTIFY_SOCKET");

	return path && (*path == '/' || *path == '@') && path[1] ? path : NULL;
}

static int out_of_memory(struct err *e)
{
	return fail_errno(e, ENOMEM, "pass on what the service manager gave");
}

/* Add variables to the process; a NULL among them is skipped. */
static int add_env(struct creation *c, char *const *more, size_t n_more, struct err *e)
{
	struct oci_process *p = c->bundle.config.process;
	size_t n = 0, out = 0;
	char **env;

	while (p->env && p->env[n])
		n++;
	env = arena_array(&c->mem, n + n_more + 1, sizeof(*env));
	if (!env)
		return out_of_memory(e);
	for (size_t i = 0; i < n; i++)
		env[out++] = p->env[i];
	for (size_t i = 0; i < n_more; i++)
		if (more[i])
			env[out++] = more[i];
	p->env = env;
	return 0;
}

static int pass_sockets(struct creation *c, struct err *e)
{
	const char *names = getenv("LISTEN_FDNAMES");
	uint32_t n = activation_count();
	char *env[3] = { NULL };

	if (!n)
		return 0;
	env[0] = arena_printf(&c->mem, "LISTEN_FDS=%u", n);
	env[1] = arena_dup(&c->mem, "LISTEN_PID=1");
	env[2] = names ? arena_printf(&c->mem, "LISTEN_FDNAMES=%s", names) : NULL;
	return env[0] && env[1] ? add_env(c, env, 3, e) : out_of_memory(e);
}

static int add_mount(struct creation *c, const struct oci_mount *m, struct err *e)
{
	struct oci_config *config = &c->bundle.config;
	struct oci_mount *all = arena_array(&c->mem, config->mounts.n + 1, sizeof(*all));

	if (!all)
		return out_of_memory(e);
	if (config->mounts.n)
		memcpy(all, config->mounts.at, config->mounts.n * sizeof(*all));
	all[config->mounts.n] = *m;
	config->mounts.at = all;
	config->mounts.n++;
	return 0;
}

/* The folder appears where the manager's socket is on the host (crun's choice). */
static int pass_notify(struct creation *c, const char *host, struct err *e)
{
	static char *const options[] = { (char *)"bind",  (char *)"nosuid", (char *)"noexec",
					 (char *)"nodev", (char *)"ro",     NULL };
	const char *inside = *host == '/' ? host : "/run/notify";
	own_mem char *root = realpath(c->o->root, NULL);
	struct oci_mount m = { .destination = arena_dup(&c->mem, inside),
			       .options = (char **)options };
	char *env;

	if (mkdirat(c->container.dir, NOTIFY_FOLDER, 0755) < 0 || !root)
		return fail_sys(e, "make a folder for the notify socket");
	m.source = arena_printf(&c->mem, "%s/%s/" NOTIFY_FOLDER, root, c->o->id);
	env = arena_printf(&c->mem, "NOTIFY_SOCKET=%s/" NOTIFY_NAME, inside);
	if (!m.destination || !m.source || !env)
		return out_of_memory(e);
	return add_mount(c, &m, e) < 0 ? -1 : add_env(c, &env, 1, e);
}

/**
 * activation_prepare() - write what was handed to us into the config, before it is planned
 */
int activation_prepare(struct creation *c, struct err *e)
{
	const char *host = notify_host();

	if (pass_sockets(c, e) < 0)
		return -1;
	return host && !c->o->dry ? pass_notify(c, host, e) : 0;
}

/**
 * notify_listen() - open the container's notify socket
 * @ret_sock: FD_NONE when the manager gave us none, or the container was made without one
 */
int notify_listen(const struct container *c, int *ret_sock, struct err *e)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	own_fd int sock = FD_NONE;

	*ret_sock = FD_NONE;
	if (!notify_host() || faccessat(c->dir, NOTIFY_FOLDER, F_OK, 0) < 0)
		return 0;
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	snprintf(addr.sun_path, sizeof(addr.sun_path),
		 "/proc/self/fd/%d/" NOTIFY_FOLDER "/" NOTIFY_NAME, c->dir);
	if (sock < 0 || bind(sock, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return fail_sys(e, "listen on the container's notify socket");
	/* whoever the program is inside, it may say that it is ready */
	if (fchmodat(c->dir, NOTIFY_FOLDER "/" NOTIFY_NAME, 0777, 0) < 0)
		return fail_sys(e, "open the notify socket to the container");
	*ret_sock = give_fd(&sock);
	return 0;
}

static int connect_host(void)
{
	const char *host = notify_host();
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = host ? strlen(host) : 0;
	own_fd int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (sock < 0 || !len || len >= sizeof(addr.sun_path))
		return FD_NONE;
	memcpy(addr.sun_path, host, len);
	if (*host == '@')
		addr.sun_path[0] = '\0';
	if (connect(sock, (struct sockaddr *)&addr,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		return FD_NONE;
	return give_fd(&sock);
}

/* Wait until the manager has read what we sent: we may end, and be forgotten, right after.
 * Source: sd_notify_barrier(3). */
static void barrier(void)
{
	own_fd int host = connect_host();
	int ends[2];
	struct pollfd p;

	if (host < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return;
	(void)msg_try_send(host, "BARRIER=1", 9, ends[1]);
	(void)close(ends[1]);
	p = (struct pollfd){ .fd = ends[0] };
	(void)poll(&p, 1, BARRIER_MS);
	(void)close(ends[0]);
}

/**
 * notify_relay() - read one message of the container's, which is not trusted
 * @pid: the container's process, as the manager sees it
 *
 * Only readiness goes on to the manager; other words could have it watch or kill whatever the
 * container names.
 *
 * Return: true when the container is ready and the manager has been told.
 */
bool notify_relay(int sock, pid_t pid)
{
	char text[4096], main_pid[32];
	ssize_t n = recv(sock, text, sizeof(text) - 1, 0);
	char *rest = text, *line;
	int len;

	text[n > 0 ? n : 0] = '\0';
	while ((line = strsep(&rest, "\n"))) {
		own_fd int host = FD_NONE;

		if (strcmp(line, "READY=1") != 0)
			continue;
		host = connect_host();
		if (host < 0)
			return true;
		len = snprintf(main_pid, sizeof(main_pid), "MAINPID=%d", (int)pid);
		(void)msg_try_send(host, line, strlen(line), -1);
		(void)msg_try_send(host, main_pid, (size_t)len, -1);
		return true;
	}
	return false;
}

/* notify_wait() - for a command that is about to end: until the container is ready, or gone */
void notify_wait(int sock, pid_t pid, uint64_t start)
{
	while (process_alive(pid, start)) {
		struct pollfd p = { .fd = sock, .events = POLLIN };

		if (poll(&p, 1, 100) > 0 && notify_relay(sock, pid)) {
			barrier();
			return;
		}
	}
}
