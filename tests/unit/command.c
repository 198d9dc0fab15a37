/* command.c - how a command is found in its table, and what is said when it isn't */
#include "base/command.h"

#include "base/own.h"
#include "t.h"

struct options {
	bool loud;
	const char *name;
};

static const struct opt options[] = {
	OPT_FLAG_("loud", 'l', struct options, loud, "say it"),
	OPT_STRING_("name", 'h', struct options, name, "NAME", "call it NAME"),
};

static struct {
	bool loud;
	const char *name, *first;
	size_t n;
} seen;

static int run(const struct cli *cli __attribute__((unused)), void *o, char **args, size_t n,
	       int *ret_status, struct err *e __attribute__((unused)))
{
	const struct options *given = o;

	seen.loud = given->loud;
	seen.name = given->name;
	seen.first = n ? args[0] : NULL;
	seen.n = n;
	*ret_status = 7;
	return 0;
}

static const struct command enter = { .name = "enter",
				      .args = "WHERE [WORD...]",
				      .summary = "go in",
				      .aliases = (const char *const[]){ "in", NULL },
				      .opts = options,
				      .n = COUNT(options),
				      .size = sizeof(struct options),
				      .min = 1,
				      .max = 3,
				      .stop_early = true,
				      .run = run };
static const struct command leave = { .name = "leave",
				      .args = "",
				      .summary = "go out",
				      .section = "EXITS",
				      .max = 1,
				      .raw = true,
				      .size = sizeof(struct options),
				      .run = run };
static const struct command *const rooms[] = { &enter, &leave, NULL };
static const struct command room = {
	.name = "room", .args = "COMMAND", .summary = "rooms", .commands = rooms
};
static const struct command *const tops[] = { &room, NULL };
static const struct command top = {
	.name = "house", .args = "COMMAND", .summary = "a house", .commands = tops
};

/* The words outlive the macro's block: what was found of them points to them. */
static char *words[16];

#define CALL(call, e, ...) \
	(memcpy(words, (char *[]){ __VA_ARGS__ }, sizeof((char *[]){ __VA_ARGS__ })), \
	 command_descend("house", &top, words, COUNT(((char *[]){ __VA_ARGS__ })), call, e))

static void want_error(const struct err *e, const char *line)
{
	char got[2048];

	err_line(e, got, sizeof(got));
	WANT_STR(got, line);
}

TEST(a_command_in_a_group_is_found_by_name_and_alias)
{
	struct command_call call;
	struct err e = { 0 };

	WANT_INT(CALL(&call, &e, "room", "enter", "x"), 0);
	WANT(call.command == &enter && call.n == 1);
	WANT_STR(call.path, "house room enter");
	WANT_INT(CALL(&call, &e, "room", "in"), 0);
	WANT(call.command == &enter && call.n == 0);
	WANT_INT(CALL(&call, &e, "room", "--help"), 0);
	WANT(call.command == &room && call.n == 1);
}

TEST(a_word_that_names_none_is_an_error_with_a_proposal)
{
	struct command_call call;
	struct err e = { 0 };

	WANT_INT(CALL(&call, &e, "room", "entr"), -1);
	want_error(&e, "'house room entr' is not a command (did you mean 'enter'?)");
	WANT_INT(CALL(&call, &e, "garden"), -1);
	want_error(&e, "'house garden' is not a command (see 'house --help')");
}

TEST(beginnings_call_the_first_that_fits_where_the_group_says_so)
{
	static const struct command *const few[] = { &leave, &enter, NULL };
	static const struct command group = { .name = "room", .commands = few, .beginnings = true };
	char l[] = "l", i[] = "i", none[] = "", x[] = "enterx", *word;
	const struct {
		char *word;
		const struct command *want;
	} rows[] = { { l, &leave }, { i, &enter }, { none, NULL }, { x, NULL } };
	struct command_call call;
	struct err e;

	for (size_t at = 0; at < COUNT(rows); at++) {
		word = rows[at].word;
		WANT_INT(command_descend("room", &group, &word, 1, &call, &e),
			 rows[at].want ? 0 : -1);
		WANT(call.command == (rows[at].want ? rows[at].want : &group));
	}
	word = l;
	WANT_INT(command_descend("room", &room, &word, 1, &call, &e), -1);
}

TEST(options_end_at_the_first_word)
{
	int status = 0;
	struct command_call call;
	struct err e = { 0 };

	WANT_INT(CALL(&call, &e, "room", "enter", "-l", "-h", "me", "x", "-l"), 0);
	WANT_INT(command_run(NULL, &call, &status, &e), 0);
	WANT_INT(status, 7);
	WANT(seen.loud && seen.n == 2);
	WANT_STR(seen.name, "me");
	WANT_STR(seen.first, "x");
}

TEST(a_raw_command_gets_its_options_as_they_stand)
{
	int status = 0;
	struct command_call call;
	struct err e = { 0 };

	WANT_INT(CALL(&call, &e, "room", "leave", "--help"), 0);
	WANT_INT(command_run(NULL, &call, &status, &e), 0);
	WANT_STR(seen.first, "--help");
}

