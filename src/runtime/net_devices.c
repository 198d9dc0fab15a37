/* net_devices.c - moves network devices into the container's network namespace
 *
 * The container's process is in its namespace and waits. A device is moved and named by one
 * request, gets its lasting addresses again (the kernel drops them), and is set up. Should the
 * creation fail afterwards, what was moved is moved back, with name, addresses and state: for
 * that the socket there stays open, which also keeps the namespace.
 *
 * Nothing is moved back when the container ends: the specification forbids it. With its last
 * process a new namespace ends; the kernel sends physical devices home, and virtual ones end
 * with it. In a namespace that was joined, they stay. (config-linux.md, Network Devices)
 */
#include "runtime/net_devices.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "os/netdev.h"
#include "runtime/creation.h"

/* A device that is there now, and what it was here. */
struct moved {
	struct netdev was;
	netdev_addresses addresses;
	int index;
};

struct net_devices {
	struct netlink here, there;
	int home, ns; /* the namespaces */
	LIST(struct moved) moved;
};

static int fail_device(const struct oci_net_device *d, struct err *e)
{
	return fail_at(e, "config.json: /linux/netDevices/%s", d->key);
}

/* What the device will be called. */
static const char *new_name(const struct oci_net_device *d)
{
	return d->name && *d->name ? d->name : d->key;
}

/* --- refusals, before anything is touched -------------------------------------------------------- */

static int check_names(const struct oci_linux *l, size_t i, struct err *e)
{
	const struct oci_net_device *d = &l->net_devices.at[i];
	const char *name = new_name(d);

	if (netdev_name_kind(d->key) != NETDEV_NAME_PLAIN) {
		fail(e, ERR_INPUT, "invalid network device name '%s'", d->key);
		return fail_device(d, e);
	}
	if (netdev_name_kind(name) == NETDEV_NAME_BAD) {
		fail(e, ERR_INPUT, "invalid network device name '%s'", name);
		fail_hint(e, "1 to 15 bytes, no '/', ':' or blank, '%%' only in one '%%d'");
		return fail_at(e, "config.json: /linux/netDevices/%s/name", d->key);
	}
	for (size_t k = 0; k < i; k++)
		if (netdev_name_kind(name) == NETDEV_NAME_PLAIN &&
		    strcmp(new_name(&l->net_devices.at[k]), name) == 0) {
			fail(e, ERR_INPUT, "network devices '%s' and '%s' would both be '%s'",
			     l->net_devices.at[k].key, d->key, name);
			return fail_device(d, e);
		}
	return 0;
}

static int check_namespace(const struct oci_linux *l, struct err *e)
{
	const struct oci_namespace *ns = oci_namespace_of(l, CLONE_NEWNET);
	struct stat theirs, ours;

	if (!ns) {
		fail(e, ERR_INPUT,
		     "network devices need a network namespace of the container's own");
		fail_hint(e, "add {\"type\": \"network\"} to linux.namespaces");
		return fail_at(e, "config.json: /linux/netDevices");
	}
	/* one that cannot be opened is refused when it is */
	if (!ns->path || stat(ns->path, &theirs) < 0 || stat("/proc/self/ns/net", &ours) < 0 ||
	    theirs.st_dev != ours.st_dev || theirs.st_ino != ours.st_ino)
		return 0;
	fail(e, ERR_INPUT, "'%s' is the network namespace that the devices are in", ns->path);
	return fail_at(e, "config.json: /linux/netDevices");
}

static int fail_find(const struct oci_net_device *d, int error, struct err *e)
{
	if (error == -ENODEV)
		fail(e, ERR_ABSENT, "there is no network device '%s'", d->key);
	else
		fail_errno(e, -error, "look for network device '%s'", d->key);
	return fail_device(d, e);
}

static int check_presence(const struct oci_linux *l, struct err *e)
{
	struct netlink n;
	int r = 0;

	if (netlink_open(&n, -1, e) < 0)
		return -1;
	for (size_t i = 0; r == 0 && i < l->net_devices.n; i++) {
		struct netdev found;
		int error = netdev_try_find(&n, l->net_devices.at[i].key, 0, &found);

		if (error < 0)
			r = fail_find(&l->net_devices.at[i], error, e);
	}
	netlink_close(&n);
	return r;
}

