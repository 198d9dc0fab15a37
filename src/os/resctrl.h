/* resctrl.h - groups of the resctrl file system: shares of caches and of memory bandwidth
 *
 * A group is a folder; the kernel fills it when it is made. Source: Documentation/arch/x86/resctrl.rst
 * (the user interface), runtime-spec config-linux.md "IntelRdt".
 *
 * TARE_TEST_RESCTRL=DIR in the environment makes a plain folder stand in for the file system, so
 * that what is written can be tested without the hardware.
 */
#ifndef OS_RESCTRL_H
#define OS_RESCTRL_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

int resctrl_find(char ret_path[PATH_MAX], struct err *e);
int resctrl_open(const char *path, struct err *e);
bool resctrl_name_fits(const char *name);
bool resctrl_exists(int root, const char *group);
int resctrl_make(int root, const char *group, struct err *e);
int resctrl_remove(int root, const char *group, struct err *e);
int resctrl_write_schemata(int root, const char *group, const char *lines, struct err *e);
int resctrl_check_schemata(int root, const char *group, const char *line, struct err *e);
int resctrl_enter(int root, const char *group, pid_t pid, struct err *e);
bool resctrl_line_holds(const char *have, const char *want);

#endif
