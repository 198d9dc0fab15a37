/* proc_events.h - the kernel tells of every process that is born, becomes a program, or another user
 *
 * Source: the kernel's linux/cn_proc.h (the process events connector, CONFIG_PROC_EVENTS). It speaks to
 * who has CAP_NET_ADMIN, in the first pid, user and network namespaces.
 */
#ifndef OS_PROC_EVENTS_H
#define OS_PROC_EVENTS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "os/netlink.h"

struct err;

enum proc_event_what {
	PROC_EVENT_BEGUN = 0, /* we are heard: what follows is complete */
	PROC_EVENT_BORN = 1,
	PROC_EVENT_PROGRAM = 2, /* execve */
	PROC_EVENT_USER = 4,
	PROC_EVENT_TEAM = 0x40, /* its group */
};

/**
 * struct proc_event_news - one event
 * @pid:    the process, not one of its threads
 * @parent: of one that was born
 * @at:     ns of CLOCK_MONOTONIC
 * @error:  PROC_EVENT_BEGUN: why it has not, as an errno
 */
struct proc_event_news {
	enum proc_event_what what;
	pid_t pid, parent;
	uint64_t at;
	int error;
};

#define PROC_EVENTS_AT_ONCE 64

int proc_events_open(size_t buffer, struct err *e);
int proc_events_try_read(int fd, struct proc_event_news *ret_news, size_t *ret_n);
int proc_event_parse(struct netlink_bytes text, struct proc_event_news *ret_news);
void proc_events_close(int *fd);

#endif
