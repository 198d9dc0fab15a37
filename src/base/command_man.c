/* command_man.c - a command's manual page, from its row (groff_man(7))
 *
 * A group's page has everything below it. Characters that roff reads otherwise, or prints otherwise
 * than they were typed (an option's dashes), are escaped; others than ASCII are named, so that a page
 * reads the same whatever the reader takes its input for.
 */
#include <string.h>

#include "base/command.h"
#include "base/render_text.h"
#include "base/text.h"

static const struct {
	char c;
	const char *roff;
} escapes[] = {
	{ '\\', "\\e" },  { '-', "\\-" },   { '\'', "\\(aq" }, { '"', "\\(dq" },
	{ '`', "\\(ga" }, { '^', "\\(ha" }, { '~', "\\(ti" },
};

static bool add_escape(struct str *out, char c)
{
	for (size_t i = 0; i < COUNT(escapes); i++) {
		if (escapes[i].c != c)
			continue;
		str_add(out, escapes[i].roff);
		return true;
	}
	return false;
}

/* @len bytes of text, within a line. */
static void add_text(struct str *out, const char *text, size_t len)
{
	while (len) {
		uint32_t rune = '?';
		size_t n = rune_read(text, len, &rune);

		if (rune >= 0x80)
			str_addf(out, "\\[u%04X]", (unsigned)rune);
		else if (!add_escape(out, (char)rune))
			str_addf(out, "%c", rune >= 0x20 ? (char)rune : ' ');
		n = n ? n : 1;
		text += n;
		len -= n;
	}
}

/* A line of text: a dot at its beginning is no request. */
static void add_line(struct str *out, const char *text, size_t len)
{
	if (len && *text == '.')
		str_add(out, "\\&");
	add_text(out, text, len);
	str_add(out, "\n");
}

static void add_all(struct str *out, const char *text)
{
	add_text(out, text, strlen(text));
}

/* A paragraph: lines up to an empty one. Returns what follows. */
static const char *add_paragraph(struct str *out, const char *text)
{
	bool as_is = *text == ' ' || *text == '\t';

	str_add(out, as_is ? ".RS 4\n.nf\n" : "");
	while (*text && *text != '\n') {
		size_t len = strcspn(text, "\n"), skip = as_is && len;

		add_line(out, text + skip, len - skip);
		text += len + (text[len] == '\n');
	}
	str_add(out, as_is ? ".fi\n.RE\n" : "");
	return text;
}

/* Paragraphs are filled, but for those that begin with a blank or a tab: these stand as they are. */
static void add_paragraphs(struct str *out, const char *text)
{
	text += strspn(text, "\n");
	while (*text) {
		text = add_paragraph(out, text);
		text += strspn(text, "\n");
		str_add(out, *text ? ".PP\n" : "");
	}
}

static void add_option(struct str *out, const struct opt *o)
{
	str_add(out, ".TP\n");
	if (o->letter) {
		str_add(out, "\\fB\\-");
		add_text(out, &o->letter, 1);
		str_add(out, "\\fR, ");
	}
	str_add(out, "\\fB\\-\\-");
	add_all(out, o->name);
	str_add(out, "\\fR");
	if (opt_takes_value(o) || opt_may_have_value(o)) {
		str_add(out, opt_may_have_value(o) ? "[=\\fI" : " \\fI");
		add_all(out, o->value);
		str_add(out, opt_may_have_value(o) ? "\\fR]" : "\\fR");
	}
	str_add(out, "\n");
	if (o->kind == OPT_REFUSED)
		str_add(out, "Not supported:\n");
	add_line(out, o->help, strlen(o->help));
}

static void add_options(struct str *out, const struct command *c)
{
	for (size_t i = 0; i < c->n; i++)
		add_option(out, &c->opts[i]);
}

static void add_synopsis(struct str *out, const struct command *c, const char *path)
{
	const char *args = c->commands ? "COMMAND [ARG...]" : c->args;

	str_add(out, "\\fB");
	add_all(out, path);
	str_add(out, "\\fR");
	if (c->n)
		str_add(out, " [\\fIOPTION\\fR...]");
	if (*args) {
		str_add(out, " \\fI");
		add_all(out, args);
		str_add(out, "\\fR");
	}
	str_add(out, "\n");
}

