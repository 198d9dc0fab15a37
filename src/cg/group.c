/* group.c - "CONTROLLERS:PATH", owners and modes: what is written, and what it means here */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/own.h"
#include "base/text.h"
#include "base/userspec.h"
#include "cg/cg.h"
#include "os/file.h"
#include "os/path.h"

#define TEXT_MAX ((size_t)4 << 20)

/* Is there a hierarchy of v1 in /proc/self/cgroup's text, where v2 is all that was found? */
static bool has_more(const struct cgroup_world *w)
{
	const char *line = w->self;

	if (w->n != 1 || w->at[0].version != CGROUP_V2)
		return false;
	for (; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (!text_starts(line, "0::"))
			return true;
	return false;
}

/**
 * cg_world_open() - cgroup_world_open(), and v1 hierarchies that somebody has mounted by hand
 *
 * Containers have no use for these, and do not pay for looking.
 */
int cg_world_open(struct cgroup_world *w, struct err *e)
{
	own_mem char *mounts = NULL, *self = NULL, *controllers = NULL;
	char path[CGROUP_PATH_MAX];

	if (cgroup_world_open(w, e) < 0)
		return -1;
	if (!has_more(w))
		return 0;
	snprintf(path, sizeof(path), "%s/cgroup.controllers", w->at[0].mount);
	if (file_read(AT_FDCWD, path, TEXT_MAX, &controllers, e) < 0 ||
	    file_read(AT_FDCWD, "/proc/self/cgroup", TEXT_MAX, &self, e) < 0 ||
	    file_read(AT_FDCWD, "/proc/self/mountinfo", TEXT_MAX, &mounts, e) < 0)
		return -1;
	cgroup_world_done(w);
	return cgroup_world_parse(w, mounts, self, controllers, e);
}

/**
 * cg_group_split() - "CONTROLLERS:PATH" into its two parts; looks at nothing else
 *
 * Fails without a colon, without controllers, and for a path that cgroup_path_check() refuses.
 */
int cg_group_split(const char *text, struct cg_group *ret_group, struct err *e)
{
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;

	/* "name=a:b" cannot be: the kernel has colons between the fields of /proc/PID/cgroup */
	if (!colon || !len || len >= sizeof(ret_group->controllers)) {
		fail(e, ERR_INPUT, "'%.200s' is no CONTROLLERS:PATH", text);
		return fail_hint(e, "as in memory,cpu:/students");
	}
	if (cgroup_path_check(colon + 1, e) < 0)
		return -1;
	ret_group->n = 0;
	snprintf(ret_group->controllers, sizeof(ret_group->controllers), "%.*s", (int)len, text);
	snprintf(ret_group->path, sizeof(ret_group->path), "%s", colon + 1);
	return 0;
}

/* cg_is_root() - whether @path names the hierarchy's mount itself */
bool cg_is_root(const char *path)
{
	return strspn(path, "/.") == strlen(path);
}

static const struct cgroup_hierarchy *find_named(const struct cgroup_world *w, const char *name)
{
	if (strcmp(name, "unified") == 0 || strcmp(name, "cgroup") == 0)
		return cgroup_world_v2(w);
	for (size_t i = 0; i < w->n; i++)
		if (text_starts(name, "name=") && strcmp(w->at[i].name, name) == 0)
			return &w->at[i];
	return NULL;
}

/**
 * cg_find() - the hierarchy that a controller is in
 * @controller: its name, "name=systemd" for a v1 hierarchy without any, or "cgroup" for v2's
 *
 * Fails (ERR_UNSUPPORTED) if no mounted hierarchy has it.
 */
int cg_find(const struct cgroup_world *w, const char *controller, struct cg_in *ret_in,
	    struct err *e)
{
	unsigned bit = cgroup_controllers_parse(controller);
	const struct cgroup_hierarchy *h =
		bit ? cgroup_world_with(w, bit) : find_named(w, controller);

	if (!h) {
		fail(e, ERR_UNSUPPORTED, "no hierarchy with controller '%s' is mounted",
		     controller);
		return fail_hint(e, "`tare cg subsystems` shows those that are");
	}
	*ret_in = (struct cg_in){ h, bit };
	return 0;
}

/* cg_find_for() - the hierarchy that a control file such as "memory.max" is in */
int cg_find_for(const struct cgroup_world *w, const char *file, struct cg_in *ret_in, struct err *e)
{
	char controller[64];
	const char *dot = strchr(file, '.');

	if (!dot || dot == file || strchr(file, '/') ||
	    (size_t)(dot - file) >= sizeof(controller)) {
		fail(e, ERR_INPUT, "'%.200s' is no name of a control file", file);
		return fail_hint(e, "as in memory.max or cpu.shares");
	}
	snprintf(controller, sizeof(controller), "%.*s", (int)(dot - file), file);
	return cg_find(w, controller, ret_in, e);
}

static int add_hierarchy(struct cg_group *g, const struct cg_in *in, struct err *e)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->in[i].at == in->at) {
			g->in[i].need |= in->need;
			return 0;
		}
	if (g->n == COUNT(g->in))
		return fail(e, ERR_LIMIT, "too many hierarchies");
	g->in[g->n++] = *in;
	return 0;
}

