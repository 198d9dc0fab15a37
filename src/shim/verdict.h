/* verdict.h - was it the program that failed, or the runtime? By the runtime's log */
#ifndef SHIM_VERDICT_H
#define SHIM_VERDICT_H

#define VERDICT_LOG "runtime.log"

int verdict(int folder, const char *log, int status);

#endif
