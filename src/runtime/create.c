/* create.c - the choreography of create and run, on the host's side
 *
 * Order: check, reserve the id, record what will be made, make it, start tare-init, walk the
 * table of stages with it. Everything that is made is undone in reverse when a step fails;
 * what a killed runtime leaves is found through the record by delete (see remove.c).
 */
#include "os/foreground.h"
#include "runtime/create.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "base/log.h"
#include "init/privileges.h"
#include "os/file.h"
#include "os/plain_user.h"
#include "os/process.h"
#include "runtime/activation.h"
#include "runtime/cgroups.h"
#include "runtime/check.h"
#include "runtime/checkpoint.h"
#include "runtime/console.h"
#include "runtime/creation.h"
#include "runtime/host_facts.h"
#include "runtime/host_hooks.h"
#include "runtime/net_devices.h"
#include "runtime/rdt.h"
#include "runtime/remove.h"
#include "runtime/scope.h"
#include "runtime/seccomp.h"

static char *timestamp(struct arena *a)
{
	struct timespec now;
	struct tm t;
	char text[40];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &t);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &t);
	return arena_printf(a, "%s.%09ldZ", text, now.tv_nsec);
}

/* Fill in the record and write it: from here on a crash can be cleaned up. */
static int record_intent(struct creation *c, struct err *e)
{
	struct state *s = &c->container.state;

	s->oci_version = (char *)OCI_VERSION_MAX;
	s->bundle = c->bundle.path;
	s->rootfs = c->bundle.rootfs;
	s->annotations = c->bundle.config.annotations;
	s->created = timestamp(&c->mem);
	s->owner = (char *)(c->plain_user ? "" : "root");
	s->terminal = c->bundle.config.process->terminal;
	s->cgroup_manager = (char *)c->o->cgroup_manager;
	s->external_descriptors = (char *)"[]";
	if (!s->created)
		return fail_errno(e, ENOMEM, "record the container");
	return container_save(&c->container, e);
}

/* The config as it is now; what becomes of the bundle's changes nothing any more. */
static int keep_config(struct creation *c, struct err *e)
{
	return file_replace(c->container.dir, "config.json", c->bundle.text, c->bundle.len, e);
}

/* The socket on which tare-init waits for `start`; its name lies in the container's folder. */
static int open_listener(struct creation *c, struct err *e)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	if (c->o->start)
		return 0;
	c->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (c->listener < 0)
		return fail_sys(e, "make the start socket");
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/" START_SOCKET,
		 c->container.dir);
	if (bind(c->listener, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(c->listener, 8) < 0)
		return fail_sys(e, "listen for the start command");
	return 0;
}

static int record_pid(struct creation *c, bool forerunner, struct err *e)
{
	struct state *s = &c->container.state;
	struct process_stat st;
	int r = process_try_stat(c->pid, &st);

	if (r < 0)
		return fail_errno(e, -r, "look at process %d", (int)c->pid);
	s->pid = c->pid;
	s->pid_start = st.start;
	s->forerunner = forerunner;
	s->started = c->o->start;
	return container_save(&c->container, e);
}

static int write_pid_file(const struct creation *c, struct err *e)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", (int)c->pid);

	if (!c->o->pid_file)
		return 0;
	if (file_replace_path(c->o->pid_file, text, (size_t)n, e) < 0)
		return fail_in(e, "write the pid file '%s'", c->o->pid_file);
	return 0;
}

static int run_runtime_hooks(struct creation *c, struct err *e)
{
	const struct oci_hooks *h = c->bundle.config.hooks;

	if (host_hooks_run(&c->container, STATUS_CREATING, "prestart", &h->prestart, e) < 0)
		return -1;
	return host_hooks_run(&c->container, STATUS_CREATING, "createRuntime", &h->create_runtime,
			      e);
}

/* A record of what was let pass stays in the state, for `state` and for the curious. */
static int note_tolerated(struct creation *c, int64_t bits, struct err *e)
{
	struct state *s = &c->container.state;
	size_t n = 0;

	s->tolerated = arena_array(&c->mem, 64, sizeof(*s->tolerated));
	if (!s->tolerated)
		return fail_errno(e, ENOMEM, "record what was tolerated");
	for (const struct word *w = privileges_tolerated_words; w->name; w++)
		if (bits & w->value) {
			s->tolerated[n++] = (char *)w->name;
			log_debug("tolerated: %s", w->name);
		}
	return container_save(&c->container, e);
}

static int send_seccomp_listener(struct creation *c, int fd, struct err *e)
{
	own_mem char *state = container_state_text(&c->container, STATUS_CREATING, false, e);
	const struct seccomp_listen l = { .oci_version = SECCOMP_STATE_VERSION,
					  .state = state,
					  .pid = c->pid };

	if (!state)
		return -1;
	if (seccomp_send_listener(c->bundle.config.platform->seccomp, fd, &l, e) == 0)
		return 0;
	/* where no rule notifies, nobody's call will wait for the agent */
	return seccomp_notifies(c->bundle.config.platform->seccomp) ? -1 : 0;
}

