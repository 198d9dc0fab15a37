/* opt.c - walks a command line by its table */
#include "base/opt.h"

#include <string.h>

#include "base/err.h"

static const struct opt *find_long(const struct opt_parse *p, const char *name, size_t len)
{
	for (size_t i = 0; i < p->n; i++)
		if (strlen(p->opts[i].name) == len && strncmp(p->opts[i].name, name, len) == 0)
			return &p->opts[i];
	return NULL;
}

static const struct opt *find_short(const struct opt_parse *p, char letter)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->opts[i].letter == letter)
			return &p->opts[i];
	return NULL;
}

static int fail_unknown(const struct opt_parse *p, const char *word, struct err *e)
{
	struct text_near near = text_near(word);

	for (size_t i = 0; i < p->n; i++)
		text_near_try(&near, p->opts[i].name);
	fail(e, ERR_INPUT, "unknown option '--%s'", word);
	return near.best ? fail_hint(e, "did you mean '--%s'?", near.best) : -1;
}

static bool is_truth(const struct opt *o)
{
	return o->kind == OPT_FLAG || o->kind == OPT_BOOL;
}

/* opt_may_have_value() - is its value, if it has one, joined to it: --name=VALUE? */
bool opt_may_have_value(const struct opt *o)
{
	return o->kind == OPT_MAYBE || o->kind == OPT_MAYBE_SHORT;
}

/* opt_takes_value() - may its value be the next word? */
bool opt_takes_value(const struct opt *o)
{
	return !is_truth(o) && !opt_may_have_value(o) && o->value;
}

// clang-format off
/* Go's words for it, which docker takes. */
static const struct word truths[] = {
	{ "1", true },  { "t", true },  { "T", true },  { "true", true },   { "TRUE", true },   { "True", true },
	{ "0", false }, { "f", false }, { "F", false }, { "false", false }, { "FALSE", false }, { "False", false },
	{ NULL, 0 },
};
// clang-format on

/* opt_truth() - "true", "f", "1" …; false: @text is none of them */
bool opt_truth(const char *text, bool *ret_value)
{
	const struct word *w = word_find(truths, text);

	if (w)
		*ret_value = w->value != 0;
	return w != NULL;
}

static int put_flag(const struct opt *o, const char *value, bool *ret, struct err *e)
{
	*ret = true;
	return !value || opt_truth(value, ret)
		       ? 0
		       : fail(e, ERR_INPUT, "option '--%s': '%s' is neither true nor false",
			      o->name, value);
}

static int put_bool(const struct opt *o, const char *value, struct opt_bool *ret, struct err *e)
{
	ret->set = true;
	return put_flag(o, value, &ret->v, e);
}

static int put(const struct opt *o, const char *value, void *options, struct err *e)
{
	char *at = (char *)options + o->at;
	struct opt_list *list = (void *)at;
	uint64_t n;

	switch (o->kind) {
	case OPT_FLAG:
		return put_flag(o, value, (bool *)at, e);
	case OPT_BOOL:
		return put_bool(o, value, (struct opt_bool *)at, e);
	case OPT_STRING:
		*(const char **)at = value;
		return 0;
	case OPT_MAYBE:
	case OPT_MAYBE_SHORT:
		/* who wrote "--net=$file" did not mean to leave the value out */
		if (value && !*value)
			return fail(e, ERR_INPUT, "option '--%s': the value is empty", o->name);
		*(const char **)at = value ? value : "";
		return 0;
	case OPT_U32:
		if (text_u64(value, UINT32_MAX, &n) < 0)
			return fail(e, ERR_INPUT, "option '--%s': '%s' is not a whole number",
				    o->name, value);
		*(uint32_t *)at = (uint32_t)n;
		return 0;
	case OPT_COUNT:
		++*(uint32_t *)at;
		return 0;
	case OPT_STRINGS:
		if (list->n == COUNT(list->at))
			return fail(e, ERR_LIMIT, "option '--%s' is given too often", o->name);
		list->at[list->n++] = value;
		return 0;
	case OPT_IGNORED:
		return 0;
	case OPT_REFUSED:
		return fail(e, ERR_UNSUPPORTED, "option '--%s' is not supported: %s", o->name,
			    o->help);
	}
	return fail(e, ERR_BUG, "option '--%s' has no kind", o->name);
}

