/* checkpoint.c - checkpoint and restore */
#include <fcntl.h>
#include <sched.h>
#include <string.h>

#include "base/log.h"
#include "base/own.h"
#include "oci/cli.h"
#include "runtime/checkpoint.h"
#include "runtime/container.h"
#include "runtime/create.h"

struct checkpoint {
	const char *image_path, *work_path, *parent_path, *page_server, *cgroups_mode,
		*network_lock, *status_fd;
	struct opt_list empty_ns;
	bool leave_running, tcp_established, tcp_skip_in_flight, link_remap, ext_unix_sk, shell_job,
		lazy_pages, file_locks, pre_dump, auto_dedup;
};

// clang-format off
static const struct opt checkpoint_opts[] = {
	OPT_STRING_("image-path",          0, struct checkpoint, image_path,    "DIR",  "where the images go; 'checkpoint' by default"),
	OPT_STRING_("work-path",           0, struct checkpoint, work_path,     "DIR",  "where criu's log goes; with the images by default"),
	OPT_STRING_("parent-path",         0, struct checkpoint, parent_path,   "DIR",  "images of an earlier --pre-dump, relative to the image path"),
	OPT_FLAG_("leave-running",         0, struct checkpoint, leave_running,         "let the container go on afterwards"),
	OPT_FLAG_("tcp-established",       0, struct checkpoint, tcp_established,       "allow open TCP connections"),
	OPT_FLAG_("tcp-skip-in-flight",    0, struct checkpoint, tcp_skip_in_flight,    "leave out TCP connections that are being made"),
	OPT_FLAG_("link-remap",            0, struct checkpoint, link_remap,            "link deleted files back where possible"),
	OPT_FLAG_("ext-unix-sk",           0, struct checkpoint, ext_unix_sk,           "allow unix sockets to the outside"),
	OPT_FLAG_("shell-job",             0, struct checkpoint, shell_job,             "allow processes of a shell's job"),
	OPT_FLAG_("lazy-pages",            0, struct checkpoint, lazy_pages,            "serve memory later (userfaultfd)"),
	OPT_STRING_("status-fd",           0, struct checkpoint, status_fd,     "FD",   "gets one byte once lazy pages are served"),
	OPT_STRING_("page-server",         0, struct checkpoint, page_server,   "ADDRESS:PORT", "where memory goes"),
	OPT_FLAG_("file-locks",            0, struct checkpoint, file_locks,            "keep file locks"),
	OPT_FLAG_("pre-dump",              0, struct checkpoint, pre_dump,              "only the memory, and let it go on"),
	OPT_STRING_("manage-cgroups-mode", 0, struct checkpoint, cgroups_mode,  "MODE", "'soft' (default), 'full', 'strict' or 'ignore'"),
	OPT_STRING_("network-lock",        0, struct checkpoint, network_lock,  "METHOD", "'iptables', 'nftables' or 'skip'"),
	OPT_STRINGS_("empty-ns",           0, struct checkpoint, empty_ns,      "NAMESPACE", "'network': do not save what is in it"),
	OPT_FLAG_("auto-dedup",            0, struct checkpoint, auto_dedup,            "drop memory from older images that newer ones have"),
};
// clang-format on

static int read_empty_ns(const struct opt_list *l, uint64_t *ret_flags, struct err *e)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->at[i], "network") != 0)
			return fail(e, ERR_UNSUPPORTED,
				    "--empty-ns '%s': criu knows it for 'network' only", l->at[i]);
		*ret_flags |= CLONE_NEWNET;
	}
	return 0;
}

static int read_status_fd(const char *text, int *ret_fd, struct err *e)
{
	uint64_t fd;
	int flags;

	*ret_fd = -1;
	if (!text || strcmp(text, "-1") == 0)
		return 0;
	if (text_u64(text, 1 << 20, &fd) < 0)
		return fail(e, ERR_INPUT, "invalid --status-fd argument '%s'", text);
	flags = fcntl((int)fd, F_GETFL);
	if (flags < 0)
		return fail_sys(e, "invalid --status-fd argument %s", text);
	if ((flags & O_ACCMODE) == O_RDONLY)
		return fail(e, ERR_INPUT, "invalid --status-fd argument %s: not writable", text);
	*ret_fd = (int)fd;
	return 0;
}

static int run_checkpoint(const struct cli *cli, void *options, char **args,
			  size_t n_args __attribute__((unused)),
			  int *ret_status __attribute__((unused)), struct err *e)
{
	const struct checkpoint *c = options;
	struct checkpoint_options o = {
		.criu = cli->criu,
		.images = c->image_path,
		.work = c->work_path,
		.parent = c->parent_path,
		.cgroups_mode = c->cgroups_mode,
		.page_server = c->page_server,
		.network_lock = c->network_lock,
		.leave_running = c->leave_running,
		.tcp_established = c->tcp_established,
		.tcp_skip_in_flight = c->tcp_skip_in_flight,
		.link_remap = c->link_remap,
		.ext_unix_sk = c->ext_unix_sk,
		.shell_job = c->shell_job,
		.lazy_pages = c->lazy_pages,
		.file_locks = c->file_locks,
		.pre_dump = c->pre_dump,
		.auto_dedup = c->auto_dedup,
	};
	own_fd int root = cli_open_root(cli, e);

	if (root < 0 || read_empty_ns(&c->empty_ns, &o.empty_ns, e) < 0 ||
	    read_status_fd(c->status_fd, &o.status_fd, e) < 0)
		return -1;
	if (o.pre_dump && o.lazy_pages)
		log_warn("--pre-dump and --lazy-pages together: memory is copied twice");
	return container_checkpoint(root, args[0], &o, e);
}

