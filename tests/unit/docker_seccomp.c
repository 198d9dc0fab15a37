/* docker_seccomp.c - read tests/data/seccomp-default.json for amd64 and Docker's capabilities */
#include "docker_seccomp.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bind.h"
#include "base/err.h"
#include "spec/oci.h"
#include "t.h"

struct when {
	char **arches, **caps;
};
struct rule {
	char **names;
	struct opt_word action;
	struct opt_u64 errno_ret;
	LIST(struct oci_seccomp_arg) args;
	struct when *includes, *excludes;
};
struct arch {
	char *name;
	char **sub;
};
struct profile {
	struct opt_word default_action;
	struct opt_u64 default_errno_ret;
	LIST(struct arch) archs;
	LIST(struct rule) rules;
};

// clang-format off
static const struct bind_row arg_rows[] = {
	ROW_U32("index",    REQUIRED, struct oci_seccomp_arg, index),
	ROW_U64("value",    REQUIRED, struct oci_seccomp_arg, value),
	ROW_U64("valueTwo", OPTIONAL, struct oci_seccomp_arg, value_two),
	ROW_WORD("op",      REQUIRED, struct oci_seccomp_arg, op, oci_seccomp_op_words),
};
static const struct bind_table arg_table = BIND_TABLE(arg_rows, struct oci_seccomp_arg, false);
static const struct bind_row when_rows[] = {
	ROW_STRINGS("arches", OPTIONAL, struct when, arches),
	ROW_STRINGS("caps",   OPTIONAL, struct when, caps),
};
static const struct bind_table when_table = BIND_TABLE(when_rows, struct when, false);
static const struct bind_row rule_rows[] = {
	ROW_STRINGS("names",    REQUIRED, struct rule, names),
	ROW_WORD("action",      REQUIRED, struct rule, action, oci_seccomp_action_words),
	ROW_OPT_U64("errnoRet", OPTIONAL, struct rule, errno_ret),
	ROW_OBJECTS("args",     OPTIONAL, struct rule, args, arg_table),
	ROW_OBJECT("includes",  OPTIONAL, struct rule, includes, when_table),
	ROW_OBJECT("excludes",  OPTIONAL, struct rule, excludes, when_table),
};
static const struct bind_table rule_table = BIND_TABLE(rule_rows, struct rule, false);
static const struct bind_row arch_rows[] = {
	ROW_STRING("architecture",      REQUIRED, struct arch, name),
	ROW_STRINGS("subArchitectures", OPTIONAL, struct arch, sub),
};
static const struct bind_table arch_table = BIND_TABLE(arch_rows, struct arch, false);
static const struct bind_row profile_rows[] = {
	ROW_WORD("defaultAction",      REQUIRED, struct profile, default_action, oci_seccomp_action_words),
	ROW_OPT_U64("defaultErrnoRet", OPTIONAL, struct profile, default_errno_ret),
	ROW_OBJECTS("archMap",         OPTIONAL, struct profile, archs, arch_table),
	ROW_OBJECTS("syscalls",        OPTIONAL, struct profile, rules, rule_table),
};
static const struct bind_table profile_table = BIND_TABLE(profile_rows, struct profile, false);
// clang-format on

static char *default_caps[] = { "CAP_CHOWN",
				"CAP_DAC_OVERRIDE",
				"CAP_FSETID",
				"CAP_FOWNER",
				"CAP_MKNOD",
				"CAP_NET_RAW",
				"CAP_SETGID",
				"CAP_SETUID",
				"CAP_SETFCAP",
				"CAP_SETPCAP",
				"CAP_NET_BIND_SERVICE",
				"CAP_SYS_CHROOT",
				"CAP_KILL",
				"CAP_AUDIT_WRITE",
				NULL };
static char *our_arch[] = { "amd64", NULL };

static bool any(char *const *list, char *const *of)
{
	for (; list && *list; list++)
		for (char *const *o = of; *o; o++)
			if (strcmp(*list, *o) == 0)
				return true;
	return false;
}

static bool applies(const struct rule *r)
{
	const struct when *in = r->includes, *out = r->excludes;

	if (out && (any(out->arches, our_arch) || any(out->caps, default_caps)))
		return false;
	return !in || ((!in->arches || any(in->arches, our_arch)) &&
		       (!in->caps || any(in->caps, default_caps)));
}

static void set_archs(const struct profile *p, struct arena *a, struct oci_seccomp *s)
{
	s->architectures = arena_array(a, 4, sizeof(char *));
	for (size_t i = 0; i < p->archs.n; i++) {
		const struct arch *m = &p->archs.at[i];

		if (strcmp(m->name, "SCMP_ARCH_X86_64") != 0)
			continue;
		s->architectures[0] = m->name;
		for (size_t k = 0; k < 2 && m->sub[k]; k++)
			s->architectures[k + 1] = m->sub[k];
	}
}

void docker_seccomp(const char *file, struct arena *a, struct oci_seccomp *ret_policy)
{
	static char text[1 << 17];
	int fd = open(file, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));
	struct profile p = { 0 };
	struct err e = { 0 };

	if (n < 0 || bind_parse(&profile_table, text, (size_t)n, file, NULL, a, &p, &e) < 0)
		T_FAIL("%s: %s", file, e.text);
	close(fd);
	*ret_policy = (struct oci_seccomp){ .default_action = p.default_action,
					    .default_errno_ret = p.default_errno_ret };
	set_archs(&p, a, ret_policy);
	ret_policy->syscalls.at = arena_array(a, p.rules.n, sizeof(struct oci_syscall));
	for (size_t i = 0; i < p.rules.n; i++) {
		struct rule *r = &p.rules.at[i];
		struct oci_syscall *c = &ret_policy->syscalls.at[ret_policy->syscalls.n];

		if (!applies(r))
			continue;
		*c = (struct oci_syscall){ .names = r->names,
					   .action = r->action,
					   .errno_ret = r->errno_ret };
		c->args.at = r->args.at;
		c->args.n = r->args.n;
		ret_policy->syscalls.n++;
	}
}
