/* proc_status.c - the lines of /proc/PID/status (proc_pid_status(5)) */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/proc_scan.h"

/* What follows the line's name, up to its end. */
typedef void read_fn(const char *text, struct proc_status *st);

static void read_ids(const char *text, uint32_t id[4])
{
	char *end;

	for (int i = 0; i < 4; i++, text = end)
		id[i] = (uint32_t)strtoul(text, &end, 10);
}

static void read_uid(const char *text, struct proc_status *st)
{
	read_ids(text, st->uid);
}

static void read_gid(const char *text, struct proc_status *st)
{
	read_ids(text, st->gid);
}

static void read_nspid(const char *text, struct proc_status *st)
{
	const char *stop = text + strcspn(text, "\n");

	while (text < stop && st->n_nspid < COUNT(st->nspid)) {
		char *end;
		long pid = strtol(text, &end, 10);

		if (end == text || end > stop)
			return;
		st->nspid[st->n_nspid++] = (pid_t)pid;
		text = end;
	}
}

static void read_threads(const char *text, struct proc_status *st)
{
	st->threads = (uint32_t)strtoul(text, NULL, 10);
}

static void read_seccomp(const char *text, struct proc_status *st)
{
	st->seccomp = (uint32_t)strtoul(text, NULL, 10);
}

static void read_nnp(const char *text, struct proc_status *st)
{
	st->no_new_privs = strtoul(text, NULL, 10) != 0;
}

static void read_kthread(const char *text, struct proc_status *st)
{
	st->kernel_thread = strtoul(text, NULL, 10) != 0;
}

static void read_rss(const char *text, struct proc_status *st)
{
	st->rss = strtoull(text, NULL, 10) * 1024;
}

static void read_swap(const char *text, struct proc_status *st)
{
	st->swap = strtoull(text, NULL, 10) * 1024;
}

// clang-format off
#define CAP_LINE(name) \
	static void read_##name(const char *text, struct proc_status *st) \
	{ \
		st->cap_##name = strtoull(text, NULL, 16); \
	}
CAP_LINE(inh) CAP_LINE(prm) CAP_LINE(eff) CAP_LINE(bnd) CAP_LINE(amb)

/* in the kernel's order, so that each line is mostly found at once */
static const struct status_row {
	const char *name;
	size_t len;
	read_fn *read;
} ROWS[] = {
#define ROW(name, fn) { name, sizeof(name) - 1, fn }
	ROW("Uid:\t", read_uid),
	ROW("Gid:\t", read_gid),
	ROW("NSpid:\t", read_nspid),
	ROW("Kthread:\t", read_kthread),
	ROW("VmRSS:\t", read_rss),
	ROW("VmSwap:\t", read_swap),
	ROW("Threads:\t", read_threads),
	ROW("CapInh:\t", read_inh),
	ROW("CapPrm:\t", read_prm),
	ROW("CapEff:\t", read_eff),
	ROW("CapBnd:\t", read_bnd),
	ROW("CapAmb:\t", read_amb),
	ROW("NoNewPrivs:\t", read_nnp),
	ROW("Seccomp:\t", read_seccomp),
#undef ROW
};
// clang-format on

/**
 * proc_parse_status() - read the text of /proc/PID/status
 *
 * The name, in the first line, is escaped by the kernel: no other line can be forged with it. Lines
 * of older or newer kernels may lack or be more.
 *
 * Return: 0, or -EINVAL when not even the user is there.
 */
int proc_parse_status(const char *text, struct proc_status *ret_status)
{
	struct proc_status st = { 0 };
	bool any = false;

	for (const char *line = text; line && *line;
	     line = strchr(line, '\n'), line += line != NULL)
		for (size_t i = 0; i < COUNT(ROWS); i++)
			if (strncmp(line, ROWS[i].name, ROWS[i].len) == 0) {
				ROWS[i].read(line + ROWS[i].len, &st);
				any |= i == 0;
				break;
			}
	if (!any)
		return -EINVAL;
	*ret_status = st;
	return 0;
}
