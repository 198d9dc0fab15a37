/* check.c - what a config may not ask of this kernel, this build or this caller
 *
 * Runs before anything is made. Each check is a row; it names the member by its JSON pointer
 * and says what would mend it.
 */
#include "runtime/check.h"

#include <linux/capability.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/err.h"
#include "base/own.h"
#include "os/file.h"
#include "os/fstype.h"
#include "os/lsm.h"
#include "os/mountopt.h"
#include "os/sys.h"
#include "runtime/check_rules.h"
#include "runtime/check_values.h"
#include "runtime/create.h"
#include "runtime/net_devices.h"
#include "runtime/notes.h"
#include "runtime/rdt.h"
#include "spec/oci.h"

typedef int check_function(const struct oci_config *c, const struct create_options *o,
			   struct err *e);

static int check_version(const struct oci_config *c,
			 const struct create_options *o __attribute__((unused)), struct err *e)
{
	if (text_starts(c->oci_version, "1.") || text_starts(c->oci_version, "1-"))
		return 0;
	fail(e, ERR_UNSUPPORTED, "version '%s' of the specification is not supported",
	     c->oci_version);
	fail_hint(e, "this runtime knows %s to %s", OCI_VERSION_MIN, OCI_VERSION_MAX);
	return fail_at(e, "config.json: /ociVersion");
}

static int check_process(const struct oci_config *c,
			 const struct create_options *o __attribute__((unused)), struct err *e)
{
	if (!c->process) {
		fail(e, ERR_INPUT, "it is missing");
		return fail_at(e, "config.json: /process");
	}
	if (!c->process->args || !c->process->args[0]) {
		fail(e, ERR_INPUT, "at least the program is needed");
		return fail_at(e, "config.json: /process/args");
	}
	if (c->process->cwd[0] != '/') {
		fail(e, ERR_INPUT, "'%s' is not an absolute path", c->process->cwd);
		return fail_at(e, "config.json: /process/cwd");
	}
	return 0;
}

static int check_linux(const struct oci_config *c,
		       const struct create_options *o __attribute__((unused)), struct err *e)
{
	if (!c->platform) {
		fail(e, ERR_INPUT, "it is missing");
		return fail_at(e, "config.json: /linux");
	}
	return 0;
}

/* Without a mount namespace, the container's mounts belong to none when all is done (init/home.c). */
static int fail_without_mount_namespace(const char *what, const char *why, struct err *e)
{
	fail(e, ERR_UNSUPPORTED, "%s: there is no mount namespace%s", what, why);
	return fail_hint(e, "add {\"type\": \"mount\"} to linux.namespaces");
}

static bool is_private(uint64_t propagation)
{
	return !(propagation & ~(uint64_t)(MS_PRIVATE | MS_REC));
}

/* What is in no namespace has no peers and no masters; and what is unbindable cannot be taken along. */
static int check_spread(const struct oci_mount *m, size_t i, struct err *e)
{
	struct mount_want w = { 0 };
	size_t k = 0;
	int r = 0;

	for (; r == 0 && is_private(w.propagation) && m->options && m->options[k]; k++)
		r = mountopt_add(&w, m->options[k]);
	if (r < 0) {
		fail_errno(e, ENOMEM, "read the mount options");
	} else if (!is_private(w.propagation)) {
		char what[64];

		snprintf(what, sizeof(what), "option '%.32s'", m->options[k - 1]);
		fail_without_mount_namespace(what, ", and mounts can only be private", e);
		r = fail_at(e, "config.json: /mounts/%zu/options/%zu", i, k - 1);
	}
	mountopt_done(&w);
	return r;
}

/* Can tare-init come back to where we are, and take the container's mounts along? */
static int check_way_home(struct err *e)
{
	own_fd int ours = fd_open("/proc/self/ns/mnt", O_RDONLY);
	own_fd int owner = ours < 0 ? FD_NONE : ioctl(ours, NS_GET_USERNS);

	if (ours < 0 || (owner < 0 && errno != EPERM))
		return fail_sys(e, "look at our own mount namespace");
	if (owner < 0) {
		fail_without_mount_namespace(
			"linux.namespaces",
			", and ours is that of a user namespace above: nobody comes back to it", e);
		return fail_at(e, "config.json: /linux/namespaces");
	}
	if (sys_open_tree(-1, "", 0) < 0 && errno != ENOSYS)
		return 0;
	fail_without_mount_namespace("linux.namespaces", ", which needs Linux 5.2", e);
	return fail_at(e, "config.json: /linux/namespaces");
}

static int check_host_mounts(const struct oci_config *c, const struct create_options *o,
			     struct err *e)
{
	const struct opt_word *spread = &c->platform->rootfs_propagation;
	const struct {
		bool asked;
		const char *what, *where;
	} rows[] = {
		{ spread->set && !is_private((uint64_t)spread->v), "a propagation",
		  "/linux/rootfsPropagation" },
		{ oci_namespace_of(c->platform, CLONE_NEWUSER) != NULL, "a user namespace",
		  "/linux/namespaces" },
		{ o->restore != NULL, "restore", "/linux/namespaces" },
	};

