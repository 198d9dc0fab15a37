/* limit.c - writes a container's control files, and remembers what they held */
#include "any/limit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/own.h"
#include "any/adopt.h"
#include "any/limit_priv.h"
#include "any/limit_systemd.h"
#include "os/cgroup_file.h"

#define CPU_PERIOD 100000 /* µs, the kernel's own choice */
#define PAGE       4096

enum unit { BYTES, NUMBER, PROCESSORS, WORDS, RATES };

/* struct control - one kind of limit: its file in a hierarchy of each version */
struct control {
	const char *what;
	unsigned controller;
	const char *v1, *v2;
	enum unit unit;
};

static const struct control memory = { "memory", CGROUP_MEMORY, "memory.limit_in_bytes",
				       "memory.max", BYTES };
static const struct control swap_total = { "memory and swap", CGROUP_MEMORY,
					   "memory.memsw.limit_in_bytes", NULL, BYTES };
static const struct control swap_alone = { "swap", CGROUP_MEMORY, NULL, "memory.swap.max", BYTES };
static const struct control cpus = { "cpus", CGROUP_CPU, "cpu.cfs_quota_us", "cpu.max",
				     PROCESSORS };
static const struct control pids = { "pids", CGROUP_PIDS, "pids.max", "pids.max", NUMBER };
static const struct control cpuset = { "cpuset", CGROUP_CPUSET, "cpuset.cpus", "cpuset.cpus",
				       WORDS };
static const struct control io_all = { "io", CGROUP_IO, NULL, "io.max", RATES };

/* v2 has them as words of one line */
static const struct {
	struct control control;
	const char *word;
	size_t at;
} io_parts[] = {
	{ { "io read", CGROUP_IO, "blkio.throttle.read_bps_device", NULL, RATES },
	  "rbps",
	  offsetof(struct limit_io, read_bps) },
	{ { "io write", CGROUP_IO, "blkio.throttle.write_bps_device", NULL, RATES },
	  "wbps",
	  offsetof(struct limit_io, write_bps) },
	{ { "io reads", CGROUP_IO, "blkio.throttle.read_iops_device", NULL, RATES },
	  "riops",
	  offsetof(struct limit_io, read_iops) },
	{ { "io writes", CGROUP_IO, "blkio.throttle.write_iops_device", NULL, RATES },
	  "wiops",
	  offsetof(struct limit_io, write_iops) },
};

/* struct step - one write; @device: "MAJOR:MINOR" whose line of the file it is, or NULL */
struct step {
	const struct control *control;
	const char *device, *text;
};

void limit_report_done(struct limit_report *report)
{
	arena_done(&report->mem);
	*report = (struct limit_report){ 0 };
}

/* --- in words ---------------------------------------------------------------------------- */

static char *bytes_text(struct arena *a, uint64_t n)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	size_t u = 0;
	uint64_t whole = n;

	while (u + 1 < COUNT(units) && whole && whole % 1024 == 0) {
		whole /= 1024;
		u++;
	}
	return arena_printf(a, "%" PRIu64 " %s", whole, units[u]);
}

static bool is_unlimited(const char *text)
{
	uint64_t n;

	return text_starts(text, "max") || text_starts(text, "-1") ||
	       (text_u64(text, UINT64_MAX, &n) == 0 && n >= (uint64_t)INT64_MAX - PAGE);
}

/* v1's quota, or v2's "QUOTA PERIOD" */
static char *processors_text(struct arena *a, const char *text)
{
	unsigned long long quota = 0, period = CPU_PERIOD, milli;

	if (sscanf(text, "%llu %llu", &quota, &period) < 1 || !period)
		return arena_dup(a, text);
	milli = quota * 1000 / period;
	return arena_printf(a, "%llu.%03llu", milli / 1000, milli % 1000);
}

static char *in_words(struct arena *a, enum unit unit, const char *text)
{
	uint64_t n;

	if (unit != WORDS && unit != RATES && is_unlimited(text))
		return arena_dup(a, "unlimited");
	if (unit == BYTES && text_u64(text, UINT64_MAX, &n) == 0)
		return bytes_text(a, n);
	if (unit == PROCESSORS)
		return processors_text(a, text);
	if (unit == RATES && !*text)
		return arena_dup(a, "unlimited");
	return arena_dup(a, *text ? text : "all");
}

/* --- one file --------------------------------------------------------------------------- */

