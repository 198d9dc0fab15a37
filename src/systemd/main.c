/* main.c - tare-systemd: tells systemd what tare-runtime wants
 *
 *   tare-systemd ANSWER system|user start|set|stop UNIT < PROPERTIES
 *
 * A program of its own because it needs libsystemd, which the static tare-runtime can't link.
 * Properties come as lines (os/systemd_value.h); the result, success too, is written to the
 * file ANSWER as one struct err.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/own.h"
#include "os/systemd_value.h"

#define DEST      "org.freedesktop.systemd1"
#define OBJECT    "/org/freedesktop/systemd1"
#define MANAGER   "org.freedesktop.systemd1.Manager"
#define UNIT      "org.freedesktop.systemd1.Unit"

#define JOB_SECS  30
#define INPUT_MAX (1 << 20)

/**
 * struct job - the job that systemd runs for us
 * @path:   its object, once we know it
 * @gone:   paths and results of jobs that ended before that
 * @result: "done", "failed", …
 */
struct job {
	char path[256];
	char result[32];
	struct str gone;
};

static int fail_bus(struct err *e, const sd_bus_error *error, int r, const char *verb,
		    const char *unit)
{
	const char *why = error && error->message ? error->message : strerror(-r);

	fail_errno(e, -r, "%s systemd unit '%s'", verb, unit);
	snprintf(e->text, sizeof(e->text), "%s systemd unit '%s': %s", verb, unit, why);
	return -1;
}

/* --- values ---------------------------------------------------------------------------------- */

static int append_number(sd_bus_message *m, char type, const char *text)
{
	uint64_t u = *text == '-' ? (uint64_t)strtoll(text, NULL, 0) : strtoull(text, NULL, 0);

	switch (type) {
	case 'y':
		return sd_bus_message_append_basic(m, 'y', &(uint8_t){ (uint8_t)u });
	case 'n':
	case 'q':
		return sd_bus_message_append_basic(m, type, &(uint16_t){ (uint16_t)u });
	case 'i':
	case 'u':
		return sd_bus_message_append_basic(m, type, &(uint32_t){ (uint32_t)u });
	case 'x':
	case 't':
		return sd_bus_message_append_basic(m, type, &u);
	case 'd':
		return sd_bus_message_append_basic(m, type, &(double){ strtod(text, NULL) });
	default:
		return -EINVAL;
	}
}

static int append_basic(sd_bus_message *m, char type, const char *text)
{
	switch (type) {
	case 'b':
		return sd_bus_message_append_basic(m, 'b', &(int){ strcmp(text, "true") == 0 });
	case 's':
	case 'o':
	case 'g':
		return sd_bus_message_append_basic(m, type, text);
	default:
		return append_number(m, type, text);
	}
}

