/* shares.c - percentages for groups: the file is read; see shares.h */
#include "cg/shares.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/own.h"
#include "base/units.h"
#include "os/netdev.h"

#define SHARES_MAX 4096
#define WORDS_MAX  (CG_RESOURCES + 1)

const struct word cg_resource_words[] = {
	{ "cpu", CG_CPU }, { "memory", CG_MEMORY }, { "io", CG_IO },
	{ "net", CG_NET }, { "network", CG_NET },   { NULL, 0 },
};

/**
 * struct reader - a file that is being read
 * @columns: what the numbers of a line are for, @n_columns of them
 */
struct reader {
	struct cg_shares *to;
	size_t line;
	enum cg_resource columns[CG_RESOURCES];
	size_t n_columns;
};

/* struct words - one line, divided; it owns its text */
struct words {
	char *at[WORDS_MAX + 1], *text;
	size_t n, indent;
};

static void words_done(struct words *w)
{
	free(w->text);
}

static int divide(const char *line, size_t len, struct words *w, struct err *e)
{
	char *save = NULL;

	w->text = strndup(line, len);
	if (!w->text)
		return fail_errno(e, ENOMEM, "read the shares");
	w->text[strcspn(w->text, "#\r")] = '\0';
	for (const char *c = w->text; *c == ' ' || *c == '\t'; c++)
		w->indent = *c == '\t' ? (w->indent / 8 + 1) * 8 : w->indent + 1;
	for (char *c = strtok_r(w->text, " \t", &save); c; c = strtok_r(NULL, " \t", &save)) {
		if (w->n == COUNT(w->at))
			return fail(e, ERR_INPUT, "'%s' is one word too many", c);
		w->at[w->n++] = c;
	}
	return 0;
}

/* "12.5%", in hundredths of a percent */
static int parse_part(const char *text, uint32_t *ret_part, struct err *e)
{
	uint64_t part = 0;
	int digits = 0, after = 0;
	const char *c = text;
	bool point = false;

	for (; digits < 9 && ((*c >= '0' && *c <= '9') || (*c == '.' && !point)); c++) {
		if (*c == '.') {
			point = true;
			continue;
		}
		part = part * 10 + (uint64_t)(*c - '0');
		digits++;
		after += point;
	}
	for (int i = after; i < 2; i++)
		part *= 10;
	if (digits && after <= 2 && strcmp(c, "%") == 0 && part > 0 && part <= CG_WHOLE) {
		*ret_part = (uint32_t)part;
		return 0;
	}
	fail(e, ERR_INPUT, "'%s' is no share", text);
	return fail_hint(
		e, "more than 0%% and at most 100%%, with at most two digits after the point");
}

static int read_headings(struct reader *r, const struct words *w, struct err *e)
{
	for (size_t i = 1; i < w->n; i++) {
		const struct word *found = word_find(cg_resource_words, w->at[i]);

		if (!found) {
			fail(e, ERR_INPUT, "'%s' is nothing that is divided", w->at[i]);
			return fail_hint(e, "cpu, memory, io or net");
		}
		for (size_t j = 1; j < i; j++)
			if ((enum cg_resource)found->value == r->columns[j - 1])
				return fail(e, ERR_INPUT, "there are two columns '%s'", w->at[i]);
		r->columns[i - 1] = (enum cg_resource)found->value;
	}
	r->n_columns = w->n - 1;
	return 0;
}

static long find(const struct cg_shares *s, const char *path, size_t len)
{
	for (size_t i = 0; i < s->n; i++)
		if (strncmp(s->at[i].path, path, len) == 0 && !s->at[i].path[len])
			return (long)i;
	return -1;
}

/* The group above, by indentation: the last line that is indented less. */
static long outer(const struct cg_shares *s, size_t indent)
{
	for (size_t i = s->n; i-- > 0;)
		if (s->at[i].indent < indent)
			return (long)i;
	return -1;
}

static int name_share(struct reader *r, const struct words *w, struct cg_share *share,
		      struct err *e)
{
	struct cg_shares *s = r->to;
	long in = outer(s, w->indent);
	const char *name = w->at[0] + strspn(w->at[0], "/"), *slash;
	size_t len = strlen(name);

	while (len && name[len - 1] == '/')
		len--;
	if (!len || strstr(name, "//") || cg_is_root(name))
		return fail(e, ERR_INPUT, "'%s' is no name of a group", w->at[0]);
	if (cgroup_path_check(name, e) < 0)
		return -1;
	share->path = arena_printf(&s->mem, "%s%s%.*s", in < 0 ? "" : s->at[in].path,
				   in < 0 ? "" : "/", (int)len, name);
	if (!share->path)
		return fail_errno(e, ENOMEM, "read the shares");
	if (find(s, share->path, strlen(share->path)) >= 0)
		return fail(e, ERR_INPUT, "group '%s' stands in a line above already", share->path);
	slash = strrchr(share->path, '/');
	share->above = slash ? find(s, share->path, (size_t)(slash - share->path)) : -1;
	if (slash && share->above < 0)
		return fail(e, ERR_INPUT, "group '%.*s' stands in no line above",
			    (int)(slash - share->path), share->path);
	return 0;
}

