/* cgroup.c - the text of /proc and of cgroup files, and a container's cgroup paths
 *
 * The input is cut at NUL bytes: mountinfo, /proc/self/cgroup, cgroup.controllers, a path.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "os/cgroup.h"
#include "os/cgroup_stats.h"
#include "os/resctrl.h"
#include "os/systemd_names.h"
#include "os/systemd_value.h"
#include "runtime/cgroup_path.h"

static void no_way_out(const char *path)
{
	const char *dots = strstr(path, "/..");

	MUST(*path == '/');
	MUST(!dots || (dots[3] && dots[3] != '/'));
	MUST(!strstr(path, "//"));
}

static void place(struct cgroup_world *w, const char *path)
{
	struct cgroup cg = { 0 }, sub = { 0 }, back = { 0 };
	char *specs[] = { (char *)path, NULL };
	struct arena a = { 0 };
	cgroup_note_list notes;
	struct err e = { 0 };

	if (cgroup_init(&cg, w, CGROUP_AT_ROOT, path, &e) == 0) {
		for (size_t i = 0; i < cg.n; i++)
			no_way_out(cg.at[i].path);
		MUST(cgroup_notes(&cg, &a, &notes, &e) == 0);
		MUST(cgroup_recall(&back, w, &notes, &e) == 0 && back.n == cg.n);
		for (size_t i = 0; i < cg.n; i++)
			MUST(strcmp(back.at[i].path, cg.at[i].path) == 0);
		cgroup_done(&back);
		if (cgroup_init_sub(&sub, &cg, specs, &e) == 0)
			for (size_t i = 0; i < sub.n; i++)
				MUST(strncmp(sub.at[i].path, cg.at[i].path,
					     strlen(cg.at[i].path)) == 0);
		cgroup_done(&sub);
	} else {
		MUST(e.text[0]);
	}
	cgroup_done(&cg);
	arena_done(&a);
}

static void names(const char *text)
{
	const struct systemd_wish wish = { .cgroups_path = text, .prefix = "tare", .id = "id" };
	struct systemd_property p = { 0 };
	systemd_property_list l = { 0 };
	struct systemd_names n;
	struct arena a = { 0 };
	struct str s = { 0 };
	struct err e = { 0 };

	if (systemd_names_resolve(&wish, &a, &n, &e) == 0)
		no_way_out(n.path);
	if (systemd_property_annotation("Name", text, &a, &p, &e) == 0) {
		systemd_property_write(&p, &s);
		MUST(systemd_properties_read(s.at, &a, &l, &e) == 0 && l.n == 1);
		for (size_t i = 0; p.values[i]; i++)
			MUST(strcmp(p.values[i], l.at[0].values[i]) == 0);
	}
	(void)systemd_properties_read(text, &a, &l, &e);
	str_done(&s);
	arena_done(&a);
}

static void counters(const char *text)
{
	struct cgroup_pressure pressure;
	struct cgroup_stats stats = { 0 };
	cgroup_io_list list = { 0 };
	struct arena a = { 0 };

	(void)cgroup_pressure_parse(text, &pressure);
	(void)cgroup_blkio_parse(text, &a, &list);
	(void)cgroup_io_stat_parse(text, &a, &stats);
	(void)resctrl_line_holds(text, text);
	(void)resctrl_line_holds("L3:0=f;1=0\n", text);
	(void)resctrl_line_holds(text, "L3:0=f;1=0");
	arena_done(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	char *text = calloc(1, len + 4), *part[4];
	struct cgroup_world w;
	struct err e = { 0 };
	size_t from = 0;

	if (!text || len > 64 << 10) {
		free(text);
		return 0;
	}
	memcpy(text, at, len);
	for (int i = 0; i < 4; i++) {
		part[i] = text + from;
		from += from < len ? strlen(part[i]) + 1 : 0;
	}
	if (cgroup_world_parse(&w, part[0], part[1], part[2], &e) == 0) {
		for (size_t i = 0; i < w.n; i++)
			MUST(w.at[i].mount[0] == '/' && (!w.at[i].own || w.at[i].own[0] == '/'));
		place(&w, part[3]);
	}
	cgroup_world_done(&w);
	names(part[0]);
	counters(part[0]);
	free(text);
	return 0;
}