const struct command checkpoint_command = {
	.name = "checkpoint",
	.args = "CONTAINER",
	.summary = "save a container's processes to files, with criu",
	.opts = checkpoint_opts,
	.n = COUNT(checkpoint_opts),
	.size = sizeof(struct checkpoint),
	.min = 1,
	.max = 1,
	.run = run_checkpoint,
};

struct restore {
	const char *image_path, *work_path, *cgroups_mode, *network_lock, *bundle, *console_socket,
		*pid_file, *lsm_profile, *lsm_mount_context;
	struct opt_list empty_ns;
	bool tcp_established, tcp_close, ext_unix_sk, shell_job, lazy_pages, file_locks, auto_dedup,
		detach, no_subreaper, no_pivot;
};

// clang-format off
static const struct opt restore_opts[] = {
	OPT_STRING_("bundle",              'b', struct restore, bundle,            "DIR",  "the bundle; the working directory by default"),
	OPT_STRING_("image-path",          0,   struct restore, image_path,        "DIR",  "where the images are; 'checkpoint' by default"),
	OPT_STRING_("work-path",           0,   struct restore, work_path,         "DIR",  "where criu's log goes; with the images by default"),
	OPT_STRING_("console-socket",      0,   struct restore, console_socket,    "PATH", "unix socket that receives the terminal"),
	OPT_STRING_("pid-file",            0,   struct restore, pid_file,          "FILE", "where the process's id is written"),
	OPT_FLAG_("detach",                'd', struct restore, detach,                    "do not wait for the end"),
	OPT_FLAG_("tcp-established",       0,   struct restore, tcp_established,           "restore open TCP connections"),
	OPT_FLAG_("tcp-close",             0,   struct restore, tcp_close,                 "restore open TCP connections as closed ones"),
	OPT_FLAG_("ext-unix-sk",           0,   struct restore, ext_unix_sk,               "allow unix sockets to the outside"),
	OPT_FLAG_("shell-job",             0,   struct restore, shell_job,                 "allow processes of a shell's job"),
	OPT_FLAG_("lazy-pages",            0,   struct restore, lazy_pages,                "fetch memory when it is needed (criu lazy-pages must run)"),
	OPT_FLAG_("file-locks",            0,   struct restore, file_locks,                "restore file locks"),
	OPT_STRING_("manage-cgroups-mode", 0,   struct restore, cgroups_mode,      "MODE", "'soft' (default), 'full', 'strict' or 'ignore'"),
	OPT_STRING_("network-lock",        0,   struct restore, network_lock,      "METHOD", "'iptables', 'nftables' or 'skip'"),
	OPT_STRINGS_("empty-ns",           0,   struct restore, empty_ns,          "NAMESPACE", "'network': make it, but leave it empty"),
	OPT_FLAG_("auto-dedup",            0,   struct restore, auto_dedup,                "drop memory from the images once it is restored"),
	OPT_STRING_("lsm-profile",         0,   struct restore, lsm_profile,       "TYPE:NAME", "security profile to run with"),
	OPT_STRING_("lsm-mount-context",   0,   struct restore, lsm_mount_context, "CONTEXT", "SELinux context of mounts"),
	OPT_FLAG_("no-subreaper",          0,   struct restore, no_subreaper,              "do not adopt the container's orphans"),
	OPT_FLAG_("no-pivot",              0,   struct restore, no_pivot,                  "accepted; criu decides"),
};
// clang-format on

static int run_restore(const struct cli *cli, void *options, char **args,
		       size_t n_args __attribute__((unused)), int *ret_status, struct err *e)
{
	const struct restore *r = options;
	struct checkpoint_options c = {
		.criu = cli->criu,
		.images = r->image_path,
		.work = r->work_path,
		.cgroups_mode = r->cgroups_mode,
		.network_lock = r->network_lock,
		.lsm_profile = r->lsm_profile,
		.lsm_mount_context = r->lsm_mount_context,
		.tcp_established = r->tcp_established,
		.tcp_close = r->tcp_close,
		.ext_unix_sk = r->ext_unix_sk,
		.shell_job = r->shell_job,
		.lazy_pages = r->lazy_pages,
		.file_locks = r->file_locks,
		.auto_dedup = r->auto_dedup,
		.status_fd = -1,
	};
	struct create_options o = {
		.root = cli->root,
		.id = args[0],
		.bundle = r->bundle ? r->bundle : ".",
		.console_socket = r->console_socket,
		.pid_file = r->pid_file,
		.detach = r->detach,
		.strict = cli->strict,
		.no_subreaper = r->no_subreaper,
		.start = true,
		.restore = &c,
		.unit_prefix = cli_unit_prefix(cli),
	};

	if (read_empty_ns(&r->empty_ns, &c.empty_ns, e) < 0 ||
	    cli_cgroup_manager(cli, &o.cgroup_manager, e) < 0)
		return -1;
	return container_run(&o, ret_status, e);
}

const struct command restore_command = {
	.name = "restore",
	.args = "CONTAINER",
	.summary = "make a container from such files, with criu",
	.opts = restore_opts,
	.n = COUNT(restore_opts),
	.size = sizeof(struct restore),
	.min = 1,
	.max = 1,
	.run = run_restore,
};
