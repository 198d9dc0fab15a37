/* hot_mounts.c - the host's side of changing a running container's mounts
 *
 * As at create: sources are opened here as detached copies, with the host's eyes; a tare-init
 * then joins the container and attaches them, each onto a descriptor below the container's root.
 * It asks nothing of the container's /proc, which may lie. So kernels without the calls that
 * need no paths (Linux < 5.12) are refused. All mounts of a file are made, or none.
 *
 * What was added is kept in the state: it belongs to the container from now on.
 */
#include "runtime/hot_mounts.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/own.h"
#include "os/file.h"
#include "os/recipe.h"
#include "os/sys.h"
#include "runtime/container.h"
#include "runtime/join.h"
#include "runtime/launch.h"
#include "runtime/mount_plan.h"
#include "runtime/notes.h"

#define FILE_MAX ((size_t)4 << 20)

typedef LIST(struct oci_mount) mount_list;

/**
 * struct change - the working papers
 * @list:   the mounts to add or to remove
 * @add:    which of the two
 */
struct change {
	struct container container;
	mount_list list;
	bool add;
	struct mount_plan mounts;
	struct plan plan;
	struct plan_rootfs rootfs;
	struct plan_join joins[JOIN_MAX];
	int pidfd, sock;
	pid_t pid;
};

static int read_list(struct change *c, const char *path, struct err *e)
{
	const struct bind_note note = note_by_warning(path);
	own_mem char *text = NULL;
	int n = file_read(AT_FDCWD, path, FILE_MAX, &text, e);

	if (n < 0)
		return fail_in(e, "read the mounts");
	return bind_parse_list(&oci_mount_table, text, (size_t)n, path, &note, &c->container.mem,
			       (struct list_any *)&c->list, e);
}

static int check_kernel(struct err *e)
{
	struct mount_attr nothing = { 0 };

	if (!sys_lacks(SYS_MOUNT_API) &&
	    (sys_mount_setattr(-1, "", AT_EMPTY_PATH, &nothing) == 0 || errno != ENOSYS))
		return 0;
	return fail(e, ERR_UNSUPPORTED,
		    "change the mounts of a running container: it needs Linux 5.12");
}

static int check_container(struct change *c, struct err *e)
{
	enum container_status status;

	if (container_lock(&c->container, e) < 0 || container_status(&c->container, &status, e) < 0)
		return -1;
	if (!(c->container.state.namespaces & CLONE_NEWNS))
		return fail(e, ERR_UNSUPPORTED,
			    "change the mounts of container '%s': it has no mount namespace",
			    c->container.state.id);
	if (status != STATUS_STOPPED && status != STATUS_CREATING)
		return 0;
	return fail(e, ERR_CONFLICT, "container '%s' is not running: it is %s",
		    c->container.state.id, word_name(status_words, status));
}

/* Processes that run keep their root; others, that exec starts, would have another one. */
static int refuse_root(struct change *c, const struct oci_mount *m, const char *origin,
		       struct err *e)
{
	const char *clean = mount_plan_clean(&c->container.mem, m->destination);

	if (clean && strcmp(clean, "/") != 0)
		return 0;
	fail(e, ERR_UNSUPPORTED, "the '/' of a container that runs stays what it is");
	return fail_at(e, "config.json: %s/destination", origin);
}

/* Who cannot copy mounts leaves their sources to tare-init, which is to bind them by their paths:
 * but here it has the container's tree before it, not the host's. */
static int refuse_by_path(const struct change *c, const char *origin, struct err *e)
{
	const struct plan_mount *m = &c->mounts.list[c->mounts.n - 1];

	if (m->kind != PLAN_BIND || m->inside || m->fd >= 0)
		return 0;
	fail(e, ERR_UNSUPPORTED, "bind '%s' into a container that runs", m->source);
	fail_hint(e, "only root can");
	return fail_at(e, "config.json: %s", origin);
}

static int plan_mounts(struct change *c, struct err *e)
{
	const struct oci_config *config = c->container.config;
	const struct opt_word *spread = &config->platform->rootfs_propagation;

	c->mounts = (struct mount_plan){
		.mem = &c->container.mem,
		.config = config,
		.bundle = c->container.state.bundle,
		.rootfs = c->container.state.rootfs,
		.own_userns = c->container.state.has_userns,
		.propagation = spread->set ? (uint64_t)spread->v : 0,
		.open = c->add,
	};
	for (size_t i = 0; i < c->list.n; i++) {
		const struct oci_mount *m = &c->list.at[i];
		struct plan_mount *gone;
		char origin[24];

		snprintf(origin, sizeof(origin), "/%zu", i);
		if (refuse_root(c, m, origin, e) < 0)
			return -1;
		if (c->add) {
			if (mount_plan_add(&c->mounts, m, origin, e) < 0 ||
			    (c->mounts.n && refuse_by_path(c, origin, e) < 0))
				return -1;
			continue;
		}
		gone = mount_plan_append(&c->mounts);
		if (!gone || !(gone->target = mount_plan_clean(&c->container.mem, m->destination)))
			return fail_errno(e, ENOMEM, "plan the mounts");
	}
	c->rootfs.mounts.at = c->mounts.list;
	c->rootfs.mounts.n = c->mounts.n;
	return 0;
}

