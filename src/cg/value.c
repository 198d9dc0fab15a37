/* value.c - control files: read, written and read back, copied from group to group */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/log.h"
#include "base/own.h"
#include "cg/cg.h"
#include "os/cgroup_file.h"
#include "os/file.h"

#define TEXT_MAX ((size_t)16 << 20)

/* What the kernel means by its reasons, where it means more than their usual words. */
static const struct {
	int sysno;
	const char *file, *hint;
} reasons[] = {
	{ EBUSY, "memory.",
	  "the group uses more than that already, and it could not be reclaimed" },
	{ EBUSY, "cpuset.", "a process or a group below it still uses what would be taken away" },
	{ EBUSY, "cgroup.subtree_control",
	  "v2's rule of no internal processes: move the group's processes into a group below it" },
	{ EBUSY, "cpu.", "the groups below it were promised more than that" },
	{ EINVAL, "cpu.rt_", "the groups of this level promise more than the one above has" },
	{ EINVAL, "memory.limit_in_bytes",
	  "memory.memsw.limit_in_bytes may not be below it: raise that one first" },
	{ EINVAL, "memory.memsw",
	  "memory.limit_in_bytes may not be above it: lower that one first" },
	{ EINVAL, "cpu.cfs", "1 ms to 1 s, and no more of it than the group above has" },
	{ EINVAL, "", "this file does not take such a value" },
	{ EACCES, "cpuset.",
	  "the group above has no such processors or memory nodes, or the file "
	  "belongs to somebody else" },
	{ EACCES, "", "the file is not this user's to write; `create -a USER` gives it to him" },
	{ EPERM, "", "the kernel lets nobody do so, or only root" },
	{ ENOSPC, "cpuset.", "a group with processes needs at least one of them" },
	{ ERANGE, "cpuset.", "the machine has no such processors or memory nodes" },
	{ ERANGE, "", "the number is beyond what this file can hold" },
	{ ENODEV, "", "there is no such device: MAJOR:MINOR of a whole disk, as lsblk shows" },
	{ ENOENT, "", "the group or the file is not there: see `tare cg ls`, `tare cg get -g`" },
	{ ESRCH, "", "there is no such process" },
};

/**
 * cg_read() - a control file's whole text
 * @ret_text: it is added to; without the last newline
 */
