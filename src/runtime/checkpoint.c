/* checkpoint.c - has criu write a container's processes to files
 *
 * What comes from outside must be named at both ends ("external"): bind mounts and the files
 * that cover masked paths, namespaces that were joined by path, pipes on standard descriptors.
 * The names are runc's, so that images can be exchanged with it.
 */
#include "runtime/checkpoint.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/json_text.h"
#include "base/own.h"
#include "os/file.h"
#include "os/path.h"
#include "os/process.h"
#include "os/spawn.h"
#include "runtime/cgroups.h"
#include "runtime/checkpoint_priv.h"
#include "runtime/container.h"
#include "runtime/mount_plan.h"
#include "runtime/remove.h"

#define LOG_MAX   ((size_t)64 << 20)
#define LOG_LEVEL 4

static int open_folder(const char *path, bool make, struct err *e)
{
	int fd;

	if (make && mkdir(path, 0700) < 0 && errno != EEXIST)
		return fail_sys(e, "make the folder '%s'", path);
	fd = fd_open(path, O_RDONLY | O_DIRECTORY);
	return fd < 0 ? fail_sys(e, "open the folder '%s'", path) : fd;
}

/* criu_folders_open() - the images' folder and the one for the log, which may be the same */
int criu_folders_open(struct criu_folders *f, const struct checkpoint_options *o, bool make,
		      struct err *e)
{
	*f = (struct criu_folders){ .images = FD_NONE,
				    .work = FD_NONE,
				    .log = make ? "dump.log" : "restore.log" };
	f->images = open_folder(o->images ? o->images : "checkpoint", make, e);
	if (f->images < 0)
		return -1;
	f->work = o->work ? open_folder(o->work, true, e) : fcntl(f->images, F_DUPFD_CLOEXEC, 3);
	return f->work < 0 ? -1 : 0;
}

void criu_folders_close(struct criu_folders *f)
{
	fd_close(&f->images);
	fd_close(&f->work);
}

/* criu_program() - where criu is */
int criu_program(const struct checkpoint_options *o, char *ret_path, size_t size, struct err *e)
{
	if (spawn_find(o->criu ? o->criu : "criu", ret_path, size, e) == 0)
		return 0;
	return fail_hint(e, "checkpoint and restore need criu: install the package criu");
}

/* criu's own words for what went wrong are in its log. The first line with an error says it;
 * what follows are its consequences. */
int criu_fail_with_log(const struct criu_folders *f, struct err *e)
{
	own_mem char *text = NULL;
	struct err ignored = { 0 };
	const char *found = NULL;
	char *rest, *line;

	if (file_read(f->work, f->log, LOG_MAX, &text, &ignored) < 0)
		return -1;
	for (rest = text; !found && (line = strsep(&rest, "\n"));)
		found = strstr(line, "Error");
	if (found && !strstr(e->text, "Error"))
		return fail_hint(e, "%s: %.200s", f->log, found);
	return fail_hint(e, "there is more in %s", f->log);
}

static int cgroups_mode(const char *name, uint64_t *ret_mode, struct err *e)
{
	static const struct word modes[] = {
		{ "ignore", 0 }, { "soft", 3 }, { "full", 4 }, { "strict", 5 }, { NULL, 0 },
	};
	const struct word *w = word_find(modes, name && *name ? name : "soft");

	if (!w)
		return fail(e, ERR_INPUT,
			    "invalid manage-cgroups-mode '%s': it is soft, full, strict "
			    "or ignore",
			    name);
	*ret_mode = (uint64_t)w->value;
	return 0;
}

/* criu's own choice is iptables; nftables is asked for where the former is not installed. */
static const char *default_lock(void)
{
	char path[PATH_MAX];
	struct err ignored = { 0 };

	return spawn_find("iptables-restore", path, sizeof(path), &ignored) < 0 ? "nftables" : NULL;
}

static int network_lock(const char *name, struct str *opts, struct err *e)
{
	static const struct word methods[] = {
		{ "iptables", 1 },
		{ "nftables", 2 },
		{ "skip", 3 },
		{ NULL, 0 },
	};
	const struct word *w = name ? word_find(methods, name) : NULL;

	if (name && !w)
		return fail(e, ERR_INPUT,
			    "unknown network lock method '%s': it is iptables, nftables "
			    "or skip",
			    name);
	if (w)
		criu_number(opts, CRIU_NETWORK_LOCK, (uint64_t)w->value);
	return 0;
}

/* The annotation's file; else what crun and runc read. An empty annotation means none. */
static const char *config_file(const struct oci_config *config)
{
	const char *file = oci_annotation(config, "org.criu.config");

	if (file)
		return file;
	return access("/etc/criu/crun.conf", F_OK) == 0 ? "/etc/criu/crun.conf"
							: "/etc/criu/runc.conf";
}

