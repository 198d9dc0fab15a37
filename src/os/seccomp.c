/* seccomp.c - rules to BPF by libseccomp, and an ENOSYS stub in front
 *
 * The stub: a program asks for a new system call, learns by ENOSYS that the kernel is old, and
 * takes another way. A policy that denies what it does not list answers EPERM to calls that
 * are newer than the policy, and programs break (glibc's clone3, for one). So calls beyond the
 * newest one that the policy mentions get ENOSYS before the policy is asked, as in runc.
 */
#include "os/seccomp.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"
#include "base/own.h"
#include "os/seccomp_shrink.h"

#define X32_BIT    0x40000000u
#define ARCHS_MAX  24
#define CONDS_MAX  6
/* libseccomp up to 2.5.4 cannot make a tree of no rules, and few rules need none. */
#define TREE_WORTH 32

/* struct seen - an architecture of the filter, and the largest system call number mentioned */
struct seen {
	uint32_t token;
	int newest;
};

/**
 * struct seccomp_gen - a filter in the making
 * @stub:  calls beyond the newest one mentioned get ENOSYS
 * @rules: added so far
 */
struct seccomp_gen {
	scmp_filter_ctx ctx;
	uint32_t default_action;
	bool stub;
	size_t rules, n_archs;
	struct seen archs[ARCHS_MAX];
};

/* Those who allow by default, or trace, want to see new calls; ENOSYS by default needs no stub. */
static bool wants_stub(uint32_t action)
{
	uint32_t kind = action & SECCOMP_RET_ACTION_FULL;

	return kind != SECCOMP_RET_ALLOW && kind != SECCOMP_RET_LOG && kind != SECCOMP_RET_TRACE &&
	       action != (SECCOMP_RET_ERRNO | ENOSYS);
}

static void note_arch(struct seccomp_gen *g, uint32_t token)
{
	g->archs[g->n_archs++] = (struct seen){ token, 0 };
}

/**
 * seccomp_gen_new() - begin a filter for the native architecture
 * @default_action: for every system call without a rule
 */
int seccomp_gen_new(uint32_t default_action, struct seccomp_gen **ret_gen, struct err *e)
{
	struct seccomp_gen *g = calloc(1, sizeof(*g));

	if (g)
		g->ctx = seccomp_init(default_action);
	if (!g || !g->ctx) {
		free(g);
		return fail(e, ERR_UNSUPPORTED,
			    "begin a seccomp filter: libseccomp refuses action "
			    "0x%08x",
			    default_action);
	}
	g->default_action = default_action;
	g->stub = wants_stub(default_action);
	note_arch(g, seccomp_arch_native());
	*ret_gen = g;
	return 0;
}

void seccomp_gen_free(struct seccomp_gen *g)
{
	if (!g)
		return;
	seccomp_release(g->ctx);
	free(g);
}

/* seccomp_gen_arch() - let the filter judge system calls of another architecture too */
int seccomp_gen_arch(struct seccomp_gen *g, const char *name, struct err *e)
{
	const struct word *w = word_find(seccomp_arch_words, name);
	const char *near = w ? NULL : word_nearest(seccomp_arch_words, name);
	int r;

	if (!w) {
		fail(e, ERR_INPUT, "unknown seccomp architecture '%s'", name);
		return near ? fail_hint(e, "did you mean '%s'?", near) : -1;
	}
	for (size_t i = 0; i < g->n_archs; i++)
		if (g->archs[i].token == (uint32_t)w->value)
			return 0;
	r = seccomp_arch_add(g->ctx, (uint32_t)w->value);
	if (r < 0 || g->n_archs == ARCHS_MAX)
		return fail_errno(e, r < 0 ? -r : E2BIG, "add seccomp architecture '%s'", name);
	note_arch(g, (uint32_t)w->value);
	return 0;
}

static void note_newest(struct seccomp_gen *g, const char *name)
{
	for (size_t i = 0; g->stub && i < g->n_archs; i++) {
		int nr = seccomp_syscall_resolve_name_arch(g->archs[i].token, name);

		if (nr > g->archs[i].newest)
			g->archs[i].newest = nr;
	}
}

