/* seccomp_profile.c - see seccomp_profile.h
 *
 * Source: the form of Docker's default.json: OCI's linux.seccomp, in which a rule may say for whom it
 * is (`includes`) and for whom not (`excludes`), by capability, architecture and kernel; and `archMap`
 * in the stead of `architectures`. A policy without these, as OCI has them, is read as it stands.
 */
#include "engine/seccomp_profile.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/err.h"
#include "base/json.h"

#if defined(__x86_64__)
#define ARCH     "amd64"
#define ARCH_OCI "SCMP_ARCH_X86_64"
#elif defined(__aarch64__)
#define ARCH     "arm64"
#define ARCH_OCI "SCMP_ARCH_AARCH64"
#else
#error "name the architecture as Docker does"
#endif

struct filter {
	char **caps, **arches, *min_kernel;
};
struct rule {
	struct filter *includes, *excludes;
};
struct arch {
	char *architecture, **sub;
};
struct profile {
	LIST(struct rule) rules;
	LIST(struct arch) arches;
};

// clang-format off
static const struct bind_row filter_rows[] = {
	ROW_STRINGS("caps",     OPTIONAL, struct filter, caps),
	ROW_STRINGS("arches",   OPTIONAL, struct filter, arches),
	ROW_STRING("minKernel", OPTIONAL, struct filter, min_kernel),
};
static const struct bind_table filter_table = BIND_TABLE(filter_rows, struct filter, false);
static const struct bind_row rule_rows[] = {
	ROW_OBJECT("includes", OPTIONAL, struct rule, includes, filter_table),
	ROW_OBJECT("excludes", OPTIONAL, struct rule, excludes, filter_table),
};
static const struct bind_table rule_table = BIND_TABLE(rule_rows, struct rule, false);
static const struct bind_row arch_rows[] = {
	ROW_STRING("architecture",      OPTIONAL, struct arch, architecture),
	ROW_STRINGS("subArchitectures", OPTIONAL, struct arch, sub),
};
static const struct bind_table arch_table = BIND_TABLE(arch_rows, struct arch, false);
static const struct bind_row profile_rows[] = {
	ROW_OBJECTS("syscalls", OPTIONAL, struct profile, rules, rule_table),
	ROW_OBJECTS("archMap",  OPTIONAL, struct profile, arches, arch_table),
};
static const struct bind_table profile_table = BIND_TABLE(profile_rows, struct profile, false);
// clang-format on

static bool has_arch(char *const *arches)
{
	for (; *arches; arches++)
		if (strcmp(*arches, ARCH) == 0)
			return true;
	return false;
}

/* An unknown capability is one that nobody has. */
static uint64_t bit_of(const char *name)
{
	const struct word *w = word_find(oci_capability_words, name);

	return w ? (uint64_t)w->value : 0;
}

static bool has_all(char *const *names, uint64_t caps)
{
	for (; *names; names++)
		if (!(bit_of(*names) & caps))
			return false;
	return true;
}

static bool has_any(char *const *names, uint64_t caps)
{
	for (; *names; names++)
		if (bit_of(*names) & caps)
			return true;
	return false;
}

static bool is_new_enough(const char *min_kernel)
{
	struct utsname u;
	char *end, *want_end;
	unsigned long major, minor, want, want_minor;

	if (uname(&u) < 0)
		return false;
	major = strtoul(u.release, &end, 10);
	minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
	want = strtoul(min_kernel, &want_end, 10);
	want_minor = *want_end == '.' ? strtoul(want_end + 1, NULL, 10) : 0;
	return major > want || (major == want && minor >= want_minor);
}

static bool applies(const struct rule *r, uint64_t caps)
{
	const struct filter *in = r->includes, *out = r->excludes;

	if (in &&
	    ((in->caps && !has_all(in->caps, caps)) || (in->arches && !has_arch(in->arches)) ||
	     (in->min_kernel && !is_new_enough(in->min_kernel))))
		return false;
	return !out || ((!out->caps || !has_any(out->caps, caps)) &&
			(!out->arches || !has_arch(out->arches)));
}

/* Of the machine, and those whose programs it runs as well. */
static int add_architectures(const struct profile *p, struct arena *a, struct oci_seccomp *s,
			     struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < p->arches.n; i++) {
		const struct arch *arch = &p->arches.at[i];

		if (!arch->architecture || strcmp(arch->architecture, ARCH_OCI) != 0)
			continue;
		while (arch->sub && arch->sub[n])
			n++;
		s->architectures = arena_array(a, n + 2, sizeof(char *));
		if (!s->architectures)
			return fail_errno(e, ENOMEM, "read a seccomp policy");
		s->architectures[0] = arch->architecture;
		if (n)
			memcpy(&s->architectures[1], arch->sub, n * sizeof(char *));
		return 0;
	}
	return 0;
}

/**
 * seccomp_profile() - the policy for a container that has @caps (bits as in struct oci_capabilities)
 * @doc: what it is called in errors
 * @a: owns what is returned
 */
int seccomp_profile(const char *text, size_t len, const char *doc, uint64_t caps, struct arena *a,
		    struct oci_seccomp *ret, struct err *e)
{
	struct profile p = { 0 };
	struct oci_seccomp s = { 0 };
	const struct json *v = json_parse(text, len, doc, NULL, a, e);
	size_t kept = 0;

	/* one document by two tables: their rules have the same order */
	if (!v || bind_read(&profile_table, v, doc, NULL, a, &p, e) < 0 ||
	    bind_read(&oci_seccomp_table, v, doc, NULL, a, &s, e) < 0)
		return -1;
	for (size_t i = 0; i < s.syscalls.n; i++)
		if (applies(&p.rules.at[i], caps))
			s.syscalls.at[kept++] = s.syscalls.at[i];
	s.syscalls.n = kept;
	if (!s.architectures && add_architectures(&p, a, &s, e) < 0)
		return -1;
	*ret = s;
	return 0;
}
