/* pack_links.c - inodes of several names, by number: which was their first, and is one of them new? */
#include <stdlib.h>
#include <string.h>

#include "layer/pack_priv.h"

static size_t slot_of(const struct links *l, dev_t dev, ino_t ino)
{
	uint64_t mixed = (ino ^ (uint64_t)dev << 40) * UINT64_C(0x9e3779b97f4a7c15);
	size_t i = (size_t)(mixed >> 20) & (l->cap - 1);

	while (l->at[i].ino && (l->at[i].ino != ino || l->at[i].dev != dev))
		i = (i + 1) & (l->cap - 1);
	return i;
}

static int grow(struct links *l, struct err *e)
{
	struct links bigger = { .cap = l->cap ? 2 * l->cap : 256 };

	bigger.at = calloc(bigger.cap, sizeof(*bigger.at));
	if (!bigger.at)
		return fail_errno(e, ENOMEM, "remember hard links");
	for (size_t i = 0; i < l->cap; i++)
		if (l->at[i].ino)
			bigger.at[slot_of(&bigger, l->at[i].dev, l->at[i].ino)] = l->at[i];
	free(l->at);
	l->at = bigger.at;
	l->cap = bigger.cap;
	return 0;
}

/* links_find() - the inode, or NULL: it is not known */
struct link *links_find(const struct links *l, const struct stat *st)
{
	struct link *k = l->cap ? &l->at[slot_of(l, st->st_dev, st->st_ino)] : NULL;

	return k && k->ino ? k : NULL;
}

/* links_get() - the inode, new or not; it holds until the next links_get() */
struct link *links_get(struct links *l, const struct stat *st, struct err *e)
{
	struct link *k;

	if (4 * l->n >= 3 * l->cap && grow(l, e) < 0)
		return NULL;
	k = &l->at[slot_of(l, st->st_dev, st->st_ino)];
	if (!k->ino) {
		*k = (struct link){ .dev = st->st_dev, .ino = st->st_ino, .path = LINK_NO_PATH };
		l->n++;
	}
	return k;
}

/* links_name() - its first name is @path */
int links_name(struct links *l, struct link *k, const char *path, struct err *e)
{
	k->path = l->paths.len;
	str_add_len(&l->paths, path, strlen(path) + 1);
	return l->paths.torn ? fail_errno(e, ENOMEM, "remember hard links") : 0;
}

void links_done(struct links *l)
{
	free(l->at);
	str_done(&l->paths);
	*l = (struct links){ 0 };
}
