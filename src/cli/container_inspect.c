/* container_inspect.c - tare container inspect: all that is known of a container, in docker's shape */
#include <stdio.h>
#include <string.h>

#include "cli/container.h"
#include "cli/inspect_all.h"
#include "store/store.h"

/* struct inspect_state, inspected - docker's members, those that say something */
struct inspect_state {
	char *status, *error, *started, *finished;
	bool running, restarting;
	int64_t pid, exit_code;
};
struct inspected {
	char *id, *created, *path, *image, *name, *log_path;
	char **args;
	struct inspect_state *state;
	struct host_config *host;
	struct image_run *config;
	int64_t restarts;
};

// clang-format off
static const struct opt opts[] = {
	OPT_STRING_("format", 'f', struct inspect_wish, format, "FORMAT", "'json' or a Go template"),
};

static const struct bind_row state_rows[] = {
	ROW_STRING("Status",     REQUIRED, struct inspect_state, status),
	ROW_BOOL("Running",      REQUIRED, struct inspect_state, running),
	ROW_BOOL("Restarting",   REQUIRED, struct inspect_state, restarting),
	ROW_I64("Pid",           REQUIRED, struct inspect_state, pid),
	ROW_I64("ExitCode",      REQUIRED, struct inspect_state, exit_code),
	ROW_STRING("Error",      REQUIRED, struct inspect_state, error),
	ROW_STRING("StartedAt",  REQUIRED, struct inspect_state, started),
	ROW_STRING("FinishedAt", REQUIRED, struct inspect_state, finished),
};
static const struct bind_table state_table = BIND_TABLE(state_rows, struct inspect_state, false);

static const struct bind_row rows[] = {
	ROW_STRING("Id",         REQUIRED, struct inspected, id),
	ROW_STRING("Created",    REQUIRED, struct inspected, created),
	ROW_STRING("Path",       REQUIRED, struct inspected, path),
	ROW_STRINGS("Args",      REQUIRED, struct inspected, args),
	ROW_OBJECT("State",      REQUIRED, struct inspected, state, state_table),
	ROW_STRING("Image",      REQUIRED, struct inspected, image),
	ROW_STRING("LogPath",    OPTIONAL, struct inspected, log_path),
	ROW_STRING("Name",       REQUIRED, struct inspected, name),
	ROW_I64("RestartCount",  REQUIRED, struct inspected, restarts),
	ROW_OBJECT("HostConfig", REQUIRED, struct inspected, host, host_config_table),
	ROW_OBJECT("Config",     REQUIRED, struct inspected, config, image_run_table),
};
static const struct bind_table inspected_table = BIND_TABLE(rows, struct inspected, false);
// clang-format on

/* Docker's way to say "never". */
static char *time_or_never(char *time)
{
	return time ? time : text_shown("0001-01-01T00:00:00Z");
}

static int print_one(struct store *s, const struct kept *k, const struct render *how,
		     struct arena *a, struct str *out, struct err *e)
{
	const struct container_state *t = &k->state;
	const struct container_record *r = &k->record;
	struct inspect_state state = {
		.status = t->status,
		.running = k->running,
		.restarting = strcmp(t->status, "restarting") == 0,
		.pid = k->running ? t->pid : 0,
		.exit_code = k->running ? 0 : t->exit_code,
		.error = t->error ? t->error : text_shown(""),
		.started = time_or_never(t->started),
		.finished = time_or_never(t->finished),
	};
	struct inspected i = {
		.id = text_shown(k->id),
		.created = r->created,
		.path = r->path,
		.args = r->args,
		.state = &state,
		.image = r->image,
		.name = arena_printf(a, "/%s", r->name),
		.log_path = arena_printf(a, "%s/containers/%s/" LOG_FILE, s->path, k->id),
		.restarts = t->restarts,
		.host = r->host,
		.config = r->config,
	};

	return i.name && i.log_path ? render_document(how, &inspected_table, &i, out, e)
				    : fail_errno(e, ENOMEM, "inspect the container");
}

/* inspect_container() - in docker's shape */
int inspect_container(struct store *s, const char *word, const struct inspect_wish *w,
		      struct arena *a, struct str *out, struct err *e)
{
	char id[CONTAINER_ID];
	struct kept k = { 0 };
	int r = kept_find(s, word, id, e) < 0 || kept_read(s, id, &k, e) < 0
			? -1
			: print_one(s, &k, &w->how, a, out, e);

	kept_done(&k);
	return r;
}

static int run_inspect(const struct cli *cli, void *options, char **args, size_t n_args,
		       int *ret_status, struct err *e)
{
	return inspect_all(cli, options, args, n_args, inspect_container, ret_status, e);
}

const struct command container_inspect_command = {
	.name = "inspect",
	.args = "CONTAINER...",
	.summary = "show all that is known of containers, as JSON",
	.opts = opts,
	.n = COUNT(opts),
	.size = sizeof(struct inspect_wish),
	.min = 1,
	.max = SIZE_MAX,
	.run = run_inspect,
};