/* The rest of the line that begins with "@device "; "" if there is none. */
static void device_line(char *text, const char *device)
{
	size_t len = strlen(device);
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n"))) {
		if (strncmp(line, device, len) != 0 || line[len] != ' ')
			continue;
		memmove(text, line + len + 1, strlen(line + len + 1) + 1);
		return;
	}
	*text = '\0';
}

static int read_now(int dir, const char *file, const char *device, char *ret_text, size_t size)
{
	int r = cgroup_try_read(dir, file, ret_text, size);

	if (r >= 0 && device)
		device_line(ret_text, device);
	return r;
}

/* What has to be written so that the file holds @old again. */
static char *restoring(struct arena *a, const struct step *s, const char *file, const char *old)
{
	if (!s->device)
		return arena_dup(a, *old ? old : "\n");
	if (*old)
		return arena_printf(a, "%s %s", s->device, old);
	return arena_printf(a, "%s %s", s->device,
			    strcmp(file, "io.max") == 0 ? "rbps=max wbps=max riops=max wiops=max"
							: "0");
}

/* struct outcome - of one write; @unit: of systemd's, which was told of it, or NULL */
struct outcome {
	const char *before, *after, *unit;
};

/* limit_add_line() - one more change to be told of; strings are the report's */
int limit_add_line(struct limit_work *w, const struct limit_line *line, struct err *e)
{
	struct arena *a = &w->report->mem;
	struct limit_line *lines = arena_array(a, w->report->lines.n + 1, sizeof(*lines));

	if (!lines || !line->what || !line->file || !line->before || !line->after)
		return fail_errno(e, ENOMEM, "report the change");
	if (w->report->lines.n)
		memcpy(lines, w->report->lines.at, w->report->lines.n * sizeof(*lines));
	lines[w->report->lines.n++] = *line;
	w->report->lines.at = lines;
	return 0;
}

static int add_line(struct limit_work *w, const struct control *c, const char *file,
		    const struct outcome *o, struct err *e)
{
	struct arena *a = &w->report->mem;
	const struct limit_line line = {
		.what = arena_dup(a, c->what),
		.file = arena_dup(a, file),
		.before = in_words(a, c->unit, o->before),
		.after = in_words(a, c->unit, o->after),
		.unit = o->unit ? arena_dup(a, o->unit) : NULL,
	};

	return limit_add_line(w, &line, e);
}

static int explain(const struct control *c, int error, struct err *e)
{
	if ((error == EINVAL || error == ERANGE || error == EACCES) && c == &cpuset)
		return fail_hint(e, "a list of processors that the cgroup above has, as in 0-2,7");
	if (error == EINVAL && c == &pids)
		return fail_hint(e,
				 "it is more than the kernel has numbers for; 'max' is no limit");
	if (error == EBUSY && c->controller == CGROUP_MEMORY)
		return fail_hint(e, "it uses more than that, and the kernel could not free enough");
	if (error == EINVAL && c == &memory)
		return fail_hint(e, "the limit of memory and swap together may be lower: "
				    "give --memory-swap, too");
	if (error == ENODEV && c->controller == CGROUP_IO)
		return fail_hint(e, "it must be a whole disk that there is, not a partition");
	return -1;
}

/* limit_note() - remember what is there before it is changed; @change's set is ours */
int limit_note(struct limit_work *w, const struct ledger_change *change, struct err *e)
{
	struct ledger_change c = *change;

	c.set = w->set;
	if (!c.text || !c.path || !c.file)
		return fail_errno(e, ENOMEM, "note what is changed");
	return ledger_add_change(w->t->entry, &c, e) < 0 ||
			       ledger_write(w->t->ledger, w->t->entry, e) < 0
		       ? -1
		       : 0;
}

/* limit_forget_last() - what was not written need not be taken back: that would fail, too */
void limit_forget_last(struct limit_work *w)
{
	w->t->entry->changes.n--;
	(void)ledger_write(w->t->ledger, w->t->entry, &(struct err){ 0 });
}

static int note(struct limit_work *w, const struct cgroup_place *p, const char *file, char *text,
		struct err *e)
{
	const struct ledger_change change = { .hierarchy = (char *)p->in->name,
					      .path = (char *)p->path,
					      .file = (char *)file,
					      .text = text };

	return limit_note(w, &change, e);
}

