/* tool_unpack.c - what unpack.bats asks the library through: archives into folders
 *
 * usage: tool-unpack [OPTION…] ARCHIVE FOLDER [ARCHIVE FOLDER…]
 *
 *	-m MODE      overlay (the default), apply, root or members
 *	-d DEVICES   make (the default), skip or refuse
 *	-u           opaque folders by user.overlay.opaque
 *	-x DIGEST    the diff id that is expected
 *	-l NAME=N    a limit
 *	-p           feed the archive through a pipe, in small pieces
 *	-k           say "contained" or "refused: WHY" for each, and end with status 0
 *	-s           only start: feed nothing, print the worker's pid and wait to be killed
 *
 * "-" is standard input. Up to 16 archives are unpacked at once. Prints a line of JSON for each, in
 * order, with the most memory that any of the workers so far had; a failure is a line on standard
 * error, and status 1.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/text.h"
#include "layer/unpack.h"

#define AT_ONCE 16

// clang-format off
static const struct word modes[] = {
	{ "overlay", UNPACK_OVERLAY }, { "apply", UNPACK_APPLY }, { "root", UNPACK_ROOT },
	{ "members", UNPACK_MEMBERS }, { NULL, 0 },
};
static const struct word devices[] = {
	{ "make", UNPACK_DEVICES_MAKE }, { "skip", UNPACK_DEVICES_SKIP },
	{ "refuse", UNPACK_DEVICES_REFUSE }, { NULL, 0 },
};
static const struct {
	const char *name;
	size_t at;
} limits[] = {
#define LIMIT(member) { #member, offsetof(struct unpack_limits, member) }
	LIMIT(entries), LIMIT(path), LIMIT(depth), LIMIT(file), LIMIT(total), LIMIT(ratio),
	LIMIT(ratio_floor), LIMIT(header), LIMIT(xattrs), LIMIT(xattr_bytes), LIMIT(regions),
#undef LIMIT
};
// clang-format on

/* struct options - what the words say */
struct options {
	struct unpack_order order;
	struct unpack_limits limits;
	struct digest digest;
	bool piped, start_only, judge;
};

static int usage(void)
{
	fprintf(stderr, "tool-unpack: see the head of tool_unpack.c\n");
	return 2;
}

static int die(const struct err *e)
{
	char line[2048];

	err_line(e, line, sizeof(line));
	fprintf(stderr, "tool-unpack: %s\n", line);
	return 1;
}

static int set_limit(struct unpack_limits *l, const char *text)
{
	const char *equals = strchr(text, '=');
	uint64_t n;

	if (!equals || text_u64(equals + 1, UINT64_MAX, &n) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(limits); i++)
		if (strlen(limits[i].name) == (size_t)(equals - text) &&
		    memcmp(limits[i].name, text, (size_t)(equals - text)) == 0) {
			memcpy((char *)l + limits[i].at, &n, sizeof(n));
			return 0;
		}
	return -1;
}

static int set_word(const struct word *words, const char *text, unsigned *ret)
{
	const struct word *w = word_find(words, text);

	if (!w)
		return -1;
	*ret = (unsigned)w->value;
	return 0;
}

static int parse(struct options *o, int argc, char **argv)
{
	struct err e = { 0 };
	unsigned n = 0;
	int c, r = 0;

	while (r == 0 && (c = getopt(argc, argv, "m:d:ux:l:pks")) != -1) {
		if (c == 'm') {
			r = set_word(modes, optarg, &n);
			o->order.mode = (enum unpack_mode)n;
		} else if (c == 'd') {
			r = set_word(devices, optarg, &n);
			o->order.devices = (enum unpack_devices)n;
		} else if (c == 'x') {
			r = digest_parse(optarg, &o->digest, &e);
			o->order.diff_id = &o->digest;
		} else if (c == 'l') {
			r = set_limit(&o->limits, optarg);
			o->order.limits = &o->limits;
		} else if (c == 'u') {
			o->order.opaque = UNPACK_OPAQUE_USER;
		} else if (c == 'p') {
			o->piped = true;
		} else if (c == 'k') {
			o->judge = true;
		} else if (c == 's') {
			o->start_only = true;
		} else {
			r = -1;
		}
	}
	return r;
}

