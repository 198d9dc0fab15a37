/* privileges.c - the steps that turn tare-init into the container's process
 *
 * Order is the point. What needs privilege comes before it is dropped: keyring, scheduling,
 * labels, limits, bounding set, groups, user. A filter without no_new_privs needs
 * CAP_SYS_ADMIN, which the last capset() takes away; so everything is set and read back
 * first, then the filter is loaded, and that capset() is the only change made under it.
 */
#include "init/privileges.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "base/numlist.h"
#include "base/own.h"
#include "os/caps.h"
#include "os/creds.h"
#include "os/ioprio.h"
#include "os/keyring.h"
#include "os/mempolicy.h"
#include "os/rlimit.h"
#include "os/sched.h"
#include "os/seccomp_load.h"
#include "os/sys.h"
#include "spec/oci.h"

#define UMASK_DEFAULT 0022
#define GROUPS_MAX    65536 /* the kernel's NGROUPS_MAX */

/**
 * struct run - one walk through the table
 * @want:      the capability sets as this kernel can have them
 * @gids:      supplementary groups
 * @tolerated: enum privileges_tolerated
 * @in_cwd:    the working directory was entered as root
 * @death_signal: the parent death signal that was set when we began
 */
struct run {
	const struct oci_process *p;
	const struct privileges *x;
	struct caps want;
	uint32_t *gids;
	int tolerated, death_signal;
	bool in_cwd;
};

// clang-format off
const struct word privileges_tolerated_words[] = {
	{ "no session keyring: keyctl(2) is out of reach",           TOLERATED_NO_KEYRING    },
	{ "supplementary groups kept: setgroups(2) is denied",       TOLERATED_GROUPS_KEPT   },
	{ "capabilities that this kernel does not have are ignored", TOLERATED_UNKNOWN_CAP   },
	{ "bounding capabilities that we do not have are missing",   TOLERATED_UNBOUNDED_CAP },
	{ "ambient capabilities that are not permitted and inheritable are ignored",
								     TOLERATED_AMBIENT_CAP   },
	{ "stdio keeps its owner",                                   TOLERATED_STDIO_OWNER   },
	{ "no_new_privs was on already",                             TOLERATED_NNP_ALREADY   },
	{ "capabilities not read back: the seccomp policy denies it", TOLERATED_UNREAD_CAPS  },
	{ "limits stay lower: raising them takes CAP_SYS_RESOURCE",  TOLERATED_LOWER_LIMIT   },
	{ NULL, 0 },
};
// clang-format on

static const char *where(const struct run *r)
{
	return r->x->where ? r->x->where : "config.json: /process";
}

/* The failure in @e is one of those that may be let pass. */
static int tolerate(struct run *r, int what, struct err *e)
{
	*e = (struct err){ 0 };
	r->tolerated |= what;
	return 0;
}

/* Ignored and blocked signals survive exec, and the caller's are none of the container's. */
static int reset_signals(struct run *r, struct err *e)
{
	return sys_reset_signals() < 0 ? fail_sys(e, "reset the signals") : 0;
}

/* In a user namespace the keyring's uid need not be the container's: others must search too. */
static int join_keyring(struct run *r, const char *name, struct err *e)
{
	int32_t id;

	if (keyring_join(name, &id, e) < 0)
		return keyring_out_of_reach() ? tolerate(r, TOLERATED_NO_KEYRING, e) : -1;
	if (r->x->exec)
		return 0;
	return keyring_allow(id, r->x->user_namespace ? KEYRING_SEARCH_OTHER : KEYRING_SEARCH_USER,
			     e);
}

static int new_keyring(struct run *r, struct err *e)
{
	const char *label = r->p->selinux_label;
	char name[256];

	if (r->x->keep_keyring)
		return 0;
	if (r->x->keycreate_fd >= 0 && label && write(r->x->keycreate_fd, label, strlen(label)) < 0)
		return fail_sys(e, "label new keys '%s'", label);
	/* The name is for joining again by `exec`; runc's spelling, so that either can. */
	snprintf(name, sizeof(name), "_ses.%s", r->x->container_id ? r->x->container_id : "");
	return join_keyring(r, name, e);
}

static int set_scheduler(struct run *r, struct err *e)
{
	const struct oci_scheduler *s = r->p->scheduler;

	if (!s)
		return 0;
	if (sched_set_policy(0,
			     (struct sched_want){ .policy = (uint32_t)s->policy.v,
						  .flags = s->flags,
						  .nice = (int32_t)s->nice,
						  .priority = (uint32_t)s->priority,
						  .runtime = s->runtime.v,
						  .deadline = s->deadline.v,
						  .period = s->period },
			     e) < 0)
		return fail_at(e, "%s/scheduler", where(r));
	return 0;
}