/* "(ss)" or "(st)" */
static int append_pair(sd_bus_message *m, const char *of, const char **values)
{
	int r = sd_bus_message_open_container(m, 'r', (char[]){ of[1], of[2], '\0' });

	if (r >= 0)
		r = append_basic(m, of[1], values[0]);
	if (r >= 0)
		r = append_basic(m, of[2], values[1]);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_array(sd_bus_message *m, const char *of, const char **values)
{
	bool pairs = *of == '(';
	int r = sd_bus_message_open_container(m, 'a', of);

	for (; r >= 0 && *values; values++) {
		if (!pairs) {
			r = append_basic(m, *of, *values);
			continue;
		}
		if (!values[1])
			return -EINVAL;
		r = append_pair(m, of, values);
		values++;
	}
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_property(sd_bus_message *m, const struct systemd_property *p)
{
	int r = sd_bus_message_open_container(m, 'r', "sv");

	if (r >= 0)
		r = sd_bus_message_append_basic(m, 's', p->name);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', p->type);
	if (r >= 0 && p->type[0] == 'a')
		r = append_array(m, p->type + 1, p->values);
	else if (r >= 0)
		r = *p->values ? append_basic(m, p->type[0], *p->values) : -EINVAL;
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_properties(sd_bus_message *m, const systemd_property_list *list, struct err *e)
{
	int r = sd_bus_message_open_container(m, 'a', "(sv)");

	for (size_t i = 0; r >= 0 && i < list->n; i++) {
		r = append_property(m, &list->at[i]);
		if (r < 0)
			return fail_errno(e, -r, "say property '%s' of type '%s' to systemd",
					  list->at[i].name, list->at[i].type);
	}
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? fail_errno(e, -r, "write a message to systemd") : 0;
}

/* --- jobs ------------------------------------------------------------------------------------ */

static int job_removed(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
	struct job *job = ctx;
	const char *path, *unit, *result;
	uint32_t id;

	if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) < 0)
		return 0;
	if (!job->path[0])
		str_addf(&job->gone, "%s %s\n", path, result);
	else if (strcmp(path, job->path) == 0)
		snprintf(job->result, sizeof(job->result), "%s", result);
	return 0;
}

static int job_begin(sd_bus *bus, struct job *job, struct err *e)
{
	int r = sd_bus_match_signal(bus, NULL, DEST, OBJECT, MANAGER, "JobRemoved", job_removed,
				    job);

	/* signals are only sent to those who have subscribed */
	if (r >= 0)
		r = sd_bus_call_method(bus, DEST, OBJECT, MANAGER, "Subscribe", NULL, NULL, "");
	return r < 0 ? fail_errno(e, -r, "listen to systemd") : 0;
}

/* The job may have ended before its path was known. */
static void job_known(struct job *job, const char *path)
{
	char line[300];
	const char *at;

	snprintf(job->path, sizeof(job->path), "%s", path);
	snprintf(line, sizeof(line), "%s ", path);
	at = job->gone.at ? strstr(job->gone.at, line) : NULL;
	if (at)
		(void)sscanf(at + strlen(line), "%31s", job->result);
}

static int job_wait(sd_bus *bus, struct job *job, const char *verb, const char *unit, struct err *e)
{
	time_t end = time(NULL) + JOB_SECS;
	int r = 0;

	while (!job->result[0] && time(NULL) < end) {
		r = sd_bus_process(bus, NULL);
		if (r == 0)
			r = sd_bus_wait(bus, 1000000);
		if (r < 0 && r != -EINTR)
			return fail_errno(e, -r, "%s systemd unit '%s': wait for the job", verb,
					  unit);
	}
	if (!job->result[0])
		return fail(e, ERR_LIMIT, "%s systemd unit '%s': not done after %d s", verb, unit,
			    JOB_SECS);
	return 0;
}

/* --- verbs ------------------------------------------------------------------------------------ */

static void reset_failed(sd_bus *bus, const char *unit)
{
	(void)sd_bus_call_method(bus, DEST, OBJECT, MANAGER, "ResetFailedUnit", NULL, NULL, "s",
				 unit);
}

static int call_start(sd_bus *bus, const char *unit, const systemd_property_list *list,
		      sd_bus_error *error, sd_bus_message **ret_reply, struct err *e)
{
	sd_bus_message *m = NULL;
	int r = sd_bus_message_new_method_call(bus, &m, DEST, OBJECT, MANAGER,
					       "StartTransientUnit");

	if (r >= 0)
		r = sd_bus_message_append(m, "ss", unit, "replace");
	if (r < 0)
		fail_errno(e, -r, "write a message to systemd");
	else if (append_properties(m, list, e) < 0)
		r = -EINVAL;
	if (r >= 0)
		r = sd_bus_message_append(m, "a(sa(sv))", 0);
	if (r >= 0)
		r = sd_bus_call(bus, m, 0, error, ret_reply);
	sd_bus_message_unref(m);
	return r;
}

static int verb_start(sd_bus *bus, const char *unit, const systemd_property_list *list,
		      struct err *e)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	struct job job = { 0 };
	const char *path;
	int r;

	if (job_begin(bus, &job, e) < 0)
		return -1;
	r = call_start(bus, unit, list, &error, &reply, e);
	/* a failed unit of that name may be left over */
	if (r < 0 && sd_bus_error_has_name(&error, "org.freedesktop.systemd1.UnitExists")) {
		sd_bus_error_free(&error);
		reset_failed(bus, unit);
		r = call_start(bus, unit, list, &error, &reply, e);
	}
	if (r < 0)
		return e->cls == ERR_NONE ? fail_bus(e, &error, r, "start", unit) : -1;
	r = sd_bus_message_read(reply, "o", &path);
	if (r < 0)
		return fail_errno(e, -r, "start systemd unit '%s': read the answer", unit);
	job_known(&job, path);
	if (job_wait(bus, &job, "start", unit, e) < 0)
		return -1;
	if (strcmp(job.result, "done") == 0)
		return 0;
	reset_failed(bus, unit);
	return fail(e, ERR_SYSTEM, "start systemd unit '%s': systemd's job ended with '%s'", unit,
		    job.result);
}

static int verb_set(sd_bus *bus, const char *unit, const systemd_property_list *list, struct err *e)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *m = NULL;
	int r = sd_bus_message_new_method_call(bus, &m, DEST, OBJECT, MANAGER, "SetUnitProperties");

	if (r >= 0)
		r = sd_bus_message_append(m, "sb", unit, 1);
	if (r < 0)
		return fail_errno(e, -r, "write a message to systemd");
	if (append_properties(m, list, e) < 0)
		return -1;
	r = sd_bus_call(bus, m, 0, &error, NULL);
	return r < 0 ? fail_bus(e, &error, r, "change", unit) : 0;
}

static const char *wanted_description(const systemd_property_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->at[i].name, "Description") == 0)
			return list->at[i].values[0];
	return NULL;
}

