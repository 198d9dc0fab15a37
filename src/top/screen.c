/* screen.c - draws with ncurses; only what is seen is read in full */
#include <curses.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "base/render_text.h"
#include "base/units.h"
#include "os/process.h"
#include "tare/any.h"
#include "top/view.h"

#define HEAD_LINES 3
#define NAME_WIDTH 24

void screen_begin(void)
{
	(void)initscr();
	(void)cbreak();
	(void)noecho();
	(void)keypad(stdscr, TRUE);
	(void)curs_set(0);
	set_escdelay(25);
}

void screen_end(void)
{
	(void)endwin();
}

/* Names are the containers' own: what is not plain is shown as an escape. */
static void draw_name(const char *name, size_t width)
{
	own_str struct str out = { 0 };
	size_t len;

	render_visible(&out, name, strlen(name), !render_is_utf8());
	if (!out.at)
		return;
	len = render_cut(out.at, out.len, width);
	(void)addnstr(out.at, (int)len);
	for (size_t w = render_width(out.at, len); w <= width; w++)
		(void)addch(' ');
}

static const char *rate_text(uint64_t total, uint64_t rate, char ret_text[24])
{
	if (total == USAGE_UNKNOWN)
		return "-";
	return size_format(rate, false, ret_text);
}

static void draw_head(const struct view *v)
{
	const struct usage_sampler *s = &v->sampler;
	uint64_t cpu = 0, memory = 0;
	char used[24], all[24];

	for (size_t i = 0; i < v->n; i++) {
		const struct usage *u = &s->usage[v->order[i]];

		cpu += u->cpu_rate;
		memory += u->memory == USAGE_UNKNOWN ? 0 : u->memory;
	}
	(void)mvprintw(0, 0,
		       "tare top: %zu containers, %" PRIu64 ".%" PRIu64
		       " %% of a processor, %s of %s",
		       v->n, cpu / 10, cpu % 10, size_format(memory, true, used),
		       size_format(usage_host_memory(), true, all));
	if (*v->filter) {
		(void)addstr("; with ");
		draw_name(v->filter, strlen(v->filter));
	}
	(void)attron(A_BOLD);
	(void)mvprintw(2, 0, "%-*s %-10s %-7s %7s %9s %9s %6s %9s %9s %9s %9s %5s", NAME_WIDTH,
		       "CONTAINER", "ENGINE", "STATUS", "CPU %", "MEMORY", "CACHE", "STALL",
		       "READ/s", "WRITE/s", "IN/s", "OUT/s", "PIDS");
	(void)attroff(A_BOLD);
}

static void draw_container(const struct view *v, int line, size_t i)
{
	const struct container_found *c = &v->sampler.all.at[i];
	const struct usage *u = &v->sampler.usage[i];
	char memory[24], cache[24], stall[24] = "-", rate[4][24];

	if (u->pressure != USAGE_UNKNOWN)
		snprintf(stall, sizeof(stall), "%" PRIu64 ".%02" PRIu64, u->pressure / 100,
			 u->pressure % 100);
	(void)move(line, 0);
	draw_name(any_name(c), NAME_WIDTH);
	(void)printw("%-10s %-7s %5" PRIu64 ".%" PRIu64 " %9s %9s %6s %9s %9s %9s %9s %5" PRIu64,
		     word_name(engine_words, c->engine.v),
		     c->status.set ? word_name(container_run_words, c->status.v) : "-",
		     u->cpu_rate / 10, u->cpu_rate % 10,
		     u->memory == USAGE_UNKNOWN ? "-" : size_format(u->memory, true, memory),
		     u->cache == USAGE_UNKNOWN ? "-" : size_format(u->cache, true, cache), stall,
		     rate_text(u->read, u->read_rate, rate[0]),
		     rate_text(u->written, u->written_rate, rate[1]),
		     rate_text(u->received, u->received_rate, rate[2]),
		     rate_text(u->sent, u->sent_rate, rate[3]), u->pids);
}

/* Its processes, one a line; returns the next free line. */
static int draw_processes(const struct view *v, int line, size_t i)
{
	const struct containers *all = &v->sampler.all;

	for (size_t k = 0; k < all->n_members && line < LINES - 2; k++) {
		struct process_stat st;

		if (all->members[k].container != i ||
		    process_try_stat(all->members[k].pid, &st) < 0)
			continue;
		(void)mvprintw(line++, 2, "%8d %c ", (int)all->members[k].pid, st.state);
		draw_name(st.name, sizeof(st.name));
	}
	return line;
}

static void draw_foot(const struct view *v)
{
	if (*v->message) {
		(void)move(LINES - 1, 0);
		draw_name(v->message, (size_t)COLS - 1);
		return;
	}
	(void)mvaddnstr(
		LINES - 1, 0,
		"q quit  c m i n p a sort  / filter  space processes  f freeze  t thaw  l limit  "
		"u undo  e enter",
		COLS - 1);
}

/* screen_draw() - everything anew; what is on the screen is read in full */
void screen_draw(struct view *v)
{
	size_t row = view_row(v),
	       room = LINES > HEAD_LINES + 2 ? (size_t)(LINES - HEAD_LINES - 1) : 1;
	int line = HEAD_LINES;

	if (row < v->first)
		v->first = row;
	if (row >= v->first + room)
		v->first = row - room + 1;
	(void)erase();
	draw_head(v);
	for (size_t i = v->first; i < v->n && line < LINES - 1; i++) {
		size_t c = v->order[i];

		if (v->fresh)
			usage_read_more(&v->sampler, c, USAGE_ALL);
		if (i == row)
			(void)attron(A_REVERSE);
		draw_container(v, line++, c);
		if (i == row)
			(void)attroff(A_REVERSE);
		if (v->sampler.all.at[c].pid == v->open)
			line = draw_processes(v, line, c);
	}
	draw_foot(v);
	(void)refresh();
	v->fresh = false;
}

/**
 * screen_ask() - a line of text from the user
 *
 * Return: false when it was given up, or is empty.
 */
bool screen_ask(const char *question, char *ret_text, size_t size)
{
	int r;

	(void)move(LINES - 1, 0);
	(void)clrtoeol();
	(void)addstr(question);
	(void)echo();
	(void)curs_set(1);
	timeout(-1);
	r = getnstr(ret_text, (int)size - 1);
	(void)noecho();
	(void)curs_set(0);
	return r == OK && *ret_text;
}
