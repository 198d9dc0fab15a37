/* rules_process.c - what rules look at of a process, in as few reads as can be
 *
 * Nothing of it is opened but its folder in /proc: where its files lie may be a file system that never
 * answers.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/own.h"
#include "cg/rules.h"
#include "os/file.h"

#define STATUS_MAX  1024 /* the lines that we want are among the first */
#define CGROUP_TEXT ((size_t)64 << 10)
#define COMM_SEEN   15 /* the kernel keeps so much of a name */
#define ARGS_MAX    4096

/* The kernel writes a newline as \n and a backslash as \\ here, and nothing else. */
static void read_comm(const char *text, char *ret, size_t size)
{
	size_t n = 0;

	for (const char *c = text; *c && *c != '\n' && n + 1 < size; c++) {
		if (*c == '\\' && c[1])
			ret[n++] = *++c == 'n' ? '\n' : *c;
		else
			ret[n++] = *c;
	}
	ret[n] = '\0';
}

/* The second of a line's numbers is the effective one. */
static bool read_effective(const char *text, const char *line, uint32_t *ret_id)
{
	const char *at = strstr(text, line);
	char *end;

	if (!at)
		return false;
	(void)strtoul(at + strlen(line), &end, 10);
	*ret_id = (uint32_t)strtoul(end, &end, 10);
	return *end == '\t';
}

static int read_status(int fd, struct cg_process *p)
{
	char text[STATUS_MAX];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	const char *parent;

	if (n < 0)
		return -errno;
	text[n] = '\0';
	parent = strstr(text, "\nPPid:\t");
	if (strncmp(text, "Name:\t", 6) != 0 || !parent ||
	    !read_effective(text, "\nUid:\t", &p->uid) ||
	    !read_effective(text, "\nGid:\t", &p->gid))
		return -ESRCH;
	read_comm(text + 6, p->comm, sizeof(p->comm));
	p->parent = (pid_t)strtol(parent + 7, NULL, 10);
	return 0;
}

/**
 * cg_process_try_open() - look at a process
 *
 * Return: 0, and cg_process_close() is to be called; or -errno: -ESRCH or -ENOENT, it is gone.
 */
int cg_process_try_open(pid_t pid, struct cg_process *ret_process)
{
	char path[32];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	ret_process->pid = pid;
	ret_process->no_program = false;
	*ret_process->program = '\0';
	ret_process->status = fd_open(path, O_RDONLY);
	if (ret_process->status < 0)
		return -errno;
	r = read_status(ret_process->status, ret_process);
	if (r < 0)
		cg_process_close(ret_process);
	return r;
}

/* cg_process_same() - it has not ended, and is the same user's: its number is still its own */
bool cg_process_same(const struct cg_process *p)
{
	struct cg_process now;

	now.uid = now.gid = CG_KEEP;
	return read_status(p->status, &now) == 0 && now.uid == p->uid && now.gid == p->gid;
}

void cg_process_close(struct cg_process *p)
{
	fd_close(&p->status);
}

/* --- its program -------------------------------------------------------------------------- */

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_named(const struct cg_process *p, const char *path)
{
	return strncmp(p->comm, base_of(path), COMM_SEEN) == 0;
}

static int read_link(const struct cg_process *p, const char *name, char *ret, size_t size)
{
	char path[48];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)p->pid, name);
	n = readlink(path, ret, size - 1);
	if (n < 0)
		return -errno;
	ret[n] = '\0';
	return 0;
}

/* Without "." and double slashes; ".." stays what it is, as links are not looked at. */
static void tidy(char *path)
{
	char *to = path;

	for (const char *c = path; *c;) {
		size_t len = strcspn(c, "/");

		if (len && !(len == 1 && *c == '.')) {
			*to++ = '/';
			memmove(to, c, len);
			to += len;
		}
		c += len + (c[len] == '/');
	}
	*to = '\0';
}

/* A script is one of its interpreter's arguments: the one that it was named after. */
static bool find_script(struct cg_process *p)
{
	char path[48], args[ARGS_MAX];
	int n;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)p->pid);
	own_fd int fd = fd_open(path, O_RDONLY);

	n = fd < 0 ? -1 : (int)read(fd, args, sizeof(args) - 1);
	if (n <= 0)
		return false;
	args[n] = '\0';
	for (const char *a = args; a < args + n; a += strlen(a) + 1) {
		size_t len = 0;

		if (!*a || !is_named(p, a))
			continue;
		if (*a != '/' && read_link(p, "cwd", p->program, PATH_MAX) == 0)
			len = strlen(p->program);
		snprintf(p->program + len, PATH_MAX - len, "/%s", a);
		tidy(p->program);
		return true;
	}
	return false;
}

/**
 * cg_process_name() - find out what a process executes
 *
 * As libcgroup does: the executable; or the script, if it is named after one. Who is not allowed to
 * look, or is asked about a process without a program, gets the kernel's name for it.
 */
void cg_process_name(struct cg_process *p)
{
	static const char deleted[] = " (deleted)";
	char exe[PATH_MAX];
	int r;

	if (p->status < 0 || *p->program)
		return;
	r = read_link(p, "exe", exe, sizeof(exe));
	p->no_program = r == -ENOENT;
	if (r == 0 && text_ends(exe, deleted))
		exe[strlen(exe) - strlen(deleted)] = '\0';
	if (r == 0 && !is_named(p, exe) && find_script(p))
		return;
	snprintf(p->program, PATH_MAX, "%s", r == 0 ? exe : p->comm);
}

/* --- its groups --------------------------------------------------------------------------- */

/* Is @path, with or without slashes around it, what the line says, or above it? */
static bool is_path(const struct cgroup_line *l, const char *path, bool below)
{
	const char *at = l->path, *end = l->path + l->path_len;

	for (const char *c = path;;) {
		size_t len;

		c += strspn(c, "/");
		while (at < end && *at == '/')
			at++;
		len = strcspn(c, "/");
		if (!len)
			return at == end || below;
		if (len > (size_t)(end - at) || memcmp(at, c, len) != 0)
			return false;
		at += len;
		c += len;
		if (at < end && *at != '/')
			return false;
	}
}

/**
 * cg_process_is_at() - whether a process is in a group
 * @below: or in one below it
 */
bool cg_process_is_at(const struct cg_process *p, const struct cgroup_hierarchy *h,
		      const char *path, bool below)
{
	own_mem char *text = NULL;
	struct cgroup_line l;
	struct err ignored = { 0 };
	const char *at;
	char file[32];

	snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)p->pid);
	if (file_read(AT_FDCWD, file, CGROUP_TEXT, &text, &ignored) < 0)
		return false;
	for (at = text; cgroup_line_next(&at, &l);)
		if (l.hierarchy_len == strlen(h->name) &&
		    memcmp(l.hierarchy, h->name, l.hierarchy_len) == 0)
			return is_path(&l, path, below);
	return false;
}