/* Has systemd take over what is in the file. Returns the unit that was told, or NULL. */
static const char *tell(const struct cgroup_place *p, const char *file, const char *text)
{
	struct err why = { 0 };
	int r = limit_tell(p, file, text, &why);

	if (r < 0)
		log_warn("systemd may set '%s' back when it reloads, as it could not be told: %s",
			 file, why.text);
	return r > 0 ? limit_unit_of(p->path) : NULL;
}

static int do_step(struct limit_work *w, const struct step *s, struct err *e)
{
	own_cgroup struct cgroup cg = { 0 };
	own_fd int dir = FD_NONE;
	const struct control *c = s->control;
	char before[CGROUP_PATH_MAX], after[CGROUP_PATH_MAX];
	char room[LIMIT_ROUND_MAX];
	const char *file, *unit, *text;
	int r;

	if (adopt_cgroup(w->t->ledger, w->t->entry, w->t->all, w->t->container, w->t->world,
			 c->controller, &cg, e) < 0)
		return -1;
	if (cg.n != 1)
		return fail(e, ERR_UNSUPPORTED, "limit %s: its cgroup is not mounted", c->what);
	file = cg.at[0].in->version == CGROUP_V1 ? c->v1 : c->v2;
	text = limit_round(&cg.at[0], file, s->text, room);
	dir = cgroup_place_open(&cg.at[0], e);
	if (dir < 0)
		return -1;
	r = read_now(dir, file, s->device, before, sizeof(before));
	if (r < 0)
		return fail_errno(e, -r, "read '%s/%s'", cg.at[0].dir, file);
	if (note(w, &cg.at[0], file, restoring(&w->report->mem, s, file, before), e) < 0)
		return -1;
	r = cgroup_try_write(dir, file, text);
	if (r < 0) {
		limit_forget_last(w);
		fail_errno(e, -r, "write '%s' to '%s/%s'", text, cg.at[0].dir, file);
		return explain(c, -r, e);
	}
	unit = tell(&cg.at[0], file, text);
	r = read_now(dir, file, s->device, after, sizeof(after));
	if (r < 0)
		return fail_errno(e, -r, "read '%s/%s' back", cg.at[0].dir, file);
	/* it was so already: there is nothing to undo */
	if (!unit && strcmp(before, after) == 0)
		limit_forget_last(w);
	return add_line(w, c, file, &(struct outcome){ before, after, unit }, e);
}

/* --- from the request to writes ----------------------------------------------------------- */

static enum cgroup_version version_of(const struct limit_target *t, unsigned controller)
{
	const struct cgroup_hierarchy *h = cgroup_world_with(t->world, controller);

	return h ? h->version : CGROUP_V1;
}

static int put_number(struct limit_work *w, const struct control *c, int64_t n, struct err *e)
{
	bool v1 = version_of(w->t, c->controller) == CGROUP_V1;
	char text[32];

	if (n == LIMIT_NONE)
		snprintf(text, sizeof(text), "%s", v1 && c->unit == BYTES ? "-1" : "max");
	else
		snprintf(text, sizeof(text), "%" PRId64, n);
	return do_step(w, &(struct step){ .control = c, .text = text }, e);
}

static int put_cpus(struct limit_work *w, int64_t milli, struct err *e)
{
	bool v1 = version_of(w->t, CGROUP_CPU) == CGROUP_V1;
	char text[64];

	if (milli == LIMIT_NONE)
		snprintf(text, sizeof(text), "%s", v1 ? "-1" : "max");
	else if (v1)
		snprintf(text, sizeof(text), "%" PRId64, milli * (CPU_PERIOD / 1000));
	else
		snprintf(text, sizeof(text), "%" PRId64 " %d", milli * (CPU_PERIOD / 1000),
			 CPU_PERIOD);
	return do_step(w, &(struct step){ .control = &cpus, .text = text }, e);
}

static int put_io_v2(struct limit_work *w, const struct limit_io *io, const char *device,
		     struct err *e)
{
	own_str struct str line = { 0 };

	str_addf(&line, "%s", device);
	for (size_t i = 0; i < COUNT(io_parts); i++) {
		const struct opt_i64 *n = (const void *)((const char *)io + io_parts[i].at);

		if (n->set && n->v == LIMIT_NONE)
			str_addf(&line, " %s=max", io_parts[i].word);
		else if (n->set)
			str_addf(&line, " %s=%" PRId64, io_parts[i].word, n->v);
	}
	if (line.torn)
		return fail_errno(e, ENOMEM, "limit io");
	return do_step(w, &(struct step){ &io_all, device, line.at }, e);
}

