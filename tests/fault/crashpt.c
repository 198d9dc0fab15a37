/* crashpt - stops a command's processes at one of their system calls, and does something there
 *
 * usage: crashpt [-o REPORT] [-t SECONDS] MODE POINT COMMAND...
 *
 *   list             do nothing; report every call of every process that is followed (POINT: 0)
 *   self             SIGKILL the process that enters the call at POINT
 *   all              SIGKILL every process that is followed
 *   err:ERRNO        the call is not made, and fails with that number
 *   swap:A:B         exchange the names A and B (renameat2), and go on
 *   flip:A:B         the same, and exchange them back at the process's next call
 *
 * A POINT is P.K: the K-th system call of the P-th process, in the order of their births; the
 * command itself is 0, and its calls count from its exec on. A process's own calls come in the
 * same order each time, whatever the others do meanwhile, so a failing point can be visited
 * again. Killing at the entry of call K is the state after call K-1: walking every K of every P
 * visits every boundary.
 *
 * Followed are the runtime's own programs (tare-*, wherever they were executed from). What a
 * process becomes by executing anything else, the container's program or a hook, is let go.
 *
 * REPORT (standard error by default) receives, when the command has ended:
 *
 *   call P.K PROGRAM NAME ERRNO,...   in mode list: each call, and the errors its manual page has
 *   end rc=STATUS hit=NAME|- program=PROGRAM alive=PID,... [TIMEOUT]
 *
 * The command is killed after SECONDS (10). x86-64.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/ptrace.h> /* after sys/ptrace.h: struct ptrace_syscall_info */

#include "fault/calls.h"

#define MAX_TASKS 256
#define QUIET_MS  30 /* so long without a call: whoever is left only waits */

enum mode { LIST, SELF, ALL, ERR, SWAP, FLIP };

/* struct task - a process; @calls counts its system calls, @followed ends with a foreign exec */
struct task {
	pid_t pid;
	long calls;
	bool followed, gone, failing, started;
	char program[32];
};

struct hunt {
	enum mode mode;
	unsigned process;
	long call;
	int error;
	const char *a, *b;
	FILE *report;
	struct task tasks[MAX_TASKS];
	unsigned n;
	const char *hit;
	char hit_program[32];
	bool swapped_once;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

__attribute__((noreturn)) static void die(const char *what)
{
	perror(what);
	exit(2);
}

static struct task *task_of(struct hunt *h, pid_t pid)
{
	for (unsigned i = 0; i < h->n; i++)
		if (h->tasks[i].pid == pid && !h->tasks[i].gone)
			return &h->tasks[i];
	if (h->n == MAX_TASKS)
		return NULL;
	h->tasks[h->n] = (struct task){ .pid = pid, .followed = true, .started = h->n > 0 };
	/* until it executes something it is what its parent is */
	snprintf(h->tasks[h->n].program, sizeof(h->tasks[0].program), "tare-runtime");
	return &h->tasks[h->n++];
}

static unsigned n_followed(const struct hunt *h)
{
	unsigned n = 0;

	for (unsigned i = 0; i < h->n; i++)
		n += h->tasks[i].followed && !h->tasks[i].gone;
	return n;
}

static void kill_followed(const struct hunt *h)
{
	for (unsigned i = 0; i < h->n; i++)
		if (h->tasks[i].followed && !h->tasks[i].gone)
			kill(h->tasks[i].pid, SIGKILL);
}

static const struct call *call_of(uint64_t nr)
{
	static const struct call unknown = { -1, "?", { 0 } };

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (calls[i].nr == (long)nr)
			return &calls[i];
	return &unknown;
}

static void report_call(const struct hunt *h, const struct task *t, uint64_t nr)
{
	const struct call *c = call_of(nr);

	fprintf(h->report, "call %td.%ld %s ", t - h->tasks, t->calls, t->program);
	if (c->nr < 0)
		fprintf(h->report, "%llu ", (unsigned long long)nr);
	else
		fprintf(h->report, "%s ", c->name);
	for (size_t i = 0; i < MAX_ERRORS && c->errors[i]; i++)
		fprintf(h->report, "%s%d", i ? "," : "", c->errors[i]);
	fputc('\n', h->report);
}

static void exchange(struct hunt *h)
{
	if (renameat2(AT_FDCWD, h->a, AT_FDCWD, h->b, RENAME_EXCHANGE) < 0)
		die("exchange the names");
}

/* The call is replaced by none; its result is set at its exit. close() always closes. */
static void begin_failing(struct task *t, uint64_t nr)
{
	struct user_regs_struct regs;

	t->failing = true;
	if (nr == SYS_close)
		return;
	ptrace(PTRACE_GETREGS, t->pid, 0, &regs);
	regs.orig_rax = (unsigned long long)-1;
	ptrace(PTRACE_SETREGS, t->pid, 0, &regs);
}

static void end_failing(const struct hunt *h, struct task *t)
{
	struct user_regs_struct regs;

	ptrace(PTRACE_GETREGS, t->pid, 0, &regs);
	regs.rax = (unsigned long long)-(long)h->error;
	ptrace(PTRACE_SETREGS, t->pid, 0, &regs);
	t->failing = false;
}

static void strike(struct hunt *h, struct task *t, uint64_t nr)
{
	h->hit = call_of(nr)->name;
	memcpy(h->hit_program, t->program, sizeof(h->hit_program));
	switch (h->mode) {
	case SELF:
		kill(t->pid, SIGKILL);
		break;
	case ALL:
		kill_followed(h);
		break;
	case ERR:
		begin_failing(t, nr);
		break;
	case SWAP:
	case FLIP:
		exchange(h);
		break;
	case LIST:
		break;
	}
}

static void at_entry(struct hunt *h, struct task *t, uint64_t nr)
{
	t->calls++;
	if (h->mode == LIST) {
		report_call(h, t, nr);
		return;
	}
	if (t != &h->tasks[h->process])
		return;
	if (t->calls == h->call)
		strike(h, t, nr);
	else if (h->mode == FLIP && h->hit && t->calls == h->call + 1)
		exchange(h);
}

static void at_syscall(struct hunt *h, struct task *t)
{
	struct ptrace_syscall_info info = { 0 };

	if (ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, (void *)sizeof(info), &info) < 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY && t->started)
		at_entry(h, t, info.entry.nr);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT && t->failing)
		end_failing(h, t);
}

