/* maps.c - ranges from the command line, from /etc/subuid and from the namespace above */
#include "ns/maps.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "base/text.h"
#include "os/file.h"
#include "os/spawn.h"

static const struct kind_row {
	const char *subids, *map, *program, *what;
} KINDS[] = {
	[NS_MAP_USERS] = { "/etc/subuid", "uid_map", "newuidmap", "user" },
	[NS_MAP_GROUPS] = { "/etc/subgid", "gid_map", "newgidmap", "group" },
};

#define SUBIDS_MAX ((size_t)4 << 20)

static int add(struct ns_map *m, struct idmap_range r, struct err *e)
{
	if (m->n == NS_RANGES)
		return fail(e, ERR_LIMIT, "more than %d ranges of ids", NS_RANGES);
	if (!r.size || (uint64_t)r.inside + r.size > UINT32_MAX ||
	    (uint64_t)r.outside + r.size > UINT32_MAX)
		return fail(e, ERR_INPUT,
			    "the range of %u ids from %u inside, %u outside, is empty "
			    "or goes beyond the last id",
			    r.size, r.inside, r.outside);
	m->at[m->n++] = r;
	return 0;
}

/* --- subuid(5) ------------------------------------------------------------------------------- */

/* A number up to @end, or false. */
static bool number(const char *at, size_t len, uint32_t *ret)
{
	char digits[16];
	uint64_t v;

	if (len >= sizeof(digits))
		return false;
	memcpy(digits, at, len);
	digits[len] = '\0';
	if (text_u64(digits, UINT32_MAX, &v) < 0)
		return false;
	*ret = (uint32_t)v;
	return true;
}

/* "NAME-OR-UID:START:COUNT"; @ret_size stays 0 where the line is another's, or no such line */
static void subid_line(const char *line, size_t len, const char *user, uint32_t uid,
		       struct idmap_range *ret)
{
	const char *end = line + len, *one = memchr(line, ':', len);
	const char *two = one ? memchr(one + 1, ':', (size_t)(end - one - 1)) : NULL;
	size_t name = one ? (size_t)(one - line) : 0;
	uint32_t id, start, size;
	bool theirs;

	if (!two)
		return;
	theirs = (user && name == strlen(user) && memcmp(line, user, name) == 0) ||
		 (number(line, name, &id) && id == uid);
	if (theirs && number(one + 1, (size_t)(two - one - 1), &start) &&
	    number(two + 1, (size_t)(end - two - 1), &size)) {
		ret->outside = start;
		ret->size = size;
	}
}

/**
 * ns_map_subids() - add a user's subordinate ids, one after the other from 0 on
 * @text: content of /etc/subuid or /etc/subgid
 * @user: name, or NULL when it is unknown
 * @all:  every range, not the first alone
 *
 * Return: 0, or -1, ERR_ABSENT when there are none.
 */
int ns_map_subids(const char *text, const char *user, uint32_t uid, struct ns_map *m, bool all,
		  struct err *e)
{
	uint32_t inside = 0;

	for (const char *line = text, *end; *line && (all || !inside);
	     line = *end ? end + 1 : end) {
		struct idmap_range r = { .inside = inside };

		end = line + strcspn(line, "\n");
		subid_line(line, (size_t)(end - line), user, uid, &r);
		if (!r.size)
			continue;
		if (add(m, r, e) < 0)
			return -1;
		inside += r.size;
	}
	return inside ? 0 : fail(e, ERR_ABSENT, "no subordinate ids are listed for user %u", uid);
}

/* The caller's name by /etc/passwd; both files are the host's. */
static bool user_name(uint32_t uid, char *ret_name, size_t size)
{
	own_mem char *text = NULL;
	struct err ignored;
	char want[16];

	if (file_read(AT_FDCWD, "/etc/passwd", SUBIDS_MAX, &text, &ignored) < 0)
		return false;
	snprintf(want, sizeof(want), "%u", uid);
	for (const char *line = text, *end; *line; line = *end ? end + 1 : end) {
		size_t name = strcspn(line, ":\n");
		const char *id;

		end = line + strcspn(line, "\n");
		id = line[name] == ':'
			     ? memchr(line + name + 1, ':', (size_t)(end - line) - name - 1)
			     : NULL;
		if (!id || name >= size || strncmp(id + 1, want, strlen(want)) != 0 ||
		    id[1 + strlen(want)] != ':')
			continue;
		memcpy(ret_name, line, name);
		ret_name[name] = '\0';
		return true;
	}
	return false;
}

