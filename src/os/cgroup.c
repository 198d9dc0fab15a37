/* cgroup.c - a container's directory in each hierarchy: naming, making, removing
 *
 * Everything here is by name below the hierarchy's mount descriptor. The order of events is
 * in cgroup.h; what is recorded before the first mkdir (how many levels did not exist) is all
 * that a later process needs to undo it, from whatever point the maker died at.
 */
#include "os/cgroup.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/err.h"
#include "base/own.h"
#include "os/cgroup_file.h"
#include "os/cgroup_priv.h"

#define MODE        0755
#define RACES_MAX   16
#define REMOVE_USEC (2 * 1000 * 1000)

// clang-format off
static const struct bind_row note_rows[] = {
	ROW_STRING("hierarchy", REQUIRED, struct cgroup_note, hierarchy),
	ROW_STRING("mount",     REQUIRED, struct cgroup_note, mount),
	ROW_STRING("path",      REQUIRED, struct cgroup_note, path),
	ROW_U32("made",         OPTIONAL, struct cgroup_note, made),
	ROW_U64("id",           OPTIONAL, struct cgroup_note, id),
};
// clang-format on
const struct bind_table cgroup_note_table = BIND_TABLE(note_rows, struct cgroup_note, false);

/**
 * cgroup_path_check() - refuse a path that could leave its hierarchy or confuse a listing
 * @path: absolute or relative
 *
 * Return: 0, or -1 for "..", control characters, or a name or path that is too long.
 */
int cgroup_path_check(const char *path, struct err *e)
{
	const char *at = path;

	for (const unsigned char *c = (const unsigned char *)path; *c; c++)
		if (*c < 0x20 || *c == 0x7f)
			return fail(e, ERR_INPUT, "cgroup path '%s' has a control character", path);
	if (strlen(path) >= CGROUP_PATH_MAX - 512)
		return fail(e, ERR_INPUT, "cgroup path '%.64s...' is too long", path);
	while (*at) {
		size_t len = strcspn(at, "/");

		if (len == 2 && memcmp(at, "..", 2) == 0)
			return fail(e, ERR_INPUT, "cgroup path '%s' has a '..'", path);
		if (len > NAME_MAX)
			return fail(e, ERR_INPUT, "cgroup path '%.64s...' has too long a name",
				    path);
		at += len + (at[len] == '/');
	}
	return 0;
}

/* Appends to @w the names in @path, each after one slash; returns the new end. */
static char *append(char *w, const char *path)
{
	while (*path) {
		size_t len = strcspn(path, "/");

		if (len && !(len == 1 && *path == '.')) {
			*w++ = '/';
			memcpy(w, path, len);
			w += len;
		}
		path += len + (path[len] == '/');
	}
	return w;
}

/* Names the directory: the mount, @head and @tail, with one slash between names and no ".". */
int cgroup_place_set(struct arena *a, struct cgroup_place *p, const char *head, const char *tail,
		     struct err *e)
{
	size_t mount = strlen(p->in->mount);
	char *dir = arena_alloc(a, mount + strlen(head) + strlen(tail) + 4), *end;

	if (!dir)
		return fail_errno(e, ENOMEM, "remember cgroup '%s'", tail);
	memcpy(dir, p->in->mount, mount);
	end = append(append(dir + mount, head), tail);
	if (end == dir + mount)
		*end++ = '/';
	*end = '\0';
	if (end - dir > CGROUP_PATH_MAX - 64)
		return fail(e, ERR_INPUT, "cgroup path '%.64s...' is too long", dir);
	p->dir = dir;
	p->path = dir + mount;
	return 0;
}

static int place_init(struct cgroup *cg, const struct cgroup_hierarchy *h, enum cgroup_base base,
		      const char *path, struct err *e)
{
	struct cgroup_place *p = &cg->at[cg->n++];
	char head[CGROUP_PATH_MAX] = "";

	*p = (struct cgroup_place){ .in = h };
	if (base == CGROUP_AT_ROOT)
		return cgroup_place_set(&cg->mem, p, "", path, e);
	if (!h->own) {
		fail(e, ERR_UNSUPPORTED,
		     "cgroup '%s' is relative, and the caller's own cgroup is "
		     "not visible below '%s'",
		     path, h->mount);
		return fail_hint(e, "use an absolute cgroupsPath");
	}
	snprintf(head, sizeof(head), "%s", h->own);
	if (h->version == CGROUP_V2)
		*strrchr(head, '/') = '\0';
	return cgroup_place_set(&cg->mem, p, head, path, e);
}

