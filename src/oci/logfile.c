/* logfile.c - log lines in the two forms that callers of runtimes parse
 *
 * text: time="…" level=error msg="…"      json: {"level":"error","msg":"…","time":"…"}
 * containerd's shim and conmon read the JSON form from --log to learn why a command failed.
 */
#include "oci/logfile.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "oci/cli.h"
#include "oci/dialect.h"

/* struct logfile - the one log of this process */
static struct logfile {
	int fd;
	bool json, plain; /* plain: a person reads along; only the sentence */
} logfile = { .fd = STDERR_FILENO };

static const struct word level_words[] = {
	{ "error", LOG_LEVEL_ERROR }, { "warning", LOG_LEVEL_WARN }, { "info", LOG_LEVEL_INFO },
	{ "debug", LOG_LEVEL_DEBUG }, { "warn", LOG_LEVEL_WARN },    { NULL, 0 },
};

/* Quotes, backslashes and control bytes as JSON escapes them; Go's %q reads the same. */
static void add_quoted(struct str *out, const char *text)
{
	str_add(out, "\"");
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c == '"' || *c == '\\')
			str_addf(out, "\\%c", *c);
		else if (*c == '\n')
			str_add(out, "\\n");
		else if (*c < 0x20)
			str_addf(out, "\\u%04x", *c);
		else
			str_add_len(out, (const char *)c, 1);
	}
	str_add(out, "\"");
}

static void write_line(void *ctx __attribute__((unused)), enum log_level level, const char *line)
{
	own_str struct str out = { 0 };
	time_t now = time(NULL);
	char when[40];
	struct tm t;

	gmtime_r(&now, &t);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &t);
	if (logfile.json) {
		str_addf(&out, "{\"level\":\"%s\",\"msg\":", word_name(level_words, level));
		add_quoted(&out, line);
		str_addf(&out, ",\"time\":\"%s\"}\n", when);
	} else {
		str_addf(&out, "time=\"%s\" level=%s msg=", when, word_name(level_words, level));
		add_quoted(&out, line);
		str_add(&out, "\n");
	}
	if (out.at)
		(void)!write(logfile.fd, out.at, out.len);
}

static int open_target(const char *target, struct err *e)
{
	int fd;

	if (text_starts(target, "file:"))
		target += 5;
	else if (strchr(target, ':') && target[0] != '/') {
		fail(e, ERR_UNSUPPORTED, "--log '%s': only files are supported", target);
		return fail_hint(e, "use --log FILE or --log file:FILE");
	}
	fd = open(target, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	return fd < 0 ? fail_sys(e, "open the log '%s'", target) : fd;
}

/**
 * logfile_open() - obey the global log options
 */
int logfile_open(const struct cli *cli, struct err *e)
{
	struct log_sink sink = { .level = LOG_LEVEL_WARN, .write = write_line };

	if (cli->log_format && strcmp(cli->log_format, "json") == 0)
		logfile.json = true;
	else if (cli->log_format && *cli->log_format && strcmp(cli->log_format, "text") != 0)
		return fail(e, ERR_INPUT, "unknown log format '%s': it is neither text nor json",
			    cli->log_format);
	if (cli->log_level) {
		const struct word *w = word_find(level_words, cli->log_level);

		if (!w) {
			fail(e, ERR_INPUT, "unknown log level '%s'", cli->log_level);
			return fail_hint(e, "it is error, warning, info or debug");
		}
		sink.level = (enum log_level)w->value;
	}
	if (cli->debug)
		sink.level = LOG_LEVEL_DEBUG;
	if (cli->log && *cli->log) {
		logfile.fd = open_target(cli->log, e);
		if (logfile.fd < 0) {
			logfile.fd = STDERR_FILENO;
			return -1;
		}
	}
	log_to(&sink);
	return 0;
}

/* logfile_failure() - the one line that says why the command failed: to the user and the log */
void logfile_failure(const struct cli *cli, const struct err *failure)
{
	char line[1536];
	size_t len;

	err_line(failure, line, sizeof(line) - 1);
	if (cli->log && logfile.fd != STDERR_FILENO)
		log_error("%s", line);
	if (cli->debug && failure->trace[0])
		log_debug("raised at %s", failure->trace);
	len = dialect_line(cli->program, cli->command, failure, line, sizeof(line) - 1);
	line[len] = '\n';
	(void)!write(STDERR_FILENO, line, len + 1);
}