static int add(struct seccomp_gen *g, uint32_t action, int nr, const struct scmp_arg_cmp *cmp,
	       unsigned n, const char *name, struct err *e)
{
	int r = seccomp_rule_add_array(g->ctx, action, nr, n, cmp);

	g->rules++;
	if (r == 0)
		return 0;
	fail_errno(e, -r, "add a seccomp rule for '%s'", name);
	return r == -EEXIST ? fail_hint(e, "an earlier rule gives it another action") : -1;
}

/* Conditions are and-ed, but several on one argument make the list a list of alternatives. */
static bool alternatives(const struct seccomp_cond *conds, size_t n)
{
	unsigned seen = 0;

	for (size_t i = 0; i < n; i++) {
		if (seen & 1u << conds[i].index)
			return true;
		seen |= 1u << conds[i].index;
	}
	return false;
}

static int add_conds(struct seccomp_gen *g, uint32_t action, int nr, const char *name,
		     const struct seccomp_cond *conds, size_t n, struct err *e)
{
	struct scmp_arg_cmp cmp[CONDS_MAX];
	bool each = alternatives(conds, n);

	for (size_t i = 0; i < n; i++) {
		struct scmp_arg_cmp c = { .arg = conds[i].index,
					  .op = (enum scmp_compare)conds[i].op,
					  .datum_a = conds[i].value,
					  .datum_b = conds[i].value_two };

		if (each && add(g, action, nr, &c, 1, name, e) < 0)
			return -1;
		if (!each)
			cmp[i] = c;
	}
	return each ? 0 : add(g, action, nr, cmp, (unsigned)n, name, e);
}

/**
 * seccomp_gen_rule() - give system call @name an action
 * @conds: conditions that must all hold, except that when two are on one argument, any of
 *         them suffices (as runc does, which policies rely on)
 * @n:     how many, 0 for always
 *
 * Call it after all seccomp_gen_arch().
 *
 * Return: 0; 1 when no architecture has a system call of that name, and nothing was added; or
 * -1.
 */
int seccomp_gen_rule(struct seccomp_gen *g, uint32_t action, const char *name,
		     const struct seccomp_cond *conds, size_t n, struct err *e)
{
	int nr = seccomp_syscall_resolve_name(name);

	if (nr == __NR_SCMP_ERROR)
		return 1;
	note_newest(g, name);
	if (action == g->default_action)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (conds[i].index >= CONDS_MAX)
			return fail(e, ERR_INPUT, "system calls have no argument %u",
				    conds[i].index);
	return add_conds(g, action, nr, name, conds, n, e);
}

static void emit(struct str *out, struct sock_filter f)
{
	str_add_len(out, (const char *)&f, sizeof(f));
}

static uint32_t audit_arch(uint32_t token)
{
	return token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : token;
}

static int newest_of(const struct seccomp_gen *g, uint32_t token)
{
	for (size_t i = 0; i < g->n_archs; i++)
		if (g->archs[i].token == token && g->archs[i].newest > 0)
			return g->archs[i].newest;
	return INT32_MAX; /* no call of it is beyond */
}

/* "When A is the number of a call beyond @newest: ENOSYS." Two instructions. */
static void emit_limit(struct str *out, int newest)
{
	emit(out, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (uint32_t)newest, 0, 1));
	emit(out, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS));
}

/* What follows for one kernel architecture, once the number is loaded. */
static void emit_limits(const struct seccomp_gen *g, uint32_t arch, struct str *out)
{
	if (arch == SCMP_ARCH_X86_64) {
		emit(out, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, X32_BIT, 2, 0));
		emit_limit(out, newest_of(g, SCMP_ARCH_X86_64));
		emit(out, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, X32_BIT, 0, 2));
		emit_limit(out, newest_of(g, SCMP_ARCH_X32));
		return;
	}
	/* setup(2), which nobody calls, is how s390 shows numbers that it does not know. */
	if (arch == SCMP_ARCH_S390 || arch == SCMP_ARCH_S390X) {
		emit(out, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1));
		emit(out,
		     (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS));
	}
	emit_limit(out, newest_of(g, arch));
}

