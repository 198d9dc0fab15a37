/* containers.c - the search from its beginning to its end, and the words for what it finds */
#include "discovery/containers.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/own.h"
#include "discovery/finder_priv.h"

// clang-format off
const struct word engine_words[] = {
	{ "docker",     ENGINE_DOCKER     },
	{ "containerd", ENGINE_CONTAINERD },
	{ "podman",     ENGINE_PODMAN     },
	{ "cri-o",      ENGINE_CRIO       },
	{ "kubernetes", ENGINE_KUBERNETES },
	{ "lxc",        ENGINE_LXC        },
	{ "incus",      ENGINE_INCUS      },
	{ "lxd",        ENGINE_LXD        },
	{ "nspawn",     ENGINE_NSPAWN     },
	{ "machined",   ENGINE_MACHINED   },
	{ "flatpak",    ENGINE_FLATPAK    },
	{ "bubblewrap", ENGINE_BUBBLEWRAP },
	{ "firejail",   ENGINE_FIREJAIL   },
	{ "tare",       ENGINE_TARE       },
	{ "runc",       ENGINE_RUNC       },
	{ "crun",       ENGINE_CRUN       },
	{ "systemd",    ENGINE_SYSTEMD    },
	{ "unknown",    ENGINE_UNKNOWN    },
	{ NULL, 0 },
};

const struct word container_run_words[] = {
	{ "created", CONTAINER_CREATED },
	{ "running", CONTAINER_RUNNING },
	{ "paused",  CONTAINER_PAUSED  },
	{ "exited",  CONTAINER_EXITED  },
	{ NULL, 0 },
};

static const struct bind_row cgroup_rows[] = {
	ROW_STRING("hierarchy", OPTIONAL, struct container_place, hierarchy),
	ROW_STRING("path",      OPTIONAL, struct container_place, path),
	ROW_BOOL("shared",      OPTIONAL, struct container_place, shared),
};
static const struct bind_table cgroup_table = BIND_TABLE(cgroup_rows, struct container_place, false);

static const struct bind_row found_rows[] = {
	ROW_WORD("engine",         OPTIONAL, struct container_found, engine, engine_words),
	ROW_STRING("id",           OPTIONAL, struct container_found, id),
	ROW_STRING("name",         OPTIONAL, struct container_found, name),
	ROW_STRING("image",        OPTIONAL, struct container_found, image),
	ROW_STRING("pod",          OPTIONAL, struct container_found, pod),
	ROW_STRING("podNamespace", OPTIONAL, struct container_found, pod_namespace),
	ROW_STRING("podUid",       OPTIONAL, struct container_found, pod_uid),
	ROW_STRING("created",      OPTIONAL, struct container_found, created),
	ROW_WORD("status",         OPTIONAL, struct container_found, status, container_run_words),
	ROW_I64("pid",             OPTIONAL, struct container_found, pid),
	ROW_U64("pidStart",        OPTIONAL, struct container_found, pid_start),
	ROW_U32("processes",       OPTIONAL, struct container_found, processes),
	ROW_OPT_I64("uid",         OPTIONAL, struct container_found, uid),
	ROW_OBJECTS("cgroups",     OPTIONAL, struct container_found, cgroups, cgroup_table),
	ROW_STRING("bundle",       OPTIONAL, struct container_found, bundle),
	ROW_STRING("rootfs",       OPTIONAL, struct container_found, rootfs),
};
const struct bind_table container_found_table = BIND_TABLE(found_rows, struct container_found, false);
// clang-format on

static void finder_done(struct finder *f)
{
	podman_done(f);
	engine_procs_done(&f->procs);
	for (size_t i = 0; i < f->n_entries; i++)
		free(f->entries[i].ahead);
	free(f->texts);
	free(f->entries);
	free(f->marks);
	free(f->read);
	string_map_done(&f->by_id);
	string_map_done(&f->by_dir);
	string_map_done(&f->by_line);
	arena_done(&f->scratch);
	arena_done(&f->document);
	fd_close(&f->root);
	fd_close(&f->proc);
}
#define own_finder __attribute__((cleanup(finder_done)))

/* The host's namespaces are its first process'; who may not look there has his own to compare with. */
static uint64_t host_namespace(const struct finder *f, const char *type)
{
	uint64_t first = engine_procs_namespace(&f->procs, 1, type);

	return first ? first : engine_procs_namespace(&f->procs, getpid(), type);
}