static int check_sum(const struct cg_shares *s, const struct cg_share *share,
		     enum cg_resource resource, struct err *e)
{
	uint64_t sum = share->part[resource];

	for (size_t i = 0; i < s->n; i++)
		if (s->at[i].above == share->above)
			sum += s->at[i].part[resource];
	if (!share->part[resource] || sum <= CG_WHOLE)
		return 0;
	return fail(e, ERR_INPUT, "with '%s', the groups in '%s' have %llu.%02llu%% of the %s",
		    share->path, share->above < 0 ? "/" : s->at[share->above].path,
		    (unsigned long long)sum / 100, (unsigned long long)sum % 100,
		    word_name(cg_resource_words, resource));
}

static int read_share(struct reader *r, const struct words *w, struct err *e)
{
	struct cg_share share = { .line = r->line, .indent = w->indent };

	if (name_share(r, w, &share, e) < 0)
		return -1;
	if (w->n != 2 && w->n != r->n_columns + 1)
		return fail(e, ERR_INPUT, "'%s' has %zu shares for %zu columns", w->at[0], w->n - 1,
			    r->n_columns);
	for (size_t i = 0; i < r->n_columns; i++) {
		const char *word = w->at[w->n == 2 ? 1 : i + 1];
		uint32_t *part = &share.part[r->columns[i]];

		if (strcmp(word, "-") == 0)
			continue;
		if (parse_part(word, part, e) < 0 || check_sum(r->to, &share, r->columns[i], e) < 0)
			return -1;
	}
	r->to->at[r->to->n++] = share;
	return 0;
}

/* "network eth0 100mbit": shares end in '%', or are "-" */
static bool is_network(const struct words *w)
{
	return w->n == 3 && strcmp(w->at[0], "network") == 0 && strcmp(w->at[2], "-") != 0 &&
	       !text_ends(w->at[2], "%");
}

static int read_network(struct reader *r, const struct words *w, struct err *e)
{
	struct cg_shares *s = r->to;
	struct cg_network *network = &s->networks[s->n_networks];

	if (netdev_name_kind(w->at[1]) != NETDEV_NAME_PLAIN)
		return fail(e, ERR_INPUT, "'%s' is no name of a network interface", w->at[1]);
	for (size_t i = 0; i < s->n_networks; i++)
		if (strcmp(s->networks[i].name, w->at[1]) == 0)
			return fail(e, ERR_INPUT, "interface '%s' stands in a line above already",
				    w->at[1]);
	if (s->n_networks == CG_NETWORKS)
		return fail(e, ERR_LIMIT, "more than %d interfaces", CG_NETWORKS);
	if (rate_parse(w->at[2], &network->rate, e) < 0)
		return -1;
	memcpy(network->name, w->at[1], strlen(w->at[1]) + 1);
	s->n_networks++;
	return 0;
}

static int read_line(struct reader *r, const char *line, size_t len, struct err *e)
{
	__attribute__((cleanup(words_done))) struct words w = { 0 };

	if (divide(line, len, &w, e) < 0)
		return -1;
	if (!w.n)
		return 0;
	if (is_network(&w))
		return read_network(r, &w, e);
	if (!r->to->n && strcmp(w.at[0], "group") == 0 && w.n > 1 &&
	    !(w.at[1][0] >= '0' && w.at[1][0] <= '9'))
		return read_headings(r, &w, e);
	if (r->to->n == SHARES_MAX)
		return fail(e, ERR_LIMIT, "more than %d groups", SHARES_MAX);
	return read_share(r, &w, e);
}

/**
 * cg_shares_parse() - a file of shares
 * @name:       the file's, for messages, which say the line
 * @ret_shares: zero before; cg_shares_done() also after a failure
 */
int cg_shares_parse(const char *text, const char *name, struct cg_shares *ret_shares, struct err *e)
{
	struct reader r = { .to = ret_shares, .columns = { CG_CPU, CG_MEMORY }, .n_columns = 2 };

	ret_shares->at = calloc(SHARES_MAX, sizeof(*ret_shares->at));
	if (!ret_shares->at)
		return fail_errno(e, ENOMEM, "read the shares");
	while (*text) {
		size_t len = strcspn(text, "\n");

		r.line++;
		if (read_line(&r, text, len, e) < 0)
			return fail_at(e, "%s: line %zu", name, r.line);
		text += len + (text[len] == '\n');
	}
	return ret_shares->n ? 0 : fail(e, ERR_INPUT, "'%s' names no group", name);
}

void cg_shares_done(struct cg_shares *s)
{
	free(s->at);
	arena_done(&s->mem);
}
