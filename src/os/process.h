/* process.h - one process of the host, named so that a recycled pid is not mistaken for it */
#ifndef OS_PROCESS_H
#define OS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/**
 * struct process_stat - the parts of /proc/PID/stat that tell who and how
 * @name:  of its executable, unless it chose another; "" when it is longer than the kernel's names
 * @state: 'R', 'S', 'Z', …
 * @start: start time in clock ticks since boot; with the pid it names a process for good
 * @kernel: it is a thread of the kernel's own
 * @threads: 0 or 1 of what has ended; a 'Z' with more has lost its first thread, and goes on
 * @cpu:   clock ticks that it has computed, for itself and in the kernel
 * @resident: pages of memory
 */
struct process_stat {
	char name[16];
	char state;
	bool kernel;
	pid_t parent;
	uint64_t start, threads, cpu, resident;
};

#define PROCESS_THREAD_ROOM 32

int process_try_stat(pid_t pid, struct process_stat *ret_stat);
int process_parse_stat(const char *text, struct process_stat *ret_stat);
int process_try_executable(pid_t pid, uint64_t *ret_dev, uint64_t *ret_ino);
bool process_has_ended(const struct process_stat *st);
int process_try_thread(int proc, char ret_path[PROCESS_THREAD_ROOM]);
bool process_prefer_thread(int *proc);
int process_try_find(pid_t pid, uint64_t start, struct process_stat *ret_stat);
int process_try_alive(pid_t pid, uint64_t start);
bool process_alive(pid_t pid, uint64_t start);
int process_open(pid_t pid, uint64_t start, struct err *e);
int process_signal(pid_t pid, uint64_t start, int sig, struct err *e);

#endif
