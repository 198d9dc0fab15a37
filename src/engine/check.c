/* check.c - what is wished must be possible, and make sense; asked before anything is made */
#include "base/err.h"
#include "base/signals.h"
#include "base/units.h"
#include "engine/wish.h"
#include "spec/oci.h"

#define MEMORY_MIN ((int64_t)6 << 20)

/* --- modes --- */

static int check_mode(const char *what, const char *mode, const char *const *known, struct err *e)
{
	if (!mode || !*mode)
		return 0;
	for (; *known; known++)
		if (strcmp(mode, *known) == 0)
			return 0;
	return fail(e, ERR_UNSUPPORTED, "%s '%.100s' can't be honoured yet", what, mode);
}

static int check_modes(const struct host_config *h, struct err *e)
{
	static const char *const networks[] = { "none", "host", NULL };
	static const char *const own[] = { "host", "private", NULL };
	static const char *const host[] = { "host", NULL };
	const struct {
		const char *what, *mode;
		const char *const *known;
	} rows[] = {
		{ "--ipc", h->ipc, own },        { "--pid", h->pid, own },
		{ "--uts", h->uts, own },        { "--cgroupns", h->cgroupns, own },
		{ "--userns", h->userns, host },
	};

	if (check_mode("--network", h->network, networks, e) < 0)
		return fail_hint(e, "'none' and 'host' are there; bridges come with networks");
	for (size_t i = 0; i < COUNT(rows); i++)
		if (check_mode(rows[i].what, rows[i].mode, rows[i].known, e) < 0)
			return -1;
	return 0;
}

/* --- limits --- */

static int check_memory(const struct host_config *h, struct err *e)
{
	if (h->memory < 0 || h->memory_reservation < 0 || h->shm_size < 0 || h->memory_swap < -1)
		return fail(e, ERR_INPUT, "a size of memory can't be negative");
	if (h->memory && h->memory < MEMORY_MIN)
		return fail(e, ERR_INPUT, "--memory %lld: at least 6 MiB are needed",
			    (long long)h->memory);
	if (h->memory_swap && !h->memory)
		return fail(e, ERR_INPUT,
			    "--memory-swap is memory and swap together: it needs --memory");
	if (h->memory_swap > 0 && h->memory_swap < h->memory)
		return fail(e, ERR_INPUT,
			    "--memory-swap %lld is memory and swap together: it can't be less than "
			    "--memory %lld",
			    (long long)h->memory_swap, (long long)h->memory);
	if (h->memory && h->memory_reservation > h->memory)
		return fail(e, ERR_INPUT,
			    "--memory-reservation %lld can't be more than --memory %lld",
			    (long long)h->memory_reservation, (long long)h->memory);
	if (h->memory_swappiness.set &&
	    (h->memory_swappiness.v < -1 || h->memory_swappiness.v > 100))
		return fail(e, ERR_INPUT, "--memory-swappiness %lld: it is from 0 to 100",
			    (long long)h->memory_swappiness.v);
	return 0;
}

static int check_cpu(const struct host_config *h, struct err *e)
{
	if (h->nano_cpus < 0 || h->cpu_shares > 262144)
		return fail(e, ERR_INPUT,
			    h->nano_cpus < 0 ? "--cpus can't be negative"
					     : "--cpu-shares are at most 262144");
	if (h->nano_cpus && (h->cpu_quota || h->cpu_period))
		return fail(e, ERR_INPUT,
			    "--cpus says what --cpu-quota and --cpu-period say: give one of them");
	if (h->cpu_period && (h->cpu_period < 1000 || h->cpu_period > 1000000))
		return fail(e, ERR_INPUT, "--cpu-period %llu: it is from 1000 to 1000000",
			    (unsigned long long)h->cpu_period);
	if (h->cpu_quota > 0 && h->cpu_quota < 1000)
		return fail(e, ERR_INPUT, "--cpu-quota %lld: it is 1000 at least",
			    (long long)h->cpu_quota);
	if (h->blkio_weight && (h->blkio_weight < 10 || h->blkio_weight > 1000))
		return fail(e, ERR_INPUT, "--blkio-weight %u: it is from 10 to 1000",
			    h->blkio_weight);
	return 0;
}