/**
 * net_devices_check() - refuse devices that cannot be moved; touches nothing
 */
int net_devices_check(const struct oci_config *c, struct err *e)
{
	const struct oci_linux *l = c->platform;

	if (!l->net_devices.n)
		return 0;
	if (check_namespace(l, e) < 0)
		return -1;
	for (size_t i = 0; i < l->net_devices.n; i++)
		if (check_names(l, i, e) < 0)
			return -1;
	return check_presence(l, e);
}

/* --- the way there ------------------------------------------------------------------------------- */

/* The namespace that the process is in, whatever the path that it was joined by leads to by now. */
static int open_theirs(const struct creation *c, struct err *e)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)c->pid);
	fd = fd_open(path, O_RDONLY);
	return fd < 0 ? fail_sys(e, "open the network namespace '%s'", path) : fd;
}

/* The path may have led elsewhere when it was checked. */
static int check_apart(const struct net_devices *d, struct err *e)
{
	struct stat theirs, ours;

	if (fstat(d->ns, &theirs) < 0 || fstat(d->home, &ours) < 0)
		return fail_sys(e, "look at the network namespaces");
	if (theirs.st_dev != ours.st_dev || theirs.st_ino != ours.st_ino)
		return 0;
	fail(e, ERR_INPUT, "the network namespace is the one that the devices are in");
	return fail_at(e, "config.json: /linux/netDevices");
}

static int open_both(struct creation *c, struct err *e)
{
	size_t n = c->bundle.config.platform->net_devices.n;
	struct net_devices *d = arena_alloc(&c->mem, sizeof(*d));

	if (!d)
		return fail_errno(e, ENOMEM, "move network devices");
	*d = (struct net_devices){ .here = { .fd = FD_NONE },
				   .there = { .fd = FD_NONE },
				   .home = FD_NONE,
				   .ns = FD_NONE };
	c->net = d;
	d->moved.at = arena_array(&c->mem, n, sizeof(*d->moved.at));
	if (!d->moved.at)
		return fail_errno(e, ENOMEM, "move network devices");
	d->home = fd_open("/proc/self/ns/net", O_RDONLY);
	if (d->home < 0)
		return fail_sys(e, "open '/proc/self/ns/net'");
	d->ns = open_theirs(c, e);
	if (d->ns < 0 || check_apart(d, e) < 0 || netlink_open(&d->here, -1, e) < 0)
		return -1;
	return netlink_open(&d->there, d->ns, e);
}

/* The kernel keeps the index where it is free; else we choose, to know the device again when the
 * kernel chooses its name. 0 when none of the first few thousand is free. */
static int free_index(struct netlink *n, int wish)
{
	struct netdev taken;

	if (netdev_try_find(n, NULL, wish, &taken) == -ENODEV)
		return wish;
	for (int i = 2; i < 4096; i++)
		if (netdev_try_find(n, NULL, i, &taken) == -ENODEV)
			return i;
	return 0;
}

static int fail_move(const struct netlink *n, int error, const char *what, const char *name,
		     struct err *e)
{
	if (n->words[0])
		return fail_errno(e, -error, "%s '%s': %s", what, name, n->words);
	return fail_errno(e, -error, "%s '%s'", what, name);
}

/* Address by address, then up: what remains of the move, in the namespace of @n. */
static int revive(struct netlink *n, int index, const struct moved *m, bool up, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < m->addresses.n; i++)
		r = netdev_try_add_address(n, index, m->addresses.at[i]);
	if (r < 0)
		return fail_move(n, r, "restore the addresses of network device", m->was.name, e);
	r = up ? netdev_try_set_up(n, index) : 0;
	return r < 0 ? fail_move(n, r, "set up network device", m->was.name, e) : 0;
}