	if (oci_namespace_of(c->platform, CLONE_NEWNS))
		return 0;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].asked) {
			fail_without_mount_namespace(rows[i].what, "", e);
			return fail_at(e, "config.json: %s", rows[i].where);
		}
	for (size_t i = 0; i < c->mounts.n; i++)
		if (check_spread(&c->mounts.at[i], i, e) < 0)
			return -1;
	return o->dry ? 0 : check_way_home(e);
}

/* The program is in the host's mount namespace, though its root is not. */
static int check_host_powers(const struct oci_config *c, const struct create_options *o,
			     struct err *e)
{
	const struct oci_capabilities *caps = c->process->capabilities;
	uint64_t held = caps->bounding | caps->permitted | caps->effective;
	struct err note = { 0 };

	if (oci_namespace_of(c->platform, CLONE_NEWNS) || !(held & ((uint64_t)1 << CAP_SYS_ADMIN)))
		return 0;
	fail(&note, ERR_DENIED,
	     "without a mount namespace, CAP_SYS_ADMIN can mount on the host, and with "
	     "CAP_SYS_CHROOT leave the root");
	fail_hint(&note, "drop it, or add {\"type\": \"mount\"} to linux.namespaces");
	fail_at(&note, "config.json: /process/capabilities");
	return note_or_fail(o->strict, &note, e);
}

static int check_uts(const struct oci_config *c,
		     const struct create_options *o __attribute__((unused)), struct err *e)
{
	const char *name = c->hostname ? "hostname" : "domainname";

	if ((!c->hostname && !c->domainname) || oci_namespace_of(c->platform, CLONE_NEWUTS))
		return 0;
	fail(e, ERR_INPUT, "unable to set %s without a private UTS namespace", name);
	fail_hint(e, "add {\"type\": \"uts\"} to linux.namespaces");
	return fail_at(e, "config.json: /%s", name);
}

static int check_mappings(const struct oci_config *c,
			  const struct create_options *o __attribute__((unused)), struct err *e)
{
	const struct oci_namespace *user = oci_namespace_of(c->platform, CLONE_NEWUSER);
	bool maps = c->platform->uid_mappings.n || c->platform->gid_mappings.n;

	if (maps && !user) {
		fail(e, ERR_INPUT, "id mappings need a user namespace");
		fail_hint(e, "add {\"type\": \"user\"} to linux.namespaces");
		return fail_at(e, "config.json: /linux/uidMappings");
	}
	if (!user || user->path || !maps ||
	    (c->platform->uid_mappings.n && c->platform->gid_mappings.n))
		return 0;
	fail(e, ERR_INPUT,
	     "a new user namespace needs both uidMappings and gidMappings, or neither");
	return fail_at(e, "config.json: /linux/%s",
		       c->platform->uid_mappings.n ? "gidMappings" : "uidMappings");
}

static int check_pid_file(const struct oci_config *c __attribute__((unused)),
			  const struct create_options *o, struct err *e)
{
	if (!o->pid_file || file_check_place(o->pid_file, e) == 0)
		return 0;
	return fail_in(e, "option '--pid-file'");
}

static int check_terminal(const struct oci_config *c, const struct create_options *o, struct err *e)
{
	bool detached = o->detach || !o->start;

	if (o->dry)
		return 0;
	if (c->process->terminal && detached && !o->console_socket) {
		fail(e, ERR_INPUT, "cannot allocate tty if %s without setting console socket",
		     o->start ? "detached" : "created");
		return fail_hint(e, "use --console-socket with --detach when a terminal is used");
	}
	if (!o->console_socket || (c->process->terminal && detached))
		return 0;
	fail(e, ERR_INPUT, "--console-socket cannot be used: %s",
	     c->process->terminal ? "the terminal stays with this command"
				  : "the process asks for no terminal");
	return fail_at(e, "config.json: /process/terminal");
}

static int check_specification(const struct oci_config *c,
			       const struct create_options *o __attribute__((unused)),
			       struct err *e)
{
	return check_rules(c, e);
}

static int check_sysctls(const struct oci_config *c,
			 const struct create_options *o __attribute__((unused)), struct err *e)
{
	return check_sysctl(c, e);
}

static int check_policy(const struct oci_config *c,
			const struct create_options *o __attribute__((unused)), struct err *e)
{
	check_ambient(c->process);
	return check_scheduler(c, e) < 0 ? -1 : check_memory_policy(c, e);
}

