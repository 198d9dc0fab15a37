/* console.h - a program that is entered into a container never holds a terminal of ours
 *
 * It has a new session, and where we have a terminal, a new one, whose bytes we copy; so nothing that
 * it does to its terminal (TIOCSTI, settings, job control) reaches our shell.
 */
#ifndef TARE_CONSOLE_H
#define TARE_CONSOLE_H

#include "base/err.h"
#include "ns/enter.h"

int console_enter(const struct ns_enter *n, int *ret_status, struct err *e);

#endif
