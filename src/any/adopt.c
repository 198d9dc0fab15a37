/* adopt.c - finds or makes the cgroup in which a container can be controlled */
#include "any/adopt.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/own.h"
#include "any/adopt_move.h"
#include "os/cgroup_file.h"
#include "os/file.h"
#include "os/process.h"

#define ADOPT_ROUNDS 20 /* of moving processes that fork meanwhile */
#define THREADS_MAX  ((size_t)64 << 20)

/* struct adoption - a cgroup that is to be made; @from: where its processes are */
struct adoption {
	int ledger;
	struct ledger_entry *entry;
	const struct cgroup_world *world;
	const struct cgroup_hierarchy *in;
	unsigned controller;
	const char *from;
};

static const struct container_place *in_hierarchy(const struct container_found *c,
						  const char *hierarchy)
{
	for (size_t i = 0; i < c->cgroups.n; i++)
		if (strcmp(c->cgroups.at[i].hierarchy, hierarchy) == 0)
			return &c->cgroups.at[i];
	return NULL;
}

static const struct ledger_place *adopted_in(const struct ledger_entry *entry,
					     const char *hierarchy)
{
	for (size_t i = 0; i < entry->places.n; i++)
		if (strcmp(entry->places.at[i].hierarchy, hierarchy) == 0)
			return &entry->places.at[i];
	return NULL;
}

static bool is_among(const struct numbers *pids, pid_t pid)
{
	for (size_t i = 0; i < pids->n; i++)
		if (pids->at[i] == pid)
			return true;
	return false;
}

/* Moves those of the container's processes that are elsewhere; *@ret_moved: how many. What ends
 * meanwhile is no loss. */
static int move_members(const struct cgroup *to, const struct containers *all,
			const struct container_found *c, size_t *ret_moved, struct err *e)
{
	const struct adopt_crowd crowd = { (pid_t)c->pid, c->pid_start, NULL };
	own_mem pid_t *pids = calloc(all->n_members + 1, sizeof(*pids));
	own_arena struct arena a = { 0 };
	struct numbers inside;
	size_t n = 0;

	if (!pids)
		return fail_errno(e, ENOMEM, "move processes");
	if (cgroup_pids(to, &inside, &a, e) < 0)
		return -1;
	for (size_t i = 0; i < all->n_members; i++) {
		const struct container_member *m = &all->members[i];

		if (&all->at[m->container] == c && !is_among(&inside, m->pid))
			pids[n++] = m->pid;
	}
	return adopt_move(&crowd, pids, n, &to->at[0], ret_moved, e);
}

static const struct container_found *same(const struct containers *all,
					  const struct container_found *c)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->at[i].pid == c->pid && all->at[i].pid_start == c->pid_start)
			return &all->at[i];
	return NULL;
}

/* Looks again until nobody is elsewhere: some are born between our look and their parent's move. */
static int move_all(const struct cgroup *to, const struct containers *all,
		    const struct container_found *c, struct err *e)
{
	size_t moved;

	if (move_members(to, all, c, &moved, e) < 0)
		return -1;
	for (int i = 0; moved && i < ADOPT_ROUNDS; i++) {
		own_containers struct containers now = { 0 };
		const struct container_found *again;

		if (containers_find(NULL, CONTAINERS_ALL, &now, e) < 0)
			return -1;
		again = same(&now, c);
		if (!again)
			return 0;
		if (move_members(to, &now, again, &moved, e) < 0)
			return -1;
	}
	return moved ? fail(e, ERR_LIMIT, "it starts processes faster than they are moved") : 0;
}

static void parent_of(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = '\0';
}

