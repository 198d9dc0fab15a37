/* rules_daemon.c - the kernel's news are read, and processes are put where they belong
 *
 * What is decided is decided by what a process is when it is looked at, not by what the news say: these
 * may be old. Three things are remembered from one event to the next: who is sticky, who was moved or
 * had ended before he could be (his children, born before that, are where he was), and that news were
 * lost.
 */
#include "cg/rules_daemon.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/own.h"
#include "cg/sticky.h"
#include "os/proc_events.h"

#define LATELY      1024
#define BATCHES_MAX 64 /* of news, before somebody else has his turn */
#define SWEEP_SHARE 4  /* after a sweep there is none for so many times as long as it took */

enum watched {
	ON_NEWS,
	ON_SIGNAL,
	ON_DOOR,
	ON_USERS,
	ON_CLIENTS,
	ON_ALL = ON_CLIENTS + CG_STICKY_CLIENTS
};

/* struct late - children of this one that were born before @at are where it was, not where it is */
struct late {
	pid_t pid;
	uint64_t at;
};

/**
 * struct daemon - all of it
 * @lately:   a ring of @n_lately, the oldest at @first
 * @lost:     since the last sweep
 * @sweep_at: there is none before (ns of CLOCK_MONOTONIC)
 */
struct daemon {
	const struct cg_rules_how *how;
	struct cg_rules rules;
	struct cg_templates templates;
	struct cg_sticky sticky;
	struct cg_sticky_door door;
	int news, signals, users;
	sigset_t mask_before;
	struct late lately[LATELY];
	size_t first, n_lately;
	bool lost, done;
	int64_t sweep_at;
};

static void tell(struct daemon *d, enum cg_rules_news what, const struct cg_process *p,
		 struct err *why)
{
	d->how->tell(d->how->ctx, what, &d->rules, p, why);
}

static void tell_problem(void *ctx, struct err *problem)
{
	tell(ctx, CG_RULES_FAILED, NULL, problem);
}

/* --- one process --------------------------------------------------------------------------- */

static void remember(struct daemon *d, pid_t pid)
{
	size_t at = (d->first + d->n_lately) % LATELY;

	d->lately[at] = (struct late){ pid, (uint64_t)clock_now_ns() };
	if (d->n_lately < LATELY)
		d->n_lately++;
	else
		d->first = (d->first + 1) % LATELY;
}

/* Was the parent somewhere else when it gave birth? What is older than this news is forgotten. */
static bool was_elsewhere(struct daemon *d, pid_t parent, uint64_t at)
{
	while (d->n_lately && d->lately[d->first].at < at) {
		d->first = (d->first + 1) % LATELY;
		d->n_lately--;
	}
	for (size_t i = 0; i < d->n_lately; i++)
		if (d->lately[(d->first + i) % LATELY].pid == parent)
			return true;
	return false;
}

static void place(struct daemon *d, struct cg_process *p)
{
	enum cg_placed placed = CG_STAYED;
	struct err why = { 0 };

	if (cg_rules_place(&d->rules, &d->templates, p, &placed, &why) < 0)
		tell(d, CG_RULES_FAILED, p, &why);
	else if (placed == CG_MOVED)
		tell(d, CG_RULES_MOVED, p, NULL);
	if (placed != CG_STAYED)
		remember(d, p->pid);
}

static void look_at(struct daemon *d, pid_t pid)
{
	own_cg_process struct cg_process p = { .status = FD_NONE };

	if (cg_sticky_is(&d->sticky, pid, NULL))
		return;
	if (cg_process_try_open(pid, &p) == 0)
		place(d, &p);
	else
		remember(d, pid);
}

/* A number that was sticky is a new process's now, and sticky if its parent hands that on. */
static void take_birth(struct daemon *d, const struct proc_event_news *n)
{
	bool children = false;

	if (d->sticky.n) {
		if (cg_sticky_is(&d->sticky, n->parent, &children) && children)
			(void)cg_sticky_try_add(&d->sticky, n->pid, true);
		else
			cg_sticky_remove(&d->sticky, n->pid);
	}
	if (was_elsewhere(d, n->parent, n->at))
		look_at(d, n->pid);
}

/* --- all processes ------------------------------------------------------------------------- */

