/* state.c - bounded reads, and rows that pick facts out of JSON and of KEY=VALUE lines */
#include "discovery/state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/json.h"
#include "base/own.h"
#include "base/text.h"
#include "os/file.h"
#include "os/path.h"

#define QUIETLY (O_RDONLY | O_NONBLOCK | O_NOCTTY)

static int check_regular(int fd, uint32_t owner)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	return owner != STATE_ANYBODY && st.st_uid != owner ? -EPERM : 0;
}

/* Through links it is looked at before it is opened: a user's link to a watchdog would begin to
 * count, one to a tape would wind it back. He can't make such a device himself. */
static int open_regular(int rootfd, const char *path, uint32_t owner)
{
	own_fd int place = FD_NONE, fd = path_try_open(rootfd, path, QUIETLY, PATH_NOLINKS);
	char same[32];
	int r;

	if (fd == -ELOOP) {
		place = path_try_open(rootfd, path, O_PATH | O_CLOEXEC, 0);
		r = place < 0 ? place : check_regular(place, owner);
		if (r < 0)
			return r;
		path_fd_link(place, same);
		fd = open(same, QUIETLY | O_CLOEXEC);
		if (fd < 0)
			return -errno;
	}
	r = fd < 0 ? fd : check_regular(fd, owner);
	return r < 0 ? r : give_fd(&fd);
}

/**
 * state_file_read() - read another program's file, quietly
 * @rootfd:   the root of the host that is looked at
 * @path:     below it; links are followed, but lead nowhere else
 * @max:      longer ones are not read
 * @owner:    whose it must be, so that nobody has us read another's; STATE_ANYBODY: whosever
 * @ret_text: the caller frees it
 *
 * Return: length in bytes, or -errno.
 */
int state_file_read(int rootfd, const char *path, size_t max, uint32_t owner, char **ret_text)
{
	own_fd int fd = open_regular(rootfd, path, owner);
	struct err e = { 0 };
	int n;

	if (fd < 0)
		return fd;
	n = file_read_fd(fd, path, max, ret_text, &e);
	if (n < 0)
		return e.sysno ? -e.sysno : -EFBIG;
	return n;
}

/* state_text() - a copy of what may be shown; NULL for what is empty, too long or holds a NUL */
char *state_text(const char *at, size_t len, struct arena *a)
{
	if (!len || len > STATE_TEXT_MAX || memchr(at, '\0', len))
		return NULL;
	return arena_dup_len(a, at, len);
}

static const struct json *member_at(const struct json *v, const char *path)
{
	while (v && *path) {
		size_t len = strcspn(path, ">");
		const struct json *child = v->type == JSON_OBJECT ? v->child : NULL;

		while (child && (strlen(child->key) != len || memcmp(child->key, path, len) != 0))
			child = child->next;
		v = child;
		path += len + (path[len] != '\0');
	}
	return v;
}

static void take_text(const struct state_fact *row, const char *at, size_t len, struct arena *a,
		      void *place)
{
	char **text = place;

	if (*text)
		return;
	if (row->form == FACT_NAME && len && *at == '/') {
		at++;
		len--;
	}
	*text = state_text(at, len, a);
}

static void take_json(const struct state_fact *row, const struct json *v, struct arena *a,
		      void *place)
{
	switch (row->form) {
	case FACT_TEXT:
	case FACT_NAME:
		if (v->type == JSON_STRING)
			take_text(row, v->text, v->len, a, place);
		break;
	case FACT_I64:
		if (v->type == JSON_NUMBER && !*(int64_t *)place)
			(void)json_i64(v, place);
		break;
	case FACT_U64:
		if (v->type == JSON_NUMBER && !*(uint64_t *)place)
			(void)json_u64(v, place);
		break;
	case FACT_BOOL:
		if (v->type == JSON_BOOL)
			*(bool *)place = *(bool *)place || v->truth;
		break;
	}
}

/**
 * state_facts_read() - add what a JSON document tells to @facts
 * @scratch: empty; it is reset
 * @a:       for texts
 *
 * A document that is none adds nothing.
 */
void state_facts_read(const char *text, size_t len, const struct state_fact *rows,
		      struct arena *scratch, struct arena *a, struct state_facts *facts)
{
	struct err e = { 0 };
	const struct json *doc = json_parse(text, len, "state", NULL, scratch, &e);

	for (const struct state_fact *row = rows; doc && row->path; row++) {
		const struct json *v = member_at(doc, row->path);

		if (v)
			take_json(row, v, a, (char *)facts + row->at);
	}
	arena_reset(scratch);
}

/* state_lines_read() - the same from lines KEY=VALUE, as systemd writes them */
void state_lines_read(const char *text, const struct state_fact *rows, struct arena *a,
		      struct state_facts *facts)
{
	while (*text) {
		const char *end = text + strcspn(text, "\n");
		const char *equals = memchr(text, '=', (size_t)(end - text));

		for (const struct state_fact *row = rows; equals && row->path; row++) {
			void *place = (char *)facts + row->at;
			size_t len = (size_t)(end - equals - 1);
			char digits[24];

			if (strlen(row->path) != (size_t)(equals - text) ||
			    memcmp(row->path, text, (size_t)(equals - text)) != 0)
				continue;
			if (row->form == FACT_TEXT || row->form == FACT_NAME) {
				take_text(row, equals + 1, len, a, place);
			} else if (row->form == FACT_I64 && len < sizeof(digits)) {
				memcpy(digits, equals + 1, len);
				digits[len] = '\0';
				(void)text_i64(digits, place);
			}
		}
		text = *end ? end + 1 : end;
	}
}

/* state_facts_merge() - give @to what it lacks of @from; the strings stay where they are */
void state_facts_merge(const struct state_facts *from, struct state_facts *to)
{
	static const size_t texts[] = {
		offsetof(struct state_facts, name),          offsetof(struct state_facts, image),
		offsetof(struct state_facts, created),       offsetof(struct state_facts, bundle),
		offsetof(struct state_facts, rootfs),        offsetof(struct state_facts, pod),
		offsetof(struct state_facts, pod_namespace),
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		char *const *have = (char *const *)((const char *)from + texts[i]);
		char **want = (char **)((char *)to + texts[i]);

		if (!*want)
			*want = *have;
	}
	to->paused = to->paused || from->paused;
}
