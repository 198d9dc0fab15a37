/* documents.h - what the shim is asked, and what it says of its container
 *
 * The engine writes the first into the container's folder in /run, where the shim removes it as its last
 * act; the shim writes the second into the one on the disk, where it stays until the container is removed.
 */
#ifndef SHIM_DOCUMENTS_H
#define SHIM_DOCUMENTS_H

#include "base/arena.h"
#include "base/bind.h"
#include "base/err.h"

#define SHIM_FILE     "shim.json"
#define SHIM_SOCKET   "shim.sock"
#define SHIM_PID      "pid" /* of the first process */
#define STATE_FILE    "state.json"
#define LOG_FILE      "json.log"

/* What tells the shim that its container is ended on purpose, and not to be started again. */
#define SHIM_STOPPING "stopping"

/**
 * struct shim_doc - what the shim is asked
 * @runtime: path of the OCI runtime
 * @remove:  a program and its words that remove the container when it has ended; NULL: it stays
 * @log_size: bytes of a file of its log; 0: no log. @log_files: how many such files there are at most
 * @restart: "", "no", "always", "unless-stopped" or "on-failure", of Docker's policies
 * @retries: how often "on-failure" starts it again; 0: any number
 */
struct shim_doc {
	char *id, *runtime, *restart;
	char **remove;
	bool tty, open_stdin;
	uint64_t log_size;
	uint32_t log_files, retries;
};

/**
 * struct container_state - State of the Engine API, as far as it is written down
 * @status: "running", "restarting" or "exited"
 * @error:  why it could not be started
 * @shim:   pid of its shim, @pid of its first process; 0: it has ended
 */
struct container_state {
	char *status, *error, *started, *finished;
	int64_t pid, shim, exit_code, restarts;
};

/* struct shim_report - how the first start went; @status: 0, or what the command is to end with */
struct shim_report {
	int status;
	struct err e;
};

extern const struct bind_table shim_doc_table, container_state_table;

int document_read(int folder, const char *name, const struct bind_table *t, struct arena *a,
		  void *ret_doc, struct err *e);
int document_write(int folder, const char *name, const struct bind_table *t, const void *doc,
		   bool durable, struct err *e);

#endif
