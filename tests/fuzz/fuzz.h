/* fuzz.h - what every fuzz target defines; libFuzzer or replay.c calls it */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

/* A broken promise ends the run, whatever NDEBUG says. */
#define MUST(x) ((x) ? (void)0 : __builtin_trap())

#endif
