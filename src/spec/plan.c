/* plan.c - the rows by which a plan is packed, and the table of stages */
#include "spec/plan.h"

// clang-format off
#define STATIC_TABLE(name, S) static const struct bind_table name = BIND_TABLE(name##_rows, S, false)

static const struct bind_row mount_rows[] = {
	ROW_U32("kind",            REQUIRED, struct plan_mount, kind),
	ROW_U32("shape",           REQUIRED, struct plan_mount, shape),
	ROW_STRING("target",       REQUIRED, struct plan_mount, target),
	ROW_STRING("type",         OPTIONAL, struct plan_mount, fs),
	ROW_STRING("source",       OPTIONAL, struct plan_mount, source),
	ROW_STRING("data",         OPTIONAL, struct plan_mount, data),
	ROW_STRING("label",        OPTIONAL, struct plan_mount, label),
	ROW_STRING("origin",       OPTIONAL, struct plan_mount, origin),
	ROW_I64("fd",              OPTIONAL, struct plan_mount, fd),
	ROW_BOOL("recursive",      OPTIONAL, struct plan_mount, recursive),
	ROW_BOOL("tmpcopyup",      OPTIONAL, struct plan_mount, tmpcopyup),
	ROW_BOOL("optional",       OPTIONAL, struct plan_mount, optional),
	ROW_BOOL("late",           OPTIONAL, struct plan_mount, late),
	ROW_BOOL("srcNofollow",    OPTIONAL, struct plan_mount, src_nofollow),
	ROW_BOOL("destNofollow",   OPTIONAL, struct plan_mount, dest_nofollow),
	ROW_BOOL("inside",         OPTIONAL, struct plan_mount, inside),
	ROW_BOOL("recursiveIdmap", OPTIONAL, struct plan_mount, rec_idmap),
	ROW_I64("usernsFd",        OPTIONAL, struct plan_mount, userns_fd),
	ROW_U64("attrSet",         OPTIONAL, struct plan_mount, attr_set),
	ROW_U64("attrClear",       OPTIONAL, struct plan_mount, attr_clr),
	ROW_U64("recursiveSet",    OPTIONAL, struct plan_mount, rec_set),
	ROW_U64("recursiveClear",  OPTIONAL, struct plan_mount, rec_clr),
	ROW_U64("propagation",     OPTIONAL, struct plan_mount, propagation),
};
STATIC_TABLE(mount, struct plan_mount);

static const struct bind_row device_rows[] = {
	ROW_STRING("path",    REQUIRED, struct plan_device, path),
	ROW_STRING("origin",  OPTIONAL, struct plan_device, origin),
	ROW_U32("mode",       REQUIRED, struct plan_device, mode),
	ROW_U64("rdev",       REQUIRED, struct plan_device, rdev),
	ROW_U32("uid",        REQUIRED, struct plan_device, uid),
	ROW_U32("gid",        REQUIRED, struct plan_device, gid),
	ROW_I64("fd",         OPTIONAL, struct plan_device, fd),
	ROW_BOOL("isDefault", REQUIRED, struct plan_device, is_default),
};
STATIC_TABLE(device, struct plan_device);

static const struct bind_row link_rows[] = {
	ROW_STRING("target", REQUIRED, struct plan_link, target),
	ROW_STRING("path",   REQUIRED, struct plan_link, path),
};
STATIC_TABLE(link, struct plan_link);

static const struct bind_row join_rows[] = {
	ROW_I64("type", REQUIRED, struct plan_join, type),
	ROW_I64("fd",   REQUIRED, struct plan_join, fd),
};
STATIC_TABLE(join, struct plan_join);

static const struct bind_row rootfs_rows[] = {
	ROW_STRING("path",           REQUIRED, struct plan_rootfs, path),
	ROW_I64("fd",                OPTIONAL, struct plan_rootfs, fd),
	ROW_BOOL("readonly",         OPTIONAL, struct plan_rootfs, readonly),
	ROW_BOOL("noPivot",          OPTIONAL, struct plan_rootfs, no_pivot),
	ROW_BOOL("inPlace",          OPTIONAL, struct plan_rootfs, in_place),
	ROW_BOOL("devicesByBind",    OPTIONAL, struct plan_rootfs, devices_by_bind),
	ROW_BOOL("makeDev",          OPTIONAL, struct plan_rootfs, make_dev),
	ROW_U64("propagation",       OPTIONAL, struct plan_rootfs, propagation),
	ROW_OBJECTS("mounts",        OPTIONAL, struct plan_rootfs, mounts, mount),
	ROW_OBJECTS("devices",       OPTIONAL, struct plan_rootfs, devices, device),
	ROW_OBJECTS("links",         OPTIONAL, struct plan_rootfs, links, link),
	ROW_STRINGS("maskedPaths",   OPTIONAL, struct plan_rootfs, masked),
	ROW_STRINGS("readonlyPaths", OPTIONAL, struct plan_rootfs, readonly_paths),
	ROW_STRING("maskData",       OPTIONAL, struct plan_rootfs, mask_data),
};
STATIC_TABLE(rootfs, struct plan_rootfs);

