/* env.c - the program's environment, and homes from /etc/passwd */
#include "t.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/passwd.h"
#include "init/env.h"

static const char passwd[] = "# comment\n"
			     "root:x:0:0:root:/root:/bin/sh\n"
			     "short:x:5:5:/short\n"
			     "long:x:6:6::/long:/bin/sh:more\n"
			     "octal:x:01000:0::/octal:/bin/sh\n"
			     "4294967296:x:0:0::/wrapped:/bin/sh\n"
			     "me:x:1000:1000:,,,:/home/me:/bin/sh\n"
			     "again:x:1000:1000::/second:/bin/sh\n"
			     "relative:x:7:7::home:/bin/sh\n"
			     "empty:x:8:8:::\n"
			     "last:x:9:9::/last:";

TEST(homes)
{
	static const struct {
		uint32_t uid;
		const char *home;
	} rows[] = {
		{ 0, "/root" }, { 1000, "/home/me" }, { 9, "/last" }, { 5, NULL },
		{ 6, NULL },    { 7, NULL },          { 8, NULL },    { 77, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char home[32] = "";
		bool found = passwd_home(passwd, rows[i].uid, home, sizeof(home));

		if (found != (rows[i].home != NULL) || (found && strcmp(home, rows[i].home) != 0))
			T_FAIL("uid %u: '%s'", rows[i].uid, home);
	}
}

TEST(a_home_that_does_not_fit_is_none)
{
	char home[6];

	WANT(passwd_home(passwd, 0, home, 6));
	WANT(!passwd_home(passwd, 0, home, 5));
}

TEST(a_line_that_is_not_an_entry_does_not_hide_the_next)
{
	char home[32];

	WANT(passwd_home("\n\n:::\nx\nu:x:3:3::/three:/bin/sh\n", 3, home, sizeof(home)));
	WANT_STR(home, "/three");
	WANT(!passwd_home("", 0, home, sizeof(home)));
}

static const char *prepared(char **env)
{
	static char text[2048];
	own_arena struct arena a = { 0 };
	struct err e = { 0 };
	char **list = NULL;

	text[0] = '\0';
	if (env_prepare(env, 0, "config.json: /process", &a, &list, &e) < 0) {
		snprintf(text, sizeof(text), "%s: %s", e.origin, e.text);
		return text;
	}
	for (; *list; list++) {
		strcat(text, *list);
		strcat(text, " ");
	}
	return text;
}

TEST(the_last_of_a_name_counts_and_the_order_stays)
{
	char *env[] = { "A=1", "HOME=/x", "B=2", "A=3", "AB=4", "A=5=6", NULL };

	WANT_STR(prepared(env), "HOME=/x B=2 AB=4 A=5=6 ");
}

TEST(a_missing_or_empty_home_is_found)
{
	char *none[] = { NULL }, *empty[] = { "HOME=", "A=", NULL };

	WANT_STR(prepared(none), "HOME=/root ");
	WANT_STR(prepared(empty), "A= HOME=/root ");
}

TEST(what_is_no_variable_is_refused_with_its_place)
{
	char *plain[] = { "A=1", "B", NULL }, *nameless[] = { "=1", NULL };

	WANT_STR(prepared(plain), "config.json: /process/env/1: 'B' is not NAME=value");
	WANT_STR(prepared(nameless), "config.json: /process/env/0: '=1' is not NAME=value");
}

TEST(ids_and_groups_are_found_by_name)
{
	static const char groups[] = "root:x:0:\nbad\nx:x:y:ann\none:x:11:bob,ann\ntwo:x:12:annie\n"
				     "three:x:13:ann";
	const char *text = groups;
	char name[8];
	uint32_t id;

	WANT(passwd_id("ann:x:1000:1001::/:/bin/sh\nannie:x:5:5::/:/x\n", "annie", &id));
	WANT_INT(id, 5);
	WANT(!passwd_id("ann:x:1000:1001::/:/bin/sh\n", "an", &id));
	WANT(!passwd_id("ann:x:4294967295:1::/:\nann\nann:\nann:x:", "ann", &id));
	WANT(!passwd_id("", "", &id));
	WANT(passwd_id(groups, "two", &id));
	WANT_INT(id, 12);
	WANT(passwd_user_of("ann:x:1000:1001::/:/bin/sh\n", 1000, name, sizeof(name), &id));
	WANT_STR(name, "ann");
	WANT_INT(id, 1001);
	WANT(!passwd_user_of("ann:x:1000:1001::/:/bin/sh\n", 1000, name, 3, &id));
	WANT(passwd_next_group(&text, "ann", &id));
	WANT_INT(id, 11);
	WANT(passwd_next_group(&text, "ann", &id));
	WANT_INT(id, 13);
	WANT(!passwd_next_group(&text, "ann", &id));
}