static int add_all(const struct cgroup_world *w, struct cg_group *g, struct err *e)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct cgroup_hierarchy *h = &w->at[i];
		struct cg_in in = { h, h->controllers };

		/* a mixed host's v2 hierarchy is systemd's, unless controllers live there */
		if (h->version == CGROUP_V2)
			in.need &= ~CGROUP_V2_CORE;
		if (in.need && add_hierarchy(g, &in, e) < 0)
			return -1;
	}
	return 0;
}

/**
 * cg_group_parse() - "CONTROLLERS:PATH", as somebody wrote it, and the hierarchies it means
 * @text: controllers are divided by commas; '*' is every controller
 *
 * Fails if a controller is in no hierarchy here.
 */
int cg_group_parse(const struct cgroup_world *w, const char *text, struct cg_group *ret_group,
		   struct err *e)
{
	char list[sizeof(ret_group->controllers)], *save = NULL;

	if (cg_group_split(text, ret_group, e) < 0)
		return -1;
	memcpy(list, ret_group->controllers, sizeof(list));
	for (char *c = strtok_r(list, ",", &save); c; c = strtok_r(NULL, ",", &save)) {
		struct cg_in in;

		if (strcmp(c, "*") == 0) {
			if (add_all(w, ret_group, e) < 0)
				return -1;
			continue;
		}
		if (cg_find(w, c, &in, e) < 0 || add_hierarchy(ret_group, &in, e) < 0)
			return -1;
	}
	return ret_group->n ? 0 : fail(e, ERR_INPUT, "'%s' names no controller", text);
}

/* cg_mount_open() - a hierarchy's mount point, to walk from */
int cg_mount_open(const struct cgroup_hierarchy *h, struct err *e)
{
	int fd = fd_open(h->mount, O_RDONLY | O_DIRECTORY);

	return fd < 0 ? fail_sys(e, "open '%s'", h->mount) : fd;
}

/* cg_open() - a group's directory in one hierarchy; links and ".." lead nowhere */
int cg_open(const struct cgroup_hierarchy *h, const char *path, struct err *e)
{
	own_fd int mount = cg_mount_open(h, e);
	int fd;

	if (mount < 0 || cgroup_path_check(path, e) < 0)
		return -1;
	fd = path_try_open(mount, path, O_RDONLY | O_DIRECTORY, PATH_NOLINKS);
	if (fd >= 0)
		return fd;
	fail_errno(e, -fd, "open cgroup '%s' below '%s'", path, h->mount);
	return fd == -ENOENT ? fail_hint(e, "`tare cg ls` shows what there is") : -1;
}

