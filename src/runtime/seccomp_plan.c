/* seccomp_plan.c - compiles (or finds in the cache) the policy that a plan carries */
#include "runtime/seccomp_plan.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/own.h"
#include "runtime/seccomp.h"
#include "spec/plan.h"

#define CACHE_NAME ".seccomp"

/* The cache is a convenience: without it (read-only root, no space) policies are compiled. */
static int open_cache(int root)
{
	(void)mkdirat(root, CACHE_NAME, 0700);
	return openat(root, CACHE_NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/**
 * seccomp_plan() - fill in the plan's filter
 * @policy: linux.seccomp, or NULL for none
 * @strict: a system call that nobody knows is an error
 * @root:   the state root, below which the cache lies
 * @a:      owns the filter
 */
int seccomp_plan(struct plan *p, const struct oci_seccomp *policy, bool strict, int root,
		 struct arena *a, struct err *e)
{
	struct seccomp_program program = { 0 };
	own_fd int cache = FD_NONE;

	if (!policy)
		return 0;
	cache = open_cache(root);
	if (seccomp_compile(policy, cache, a, &program, e) < 0)
		return -1;
	if (program.ignored && strict)
		return fail(e, ERR_UNSUPPORTED, "seccomp: unknown system calls: %s",
			    program.ignored);
	if (program.ignored)
		log_warn("seccomp: unknown system calls are not in the filter: %s",
			 program.ignored);
	p->has_seccomp = true;
	p->seccomp = program.filter;
	p->seccomp_flags = program.flags;
	/* an agent may want the listener even where no rule notifies yet; crun sends it, too */
	p->seccomp_notify = program.notify || policy->listener_path;
	log_debug("seccomp filter flags: %lu",
		  program.flags | (p->seccomp_notify ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0U));
	return 0;
}
