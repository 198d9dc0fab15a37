/* view.c - reads, filters and sorts; keeps the bar on its container */
#include "top/view.h"

#include <stdlib.h>

#include "base/err.h"

/* view_row() - the row on which the bar stands */
size_t view_row(const struct view *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->sampler.all.at[v->order[i]].pid == v->chosen)
			return i;
	return 0;
}

/* view_chosen() - the container under the bar; NULL if there is none */
const struct container_found *view_chosen(const struct view *v)
{
	return v->n ? &v->sampler.all.at[v->order[view_row(v)]] : NULL;
}

/* view_move() - the bar goes down, or up by a negative number, as far as there are rows */
void view_move(struct view *v, int by)
{
	int64_t row = (int64_t)view_row(v) + by;

	if (!v->n)
		return;
	row = row < 0 ? 0 : row >= (int64_t)v->n ? (int64_t)v->n - 1 : row;
	v->chosen = v->sampler.all.at[v->order[row]].pid;
}

/**
 * view_refresh() - sort and filter anew
 * @read: after a new reading; the screen asks for the details of what it shows
 */
int view_refresh(struct view *v, bool read, struct err *e)
{
	struct usage_sampler *s = &v->sampler;
	size_t row = view_row(v);

	if (read && usage_look(s, e) < 0)
		return -1;
	if (read) {
		usage_read_all(s);
		v->fresh = true;
	}
	free(v->order);
	v->n = 0;
	v->order = calloc(s->all.n + 1, sizeof(*v->order));
	if (!v->order)
		return fail_errno(e, ENOMEM, "list the containers");
	for (size_t i = 0; i < s->all.n; i++) {
		if (!usage_fits(&s->all.at[i], v->filter))
			continue;
		if (read && (v->sort == SORT_IO || v->sort == SORT_NET))
			usage_read_more(s, i, USAGE_IO | USAGE_NET);
		v->order[v->n++] = i;
	}
	usage_order(s, v->sort, v->order, v->n);
	/* one that has ended leaves the bar where it was */
	if (v->n && (row >= v->n || s->all.at[v->order[view_row(v)]].pid != v->chosen))
		v->chosen = s->all.at[v->order[row < v->n ? row : v->n - 1]].pid;
	return 0;
}

void view_done(struct view *v)
{
	free(v->order);
	usage_close(&v->sampler);
}