int cg_read(int dirfd, const char *file, struct str *ret_text, struct err *e)
{
	own_fd int fd = FD_NONE;
	own_mem char *text = NULL;
	int n;

	if (strchr(file, '/'))
		return fail(e, ERR_INPUT, "'%s' is no name of a control file", file);
	fd = openat(dirfd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return fail_sys(e, "open '%s'", file);
	n = file_read_fd(fd, file, TEXT_MAX, &text, e);
	if (n < 0)
		return -1;
	str_add_len(ret_text, text, (size_t)(n && text[n - 1] == '\n' ? n - 1 : n));
	return ret_text->torn ? fail_errno(e, ENOMEM, "read '%s'", file) : 0;
}

/* --- is it what was asked for? ------------------------------------------------------------ */

/* A number as control files take them: bytes with K, M, G or T, "max" or -1 for the largest. */
static bool as_number(const char *text, size_t len, uint64_t *ret)
{
	static const char units[] = "kmgt";
	char digits[32];
	const char *unit;
	int shift = 0;

	if (len >= sizeof(digits) || !len)
		return false;
	memcpy(digits, text, len);
	digits[len] = '\0';
	if (strcmp(digits, "max") == 0 || strcmp(digits, "-1") == 0) {
		*ret = UINT64_MAX;
		return true;
	}
	unit = strchr(units, digits[len - 1] | 0x20);
	if (unit) {
		shift = 10 * (int)(unit - units + 1);
		digits[len - 1] = '\0';
	}
	if (text_u64(digits, UINT64_MAX >> shift, ret) < 0)
		return false;
	*ret <<= shift;
	/* v1 has the largest multiple of a page in a signed number where v2 says "max" */
	if (*ret >= (INT64_MAX & ~0xffffULL))
		*ret = UINT64_MAX;
	return true;
}

static bool same_word(const char *a, size_t a_len, const char *b, size_t b_len)
{
	uint64_t x, y;

	if (a_len == b_len && memcmp(a, b, a_len) == 0)
		return true;
	return as_number(a, a_len, &x) && as_number(b, b_len, &y) && x == y;
}

/* Are all words of @asked at the beginning of this line? Keys such as "8:0" are in front. */
static bool same_line(const char *asked, const char *line, size_t len)
{
	const char *end = line + len;

	for (;;) {
		size_t a, b;

		asked += strspn(asked, " \t\n");
		while (line < end && (*line == ' ' || *line == '\t'))
			line++;
		a = strcspn(asked, " \t\n");
		b = strcspn(line, " \t\n");
		if (!a)
			return true;
		if (!b || line >= end || !same_word(asked, a, line, b))
			return false;
		asked += a;
		line += b;
	}
}

/* "0,1" is "0-1", and the kernel says the latter. */
static bool same_set(const char *a, const char *b)
{
	char bits[2][1024] = { { 0 } };

	for (int i = 0; i < 2; i++) {
		const char *c = i ? b : a;

		for (;;) {
			char *stop;
			unsigned long from, to;

			if (*c < '0' || *c > '9')
				return false;
			from = to = strtoul(c, &stop, 10);
			if (*stop == '-')
				to = strtoul(stop + 1, &stop, 10);
			if (from > to || to >= sizeof(bits[0]))
				return false;
			for (; from <= to; from++)
				bits[i][from] = 1;
			if (!*stop || *stop == '\n')
				break;
			if (*stop != ',')
				return false;
			c = stop + 1;
		}
	}
	return memcmp(bits[0], bits[1], sizeof(bits[0])) == 0;
}

/**
 * cg_value_same() - whether a control file reads as what was written to it
 * @asked: as written: "64M", "8:0 1048576", "max"
 * @now:   the file's text; any of its lines will do
 */
bool cg_value_same(const char *asked, const char *now)
{
	asked += strspn(asked, " \t\n");
	if (!*asked)
		return !now[strspn(now, " \t\n")];
	for (const char *line = now; *line;) {
		size_t len = strcspn(line, "\n");

		if (same_line(asked, line, len))
			return true;
		line += len + (line[len] == '\n');
	}
	return same_set(asked, now);
}

/* --- write -------------------------------------------------------------------------------- */

static int fail_write(const char *file, const char *value, int sysno, struct err *e)
{
	fail_errno(e, sysno, "write '%s' to '%s'", value, file);
	for (size_t i = 0; i < COUNT(reasons); i++) {
		uint64_t number;

		if (reasons[i].sysno != sysno || !text_starts(file, reasons[i].file))
			continue;
		/* one that is no number at all is not refused for what other files hold */
		if (sysno == EINVAL && *reasons[i].file &&
		    !as_number(value, strlen(value), &number))
			continue;
		return fail_hint(e, "%s", reasons[i].hint);
	}
	return -1;
}

/* Events and commands: what they read as is not what is written to them. */
static bool is_command(const char *file)
{
	static const char *const commands[] = {
		"cgroup.procs", "cgroup.threads", "cgroup.event_control",
		"tasks",        "cgroup.kill",    "devices.allow",
		"devices.deny", "memory.reclaim", "blkio.reset_stats",
	};

	for (size_t i = 0; i < COUNT(commands); i++)
		if (strcmp(file, commands[i]) == 0)
			return true;
	return text_ends(file, ".force_empty") || text_ends(file, ".subtree_control");
}

/**
 * cg_write() - write a control file, and read back what the kernel made of it
 * @ret_wrote: what it reads as now
 *
 * Fails with the kernel's reason when it refuses.
 */
int cg_write(int dirfd, const char *file, const char *value, struct cg_wrote *ret_wrote,
	     struct err *e)
{
	int r;

	*ret_wrote = (struct cg_wrote){ .told = CG_UNKNOWN };
	if (strchr(file, '/') || strcmp(file, "..") == 0)
		return fail(e, ERR_INPUT, "'%s' is no name of a control file", file);
	r = cgroup_try_write(dirfd, file, value);
	if (r < 0)
		return fail_write(file, value, -r, e);
	if (is_command(file) ||
	    cgroup_try_read(dirfd, file, ret_wrote->now, sizeof(ret_wrote->now)) < 0)
		return 0;
	ret_wrote->told = cg_value_same(value, ret_wrote->now) ? CG_AS_ASKED : CG_OTHERWISE;
	return 0;
}

/* --- all files of a group ------------------------------------------------------------------ */

static bool is_core(const char *name)
{
	return strncmp(name, "cgroup.", 7) == 0 || !strchr(name, '.');
}

static bool fits(const struct cg_in *in, const char *name, const char *prefix)
{
	size_t len = strcspn(name, ".");
	char controller[64];

	if (!prefix)
		return true;
	if (*prefix)
		return strncmp(name, prefix, strlen(prefix)) == 0 && name[strlen(prefix)] == '.';
	if (is_core(name) || len >= sizeof(controller))
		return false;
	memcpy(controller, name, len);
	controller[len] = '\0';
	return !in->need || (cgroup_controllers_parse(controller) & in->need);
}

/**
 * cg_files() - go through the control files of a group, in the kernel's order
 * @prefix: a controller's name: its files alone; "": those of all controllers in @in->need (0:
 *          any); NULL: all files
 */
int cg_files(const struct cg_in *in, int dirfd, const char *prefix, cg_each_file *each, void *ctx,
	     struct err *e)
{
	int again = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	own_dir DIR *dir = again >= 0 ? fdopendir(again) : NULL;
	const struct dirent *d;
	struct stat st;

	if (!dir)
		return fail_sys(e, "list a group's files");
	while ((d = readdir(dir))) {
		if (d->d_name[0] == '.' || !fits(in, d->d_name, prefix) ||
		    fstatat(dirfd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
			continue;
		if (each(dirfd, d->d_name, st.st_mode, ctx, e) < 0)
			return -1;
	}
	return 0;
}

/* --- copy ---------------------------------------------------------------------------------- */

/* struct copy - @again: the second round, in which a refusal is one */
struct copy {
	int to;
	bool again, refused;
};

/* cg_is_setting() - whether a file is to be copied; what counts is reset by writing */
bool cg_is_setting(const char *name, mode_t mode)
{
	return (mode & 0200) && (mode & 0400) && !is_core(name) && !is_command(name) &&
	       !text_ends(name, "failcnt") && !text_ends(name, "max_usage_in_bytes") &&
	       !text_ends(name, "pressure") && !text_ends(name, ".usage") &&
	       !text_ends(name, ".peak") && !text_ends(name, ".state");
}

static int copy_line(struct copy *c, const char *name, const char *line, struct err *e)
{
	struct cg_wrote wrote;

	/* "oom_kill_disable 0" is set as "0" */
	if (strcmp(name, "memory.oom_control") == 0) {
		if (!text_starts(line, "oom_kill_disable "))
			return 0;
		line += strlen("oom_kill_disable ");
	}
	if (cg_write(c->to, name, line, &wrote, e) == 0)
		return 0;
	c->refused = true;
	return c->again ? -1 : 0;
}

static int copy_file(int dirfd, const char *name, mode_t mode, void *ctx, struct err *e)
{
	own_str struct str from = { 0 }, to = { 0 };
	struct err unread = { 0 };
	struct copy *c = ctx;
	char *save = NULL;

	/* what cannot be read, or is no setting there, cannot be copied */
	if (!cg_is_setting(name, mode) || cg_read(dirfd, name, &from, &unread) < 0 ||
	    cg_read(c->to, name, &to, &unread) < 0 || !from.at || from.len == 0 ||
	    (to.at && strcmp(from.at, to.at) == 0))
		return 0;
	for (char *line = strtok_r(from.at, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (copy_line(c, name, line, e) < 0)
			return -1;
	return 0;
}

static int copy_in(const struct cg_in *in, int from, int to, struct err *e)
{
	struct copy c = { .to = to };
	struct err first = { 0 };

	/* values depend on each other (memory and memory+swap): what is refused gets another turn */
	if (cg_files(in, from, "", copy_file, &c, &first) < 0) {
		*e = first;
		return -1;
	}
	if (!c.refused)
		return 0;
	c.again = true;
	return cg_files(in, from, "", copy_file, &c, e);
}

/**
 * cg_copy() - set every setting of one group as another one has it, in each hierarchy with both
 *
 * Fails with the kernel's reason at a setting that is refused; those before it are set then.
 */
int cg_copy(const struct cgroup_world *w, const char *from, const char *to, struct err *e)
{
	struct err absent = { 0 };
	bool any = false;

	for (size_t i = 0; i < w->n; i++) {
		struct cg_in in = { &w->at[i], 0 };
		own_fd int a = cg_open(in.at, from, &absent), b = FD_NONE;

		if (a < 0)
			continue;
		b = cg_open(in.at, to, &absent);
		if (b < 0)
			continue;
		any = true;
		if (copy_in(&in, a, b, e) < 0)
			return fail_in(e, "copy '%s' to '%s'", from, to);
	}
	if (!any) {
		*e = absent;
		return fail_in(e, "copy '%s' to '%s'", from, to);
	}
	return 0;
}
