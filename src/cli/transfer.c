/* transfer.c - progress as docker's users know it */
#include "cli/transfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/units.h"

#define BAR      50
#define FRAME_NS INT64_C(100000000)

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

static void draw_bar(const struct transfer_line *l)
{
	char done[24], total[24], bar[BAR + 1];
	size_t full = l->total ? (size_t)(l->done * BAR / l->total) : 0;

	memset(bar, '=', sizeof(bar));
	if (full > BAR)
		full = BAR;
	if (full < BAR)
		bar[full] = '>';
	printf("[%.*s%*s]  %s/%s", (int)(full < BAR ? full + 1 : BAR), bar,
	       (int)(full < BAR ? BAR - full - 1 : 0), "", size_format(l->done, false, done),
	       size_format(l->total, false, total));
}

/* All lines again, over those that are there. */
static void draw(struct transfer *t)
{
	if (t->drawn)
		printf("\033[%zuA", t->drawn);
	for (size_t i = 0; i < t->n; i++) {
		const struct transfer_line *l = &t->lines[i];

		printf("\033[2K%s: %s ", l->id, t->words[l->step]);
		if (l->step == PROGRESS_TRANSFER)
			draw_bar(l);
		printf("\n");
	}
	t->drawn = t->n;
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
			draw(t);
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
		draw(t);
	free(t->lines);
	t->lines = NULL;
	t->n = t->drawn = 0;
}
