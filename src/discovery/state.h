/* state.h - what engines write about their containers: found, opened, read with suspicion
 *
 * A state file is another program's, and a rootless engine's is its user's, who may have put
 * anything in its place. So: regular files only, of the right owner, bounded in size; JSON of which
 * only what has the expected type is taken; nothing that is missing or broken is an error, there
 * is merely less to show.
 */
#ifndef DISCOVERY_STATE_H
#define DISCOVERY_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define STATE_FILE_MAX ((size_t)4 << 20)
#define STATE_LIST_MAX ((size_t)32 << 20) /* of files that speak of all containers */
#define STATE_TEXT_MAX 4096               /* bytes of one name, path, image … */

/* struct state_facts - what a state file may tell; NULL, 0 and false where it does not */
struct state_facts {
	char *name, *image, *created, *bundle, *rootfs, *pod, *pod_namespace;
	char *service, *class; /* machined's */
	int64_t pid;
	uint64_t pid_start;
	bool started, paused;
};

enum fact_form { FACT_TEXT, FACT_NAME, FACT_I64, FACT_U64, FACT_BOOL };

/**
 * struct state_fact - where a fact stands
 * @path: members from the outermost on, separated by '>', which no engine has in a name
 * @form: FACT_NAME is text without a '/' in front of it
 * @at:   offset in struct state_facts; what is there already stays
 */
struct state_fact {
	const char *path;
	enum fact_form form;
	size_t at;
};

/* FACT(path, form, member) - a row of it; rows end with FACTS_END */
// clang-format off
#define FACT(p, f, m) { p, f, offsetof(struct state_facts, m) }
#define FACTS_END     { NULL, FACT_TEXT, 0 }
// clang-format on

#define STATE_ANYBODY UINT32_MAX

int state_file_read(int rootfd, const char *path, size_t max, uint32_t owner, char **ret_text);
void state_facts_read(const char *text, size_t len, const struct state_fact *rows,
		      struct arena *scratch, struct arena *a, struct state_facts *facts);
void state_facts_merge(const struct state_facts *from, struct state_facts *to);
void state_lines_read(const char *text, const struct state_fact *rows, struct arena *a,
		      struct state_facts *facts);
char *state_text(const char *at, size_t len, struct arena *a);

#endif