/* "--name", "--name=value", "--name value"; Go's "-name" is accepted by the callers' peers only */
static int take_long(struct opt_parse *p, char **argv, size_t argc, size_t *i, void *options,
		     struct err *e)
{
	const char *word = argv[*i] + 2, *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : strlen(word);
	const struct opt *o = find_long(p, word, len);
	const char *value = equals ? equals + 1 : NULL;

	if (!o)
		return fail_unknown(p, word, e);
	if (!value && opt_takes_value(o)) {
		if (*i + 1 >= argc)
			return fail(e, ERR_INPUT, "option '--%s' needs a value", o->name);
		value = argv[++*i];
	}
	return put(o, value, options, e);
}

/* "-d", "-dt", "-d=false", "-p FILE", "-pFILE"; of what may have a value, "-nVALUE" in some programs */
static int take_short(struct opt_parse *p, char **argv, size_t argc, size_t *i, void *options,
		      struct err *e)
{
	const char *c = argv[*i] + 1;

	for (; *c; c++) {
		const struct opt *o = find_short(p, *c);
		const char *value = NULL;

		if (!o)
			return fail(e, ERR_INPUT, "unknown option '-%c'", *c);
		if (o->kind == OPT_MAYBE_SHORT && c[1])
			return put(o, c[1] == '=' ? c + 2 : c + 1, options, e);
		if (is_truth(o) && c[1] == '=')
			return put(o, c + 2, options, e);
		if (!opt_takes_value(o)) {
			if (put(o, NULL, options, e) < 0)
				return -1;
			continue;
		}
		value = c[1] == '=' ? c + 2 : c[1] ? c + 1 : NULL;
		if (!value && *i + 1 >= argc)
			return fail(e, ERR_INPUT, "option '-%c' needs a value", *c);
		return put(o, value ? value : argv[++*i], options, e);
	}
	return 0;
}

/**
 * opt_parse() - read options into a struct and collect the other words
 * @argv, @argc: the words; p->args must have room for @argc of them
 * @ret_used:    how many words were read (all, unless p->stop_early)
 */
int opt_parse(struct opt_parse *p, char **argv, size_t argc, void *ret_options, size_t *ret_used,
	      struct err *e)
{
	size_t i;

	for (i = 0; i < argc; i++) {
		const char *word = argv[i];
		int r;

		if (strcmp(word, "--") == 0) {
			for (i++; i < argc; i++)
				p->args[p->n_args++] = argv[i];
			break;
		}
		if (word[0] != '-' || !word[1]) {
			if (p->stop_early)
				break;
			p->args[p->n_args++] = argv[i];
			continue;
		}
		if (word[1] == '-')
			r = take_long(p, argv, argc, &i, ret_options, e);
		else
			r = take_short(p, argv, argc, &i, ret_options, e);
		if (r < 0)
			return -1;
	}
	*ret_used = i;
	return 0;
}

/* opt_help() - one line for each option */
void opt_help(const struct opt *opts, size_t n, struct str *out)
{
	for (size_t i = 0; i < n; i++) {
		const struct opt *o = &opts[i];
		struct str name = { 0 };

		if (o->letter)
			str_addf(&name, "-%c, ", o->letter);
		str_addf(&name, "--%s", o->name);
		if (opt_takes_value(o))
			str_addf(&name, " %s", o->value);
		if (opt_may_have_value(o))
			str_addf(&name, "[=%s]", o->value);
		str_addf(out, "   %-32s %s%s\n", name.at ? name.at : "",
			 o->kind == OPT_REFUSED ? "not supported: " : "", o->help);
		str_done(&name);
	}
}