/* Is what this process has become one of ours? If not it is let go. */
static void at_exec(struct task *t)
{
	char path[64], exe[PATH_MAX];
	const char *name;
	ssize_t n;

	t->started = true;
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)t->pid);
	n = readlink(path, exe, sizeof(exe) - 1);
	exe[n < 0 ? 0 : n] = '\0';
	name = strstr(exe, "tare-");
	for (const char *p = name; p; p = strstr(p + 1, "tare-"))
		name = p;
	if (!name || strchr(name, '/')) {
		t->followed = false;
		return;
	}
	snprintf(t->program, sizeof(t->program), "%.*s", (int)strcspn(name, " "), name);
}

/* A process has stopped; look why, and let it go on. */
static void at_stop(struct hunt *h, struct task *t, int status)
{
	int sig = WSTOPSIG(status), event = status >> 16, deliver = 0;

	if (sig == (SIGTRAP | 0x80))
		at_syscall(h, t);
	else if (event == PTRACE_EVENT_EXEC)
		at_exec(t);
	else if (event == PTRACE_EVENT_STOP && sig != SIGTRAP) {
		ptrace(PTRACE_LISTEN, t->pid, 0, 0);
		return;
	} else if (!event)
		deliver = sig;
	ptrace(t->followed ? PTRACE_SYSCALL : PTRACE_DETACH, t->pid, 0, (void *)(long)deliver);
}

/* The command, stopped before its exec until we follow it. */
static pid_t start(char **argv)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			     PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;
	sigset_t chld;
	int gate[2];
	pid_t pid;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	if (pipe2(gate, O_CLOEXEC) < 0)
		die("pipe2");
	pid = fork();
	if (pid == 0) {
		char go;

		sigprocmask(SIG_UNBLOCK, &chld, NULL);
		if (read(gate[0], &go, 1) == 1)
			execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || ptrace(PTRACE_SEIZE, pid, 0, options) < 0 || write(gate[1], "", 1) != 1)
		die("follow the command");
	close(gate[0]);
	close(gate[1]);
	return pid;
}

