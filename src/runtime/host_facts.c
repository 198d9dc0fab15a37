/* host_facts.c - oom score, limits beyond a user namespace, network devices moved in */
#include "runtime/host_facts.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/file.h"
#include "runtime/creation.h"

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
		const struct rlimit v = { .rlim_cur = l->soft, .rlim_max = l->hard };

		if (syscall(SYS_prlimit64, c->pid, (int)l->type.v, &v, NULL) == 0)
			continue;
		fail_sys(e, "set %s to %llu:%llu", word_name(oci_rlimit_words, l->type.v),
			 (unsigned long long)l->soft, (unsigned long long)l->hard);
		if (errno == EPERM)
			fail_hint(e, "raising a hard limit needs CAP_SYS_RESOURCE");
		return fail_at(e, "config.json: /process/rlimits/%zu", i);
	}
	return 0;
}

int host_facts(struct creation *c, struct err *e)
{
	if (set_oom_score(c, e) < 0)
		return -1;
	return set_rlimits(c, e);
}