/**
 * cgroup_init() - name a container's directory in every hierarchy; touches nothing
 * @cg:   filled; release it with cgroup_done() also after a failure
 * @w:    must outlive @cg
 * @base: where @path starts
 * @path: at least one name; see cgroup_path_check()
 */
int cgroup_init(struct cgroup *cg, struct cgroup_world *w, enum cgroup_base base, const char *path,
		struct err *e)
{
	cg->n = 0;
	cg->mem = (struct arena){ 0 };
	if (cgroup_path_check(path, e) < 0)
		return -1;
	if (base == CGROUP_AT_OWN && cgroup_world_own(w, e) < 0)
		return -1;
	for (size_t i = 0; i < w->n; i++)
		if (place_init(cg, &w->at[i], base, path, e) < 0)
			return -1;
	if (strspn(path, "/.") == strlen(path))
		return fail(e, ERR_INPUT, "cgroup path '%s' names no cgroup of its own", path);
	return 0;
}

/**
 * cgroup_init_own() - name the caller's own cgroup in every hierarchy where it can be seen
 * @cg: filled; only to be shown: it is the caller's, not a container's
 * @w:  must outlive @cg
 */
int cgroup_init_own(struct cgroup *cg, struct cgroup_world *w, struct err *e)
{
	cg->n = 0;
	cg->mem = (struct arena){ 0 };
	if (cgroup_world_own(w, e) < 0)
		return -1;
	for (size_t i = 0; i < w->n; i++) {
		struct cgroup_place *p = &cg->at[cg->n];

		if (!w->at[i].own)
			continue;
		*p = (struct cgroup_place){ .in = &w->at[i] };
		if (cgroup_place_set(&cg->mem, p, w->at[i].own, "", e) < 0)
			return -1;
		cg->n++;
	}
	return 0;
}

void cgroup_done(struct cgroup *cg)
{
	cg->n = 0;
	arena_done(&cg->mem);
}

/* --- plan ----------------------------------------------------------------------------- */

/* cgroup_place_levels() - how many names the path has */
unsigned cgroup_place_levels(const struct cgroup_place *p)
{
	unsigned n = 0;

	for (const char *c = p->path; *c; c++)
		n += *c == '/' && c[1];
	return n;
}

/* cgroup_place_prefix() - the directory @levels names below the mount; CGROUP_PATH_MAX bytes */
void cgroup_place_prefix(const struct cgroup_place *p, unsigned levels, char *ret_dir)
{
	const char *end = p->path;

	while (levels--)
		end += 1 + strcspn(end + 1, "/");
	memcpy(ret_dir, p->dir, (size_t)(end - p->dir));
	ret_dir[end - p->dir] = '\0';
}

/* Counts the levels at the end of the path that are missing. */
static int place_plan(struct cgroup_place *p, struct err *e)
{
	char dir[CGROUP_PATH_MAX];
	unsigned n = cgroup_place_levels(p);

	p->id = 0;
	for (p->made = 0; p->made < n; p->made++) {
		cgroup_place_prefix(p, n - p->made, dir);
		if (faccessat(AT_FDCWD, dir, F_OK, 0) == 0)
			return 0;
		if (errno != ENOENT)
			return fail_sys(e, "look for cgroup '%s'", dir);
	}
	return 0;
}

/* A cgroup that somebody else made and uses would mix two containers' limits and signals. */
static int place_unused(const struct cgroup_place *p, struct err *e)
{
	own_fd int fd = cgroup_try_open(p);
	enum cgroup_frozen state = CGROUP_THAWED;
	own_mem int64_t *pids = NULL;
	size_t n = 0;

	if (fd < 0 || cgroup_try_pids(p, &pids, &n) < 0)
		return 0;
	if (n) {
		fail(e, ERR_CONFLICT,
		     "container's cgroup is not empty: '%s': %zu process(es) found, first %jd",
		     p->dir, n, (intmax_t)pids[0]);
		return fail_hint(e, "choose another cgroupsPath or end these processes");
	}
	if (cgroup_try_frozen(fd, p->in->version, &state) == 0 && state != CGROUP_THAWED) {
		fail(e, ERR_CONFLICT, "container's cgroup unexpectedly frozen: '%s' exists already",
		     p->dir);
		return fail_hint(e, "thaw or remove it");
	}
	return 0;
}

/**
 * cgroup_plan() - see which directories exist, so that the state can say which will be ours
 *
 * Touches nothing. Fails when the cgroup exists and has processes in it or is frozen
 * (runtime-spec, config-linux.md, Control groups: "fit for purpose").
 */
