/* rules_load.c - rules from their files, with users, groups and controllers looked up
 *
 * Users are those of /etc/passwd and /etc/group: a static program has no NSS. Who is known to another
 * service only is written as a number.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/own.h"
#include "base/passwd.h"
#include "base/userspec.h"
#include "cg/apply.h"
#include "cg/rules.h"
#include "os/file.h"

#define TEXT_MAX  ((size_t)4 << 20)
#define FILES_MAX 256

/* --- files ------------------------------------------------------------------------------- */

/* struct names - files of a folder, in the order of their names */
struct names {
	char *at[FILES_MAX];
	size_t n;
};

static void names_done(struct names *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->at[i]);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A folder that is not there has no files. */
static int list(const char *folder, const char *end, struct names *l, struct err *e)
{
	own_dir DIR *dir = opendir(folder);
	struct dirent *d;

	if (!dir)
		return errno == ENOENT ? 0 : fail_sys(e, "open '%s'", folder);
	while ((d = readdir(dir))) {
		if (*d->d_name == '.' || !text_ends(d->d_name, end))
			continue;
		if (l->n == FILES_MAX)
			return fail(e, ERR_LIMIT, "'%s' has more than %d files", folder, FILES_MAX);
		if (asprintf(&l->at[l->n], "%s/%s", folder, d->d_name) < 0)
			return fail_errno(e, ENOMEM, "list '%s'", folder);
		l->n++;
	}
	if (l->n)
		qsort(l->at, l->n, sizeof(*l->at), by_name);
	return 0;
}

static int read_file(struct cg_rules *r, const char *file, struct cg_rules_report *report,
		     struct err *e)
{
	own_mem char *text = NULL;
	int len = file_read(AT_FDCWD, file, TEXT_MAX, &text, e);

	if (len >= 0 && strlen(text) != (size_t)len)
		return fail(e, ERR_INPUT, "'%s' has a NUL: it is no text", file);
	if (len >= 0)
		return cg_rules_parse(r, file, text, report, e);
	if (e->sysno != ENOENT)
		return -1;
	return fail_hint(e, "it says whose processes go where, a rule a line: student cpu,memory "
			    "students/%%u");
}

static int read_files(struct cg_rules *r, const char *file, struct cg_rules_report *report,
		      struct err *e)
{
	__attribute__((cleanup(names_done))) struct names l = { 0 };

	if (read_file(r, file ? file : CG_RULES_FILE, report, e) < 0)
		return -1;
	if (file)
		return 0;
	if (list(CG_RULES_DIR, "", &l, e) < 0)
		return -1;
	for (size_t i = 0; i < l.n; i++)
		if (read_file(r, l.at[i], report, e) < 0)
			return -1;
	return 0;
}

/* --- users ------------------------------------------------------------------------------- */

/* Takes the next of names that are divided by commas off *@list; "" for what cannot be one. */
static bool next_member(const char **list, size_t *len, char *ret_name, size_t size)
{
	const char *comma = *len ? memchr(*list, ',', *len) : NULL;
	size_t n = comma ? (size_t)(comma - *list) : *len;

	if (!*len)
		return false;
	snprintf(ret_name, size, "%.*s", n < size ? (int)n : 0, *list);
	n += comma != NULL;
	*list += n;
	*len -= n;
	return true;
}

/* The users that a group lists, as far as they exist. */
static int find_members(struct cg_rules *r, struct cg_rule *rule, struct err *e)
{
	size_t len = 0, n = 0, room = 1;
	const char *list = passwd_members(r->group, rule->name, &len);
	own_mem uint32_t *ids = NULL;
	char name[256];

	for (size_t i = 0; i < len; i++)
		room += list[i] == ',';
	ids = calloc(room, sizeof(*ids));
	if (!ids)
		return fail_errno(e, ENOMEM, "list the members of '%s'", rule->name);
	while (n < room && next_member(&list, &len, name, sizeof(name)))
		n += passwd_id(r->passwd, name, &ids[n]);
	free(rule->members);
	rule->members = give(ids);
	rule->n_members = n;
	return 0;
}

static int fail_nobody(const struct cg_rule *rule, const char *text, struct err *e)
{
	bool user = rule->who == CG_RULE_USER;
	struct text_near near = text_near(rule->name);
	char best[64];

	fail(e, ERR_INPUT, "there is no %s '%s'", user ? "user" : "group", rule->name);
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		char name[sizeof(best)] = "";
		size_t len = strcspn(line, ":\n");

		if (len >= sizeof(name))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)len, line);
		text_near_try(&near, name);
		if (near.best == name)
			near.best = memcpy(best, name, sizeof(best));
	}
	if (near.best)
		return fail_hint(e, "did you mean '%s'?", near.best);
	return fail_hint(e, "those of other services than %s are named by number",
			 user ? "/etc/passwd" : "/etc/group");
}

