/* kept.h - containers that stay: created, started, stopped, removed; each with a shim while it runs
 *
 * Its record is on the disk before its name is told. Whoever changes it holds the lock on its folder, and
 * so does its shim as long as it lives: a locked one runs, or somebody works on it. What the shim says last
 * is in state.json; that it was killed before it could, the free lock tells.
 *
 * One of `tare run --rm` in the foreground has its record in /run, and no shim: the run holds the lock.
 */
#ifndef ENGINE_KEPT_H
#define ENGINE_KEPT_H

#include "engine/container.h"
#include "engine/record.h"
#include "engine/run.h"
#include "shim/documents.h"

/**
 * struct kept - a container as it is now
 * @s: where it is
 * @id: its whole id
 * @running: its shim lives, or its run
 * @foreground: it is one of a run in the foreground
 */
struct kept {
	const struct store *s;
	struct arena a;
	char id[CONTAINER_ID];
	struct container_record record;
	struct container_state state;
	bool running, foreground;
};

struct setup;

/* kept.c */
int kept_write_record(const struct setup *u, const struct run_request *q, const struct container *c,
		      int folder, bool durable, struct err *e);
int kept_create(struct store *s, const struct run_request *q, struct container *c, struct err *e);
int kept_lock(struct container *c, struct store *s, const char *id, struct err *e);

int kept_find(struct store *s, const char *word, char ret_id[CONTAINER_ID], struct err *e);
int kept_read(struct store *s, const char *id, struct kept *ret, struct err *e);
void kept_done(struct kept *k);
int kept_remove(struct store *s, const char *id, bool force, struct err *e);

/* life.c */
int kept_start(struct container *c, struct shim_report *ret_report, struct err *e);
int kept_wait(const struct kept *k, int64_t timeout_ms, struct err *e);
int kept_signal(const struct kept *k, int signal, struct err *e);
int kept_kill(const struct kept *k, struct err *e);
int kept_stop(const struct kept *k, int64_t timeout_s, struct err *e);
#endif
