/* rules.c - the grammar of cgrules.conf(5): one rule a line */
#include "cg/rules.h"

#include <string.h>

#include "base/err.h"
#include "base/own.h"

#define RULES_MAX 16384
#define LINE_MAX_ 8192
#define FIELDS    4 /* who, controllers, destination, options */

static const struct word option_words[] = {
	{ "ignore", CG_RULE_IGNORE },
	{ "ignore_rt", CG_RULE_IGNORE_RT },
	{ NULL, 0 },
};

/* cg_rule_report() - say what is wrong with a rule, and where it is */
void cg_rule_report(struct cg_rules_report *report, const struct cg_rule *rule, struct err *problem)
{
	fail_at(problem, "%s:%u", rule->file, rule->line);
	report->n++;
	report->each(report->ctx, problem);
}

/* --- a line ------------------------------------------------------------------------------ */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/**
 * struct fields - a line, cut at its blanks
 * @text: the fields, each ended by NUL, without their quotes
 */
struct fields {
	char text[LINE_MAX_];
	const char *at[FIELDS];
	size_t n;
};

/* Quotes hold blanks and '#', and may begin within a word: @students:"Web Browser" */
static int cut(const char *line, size_t len, struct fields *f, struct err *e)
{
	char *to = f->text;
	bool quoted = false, word = false;

	for (const char *c = line; c < line + len && (quoted || *c != '#'); c++) {
		if (!quoted && is_blank(*c)) {
			if (word)
				*to++ = '\0';
			word = false;
			continue;
		}
		if (!word && f->n == FIELDS) {
			fail(e, ERR_INPUT, "a fifth word, '%.*s'", (int)strcspn(c, " \t\r\n"), c);
			return fail_hint(e, "blanks within a name take quotes");
		}
		if (!word)
			f->at[f->n++] = to;
		word = true;
		if (*c == '"')
			quoted = !quoted;
		else
			*to++ = *c;
	}
	*to = '\0';
	return quoted ? fail(e, ERR_INPUT, "a quote has no end") : 0;
}

static int fail_who(const char *who, struct err *e)
{
	fail(e, ERR_INPUT, "'%.64s' is nobody", who);
	return fail_hint(e,
			 "a user, @ and a group, * for anybody, or %% to continue the rule above");
}

static int read_who(struct cg_rules *r, const char *text, struct cg_rule *rule, struct err *e)
{
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);
	bool special = len && strchr("@*%", *text);

	if (!len || (special && *text != '@' && len > 1) || (*text == '@' && len == 1))
		return fail_who(text, e);
	rule->more = *text == '%';
	rule->who = *text == '@' ? CG_RULE_GROUP : *text == '*' ? CG_RULE_ANY : CG_RULE_USER;
	rule->name = arena_dup_len(&r->mem, text + (*text == '@'), len - (*text == '@'));
	rule->program = colon && colon[1] ? arena_dup(&r->mem, colon + 1) : NULL;
	if (!rule->name || (colon && colon[1] && !rule->program))
		return fail_errno(e, ENOMEM, "read the rules");
	return 0;
}

static int read_controllers(struct cg_rules *r, const char *text, struct cg_rule *rule,
			    struct err *e)
{
	size_t len;

	if (strlen(text) >= sizeof(((struct cg_group *)0)->controllers))
		return fail(e, ERR_INPUT, "too many controllers: '%.64s…'", text);
	for (const char *c = text;; c += len + 1) {
		len = strcspn(c, ",");
		if (!len || memchr(c, '/', len) || memchr(c, ':', len)) {
			fail(e, ERR_INPUT, "'%s' is no list of controllers", text);
			return fail_hint(e, "as in cpu,memory; * is every controller");
		}
		if (!c[len])
			break;
	}
	rule->controllers = arena_dup(&r->mem, text);
	return rule->controllers ? 0 : fail_errno(e, ENOMEM, "read the rules");
}

static int read_options(char *text, struct cg_rule *rule, struct err *e)
{
	char *save = NULL;

	for (char *w = strtok_r(text, ",", &save); w; w = strtok_r(NULL, ",", &save)) {
		const struct word *word = word_find(option_words, w);

		if (!word) {
			fail(e, ERR_INPUT, "'%.64s' is no option of a rule", w);
			return fail_hint(e, "they are ignore and ignore_rt");
		}
		rule->options |= (unsigned)word->value;
	}
	return 0;
}

