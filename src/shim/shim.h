/* shim.h - the shim's parts: one process that keeps what a container needs somebody to keep
 *
 * Its terminal or its pipes, its log, its exit status. It lives as long as its container, and is the
 * parent of it: the runtime leaves, and who loses his parent comes to us (PR_SET_CHILD_SUBREAPER).
 */
#ifndef SHIM_SHIM_H
#define SHIM_SHIM_H

#include <poll.h>
#include <sys/types.h>

#include "base/arena.h"
#include "shim/documents.h"
#include "shim/log.h"

#define SHIM_CLIENTS 256

/* Places in struct shim's @polls. */
enum { WATCH_SIGNALS, WATCH_LISTENER, WATCH_OUT, WATCH_ERR, WATCH_CLIENTS };

/**
 * struct shim - one
 * @folder, @run: its container's two folders
 * @report: where the first start is told of; FD_NONE: it has been
 * @pid: the container's first process; 0: there is none
 * @input: FD_NONE, or our end of its standard input
 * @polls: what we wait for; a client's is a connection that ends with us, which is how others wait
 * @streams: of its standard output and error; a terminal has but the first
 * @time: when it was started (ns since 1970)
 */
struct shim {
	struct arena a;
	struct shim_doc doc;
	struct container_state state;
	int folder, run, report, input;
	pid_t pid;
	struct pollfd polls[WATCH_CLIENTS + SHIM_CLIENTS];
	size_t n_polls;
	struct log_stream streams[2];
	struct shim_log log;
	int64_t time;
};

/* start.c */
int shim_start(struct shim *s, int *ret_status, struct err *e);
void shim_delete(struct shim *s);

/* watch.c */
int shim_watch(struct shim *s, struct err *e);
void shim_drain(struct shim *s);

#endif
