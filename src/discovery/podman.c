/* podman.c - containers/storage, where Podman and CRI-O have the names of their containers
 *
 * One list of all containers, containers.json, lies beside a folder for each; the folders are named
 * by the storage driver. The list is read once, when the first name is asked for.
 * Sources: containers-storage.conf(5); containers/storage's containers.go; CRI-O's annotations.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/own.h"
#include "base/text.h"
#include "discovery/finder_priv.h"

#define ID_LEN          64

/* A user's list must not use up the memory that the search has. */
#define STORAGE_MEM_MAX ((size_t)256 << 20)

/**
 * struct storage - one containers.json, parsed
 * @text, @mem: which the items are parts of
 * @by_id:      gives the number of the item in the array
 */
struct storage {
	const char *folder;
	char *text;
	struct arena mem;
	const struct json **items;
	size_t n;
	struct string_map by_id;
	struct storage *next;
};

static const char *const drivers[] = { "overlay", "vfs", "btrfs", "zfs" };

// clang-format off
static const struct state_fact item_facts[] = {
	FACT("image-name", FACT_TEXT, image),
	FACT("name",       FACT_TEXT, name),
	FACT("pod-name",   FACT_TEXT, pod),
	FACTS_END,
};
static const struct state_fact crio_facts[] = {
	FACT("annotations>io.kubernetes.container.name",   FACT_TEXT, name),
	FACT("annotations>io.kubernetes.pod.name",         FACT_TEXT, pod),
	FACT("annotations>io.kubernetes.pod.namespace",    FACT_TEXT, pod_namespace),
	FACT("annotations>io.kubernetes.cri-o.ImageName",  FACT_TEXT, image),
	FACT("annotations>io.kubernetes.cri-o.Created",    FACT_TEXT, created),
	FACT("root>path",                                  FACT_TEXT, rootfs),
	FACTS_END,
};
// clang-format on

struct listing {
	const struct state_source *source;
	const char *folder;
	uint32_t uid;
};

/* Beside the folders lie the lists themselves, and their locks. */
static int see_container(struct finder *f, const char *name, void *ctx)
{
	const struct listing *l = ctx;

	return strlen(name) != ID_LEN ? 0 : finder_entry(f, l->source, l->folder, name, l->uid);
}

static int list_storage(struct finder *f, const struct state_source *s, const char *root,
			uint32_t uid)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < COUNT(drivers); i++) {
		struct listing l = { s, NULL, uid };

		l.folder = arena_printf(&f->scratch, "%s/%s-containers", root, drivers[i]);
		r = l.folder ? finder_each(f, l.folder, uid, see_container, &l) : 0;
	}
	return r;
}

static int list_user(struct finder *f, uint32_t uid, void *ctx)
{
	const char *home = finder_home(f, uid);
	const char *root =
		home ? arena_printf(&f->scratch, "%s/.local/share/containers/storage", home) : NULL;

	return root ? list_storage(f, ctx, root, uid) : 0;
}

static int list(struct finder *f, const struct state_source *s)
{
	int r = list_storage(f, s, "var/lib/containers/storage", f->admin);

	return r < 0 ? r : finder_each_user(f, list_user, (void *)s);
}

static void index_items(struct storage *st, const struct json *doc)
{
	size_t i = 0;

	st->items = arena_array(&st->mem, doc->len, sizeof(const struct json *));
	if (!st->items)
		return;
	for (const struct json *item = doc->child; item; item = item->next) {
		const struct json *id = item->type == JSON_OBJECT ? json_member(item, "id") : NULL;
		uint32_t *place = id && id->type == JSON_STRING
					  ? string_map_put(&st->by_id, id->text, id->len)
					  : NULL;

		if (!place)
			continue;
		*place = (uint32_t)i;
		st->items[i++] = item;
	}
}

/* The list in a folder, parsed at the first call; NULL without memory. */
static const struct storage *storage_of(struct finder *f, const struct state_entry *entry)
{
	struct err e = { 0 };
	const struct json *doc = NULL;
	struct storage *st = f->storages;
	const char *path;
	int n;

	while (st && strcmp(st->folder, entry->folder) != 0)
		st = st->next;
	if (st)
		return st;
	st = arena_alloc(&f->scratch, sizeof(*st));
	path = arena_printf(&f->scratch, "%s/containers.json", entry->folder);
	if (!st || !path)
		return NULL;
	st->folder = entry->folder;
	st->mem.limit = STORAGE_MEM_MAX;
	st->next = f->storages;
	f->storages = st;
	n = finder_read_path(f, path, STATE_LIST_MAX, entry->uid, &st->text);
	if (n >= 0)
		doc = json_parse(st->text, (size_t)n, "state", NULL, &st->mem, &e);
	if (doc && doc->type == JSON_ARRAY)
		index_items(st, doc);
	return st;
}

static void read_item(struct finder *f, const struct json *item, struct state_facts *facts)
{
	const struct json *names = json_member(item, "names"), *v;

	if (names && names->type == JSON_ARRAY && names->child && names->child->type == JSON_STRING)
		facts->name = state_text(names->child->text, names->child->len, &f->scratch);
	v = json_member(item, "created");
	if (v && v->type == JSON_STRING)
		facts->created = state_text(v->text, v->len, &f->scratch);
	/* a document of the engine's in a string */
	v = json_member(item, "metadata");
	if (v && v->type == JSON_STRING)
		finder_facts(f, v->text, v->len, item_facts, facts);
}

static void read_one(struct finder *f, const struct state_entry *entry, struct state_facts *facts)
{
	const struct storage *st = storage_of(f, entry);
	uint32_t i =
		st ? string_map_get(&st->by_id, entry->id, strlen(entry->id)) : STRING_MAP_NONE;

	if (i != STRING_MAP_NONE)
		read_item(f, st->items[i], facts);
	facts->bundle = arena_printf(&f->scratch, "/%s/%s/userdata", entry->folder, entry->id);
}

/* crio_describe() - what CRI-O's copy of a container's config.json says of its pod */
void crio_describe(struct finder *f, const char *id, struct state_facts *facts)
{
	struct state_facts own = { 0 };
	own_mem char *text = NULL;
	char *bundle;
	const char *path;
	int n;

	bundle = arena_printf(&f->scratch, "/run/containers/storage/overlay-containers/%s/userdata",
			      id);
	path = bundle ? arena_printf(&f->scratch, "%s/config.json", bundle + 1) : NULL;
	n = path ? state_file_read(f->root, path, STATE_FILE_MAX, f->admin, &text) : -1;
	if (n < 0)
		return;
	own.bundle = bundle;
	finder_facts(f, text, (size_t)n, crio_facts, &own);
	state_facts_merge(facts, &own);
	*facts = own;
}

/* podman_done() - what is not in the search's arena */
void podman_done(struct finder *f)
{
	for (struct storage *st = f->storages; st; st = st->next) {
		string_map_done(&st->by_id);
		arena_done(&st->mem);
		free(st->text);
	}
	f->storages = NULL;
}

const struct state_source podman_source = { ENGINE_PODMAN, false, list, read_one, NULL };
