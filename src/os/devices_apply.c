/* devices_apply.c - device rules put in force for a cgroup: v1's files, v2's BPF program
 *
 * Runs in the parent, before any process of the container is in the cgroup; later only for
 * `update`, when at no time more may be allowed than by the old or the new rules.
 */
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/err.h"
#include "base/own.h"
#include "base/text.h"
#include "os/cgroup.h"
#include "os/cgroup_file.h"
#include "os/devices.h"

#define PROGRAM_NAME "tare_devices"
#define PROGRAMS_MAX 64

/* --- v1 ----------------------------------------------------------------------------------- */

/* struct v1 - a cgroup's two files, opened once */
struct v1 {
	const struct cgroup_place *place;
	int allow, deny;
};

static int v1_open(struct v1 *v, int dirfd, struct err *e)
{
	v->allow = openat(dirfd, "devices.allow", O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	v->deny = openat(dirfd, "devices.deny", O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (v->allow < 0 || v->deny < 0)
		return fail_sys(e, "open '%s/devices.allow' and 'devices.deny'", v->place->dir);
	return 0;
}

static void v1_close(struct v1 *v)
{
	fd_close(&v->allow);
	fd_close(&v->deny);
}

/* A cgroup can't have what the one above it lacks: EPERM. */
static int v1_write(const struct v1 *v, bool allow, const struct device_rule *r, struct err *e)
{
	char text[64];
	int n;

	device_rule_format(r, text, sizeof(text));
	n = cgroup_try_write_fd(allow ? v->allow : v->deny, text);
	if (n == 0 || (n == -EPERM && allow && r->weak))
		return 0;
	fail_errno(e, -n, "write '%s' to '%s/devices.%s'", text, v->place->dir,
		   allow ? "allow" : "deny");
	if (n == -EPERM)
		return fail_hint(e, "the cgroup above does not have this device");
	return -1;
}

static int v1_default(const struct v1 *v, bool allow, struct err *e)
{
	int r = cgroup_try_write_fd(allow ? v->allow : v->deny, "a");

	if (r == 0)
		return 0;
	return fail_errno(e, -r, "write 'a' to '%s/devices.%s'", v->place->dir,
			  allow ? "allow" : "deny");
}

static unsigned bits_in(const struct device_set *s, const struct device_rule *r)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->at[i].type == r->type && s->at[i].major == r->major &&
		    s->at[i].minor == r->minor)
			return s->at[i].access;
	return 0;
}

/* Writes those of @of's exceptions that @already does not have. */
static int v1_difference(const struct v1 *v, bool allow, const struct device_set *of,
			 const struct device_set *already, struct err *e)
{
	for (size_t i = 0; i < of->n; i++) {
		struct device_rule r = of->at[i];

		r.access &= ~bits_in(already, &r);
		if (r.access && v1_write(v, allow, &r, e) < 0)
			return -1;
	}
	return 0;
}

static int v1_switch(const struct v1 *v, const struct device_set *now,
		     const struct device_set *want, struct err *e)
{
	static const struct device_set none = { 0 };

	/* what is denied in a list of denials is not shown, so that one is written anew */
	if (now->allow_by_default || want->allow_by_default) {
		if ((!want->allow_by_default || !now->allow_by_default || want->n) &&
		    v1_default(v, want->allow_by_default, e) < 0)
			return -1;
		return v1_difference(v, !want->allow_by_default, want, &none, e);
	}
	if (v1_difference(v, false, now, want, e) < 0)
		return -1;
	return v1_difference(v, true, want, now, e);
}

static int v1_now(const struct cgroup_place *p, int dirfd, struct device_set *ret_set,
		  struct err *e)
{
	size_t size = 64 << 10;
	own_mem char *list = malloc(size);
	int r = list ? cgroup_try_read(dirfd, "devices.list", list, size) : -ENOMEM;

	if (r < 0)
		return fail_errno(e, -r, "read '%s/devices.list'", p->dir);
	return device_set_parse(list, ret_set, e);
}

static int v1_apply(const struct cgroup_place *p, int dirfd, const struct device_rule *rules,
		    size_t n, bool fresh, struct err *e)
{
	struct device_set want = { 0 }, now = { .allow_by_default = true };
	struct v1 v = { .place = p, .allow = FD_NONE, .deny = FD_NONE };
	int r = -1;

	/* a fresh cgroup has what its parent has, which is as open as it can be */
	if (fresh && device_rules_open(rules, n))
		return 0;
	if (device_set_build(rules, n, &want, NULL, e) < 0)
		return -1;
	if ((fresh || v1_now(p, dirfd, &now, e) == 0) && v1_open(&v, dirfd, e) == 0)
		r = v1_switch(&v, &now, &want, e);
	v1_close(&v);
	free(want.at);
	free(now.at);
	return r;
}

/* --- v2 ----------------------------------------------------------------------------------- */

static int try_bpf(int cmd, union bpf_attr *attr)
{
	long r = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return r < 0 ? -errno : (int)r;
}

static int program_load(const struct bpf_insn *insns, size_t n)
{
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uintptr_t)insns,
		.insn_cnt = (__u32)n,
		.license = (uintptr_t) "Apache-2.0",
		.prog_name = PROGRAM_NAME,
	};
	int r = -EAGAIN;

	/* EAGAIN: a signal came while the verifier was at work */
	for (int i = 0; i < 10 && r == -EAGAIN; i++)
		r = try_bpf(BPF_PROG_LOAD, &attr);
	return r;
}