/* Copies @from into a pipe, in a process of its own, in pieces that fit nothing. */
static int pipe_from(int from)
{
	char buf[4099];
	int pair[2];
	ssize_t n;
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		(void)close(pair[0]);
		(void)signal(SIGPIPE, SIG_IGN);
		while ((n = read(from, buf, sizeof(buf))) > 0)
			if (write(pair[1], buf, (size_t)n) != n)
				break;
		_exit(0);
	}
	(void)close(pair[1]);
	return pid < 0 ? -1 : pair[0];
}

static int open_input(const struct options *o, const char *path)
{
	int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	int piped;

	if (fd < 0 || !o->piped)
		return fd;
	piped = pipe_from(fd);
	(void)close(fd);
	return piped;
}

static int start_one(struct options *o, struct unpack *u, const char *from, const char *to)
{
	struct err e = { 0 };
	int r;

	o->order.input = open_input(o, from);
	o->order.target = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (o->order.input < 0 || o->order.target < 0) {
		perror(o->order.input < 0 ? from : to);
		return -1;
	}
	r = unpack_start(u, &o->order, &e);
	(void)close(o->order.input);
	(void)close(o->order.target);
	return r < 0 ? -die(&e) : 0;
}

static int judge(struct unpack *u)
{
	struct unpack_result r;
	struct err e = { 0 };
	char line[2048];

	if (unpack_finish(u, &r, &e) < 0) {
		err_line(&e, line, sizeof(line));
		printf("refused: %s\n", line);
	} else {
		puts("contained");
	}
	return 0;
}

static int finish_one(const struct options *o, struct unpack *u)
{
	struct pollfd p = { .fd = unpack_poll_fd(u), .events = POLLIN };
	struct unpack_result r;
	struct rusage used;
	char text[DIGEST_TEXT];
	struct err e = { 0 };

	(void)poll(&p, 1, -1);
	if (o->judge)
		return judge(u);
	if (unpack_finish(u, &r, &e) < 0)
		return die(&e);
	(void)getrusage(RUSAGE_CHILDREN, &used);
	printf("{\"diff_id\":\"%s\",\"input\":%llu,\"bytes\":%llu,\"size\":%llu,\"entries\":%llu,"
	       "\"whiteouts\":%llu,\"opaque\":%llu,\"skipped_devices\":%llu,"
	       "\"skipped_xattrs\":%llu,\"memory_kib\":%ld}\n",
	       digest_text(&r.diff_id, text), (unsigned long long)r.input,
	       (unsigned long long)r.bytes, (unsigned long long)r.size,
	       (unsigned long long)r.entries, (unsigned long long)r.whiteouts,
	       (unsigned long long)r.opaque, (unsigned long long)r.skipped_devices,
	       (unsigned long long)r.skipped_xattrs, used.ru_maxrss);
	return 0;
}

int main(int argc, char **argv)
{
	struct unpack workers[AT_ONCE];
	struct options o = { 0 };
	int status = 0;

	if (parse(&o, argc, argv) < 0 || optind == argc || (argc - optind) % 2)
		return usage();
	for (char **word = argv + optind; *word;) {
		int n = 0;

		for (; *word && n < AT_ONCE; word += 2) {
			workers[n] = (struct unpack)UNPACK_NONE;
			if (start_one(&o, &workers[n++], word[0], word[1]) < 0)
				return 1;
		}
		if (o.start_only) {
			printf("%d\n", (int)workers[0].pid);
			(void)fflush(stdout);
			(void)pause();
		}
		for (int i = 0; i < n; i++)
			status |= finish_one(&o, &workers[i]);
	}
	return status;
}
