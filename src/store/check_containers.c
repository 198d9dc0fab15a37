/* check_containers.c - containers' folders, and their names
 *
 * What a kill has left may have processes: only the engine can end them, and does so after a repair
 * (engine/clear.h).
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/check.h"
#include "store/containers.h"

static int check_container(struct check *c, const char *name,
			   unsigned char type __attribute__((unused)), struct err *e)
{
	char record[CONTAINER_ID + sizeof("/container.json")];

	snprintf(record, sizeof(record), "%.64s/container.json", name);
	if (check_is_locked(c->store.containers, name) ||
	    faccessat(c->store.containers, record, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	return check_found(c, CHECK_CONTAINER_LEFT, name, "a kill has left it", NULL, e);
}

static int check_name(struct check *c, const char *name, unsigned char type __attribute__((unused)),
		      struct err *e)
{
	char id[CONTAINER_ID];
	ssize_t n = readlinkat(c->store.names, name, id, sizeof(id) - 1);
	struct stat st;

	id[n > 0 ? n : 0] = '\0';
	if (n > 0 && fstatat(c->store.containers, id, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (c->repair && unlinkat(c->store.names, name, 0) < 0)
		return fail_sys(e, "remove the name '%.200s'", name);
	return check_found(c, "name-left", name, "there is no container of that name",
			   c->repair ? "removed" : NULL, e);
}

/* check_containers() - containers that nobody works on, and names that are nobody's */
int check_containers(struct check *c, struct err *e)
{
	int r;

	if (check_entries(c, c->store.containers, check_container, e) < 0)
		return -1;
	/* who takes or frees one holds this */
	if (flock(c->store.names, LOCK_EX) < 0)
		return fail_sys(e, "lock the folder 'names'");
	r = check_entries(c, c->store.names, check_name, e);
	(void)flock(c->store.names, LOCK_UN);
	return r;
}
