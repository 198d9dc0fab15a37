/* restore.c - has criu make a container's processes again
 *
 * Everything around them is made as at create: the record, the cgroups. criu then takes the
 * place of tare-init: started in the container's cgroup, it makes namespaces, mounts and
 * processes from the images; the first of these is its sibling, so a child of ours.
 */
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/own.h"
#include "os/file.h"
#include "os/path.h"
#include "runtime/cgroups.h"
#include "runtime/checkpoint_priv.h"
#include "runtime/console.h"
#include "runtime/creation.h"
#include "runtime/host_hooks.h"

/**
 * struct restore - the working papers, beside the creation's
 * @root:  where the root is bound for criu
 * @keep:  descriptors that criu inherits
 */
struct restore {
	struct creation *c;
	const struct checkpoint_options *o;
	struct criu_folders folders;
	struct str opts;
	char root[PATH_MAX];
	int keep[8];
	size_t n_keep;
};

/* criu wants the root to be a mount point of its own. In a mount namespace of ours, which dies
 * with us, there is nothing to clean up. */
static int bind_root(struct restore *r, struct err *e)
{
	own_mem char *state_root = realpath(r->c->o->root, NULL);
	int n = snprintf(r->root, sizeof(r->root), "%s/%s/" RESTORE_FOLDER,
			 state_root ? state_root : "", r->c->o->id);

	if (!state_root || n < 0 || (size_t)n >= sizeof(r->root))
		return fail_errno(e, ENAMETOOLONG, "make a folder for the root");
	if (mkdirat(r->c->container.dir, RESTORE_FOLDER, 0700) < 0)
		return fail_sys(e, "make a folder for the root");
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return fail_sys(e, "make a mount namespace");
	if (mount(r->c->bundle.rootfs, r->root, NULL, MS_BIND | MS_REC, NULL) < 0 ||
	    mount(NULL, r->root, NULL, MS_PRIVATE, NULL) < 0)
		return fail_sys(e, "bind the root '%s'", r->c->bundle.rootfs);
	return 0;
}

/* Is @target below an earlier mount, where criu or the bind's source will have it? */
static bool is_covered(const struct mount_plan *p, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		const char *over = p->list[k].target;
		size_t n = strlen(over);

		if (strncmp(p->list[i].target, over, n) == 0 && p->list[i].target[n] == '/')
			return true;
	}
	return false;
}

/* A root that was never run has none of the mount points that create makes. */
static int make_mount_points(const struct restore *r, const struct mount_plan *p, struct err *e)
{
	own_fd int root = fd_open(r->root, O_PATH | O_DIRECTORY);

	if (root < 0)
		return fail_sys(e, "open '%s'", r->root);
	for (size_t i = 0; i < p->n; i++) {
		const struct plan_mount *m = &p->list[i];
		int fd;

		if (is_covered(p, i) || m->kind == PLAN_SYMLINK)
			continue;
		fd = m->shape == PLAN_TARGET_FILE ? path_make_file(root, m->target, 0644, NULL, e)
						  : path_make_dir(root, m->target, 0755, NULL, e);
		if (fd < 0)
			return -1;
		(void)close(fd);
	}
	return 0;
}

static int add_mounts(struct restore *r, struct err *e)
{
	struct creation *c = r->c;
	const struct oci_linux *l = c->bundle.config.platform;
	own_fd int root = FD_NONE;
	char buf[PATH_MAX];
	struct mount_plan p = {
		.mem = &c->mem,
		.config = &c->bundle.config,
		.bundle = c->bundle.path,
		.cgroup = c->has_cgroup ? &c->cgroup : NULL,
		.own_cgroupns = oci_namespace_of(l, CLONE_NEWCGROUP) != NULL,
	};

	if (mount_plan_make(&p, e) < 0 || make_mount_points(r, &p, e) < 0)
		return -1;
	root = fd_open(r->root, O_PATH | O_DIRECTORY);
	for (size_t i = 0; i < p.n; i++)
		if (p.list[i].kind == PLAN_BIND)
			criu_external_mount(&r->opts, criu_real_target(root, p.list[i].target, buf),
					    p.list[i].source);
	/* what covers masked files */
	criu_external_mount(&r->opts, "/dev/null", "/dev/null");
	criu_add_devices(&r->opts, l, c->container.state.has_userns);
	return 0;
}

