/* host_facts.c - oom score, limits beyond a user namespace */
#include "runtime/host_facts.h"

#include <fcntl.h>
#include <stdio.h>

#include "base/log.h"
#include "os/file.h"
#include "os/rlimit.h"
#include "runtime/creation.h"
#include "runtime/scope.h"

static int set_oom_score(const struct creation *c, struct err *e)
{
	const struct opt_i64 *score = &c->bundle.config.process->oom_score_adj;
	char path[48], text[24];
	int r;

	if (!score->set)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)c->pid);
	snprintf(text, sizeof(text), "%lld", (long long)score->v);
	r = file_try_write(AT_FDCWD, path, text);
	if (r == 0)
		return 0;
	fail_errno(e, -r, "set oom_score_adj to %s", text);
	if (r == -EACCES)
		fail_hint(e, "lowering it needs CAP_SYS_RESOURCE");
	return fail_at(e, "config.json: /process/oomScoreAdj");
}

/* Hard limits can be raised from outside only, once the process is in a user namespace. */
static int set_rlimits(const struct creation *c, struct err *e)
{
	const struct oci_process *p = c->bundle.config.process;

	for (size_t i = 0; c->plan.rlimits_done && i < p->rlimits.n; i++) {
		const struct oci_rlimit *l = &p->rlimits.at[i];
		const char *name = word_name(oci_rlimit_words, l->type.v);
		bool less = false;

		if (rlimit_set_most(c->pid, (int)l->type.v, name, l->soft, l->hard, &less, e) < 0)
			return fail_at(e, "config.json: /process/rlimits/%zu", i);
		if (less)
			log_debug("%s stays lower: raising it takes CAP_SYS_RESOURCE", name);
	}
	return 0;
}

int host_facts(struct creation *c, struct err *e)
{
	if (set_oom_score(c, e) < 0)
		return -1;
	if (set_rlimits(c, e) < 0)
		return -1;
	return scope_delegate(c, e);
}
