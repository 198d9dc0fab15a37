/* conf.h - the grammar of cgconfig.conf(5): groups, their owners and their settings, as text
 *
 * Everything in it is one of two statements: `NAME = VALUE;` and `KIND [NAME] { … }`. What the
 * words mean is for apply.h. Written by cg_conf_print(), which quotes what needs it, and read by
 * cg_conf_parse().
 */
#ifndef CG_CONF_H
#define CG_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"

struct err;

/**
 * struct cg_node - one statement
 * @kind:  its first word: "group", "perm", "memory"; or the name before '='
 * @name:  the second word before '{', or NULL
 * @value: after '='; NULL for a block
 * @first: a block's first statement; @next: the one after this one
 * @line:  where it begins, from 1
 */
struct cg_node {
	const char *kind, *name, *value;
	struct cg_node *first, *next;
	unsigned line;
};

int cg_conf_parse(const char *text, struct arena *a, struct cg_node **ret_first, struct err *e);
void cg_conf_print(const struct cg_node *first, struct str *out);
bool cg_conf_same(const struct cg_node *a, const struct cg_node *b);

#endif