static int check_process(const struct host_config *h, struct err *e)
{
	if (h->oom_score_adj.set && (h->oom_score_adj.v < -1000 || h->oom_score_adj.v > 1000))
		return fail(e, ERR_INPUT, "--oom-score-adj %lld: it is from -1000 to 1000",
			    (long long)h->oom_score_adj.v);
	for (size_t i = 0; i < h->ulimits.n; i++) {
		const struct host_ulimit *u = &h->ulimits.at[i];

		/* -1, unlimited, is the largest number */
		if ((uint64_t)u->soft > (uint64_t)u->hard)
			return fail(e, ERR_INPUT,
				    "--ulimit '%.50s': the soft limit %lld is above the hard one, "
				    "%lld",
				    u->name, (long long)u->soft, (long long)u->hard);
	}
	return 0;
}

/* --- log and life --- */

static int check_log(const struct host_log *l, struct err *e)
{
	if (!l || !l->type || !*l->type || strcmp(l->type, "none") == 0 ||
	    strcmp(l->type, "json-file") == 0)
		return 0;
	fail(e, ERR_UNSUPPORTED, "--log-driver '%.50s' can't be honoured yet", l->type);
	return fail_hint(e, "'json-file' and 'none' are there");
}

static int check_log_options(const struct host_log *l, struct err *e)
{
	for (size_t i = 0; l && i < l->config.n; i++)
		if (strcmp(l->config.at[i].key, "max-size") != 0 &&
		    strcmp(l->config.at[i].key, "max-file") != 0)
			return fail(e, ERR_UNSUPPORTED, "--log-opt '%.50s' can't be honoured yet",
				    l->config.at[i].key);
	return 0;
}

static int check_life(const struct wish *w, struct err *e)
{
	static const char *const policies[] = { "", "no", "always", "unless-stopped",
						"on-failure" };
	const struct host_restart *r = w->host.restart;
	const char *stop = w->config.stop_signal;
	const char *name = r && r->name ? r->name : "";
	bool known = false;
	int signal;

	for (size_t i = 0; !known && i < COUNT(policies); i++)
		known = strcmp(name, policies[i]) == 0;
	if (!known)
		return fail(e, ERR_INPUT,
			    "--restart '%.50s': it is one of no, always, unless-stopped and "
			    "on-failure",
			    name);
	if (r && r->maximum_retry_count && strcmp(name, "on-failure") != 0)
		return fail(e, ERR_INPUT, "--restart '%.50s' takes no number of times", name);
	if (stop && *stop && signal_parse(stop, &signal, e) < 0)
		return fail_in(e, "--stop-signal");
	return check_log(w->host.log, e) < 0 ? -1 : check_log_options(w->host.log, e);
}

/* --- words --- */

static int check_hosts(char *const *hosts, struct err *e)
{
	for (; hosts && *hosts; hosts++) {
		const char *colon = strchr(*hosts, ':');

		if (!colon || colon == *hosts || !colon[1] || strpbrk(*hosts, " \t\n"))
			return fail(e, ERR_INPUT, "--add-host '%.100s': it is not NAME:ADDRESS",
				    *hosts);
	}
	return 0;
}

static int check_words(const struct wish *w, struct err *e)
{
	const char *dir = w->config.working_dir;

	if (dir && *dir && *dir != '/')
		return fail(e, ERR_INPUT, "--workdir '%.200s': it is not an absolute path", dir);
	return check_hosts(w->host.extra_hosts, e);
}

/* wish_check() - 0, or an error that names what can't be honoured, or what is wrong */
int wish_check(const struct wish *w, struct err *e)
{
	const struct host_config *h = &w->host;

	return check_words(w, e) < 0 || check_modes(h, e) < 0 || check_memory(h, e) < 0 ||
			       check_cpu(h, e) < 0 || check_process(h, e) < 0 ||
			       check_life(w, e) < 0
		       ? -1
		       : 0;
}

/* wish_size() - how many bytes may be written to the container's root; 0: any number */
int wish_size(const struct host_config *h, int64_t *ret_size, struct err *e)
{
	*ret_size = 0;
	for (size_t i = 0; i < h->storage_opt.n; i++) {
		const struct pair *p = &h->storage_opt.at[i];

		if (strcmp(p->key, "size") != 0)
			return fail(e, ERR_UNSUPPORTED,
				    "--storage-opt '%.100s' can't be honoured; size=SIZE can",
				    p->key);
		if (size_parse(p->value, ret_size, e) < 0)
			return fail_in(e, "--storage-opt size");
		if (*ret_size < 0)
			return fail(e, ERR_INPUT, "--storage-opt size can't be negative");
	}
	return 0;
}
