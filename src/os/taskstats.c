/* taskstats.c - generic netlink to the kernel's taskstats */
#include "os/taskstats.h"

#include <linux/genetlink.h>
#include <linux/taskstats.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/err.h"
#include "base/own.h"

static int take_family(void *ctx, unsigned type __attribute__((unused)), struct netlink_bytes body)
{
	struct taskstats_link *l = ctx;
	struct netlink_bytes value;
	struct genlmsghdr head;
	unsigned attr;
	uint16_t family;

	if (!netlink_take(&body, &head, sizeof(head)))
		return -EBADMSG;
	while (netlink_next_attr(&body, &attr, &value))
		if (attr == CTRL_ATTR_FAMILY_ID && netlink_take(&value, &family, sizeof(family)))
			l->family = family;
	return 0;
}

static int find_family(struct taskstats_link *l)
{
	static const struct genlmsghdr head = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 };
	struct netlink_request r;
	int err;

	netlink_begin(&r, GENL_ID_CTRL, 0, &head, sizeof(head));
	netlink_put(&r, CTRL_ATTR_FAMILY_NAME, TASKSTATS_GENL_NAME, sizeof(TASKSTATS_GENL_NAME));
	err = netlink_try_call(&l->link, &r, take_family, l);
	return err < 0 ? err : l->family ? 0 : -ENOENT;
}

/**
 * taskstats_open() - find the way to the kernel's taskstats
 * @l: taskstats_close() also after a failure
 */
int taskstats_open(struct taskstats_link *l, struct err *e)
{
	const struct timeval patience = { .tv_sec = 10 };
	int r;

	*l = (struct taskstats_link){ 0 };
	l->link.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (l->link.fd < 0 ||
	    setsockopt(l->link.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		return fail_sys(e, "ask for taskstats");
	r = find_family(l);
	if (r == 0)
		return 0;
	fail_errno(e, -r, "ask for taskstats");
	if (r != -ENOENT)
		return -1;
	return fail_hint(e, "the kernel has none (CONFIG_TASKSTATS), or shows none in this network "
			    "namespace");
}

/* struct answer - of the kernel; older kernels say less, the rest of @stats stays zero */
struct answer {
	struct taskstats stats;
	bool any;
};

static int take_stats(void *ctx, unsigned type __attribute__((unused)), struct netlink_bytes body)
{
	struct netlink_bytes group, value;
	struct answer *a = ctx;
	struct genlmsghdr head;
	unsigned attr;

	if (!netlink_take(&body, &head, sizeof(head)))
		return -EBADMSG;
	while (netlink_next_attr(&body, &attr, &group)) {
		if (attr != TASKSTATS_TYPE_AGGR_PID && attr != TASKSTATS_TYPE_AGGR_TGID)
			continue;
		while (netlink_next_attr(&group, &attr, &value)) {
			size_t len = value.len < sizeof(a->stats) ? value.len : sizeof(a->stats);

			if (attr != TASKSTATS_TYPE_STATS)
				continue;
			memcpy(&a->stats, value.at, len);
			a->any = true;
		}
	}
	return 0;
}

static int ask(struct taskstats_link *l, unsigned attr, pid_t pid, struct taskstats *ret)
{
	static const struct genlmsghdr head = { .cmd = TASKSTATS_CMD_GET,
						.version = TASKSTATS_GENL_VERSION };
	const uint32_t number = (uint32_t)pid;
	struct answer a = { 0 };
	struct netlink_request r;
	int err;

	netlink_begin(&r, l->family, 0, &head, sizeof(head));
	netlink_put(&r, attr, &number, sizeof(number));
	err = netlink_try_call(&l->link, &r, take_stats, &a);
	if (err == 0 && !a.any)
		err = -EBADMSG;
	if (err == 0)
		*ret = a.stats;
	return err;
}

/* Bytes are counted by thread. One that ends meanwhile is not counted. */
static void add_threads(struct taskstats_link *l, pid_t pid, struct taskstats_use *use)
{
	char path[64];
	struct dirent *entry;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	own_dir DIR *dir = opendir(path);

	while (dir && (entry = readdir(dir))) {
		struct taskstats s = { 0 };
		pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);

		if (thread <= 0 || ask(l, TASKSTATS_CMD_ATTR_PID, thread, &s) < 0)
			continue;
		use->read += s.read_bytes;
		use->written += s.write_bytes;
	}
}

/**
 * taskstats_try_read() - what a process has used
 *
 * Return: 0, or -errno: -ESRCH when it is gone, -EPERM for who may not ask.
 */
int taskstats_try_read(struct taskstats_link *l, pid_t pid, struct taskstats_use *ret_use)
{
	struct taskstats s = { 0 };
	int r = ask(l, TASKSTATS_CMD_ATTR_TGID, pid, &s);

	if (r < 0)
		return r;
	*ret_use = (struct taskstats_use){
		.user = s.ac_utime,
		.kernel = s.ac_stime,
		.cpu_delay = s.cpu_delay_total,
		.io_delay = s.blkio_delay_total,
		.swap_delay = s.swapin_delay_total,
		.reclaim_delay = s.freepages_delay_total,
	};
	add_threads(l, pid, ret_use);
	return 0;
}

void taskstats_close(struct taskstats_link *l)
{
	netlink_close(&l->link);
}
