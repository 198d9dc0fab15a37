/* cg_rules_run.c - tare cg rules run; cgrulesengd: rules are applied to whatever starts */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/own.h"
#include "base/render.h"
#include "base/render_text.h"
#include "cg/rules_daemon.h"
#include "cg/sticky.h"
#include "tare/cg.h"

/* What every process of a user's that cannot be moved would say fills a log: so many a second. */
#define FAILURES_MAX 20

/* struct failures - said since @since (seconds) */
struct failures {
	int64_t since;
	unsigned n;
};

static bool is_too_often(struct failures *f)
{
	int64_t now = clock_now_ns() / 1000000000;

	if (now != f->since)
		*f = (struct failures){ .since = now };
	return ++f->n > FAILURES_MAX;
}

static void log_failure(struct failures *f, struct err *why)
{
	char line[2048];

	if (is_too_often(f)) {
		if (f->n == FAILURES_MAX + 1)
			log_warn("more failures are not told for a moment");
		return;
	}
	err_sanitise(why);
	err_line(why, line, sizeof(line));
	log_warn("%s", line);
}

/* A program's path is anybody's choice, escape sequences too. */
static const char *visible_program(const struct cg_process *p, struct str *text)
{
	const char *program = *p->program ? p->program : p->comm;

	render_visible(text, program, strlen(program), !render_is_utf8());
	return text->torn || !text->at ? "?" : text->at;
}

/* --- tare cg rules run ---------------------------------------------------------------------- */

struct run {
	const char *file;
	uint32_t buffer;
};

// clang-format off
static const struct opt run_opts[] = {
	OPT_STRING_("file", 'f', struct run, file, "FILE", "rules to read instead of " CG_RULES_FILE),
	OPT_U32_("buffer",   0,  struct run, buffer, "BYTES", "what the kernel keeps of its news while we are busy; 4 MiB by default"),
};
// clang-format on

static void tell(void *ctx, enum cg_rules_news what, const struct cg_rules *rules,
		 const struct cg_process *p, struct err *why)
{
	own_str struct str program = { 0 };

	switch (what) {
	case CG_RULES_STARTED:
		log_info("%zu rules are applied from now on", rules->n);
		return;
	case CG_RULES_AGAIN:
		log_info("the rules are read again");
		return;
	case CG_TEMPLATES_AGAIN:
		log_info("the templates are read again");
		return;
	case CG_RULES_MOVED:
		if (log_on(LOG_LEVEL_INFO))
			log_info("process %d of user %u, group %u ('%s') is moved", (int)p->pid,
				 p->uid, p->gid, visible_program(p, &program));
		return;
	case CG_RULES_FAILED:
		log_failure(ctx, why);
		return;
	case CG_RULES_OVERRUN:
		log_warn("the kernel had more news than room: all processes are looked at again");
		return;
	case CG_RULES_READ:
	case CG_RULES_STOPPED:
		return;
	}
}

static int run_run(const struct cli *cli __attribute__((unused)), void *options,
		   char **args __attribute__((unused)), size_t n_args __attribute__((unused)),
		   int *ret_status __attribute__((unused)), struct err *e)
{
	const struct run *o = options;
	struct failures failures = { 0 };
	const struct cg_rules_how how = { .file = o->file,
					  .buffer = o->buffer ? o->buffer : CG_RULES_BUFFER,
					  .tell = tell,
					  .ctx = &failures };

	return cg_rules_serve(&how, e);
}

const struct command cg_rules_run_command = {
	.name = "run",
	.args = "",
	.summary = "apply the rules to all processes, and to whatever starts, until a signal",
	.about = "It stays in the foreground, and logs what cannot be done; with -l info also what "
		 "is "
		 "done. The kernel tells it of each program that is started and each change of a "
		 "user "
		 "or group, which takes root.\n\n"
		 "SIGUSR2 and SIGHUP make it read the rules again, SIGUSR1 the templates. Wrong "
		 "rules "
		 "leave those from before in force. Users and groups that are changed in /etc are "
		 "noticed.\n\n"
		 "What `cgexec` puts into a group stays there, and with --sticky all that it ever "
		 "starts: it is told to the daemon at " CG_STICKY_SOCKET ".",
	.opts = run_opts,
	.n = COUNT(run_opts),
	.size = sizeof(struct run),
	.run = run_run,
};