static const struct bind_row plan_table_rows[] = {
	ROW_STRING("id",               REQUIRED, struct plan, id),
	ROW_U64("stages",              REQUIRED, struct plan, stages),
	ROW_U64("lacking",             OPTIONAL, struct plan, lacking),
	ROW_OBJECTS("joins",           OPTIONAL, struct plan, joins, join),
	ROW_U64("unshare",             OPTIONAL, struct plan, unshare),
	ROW_BOOL("fork",               OPTIONAL, struct plan, fork),
	ROW_BOOL("inUserns",           OPTIONAL, struct plan, in_userns),
	ROW_I64("root",                OPTIONAL, struct plan, root),
	ROW_I64("home",                OPTIONAL, struct plan, home),
	ROW_BOOL("cgroupNamespace",    OPTIONAL, struct plan, cgroup_namespace),
	ROW_NUMBERS("cgroupTasks",     OPTIONAL, struct plan, cgroup_tasks, 0, 0),
	ROW_STRINGS("cgroupFiles",     OPTIONAL, struct plan, cgroup_files),
	ROW_OBJECT("rootfs",           OPTIONAL, struct plan, rootfs, rootfs),
	ROW_STRING("hostname",         OPTIONAL, struct plan, hostname),
	ROW_STRING("domainname",       OPTIONAL, struct plan, domainname),
	ROW_PAIRS("sysctl",            OPTIONAL, struct plan, sysctl),
	ROW_OBJECT("process",          OPTIONAL, struct plan, process, oci_process_table),
	ROW_BOOL("terminal",           OPTIONAL, struct plan, terminal),
	ROW_I64("startFd",             OPTIONAL, struct plan, start_fd),
	ROW_U32("preserveFds",         OPTIONAL, struct plan, preserve_fds),
	ROW_OBJECTS("createContainer", OPTIONAL, struct plan, create_container, oci_hook_table),
	ROW_OBJECTS("startContainer",  OPTIONAL, struct plan, start_container, oci_hook_table),
	ROW_STRING("stateCreated",     OPTIONAL, struct plan, state_created),
	ROW_STRING("stateStart",       OPTIONAL, struct plan, state_start),
	ROW_STRINGS("hookEnv",         OPTIONAL, struct plan, hook_env),
	ROW_I64("hookOut",             OPTIONAL, struct plan, hook_out),
	ROW_I64("hookErr",             OPTIONAL, struct plan, hook_err),
	ROW_BYTES("seccomp",           OPTIONAL, struct plan, seccomp),
	ROW_BOOL("hasSeccomp",         OPTIONAL, struct plan, has_seccomp),
	ROW_BOOL("seccompNotify",      OPTIONAL, struct plan, seccomp_notify),
	ROW_U64("seccompFlags",        OPTIONAL, struct plan, seccomp_flags),
	ROW_BOOL("newKeyring",         OPTIONAL, struct plan, new_keyring),
	ROW_BOOL("keepGroups",         OPTIONAL, struct plan, keep_groups),
	ROW_BOOL("rlimitsDone",        OPTIONAL, struct plan, rlimits_done),
	ROW_BOOL("setgroupsDenied",    OPTIONAL, struct plan, setgroups_denied),
	ROW_U32("lastCap",             OPTIONAL, struct plan, last_cap),
	ROW_OBJECT("personality",      OPTIONAL, struct plan, personality, oci_personality_table),
	ROW_OBJECT("memoryPolicy",     OPTIONAL, struct plan, memory_policy, oci_memory_policy_table),
	ROW_STRING("cpuInitial",       OPTIONAL, struct plan, cpu_initial),
	ROW_STRING("cpuFinal",         OPTIONAL, struct plan, cpu_final),
	ROW_STRING("selinuxLabel",     OPTIONAL, struct plan, selinux_label),
	ROW_STRING("apparmorProfile",  OPTIONAL, struct plan, apparmor_profile),
};
const struct bind_table plan_table = BIND_TABLE(plan_table_rows, struct plan, false);

const struct recipe_row stage_rows[STAGE_COUNT] = {
/* The cgroup is made while tare-init makes the mounts. */
#define X(name, side, phrase) \
	[STAGE_##name] = { #name, SIDE_##side, phrase, STAGE_##name == STAGE_MAKE_CGROUP },
	STAGES(X)
#undef X
};
// clang-format on

static int visit_mount(const struct plan_mount *m, int (*visit)(void *ctx, int fd, struct err *e),
		       void *ctx, struct err *e)
{
	int r = m->fd >= 0 ? visit(ctx, (int)m->fd, e) : 0;

	return r == 0 && m->userns_fd >= 0 ? visit(ctx, (int)m->userns_fd, e) : r;
}

/**
 * plan_each_fd() - visit every descriptor that the plan speaks of
 *
 * Return: 0, or what @visit returned when that was not 0.
 */
int plan_each_fd(const struct plan *p, int (*visit)(void *ctx, int fd, struct err *e), void *ctx,
		 struct err *e)
{
	const int64_t single[] = { p->start_fd,
				   p->hook_out ? p->hook_out : -1,
				   p->hook_err ? p->hook_err : -1,
				   p->rootfs ? p->rootfs->fd : -1,
				   p->root ? p->root : -1,
				   p->home ? p->home : -1 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < COUNT(single); i++)
		if (single[i] >= 0)
			r = visit(ctx, (int)single[i], e);
	for (size_t i = 0; r == 0 && i < p->joins.n; i++)
		r = visit(ctx, (int)p->joins.at[i].fd, e);
	for (size_t i = 0; r == 0 && i < p->cgroup_tasks.n; i++)
		r = visit(ctx, (int)p->cgroup_tasks.at[i], e);
	for (size_t i = 0; r == 0 && p->rootfs && i < p->rootfs->mounts.n; i++)
		r = visit_mount(&p->rootfs->mounts.at[i], visit, ctx, e);
	for (size_t i = 0; r == 0 && p->rootfs && i < p->rootfs->devices.n; i++)
		if (p->rootfs->devices.at[i].fd >= 0)
			r = visit(ctx, (int)p->rootfs->devices.at[i].fd, e);
	return r;
}