/* A descriptor of program @id if it is ours; systemd may have attached its own. */
static int our_program(__u32 id)
{
	union bpf_attr attr = { .prog_id = id };
	own_fd int fd = try_bpf(BPF_PROG_GET_FD_BY_ID, &attr);
	struct bpf_prog_info info = { 0 };
	union bpf_attr ask = {
		.info.bpf_fd = (__u32)fd,
		.info.info_len = sizeof(info),
		.info.info = (uintptr_t)&info,
	};

	if (fd < 0 || try_bpf(BPF_OBJ_GET_INFO_BY_FD, &ask) < 0)
		return -ENOENT;
	return strcmp(info.name, PROGRAM_NAME) == 0 ? give_fd(&fd) : -ENOENT;
}

/* Programs of ours that are attached to the cgroup: how many, or -errno. */
static int our_programs(int dirfd, int *ret_fds)
{
	__u32 ids[PROGRAMS_MAX];
	union bpf_attr attr = {
		.query.target_fd = (__u32)dirfd,
		.query.attach_type = BPF_CGROUP_DEVICE,
		.query.prog_ids = (uintptr_t)ids,
		.query.prog_cnt = PROGRAMS_MAX,
	};
	int r = try_bpf(BPF_PROG_QUERY, &attr), n = 0;

	if (r < 0)
		return r;
	for (__u32 i = 0; i < attr.query.prog_cnt; i++) {
		int fd = our_program(ids[i]);

		if (fd >= 0)
			ret_fds[n++] = fd;
	}
	return n;
}

static int program_attach(int dirfd, int prog, int instead_of)
{
	union bpf_attr attr = {
		.target_fd = (__u32)dirfd,
		.attach_bpf_fd = (__u32)prog,
		.attach_type = BPF_CGROUP_DEVICE,
		.attach_flags = BPF_F_ALLOW_MULTI,
	};

	if (instead_of >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (__u32)instead_of;
	}
	return try_bpf(BPF_PROG_ATTACH, &attr);
}

static int program_detach(int dirfd, int prog)
{
	union bpf_attr attr = {
		.target_fd = (__u32)dirfd,
		.attach_bpf_fd = (__u32)prog,
		.attach_type = BPF_CGROUP_DEVICE,
	};

	return try_bpf(BPF_PROG_DETACH, &attr);
}

/* One old program is replaced at once (Linux 5.6); else the new one comes before the old ones
 * go: while both are there, both must agree. @prog < 0: the old ones only go. */
static int program_swap(int dirfd, int prog)
{
	int old[PROGRAMS_MAX], n = our_programs(dirfd, old), r = n < 0 ? n : 0;
	bool replaced = false;

	if (prog >= 0 && n == 1) {
		r = program_attach(dirfd, prog, old[0]);
		replaced = r == 0;
	}
	if (prog >= 0 && n >= 0 && !replaced)
		r = program_attach(dirfd, prog, FD_NONE);
	for (int i = 0; i < n; i++) {
		if (r == 0 && !replaced)
			r = program_detach(dirfd, old[i]);
		fd_close(&old[i]);
	}
	return r;
}

static int fail_bpf(const struct cgroup_place *p, const char *what, int sysno, struct err *e)
{
	fail_errno(e, sysno, "%s the device program of cgroup '%s'", what, p->dir);
	if (sysno == EPERM)
		return fail_hint(e, "this needs CAP_BPF or CAP_SYS_ADMIN, and CAP_NET_ADMIN");
	if (sysno == ENOSYS || sysno == EINVAL)
		return fail_hint(e, "this kernel lacks CONFIG_CGROUP_BPF");
	return -1;
}

static int v2_apply(const struct cgroup_place *p, const struct device_rule *rules, size_t n,
		    bool fresh, struct err *e)
{
	own_fd int dirfd = fd_open(p->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	own_fd int prog = FD_NONE;
	own_mem struct bpf_insn *insns = NULL;
	size_t count;
	int r;

	if (dirfd < 0)
		return fail_sys(e, "open cgroup '%s'", p->dir);
	if (!device_rules_open(rules, n)) {
		if (device_program_build(rules, n, &insns, &count, e) < 0)
			return -1;
		prog = program_load(insns, count);
		if (prog < 0)
			return fail_bpf(p, "load", -prog, e);
	} else if (fresh) {
		return 0;
	}
	r = fresh ? program_attach(dirfd, prog, FD_NONE) : program_swap(dirfd, prog);
	return r < 0 ? fail_bpf(p, "attach", -r, e) : 0;
}

/**
 * devices_apply() - put a rule list in force
 * @p:     a place in the hierarchy that has CGROUP_DEVICES
 * @fresh: the cgroup was just made, so nothing is in force yet but what its parent has
 */
int devices_apply(const struct cgroup_place *p, const struct device_rule *rules, size_t n,
		  bool fresh, struct err *e)
{
	own_fd int dirfd = FD_NONE;

	if (p->in->version == CGROUP_V2)
		return v2_apply(p, rules, n, fresh, e);
	dirfd = cgroup_place_open(p, e);
	return dirfd < 0 ? -1 : v1_apply(p, dirfd, rules, n, fresh, e);
}