static int find_user(struct cg_rules *r, struct cg_rule *rule, struct err *e)
{
	const char *text = rule->who == CG_RULE_USER ? r->passwd : r->group;

	if (rule->who == CG_RULE_ANY)
		return 0;
	/* what looks like a number is one: base/userspec.h */
	if (*rule->name >= '0' && *rule->name <= '9')
		return userspec_id(rule->name, &rule->id, e);
	if (!passwd_id(text, rule->name, &rule->id))
		return fail_nobody(rule, text, e);
	return rule->who == CG_RULE_GROUP ? find_members(r, rule, e) : 0;
}

/* A rule's continuations are of its user, and share its fate. */
static int find_users(struct cg_rules *r, struct cg_rules_report *report, struct err *e)
{
	bool off = false;

	for (size_t i = 0; i < r->n; i++) {
		struct cg_rule *rule = &r->at[i];
		struct err why = { 0 };

		if (!rule->more) {
			off = find_user(r, rule, &why) < 0;
			if (off && why.sysno == ENOMEM) {
				*e = why;
				return -1;
			}
			if (off)
				cg_rule_report(report, rule, &why);
		}
		rule->off = off;
	}
	return 0;
}

/**
 * cg_rules_load_users() - read the users again, who may have become others
 * @report: hears of rules for nobody
 */
int cg_rules_load_users(struct cg_rules *r, struct cg_rules_report *report, struct err *e)
{
	own_mem char *passwd = NULL, *group = NULL;
	char *old;

	if (file_read(AT_FDCWD, "/etc/passwd", TEXT_MAX, &passwd, e) < 0 ||
	    file_read(AT_FDCWD, "/etc/group", TEXT_MAX, &group, e) < 0)
		return -1;
	old = r->passwd;
	r->passwd = give(passwd);
	passwd = old;
	old = r->group;
	r->group = give(group);
	group = old;
	return find_users(r, report, e);
}

/* --- controllers --------------------------------------------------------------------------- */

static int find_controllers(struct cg_rules *r, struct cg_rule *rule, struct err *e)
{
	char text[sizeof(((struct cg_group *)0)->controllers) + 4];
	struct cg_group g;
	struct cg_in *in;

	snprintf(text, sizeof(text), "%s:/", rule->controllers);
	if (cg_group_parse(r->world, text, &g, e) < 0)
		return -1;
	in = arena_array(&r->mem, g.n, sizeof(*in));
	if (!in)
		return fail_errno(e, ENOMEM, "read the rules");
	memcpy(in, g.in, g.n * sizeof(*in));
	rule->in = in;
	rule->n_in = g.n;
	return 0;
}

/* A line for controllers that are not here moves nobody; its rule still fits, as libcgroup's does. */
static void find_all_controllers(struct cg_rules *r, struct cg_rules_report *report)
{
	for (size_t i = 0; i < r->n; i++) {
		struct err why = { 0 };

		if (find_controllers(r, &r->at[i], &why) < 0)
			cg_rule_report(report, &r->at[i], &why);
	}
}

/**
 * cg_rules_load() - rules from their files, looked up on this host
 * @r:      cg_rules_done() also after a failure
 * @file:   NULL: CG_RULES_FILE, and then the files of CG_RULES_DIR in the order of their names
 * @all:    go on after lines that are no rules, and report them, too
 * @report: hears of users and controllers that are not here; their rules are left out
 *
 * Fails at a file that cannot be read, and, without @all, at the first line that is no rule.
 */
int cg_rules_load(struct cg_rules *r, const char *file, bool all, struct cg_rules_report *report,
		  struct err *e)
{
	r->world = calloc(1, sizeof(*r->world));
	if (!r->world)
		return fail_errno(e, ENOMEM, "read the rules");
	if (cg_world_open(r->world, e) < 0 || read_files(r, file, all ? report : NULL, e) < 0 ||
	    cg_rules_load_users(r, report, e) < 0)
		return -1;
	find_all_controllers(r, report);
	return 0;
}

/* --- templates ----------------------------------------------------------------------------- */

static int read_template(struct cg_templates *t, const char *file, struct cg_node ***end,
			 struct err *e)
{
	own_mem char *text = NULL;

	if (file_read(AT_FDCWD, file, TEXT_MAX, &text, e) < 0)
		return e->sysno == ENOENT ? 0 : -1;
	if (cg_conf_parse(text, &t->mem, *end, e) < 0)
		return fail_at(e, "%s", file);
	while (**end)
		*end = &(**end)->next;
	return 0;
}

/**
 * cg_templates_load() - what /etc/cgconfig.conf and the files of /etc/cgconfig.d say
 * @t: cg_templates_done() also after a failure
 *
 * Files that are not there say nothing.
 */
int cg_templates_load(struct cg_templates *t, struct err *e)
{
	__attribute__((cleanup(names_done))) struct names l = { 0 };
	struct cg_node **end = &t->first;

	if (read_template(t, "/etc/cgconfig.conf", &end, e) < 0 ||
	    list("/etc/cgconfig.d", ".conf", &l, e) < 0)
		return -1;
	for (size_t i = 0; i < l.n; i++)
		if (read_template(t, l.at[i], &end, e) < 0)
			return -1;
	return 0;
}

void cg_templates_done(struct cg_templates *t)
{
	arena_done(&t->mem);
	*t = (struct cg_templates){ 0 };
}
