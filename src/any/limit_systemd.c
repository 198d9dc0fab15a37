/* limit_systemd.c - from a control file to properties of a unit, and to systemd
 *
 * Source: org.freedesktop.systemd1(5), systemd.resource-control(5).
 */
#include "any/limit_systemd.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/numlist.h"
#include "base/own.h"
#include "base/text.h"
#include "os/systemd_ask.h"
#include "os/systemd_value.h"

#define INFINITE   "18446744073709551615"
#define CPU_PERIOD 100000 /* µs, the kernel's own choice */
#define PAGE       4096

static bool is_running(void)
{
	return access("/run/systemd/system", F_OK) == 0;
}

/**
 * limit_unit_of() - the unit of systemd's whose cgroup this is, or NULL (pure)
 * @path: as in /proc/PID/cgroup; the result points into it
 *
 * Units of the system's manager have nothing but slices above them.
 */
const char *limit_unit_of(const char *path)
{
	const char *last = strrchr(path, '/');

	if (!last || !last[1] ||
	    (!text_ends(last, ".service") && !text_ends(last, ".scope") &&
	     !text_ends(last, ".slice")))
		return NULL;
	for (const char *at = path; at < last;) {
		const char *end = strchr(at + 1, '/');

		if (end - at < (ptrdiff_t)strlen("/.slice") + 1 ||
		    strncmp(end - strlen(".slice"), ".slice", strlen(".slice")) != 0)
			return NULL;
		at = end;
	}
	return last + 1;
}

/* Below the manager of a user's session: "/user.slice/user-1000.slice/user@1000.service/…" */
static bool is_users(const char *path)
{
	const char *at = strstr(path, "/user@"), *last = strrchr(path, '/');
	const char *end = at ? strchr(at + 1, '/') : NULL;

	return end && limit_unit_of(last);
}

static void put(struct str *out, const char *name, const char *type, const char *value,
		const char *more)
{
	const char *values[] = { value, more, NULL };

	systemd_property_write(&(struct systemd_property){ name, type, values }, out);
}

static const char *number(const char *text)
{
	uint64_t n;

	if (strcmp(text, "max") == 0 || strcmp(text, "-1") == 0 ||
	    (text_u64(text, UINT64_MAX, &n) == 0 && n >= (uint64_t)INT64_MAX - PAGE))
		return INFINITE;
	return text;
}

static void put_number(struct str *out, const char *property, const char *text)
{
	put(out, property, "t", number(text), NULL);
}

static void put_quota(struct str *out, const char *property, const char *text)
{
	unsigned long long quota, period = CPU_PERIOD;
	char per_sec[32] = INFINITE, period_text[32];
	int n = text_starts(text, "-1") ? 0 : sscanf(text, "%llu %llu", &quota, &period);

	if (n == 0)
		(void)sscanf(text, "max %llu", &period);
	if (n > 0 && period && quota < UINT64_MAX / 1000000)
		snprintf(per_sec, sizeof(per_sec), "%llu", quota * 1000000 / period);
	snprintf(period_text, sizeof(period_text), "%llu", period);
	put(out, "CPUQuotaPeriodUSec", "t", period_text, NULL);
	put(out, property, "t", per_sec, NULL);
}

/* A bit mask, byte by byte; empty: all. */
static void put_mask(struct str *out, const char *property, const char *text)
{
	own_mem struct numlist *list = calloc(1, sizeof(*list));
	struct err ignored = { 0 };
	bool empty = !text[strspn(text, " \n")];

	if (!list || (!empty && numlist_parse(text, list, &ignored) < 0))
		return;
	str_addf(out, "%s\tay", property);
	for (unsigned i = 0; !empty && i <= list->top / 8; i++) {
		unsigned byte = 0;

		for (unsigned bit = 0; bit < 8; bit++)
			byte |= (unsigned)numlist_has(list, i * 8 + bit) << bit;
		str_addf(out, "\t%u", byte);
	}
	str_add(out, "\n");
}

/* "8:0 1048576": one device's */
static void put_rate(struct str *out, const char *property, const char *text)
{
	char device[64];
	size_t len = strcspn(text, " ");
	const char *value = text[len] ? text + len + 1 : INFINITE;

	snprintf(device, sizeof(device), "/dev/block/%.*s", (int)len, text);
	put(out, property, "a(st)", device, strcmp(value, "0") == 0 ? INFINITE : number(value));
}

