/* net.c - ids by rtnetlink, processes by their links, names by inotify, programs by setns(2) */
#include "ns/net.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/own.h"
#include "host/child.h"
#include "ns/hold.h"
#include "host/proc_scan.h"
#include "os/netlink.h"
#include "os/nsfs.h"

/* The named namespace, open. */
static int open_named(const char *name, struct err *e)
{
	int fds[NSFS_TYPES], fd;

	if (ns_held_open(&ns_store_net, name, fds, e) < 0)
		return -1;
	fd = give_fd(&fds[NSFS_NET]);
	ns_fds_close(fds);
	return fd;
}

/* --- ids ------------------------------------------------------------------------------------- */

static void begin(struct netlink_request *r, unsigned type, int netns, const int32_t *id)
{
	const struct rtgenmsg head = { .rtgen_family = AF_UNSPEC };
	const uint32_t fd = (uint32_t)netns;

	netlink_begin(r, type, 0, &head, sizeof(head));
	netlink_put(r, NETNSA_FD, &fd, sizeof(fd));
	if (id)
		netlink_put(r, NETNSA_NSID, id, sizeof(*id));
}

static int read_id(void *ctx, unsigned type, struct netlink_bytes body)
{
	struct opt_i64 *ret = ctx;
	struct netlink_bytes value;
	struct rtgenmsg head;
	unsigned attr;
	int32_t id;

	if (type != RTM_NEWNSID || !netlink_take(&body, &head, sizeof(head)))
		return 0;
	while (netlink_next_attr(&body, &attr, &value))
		if (attr == NETNSA_NSID && netlink_take(&value, &id, sizeof(id)))
			*ret = (struct opt_i64){ id >= 0, id };
	return 0;
}

/* Absent also where the kernel does not say. */
static struct opt_i64 ask_id(struct netlink *n, const char *name)
{
	struct opt_i64 id = { 0 };
	struct netlink_request r;
	struct err ignored;
	own_fd int netns = open_named(name, &ignored);

	if (netns < 0)
		return id;
	begin(&r, RTM_GETNSID, netns, NULL);
	if (netlink_try_call(n, &r, read_id, &id) < 0)
		id.set = false;
	return id;
}

/* ns_net_set() - give a named namespace an id, for good; NS_NET_ID_AUTO: any that is free */
int ns_net_set(const char *name, int32_t id, struct err *e)
{
	__attribute__((cleanup(netlink_close))) struct netlink n = { .fd = FD_NONE };
	own_fd int netns = open_named(name, e);
	struct netlink_request r;
	int err;

	if (netns < 0 || netlink_open(&n, -1, e) < 0)
		return -1;
	begin(&r, RTM_NEWNSID, netns, &id);
	err = netlink_try_call(&n, &r, NULL, NULL);
	if (err == 0)
		return 0;
	fail_errno(e, -err, "give network namespace '%s' an id", name);
	return *n.words ? fail_hint(e, "%s", n.words) : -1;
}

/* struct id_list - answers to RTM_GETNSID, as they come */
struct id_list {
	struct ns_net_ids *ret;
	struct arena *arena;
	size_t room;
};

static int add_id(void *ctx, unsigned type, struct netlink_bytes body)
{
	struct id_list *l = ctx;
	struct ns_net_id one = { .id = NETNSA_NSID_NOT_ASSIGNED };
	struct netlink_bytes value;
	struct rtgenmsg head;
	unsigned attr;
	int32_t id;

	if (type != RTM_NEWNSID || !netlink_take(&body, &head, sizeof(head)))
		return 0;
	while (netlink_next_attr(&body, &attr, &value)) {
		if (attr == NETNSA_NSID && netlink_take(&value, &id, sizeof(id)))
			one.id = id;
		if (attr == NETNSA_CURRENT_NSID && netlink_take(&value, &id, sizeof(id)))
			one.current = (struct opt_i64){ true, id };
	}
	if (l->ret->ids.n == l->room) {
		size_t room = l->room ? l->room * 2 : 64;
		struct ns_net_id *more = arena_array(l->arena, room, sizeof(*more));

		if (!more)
			return -ENOMEM;
		if (l->room)
			memcpy(more, l->ret->ids.at, l->room * sizeof(*more));
		l->ret->ids.at = more;
		l->room = room;
	}
	l->ret->ids.at[l->ret->ids.n++] = one;
	return 0;
}

/* A list of the ids of what is no namespace would be an empty one; whether it is one, a question says. */
static int prepare_target(struct netlink *n, uint32_t target, struct err *e)
{
	const struct rtgenmsg head = { .rtgen_family = AF_UNSPEC };
	const uint32_t us = (uint32_t)getpid();
	struct netlink_request r;
	int strict = 1;

	netlink_begin(&r, RTM_GETNSID, 0, &head, sizeof(head));
	netlink_put(&r, NETNSA_PID, &us, sizeof(us));
	netlink_put(&r, NETNSA_TARGET_NSID, &target, sizeof(target));
	if (netlink_try_call(n, &r, NULL, NULL) == -EINVAL)
		return fail(e, ERR_ABSENT, "no network namespace has the id %u here", target);
	/* only so is the target of a list looked at */
	if (setsockopt(n->fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &strict, sizeof(strict)) < 0)
		return fail_sys(e, "list the ids of network namespace %u", target);
	return 0;
}