static int check_lsm(const struct oci_config *c,
		     const struct create_options *o __attribute__((unused)), struct err *e)
{
	if (lsm_check_mount_label(c->platform->mount_label, "config.json: /linux", e) < 0)
		return -1;
	return lsm_check(c->process->apparmor_profile, c->process->selinux_label,
			 "config.json: /process", e);
}

static int check_net_devices(const struct oci_config *c, const struct create_options *o,
			     struct err *e)
{
	if (!o->restore || !c->platform->net_devices.n)
		return net_devices_check(c, e);
	fail(e, ERR_UNSUPPORTED, "network devices cannot be given to a container that is restored");
	return fail_at(e, "config.json: /linux/netDevices");
}

static int check_rdt(const struct oci_config *c, const struct create_options *o, struct err *e)
{
	if (!o->restore || !c->platform->intel_rdt)
		return rdt_check(c, o->id, e);
	fail(e, ERR_UNSUPPORTED, "a resctrl group cannot be given to a container that is restored");
	return fail_at(e, "config.json: /linux/intelRdt");
}

/* config-linux.md, "Personality": there are no flags yet, and to leave one out is not what it asks for. */
static int check_personality(const struct oci_config *c,
			     const struct create_options *o __attribute__((unused)), struct err *e)
{
	const struct oci_personality *p = c->platform->personality;

	if (!p || !p->flags || !p->flags[0])
		return 0;
	fail(e, ERR_UNSUPPORTED, "personality flag '%s' is not known", p->flags[0]);
	return fail_at(e, "config.json: /linux/personality/flags/0");
}

/* Nearly every bundle has these, so nothing is read for them; of one that a kernel lacks the mount
 * will say so. */
static const char *const common_types[] = {
	"proc", "tmpfs", "sysfs", "devpts", "mqueue", "bind", "cgroup", "cgroup2",
};

static bool makes_fs(const struct oci_mount *m)
{
	struct mount_want w = { 0 };
	bool makes = m->type && *m->type;

	for (size_t i = 0; makes && i < COUNT(common_types); i++)
		makes = strcmp(m->type, common_types[i]) != 0;
	for (size_t i = 0; makes && m->options && m->options[i]; i++)
		makes = mountopt_add(&w, m->options[i]) == 0 && !w.bind && !w.remount;
	mountopt_done(&w);
	return makes;
}

/* While modules may still bring the type, the mount's own word counts; a plan asks for none. */
static int check_types(const struct oci_config *c, const struct create_options *o, struct err *e)
{
	for (size_t i = 0; i < c->mounts.n; i++) {
		enum fstype is = makes_fs(&c->mounts.at[i]) ? fstype_look(c->mounts.at[i].type)
							    : FSTYPE_KNOWN;
		struct err note = { 0 };

		if (is == FSTYPE_KNOWN || (is == FSTYPE_MAYBE && !o->dry))
			continue;
		fail(&note, ERR_UNSUPPORTED, "unknown file system type '%s'", c->mounts.at[i].type);
		fail_hint(&note, is == FSTYPE_NEVER
					 ? "see /proc/filesystems; this kernel has no modules"
					 : "see /proc/filesystems; a kernel module may bring it");
		fail_at(&note, "config.json: /mounts/%zu/type", i);
		if (note_or_fail(o->strict || is == FSTYPE_NEVER, &note, e) < 0)
			return -1;
	}
	return 0;
}

/* Members that this version cannot honour yet. Ignoring one would make another container. */
static int check_honoured(const struct oci_config *c, const struct create_options *o, struct err *e)
{
	const struct {
		bool asked;
		const char *what, *where;
	} rows[] = {
		{ oci_annotation(c, "run.oci.systemd.force_cgroup_v1") != NULL,
		  "showing systemd a cgroup v1 hierarchy",
		  "config.json: /annotations/run.oci.systemd.force_cgroup_v1" },
		{ oci_annotation(c, "run.oci.delegate-cgroup") &&
			  strcmp(o->cgroup_manager, "systemd") != 0,
		  "run.oci.delegate-cgroup without the systemd cgroup manager",
		  "config.json: /annotations/run.oci.delegate-cgroup" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].asked) {
			fail(e, ERR_UNSUPPORTED, "%s is not supported by this version",
			     rows[i].what);
			return fail_at(e, "%s", rows[i].where);
		}
	return 0;
}

static check_function *const checks[] = {
	check_version,     check_process,     check_linux,  check_specification,
	check_host_mounts, check_host_powers, check_uts,    check_mappings,
	check_terminal,    check_sysctls,     check_policy, check_lsm,
	check_honoured,    check_net_devices, check_rdt,    check_pid_file,
	check_personality, check_types,
};

/**
 * check_config() - refuse what cannot be done; touches nothing
 */
int check_config(const struct oci_config *c, const struct create_options *o, struct err *e)
{
	for (size_t i = 0; i < COUNT(checks); i++)
		if (checks[i](c, o, e) < 0)
			return -1;
	return 0;
}
