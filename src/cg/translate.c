/* translate.c - the table of names that differ between v1 and v2, and its formulas (pure) */
#include "cg/translate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "os/cgroup_convert.h"

#define UNLIMITED_V1 (INT64_MAX & ~0xffffLL) /* v1's largest number of whole pages, or above */

#define BYTES        "the same bytes; no limit is -1 in v1, max in v2"
#define RATE_FORMULA "the same number a second; no limit is 0 in v1, max in v2"

/* Where one name of a version has several counterparts, they stand together, in the order in which
 * the other one has them. */
// clang-format off
static const struct cg_pair pairs[] = {
	{ "memory.limit_in_bytes",       "memory.max",             CG_LIMIT,   NULL, BYTES },
	{ "memory.soft_limit_in_bytes",  "memory.low",             CG_PROTECT, NULL, "the same bytes; none is -1 in v1, 0 in v2" },
	{ "memory.memsw.limit_in_bytes", "memory.swap.max",        CG_SWAP,    NULL, "memory and swap in v1, swap alone in v2: swap.max = memsw - memory limit" },
	{ "memory.usage_in_bytes",       "memory.current",         CG_SAME,    NULL, "the same bytes" },
	{ "memory.max_usage_in_bytes",   "memory.peak",            CG_SAME,    NULL, "the same bytes" },
	{ "cpu.shares",                  "cpu.weight",             CG_SHARES,  NULL, "weight = 10^((l*l + 125*l) / 612 - 7/34) with l = log2(shares), rounded up; 1024 is 100" },
	{ "cpu.cfs_quota_us",            "cpu.max",                CG_QUOTA,   NULL, "the first number of cpu.max; -1 is max" },
	{ "cpu.cfs_period_us",           "cpu.max",                CG_PERIOD,  NULL, "the second number of cpu.max" },
	{ "cpuacct.usage",               "cpu.stat",               CG_NANO,    "usage_usec",  "ns in v1: usage_usec * 1000" },
	{ "cpuacct.usage_user",          "cpu.stat",               CG_NANO,    "user_usec",   "ns in v1: user_usec * 1000" },
	{ "cpuacct.usage_sys",           "cpu.stat",               CG_NANO,    "system_usec", "ns in v1: system_usec * 1000" },
	{ "cpuset.effective_cpus",       "cpuset.cpus.effective",  CG_SAME,    NULL, "the same list" },
	{ "cpuset.effective_mems",       "cpuset.mems.effective",  CG_SAME,    NULL, "the same list" },
	{ "blkio.weight",                "io.weight",              CG_IO_WEIGHT, NULL, "io = 1 + (blkio - 10) * 9999 / 990" },
	{ "blkio.throttle.read_bps_device",   "io.max",            CG_RATE,    "rbps",  RATE_FORMULA },
	{ "blkio.throttle.write_bps_device",  "io.max",            CG_RATE,    "wbps",  RATE_FORMULA },
	{ "blkio.throttle.read_iops_device",  "io.max",            CG_RATE,    "riops", RATE_FORMULA },
	{ "blkio.throttle.write_iops_device", "io.max",            CG_RATE,    "wiops", RATE_FORMULA },
	{ "freezer.state",               "cgroup.freeze",          CG_FREEZE,  NULL, "FROZEN is 1, THAWED is 0" },
};
// clang-format on

static const char *name_in(const struct cg_pair *p, enum cgroup_version v)
{
	return v == CGROUP_V1 ? p->v1 : p->v2;
}

/**
 * cg_pair_find() - the rows for a name of one version
 * @ret_n: how many there are, one after the other
 */
const struct cg_pair *cg_pair_find(const char *name, enum cgroup_version of, size_t *ret_n)
{
	for (size_t i = 0; i < COUNT(pairs); i++) {
		size_t n = 1;

		if (strcmp(name_in(&pairs[i], of), name) != 0)
			continue;
		while (i + n < COUNT(pairs) && strcmp(name_in(&pairs[i + n], of), name) == 0)
			n++;
		*ret_n = n;
		return &pairs[i];
	}
	return NULL;
}

