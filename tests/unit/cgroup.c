/* cgroup.c - tests of the pure parts of os/cgroup and runtime/cgroup_path */
#include "tests/unit/t.h"

#include "base/err.h"
#include "base/own.h"
#include "os/cgroup.h"
#include "runtime/cgroup_path.h"

static struct err e;

#define HYBRID_MOUNTS \
	"23 1 0:20 / /sys rw - sysfs sysfs rw\n" \
	"31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n" \
	"32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:4 - cgroup cgroup rw,cpu,cpuacct\n" \
	"35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n" \
	"40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n" \
	"41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
#define HYBRID_SELF "3:name=systemd:/\n2:memory:/pods/a\n1:cpu,cpuacct:/\n0::/pods/b\n"

TEST(a_hybrid_host_has_every_hierarchy_once)
{
	struct cgroup_world w;

	WANT_INT(cgroup_world_parse(&w, HYBRID_MOUNTS, HYBRID_SELF, "hugetlb misc\n", &e), 0);
	WANT_INT(w.n, 4);
	WANT_STR(w.at[0].mount, "/sys/fs/cgroup/systemd");
	WANT_INT(w.at[0].controllers, 0);
	WANT_STR(w.at[1].own, "/pods/a");
	WANT_INT(w.at[2].controllers, CGROUP_CPU | CGROUP_CPUACCT);
	WANT_INT(w.at[3].version, CGROUP_V2);
	WANT_INT(w.at[3].controllers, CGROUP_HUGETLB | CGROUP_MISC | CGROUP_V2_CORE);
	WANT(cgroup_world_with(&w, CGROUP_CPUACCT) == &w.at[2]);
	WANT(cgroup_world_with(&w, CGROUP_FREEZER) == &w.at[3]);
	WANT(cgroup_world_with(&w, CGROUP_PIDS) == NULL);
	WANT(cgroup_world_v2(&w) == &w.at[3]);
	cgroup_world_done(&w);
}

TEST(a_mount_hidden_by_a_later_one_does_not_exist)
{
	struct cgroup_world w;

	WANT_INT(cgroup_world_parse(&w,
				    HYBRID_MOUNTS
				    "50 41 0:40 / /sys/fs/cgroup/unified rw - tmpfs none rw\n",
				    HYBRID_SELF, "", &e),
		 0);
	WANT(cgroup_world_v2(&w) == NULL);
	WANT_INT(w.n, 3);
	cgroup_world_done(&w);

	WANT_INT(cgroup_world_parse(&w,
				    HYBRID_MOUNTS
				    "50 31 0:38 / /sys/fs/cgroup rw - cgroup2 none rw\n",
				    HYBRID_SELF, "", &e),
		 0);
	WANT_INT(w.n, 1);
	WANT_STR(w.at[0].mount, "/sys/fs/cgroup");
	cgroup_world_done(&w);

	WANT_INT(cgroup_world_parse(&w, HYBRID_MOUNTS "50 23 0:38 / /sys rw - sysfs none rw\n",
				    HYBRID_SELF, "", &e),
		 0);
	WANT_INT(w.n, 0);
	cgroup_world_done(&w);
}

TEST(inside_a_container_the_mount_shows_part_of_the_hierarchy)
{
	struct cgroup_world w;

	WANT_INT(cgroup_world_parse(
			 &w,
			 "9 1 0:32 /docker/a /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
			 "8 1 0:33 /docker/a /sys/fs/cgroup/pids ro - cgroup cgroup rw,pids\n"
			 "7 1 0:34 /../.. /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n",
			 "4:cpu:/\n3:memory:/docker/a/job\n2:pids:/docker/abc\n0::/\n", "", &e),
		 0);
	WANT_INT(w.n, 3);
	WANT(w.at[0].own == NULL);
	WANT_STR(w.at[1].own, "/job");
	WANT(w.at[2].own == NULL);
	cgroup_world_done(&w);
}

TEST(escapes_in_mountinfo_are_undone)
{
	struct cgroup_world w;

	WANT_INT(cgroup_world_parse(
			 &w, "9 1 0:32 /a\\040b /mnt/x\\134y\\040z rw - cgroup cgroup rw,pids\n",
			 "3:pids:/a b/c\n", "", &e),
		 0);
	WANT_INT(w.n, 1);
	WANT_STR(w.at[0].mount, "/mnt/x\\y z");
	cgroup_world_done(&w);
}

TEST(garbage_in_proc_files_is_passed_over)
{
	struct cgroup_world w;

	WANT_INT(cgroup_world_parse(&w, "\n\nx\n1 2 3 4 5 6\n - \n9 1 0:1 / / - cgroup",
				    ":\n::\n0::\n1:\n"
				    "1:a:b\n999",
				    "x,,y  \n", &e),
		 0);
	WANT_INT(w.n, 0);
	cgroup_world_done(&w);
}

