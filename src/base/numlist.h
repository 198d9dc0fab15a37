/* numlist.h - sets of small numbers as people write them: "0-3,7"
 *
 * CPUs, memory nodes. The bits lie as the kernel wants them for sched_setaffinity(2) and
 * set_mempolicy(2): number n is bit n % 64 of word n / 64.
 */
#ifndef BASE_NUMLIST_H
#define BASE_NUMLIST_H

#include <stdbool.h>
#include <stddef.h>

struct err;

#define NUMLIST_MAX   65536 /* the largest number that a list may hold */
#define NUMLIST_WORD  (8 * sizeof(unsigned long))
#define NUMLIST_WORDS (NUMLIST_MAX / NUMLIST_WORD + 1)

/**
 * struct numlist - a set of numbers
 * @bits: one bit for each
 * @top:  the largest number in it
 */
struct numlist {
	unsigned long bits[NUMLIST_WORDS];
	unsigned top;
};

int numlist_parse(const char *text, struct numlist *ret_list, struct err *e);
bool numlist_has(const struct numlist *l, unsigned number);

#endif