TEST(the_number_of_words_is_checked)
{
	int status = 0;
	struct command_call call;
	struct err e = { 0 };

	WANT_INT(CALL(&call, &e, "room", "enter"), 0);
	WANT_INT(command_run(NULL, &call, &status, &e), -1);
	want_error(&e, "room enter: too few arguments (usage: house room enter WHERE [WORD...])");
	WANT_INT(CALL(&call, &e, "room", "enter", "1", "2", "3", "4"), 0);
	WANT_INT(command_run(NULL, &call, &status, &e), -1);
	WANT_INT(CALL(&call, &e, "room", "enter", "--lod"), 0);
	WANT_INT(command_run(NULL, &call, &status, &e), -1);
	want_error(&e, "room enter: unknown option '--lod' (did you mean '--loud'?)");
}

TEST(a_letter_that_an_option_has_does_not_ask_for_help)
{
	WANT(!command_wants_help(&enter, (char *[]){ "-h", "me" }, 2));
	WANT(command_wants_help(&enter, (char *[]){ "-l", "--help" }, 2));
	WANT(!command_wants_help(&enter, (char *[]){ "x", "--help" }, 2));
	WANT(command_wants_help(&room, (char *[]){ "-h" }, 1));
}

TEST(a_groups_help_has_sections)
{
	own_str struct str out = { 0 };

	command_help(&room, "house room", &out);
	WANT_STR(out.at, "NAME:\n   house room - rooms\n\nUsage: house room COMMAND [ARG...]\n"
			 "\nCOMMANDS:\n   enter          go in\n"
			 "\nEXITS:\n   leave          go out\n"
			 "\n'house room COMMAND --help' says more of each.\n");
}

TEST(some_options_may_have_a_value)
{
	struct given {
		const char *file, *dir;
		bool loud;
	} o = { 0 };
	const struct opt rows[] = {
		OPT_MAYBE_("file", 'f', struct given, file, "FILE", "with a file"),
		OPT_MAYBE_SHORT_("dir", 'd', struct given, dir, "DIR", "with a folder"),
		OPT_FLAG_("loud", 'l', struct given, loud, "say it"),
	};
	char *args[4];
	struct opt_parse p = { .opts = rows, .n = COUNT(rows), .stop_early = true, .args = args };
	own_str struct str help = { 0 };
	struct err e = { 0 };
	size_t used;

	WANT_INT(opt_parse(&p, (char *[]){ "-fl", "-d", "word" }, 3, &o, &used, &e), 0);
	WANT_INT((long long)used, 2);
	WANT_STR(o.file, "");
	WANT_STR(o.dir, "");
	WANT(o.loud);
	WANT_INT(opt_parse(&p, (char *[]){ "-dl", "--file=a", "word" }, 3, &o, &used, &e), 0);
	WANT_STR(o.file, "a");
	WANT_STR(o.dir, "l");
	WANT_INT(opt_parse(&p, (char *[]){ "--dir", "word" }, 2, &o, &used, &e), 0);
	WANT_INT((long long)used, 1);
	WANT_STR(o.dir, "");
	WANT_INT(opt_parse(&p, (char *[]){ "--file=" }, 1, &o, &used, &e), -1);
	WANT_STR(e.text, "option '--file': the value is empty");
	WANT_INT(opt_parse(&p, (char *[]){ "-d=" }, 1, &o, &used, &e), -1);
	opt_help(rows, 1, &help);
	WANT_STR(help.at, "   -f, --file[=FILE]                with a file\n");
}

TEST(options_that_are_true_or_false_take_go_s_words)
{
	struct told {
		bool quiet, loud;
		struct opt_bool human;
	};
	static const struct opt rows[] = {
		OPT_FLAG_("quiet", 'q', struct told, quiet, "say less"),
		OPT_FLAG_("loud", 'l', struct told, loud, "say more"),
		OPT_BOOL_("human", 'H', struct told, human, "for people"),
	};
	static const struct {
		char *word;
		bool quiet, loud, set, human;
	} lines[] = {
		{ "--quiet", true, false, false, false },
		{ "--quiet=T", true, false, false, false },
		{ "--quiet=FALSE", false, false, false, false },
		{ "-q=true", true, false, false, false },
		{ "-lq=false", false, true, false, false },
		{ "-H", false, false, true, true },
		{ "--human=false", false, false, true, false },
		{ "-H=0", false, false, true, false },
		{ "-qH", true, false, true, true },
	};
	char *args[4];
	struct err e = { 0 };

	for (size_t i = 0; i < COUNT(lines); i++) {
		struct opt_parse p = { .opts = rows, .n = COUNT(rows), .args = args };
		struct told t = { 0 };
		size_t used;

		WANT_INT(opt_parse(&p, (char *[]){ lines[i].word, "word" }, 2, &t, &used, &e), 0);
		WANT(t.quiet == lines[i].quiet && t.loud == lines[i].loud);
		WANT(t.human.set == lines[i].set && t.human.v == lines[i].human);
		/* what follows is never its value */
		WANT_INT(p.n_args, 1);
	}
	{
		struct opt_parse p = { .opts = rows, .n = COUNT(rows), .args = args };
		struct told t = { 0 };
		size_t used;

		WANT_INT(opt_parse(&p, (char *[]){ "-q=yes" }, 1, &t, &used, &e), -1);
		WANT_STR(e.text, "option '--quiet': 'yes' is neither true nor false");
	}
}
