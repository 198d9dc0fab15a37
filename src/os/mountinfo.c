/* mountinfo.c - reads /proc/PID/mountinfo */
#include "os/mountinfo.h"

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
	at = field(at, end, &word, &len);
	field(at, end, &m.options, &m.options_len);
	if (!m.point_len || m.point[0] != '/' || !m.root_len || m.root[0] != '/')
		return false;
	*ret = m;
	return true;
}

/**
 * mount_line_next() - read the next line that is one, and step behind it
 *
 * Return: false at the end.
 */
bool mount_line_next(const char **text, struct mount_line *ret)
{
	bool found = false;

	while (!found && **text) {
		const char *end = *text + strcspn(*text, "\n");

		found = parse(*text, end, ret);
		*text = *end ? end + 1 : end;
	}
	return found;
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
