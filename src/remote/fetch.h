/* fetch.h - tare-fetch: questions in, news out; one fiber for each question
 *
 * fetch.c has the life of a question: endpoints in their order, attempts, back-off. fetch_pull.c,
 * fetch_push.c and fetch_list.c know what one attempt at one endpoint is.
 */
#ifndef REMOTE_FETCH_H
#define REMOTE_FETCH_H

#include "base/own.h"
#include "remote/session.h"
#include "remote/wire.h"

struct fiber;
struct op;

/* struct fetch - the whole of tare-fetch after its start */
struct fetch {
	int sock;
	struct http http;
	struct remote_target target;
	struct session *sessions; /* one for each endpoint */
	struct op *ops;
	unsigned blobs; /* under way */
	struct arena arena;
};

/**
 * struct op - one question
 * @arena:    of the present attempt
 * @fd:       the question's descriptor, or FD_NONE
 * @bytes:    of a blob: where the next attempt goes on
 * @passes:   the last failure may pass; @wait_ms: after so long, if not 0
 * @over:     the last failure is everybody's: no other endpoint is to be asked
 */
struct op {
	struct fetch *fetch;
	struct wire_ask ask;
	struct arena asked, arena;
	int fd;
	struct fiber *fiber;
	uint64_t bytes, told;
	int64_t told_at;
	bool passes, over, cancelled, waiting;
	unsigned wait_ms;
	struct wire_news news;
	struct op *next;
};

int fetch_open(struct fetch *f, int sock, struct err *e);
void fetch_serve(struct fetch *f);
void fetch_tell(struct fetch *f, const struct wire_news *n);

/* for the actions */
void op_call_init(struct op *o, struct call *c, const char *method, const char *scope);
char *op_scope(struct op *o, const struct session *s, const char *actions);
int op_call(struct op *o, struct session *s, struct call *c, struct err *e);
int op_refused(struct op *o, const struct session *s, const struct call *c, struct err *e);
int op_answer(struct op *o, const void *at, size_t len, struct err *e);

/* the actions: 0 done, -1 */
int fetch_manifest_head(struct op *o, struct session *s, struct err *e);
int fetch_manifest_get(struct op *o, struct session *s, struct err *e);
int fetch_manifest_put(struct op *o, struct session *s, struct err *e);
int fetch_manifest_delete(struct op *o, struct session *s, struct err *e);
int fetch_blob_head(struct op *o, struct session *s, struct err *e);
int fetch_blob_get(struct op *o, struct session *s, struct err *e);
int fetch_blob_put(struct op *o, struct session *s, struct err *e);
int fetch_tags(struct op *o, struct session *s, struct err *e);
int fetch_catalog(struct op *o, struct session *s, struct err *e);
int fetch_search(struct op *o, struct session *s, struct err *e);
int fetch_login(struct op *o, struct session *s, struct err *e);

#endif
