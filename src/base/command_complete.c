/* command_complete.c - what the last word of an unfinished command line may become
 *
 * One engine for every shell: the scripts of bash, zsh and fish ask the program, and know nothing of
 * its table. The words before the last are walked as opt_parse() would read them.
 *
 * Candidates end in a command line, where a shell reads them. Names of containers are anybody's, so a
 * word that holds anything that a shell could take for more than a letter is not offered.
 */
#include <stdio.h>
#include <string.h>

#include "base/command.h"
#include "base/text.h"

/* What an option's value is, by the name that it has in the help. */
static const struct word value_kinds[] = {
	{ "FILE", WORDS_FILE },
	{ "PATH", WORDS_FILE },
	{ "DIR", WORDS_FOLDER },
	{ "FOLDER", WORDS_FOLDER },
	{ "CONTAINER", WORDS_CONTAINER },
	{ "PID", WORDS_PID },
	{ "SIGNAL", WORDS_SIGNAL },
	{ "CGROUP", WORDS_CGROUP },
	{ "COMMAND", WORDS_PROGRAM },
	{ "PROGRAM", WORDS_PROGRAM },
	{ NULL, 0 },
};

/**
 * struct walk - where the words have led
 * @command: NULL: the table has no such command, and we know nothing
 * @value:   the option whose value comes next
 * @n_args:  how many words the command has had
 * @ended:   no more options: after "--", or the first word
 */
struct walk {
	const struct command *command;
	const struct opt *value;
	size_t n_args;
	bool ended;
};

static const struct opt *find_option(const struct command *c, const char *name, size_t len)
{
	for (size_t i = 0; i < c->n; i++)
		if (strlen(c->opts[i].name) == len && strncmp(c->opts[i].name, name, len) == 0)
			return &c->opts[i];
	return NULL;
}

static const struct opt *find_letter(const struct command *c, char letter)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->opts[i].letter == letter)
			return &c->opts[i];
	return NULL;
}

/* Does a value follow in the next word? */
static const struct opt *awaited(const struct command *c, const char *word)
{
	const struct opt *o;

	if (text_starts(word, "--")) {
		o = find_option(c, word + 2, strlen(word + 2));
		return o && opt_takes_value(o) ? o : NULL;
	}
	for (word++; *word; word++) {
		o = find_letter(c, *word);
		if (!o || (o->kind == OPT_MAYBE_SHORT && word[1]))
			return NULL;
		if (opt_takes_value(o))
			return word[1] ? NULL : o;
	}
	return NULL;
}

static void step(struct walk *w, const char *word)
{
	const struct command *c = w->command;

	if (w->value) {
		w->value = NULL;
	} else if (!w->ended && !c->raw && strcmp(word, "--") == 0) {
		w->ended = true;
	} else if (!w->ended && !c->raw && word[0] == '-' && word[1]) {
		w->value = awaited(c, word);
	} else if (c->commands) {
		*w = (struct walk){ .command = command_find(c->commands, word) };
	} else {
		w->n_args++;
		w->ended |= c->stop_early;
	}
}

static bool is_harmless(const char *word)
{
	static const char signs[] = "_.:/@%+,=-";

	for (const char *c = word; *c; c++) {
		bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
			      (*c >= '0' && *c <= '9');

		if (!letter && !strchr(signs, *c))
			return false;
	}
	return *word != '\0';
}