/* The cgroup at @path, noted before it is made. */
static int make(struct adoption *ad, const char *path, struct cgroup *ret_cgroup, struct err *e)
{
	const struct cgroup_create_how how = { .need = ad->in->version == CGROUP_V2
							       ? ad->controller & ~CGROUP_V2_CORE
							       : ad->controller };
	struct ledger_place place = { .hierarchy = (char *)ad->in->name,
				      .path = (char *)path,
				      .from = (char *)ad->from };

	if (cgroup_recall_one(ret_cgroup, ad->world, ad->in->name, path, e) < 0)
		return -1;
	ret_cgroup->at[0].old = false;
	if (ledger_add_place(ad->entry, &place, e) < 0 ||
	    ledger_write(ad->ledger, ad->entry, e) < 0)
		return -1;
	if (cgroup_plan(ret_cgroup, e) == 0 && cgroup_create(ret_cgroup, &how, e) == 0)
		return 0;
	(void)rmdir(ret_cgroup->at[0].dir);
	ad->entry->places.n--;
	(void)ledger_write(ad->ledger, ad->entry, &(struct err){ 0 });
	return -1;
}

/* Whether v2 gives children of this cgroup controllers: processes of its own are in the way. To the
 * controllers of threads they are not, but then its children could hold but threads. */
static bool may_control(const struct adoption *ad, const char *from)
{
	char path[CGROUP_PATH_MAX], text[64];

	if (ad->in->version != CGROUP_V2 || !*from)
		return true;
	if (snprintf(path, sizeof(path), "%s%s/cgroup.procs", ad->in->mount, from) >=
	    (int)sizeof(path))
		return false;
	return cgroup_try_read(AT_FDCWD, path, text, sizeof(text)) == 0;
}

/* Below the cgroup that it is in or, where v2 allows controllers only above processes, further up. */
static int make_below(struct adoption *ad, struct cgroup *ret_cgroup, struct err *e)
{
	own_arena struct arena a = { 0 };
	char *from = arena_dup(&a, strcmp(ad->from, "/") == 0 ? "" : ad->from);

	while (from && !may_control(ad, from))
		parent_of(from);
	for (;; parent_of(from)) {
		char *path = from ? arena_printf(&a, "%s/tare-%lld-%llu", from,
						 (long long)ad->entry->pid,
						 (unsigned long long)ad->entry->pid_start)
				  : NULL;

		if (!path)
			return fail_errno(e, ENOMEM, "name a cgroup");
		cgroup_done(ret_cgroup);
		if (make(ad, path, ret_cgroup, e) == 0)
			return 0;
		if (e->sysno != EBUSY || !*from)
			return -1;
	}
}

static int adopt(struct adoption *ad, const struct containers *all, const struct container_found *c,
		 struct cgroup *ret_cgroup, struct err *e)
{
	const struct container_place *now = in_hierarchy(c, ad->in->name);

	/* the root of a hierarchy is not among a container's cgroups */
	ad->from = now ? now->path : "/";
	if (make_below(ad, ret_cgroup, e) < 0)
		return fail_in(e, "make a cgroup for container '%s', which has none of its own",
			       c->id);
	if (move_all(ret_cgroup, all, c, e) == 0)
		return 0;
	(void)adopt_release(ad->ledger, ad->entry, ad->world, &(struct err){ 0 });
	return fail_in(e, "move container '%s' into a cgroup of its own", c->id);
}

/**
 * adopt_cgroup() - the container's directory in the hierarchy of one controller
 * @entry:      what the ledger has of it; a cgroup that is made is noted
 * @controller: one bit of enum cgroup_controller
 * @ret_cgroup: one place; release it with cgroup_done(), also after a failure
 *
 * It is the container's own, or one that was made for it before, or one that is made now.
 */
int adopt_cgroup(int ledger, struct ledger_entry *entry, const struct containers *all,
		 const struct container_found *c, const struct cgroup_world *w, unsigned controller,
		 struct cgroup *ret_cgroup, struct err *e)
{
	const struct cgroup_hierarchy *h = cgroup_world_with(w, controller);
	const struct container_place *own;
	const struct ledger_place *made;

	if (!h) {
		const char *name = word_name(cgroup_controller_words, controller);

		return fail(e, ERR_UNSUPPORTED,
			    "control container '%s': no '%s' cgroups are mounted", c->id, name);
	}
	own = in_hierarchy(c, h->name);
	if (own && !own->shared)
		return cgroup_recall_one(ret_cgroup, w, h->name, own->path, e);
	made = adopted_in(entry, h->name);
	if (made)
		return cgroup_recall_one(ret_cgroup, w, h->name, made->path, e);
	return adopt(&(struct adoption){ ledger, entry, w, h, controller, NULL }, all, c,
		     ret_cgroup, e);
}

