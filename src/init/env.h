/* env.h - the environment that the container's program gets */
#ifndef INIT_ENV_H
#define INIT_ENV_H

#include <stdint.h>

struct arena;
struct err;

int env_prepare(char *const *env, uint32_t uid, const char *where, struct arena *a, char ***ret_env,
		struct err *e);

#endif