static int fail_value(const struct cg_pair *p, const char *text, struct err *e)
{
	fail(e, ERR_INPUT, "'%.64s' can't be translated between '%s' and '%s'", text, p->v1, p->v2);
	return fail_hint(e, "%s", p->formula);
}

/* A whole number, with a unit of bytes, up to the end or one of @stops; none is UINT64_MAX. */
static bool number(const char *text, const char *stops, uint64_t *ret)
{
	static const char units[] = "kmgt";
	size_t len = strcspn(text, stops);
	char *end;
	const char *unit;

	if ((len == 3 && text_starts(text, "max")) || (len == 2 && text_starts(text, "-1"))) {
		*ret = UINT64_MAX;
		return true;
	}
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*ret = strtoull(text, &end, 10);
	unit = *end ? strchr(units, *end | 0x20) : NULL;
	if (unit && *ret <= (UINT64_MAX >> (10 * (unit - units + 1)))) {
		*ret <<= 10 * (unit - units + 1);
		end++;
	}
	if (*ret >= UNLIMITED_V1)
		*ret = UINT64_MAX;
	return errno == 0 && end == text + len;
}

static int add_number(struct str *out, uint64_t n, const char *none)
{
	if (n == UINT64_MAX)
		str_add(out, none);
	else
		str_addf(out, "%" PRIu64, n);
	return 0;
}

/* The number after "KEY " at a line's beginning, or after "KEY=" in the line. */
static const char *after_key(const char *line, const char *key)
{
	size_t len = strlen(key);

	for (const char *c = line; *c && *c != '\n'; c++)
		if ((c == line || c[-1] == ' ') && strncmp(c, key, len) == 0 &&
		    (c[len] == ' ' || c[len] == '='))
			return c + len + 1;
	return NULL;
}

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

/* Has a line of io.max only words that v1 has a file for? */
static bool is_known(const char *line)
{
	line += strcspn(line, " \n");
	while (*line == ' ') {
		size_t i = 0, len = strcspn(++line, "= \n");

		while (i < COUNT(pairs) &&
		       (pairs[i].how != CG_RATE || strlen(pairs[i].key) != len ||
			memcmp(pairs[i].key, line, len) != 0))
			i++;
		if (i == COUNT(pairs) || line[len] != '=')
			return false;
		line += strcspn(line, " \n");
	}
	return true;
}

/* Each line "8:0 N" as "8:0 KEY=N", or back; what is no limit has no line in v1. */
static int rates(const struct cg_pair *p, const char *text, bool to_v2, struct str *out,
		 struct err *e)
{
	for (const char *line = text; *line; line = next_line(line)) {
		int device = (int)strcspn(line, " \n");
		const char *at = to_v2 ? line + device : after_key(line, p->key);
		uint64_t n;

		if (!to_v2 && !is_known(line))
			return fail_value(p, line, e);
		if (!at)
			continue;
		at += strspn(at, " ");
		if (!device || line[device] != ' ' || !number(at, to_v2 ? "\n" : " \n", &n))
			return fail_value(p, line, e);
		if (to_v2 && n == 0)
			n = UINT64_MAX;
		str_addf(out, "%s%.*s %s%s", out->len ? "\n" : "", device, line,
			 to_v2 ? p->key : "", to_v2 ? "=" : "");
		add_number(out, n, to_v2 ? "max" : "0");
	}
	return 0;
}

static int swap(const struct cg_pair *p, uint64_t n, uint64_t memory, bool to_v2, struct str *out,
		struct err *e)
{
	if (n == UINT64_MAX)
		return add_number(out, n, to_v2 ? "max" : "-1");
	if (memory == UINT64_MAX || (to_v2 && n < memory)) {
		fail(e, ERR_INPUT, "'%s' needs a memory limit that is no larger", p->v1);
		return fail_hint(e, "set the memory limit first: %s", p->formula);
	}
	return add_number(out, to_v2 ? n - memory : n + memory, to_v2 ? "max" : "-1");
}

