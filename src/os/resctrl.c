/* resctrl.c - makes, fills and removes resctrl groups */
#include "os/resctrl.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/own.h"
#include "base/text.h"
#include "os/file.h"
#include "os/mountinfo.h"

#define USUAL_PLACE  "/sys/fs/resctrl"
#define SCHEMATA_MAX ((size_t)1 << 20)

static const char *stand_in(void)
{
	return secure_getenv("TARE_TEST_RESCTRL");
}

/* It may be mounted elsewhere. */
static int find_mount(char ret_path[PATH_MAX], struct err *e)
{
	own_mem char *text = NULL;
	struct mount_line m;
	const char *rest;

	if (file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, e) < 0)
		return -1;
	rest = text;
	while (mount_line_next(&rest, &m))
		if (mount_line_is(&m, "resctrl") && m.point_len < PATH_MAX) {
			memcpy(ret_path, m.point, m.point_len);
			ret_path[m.point_len] = '\0';
			mountinfo_unescape(ret_path);
			return 0;
		}
	fail(e, ERR_UNSUPPORTED, "Intel RDT: no resctrl file system is mounted");
	return fail_hint(e, "where the processor has it: mount -t resctrl resctrl " USUAL_PLACE);
}

/**
 * resctrl_find() - where the resctrl file system is mounted
 *
 * Return: 0, or -1 with ERR_UNSUPPORTED where it is not.
 */
int resctrl_find(char ret_path[PATH_MAX], struct err *e)
{
	const char *test = stand_in();
	struct statfs fs;

	if (test || (statfs(USUAL_PLACE, &fs) == 0 && fs.f_type == RDTGROUP_SUPER_MAGIC)) {
		snprintf(ret_path, PATH_MAX, "%s", test ? test : USUAL_PLACE);
		return 0;
	}
	return find_mount(ret_path, e);
}

/**
 * resctrl_open() - open the root of the file system
 *
 * Return: a descriptor; -1, with ENOENT in @e->sysno when it is mounted there no more.
 */
int resctrl_open(const char *path, struct err *e)
{
	own_fd int fd = fd_open(path, O_PATH | O_DIRECTORY);
	struct statfs fs;

	if (fd < 0)
		return fail_sys(e, "open '%s'", path);
	if (!stand_in() && (fstatfs(fd, &fs) < 0 || fs.f_type != RDTGROUP_SUPER_MAGIC))
		return fail_errno(e, ENOENT, "open the resctrl file system on '%s'", path);
	return give_fd(&fd);
}

/* resctrl_name_fits() - may a group be called so? Not what the kernel itself has in the root. */
bool resctrl_name_fits(const char *name)
{
	static const char *const taken[] = { "", ".", "..", "info", "mon_groups", "mon_data" };

	for (size_t i = 0; i < COUNT(taken); i++)
		if (strcmp(name, taken[i]) == 0)
			return false;
	return strlen(name) <= NAME_MAX && !strpbrk(name, "/\n");
}

