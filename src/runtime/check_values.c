/* check_values.c - values whose rules are longer than a line: kernel parameters, the scheduler,
 * the memory policy */
#include "runtime/check_values.h"

#include <inttypes.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/numlist.h"
#include "spec/oci.h"

/* Kernel parameters that belong to a namespace; a '*' stands for the rest of the name. */
static const struct {
	const char *name;
	int type;
} sysctls[] = {
	{ "kernel.msgmax", CLONE_NEWIPC },     { "kernel.msgmnb", CLONE_NEWIPC },
	{ "kernel.msgmni", CLONE_NEWIPC },     { "kernel.sem", CLONE_NEWIPC },
	{ "kernel.shmall", CLONE_NEWIPC },     { "kernel.shmmax", CLONE_NEWIPC },
	{ "kernel.shmmni", CLONE_NEWIPC },     { "kernel.shm_rmid_forced", CLONE_NEWIPC },
	{ "fs.mqueue.*", CLONE_NEWIPC },       { "net.*", CLONE_NEWNET },
	{ "kernel.domainname", CLONE_NEWUTS },
};

static int fail_sysctl(const char *key, struct err *e)
{
	char part[128];

	return fail_at(e, "config.json: /linux/sysctl/%s",
		       text_pointer_key(key, part, sizeof(part)));
}

/* Is each component a name? In @name '.' separates, and '/' stands for a dot: one of only dots is
 * a step, not a name. */
static bool has_steps(const char *name)
{
	for (;; name++) {
		size_t len = strcspn(name, ".");

		if (strspn(name, "/") >= len)
			return true;
		name += len;
		if (!*name)
			return false;
	}
}

/* "net/ipv4/x" and "net.ipv4.x" are the same: the first separator decides which is one, and the
 * other stands for a dot (sysctl.d(5)). Only names' own characters may be in them. */