static bool done_before(const struct seccomp_gen *g, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (audit_arch(g->archs[k].token) == audit_arch(g->archs[i].token))
			return true;
	return false;
}

/* One section for each kernel architecture; where none applies, control falls to the filter. */
static void emit_stub(const struct seccomp_gen *g, struct str *out)
{
	emit(out, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					       offsetof(struct seccomp_data, arch)));
	for (size_t i = 0; i < g->n_archs; i++) {
		uint32_t arch = audit_arch(g->archs[i].token);
		own_str struct str section = { 0 };

		if (done_before(g, i))
			continue;
		emit(&section, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
							    offsetof(struct seccomp_data, nr)));
		emit_limits(g, arch, &section);
		/* The next comparisons want the architecture back. */
		emit(&section, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
							    offsetof(struct seccomp_data, arch)));
		emit(out, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch, 0,
						       (uint8_t)(section.len /
								 sizeof(struct sock_filter))));
		out->torn |= section.torn;
		if (!section.torn)
			str_add_len(out, section.at, section.len);
	}
}

/* libseccomp 2.5 exports to a descriptor only. */
static int export(struct seccomp_gen *g, struct str *out, struct err *e)
{
	own_fd int fd = memfd_create("seccomp", MFD_CLOEXEC);
	char part[4096];
	ssize_t n;
	int r;

	if (fd < 0)
		return fail_sys(e, "make room for the seccomp filter");
	r = seccomp_export_bpf(g->ctx, fd);
	if (r < 0)
		return fail_errno(e, -r, "generate the seccomp filter");
	for (off_t at = 0; (n = pread(fd, part, sizeof(part), at)) > 0; at += n)
		str_add_len(out, part, (size_t)n);
	return n < 0 ? fail_sys(e, "read the seccomp filter") : 0;
}

static int shrink(const struct seccomp_gen *g, const struct str *whole, struct str *out)
{
	uint32_t archs[ARCHS_MAX];

	for (size_t i = 0; i < g->n_archs; i++)
		archs[i] = audit_arch(g->archs[i].token);
	return seccomp_try_shrink((const struct sock_filter *)(const void *)whole->at,
				  whole->len / sizeof(struct sock_filter), archs, g->n_archs, out);
}

/**
 * seccomp_gen_finish() - append the filter, struct sock_filter instructions, to @out
 *
 * Return: 0, or -1 when it cannot be made or is longer than the kernel takes.
 */
int seccomp_gen_finish(struct seccomp_gen *g, struct str *out, struct err *e)
{
	own_str struct str whole = { 0 };

	if (g->rules >= TREE_WORTH && seccomp_attr_set(g->ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2) < 0)
		return fail(e, ERR_UNSUPPORTED, "libseccomp cannot generate a tree");
	if (g->stub)
		emit_stub(g, &whole);
	if (export(g, &whole, e) < 0)
		return -1;
	if (!whole.torn && shrink(g, &whole, out) < 0)
		str_add_len(out, whole.at, whole.len);
	if (out->torn || whole.torn)
		return fail(e, ERR_LIMIT, "generate the seccomp filter: out of memory");
	if (out->len / sizeof(struct sock_filter) > BPF_MAXINSNS)
		return fail(e, ERR_INPUT,
			    "the seccomp policy is too long: %zu instructions, %d are "
			    "possible",
			    out->len / sizeof(struct sock_filter), BPF_MAXINSNS);
	return 0;
}

/* seccomp_gen_version() - libseccomp's version: major, minor, micro */
void seccomp_gen_version(unsigned ret_version[3])
{
	const struct scmp_version *v = seccomp_version();

	ret_version[0] = v->major;
	ret_version[1] = v->minor;
	ret_version[2] = v->micro;
}