static void sweep_one(struct daemon *d, pid_t pid, bool births_missed)
{
	own_cg_process struct cg_process p = { .status = FD_NONE };
	bool children = false;

	if (cg_sticky_is(&d->sticky, pid, NULL) || cg_process_try_open(pid, &p) < 0)
		return;
	if (births_missed && cg_sticky_is(&d->sticky, p.parent, &children) && children)
		(void)cg_sticky_try_add(&d->sticky, pid, true);
	else
		place(d, &p);
}

/* Parents mostly stand before their children in /proc. */
static int sweep(struct daemon *d, struct err *e)
{
	int64_t begin = clock_now_ns();
	bool births_missed = d->lost;
	own_dir DIR *proc = opendir("/proc");
	struct dirent *entry;

	if (!proc)
		return fail_sys(e, "list '/proc'");
	d->lost = false;
	if (births_missed)
		cg_sticky_check(&d->sticky);
	while ((entry = readdir(proc))) {
		uint64_t pid;

		if (text_u64(entry->d_name, INT32_MAX, &pid) == 0)
			sweep_one(d, (pid_t)pid, births_missed);
	}
	d->sweep_at = clock_now_ns() + SWEEP_SHARE * (clock_now_ns() - begin);
	return 0;
}

/* --- what wakes us ------------------------------------------------------------------------- */

static int take_news(struct daemon *d, struct err *e)
{
	struct proc_event_news news[PROC_EVENTS_AT_ONCE];
	size_t n;
	int r = 1;

	for (int i = 0; i < BATCHES_MAX && r != 0; i++) {
		r = proc_events_try_read(d->news, news, &n);
		if (r < 0 && r != -ENOBUFS)
			return fail_errno(e, -r, "read the kernel's process events");
		if (r == -ENOBUFS && !d->lost) {
			d->lost = true;
			tell(d, CG_RULES_OVERRUN, NULL, NULL);
		}
		for (size_t j = 0; j < n; j++)
			if (news[j].what == PROC_EVENT_BORN)
				take_birth(d, &news[j]);
			else if (news[j].what != PROC_EVENT_BEGUN)
				look_at(d, news[j].pid);
	}
	return 0;
}

static void read_rules_again(struct daemon *d)
{
	own_cg_rules struct cg_rules now = { 0 };
	struct cg_rules_report report = { tell_problem, d, 0 };
	struct cg_rules old = d->rules;
	struct err why = { 0 };

	tell(d, CG_RULES_AGAIN, NULL, NULL);
	if (cg_rules_load(&now, d->how->file, false, &report, &why) < 0) {
		fail_hint(&why, "the rules from before stay in force");
		tell(d, CG_RULES_FAILED, NULL, &why);
		return;
	}
	d->rules = now;
	now = old;
	tell(d, CG_RULES_READ, NULL, NULL);
}

static void read_templates_again(struct daemon *d)
{
	own_cg_templates struct cg_templates now = { 0 };
	struct cg_templates old = d->templates;
	struct err why = { 0 };

	tell(d, CG_TEMPLATES_AGAIN, NULL, NULL);
	if (cg_templates_load(&now, &why) < 0) {
		tell(d, CG_RULES_FAILED, NULL, &why);
		return;
	}
	d->templates = now;
	now = old;
}

