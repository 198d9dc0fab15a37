/* privileges.h - from the all-powerful init to the container's user, right before exec
 *
 * tare-init calls privileges_apply() once: inside all namespaces, after the root file system
 * is in place, holding every capability that its user namespace gives. It walks one table of
 * steps in order; the first that fails ends it, and the caller must not go on. What had to be
 * let pass (enum privileges_tolerated) is returned, for the container's state to show.
 *
 * When no_new_privs is on, the seccomp filter is not loaded by privileges_apply() but by
 * privileges_seal(), so that as few of our own calls as possible need the policy's consent:
 * call it last, after waiting for `start`. Between the two the process runs as the
 * container's user, with its capabilities, and is not dumpable: files below /proc/self belong
 * to root and cannot be opened any more. A parent death signal stays as it was; withdraw it
 * where the container begins to outlive the runtime.
 */
#ifndef INIT_PRIVILEGES_H
#define INIT_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct err;
struct oci_memory_policy;
struct oci_personality;
struct oci_process;

/**
 * struct privileges - what privileges_apply() needs beyond the process itself
 * @where:           origin of the process in the user's input; NULL is "config.json: /process"
 * @container_id:    names the session keyring
 * @exec:            the process joins a running container (exec), whose keyring is there
 * @keep_keyring:    --no-new-keyring
 * @keep_groups:     crun's annotation run.oci.keep_original_groups: the caller's groups stay
 * @user_namespace:  the container has one of its own
 * @setgroups_denied: "deny" was written to its setgroups file
 * @rlimits_done:    the runtime has set the limits from outside (it alone may raise them when
 *                   the container has a user namespace)
 * @personality:     linux.personality or NULL
 * @memory_policy:   linux.memoryPolicy or NULL
 * @apparmor_fd:     attr/apparmor/exec (or attr/exec) of this process, -1 when not asked for.
 *                   All three must have been opened, for writing, by this very process after
 *                   its exec: the kernel refuses descriptors that another has opened
 * @selinux_fd:      attr/exec, or -1
 * @keycreate_fd:    attr/keycreate, or -1; labels the new keyring
 * @last_cap:        the kernel's last capability as the runtime sees it, 0 when unknown
 * @filter:          compiled seccomp policy, struct sock_filter; NULL when there is none
 * @filter_size:     bytes at @filter
 * @filter_flags:    SECCOMP_FILTER_FLAG_*
 * @notify:          takes the listener's descriptor, which the caller still closes; NULL when
 *                   the policy has no SCMP_ACT_NOTIFY. It runs under the filter: what it calls
 *                   must not be something that the policy denies, or waits for the listener
 * @notify_ctx:      handed to @notify
 */
struct privileges {
	const char *where, *container_id;
	bool exec, keep_keyring, keep_groups, user_namespace, setgroups_denied, rlimits_done;
	const struct oci_personality *personality;
	const struct oci_memory_policy *memory_policy;
	int apparmor_fd, selinux_fd, keycreate_fd;
	unsigned last_cap;
	const void *filter;
	size_t filter_size;
	unsigned filter_flags;
	int (*notify)(void *ctx, int fd, struct err *e);
	void *notify_ctx;
};

/* All that may be let pass. Nothing here makes the container stronger than its config. */
enum privileges_tolerated {
	TOLERATED_NO_KEYRING = 1 << 0,    /* keyctl is closed to us and to the container alike */
	TOLERATED_GROUPS_KEPT = 1 << 1,   /* setgroups is denied and no group was asked for */
	TOLERATED_UNKNOWN_CAP = 1 << 2,   /* a capability that this kernel does not have */
	TOLERATED_UNBOUNDED_CAP = 1 << 3, /* a bounding capability that we do not have to give */
	TOLERATED_AMBIENT_CAP = 1 << 4,   /* ambient, but not both permitted and inheritable */
	TOLERATED_STDIO_OWNER = 1 << 5,   /* stdin, stdout or stderr stays its owner's */
	TOLERATED_NNP_ALREADY = 1 << 6,   /* no_new_privs was inherited, it cannot be undone */
	TOLERATED_LOWER_LIMIT = 1 << 8,   /* see rlimit_set_most() */
	TOLERATED_UNREAD_CAPS = 1 << 7,   /* the policy denies capget(2), see caps_final() */
};

extern const struct word privileges_tolerated_words[];

int privileges_apply(const struct oci_process *p, const struct privileges *x, struct err *e);
int privileges_seal(const struct oci_process *p, const struct privileges *x, struct err *e);

#endif
