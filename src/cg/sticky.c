/* sticky.c - the processes that no rule moves, by number
 *
 * The daemon hears of every birth in order, so an entry is right for as long as its process is: when
 * its number goes to another, that one's birth is heard first, and puts it right. Start times are only
 * for what was missed.
 */
#include "cg/sticky.h"

#include <errno.h>
#include <stdlib.h>

#include "os/process.h"

#define SLOTS   1024
#define ALL_MAX 65536 /* a machine full of them */
#define FEW     256   /* not worth a look whether they are still there */

/* struct cg_sticky_one - @start: ticks since boot; 0: it ended before it could be seen */
struct cg_sticky_one {
	struct cg_sticky_one *next;
	uint64_t start;
	pid_t pid;
	bool children;
};

static struct cg_sticky_one **find(const struct cg_sticky *s, pid_t pid)
{
	struct cg_sticky_one **at = &s->slots[(size_t)pid % SLOTS];

	while (*at && (*at)->pid != pid)
		at = &(*at)->next;
	return at;
}

/**
 * cg_sticky_is() - does this process stay where it is?
 * @ret_children: and its children? May be NULL
 */
bool cg_sticky_is(const struct cg_sticky *s, pid_t pid, bool *ret_children)
{
	const struct cg_sticky_one *one = s->n ? *find(s, pid) : NULL;

	if (one && ret_children)
		*ret_children = one->children;
	return one != NULL;
}

static uint64_t start_of(pid_t pid)
{
	struct process_stat st;

	return process_try_stat(pid, &st) == 0 ? st.start : 0;
}

/**
 * cg_sticky_try_add() - this process stays where it is from now on
 *
 * Return: 0, or -errno: -ENOSPC when there are too many.
 */
int cg_sticky_try_add(struct cg_sticky *s, pid_t pid, bool children)
{
	struct cg_sticky_one **at, *one;

	if (!s->slots)
		s->slots = calloc(SLOTS, sizeof(struct cg_sticky_one *));
	if (!s->slots)
		return -ENOMEM;
	if (s->n >= FEW && s->n >= 2 * s->n_checked)
		cg_sticky_check(s);
	at = find(s, pid);
	if (!*at && s->n == ALL_MAX)
		return -ENOSPC;
	one = *at ? *at : calloc(1, sizeof(*one));
	if (!one)
		return -ENOMEM;
	s->n += one != *at;
	*at = one;
	one->pid = pid;
	one->children = children;
	one->start = start_of(pid);
	return 0;
}

static void drop(struct cg_sticky *s, struct cg_sticky_one **at)
{
	struct cg_sticky_one *one = *at;

	*at = one->next;
	free(one);
	s->n--;
}

/* cg_sticky_remove() - rules move it again */
void cg_sticky_remove(struct cg_sticky *s, pid_t pid)
{
	struct cg_sticky_one **at = s->n ? find(s, pid) : NULL;

	if (at && *at)
		drop(s, at);
}

/* cg_sticky_check() - forget those that have ended, and whose numbers have gone to others unheard */
void cg_sticky_check(struct cg_sticky *s)
{
	for (size_t i = 0; s->n && i < SLOTS; i++)
		for (struct cg_sticky_one **at = &s->slots[i]; *at;) {
			uint64_t start = start_of((*at)->pid);

			if (start && start == (*at)->start)
				at = &(*at)->next;
			else
				drop(s, at);
		}
	s->n_checked = s->n;
}

void cg_sticky_done(struct cg_sticky *s)
{
	for (size_t i = 0; s->slots && i < SLOTS; i++)
		while (s->slots[i])
			drop(s, &s->slots[i]);
	free(s->slots);
	*s = (struct cg_sticky){ 0 };
}