static int set_io_priority(struct run *r, struct err *e)
{
	const struct oci_io_priority *i = r->p->io_priority;

	if (i && ioprio_set_for(0, i->class.v, i->priority, e) < 0)
		return fail_at(e, "%s/ioPriority", where(r));
	return 0;
}

/* The initial list was the runtime's to set, before the process entered its cgroup. */
static int set_affinity(struct run *r, struct err *e)
{
	const struct oci_cpu_affinity *a = r->p->exec_cpu_affinity;
	struct numlist cpus;

	if (!r->x->exec || !a || !a->final || !*a->final)
		return 0;
	if (numlist_parse(a->final, &cpus, e) < 0 || sched_set_cpus(0, &cpus, a->final, e) < 0)
		return fail_at(e, "%s/execCPUAffinity/final", where(r));
	return 0;
}

static int set_memory_policy(struct run *r, struct err *e)
{
	const struct oci_memory_policy *m = r->x->memory_policy;
	bool some = m && m->nodes && *m->nodes;
	struct numlist nodes;

	if (!m)
		return 0;
	if (some && numlist_parse(m->nodes, &nodes, e) < 0) {
		fail_in(e, "invalid memory policy nodes");
		return fail_at(e, "config.json: /linux/memoryPolicy/nodes");
	}
	if (mempolicy_set(m->mode.v, m->flags, some ? &nodes : NULL, e) < 0)
		return fail_at(e, "config.json: /linux/memoryPolicy");
	return 0;
}

static int set_personality(struct run *r, struct err *e)
{
	const struct oci_personality *x = r->x->personality;

	if (x && personality((unsigned long)x->domain.v) < 0)
		return fail_sys(e, "set the personality");
	return 0;
}

static int put_label(int fd, const char *prefix, const char *label, struct err *e)
{
	char text[4096];
	int n = snprintf(text, sizeof(text), "%s%s", prefix, label), why;

	if (n < 0 || (size_t)n >= sizeof(text))
		return fail(e, ERR_INPUT, "label '%.64s…' is too long", label);
	if (write(fd, text, (size_t)n) == n)
		return 0;
	why = errno;
	fail_errno(e, why, "set label '%s'", label);
	return why == ENOENT ? fail_hint(e, "no such profile is loaded") : -1;
}

/* A label that was asked for and has nowhere to go is an error, never skipped. */
static int set_apparmor(struct run *r, struct err *e)
{
	const char *profile = r->p->apparmor_profile;

	if (!profile || !*profile)
		return 0;
	if (r->x->apparmor_fd < 0 && strcmp(profile, "unconfined") == 0)
		return 0;
	if (r->x->apparmor_fd < 0)
		fail(e, ERR_UNSUPPORTED, "set label '%s': no AppArmor here", profile);
	else if (put_label(r->x->apparmor_fd, "exec ", profile, e) == 0)
		return 0;
	return fail_at(e, "%s/apparmorProfile", where(r));
}

static int set_selinux(struct run *r, struct err *e)
{
	const char *label = r->p->selinux_label;

	if (!label || !*label)
		return 0;
	if (r->x->selinux_fd < 0)
		fail(e, ERR_UNSUPPORTED, "set label '%s': no SELinux here", label);
	else if (put_label(r->x->selinux_fd, "", label, e) == 0)
		return 0;
	return fail_at(e, "%s/selinuxLabel", where(r));
}

static int set_umask(struct run *r, struct err *e)
{
	const struct opt_u64 *u = &r->p->user->umask;

	if (u->set && u->v > 0777) {
		fail(e, ERR_INPUT, "umask 0%llo is above 0777", (unsigned long long)u->v);
		return fail_at(e, "%s/user/umask", where(r));
	}
	umask(u->set ? (mode_t)u->v : UMASK_DEFAULT);
	return 0;
}

