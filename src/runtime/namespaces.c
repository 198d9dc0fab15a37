/* namespaces.c - who enters or makes which namespace, and when
 *
 * New ones come from the clone itself. Ones that exist are joined by tare-init, except:
 *  - With a new user namespace, tare-init is born without rights over the host's namespaces;
 *    so this process steps into them around the clone, and the child inherits them.
 *  - With an existing user namespace, the new ones must belong to it: tare-init joins it first
 *    and unshares them, and forks if one of them is a pid namespace.
 * A cgroup namespace is made after the cgroup was entered. A time namespace takes its offsets
 * before anybody is in it, so this process makes it for its child. Without a mount namespace,
 * tare-init gets one to work in all the same, and leaves it in the end (init/home.c).
 */
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>

#include "os/sys.h"
#include "runtime/creation.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

static int open_namespace(const struct oci_namespace *ns, size_t i, struct err *e)
{
	own_fd int fd = fd_open(ns->path, O_RDONLY | O_NONBLOCK);
	int type;

	if (fd < 0) {
		fail_sys(e, "open the %s namespace '%s'",
			 word_name(oci_namespace_words, ns->type.v), ns->path);
		return fail_at(e, "config.json: /linux/namespaces/%zu/path", i);
	}
	type = ioctl(fd, NS_GET_NSTYPE);
	if (type == (int)ns->type.v)
		return give_fd(&fd);
	fail(e, ERR_INPUT, "'%s' is not a %s namespace", ns->path,
	     word_name(oci_namespace_words, ns->type.v));
	return fail_at(e, "config.json: /linux/namespaces/%zu/path", i);
}

/* Sort the config's list into namespaces to make and to join. */
static int sort_list(struct creation *c, uint64_t *made, size_t *n, struct err *e)
{
	const struct oci_linux *l = c->bundle.config.platform;
	uint64_t seen = 0;

	for (size_t i = 0; i < l->namespaces.n; i++) {
		const struct oci_namespace *ns = &l->namespaces.at[i];
		uint64_t type = (uint64_t)ns->type.v;
		int fd;

		if (seen & type) {
			fail(e, ERR_INPUT, "the %s namespace is listed twice",
			     word_name(oci_namespace_words, ns->type.v));
			return fail_at(e, "config.json: /linux/namespaces/%zu", i);
		}
		seen |= type;
		if (!ns->path || !*ns->path) {
			*made |= type;
			continue;
		}
		fd = open_namespace(ns, i, e);
		if (fd < 0)
			return -1;
		c->joins[(*n)++] = (struct plan_join){ .type = ns->type.v, .fd = fd };
	}
	c->container.state.namespaces = seen;
	return 0;
}

static bool joins_type(const struct plan_join *at, size_t n, int64_t type)
{
	for (size_t i = 0; i < n; i++)
		if (at[i].type == type)
			return true;
	return false;
}

/* Move what must be entered around the clone out of tare-init's list. */
static void split_joins(struct creation *c, size_t n)
{
	size_t kept = 0;

	c->around.at = c->around_at;
	for (size_t i = 0; i < n; i++) {
		bool ours = c->new_userns && c->joins[i].type != CLONE_NEWNS;

		if (ours)
			c->around_at[c->around.n++] = c->joins[i];
		else
			c->joins[kept++] = c->joins[i];
	}
	c->plan.joins.at = c->joins;
	c->plan.joins.n = kept;
}

static int borrow_mounts(struct creation *c, uint64_t *made, struct err *e)
{
	if (c->container.state.namespaces & CLONE_NEWNS)
		return 0;
	*made |= CLONE_NEWNS;
	c->home = fd_open("/proc/self/ns/mnt", O_RDONLY);
	return c->home < 0 ? fail_sys(e, "open our own mount namespace") : 0;
}

/**
 * creation_namespaces() - decide how each namespace comes about; opens those that exist
 */
int creation_namespaces(struct creation *c, struct err *e)
{
	struct plan *p = &c->plan;
	uint64_t made = 0;
	size_t n = 0;
	bool join_user;

	if (sort_list(c, &made, &n, e) < 0 || borrow_mounts(c, &made, e) < 0)
		return -1;
	p->cgroup_namespace = made & CLONE_NEWCGROUP;
	c->unshare_time = made & CLONE_NEWTIME;
	c->new_userns = made & CLONE_NEWUSER;
	made &= ~(uint64_t)(CLONE_NEWCGROUP | CLONE_NEWTIME);
	join_user = joins_type(c->joins, n, CLONE_NEWUSER);
	p->in_userns = c->new_userns || join_user;
	c->container.state.has_userns = p->in_userns;
	c->container.state.own_pidns = made & CLONE_NEWPID;
	split_joins(c, n);
	if (join_user) {
		p->unshare = made;
		p->fork = (made & CLONE_NEWPID) || joins_type(c->joins, n, CLONE_NEWPID);
	} else {
		c->clone_flags = made;
		p->fork = !c->new_userns && joins_type(c->joins, n, CLONE_NEWPID);
	}
	return 0;
}
