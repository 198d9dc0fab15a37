/* systemd.c - a container's scope, made and removed by systemd on our behalf
 *
 * This program is static and speaks no D-Bus: os/systemd_ask.h has another say it.
 */
#include "runtime/systemd.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/own.h"
#include "os/systemd_ask.h"

/* Is there a way to it? The sockets are those that tare-systemd will try. */
static int check_bus(bool user, struct err *e)
{
	if (user && (getenv("XDG_RUNTIME_DIR") || getenv("DBUS_SESSION_BUS_ADDRESS")))
		return 0;
	if (user) {
		fail(e, ERR_UNSUPPORTED,
		     "the systemd cgroup driver needs the user's own systemd, and "
		     "XDG_RUNTIME_DIR does not say where that is");
		return fail_hint(e, "run it in a login session, or enable lingering for this user");
	}
	if (access("/run/systemd/private", F_OK) == 0 ||
	    access("/run/dbus/system_bus_socket", F_OK) == 0)
		return 0;
	fail(e, ERR_UNSUPPORTED,
	     "the systemd cgroup driver needs systemd's socket, and neither "
	     "'/run/systemd/private' nor '/run/dbus/system_bus_socket' is here");
	return fail_hint(e, "use the cgroupfs driver");
}

/**
 * systemd_check() - refuse the systemd driver where systemd does not run the machine
 * @user: the user's own manager is to be asked
 *
 * or where the program that talks to it is missing, or no way to it is seen.
 */
int systemd_check(bool user, struct err *e)
{
	char helper[PATH_MAX];
	struct stat st;

	if (lstat("/run/systemd/system", &st) == 0 && S_ISDIR(st.st_mode))
		return check_bus(user, e) < 0 ? -1 : systemd_find_helper(helper, sizeof(helper), e);
	fail(e, ERR_UNSUPPORTED,
	     "the systemd cgroup driver needs systemd as PID 1, which this machine "
	     "does not have");
	return fail_hint(e, "use the cgroupfs driver");
}

static int ask(const struct systemd_scope *s, const char *verb, const char *input, struct err *e)
{
	return systemd_ask(&(struct systemd_question){ .user = s->user,
						       .verb = verb,
						       .unit = s->names.unit,
						       .input = input },
			   e);
}

/**
 * systemd_start() - have the container's scope made around its first process
 * @pid:   the child, already there and waiting
 * @draft: from systemd_draft()
 *
 * Returns when systemd's job is done: the process is in its cgroup.
 */
int systemd_start(const struct systemd_scope *s, pid_t pid, const char *draft, struct err *e)
{
	own_str struct str input = { 0 };

	str_add(&input, draft);
	/* a slice has no processes of its own */
	if (!text_ends(s->names.unit, ".slice"))
		str_addf(&input, "PIDs\tau\t%d\n", (int)pid);
	if (input.torn)
		return fail_errno(e, ENOMEM, "work out the unit's properties");
	return ask(s, "start", input.at, e);
}

/* systemd_update() - tell systemd the new limits of a running container */
int systemd_update(const struct systemd_scope *s, const struct systemd_limits *l, struct err *e)
{
	own_str struct str input = { 0 };

	if (systemd_draft_update(l, &input, e) < 0)
		return -1;
	return input.len ? ask(s, "set", input.at, e) : 0;
}

/**
 * systemd_stop() - have the scope removed; one that is gone already is no error
 *
 * systemd kills what is left in it. A unit of that name with another description is somebody
 * else's, and stays.
 */
int systemd_stop(const struct systemd_scope *s, struct err *e)
{
	const char *description[] = { s->description, NULL };
	own_str struct str input = { 0 };

	if (s->description)
		systemd_property_write(
			&(struct systemd_property){ "Description", "s", description }, &input);
	if (input.torn)
		return fail_errno(e, ENOMEM, "stop systemd unit '%s'", s->names.unit);
	return ask(s, "stop", input.len ? input.at : "", e);
}
