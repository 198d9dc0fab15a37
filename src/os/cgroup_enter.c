/* cgroup_enter.c - processes getting into a cgroup
 *
 * A child of ours is put there by clone3 (v2), or writes "0" to the "tasks" files that its
 * parent opened (v1): both spare the kernel a lock that all forks of the machine share, which
 * writing a pid to cgroup.procs takes. The permission that counts is that of the opener, so
 * the child may have become somebody else before it writes.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/own.h"
#include "os/cgroup_file.h"
#include "os/cgroup_priv.h"
#include "os/sys.h"

static int entry_add(struct cgroup_entry *entry, const struct cgroup_place *p, const char *file,
		     struct err *e)
{
	char path[CGROUP_PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", p->dir, file);
	fd = fd_open(path, O_WRONLY | O_NOFOLLOW);
	if (fd < 0)
		return fail_sys(e, "open '%s'", path);
	entry->file[entry->n++] = fd;
	return 0;
}

/**
 * cgroup_entry_open() - parent: open the ways into @cg for a child that is still to be made
 * @ret_entry: filled; close it with cgroup_entry_close() also after a failure
 *
 * Where the kernel (or the test switch) has no clone3 or no CLONE_INTO_CGROUP, @ret_entry->into
 * is FD_NONE and the v2 file is among the files. If clone3 turns out to refuse the flag, call
 * cgroup_entry_no_clone().
 */
int cgroup_entry_open(const struct cgroup *cg, struct cgroup_entry *ret_entry, struct err *e)
{
	*ret_entry = (struct cgroup_entry){ .into = FD_NONE };
	for (size_t i = 0; i < cg->n; i++) {
		const struct cgroup_place *p = &cg->at[i];

		if (p->in->version == CGROUP_V1) {
			if (entry_add(ret_entry, p, "tasks", e) < 0)
				return -1;
			continue;
		}
		ret_entry->into = cgroup_place_open(p, e);
		if (ret_entry->into < 0)
			return -1;
	}
	if (sys_lacks(SYS_CLONE3) || sys_lacks(SYS_CLONE_INTO_CGROUP))
		return cgroup_entry_no_clone(cg, ret_entry, e);
	return 0;
}

/* cgroup_entry_no_clone() - enter the v2 cgroup by its file, too, not by clone3 */
int cgroup_entry_no_clone(const struct cgroup *cg, struct cgroup_entry *entry, struct err *e)
{
	const struct cgroup_place *p = cgroup_v2(cg);

	fd_close(&entry->into);
	return p ? entry_add(entry, p, "cgroup.procs", e) : 0;
}

/**
 * cgroup_try_enter() - child: enter through the files
 *
 * Only system calls on descriptors: safe after fork or vfork. Must come before the child makes
 * its cgroup namespace.
 *
 * Return: 0 or -errno.
 */
int cgroup_try_enter(const struct cgroup_entry *entry)
{
	for (size_t i = 0; i < entry->n; i++)
		if (write(entry->file[i], "0", 1) != 1)
			return -errno;
	return 0;
}

void cgroup_entry_close(struct cgroup_entry *entry)
{
	for (size_t i = 0; i < entry->n; i++)
		fd_close(&entry->file[i]);
	entry->n = 0;
	fd_close(&entry->into);
}

/**
 * cgroup_place_attach() - move a whole process that exists already into one place
 *
 * The kernel answers EINVAL for a process that fork has not finished yet.
 */
int cgroup_place_attach(const struct cgroup_place *p, pid_t pid, struct err *e)
{
	char path[CGROUP_PATH_MAX], text[16];
	unsigned nap = 1000;
	int r = 0;

	snprintf(path, sizeof(path), "%s/cgroup.procs", p->dir);
	snprintf(text, sizeof(text), "%d", (int)pid);
	for (int i = 0; i < 8; i++) {
		r = cgroup_try_write(AT_FDCWD, path, text);
		if (r == 0)
			return 0;
		if (r != -EINVAL)
			break;
		cgroup_nap(&nap, 30 * 1000);
	}
	return fail_errno(e, -r, "move process %s into cgroup '%s'", text, p->dir);
}

/**
 * cgroup_attach_pid() - move a whole process that exists already into every place of @cg
 * @pid: the process, in our pid namespace
 */
