/* cg_rules.c - cgrules.conf: what a line means, whom it fits, and who is sticky */
#include "t.h"

#include <unistd.h>

#include "base/err.h"
#include "base/own.h"
#include "base/passwd.h"
#include "cg/rules.h"
#include "cg/sticky.h"
#include "os/proc_events.h"

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
			     "ann:x:1001:100:Ann:/home/ann:/bin/sh\n"
			     "bob:x:1002:100:Bob:/home/bob:/bin/sh\n";
static const char group[] = "root:x:0:\n"
			    "users:x:100:\n"
			    "team:x:200:bob,nobody-at-all\n";

static const char *parse(struct cg_rules *r, const char *text, struct err *e)
{
	*r = (struct cg_rules){ 0 };
	return cg_rules_parse(r, "f", text, NULL, e) < 0 ? e->text : NULL;
}

TEST(a_rule_is_who_controllers_destination_and_options)
{
	static const struct {
		const char *text, *name, *program, *controllers, *destination;
		enum cg_rule_who who;
		unsigned options;
	} rows[] = {
		{ "ann cpu a/", "ann", NULL, "cpu", "a/", CG_RULE_USER, 0 },
		{ "\t ann\tcpu,memory   a # b\n", "ann", NULL, "cpu,memory", "a", CG_RULE_USER, 0 },
		{ "ann:cp cpu a", "ann", "cp", "cpu", "a", CG_RULE_USER, 0 },
		{ "ann: cpu a", "ann", NULL, "cpu", "a", CG_RULE_USER, 0 },
		{ "*:/bin/a:b * /", "*", "/bin/a:b", "*", "/", CG_RULE_ANY, 0 },
		{ "@team:\"Web # Browser\" cpu \"x y/z\"", "team", "Web # Browser", "cpu", "x y/z",
		  CG_RULE_GROUP, 0 },
		{ "* cpu a ignore", "*", NULL, "cpu", "a", CG_RULE_ANY, CG_RULE_IGNORE },
		{ "* cpu * ignore_rt,ignore\r\n", "*", NULL, "cpu", "*", CG_RULE_ANY,
		  CG_RULE_IGNORE | CG_RULE_IGNORE_RT },
		{ "1001 cpu %u/\\%", "1001", NULL, "cpu", "%u/\\%", CG_RULE_USER, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		own_cg_rules struct cg_rules r;
		struct err e = { 0 };

		if (parse(&r, rows[i].text, &e))
			T_FAIL("'%s': %s", rows[i].text, e.text);
		WANT_INT(r.n, 1);
		WANT_STR(r.at[0].name, rows[i].name);
		WANT_STR(r.at[0].program ? r.at[0].program : "-",
			 rows[i].program ? rows[i].program : "-");
		WANT_STR(r.at[0].controllers, rows[i].controllers);
		WANT_STR(r.at[0].destination, rows[i].destination);
		WANT_INT(r.at[0].who, rows[i].who);
		WANT_INT(r.at[0].options, rows[i].options);
	}
}

TEST(what_is_no_rule_is_an_error_with_its_line)
{
	static const struct {
		const char *text, *origin, *says;
	} rows[] = {
		{ "\n# x\nann cpu", "f:3", "three words" },
		{ "ann", "f:1", "three words" },
		{ "ann cpu a b", "f:1", "no option" },
		{ "ann cpu a ignore c", "f:1", "fifth word" },
		{ "% cpu a", "f:1", "none above" },
		{ "ann cpu a\n\n%x cpu a", "f:3", "nobody" },
		{ "@ cpu a", "f:1", "nobody" },
		{ ":cp cpu a", "f:1", "nobody" },
		{ "*a cpu a", "f:1", "nobody" },
		{ "ann , a", "f:1", "no list" },
		{ "ann cpu, a", "f:1", "no list" },
		{ "ann a/b a", "f:1", "no list" },
		{ "ann cpu ../a", "f:1", "'..'" },
		{ "ann cpu \"\"", "f:1", "empty" },
		{ "ann cpu \"a", "f:1", "no end" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		own_cg_rules struct cg_rules r;
		struct err e = { 0 };

		if (!parse(&r, rows[i].text, &e))
			T_FAIL("'%s' is read", rows[i].text);
		WANT_STR(e.origin, rows[i].origin);
		if (!strstr(e.text, rows[i].says))
			T_FAIL("'%s': '%s'", rows[i].text, e.text);
	}
}

static void count(void *ctx, struct err *problem)
{
	(void)problem;
	++*(int *)ctx;
}

TEST(all_that_is_wrong_is_reported_and_the_rest_is_read)
{
	own_cg_rules struct cg_rules r = { 0 };
	int n = 0;
	struct cg_rules_report report = { count, &n, 0 };
	struct err e = { 0 };

	WANT(cg_rules_parse(&r, "f",
			    "% cpu x\na\nann cpu a\n% memory b\nb\n% memory c\nann cpu c d\n",
			    &report, &e) == 0);
	WANT_INT(n, 4);
	WANT_INT(report.n, 4);
	/* what continues a rule that is wrong is not the one's before it */
	WANT_INT(r.n, 2);
	WANT(r.at[1].more && r.at[1].line == 4);
}

/* As cg_rules_load() leaves them, for users that only this test has. */
static void look_up(struct cg_rules *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->at[i].who == CG_RULE_USER && !r->at[i].more)
			(void)passwd_id(passwd, r->at[i].name, &r->at[i].id);
		else if (r->at[i].who == CG_RULE_GROUP)
			(void)passwd_id(group, r->at[i].name, &r->at[i].id);
}

TEST(the_first_rule_that_fits_counts_and_those_that_continue_it)
{
	static const struct {
		uint32_t uid, gid;
		const char *program;
		unsigned line;
	} rows[] = {
		{ 1001, 100, "/bin/cp", 1 }, { 1001, 100, "/opt/bin/x", 3 },
		{ 1001, 100, "/opt/y", 4 },  { 1002, 200, "/bin/cp", 6 },
		{ 1002, 100, "/bin/cp", 7 }, { 1003, 7, "cp", 0 },
		{ 1003, 7, "/usr/cp", 7 },   { 1001, 100, "/bin/cpx", 4 },
	};
	own_cg_rules struct cg_rules r;
	struct err e = { 0 };

	WANT(!parse(&r,
		    "ann:cp cpu a\n% memory b\nann:/opt/bin/x cpu c\nann cpu d\n% memory b\n"
		    "@team cpu e\n*:/* cpu f\n",
		    &e));
	look_up(&r);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cg_process p = { .status = FD_NONE, .uid = rows[i].uid, .gid = rows[i].gid };
		const struct cg_rule *rule;

		snprintf(p.program, sizeof(p.program), "%s", rows[i].program);
		rule = cg_rules_find(&r, &p);
		if ((rule ? rule->line : 0) != rows[i].line)
			T_FAIL("user %u's %s: line %u", rows[i].uid, rows[i].program,
			       rule ? rule->line : 0);
	}
	WANT(cg_rules_next(&r, &r.at[0]) == &r.at[1] && !cg_rules_next(&r, &r.at[1]));
	WANT(!cg_rules_next(&r, &r.at[r.n - 1]));
}

