/* plain_user.c - for whom less is possible, though he may be called root where he is */
#include "os/plain_user.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "os/file.h"

/* Are we in a user namespace that is not the host's? Its map tells. */
static bool is_mapped(void)
{
	unsigned inside, outside, size;
	char map[48];
	int n = file_try_read(AT_FDCWD, "/proc/self/uid_map", map, sizeof(map));

	if (n < 0)
		return n == -EFBIG; /* several ranges */
	/* the first namespace has one range, of everybody */
	return sscanf(map, "%u %u %u", &inside, &outside, &size) == 3 &&
	       (inside || outside || size != UINT32_MAX);
}

/**
 * plain_user() - are we a plain user, or root only of a user namespace of his?
 *
 * The kernel told who we are at exec, without being asked. To ask for more costs, so whoever stands in
 * a namespace as root is taken at his word unless a user's session shows, as rootless podman's does:
 * runc asks for the same.
 */
bool plain_user(void)
{
	const char *user;

	if (getauxval(AT_EUID) != 0)
		return true;
	if (!secure_getenv("XDG_RUNTIME_DIR"))
		return false;
	user = secure_getenv("USER");
	return (!user || strcmp(user, "root") != 0) && is_mapped();
}