static int page_server(const char *text, struct str *opts, struct err *e)
{
	const char *colon = text ? strrchr(text, ':') : NULL;
	char address[256];
	uint64_t port;

	if (!text || !*text)
		return 0;
	if (!colon || colon == text || (size_t)(colon - text) >= sizeof(address) ||
	    text_u64(colon + 1, 65535, &port) < 0)
		return fail(e, ERR_INPUT, "--page-server '%s' is not ADDRESS:PORT", text);
	memcpy(address, text, (size_t)(colon - text));
	address[colon - text] = '\0';
	criu_page_server(opts, address, (uint32_t)port);
	return 0;
}

/* criu_common_options() - what both directions are told */
int criu_common_options(struct str *opts, const struct criu_folders *f,
			const struct checkpoint_options *o, const struct oci_config *config,
			struct err *e)
{
	const char *file = config_file(config);
	const struct {
		enum criu_option option;
		bool on;
	} flags[] = {
		{ CRIU_SHELL_JOB, o->shell_job },     { CRIU_TCP_ESTABLISHED, o->tcp_established },
		{ CRIU_EXT_UNIX_SK, o->ext_unix_sk }, { CRIU_FILE_LOCKS, o->file_locks },
		{ CRIU_AUTO_DEDUP, o->auto_dedup },   { CRIU_LAZY_PAGES, o->lazy_pages },
		{ CRIU_ORPHAN_PTS_MASTER, true },     { CRIU_NOTIFY, true },
		{ CRIU_MANAGE_CGROUPS, true },
	};
	uint64_t mode = 0;

	if (cgroups_mode(o->cgroups_mode, &mode, e) < 0)
		return -1;
	criu_number(opts, CRIU_IMAGES_FD, (uint64_t)f->images);
	criu_number(opts, CRIU_WORK_FD, (uint64_t)f->work);
	criu_number(opts, CRIU_LOG_LEVEL, LOG_LEVEL);
	criu_text(opts, CRIU_LOG_FILE, f->log);
	criu_number(opts, CRIU_CGROUPS_MODE, mode);
	for (size_t i = 0; i < COUNT(flags); i++)
		if (flags[i].on)
			criu_number(opts, flags[i].option, 1);
	if (o->empty_ns)
		criu_number(opts, CRIU_EMPTY_NS, o->empty_ns);
	if (*file)
		criu_text(opts, CRIU_CONFIG_FILE, file);
	return network_lock(o->network_lock ? o->network_lock : default_lock(), opts, e);
}

/* criu_namespace_key() - runc's name for a namespace that exists at both ends; NULL: no such */
const char *criu_namespace_key(int64_t type)
{
	return type == CLONE_NEWNET ? "extRootNetNS" : type == CLONE_NEWPID ? "extRootPidNS" : NULL;
}

/**
 * struct dump - the working papers of one checkpoint
 */
struct dump {
	const struct checkpoint_options *o;
	struct container container;
	struct container_cgroup home;
	struct criu_folders folders;
	struct str opts;
};

static int add_namespaces(struct dump *d, struct err *e)
{
	const struct oci_linux *l = d->container.config->platform;

	if (!oci_namespace_of(l, CLONE_NEWNS))
		return fail(e, ERR_UNSUPPORTED,
			    "checkpoint container '%s': it has no mount namespace",
			    d->container.state.id);
	/* criu 3.17 would dump it, but cannot make its device nodes again: they have no names */
	if (d->container.state.has_userns)
		return fail(e, ERR_UNSUPPORTED,
			    "checkpoint container '%s': criu could not restore one "
			    "with a user namespace",
			    d->container.state.id);
	for (size_t i = 0; i < l->namespaces.n; i++) {
		const struct oci_namespace *ns = &l->namespaces.at[i];
		const char *key = criu_namespace_key(ns->type.v);
		char text[64];
		struct stat st;

		if (!key || !ns->path || !*ns->path)
			continue;
		if (stat(ns->path, &st) < 0)
			return fail_sys(e, "look at the namespace '%s'", ns->path);
		snprintf(text, sizeof(text), "%s[%llu]:%s",
			 ns->type.v == CLONE_NEWNET ? "net" : "pid", (unsigned long long)st.st_ino,
			 key);
		criu_text(&d->opts, CRIU_EXTERNAL, text);
	}
	return 0;
}

