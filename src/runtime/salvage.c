/* salvage.c - finds the cgroups of a container whose state cannot be read
 *
 * There are two witnesses: what can still be read of the state's text, and the config that was
 * kept, which says where the cgroups were to be. Neither is believed alone, as the processes in
 * a cgroup are to be killed. A cgroup is the container's if it bears its name, if no other
 * container's state speaks of it, and if the oldest process in it began when this container did.
 * The recorded process is not looked at: whoever has its number may be anybody.
 */
#include "runtime/salvage.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/own.h"
#include "os/file.h"
#include "os/process.h"
#include "os/systemd_names.h"
#include "runtime/cgroup_path.h"

#define TEXT_MAX    ((size_t)4 << 20)

/* The config is kept when the process exists, so that is older, and by little. Seconds; what
 * enters a pid namespace is born a second time. */
#define OLDER_MAX   60
#define YOUNGER_MAX 10

/* --- the witnesses -------------------------------------------------------------------------- */

/* Notes from what is left of the text. In a string each quote follows a backslash, so none looks
 * like the member's name. */
static void read_notes(const char *text, struct arena *a, cgroup_note_list *list)
{
	static const char name[] = "\"cgroups\":[";
	const char *at = strstr(text, name), *end;
	struct err ignored = { 0 };

	list->at = arena_array(a, CGROUP_HIERARCHIES, sizeof(*list->at));
	for (at = at ? at + strlen(name) : ""; *at == '{'; at = end + (*end == ',')) {
		struct cgroup_note *note = &list->at[list->n];

		end = strchr(at, '}');
		if (!end || !list->at || list->n == CGROUP_HIERARCHIES)
			return;
		end++;
		if (bind_parse(&cgroup_note_table, at, (size_t)(end - at), "status", NULL, a, note,
			       &ignored) < 0)
			return;
		/* the folders above may be in use by others */
		note->made = 1;
		note->id = 0;
		list->n += cgroup_path_check(note->path, &ignored) == 0 &&
			   strspn(note->path, "/.") < strlen(note->path);
	}
}

static int recall(struct container *c, struct salvage *s, struct err *e)
{
	own_mem char *text = NULL;
	cgroup_note_list list = { 0 };
	struct err ignored = { 0 };

	if (file_read(c->dir, "status", TEXT_MAX, &text, &ignored) < 0)
		return 0;
	read_notes(text, &c->mem, &list);
	return cgroup_recall(&s->recorded, &s->world, &list, e);
}

/* Where create would put its cgroup, by the config, or without one. */
static int derive(struct container *c, struct salvage *s)
{
	const struct oci_linux *l = c->config ? c->config->platform : NULL;
	const char *path = l ? l->cgroups_path : NULL;
	const struct systemd_wish wish = { .cgroups_path = path, .id = c->state.id };
	struct cgroup_path where = { .base = CGROUP_AT_ROOT };
	struct systemd_names names;
	struct err ignored = { 0 };

	if (path && strchr(path, ':')) {
		if (systemd_names_resolve(&wish, &c->mem, &names, &ignored) < 0)
			return -1;
		where.path = names.path;
	} else if (cgroup_path_resolve(path, NULL, c->state.id, &c->mem, &where, &ignored) < 0) {
		return -1;
	}
	return cgroup_init(&s->derived, &s->world, where.base, where.path, &ignored);
}

/* --- doubts --------------------------------------------------------------------------------- */

/* "ID", "PREFIX-ID" or "PREFIX-ID.scope", which is what engines and systemd make of it. */
static bool is_named_after(const char *path, const char *id)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t len = strlen(name), n = strlen(id);

	if (text_ends(name, ".scope"))
		len -= strlen(".scope");
	return len >= n && memcmp(name + len - n, id, n) == 0 &&
	       (len == n || name[len - n - 1] == '-');
}

static bool speaks_of(const struct state *s, const struct cgroup_place *p)
{
	for (size_t i = 0; i < s->cgroups.n; i++) {
		const struct state_cgroup *other = &s->cgroups.at[i];

		if (strcmp(other->hierarchy ? other->hierarchy : "", p->in->name) == 0 &&
		    (text_is_below(other->path, p->path) || text_is_below(p->path, other->path)))
			return true;
	}
	return false;
}