/* What tare-init says between its turns. */
static int hear(void *ctx, const struct msg *m, int *fd, struct err *e)
{
	struct creation *c = ctx;

	switch (m->kind) {
	case MSG_PID:
		/* the first process ends now; it was only the way into the pid namespace */
		(void)waitpid(c->pid, NULL, 0);
		c->pid = (pid_t)m->value;
		log_debug("child process in init(): it goes on as process %d", (int)c->pid);
		return record_pid(c, false, e);
	case MSG_CONSOLE:
		c->console = give_fd(fd);
		return c->o->console_socket ? console_send(c->o->console_socket, c->console, e) : 0;
	case MSG_IDMAP:
		return mount_plan_idmap(&c->mounts, m->value, *fd, e);
	case MSG_NOTIFY:
		return send_seccomp_listener(c, *fd, e);
	case MSG_WARNING:
		return note_tolerated(c, m->value, e);
	default:
		return 0;
	}
}

static int run_stage(void *ctx, unsigned i, struct err *e)
{
	struct creation *c = ctx;

	switch (i) {
	case STAGE_SCOPE:
		return cgroups_make_scope(c, c->pid, e);
	case STAGE_MAKE_CGROUP:
		return cgroups_make(c, e);
	case STAGE_HOST_FACTS:
		return host_facts(c, e);
	case STAGE_RDT:
		return rdt_apply(c, e);
	case STAGE_NET_DEVICES:
		return net_devices_move(c, e);
	case STAGE_HOOKS_RUNTIME:
		return run_runtime_hooks(c, e);
	case STAGE_CREATED:
		return write_pid_file(c, e);
	default:
		return fail(e, ERR_BUG, "stage %u is not the runtime's", i);
	}
}

static int prepare(struct creation *c, struct err *e)
{
	const struct bundle_options b = { .config_path = c->o->config, .strict = c->o->strict };

	if (bundle_read(&c->bundle, c->o->bundle, &b, e) < 0 ||
	    check_config(&c->bundle.config, c->o, e) < 0)
		return -1;
	c->container.root = container_open_root(c->o->root, true, e);
	if (c->container.root < 0 ||
	    container_make(&c->container, c->container.root, c->o->id, e) < 0)
		return -1;
	c->made_container = true;
	if (cgroups_prepare(c, e) < 0 || rdt_prepare(c, e) < 0 || record_intent(c, e) < 0 ||
	    activation_prepare(c, e) < 0)
		return -1;
	return c->o->start ? notify_listen(&c->container, &c->notify, e) : 0;
}

static int build(struct creation *c, struct err *e)
{
	if (cgroups_make_early(c, e) < 0 || open_listener(c, e) < 0 ||
	    creation_namespaces(c, e) < 0 || creation_plan(c, e) < 0 || creation_launch(c, e) < 0)
		return -1;
	cgroup_entry_close(&c->entry);
	mount_plan_close_trees(&c->mounts);
	return 0;
}

static int walk(struct creation *c, struct err *e)
{
	c->recipe = (struct recipe){ .rows = stage_rows,
				     .n = STAGE_COUNT,
				     .me = SIDE_RUNTIME,
				     .enabled = c->plan.stages,
				     .peer = c->sock,
				     .ctx = c,
				     .run = run_stage,
				     .hear = hear,
				     .forks = c->plan.fork ? c->pid : 0,
				     .exec_ends = c->o->start };
	log_debug("child process in init(): walking the stages with process %d", (int)c->pid);
	/* while tare-init is at its mounts */
	if (recipe_ahead(&c->recipe, e) < 0 || record_pid(c, c->plan.fork, e) < 0 ||
	    keep_config(c, e) < 0)
		return -1;
	if (recipe_walk(&c->recipe, 0, c->o->start ? STAGE_COUNT : STAGE_WAIT_START, e) < 0)
		return -1;
	log_debug("init: closing the pipe to signal completion");
	if (c->rootfs.devices_by_bind)
		container_drop_nodes(&c->container);
	return c->o->start ? write_pid_file(c, e) : 0;
}

/* Undo whatever was made; the first error is the one that counts. */
static void unmake(struct creation *c)
{
	struct err ignored = { 0 };

	net_devices_return(c);
	if (c->pid > 0) {
		(void)kill(c->pid, SIGKILL);
		(void)waitpid(c->pid, NULL, 0);
	}
	if (c->scope_tried && scope_remove(&c->container, &ignored) < 0)
		log_warn("%s", ignored.text);
	if (c->has_cgroup && cgroup_remove(&c->cgroup, &ignored) < 0)
		log_warn("%s", ignored.text);
	if (rdt_remove(&c->container.state, &ignored) < 0)
		log_warn("%s", ignored.text);
	if (c->made_container && container_forget(&c->container, &ignored) < 0)
		log_warn("%s", ignored.text);
}