static int put_io(struct limit_work *w, const struct limit_io *io, struct err *e)
{
	char device[32], text[64];

	snprintf(device, sizeof(device), "%u:%u", io->major, io->minor);
	if (version_of(w->t, CGROUP_IO) == CGROUP_V2)
		return put_io_v2(w, io, device, e);
	for (size_t i = 0; i < COUNT(io_parts); i++) {
		const struct opt_i64 *n = (const void *)((const char *)io + io_parts[i].at);

		if (!n->set)
			continue;
		snprintf(text, sizeof(text), "%s %" PRId64, device, n->v == LIMIT_NONE ? 0 : n->v);
		if (do_step(w, &(struct step){ &io_parts[i].control, device, text }, e) < 0)
			return -1;
	}
	return 0;
}

/* v1 limits memory and swap together, v2 swap alone. */
static int put_swap(struct limit_work *w, const struct limit_request *r, struct err *e)
{
	if (version_of(w->t, CGROUP_MEMORY) == CGROUP_V1)
		return put_number(w, &swap_total, r->swap.v, e);
	if (r->swap.v == LIMIT_NONE)
		return put_number(w, &swap_alone, LIMIT_NONE, e);
	if (!r->memory.set || r->memory.v == LIMIT_NONE || r->swap.v < r->memory.v) {
		fail(e, ERR_INPUT,
		     "limit swap: the limit of memory and swap together is that of "
		     "memory and more");
		return fail_hint(e, "give --memory as well, and not more than --memory-swap");
	}
	return put_number(w, &swap_alone, r->swap.v - r->memory.v, e);
}

/* v1 wants memory's limit to be the lower one at every moment: the first order fits for raising
 * both, the other for lowering. */
static int put_memory(struct limit_work *w, const struct limit_request *r, struct err *e)
{
	struct err first = { 0 };

	if (!r->swap.set)
		return r->memory.set ? put_number(w, &memory, r->memory.v, e) : 0;
	if (!r->memory.set)
		return put_swap(w, r, e);
	if (put_swap(w, r, &first) == 0)
		return put_number(w, &memory, r->memory.v, e);
	if (first.sysno != EINVAL && first.sysno != EBUSY) {
		*e = first;
		return -1;
	}
	return put_number(w, &memory, r->memory.v, e) < 0 || put_swap(w, r, e) < 0 ? -1 : 0;
}

static int put_all(struct limit_work *w, const struct limit_request *r, struct err *e)
{
	/* the most likely to be refused comes first */
	if (limit_net_put(w, r, e) < 0 || put_memory(w, r, e) < 0 ||
	    (r->cpus.set && put_cpus(w, r->cpus.v, e) < 0) ||
	    (r->pids.set && put_number(w, &pids, r->pids.v, e) < 0))
		return -1;
	if (r->cpuset && do_step(w, &(struct step){ .control = &cpuset, .text = r->cpuset }, e) < 0)
		return -1;
	for (size_t i = 0; i < r->io.n; i++)
		if (put_io(w, &r->io.at[i], e) < 0)
			return -1;
	return 0;
}

/* --- the way back -------------------------------------------------------------------------- */

static uint32_t last_set(const struct ledger_entry *entry)
{
	return entry->changes.n ? entry->changes.at[entry->changes.n - 1].set : 0;
}

/* The kind of limit that @file is; what is in no table is shown as it stands. */
static struct control control_of(const char *file)
{
	static const struct control *const all[] = { &memory, &swap_total, &swap_alone, &cpus,
						     &pids,   &cpuset,     &io_all };

	for (size_t i = 0; i < COUNT(all); i++)
		if ((all[i]->v1 && strcmp(all[i]->v1, file) == 0) ||
		    (all[i]->v2 && strcmp(all[i]->v2, file) == 0))
			return *all[i];
	for (size_t i = 0; i < COUNT(io_parts); i++)
		if (strcmp(io_parts[i].control.v1, file) == 0)
			return io_parts[i].control;
	return (struct control){ .what = file, .unit = WORDS };
}

