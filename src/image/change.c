/* change.c - the instructions that `--change` takes */
#include "image/change.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/json.h"

/* struct changing - one line; @rest is what stands behind the instruction's name */
struct changing {
	struct image_run *run;
	const char *rest;
	struct arena *a;
	struct err *e;
};

static int no_memory(struct changing *c)
{
	return fail_errno(c->e, ENOMEM, "change the image");
}

/* One more word at the end of a NULL-terminated list. */
static int append(struct changing *c, char ***list, const char *word)
{
	char **more = arena_append(c->a, *list, word);

	if (!more)
		return no_memory(c);
	*list = more;
	return 0;
}

/* The list may be another image's, too: what it is in is not written to. */
static int replace(struct changing *c, char ***list, size_t i, char *word)
{
	size_t n = text_count(*list);
	char **copy = arena_array(c->a, n + 1, sizeof(char *));

	if (!copy)
		return no_memory(c);
	memcpy(copy, *list, n * sizeof(char *));
	copy[i] = word;
	*list = copy;
	return 0;
}

/* ["a", "b"], or a line for the shell. */
static int words_or_line(struct changing *c, char ***ret)
{
	const struct json *v = NULL;
	struct err no_json = { 0 };
	char **list = NULL;

	if (*c->rest == '[')
		v = json_parse(c->rest, strlen(c->rest), "--change", NULL, c->a, &no_json);
	if (v && v->type == JSON_ARRAY) {
		list = arena_array(c->a, v->len + 1, sizeof(char *));
		if (!list)
			return no_memory(c);
		for (const struct json *i = v->child; i; i = i->next) {
			if (i->type != JSON_STRING)
				return fail(c->e, ERR_INPUT,
					    "change the image: '%.100s' is no array of strings",
					    c->rest);
			if (append(c, &list, i->text) < 0)
				return -1;
		}
	} else if (append(c, &list, "/bin/sh") < 0 || append(c, &list, "-c") < 0 ||
		   append(c, &list, c->rest) < 0) {
		return -1;
	}
	*ret = list;
	return 0;
}

/* The next word, without its quotes; NULL: no more. */
static char *next_word(struct changing *c)
{
	own_str struct str word = { 0 };
	const char *at = c->rest + strspn(c->rest, " \t");
	char quote = '\0';

	if (!*at)
		return NULL;
	for (; *at && (quote || (*at != ' ' && *at != '\t')); at++) {
		if (*at == '\\' && at[1] && quote != '\'')
			str_add_len(&word, ++at, 1);
		else if (quote ? *at == quote : (*at == '"' || *at == '\''))
			quote = quote ? '\0' : *at;
		else
			str_add_len(&word, at, 1);
	}
	c->rest = at;
	return arena_dup(c->a, word.at ? word.at : "");
}

/* KEY=VALUE words, or KEY and the rest of the line as its value. */
static int each_pair(struct changing *c,
		     int (*set)(struct changing *c, const char *key, const char *value))
{
	char *word = next_word(c), *equals = word ? strchr(word, '=') : NULL;

	if (!word)
		return fail(c->e, ERR_INPUT, "change the image: KEY=VALUE is missing");
	if (!equals)
		return set(c, word, c->rest + strspn(c->rest, " \t"));
	for (; word; word = next_word(c)) {
		equals = strchr(word, '=');
		if (!equals || equals == word)
			return fail(c->e, ERR_INPUT, "change the image: '%.100s' is not KEY=VALUE",
				    word);
		*equals = '\0';
		if (set(c, word, equals + 1) < 0)
			return -1;
	}
	return 0;
}

static int set_env(struct changing *c, const char *key, const char *value)
{
	char *whole = arena_printf(c->a, "%s=%s", key, value);
	size_t len = strlen(key);

	if (!whole)
		return no_memory(c);
	for (size_t i = 0; i < text_count(c->run->env); i++)
		if (strncmp(c->run->env[i], key, len) == 0 && c->run->env[i][len] == '=')
			return replace(c, &c->run->env, i, whole);
	return append(c, &c->run->env, whole);
}

static int set_label(struct changing *c, const char *key, const char *value)
{
	struct pairs *l = &c->run->labels;
	struct pair *more = arena_array(c->a, l->n + 1, sizeof(*more));
	size_t i = 0;

	if (!more)
		return no_memory(c);
	if (l->n)
		memcpy(more, l->at, l->n * sizeof(*more));
	while (i < l->n && strcmp(more[i].key, key) != 0)
		i++;
	more[i] = (struct pair){ arena_dup(c->a, key), arena_dup(c->a, value) };
	l->at = more;
	l->n += i == l->n;
	return more[i].key && more[i].value ? 0 : no_memory(c);
}