static int add_namespace(struct restore *r, const struct oci_namespace *ns, struct err *e)
{
	const char *key = criu_namespace_key(ns->type.v);
	int fd;

	if (!key) {
		if (ns->type.v == CLONE_NEWCGROUP)
			return fail(e, ERR_UNSUPPORTED,
				    "restore into an existing cgroup namespace: criu "
				    "cannot");
		criu_join(&r->opts, word_name(oci_namespace_words, ns->type.v), ns->path);
		return 0;
	}
	fd = fd_open(ns->path, O_RDONLY);
	if (fd < 0)
		return fail_sys(e, "open the namespace '%s'", ns->path);
	if (r->n_keep == COUNT(r->keep)) {
		(void)close(fd);
		return fail(e, ERR_LIMIT, "too many namespaces");
	}
	r->keep[r->n_keep++] = fd;
	criu_inherit(&r->opts, key, fd);
	return 0;
}

static int add_namespaces(struct restore *r, struct err *e)
{
	const struct oci_linux *l = r->c->bundle.config.platform;
	struct state *s = &r->c->container.state;

	for (size_t i = 0; i < l->namespaces.n; i++) {
		const struct oci_namespace *ns = &l->namespaces.at[i];
		bool joined = ns->path && *ns->path;

		s->namespaces |= (uint64_t)ns->type.v;
		if (ns->type.v == CLONE_NEWUSER)
			s->has_userns = true;
		if (ns->type.v == CLONE_NEWPID && !joined)
			s->own_pidns = true;
		if (joined && add_namespace(r, ns, e) < 0)
			return -1;
	}
	return 0;
}

/* Pipes that the container had as standard descriptors become ours. */
static int add_descriptors(struct restore *r, struct err *e)
{
	own_mem char *text = NULL;
	int n = file_read(r->folders.images, DESCRIPTORS, 65536, &text, e);
	const struct json *list, *item;
	int fd = 0;

	if (n < 0)
		return fail_in(e, "read the images");
	list = json_parse(text, (size_t)n, DESCRIPTORS, NULL, &r->c->mem, e);
	if (!list)
		return -1;
	if (list->type != JSON_ARRAY)
		return fail(e, ERR_INPUT, DESCRIPTORS " is not a list");
	for (item = list->child; item; item = item->next, fd++)
		if (item->type == JSON_STRING && text_starts(item->text, "pipe:"))
			criu_inherit(&r->opts, item->text, fd);
	return 0;
}

static void add_cgroups(struct restore *r)
{
	const struct cgroup *cg = &r->c->cgroup;

	for (size_t i = 0; r->c->has_cgroup && i < cg->n; i++)
		criu_cgroup_root(&r->opts, cg->at[i].in->name, cg->at[i].path);
}

static int add_options(struct restore *r, struct err *e)
{
	if (criu_common_options(&r->opts, &r->folders, r->o, &r->c->bundle.config, e) < 0)
		return -1;
	criu_text(&r->opts, CRIU_ROOT, r->root);
	criu_number(&r->opts, CRIU_RESTORE_SIBLING, 1);
	criu_number(&r->opts, CRIU_EVASIVE_DEVICES, 1);
	if (r->o->tcp_close)
		criu_number(&r->opts, CRIU_TCP_CLOSE, 1);
	if (r->o->lsm_profile)
		criu_text(&r->opts, CRIU_LSM_PROFILE, r->o->lsm_profile);
	if (r->o->lsm_mount_context)
		criu_text(&r->opts, CRIU_LSM_MOUNT_CONTEXT, r->o->lsm_mount_context);
	if (add_namespaces(r, e) < 0 || add_mounts(r, e) < 0 || add_descriptors(r, e) < 0)
		return -1;
	add_cgroups(r);
	return 0;
}

