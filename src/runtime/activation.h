/* activation.h - what a service manager hands to the runtime and means for the container
 *
 * Socket activation (sd_listen_fds(3)): LISTEN_FDS descriptors from 3 on are passed on.
 * Readiness (sd_notify(3)): the container gets a socket of its own, in a folder that is bound
 * into it; the runtime listens there and tells the manager when the program says READY.
 */
#ifndef RUNTIME_ACTIVATION_H
#define RUNTIME_ACTIVATION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct container;
struct creation;

#define NOTIFY_FOLDER "notify"
#define NOTIFY_NAME   "notify"

uint32_t activation_count(void);
int activation_sum(uint32_t preserve, uint32_t listen, uint32_t *ret_n, struct err *e);
int activation_prepare(struct creation *c, struct err *e);
int notify_listen(const struct container *c, int *ret_sock, struct err *e);
bool notify_relay(int sock, pid_t pid);
void notify_wait(int sock, pid_t pid, uint64_t start);

#endif
