/* finder_priv.h - what the parts of the search for containers share
 *
 * The search: the list of what lies in the engines' state folders, by name only (struct
 * state_entry); all processes and the text of their cgroups (procs.h); what the names of cgroups
 * claim, and of what is left over its namespaces; at last what the state folders have and no cgroup
 * showed. Only then, and only if asked for, details.
 */
#ifndef DISCOVERY_FINDER_PRIV_H
#define DISCOVERY_FINDER_PRIV_H

#include "discovery/cgroup_names.h"
#include "discovery/containers.h"
#include "discovery/procs.h"
#include "discovery/state.h"
#include "host/string_map.h"

struct finder;
struct state_entry;

/**
 * struct state_source - where a family of engines keeps what it knows
 * @engine: what a container is that only this source knows
 * @live:   an entry is there only while the container is, so its pid is worth reading
 * @list:   calls finder_entry() for each container that it sees, by the name of a folder or file
 * @read:   reads one container's facts; what cannot be read is left out
 * @file:   of its folder, that @read will want; NULL: it depends
 */
struct state_source {
	enum engine_kind engine;
	bool live;
	int (*list)(struct finder *f, const struct state_source *s);
	void (*read)(struct finder *f, const struct state_entry *entry, struct state_facts *facts);
	const char *file;
};

/**
 * struct state_entry - one container as a state folder shows it
 * @id:     the name of its folder or file
 * @folder: that contains it, below the root
 * @uid:    whose folder it is
 * @next:   index of the next entry with this id, of a source further down, or STRING_MAP_NONE
 * @wanted: its file is to be read ahead; @ahead is its text then, of @n_ahead bytes, or NULL
 */
struct state_entry {
	const struct state_source *source;
	const char *id, *folder;
	uint32_t uid, next;
	bool wanted;
	char *ahead;
	int n_ahead;
};

/* struct finder_text - what a text of /proc/PID/cgroup says */
struct finder_text {
	enum cgroup_says says;
	enum engine_kind engine;
	uint32_t container;
	const char *id, *dir;
	size_t id_len, dir_len;
	int64_t uid;
};

/**
 * struct finder_mark - what the search knows of a container, beyond what it tells
 * @dir:    path of its cgroup in one hierarchy, NULL when only namespaces gave it away
 * @leaf:   the last component of @dir
 * @text:   of its first process
 * @first:  its first process
 * @name:   what its oldest process is called that is called otherwise than @first, or "": a sandbox's
 *          first process is the sandbox's own
 * @sure:   the name of its cgroup said so
 */
struct finder_mark {
	const char *dir, *leaf;
	size_t dir_len, leaf_len;
	uint32_t text;
	struct process_stat first;
	char name[16];
	bool sure;
};

/* struct finder_read - what was read of a user's files, in bytes */
struct finder_read {
	uint32_t uid;
	size_t bytes;
};

/**
 * struct finder - a search
 * @root:     what is taken for the host's root directory
 * @proc:     its /proc
 * @admin:    whose the files of the host's root are: 0, but for a tree that a test makes up
 * @texts:    of the texts in @procs, room for @cap_texts
 * @by_id:    first of the entries that have an id
 * @by_dir:   containers by the path of their cgroup, or "pidns-N"
 * @by_line:  how many processes have a line of /proc/PID/cgroup, once somebody asked
 * @found:    what was found so far, and @marks of the same length
 * @v2_alone: there is no cgroup v1
 * @host_userns: of the first process, as those in @procs; 0 where we may not look
 * @document: of the document that is read just now
 * @storages: podman.c's
 * @read:     how much was read of each user's, @n_read of them
 */
struct finder {
	int root, proc;
	uint32_t admin;
	unsigned want;
	struct engine_procs procs;
	struct finder_text *texts;
	size_t cap_texts;
	struct state_entry *entries;
	size_t n_entries, cap_entries;
	struct string_map by_id, by_dir, by_line;
	struct containers *found;
	struct finder_mark *marks;
	size_t cap;
	bool v2_alone;
	uint64_t host_userns;
	struct arena scratch, document;
	struct storage *storages;
	struct finder_read *read;
	size_t n_read;
};

/* finder.c */
int finder_entry(struct finder *f, const struct state_source *s, const char *folder, const char *id,
		 uint32_t uid);
int finder_list(struct finder *f, const struct state_source *s, const char *folder, uint32_t uid);
int finder_each(struct finder *f, const char *folder, uint32_t uid,
		int (*see)(struct finder *f, const char *name, void *ctx), void *ctx);
int finder_each_user(struct finder *f, int (*see)(struct finder *f, uint32_t uid, void *ctx),
		     void *ctx);
const char *finder_home(struct finder *f, uint32_t uid);
int finder_read_path(struct finder *f, const char *path, size_t max, uint32_t uid, char **ret_text);
void finder_facts(struct finder *f, const char *text, size_t len, const struct state_fact *rows,
		  struct state_facts *facts);
int finder_read(struct finder *f, const struct state_entry *entry, const char *file, size_t max,
		char **ret_text);
void finder_want(struct finder *f, const struct state_entry *entry);
void finder_read_ahead(struct finder *f);
const struct state_entry *finder_first(const struct finder *f, const char *id, size_t len);
const struct state_entry *finder_next(const struct finder *f, const struct state_entry *entry);
int finder_sources(struct finder *f);

/* one file for each family */
extern const struct state_source docker_source, containerd_source, podman_source;
extern const struct state_source lxc_source, incus_source, lxd_source, machine_source;
extern const struct state_source tare_source, runc_source, crun_source;
void crio_describe(struct finder *f, const char *id, struct state_facts *facts);
void podman_done(struct finder *f);
enum engine_kind sandbox_engine(const struct finder *f, const struct process_stat *first);

/* finder_claims.c: what the names of cgroups say; finder_rest.c: what they do not */
uint32_t finder_container(struct finder *f, enum engine_kind engine, const char *id, size_t len);
int finder_processes(struct finder *f, struct err *e);
int finder_namespaces(struct finder *f);
int finder_first_processes(struct finder *f);
int finder_leftovers(struct finder *f);
int64_t finder_owner(const struct finder *f, pid_t pid);
int64_t finder_user(const struct finder *f, pid_t pid);

/* finder_details.c */
int finder_details(struct finder *f);
void finder_names(struct finder *f, struct container_found *c, const struct finder_mark *m);

/* finder_stopped.c */
int finder_stopped(struct finder *f);

#endif