/* --- cgrulesengd ---------------------------------------------------------------------------- */

struct engine {
	const char *log_file, *facility, *user, *group;
	uint32_t verbose, quiet;
	bool no_daemon, debug, no_log;
};

// clang-format off
static const struct opt engine_opts[] = {
	OPT_COUNT_("quiet",             'q', struct engine, quiet, "log less"),
	OPT_COUNT_("verbose",           'v', struct engine, verbose, "log more; may be given three times"),
	OPT_STRING_("logfile",          'f', struct engine, log_file, "PATH", "log to this file; - is standard output"),
	OPT_MAYBE_SHORT_("syslog",      's', struct engine, facility, "FACILITY", "log to syslog: D for daemon, or 0 to 7 for local ones"),
	OPT_FLAG_("nodaemon",           'n', struct engine, no_daemon, "stay in the foreground"),
	OPT_FLAG_("debug",              'd', struct engine, debug, "the same as -nvvvf -"),
	OPT_FLAG_("nolog",              'Q', struct engine, no_log, "do not log"),
	OPT_STRING_("socket-user",      'u', struct engine, user, "USER", "who may speak to " CG_STICKY_SOCKET),
	OPT_STRING_("socket-group",     'g', struct engine, group, "GROUP", "and which group"),
};

static const struct {
	char letter;
	int facility;
} facilities[] = {
	{ 'D', LOG_DAEMON }, { '0', LOG_LOCAL0 }, { '1', LOG_LOCAL1 }, { '2', LOG_LOCAL2 }, { '3', LOG_LOCAL3 },
	{ '4', LOG_LOCAL4 }, { '5', LOG_LOCAL5 }, { '6', LOG_LOCAL6 }, { '7', LOG_LOCAL7 },
};
// clang-format on

enum { STATUS_NOT_ROOT = 1, STATUS_USAGE = 2, STATUS_NOBODY = 3, STATUS_RULES = 99 };

/**
 * struct engine_log - where libcgroup's lines go
 * @begun:  the rules are applied: nobody reads our standard error any more
 * @parent: a pipe that says to the first process that the daemon has begun; FD_NONE: it is this one
 */
struct engine_log {
	FILE *file;
	int facility;
	bool on, keeps_stdout, begun;
	int parent;
	struct failures failures;
};

static void write_log(void *ctx, enum log_level level, const char *line)
{
	static const int priorities[] = {
		[LOG_LEVEL_ERROR] = LOG_ERR,
		[LOG_LEVEL_WARN] = LOG_WARNING,
		[LOG_LEVEL_INFO] = LOG_INFO,
		[LOG_LEVEL_DEBUG] = LOG_DEBUG,
	};
	const struct engine_log *log = ctx;

	if (!log->on)
		return;
	if (log->file) {
		fprintf(log->file, "%s\n", line);
		(void)fflush(log->file);
	}
	if (log->facility)
		syslog(log->facility | priorities[level], "%s", line);
}

/* libcgroup's table of rules, as it logs it. */
static void log_rules(const struct engine_log *log, const struct cg_rules *r)
{
	if (!log->on || !log->file || !log_on(LOG_LEVEL_INFO))
		return;
	if (!r->n)
		fputs("The rules table is empty.\n\n", log->file);
	for (size_t i = 0; i < r->n; i++) {
		const struct cg_rule *rule = &r->at[i], *head = rule;
		const char *sign = rule->more ? "" : rule->who == CG_RULE_GROUP ? "@" : "";
		char id[16];

		if (rule->off)
			continue;
		while (head->more)
			head--;
		snprintf(id, sizeof(id), "%u", head->id);
		fprintf(log->file, "Rule: %s%s%s%s\n", sign, rule->name, rule->program ? ":" : "",
			rule->program ? rule->program : "");
		fprintf(log->file, "  UID: %s\n  GID: %s\n",
			head->who == CG_RULE_ANY    ? "any"
			: head->who == CG_RULE_USER ? id
						    : "N/A",
			head->who == CG_RULE_ANY     ? "any"
			: head->who == CG_RULE_GROUP ? id
						     : "N/A");
		fprintf(log->file, "  DEST: %s\n  CONTROLLERS:\n", rule->destination);
		for (const char *c = rule->controllers; *c; c += strcspn(c, ","), c += *c == ',')
			fprintf(log->file, "    %.*s\n", (int)strcspn(c, ","), c);
		fprintf(log->file, "  OPTIONS:\n    IS_IGNORE: %s\n\n",
			rule->options ? "True" : "False");
	}
	(void)fflush(log->file);
}