TEST(a_path_is_one_directory_per_hierarchy)
{
	struct cgroup_world w;
	struct cgroup cg;

	WANT_INT(cgroup_world_parse(&w, HYBRID_MOUNTS, HYBRID_SELF, "", &e), 0);
	WANT_INT(cgroup_init(&cg, &w, CGROUP_AT_ROOT, "//tare/./x/", &e), 0);
	WANT_INT(cg.n, 4);
	WANT_STR(cg.at[0].path, "/tare/x");
	cgroup_done(&cg);
	WANT_INT(cgroup_init(&cg, &w, CGROUP_AT_OWN, "x", &e), 0);
	WANT_STR(cg.at[0].path, "/x");
	WANT_STR(cg.at[1].path, "/pods/a/x");
	WANT_STR(cg.at[3].path, "/pods/x");
	cgroup_done(&cg);
	cgroup_world_done(&w);
}

TEST(sub_paths_by_controller_and_for_all)
{
	struct cgroup_world w;
	struct cgroup cg, sub;
	char *all[] = { (char *)"in/side", NULL };
	char *some[] = { (char *)"cpu,memory:a", (char *)"systemd:b", NULL };
	char *up[] = { (char *)"../x", NULL }, *unknown[] = { (char *)"pids:x", NULL };

	WANT_INT(cgroup_world_parse(&w, HYBRID_MOUNTS, HYBRID_SELF, "hugetlb", &e), 0);
	WANT_INT(cgroup_init(&cg, &w, CGROUP_AT_ROOT, "/c", &e), 0);
	/* for all: wherever it exists, and these mounts exist nowhere */
	WANT_INT(cgroup_init_sub(&sub, &cg, all, &e), -1);
	cgroup_done(&sub);
	WANT_INT(cgroup_init_sub(&sub, &cg, some, &e), 0);
	WANT_STR(sub.at[0].path, "/c/b");
	WANT_STR(sub.at[1].path, "/c/a");
	WANT_STR(sub.at[2].path, "/c/a");
	WANT_STR(sub.at[3].path, "/c");
	cgroup_done(&sub);
	WANT_INT(cgroup_init_sub(&sub, &cg, up, &e), -1);
	WANT(strstr(e.text, "bad sub cgroup path") != NULL);
	cgroup_done(&sub);
	WANT_INT(cgroup_init_sub(&sub, &cg, unknown, &e), -1);
	WANT_STR(e.text, "unknown controller 'pids' in cgroup 'pids:x'");
	cgroup_done(&sub);
	cgroup_done(&cg);
	cgroup_world_done(&w);
}

TEST(notes_bring_back_the_same_places)
{
	struct cgroup_world w;
	struct cgroup cg, back;
	struct arena a = { 0 };
	cgroup_note_list notes;

	WANT_INT(cgroup_world_parse(&w, HYBRID_MOUNTS, HYBRID_SELF, "", &e), 0);
	WANT_INT(cgroup_init(&cg, &w, CGROUP_AT_ROOT, "/tare/x", &e), 0);
	cg.at[1].made = 2;
	cg.at[1].id = 77;
	WANT_INT(cgroup_notes(&cg, &a, &notes, &e), 0);
	WANT_INT(cgroup_recall(&back, &w, &notes, &e), 0);
	WANT_INT(back.n, 4);
	WANT_STR(back.at[1].path, "/tare/x");
	WANT_INT(back.at[1].made, 2);
	WANT_INT(back.at[1].id, 77);
	cgroup_done(&back);
	notes.at[1].made = 3;
	WANT_INT(cgroup_recall(&back, &w, &notes, &e), -1);
	cgroup_done(&back);
	notes.at[1].path = (char *)"/tare/../../x";
	WANT_INT(cgroup_recall(&back, &w, &notes, &e), -1);
	cgroup_done(&back);
	arena_done(&a);
	cgroup_done(&cg);
	cgroup_world_done(&w);
}

TEST(cgroups_path_rules)
{
	static const struct {
		const char *path, *parent, *want;
		enum cgroup_base base;
	} rows[] = {
		{ "/a/b", "/tare", "/a/b", CGROUP_AT_ROOT },
		{ "a/b", "/tare", "a/b", CGROUP_AT_OWN },
		{ NULL, "/tare", "/tare/id", CGROUP_AT_ROOT },
		{ "", "/tare", "/tare/id", CGROUP_AT_ROOT },
		{ NULL, NULL, "id", CGROUP_AT_OWN },
		{ "..", NULL, NULL, CGROUP_AT_ROOT },
		{ "/a/..", NULL, NULL, CGROUP_AT_ROOT },
		{ "/", NULL, NULL, CGROUP_AT_ROOT },
		{ "/./", NULL, NULL, CGROUP_AT_ROOT },
		{ "/a\nb", NULL, NULL, CGROUP_AT_ROOT },
		{ "/a..b", NULL, "/a..b", CGROUP_AT_ROOT },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct arena a = { 0 };
		struct cgroup_path p;
		int r = cgroup_path_resolve(rows[i].path, rows[i].parent, "id", &a, &p, &e);

		WANT_INT(r, rows[i].want ? 0 : -1);
		if (r < 0) {
			WANT_STR(e.origin, "config.json: /linux/cgroupsPath");
			continue;
		}
		WANT_STR(p.path, rows[i].want);
		WANT_INT(p.base, rows[i].base);
		arena_done(&a);
	}
}
