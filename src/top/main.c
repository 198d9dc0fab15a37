/* main.c - tare-top: the live screen of `tare top`
 *
 * A program of its own, since ncurses cannot be linked with the static tare. `tare top` has checked the
 * words: the delay, the key to sort by, the filter, "services" or "".
 */
#include <curses.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/units.h"
#include "top/view.h"

static int parse(int argc, char **argv, struct view *v, struct err *e)
{
	const struct word *sort = argc == 5 ? word_find(usage_sort_words, argv[2]) : NULL;

	if (!sort) {
		fail(e, ERR_INPUT, "this is the screen of another program");
		return fail_hint(e, "run: tare top");
	}
	if (duration_parse(argv[1], &v->delay, e) < 0)
		return -1;
	v->sort = (enum usage_sort)sort->value;
	snprintf(v->filter, sizeof(v->filter), "%s", argv[3]);
	(void)getrlimit(RLIMIT_NOFILE, &v->files);
	return usage_open(&v->sampler, *argv[4] != '\0', e);
}

/* Waits for a key until it is time to read again. */
static int watch(struct view *v, struct err *e)
{
	int64_t next = 0;

	for (;;) {
		int64_t now = clock_now_ns(), left;
		int key;

		if (now >= next) {
			if (view_refresh(v, true, e) < 0)
				return -1;
			next = now + v->delay;
		}
		screen_draw(v);
		left = next - clock_now_ns();
		timeout(left > 0 ? (int)(left / 1000000) : 0);
		key = getch();
		if (key == KEY_RESIZE || key == ERR)
			continue;
		if (!keys_do(v, key, e))
			return *e->text ? -1 : 0;
	}
}

int main(int argc, char **argv)
{
	struct view v = { 0 };
	struct err e = { 0 };
	char line[2048];
	int r;

	(void)setlocale(LC_ALL, "");
	r = parse(argc, argv, &v, &e);
	if (r == 0) {
		screen_begin();
		r = watch(&v, &e);
		screen_end();
	}
	view_done(&v);
	if (r == 0)
		return 0;
	err_line(&e, line, sizeof(line));
	fprintf(stderr, "tare top: %s\n", line);
	return err_exit_status(&e);
}
