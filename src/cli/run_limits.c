/* run_limits.c - how much a container may use: the numbers among the options of `tare run` */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/units.h"
#include "cli/run.h"
#include "spec/oci.h"

static int no_memory(struct err *e)
{
	return fail_errno(e, ENOMEM, "read the command line");
}

static int read_size(const char *option, const char *text, int64_t *ret, struct err *e)
{
	if (text && size_parse(text, ret, e) < 0)
		return fail_in(e, "%s", option);
	return 0;
}

static int read_number(const char *option, const char *text, uint64_t max, uint64_t *ret,
		       struct err *e)
{
	if (text && text_u64(text, max, ret) < 0)
		return fail(e, ERR_INPUT, "%s '%.50s': it is not a number up to %llu", option, text,
			    (unsigned long long)max);
	return 0;
}

static int read_signed(const char *option, const char *text, int64_t *ret, struct err *e)
{
	if (text && text_i64(text, ret) < 0)
		return fail(e, ERR_INPUT, "%s '%.50s': it is not a number", option, text);
	return 0;
}

static int set_memory(const struct run_options *o, struct host_config *h, struct err *e)
{
	uint64_t swappiness = 0;

	if (read_size("--memory", o->memory, &h->memory, e) < 0 ||
	    read_size("--memory-reservation", o->memory_reservation, &h->memory_reservation, e) <
		    0 ||
	    read_size("--memory-swap", o->memory_swap, &h->memory_swap, e) < 0 ||
	    read_size("--shm-size", o->shm_size, &h->shm_size, e) < 0 ||
	    read_number("--memory-swappiness", o->memory_swappiness, 100, &swappiness, e) < 0)
		return -1;
	h->memory_swappiness =
		(struct opt_i64){ o->memory_swappiness != NULL, (int64_t)swappiness };
	h->oom_kill_disable = (struct opt_bool){ o->oom_kill_disable, o->oom_kill_disable };
	return 0;
}

/* "1.5": a number of processors. */
static int read_cpus(const char *text, int64_t *ret_nano, struct err *e)
{
	char *end;
	double cpus;

	if (!text)
		return 0;
	cpus = strtod(text, &end);
	if (!isdigit((unsigned char)*text) || *end || cpus < 0.01 || cpus > 65536)
		return fail(e, ERR_INPUT, "--cpus '%.50s': it is not a number from 0.01 on", text);
	*ret_nano = (int64_t)(cpus * 1e9);
	return 0;
}

static int set_cpu(const struct run_options *o, struct host_config *h, struct err *e)
{
	h->cpuset_cpus = text_shown(o->cpuset_cpus);
	h->cpuset_mems = text_shown(o->cpuset_mems);
	return read_cpus(o->cpus, &h->nano_cpus, e) < 0 ||
			       read_number("--cpu-shares", o->cpu_shares, 262144, &h->cpu_shares,
					   e) < 0 ||
			       read_number("--cpu-period", o->cpu_period, 1000000, &h->cpu_period,
					   e) < 0 ||
			       read_signed("--cpu-quota", o->cpu_quota, &h->cpu_quota, e) < 0
		       ? -1
		       : 0;
}

static int set_process_limits(const struct run_options *o, struct host_config *h, struct err *e)
{
	h->pids_limit.set = o->pids_limit != NULL;
	h->oom_score_adj.set = o->oom_score_adj != NULL;
	if (read_signed("--pids-limit", o->pids_limit, &h->pids_limit.v, e) < 0 ||
	    read_signed("--oom-score-adj", o->oom_score_adj, &h->oom_score_adj.v, e) < 0)
		return -1;
	/* Docker: 0 is unlimited here, and the default in the API */
	if (h->pids_limit.set && h->pids_limit.v == 0)
		h->pids_limit.v = -1;
	return 0;
}

/* NAME=SOFT[:HARD] */
static int read_ulimit(struct arena *a, const char *word, struct host_ulimit *ret, struct err *e)
{
	char *name = arena_dup(a, word), *soft, *hard, upper[32] = "RLIMIT_";

	if (!name)
		return no_memory(e);
	soft = strchr(name, '=');
	if (soft)
		*soft++ = '\0';
	for (size_t i = 0; i < 20 && name[i]; i++)
		upper[7 + i] = (char)toupper((unsigned char)name[i]);
	hard = soft ? strchr(soft, ':') : NULL;
	if (hard)
		*hard++ = '\0';
	ret->name = name;
	if (soft && word_find(oci_rlimit_words, upper) && text_i64(soft, &ret->soft) == 0 &&
	    text_i64(hard ? hard : soft, &ret->hard) == 0)
		return 0;
	fail(e, ERR_INPUT, "--ulimit '%.100s': it is not NAME=SOFT[:HARD]", word);
	return fail_hint(e, "such as nofile=1024:2048; -1 is unlimited");
}