static int set_no_new_privs(struct run *r, struct err *e)
{
	if (r->p->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail_sys(e, "set no_new_privs");
	return 0;
}

static int fail_cwd(struct run *r, struct err *e)
{
	fail_sys(e, "chdir to '%s'", r->p->cwd);
	return fail_at(e, "%s/cwd", where(r));
}

/*
 * Root may enter directories that the user may not (a home below a closed parent), and on a
 * file system that maps root away the user may enter what root may not: each tries once.
 */
static int chdir_as_root(struct run *r, struct err *e)
{
	r->in_cwd = chdir(r->p->cwd) == 0;
	if (!r->in_cwd && errno != EACCES && errno != EPERM)
		return fail_cwd(r, e);
	return 0;
}

static int chdir_as_user(struct run *r, struct err *e)
{
	if (!r->in_cwd && chdir(r->p->cwd) < 0)
		return fail_cwd(r, e);
	return 0;
}

/* CVE-2024-21626: a cwd reached through a leaked descriptor lies outside of our root. */
static int check_cwd(struct run *r, struct err *e)
{
	char path[PATH_MAX];

	/* Raw, because libc turns "(unreachable)" into a plain ENOENT. */
	if (syscall(SYS_getcwd, path, sizeof(path)) < 0)
		fail_sys(e, "ask where '%s' is", r->p->cwd);
	else if (path[0] != '/')
		fail(e, ERR_DENIED, "'%s' is outside of the container's root", r->p->cwd);
	else
		return 0;
	return fail_at(e, "%s/cwd", where(r));
}

static int set_rlimits(struct run *r, struct err *e)
{
	for (size_t i = 0; !r->x->rlimits_done && i < r->p->rlimits.n; i++) {
		const struct oci_rlimit *l = &r->p->rlimits.at[i];
		bool less = false;

		if (rlimit_set_most(0, (int)l->type.v, word_name(oci_rlimit_words, l->type.v),
				    l->soft, l->hard, &less, e) < 0)
			return fail_at(e, "%s/rlimits/%zu", where(r), i);
		if (less)
			r->tolerated |= TOLERATED_LOWER_LIMIT;
	}
	return 0;
}

/*
 * So that a program can open /dev/stdout again. Pipes, files, and the container's own
 * terminal; another device (the caller's terminal, /dev/null) is not the container's.
 */
static int give_stdio(struct run *r, struct err *e)
{
	for (int fd = 0; fd <= 2; fd++) {
		struct stat st;

		if (fstat(fd, &st) < 0) {
			if (errno == EBADF)
				continue;
			return fail_sys(e, "look at descriptor %d", fd);
		}
		if (st.st_uid == r->p->user->uid || (S_ISCHR(st.st_mode) && !r->p->terminal))
			continue;
		/* a terminal's group is devpts's business */
		if (fchown(fd, r->p->user->uid,
			   S_ISCHR(st.st_mode) ? (gid_t)-1 : r->p->user->gid) == 0)
			continue;
		if (errno != EPERM && errno != EROFS && errno != EINVAL)
			return fail_sys(e, "give descriptor %d to uid %u", fd, r->p->user->uid);
		r->tolerated |= TOLERATED_STDIO_OWNER;
	}
	return 0;
}

static uint64_t within(struct run *r, uint64_t set, uint64_t limit, int tolerated)
{
	if (set & ~limit)
		r->tolerated |= tolerated;
	return set & limit;
}

/* Turns what is configured into what can be, and says where that is less. */
static void settle_caps(struct run *r, const struct caps *have)
{
	const struct oci_capabilities *c = r->p->capabilities;
	uint64_t known = CAPS_KNOWN(have->last);
	struct caps *w = &r->want;

	w->last = have->last;
	w->effective = within(r, c->effective, known, TOLERATED_UNKNOWN_CAP);
	w->permitted = within(r, c->permitted, known, TOLERATED_UNKNOWN_CAP);
	w->inheritable = within(r, c->inheritable, known, TOLERATED_UNKNOWN_CAP);
	w->bounding = within(r, c->bounding, known, TOLERATED_UNKNOWN_CAP);
	w->bounding = within(r, w->bounding, have->bounding, TOLERATED_UNBOUNDED_CAP);
	w->ambient = within(r, c->ambient, known, TOLERATED_UNKNOWN_CAP);
	w->ambient = within(r, w->ambient, w->permitted & w->inheritable, TOLERATED_AMBIENT_CAP);
}

static int refuse_cap(struct run *r, uint64_t set, const char *member, const char *why,
		      struct err *e)
{
	const char *name = word_name(oci_capability_words, (int64_t)(set & -set));

	fail(e, ERR_DENIED, "%s %s", name ? name : "a capability", why);
	return fail_at(e, "%s/capabilities/%s", where(r), member);
}

static int bound_caps(struct run *r, struct err *e)
{
	struct caps have;
	const struct caps *w = &r->want;

	if (caps_read(&have, e) < 0)
		return -1;
	if (r->x->last_cap && r->x->last_cap != have.last)
		return fail(e, ERR_BUG, "this kernel's last capability is %u, read %u here",
			    r->x->last_cap, have.last);
	settle_caps(r, &have);
	if (w->permitted & ~have.permitted)
		return refuse_cap(r, w->permitted & ~have.permitted, "permitted",
				  "cannot be given: we do not have it", e);
	if (w->effective & ~w->permitted)
		return refuse_cap(r, w->effective & ~w->permitted, "effective",
				  "is effective but not permitted", e);
	if (caps_bound(&have, w->bounding, e) < 0)
		return fail_hint(e, "dropping it takes CAP_SETPCAP");
	return 0;
}

static int set_groups(struct run *r, struct err *e)
{
	const struct numbers *want = &r->p->user->additional_gids;
	struct err second = { 0 };
	bool same;

	if (r->x->keep_groups)
		return 0;
	if (want->n > GROUPS_MAX)
		return fail(e, ERR_INPUT, "%zu supplementary groups are too many", want->n);
	r->gids = calloc(want->n + 1, sizeof(*r->gids));
	if (!r->gids)
		return fail_sys(e, "set the supplementary groups");
	for (size_t i = 0; i < want->n; i++)
		r->gids[i] = (uint32_t)want->at[i];
	if (creds_set_groups(r->gids, want->n, e) == 0)
		return 0;

	if (e->sysno == EPERM && !want->n && r->x->setgroups_denied)
		return tolerate(r, TOLERATED_GROUPS_KEPT, e);
	/* Nothing was to change: nested containers without CAP_SETGID get by with that. */
	if (e->sysno == EPERM && creds_has_groups(r->gids, want->n, &same, &second) == 0 && same)
		return tolerate(r, 0, e);
	return fail_at(e, "%s/user/additionalGids", where(r));
}

static int set_gid(struct run *r, struct err *e)
{
	if (prctl(PR_GET_PDEATHSIG, &r->death_signal, 0, 0, 0) < 0)
		return fail_sys(e, "read the parent death signal");
	if (creds_set_gid(r->p->user->gid, e) < 0)
		return fail_at(e, "%s/user/gid", where(r));
	return 0;
}

/* The permitted set is kept for the steps to come; caps_final() reduces it. */
static int set_uid(struct run *r, struct err *e)
{
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return fail_sys(e, "keep the capabilities");
	if (creds_set_uid(r->p->user->uid, e) < 0)
		return fail_at(e, "%s/user/uid", where(r));
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return fail_sys(e, "stop keeping the capabilities");
	return 0;
}

/*
 * What a change of ids undoes: it makes the process dumpable again where fs.suid_dumpable is
 * set, and forgets the parent death signal.
 */
static int stay_hidden(struct run *r, struct err *e)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return fail_sys(e, "become undumpable");
	if (prctl(PR_SET_PDEATHSIG, r->death_signal, 0, 0, 0) < 0)
		return fail_sys(e, "set the parent death signal");
	return 0;
}