static bool name_of(int fd, char buf[PATH_MAX])
{
	char link[32];
	ssize_t n;

	path_fd_link(fd, link);
	n = readlink(link, buf, PATH_MAX - 1);
	buf[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/* criu_real_target() - @target below @root as criu knows it: without links; itself when unknown */
const char *criu_real_target(int root, const char *target, char buf[PATH_MAX])
{
	own_fd int fd = path_try_open(root, target, O_PATH, 0);
	char top[PATH_MAX];
	size_t n;

	if (fd < 0 || !name_of(root, top) || !name_of(fd, buf))
		return target;
	n = strcmp(top, "/") == 0 ? 0 : strlen(top);
	return strncmp(buf, top, n) == 0 && buf[n] == '/' ? buf + n : target;
}

static int open_root(const struct dump *d, struct err *e)
{
	char path[48];
	int fd;

	snprintf(path, sizeof(path), "/proc/%lld/root", (long long)d->container.state.pid);
	fd = fd_open(path, O_PATH | O_DIRECTORY);
	return fd < 0 ? fail_sys(e, "open the container's root") : fd;
}

static int add_mounts(struct dump *d, struct err *e)
{
	own_fd int root = open_root(d, e);
	char buf[PATH_MAX];
	const struct oci_linux *l = d->container.config->platform;
	struct mount_plan p = {
		.mem = &d->container.mem,
		.config = d->container.config,
		.bundle = d->container.state.bundle,
		.cgroup = d->home.present ? &d->home.cgroup : NULL,
		.own_cgroupns = oci_namespace_of(l, CLONE_NEWCGROUP) != NULL,
	};

	if (root < 0 || mount_plan_make(&p, e) < 0)
		return -1;
	for (size_t i = 0; i < p.n; i++) {
		const char *real = criu_real_target(root, p.list[i].target, buf);

		if (p.list[i].kind == PLAN_BIND)
			criu_external_mount(&d->opts, real, real);
	}
	for (size_t i = 0; i < d->container.state.mounts.n; i++)
		criu_external_mount(&d->opts, d->container.state.mounts.at[i].destination,
				    d->container.state.mounts.at[i].destination);
	return 0;
}

/* Masked files are covered by the host's null device; folders by a tmpfs, which criu knows. */
static void add_masks(struct dump *d)
{
	char **path = d->container.config->platform->masked_paths;
	char inside[PATH_MAX];
	struct stat st;

	for (; path && *path; path++) {
		snprintf(inside, sizeof(inside), "/proc/%lld/root%s",
			 (long long)d->container.state.pid, *path);
		if (lstat(inside, &st) == 0 && !S_ISDIR(st.st_mode))
			criu_external_mount(&d->opts, *path, "/dev/null");
	}
}

/* criu_add_devices() - in a user namespace devices are binds of the host's, at both ends */
void criu_add_devices(struct str *opts, const struct oci_linux *l, bool has_userns)
{
	static const char *const defaults[] = { "/dev/null",   "/dev/zero",    "/dev/full",
						"/dev/random", "/dev/urandom", "/dev/tty" };

	for (size_t i = 0; has_userns && i < COUNT(defaults); i++)
		criu_external_mount(opts, defaults[i], defaults[i]);
	for (size_t i = 0; i < l->devices.n; i++)
		criu_external_mount(opts, l->devices.at[i].path, l->devices.at[i].path);
}

/* What the first three descriptors are, for whoever restores: pipes have to be found again. */
static int write_descriptors(struct dump *d, struct err *e)
{
	own_str struct str text = { 0 };

	str_add(&text, "[");
	for (int fd = 0; fd < 3; fd++) {
		char link[64], target[PATH_MAX];
		ssize_t n;

		snprintf(link, sizeof(link), "/proc/%lld/fd/%d", (long long)d->container.state.pid,
			 fd);
		n = readlink(link, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		str_add(&text, fd ? "," : "");
		json_text_quote(&text, target);
	}
	str_add(&text, "]");
	if (text.torn)
		return fail_errno(e, ENOMEM, "write " DESCRIPTORS);
	return file_replace(d->folders.images, DESCRIPTORS, text.at, text.len, e);
}

static int check_parent(const struct dump *d, struct err *e)
{
	const char *parent = d->o->parent;

	if (!parent)
		return 0;
	if (*parent == '/')
		return fail(e, ERR_INPUT, "--parent-path '%s' must be relative to --image-path",
			    parent);
	if (faccessat(d->folders.images, parent, F_OK, 0) < 0)
		return fail_sys(e, "invalid --parent-path '%s'", parent);
	return 0;
}

static int add_options(struct dump *d, struct err *e)
{
	const struct checkpoint_options *o = d->o;
	const struct cgroup_place *freezer =
		d->home.present ? cgroup_with(&d->home.cgroup, CGROUP_FREEZER) : NULL;

	if (criu_common_options(&d->opts, &d->folders, o, d->container.config, e) < 0 ||
	    page_server(o->page_server, &d->opts, e) < 0)
		return -1;
	criu_number(&d->opts, CRIU_PID, (uint64_t)d->container.state.pid);
	criu_text(&d->opts, CRIU_ROOT, d->container.state.rootfs);
	if (o->leave_running)
		criu_number(&d->opts, CRIU_LEAVE_RUNNING, 1);
	if (o->tcp_skip_in_flight)
		criu_number(&d->opts, CRIU_TCP_SKIP_IN_FLIGHT, 1);
	if (o->link_remap)
		criu_number(&d->opts, CRIU_LINK_REMAP, 1);
	if (freezer)
		criu_text(&d->opts, CRIU_FREEZE_CGROUP, freezer->dir);
	if (o->parent) {
		criu_text(&d->opts, CRIU_PARENT_IMAGES, o->parent);
		criu_number(&d->opts, CRIU_TRACK_MEMORY, 1);
	} else if (o->pre_dump) {
		criu_number(&d->opts, CRIU_TRACK_MEMORY, 1);
	}
	if (add_namespaces(d, e) < 0)
		return -1;
	if (o->pre_dump)
		return 0;
	add_masks(d);
	criu_add_devices(&d->opts, d->container.config->platform, d->container.state.has_userns);
	return add_mounts(d, e) < 0 ? -1 : write_descriptors(d, e);
}

static int hear(void *ctx, const char *what, pid_t pid __attribute__((unused)),
		int *fd __attribute__((unused)), struct err *e)
{
	const struct dump *d = ctx;

	if (strcmp(what, "status-ready") != 0 || d->o->status_fd < 0)
		return 0;
	if (write(d->o->status_fd, "", 1) != 1)
		return fail_sys(e, "write to --status-fd %d", d->o->status_fd);
	(void)close(d->o->status_fd);
	return 0;
}

static int check_lazy(const char *program, struct err *e)
{
	struct criu c = { .sock = FD_NONE };
	bool can = false;
	int r = criu_start(&c, program, NULL, 0, e);

	if (r == 0)
		r = criu_can_lazy_pages(&c, &can, e);
	criu_stop(&c);
	if (r < 0 || can)
		return r;
	fail(e, ERR_UNSUPPORTED, "--lazy-pages: this criu or this kernel cannot");
	return fail_hint(e, "it needs userfaultfd with events");
}

static int run_criu(struct dump *d, struct err *e)
{
	struct criu c = { .sock = FD_NONE, .notify = hear, .ctx = d };
	char program[PATH_MAX];
	int r;

	if (criu_program(d->o, program, sizeof(program), e) < 0 ||
	    (d->o->lazy_pages && check_lazy(program, e) < 0))
		return -1;
	r = criu_start(&c, program, NULL, 0, e);
	if (r == 0 && criu_request(&c, d->o->pre_dump ? CRIU_PRE_DUMP : CRIU_DUMP, &d->opts, e) < 0)
		r = criu_fail_with_log(&d->folders, e);
	criu_stop(&c);
	return r;
}

/* criu has killed them; their parent may take a moment to notice. */
static int remove_dumped(struct dump *d, struct err *e)
{
	const struct state *s = &d->container.state;

	for (int i = 0; i < 10000 && process_alive((pid_t)s->pid, s->pid_start); i++)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	return container_remove_ended(&d->container, &d->home.cgroup, d->container.config->hooks,
				      e);
}

static int dump(struct dump *d, struct err *e)
{
	enum container_status status;
	char program[PATH_MAX];

	if (container_lock(&d->container, e) < 0 || container_status(&d->container, &status, e) < 0)
		return -1;
	if (status != STATUS_RUNNING && status != STATUS_PAUSED)
		return fail(e, ERR_CONFLICT,
			    "container '%s' cannot be checkpointed in the %s state",
			    d->container.state.id, word_name(status_words, status));
	if (criu_program(d->o, program, sizeof(program), e) < 0 ||
	    container_load_config(&d->container, e) < 0 ||
	    cgroups_recall(&d->home, &d->container, e) < 0 ||
	    criu_folders_open(&d->folders, d->o, true, e) < 0 || check_parent(d, e) < 0 ||
	    add_options(d, e) < 0 || run_criu(d, e) < 0)
		return -1;
	return d->o->leave_running || d->o->pre_dump ? 0 : remove_dumped(d, e);
}

/**
 * container_checkpoint() - the checkpoint command
 *
 * Unless it is left running, the container is gone afterwards.
 */
int container_checkpoint(int root, const char *id, const struct checkpoint_options *o,
			 struct err *e)
{
	struct dump d = { .o = o,
			  .container = { .dir = FD_NONE },
			  .folders = { .images = FD_NONE, .work = FD_NONE } };
	int r = container_open(&d.container, root, id, e);

	if (r == 0)
		r = dump(&d, e);
	criu_folders_close(&d.folders);
	cgroups_done(&d.home);
	str_done(&d.opts);
	container_done(&d.container);
	return r;
}