static int add_subids(struct ns_map *m, enum ns_map_kind kind, bool all, struct err *e)
{
	own_mem char *text = NULL;
	char name[256];

	if (file_read(AT_FDCWD, KINDS[kind].subids, SUBIDS_MAX, &text, e) < 0)
		return -1;
	if (ns_map_subids(text, user_name(geteuid(), name, sizeof(name)) ? name : NULL, geteuid(),
			  m, all, e) == 0)
		return 0;
	fail_in(e, "map %ss by '%s'", KINDS[kind].what, KINDS[kind].subids);
	return fail_hint(e, "usermod(8) adds ranges, by --add-subuids and --add-subgids");
}

/* Every id that the caller's namespace has, under the same number. */
static int add_all(struct ns_map *m, enum ns_map_kind kind, struct err *e)
{
	own_mem char *text = NULL;
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/%s", KINDS[kind].map);
	if (file_read(AT_FDCWD, path, 65536, &text, e) < 0)
		return -1;
	for (const char *line = text; line && *line;
	     line = strchr(line, '\n'), line += line != NULL) {
		uint32_t inside, size;

		if (sscanf(line, "%u %*u %u", &inside, &size) != 2)
			return fail(e, ERR_SYSTEM, "read '%s': unknown text", path);
		if (add(m, (struct idmap_range){ inside, inside, size }, e) < 0)
			return -1;
	}
	return 0;
}

/* INSIDE:OUTSIDE:COUNT, or, as util-linux 2.38 had it, OUTSIDE,INSIDE,COUNT */
static int add_range(struct ns_map *m, const char *text, struct err *e)
{
	char mark = strchr(text, ':') ? ':' : ',';
	const char *one = strchr(text, mark), *two = one ? strchr(one + 1, mark) : NULL;
	uint32_t v[3];

	if (!two || !number(text, (size_t)(one - text), &v[0]) ||
	    !number(one + 1, (size_t)(two - one - 1), &v[1]) ||
	    !number(two + 1, strlen(two + 1), &v[2]))
		return fail(e, ERR_INPUT,
			    "'%.64s' is not of the form INSIDE:OUTSIDE:COUNT, nor 'auto', "
			    "'subids' or 'all'",
			    text);
	return add(m,
		   mark == ':' ? (struct idmap_range){ v[0], v[1], v[2] }
			       : (struct idmap_range){ v[1], v[0], v[2] },
		   e);
}

/**
 * ns_map_add() - add what a user has written
 * @text: INSIDE:OUTSIDE:COUNT; OUTSIDE,INSIDE,COUNT; `auto`: the first range of subordinate ids, from
 *        0 on; `subids`: all of them; `all`: every id of the present namespace as it is
 */
int ns_map_add(struct ns_map *m, enum ns_map_kind kind, const char *text, struct err *e)
{
	if (strcmp(text, "auto") == 0 || strcmp(text, "subids") == 0)
		return add_subids(m, kind, *text == 's', e);
	return strcmp(text, "all") == 0 ? add_all(m, kind, e) : add_range(m, text, e);
}

/* --- settling -------------------------------------------------------------------------------- */

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* A range without the one id, on either side: up to three pieces. What is left out inside is not left
 * out outside, nor the other way round; the last ids fall off. */
static int add_around(struct ns_map *to, const struct idmap_range *r, uint64_t inside,
		      uint64_t outside, struct err *e)
{
	uint64_t in = r->inside, out = r->outside;
	uint64_t in_end = in + r->size, out_end = out + r->size;

	for (;;) {
		uint64_t n;

		in += in == inside;
		out += out == outside;
		if (in >= in_end || out >= out_end)
			return 0;
		n = least(in_end - in, out_end - out);
		n = inside > in ? least(n, inside - in) : n;
		n = outside > out ? least(n, outside - out) : n;
		if (add(to, (struct idmap_range){ (uint32_t)in, (uint32_t)out, (uint32_t)n }, e) <
		    0)
			return -1;
		in += n;
		out += n;
	}
}

static bool overlap(uint64_t a, uint64_t n, uint64_t b, uint64_t m)
{
	return a < b + m && b < a + n;
}

/**
 * ns_map_settle() - make the wish what is written: the own id is a range like others, nothing overlaps
 * @own_outside: the caller's own id
 */
int ns_map_settle(struct ns_map *m, uint32_t own_outside, struct err *e)
{
	struct ns_map settled = { 0 };

	if (!m->own)
		settled = *m;
	if (m->own && add(&settled, (struct idmap_range){ m->own_inside, own_outside, 1 }, e) < 0)
		return -1;
	for (size_t i = 0; m->own && i < m->n; i++)
		if (add_around(&settled, &m->at[i], m->own_inside, own_outside, e) < 0)
			return -1;
	for (size_t i = 0; i < settled.n; i++)
		for (size_t j = 0; j < i; j++) {
			const struct idmap_range *a = &settled.at[i], *b = &settled.at[j];

			if (overlap(a->inside, a->size, b->inside, b->size) ||
			    overlap(a->outside, a->size, b->outside, b->size))
				return fail(e, ERR_INPUT,
					    "the ranges %u:%u:%u and %u:%u:%u of ids overlap",
					    b->inside, b->outside, b->size, a->inside, a->outside,
					    a->size);
		}
	*m = settled;
	return 0;
}