/**
 * ns_net_ids() - the ids that a network namespace has given to others
 * @target: its own id; unset: it is ours
 * @id:     only this one; unset: all
 * @a:      owns what @ret_ids points to
 */
int ns_net_ids(struct opt_u64 target, struct opt_u64 id, struct arena *a,
	       struct ns_net_ids *ret_ids, struct err *e)
{
	__attribute__((cleanup(netlink_close))) struct netlink n = { .fd = FD_NONE };
	const struct rtgenmsg head = { .rtgen_family = AF_UNSPEC };
	const uint32_t of = (uint32_t)target.v, only = (uint32_t)id.v;
	struct ns_net_ids found = { 0 };
	struct id_list l = { &found, a, 0 };
	struct netlink_request r;
	int err;

	if (netlink_open(&n, -1, e) < 0 || (target.set && !id.set && prepare_target(&n, of, e) < 0))
		return -1;
	netlink_begin(&r, RTM_GETNSID, id.set ? 0 : NLM_F_DUMP, &head, sizeof(head));
	if (target.set)
		netlink_put(&r, NETNSA_TARGET_NSID, &of, sizeof(of));
	if (id.set)
		netlink_put(&r, NETNSA_NSID, &only, sizeof(only));
	err = netlink_try_call(&n, &r, add_id, &l);
	if (err == 0) {
		*ret_ids = found;
		return 0;
	}
	fail_errno(e, -err, "list the ids of network namespaces");
	return *n.words ? fail_hint(e, "%s", n.words) : -1;
}

/* --- lists ----------------------------------------------------------------------------------- */

/* ns_net_list() - all names, sorted, with their ids; @a owns them */
int ns_net_list(struct arena *a, struct ns_net_list *ret_list, struct err *e)
{
	__attribute__((cleanup(netlink_close))) struct netlink n = { .fd = FD_NONE };
	struct ns_net_list l = { 0 };
	struct ns_held_list held;

	if (ns_held_list(&ns_store_net, a, &held, e) < 0)
		return -1;
	if (held.names.n && netlink_open(&n, -1, e) < 0)
		return -1;
	l.names.at = arena_array(a, held.names.n + 1, sizeof(*l.names.at));
	if (!l.names.at)
		return fail_errno(e, ENOMEM, "list the network namespaces");
	for (size_t i = 0; i < held.names.n; i++) {
		const struct ns_held *h = &held.names.at[i];

		l.names.at[l.names.n++] = (struct ns_net){
			.name = h->name,
			.inode = h->namespaces.n ? h->namespaces.at[0].inode : 0,
			.id = h->namespaces.n ? ask_id(&n, h->name) : (struct opt_i64){ 0 },
		};
	}
	*ret_list = l;
	return 0;
}

/* ns_net_identify() - the names of a process's network namespace, ended by NULL; may be none */
int ns_net_identify(pid_t pid, struct arena *a, char ***ret_names, struct err *e)
{
	struct ns_held_list held;
	enum nsfs_type type;
	uint64_t inode;
	char path[32], **names;
	size_t n = 0;
	int err;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	err = nsfs_try_link(AT_FDCWD, path, &type, &inode);
	if (err < 0)
		return fail_errno(e, -err, "look at the network namespace of process %d", (int)pid);
	if (ns_held_list(&ns_store_net, a, &held, e) < 0)
		return -1;
	names = arena_array(a, held.names.n + 1, sizeof(*names));
	if (!names)
		return fail_errno(e, ENOMEM, "list the network namespaces");
	for (size_t i = 0; i < held.names.n; i++)
		if (held.names.at[i].namespaces.n &&
		    held.names.at[i].namespaces.at[0].inode == inode)
			names[n++] = held.names.at[i].name;
	*ret_names = names;
	return 0;
}

/* struct search - for the processes of one namespace */
struct search {
	uint64_t inode;
	struct arena *arena;
	struct numbers found;
	size_t room;
};

static int look(void *ctx, int dir __attribute__((unused)), const struct proc_entry *p,
		struct err *e)
{
	struct search *s = ctx;

	if (p->ns[NSFS_NET] != s->inode)
		return 0;
	if (s->found.n == s->room) {
		size_t room = s->room ? s->room * 2 : 64;
		int64_t *more = arena_array(s->arena, room, sizeof(*more));

		if (!more)
			return fail_errno(e, ENOMEM, "look at the processes");
		if (s->found.n)
			memcpy(more, s->found.at, s->found.n * sizeof(*more));
		s->found.at = more;
		s->room = room;
	}
	s->found.at[s->found.n++] = p->pid;
	return 0;
}

