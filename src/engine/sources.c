/* sources.c - see sources.h */
#include "engine/sources.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"

/* A folder and all above it. */
static int make_folders(const char *path, struct err *e)
{
	char part[PATH_MAX];

	for (const char *at = path + 1;; at++) {
		if (*at && *at != '/')
			continue;
		snprintf(part, sizeof(part), "%.*s", (int)(at - path), path);
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return fail_sys(e, "make the folder '%s', which is to be mounted", part);
		if (!*at)
			return 0;
	}
}

/* sources_make() - a folder for what isn't there, as Docker's -v has it; an error where that is not asked for */
int sources_make(const struct wish *w, struct err *e)
{
	for (size_t i = 0; i < w->mounts.n; i++) {
		const struct wish_mount *m = &w->mounts.at[i];
		struct stat st;

		if (!m->source || stat(m->source, &st) == 0)
			continue;
		if (errno != ENOENT || !m->create || strlen(m->source) >= PATH_MAX) {
			fail_sys(e, "mount '%.300s' on '%.300s'", m->source, m->target);
			return fail_hint(
				e, "it must be on this host; -v makes a folder of what isn't");
		}
		if (make_folders(m->source, e) < 0)
			return -1;
	}
	return 0;
}
