/* birth.c - launches tare-init for a creation: detours around the clone, id maps, time offsets */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "os/file.h"
#include "os/idmap.h"
#include "os/spawn.h"
#include "runtime/creation.h"
#include "runtime/launch.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

static int map_text(const oci_idmaps *maps, struct str *out)
{
	for (size_t i = 0; i < maps->n; i++)
		str_addf(out, "%u %u %u\n", maps->at[i].container_id, maps->at[i].host_id,
			 maps->at[i].size);
	return out->torn ? -1 : 0;
}

/* What it prints is part of our one line. */
static int run_helper(const char *helper, struct spawn *s, struct err *e)
{
	own_fd int printed = memfd_of(helper, "", 0, e);
	char words[200];
	int status = 0;
	ssize_t n;

	s->out = s->err = printed;
	if (printed < 0)
		return -1;
	if (spawn_wait(s, &status, e) < 0)
		return e->sysno == ENOENT ? fail_hint(e, "it is in Debian's package uidmap") : -1;
	if (status == 0)
		return 0;
	n = pread(printed, words, sizeof(words) - 1, 0);
	words[n > 0 ? n : 0] = '\0';
	words[strcspn(words, "\n")] = '\0';
	return fail(e, ERR_DENIED, "%s refused to map the ids: \"%s\"", helper, words);
}

/* Without root, a shadow-utils helper may map what /etc/subuid and /etc/subgid grant. */
static int map_by_helper(const char *helper, pid_t pid, const oci_idmaps *maps, struct err *e)
{
	static const char *const folders[] = { "/usr/bin", "/bin", "/usr/local/bin" };
	char path[64] = "", pid_text[12], numbers[3 * 64][12];
	char *argv[2 + 3 * 64 + 1] = { path, pid_text };
	size_t n = 2;

	if (maps->n > 64)
		return fail(e, ERR_LIMIT, "%s takes at most 64 ranges from us", helper);
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		snprintf(path, sizeof(path), "%s/%s", folders[i], helper);
		if (access(path, X_OK) == 0)
			break;
	}
	snprintf(pid_text, sizeof(pid_text), "%d", (int)pid);
	for (size_t i = 0; i < maps->n; i++) {
		const uint32_t v[3] = { maps->at[i].container_id, maps->at[i].host_id,
					maps->at[i].size };

		for (size_t k = 0; k < 3; k++) {
			snprintf(numbers[3 * i + k], sizeof(numbers[0]), "%u", v[k]);
			argv[n++] = numbers[3 * i + k];
		}
	}
	return run_helper(helper, &(struct spawn){ .path = path, .argv = argv, .timeout = 10 }, e);
}

static bool is_single(const oci_idmaps *maps, uint32_t id)
{
	return maps->n == 1 && maps->at[0].size == 1 && maps->at[0].host_id == id;
}

static int map_users(const oci_idmaps *maps, pid_t pid, struct err *e)
{
	own_str struct str text = { 0 };

	if (geteuid() != 0 && !is_single(maps, geteuid()))
		return map_by_helper("newuidmap", pid, maps, e);
	if (map_text(maps, &text) < 0)
		return fail_errno(e, ENOMEM, "map ids");
	return idmap_write(pid, "uid_map", text.at, e);
}

static int map_groups(const oci_idmaps *maps, pid_t pid, bool *ret_denied, struct err *e)
{
	own_str struct str text = { 0 };

	if (geteuid() != 0 && !is_single(maps, getegid()))
		return map_by_helper("newgidmap", pid, maps, e);
	if (map_text(maps, &text) < 0)
		return fail_errno(e, ENOMEM, "map ids");
	/* else a user could drop a group that denies him something (CVE-2014-8989) */
	*ret_denied = geteuid() != 0;
	if (*ret_denied && idmap_write(pid, "setgroups", "deny", e) < 0)
		return -1;
	return idmap_write(pid, "gid_map", text.at, e);
}

static int map_ids(void *ctx, pid_t pid, struct err *e)
{
	struct creation *c = ctx;
	const struct oci_linux *l = c->bundle.config.platform;
	bool denied = false;

	if (map_users(&l->uid_mappings, pid, e) < 0 ||
	    map_groups(&l->gid_mappings, pid, &denied, e) < 0)
		return fail_in(e, "cannot map user and group ids");
	return 0;
}

