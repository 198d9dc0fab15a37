/* remove.c - delete, also of what a crashed runtime left behind
 *
 * The state names everything that outlives a process: cgroups, and the folder itself. Removal
 * takes what it finds and misses nothing that is gone already, so it may be repeated, and may
 * be killed at any point and repeated.
 */
#include "runtime/remove.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/own.h"
#include "os/process.h"
#include "runtime/cgroups.h"
#include "runtime/host_hooks.h"
#include "runtime/rdt.h"
#include "runtime/salvage.h"
#include "runtime/scope.h"

/* poststop hooks may fail: the container is gone all the same (runtime.md, Lifecycle 13). */
static void run_poststop(const struct container *c, const struct oci_hooks *hooks)
{
	struct err e = { 0 };

	for (size_t i = 0; hooks && i < hooks->poststop.n; i++) {
		oci_hook_list one = { .at = &hooks->poststop.at[i], .n = 1 };

		if (host_hooks_run(c, STATUS_STOPPED, "poststop", &one, &e) < 0)
			log_warn("poststop hook failed with exit code: %s", e.text);
	}
}

/**
 * container_remove_ended() - remove a container whose process has ended
 * @cg:    its cgroup; may hold left-over processes of a shared pid namespace, which end now
 * @hooks: of its config, or NULL
 */
int container_remove_ended(struct container *c, struct cgroup *cg, const struct oci_hooks *hooks,
			   struct err *e)
{
	bool empty = true;

	if (cg->n) {
		/* without a pid namespace of its own, other processes may have outlived the first */
		if (!c->state.own_pidns && cgroup_empty(cg, &empty, e) == 0 && !empty &&
		    cgroup_kill(cg, e) < 0)
			return -1;
	}
	if (scope_remove(c, e) < 0 || (cg->n && cgroup_remove(cg, e) < 0) ||
	    rdt_remove(&c->state, e) < 0)
		return fail_in(e, "delete container '%s'", c->state.id);
	if (container_forget(c, e) < 0)
		return -1;
	run_poststop(c, hooks);
	return 0;
}

#define FETCH_AFTER 50 /* naps */

static void nap(void)
{
	(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

/* A frozen process does not die. */
static void thaw(const struct state *s, struct cgroup *cg)
{
	struct err ignored = { 0 };

	if (!cg->n)
		return;
	(void)cgroup_thaw(cg, &ignored);
	if (s->pid)
		cgroup_thaw_process(cg, (pid_t)s->pid);
}

/* Somebody moved it to a cgroup of his that is frozen. That one is not ours to thaw, but the
 * process is ours to fetch home, where it can die. */
static void fetch_home(const struct state *s, const struct cgroup *cg)
{
	struct err ignored = { 0 };

	if (cg->n)
		(void)cgroup_attach_pid(cg, (pid_t)s->pid, &ignored);
}

/* SIGKILL to the process and to all that share its cgroup, then wait for it to be gone. */
static int kill_all(struct container *c, struct cgroup *cg, struct err *e)
{
	const struct state *s = &c->state;

	if (process_alive((pid_t)s->pid, s->pid_start) &&
	    process_signal((pid_t)s->pid, s->pid_start, SIGKILL, e) < 0 && e->sysno != ESRCH)
		return -1;
	thaw(s, cg);
	if (cg->n && cgroup_ours(cg) && cgroup_kill(cg, e) < 0)
		return -1;
	for (int i = 0; i < 10000; i++) {
		if (!process_alive((pid_t)s->pid, s->pid_start))
			return 0;
		if (i == FETCH_AFTER)
			fetch_home(s, cg);
		nap();
	}
	return fail(e, ERR_LIMIT, "kill process %d of container '%s': it does not end", (int)s->pid,
		    s->id);
}

static int fail_running(const struct container *c, enum container_status status, struct err *e)
{
	fail(e, ERR_CONFLICT, "cannot delete container '%s' that is not stopped: it is %s",
	     c->state.id, word_name(status_words, status));
	return fail_hint(e, "stop it with 'kill', or use 'delete --force'");
}

/**
 * container_remove_open() - container_remove() for who has it open, locked or not
 */
int container_remove_open(struct container *c, bool force, struct err *e)
{
	own_container_cgroup struct container_cgroup g = { .present = false };
	enum container_status status;
	struct err no_config = { 0 };

	if (container_status(c, &status, e) < 0)
		return -1;
	/* a container that was created but never started may go without being asked twice */
	if (status != STATUS_STOPPED && status != STATUS_CREATED && !force)
		return fail_running(c, status, e);
	if (cgroups_recall(&g, c, e) < 0)
		return -1;
	if (status != STATUS_STOPPED && kill_all(c, &g.cgroup, e) < 0)
		return -1;
	if (force && status == STATUS_STOPPED && g.present && cgroup_ours(&g.cgroup) &&
	    cgroup_kill(&g.cgroup, e) < 0)
		return -1;
	(void)container_load_config(c, &no_config);
	return container_remove_ended(c, &g.cgroup, c->config ? c->config->hooks : NULL, e);
}

/* The state cannot be read, as @e says: carry out what else is known. What its text says of
 * processes, units and groups is not. */
static int remove_unread(struct container *c, const char *id, struct err *e)
{
	own_salvage struct salvage s = { .left = "" };
	char why[1536];

	err_line(e, why, sizeof(why));
	*e = (struct err){ 0 };
	c->state = (struct state){ .id = arena_dup(&c->mem, id),
				   .oci_version = (char *)OCI_VERSION_MAX,
				   .bundle = (char *)"" };
	if (!c->state.id)
		return fail_errno(e, ENOMEM, "delete container '%s'", id);
	if (salvage_cgroups(c, &s, e) < 0)
		return -1;
	if (s.busy) {
		if (container_remove_ended(c, &s.kept, c->config ? c->config->hooks : NULL, e) < 0)
			return -1;
		fail(e, ERR_CONFLICT, "%s; deleted, but not the cgroup '%s', which has processes",
		     why, s.left);
		return fail_hint(e, "they may be another's: see to them, then remove it");
	}
	if (!s.kept.n && !*s.left)
		log_warn("%s; deleted without cgroups, none was found", why);
	else
		log_warn("%s; deleted by name and saved config%s%s", why,
			 *s.left ? ", but not what may be another's: " : "", s.left);
	return container_remove_ended(c, &s.kept, c->config ? c->config->hooks : NULL, e);
}

/* Opened and locked, but not read. Whose state is another's is not acted on. */
static int remove_broken(struct container *c, const char *id, bool force, struct err *e)
{
	if (!c->locked || e->cls == ERR_ABSENT || (c->state.id && strcmp(c->state.id, id) != 0))
		return -1;
	return force ? remove_unread(c, id, e)
		     : fail_hint(e, "'delete --force %s' removes what is known of it", id);
}

/**
 * container_remove() - the delete command
 * @force: kill it first if it runs; if its state cannot be read, remove what is known otherwise
 *
 * Return: 0; -1 with ERR_ABSENT when there is no such container.
 */
int container_remove(int root, const char *id, bool force, struct err *e)
{
	own_container struct container c;

	if (container_open_locked(&c, root, id, e) < 0)
		return remove_broken(&c, id, force, e);
	return container_remove_open(&c, force, e);
}
