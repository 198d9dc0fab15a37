/* finder_claims.c - containers by the names of their cgroups
 *
 * Each text of /proc/PID/cgroup is looked at once, however many processes have it. Several texts may
 * be one container's, whose own cgroups lie below it: what counts is the path up to its name.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "discovery/finder_priv.h"

#define ID_MAX 512

static bool grow(struct finder *f)
{
	struct containers *all = f->found;
	size_t cap = f->cap ? f->cap * 2 : 64;
	struct container_found *c = reallocarray(all->at, cap, sizeof(*c));
	struct finder_mark *m;

	if (!c)
		return false;
	all->at = c;
	m = reallocarray(f->marks, cap, sizeof(*m));
	if (!m)
		return false;
	f->marks = m;
	f->cap = cap;
	return true;
}

/**
 * finder_container() - one more container
 *
 * Return: its index, or STRING_MAP_NONE without memory.
 */
uint32_t finder_container(struct finder *f, enum engine_kind engine, const char *id, size_t len)
{
	struct containers *all = f->found;
	struct container_found *c;

	if (all->n == f->cap && !grow(f))
		return STRING_MAP_NONE;
	c = &all->at[all->n];
	*c = (struct container_found){ .engine = { true, engine } };
	f->marks[all->n] = (struct finder_mark){ 0 };
	c->id = arena_dup_len(&all->mem, id, len);
	return c->id ? (uint32_t)all->n++ : STRING_MAP_NONE;
}

/* May a state folder of that user speak of a cgroup in this one's slice? */
static bool may_speak(const struct finder *f, const struct state_entry *entry, int64_t uid)
{
	return uid < 0 ? entry->uid == f->admin : entry->uid == (uint64_t)uid;
}

/* A container whose cgroup is called as it is itself: the innermost name that a state folder has. */
static void claim_by_entry(const struct finder *f, const char *path, size_t len, bool any,
			   struct cgroup_claim *c)
{
	size_t end = len;

	while (end > 0) {
		const char *slash = memrchr(path, '/', end);
		size_t start = slash ? (size_t)(slash - path) + 1 : 0;
		const struct state_entry *entry =
			end > start ? finder_first(f, path + start, end - start) : NULL;

		while (entry && ((!entry->source->live && !any) || !may_speak(f, entry, c->uid)))
			entry = finder_next(f, entry);
		if (entry) {
			c->says = CGROUP_SAYS_CONTAINER;
			c->engine = entry->source->engine;
			c->id = path + start;
			c->id_len = end - start;
			c->dir_len = end;
			return;
		}
		end = start ? start - 1 : 0;
	}
}

/* The engine of an id that a name like "lxc.payload.ID" or a bare number leaves open. */
static void settle_engine(const struct finder *f, struct cgroup_claim *c)
{
	const struct state_entry *entry = finder_first(f, c->id, c->id_len);

	if (c->engine != ENGINE_LXC && c->engine != ENGINE_KUBERNETES)
		return;
	for (; entry; entry = finder_next(f, entry)) {
		enum engine_kind engine = entry->source->engine;
		bool lxc = engine == ENGINE_LXC || engine == ENGINE_INCUS || engine == ENGINE_LXD;

		if (!may_speak(f, entry, c->uid) || lxc != (c->engine == ENGINE_LXC))
			continue;
		c->engine = engine;
		return;
	}
}

static void claim_path(const struct finder *f, const char *path, size_t len, struct cgroup_claim *c)
{
	*c = cgroup_name_claim(path, len);
	if (c->says < CGROUP_SAYS_ASIDE)
		claim_by_entry(f, path, len, c->says == CGROUP_SAYS_MAYBE, c);
	else if (c->says == CGROUP_SAYS_CONTAINER)
		settle_engine(f, c);
}

/* machined's word on a machine: a virtual one is no container, and not all are nspawn's. */
static void ask_machined(struct finder *f, const char *id, struct finder_text *t)
{
	const struct state_entry *entry = finder_first(f, id, strlen(id));
	struct state_facts facts = { 0 };

	while (entry && entry->source != &machine_source)
		entry = finder_next(f, entry);
	if (!entry)
		return;
	entry->source->read(f, entry, &facts);
	if (facts.class && strcmp(facts.class, "container") != 0)
		t->says = CGROUP_SAYS_ASIDE;
	else if (facts.service && strcmp(facts.service, "systemd-nspawn") != 0)
		t->engine = ENGINE_MACHINED;
}

