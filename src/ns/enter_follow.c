/* enter_follow.c - what is taken over from the process that is entered, before it is entered */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "ns/enter_priv.h"
#include "host/proc_scan.h"
#include "os/cgroup.h"
#include "os/file.h"
#include "os/lsm.h"

#define ENV_MAX ((size_t)4 << 20)

/**
 * ns_enter_map_id() - what an id of ours is called inside
 * @map: uid_map or gid_map of a process inside, read in our user namespace
 *
 * Return: 0, or -ENOENT when it has no number there.
 */
int ns_enter_map_id(const char *map, uint32_t outside, uint32_t *ret_inside)
{
	for (const char *line = map; line && *line;
	     line = strchr(line, '\n'), line += line != NULL) {
		uint32_t in, out, size;

		if (sscanf(line, "%u %u %u", &in, &out, &size) != 3)
			return -ENOENT;
		if (outside >= out && outside - out < size) {
			*ret_inside = in + (outside - out);
			return 0;
		}
	}
	return -ENOENT;
}

/**
 * ns_enter_split_env() - make an environment of the text of /proc/PID/environ
 * @text:    @len bytes and a NUL behind; the environment points into it
 * @ret_env: the caller frees it
 *
 * What has no '=' is left out: the process can put there what it likes.
 *
 * Return: false without memory.
 */
bool ns_enter_split_env(char *text, size_t len, char ***ret_env)
{
	size_t n = 0, at = 0;
	char **env;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '\0';
	env = calloc(n + 2, sizeof(*env));
	if (!env)
		return false;
	n = 0;
	for (; at < len; at += strlen(text + at) + 1)
		if (strchr(text + at, '=') && text[at] != '=')
			env[n++] = text + at;
	*ret_env = env;
	return true;
}

static int follow_env(struct entering *in, struct err *e)
{
	int len = file_read(in->target.proc, "environ", ENV_MAX, &in->env_text, e);

	if (len < 0)
		return fail_in(e, "read the environment of process %d", (int)in->target.pid);
	return ns_enter_split_env(in->env_text, (size_t)len, &in->env)
		       ? 0
		       : fail_errno(e, ENOMEM, "read the environment");
}

/* --- cgroups --------------------------------------------------------------------------------- */

/* The path in the hierarchy of that name; NULL if the text has none. */
static const char *path_in(const char *text, const char *name, size_t *ret_len)
{
	struct cgroup_line line;

	while (cgroup_line_next(&text, &line))
		if (line.hierarchy_len == strlen(name) &&
		    strncmp(line.hierarchy, name, line.hierarchy_len) == 0) {
			*ret_len = line.path_len;
			return line.path;
		}
	return NULL;
}

static bool says_frozen(const struct cgroup_hierarchy *h, const char *text)
{
	if (h->version == CGROUP_V2)
		return strstr(text, "frozen 1") != NULL;
	return strncmp(text, "THAWED", strlen("THAWED")) != 0;
}

/* Who joins a frozen cgroup stands still at once, and on v1 not even SIGKILL ends him. */
static int check_thawed(const struct cgroup_hierarchy *h, const char *path, int len, struct err *e)
{
	bool v2 = h->version == CGROUP_V2;
	char file[CGROUP_PATH_MAX], text[256];

	if (!v2 && !(h->controllers & CGROUP_FREEZER))
		return 0;
	snprintf(file, sizeof(file), "%s%.*s/%s", h->mount, len, path,
		 v2 ? "cgroup.events" : "freezer.state");
	/* the root has no such file, and is never frozen */
	if (file_try_read(AT_FDCWD, file, text, sizeof(text)) < 0 || !says_frozen(h, text))
		return 0;
	fail(e, ERR_CONFLICT, "join the cgroup '%.*s': it is frozen", len, path);
	return fail_hint(e, "thaw it first, as with 'tare thaw'");
}

