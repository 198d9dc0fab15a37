/* mountinfo.c - reads /proc/PID/mountinfo */
#include "os/mountinfo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *field(const char *at, const char *end, const char **ret, size_t *ret_len)
{
	const char *stop = at;

	while (stop < end && *stop != ' ')
		stop++;
	*ret = at;
	*ret_len = (size_t)(stop - at);
	return stop < end ? stop + 1 : end;
}

static uint64_t number(const char *at, size_t len)
{
	uint64_t v = 0;

	for (; len && *at >= '0' && *at <= '9'; at++, len--)
		v = v * 10 + (uint64_t)(*at - '0');
	return v;
}

/* "31 23 0:28 / /sys/fs/cgroup rw,relatime shared:9 - tmpfs tmpfs rw,mode=755" */
static bool parse(const char *at, const char *end, struct mount_line *ret)
{
	struct mount_line m;
	const char *word;
	size_t len;

	at = field(at, end, &word, &len);
	m.id = number(word, len);
	at = field(at, end, &word, &len);
	m.parent = number(word, len);
	at = field(at, end, &word, &len);
	at = field(at, end, &m.root, &m.root_len);
	at = field(at, end, &m.point, &m.point_len);
	do {
		if (at == end)
			return false;
		at = field(at, end, &word, &len);
	} while (len != 1 || *word != '-');
	at = field(at, end, &m.type, &m.type_len);
	at = field(at, end, &m.source, &m.source_len);
	field(at, end, &m.options, &m.options_len);
	if (!m.point_len || m.point[0] != '/' || !m.root_len)
		return false;
	*ret = m;
	return true;
}

/**
 * mount_line_next_any() - read the next line, and step behind it
 *
 * Also those whose root is no path: a namespace's is "net:[4026531840]".
 *
 * Return: false at the end.
 */
bool mount_line_next_any(const char **text, struct mount_line *ret)
{
	bool found = false;

	while (!found && **text) {
		const char *end = *text + strcspn(*text, "\n");

		found = parse(*text, end, ret);
		*text = *end ? end + 1 : end;
	}
	return found;
}

/**
 * mount_line_next() - read the next line of a mount whose root is a path, and step behind it
 *
 * Return: false at the end.
 */
bool mount_line_next(const char **text, struct mount_line *ret)
{
	struct mount_line m;

	while (mount_line_next_any(text, &m))
		if (m.root[0] == '/') {
			*ret = m;
			return true;
		}
	return false;
}

/* mount_line_is() - is the file system of this type? */
bool mount_line_is(const struct mount_line *m, const char *type)
{
	return m->type_len == strlen(type) && memcmp(m->type, type, m->type_len) == 0;
}

/* mount_line_peers() - the optional fields of a line, between the options and the dash */
void mount_line_peers(const struct mount_line *m, struct mount_peers *ret)
{
	static const struct {
		const char *tag;
		size_t at;
	} rows[] = {
		{ "shared:", offsetof(struct mount_peers, shared) },
		{ "master:", offsetof(struct mount_peers, master) },
		{ "propagate_from:", offsetof(struct mount_peers, from) },
	};
	const char *at = m->point + m->point_len + 1, *word;
	size_t len;

	*ret = (struct mount_peers){ 0 };
	at = field(at, m->type, &word, &len);
	while (at < m->type) {
		at = field(at, m->type, &word, &len);
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			size_t tag = strlen(rows[i].tag);
			uint64_t id;

			if (len <= tag || memcmp(word, rows[i].tag, tag) != 0)
				continue;
			id = number(word + tag, len - tag);
			memcpy((char *)ret + rows[i].at, &id, sizeof(id));
		}
		ret->unbindable |=
			len == strlen("unbindable") && memcmp(word, "unbindable", len) == 0;
	}
}

/**
 * mount_table_parse() - all lines of a mountinfo text
 * @ret:  for mount_table_done(), also after an error; points into @text
 *
 * Return: 0, or -ENOMEM.
 */
int mount_table_parse(struct mount_table *ret, const char *text)
{
	size_t lines = 2; /* one for a last line without its end, one for the reading past it */

	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	ret->n = 0;
	ret->at = malloc(lines * sizeof(*ret->at));
	if (!ret->at)
		return -ENOMEM;
	while (mount_line_next(&text, &ret->at[ret->n]))
		ret->n++;
	return 0;
}

/* mount_table_find() - the mount of that id, or NULL */
const struct mount_line *mount_table_find(const struct mount_table *t, uint64_t id)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->at[i].id == id)
			return &t->at[i];
	return NULL;
}

/* Is path @a equal to @b or one of the directories above it? */
static bool is_above(const char *a, size_t a_len, const char *b, size_t b_len)
{
	if (a_len == 1)
		return true;
	return a_len <= b_len && memcmp(a, b, a_len) == 0 && (a_len == b_len || b[a_len] == '/');
}

/* Does mount @n hide @m? It does when it sits on @m itself, or on a directory of @m's parent
 * above the place where @m sits. */
static bool hides(const struct mount_line *n, const struct mount_line *m)
{
	if (n == m)
		return false;
	if (n->parent == m->id)
		return n->point_len == m->point_len &&
		       memcmp(n->point, m->point, m->point_len) == 0;
	return n->parent == m->parent && n->id != n->parent && n->point_len <= m->point_len &&
	       is_above(n->point, n->point_len, m->point, m->point_len) &&
	       (n->point_len < m->point_len || n > m);
}

static bool hidden_by_other(const struct mount_table *t, const struct mount_line *m,
			    const struct mount_line *below)
{
	for (size_t i = 0; i < t->n; i++)
		if (&t->at[i] != below && hides(&t->at[i], m))
			return true;
	return false;
}

/* mount_table_visible() - is neither the mount nor one that it sits on hidden (by other than itself)? */
bool mount_table_visible(const struct mount_table *t, const struct mount_line *m)
{
	const struct mount_line *below = NULL;

	for (int depth = 0; m && depth < 64; depth++) {
		if (hidden_by_other(t, m, below))
			return false;
		below = m;
		m = m->parent == m->id ? NULL : mount_table_find(t, m->parent);
	}
	return true;
}

void mount_table_done(struct mount_table *t)
{
	free(t->at);
	*t = (struct mount_table){ 0 };
}

/* mountinfo_unescape() - undo the \040 escapes, in place */
void mountinfo_unescape(char *text)
{
	char *w = text;

	while (*text) {
		const char *c = text;
		bool octal = c[0] == '\\' && c[1] >= '0' && c[1] <= '3' && c[2] >= '0' &&
			     c[2] <= '7' && c[3] >= '0' && c[3] <= '7';

		*w++ = octal ? (char)((c[1] - '0') << 6 | (c[2] - '0') << 3 | (c[3] - '0')) : *c;
		text += octal ? 4 : 1;
	}
	*w = '\0';
}

/* mountinfo_text() - a copy in @a of a field with its escapes undone; NULL: no memory */
char *mountinfo_text(struct arena *a, const char *at, size_t len)
{
	char *text = arena_dup_len(a, at, len);

	if (text)
		mountinfo_unescape(text);
	return text;
}
