/* seccomp_plan.h - puts the compiled seccomp policy into a plan */
#ifndef RUNTIME_SECCOMP_PLAN_H
#define RUNTIME_SECCOMP_PLAN_H

#include <stdbool.h>

struct err;
struct oci_seccomp;
struct plan;
struct arena;

int seccomp_plan(struct plan *p, const struct oci_seccomp *policy, bool strict, int root,
		 struct arena *a, struct err *e);

#endif
