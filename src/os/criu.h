/* criu.h - criu(8) as a service: one request, notifications, one answer
 *
 * `criu swrk FD` speaks protocol buffers (rpc.proto in criu's source) over a SOCK_SEQPACKET
 * socket. libcriu would do the same for us, but cannot be linked into a static program. Only the
 * few messages that a runtime needs are written and read here; unknown fields are skipped.
 * Descriptors in a request are numbers in this process, which criu opens through /proc, except
 * those of criu_inherit(), which are numbers in criu's.
 */
#ifndef OS_CRIU_H
#define OS_CRIU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/text.h"

enum criu_type { CRIU_DUMP = 1, CRIU_RESTORE = 2, CRIU_PRE_DUMP = 4, CRIU_FEATURES = 9 };

/* Fields of criu_opts that hold a number, a truth value or a text. */
enum criu_option {
	CRIU_IMAGES_FD = 1,
	CRIU_PID = 2,
	CRIU_LEAVE_RUNNING = 3,
	CRIU_EXT_UNIX_SK = 4,
	CRIU_TCP_ESTABLISHED = 5,
	CRIU_EVASIVE_DEVICES = 6,
	CRIU_SHELL_JOB = 7,
	CRIU_FILE_LOCKS = 8,
	CRIU_LOG_LEVEL = 9,
	CRIU_LOG_FILE = 10,
	CRIU_NOTIFY = 12,
	CRIU_ROOT = 13,
	CRIU_PARENT_IMAGES = 14,
	CRIU_TRACK_MEMORY = 15,
	CRIU_AUTO_DEDUP = 16,
	CRIU_WORK_FD = 17,
	CRIU_LINK_REMAP = 18,
	CRIU_MANAGE_CGROUPS = 24,
	CRIU_RESTORE_SIBLING = 26,
	CRIU_CGROUPS_MODE = 34,
	CRIU_EXTERNAL = 37,
	CRIU_EMPTY_NS = 38,
	CRIU_FREEZE_CGROUP = 44,
	CRIU_TCP_SKIP_IN_FLIGHT = 46,
	CRIU_LAZY_PAGES = 48,
	CRIU_ORPHAN_PTS_MASTER = 50,
	CRIU_CONFIG_FILE = 51,
	CRIU_TCP_CLOSE = 52,
	CRIU_LSM_PROFILE = 53,
	CRIU_LSM_MOUNT_CONTEXT = 63,
	CRIU_NETWORK_LOCK = 64,
};

void criu_number(struct str *opts, enum criu_option option, uint64_t v);
void criu_text(struct str *opts, enum criu_option option, const char *v);
void criu_external_mount(struct str *opts, const char *key, const char *value);
void criu_cgroup_root(struct str *opts, const char *controllers, const char *path);
void criu_inherit(struct str *opts, const char *key, int fd);
void criu_join(struct str *opts, const char *ns, const char *path);
void criu_page_server(struct str *opts, const char *address, uint32_t port);

/**
 * struct criu - one running criu
 * @pid, @sock: the process, and our end of the socket; filled by criu_start()
 * @notify:     called for each notification, with the descriptor that came with it; < 0: stop
 */
struct criu {
	pid_t pid;
	int sock;
	int (*notify)(void *ctx, const char *what, pid_t pid, int *fd, struct err *e);
	void *ctx;
};

int criu_start(struct criu *c, const char *program, const int *keep, size_t n_keep, struct err *e);
int criu_request(struct criu *c, enum criu_type type, const struct str *opts, struct err *e);
int criu_can_lazy_pages(struct criu *c, bool *ret_can, struct err *e);
void criu_stop(struct criu *c);

#endif