static void take_signal(struct daemon *d)
{
	struct signalfd_siginfo info;

	if (read(d->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	switch (info.ssi_signo) {
	case SIGUSR1:
		read_templates_again(d);
		return;
	case SIGUSR2:
	case SIGHUP:
		read_rules_again(d);
		/* as libcgroup: they belong together */
		read_templates_again(d);
		return;
	default:
		d->done = true;
	}
}

/* Somebody wrote to /etc; was it to who is who? */
static void take_users(struct daemon *d)
{
	_Alignas(struct inotify_event) char text[4096];
	struct cg_rules_report report = { tell_problem, d, 0 };
	struct err why = { 0 };
	bool ours = false;
	ssize_t n = read(d->users, text, sizeof(text));

	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *ev = (const void *)(text + at);

		ours |= ev->len &&
			(strcmp(ev->name, "passwd") == 0 || strcmp(ev->name, "group") == 0);
		at += (ssize_t)(sizeof(*ev) + ev->len);
	}
	if (ours && cg_rules_load_users(&d->rules, &report, &why) < 0)
		tell(d, CG_RULES_FAILED, NULL, &why);
}

/* How long nothing need be done, in ms; -1: until something happens */
static int patience(const struct daemon *d)
{
	int64_t left = d->sweep_at - clock_now_ns();

	return !d->lost ? -1 : left <= 0 ? 0 : (int)(left / 1000000) + 1;
}

static int wait_and_take(struct daemon *d, struct err *e)
{
	struct pollfd on[ON_ALL] = {
		[ON_NEWS] = { d->news, POLLIN, 0 },
		[ON_SIGNAL] = { d->signals, POLLIN, 0 },
		[ON_DOOR] = { d->door.fd, POLLIN, 0 },
		[ON_USERS] = { d->users, POLLIN, 0 },
	};

	for (size_t i = 0; i < CG_STICKY_CLIENTS; i++)
		on[ON_CLIENTS + i] = (struct pollfd){ d->door.clients[i].fd, POLLIN, 0 };
	if (poll(on, ON_ALL, patience(d)) < 0)
		return errno == EINTR ? 0 : fail_sys(e, "wait for process events");
	/* who asks to be left alone waits for our answer, before he does what is news to us */
	if (on[ON_SIGNAL].revents)
		take_signal(d);
	for (size_t i = 0; i < CG_STICKY_CLIENTS; i++)
		if (on[ON_CLIENTS + i].revents)
			cg_sticky_hear(&d->door, i, &d->sticky);
	if (on[ON_DOOR].revents)
		cg_sticky_accept(&d->door);
	if (on[ON_USERS].revents)
		take_users(d);
	if (on[ON_NEWS].revents && take_news(d, e) < 0)
		return -1;
	if (d->lost && clock_now_ns() >= d->sweep_at)
		return sweep(d, e);
	return 0;
}

/* --- begin and end ------------------------------------------------------------------------- */

static int open_signals(struct daemon *d, struct err *e)
{
	static const int ours[] = { SIGUSR1, SIGUSR2, SIGHUP, SIGTERM, SIGINT };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < COUNT(ours); i++)
		sigaddset(&set, ours[i]);
	d->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (d->signals < 0 || sigprocmask(SIG_BLOCK, &set, &d->mask_before) < 0)
		return fail_sys(e, "wait for signals");
	return 0;
}

static int open_users(struct daemon *d, struct err *e)
{
	d->users = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (d->users < 0 || inotify_add_watch(d->users, "/etc", IN_CLOSE_WRITE | IN_MOVED_TO) < 0)
		return fail_sys(e, "watch '/etc'");
	return 0;
}

static int begin(struct daemon *d, struct err *e)
{
	struct cg_rules_report report = { tell_problem, d, 0 };

	if (cg_rules_load(&d->rules, d->how->file, false, &report, e) < 0 ||
	    cg_templates_load(&d->templates, e) < 0)
		return -1;
	tell(d, CG_RULES_READ, NULL, NULL);
	/* news first, so that nobody slips through behind the sweep */
	d->news = proc_events_open(d->how->buffer, e);
	if (d->news < 0 || cg_sticky_open(&d->door, d->how->uid, d->how->gid, e) < 0 ||
	    open_signals(d, e) < 0 || open_users(d, e) < 0 || sweep(d, e) < 0)
		return -1;
	tell(d, CG_RULES_STARTED, NULL, NULL);
	return 0;
}

static void end(struct daemon *d)
{
	cg_sticky_close(&d->door);
	proc_events_close(&d->news);
	fd_close(&d->users);
	if (d->signals >= 0)
		(void)sigprocmask(SIG_SETMASK, &d->mask_before, NULL);
	fd_close(&d->signals);
	cg_sticky_done(&d->sticky);
	cg_templates_done(&d->templates);
	cg_rules_done(&d->rules);
}

/**
 * cg_rules_serve() - place processes as the rules say, until SIGTERM or SIGINT
 *
 * Fails if it cannot begin: the rules make no sense, the kernel tells it nothing, another daemon is at
 * work. A process that cannot be moved is told, and is no failure.
 */
int cg_rules_serve(const struct cg_rules_how *how, struct err *e)
{
	own_mem struct daemon *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return fail_errno(e, ENOMEM, "apply rules");
	d->how = how;
	d->news = d->signals = d->users = d->door.fd = FD_NONE;
	for (size_t i = 0; i < CG_STICKY_CLIENTS; i++)
		d->door.clients[i].fd = FD_NONE;
	r = begin(d, e);
	while (r == 0 && !d->done)
		r = wait_and_take(d, e);
	if (r == 0)
		tell(d, CG_RULES_STOPPED, NULL, NULL);
	end(d);
	return r;
}
