/* keys.c - what each key does; what changes a container is done by `tare` itself */
#include <curses.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/own.h"
#include "os/spawn.h"
#include "top/view.h"

#define WORDS_MAX 32

/* Runs the tare beside this program, with what it says going to @out; returns its exit status, or -1. */
static int run_tare(const struct view *v, char *const *argv, int out)
{
	char path[4096];
	pid_t pid = spawn_beside("tare", path, sizeof(path)) == 0 ? fork() : -1;
	int status;

	if (pid == 0) {
		if (out >= 0 && (dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0))
			_exit(125);
		if (v->files.rlim_max)
			(void)setrlimit(RLIMIT_NOFILE, &v->files);
		(void)execv(path, argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The first line of what it says becomes the message. */
static void run_quietly(struct view *v, char *const *argv)
{
	FILE *said = tmpfile();

	snprintf(v->message, sizeof(v->message), "could not run tare");
	if (!said)
		return;
	if (run_tare(v, argv, fileno(said)) >= 0) {
		rewind(said);
		if (!fgets(v->message, sizeof(v->message), said))
			*v->message = '\0';
		v->message[strcspn(v->message, "\n")] = '\0';
	}
	(void)fclose(said);
}

/* The word that means the chosen container and no other. */
static bool chosen_word(const struct view *v, char ret_word[32])
{
	const struct container_found *c = view_chosen(v);

	if (c)
		snprintf(ret_word, 32, "pid:%lld", (long long)c->pid);
	return c != NULL;
}

static void do_simply(struct view *v, const char *command)
{
	char word[32];
	char *argv[] = { (char *)"tare", (char *)command, word, NULL };

	if (chosen_word(v, word))
		run_quietly(v, argv);
}

static void do_limit(struct view *v)
{
	char word[32], text[256], *rest = text, *at;
	char *argv[WORDS_MAX + 4] = { (char *)"tare", (char *)"limit" };
	size_t n = 2;

	if (!chosen_word(v, word) ||
	    !screen_ask("limit (as in --memory 512m --cpus 1.5): ", text, sizeof(text)))
		return;
	while ((at = strsep(&rest, " ")) && n < WORDS_MAX)
		if (*at)
			argv[n++] = at;
	argv[n++] = word;
	run_quietly(v, argv);
}

static void do_undo(struct view *v)
{
	char word[32];
	char *argv[] = { (char *)"tare", (char *)"limit", (char *)"--undo", word, NULL };

	if (chosen_word(v, word))
		run_quietly(v, argv);
}

static void do_enter(struct view *v)
{
	char word[32];
	char *argv[] = { (char *)"tare", (char *)"enter", word, NULL };
	int status;

	if (!chosen_word(v, word))
		return;
	screen_end();
	status = run_tare(v, argv, -1);
	snprintf(v->message, sizeof(v->message), "the shell inside ended with %d", status);
}

static void do_freeze(struct view *v)
{
	do_simply(v, "freeze");
}

static void do_thaw(struct view *v)
{
	do_simply(v, "thaw");
}

static void do_open(struct view *v)
{
	v->open = v->open == v->chosen ? 0 : v->chosen;
}

static void do_filter(struct view *v)
{
	if (!screen_ask("show only: ", v->filter, sizeof(v->filter)))
		*v->filter = '\0';
}

/* struct key - @sort for keys that sort, @by for those that move; else @act */
static const struct key {
	int key;
	int by;
	int sort;
	void (*act)(struct view *v);
} keys[] = {
	{ KEY_DOWN, 1, -1, NULL },      { KEY_UP, -1, -1, NULL },
	{ 'j', 1, -1, NULL },           { 'k', -1, -1, NULL },
	{ KEY_NPAGE, 20, -1, NULL },    { KEY_PPAGE, -20, -1, NULL },
	{ KEY_END, 1 << 20, -1, NULL }, { KEY_HOME, -(1 << 20), -1, NULL },
	{ 'c', 0, SORT_CPU, NULL },     { 'm', 0, SORT_MEMORY, NULL },
	{ 'i', 0, SORT_IO, NULL },      { 'n', 0, SORT_NET, NULL },
	{ 'p', 0, SORT_PIDS, NULL },    { 'a', 0, SORT_NAME, NULL },
	{ 'f', 0, -1, do_freeze },      { 't', 0, -1, do_thaw },
	{ 'l', 0, -1, do_limit },       { 'u', 0, -1, do_undo },
	{ 'e', 0, -1, do_enter },       { '\n', 0, -1, do_enter },
	{ ' ', 0, -1, do_open },        { '/', 0, -1, do_filter },
};

/* keys_do() - one key; false ends the program */
bool keys_do(struct view *v, int key, struct err *e)
{
	*v->message = '\0';
	if (key == 'q' || key == 'Q')
		return false;
	for (size_t i = 0; i < COUNT(keys); i++) {
		if (keys[i].key != key)
			continue;
		if (keys[i].by)
			view_move(v, keys[i].by);
		if (keys[i].sort >= 0)
			v->sort = (enum usage_sort)keys[i].sort;
		if (keys[i].act)
			keys[i].act(v);
	}
	return view_refresh(v, false, e) == 0;
}