/* Where is it now? By index; before Linux 5.12, which ignores our wish, by name. */
static int find_moved(struct net_devices *d, struct moved *m, const char *name)
{
	struct netdev found;
	int r = netdev_try_find(&d->there, NULL, m->index, &found);

	if (r == -ENODEV)
		r = netdev_try_find(&d->there, name, 0, &found);
	if (r == 0)
		m->index = found.index;
	return r;
}

static int move(struct net_devices *d, struct moved *m, const char *name, struct err *e)
{
	int index = m->was.index, r;
	struct netdev still;

	m->index = free_index(&d->there, index);
	r = netdev_try_move(&d->here, index, d->ns, name, m->index == index ? 0 : m->index);
	if (r < 0)
		fail_move(&d->here, r, "move network device", m->was.name, e);
	/* it may be there all the same, with its old name */
	if (r == 0 || netdev_try_find(&d->here, NULL, index, &still) == -ENODEV) {
		int found = find_moved(d, m, r == 0 ? name : m->was.name);

		if (found == 0)
			d->moved.n++;
		else if (r == 0)
			return fail_move(&d->there, found, "find network device", name, e);
	}
	return r < 0 ? -1 : 0;
}

static int move_one(struct creation *c, const struct oci_net_device *o, struct err *e)
{
	struct net_devices *d = c->net;
	struct moved *m = &d->moved.at[d->moved.n];
	const char *name = new_name(o);
	struct netdev taken;
	int r;

	*m = (struct moved){ .index = 0 };
	r = netdev_try_find(&d->here, o->key, 0, &m->was);
	if (r < 0)
		return fail_find(o, r, e);
	if (netdev_name_kind(name) == NETDEV_NAME_PLAIN &&
	    netdev_try_find(&d->there, name, 0, &taken) == 0)
		return fail(e, ERR_CONFLICT,
			    "move network device '%s': the container has a '%s' already", o->key,
			    name);
	/* before it goes down, which takes the IPv6 ones */
	r = netdev_try_addresses(&d->here, m->was.index, &c->mem, &m->addresses);
	if (r < 0)
		return fail_move(&d->here, r, "list the addresses of network device", o->key, e);
	log_debug("moving network device %s to the container as %s, with %zu addresses", o->key,
		  name, m->addresses.n);
	if (move(d, m, name, e) < 0)
		return -1;
	return revive(&d->there, m->index, m, true, e);
}

/**
 * net_devices_move() - give the container its network devices
 *
 * What was moved before a failure is moved back by net_devices_return().
 */
int net_devices_move(struct creation *c, struct err *e)
{
	const struct oci_linux *l = c->bundle.config.platform;

	if (open_both(c, e) < 0)
		return -1;
	for (size_t i = 0; i < l->net_devices.n; i++)
		if (move_one(c, &l->net_devices.at[i], e) < 0)
			return fail_device(&l->net_devices.at[i], e);
	return 0;
}

/* --- the way back -------------------------------------------------------------------------------- */

static int move_back(struct net_devices *d, const struct moved *m, struct err *e)
{
	struct netdev found;
	int r = netdev_try_move(&d->there, m->index, d->home, m->was.name, 0);

	if (r < 0)
		return fail_move(&d->there, r, "move back network device", m->was.name, e);
	r = netdev_try_find(&d->here, m->was.name, 0, &found);
	if (r < 0)
		return fail_move(&d->here, r, "find network device", m->was.name, e);
	return revive(&d->here, found.index, m, m->was.flags & IFF_UP, e);
}

/* net_devices_return() - the creation failed: move back what was moved, last first */
void net_devices_return(struct creation *c)
{
	struct net_devices *d = c->net;
	struct err e = { 0 };

	while (d && d->moved.n > 0)
		if (move_back(d, &d->moved.at[--d->moved.n], &e) < 0)
			log_warn("%s", e.text);
}

void net_devices_done(struct creation *c)
{
	struct net_devices *d = c->net;

	if (!d)
		return;
	netlink_close(&d->here);
	netlink_close(&d->there);
	fd_close(&d->home);
	fd_close(&d->ns);
}