/* What decides the capabilities after exec: inheritable, ambient, and the bounding set. */
static int inherit_caps(struct run *r, struct err *e)
{
	struct caps now;
	int n = caps_try_get(&now);

	if (n < 0)
		return fail_errno(e, -n, "read the capability sets");
	if (caps_set(now.permitted, now.permitted, r->want.inheritable, e) < 0)
		return fail_at(e, "%s/capabilities/inheritable", where(r));
	if (caps_set_ambient(r->want.ambient, e) < 0)
		return fail_at(e, "%s/capabilities/ambient", where(r));
	return 0;
}

static int check_no_new_privs(struct run *r, struct err *e)
{
	int on = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);

	if (on < 0)
		return fail_sys(e, "read no_new_privs");
	if (on && !r->p->no_new_privileges)
		r->tolerated |= TOLERATED_NNP_ALREADY;
	if (!on && r->p->no_new_privileges)
		return fail(e, ERR_BUG, "no_new_privs is not on");
	return 0;
}

static int check_groups(struct run *r, struct err *e)
{
	bool same;

	if ((r->tolerated & TOLERATED_GROUPS_KEPT) || r->x->keep_groups)
		return 0;
	if (creds_has_groups(r->gids, r->p->user->additional_gids.n, &same, e) < 0)
		return -1;
	return same ? 0 : fail(e, ERR_BUG, "the supplementary groups are not as configured");
}

/* Reads back what was set; whatever a step believes, only this lets the container start. */
static int verify(struct run *r, struct err *e)
{
	const struct oci_user *u = r->p->user;
	struct caps now;

	if (!creds_are(u->uid, u->gid))
		return fail(e, ERR_BUG, "the process is not uid %u and gid %u", u->uid, u->gid);
	if (check_groups(r, e) < 0 || check_no_new_privs(r, e) < 0 || caps_read(&now, e) < 0)
		return -1;
	if (now.last != r->want.last || now.bounding != r->want.bounding)
		return fail(e, ERR_BUG, "the bounding set is not as configured");
	if (now.inheritable != r->want.inheritable)
		return fail(e, ERR_BUG, "the inheritable set is not as configured");
	if (now.ambient != r->want.ambient)
		return fail(e, ERR_BUG, "the ambient set is not as configured");
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return fail(e, ERR_BUG, "the process is dumpable");
	return 0;
}