/* ns_net_pids() - the processes in a named namespace, as far as we may look */
int ns_net_pids(const char *name, struct arena *a, struct numbers *ret_pids, struct err *e)
{
	own_fd int netns = open_named(name, e);
	struct search search = { .arena = a };
	struct proc_scan s = { .want = PROC_NS, .each = look, .ctx = &search };
	enum nsfs_type type;
	int err;

	if (netns < 0)
		return -1;
	err = nsfs_try_look(netns, &type, &search.inode);
	if (err < 0)
		return fail_errno(e, -err, "look at network namespace '%s'", name);
	if (proc_scan(&s, e) < 0)
		return -1;
	*ret_pids = search.found;
	return 0;
}

/* --- watching -------------------------------------------------------------------------------- */

/* What is in a buffer of the kernel's; nothing in it is of others but the names. */
static int tell(const struct ns_net_watch *w, const char *at, size_t len, struct err *e)
{
	struct inotify_event event;

	for (size_t i = 0; i + sizeof(event) <= len; i += sizeof(event) + event.len) {
		memcpy(&event, at + i, sizeof(event));
		if (event.mask & IN_Q_OVERFLOW)
			log_warn("more names came and went than could be told");
		if (event.mask & IN_IGNORED)
			return fail(e, ERR_CONFLICT, "watch '%s': it has been removed",
				    ns_store_net.dir);
		if (event.len && (event.mask & (IN_CREATE | IN_DELETE)) &&
		    w->each(w->ctx, event.mask & IN_CREATE, at + i + sizeof(event), e) < 0)
			return -1;
	}
	return 0;
}

/* ns_net_monitor() - tell of names that come and go, until that fails. Source: inotify(7). */
int ns_net_monitor(const struct ns_net_watch *w, struct err *e)
{
	own_fd int fd = inotify_init1(IN_CLOEXEC);
	char buf[16384];

	if (fd < 0)
		return fail_sys(e, "make a watch");
	if (mkdir(ns_store_net.dir, 0755) < 0 && errno != EEXIST)
		return fail_sys(e, "create '%s'", ns_store_net.dir);
	if (inotify_add_watch(fd, ns_store_net.dir, IN_CREATE | IN_DELETE | IN_ONLYDIR) < 0)
		return fail_sys(e, "watch '%s'", ns_store_net.dir);
	if (w->ready && w->ready(w->ctx, e) < 0)
		return -1;
	for (;;) {
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n < 0 && errno != EINTR)
			return fail_sys(e, "watch '%s'", ns_store_net.dir);
		if (n > 0 && tell(w, buf, (size_t)n, e) < 0)
			return -1;
	}
}

/* --- running --------------------------------------------------------------------------------- */

/* /sys shows the devices of the namespace that it was mounted in. What cannot be unmounted is covered,
 * and a read-only one by such. */
static int mount_sys(const char *name, struct err *e)
{
	unsigned long flags = 0;
	struct statvfs st;

	if (umount2("/sys", MNT_DETACH) < 0 && statvfs("/sys", &st) == 0 && (st.f_flag & ST_RDONLY))
		flags = MS_RDONLY;
	if (mount(name, "/sys", "sysfs", flags, NULL) < 0)
		return fail_sys(e, "mount sysfs at '/sys'");
	return 0;
}

/* The files of /etc/netns/NAME cover those of /etc, such as resolv.conf. */
static void bind_etc(const char *name)
{
	char folder[NAME_MAX + 16], from[2 * NAME_MAX + 32], to[NAME_MAX + 8];
	own_dir DIR *dir = NULL;
	const struct dirent *d;

	snprintf(folder, sizeof(folder), "/etc/netns/%s", name);
	dir = opendir(folder);
	while (dir && (d = readdir(dir))) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		snprintf(from, sizeof(from), "%s/%s", folder, d->d_name);
		snprintf(to, sizeof(to), "/etc/%s", d->d_name);
		if (mount(from, to, NULL, MS_BIND, NULL) < 0)
			log_warn("bind '%s' to '%s': %s", from, to, strerror(errno));
	}
}

/**
 * ns_net_exec() - become a program in a named namespace, as `ip netns exec` runs it
 *
 * With a mount namespace of its own, in which /sys is of that namespace, and what there is below
 * /etc/netns/NAME lies over /etc.
 *
 * Return: -1; ERR_ABSENT and ERR_DENIED say that the program cannot be run (child.h).
 */
int ns_net_exec(const char *name, char *const argv[], struct err *e)
{
	own_fd int netns = open_named(name, e);

	if (netns < 0 || nsfs_enter(netns, NSFS_NET, e) < 0)
		return child_not_tried(e);
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_SLAVE | MS_REC, NULL) < 0) {
		fail_sys(e, "make a mount namespace");
		return child_not_tried(e);
	}
	if (mount_sys(name, e) < 0)
		return child_not_tried(e);
	bind_etc(name);
	return child_exec(argv, NULL, e);
}

// clang-format off
static const struct bind_row NET_ROWS[] = {
	ROW_STRING("name", REQUIRED, struct ns_net, name),
	ROW_OPT_I64("id", OPTIONAL, struct ns_net, id),
	ROW_U64("inode", OPTIONAL, struct ns_net, inode),
};
const struct bind_table ns_net_table = BIND_TABLE(NET_ROWS, struct ns_net, false);
// clang-format on
