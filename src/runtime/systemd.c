/* systemd.c - a container's scope, made and removed by systemd on our behalf
 *
 * This program is static and speaks no D-Bus. It says what it wants in a few arguments and
 * lines to tare-systemd, which lives beside it; what went wrong comes back as one struct err
 * in a memory file.
 */
#include "runtime/systemd.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/err.h"
#include "base/numlist.h"
#include "base/own.h"
#include "os/spawn.h"

#define HELPER       "tare-systemd"
#define HELPER_SECS  60
#ifndef TARE_LIBEXECDIR
#define TARE_LIBEXECDIR "/usr/libexec/tare"
#endif

/* systemd_check() - refuse the systemd driver where systemd does not run the machine */
int systemd_check(struct err *e)
{
	struct stat st;

	if (lstat("/run/systemd/system", &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	fail(e, ERR_UNSUPPORTED,
	     "the systemd cgroup driver needs systemd as PID 1, which this machine "
	     "does not have");
	return fail_hint(e, "use the cgroupfs driver");
}

/* --- properties ----------------------------------------------------------------------------- */

/* struct draft - properties being collected */
struct draft {
	systemd_property_list list;
	size_t room;
	struct arena *a;
	bool torn;
};

static void set_list(struct draft *d, const char *name, const char *type, const char **values)
{
	/* a later one takes the place of an earlier one: systemd would add the two up */
	for (size_t i = 0; i < d->list.n; i++) {
		if (strcmp(d->list.at[i].name, name) != 0)
			continue;
		d->list.at[i].values = values;
		return;
	}
	if (d->list.n == d->room) {
		size_t room = d->room ? d->room * 2 : 32;
		struct systemd_property *at = arena_array(d->a, room, sizeof(*at));

		if (!at) {
			d->torn = true;
			return;
		}
		if (d->list.n)
			memcpy(at, d->list.at, d->list.n * sizeof(*at));
		d->list.at = at;
		d->room = room;
	}
	d->list.at[d->list.n++] = (struct systemd_property){ name, type, values };
}

static void set(struct draft *d, const char *name, const char *type, const char *value)
{
	const char **values = arena_array(d->a, 2, sizeof(*values));

	if (!values || !value) {
		d->torn = true;
		return;
	}
	values[0] = value;
	set_list(d, name, type, values);
}

#define INFINITE "18446744073709551615"

static const char *limit(const char *value)
{
	return strcmp(value, "max") == 0 || strcmp(value, "-1") == 0 ? INFINITE : value;
}

static void set_u64(struct draft *d, const char *name, uint64_t v)
{
	set(d, name, "t", arena_printf(d->a, "%llu", (unsigned long long)v));
}

/* systemd counts whole percents of a CPU: rounded up, or the container would get less. */
static void set_quota(struct draft *d, uint64_t quota, uint64_t period)
{
	uint64_t per_sec = period ? quota * 1000000 / period : quota * 10;

	set_u64(d, "CPUQuotaPerSecUSec", (per_sec + 9999) / 10000 * 10000);
}

static void set_cpu_max(struct draft *d, const char *value)
{
	unsigned long long quota, period = 100000;
	const char *blank = strchr(value, ' ');

	if (blank)
		(void)sscanf(blank, "%llu", &period);
	set_u64(d, "CPUQuotaPeriodUSec", period);
	if (sscanf(value, "%llu", &quota) == 1)
		set_quota(d, quota, period);
	else
		set(d, "CPUQuotaPerSecUSec", "t", INFINITE);
}

/* AllowedCPUs is a bit mask, byte by byte. */
static int set_mask(struct draft *d, const char *name, const char *list, struct err *e)
{
	own_mem struct numlist *set_of = calloc(1, sizeof(*set_of));
	const char **values;
	size_t bytes;

	if (!set_of)
		return fail_errno(e, ENOMEM, "work out systemd property '%s'", name);
	if (numlist_parse(list, set_of, e) < 0)
		return -1;
	bytes = set_of->top / 8 + 1;
	values = arena_array(d->a, bytes + 1, sizeof(*values));
	for (size_t i = 0; values && i < bytes; i++) {
		unsigned v = 0;

		for (unsigned bit = 0; bit < 8; bit++)
			v |= (unsigned)numlist_has(set_of, (unsigned)i * 8 + bit) << bit;
		values[i] = arena_printf(d->a, "%u", v);
		d->torn |= !values[i];
	}
	if (!values)
		return fail_errno(e, ENOMEM, "work out systemd property '%s'", name);
	set_list(d, name, "ay", values);
	return 0;
}

// clang-format off
static const struct { const char *file, *property; } number_table[] = {
	/* v2                                   v1 */
	{ "memory.max",      "MemoryMax"     }, { "memory.limit_in_bytes", "MemoryLimit"   },
	{ "memory.low",      "MemoryLow"     }, { "cpu.shares",            "CPUShares"     },
	{ "memory.high",     "MemoryHigh"    }, { "blkio.weight",          "BlockIOWeight" },
	{ "memory.min",      "MemoryMin"     }, { "pids.max",              "TasksMax"      },
	{ "memory.swap.max", "MemorySwapMax" }, { "cpu.weight",            "CPUWeight"     },
};
// clang-format on

static int set_for_write(struct draft *d, const struct resource_write *w, struct err *e)
{
	for (size_t i = 0; i < COUNT(number_table); i++)
		if (strcmp(number_table[i].file, w->file) == 0)
			set(d, number_table[i].property, "t", limit(w->value));
	if (strcmp(w->file, "cpu.max") == 0)
		set_cpu_max(d, w->value);
	/* 0 is systemd's word for idle (252) */
	if (strcmp(w->file, "cpu.idle") == 0 && strcmp(w->value, "1") == 0)
		set(d, "CPUWeight", "t", "0");
	return 0;
}

static int set_cpus(struct draft *d, const struct resource_write *w, struct err *e)
{
	if (strcmp(w->file, "cpuset.cpus") == 0)
		return set_mask(d, "AllowedCPUs", w->value, e);
	if (strcmp(w->file, "cpuset.mems") == 0)
		return set_mask(d, "AllowedMemoryNodes", w->value, e);
	return 0;
}

static void set_quota_v1(struct draft *d, const struct oci_cpu *c)
{
	uint64_t period = c->period.set ? c->period.v : 0;

	if (period)
		set_u64(d, "CPUQuotaPeriodUSec", period);
	if (c->quota.set && c->quota.v > 0)
		set_quota(d, (uint64_t)c->quota.v, period);
	else if (period || (c->quota.set && c->quota.v))
		set(d, "CPUQuotaPerSecUSec", "t", INFINITE);
}

/**
 * systemd_properties() - limits in systemd's words (pure)
 * @a: owns the list
 *
 * What systemd has no word for is left out: resources_apply() writes all of it anyway. This is
 * so that systemd does not set its own idea of the values when it next looks.
 */
int systemd_properties(const struct resources_host *host, const struct oci_resources *r,
		       struct arena *a, systemd_property_list *ret_list, struct err *e)
{
	const struct resources_how how = { 0 };
	struct draft d = { .a = a };
	resource_writes list = { 0 };

	if (r && resources_writes(host, r, &how, a, &list, e) < 0)
		return -1;
	for (size_t i = 0; i < list.n; i++)
		if (set_for_write(&d, &list.at[i], e) < 0 || set_cpus(&d, &list.at[i], e) < 0)
			return fail_at(e, "config.json: /linux/resources%s", list.at[i].at);
	if (r && r->cpu && (host->v1 & CGROUP_CPU))
		set_quota_v1(&d, r->cpu);
	if (d.torn)
		return fail_errno(e, ENOMEM, "work out the unit's properties");
	*ret_list = d.list;
	return 0;
}

static int add_annotations(const struct pairs *annotations, struct arena *a, struct str *out,
			   struct err *e)
{
	static const char prefix[] = "org.systemd.property.";

	for (size_t i = 0; annotations && i < annotations->n; i++) {
		const struct pair *p = &annotations->at[i];
		struct systemd_property property;

		if (!text_starts(p->key, prefix))
			continue;
		if (systemd_property_annotation(p->key + strlen(prefix), p->value, a, &property,
						e) < 0)
			return fail_at(e, "config.json: /annotations/%s", p->key);
		systemd_property_write(&property, out);
	}
	return 0;
}

static int add_limits(const struct resources_host *host, const struct oci_resources *r,
		      struct arena *a, struct str *out, struct err *e)
{
	systemd_property_list list = { 0 };

	if (systemd_properties(host, r, a, &list, e) < 0)
		return -1;
	for (size_t i = 0; i < list.n; i++)
		systemd_property_write(&list.at[i], out);
	return 0;
}

/* What every scope of ours has: accounting, so that what a v1 memory cgroup is charged with
 * starts at its birth; and Delegate, which promises that systemd leaves the inside alone. */
static void add_basics(const struct systemd_scope *s, pid_t pid, bool v1, struct str *out)
{
	bool slice = text_ends(s->names.unit, ".slice");

	str_add(out, "Description\ts\tcontainer%20");
	str_addf(out, "%s\n", s->id); /* an id has nothing that needs escaping */
	str_addf(out, "%s\n", "DefaultDependencies\tb\tfalse");
	str_addf(out,
		 "MemoryAccounting\tb\ttrue\nCPUAccounting\tb\ttrue\nTasksAccounting\tb\ttrue\n");
	str_addf(out, "%s\tb\ttrue\n", v1 ? "BlockIOAccounting" : "IOAccounting");
	if (slice) {
		str_addf(out, "Wants\tas\t%s\n", s->names.slice);
		return;
	}
	str_addf(out, "Slice\ts\t%s\nDelegate\tb\ttrue\nPIDs\tau\t%d\n", s->names.slice, (int)pid);
}

/* --- the helper ------------------------------------------------------------------------------ */

/* Beside this program, or where it is installed. */
static int find_helper(char *ret_path, size_t size, struct err *e)
{
	ssize_t n = readlink("/proc/self/exe", ret_path, size - sizeof(HELPER) - 1);
	char *slash;

	if (n > 0) {
		ret_path[n] = '\0';
		slash = strrchr(ret_path, '/');
		memcpy(slash ? slash + 1 : ret_path, HELPER, sizeof(HELPER));
		if (faccessat(AT_FDCWD, ret_path, X_OK, 0) == 0)
			return 0;
	}
	snprintf(ret_path, size, "%s", TARE_LIBEXECDIR "/" HELPER);
	if (faccessat(AT_FDCWD, ret_path, X_OK, 0) == 0)
		return 0;
	fail_sys(e, "find the program '%s' that talks to systemd", ret_path);
	return fail_hint(e, "install it, or use the cgroupfs driver");
}

static char *env_of(struct arena *a, const char *name)
{
	const char *value = getenv(name);

	return value ? arena_printf(a, "%s=%s", name, value) : NULL;
}

/* Where a user's own bus is found. */
static void environment(struct arena *a, char **ret_env)
{
	static const char *const names[] = { "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS",
					     "HOME" };
	size_t n = 0;

	for (size_t i = 0; i < COUNT(names); i++) {
		char *line = env_of(a, names[i]);

		if (line)
			ret_env[n++] = line;
	}
	ret_env[n] = NULL;
}

static int answer_of(int fd, int status, const char *verb, const char *unit, struct err *e)
{
	struct err answer;

	if (pread(fd, &answer, sizeof(answer), 0) == (ssize_t)sizeof(answer)) {
		err_sanitise(&answer);
		*e = answer;
		return answer.cls == ERR_NONE ? 0 : -1;
	}
	return fail(e, ERR_SYSTEM,
		    "%s systemd unit '%s': " HELPER " ended with status %d and said nothing", verb,
		    unit, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static int ask(const struct systemd_scope *s, const char *verb, const char *input, struct err *e)
{
	own_fd int fd = memfd_create("answer", MFD_CLOEXEC);
	char path[PATH_MAX], answer[64], *env[4];
	char *argv[] = {
		(char *)HELPER,	       answer, (char *)(s->user ? "user" : "system"), (char *)verb,
		(char *)s->names.unit, NULL
	};
	struct arena a = { 0 };
	int status = 0, r;

	if (fd < 0)
		return fail_sys(e, "make a memory file");
	if (find_helper(path, sizeof(path), e) < 0)
		return -1;
	/* not inherited: opened by name, so that nothing else needs to be left open for it */
	snprintf(answer, sizeof(answer), "/proc/%d/fd/%d", (int)getpid(), fd);
	environment(&a, env);
	r = spawn_wait(&(struct spawn){ .path = path, .argv = argv, .envp = env, .input = input,
					.timeout = HELPER_SECS }, &status, e);
	arena_done(&a);
	return r < 0 ? -1 : answer_of(fd, status, verb, s->names.unit, e);
}

/**
 * systemd_start() - have the container's scope made around its first process
 * @pid:         the child, already there and waiting
 * @annotations: org.systemd.property.* of them; may be NULL
 *
 * Returns when systemd's job is done: the process is in its cgroup.
 */
int systemd_start(const struct systemd_scope *s, pid_t pid, const struct resources_host *host,
		  const struct oci_resources *r, const struct pairs *annotations, struct err *e)
{
	struct arena a = { 0 };
	own_str struct str input = { 0 };
	int n;

	add_basics(s, pid, (host->v1 & CGROUP_IO) != 0, &input);
	n = add_limits(host, r, &a, &input, e);
	if (n == 0)
		n = add_annotations(annotations, &a, &input, e);
	if (n == 0 && input.torn)
		n = fail_errno(e, ENOMEM, "work out the unit's properties");
	if (n == 0)
		n = ask(s, "start", input.at, e);
	arena_done(&a);
	return n;
}

/* systemd_update() - tell systemd the new limits of a running container */
int systemd_update(const struct systemd_scope *s, const struct resources_host *host,
		   const struct oci_resources *r, struct err *e)
{
	struct arena a = { 0 };
	own_str struct str input = { 0 };
	int n = add_limits(host, r, &a, &input, e);

	if (n == 0 && input.torn)
		n = fail_errno(e, ENOMEM, "work out the unit's properties");
	if (n == 0 && input.len)
		n = ask(s, "set", input.at, e);
	arena_done(&a);
	return n;
}

/**
 * systemd_stop() - have the scope removed; one that is gone already is no error
 *
 * systemd kills what is left in it.
 */
int systemd_stop(const struct systemd_scope *s, struct err *e)
{
	return ask(s, "stop", "", e);
}