static int run_hooks(struct restore *r, pid_t pid, struct err *e)
{
	struct creation *c = r->c;
	const struct oci_hooks *h = c->bundle.config.hooks;

	c->container.state.pid = pid;
	if (!h)
		return 0;
	if (host_hooks_run(&c->container, STATUS_CREATING, "prestart", &h->prestart, e) < 0)
		return -1;
	return host_hooks_run(&c->container, STATUS_CREATING, "createRuntime", &h->create_runtime,
			      e);
}

/* criu says that the time namespace is made, too, where the kernel knows one. */
static void note_time_namespace(struct creation *c)
{
	char path[48];
	struct stat ours, theirs;

	snprintf(path, sizeof(path), "/proc/%d/ns/time", (int)c->pid);
	if (stat("/proc/self/ns/time", &ours) == 0 && stat(path, &theirs) == 0 &&
	    ours.st_ino != theirs.st_ino)
		c->container.state.namespaces |= 0x80; /* CLONE_NEWTIME */
}

static int hear(void *ctx, const char *what, pid_t pid, int *fd, struct err *e)
{
	struct restore *r = ctx;
	struct creation *c = r->c;

	if (strcmp(what, "setup-namespaces") == 0)
		return run_hooks(r, pid, e);
	if (strcmp(what, "orphan-pts-master") == 0) {
		c->console = give_fd(fd);
		return c->o->console_socket ? console_send(c->o->console_socket, c->console, e) : 0;
	}
	if (strcmp(what, "post-restore") != 0)
		return 0;
	c->pid = pid;
	note_time_namespace(c);
	return creation_record(c, e);
}

static int run_criu(struct restore *r, struct err *e)
{
	struct criu c = { .sock = FD_NONE, .notify = hear, .ctx = r };
	char program[PATH_MAX];
	int done = criu_program(r->o, program, sizeof(program), e);

	if (done == 0)
		done = criu_start(&c, program, r->keep, r->n_keep, e);
	/* what it makes is born where it is */
	if (done == 0 && r->c->has_cgroup)
		done = r->c->has_scope ? cgroups_make_scope(r->c, c.pid, e)
				       : cgroup_attach_pid(&r->c->cgroup, c.pid, e);
	if (done == 0 && criu_request(&c, CRIU_RESTORE, &r->opts, e) < 0)
		done = criu_fail_with_log(&r->folders, e);
	criu_stop(&c);
	if (done == 0 && r->c->pid <= 0)
		return fail(e, ERR_SYSTEM, "criu restored no process");
	return done;
}

static int restore(struct restore *r, struct err *e)
{
	struct creation *c = r->c;
	char program[PATH_MAX];

	/* there is no tare-init that could enter later */
	c->late_cgroup = false;
	if (criu_program(r->o, program, sizeof(program), e) < 0 || cgroups_make_early(c, e) < 0 ||
	    bind_root(r, e) < 0)
		return -1;
	/* opened in the mount namespace that criu works in: it mounts things there */
	if (criu_folders_open(&r->folders, r->o, false, e) < 0 || add_options(r, e) < 0)
		return -1;
	cgroup_entry_close(&c->entry);
	return run_criu(r, e);
}

/**
 * creation_restore() - in the place of tare-init: the processes come from images
 */
int creation_restore(struct creation *c, struct err *e)
{
	struct restore r = { .c = c,
			     .o = c->o->restore,
			     .folders = { .images = FD_NONE, .work = FD_NONE } };
	int done = restore(&r, e);

	if (r.root[0])
		(void)umount2(r.root, MNT_DETACH);
	(void)unlinkat(c->container.dir, RESTORE_FOLDER, AT_REMOVEDIR);
	for (size_t i = 0; i < r.n_keep; i++)
		(void)close(r.keep[i]);
	criu_folders_close(&r.folders);
	str_done(&r.opts);
	return done;
}
