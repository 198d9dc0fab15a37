/* launch.c - the plan into a memory file, tare-init into another, one clone */
#include "runtime/launch.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/numlist.h"
#include "base/own.h"
#include "os/clone.h"
#include "os/msg.h"
#include "os/sched.h"
#include "os/spawn.h"

/* tare-init's bytes, linked in by init_blob.S */
extern const unsigned char tare_init_start[], tare_init_end[];

#define MAX_KEEP 1024

struct keep {
	int at[MAX_KEEP];
	size_t n;
};

static int keep_fd(void *ctx, int fd, struct err *e)
{
	struct keep *k = ctx;

	if (k->n == MAX_KEEP)
		return fail(e, ERR_LIMIT, "hand over more than %d descriptors", MAX_KEEP);
	k->at[k->n++] = fd;
	return 0;
}

static int pack_plan(const struct plan *p, struct err *e)
{
	own_str struct str bytes = { 0 };

	if (bind_pack(&plan_table, p, &bytes) < 0)
		return fail_errno(e, ENOMEM, "write the plan");
	return memfd_of("tare-plan", bytes.at, bytes.len, e);
}

/*
 * Our own affinity is our caller's and means nothing to the container; the new process inherits
 * it, so it is set here. Without rights over it everything stays as it is.
 */
static int set_affinity(const struct plan *p, struct err *e)
{
	const struct oci_cpu_affinity *a = p->process ? p->process->exec_cpu_affinity : NULL;
	struct numlist cpus;

	if (p->rootfs || !a || !a->initial || !*a->initial) {
		(void)sched_try_all_cpus(0);
		return 0;
	}
	if (numlist_parse(a->initial, &cpus, e) < 0 || sched_set_cpus(0, &cpus, a->initial, e) < 0)
		return fail_at(e, "config.json: /process/execCPUAffinity/initial");
	log_debug("nsexec: affinity: 0x%lx", cpus.bits[0]);
	return 0;
}

static int identify(int image, struct launch_image *ret, struct err *e)
{
	struct stat st;

	if (fstat(image, &st) < 0)
		return fail_sys(e, "look at a memory file");
	*ret = (struct launch_image){ .dev = st.st_dev, .ino = st.st_ino };
	return 0;
}

/**
 * launch_init() - start tare-init
 * @ret_sock: our end of the socket to it
 *
 * Return: its pid, or -1.
 */
pid_t launch_init(const struct launch *l, int *ret_sock, struct err *e)
{
	own_fd int image = memfd_exec_of(LAUNCH_INIT_NAME, tare_init_start,
					 (size_t)(tare_init_end - tare_init_start), e);
	own_fd int plan = image < 0 ? -1 : pack_plan(l->plan, e);
	own_fd int ours = FD_NONE, theirs = FD_NONE;
	char sock_text[12], plan_text[12];
	char *argv[] = { (char *)"tare-init", sock_text, plan_text, NULL };
	struct keep keep = { .n = 0 };
	int pair[2];
	pid_t pid;

	if (plan < 0 || (l->image && identify(image, l->image, e) < 0) || msg_pair(pair, e) < 0)
		return -1;
	ours = pair[0];
	theirs = pair[1];
	if (keep_fd(&keep, theirs, e) < 0 || keep_fd(&keep, plan, e) < 0 ||
	    plan_each_fd(l->plan, keep_fd, &keep, e) < 0)
		return -1;
	snprintf(sock_text, sizeof(sock_text), "%d", theirs);
	snprintf(plan_text, sizeof(plan_text), "%d", plan);
	if (set_affinity(l->plan, e) < 0)
		return -1;
	pid = clone_exec(&(struct clone_exec){ .flags = l->flags,
					       .cgroup = l->cgroup,
					       .image = image,
					       .map = l->map,
					       .ctx = l->ctx,
					       .apart = l->apart,
					       .argv = argv,
					       .keep = keep.at,
					       .n_keep = keep.n,
					       .first = 3 + l->plan->preserve_fds },
			 e);
	if (pid < 0)
		return -1;
	log_debug("nsexec container setup: tare-init is process %d", (int)pid);
	*ret_sock = give_fd(&ours);
	return pid;
}