/**
 * cg_to_v2() - a v1 file's text as the v2 file has it
 * @memory:   the group's limit of memory; UINT64_MAX: none
 * @ret_text: it is added to
 *
 * For cpu.max and io.max, which are several files in v1, only that file's part.
 */
int cg_to_v2(const struct cg_pair *p, const char *v1_text, uint64_t memory, struct str *ret_text,
	     struct err *e)
{
	uint64_t n = 0;

	if (p->how == CG_SAME)
		str_add(ret_text, v1_text);
	if (p->how == CG_FREEZE) {
		if (strcmp(v1_text, "THAWED") != 0 && !text_starts(v1_text, "FR"))
			return fail_value(p, v1_text, e);
		str_add(ret_text, *v1_text == 'F' ? "1" : "0");
	}
	if (p->how == CG_RATE)
		return rates(p, v1_text, true, ret_text, e);
	if (p->how == CG_SAME || p->how == CG_FREEZE)
		return 0;
	if (!number(v1_text, "", &n))
		return fail_value(p, v1_text, e);
	switch (p->how) {
	case CG_PROTECT:
		return add_number(ret_text, n == UINT64_MAX ? 0 : n, "0");
	case CG_SHARES:
		return add_number(ret_text, cgroup_weight_of_shares(n), "max");
	case CG_IO_WEIGHT:
		if (n < 10 || n > 1000)
			return fail_value(p, v1_text, e);
		return add_number(ret_text, cgroup_io_weight(n), "max");
	case CG_SWAP:
		return swap(p, n, memory, true, ret_text, e);
	case CG_NANO:
		str_addf(ret_text, "%s %" PRIu64, p->key, n / 1000);
		return 0;
	default:
		return add_number(ret_text, n, "max");
	}
}

/* Which part of the v2 text is meant; NULL: it has none. */
static const char *part_of(const struct cg_pair *p, const char *text)
{
	if (p->how == CG_PERIOD) {
		text += strcspn(text, " ");
		return *text ? text + 1 : NULL;
	}
	if (p->how == CG_IO_WEIGHT && text_starts(text, "default "))
		return text + strlen("default ");
	if (p->how != CG_NANO)
		return text;
	for (; *text; text = next_line(text))
		if (text_starts(text, p->key) && after_key(text, p->key))
			return after_key(text, p->key);
	return NULL;
}

/**
 * cg_to_v1() - a v2 file's text as the v1 file has it; the other way round than cg_to_v2()
 *
 * A part that is not in @v2_text adds nothing.
 */
int cg_to_v1(const struct cg_pair *p, const char *v2_text, uint64_t memory, struct str *ret_text,
	     struct err *e)
{
	const char *part = part_of(p, v2_text);
	uint64_t n = 0;

	if (!part)
		return 0;
	if (p->how == CG_SAME)
		str_add(ret_text, part);
	if (p->how == CG_FREEZE) {
		if (strcmp(part, "0") != 0 && strcmp(part, "1") != 0)
			return fail_value(p, v2_text, e);
		str_add(ret_text, *part == '1' ? "FROZEN" : "THAWED");
	}
	if (p->how == CG_RATE)
		return rates(p, part, false, ret_text, e);
	if (p->how == CG_SAME || p->how == CG_FREEZE)
		return 0;
	if (!number(part, p->how == CG_QUOTA ? " " : p->how == CG_NANO ? "\n" : "", &n))
		return fail_value(p, v2_text, e);
	switch (p->how) {
	case CG_PROTECT:
		return add_number(ret_text, n ? n : UINT64_MAX, "-1");
	case CG_SHARES:
		if (n < 1 || n > 10000)
			return fail_value(p, v2_text, e);
		return add_number(ret_text, cgroup_shares_of_weight(n), "-1");
	case CG_IO_WEIGHT:
		if (n < 1 || n > 10000)
			return fail_value(p, v2_text, e);
		return add_number(ret_text, cgroup_blkio_weight(n), "-1");
	case CG_SWAP:
		return swap(p, n, memory, false, ret_text, e);
	case CG_NANO:
		return add_number(ret_text, n * 1000, "-1");
	default:
		return add_number(ret_text, n, "-1");
	}
}