/* "8:0 rbps=1048576 wbps=max"; what is not in it stays */
static void put_io_max(struct str *out, const char *property __attribute__((unused)),
		       const char *text)
{
	static const struct {
		const char *word, *property;
	} words[] = {
		{ "rbps=", "IOReadBandwidthMax" },
		{ "wbps=", "IOWriteBandwidthMax" },
		{ "riops=", "IOReadIOPSMax" },
		{ "wiops=", "IOWriteIOPSMax" },
	};
	char line[256], *rest = line, *device, *word;

	snprintf(line, sizeof(line), "%s", text);
	device = strsep(&rest, " ");
	while ((word = strsep(&rest, " "))) {
		for (size_t i = 0; i < COUNT(words); i++) {
			char rate[128];

			if (!text_starts(word, words[i].word))
				continue;
			snprintf(rate, sizeof(rate), "%s %s", device, word + strlen(words[i].word));
			put_rate(out, words[i].property, rate);
		}
	}
}

/* What is not here systemd does not write: on v1 cpusets, swap and operations on disks. */
static const struct {
	enum cgroup_version version;
	const char *file, *property;
	void (*put)(struct str *out, const char *property, const char *text);
} rows[] = {
	{ CGROUP_V2, "memory.max", "MemoryMax", put_number },
	{ CGROUP_V2, "memory.swap.max", "MemorySwapMax", put_number },
	{ CGROUP_V2, "pids.max", "TasksMax", put_number },
	{ CGROUP_V2, "cpu.max", "CPUQuotaPerSecUSec", put_quota },
	{ CGROUP_V2, "cpuset.cpus", "AllowedCPUs", put_mask },
	{ CGROUP_V2, "io.max", "", put_io_max },
	{ CGROUP_V1, "memory.limit_in_bytes", "MemoryLimit", put_number },
	{ CGROUP_V1, "pids.max", "TasksMax", put_number },
	{ CGROUP_V1, "cpu.cfs_quota_us", "CPUQuotaPerSecUSec", put_quota },
	{ CGROUP_V1, "blkio.throttle.read_bps_device", "IOReadBandwidthMax", put_rate },
	{ CGROUP_V1, "blkio.throttle.write_bps_device", "IOWriteBandwidthMax", put_rate },
};

/**
 * limit_properties() - what is written to a control file as properties of its unit (pure)
 * @text: as it is written: "max", "50000 100000", "8:0 rbps=1048576"
 * @out:  lines for tare-systemd are added; nothing where systemd does not write that file
 */
int limit_properties(enum cgroup_version version, const char *file, const char *text,
		     struct str *out, struct err *e)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].version == version && strcmp(rows[i].file, file) == 0)
			rows[i].put(out, rows[i].property, text);
	return out->torn ? fail_errno(e, ENOMEM, "work out the unit's properties") : 0;
}

/**
 * limit_round() - a limit as systemd will keep it, which is not always what was asked for
 * @room: for the result, where it is another than @text
 *
 * systemd keeps whole percents of a processor: rounded up, or it would get less. Where the cgroup is
 * none of its units' the text stays.
 */
const char *limit_round(const struct cgroup_place *p, const char *file, const char *text,
			char room[LIMIT_ROUND_MAX])
{
	bool v2 = p->in->version == CGROUP_V2;
	unsigned long long quota, period = CPU_PERIOD, percent;

	if (!limit_unit_of(p->path) || !is_running() ||
	    strcmp(file, v2 ? "cpu.max" : "cpu.cfs_quota_us") != 0 || text_starts(text, "-1") ||
	    sscanf(text, "%llu %llu", &quota, &period) < 1 || period < 100 ||
	    quota >= UINT64_MAX / 1000)
		return text;
	percent = period / 100;
	quota = (quota + percent - 1) / percent * percent;
	if (v2)
		snprintf(room, LIMIT_ROUND_MAX, "%llu %llu", quota, period);
	else
		snprintf(room, LIMIT_ROUND_MAX, "%llu", quota);
	return room;
}

/**
 * limit_tell() - have systemd take over what has been written to a control file
 * Return: 1 when it was told, 0 when the file is no business of systemd's, -1 when it may overwrite it.
 */
int limit_tell(const struct cgroup_place *p, const char *file, const char *text, struct err *e)
{
	own_str struct str input = { 0 };
	const char *unit = limit_unit_of(p->path);

	if (!is_running() || (!unit && !is_users(p->path)))
		return 0;
	if (limit_properties(p->in->version, file, text, &input, e) < 0)
		return -1;
	if (!input.len)
		return 0;
	if (!unit)
		return fail(e, ERR_UNSUPPORTED, "the unit is of a user's own manager");
	return systemd_ask(
		       &(struct systemd_question){ .verb = "set", .unit = unit, .input = input.at },
		       e) < 0
		       ? -1
		       : 1;
}