int cgroup_attach_pid(const struct cgroup *cg, pid_t pid, struct err *e)
{
	for (size_t i = 0; i < cg->n; i++)
		if (cgroup_place_attach(&cg->at[i], pid, e) < 0)
			return -1;
	return 0;
}

/* --- places below a container's cgroup -------------------------------------------------- */

static int copy(struct cgroup *cg, const struct cgroup *of, struct err *e)
{
	cg->n = 0;
	cg->mem = (struct arena){ 0 };
	for (size_t i = 0; i < of->n; i++) {
		cg->at[cg->n] = (struct cgroup_place){ .in = of->at[i].in };
		if (cgroup_place_set(&cg->mem, &cg->at[cg->n++], "", of->at[i].path, e) < 0)
			return -1;
	}
	return 0;
}

/* Callers match this one's words, so it does not wait for cgroup_path_check(). */
static bool has_dotdot(const char *path)
{
	for (const char *c = strstr(path, ".."); c; c = strstr(c + 1, ".."))
		if ((c == path || c[-1] == '/') && (c[2] == '/' || !c[2]))
			return true;
	return false;
}

static int go_below(struct cgroup *cg, struct cgroup_place *p, const char *sub, struct err *e)
{
	if (has_dotdot(sub))
		return fail(e, ERR_INPUT,
			    "bad sub cgroup path: invalid cgroup path `%s`: `..` "
			    "components are not allowed",
			    sub);
	if (cgroup_path_check(sub, e) < 0)
		return fail_in(e, "bad sub cgroup path '%s'", sub);
	return cgroup_place_set(&cg->mem, p, p->path, sub, e);
}

static bool answers_to(const struct cgroup_place *p, const char *name, size_t len)
{
	const char *own = p->in->name;

	for (const struct word *w = cgroup_controller_words; w->name; w++)
		if (strlen(w->name) == len && memcmp(w->name, name, len) == 0)
			return (p->in->controllers & (unsigned)w->value) != 0;
	if (text_starts(own, "name=") && !(len > 5 && memcmp(name, "name=", 5) == 0))
		own += 5;
	return strlen(own) == len && memcmp(own, name, len) == 0;
}

/* "cpu,cpuacct:sub/dir" */
static int apply_spec(struct cgroup *cg, const char *spec, struct err *e)
{
	const char *colon = strchr(spec, ':'), *name = spec;

	while (name <= colon) {
		size_t len = strcspn(name, ",:");
		struct cgroup_place *found = NULL;

		for (size_t i = 0; i < cg->n; i++)
			if (len && answers_to(&cg->at[i], name, len))
				found = &cg->at[i];
		if (!found)
			return fail(e, ERR_INPUT, "unknown controller '%.*s' in cgroup '%s'",
				    (int)len, name, spec);
		if (go_below(cg, found, colon + 1, e) < 0)
			return -1;
		name += len + 1;
	}
	return 0;
}

/* One path for all hierarchies. It need not be in each of them: whoever made it may have cared
 * for one controller only (crun's rule; runc wants it everywhere), but it must be somewhere. */
static int apply_path(struct cgroup *cg, const struct cgroup *of, const char *sub, struct err *e)
{
	size_t found = 0;

	for (size_t i = 0; i < cg->n; i++) {
		struct cgroup_place *p = &cg->at[i];

		if (go_below(cg, p, sub, e) < 0)
			return -1;
		if (access(p->dir, F_OK) == 0)
			found++;
		else if (cgroup_place_set(&cg->mem, p, "", of->at[i].path, e) < 0)
			return -1;
	}
	return found || !cg->n ? 0 : fail_errno(e, ENOENT, "open cgroup '%s'", sub);
}

/**
 * cgroup_init_sub() - the cgroup that `exec --cgroup` asks for
 * @cg:    filled; release it with cgroup_done() also after a failure
 * @of:    the container's cgroup
 * @specs: NULL-terminated: one "PATH" for all hierarchies, or any number of "CONTROLLERS:PATH"
 *         as runc has it; none, or NULL, is the container's cgroup itself
 */
int cgroup_init_sub(struct cgroup *cg, const struct cgroup *of, char *const *specs, struct err *e)
{
	if (copy(cg, of, e) < 0)
		return -1;
	for (size_t i = 0; specs && specs[i]; i++) {
		if (strchr(specs[i], ':')) {
			if (apply_spec(cg, specs[i], e) < 0)
				return -1;
			continue;
		}
		if (i || specs[1])
			return fail(e, ERR_INPUT,
				    "cgroup '%s' lacks its 'CONTROLLER:' prefix; only a "
				    "single one may go without",
				    specs[i]);
		if (apply_path(cg, of, specs[i], e) < 0)
			return -1;
	}
	return 0;
}

