/* containers.h - every container of the host, whoever made it
 *
 * Found from /proc, the names of cgroups and the engines' state folders, without talking to any
 * daemon. What is looked at lies below a root, so that tests can make up a host.
 *
 * Two kinds of knowledge. The name of a cgroup says what most containers are; it is read once
 * for each process, and nothing else is needed to list them. Names, images and times stand in the
 * engines' files, which are read only for those who ask (enum containers_want).
 *
 * Nothing of all this is to be believed: who may make cgroups may call them as he likes, and names
 * may hold any byte. So what is found says which user's it is (@uid), a name that fits two
 * containers is an error, and whoever prints a string filters it.
 */
#ifndef DISCOVERY_CONTAINERS_H
#define DISCOVERY_CONTAINERS_H

#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/bind.h"
#include "os/cgroup.h"

struct err;

enum engine_kind {
	ENGINE_DOCKER,
	ENGINE_CONTAINERD,
	ENGINE_PODMAN,
	ENGINE_CRIO,
	ENGINE_KUBERNETES, /* a pod's, but none of the engines above knows it */
	ENGINE_LXC,
	ENGINE_INCUS,
	ENGINE_LXD,
	ENGINE_NSPAWN,
	ENGINE_MACHINED, /* registered by another program, such as libvirt */
	ENGINE_FLATPAK,
	ENGINE_BUBBLEWRAP,
	ENGINE_FIREJAIL,
	ENGINE_TARE,
	ENGINE_RUNC,
	ENGINE_CRUN,
	ENGINE_SYSTEMD, /* a service with namespaces of its own */
	ENGINE_UNKNOWN, /* processes with a pid and a mount namespace of their own */
};
extern const struct word engine_words[];

enum container_run { CONTAINER_CREATED, CONTAINER_RUNNING, CONTAINER_PAUSED, CONTAINER_EXITED };
extern const struct word container_run_words[];

/**
 * struct container_place - its directory in one hierarchy, in the words of /proc/PID/cgroup
 * @shared: others are in it, too, so what is done to it is done to them
 */
struct container_place {
	char *hierarchy, *path;
	bool shared;
};

/**
 * struct container_found - one container; it has processes, but for those of CONTAINERS_STOPPED
 * @engine:     of engine_words
 * @id:         the engine's name for it; for those that have none the pid namespace's, "pidns-N"
 * @name:       what people call it; NULL when it is not known or was not asked for
 * @pod, @pod_namespace, @pod_uid: Kubernetes' words; the first two only with CONTAINERS_NAMES
 * @created:    as the engine wrote it, RFC 3339 in most
 * @status:     of container_run_words; only with CONTAINERS_STATUS
 * @pid:        its first process, in our pid namespace; 0: it has none
 * @pid_start:  clock ticks since boot; with the pid it names the process for good
 * @processes:  how many there were when we looked
 * @uid:        of the user to whom it belongs, when that is not root; with CONTAINERS_NAMES for sure
 * @cgroups:    those of its first process, without roots of hierarchies; only with CONTAINERS_STATUS
 * @bundle, @rootfs: as the engine wrote them; never to be opened without suspicion
 */
struct container_found {
	struct opt_word engine, status;
	char *id, *name, *image, *created, *pod, *pod_namespace, *pod_uid, *bundle, *rootfs;
	int64_t pid;
	uint64_t pid_start;
	uint32_t processes;
	struct opt_i64 uid;
	LIST(struct container_place) cgroups;
};
extern const struct bind_table container_found_table;

/* What containers_find() is to look for, beyond what the names of cgroups say. */
enum containers_want {
	/* which process is the first, and when it began; and whose a sandbox is that only its
	 * namespaces give away. Without it @pid is any, @pid_start 0, @engine ENGINE_UNKNOWN */
	CONTAINERS_FIRST = 1 << 0,
	CONTAINERS_NAMES = 1 << 1,  /* names, images, times, bundles: reads state files */
	CONTAINERS_STATUS = 1 << 2, /* its cgroups, and from a file of them whether it is paused */
	CONTAINERS_SERVICES = 1 << 3, /* systemd's services with namespaces of their own, too */
	CONTAINERS_UNKNOWN = 1 << 4,  /* and those whom only their namespaces give away */
	CONTAINERS_STOPPED =
		1 << 5, /* what the engines keep of those that have no process any more */
};
#define CONTAINERS_ALL 0x1fu /* that have a process */

/* struct container_member - a process, and the index of the container that it belongs to */
struct container_member {
	pid_t pid;
	uint32_t container;
};

/**
 * struct containers - what was found, in no particular order
 * @members: every process that belongs to one of them, by ascending pid
 */
struct containers {
	struct container_found *at;
	size_t n;
	struct container_member *members;
	size_t n_members;
	struct arena mem;
};

int containers_find(const char *root, unsigned want, struct containers *ret, struct err *e);
void containers_done(struct containers *c);
const struct container_found *containers_lookup(const struct containers *all, const char *what,
						struct err *e);
int container_cgroup_open(const struct container_found *c, const struct cgroup_world *w,
			  struct cgroup *ret_cgroup, struct err *e);
#define own_containers __attribute__((cleanup(containers_done)))

#endif