/* Wait for the next change of any process; 0 when there is none within @ms. */
static pid_t next_change(int *status, int64_t ms)
{
	const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	sigset_t chld;
	pid_t pid = waitpid(-1, status, __WALL | WNOHANG);

	if (pid || ms <= 0)
		return pid;
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	(void)sigtimedwait(&chld, NULL, &t);
	return waitpid(-1, status, __WALL | WNOHANG);
}

/* Follow until the command has ended and the rest is quiet. Return: its status as a shell has it */
static int follow(struct hunt *h, pid_t command, int64_t end, bool *ret_timeout)
{
	int rc = -1, status;

	while (n_followed(h)) {
		int64_t left = end - now_ms(), wait = rc < 0 ? left : QUIET_MS;
		pid_t pid = next_change(&status, wait < left ? wait : left);
		struct task *t;

		if (pid < 0)
			break;
		if (pid == 0) {
			if (rc >= 0)
				break;
			if (now_ms() < end)
				continue;
			if (*ret_timeout)
				break;
			*ret_timeout = true;
			kill_followed(h);
			end = now_ms() + 1000;
			continue;
		}
		t = task_of(h, pid);
		if (!t)
			break;
		if (WIFSTOPPED(status)) {
			at_stop(h, t, status);
			continue;
		}
		t->gone = true;
		if (pid == command)
			rc = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
	return rc;
}

static bool is_alive(pid_t pid)
{
	char path[64], line[256] = "";
	FILE *f;
	char *p;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	p = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
	fclose(f);
	return p && p[2] != 'Z' && p[2] != 'X';
}

static void report_end(const struct hunt *h, int rc, bool timeout)
{
	const char *sep = "";

	fprintf(h->report, "end rc=%d hit=%s program=%s alive=", rc, h->hit ? h->hit : "-",
		h->hit ? h->hit_program : "-");
	for (unsigned i = 0; i < h->n; i++)
		if (is_alive(h->tasks[i].pid)) {
			fprintf(h->report, "%s%d", sep, (int)h->tasks[i].pid);
			sep = ",";
		}
	fprintf(h->report, "%s\n", timeout ? " TIMEOUT" : "");
	fclose(h->report);
}

static bool read_mode(struct hunt *h, char *mode, const char *point)
{
	char *at = strchr(mode, ':');

	if ((sscanf(point, "%u.%ld", &h->process, &h->call) != 2 && strcmp(point, "0") != 0) ||
	    h->process >= MAX_TASKS)
		return false;
	if (at)
		*at++ = '\0';
	if (strcmp(mode, "list") == 0 || strcmp(mode, "self") == 0 || strcmp(mode, "all") == 0) {
		h->mode = *mode == 'l' ? LIST : *mode == 's' ? SELF : ALL;
		return !at;
	}
	if (strcmp(mode, "err") == 0) {
		h->mode = ERR;
		h->error = at ? atoi(at) : 0;
		return h->error > 0;
	}
	if (!at || (strcmp(mode, "swap") != 0 && strcmp(mode, "flip") != 0))
		return false;
	h->mode = *mode == 's' ? SWAP : FLIP;
	h->a = at;
	at = strchr(at, ':');
	if (!at)
		return false;
	*at = '\0';
	h->b = at + 1;
	return true;
}

int main(int argc, char **argv)
{
	static struct hunt h;
	bool timeout = false;
	int64_t seconds = 10;
	sigset_t chld;
	pid_t command;
	int opt, rc;

	h.report = stderr;
	while ((opt = getopt(argc, argv, "+o:t:")) > 0)
		if (opt == 't')
			seconds = atoi(optarg);
		else if (opt != 'o' || !(h.report = fopen(optarg, "we")))
			return 2;
	if (argc - optind < 3 || !read_mode(&h, argv[optind], argv[optind + 1])) {
		fprintf(stderr, "usage: crashpt [-o REPORT] [-t SECONDS] "
				"list|self|all|err:ERRNO|swap:A:B|flip:A:B P.K COMMAND...\n");
		return 2;
	}
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	command = start(argv + optind + 2);
	(void)task_of(&h, command);
	rc = follow(&h, command, now_ms() + seconds * 1000, &timeout);
	report_end(&h, rc, timeout);
	return 0;
}
