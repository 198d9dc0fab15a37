/* check_rules.c - what config.md and config-linux.md say of values that their types do not
 *
 * The kernel would refuse some of these, but late, or in words that do not lead back to the config;
 * others would make another container than the one that was asked for.
 */
#include "runtime/check_rules.h"

#include <inttypes.h>
#include <sched.h>
#include <string.h>

#include "base/err.h"
#include "spec/oci.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

#define UTS_NAME_MAX 64 /* uname(2) */

static int want_absolute(const char *path, const char *where, size_t i, const char *member,
			 struct err *e)
{
	if (path && *path == '/')
		return 0;
	fail(e, ERR_INPUT, "'%s' is not an absolute path", path ? path : "");
	return fail_at(e, "config.json: %s/%zu%s", where, i, member);
}

static int check_hidden(char *const *paths, const char *where, struct err *e)
{
	for (size_t i = 0; paths && paths[i]; i++)
		if (want_absolute(paths[i], where, i, "", e) < 0)
			return -1;
	return 0;
}

static int check_paths(const struct oci_config *c, struct err *e)
{
	const struct oci_linux *l = c->platform;

	if (check_hidden(l->masked_paths, "/linux/maskedPaths", e) < 0 ||
	    check_hidden(l->readonly_paths, "/linux/readonlyPaths", e) < 0)
		return -1;
	for (size_t i = 0; i < l->namespaces.n; i++)
		if (l->namespaces.at[i].path && *l->namespaces.at[i].path &&
		    want_absolute(l->namespaces.at[i].path, "/linux/namespaces", i, "/path", e) < 0)
			return -1;
	for (size_t i = 0; i < c->mounts.n; i++)
		if (!c->mounts.at[i].destination || !*c->mounts.at[i].destination) {
			fail(e, ERR_INPUT, "it is empty");
			return fail_at(e, "config.json: /mounts/%zu/destination", i);
		}
	return 0;
}

static int check_hook_list(const oci_hook_list *list, const char *where, struct err *e)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct oci_hook *h = &list->at[i];

		if (want_absolute(h->path, where, i, "/path", e) < 0)
			return -1;
		if (h->timeout.set && h->timeout.v <= 0) {
			fail(e, ERR_INPUT, "it must be greater than 0");
			return fail_at(e, "config.json: %s/%zu/timeout", where, i);
		}
	}
	return 0;
}

static int check_hooks(const struct oci_config *c, struct err *e)
{
	const struct oci_hooks *h = c->hooks;
	const struct {
		const oci_hook_list *list;
		const char *where;
	} rows[] = {
		{ h ? &h->prestart : NULL, "/hooks/prestart" },
		{ h ? &h->create_runtime : NULL, "/hooks/createRuntime" },
		{ h ? &h->create_container : NULL, "/hooks/createContainer" },
		{ h ? &h->start_container : NULL, "/hooks/startContainer" },
		{ h ? &h->poststart : NULL, "/hooks/poststart" },
		{ h ? &h->poststop : NULL, "/hooks/poststop" },
	};

	for (size_t i = 0; h && i < COUNT(rows); i++)
		if (check_hook_list(rows[i].list, rows[i].where, e) < 0)
			return -1;
	return 0;
}

static int fail_rlimit(size_t i, const char *member, struct err *e)
{
	return fail_at(e, "config.json: /process/rlimits/%zu%s", i, member);
}

static int check_rlimits(const struct oci_process *p, struct err *e)
{
	for (size_t i = 0; i < p->rlimits.n; i++) {
		const struct oci_rlimit *l = &p->rlimits.at[i];

		for (size_t k = 0; k < i; k++)
			if (l->type.v == p->rlimits.at[k].type.v) {
				fail(e, ERR_INPUT, "the same limit is at /process/rlimits/%zu", k);
				return fail_rlimit(i, "/type", e);
			}
		if (l->soft > l->hard) {
			fail(e, ERR_INPUT, "%" PRIu64 " is above the hard limit, %" PRIu64, l->soft,
			     l->hard);
			return fail_rlimit(i, "/soft", e);
		}
	}
	return 0;
}

