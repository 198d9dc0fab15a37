/* named.c - control files read and written by the names of either version */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/own.h"
#include "cg/translate.h"
#include "os/cgroup_file.h"

/**
 * struct spot - a name, looked up
 * @dir:   the group's directory
 * @pairs: rows by which it is translated, @n of them; NULL: the file itself
 * @to_v2: the file here is v2's
 */
struct spot {
	struct cg_in in;
	int dir;
	const struct cg_pair *pairs;
	size_t n;
	bool to_v2;
};

static void spot_done(struct spot *s)
{
	fd_close(&s->dir);
}
#define own_spot __attribute__((cleanup(spot_done)))

static const char *file_here(const struct cg_pair *p, bool v2)
{
	return v2 ? p->v2 : p->v1;
}

/* A controller that one version has not, such as v2 cpuacct: by the other version's name for it. */
static int find_other(const struct cgroup_world *w, const char *name, struct spot *s)
{
	struct err ignored = { 0 };

	for (int of = CGROUP_V1; of <= CGROUP_V2; of++) {
		size_t n;
		const struct cg_pair *p = cg_pair_find(name, (enum cgroup_version)of, &n);

		if (p && cg_find_for(w, file_here(p, of == CGROUP_V1), &s->in, &ignored) == 0)
			return 0;
	}
	return -1;
}

static int look_up(const struct cgroup_world *w, const char *path, const char *name, struct spot *s,
		   struct err *e)
{
	if (cg_find_for(w, name, &s->in, e) < 0 &&
	    (e->cls != ERR_UNSUPPORTED || find_other(w, name, s) < 0))
		return -1;
	s->dir = cg_open(s->in.at, path, e);
	/* a mixed host has v2's files of the core, but groups are in v1's freezer */
	if (s->dir < 0 && e->sysno == ENOENT && find_other(w, name, s) == 0)
		s->dir = cg_open(s->in.at, path, e);
	if (s->dir < 0)
		return -1;
	if (faccessat(s->dir, name, F_OK, 0) == 0)
		return 0;
	s->to_v2 = s->in.at->version == CGROUP_V2;
	s->pairs = cg_pair_find(name, s->to_v2 ? CGROUP_V1 : CGROUP_V2, &s->n);
	return 0;
}

/* The group's limit of memory, which swap's depends on; none if it cannot be read. */
static uint64_t memory_limit(const struct spot *s)
{
	uint64_t n = UINT64_MAX;

	if (cgroup_try_read_u64(s->dir, s->to_v2 ? "memory.max" : "memory.limit_in_bytes", &n) <
		    0 ||
	    n >= (INT64_MAX & ~0xffffULL))
		return UINT64_MAX;
	return n;
}

static void say(const struct spot *s, struct cg_said *ret_said)
{
	*ret_said = (struct cg_said){ .pair = s->pairs, .in = s->in };
}

/* What one name is here, put together from all of its files. */
static int get_translated(const struct spot *s, struct str *out, struct err *e)
{
	uint64_t memory = s->pairs->how == CG_SWAP ? memory_limit(s) : UINT64_MAX;

	for (size_t i = 0; i < s->n; i++) {
		const struct cg_pair *p = &s->pairs[i];
		own_str struct str text = { 0 }, part = { 0 };

		if (cg_read(s->dir, file_here(p, s->to_v2), &text, e) < 0)
			return -1;
		if (!text.at)
			continue;
		if ((s->to_v2 ? cg_to_v1 : cg_to_v2)(p, text.at, memory, &part, e) < 0)
			return -1;
		if (part.len && out->len)
			str_add(out, p->how == CG_QUOTA || p->how == CG_PERIOD ? " " : "\n");
		if (part.len)
			str_add_len(out, part.at, part.len);
	}
	return out->torn ? fail_errno(e, ENOMEM, "read the value") : 0;
}

/**
 * cg_get_value() - a control file of a group, by its name in either version
 * @ret_text: its text, in the terms of the version that the name is of, is added to it
 */
int cg_get_value(const struct cgroup_world *w, const char *path, const char *name,
		 struct str *ret_text, struct cg_said *ret_said, struct err *e)
{
	own_spot struct spot s = { .dir = FD_NONE };

