/* command_texts.c - what is made from the table of commands: completion, help and manual pages */
#include "base/command.h"

#include "base/own.h"
#include "t.h"

struct options {
	bool all, quiet;
	const char *file, *format, *user;
	struct opt_list env;
};

// clang-format off
static const struct opt list_options[] = {
	OPT_FLAG_("all",      'a', struct options, all,              "every one"),
	OPT_FLAG_("quiet",    'q', struct options, quiet,            "names only"),
	OPT_STRING_("format", 0,   struct options, format, "FORMAT", "'table', 'json', 'table TEMPLATE' or a Go template"),
	OPT_STRING_("file",   'f', struct options, file,   "FILE",   "read it; don't ask"),
	OPT_MAYBE_("net",  'n', struct options, user,      "FILE",   "bind it; the caller's or the file's"),
	OPT_MAYBE_SHORT_("pid", 'p', struct options, user, "PID",    "which"),
	OPT_REFUSED_("alien", 'x', "THING", "we can't"),
	{ "ignored", 0, OPT_IGNORED, 0, "WHEN", "nothing changes" },
};
static const struct opt enter_options[] = {
	OPT_STRING_("user",  'u', struct options, user, "UID",        "who"),
	OPT_STRING_("chdir", 'w', struct options, file, "DIR",        "where"),
	OPT_STRINGS_("env",  'e', struct options, env,  "NAME=VALUE", "a variable"),
};
// clang-format on

static const struct command list = { .name = "ls",
				     .args = "",
				     .summary = "list them",
				     .opts = list_options,
				     .n = COUNT(list_options),
				     .size = sizeof(struct options) };
static const struct command enter = {
	.name = "enter",
	.args = "CONTAINER [PROGRAM [ARG...]]",
	.summary = "go in",
	.about = "Some words about going in, enough of them that they have "
		 "to be spread over two lines.\n"
		 "\n"
		 "\ttare ns enter x\n"
		 "\n"
		 "And more.",
	.aliases = (const char *const[]){ "in", "exec", NULL },
	.opts = enter_options,
	.n = COUNT(enter_options),
	.size = sizeof(struct options),
	.min = 1,
	.max = 99,
	.stop_early = true,
	.words = WORDS_CONTAINER
};
static const struct command raw = { .name = "raw",
				    .args = "WORD...",
				    .summary = "another's -words",
				    .section = "OTHERS",
				    .raw = true,
				    .words = WORDS_FILE };
static const struct command two = { .name = "two",
				    .args = "PID PID",
				    .summary = ".two of \\them, '\xc3\xbc'",
				    .max = 2,
				    .words = WORDS_PID };
static const struct command *const below[] = { &list, &enter, &raw, &two, NULL };
static const struct command ns = {
	.name = "ns", .args = "COMMAND", .summary = "namespaces", .commands = below
};
static const struct command run = { .name = "run",
				    .args = "PROGRAM [ARG...]",
				    .summary = "start it",
				    .opts = list_options,
				    .n = 2,
				    .size = sizeof(struct options),
				    .max = 99,
				    .stop_early = true,
				    .words = WORDS_PROGRAM };
static const struct command help = { .name = "help",
				     .args = "[COMMAND...]",
				     .summary = "explain",
				     .section = "ABOUT",
				     .max = 9,
				     .words = WORDS_COMMAND };
static const struct command *const tops[] = { &ns, &run, &help, NULL };
static const struct opt globals[] = {
	OPT_STRING_("log-level", 'l', struct options, user, "LEVEL", "'error', 'warn' or 'info'"),
};
static const struct command top = { .name = "tare",
				    .args = "COMMAND",
				    .summary = "a program",
				    .commands = tops,
				    .opts = globals,
				    .n = COUNT(globals),
				    .size = sizeof(struct options) };

/* --- completion ------------------------------------------------------------------------------- */

/* The words of @line, of which the last is unfinished; a blank at the end begins a new one. */
static void complete(const char *line, struct completion *ret)
{
	static char text[256];
	char *words[32];
	size_t n = 0;

	snprintf(text, sizeof(text), "%s", line);
	for (char *at = text;; at++) {
		words[n++] = at;
		at = strchr(at, ' ');
		if (!at)
			break;
		*at = '\0';
	}
	command_complete(&top, words, n, ret);
}

