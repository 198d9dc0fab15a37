/* view.h - what tare-top shows: the containers in order, and where the user stands in them */
#ifndef TOP_VIEW_H
#define TOP_VIEW_H

#include <sys/resource.h>

#include "any/usage.h"
#include "tare/usage_rows.h"

/**
 * struct view - one screen's state
 * @order, @n: indices of the containers that pass the filter, sorted
 * @chosen:    the container under the bar, by its first process; it keeps it while the list moves
 * @open:      the first process of the container whose processes are listed; 0: none
 * @first:     the row at the top
 * @files:     limit of open files as it was: we raise ours, which others need not have
 * @message:   for the last line, until the next key
 */
struct view {
	struct usage_sampler sampler;
	size_t *order;
	size_t n, first;
	enum usage_sort sort;
	int64_t chosen, open, delay;
	struct rlimit files;
	bool fresh;
	char filter[64], message[256];
};

/* view.c */
int view_refresh(struct view *v, bool read, struct err *e);
size_t view_row(const struct view *v);
void view_move(struct view *v, int by);
const struct container_found *view_chosen(const struct view *v);
void view_done(struct view *v);

/* screen.c */
void screen_begin(void);
void screen_end(void);
void screen_draw(struct view *v);
bool screen_ask(const char *question, char *ret_text, size_t size);

/* keys.c */
bool keys_do(struct view *v, int key, struct err *e);

#endif
