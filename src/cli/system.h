/* system.h - the commands of `tare system` that have files of their own */
#ifndef CLI_SYSTEM_H
#define CLI_SYSTEM_H

#include "tare/cli.h"

extern const struct command system_check_command;

#endif