/* The candidates alone, with blanks between. */
static void want_completion(const char *line, const char *want, enum command_words kind)
{
	own_completion struct completion c;
	own_str struct str got = { 0 };

	complete(line, &c);
	for (const char *at = c.lines.at ? c.lines.at : ""; *at; at = strchr(at, '\n') + 1)
		str_addf(&got, "%s%.*s", got.len ? " " : "", (int)strcspn(at, "\t"), at);
	if (strcmp(got.at ? got.at : "", want) != 0)
		T_FAIL("'%s' becomes '%s', want '%s'", line, got.at ? got.at : "", want);
	if (c.words != kind)
		T_FAIL("'%s' is completed with words of kind %d, want %d", line, c.words, kind);
}

TEST(words_are_completed)
{
	static const struct {
		const char *line, *want;
		enum command_words kind;
	} rows[] = {
		{ "", "ns run help", WORDS_ANY },
		{ "n", "ns", WORDS_ANY },
		{ "zzz", "", WORDS_ANY },
		{ "zzz ", "", WORDS_ANY },
		{ "ns ", "ls enter raw two", WORDS_ANY },
		{ "ns e", "enter", WORDS_ANY },
		{ "-", "--log-level -l --help", WORDS_ANY },
		{ "--log-level ", "error warn info", WORDS_ANY },
		{ "--log-level w", "warn", WORDS_ANY },
		{ "-l ", "error warn info", WORDS_ANY },
		{ "-l warn n", "ns", WORDS_ANY },
		{ "--log-level=warn n", "ns", WORDS_ANY },
		{ "-lwarn n", "ns", WORDS_ANY },
		{ "--log-level=", "--log-level=error --log-level=warn --log-level=info",
		  WORDS_ANY },
		{ "--log-level=i", "--log-level=info", WORDS_ANY },
		{ "--nope=", "", WORDS_ANY },
		/* refused and ignored ones are not offered */
		{ "ns ls -", "--all -a --quiet -q --format --file -f --net -n --pid -p --help",
		  WORDS_ANY },
		{ "ns ls --f", "--format --file", WORDS_ANY },
		{ "ns ls --format ", "table json", WORDS_ANY },
		{ "ns ls --file ", "", WORDS_FILE },
		{ "ns ls --file=x", "", WORDS_FILE },
		{ "ns ls -f ", "", WORDS_FILE },
		{ "ns ls -aqf ", "", WORDS_FILE },
		{ "ns ls -afx ", "", WORDS_ANY },
		{ "ns ls ", "", WORDS_ANY },
		/* a value that may be missing is not the next word */
		{ "ns ls --net --fi", "--file", WORDS_ANY },
		{ "ns ls -n --fi", "--file", WORDS_ANY },
		{ "ns ls -nf ", "", WORDS_FILE },
		{ "ns ls -pf ", "", WORDS_ANY },
		{ "ns ls --net=", "", WORDS_FILE },
		{ "ns ls --pid=1", "", WORDS_PID },
		{ "ns enter ", "", WORDS_CONTAINER },
		{ "ns in ", "", WORDS_CONTAINER },
		{ "ns enter -w ", "", WORDS_FOLDER },
		{ "ns enter -u 7 -e A=b ", "", WORDS_CONTAINER },
		{ "ns enter box ", "", WORDS_PROGRAM },
		{ "ns enter box -", "", WORDS_PROGRAM },
		{ "ns enter box ls ", "", WORDS_FILE },
		{ "ns enter -- ", "", WORDS_CONTAINER },
		{ "ns enter -- -", "", WORDS_CONTAINER },
		{ "ns raw --anything ", "", WORDS_FILE },
		{ "ns two ", "", WORDS_PID },
		{ "ns two 1 ", "", WORDS_PID },
		{ "ns two 1 2 ", "", WORDS_ANY },
		{ "run ", "", WORDS_PROGRAM },
		{ "run ls ", "", WORDS_FILE },
		{ "run ls --a", "", WORDS_FILE },
		{ "help ", "ns run help", WORDS_ANY },
		{ "help ns ", "ls enter raw two", WORDS_ANY },
		{ "help ns ls ", "", WORDS_ANY },
		{ "help zzz ", "", WORDS_ANY },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		want_completion(rows[i].line, rows[i].want, rows[i].kind);
}

TEST(candidates_have_descriptions)
{
	own_completion struct completion c;

	complete("ns ls --a", &c);
	WANT_STR(c.lines.at, "--all\tevery one\n");
}

TEST(words_that_a_shell_could_misread_are_not_offered)
{
	static const char *const bad[] = {
		"",     "a b",  "$(x)", "`x`",  "a;b",     "a|b",      "a&b",   "a>b", "~a", "a'b",
		"a\"b", "a\\b", "a\nb", "a\tb", "\x1b[2J", "\xc3\xbc", "{a,b}", "*",   "!a", "#a",
	};
	static const char *const good[] = { "web-1", "a_b.c:d", "a/b@c", "1234", "x=%+," };
	own_completion struct completion c;

	complete("ns enter ", &c);
	for (size_t i = 0; i < COUNT(bad); i++)
		completion_add(&c, bad[i], "");
	WANT(!c.lines.len);
	for (size_t i = 0; i < COUNT(good); i++)
		completion_add(&c, good[i], "it");
	WANT_STR(c.lines.at, "web-1\tit\na_b.c:d\tit\na/b@c\tit\n1234\tit\nx=%+,\tit\n");
}

/* --- help ------------------------------------------------------------------------------------- */

TEST(help_has_description_aliases_and_options)
{
	own_str struct str out = { 0 };

	command_help(&enter, "tare ns enter", &out);
	WANT_STR(out.at, "NAME:\n   tare ns enter - go in\n"
			 "\nUsage: tare ns enter [OPTION...] CONTAINER [PROGRAM [ARG...]]\n"
			 "\nDESCRIPTION:\n"
			 "   Some words about going in, enough of them that they have to be spread "
			 "over\n"
			 "   two lines.\n"
			 "\n"
			 "      tare ns enter x\n"
			 "\n"
			 "   And more.\n"
			 "\nALIASES:\n   in, exec\n"
			 "\nOPTIONS:\n"
			 "   -u, --user UID                   who\n"
			 "   -w, --chdir DIR                  where\n"
			 "   -e, --env NAME=VALUE             a variable\n");
}

/* --- the manual ------------------------------------------------------------------------------- */

TEST(a_commands_page)
{
	own_str struct str out = { 0 };

	command_man(&enter, "tare ns enter", &out);
	WANT_STR(out.at,
		 ".TH \"TARE\\-NS\\-ENTER\" \"1\" \"\" \"tare " TARE_VERSION
		 "\" \"User Commands\"\n"
		 ".SH NAME\ntare\\-ns\\-enter \\- go in\n"
		 ".SH SYNOPSIS\n"
		 "\\fBtare ns enter\\fR [\\fIOPTION\\fR...] \\fICONTAINER [PROGRAM [ARG...]]\\fR\n"
		 ".SH DESCRIPTION\n"
		 "Some words about going in, enough of them that they have to be spread over two "
		 "lines.\n"
		 ".PP\n.RS 4\n.nf\ntare ns enter x\n.fi\n.RE\n.PP\n"
		 "And more.\n"
		 ".PP\nAlso called\n\\fBin\\fR,\n\\fBexec\\fR.\n"
		 ".SH OPTIONS\n"
		 ".TP\n\\fB\\-u\\fR, \\fB\\-\\-user\\fR \\fIUID\\fR\nwho\n"
		 ".TP\n\\fB\\-w\\fR, \\fB\\-\\-chdir\\fR \\fIDIR\\fR\nwhere\n"
		 ".TP\n\\fB\\-e\\fR, \\fB\\-\\-env\\fR \\fINAME=VALUE\\fR\na variable\n"
		 ".SH \"SEE ALSO\"\n\\fBtare\\fR(1)\n");
}

TEST(a_groups_page_has_all_below_it_and_nothing_that_roff_misreads)
{
	own_str struct str out = { 0 };

	command_man(&ns, "tare ns", &out);
	WANT(strstr(out.at, ".SH COMMANDS\n.SS \"tare ns ls\"\nlist them\n.PP\n"));
	WANT(strstr(out.at, ".SS \"tare ns raw\"\nanother\\(aqs \\-words\n"));
	WANT(strstr(out.at, ".SS \"tare ns two\"\n\\&.two of \\ethem, \\(aq\\[u00FC]\\(aq\n"));
	WANT(strstr(out.at, "\\fB\\-x\\fR, \\fB\\-\\-alien\\fR \\fITHING\\fR\nNot supported:\n"));
	WANT(strstr(out.at, "\\fB\\-n\\fR, \\fB\\-\\-net\\fR[=\\fIFILE\\fR]\n"));
	WANT(!strstr(out.at, "EXIT STATUS"));
}

TEST(the_programs_page_refers_to_the_others)
{
	own_str struct str out = { 0 };

	command_man(&top, "tare", &out);
	WANT(strstr(out.at, ".SH NAME\ntare \\- a program\n"));
	WANT(strstr(out.at, ".SH \"COMMANDS\"\n.TP\n\\fBtare\\-ns\\fR(1)\nnamespaces\n"));
	WANT(strstr(out.at, ".SH \"ABOUT\"\n.TP\n\\fBtare\\-help\\fR(1)\nexplain\n"));
	WANT(strstr(out.at, ".SH \"EXIT STATUS\"\n"));
	WANT(!strstr(out.at, "SEE ALSO"));
}