int cgroup_plan(struct cgroup *cg, struct err *e)
{
	for (size_t i = 0; i < cg->n; i++) {
		struct cgroup_place *p = &cg->at[i];

		if (place_plan(p, e) < 0)
			return -1;
		if (!p->made && place_unused(p, e) < 0)
			return -1;
	}
	return 0;
}

/* systemd keeps units in its own hierarchy, in v2, and in v1 ones whose controllers it knows. */
static bool systemd_uses(const struct cgroup_hierarchy *h)
{
	const unsigned known = CGROUP_CPU | CGROUP_CPUACCT | CGROUP_IO | CGROUP_MEMORY |
			       CGROUP_DEVICES | CGROUP_PIDS;

	return h->version == CGROUP_V2 || strcmp(h->name, "name=systemd") == 0 ||
	       (h->controllers & known);
}

/**
 * cgroup_keep_parents() - after cgroup_plan(): where systemd is, only the last level is ours
 * @leaf: a scope, which is the container's also where its folder exists; false: a slice, which
 *        may be others', too
 *
 * For the systemd driver: what is above is a slice, which systemd makes and removes.
 */
void cgroup_keep_parents(struct cgroup *cg, bool leaf)
{
	for (size_t i = 0; i < cg->n; i++) {
		struct cgroup_place *p = &cg->at[i];

		if ((p->made > 1 && systemd_uses(p->in)) || (leaf && !p->made))
			p->made = 1;
	}
}

/* --- create --------------------------------------------------------------------------- */

/* One attempt: 0, or -errno; -ENOENT means that a level above was removed meanwhile. */
static int make_levels(const struct cgroup_place *p, bool adopt)
{
	unsigned n = cgroup_place_levels(p);
	char dir[CGROUP_PATH_MAX];

	for (unsigned level = n - p->made + 1; level <= n; level++) {
		cgroup_place_prefix(p, level, dir);
		if (mkdir(dir, MODE) < 0 && (errno != EEXIST || (level == n && !adopt)))
			return -errno;
	}
	return 0;
}

static int fail_make(const struct cgroup_place *p, int sysno, struct err *e)
{
	fail_errno(e, sysno, "create cgroup '%s'", p->dir);
	if (sysno == EROFS)
		return fail_hint(e, "the cgroup mount is read-only here, as inside an unprivileged "
				    "container");
	if (sysno == EACCES || sysno == EPERM)
		return fail_hint(e, "this user may not create cgroups there; have the cgroup "
				    "delegated, or run as root");
	if (sysno == EEXIST)
		return fail_hint(e, "somebody else created it at the same moment");
	if (sysno == EAGAIN)
		return fail_hint(e, "cgroup.max.descendants or cgroup.max.depth of a cgroup above "
				    "forbids more");
	return -1;
}

/* A process above it keeps v2 from handing on controllers, so that one goes down first; but v1
 * takes it only into a cpuset that is complete. */
static int place_settle(const struct cgroup_place *p, const struct cgroup_create_how *how,
			unsigned want, struct err *e)
{
	bool v2 = p->in->version == CGROUP_V2;

	if (!v2 && (p->in->controllers & CGROUP_CPUSET) && cgroup_cpuset_inherit(p, e) < 0)
		return -1;
	if (how->pid && cgroup_place_attach(p, how->pid, e) < 0)
		return -1;
	if (!v2)
		return 0;
	return cgroup_enable(p, how->need & p->in->controllers, want & p->in->controllers, e);
}

static int place_create(struct cgroup_place *p, const struct cgroup_create_how *how, unsigned want,
			struct err *e)
{
	int r = 0;

	for (int i = 0; p->made && i < RACES_MAX; i++) {
		r = make_levels(p, how->adopt);
		/* another container's removal took the parent that both of us use */
		if (r == -ENOENT && p->made < cgroup_place_levels(p))
			p->made++;
		else if (r != -ENOENT)
			break;
	}
	if (r < 0) {
		if (r == -EEXIST)
			p->made = 0;
		return fail_make(p, -r, e);
	}
	return place_settle(p, how, want, e);
}

/* cgroup_is_denial() - did cgroup_create() fail because we may not create there? */
bool cgroup_is_denial(const struct err *e)
{
	return e->sysno == EACCES || e->sysno == EPERM || e->sysno == EROFS;
}

/* What was made of a place before we were denied the rest of it. */
static void abandon(const struct cgroup_place *p)
{
	const struct cgroup one = { .at = { *p }, .n = 1 };
	struct err ignored = { 0 };

	(void)cgroup_remove(&one, &ignored);
}