TEST(a_destination_is_filled_in)
{
	static const struct {
		const char *text, *path;
		bool made;
	} rows[] = {
		{ "a/b", "a/b", false },       { "%u", "ann", true },
		{ "%U", "1001", true },        { "%g-%G", "team-200", true },
		{ "x/%P/%p", "x/7/cp", true }, { "\\%u", "%u", true },
		{ "%x%", "%x%", false },       { "a\\b", "ab", true },
	};
	struct cg_process p = {
		.status = FD_NONE, .pid = 7, .uid = 1001, .gid = 200, .program = "/bin/cp"
	};
	struct cg_rules r = { .passwd = (char *)passwd, .group = (char *)group };
	char path[CGROUP_PATH_MAX];
	struct err e = { 0 };
	bool made;

	for (size_t i = 0; i < COUNT(rows); i++) {
		WANT(cg_rule_expand(&r, rows[i].text, &p, path, &made, &e) == 0);
		WANT_STR(path, rows[i].path);
		WANT_INT(made, rows[i].made);
	}
	p.uid = 5;
	WANT(cg_rule_expand(&r, "%u", &p, path, &made, &e) == 0);
	WANT_STR(path, "5");
	/* a program's path is its user's choice */
	snprintf(p.program, sizeof(p.program), "/tmp/..");
	WANT(cg_rule_expand(&r, "a/%p", &p, path, &made, &e) < 0);
}

TEST(a_process_is_looked_at_and_known_again)
{
	own_cg_process struct cg_process p = { .status = FD_NONE };
	struct cg_process gone;

	WANT_INT(cg_process_try_open(getpid(), &p), 0);
	WANT_INT(p.uid, geteuid());
	WANT_INT(p.gid, getegid());
	WANT_INT(p.parent, getppid());
	cg_process_name(&p);
	WANT(*p.program == '/' && strstr(p.program, "test-cg_rules"));
	WANT(cg_process_same(&p));
	WANT(cg_process_try_open(0x3fffffff, &gone) < 0);
}

TEST(who_is_sticky_hands_it_on_until_it_is_taken_back)
{
	struct cg_sticky s = { 0 };
	bool children = true;
	pid_t me = getpid();

	WANT(!cg_sticky_is(&s, me, NULL));
	WANT_INT(cg_sticky_try_add(&s, me, false), 0);
	WANT(cg_sticky_is(&s, me, &children) && !children);
	WANT_INT(cg_sticky_try_add(&s, me, true), 0);
	WANT(cg_sticky_is(&s, me, &children) && children);
	/* in the same slot, and nobody's */
	WANT_INT(cg_sticky_try_add(&s, me + (1 << 26), true), 0);
	WANT_INT(s.n, 2);
	cg_sticky_check(&s);
	WANT(s.n == 1 && cg_sticky_is(&s, me, NULL));
	cg_sticky_remove(&s, me);
	WANT(!s.n && !cg_sticky_is(&s, me, NULL));
	for (pid_t i = 1; i < 2000; i++)
		WANT_INT(cg_sticky_try_add(&s, (1 << 25) + i, true), 0);
	/* those that have ended do not stay for ever */
	WANT(s.n < 1000);
	cg_sticky_done(&s);
}

TEST(an_account_is_found_by_number_and_by_name)
{
	char name[8];
	size_t len;

	WANT(passwd_group_name(group, 200, name, sizeof(name)));
	WANT_STR(name, "team");
	WANT(!passwd_group_name(group, 201, name, sizeof(name)));
	WANT(!passwd_group_name(group, 200, name, 4));
	WANT(strncmp(passwd_members(group, "team", &len), "bob,nobody-at-all", len) == 0 &&
	     len == 17);
	WANT(passwd_members(group, "users", &len) && len == 0);
	WANT(!passwd_members(group, "tea", &len));
}