/* Does the state of another container speak of it, or of what lies above or below it? */
static bool is_anothers(const struct container *c, char **ids, const struct cgroup_place *p)
{
	bool found = false;

	for (; *ids && !found; ids++) {
		own_container struct container other = { .root = FD_NONE, .dir = FD_NONE };
		struct err ignored = { 0 };

		if (strcmp(*ids, c->state.id) != 0 &&
		    container_open(&other, c->root, *ids, &ignored) == 0)
			found = speaks_of(&other.state, p);
	}
	return found;
}

/* How long ago the config was kept, in seconds; -1 where nobody knows. */
static double age_of_config(const struct container *c)
{
	struct timespec now;
	struct stat st;

	if (fstatat(c->dir, "config.json", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	clock_gettime(CLOCK_REALTIME, &now);
	return (double)(now.tv_sec - st.st_mtim.tv_sec) +
	       (double)(now.tv_nsec - st.st_mtim.tv_nsec) / 1e9;
}

static double age_of_oldest(const struct numbers *pids)
{
	struct timespec now;
	double age = -1;

	clock_gettime(CLOCK_BOOTTIME, &now);
	for (size_t i = 0; i < pids->n; i++) {
		struct process_stat st;
		double its;

		if (process_try_stat((pid_t)pids->at[i], &st) < 0)
			continue;
		its = (double)now.tv_sec + (double)now.tv_nsec / 1e9 -
		      (double)st.start / (double)sysconf(_SC_CLK_TCK);
		age = its > age ? its : age;
	}
	return age;
}

static bool has_processes(struct container *c, const struct cgroup_place *p)
{
	const struct cgroup one = { .at = { *p }, .n = 1 };
	struct err ignored = { 0 };
	struct numbers pids;

	return cgroup_pids(&one, &pids, &c->mem, &ignored) < 0 || pids.n > 0;
}

/* Did what is in it begin with the container? True of an empty one, which is only removed. */
static bool began_with(struct container *c, const struct cgroup_place *p)
{
	const struct cgroup one = { .at = { *p }, .n = 1 };
	double config = age_of_config(c), oldest;
	struct err ignored = { 0 };
	struct numbers pids;

	if (cgroup_pids(&one, &pids, &c->mem, &ignored) < 0)
		return false;
	if (!pids.n)
		return true;
	oldest = age_of_oldest(&pids);
	return config >= 0 && oldest >= config - YOUNGER_MAX && oldest <= config + OLDER_MAX;
}

/* --- together ------------------------------------------------------------------------------- */

static bool has_hierarchy(const struct cgroup *cg, const struct cgroup_hierarchy *in)
{
	for (size_t i = 0; i < cg->n; i++)
		if (cg->at[i].in == in)
			return true;
	return false;
}

/* Of several, one with processes is named; what has another's name, and is his, is not missed. */
static void leave(struct container *c, char **ids, const struct cgroup_place *p, struct salvage *s)
{
	if (s->busy)
		return;
	s->busy = has_processes(c, p) &&
		  (is_named_after(p->path, c->state.id) || !is_anothers(c, ids, p));
	snprintf(s->left, sizeof(s->left), "%s", p->dir);
}

static void sift(struct container *c, char **ids, const struct cgroup *from, struct salvage *s)
{
	for (size_t i = 0; i < from->n; i++) {
		struct cgroup_place p = from->at[i];

		if (has_hierarchy(&s->kept, p.in) || access(p.dir, F_OK) < 0)
			continue;
		p.made = 1;
		if (is_named_after(p.path, c->state.id) && !is_anothers(c, ids, &p) &&
		    began_with(c, &p))
			s->kept.at[s->kept.n++] = p;
		else
			leave(c, ids, &p, s);
	}
}

/**
 * salvage_cgroups() - find the cgroups of a container of which only id and folder are known
 * @c:   locked, with no state but the id; its config is loaded where it can be read
 * @ret: release it with salvage_done(), also after a failure
 */
int salvage_cgroups(struct container *c, struct salvage *ret, struct err *e)
{
	struct err no_config = { 0 };
	char **ids;

	*ret = (struct salvage){ .left = "" };
	if (cgroup_world_open(&ret->world, e) < 0 || container_list(c->root, &c->mem, &ids, e) < 0)
		return -1;
	if (recall(c, ret, e) < 0)
		return -1;
	sift(c, ids, &ret->recorded, ret);
	(void)container_load_config(c, &no_config);
	if (derive(c, ret) == 0)
		sift(c, ids, &ret->derived, ret);
	return 0;
}

void salvage_done(struct salvage *s)
{
	cgroup_done(&s->recorded);
	cgroup_done(&s->derived);
	cgroup_world_done(&s->world);
}
