/* finder_rest.c - containers that no cgroup's name shows, and the first process of each
 *
 * Processes that are left over are put together by their pid namespaces. Then the state folders'
 * entries that fit no container found so far are read for the pid in them: the container may have no cgroup of
 * its own, as without root on v1, or one with a name of somebody's choice.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/own.h"
#include "base/text.h"
#include "discovery/finder_priv.h"

/* --- namespaces ----------------------------------------------------------------------- */

/* Is it in another mount namespace than the host's first process? */
static bool has_own_mounts(const struct finder *f, const struct engine_proc *p)
{
	uint64_t mnt = p->mntns ? p->mntns : engine_procs_namespace(&f->procs, p->pid, "ns/mnt");

	return mnt && mnt != f->procs.host_mntns;
}

/* Gives it to the container of that key, or a new one with that id. @dir: a key that lasts as long as
 * the search; NULL: the id is the key, too. */
static int by_key(struct finder *f, struct engine_proc *p, enum engine_kind engine, const char *dir,
		  size_t dir_len, const char *id, size_t id_len)
{
	uint32_t i = dir ? string_map_get(&f->by_dir, dir, dir_len)
			 : string_map_get(&f->by_dir, id, id_len);
	const struct finder_text *t = &f->texts[p->text];
	uint32_t *place;

	p->owner = i;
	if (i != STRING_MAP_NONE)
		return 0;
	i = finder_container(f, engine, id, id_len);
	if (i == STRING_MAP_NONE)
		return -ENOMEM;
	place = dir ? string_map_put(&f->by_dir, dir, dir_len)
		    : string_map_put(&f->by_dir, f->found->at[i].id, id_len);
	if (!place)
		return -ENOMEM;
	if (t->uid > 0)
		f->found->at[i].uid = (struct opt_i64){ true, t->uid };
	*place = p->owner = i;
	return 0;
}

static int by_namespaces(struct finder *f, struct engine_proc *p)
{
	const struct finder_text *t = &f->texts[p->text];
	bool flatpak = t->says == CGROUP_SAYS_HOST && t->engine == ENGINE_FLATPAK;
	char key[32];
	int n;

	if (!p->mntns || p->mntns == f->procs.host_mntns)
		return 0;
	if (p->pidns && p->pidns != f->procs.host_pidns) {
		n = snprintf(key, sizeof(key), "pidns-%llu", (unsigned long long)p->pidns);
		return by_key(f, p, flatpak ? ENGINE_FLATPAK : ENGINE_UNKNOWN, NULL, 0, key,
			      (size_t)n);
	}
	if (t->says != CGROUP_SAYS_HOST || t->engine != ENGINE_SYSTEMD)
		return 0;
	return by_key(f, p, ENGINE_SYSTEMD, t->dir, t->dir_len, t->id, t->id_len);
}

