/* mount_peers.c - reads each mount namespace's mountinfo once */
#include "ns/mount_peers.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/own.h"
#include "host/proc_scan.h"
#include "os/file.h"

/* struct reading - @seen: inodes of the namespaces that have been read, @n_seen of them */
struct reading {
	struct arena *arena;
	struct peer_mount *at;
	uint64_t *seen, ns;
	size_t n, room, n_seen, seen_room;
	bool found;
};

static void reading_done(struct reading *r)
{
	free(r->at);
	free(r->seen);
}

static bool grow(void **at, size_t n, size_t *room, size_t size)
{
	size_t more = *room ? *room * 2 : 64;
	void *grown = n < *room ? *at : reallocarray(*at, more, size);

	if (!grown)
		return false;
	*room = n < *room ? *room : more;
	*at = grown;
	return true;
}

/* Few have more than some hundred mount namespaces, and their processes come one after the other. */
static bool is_seen(const struct reading *r, uint64_t ns)
{
	for (size_t i = r->n_seen; i-- > 0;)
		if (r->seen[i] == ns)
			return true;
	return false;
}

static bool add(struct reading *r, const struct proc_entry *p, char *command,
		const struct mount_line *line)
{
	struct peer_mount m = {
		.ns = p->ns[NSFS_MNT],
		.id = line->id,
		.pid = p->pid,
		.command = command,
		.point = mountinfo_text(r->arena, line->point, line->point_len),
		.root = mountinfo_text(r->arena, line->root, line->root_len),
		.type = mountinfo_text(r->arena, line->type, line->type_len),
	};

	if (!m.point || !m.root || !m.type ||
	    !grow((void **)&r->at, r->n, &r->room, sizeof(*r->at)))
		return false;
	mount_line_peers(line, &m.peers);
	r->at[r->n++] = m;
	return true;
}

static int look(void *ctx, int dir, const struct proc_entry *p, struct err *e)
{
	struct reading *r = ctx;
	own_mem char *text = NULL;
	struct mount_line line;
	struct err ignored;
	const char *rest;
	char *command;

	if (!p->ns[NSFS_MNT] || is_seen(r, p->ns[NSFS_MNT]))
		return 0;
	/* whoever cannot be asked may be followed by another of the same namespace */
	if (file_read(dir, "mountinfo", MOUNTINFO_MAX, &text, &ignored) <= 0)
		return 0;
	command = arena_dup(r->arena, p->stat.name);
	if (!command || !grow((void **)&r->seen, r->n_seen, &r->seen_room, sizeof(*r->seen)))
		return fail_errno(e, ENOMEM, "look at the mounts");
	r->seen[r->n_seen++] = p->ns[NSFS_MNT];
	rest = text;
	while (mount_line_next_any(&rest, &line))
		if (!add(r, p, command, &line))
			return fail_errno(e, ENOMEM, "look at the mounts");
	return 0;
}

static int fail_denied(pid_t pid, struct err *e)
{
	fail(e, ERR_DENIED, "look at the mounts of process %d: it is another user's", (int)pid);
	return fail_hint(e, "only he and root may");
}

static int look_first(void *ctx, int dir, const struct proc_entry *p, struct err *e)
{
	struct reading *r = ctx;

	if (p->denied & PROC_NS)
		return fail_denied(p->pid, e);
	r->ns = p->ns[NSFS_MNT];
	r->found = true;
	return look(ctx, dir, p, e);
}

/**
 * peer_mounts_read() - read all mounts, those of @pid's mount namespace first
 * @a: owns what @ret_mounts points to
 */
int peer_mounts_read(pid_t pid, struct arena *a, struct peer_mounts *ret_mounts, struct err *e)
{
	__attribute__((cleanup(reading_done))) struct reading r = { .arena = a };
	struct proc_scan s = { .want = PROC_NS | PROC_STAT, .each = look_first, .ctx = &r };
	struct peer_mounts all = { .mounts.at = NULL };

	if (proc_scan_one(pid, &s, e) < 0)
		return -1;
	if (!r.found)
		return fail(e, ERR_ABSENT, "there is no process %d", (int)pid);
	s.each = look;
	if (proc_scan(&s, e) < 0)
		return -1;
	all.ns = r.ns;
	all.mounts.at = arena_array(a, r.n + 1, sizeof(*all.mounts.at));
	if (!all.mounts.at)
		return fail_errno(e, ENOMEM, "look at the mounts");
	if (r.n)
		memcpy(all.mounts.at, r.at, r.n * sizeof(*r.at));
	all.mounts.n = r.n;
	*ret_mounts = all;
	return 0;
}