static int read_fields(struct cg_rules *r, struct fields *f, struct cg_rule *rule, struct err *e)
{
	if (f->n < 3) {
		fail(e, ERR_INPUT, "a rule has three words, this has %zu", f->n);
		return fail_hint(e, "as in student cpu,memory students/%%u");
	}
	if (read_who(r, f->at[0], rule, e) < 0 || read_controllers(r, f->at[1], rule, e) < 0)
		return -1;
	if (!*f->at[2])
		return fail(e, ERR_INPUT, "the destination is empty");
	if (cgroup_path_check(f->at[2], e) < 0)
		return -1;
	rule->destination = arena_dup(&r->mem, f->at[2]);
	if (!rule->destination)
		return fail_errno(e, ENOMEM, "read the rules");
	return f->n > 3 ? read_options((char *)f->at[3], rule, e) : 0;
}

static int read_line(struct cg_rules *r, const char *line, size_t len, struct cg_rule *rule,
		     struct err *e)
{
	struct fields f;

	f.n = 0;
	if (len >= sizeof(f.text) - FIELDS)
		return fail(e, ERR_INPUT, "the line is longer than %zu bytes",
			    sizeof(f.text) - FIELDS - 1);
	if (cut(line, len, &f, e) < 0)
		return -1;
	return f.n ? read_fields(r, &f, rule, e) : 0;
}

/* --- a file ------------------------------------------------------------------------------ */

static int add(struct cg_rules *r, const struct cg_rule *rule, struct err *e)
{
	if (r->n == RULES_MAX)
		return fail(e, ERR_LIMIT, "more than %d rules", RULES_MAX);
	if (r->n == r->room) {
		size_t room = r->room ? 2 * r->room : 64;
		struct cg_rule *at = reallocarray(r->at, room, sizeof(*at));

		if (!at)
			return fail_errno(e, ENOMEM, "read the rules");
		r->at = at;
		r->room = room;
	}
	r->at[r->n++] = *rule;
	return 0;
}

/* Does the line continue a rule, whatever else is wrong with it? */
static bool continues(const char *line, const char *end)
{
	while (line < end && is_blank(*line))
		line++;
	return line < end && *line == '%';
}

/* struct reading - @above: what is there to continue: a rule that was reported takes its lines along */
struct reading {
	struct cg_rules *rules;
	struct cg_rules_report *report;
	enum { NOTHING, A_RULE, A_WRONG_ONE } above;
};

static int take_line(struct reading *to, const char *line, const char *end, struct cg_rule *now,
		     struct err *e)
{
	struct err why = { 0 };
	int r = read_line(to->rules, line, (size_t)(end - line), now, &why);
	bool more = now->more || continues(line, end);

	if (r == 0 && !now->name)
		return 0;
	if (r == 0 && more && to->above == NOTHING)
		r = fail(&why, ERR_INPUT, "'%%' continues no rule: there is none above");
	if (!more)
		to->above = r == 0 ? A_RULE : A_WRONG_ONE;
	if (r == 0)
		return to->above == A_RULE ? add(to->rules, now, e) : 0;
	if (to->report) {
		cg_rule_report(to->report, now, &why);
		return 0;
	}
	*e = why;
	return fail_at(e, "%s:%u", now->file, now->line);
}

/**
 * cg_rules_parse() - add the rules of a text
 * @file:   its name, for messages
 * @report: hears of each line that is no rule, and the call goes on; NULL: it ends there
 *
 * Fails (NULL @report) at what is no rule, with e->origin "FILE:LINE".
 */
int cg_rules_parse(struct cg_rules *r, const char *file, const char *text,
		   struct cg_rules_report *report, struct err *e)
{
	struct reading to = { .rules = r, .report = report };
	const char *name = arena_dup(&r->mem, file);
	unsigned number = 0;

	if (!name)
		return fail_errno(e, ENOMEM, "read the rules");
	for (const char *line = text, *end; *line; line = *end ? end + 1 : end) {
		struct cg_rule now = { .file = name, .line = ++number };

		end = line + strcspn(line, "\n");
		if (take_line(&to, line, end, &now, e) < 0)
			return -1;
	}
	return 0;
}

void cg_rules_done(struct cg_rules *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->at[i].members);
	free(r->at);
	free(r->passwd);
	free(r->group);
	if (r->world)
		cgroup_world_done(r->world);
	free(r->world);
	arena_done(&r->mem);
	*r = (struct cg_rules){ 0 };
}