bool resctrl_exists(int root, const char *group)
{
	struct stat st;

	return fstatat(root, group, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The kernel says more in a file than in an errno. */
static int fail_group(int root, const char *what, const char *group, struct err *e)
{
	int sysno = errno;
	char said[128];
	int n = file_try_read(root, "info/last_cmd_status", said, sizeof(said));

	if (n > 0)
		said[strcspn(said, "\n")] = '\0';
	if (n > 0 && *said && strcmp(said, "ok") != 0)
		return fail_errno(e, sysno, "%s resctrl group '%s': %s", what, group, said);
	return fail_errno(e, sysno, "%s resctrl group '%s'", what, group);
}

/* What the kernel puts into a group that is made, and a stand-in does not … */
static void fill(int root, const char *group)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/mon_groups", group);
	(void)mkdirat(root, path, 0755);
}

int resctrl_make(int root, const char *group, struct err *e)
{
	if (mkdirat(root, group, 0755) < 0)
		return fail_group(root, "make", group, e);
	if (stand_in())
		fill(root, group);
	return 0;
}

/* … and what it takes away with it. */
static void empty(int root, const char *group)
{
	static const char *const parts[] = { "tasks", "schemata", "mon_groups" };
	char path[PATH_MAX];

	for (size_t i = 0; i < COUNT(parts); i++) {
		snprintf(path, sizeof(path), "%s/%s", group, parts[i]);
		(void)unlinkat(root, path, i == 2 ? AT_REMOVEDIR : 0);
	}
}

/* resctrl_remove() - remove a group, if it is there; processes in it go to the root's */
int resctrl_remove(int root, const char *group, struct err *e)
{
	if (stand_in())
		empty(root, group);
	if (unlinkat(root, group, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return fail_group(root, "remove", group, e);
	return 0;
}

static int write_file(int root, const char *group, const char *name, const char *text,
		      struct err *e)
{
	own_fd int fd = FD_NONE;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", group, name);
	/* the file is always there, but in a stand-in */
	fd = openat(root, path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return fail_group(root, "change", group, e);
	return 0;
}

/**
 * resctrl_write_schemata() - set a group's shares
 * @lines: each with its line end; one write, so that all are obeyed in their order
 */
int resctrl_write_schemata(int root, const char *group, const char *lines, struct err *e)
{
	return write_file(root, group, "schemata", lines, e);
}

/* resctrl_enter() - put a process into a group; those that it starts from now on are born there */
int resctrl_enter(int root, const char *group, pid_t pid, struct err *e)
{
	char text[16];

	snprintf(text, sizeof(text), "%d\n", (int)pid);
	return write_file(root, group, "tasks", text, e);
}

/* Numbers as the kernel prints them may have zeros in front, and letters of either case. */
static bool same_number(const char *a, size_t a_len, const char *b, size_t b_len)
{
	for (; a_len > 1 && *a == '0'; a_len--)
		a++;
	for (; b_len > 1 && *b == '0'; b_len--)
		b++;
	return a_len == b_len && strncasecmp(a, b, a_len) == 0;
}

/* Has @have, "0=ff;1=c0", the value @value for the cache @id? */
static bool has_value(const char *have, const char *id, size_t id_len, const char *value,
		      size_t value_len)
{
	while (*have && *have != '\n') {
		size_t len = strcspn(have, ";\n"), name = strcspn(have, "=;\n");

		if (name < len && same_number(have, name, id, id_len))
			return same_number(have + name + 1, len - name - 1, value, value_len);
		have += len + (have[len] == ';');
	}
	return false;
}

static bool values_hold(const char *have, const char *want)
{
	while (*want && *want != '\n') {
		size_t len = strcspn(want, ";\n"), name = strcspn(want, "=;\n");

		if (name >= len || !has_value(have, want, name, want + name + 1, len - name - 1))
			return false;
		want += len + (want[len] == ';');
	}
	return true;
}

/**
 * resctrl_line_holds() - is what a schema asks for already so?
 * @have: the text of a schemata file, where lines may be indented
 * @want: one line, such as "L3:0=ff;1=c0"; what it leaves out may be anything
 */
bool resctrl_line_holds(const char *have, const char *want)
{
	size_t name = strcspn(want, ":\n");

	if (want[name] != ':')
		return false;
	while (*have) {
		const char *line = have + strspn(have, " ");

		have += strcspn(have, "\n");
		have += *have == '\n';
		if (strncmp(line, want, name + 1) == 0)
			return values_hold(line + name + 1, want + name + 1);
	}
	return false;
}

/**
 * resctrl_check_schemata() - refuse to share a group whose shares are others than the ones asked for
 */
int resctrl_check_schemata(int root, const char *group, const char *line, struct err *e)
{
	own_mem char *text = NULL;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/schemata", group);
	if (file_read(root, path, SCHEMATA_MAX, &text, e) < 0)
		return fail_in(e, "read the schemata of resctrl group '%s'", group);
	if (resctrl_line_holds(text, line))
		return 0;
	return fail(e, ERR_CONFLICT, "resctrl group '%s' exists, and has not '%s'", group, line);
}