static int join_one(const struct cgroup_hierarchy *h, const char *path, size_t len, struct err *e)
{
	char file[CGROUP_PATH_MAX];
	int n = snprintf(file, sizeof(file), "%s%.*s/cgroup.procs", h->mount, (int)len, path);

	/* of a process outside our cgroup namespace the path leads upwards */
	if (n < 0 || (size_t)n >= sizeof(file) || *path != '/' || strncmp(path, "/..", 3) == 0)
		return fail(e, ERR_UNSUPPORTED, "join the cgroup '%.*s': it is not below our root",
			    (int)len, path);
	if (check_thawed(h, path, (int)len, e) < 0)
		return -1;
	return file_write(AT_FDCWD, file, "0", e);
}

static int follow_cgroup(struct entering *in, struct err *e)
{
	own_mem char *text = NULL;
	own_cgroup_world struct cgroup_world w = { 0 };
	int r = 0;

	if (file_read(in->target.proc, "cgroup", 65536, &text, e) < 0 ||
	    cgroup_world_open(&w, e) < 0)
		return fail_in(e, "join the cgroups of process %d", (int)in->target.pid);
	for (size_t i = 0; r == 0 && i < w.n; i++) {
		size_t len;
		const char *path = path_in(text, w.at[i].name, &len);

		if (path)
			r = join_one(&w.at[i], path, len, e);
	}
	return r < 0 ? fail_in(e, "join the cgroups of process %d", (int)in->target.pid) : 0;
}

/* --- label and ids --------------------------------------------------------------------------- */

/* SELinux takes the label itself at exec, AppArmor a command; "unconfined" is no profile. */
static int follow_context(struct entering *in, struct err *e)
{
	char label[4096], *mode;

	if (!lsm_enabled(LSM_SELINUX) && !lsm_enabled(LSM_APPARMOR))
		return fail(e, ERR_UNSUPPORTED,
			    "follow the security context: neither SELinux nor "
			    "AppArmor is there");
	if (file_try_read(in->target.proc, "attr/current", label, sizeof(label)) < 0)
		return fail(e, ERR_DENIED, "read the security context of process %d",
			    (int)in->target.pid);
	label[strcspn(label, "\n")] = '\0';
	if (lsm_enabled(LSM_SELINUX)) {
		in->label = strdup(label);
		return in->label ? 0 : fail_errno(e, ENOMEM, "follow the security context");
	}
	mode = strstr(label, " (");
	if (mode)
		*mode = '\0';
	if (asprintf(&in->label, "exec %s", label) < 0) {
		in->label = NULL;
		return fail_errno(e, ENOMEM, "follow the security context");
	}
	return 0;
}

static int keep_ids(void *ctx, int dir, const struct proc_entry *p, struct err *e)
{
	struct entering *in = ctx;
	bool inside = in->enters & CLONE_NEWUSER;
	uint32_t uid = p->status.uid[1], gid = p->status.gid[1];

	if (!(p->have & PROC_STATUS) || !(p->have & PROC_MAPS))
		return fail(e, ERR_DENIED, "read the ids of process %d", (int)p->pid);
	if (inside && (ns_enter_map_id(p->uid_map, uid, &uid) < 0 ||
		       ns_enter_map_id(p->gid_map, gid, &gid) < 0))
		return fail(e, ERR_CONFLICT,
			    "follow the user of process %d: it has none in its "
			    "user namespace",
			    (int)p->pid);
	in->uid = (struct opt_u64){ true, uid };
	in->gid = (struct opt_u64){ true, gid };
	return 0;
}

static int follow_user(struct entering *in, struct err *e)
{
	struct proc_scan s = { .want = PROC_STATUS | PROC_MAPS, .each = keep_ids, .ctx = in };

	if (proc_scan_one(in->target.pid, &s, e) < 0)
		return -1;
	/* looked up by its number, which is its own as long as it has not ended */
	if (!s.seen || faccessat(in->target.proc, "stat", F_OK, 0) < 0)
		return fail_errno(e, ESRCH, "read the ids of process %d", (int)in->target.pid);
	return 0;
}