/* As env_prepare() will look at it, in the container; runc refuses it likewise. */
static int check_env(const struct oci_process *p, struct err *e)
{
	for (size_t i = 0; p->env && p->env[i]; i++) {
		if (*p->env[i] != '=' && strchr(p->env[i], '='))
			continue;
		fail(e, ERR_INPUT, "'%.64s' is not NAME=value", p->env[i]);
		return fail_at(e, "config.json: /process/env/%zu", i);
	}
	return 0;
}

/**
 * check_process_values() - refuse what no process can have; touches nothing
 *
 * An error's place is in config.json, also for exec: exec_process_fail() knows better.
 */
int check_process_values(const struct oci_process *p, struct err *e)
{
	return check_rlimits(p, e) < 0 ? -1 : check_env(p, e);
}

static int check_config_process(const struct oci_config *c, struct err *e)
{
	return check_process_values(c->process, e);
}

static int check_ranges(const struct oci_config *c, struct err *e)
{
	const struct oci_process *p = c->process;
	const struct {
		bool is_set;
		int64_t value, least, most;
		const char *where;
	} rows[] = {
		{ p->oom_score_adj.set, p->oom_score_adj.v, -1000, 1000, "/process/oomScoreAdj" },
		{ p->io_priority != NULL, p->io_priority ? p->io_priority->priority : 0, 0, 7,
		  "/process/ioPriority/priority" },
		{ p->user->umask.set, (int64_t)p->user->umask.v, 0, 0777, "/process/user/umask" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].is_set &&
		    (rows[i].value < rows[i].least || rows[i].value > rows[i].most)) {
			fail(e, ERR_INPUT, "%lld is not from %lld to %lld",
			     (long long)rows[i].value, (long long)rows[i].least,
			     (long long)rows[i].most);
			return fail_at(e, "config.json: %s", rows[i].where);
		}
	return 0;
}

static int check_names(const struct oci_config *c, struct err *e)
{
	const struct {
		const char *name, *where;
	} rows[] = { { c->hostname, "/hostname" }, { c->domainname, "/domainname" } };

	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].name && strlen(rows[i].name) > UTS_NAME_MAX) {
			fail(e, ERR_INPUT, "it is longer than %d bytes", UTS_NAME_MAX);
			return fail_at(e, "config.json: %s", rows[i].where);
		}
	for (size_t i = 0; i < c->annotations.n; i++)
		if (!*c->annotations.at[i].key) {
			fail(e, ERR_INPUT, "a key is empty");
			return fail_at(e, "config.json: /annotations");
		}
	return 0;
}

static int check_time(const struct oci_config *c, struct err *e)
{
	const struct oci_namespace *time = oci_namespace_of(c->platform, CLONE_NEWTIME);

	if (!c->platform->time_offsets.n || (time && !(time->path && *time->path)))
		return 0;
	fail(e, ERR_INPUT, "they need a time namespace of the container's own");
	fail_hint(e, "add {\"type\": \"time\"}, without a path, to linux.namespaces");
	return fail_at(e, "config.json: /linux/timeOffsets");
}

static int check_root_id(const struct oci_config *c, struct err *e)
{
	const struct {
		const oci_idmaps *maps;
		const char *where;
	} rows[] = {
		{ &c->platform->uid_mappings, "/linux/uidMappings" },
		{ &c->platform->gid_mappings, "/linux/gidMappings" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		bool found = !rows[i].maps->n;

		for (size_t k = 0; k < rows[i].maps->n; k++)
			found |= rows[i].maps->at[k].container_id == 0 && rows[i].maps->at[k].size;
		if (found)
			continue;
		fail(e, ERR_UNSUPPORTED, "id 0 of the container is not mapped");
		fail_hint(e, "what sets the container up is its root");
		return fail_at(e, "config.json: %s", rows[i].where);
	}
	return 0;
}

/**
 * check_rules() - refuse what breaks a rule of the specification; touches nothing
 */
int check_rules(const struct oci_config *c, struct err *e)
{
	static int (*const rules[])(const struct oci_config *, struct err *) = {
		check_paths, check_hooks, check_config_process, check_ranges,
		check_names, check_time,  check_root_id,
	};

	for (size_t i = 0; i < COUNT(rules); i++)
		if (rules[i](c, e) < 0)
			return -1;
	return 0;
}
