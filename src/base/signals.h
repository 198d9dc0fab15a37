/* signals.h - signals as people write them: "SIGTERM", "term", "15", "RTMIN+3" */
#ifndef BASE_SIGNALS_H
#define BASE_SIGNALS_H

#include <stddef.h>

#include "base/text.h"

struct err;

#define SIGNAL_RTMIN 34 /* the C libraries keep 32 and 33 for themselves */
#define SIGNAL_MAX   64

extern const struct word signal_words[];

int signal_parse(const char *text, int *ret_signal, struct err *e);
size_t signal_name(int signal, char *ret_name, size_t size);

#endif