static int add_name(struct changing *c, struct list_any *list, const char *name)
{
	struct image_name *more = arena_array(c->a, list->n + 1, sizeof(*more));

	for (size_t i = 0; i < list->n; i++)
		if (strcmp(((struct image_name *)list->at)[i].key, name) == 0)
			return 0;
	if (!more)
		return no_memory(c);
	if (list->n)
		memcpy(more, list->at, list->n * sizeof(*more));
	more[list->n].key = arena_dup(c->a, name);
	list->at = more;
	return more[list->n++].key ? 0 : no_memory(c);
}

static int change_cmd(struct changing *c)
{
	return words_or_line(c, &c->run->cmd);
}

static int change_entrypoint(struct changing *c)
{
	return words_or_line(c, &c->run->entrypoint);
}

static int change_shell(struct changing *c)
{
	if (*c->rest != '[')
		return fail(c->e, ERR_INPUT, "change the image: SHELL wants an array of strings");
	return words_or_line(c, &c->run->shell);
}

static int change_env(struct changing *c)
{
	return each_pair(c, set_env);
}

static int change_label(struct changing *c)
{
	return each_pair(c, set_label);
}

static int change_onbuild(struct changing *c)
{
	return append(c, &c->run->on_build, c->rest);
}

static int set_text(struct changing *c, char **ret)
{
	*ret = next_word(c);
	return *ret && **ret ? 0 : fail(c->e, ERR_INPUT, "change the image: a value is missing");
}

static int change_user(struct changing *c)
{
	return set_text(c, &c->run->user);
}

static int change_workdir(struct changing *c)
{
	return set_text(c, &c->run->working_dir);
}

static int change_stopsignal(struct changing *c)
{
	return set_text(c, &c->run->stop_signal);
}

static int change_expose(struct changing *c)
{
	for (char *word = next_word(c); word; word = next_word(c)) {
		char *port = strchr(word, '/') ? word : arena_printf(c->a, "%s/tcp", word);

		if (!port || add_name(c, (struct list_any *)&c->run->exposed_ports, port) < 0)
			return -1;
	}
	return 0;
}

static int change_volume(struct changing *c)
{
	char **words = NULL;

	if (*c->rest != '[') {
		for (char *word = next_word(c); word; word = next_word(c))
			if (add_name(c, (struct list_any *)&c->run->volumes, word) < 0)
				return -1;
		return 0;
	}
	if (words_or_line(c, &words) < 0)
		return -1;
	for (size_t i = 0; words[i]; i++)
		if (add_name(c, (struct list_any *)&c->run->volumes, words[i]) < 0)
			return -1;
	return 0;
}

static const struct instruction {
	const char *name;
	int (*change)(struct changing *c);
} instructions[] = {
	{ "CMD", change_cmd },         { "ENTRYPOINT", change_entrypoint },
	{ "ENV", change_env },         { "EXPOSE", change_expose },
	{ "LABEL", change_label },     { "ONBUILD", change_onbuild },
	{ "SHELL", change_shell },     { "STOPSIGNAL", change_stopsignal },
	{ "USER", change_user },       { "VOLUME", change_volume },
	{ "WORKDIR", change_workdir },
};

/**
 * image_change() - apply one instruction, as in "CMD [\"sh\"]"
 * @a: owns what is put into @run
 */
int image_change(struct image_run *run, const char *line, struct arena *a, struct err *e)
{
	size_t len = strcspn(line, " \t=");
	struct changing c = { .run = run, .a = a, .e = e };

	c.rest = line + len + strspn(line + len, " \t=");
	for (size_t i = 0; i < COUNT(instructions); i++)
		if (strlen(instructions[i].name) == len &&
		    strncasecmp(instructions[i].name, line, len) == 0)
			return instructions[i].change(&c);
	fail(e, ERR_INPUT, "change the image: '%.60s' is no instruction that changes one", line);
	return fail_hint(
		e,
		"CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, SHELL, STOPSIGNAL, USER, VOLUME and "
		"WORKDIR do");
}

/* image_changes() - image_change() with each of @n lines, in order; the first that is wrong ends it */
int image_changes(struct image_run *run, const char *const *lines, size_t n, struct arena *a,
		  struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (image_change(run, lines[i], a, e) < 0)
			return -1;
	return 0;
}