static int set_pod(struct finder *f, struct container_found *c, const struct cgroup_claim *claim)
{
	if (claim->pod_len == 0)
		return 0;
	c->pod_uid = arena_dup_len(&f->found->mem, claim->pod, claim->pod_len);
	if (!c->pod_uid)
		return -ENOMEM;
	/* in a slice's name a dash would be a level */
	for (char *p = c->pod_uid; *p; p++)
		if (*p == '_')
			*p = '-';
	return 0;
}

/* The container that a claim speaks of, new or known by the path of its cgroup. */
static int claimed(struct finder *f, const struct cgroup_claim *claim, struct finder_text *t)
{
	uint32_t *place = string_map_put(&f->by_dir, t->dir, t->dir_len);
	bool unit = claim->engine == ENGINE_NSPAWN;
	char id[ID_MAX];
	uint32_t i;

	if (!place)
		return -ENOMEM;
	if (*place != STRING_MAP_NONE) {
		t->container = *place;
		return 0;
	}
	if (unit && cgroup_name_unescape(t->id, t->id_len, id, sizeof(id)) < 0)
		unit = false;
	if (unit)
		ask_machined(f, id, t);
	if (t->says != CGROUP_SAYS_CONTAINER)
		return 0;
	i = unit ? finder_container(f, t->engine, id, strlen(id))
		 : finder_container(f, t->engine, t->id, t->id_len);
	if (i == STRING_MAP_NONE || set_pod(f, &f->found->at[i], claim) < 0)
		return -ENOMEM;
	*place = t->container = i;
	if (t->uid > 0)
		f->found->at[i].uid = (struct opt_i64){ true, t->uid };
	f->marks[i].sure = true;
	f->marks[i].dir = t->dir;
	f->marks[i].dir_len = t->dir_len;
	return 0;
}

static int claim_text(struct finder *f, const struct engine_text *text, struct finder_text *t)
{
	struct cgroup_claim best = { .uid = -1 }, c;
	struct cgroup_line line, last = { 0 };
	const char *at = text->at;

	*t = (struct finder_text){ .container = STRING_MAP_NONE, .uid = -1 };
	while (cgroup_line_next(&at, &line)) {
		bool same = last.path && line.path_len == last.path_len &&
			    memcmp(line.path, last.path, line.path_len) == 0;

		last = line;
		if (same || line.path_len <= 1)
			continue;
		claim_path(f, line.path, line.path_len, &c);
		if (c.uid >= 0)
			t->uid = c.uid;
		if (c.says <= best.says)
			continue;
		best = c;
		t->dir = line.path;
	}
	t->says = best.says;
	t->engine = best.engine;
	t->id = best.id;
	t->id_len = best.id_len;
	t->dir_len = best.dir_len;
	return best.says == CGROUP_SAYS_CONTAINER ? claimed(f, &best, t) : 0;
}

/* What is to be known of who has such a text: of a container's processes who they are; of others',
 * whether they are in a container that no cgroup shows. */
static enum engine_look wanted(const struct finder *f, const struct finder_text *t)
{
	if (t->container != STRING_MAP_NONE)
		return f->want & CONTAINERS_FIRST ? ENGINE_LOOK_STAT : ENGINE_LOOK_ALIVE;
	if (t->says == CGROUP_SAYS_ASIDE)
		return ENGINE_LOOK_NO_FURTHER;
	return f->want & CONTAINERS_FIRST ? ENGINE_LOOK_ALL : ENGINE_LOOK_NAMESPACES;
}

static int judge(void *ctx, uint32_t text, enum engine_look *ret_look)
{
	struct finder *f = ctx;
	struct finder_text *t;

	if (text >= f->cap_texts) {
		size_t cap = f->cap_texts ? f->cap_texts * 2 : 256;

		t = reallocarray(f->texts, cap, sizeof(*t));
		if (!t)
			return -ENOMEM;
		f->texts = t;
		f->cap_texts = cap;
	}
	t = &f->texts[text];
	if (claim_text(f, &f->procs.texts[text], t) < 0)
		return -ENOMEM;
	*ret_look = wanted(f, t);
	return 0;
}

/* finder_processes() - look at all processes, and give each to the container that its cgroups name */
int finder_processes(struct finder *f, struct err *e)
{
	struct engine_procs *p = &f->procs;

	p->judge = judge;
	p->ctx = f;
	if (engine_procs_scan(p, e) < 0)
		return -1;
	for (size_t i = 0; i < p->n; i++)
		p->at[i].owner = f->texts[p->at[i].text].container;
	return 0;
}