/* finder_namespaces() - what namespaces say of the processes that belong to nobody; 0 or -ENOMEM */
int finder_namespaces(struct finder *f)
{
	for (size_t i = 0; f->procs.host_mntns && i < f->procs.n; i++) {
		struct engine_proc *p = &f->procs.at[i];

		if (p->owner == ENGINE_PROCS_NOBODY &&
		    f->texts[p->text].says != CGROUP_SAYS_ASIDE && by_namespaces(f, p) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* --- the first process ---------------------------------------------------------------- */

static int by_start(const void *a, const void *b)
{
	const struct engine_proc *x = *(struct engine_proc *const *)a,
				 *y = *(struct engine_proc *const *)b;

	if (x->stat.start != y->stat.start)
		return x->stat.start < y->stat.start ? -1 : 1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* The oldest that is not of the host's world: an engine's own process may stand before it. One that
 * has lost its first thread, and cannot be entered, only if there is no other. */
static const struct engine_proc *first_of(const struct finder *f, struct engine_proc **m, size_t n)
{
	const struct engine_proc *odd = NULL;
	bool matters = n > 1 && m[0]->stat.start; /* nobody may have asked */

	if (matters)
		qsort(m, n, sizeof(*m), by_start);
	for (size_t i = 0; matters && i < n; i++) {
		if (!has_own_mounts(f, m[i]))
			continue;
		if (m[i]->stat.state != 'Z')
			return m[i];
		odd = odd ? odd : m[i];
	}
	return odd ? odd : n ? m[0] : NULL;
}

/* Takes those that are still alive, and says which of them is first. */
static void settle(struct finder *f, uint32_t index, struct engine_proc **m, size_t n)
{
	struct container_found *c = &f->found->at[index];
	struct finder_mark *mark = &f->marks[index];
	const struct engine_proc *first;
	size_t alive = 0;

	for (size_t i = 0; i < n; i++)
		if (m[i]->alive)
			m[alive++] = m[i];
		else
			m[i]->owner = ENGINE_PROCS_NOBODY;
	first = first_of(f, m, alive);
	c->processes = (uint32_t)alive;
	if (!first)
		return;
	c->pid = first->pid;
	c->pid_start = first->stat.start;
	mark->first = first->stat;
	mark->text = first->text;
	for (size_t i = 0; i < alive && !*mark->name; i++)
		if (strcmp(m[i]->stat.name, first->stat.name) != 0)
			memcpy(mark->name, m[i]->stat.name, sizeof(mark->name));
	if (c->engine.v == ENGINE_UNKNOWN)
		c->engine.v = sandbox_engine(f, &first->stat);
}

/* finder_first_processes() - find the first process of every container; 0 or -ENOMEM */
int finder_first_processes(struct finder *f)
{
	size_t n = f->found->n, p = f->procs.n;
	own_mem size_t *at = calloc(n + 1, sizeof(*at));
	own_mem struct engine_proc **m = reallocarray(NULL, p + 1, sizeof(struct engine_proc *));

	if (!at || !m)
		return -ENOMEM;
	/* at[i] becomes where container i ends; then, from the back, where it begins */
	for (size_t i = 0; i < p; i++)
		if (f->procs.at[i].owner != ENGINE_PROCS_NOBODY)
			at[f->procs.at[i].owner]++;
	for (size_t i = 1; i <= n; i++)
		at[i] += at[i - 1];
	for (size_t i = p; i-- > 0;)
		if (f->procs.at[i].owner != ENGINE_PROCS_NOBODY)
			m[--at[f->procs.at[i].owner]] = &f->procs.at[i];
	for (size_t i = 0; i < n; i++)
		settle(f, (uint32_t)i, m + at[i], at[i + 1] - at[i]);
	return 0;
}

/* --- state folders without a cgroup ---------------------------------------------------- */

/* finder_owner() - the user who made a process' user namespace; -1 when we may not look */
int64_t finder_owner(const struct finder *f, pid_t pid)
{
	own_fd int fd = FD_NONE;
	char path[48];
	uid_t uid;

	snprintf(path, sizeof(path), "%d/ns/user", (int)pid);
	fd = openat(f->proc, path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && ioctl(fd, NS_GET_OWNER_UID, &uid) == 0 ? (int64_t)uid : -1;
}

/* finder_user() - as whom a process runs, by the owner of its folder; -1 when it is gone */
int64_t finder_user(const struct finder *f, pid_t pid)
{
	char path[24];
	struct stat st;

	snprintf(path, sizeof(path), "%d", (int)pid);
	return fstatat(f->proc, path, &st, AT_SYMLINK_NOFOLLOW) == 0 ? (int64_t)st.st_uid : -1;
}

/* A user's file may name any pid. Is that process his? */
static bool is_users(const struct finder *f, const struct engine_proc *p, uint32_t uid)
{
	return uid == f->admin || f->texts[p->text].uid == (int64_t)uid ||
	       finder_user(f, p->pid) == (int64_t)uid || finder_owner(f, p->pid) == (int64_t)uid;
}

/* The process that an entry's files speak of, if it is still that one. */
static struct engine_proc *process_of(struct finder *f, const struct state_entry *entry,
				      struct process_stat *ret_stat)
{
	struct state_facts facts = { 0 };
	struct engine_proc *p;

	entry->source->read(f, entry, &facts);
	if (facts.pid <= 1 || facts.pid > INT32_MAX ||
	    (facts.class && strcmp(facts.class, "container") != 0))
		return NULL;
	p = engine_procs_find(&f->procs, (pid_t)facts.pid);
	if (!p || engine_procs_try_stat(&f->procs, p->pid, ret_stat) < 0 ||
	    process_has_ended(ret_stat) ||
	    (facts.pid_start && facts.pid_start != ret_stat->start) || !is_users(f, p, entry->uid))
		return NULL;
	return p;
}

/* The engine of an entry: that of the first source that has the id, of the same user's. */
static enum engine_kind engine_of(const struct finder *f, const struct state_entry *entry)
{
	const struct state_entry *first = finder_first(f, entry->id, strlen(entry->id));

	while (first && first->uid != entry->uid)
		first = finder_next(f, first);
	return first ? first->source->engine : entry->source->engine;
}

/* Is what we took for a container by its namespaces the one whose first process is @p? */
static bool is_better_known(const struct container_found *c, const struct engine_proc *p)
{
	return c->engine.v == ENGINE_UNKNOWN || c->engine.v == ENGINE_BUBBLEWRAP ||
	       (c->engine.v == ENGINE_SYSTEMD && c->pid == p->pid);
}

/* A container that is known by its namespaces only is now known better; or it is a new one. */
static int adopt(struct finder *f, const struct state_entry *entry)
{
	struct process_stat st;
	struct engine_proc *p = process_of(f, entry, &st);
	struct container_found *c;
	uint32_t i;

	if (!p)
		return 0;
	i = p->owner;
	if (i != ENGINE_PROCS_NOBODY && f->found->at[i].engine.v == ENGINE_SYSTEMD &&
	    f->found->at[i].pid != p->pid)
		i = ENGINE_PROCS_NOBODY; /* one that a service runs among its own processes */
	if (i != ENGINE_PROCS_NOBODY && !is_better_known(&f->found->at[i], p))
		return 0;
	if (i == ENGINE_PROCS_NOBODY) {
		i = finder_container(f, engine_of(f, entry), entry->id, strlen(entry->id));
		if (i == STRING_MAP_NONE)
			return -ENOMEM;
		f->found->at[i].processes = 1;
		p->owner = i;
	}
	c = &f->found->at[i];
	c->engine.v = engine_of(f, entry);
	c->id = arena_dup(&f->found->mem, entry->id);
	c->pid = p->pid;
	c->pid_start = st.start;
	f->marks[i].first = st;
	f->marks[i].text = p->text;
	c->uid = (struct opt_i64){ entry->uid != f->admin, entry->uid };
	return c->id ? 0 : -ENOMEM;
}

/* Is it a container that was found by its cgroup? Ids of 64 digits are nobody else's. */
static bool is_found(const struct finder *f, const struct string_map *by_id,
		     const struct state_entry *entry)
{
	uint32_t i = string_map_get(by_id, entry->id, strlen(entry->id));

	return i != STRING_MAP_NONE &&
	       (strlen(entry->id) == 64 || f->found->at[i].engine.v == entry->source->engine);
}

/* finder_leftovers() - read the live entries that fit no container so far; 0 or -ENOMEM */
int finder_leftovers(struct finder *f)
{
	struct string_map by_id = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < f->found->n; i++) {
		const struct container_found *c = &f->found->at[i];
		uint32_t *place =
			f->marks[i].sure ? string_map_put(&by_id, c->id, strlen(c->id)) : NULL;

		if (place)
			*place = (uint32_t)i;
	}
	for (size_t i = 0; r == 0 && i < f->n_entries; i++)
		if (f->entries[i].source->live && !is_found(f, &by_id, &f->entries[i]))
			r = adopt(f, &f->entries[i]);
	string_map_done(&by_id);
	return r;
}
