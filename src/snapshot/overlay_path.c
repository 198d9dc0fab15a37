/* overlay_path.c - an overlay by mount(2), for kernels before 6.13
 *
 * Its options are one page, and its folders are names. So a child makes itself a mount namespace, and
 * in it a tmpfs where every folder has a short name: 500 of them take half of the page. What it has
 * mounted there it copies, detached, and hands over; nothing of it was ever seen outside.
 *
 *	L   the store's layers    0, 1, …  links to L/NAME
 *	S   the snapshot's folder G        an overlay of the lowest layers
 *	M   the overlay          U, W   a trial's own folders
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "host/child.h"
#include "os/mount.h"
#include "os/msg.h"
#include "snapshot/overlay_priv.h"

static int make_folder(const char *name, struct err *e)
{
	return mkdir(name, 0700) < 0 ? fail_sys(e, "make the folder '%s'", name) : 0;
}

static int put(int mount, const char *name, struct err *e)
{
	own_fd int target = FD_NONE;

	if (make_folder(name, e) < 0)
		return -1;
	target = openat(AT_FDCWD, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return target < 0 ? fail_sys(e, "open the folder '%s'", name)
			  : mount_attach(mount, target, e);
}

static int name_layers(const struct overlay *o, struct err *e)
{
	char name[24], target[512];

	for (size_t i = 0; i < o->base->n; i++) {
		snprintf(name, sizeof(name), "%zu", i);
		snprintf(target, sizeof(target), "L/%s", o->base->layers[i]);
		if (symlink(target, name) < 0)
			return fail_sys(e, "give a layer a name");
	}
	return 0;
}

/* A namespace and a tmpfs in it, which end with us. Where we stand comes along; what is open does not. */
static int make_place(const struct overlay *o, struct err *e)
{
	if (fchdir(o->base->store->leases) < 0)
		return fail_sys(e, "enter the folder 'leases'");
	if (unshare(CLONE_NEWNS) < 0)
		return fail_sys(e, "make a mount namespace");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return fail_sys(e, "set up a mount namespace");
	if (mount("tmpfs", ".", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") < 0)
		return fail_sys(e, "mount a tmpfs");
	/* we stand below it still */
	return chdir("../leases") < 0 ? fail_sys(e, "enter a tmpfs") : 0;
}

static int prepare(const struct overlay *o, struct err *e)
{
	own_fd int layers = overlay_take(o->base->store->layers, o->how->userns, e),
		   folder = FD_NONE;

	if (layers < 0 ||
	    (o->folder >= 0 && (folder = overlay_take(o->folder, o->how->userns, e)) < 0))
		return -1;
	if (make_place(o, e) < 0 || put(layers, "L", e) < 0 ||
	    (o->folder >= 0 && put(folder, "S", e) < 0))
		return -1;
	return name_layers(o, e);
}

static void add_lower(struct str *out, const char *name)
{
	str_addf(out, "%s%s", out->len ? ":" : "lowerdir=", name);
}

static void add_layers(struct str *out, size_t from, size_t n)
{
	char name[24];

	for (size_t i = n; i > 0; i--) {
		snprintf(name, sizeof(name), "%zu", from + i - 1);
		add_lower(out, name);
	}
}

static int mount_one(const struct overlay *o, const char *at, struct str *data, bool whole,
		     struct err *e)
{
	struct overlay_option options[8];
	size_t n = overlay_options(o, whole, options);

	for (size_t i = 0; i < n; i++)
		str_addf(data, ",%s%s%s", options[i].word, options[i].value ? "=" : "",
			 options[i].value ? options[i].value : "");
	if (data->torn)
		return fail_errno(e, ENOMEM, "mount an overlay");
	if (mkdir(at, 0700) < 0 && errno != EEXIST)
		return fail_sys(e, "make the folder '%s'", at);
	if (mount(o->how->source, at, "overlay", whole && !o->how->readonly ? 0 : MS_RDONLY,
		  data->at) < 0)
		return fail_sys(e, "mount an overlay");
	return 0;
}

static int make_group(const struct overlay *o, size_t n, struct err *e)
{
	own_str struct str data = { 0 };

	add_layers(&data, 0, n);
	return mount_one(o, "G", &data, false, e);
}

static int make_whole(const struct overlay *o, size_t from, struct err *e)
{
	own_str struct str data = { 0 };
	own_fd int snapshot = FD_NONE;
	struct overlay_writer before;
	const char *empties[2];
	char name[OVERLAY_ROOT + 2];

	if (o->folder >= 0 && !overlay_writes(o))
		add_lower(&data, "S/upper");
	if (*o->root) {
		snprintf(name, sizeof(name), "L/%s", o->root);
		add_lower(&data, name);
	}
	add_layers(&data, from, o->base->n - from);
	if (from)
		add_lower(&data, "G");
	for (size_t i = 0, n = overlay_empties(o, empties); i < n; i++) {
		snprintf(name, sizeof(name), "L/%s", empties[i]);
		add_lower(&data, name);
	}
	if (!overlay_writes(o))
		return mount_one(o, "M", &data, true, e);
	str_add(&data, ",upperdir=S/upper,workdir=S/work");
	snapshot = openat(AT_FDCWD, "S", O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* for the rest of our life, which ends here */
	if (make_folder("M", e) < 0 || overlay_become(o, snapshot, &before, e) < 0)
		return -1;
	return mount_one(o, "M", &data, true, e);
}

/* See overlay_claim.c. */
static int make_trial(const struct overlay *o, struct err *e)
{
	own_str struct str data = { 0 };

	str_add(&data, "lowerdir=S/upper,upperdir=U,workdir=W");
	return make_folder("U", e) < 0 || make_folder("W", e) < 0
		       ? -1
		       : mount_one(o, "M", &data, true, e);
}

static int make_mount(const struct overlay *o, struct err *e)
{
	size_t grouped = overlay_grouped(o->base->n);

	if (o->trial)
		return make_trial(o, e);
	if (grouped && make_group(o, grouped, e) < 0)
		return -1;
	return make_whole(o, grouped, e);
}

/* In the child: the mount, detached. */
static int make(const struct overlay *o, struct err *e)
{
	own_fd int fd = FD_NONE;

	if (prepare(o, e) < 0 || make_mount(o, e) < 0)
		return -1;
	fd = mount_clone(AT_FDCWD, "M", false, false, e);
	return fd < 0 || overlay_check_writable(o, fd, e) < 0 ? -1 : give_fd(&fd);
}

static int make_in_child(const struct overlay *o, int to, struct err *e)
{
	own_fd int fd = make(o, e);
	int r;

	if (fd < 0)
		return -1;
	r = msg_try_send(to, "", 1, fd);
	return r < 0 ? fail_errno(e, -r, "hand over a mount") : 0;
}

/* overlay_by_path() - mount an overlay, attached nowhere that we can see */
int overlay_by_path(const struct overlay *o, struct err *e)
{
	struct child child;
	int ends[2], why, status = 0, fd = FD_NONE, r;
	char byte;

	if (msg_pair(ends, e) < 0)
		return -1;
	r = child_fork(&child, &why, e);
	if (r == 0) {
		if (make_in_child(o, ends[1], e) < 0)
			child_failed(why, e);
		_exit(0);
	}
	(void)close(ends[1]);
	if (r > 0)
		r = child_wait(&child, &status, e);
	if (r == 0 && (msg_try_recv(ends[0], &byte, 1, &fd) != 1 || fd < 0))
		r = fail(e, ERR_SYSTEM, "mount an overlay: no mount came, status %d", status);
	(void)close(ends[0]);
	return r < 0 ? -1 : fd;
}