static const char *ns_file(int64_t type)
{
	static const struct word files[] = {
		{ "mnt", CLONE_NEWNS },
		{ "pid_for_children", CLONE_NEWPID },
		{ "net", CLONE_NEWNET },
		{ "uts", CLONE_NEWUTS },
		{ "ipc", CLONE_NEWIPC },
		{ "cgroup", CLONE_NEWCGROUP },
		{ "user", CLONE_NEWUSER },
		{ "time_for_children", CLONE_NEWTIME },
		{ NULL, 0 },
	};

	return word_name(files, type);
}

/* Remember where we are, so that the way back is open. */
static int open_own(int64_t type, struct err *e)
{
	char path[48];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", ns_file(type));
	fd = fd_open(path, O_RDONLY);
	return fd < 0 ? fail_sys(e, "open '%s'", path) : fd;
}

static int enter(struct detour *d, const struct plan_join *j, struct err *e)
{
	d->type = j->type == CLONE_NEWPID ? CLONE_NEWPID : j->type;
	d->back = open_own(j->type, e);
	if (d->back < 0)
		return -1;
	if (setns((int)j->fd, (int)j->type) < 0)
		return fail_sys(e, "join the %s namespace",
				word_name(oci_namespace_words, j->type));
	return 0;
}

static int write_time_offsets(const struct oci_linux *l, struct err *e)
{
	own_str struct str text = { 0 };
	int r;

	for (size_t i = 0; i < l->time_offsets.n; i++)
		str_addf(&text, "%s %lld %u\n", l->time_offsets.at[i].key,
			 (long long)l->time_offsets.at[i].secs, l->time_offsets.at[i].nanosecs);
	if (!text.len)
		return text.torn ? fail_errno(e, ENOMEM, "set time offsets") : 0;
	r = file_try_write(AT_FDCWD, "/proc/self/timens_offsets", text.at);
	if (r == 0)
		return 0;
	fail_errno(e, -r, "set the time offsets");
	return fail_at(e, "config.json: /linux/timeOffsets");
}

static int make_time(struct creation *c, struct detour *d, struct err *e)
{
	d->type = CLONE_NEWTIME;
	d->back = open_own(CLONE_NEWTIME, e);
	if (d->back < 0)
		return -1;
	if (unshare(CLONE_NEWTIME) < 0)
		return fail_sys(e, "make a time namespace");
	return write_time_offsets(c->bundle.config.platform, e);
}

static int come_back(struct detour *d, size_t n, struct err *e)
{
	int r = 0;

	while (n-- > 0) {
		if (d[n].back >= 0 && setns(d[n].back, (int)d[n].type) < 0)
			r = fail_sys(e, "return to the %s namespace",
				     word_name(oci_namespace_words, d[n].type));
		fd_close(&d[n].back);
	}
	return r;
}

/**
 * creation_launch() - start tare-init where the plan wants it
 */
int creation_launch(struct creation *c, struct err *e)
{
	struct detour detours[MAX_JOINS + 1];
	struct launch_image image = { 0 };
	struct launch l = { .plan = &c->plan,
			    .flags = c->clone_flags,
			    .cgroup = c->entry.into,
			    .apart = c->unshare_time,
			    .map = c->new_userns ? map_ids : NULL,
			    .ctx = c,
			    .image = &image };
	struct err way_back = { 0 };
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->around.n; i++)
		r = enter(&detours[n++], &c->around.at[i], e);
	if (r == 0 && c->unshare_time)
		r = make_time(c, &detours[n++], e);
	if (r == 0) {
		c->pid = launch_init(&l, &c->sock, e);
		if (c->pid < 0) {
			c->pid = 0;
			r = -1;
		}
	}
	c->container.state.init_dev = image.dev;
	c->container.state.init_ino = image.ino;
	if (come_back(detours, n, &way_back) < 0 && r == 0) {
		*e = way_back;
		r = -1;
	}
	for (size_t i = 0; i < c->around.n; i++)
		(void)close((int)c->around.at[i].fd);
	for (size_t i = 0; i < c->plan.joins.n; i++)
		(void)close((int)c->plan.joins.at[i].fd);
	c->around.n = 0;
	return r;
}