static int spell(const char *key, char *out, size_t size, struct err *e)
{
	size_t len = strlen(key);
	bool slashes =
		strchr(key, '/') && (!strchr(key, '.') || strchr(key, '/') < strchr(key, '.'));

	if (len >= size ||
	    key[strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789_-./:")] ||
	    strstr(key, "..")) {
		fail(e, ERR_INPUT, "sysctl '%s' is not a kernel parameter's name", key);
		return fail_sysctl(key, e);
	}
	for (size_t i = 0; i <= len; i++)
		out[i] = slashes && key[i] == '/' ? '.' : slashes && key[i] == '.' ? '/' : key[i];
	if (has_steps(out)) {
		fail(e, ERR_INPUT, "sysctl '%s' is not a kernel parameter's name", key);
		return fail_sysctl(key, e);
	}
	return 0;
}

static int namespace_of(const char *name)
{
	for (size_t i = 0; i < COUNT(sysctls); i++)
		if (text_glob(sysctls[i].name, name))
			return sysctls[i].type;
	return 0;
}

static int check_one(const struct oci_config *c, const struct pair *s, struct err *e)
{
	char name[256];
	int type;

	if (spell(s->key, name, sizeof(name), e) < 0)
		return -1;
	type = namespace_of(name);
	if (!type) {
		fail(e, ERR_DENIED, "sysctl '%s' is not in a separate kernel namespace", s->key);
		if (strcmp(name, "kernel.hostname") == 0)
			fail_hint(e, "use the member hostname");
		return fail_sysctl(s->key, e);
	}
	if (!oci_namespace_of(c->platform, type)) {
		fail(e, ERR_DENIED, "sysctl '%s' needs a %s namespace of the container's own",
		     s->key, word_name(oci_namespace_words, type));
		return fail_sysctl(s->key, e);
	}
	if (type == CLONE_NEWUTS && c->domainname && strcmp(c->domainname, s->value) != 0) {
		fail(e, ERR_INPUT, "sysctl '%s' contradicts domainname '%s'", s->key,
		     c->domainname);
		return fail_sysctl(s->key, e);
	}
	return 0;
}

/* check_sysctl() - only parameters that the container's own namespaces hold may be set */
int check_sysctl(const struct oci_config *c, struct err *e)
{
	for (size_t i = 0; i < c->platform->sysctl.n; i++)
		if (check_one(c, &c->platform->sysctl.at[i], e) < 0)
			return -1;
	return 0;
}

#define DEADLINE_POLICY 6
#define DEADLINE_LEAST  1024 /* ns; sched(7) */
#define DEADLINE_MOST   (1ULL << 63)

static int fail_deadline(struct err *e)
{
	return fail_at(e, "config.json: /process/scheduler");
}

/* sched(7): 1024 <= runtime <= deadline <= period < 2^63; the kernel only says EINVAL. */
static int check_deadline(const struct oci_scheduler *s, struct err *e)
{
	static const char policy[] = "sched_setattr: `SCHED_DEADLINE`";

	if (!s->runtime.set)
		fail(e, ERR_INPUT, "%s requires `runtime`", policy);
	else if (!s->deadline.set)
		fail(e, ERR_INPUT, "%s requires `deadline`", policy);
	else if (!s->runtime.v)
		fail(e, ERR_INPUT, "%s runtime must be greater than 0", policy);
	else if (s->runtime.v < DEADLINE_LEAST || s->runtime.v >= DEADLINE_MOST)
		fail(e, ERR_INPUT, "%s runtime %" PRIu64 " must be between %d and 2^63 - 1", policy,
		     s->runtime.v, DEADLINE_LEAST);
	else if (s->runtime.v > s->deadline.v)
		fail(e, ERR_INPUT, "%s runtime (%" PRIu64 ") must be <= deadline (%" PRIu64 ")",
		     policy, s->runtime.v, s->deadline.v);
	else if (s->period && s->deadline.v > s->period)
		fail(e, ERR_INPUT, "%s deadline (%" PRIu64 ") must be <= period (%" PRIu64 ")",
		     policy, s->deadline.v, s->period);
	else
		return 0;
	return fail_deadline(e);
}

/* check_scheduler() - what the kernel would refuse without saying why */
int check_scheduler(const struct oci_config *c, struct err *e)
{
	const struct oci_scheduler *s = c->process->scheduler;

	return s && s->policy.v == DEADLINE_POLICY ? check_deadline(s, e) : 0;
}

/* How many nodes a mode takes; MPOL_PREFERRED takes any number. Source: set_mempolicy(2). */
static const struct {
	int64_t mode;
	bool some;
} node_counts[] = {
	{ MPOL_DEFAULT, false },       { MPOL_LOCAL, false },
	{ MPOL_BIND, true },           { MPOL_INTERLEAVE, true },
	{ MPOL_PREFERRED_MANY, true }, { 6 /* MPOL_WEIGHTED_INTERLEAVE, Linux 6.9 */, true },
};

static int count_nodes(const struct oci_memory_policy *m, unsigned *ret_n, struct err *e)
{
	struct numlist nodes;
	unsigned n = 0;

	*ret_n = 0;
	if (!m->nodes || !*m->nodes)
		return 0;
	if (numlist_parse(m->nodes, &nodes, e) < 0) {
		fail_in(e, "invalid memory policy nodes");
		return fail_at(e, "config.json: /linux/memoryPolicy/nodes");
	}
	for (size_t i = 0; i <= nodes.top / NUMLIST_WORD; i++)
		n += (unsigned)__builtin_popcountl(nodes.bits[i]);
	*ret_n = n;
	return 0;
}

/* check_memory_policy() - what the kernel would refuse without saying why */
int check_memory_policy(const struct oci_config *c, struct err *e)
{
	const uint64_t both = MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES;
	const struct oci_memory_policy *m = c->platform->memory_policy;
	unsigned n;

	if (!m)
		return 0;
	if (count_nodes(m, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(node_counts); i++) {
		if (node_counts[i].mode != m->mode.v || node_counts[i].some == (n > 0))
			continue;
		fail(e, ERR_INPUT, "invalid memory policy nodes: the mode requires %s but got %u",
		     n ? "0 nodes" : "at least one node", n);
		return fail_at(e, "config.json: /linux/memoryPolicy/nodes");
	}
	if ((m->flags & both) != both)
		return 0;
	fail(e, ERR_INPUT,
	     "memory policy flags MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES "
	     "exclude each other");
	return fail_at(e, "config.json: /linux/memoryPolicy/flags");
}

/* check_ambient() - says which ambient capabilities the container will not have, and why */
void check_ambient(const struct oci_process *p)
{
	const struct oci_capabilities *c = p->capabilities;
	uint64_t raised = c->permitted & c->inheritable;

	for (const struct word *w = oci_capability_words; w->name; w++)
		if (c->ambient & ~raised & (uint64_t)w->value)
			log_warn("can't raise ambient capability %s: it is not in the %s set",
				 w->name,
				 c->permitted & (uint64_t)w->value ? "inheritable" : "permitted");
}