static void add_aliases(struct str *out, const struct command *c)
{
	if (!c->aliases || !c->aliases[0])
		return;
	str_add(out, ".PP\nAlso called\n");
	for (size_t i = 0; c->aliases[i]; i++) {
		str_add(out, "\\fB");
		add_all(out, c->aliases[i]);
		str_add(out, c->aliases[i + 1] ? "\\fR,\n" : "\\fR.\n");
	}
}

/* The commands of the program: each has its page. */
static void add_list(struct str *out, const struct command *c, const char *path)
{
	for (size_t i = 0; c->commands[i]; i++) {
		if (!command_starts_section(c, i))
			continue;
		str_add(out, ".SH \"");
		add_all(out, command_section(c, i));
		str_add(out, "\"\n");
		for (size_t k = i; c->commands[k]; k++) {
			if (!command_in_section(c, k, command_section(c, i)))
				continue;
			str_add(out, ".TP\n\\fB");
			add_all(out, path);
			str_add(out, "\\-");
			add_all(out, c->commands[k]->name);
			str_add(out, "\\fR(1)\n");
			add_line(out, c->commands[k]->summary, strlen(c->commands[k]->summary));
		}
	}
}

/* Everything below a group, a subsection for each command. Tables are a few levels deep. */
static void add_below(struct str *out, const struct command *c, const char *path)
{
	for (size_t i = 0; c->commands && c->commands[i]; i++) {
		const struct command *one = c->commands[i];
		own_str struct str inner = { 0 };

		str_addf(&inner, "%s %s", path, one->name);
		if (!inner.at)
			return;
		str_add(out, ".SS \"");
		add_all(out, inner.at);
		str_add(out, "\"\n");
		add_line(out, one->summary, strlen(one->summary));
		str_add(out, ".PP\n");
		add_synopsis(out, one, inner.at);
		if (one->about) {
			str_add(out, ".PP\n");
			add_paragraphs(out, one->about);
		}
		add_aliases(out, one);
		add_options(out, one);
		add_below(out, one, inner.at);
	}
}

static void add_head(struct str *out, const struct command *c, const char *path)
{
	str_add(out, ".TH \"");
	for (const char *at = path; *at; at++) {
		char upper = *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;

		add_text(out, upper == ' ' ? "-" : &upper, 1);
	}
	str_add(out, "\" \"1\" \"\" \"tare " TARE_VERSION "\" \"User Commands\"\n.SH NAME\n");
	for (const char *at = path; *at; at++)
		add_text(out, *at == ' ' ? "-" : at, 1);
	str_add(out, " \\- ");
	add_line(out, c->summary, strlen(c->summary));
	str_add(out, ".SH SYNOPSIS\n");
	add_synopsis(out, c, path);
}

/* Of the program as a whole. */
static void add_status(struct str *out)
{
	static const struct {
		const char *status, *when;
	} rows[] = {
		{ "0", "what was asked for is done" },
		{ "125", "tare itself failed, and says why on standard error" },
		{ "126", "a program could not be run, or something may not be done" },
		{ "127", "a program, or what a command is about, was not found" },
		{ "128 and more", "a program was ended by the signal of this number less 128" },
	};

	str_add(out, ".SH \"EXIT STATUS\"\nA command that runs a program ends with its status.\n");
	for (size_t i = 0; i < COUNT(rows); i++) {
		str_addf(out, ".TP\n\\fB%s\\fR\n", rows[i].status);
		add_line(out, rows[i].when, strlen(rows[i].when));
	}
}

/**
 * command_man() - append the manual page of a command or a group, in roff
 * @path: how it is called: "tare ns enter"; a single word is the program
 */
void command_man(const struct command *c, const char *path, struct str *out)
{
	bool program = !strchr(path, ' ');

	add_head(out, c, path);
	if (c->about || (c->aliases && c->aliases[0])) {
		str_add(out, ".SH DESCRIPTION\n");
		if (c->about)
			add_paragraphs(out, c->about);
		add_aliases(out, c);
	}
	if (c->n) {
		str_add(out, ".SH OPTIONS\n");
		add_options(out, c);
	}
	if (program && c->commands) {
		add_list(out, c, path);
		add_status(out);
	} else if (c->commands) {
		str_add(out, ".SH COMMANDS\n");
		add_below(out, c, path);
	}
	if (!program) {
		str_add(out, ".SH \"SEE ALSO\"\n\\fB");
		add_text(out, path, strcspn(path, " "));
		str_add(out, "\\fR(1)\n");
	}
}
