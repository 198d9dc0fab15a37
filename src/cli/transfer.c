/* transfer.c - progress as docker's users know it */
#include "cli/transfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/units.h"

#define BAR         50
#define BAR_LEAST   10
#define COLUMNS_MAX 200
#define FRAME_NS    INT64_C(100000000)

const char *const transfer_pull_words[] = {
	[PROGRESS_WAITING] = "Pulling fs layer",
	[PROGRESS_TRANSFER] = "Downloading",
	[PROGRESS_TRANSFERRED] = "Download complete",
	[PROGRESS_UNPACKING] = "Extracting",
	[PROGRESS_DONE] = "Pull complete",
	[PROGRESS_EXISTS] = "Already exists",
	[PROGRESS_MOUNTED] = "",
	[PROGRESS_RETRY] = "Retrying",
};
const char *const transfer_push_words[] = {
	[PROGRESS_WAITING] = "Preparing",    [PROGRESS_TRANSFER] = "Pushing",
	[PROGRESS_TRANSFERRED] = "",         [PROGRESS_UNPACKING] = "",
	[PROGRESS_DONE] = "Pushed",          [PROGRESS_EXISTS] = "Layer already exists",
	[PROGRESS_MOUNTED] = "Mounted from", [PROGRESS_RETRY] = "Retrying",
};

/* Behind the line's words in @text, which has room for @columns. A narrow terminal gets a short bar or none. */
static void add_bar(const struct transfer_line *l, char *text, size_t len, size_t columns)
{
	char done[24], total[24], sizes[64], bar[BAR + 1];
	int sizes_len = snprintf(sizes, sizeof(sizes), "%s/%s", size_format(l->done, false, done),
				 size_format(l->total, false, total));
	size_t around = len + 4 + (size_t)sizes_len; /* brackets and blanks, too */
	size_t width = columns > around ? columns - around : 0, full;

	width = width < BAR ? width : BAR;
	if (width < BAR_LEAST) {
		snprintf(text + len, columns + 1 - len, "%s", sizes);
		return;
	}
	full = l->total ? (size_t)(l->done * width / l->total) : 0;
	full = full < width ? full : width;
	memset(bar, '=', full);
	memset(bar + full, ' ', width - full);
	if (full < width)
		bar[full] = '>';
	snprintf(text + len, columns + 1 - len, "[%.*s]  %s", (int)width, bar, sizes);
}

/* One line of the terminal, and never two: what is drawn over it would miss it. */
static void draw_line(const struct transfer *t, const struct transfer_line *l, size_t columns)
{
	char text[COLUMNS_MAX + 1];
	size_t len;

	snprintf(text, columns + 1, "%s: %s ", l->id, t->words[l->step]);
	len = strlen(text);
	if (l->step == PROGRESS_TRANSFER && len < columns)
		add_bar(l, text, len, columns);
	printf("\033[2K%s\n", text);
}

static bool is_over(const struct transfer_line *l)
{
	return l->step == PROGRESS_DONE || l->step == PROGRESS_EXISTS ||
	       l->step == PROGRESS_MOUNTED;
}

/* All lines again, over those that are there; where there are more than the terminal has, those that are
 * not over yet. */
static void draw(struct transfer *t, bool all)
{
	struct winsize w = { 0 };
	size_t columns, rows, n = 0;

	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &w);
	columns = w.ws_col && w.ws_col < COLUMNS_MAX ? w.ws_col : COLUMNS_MAX;
	rows = w.ws_row > 1 ? w.ws_row - 1U : SIZE_MAX;
	if (t->drawn)
		printf("\033[%zuA", t->drawn);
	for (size_t i = 0; i < t->n; i++)
		if (all || t->n <= rows || (n < rows && !is_over(&t->lines[i]))) {
			draw_line(t, &t->lines[i], columns);
			n++;
		}
	if (n < t->drawn)
		printf("\033[J");
	t->drawn = n;
	(void)fflush(stdout);
}

static struct transfer_line *line_of(struct transfer *t, const char *id)
{
	struct transfer_line *more;

	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->lines[i].id, id) == 0)
			return &t->lines[i];
	more = realloc(t->lines, (t->n + 1) * sizeof(*more));
	if (!more)
		return NULL;
	t->lines = more;
	more[t->n] = (struct transfer_line){ .step = PROGRESS_RETRY };
	snprintf(more[t->n].id, sizeof(more[t->n].id), "%s", id);
	return &more[t->n++];
}

static void tell(void *ctx, const char *id, enum progress_step step, uint64_t done, uint64_t total,
		 const char *detail)
{
	struct transfer *t = ctx;
	struct transfer_line *l = t->quiet ? NULL : line_of(t, id);
	int64_t now = clock_now_ns();
	bool new;

	if (!l)
		return;
	new = l->step != step;
	l->step = step;
	l->done = done;
	l->total = total;
	if (t->terminal) {
		if (new || now >= t->next_ns) {
			t->next_ns = now + FRAME_NS;
			draw(t, false);
		}
	} else if (new && * t->words[step] && step != PROGRESS_TRANSFER &&
		   step != PROGRESS_UNPACKING) {
		printf("%s: %s%s%s\n", id, t->words[step], detail ? " " : "", detail ? detail : "");
		(void)fflush(stdout);
	}
}

static void say(void *ctx, const char *line)
{
	struct transfer *t = ctx;

	if (t->quiet)
		return;
	/* what is said stands above the bars, which begin anew below it */
	t->drawn = 0;
	printf("%s\n", line);
	(void)fflush(stdout);
}

/* transfer_begin() - @t is told of a transfer from now on; its address must not change */
void transfer_begin(struct transfer *t, const char *const *words, bool quiet)
{
	*t = (struct transfer){ .words = words, .quiet = quiet, .terminal = isatty(STDOUT_FILENO) };
	t->progress = (struct progress){ .tell = tell, .say = say, .ctx = t };
}

void transfer_end(struct transfer *t)
{
	if (t->terminal && !t->quiet && t->n)
		draw(t, true);
	free(t->lines);
	t->lines = NULL;
	t->n = t->drawn = 0;
}