void creation_done(struct creation *c)
{
	net_devices_done(c);
	cgroup_entry_close(&c->entry);
	mount_plan_close(&c->mounts);
	fd_close(&c->home);
	fd_close(&c->sock);
	fd_close(&c->listener);
	fd_close(&c->console);
	fd_close(&c->notify);
	if (c->hook_out > 0)
		fd_close(&c->hook_out);
	if (c->hook_err > 0)
		fd_close(&c->hook_err);
	cgroup_done(&c->cgroup);
	cgroup_done(&c->shown);
	cgroup_world_done(&c->world);
	fd_close(&c->container.root);
	container_done(&c->container);
	bundle_done(&c->bundle);
	arena_done(&c->mem);
}

/* creation_init() - blank papers; creation_done() closes whatever was opened since */
void creation_init(struct creation *c, const struct create_options *o)
{
	*c = (struct creation){ .o = o,
				.home = FD_NONE,
				.sock = FD_NONE,
				.listener = FD_NONE,
				.console = FD_NONE,
				.notify = FD_NONE,
				.entry = { .into = FD_NONE },
				.plain_user = plain_user(),
				.rootfs = { .fd = -1 },
				.container = { .root = FD_NONE, .dir = FD_NONE } };
}

static int begin(struct creation *c, struct err *e)
{
	return build(c, e) < 0 ? -1 : walk(c, e);
}

/* creation_record() - for a restore, whose process has just appeared */
int creation_record(struct creation *c, struct err *e)
{
	if (record_pid(c, false, e) < 0 || keep_config(c, e) < 0)
		return -1;
	return write_pid_file(c, e);
}

/* --pidfd-socket, and crun's annotation for those who cannot pass options */
static int send_pidfd(const struct creation *c, struct err *e)
{
	const char *receiver = oci_annotation(&c->bundle.config, "run.oci.pidfd_receiver");

	if (c->o->pidfd_socket && pidfd_send(c->o->pidfd_socket, c->pid, e) < 0)
		return -1;
	return receiver ? pidfd_send(receiver, c->pid, e) : 0;
}

static int make(struct creation *c, struct err *e)
{
	if (prepare(c, e) == 0 && (c->o->restore ? creation_restore(c, e) : begin(c, e)) == 0 &&
	    send_pidfd(c, e) == 0) {
		(void)flock(c->container.dir, LOCK_UN);
		c->container.locked = false;
		return 0;
	}
	unmake(c);
	return -1;
}

/**
 * container_create() - make a container that waits for the start command
 */
int container_create(const struct create_options *o, struct err *e)
{
	struct creation c;
	int r;

	creation_init(&c, o);
	r = make(&c, e);
	creation_done(&c);
	return r;
}

static int run_poststart(struct creation *c, struct err *e)
{
	const struct oci_hooks *h = c->bundle.config.hooks;

	if (!h)
		return 0;
	return host_hooks_run(&c->container, STATUS_RUNNING, "poststart", &h->poststart, e);
}

static int run_to_end(struct creation *c, int *ret_status, struct err *e)
{
	struct foreground f;
	int r;

	/* orphans of a shared pid namespace are ours to reap, not the host's init's */
	if (!c->o->detach && !c->o->no_subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return fail_sys(e, "become a subreaper");
	if (!c->o->detach && foreground_begin(&f, e) < 0)
		return -1;
	r = make(c, e);
	if (r == 0 && run_poststart(c, e) < 0) {
		unmake(c);
		r = -1;
	}
	if (r == 0 && c->o->detach && c->notify >= 0)
		notify_wait(c->notify, c->pid, c->container.state.pid_start);
	if (!c->o->detach) {
		f.extra = c->notify;
		f.readable = notify_relay;
		if (r == 0) {
			r = foreground_wait(&f, c->pid, c->console, ret_status, e);
			if (r < 0)
				unmake(c);
		}
		foreground_end(&f);
	}
	return r;
}

/**
 * container_run() - make a container and start it; unless detached, wait and remove it
 * @ret_status: the program's exit status as a shell has it; 0 when detached
 */
int container_run(const struct create_options *o, int *ret_status, struct err *e)
{
	struct creation c;
	int r;

	*ret_status = 0;
	creation_init(&c, o);
	r = run_to_end(&c, ret_status, e);
	if (r == 0 && !o->detach && !o->keep)
		r = container_remove_ended(&c.container, &c.cgroup, c.bundle.config.hooks, e);
	creation_done(&c);
	return r;
}