static void log_time(const char *text)
{
	time_t now = time(NULL);
	char words[32];

	log_info("%s %.24s", text, ctime_r(&now, words) ? words : "?");
}

/* The first process waits for this, and ends; nothing of the terminal is kept. */
static void begin_daemon(struct engine_log *log)
{
	own_fd int null = FD_NONE;

	log->begun = true;
	if (log->parent < 0)
		return;
	null = fd_open("/dev/null", O_RDWR);
	for (int fd = 0; fd < 3; fd++)
		if (fd != 1 || !log->keeps_stdout)
			(void)dup2(null, fd);
	(void)!write(log->parent, "", 1);
	fd_close(&log->parent);
}

static void tell_as_libcgroup(void *ctx, enum cg_rules_news what, const struct cg_rules *rules,
			      const struct cg_process *p, struct err *why)
{
	own_str struct str program = { 0 };
	struct engine_log *log = ctx;

	switch (what) {
	case CG_RULES_READ:
		log_rules(log, rules);
		return;
	case CG_RULES_STARTED:
		log_info("Started the CGroup Rules Engine Daemon.");
		begin_daemon(log);
		return;
	case CG_RULES_AGAIN:
		log_info("Reloading rules configuration");
		return;
	case CG_TEMPLATES_AGAIN:
		log_info("Reloading templates configuration.");
		return;
	case CG_RULES_MOVED:
		if (log_on(LOG_LEVEL_INFO))
			log_info("Cgroup change for PID: %d, UID: %u, GID: %u, PROCNAME: %s OK",
				 (int)p->pid, p->uid, p->gid, visible_program(p, &program));
		return;
	case CG_RULES_FAILED:
		log_failure(&log->failures, why);
		return;
	case CG_RULES_OVERRUN:
		log_error("ERROR: NETLINK BUFFER FULL, MESSAGE DROPPED!");
		return;
	case CG_RULES_STOPPED:
		log_time("Stopped CGroup Rules Engine Daemon at");
		return;
	}
}

static int read_facility(const char *word, int *ret_facility, struct err *e)
{
	for (size_t i = 0; i < COUNT(facilities); i++)
		if (!*word || (word[0] == facilities[i].letter && !word[1])) {
			*ret_facility = facilities[i].facility;
			return 0;
		}
	return fail(e, ERR_INPUT, "Unknown syslog facility: %s", word);
}

/* -q takes from what -v gives; 1 is the beginning, which logs errors, unless CGROUP_LOGLEVEL is DEBUG. */
static int open_log(const struct engine *o, struct engine_log *log, struct err *e)
{
	static struct log_sink sink;
	const char *variable = getenv("CGROUP_LOGLEVEL");
	bool wanted = variable && strcasecmp(variable, "DEBUG") == 0;
	const char *file = o->debug || (wanted && !o->log_file) ? "-" : o->log_file;
	int level = o->debug ? 4 : (wanted ? 4 : 1) + (int)o->verbose - (int)o->quiet;

	if (o->facility && read_facility(o->facility, &log->facility, e) < 0)
		return -1;
	if (!file && !o->facility)
		log->facility = LOG_DAEMON;
	if (file && strcmp(file, "-") == 0)
		log->file = stdout;
	else if (file)
		log->file = fopen(file, "ae");
	if (file && !log->file) {
		fprintf(stderr, "Failed to open log file %s, error: %s. Continuing anyway.\n", file,
			strerror(errno));
		log->file = stdout;
	}
	log->keeps_stdout = log->file == stdout;
	if (log->facility)
		openlog("CGRE", LOG_CONS | LOG_PID, log->facility);
	log->on = level > 0 && !o->no_log;
	sink = (struct log_sink){ .write = write_log, .ctx = log };
	sink.level = level >= 4   ? LOG_LEVEL_DEBUG
		     : level == 3 ? LOG_LEVEL_INFO
		     : level == 2 ? LOG_LEVEL_WARN
				  : LOG_LEVEL_ERROR;
	log_to(&sink);
	return 0;
}

