/* ns_caps.c - tare ns caps: a process's ids and capabilities in words */
#include <inttypes.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/own.h"
#include "base/render.h"
#include "base/render_text.h"
#include "host/proc_scan.h"
#include "os/caps.h"
#include "spec/oci.h"
#include "tare/ns.h"

struct caps_options {
	struct render render;
};

/* struct caps_range - ids of a user namespace, and what we call them */
struct caps_range {
	uint32_t inside, outside, size;
};

/* struct caps_doc - @ours: it is in our user namespace */
struct caps_doc {
	int64_t pid;
	char *command;
	uint64_t user_ns;
	bool ours, nnp;
	uint32_t uid, gid;
	LIST(struct caps_range) users, groups;
	uint64_t effective, permitted, inheritable, bounding, ambient;
	struct opt_word seccomp;
	struct arena *arena;
};

static const struct word seccomp_words[] = {
	{ "disabled", SECCOMP_MODE_DISABLED },
	{ "strict", SECCOMP_MODE_STRICT },
	{ "filter", SECCOMP_MODE_FILTER },
	{ NULL, 0 },
};

// clang-format off
static const struct opt caps_opts[] = {
	OPT_STRING_("format", 'f', struct caps_options, render.format, "FORMAT", "'json' or a Go template; words by default"),
	OPT_FLAG_("json",      0,  struct caps_options, render.json,   "print JSON"),
};

static const struct bind_row RANGE_ROWS[] = {
	ROW_U32("inside", REQUIRED, struct caps_range, inside),
	ROW_U32("outside", REQUIRED, struct caps_range, outside),
	ROW_U32("size", REQUIRED, struct caps_range, size),
};
static const struct bind_table range_table = BIND_TABLE(RANGE_ROWS, struct caps_range, false);

static const struct bind_row DOC_ROWS[] = {
	ROW_I64("pid", REQUIRED, struct caps_doc, pid),
	ROW_STRING("command", OPTIONAL, struct caps_doc, command),
	ROW_U64("userNamespace", REQUIRED, struct caps_doc, user_ns),
	ROW_BOOL("ours", REQUIRED, struct caps_doc, ours),
	ROW_U32("uid", REQUIRED, struct caps_doc, uid),
	ROW_U32("gid", REQUIRED, struct caps_doc, gid),
	ROW_OBJECTS("users", OPTIONAL, struct caps_doc, users, range_table),
	ROW_OBJECTS("groups", OPTIONAL, struct caps_doc, groups, range_table),
	ROW_FLAGS("effective", REQUIRED, struct caps_doc, effective, oci_capability_words),
	ROW_FLAGS("permitted", REQUIRED, struct caps_doc, permitted, oci_capability_words),
	ROW_FLAGS("inheritable", REQUIRED, struct caps_doc, inheritable, oci_capability_words),
	ROW_FLAGS("bounding", REQUIRED, struct caps_doc, bounding, oci_capability_words),
	ROW_FLAGS("ambient", REQUIRED, struct caps_doc, ambient, oci_capability_words),
	ROW_BOOL("noNewPrivileges", REQUIRED, struct caps_doc, nnp),
	ROW_WORD("seccomp", OPTIONAL, struct caps_doc, seccomp, seccomp_words),
};
static const struct bind_table doc_table = BIND_TABLE(DOC_ROWS, struct caps_doc, false);
// clang-format on

/* --- reading --------------------------------------------------------------------------------- */

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; (text = strchr(text, '\n')); text++)
		n++;
	return n;
}

static int read_map(const char *text, struct arena *a, struct list_any *ret)
{
	struct caps_range *at = arena_array(a, count_lines(text) + 1, sizeof(*at));
	size_t n = 0;

	if (!at)
		return -ENOMEM;
	for (; text && *text; text = strchr(text, '\n'), text += text != NULL)
		if (sscanf(text, "%u %u %u", &at[n].inside, &at[n].outside, &at[n].size) == 3)
			n++;
	*ret = (struct list_any){ at, n };
	return 0;
}

static int fail_denied(pid_t pid, struct err *e)
{
	fail(e, ERR_DENIED, "look at process %d: it is another user's", (int)pid);
	return fail_hint(e, "only he and root may");
}

static int look(void *ctx, int dir __attribute__((unused)), const struct proc_entry *p,
		struct err *e)
{
	struct caps_doc *d = ctx;
	struct list_any users, groups;

	if (p->denied & (PROC_STATUS | PROC_NS | PROC_MAPS))
		return fail_denied(p->pid, e);
	if (!(p->have & PROC_STATUS) || !(p->have & PROC_MAPS))
		return fail(e, ERR_ABSENT, "process %d has ended", (int)p->pid);
	d->pid = p->pid;
	d->command = arena_dup(d->arena, p->stat.name);
	d->user_ns = p->ns[NSFS_USER];
	d->uid = p->status.uid[1];
	d->gid = p->status.gid[1];
	d->effective = p->status.cap_eff;
	d->permitted = p->status.cap_prm;
	d->inheritable = p->status.cap_inh;
	d->bounding = p->status.cap_bnd;
	d->ambient = p->status.cap_amb;
	d->nnp = p->status.no_new_privs;
	d->seccomp = (struct opt_word){ true, p->status.seccomp };
	if (!d->command || read_map(p->uid_map, d->arena, &users) < 0 ||
	    read_map(p->gid_map, d->arena, &groups) < 0)
		return fail_errno(e, ENOMEM, "look at process %d", (int)p->pid);
	memcpy(&d->users, &users, sizeof(users));
	memcpy(&d->groups, &groups, sizeof(groups));
	return 0;
}

