/* adopt_live.c - any/adopt.c moves a sandbox's own processes, whatever their numbers mean; needs root */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/own.h"
#include "any/adopt.h"
#include "os/process.h"
#include "tests/unit/t.h"

#define OK(x) \
	do { \
		if ((x) < 0) \
			T_FAIL("%s (%s)", e.text, e.hint); \
	} while (0)

static struct err e;

/* A child that waits to be killed, with namespaces of its own as in @flags; it dies with us. */
static pid_t sleeper(unsigned long flags)
{
	int up[2];
	char byte;
	pid_t pid;

	WANT_INT(pipe2(up, O_CLOEXEC), 0);
	fflush(stdout);
	pid = (pid_t)syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)!write(up[1], "", 1);
		for (;;)
			pause();
	}
	close(up[1]);
	if (pid < 0) {
		puts("# skipped: no namespaces can be made here");
		exit(0);
	}
	WANT_INT(read(up[0], &byte, 1), 1);
	close(up[0]);
	return pid;
}

static bool is_adopted(pid_t pid, pid_t first)
{
	own_mem char *text = calloc(1, 65536);
	char path[64], name[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
	snprintf(name, sizeof(name), "/tare-%d-", (int)first);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	WANT(fd >= 0 && read(fd, text, 65535) > 0);
	close(fd);
	return strstr(text, name) != NULL;
}

static const struct container_found *found(const struct containers *all, pid_t pid)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->at[i].pid == pid)
			return &all->at[i];
	T_FAIL("the sandbox is not found");
}

/* What a number that was used again between look and move looks like to the one who moves. */
static void add_member(struct containers *all, const struct container_found *c, pid_t pid)
{
	struct container_member *m = calloc(all->n_members + 1, sizeof(*m));

	WANT(m != NULL);
	memcpy(m, all->members, all->n_members * sizeof(*m));
	m[all->n_members] = (struct container_member){ pid, (uint32_t)(c - all->at) };
	free(all->members);
	all->members = m;
	all->n_members++;
}

TEST(a_number_that_went_to_a_stranger_moves_nobody)
{
	own_containers struct containers all = { 0 };
	own_cgroup_world struct cgroup_world w = { 0 };
	own_cgroup struct cgroup cg = { 0 };
	own_ledger_entry struct ledger_entry entry = { 0 };
	own_fd int ledger = ledger_open(&e);
	pid_t first = sleeper(CLONE_NEWPID | CLONE_NEWNS), stranger = sleeper(0),
	      other = sleeper(CLONE_NEWPID | CLONE_NEWNS);
	const struct container_found *c;

	OK(ledger);
	OK(cgroup_world_open(&w, &e));
	OK(containers_find(NULL, CONTAINERS_ALL, &all, &e));
	c = found(&all, first);
	add_member(&all, c, stranger);
	add_member(&all, c, other);
	OK(ledger_read(ledger, c, &entry, &e));
	OK(adopt_cgroup(ledger, &entry, &all, c, &w, CGROUP_PIDS, &cg, &e));
	WANT(is_adopted(first, first));
	WANT(!is_adopted(stranger, first));
	WANT(!is_adopted(other, first));
	/* who came in by another door stays in it, and goes out by it */
	OK(cgroup_attach_pid(&cg, stranger, &e));
	OK(adopt_release(ledger, &entry, &w, &e));
	WANT(!is_adopted(first, first));
	WANT(!is_adopted(stranger, first));
	WANT(access(cg.at[0].dir, F_OK) < 0);
	kill(first, SIGKILL);
	kill(other, SIGKILL);
	kill(stranger, SIGKILL);
}
