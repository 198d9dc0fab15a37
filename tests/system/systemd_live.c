/* systemd_live.c - a scope made and removed by systemd; needs root, and systemd as PID 1
 *
 * Elsewhere the one thing to test is the refusal. The program tare-systemd must be beside this
 * one.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/own.h"
#include "os/cgroup.h"
#include "os/cgroup_file.h"
#include "runtime/systemd.h"
#include "tests/unit/t.h"

static struct err e;
static struct arena mem;
static struct cgroup_world world;
static struct cgroup cg;
static struct systemd_scope scope;

#define OK(x) \
	do { \
		if ((x) < 0) \
			T_FAIL("%s: %s (%s)", e.origin, e.text, e.hint); \
	} while (0)

static bool have_systemd(void)
{
	return access("/run/systemd/private", F_OK) == 0;
}

static pid_t waiting_child(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

/* The slices, too: they would stay for ever. */
static void stop_anyhow(void)
{
	struct systemd_scope slice = scope, top = scope;
	struct err ignored = { 0 };

	slice.description = top.description = NULL;
	slice.names.unit = scope.names.slice;
	top.names.unit = "taretest.slice";
	(void)systemd_stop(&scope, &ignored);
	(void)systemd_stop(&slice, &ignored);
	(void)systemd_stop(&top, &ignored);
}

static struct oci_resources *parse(const char *json)
{
	struct oci_resources *r = arena_alloc(&mem, sizeof(*r));

	OK(bind_parse(&oci_resources_table, json, strlen(json), "test", NULL, &mem, r, &e));
	return r;
}

static void text_of(unsigned controller, const char *v1, const char *v2, char *ret_text,
		    size_t size)
{
	const struct cgroup_place *p = cgroup_with(&cg, controller);
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", p->dir, p->in->version == CGROUP_V1 ? v1 : v2);
	if (cgroup_try_read(AT_FDCWD, path, ret_text, size) < 0)
		T_FAIL("can't read %s", path);
}

TEST(without_systemd_the_driver_is_refused)
{
	if (access("/run/systemd/system", F_OK) == 0) {
		OK(systemd_check(false, &e));
		return;
	}
	WANT_INT(systemd_check(false, &e), -1);
	WANT(strstr(e.text, "needs systemd as PID 1") != NULL);
	WANT_STR(e.hint, "use the cgroupfs driver");
}

TEST(a_scope_lives_and_dies)
{
	struct pair pairs[] = { { (char *)"org.systemd.property.TimeoutStopSec",
				  (char *)"uint64 3" },
				{ (char *)"other", (char *)"x" } };
	const struct pairs annotations = { pairs, COUNT(pairs) };
	struct cgroup_create_how how = { .need = CGROUP_MEMORY, .adopt = true };
	struct systemd_wish wish = { .prefix = "tare", .id = "one" };
	struct systemd_limits limits = { .how.update = false };
	own_str struct str draft = { 0 };
	struct systemd_scope other = { .description = "container one of somebody else" };
	struct numbers pids;
	char text[256], path[64];
	pid_t pid;

	if (!have_systemd())
		return;
	snprintf(path, sizeof(path), "taretest-a%d.slice:tare:one", (int)getpid());
	wish.cgroups_path = path;
	scope.description = "container one";
	OK(systemd_names_resolve(&wish, &mem, &scope.names, &e));
	OK(cgroup_world_open(&world, &e));
	limits.host = resources_host_of(&world);
	OK(cgroup_init(&cg, &world, CGROUP_AT_ROOT, scope.names.path, &e));
	OK(cgroup_plan(&cg, &e));
	cgroup_keep_parents(&cg, true);
	pid = waiting_child();
	how.pid = pid;
	atexit(stop_anyhow);
	limits.resources = parse("{\"memory\":{\"limit\":67108864},\"pids\":{\"limit\":55},"
				 "\"cpu\":{\"quota\":50000,\"period\":100000}}");
	OK(systemd_draft(&scope, &limits, &annotations, &draft, &e));
	OK(systemd_start(&scope, pid, draft.at, &e));
	OK(cgroup_create(&cg, &how, &e));
	OK(cgroup_pids(&cg, &pids, &mem, &e));
	WANT_INT(pids.n, 1);
	WANT_INT(pids.at[0], pid);
	text_of(CGROUP_MEMORY, "memory.limit_in_bytes", "memory.max", text, sizeof(text));
	WANT_STR(text, "67108864");
	text_of(CGROUP_PIDS, "pids.max", "pids.max", text, sizeof(text));
	WANT_STR(text, "55");
	limits.resources = parse("{\"memory\":{\"limit\":33554432}}");
	OK(systemd_update(&scope, &limits, &e));
	text_of(CGROUP_MEMORY, "memory.limit_in_bytes", "memory.max", text, sizeof(text));
	WANT_STR(text, "33554432");
	OK(resources_apply(&cg, parse("{\"cpu\":{\"shares\":512}}"), NULL, &e));

	WANT_INT(systemd_start(&scope, waiting_child(), draft.at, &e), -1);
	WANT(strstr(e.text, "start systemd unit 'tare-one.scope': ") != NULL);

	/* one that is called the same but is somebody else's stays */
	other.names = scope.names;
	OK(systemd_stop(&other, &e));
	OK(cgroup_pids(&cg, &pids, &mem, &e));
	WANT_INT(pids.n, 1);

	OK(systemd_stop(&scope, &e));
	waitpid(pid, NULL, 0);
	OK(cgroup_remove(&cg, &e));
	for (size_t i = 0; i < cg.n; i++)
		WANT(access(cg.at[i].dir, F_OK) < 0);
	OK(systemd_stop(&scope, &e));
}

TEST(systemds_own_words_come_back)
{
	struct pair pairs[] = { { (char *)"org.systemd.property.NoSuchThing", (char *)"true" } };
	const struct pairs annotations = { pairs, COUNT(pairs) };
	const struct systemd_wish wish = { .prefix = "tare", .id = "two" };
	const struct systemd_limits limits = { .host.has_v2 = true };
	own_str struct str draft = { 0 };
	pid_t pid;

	if (!have_systemd())
		return;
	scope.description = "container two";
	OK(systemd_names_resolve(&wish, &mem, &scope.names, &e));
	OK(systemd_draft(&scope, &limits, &annotations, &draft, &e));
	pid = waiting_child();
	WANT_INT(systemd_start(&scope, pid, draft.at, &e), -1);
	printf("# %s\n", e.text);
	WANT(strstr(e.text, "NoSuchThing") != NULL);
	kill(pid, SIGKILL);
}