static int begin(struct finder *f, const char *root, struct err *e)
{
	struct stat st;

	f->root = fd_open(root ? root : "/", O_PATH | O_DIRECTORY);
	if (f->root < 0 || fstat(f->root, &st) < 0)
		return fail_sys(e, "open '%s'", root ? root : "/");
	f->admin = st.st_uid;
	f->proc = openat(f->root, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->proc < 0)
		return fail_sys(e, "open '/proc'");
	f->procs.fd = f->proc;
	f->v2_alone = faccessat(f->root, "sys/fs/cgroup/cgroup.controllers", F_OK, 0) == 0;
	f->procs.host_pidns = host_namespace(f, "ns/pid");
	f->procs.host_mntns = host_namespace(f, "ns/mnt");
	f->host_userns = host_namespace(f, "ns/user");
	return 0;
}

static bool is_wanted(const struct container_found *c, unsigned want)
{
	if (c->pid == 0)
		return false;
	if (c->engine.v == ENGINE_SYSTEMD)
		return want & CONTAINERS_SERVICES;
	return c->engine.v != ENGINE_UNKNOWN || (want & CONTAINERS_UNKNOWN);
}

/* Drops what is not wanted or has ended, and renumbers. */
static int keep_wanted(struct finder *f)
{
	struct containers *all = f->found;
	own_mem uint32_t *number = calloc(all->n + 1, sizeof(*number));
	size_t kept = 0;

	all->members = calloc(f->procs.n + 1, sizeof(all->members[0]));
	if (!number || !all->members)
		return -ENOMEM;
	for (size_t i = 0; i < all->n; i++) {
		number[i] = ENGINE_PROCS_NOBODY;
		if (!is_wanted(&all->at[i], f->want))
			continue;
		number[i] = (uint32_t)kept;
		f->marks[kept] = f->marks[i];
		all->at[kept++] = all->at[i];
	}
	all->n = kept;
	for (size_t i = 0; i < f->procs.n; i++) {
		const struct engine_proc *p = &f->procs.at[i];

		if (p->owner != ENGINE_PROCS_NOBODY && number[p->owner] != ENGINE_PROCS_NOBODY)
			all->members[all->n_members++] =
				(struct container_member){ p->pid, number[p->owner] };
	}
	return 0;
}

/**
 * containers_find() - every container that has a process
 * @root: a directory that is taken for the host's root; NULL: "/"
 * @want: of enum containers_want; names, states and who is unknown ask for the first process, too
 * @ret:  release it with containers_done(), also after a failure
 *
 * Without privileges others' containers are found by their cgroups all the same, but less is known
 * of them. What ends meanwhile is left out.
 */
int containers_find(const char *root, unsigned want, struct containers *ret, struct err *e)
{
	own_finder struct finder f = { .root = FD_NONE,
				       .proc = FD_NONE,
				       .procs = { .fd = FD_NONE },
				       .want = want,
				       .found = ret };
	int (*const steps[])(struct finder *) = {
		finder_namespaces, finder_first_processes, finder_leftovers,
		keep_wanted,       finder_details,         finder_stopped,
	};

	if (want & (CONTAINERS_NAMES | CONTAINERS_STATUS) || !(want & CONTAINERS_UNKNOWN))
		f.want |= CONTAINERS_FIRST;
	*ret = (struct containers){ 0 };
	f.scratch.limit = (size_t)1 << 30;
	if (begin(&f, root, e) < 0)
		return -1;
	if (finder_sources(&f) < 0)
		return fail_errno(e, ENOMEM, "look for containers");
	if (finder_processes(&f, e) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(steps); i++)
		if (steps[i](&f) < 0)
			return fail_errno(e, ENOMEM, "look for containers");
	return 0;
}

void containers_done(struct containers *c)
{
	free(c->at);
	free(c->members);
	arena_done(&c->mem);
	*c = (struct containers){ 0 };
}

/**
 * container_cgroup_open() - a container's cgroups as os/cgroup.h handles them
 * @w:          outlives the result
 * @ret_cgroup: release it with cgroup_done(); nothing in it is ours to remove
 *
 * Those that it shares with others are left out. Errors: ERR_UNSUPPORTED when it has no other.
 */
int container_cgroup_open(const struct container_found *c, const struct cgroup_world *w,
			  struct cgroup *ret_cgroup, struct err *e)
{
	own_arena struct arena a = { 0 };
	cgroup_note_list notes = { 0 };

	notes.at = arena_array(&a, c->cgroups.n, sizeof(notes.at[0]));
	if (!notes.at)
		return fail_errno(e, ENOMEM, "find the cgroup of container '%s'", c->id);
	for (size_t i = 0; i < c->cgroups.n; i++)
		if (!c->cgroups.at[i].shared)
			notes.at[notes.n++] = (struct cgroup_note){
				.hierarchy = c->cgroups.at[i].hierarchy,
				.path = c->cgroups.at[i].path,
			};
	if (!notes.n)
		return fail(e, ERR_UNSUPPORTED,
			    "find the cgroup of container '%s': it has none of its own", c->id);
	return cgroup_recall(ret_cgroup, w, &notes, e);
}