/* Of a change of one device's line, what is shown: the line without the device. */
static void without_device(const struct control *c, const struct ledger_change *change, char *now,
			   const char **ret_text)
{
	const char *blank = strchr(change->text, ' ');
	char device[32];

	*ret_text = change->text;
	if (c->unit != RATES || !blank)
		return;
	snprintf(device, sizeof(device), "%.*s", (int)(blank - change->text), change->text);
	device_line(now, device);
	*ret_text = strcmp(blank + 1, "0") == 0 ? "" : blank + 1;
}

/* v2's cpusets cannot be emptied again while a process is in them: all that the cgroup above has is as
 * good. */
static int choose_all(int dir, const char *file)
{
	char all[CGROUP_PATH_MAX], above[64];
	int r;

	snprintf(above, sizeof(above), "../%s.effective", file);
	r = cgroup_try_read(dir, above, all, sizeof(all));
	return r < 0 ? r : cgroup_try_write(dir, file, all);
}

static int restore(const struct limit_target *t, const struct ledger_change *c,
		   struct limit_report *report, struct err *e)
{
	own_cgroup struct cgroup cg = { 0 };
	own_fd int dir = FD_NONE;
	struct control control = control_of(c->file);
	struct limit_work w = { .t = t, .report = report };
	char before[CGROUP_PATH_MAX];
	struct outcome o = { .before = before };
	int r;

	if (strcmp(c->hierarchy, LIMIT_NETWORK) == 0)
		return limit_net_restore(&w, c, e);
	if (cgroup_recall_one(&cg, t->world, c->hierarchy, c->path, e) < 0)
		return -1;
	if (!cg.n)
		return fail(e, ERR_UNSUPPORTED, "restore '%s': its hierarchy is not mounted",
			    c->file);
	dir = cgroup_place_open(&cg.at[0], e);
	if (dir < 0)
		return -1;
	r = cgroup_try_read(dir, c->file, before, sizeof(before));
	if (r >= 0)
		r = cgroup_try_write(dir, c->file, c->text);
	if (r == -ENOSPC && *c->text == '\n')
		r = choose_all(dir, c->file);
	/* a disk that has been unplugged since: its limit went with it */
	if (r == -ENODEV)
		return 0;
	if (r < 0)
		return fail_errno(e, -r, "write '%s' to '%s/%s'", c->text, cg.at[0].dir, c->file);
	o.unit = tell(&cg.at[0], c->file, c->text);
	if (!report)
		return 0;
	without_device(&control, c, before, &o.after);
	return add_line(&w, &control, c->file, &o, e);
}

/* Takes the changes of the last command back, the last one first. */
static int take_back(const struct limit_target *t, struct limit_report *report, struct err *e)
{
	struct ledger_entry *entry = t->entry;
	uint32_t set = last_set(entry);

	for (; entry->changes.n && last_set(entry) == set; entry->changes.n--)
		if (restore(t, &entry->changes.at[entry->changes.n - 1], report, e) < 0)
			return -1;
	return ledger_write(t->ledger, entry, e);
}

/**
 * limit_apply() - change limits of a container
 * @ret_report: release it with limit_report_done(), also after a failure
 *
 * All or nothing: what was changed before a failure is taken back.
 */
int limit_apply(const struct limit_target *t, const struct limit_request *r,
		struct limit_report *ret_report, struct err *e)
{
	struct limit_work w = { .t = t, .report = ret_report, .set = last_set(t->entry) + 1 };
	struct err why = { 0 };

	int done;

	*ret_report = (struct limit_report){ 0 };
	done = put_all(&w, r, e);
	if (done < 0 && last_set(t->entry) == w.set && take_back(t, NULL, &why) < 0)
		log_error("%s", why.text);
	/* a cgroup that was made for nothing */
	if (t->entry->places.n && !t->entry->changes.n)
		(void)adopt_release(t->ledger, t->entry, t->world, &(struct err){ 0 });
	return done;
}

/**
 * limit_undo() - take back what the last limit_apply() changed
 *
 * When nothing is left to take back, a cgroup that was made for the container goes away, too.
 * Errors: ERR_ABSENT if nothing was changed.
 */
int limit_undo(const struct limit_target *t, struct limit_report *ret_report, struct err *e)
{
	*ret_report = (struct limit_report){ 0 };
	if (!t->entry->changes.n)
		return fail(e, ERR_ABSENT, "undo: nothing was changed on container '%s'",
			    t->container->id);
	if (take_back(t, ret_report, e) < 0)
		return -1;
	return t->entry->changes.n ? 0 : adopt_release(t->ledger, t->entry, t->world, e);
}