/* --- words ----------------------------------------------------------------------------------- */

static void add_names(struct str *out, uint64_t caps)
{
	const char *between = "";

	for (unsigned bit = 0; bit < 64; bit++) {
		const char *name = word_name(oci_capability_words, (int64_t)(UINT64_C(1) << bit));

		if (!(caps >> bit & 1))
			continue;
		if (name)
			str_addf(out, "%s%s", between, name);
		else
			str_addf(out, "%s%u", between, bit);
		between = ", ";
	}
}

/* The shorter of what there is and what there is not. */
static void add_caps(struct str *out, const char *label, uint64_t caps, uint64_t known)
{
	uint64_t missing = known & ~caps;

	str_addf(out, "  %-16s ", label);
	if (!missing) {
		str_add(out, "all");
	} else if (!caps) {
		str_add(out, "none");
	} else if (__builtin_popcountll(missing) < __builtin_popcountll(caps)) {
		str_add(out, "all but ");
		add_names(out, missing);
	} else {
		add_names(out, caps);
	}
	str_add(out, "\n");
}

static void add_map(struct str *out, const char *label, const struct caps_range *at, size_t n)
{
	str_addf(out, "  %-16s ", label);
	for (size_t i = 0; i < n; i++) {
		const struct caps_range *r = &at[i];

		if (r->inside == r->outside && r->size == UINT32_MAX)
			str_add(out, "all, under the same numbers");
		else if (r->size == 1)
			str_addf(out, "%s%u is our %u", i ? ", " : "", r->inside, r->outside);
		else
			str_addf(out, "%s%u-%u are our %u-%u", i ? ", " : "", r->inside,
				 r->inside + r->size - 1, r->outside, r->outside + r->size - 1);
	}
	str_add(out, n ? "\n" : "none\n");
}

static void describe(const struct caps_doc *d, uint64_t known, const struct render *r,
		     struct str *out)
{
	const char *seccomp = word_name(seccomp_words, d->seccomp.v);

	str_addf(out, "process %" PRId64 " (", d->pid);
	render_visible(out, d->command, strlen(d->command), render_is_ascii(r));
	str_addf(out, ")\n  %-16s user:[%" PRIu64 "]%s\n", "user namespace", d->user_ns,
		 d->ours ? ", ours" : "");
	str_addf(out, "  %-16s uid %u, gid %u, as we call them\n", "runs as", d->uid, d->gid);
	add_map(out, "users", d->users.at, d->users.n);
	add_map(out, "groups", d->groups.at, d->groups.n);
	add_caps(out, "effective", d->effective, known);
	add_caps(out, "permitted", d->permitted, known);
	add_caps(out, "inheritable", d->inheritable, known);
	add_caps(out, "bounding", d->bounding, known);
	add_caps(out, "ambient", d->ambient, known);
	str_addf(out, "  %-16s %s\n", "new privileges", d->nnp ? "never" : "by exec");
	str_addf(out, "  %-16s %s\n", "seccomp", seccomp ? seccomp : "unknown");
}

static int run(const struct cli *cli __attribute__((unused)), void *options, char **args,
	       size_t n_args __attribute__((unused)), int *ret_status __attribute__((unused)),
	       struct err *e)
{
	const struct caps_options *o = options;
	own_arena struct arena a = { 0 };
	struct caps_doc d = { .arena = &a };
	struct caps ours;
	struct proc_scan s = { .want = PROC_STAT | PROC_STATUS | PROC_NS | PROC_MAPS,
			       .each = look,
			       .ctx = &d };
	own_str struct str out = { 0 };
	enum nsfs_type type;
	uint64_t inode;
	pid_t pid;

	if (ns_parse_pid(args[0], &pid, e) < 0 || caps_read(&ours, e) < 0 ||
	    proc_scan_one(pid, &s, e) < 0)
		return -1;
	if (!s.seen)
		return fail(e, ERR_ABSENT, "there is no process %d", (int)pid);
	d.ours = nsfs_try_link(AT_FDCWD, "/proc/self/ns/user", &type, &inode) == 0 &&
		 inode == d.user_ns;
	if (!o->render.json && !o->render.format)
		describe(&d, CAPS_KNOWN(ours.last), &o->render, &out);
	else if (render_document(&o->render, &doc_table, &d, &out, e) < 0)
		return -1;
	if (out.torn)
		return fail_errno(e, ENOMEM, "describe process %d", (int)pid);
	fputs(out.at, stdout);
	return 0;
}

const struct command ns_caps_command = {
	.name = "caps",
	.args = "PID",
	.summary = "show a process's maps of users and groups, and its capabilities, in words",
	.opts = caps_opts,
	.n = COUNT(caps_opts),
	.size = sizeof(struct caps_options),
	.min = 1,
	.max = 1,
	.words = WORDS_PID,
	.run = run,
};