/* --- writing --------------------------------------------------------------------------------- */

#define NUMBER 12 /* bytes of the longest id and its end */

/* newuidmap(1): set-user-ID, and bound by /etc/subuid */
static int write_by_program(const struct ns_map *m, const struct kind_row *k, pid_t pid,
			    struct err *e)
{
	char path[512], numbers[3 * NS_RANGES + 1][NUMBER];
	char *argv[3 * NS_RANGES + 3];
	struct spawn s = { .path = path, .argv = argv, .timeout = 30 };
	size_t n = 0;
	int status;

	if (spawn_find(k->program, path, sizeof(path), e) < 0) {
		fail_in(e, "map more %ss than one's own", k->what);
		return fail_hint(e, "it is in Debian's package uidmap");
	}
	snprintf(numbers[n++], NUMBER, "%d", (int)pid);
	for (size_t i = 0; i < m->n; i++) {
		snprintf(numbers[n++], NUMBER, "%u", m->at[i].inside);
		snprintf(numbers[n++], NUMBER, "%u", m->at[i].outside);
		snprintf(numbers[n++], NUMBER, "%u", m->at[i].size);
	}
	argv[0] = path;
	for (size_t i = 0; i < n; i++)
		argv[i + 1] = numbers[i];
	argv[n + 1] = NULL;
	if (spawn_wait(&s, &status, e) < 0)
		return -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	fail(e, ERR_DENIED, "map %ss: '%s' refused", k->what, path);
	return fail_hint(e, "only what %s lists for the caller may be mapped", k->subids);
}

/**
 * ns_map_write() - map the ids of the user namespace of process @pid, which we have just made
 *
 * By ourselves where the kernel lets us: with privileges, or the own id alone; else by newuidmap or
 * newgidmap. Called in the namespace above, by whom made it.
 */
int ns_map_write(const struct ns_map *m, enum ns_map_kind kind, pid_t pid, struct err *e)
{
	own_str struct str text = { 0 };
	char path[48];
	int r;

	if (!m->n)
		return 0;
	if (idmap_text(m->at, m->n, &text) < 0)
		return fail_errno(e, ENOMEM, "map ids");
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, KINDS[kind].map);
	r = file_try_write(AT_FDCWD, path, text.at);
	if (r == 0)
		return 0;
	if (r == -EPERM && geteuid() != 0)
		return write_by_program(m, &KINDS[kind], pid, e);
	return idmap_write(pid, KINDS[kind].map, text.at, e);
}

/* --- both ------------------------------------------------------------------------------------ */

/* ns_maps_any() - is any id mapped? */
bool ns_maps_any(const struct ns_maps *m)
{
	return m->users.own || m->users.n || m->groups.own || m->groups.n;
}

/**
 * ns_maps_settle() - ns_map_settle() for both, and check setgroups
 *
 * Called before the namespaces change what geteuid() says.
 */
int ns_maps_settle(struct ns_maps *m, struct err *e)
{
	if (m->setgroups == NS_SETGROUPS_ALLOW && m->groups.own && !m->groups.n && geteuid() != 0)
		return fail(e, ERR_INPUT,
			    "setgroups cannot be allowed: the kernel forbids it where a "
			    "plain user maps but his own group");
	if (ns_map_settle(&m->users, geteuid(), e) < 0)
		return fail_in(e, "map users");
	return ns_map_settle(&m->groups, getegid(), e) < 0 ? fail_in(e, "map groups") : 0;
}

/* ns_maps_write() - what is settled, for the user namespace of process @pid, as ns_map_write() does */
int ns_maps_write(const struct ns_maps *m, pid_t pid, struct err *e)
{
	/* A plain user's own group may be mapped only so; newgidmap sees to it itself. For root it is
	 * as unshare(1) does it: with one group alone there is nothing to set. */
	bool must_deny = m->groups.n == 1 && m->groups.at[0].size == 1 &&
			 m->groups.at[0].outside == getegid();

	if ((m->setgroups == NS_SETGROUPS_DENY ||
	     (m->setgroups == NS_SETGROUPS_KERNEL && must_deny)) &&
	    idmap_write(pid, "setgroups", "deny", e) < 0)
		return -1;
	if (ns_map_write(&m->users, NS_MAP_USERS, pid, e) < 0)
		return -1;
	return ns_map_write(&m->groups, NS_MAP_GROUPS, pid, e);
}