static int find_owner(const struct engine *o, struct cg_rules_how *how, struct err *e)
{
	struct cg_owner owner = { 0, 0 };
	char text[256];

	if (o->user && cg_owner_parse(o->user, &owner, e) < 0)
		return -1;
	how->uid = o->user ? owner.uid : 0;
	if (!o->group)
		return 0;
	snprintf(text, sizeof(text), ":%s", o->group);
	if (cg_owner_parse(text, &owner, e) < 0)
		return -1;
	how->gid = owner.gid;
	return 0;
}

/* What it cannot begin with is said by the process that was called, with libcgroup's status. */
static int serve(const struct cli *cli, const struct cg_rules_how *how, struct engine_log *log,
		 struct err *e)
{
	char line[2048];

	log_debug("CGroup Rules Engine Daemon log started");
	log_info("Proceeding with PID %d", (int)getpid());
	if (cg_rules_serve(how, e) == 0)
		return 0;
	if (log->begun) {
		err_sanitise(e);
		err_line(e, line, sizeof(line));
		log_error("%s", line);
		return 1;
	}
	cli_complain(cli, e);
	return *e->origin || e->sysno == ENOENT ? STATUS_RULES : 1;
}

/* Waits until the daemon has begun, or has ended before that. */
static int wait_begun(pid_t child, int pipe)
{
	char byte;
	int status = 0;

	if (read(pipe, &byte, 1) == 1)
		return 0;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int serve_behind(const struct cli *cli, const struct cg_rules_how *how,
			struct engine_log *log, struct err *e)
{
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail_sys(e, "become a daemon");
	(void)fflush(stdout);
	child = fork();
	if (child < 0)
		return fail_sys(e, "become a daemon");
	if (child > 0) {
		(void)close(ends[1]);
		return wait_begun(child, ends[0]);
	}
	(void)close(ends[0]);
	log->parent = ends[1];
	if (setsid() < 0 || chdir("/") < 0)
		_exit(2);
	_exit(serve(cli, how, log, e));
}

static int run_engine(const struct cli *cli, void *options, char **args __attribute__((unused)),
		      size_t n_args __attribute__((unused)), int *ret_status, struct err *e)
{
	const struct engine *o = options;
	struct engine_log log = { .parent = FD_NONE };
	struct cg_rules_how how = { .buffer = CG_RULES_BUFFER,
				    .tell = tell_as_libcgroup,
				    .ctx = &log };

	if (geteuid() != 0) {
		fputs("Error: Only root can start/stop the control group rules engine daemon\n",
		      stderr);
		*ret_status = STATUS_NOT_ROOT;
		return 0;
	}
	if (find_owner(o, &how, e) < 0) {
		cli_complain(cli, e);
		*ret_status = STATUS_NOBODY;
		return 0;
	}
	if (open_log(o, &log, e) < 0)
		return -1;
	*ret_status = o->no_daemon || o->debug ? serve(cli, &how, &log, e)
					       : serve_behind(cli, &how, &log, e);
	return *ret_status < 0 ? -1 : 0;
}

const struct command cgrulesengd_command = {
	.name = "cgrulesengd",
	.args = "",
	.summary = "tare cg rules run, as libcgroup's",
	.section = "LIBCGROUP'S PROGRAMS",
	.opts = engine_opts,
	.n = COUNT(engine_opts),
	.size = sizeof(struct engine),
	.link = true,
	.failure = STATUS_USAGE,
	.run = run_engine,
};