static int make_plan(struct change *c, struct err *e)
{
	c->rootfs = (struct plan_rootfs){ .path = (char *)"/", .fd = -1 };
	c->plan = (struct plan){
		.id = c->container.state.id,
		.lacking = sys_lacking,
		.start_fd = -1,
		.joins = { .at = c->joins },
		.rootfs = &c->rootfs,
		.stages = STAGE_BIT(JOIN) | STAGE_BIT(HOT_END) |
			  (c->add ? STAGE_BIT(HOT_ADD) : STAGE_BIT(HOT_REMOVE)),
	};
	if (join_container(&c->container, &c->plan, &c->pidfd, e) < 0)
		return -1;
	return plan_mounts(c, e);
}

static bool same_target(const struct change *c, const struct oci_mount *m)
{
	for (size_t i = 0; i < c->list.n; i++)
		if (strcmp(c->list.at[i].destination, m->destination) == 0)
			return true;
	return false;
}

/* The state lists what was added and is still there. */
static int record(struct change *c, struct err *e)
{
	struct state *s = &c->container.state;
	mount_list all = { .at = arena_array(&c->container.mem, s->mounts.n + c->list.n + 1,
					     sizeof(*all.at)) };

	if (!all.at)
		return fail_errno(e, ENOMEM, "record the mounts");
	for (size_t i = 0; i < s->mounts.n; i++)
		if (c->add || !same_target(c, &s->mounts.at[i]))
			all.at[all.n++] = s->mounts.at[i];
	for (size_t i = 0; c->add && i < c->list.n; i++)
		all.at[all.n++] = c->list.at[i];
	s->mounts.at = all.at;
	s->mounts.n = all.n;
	return container_save(&c->container, e);
}

static int run_stage(void *ctx, unsigned i __attribute__((unused)), struct err *e)
{
	return record(ctx, e);
}

static int hear(void *ctx, const struct msg *m, int *fd, struct err *e)
{
	struct change *c = ctx;

	if (m->kind == MSG_IDMAP)
		return mount_plan_idmap(&c->mounts, m->value, *fd, e);
	if (m->kind == MSG_PID) {
		(void)waitpid(c->pid, NULL, 0);
		c->pid = (pid_t)m->value;
	}
	return 0;
}

static int walk(struct change *c, struct err *e)
{
	const struct launch l = { .plan = &c->plan, .cgroup = -1 };
	struct recipe r = { .rows = stage_rows,
			    .n = STAGE_COUNT,
			    .me = SIDE_RUNTIME,
			    .enabled = c->plan.stages,
			    .ctx = c,
			    .run = run_stage,
			    .hear = hear };
	int walked;

	c->pid = launch_init(&l, &c->sock, e);
	if (c->pid < 0)
		return -1;
	r.peer = c->sock;
	r.forks = c->plan.fork ? c->pid : 0;
	walked = recipe_walk(&r, 0, STAGE_COUNT, e);
	(void)kill(c->pid, SIGKILL);
	(void)waitpid(c->pid, NULL, 0);
	return walked;
}

/* The pointers are the file's, not config.json's. */
static int fail_in_file(const char *file, struct err *e)
{
	char pointer[sizeof(e->origin)];

	if (!text_starts(e->origin, "config.json: "))
		return -1;
	memcpy(pointer, e->origin, sizeof(pointer));
	e->origin[0] = '\0';
	return fail_at(e, "%s: %s", file, pointer + strlen("config.json: "));
}

static int change(struct change *c, const char *file, struct err *e)
{
	if (check_kernel(e) < 0 || check_container(c, e) < 0 ||
	    container_load_config(&c->container, e) < 0 || read_list(c, file, e) < 0)
		return -1;
	return make_plan(c, e) < 0 || walk(c, e) < 0 ? fail_in_file(file, e) : 0;
}

/**
 * container_change_mounts() - the mounts command
 * @file: a JSON array of mounts as in config.json
 * @add:  make them; false: remove what is mounted at their destinations, last first
 */
int container_change_mounts(int root, const char *id, const char *file, bool add, struct err *e)
{
	struct change c = {
		.add = add, .pidfd = FD_NONE, .sock = FD_NONE, .container = { .dir = FD_NONE }
	};
	int r = container_open(&c.container, root, id, e);

	if (r == 0)
		r = change(&c, file, e);
	mount_plan_close(&c.mounts);
	fd_close(&c.pidfd);
	fd_close(&c.sock);
	container_done(&c.container);
	return r;
}