/**
 * cgroup_create() - make the directories and what a process needs to enter them
 * @cg:  after cgroup_plan(); with @how->tolerate, places that were denied are dropped
 * @how: what must be achieved
 *
 * On failure the caller calls cgroup_remove(). On a pure v2 host all controllers are enabled
 * that can be, for the statistics; on a hybrid one only those that are needed, because each
 * costs memory and time.
 */
int cgroup_create(struct cgroup *cg, const struct cgroup_create_how *how, struct err *e)
{
	unsigned want = how->need | (cg->n == 1 ? ~0U : 0);
	size_t kept = 0;

	for (size_t i = 0; i < cg->n; i++) {
		struct cgroup_place *p = &cg->at[i];

		if (place_create(p, how, want, e) == 0) {
			cg->at[kept++] = *p;
			continue;
		}
		if (!how->tolerate || !cgroup_is_denial(e) || (p->in->controllers & how->need))
			return -1;
		abandon(p);
		*e = (struct err){ 0 };
	}
	cg->n = kept;
	return 0;
}

/* cgroup_identify() - remember the identity of the directories that we made */
void cgroup_identify(struct cgroup *cg)
{
	struct stat st;

	for (size_t i = 0; i < cg->n; i++)
		if (cg->at[i].made && lstat(cg->at[i].dir, &st) == 0)
			cg->at[i].id = st.st_ino;
}

/* --- remove --------------------------------------------------------------------------- */

void cgroup_nap(unsigned *usec, unsigned max_usec)
{
	struct timespec t = { .tv_nsec = (long)*usec * 1000 };

	nanosleep(&t, NULL);
	*usec = *usec * 2 < max_usec ? *usec * 2 : max_usec;
}

static int rmdir_below(int parentfd, const char *name, void *ctx)
{
	(void)ctx;
	if (unlinkat(parentfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}

/* Is the directory with our name still the one that we made? -ENOENT when there is none. */
static int still_ours(const struct cgroup_place *p)
{
	struct stat st;

	if (lstat(p->dir, &st) < 0)
		return -errno;
	return !p->id || p->id == st.st_ino;
}

static int remove_tree(const struct cgroup_place *p)
{
	const struct cgroup_walk below = { .leave = rmdir_below };
	own_fd int fd = FD_NONE;
	int r;

	if (rmdir(p->dir) == 0)
		return 0;
	if (errno != EBUSY && errno != ENOTEMPTY)
		return errno == ENOENT ? 0 : -errno;
	fd = cgroup_try_open(p);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	r = cgroup_try_walk(fd, &below);
	if (r < 0)
		return r;
	return rmdir(p->dir) == 0 || errno == ENOENT ? 0 : -errno;
}

/* Levels above the leaf that we made, as far as nobody else uses them. */
static void remove_parents(const struct cgroup_place *p)
{
	unsigned n = cgroup_place_levels(p);
	char dir[CGROUP_PATH_MAX];

	for (unsigned up = 1; up < p->made && up < n; up++) {
		cgroup_place_prefix(p, n - up, dir);
		if (rmdir(dir) < 0 && errno != ENOENT)
			return;
	}
}

static int fail_remove(const struct cgroup_place *p, int sysno, struct err *e)
{
	own_mem int64_t *pids = NULL;
	size_t n = 0;

	fail_errno(e, sysno, "remove cgroup '%s'", p->dir);
	if (cgroup_try_pids(p, &pids, &n) == 0 && n)
		return fail_hint(e, "%zu process(es) still in it, first %jd", n, (intmax_t)pids[0]);
	return -1;
}

static int place_remove(const struct cgroup_place *p, struct err *e)
{
	unsigned nap = 250, slept = 0;
	int r;

	if (p->old && still_ours(p) == 0)
		return 0;
	while ((r = remove_tree(p)) < 0) {
		bool busy = r == -EBUSY || r == -ENOTEMPTY || r == -ENOENT;

		if (!busy || slept >= REMOVE_USEC)
			return fail_remove(p, -r, e);
		slept += nap;
		cgroup_nap(&nap, 100 * 1000);
	}
	remove_parents(p);
	return 0;
}

/**
 * cgroup_remove() - remove what we made, deepest first; what is gone already is no error
 *
 * A process that has been killed leaves its cgroup a little later, so a busy directory is
 * tried again for up to two seconds. All hierarchies are tried before the first failure is
 * reported.
 */
int cgroup_remove(const struct cgroup *cg, struct err *e)
{
	struct err first = { 0 };

	for (size_t i = 0; i < cg->n; i++)
		if (cg->at[i].made && place_remove(&cg->at[i], e) < 0 && !first.cls)
			first = *e;
	if (!first.cls)
		return 0;
	*e = first;
	return -1;
}

/* --- record --------------------------------------------------------------------------- */

/**
 * cgroup_notes() - what the state file keeps
 * @a: owns the copies
 */
int cgroup_notes(const struct cgroup *cg, struct arena *a, cgroup_note_list *ret_list,
		 struct err *e)
{
	struct cgroup_note *at = arena_array(a, cg->n ? cg->n : 1, sizeof(*at));

	if (!at)
		return fail_errno(e, ENOMEM, "record the cgroups");
	for (size_t i = 0; i < cg->n; i++) {
		const struct cgroup_place *p = &cg->at[i];

		at[i] = (struct cgroup_note){
			.hierarchy = arena_dup(a, p->in->name),
			.mount = arena_dup(a, p->in->mount),
			.path = arena_dup(a, p->path),
			.made = p->made,
			.id = p->id,
		};
		if (!at[i].hierarchy || !at[i].mount || !at[i].path)
			return fail_errno(e, ENOMEM, "record the cgroups");
	}
	ret_list->at = at;
	ret_list->n = cg->n;
	return 0;
}

static const struct cgroup_hierarchy *by_name(const struct cgroup_world *w, const char *name)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->at[i].name, name) == 0)
			return &w->at[i];
	return NULL;
}

