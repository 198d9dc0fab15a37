/* interleave.c - times several commands in turns, so that what the machine does meanwhile hits all
 *
 *	interleave ROUNDS -- LABEL [@NAMESPACE] COMMAND... [+ COMMAND...] -- LABEL ...
 *
 * Runs each command once without measuring, then all of them ROUNDS times in turns. `{}` in an
 * argument is a number that no other run has; commands joined by `+` are measured as one. A word
 * that begins with @ is a mount namespace (/proc/PID/ns/mnt) to run the command in; entering it is
 * not measured. Prints a line for each label: its name, the median, the smallest and the largest
 * time in ms, and the largest resident set in KiB of the processes started and what they waited
 * for. A command that fails ends the measuring with status 1.
 */
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { TASKS_MAX = 16, WORDS_MAX = 64 };

/* struct task - one label; its words end with NULL, as its commands do */
struct task {
	const char *label, *namespace;
	char **words;
	size_t n_words;
	double *ms;
	long kib;
};

static int home = -1; /* our own mount namespace */

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void enter(const char *file)
{
	int fd = file ? open(file, O_RDONLY | O_CLOEXEC) : home;

	if (fd < 0 || setns(fd, CLONE_NEWNS) < 0)
		die(file ? file : "return to our own mount namespace");
	if (file)
		(void)close(fd);
}

/* "name-{}" with the run's number. The few bytes are never freed: that would be measured too. */
static char *with_number(char *word, unsigned number)
{
	char *at = strstr(word, "{}"), *out = NULL;

	if (!at)
		return word;
	if (asprintf(&out, "%.*s%d-%u%s", (int)(at - word), word, (int)getpid(), number, at + 2) <
	    0)
		die("asprintf");
	return out;
}

/* One command to its end; its largest resident set. */
static long run_command(char **argv, const char *label, const posix_spawn_file_actions_t *files)
{
	struct rusage used;
	int status = 0, r;
	pid_t pid;

	r = posix_spawnp(&pid, argv[0], files, NULL, argv, environ);
	if (r != 0) {
		fprintf(stderr, "interleave: start '%s': %s\n", argv[0], strerror(r));
		exit(1);
	}
	if (wait4(pid, &status, 0, &used) < 0)
		die("wait");
	if (status != 0) {
		fprintf(stderr, "interleave: %s: '%s' failed: %s %d\n", label, argv[0],
			WIFEXITED(status) ? "status" : "signal",
			WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
		exit(1);
	}
	return used.ru_maxrss;
}

static double run_task(struct task *t, unsigned number, const posix_spawn_file_actions_t *files)
{
	char *words[WORDS_MAX + 1];
	double start, ms;

	for (size_t i = 0; i <= t->n_words; i++)
		words[i] = t->words[i] ? with_number(t->words[i], number) : NULL;
	if (t->namespace)
		enter(t->namespace);
	start = now_ms();
	for (size_t i = 0; i < t->n_words; i++) {
		long kib = run_command(words + i, t->label, files);

		if (kib > t->kib)
			t->kib = kib;
		while (i < t->n_words && words[i])
			i++;
	}
	ms = now_ms() - start;
	if (t->namespace)
		enter(NULL);
	return ms;
}

static size_t parse(int argc, char **argv, struct task *tasks)
{
	size_t n = 0;

	for (int i = 2; i < argc; i++) {
		struct task *t = &tasks[n];

		if (strcmp(argv[i], "--") != 0 || n == TASKS_MAX || i + 2 >= argc)
			die("read the command line");
		t->label = argv[++i];
		if (argv[i + 1][0] == '@')
			t->namespace = argv[++i] + 1;
		t->words = argv + i + 1;
		while (i + 1 < argc && strcmp(argv[i + 1], "--") != 0) {
			if (strcmp(argv[++i], "+") == 0)
				argv[i] = NULL;
			t->n_words++;
		}
		if (t->n_words >= WORDS_MAX)
			die("read the command line");
		n++;
	}
	return n;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The word after a task's last one is the next "--", or the end. */
static void end_words(struct task *tasks, size_t n)
{
	for (size_t i = 0; i < n; i++)
		tasks[i].words[tasks[i].n_words] = NULL;
}

int main(int argc, char **argv)
{
	struct task tasks[TASKS_MAX] = { 0 };
	unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 0, number = 0;
	posix_spawn_file_actions_t files;
	size_t n = rounds ? parse(argc, argv, tasks) : 0;

	if (n == 0) {
		fputs("usage: interleave ROUNDS -- LABEL [@NAMESPACE] COMMAND...\n", stderr);
		return 2;
	}
	end_words(tasks, n);
	home = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	(void)posix_spawn_file_actions_init(&files);
	(void)posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	(void)posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	for (size_t i = 0; i < n; i++) {
		tasks[i].ms = calloc(rounds, sizeof(double));
		if (!tasks[i].ms)
			die("calloc");
		(void)run_task(&tasks[i], number++, &files);
	}
	for (unsigned round = 0; round < rounds; round++)
		for (size_t i = 0; i < n; i++)
			tasks[i].ms[round] = run_task(&tasks[i], number++, &files);
	for (size_t i = 0; i < n; i++) {
		qsort(tasks[i].ms, rounds, sizeof(double), compare);
		printf("%s %.3f %.3f %.3f %ld\n", tasks[i].label, tasks[i].ms[rounds / 2],
		       tasks[i].ms[0], tasks[i].ms[rounds - 1], tasks[i].kib);
	}
	return 0;
}