/* Is there a unit of that name, and is it the one that we are told of? 1, 0, or -1: @e */
static int is_ours(sd_bus *bus, const char *unit, const systemd_property_list *list, struct err *e)
{
	const char *want = wanted_description(list), *path;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	own_mem char *have = NULL;
	int r = sd_bus_call_method(bus, DEST, OBJECT, MANAGER, "GetUnit", &error, &reply, "s",
				   unit);

	if (r < 0 && sd_bus_error_has_name(&error, "org.freedesktop.systemd1.NoSuchUnit"))
		return 0;
	if (r >= 0)
		r = sd_bus_message_read(reply, "o", &path);
	if (r >= 0)
		r = sd_bus_get_property_string(bus, DEST, path, UNIT, "Description", &error, &have);
	/* it went away between the two questions */
	if (r < 0 && sd_bus_error_has_name(&error, "org.freedesktop.DBus.Error.UnknownObject"))
		return 0;
	if (r < 0)
		return fail_bus(e, &error, r, "look at", unit);
	return !want || strcmp(want, have) == 0;
}

static int verb_stop(sd_bus *bus, const char *unit, const systemd_property_list *list,
		     struct err *e)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	struct job job = { 0 };
	const char *path;
	int r = is_ours(bus, unit, list, e);

	if (r <= 0)
		return r;
	if (job_begin(bus, &job, e) < 0)
		return -1;
	r = sd_bus_call_method(bus, DEST, OBJECT, MANAGER, "StopUnit", &error, &reply, "ss", unit,
			       "replace");
	if (r < 0 && sd_bus_error_has_name(&error, "org.freedesktop.systemd1.NoSuchUnit"))
		return 0;
	if (r < 0)
		return fail_bus(e, &error, r, "stop", unit);
	r = sd_bus_message_read(reply, "o", &path);
	if (r < 0)
		return fail_errno(e, -r, "stop systemd unit '%s': read the answer", unit);
	job_known(&job, path);
	r = job_wait(bus, &job, "stop", unit, e);
	reset_failed(bus, unit);
	return r;
}

static const struct {
	const char *name;
	int (*run)(sd_bus *, const char *, const systemd_property_list *, struct err *);
} verbs[] = {
	{ "start", verb_start },
	{ "set", verb_set },
	{ "stop", verb_stop },
};

/* Root may talk to systemd itself, and a user to his own, as systemctl does: no detour by way of
 * dbus-daemon, and no need for one. */
static int open_private(const char *folder, sd_bus **ret_bus)
{
	char address[512];
	sd_bus *bus = NULL;
	int n = snprintf(address, sizeof(address), "unix:path=%s/systemd/private", folder), r;

	if (n >= (int)sizeof(address) || strpbrk(folder, ",;%"))
		return -EINVAL;
	r = sd_bus_new(&bus);
	if (r >= 0)
		r = sd_bus_set_address(bus, address);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r < 0) {
		sd_bus_unref(bus);
		return r;
	}
	*ret_bus = bus;
	return 0;
}

static int open_bus(bool user, sd_bus **ret_bus, struct err *e)
{
	const char *folder = user ? getenv("XDG_RUNTIME_DIR") : "/run";
	int r;

	if (folder && open_private(folder, ret_bus) == 0)
		return 0;
	r = user ? sd_bus_open_user(ret_bus) : sd_bus_open_system(ret_bus);
	if (r >= 0)
		return 0;
	fail_errno(e, -r, "connect to %s bus", user ? "the user's" : "the system");
	return fail_hint(e, user ? "is a login session or lingering there, and XDG_RUNTIME_DIR set?"
				 : "is dbus running?");
}

static int run(char **argv, struct err *e)
{
	struct arena a = { 0 };
	systemd_property_list list = { 0 };
	own_mem char *input = calloc(1, INPUT_MAX + 1);
	size_t len = 0;
	sd_bus *bus = NULL;
	ssize_t n;

	if (!input)
		return fail_errno(e, ENOMEM, "read the unit's properties");
	while (len < INPUT_MAX && (n = read(STDIN_FILENO, input + len, INPUT_MAX - len)) > 0)
		len += (size_t)n;
	if (systemd_properties_read(input, &a, &list, e) < 0 ||
	    open_bus(strcmp(argv[2], "user") == 0, &bus, e) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(verbs); i++)
		if (strcmp(verbs[i].name, argv[3]) == 0)
			return verbs[i].run(bus, argv[4], &list, e);
	return fail(e, ERR_BUG, "tare-systemd has no verb '%s'", argv[3]);
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	own_fd int answer = FD_NONE;
	int r;

	if (argc != 5) {
		fputs("usage: tare-systemd ANSWER system|user start|set|stop UNIT < PROPERTIES\n"
		      "tare-runtime runs this program; it is of no use by hand\n",
		      stderr);
		return 2;
	}
	answer = open(argv[1], O_WRONLY | O_CLOEXEC);
	if (answer < 0) {
		perror(argv[1]);
		return 1;
	}
	r = run(argv, &e);
	if (write(answer, &e, sizeof(e)) != (ssize_t)sizeof(e))
		return 1;
	return r < 0;
}