	if (look_up(w, path, name, &s, e) < 0)
		return -1;
	say(&s, ret_said);
	return s.pairs ? get_translated(&s, ret_text, e) : cg_read(s.dir, name, ret_text, e);
}

/* cpu.max wants the quota in front of a new period. */
static int add_quota(const struct spot *s, struct str *out, struct err *e)
{
	char now[64];
	int r = cgroup_try_read(s->dir, "cpu.max", now, sizeof(now));

	if (r < 0)
		return fail_errno(e, -r, "read 'cpu.max'");
	str_addf(out, "%.*s ", (int)strcspn(now, " "), now);
	return 0;
}

/* v1's files take one line a write. */
static int write_lines(int dir, const char *file, char *text, struct cg_wrote *ret_wrote,
		       struct err *e)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (cg_write(dir, file, line, ret_wrote, e) < 0)
			return -1;
	return 0;
}

#define FILES_MAX 4 /* that one of the other version is */

/* struct translated - what goes to each file; the last one first: a new period before its quota */
struct translated {
	struct str at[FILES_MAX];
};

static void translated_done(struct translated *t)
{
	for (size_t i = 0; i < COUNT(t->at); i++)
		str_done(&t->at[i]);
}
#define own_translated __attribute__((cleanup(translated_done)))

/* v2 has one file for all of v1's. */
static size_t n_files(const struct spot *s)
{
	size_t n = s->to_v2 ? 1 : s->n;

	return n < FILES_MAX ? n : FILES_MAX;
}

static int translate(const struct spot *s, const char *value, struct translated *ret, struct err *e)
{
	uint64_t memory = s->pairs->how == CG_SWAP ? memory_limit(s) : UINT64_MAX;
	size_t len = 0;

	for (size_t i = 0; i < n_files(s); i++) {
		const struct cg_pair *p = &s->pairs[i];
		struct str *text = &ret->at[i];

		if (s->to_v2 && p->how == CG_PERIOD && add_quota(s, text, e) < 0)
			return -1;
		if ((s->to_v2 ? cg_to_v2 : cg_to_v1)(p, value, memory, text, e) < 0)
			return -1;
		if (text->torn)
			return fail_errno(e, ENOMEM, "translate '%s'", value);
		len += text->len;
	}
	return len ? 0 : fail(e, ERR_INPUT, "'%s' says nothing for '%s'", value, s->pairs->v2);
}

/* All is understood before any of it is written. */
static int set_translated(const struct spot *s, const char *value, struct cg_wrote *ret_wrote,
			  struct err *e)
{
	own_translated struct translated t = { 0 };

	if (translate(s, value, &t, e) < 0)
		return -1;
	for (size_t i = n_files(s); i-- > 0;)
		if (t.at[i].len && write_lines(s->dir, file_here(&s->pairs[i], s->to_v2),
					       t.at[i].at, ret_wrote, e) < 0)
			return -1;
	return 0;
}

/**
 * cg_set_value() - write a control file of a group, by its name in either version
 *
 * cg_write() tells what came of it.
 */
int cg_set_value(const struct cgroup_world *w, const char *path, const char *name,
		 const char *value, struct cg_wrote *ret_wrote, struct cg_said *ret_said,
		 struct err *e)
{
	own_spot struct spot s = { .dir = FD_NONE };

	*ret_wrote = (struct cg_wrote){ .told = CG_UNKNOWN };
	if (look_up(w, path, name, &s, e) < 0)
		return -1;
	say(&s, ret_said);
	if (!s.pairs && cg_write(s.dir, name, value, ret_wrote, e) < 0)
		return e->sysno != ENOENT
			       ? -1
			       : fail_hint(e,
					   "v%d has no such file here, and none that says the same",
					   s.in.at->version == CGROUP_V2 ? 2 : 1);
	if (!s.pairs)
		return 0;
	if (set_translated(&s, value, ret_wrote, e) < 0)
		return fail_in(e, "set '%s', as '%s' of v%d", name, file_here(s.pairs, s.to_v2),
			       s.to_v2 ? 2 : 1);
	return 0;
}