static int follow_confinement(struct entering *in, struct err *e)
{
	char text[8192];
	const char *bound, *privs;
	unsigned long long caps;

	if (file_try_read(in->target.proc, "status", text, sizeof(text)) < 0)
		return fail(e, ERR_DENIED, "read the capabilities of process %d",
			    (int)in->target.pid);
	/* its name, the first line, can hold no line break: the kernel escapes it */
	bound = strstr(text, "\nCapBnd:");
	privs = strstr(text, "\nNoNewPrivs:");
	if (!bound || sscanf(bound, "\nCapBnd: %llx", &caps) != 1)
		return fail(e, ERR_SYSTEM,
			    "read the capabilities of process %d: the kernel does not "
			    "tell",
			    (int)in->target.pid);
	in->bound = caps;
	in->no_new_privs = privs && strstr(privs, "\t1") == privs + strlen("\nNoNewPrivs:");
	return 0;
}

/* Its effective user, in the user namespace that is entered; nobody's number if it has none there. */
static uint32_t their_uid(const struct entering *in)
{
	char text[8192];
	const char *line;
	uint32_t uid;

	if (file_try_read(in->target.proc, "status", text, sizeof(text)) < 0)
		return UINT32_MAX;
	line = strstr(text, "\nUid:");
	if (!line || sscanf(line, "\nUid: %*u %u", &uid) != 1)
		return UINT32_MAX;
	if (!(in->enters & CLONE_NEWUSER))
		return uid;
	if (file_try_read(in->target.proc, "uid_map", text, sizeof(text)) < 0 ||
	    ns_enter_map_id(text, uid, &uid) < 0)
		return UINT32_MAX;
	return uid;
}

/* A process chooses its environment, and by that which programs run: it may be another user's who only
 * calls it a container, or one who wants to be root in his. So nobody gets it but that user, or any from
 * root. */
static int distrust_env(struct entering *in, struct err *e)
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		    home[] = "HOME=/";
	uint32_t theirs = their_uid(in);
	char **env;

	if (theirs == 0 || theirs == (in->uid.set ? in->uid.v : geteuid()))
		return 0;
	env = calloc(3, sizeof(*env));
	if (!env)
		return fail_errno(e, ENOMEM, "make the environment");
	env[0] = path;
	env[1] = home;
	free(in->env);
	in->env = env;
	return 0;
}

/* The environment with what the caller adds; of two with the same name the first counts. */
static int add_env(struct entering *in, char *const *set, struct err *e)
{
	char *const *old = in->env ? in->env : environ;
	size_t n = 0, m = 0;
	char **env;

	while (set[n])
		n++;
	while (old[m])
		m++;
	env = calloc(n + m + 1, sizeof(*env));
	if (!env)
		return fail_errno(e, ENOMEM, "make the environment");
	memcpy(env, set, n * sizeof(*env));
	memcpy(env + n, old, m * sizeof(*env));
	free(in->env);
	in->env = env;
	return 0;
}

static int open_place(const struct entering *in, const char *name, int *ret_fd, struct err *e)
{
	*ret_fd = openat(in->target.proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*ret_fd < 0)
		return fail_sys(e, "open the %s of process %d", name, (int)in->target.pid);
	return 0;
}

/* ns_enter_follow() - read and open what is wanted of the process; join its cgroups */
int ns_enter_follow(const struct ns_enter *n, struct entering *in, struct err *e)
{
	if (n->root && !n->root_path && open_place(in, "root", &in->root, e) < 0)
		return -1;
	if (n->wd && !n->wd_path && open_place(in, "cwd", &in->wd, e) < 0)
		return -1;
	if ((n->env && follow_env(in, e) < 0) || (n->context && follow_context(in, e) < 0) ||
	    (n->user && follow_user(in, e) < 0))
		return -1;
	if ((n->confined && follow_confinement(in, e) < 0) ||
	    (n->confined && n->env && distrust_env(in, e) < 0) ||
	    (n->set_env && add_env(in, n->set_env, e) < 0))
		return -1;
	if (n->cgroup && follow_cgroup(in, e) < 0)
		return -1;
	/* after we know that it is not frozen, and would not stop for us */
	return n->confined && n->seccomp ? ns_enter_follow_seccomp(in, e) : 0;
}