static int set_ulimits(const struct run_options *o, struct arena *a, struct host_config *h,
		       struct err *e)
{
	h->ulimits.at = arena_array(a, o->ulimits.n + 1, sizeof(*h->ulimits.at));
	if (!h->ulimits.at)
		return no_memory(e);
	for (size_t i = 0; i < o->ulimits.n; i++)
		if (read_ulimit(a, o->ulimits.at[i], &h->ulimits.at[h->ulimits.n++], e) < 0)
			return -1;
	return 0;
}

/* --- devices --- */

/* HOST[:CONTAINER][:ACCESS] */
static int set_devices(const struct run_options *o, struct arena *a, struct host_config *h,
		       struct err *e)
{
	h->devices.at = arena_array(a, o->devices.n + 1, sizeof(*h->devices.at));
	if (!h->devices.at)
		return no_memory(e);
	for (size_t i = 0; i < o->devices.n; i++) {
		struct host_device *d = &h->devices.at[h->devices.n++];
		char *host = arena_dup(a, o->devices.at[i]), *inside, *access = NULL;

		if (!host)
			return no_memory(e);
		inside = strchr(host, ':');
		if (inside)
			*inside++ = '\0';
		if (inside && (access = strchr(inside, ':')))
			*access++ = '\0';
		if (inside && *inside != '/' && !access) {
			access = inside;
			inside = NULL;
		}
		*d = (struct host_device){ host, inside, access };
	}
	return 0;
}

/* DEVICE:NUMBER */
static int split_device(struct arena *a, const char *option, const char *word, char **ret_path,
			char **ret_number, struct err *e)
{
	char *path = arena_dup(a, word), *colon = path ? strrchr(path, ':') : NULL;

	if (!path)
		return no_memory(e);
	if (!colon || colon == path || !colon[1])
		return fail(e, ERR_INPUT, "%s '%.100s': it is not DEVICE:NUMBER", option, word);
	*colon = '\0';
	*ret_path = path;
	*ret_number = colon + 1;
	return 0;
}

static int set_weights(const struct run_options *o, struct arena *a, struct host_config *h,
		       struct err *e)
{
	uint64_t weight = 0;

	if (read_number("--blkio-weight", o->blkio_weight, 1000, &weight, e) < 0)
		return -1;
	h->blkio_weight = (uint32_t)weight;
	h->blkio_weight_device.at =
		arena_array(a, o->weight_devices.n + 1, sizeof(*h->blkio_weight_device.at));
	if (!h->blkio_weight_device.at)
		return no_memory(e);
	for (size_t i = 0; i < o->weight_devices.n; i++) {
		struct host_weight *w = &h->blkio_weight_device.at[h->blkio_weight_device.n++];
		char *number;

		if (split_device(a, "--blkio-weight-device", o->weight_devices.at[i], &w->path,
				 &number, e) < 0 ||
		    read_number("--blkio-weight-device", number, 1000, &weight, e) < 0)
			return -1;
		w->weight = (uint32_t)weight;
	}
	return 0;
}

static int set_rate(const char *option, const struct opt_list *words, bool bytes, struct arena *a,
		    host_rates *ret, struct err *e)
{
	ret->at = arena_array(a, words->n + 1, sizeof(*ret->at));
	if (!ret->at)
		return no_memory(e);
	for (size_t i = 0; i < words->n; i++) {
		struct host_rate *r = &ret->at[ret->n++];
		int64_t size = 0;
		char *number;

		if (split_device(a, option, words->at[i], &r->path, &number, e) < 0 ||
		    (bytes ? read_size(option, number, &size, e)
			   : read_number(option, number, INT64_MAX, &r->rate, e)) < 0)
			return -1;
		if (bytes)
			r->rate = (uint64_t)size;
		if (size < 0)
			return fail(e, ERR_INPUT, "%s '%.100s': it can't be negative", option,
				    words->at[i]);
	}
	return 0;
}

static int set_rates(const struct run_options *o, struct arena *a, struct host_config *h,
		     struct err *e)
{
	const struct {
		const char *option;
		const struct opt_list *words;
		bool bytes;
		host_rates *to;
	} rows[] = {
		{ "--device-read-bps", &o->read_bps, true, &h->read_bps },
		{ "--device-write-bps", &o->write_bps, true, &h->write_bps },
		{ "--device-read-iops", &o->read_iops, false, &h->read_iops },
		{ "--device-write-iops", &o->write_iops, false, &h->write_iops },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (set_rate(rows[i].option, rows[i].words, rows[i].bytes, a, rows[i].to, e) < 0)
			return -1;
	return 0;
}

/* run_limits() - all of them, into @h; @a owns what is added */
int run_limits(const struct run_options *o, struct arena *a, struct host_config *h, struct err *e)
{
	return set_memory(o, h, e) < 0 || set_cpu(o, h, e) < 0 || set_process_limits(o, h, e) < 0 ||
			       set_ulimits(o, a, h, e) < 0 || set_devices(o, a, h, e) < 0 ||
			       set_weights(o, a, h, e) < 0 || set_rates(o, a, h, e) < 0
		       ? -1
		       : 0;
}