/* The path of hierarchy @name in the text of a /proc/PID/cgroup. */
static bool path_of_line(const char *text, const char *name, const char **ret, size_t *ret_len)
{
	size_t name_len = strlen(name);

	while (*text) {
		const char *colon = strchr(text, ':');
		size_t len = strcspn(text, "\n");

		if (colon && strncmp(colon + 1, name, name_len) == 0 &&
		    colon[1 + name_len] == ':') {
			*ret = colon + name_len + 2;
			*ret_len = len - (size_t)(*ret - text);
			return *ret < text + len;
		}
		text += len + (text[len] == '\n');
	}
	return false;
}

/* cgroups(7), "no internal processes": v2's that gives controllers to its children takes none. */
static bool takes_processes(const struct cgroup_place *p)
{
	char name[CGROUP_PATH_MAX], text[256];

	if (p->in->version == CGROUP_V1)
		return true;
	snprintf(name, sizeof(name), "%s/cgroup.subtree_control", p->dir);
	return cgroup_try_read(AT_FDCWD, name, text, sizeof(text)) <= 0;
}

/* @text, of /proc/PID/cgroup, may name a cgroup below @p, which is to be entered instead then. */
static int follow_process(struct cgroup *cg, struct cgroup_place *p, const char *text,
			  struct err *e)
{
	size_t len, have = strlen(p->path);
	const char *path, *dup;

	if (!path_of_line(text, p->in->name, &path, &len) || len <= have ||
	    memcmp(path, p->path, have) != 0 || path[have] != '/')
		return 0;
	dup = arena_dup_len(&cg->mem, path, len);
	if (!dup)
		return fail_errno(e, ENOMEM, "remember the cgroup below '%s'", p->dir);
	return cgroup_place_set(&cg->mem, p, "", dup, e);
}

/**
 * cgroup_init_near_pid() - the container's cgroup, or where that takes no process, one below it
 * @cg:  filled; release it with cgroup_done() also after a failure
 * @of:  the container's cgroup
 * @pid: a process in the one below: the container's first
 *
 * A container's init may have moved itself into a child cgroup and given the parent's
 * controllers to the children: exec can then not enter the parent any more (v2: EBUSY), but
 * it can go where init is. A place that is not below the container's own, as far as its name
 * tells, stays what it was: the container decides nothing outside its cgroup.
 */
int cgroup_init_near_pid(struct cgroup *cg, const struct cgroup *of, pid_t pid, struct err *e)
{
	char name[32], text[8192] = "";

	if (copy(cg, of, e) < 0)
		return -1;
	for (size_t i = 0; i < cg->n; i++) {
		int r = 0;

		if (takes_processes(&cg->at[i]))
			continue;
		snprintf(name, sizeof(name), "/proc/%d/cgroup", (int)pid);
		if (!*text)
			r = cgroup_try_read(AT_FDCWD, name, text, sizeof(text));
		if (r < 0)
			return fail_errno(e, -r, "read '%s'", name);
		if (follow_process(cg, &cg->at[i], text, e) < 0)
			return -1;
	}
	return 0;
}

/**
 * cgroup_thaw_process() - let a process go on that somebody froze, wherever it is
 * @of: the container's cgroup, for its hierarchies
 *
 * A process in a frozen cgroup cannot die, and it may have been moved out of its own.
 */
void cgroup_thaw_process(const struct cgroup *of, pid_t pid)
{
	const struct cgroup_place *p = cgroup_with(of, CGROUP_FREEZER);
	bool v1 = p && p->in->version == CGROUP_V1;
	char name[32], text[8192], file[4400];
	const char *path;
	size_t len;

	snprintf(name, sizeof(name), "/proc/%d/cgroup", (int)pid);
	if (!p || cgroup_try_read(AT_FDCWD, name, text, sizeof(text)) < 0 ||
	    !path_of_line(text, p->in->name, &path, &len) || len > 4096)
		return;
	snprintf(file, sizeof(file), "%s%.*s/%s", p->in->mount, (int)len, path,
		 v1 ? "freezer.state" : "cgroup.freeze");
	(void)cgroup_try_write(AT_FDCWD, file, v1 ? "THAWED" : "0");
}
