/* command_help.c - what --help prints */
#include <string.h>

#include "base/command.h"

#define COLUMNS 80
#define INDENT  3

/* command_section() - the heading under which the @i-th row of a group stands */
const char *command_section(const struct command *c, size_t i)
{
	return c->commands[i]->section ? c->commands[i]->section : "COMMANDS";
}

/* command_in_section() - does it stand under this one? */
bool command_in_section(const struct command *c, size_t i, const char *section)
{
	return strcmp(command_section(c, i), section) == 0;
}

/* command_starts_section() - is it the first under its heading? */
bool command_starts_section(const struct command *c, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (command_in_section(c, j, command_section(c, i)))
			return false;
	return true;
}

/* A section's rows, in the table's order. */
static void add_section(const struct command *c, const char *section, struct str *out)
{
	str_addf(out, "\n%s:\n", section);
	for (size_t i = 0; c->commands[i]; i++)
		if (command_in_section(c, i, section))
			str_addf(out, "   %-14s %s\n", c->commands[i]->name,
				 c->commands[i]->summary);
}

static size_t add_word(struct str *out, const char *word, size_t len, size_t column)
{
	bool first = column == 0;

	if (!first && column + 1 + len > COLUMNS) {
		str_add(out, "\n");
		first = true;
	}
	if (first)
		str_addf(out, "%*s", INDENT, "");
	else
		str_add(out, " ");
	str_add_len(out, word, len);
	return (first ? INDENT : column + 1) + len;
}

/* Paragraphs are filled; lines that begin with a blank or a tab stand as they are, further in. */
static void add_paragraphs(const char *text, struct str *out)
{
	size_t column = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");
		bool as_is = *text == ' ' || *text == '\t';

		if (column && (!len || as_is)) {
			str_add(out, "\n");
			column = 0;
		}
		if (!len)
			str_add(out, "\n");
		if (as_is)
			str_addf(out, "%*s%.*s\n", 2 * INDENT, "", (int)len - 1, text + 1);
		for (size_t at = 0, word; !as_is && at < len; at += word) {
			at += strspn(text + at, " ");
			word = strcspn(text + at, " \n");
			if (word)
				column = add_word(out, text + at, word, column);
		}
		text += len + (text[len] == '\n');
	}
	if (column)
		str_add(out, "\n");
}

static void add_aliases(const struct command *c, struct str *out)
{
	str_add(out, "\nALIASES:\n  ");
	for (size_t i = 0; c->aliases[i]; i++)
		str_addf(out, "%s %s", i ? "," : "", c->aliases[i]);
	str_add(out, "\n");
}

/**
 * command_help() - append what `--help` prints for a command or a group
 * @path: how it is called: "tare ns enter"
 */
void command_help(const struct command *c, const char *path, struct str *out)
{
	const char *args = c->commands ? "COMMAND [ARG...]" : c->args;

	str_addf(out, "NAME:\n   %s - %s\n\nUsage: %s%s%s%s\n", path, c->summary, path,
		 c->n ? " [OPTION...]" : "", *args ? " " : "", args);
	if (c->about) {
		str_add(out, "\nDESCRIPTION:\n");
		add_paragraphs(c->about, out);
	}
	if (c->aliases && c->aliases[0])
		add_aliases(c, out);
	for (size_t i = 0; c->commands && c->commands[i]; i++)
		if (command_starts_section(c, i))
			add_section(c, command_section(c, i), out);
	if (c->n) {
		str_add(out, "\nOPTIONS:\n");
		opt_help(c->opts, c->n, out);
	}
	if (c->commands)
		str_addf(out, "\n'%s COMMAND --help' says more of each.\n", path);
}