/* Its threads: those of a process that lost the first one before it came are listed nowhere else.
 * A thread's number serves as its process's. */
static int list_threads(const struct cgroup *cg, struct numbers *ret, struct arena *a,
			struct err *e)
{
	const struct cgroup_place *p = &cg->at[0];
	const char *file = p->in->version == CGROUP_V2 ? "cgroup.threads" : "tasks";
	own_mem char *text = NULL;
	char path[CGROUP_PATH_MAX], *at, *end;
	size_t lines = 0;

	snprintf(path, sizeof(path), "%.*s/%s", (int)sizeof(path) - 32, p->dir, file);
	if (file_read(AT_FDCWD, path, THREADS_MAX, &text, e) < 0)
		return -1;
	for (at = text; *at; at++)
		lines += *at == '\n';
	*ret = (struct numbers){ .at = arena_array(a, lines + 1, sizeof(*ret->at)) };
	if (!ret->at)
		return fail_errno(e, ENOMEM, "list the threads of cgroup '%s'", p->dir);
	for (at = text; ret->n < lines; at = end) {
		ret->at[ret->n] = strtoll(at, &end, 10);
		if (end == at)
			break;
		ret->n++;
	}
	return 0;
}

typedef int list_fn(const struct cgroup *cg, struct numbers *ret, struct arena *a, struct err *e);

static int move_listed(const struct ledger_entry *entry, const struct cgroup *from,
		       const struct cgroup *to, list_fn *list_all, struct err *e)
{
	const struct adopt_crowd crowd = { (pid_t)entry->pid, entry->pid_start, &from->at[0] };
	struct numbers pids = { .n = 1 };

	for (int i = 0; i < ADOPT_ROUNDS && pids.n; i++) {
		own_arena struct arena a = { 0 };
		own_mem pid_t *list = NULL;
		size_t moved;

		if (list_all(from, &pids, &a, e) < 0)
			return -1;
		list = calloc(pids.n + 1, sizeof(*list));
		if (!list)
			return fail_errno(e, ENOMEM, "move processes");
		for (size_t k = 0; k < pids.n; k++)
			list[k] = (pid_t)pids.at[k];
		if (adopt_move(&crowd, list, pids.n, &to->at[0], &moved, e) < 0)
			return -1;
	}
	return 0;
}

static int move_back(const struct ledger_entry *entry, const struct cgroup *from,
		     const struct cgroup *to, struct err *e)
{
	if (move_listed(entry, from, to, cgroup_pids, e) < 0)
		return -1;
	return move_listed(entry, from, to, list_threads, e);
}

static bool is_frozen(const struct cgroup *cg)
{
	enum cgroup_frozen state = CGROUP_THAWED;
	struct err ignored = { 0 };

	return (cgroup_with(cg, CGROUP_FREEZER) || cgroup_v2(cg)) &&
	       cgroup_frozen(cg, &state, &ignored) == 0 && state != CGROUP_THAWED;
}

/**
 * adopt_release() - put a container's processes back where they were, and remove what was made
 *
 * The ledger forgets it. One that is frozen stays until it is thawed.
 */
int adopt_release(int ledger, struct ledger_entry *entry, const struct cgroup_world *w,
		  struct err *e)
{
	while (entry->places.n) {
		const struct ledger_place *p = &entry->places.at[entry->places.n - 1];
		own_cgroup struct cgroup made = { 0 }, old = { 0 };

		if (cgroup_recall_one(&made, w, p->hierarchy, p->path, e) < 0 ||
		    cgroup_recall_one(&old, w, p->hierarchy, p->from, e) < 0)
			return -1;
		if (made.n && is_frozen(&made))
			return ledger_write(ledger, entry, e);
		if (made.n && old.n && move_back(entry, &made, &old, e) < 0)
			return -1;
		if (made.n && rmdir(made.at[0].dir) < 0 && errno != ENOENT)
			return fail_sys(e, "remove cgroup '%s'", made.at[0].dir);
		entry->places.n--;
	}
	return ledger_write(ledger, entry, e);
}
