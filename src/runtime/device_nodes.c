/* device_nodes.c - what goes into /dev
 *
 * A user namespace cannot make device nodes. There they are made here, one at a time in a
 * folder of the container's state that nobody else can enter, and handed over as mounts.
 */
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "os/mount.h"
#include "runtime/creation.h"

// clang-format off
/* What every container gets in /dev. Source: config-linux.md "Default Devices". */
static const struct { const char *path; unsigned major, minor; } default_devices[] = {
	{ "/dev/null",    1, 3 },
	{ "/dev/zero",    1, 5 },
	{ "/dev/full",    1, 7 },
	{ "/dev/random",  1, 8 },
	{ "/dev/urandom", 1, 9 },
	{ "/dev/tty",     5, 0 },
};

static const struct { const char *path, *target; } default_links[] = {
	{ "/dev/fd",     "/proc/self/fd"   },
	{ "/dev/stdin",  "/proc/self/fd/0" },
	{ "/dev/stdout", "/proc/self/fd/1" },
	{ "/dev/stderr", "/proc/self/fd/2" },
	{ "/dev/ptmx",   "pts/ptmx"        },
};
// clang-format on

static int out_of_memory(struct err *e)
{
	return fail_errno(e, ENOMEM, "plan the devices");
}

/* /dev is ours to fill unless the config shows the host's there, or mounts nothing on it. */
static bool dev_is_ours(const struct creation *c)
{
	for (size_t i = 0; i < c->mounts.n; i++)
		if (c->mounts.list[i].kind == PLAN_BIND &&
		    strcmp(c->mounts.list[i].target, "/dev") == 0)
			return false;
	return true;
}

static int device_mode(const struct oci_device *d, uint32_t *ret_type, struct err *e)
{
	static const struct word types[] = {
		{ "c", S_IFCHR }, { "u", S_IFCHR }, { "b", S_IFBLK }, { "p", S_IFIFO }, { NULL, 0 }
	};
	const struct word *w = word_find(types, d->type);

	if (!w)
		return fail(e, ERR_INPUT, "unknown device type '%s'", d->type);
	*ret_type = (uint32_t)w->value;
	return 0;
}

static int add_config_device(struct creation *c, size_t i, struct plan_device *out, struct err *e)
{
	const struct oci_device *d = &c->bundle.config.platform->devices.at[i];
	uint32_t type = 0;

	out->origin = arena_printf(&c->mem, "/linux/devices/%zu", i);
	out->path = mount_plan_clean(&c->mem, d->path);
	if (!out->origin || !out->path)
		return out_of_memory(e);
	if (device_mode(d, &type, e) < 0)
		return fail_at(e, "config.json: %s/type", out->origin);
	if (type != S_IFIFO &&
	    (!d->major.set || !d->minor.set || d->major.v < 0 || d->minor.v < 0)) {
		fail(e, ERR_INPUT, "device '%s' needs a major and a minor number", d->path);
		return fail_at(e, "config.json: %s", out->origin);
	}
	out->mode = type | (d->file_mode.set ? (uint32_t)d->file_mode.v & 07777 : 0666);
	out->rdev = makedev((unsigned)d->major.v, (unsigned)d->minor.v);
	out->fd = -1;
	out->uid = (uint32_t)d->uid.v;
	out->gid = (uint32_t)d->gid.v;
	return 0;
}

/* The host's id behind one of the container's. */
static uint32_t host_id(const oci_idmaps *maps, uint32_t id)
{
	for (size_t i = 0; i < maps->n; i++)
		if (id >= maps->at[i].container_id &&
		    id - maps->at[i].container_id < maps->at[i].size)
			return id - maps->at[i].container_id + maps->at[i].host_id;
	return id;
}

/* One node in @folder, as a mount of its own that does without nodev but not without the rest. */
static int make_node(struct creation *c, int folder, size_t number, struct plan_device *d,
		     struct err *e)
{
	const struct mount_attrs attrs = { .set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
					   .clr = MOUNT_ATTR_NODEV };
	mode_t umask_was = umask(0);
	char name[24];
	int r;

	snprintf(name, sizeof(name), "%zu", number);
	r = mknodat(folder, name, d->mode, d->rdev);
	(void)umask(umask_was);
	if (r < 0) /* without CAP_MKNOD tare-init shows the host's node */
		return errno == EPERM ? 0 : fail_sys(e, "make device '%s'", d->path);
	r = fchownat(folder, name, host_id(&c->bundle.config.platform->uid_mappings, d->uid),
		     host_id(&c->bundle.config.platform->gid_mappings, d->gid),
		     AT_SYMLINK_NOFOLLOW);
	if (r < 0)
		fail_sys(e, "set the owner of device '%s'", d->path);
	else
		d->fd = mount_clone(folder, name, false, true, e);
	if (r < 0 || d->fd < 0)
		return r < 0 || e->sysno != ENOSYS ? -1 : 0;
	r = mount_try_propagate((int)d->fd, MS_PRIVATE | MS_REC);
	if (r == 0)
		return mount_set((int)d->fd, &attrs, e);
	r = r == -ENOSYS ? 0
			 : fail_errno(e, -r, "part device '%s' from the host's mounts", d->path);
	(void)close((int)d->fd);
	d->fd = -1; /* Linux < 5.12: tare-init shows the host's node */
	return r;
}

/* Nodes are made in a folder that only we can enter; their names go once they are attached. */
static int make_nodes(struct creation *c, struct err *e)
{
	struct plan_rootfs *r = &c->rootfs;
	own_fd int folder = FD_NONE;
	int ret = 0;

	if (mkdirat(c->container.dir, CONTAINER_NODES, 0700) < 0)
		return fail_sys(e, "make a folder for devices");
	folder = openat(c->container.dir, CONTAINER_NODES,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0)
		ret = fail_sys(e, "open the folder for devices");
	for (size_t i = 0; ret == 0 && i < r->devices.n; i++)
		ret = make_node(c, folder, i, &r->devices.at[i], e);
	return ret;
}

/**
 * creation_devices() - plan the nodes and links of /dev, and make them where tare-init may not
 */
int creation_devices(struct creation *c, struct err *e)
{
	const struct oci_linux *l = c->bundle.config.platform;
	struct plan_rootfs *r = &c->rootfs;
	bool ours = dev_is_ours(c);
	size_t n = l->devices.n + (ours ? COUNT(default_devices) : 0);

	r->devices.at = arena_array(&c->mem, n, sizeof(*r->devices.at));
	r->links.at = arena_array(&c->mem, COUNT(default_links), sizeof(*r->links.at));
	if (!r->devices.at || !r->links.at)
		return out_of_memory(e);
	r->make_dev = ours;
	r->devices_by_bind = c->plan.in_userns;
	for (size_t i = 0; ours && i < COUNT(default_devices); i++)
		r->devices.at[r->devices.n++] = (struct plan_device){
			.path = (char *)default_devices[i].path,
			.mode = S_IFCHR | 0666,
			.rdev = makedev(default_devices[i].major, default_devices[i].minor),
			.fd = -1,
			.is_default = true,
		};
	for (size_t i = 0; ours && i < COUNT(default_links); i++)
		r->links.at[r->links.n++] = (struct plan_link){ (char *)default_links[i].target,
								(char *)default_links[i].path };
	for (size_t i = 0; i < l->devices.n; i++)
		if (add_config_device(c, i, &r->devices.at[r->devices.n++], e) < 0)
			return -1;
	return r->devices_by_bind ? make_nodes(c, e) : 0;
}