/**
 * cg_group_any() - a group as somebody wrote it, or just its path: wherever it exists
 * @text: "CONTROLLERS:PATH" or "PATH"
 *
 * Fails if there is no such group in one of the hierarchies that are named, or in none at all.
 */
int cg_group_any(const struct cgroup_world *w, const char *text, struct cg_group *ret_group,
		 struct err *e)
{
	struct err absent = { 0 };

	if (strchr(text, ':'))
		return cg_group_parse(w, text, ret_group, e);
	if (cgroup_path_check(text, e) < 0)
		return -1;
	ret_group->n = 0;
	*ret_group->controllers = '\0';
	snprintf(ret_group->path, sizeof(ret_group->path), "%s", text);
	for (size_t i = 0; i < w->n; i++) {
		own_fd int fd = cg_open(&w->at[i], text, &absent);

		if (fd >= 0)
			ret_group->in[ret_group->n++] = (struct cg_in){ &w->at[i], 0 };
		else if (absent.sysno != ENOENT)
			break;
	}
	if (ret_group->n)
		return 0;
	*e = absent;
	return w->n ? -1 : fail(e, ERR_UNSUPPORTED, "no cgroup hierarchy is mounted");
}

/* --- owners and modes ------------------------------------------------------------------ */

/* "name:x:NUMBER:…" in /etc/passwd or /etc/group, without libc's NSS */
static int find_account(const char *file, const char *name, uint32_t *ret_id, struct err *e)
{
	own_mem char *text = NULL;
	size_t len = strlen(name);
	char number[16];

	if (file_read(AT_FDCWD, file, TEXT_MAX, &text, e) < 0)
		return -1;
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *field = line + len;

		if (strncmp(line, name, len) != 0 || *field != ':')
			continue;
		field++;
		field += strcspn(field, ":\n");
		if (*field != ':')
			continue;
		field++;
		snprintf(number, sizeof(number), "%.*s", (int)strcspn(field, ":\n"), field);
		return userspec_id(number, ret_id, e);
	}
	return fail(e, ERR_INPUT, "'%s' is not in %s", name, file);
}

static int parse_id(const char *file, const char *word, uint32_t *ret_id, struct err *e)
{
	/* what looks like a number is one: base/userspec.h */
	if (*word >= '0' && *word <= '9')
		return userspec_id(word, ret_id, e);
	return find_account(file, word, ret_id, e);
}

/* cg_owner_parse() - "USER:GROUP", "USER" or ":GROUP", by name or number */
int cg_owner_parse(const char *text, struct cg_owner *ret_owner, struct err *e)
{
	char user[128];
	const char *colon = strchr(text, ':'), *group = colon ? colon + 1 : "";
	struct cg_owner owner = CG_OWNER_KEEP;

	snprintf(user, sizeof(user), "%.*s", (int)strcspn(text, ":"), text);
	if (!*user && !*group)
		return fail(e, ERR_INPUT, "'%s' is no USER:GROUP", text);
	if (*user && parse_id("/etc/passwd", user, &owner.uid, e) < 0)
		return fail_in(e, "find user '%s'", user);
	if (*group && parse_id("/etc/group", group, &owner.gid, e) < 0)
		return fail_in(e, "find group '%s'", group);
	*ret_owner = owner;
	return 0;
}

/* cg_mode_parse() - permissions as an octal number: "750" */
int cg_mode_parse(const char *text, uint32_t *ret_mode, struct err *e)
{
	uint32_t mode = 0;
	const char *c = text;

	for (; *c >= '0' && *c <= '7' && mode <= 0777; c++)
		mode = mode * 8 + (uint32_t)(*c - '0');
	if (c == text || *c || mode > 0777) {
		fail(e, ERR_INPUT, "'%s' are no permissions", text);
		return fail_hint(e, "an octal number, as in 750");
	}
	*ret_mode = mode;
	return 0;
}