/* completion_add() - offer a word, if it fits what is there and no shell can misread it */
void completion_add(struct completion *c, const char *word, const char *description)
{
	if (is_harmless(word) && text_starts(word, c->prefix))
		str_addf(&c->lines, "%s%s\t%s\n", c->before, word, description);
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The words in single quotes that the help has for a value: "'text' or 'json'"; but not what is
 * between two apostrophes. */
static void add_quoted(struct completion *c, const char *help)
{
	for (const char *at = help; (at = strchr(at, '\''));) {
		bool opens = at == help || !is_letter(at[-1]);
		size_t len = strcspn(++at, "'");
		char word[32] = "";

		if (!at[len])
			return;
		if (!opens)
			continue;
		if (len < sizeof(word)) {
			memcpy(word, at, len);
			completion_add(c, word, "");
		}
		at += len + 1;
	}
}

static void offer_value(struct completion *c, const struct opt *o)
{
	const struct word *kind = word_find(value_kinds, o->value);

	add_quoted(c, o->help);
	if (kind)
		c->words = (enum command_words)kind->value;
}

/* --name=value: the value alone is completed. */
static bool offer_joined_value(struct completion *c, const struct command *in)
{
	const char *equals = strchr(c->prefix, '=');
	size_t len = equals ? (size_t)(equals - c->prefix) : 0;
	const struct opt *o;

	if (len < 3 || len + 2 > sizeof(c->before) || !text_starts(c->prefix, "--"))
		return false;
	o = find_option(in, c->prefix + 2, len - 2);
	memcpy(c->before, c->prefix, len + 1);
	c->before[len + 1] = '\0';
	c->prefix = equals + 1;
	if (o && (opt_takes_value(o) || opt_may_have_value(o)))
		offer_value(c, o);
	return true;
}

static void offer_options(struct completion *c, const struct command *in)
{
	for (size_t i = 0; i < in->n; i++) {
		const struct opt *o = &in->opts[i];
		char word[64];

		if (o->kind == OPT_IGNORED || o->kind == OPT_REFUSED)
			continue;
		snprintf(word, sizeof(word), "--%s", o->name);
		completion_add(c, word, o->help);
		snprintf(word, sizeof(word), "-%c", o->letter);
		if (o->letter && strlen(c->prefix) < 2)
			completion_add(c, word, o->help);
	}
	if (!find_option(in, "help", 4))
		completion_add(c, "--help", "show this command's help");
}

static void offer_option(struct completion *c, const struct command *in)
{
	if (!offer_joined_value(c, in))
		offer_options(c, in);
}

static void offer_commands(struct completion *c, const struct command *in)
{
	for (size_t i = 0; in->commands[i]; i++)
		completion_add(c, in->commands[i]->name, in->commands[i]->summary);
}

/* A word that is no option: of the kind that the row says, or a program and its words. */
static void offer_word(struct completion *c, const struct walk *w)
{
	const struct command *in = w->command;

	if (w->n_args >= in->max && !in->raw)
		return;
	if (!in->stop_early || w->n_args == 0)
		c->words = in->words;
	else
		c->words = in->words == WORDS_PROGRAM || w->n_args > 1 ? WORDS_FILE : WORDS_PROGRAM;
}

/* help, man: their words are the table's own. */
static void offer_table(struct completion *c, const struct command *top, char **words, size_t n)
{
	const struct command *in = top;

	for (size_t i = 0; in && in->commands && i < n; i++)
		in = command_find(in->commands, words[i]);
	if (in && in->commands)
		offer_commands(c, in);
}

/**
 * command_complete() - find what the last of @n words, which may be empty, may become
 * @words: without the program's name; at least one
 * @ret:   completion_done() ends it; points into @words
 *
 * If @ret->words is not WORDS_ANY, the caller adds those (completion_add()), or leaves it to the shell.
 */
void command_complete(const struct command *top, char **words, size_t n, struct completion *ret)
{
	struct walk w = { .command = top };
	const struct command *in;

	*ret = (struct completion){ .prefix = words[n - 1] };
	for (size_t i = 0; i + 1 < n && w.command; i++)
		step(&w, words[i]);
	in = w.command;
	if (!in)
		return;
	if (w.value)
		offer_value(ret, w.value);
	else if (!w.ended && *ret->prefix == '-')
		offer_option(ret, in);
	else if (in->commands)
		offer_commands(ret, in);
	else if (in->words == WORDS_COMMAND)
		offer_table(ret, top, words + (n - 1 - w.n_args), w.n_args);
	else
		offer_word(ret, &w);
}

void completion_done(struct completion *c)
{
	str_done(&c->lines);
}
