/* clear.c - see clear.h
 *
 * A container's folder is locked as long as somebody works on it; the kernel drops the lock with him. Its
 * processes may live on, and are ended first.
 */
#include "engine/clear.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "engine/container.h"
#include "engine/record.h"
#include "os/spawn.h"

/* container_delete() - end and forget what the OCI runtime knows by that id, running or not; none is no
 * error */
void container_delete(char *runtime, char *id)
{
	char *argv[] = { runtime, (char *)"delete", (char *)"--force", id, NULL };
	own_fd int null = fd_open("/dev/null", O_WRONLY);
	const struct spawn s = { .path = runtime,
				 .argv = argv,
				 .envp = environ,
				 .out = null,
				 .err = null,
				 .timeout = 30 };
	struct err ignored = { 0 };
	int status;

	(void)spawn_wait(&s, &status, &ignored);
}

/* container_clear() - remove one that nobody works on; 0 as well if it is gone, or somebody does */
int container_clear(struct store *s, char *runtime, const char *id, struct err *e)
{
	struct container left;
	int r = container_take(&left, s, id, e);

	if (r > 0) {
		container_delete(runtime, left.id);
		r = container_remove(&left, e);
	}
	container_close(&left);
	return r;
}

/* One that has a record stands still, and is recovered when somebody wants it. */
static bool is_kept(const struct store *s, const char *id)
{
	char record[CONTAINER_ID + sizeof("/" RECORD_FILE)];

	snprintf(record, sizeof(record), "%.64s/" RECORD_FILE, id);
	return faccessat(s->containers, record, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/**
 * containers_clear() - remove what nobody works on
 * @runtime: path of the OCI runtime
 *
 * What can't be removed is told, and in nobody's way.
 */
int containers_clear(struct store *s, char *runtime, struct err *e)
{
	own_dir DIR *dir = NULL;
	const struct dirent *d;
	int fd = openat(s->containers, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return fail_sys(e, "read the folder 'containers'");
	while ((d = readdir(dir))) {
		struct err why = { 0 };

		if (*d->d_name != '.' && !is_kept(s, d->d_name) &&
		    container_clear(s, runtime, d->d_name, &why) < 0)
			log_warn("what a killed command has left can't be removed: %s", why.text);
	}
	return 0;
}