static int load_filter(const struct privileges *x, struct err *e)
{
	int fd = -1, r;

	if (!x->notify)
		return seccomp_install(x->filter, x->filter_size, x->filter_flags, NULL, e);
	if (seccomp_install(x->filter, x->filter_size, x->filter_flags, &fd, e) < 0)
		return -1;
	r = x->notify(x->notify_ctx, fd, e);
	close(fd);
	return r;
}

static int load_early_filter(struct run *r, struct err *e)
{
	if (!r->x->filter || r->p->no_new_privileges)
		return 0;
	return load_filter(r->x, e);
}

/*
 * Reading back may be denied by a policy that is in force by now. That is let pass: exec
 * computes these two sets anew, from what verify() has read and from the file.
 */
static int caps_final(struct run *r, struct err *e)
{
	const struct caps *w = &r->want;
	struct caps now;
	int n;

	if (caps_set(w->effective, w->permitted, w->inheritable, e) < 0)
		return fail_at(e, "%s/capabilities", where(r));
	n = caps_try_get(&now);
	if (n < 0 && r->x->filter && !r->p->no_new_privileges) {
		r->tolerated |= TOLERATED_UNREAD_CAPS;
		return 0;
	}
	if (n < 0)
		return fail_errno(e, -n, "read the capability sets");
	if (now.effective != w->effective || now.permitted != w->permitted ||
	    now.inheritable != w->inheritable)
		return fail(e, ERR_BUG, "the capability sets are not as configured");
	return 0;
}

// clang-format off
static const struct step {
	const char *what;
	int (*run)(struct run *r, struct err *e);
} steps[] = {
	{ "reset the signals",                    reset_signals     },
	{ "get a session keyring",                new_keyring       },
	{ "set the scheduler",                    set_scheduler     },
	{ "set the I/O priority",                 set_io_priority   },
	{ "set the CPU affinity",                 set_affinity      },
	{ "set the memory policy",                set_memory_policy },
	{ "set the personality",                  set_personality   },
	{ "set the AppArmor profile",             set_apparmor      },
	{ "set the SELinux label",                set_selinux       },
	{ "set the umask",                        set_umask         },
	{ "forbid new privileges",                set_no_new_privs  },
	{ "enter the working directory",          chdir_as_root     },
	{ "give stdio to the user",               give_stdio        },
	{ "set the resource limits",              set_rlimits       },
	{ "reduce the capability bounding set",   bound_caps        },
	{ "set the supplementary groups",         set_groups        },
	{ "set the group",                        set_gid           },
	{ "set the user",                         set_uid           },
	{ "hide from the container's processes",  stay_hidden       },
	{ "enter the working directory",          chdir_as_user     },
	{ "check the working directory",          check_cwd         },
	{ "set what capabilities exec inherits",  inherit_caps      },
	{ "verify the process",                   verify            },
	{ "load the seccomp filter",              load_early_filter },
	{ "reduce the capabilities",              caps_final        },
};
// clang-format on

/**
 * privileges_apply() - take on everything that the config says of the process, but its program
 * @p: the process, settled (oci_process_settle())
 * @x: what else is needed
 *
 * Afterwards the process cannot get back what it had. On failure it is in between, and must
 * exit.
 *
 * Return: enum privileges_tolerated bits, 0 when there was nothing to tolerate; or -1.
 */
int privileges_apply(const struct oci_process *p, const struct privileges *x, struct err *e)
{
	struct run r = { .p = p, .x = x };
	size_t i = 0;

	while (i < COUNT(steps) && steps[i].run(&r, e) == 0)
		i++;
	free(r.gids);
	if (i < COUNT(steps))
		return fail_in(e, "cannot %s", steps[i].what);
	return r.tolerated;
}

/**
 * privileges_seal() - load the filter that privileges_apply() left for last
 *
 * After it only what exec needs should be called: execve(2), and close(2) when @x->notify is
 * set. Does nothing when the filter is loaded already, or there is none.
 *
 * Return: 0, or -1.
 */
int privileges_seal(const struct oci_process *p, const struct privileges *x, struct err *e)
{
	if (!x->filter || !p->no_new_privileges)
		return 0;
	if (load_filter(x, e) < 0)
		return fail_in(e, "cannot load the seccomp filter");
	return 0;
}