/**
 * cgroup_recall() - a container's cgroup from its state file
 * @cg:   filled; release it with cgroup_done() also after a failure
 * @list: its notes; hierarchies that are not mounted any more are left out
 */
int cgroup_recall(struct cgroup *cg, const struct cgroup_world *w, const cgroup_note_list *list,
		  struct err *e)
{
	cg->n = 0;
	cg->mem = (struct arena){ 0 };
	for (size_t i = 0; i < list->n && cg->n < COUNT(cg->at); i++) {
		const struct cgroup_note *note = &list->at[i];
		const struct cgroup_hierarchy *h = by_name(w, note->hierarchy);
		struct cgroup_place *p = &cg->at[cg->n];

		if (cgroup_path_check(note->path, e) < 0)
			return fail_in(e, "read the recorded cgroups");
		if (!h)
			continue;
		*p = (struct cgroup_place){
			.in = h, .made = note->made, .id = note->id, .old = true
		};
		if (cgroup_place_set(&cg->mem, p, "", note->path, e) < 0)
			return -1;
		if (p->made > cgroup_place_levels(p))
			return fail(e, ERR_INPUT, "recorded cgroup '%s' has %u levels, not %u",
				    p->path, cgroup_place_levels(p), p->made);
		cg->n++;
	}
	return 0;
}

/* cgroup_recall_one() - one directory by its hierarchy and path; no place if that is not mounted */
int cgroup_recall_one(struct cgroup *cg, const struct cgroup_world *w, const char *hierarchy,
		      const char *path, struct err *e)
{
	struct cgroup_note note = { .hierarchy = (char *)hierarchy, .path = (char *)path };
	const cgroup_note_list list = { .at = &note, .n = 1 };

	return cgroup_recall(cg, w, &list, e);
}

/* --- finding a place -------------------------------------------------------------------- */

/* cgroup_with() - the place in the hierarchy that has @controller (one bit), or NULL */
const struct cgroup_place *cgroup_with(const struct cgroup *cg, unsigned controller)
{
	const struct cgroup_place *found = NULL;

	for (size_t i = 0; i < cg->n; i++) {
		const struct cgroup_place *p = &cg->at[i];

		if (!(p->in->controllers & controller))
			continue;
		if (p->in->version == CGROUP_V1)
			return p;
		found = p;
	}
	return found;
}

/* cgroup_v2() - the place in the v2 hierarchy, or NULL */
const struct cgroup_place *cgroup_v2(const struct cgroup *cg)
{
	for (size_t i = 0; i < cg->n; i++)
		if (cg->at[i].in->version == CGROUP_V2)
			return &cg->at[i];
	return NULL;
}

/* cgroup_controllers() - all controllers of all places */
unsigned cgroup_controllers(const struct cgroup *cg)
{
	unsigned bits = 0;

	for (size_t i = 0; i < cg->n; i++)
		bits |= cg->at[i].in->controllers;
	return bits;
}

int cgroup_try_open(const struct cgroup_place *p)
{
	int fd = fd_open(p->dir, O_PATH | O_DIRECTORY | O_NOFOLLOW);

	return fd < 0 ? -errno : fd;
}

/* cgroup_place_open() - an O_PATH descriptor of the directory; the caller closes it */
int cgroup_place_open(const struct cgroup_place *p, struct err *e)
{
	int fd = cgroup_try_open(p);

	return fd < 0 ? fail_errno(e, -fd, "open cgroup '%s'", p->dir) : fd;
}
