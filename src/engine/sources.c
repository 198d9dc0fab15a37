/* sources.c - see sources.h */
#include "engine/sources.h"

#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "os/file.h"

/* sources_make() - a folder for what isn't there, as Docker's -v has it; an error where that is not asked for */
int sources_make(const struct wish *w, struct err *e)
{
	for (size_t i = 0; i < w->mounts.n; i++) {
		const struct wish_mount *m = &w->mounts.at[i];
		struct stat st;

		if (!m->source || stat(m->source, &st) == 0)
			continue;
		if (errno != ENOENT || !m->create) {
			fail_sys(e, "mount '%.300s' on '%.300s'", m->source, m->target);
			return fail_hint(
				e, "it must be on this host; -v makes a folder of what isn't");
		}
		if (file_make_folders(m->source, strlen(m->source), 0755, e) < 0)
			return fail_in(e, "mount on '%.300s'", m->target);
	}
	return 0;
}
