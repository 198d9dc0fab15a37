/* containers.c - the containers of made-up hosts: a tree below a folder stands for each */
#include "t.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/own.h"
#include "base/text.h"
#include "discovery/cgroup_names.h"
#include "discovery/containers.h"

/* 64 digits that end as they are told to */
#define HEX(tail) "00112233445566778899aabbccddeeff00112233445566778899aabbccdd" tail
#define HOST_PID  "4026531836"
#define HOST_MNT  "4026531840"

/* --- making up a host ----------------------------------------------------------------- */

static char root[64];

static void make_parents(char *path)
{
	for (char *p = strchr(path + strlen(root) + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			T_FAIL("mkdir %s: %s", path, strerror(errno));
		*p = '/';
	}
}

/* A file below the root, its folders too; NULL: only these. */
static void put(const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	make_parents(path);
	if (!text)
		return;
	f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		T_FAIL("write %s: %s", path, strerror(errno));
}

static void put_link(const char *name, const char *target)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	make_parents(path);
	if (symlink(target, path) < 0)
		T_FAIL("link %s: %s", path, strerror(errno));
}

/* struct fake - a process; what is not set is as the host's own processes have it */
struct fake {
	int pid, parent, start;
	char state;
	const char *name, *cgroup, *pidns, *mntns;
};

static void put_process(struct fake p)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "proc/%d/cgroup", p.pid);
	put(path, p.cgroup ? p.cgroup : "0::/\n");
	snprintf(path, sizeof(path), "proc/%d/stat", p.pid);
	snprintf(text, sizeof(text),
		 "%d (%s) %c %d 5 6 7 -1 9 10 11 12 13 14 15 16 17 20 -5 1 0 %d 23 24\n", p.pid,
		 p.name ? p.name : "sh", p.state ? p.state : 'S', p.parent ? p.parent : 1,
		 p.start ? p.start : p.pid);
	put(path, text);
	snprintf(path, sizeof(path), "proc/%d/ns/pid", p.pid);
	snprintf(text, sizeof(text), "pid:[%s]", p.pidns ? p.pidns : HOST_PID);
	put_link(path, text);
	snprintf(path, sizeof(path), "proc/%d/ns/mnt", p.pid);
	snprintf(text, sizeof(text), "mnt:[%s]", p.mntns ? p.mntns : HOST_MNT);
	put_link(path, text);
}

static void remove_host(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	(void)!system(command);
}

static void new_host(void)
{
	strcpy(root, "/tmp/tare-host-XXXXXX");
	if (!mkdtemp(root))
		T_FAIL("mkdtemp: %s", strerror(errno));
	atexit(remove_host);
	put_process((struct fake){ .pid = 1, .name = "init" });
	put_process((struct fake){ .pid = 2, .name = "getty" });
}

static struct containers all;

static void find(unsigned want)
{
	struct err e = { 0 };

	containers_done(&all);
	if (containers_find(root, want, &all, &e) < 0)
		T_FAIL("%s", e.text);
}

static const struct container_found *with_id(const char *id)
{
	for (size_t i = 0; i < all.n; i++)
		if (strcmp(all.at[i].id, id) == 0)
			return &all.at[i];
	T_FAIL("there is no container '%s'", id);
	return NULL;
}

/* The only one with that first process. */
static const struct container_found *with_pid(int pid)
{
	const struct container_found *found = NULL;

	for (size_t i = 0; i < all.n; i++) {
		if (all.at[i].pid != pid)
			continue;
		if (found)
			T_FAIL("two containers have the first process %d", pid);
		found = &all.at[i];
	}
	if (!found)
		T_FAIL("none of %zu containers has the first process %d", all.n, pid);
	return found;
}

#define WANT_TEXT(got, want) WANT_STR((got) ? (got) : "(none)", want)

static void want_engine(int pid, const char *engine, const char *id)
{
	const struct container_found *c = with_pid(pid);

	WANT_STR(word_name(engine_words, c->engine.v), engine);
	WANT_STR(c->id, id);
}

/* --- names of cgroups ----------------------------------------------------------------- */

TEST(the_name_of_a_cgroup_says_whose_it_is)
{
	// clang-format off
	static const struct {
		const char *path;
		enum cgroup_says says;
		enum engine_kind engine;
		const char *id;
	} rows[] = {
		{ "/", CGROUP_SAYS_NOTHING, 0, "" },
		{ "/system.slice/docker-" HEX("0001") ".scope", CGROUP_SAYS_CONTAINER, ENGINE_DOCKER, HEX("0001") },
		{ "/docker/" HEX("0001"), CGROUP_SAYS_CONTAINER, ENGINE_DOCKER, HEX("0001") },
		{ "/docker/" HEX("0001") "/system.slice/cron.service", CGROUP_SAYS_CONTAINER, ENGINE_DOCKER, HEX("0001") },
		{ "/docker/" HEX("0001") "/docker/" HEX("0002"), CGROUP_SAYS_CONTAINER, ENGINE_DOCKER, HEX("0002") },
		{ "/docker/short", CGROUP_SAYS_NOTHING, 0, "" },
		{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod12_34.slice/cri-containerd-" HEX("0001") ".scope",
		  CGROUP_SAYS_CONTAINER, ENGINE_CONTAINERD, HEX("0001") },
		{ "/kubepods/besteffort/pod12-34/" HEX("0001"), CGROUP_SAYS_CONTAINER, ENGINE_KUBERNETES, HEX("0001") },
		{ "/kubepods/pod12-34/crio-" HEX("0001"), CGROUP_SAYS_CONTAINER, ENGINE_CRIO, HEX("0001") },
		{ "/kubepods/pod12-34/crio-conmon-" HEX("0001"), CGROUP_SAYS_ASIDE, ENGINE_CRIO, HEX("0001") },
		{ "/system.slice/x:cri-containerd:" HEX("0001"), CGROUP_SAYS_CONTAINER, ENGINE_CONTAINERD, HEX("0001") },
		{ "/machine.slice/libpod-" HEX("0001") ".scope/container", CGROUP_SAYS_CONTAINER, ENGINE_PODMAN, HEX("0001") },
		{ "/machine.slice/libpod-conmon-" HEX("0001") ".scope", CGROUP_SAYS_ASIDE, ENGINE_PODMAN, HEX("0001") ".scope" },
		{ "/libpod_parent/libpod-" HEX("0001"), CGROUP_SAYS_CONTAINER, ENGINE_PODMAN, HEX("0001") },
		{ "/lxc.payload.web/init.scope", CGROUP_SAYS_CONTAINER, ENGINE_LXC, "web" },
		{ "/lxc.monitor.web", CGROUP_SAYS_ASIDE, ENGINE_LXC, "web" },
		{ "/lxc/web", CGROUP_SAYS_CONTAINER, ENGINE_LXC, "web" },
		{ "/machine.slice/machine-a\\x2db.scope/payload", CGROUP_SAYS_CONTAINER, ENGINE_NSPAWN, "a\\x2db" },
		{ "/machine.slice/systemd-nspawn@deb.service/payload/init.scope", CGROUP_SAYS_CONTAINER, ENGINE_NSPAWN, "deb" },
		{ "/machine.slice/systemd-nspawn@deb.service/supervisor", CGROUP_SAYS_ASIDE, ENGINE_NSPAWN, "deb" },
		{ "/system.slice/ssh.service", CGROUP_SAYS_HOST, ENGINE_SYSTEMD, "ssh.service" },
		{ "/user.slice/user-1000.slice/user@1000.service/app.slice/app-flatpak-org.x.Y-77.scope",
		  CGROUP_SAYS_HOST, ENGINE_FLATPAK, "org.x.Y-77" },
		{ "/somewhere/" HEX("0001"), CGROUP_SAYS_MAYBE, ENGINE_UNKNOWN, HEX("0001") },
		{ "/system.slice/runc-one.scope", CGROUP_SAYS_CONTAINER, ENGINE_RUNC, "one" },
		{ "/user.slice/crun-one.scope", CGROUP_SAYS_CONTAINER, ENGINE_CRUN, "one" },
	};
	// clang-format on

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cgroup_claim c = cgroup_name_claim(rows[i].path, strlen(rows[i].path));
		char id[128];

		snprintf(id, sizeof(id), "%.*s", (int)c.id_len, c.id ? c.id : "");
		if (c.says != rows[i].says || (c.says && c.engine != rows[i].engine) ||
		    strcmp(id, rows[i].id) != 0)
			T_FAIL("%s says %d, engine %d, id '%s'", rows[i].path, c.says, c.engine,
			       id);
	}
}

TEST(a_path_says_which_pod_and_which_user)
{
	static const char slice[] =
		"/kubepods.slice/kubepods-pod12_34.slice/crio-" HEX("0001") ".scope";
	static const char plain[] = "/kubepods/burstable/pod12-34/" HEX("0001");
	static const char user[] = "/user.slice/user-1000.slice/user@1000.service/x";
	static const char forged[] = "/a/user.slice/user-0.slice/x";
	struct cgroup_claim c = cgroup_name_claim(slice, sizeof(slice) - 1);

	WANT(c.pod_len == 5 && memcmp(c.pod, "12_34", 5) == 0);
	WANT_INT(c.uid, -1);
	c = cgroup_name_claim(plain, sizeof(plain) - 1);
	WANT(c.pod_len == 5 && memcmp(c.pod, "12-34", 5) == 0);
	WANT_INT(cgroup_name_claim(user, sizeof(user) - 1).uid, 1000);
	WANT_INT(cgroup_name_claim(forged, sizeof(forged) - 1).uid, -1);
}

TEST(a_units_name_is_unescaped)
{
	char name[8];

	WANT_INT(cgroup_name_unescape("a\\x2db", 6, name, sizeof(name)), 3);
	WANT_STR(name, "a-b");
	WANT_INT(cgroup_name_unescape("a\\x2", 4, name, sizeof(name)), 4);
	WANT_STR(name, "a\\x2");
	WANT_INT(cgroup_name_unescape("\\x00", 4, name, sizeof(name)), -1);
	WANT_INT(cgroup_name_unescape("12345678", 8, name, sizeof(name)), -1);
}

/* --- engines -------------------------------------------------------------------------- */

TEST(a_host_without_containers_has_none)
{
	new_host();
	find(CONTAINERS_ALL);
	WANT_INT(all.n, 0);
	WANT_INT(all.n_members, 0);
}

TEST(docker_on_v2_with_its_names)
{
	new_host();
	put_process((struct fake){ .pid = 70,
				   .parent = 60,
				   .cgroup = "0::/system.slice/docker-" HEX("0001") ".scope\n" });
	put_process((struct fake){ .pid = 71,
				   .parent = 70,
				   .cgroup = "0::/system.slice/docker-" HEX("0001") ".scope\n" });
	put("var/lib/docker/containers/" HEX("0001") "/config.v2.json",
	    "{\"State\":{\"Pid\":70,\"Paused\":false},\"Created\":\"2026-01-02T03:04:05Z\","
	    "\"Unknown\":[1,2],\"Name\":\"/web\",\"Config\":{\"Image\":\"nginx:1\",\"Labels\":"
	    "{\"io.kubernetes.pod.name\":7}}}");
	find(0);
	want_engine(70, "docker", HEX("0001"));
	WANT(!all.at[0].name);
	WANT_INT(all.at[0].processes, 2);
	WANT_INT(all.n_members, 2);
	find(CONTAINERS_ALL);
	WANT_TEXT(with_pid(70)->name, "web");
	WANT_TEXT(all.at[0].image, "nginx:1");
	WANT_TEXT(all.at[0].created, "2026-01-02T03:04:05Z");
	WANT(!all.at[0].pod);
	WANT_INT(all.at[0].pid_start, 70);
	WANT(!all.at[0].cgroups.at[0].shared);
	WANT_INT(all.at[0].cgroups.n, 1);
	WANT_STR(all.at[0].cgroups.at[0].path, "/system.slice/docker-" HEX("0001") ".scope");
}

TEST(dockers_data_may_lie_elsewhere_and_its_cgroups_below_any_parent)
{
	new_host();
	put("etc/docker/daemon.json", "{\"data-root\": \"/srv/docker\"}");
	put_process((struct fake){ .pid = 70, .cgroup = "2:memory:/mine/" HEX("0001") "\n0::/\n" });
	put("srv/docker/containers/" HEX("0001") "/config.v2.json", "{\"Name\":\"/web\"}");
	find(CONTAINERS_NAMES | CONTAINERS_STATUS);
	want_engine(70, "docker", HEX("0001"));
	WANT_TEXT(all.at[0].name, "web");
	/* the root of a hierarchy is nobody's own */
	WANT_INT(all.at[0].cgroups.n, 1);
}

TEST(a_pod_of_containerd_has_its_names)
{
	new_host();
	put_process((struct fake){
		.pid = 70,
		.cgroup = "0::/kubepods.slice/kubepods-pod12_34.slice/cri-containerd-" HEX(
			"0001") ".scope\n" });
	put_process(
		(struct fake){ .pid = 80, .cgroup = "0::/kubepods/pod12-35/" HEX("0002") "\n" });
	put_process((struct fake){ .pid = 90, .cgroup = "0::/default/one\n" });
	put("run/containerd/io.containerd.runtime.v2.task/k8s.io/" HEX("0001") "/config.json",
	    "{\"annotations\":{\"io.kubernetes.cri.sandbox-name\":\"shop\",\"io.kubernetes.cri."
	    "sandbox-namespace\":\"prod\","
	    "\"io.kubernetes.cri.container-name\":\"app\",\"io.kubernetes.cri.image-name\":\"reg/"
	    "app:2\"},\"root\":{\"path\":\"rootfs\"}}");
	put("run/containerd/io.containerd.runtime.v2.task/k8s.io/" HEX("0002") "/init.pid", "80");
	put("run/containerd/io.containerd.runtime.v2.task/default/one/init.pid", "90");
	put("run/containerd/io.containerd.runtime.v2.task/moby/" HEX("0003") "/init.pid", "2");
	find(CONTAINERS_ALL);
	WANT_INT(all.n, 3);
	want_engine(70, "containerd", HEX("0001"));
	WANT_TEXT(with_pid(70)->name, "app");
	WANT_TEXT(with_pid(70)->pod, "shop");
	WANT_TEXT(with_pid(70)->pod_namespace, "prod");
	WANT_TEXT(with_pid(70)->pod_uid, "12-34");
	want_engine(80, "containerd", HEX("0002"));
	want_engine(90, "containerd", "one");
}

TEST(podman_has_its_names_from_the_storage_and_its_monitor_aside)
{
	new_host();
	put_process((struct fake){
		.pid = 60,
		.name = "conmon",
		.cgroup = "0::/machine.slice/libpod-conmon-" HEX("0001") ".scope\n" });
	put_process((struct fake){
		.pid = 70,
		.parent = 60,
		.cgroup = "0::/machine.slice/libpod-" HEX("0001") ".scope/container\n" });
	put_process((struct fake){ .pid = 71,
				   .parent = 60,
				   .cgroup = "0::/machine.slice/libpod-" HEX("0001") ".scope\n" });
	put("var/lib/containers/storage/overlay-containers/" HEX("0001") "/userdata/x", "");
	put("var/lib/containers/storage/overlay-containers/containers.json",
	    "[{\"id\":\"other\",\"names\":[]},5,{\"id\":\"" HEX(
		    "0001") "\",\"names\":[\"db\"],\"created\":\"2026-01-02T03:04:05Z\","
			    "\"metadata\":\"{\\\"image-name\\\":\\\"docker.io/library/"
			    "postgres:16\\\"}\"}]");
	put("run/crun/" HEX("0001") "/status", "{\"pid\":70,\"bundle\":\"/b\",\"rootfs\":\"/r\"}");
	find(CONTAINERS_ALL);
	WANT_INT(all.n, 1);
	want_engine(70, "podman", HEX("0001"));
	WANT_INT(all.at[0].processes, 2);
	WANT_TEXT(all.at[0].name, "db");
	WANT_TEXT(all.at[0].image, "docker.io/library/postgres:16");
	WANT_TEXT(all.at[0].rootfs, "/r");
	WANT_STR(all.at[0].cgroups.at[0].path, "/machine.slice/libpod-" HEX("0001") ".scope");
}

TEST(crio_has_its_names_from_the_bundle)
{
	new_host();
	put_process((struct fake){
		.pid = 70,
		.cgroup = "0::/kubepods.slice/kubepods-pod1.slice/crio-" HEX("0001") ".scope\n" });
	put("run/containers/storage/overlay-containers/" HEX("0001") "/userdata/config.json",
	    "{\"annotations\":{\"io.kubernetes.pod.name\":\"shop\",\"io.kubernetes.container."
	    "name\":\"app\"}}");
	find(CONTAINERS_ALL);
	want_engine(70, "cri-o", HEX("0001"));
	WANT_TEXT(all.at[0].name, "app");
	WANT_TEXT(all.at[0].pod, "shop");
}

TEST(lxc_incus_and_lxd_are_told_apart_by_their_folders)
{
	new_host();
	put_process((struct fake){ .pid = 60, .cgroup = "0::/lxc.monitor.web\n" });
	put_process((struct fake){ .pid = 70, .cgroup = "0::/lxc.payload.web/init.scope\n" });
	put_process((struct fake){ .pid = 71,
				   .parent = 70,
				   .cgroup = "0::/lxc.payload.web/system.slice/cron.service\n" });
	put_process((struct fake){ .pid = 80, .cgroup = "0::/lxc.payload.db\n" });
	put_process((struct fake){ .pid = 90, .cgroup = "0::/lxc.payload.mail\n" });
	put("var/lib/lxc/web/config", "");
	put("var/lib/incus/containers/db/x", "");
	put("var/snap/lxd/common/lxd/containers/mail/x", "");
	find(CONTAINERS_ALL);
	WANT_INT(all.n, 3);
	want_engine(70, "lxc", "web");
	WANT_INT(with_pid(70)->processes, 2);
	WANT_TEXT(with_pid(70)->name, "web");
	WANT_TEXT(with_pid(70)->rootfs, "/var/lib/lxc/web/rootfs");
	want_engine(80, "incus", "db");
	want_engine(90, "lxd", "mail");
}

TEST(machined_says_what_a_machine_is)
{
	new_host();
	put_process((struct fake){ .pid = 70,
				   .cgroup = "0::/machine.slice/machine-a\\x2db.scope/payload\n" });
	put_process((struct fake){ .pid = 80,
				   .cgroup = "0::/machine.slice/machine-lxc\\x2d1.scope\n" });
	put_process((struct fake){ .pid = 90,
				   .cgroup = "0::/machine.slice/machine-qemu\\x2d1.scope\n" });
	put("run/systemd/machines/a-b",
	    "NAME=a-b\nSERVICE=systemd-nspawn\nCLASS=container\nROOT=/srv/a\nLEADER=70\n");
	put("run/systemd/machines/lxc-1",
	    "NAME=lxc-1\nSERVICE=libvirt-lxc\nCLASS=container\nLEADER=80\n");
	put("run/systemd/machines/qemu-1",
	    "NAME=qemu-1\nSERVICE=libvirt-qemu\nCLASS=vm\nLEADER=90\n");
	find(CONTAINERS_ALL);
	WANT_INT(all.n, 2);
	want_engine(70, "nspawn", "a-b");
	WANT_TEXT(with_pid(70)->rootfs, "/srv/a");
	want_engine(80, "machined", "lxc-1");
}

TEST(bare_runtimes_are_found_by_the_folder_that_is_called_as_the_cgroup_or_by_the_pid_in_it)
{
	new_host();
	put_process((struct fake){ .pid = 70, .cgroup = "0::/one\n" });
	put_process((struct fake){
		.pid = 80, .cgroup = "0::/chosen/path\n", .pidns = "1", .mntns = "2" });
	put_process((struct fake){ .pid = 90, .cgroup = "0::/\n" });
	put_process((struct fake){ .pid = 100, .cgroup = "0::/tare/ours\n" });
	put("run/runc/one/state.json", "{\"init_process_pid\":70,\"created\":\"2026-01-02T03:04:"
				       "05Z\",\"config\":{\"rootfs\":\"/r\"}}");
	put("run/runc/ended/state.json", "{\"init_process_pid\":12345}");
	put("run/runc/broken/state.json", "{\"init_process_pid\":");
	put("run/crun/two/status", "{\"pid\":80,\"process-start-time\":80,\"bundle\":\"/b\"}");
	put("run/crun/recycled/status", "{\"pid\":2,\"process-start-time\":12345}");
	put("run/crun/three/status", "{\"pid\":90}");
	put("run/crun/three/exec.fifo", "");
	put("run/tare/runtime/ours/status", "{\"pid\":100,\"pidStart\":100,\"bundle\":\"/t\"}");
	find(CONTAINERS_NAMES | CONTAINERS_STATUS);
	WANT_INT(all.n, 4);
	want_engine(70, "runc", "one");
	WANT_TEXT(with_pid(70)->created, "2026-01-02T03:04:05Z");
	want_engine(80, "crun", "two");
	WANT_TEXT(with_pid(80)->bundle, "/b");
	WANT(!with_pid(80)->cgroups.at[0].shared);
	want_engine(90, "crun", "three");
	WANT_INT(with_pid(90)->status.v, CONTAINER_CREATED);
	WANT_INT(with_pid(90)->cgroups.n, 0);
	want_engine(100, "tare", "ours");
	WANT_TEXT(with_pid(100)->bundle, "/t");
}

TEST(sandboxes_are_told_apart_by_who_began_them)
{
	new_host();
	put_process((struct fake){ .pid = 60, .name = "bwrap" });
	put_process((struct fake){
		.pid = 70, .parent = 60, .name = "bwrap", .pidns = "7", .mntns = "8" });
	put_process((struct fake){ .pid = 71, .parent = 70, .pidns = "7", .mntns = "8" });
	put_process((struct fake){ .pid = 75, .name = "firejail" });
	put_process((struct fake){
		.pid = 80, .parent = 75, .name = "vlc", .pidns = "9", .mntns = "10" });
	put_process((struct fake){
		.pid = 90, .parent = 2, .name = "top", .pidns = "11", .mntns = "12" });
	put_process((struct fake){ .pid = 95, .name = "only-mounts", .mntns = "13" });
	put_process((struct fake){ .pid = 99,
				   .parent = 60,
				   .name = "maps",
				   .pidns = "14",
				   .mntns = "15",
				   .cgroup = "0::/user.slice/user-1000.slice/user@1000.service/"
					     "app.slice/app-flatpak-org.x.Maps-98.scope\n" });
	find(CONTAINERS_ALL);
	WANT_INT(all.n, 4);
	want_engine(70, "bubblewrap", "pidns-7");
	WANT_INT(with_pid(70)->processes, 2);
	want_engine(80, "firejail", "pidns-9");
	WANT_TEXT(with_pid(70)->name, "sh");
	WANT_TEXT(with_pid(80)->name, "vlc");
	put("run/firejail/name/75", "cinema\n");
	want_engine(90, "unknown", "pidns-11");
	want_engine(99, "flatpak", "pidns-14");
	WANT_TEXT(with_pid(99)->name, "org.x.Maps");
	WANT_INT(with_pid(99)->uid.v, 1000);
	find(CONTAINERS_NAMES);
	WANT_INT(all.n, 3);
	WANT_TEXT(with_pid(80)->name, "cinema");
}

TEST(services_with_namespaces_of_their_own_are_containers_for_those_who_ask)
{
	new_host();
	put_process((struct fake){ .pid = 70, .cgroup = "0::/system.slice/ssh.service\n" });
	put_process((struct fake){
		.pid = 80, .cgroup = "0::/system.slice/resolved.service\n", .mntns = "8" });
	put_process((struct fake){ .pid = 81,
				   .parent = 80,
				   .cgroup = "0::/system.slice/resolved.service\n",
				   .mntns = "8" });
	find(CONTAINERS_ALL);
	WANT_INT(all.n, 1);
	want_engine(80, "systemd", "resolved.service");
	WANT_INT(all.at[0].processes, 2);
	WANT(!all.at[0].cgroups.at[0].shared);
	find(CONTAINERS_ALL & ~CONTAINERS_SERVICES);
	WANT_INT(all.n, 0);
}

/* --- which process, which state --------------------------------------------------------- */

TEST(the_first_process_is_the_oldest_that_is_not_of_the_hosts_world)
{
	static const char cgroup[] = "0::/machine.slice/machine-deb.scope\n";

	new_host();
	put_process((struct fake){
		.pid = 70, .start = 500, .cgroup = cgroup, .name = "systemd-nspawn" });
	put_process((struct fake){ .pid = 60, .start = 700, .cgroup = cgroup, .mntns = "8" });
	put_process((struct fake){ .pid = 90, .start = 600, .cgroup = cgroup, .mntns = "8" });
	find(0);
	WANT_INT(with_pid(90)->pid_start, 600);
}

TEST(what_has_no_process_is_listed_on_demand)
{
	new_host();
	put_process((struct fake){ .pid = 70, .cgroup = "0::/docker/" HEX("0001") "\n" });
	put("var/lib/docker/containers/" HEX("0001") "/config.v2.json", "{\"Name\":\"/up\"}");
	put("var/lib/docker/containers/" HEX("0002") "/config.v2.json", "{\"Name\":\"/down\"}");
	/* the runtime below knows it, too */
	put("run/runc/" HEX("0002") "/state.json", "{\"init_process_pid\":12345}");
	put("run/runc/gone/state.json", "{\"init_process_pid\":12346}");
	find(CONTAINERS_ALL);
	WANT_INT(all.n, 1);
	find(CONTAINERS_ALL | CONTAINERS_STOPPED);
	WANT_INT(all.n, 3);
	WANT_INT(with_id(HEX("0001"))->status.v, CONTAINER_RUNNING);
	WANT_INT(with_id(HEX("0002"))->status.v, CONTAINER_EXITED);
	WANT_INT(with_id(HEX("0002"))->engine.v, ENGINE_DOCKER);
	WANT_TEXT(with_id(HEX("0002"))->name, "down");
	WANT_INT(with_id("gone")->engine.v, ENGINE_RUNC);
	WANT_INT(with_id("gone")->pid, 0);
}

TEST(a_frozen_container_is_paused_on_v1_on_v2_and_on_both)
{
	new_host();
	/* as the kernel shows whom v1 froze, whatever he did */
	put_process((struct fake){
		.pid = 70, .state = 'D', .cgroup = "6:freezer:/docker/" HEX("0001") "\n0::/\n" });
	put_process((struct fake){ .pid = 80, .cgroup = "0::/lxc.payload.a\n" });
	put_process((struct fake){ .pid = 90, .cgroup = "0::/lxc.payload.b\n" });
	put("sys/fs/cgroup/freezer/docker/" HEX("0001") "/freezer.state", "FROZEN\n");
	put("sys/fs/cgroup/unified/lxc.payload.a/cgroup.events", "populated 1\nfrozen 1\n");
	put("sys/fs/cgroup/unified/lxc.payload.b/cgroup.events", "populated 1\nfrozen 0\n");
	find(CONTAINERS_STATUS);
	WANT_INT(with_pid(70)->status.v, CONTAINER_PAUSED);
	WANT_INT(with_pid(80)->status.v, CONTAINER_PAUSED);
	WANT_INT(with_pid(90)->status.v, CONTAINER_RUNNING);
	put("sys/fs/cgroup/cgroup.controllers", "");
	put("sys/fs/cgroup/lxc.payload.b/cgroup.events", "frozen 1\n");
	find(CONTAINERS_STATUS);
	WANT_INT(with_pid(80)->status.v, CONTAINER_RUNNING);
	WANT_INT(with_pid(90)->status.v, CONTAINER_PAUSED);
}

TEST(a_cgroup_with_others_in_it_or_below_is_told)
{
	new_host();
	put_process((struct fake){
		.pid = 60, .cgroup = "3:cpu:/two/below\n2:pids:/mine\n1:memory:/everybodys\n" });
	put_process((struct fake){ .pid = 70,
				   .cgroup = "3:cpu:/two\n2:pids:/one\n1:memory:/everybodys\n",
				   .pidns = "7",
				   .mntns = "8" });
	find(CONTAINERS_ALL);
	WANT_INT(all.n, 1);
	WANT_INT(all.at[0].cgroups.n, 3);
	WANT(all.at[0].cgroups.at[0].shared);
	WANT(!all.at[0].cgroups.at[1].shared);
	WANT(all.at[0].cgroups.at[2].shared);
}

/* --- what others write ------------------------------------------------------------------ */

TEST(neither_a_fifo_nor_a_link_out_nor_a_large_file_is_read)
{
	char path[PATH_MAX];
	own_mem char *large = malloc(((size_t)5 << 20) + 1);

	new_host();
	for (int i = 0; i < 3; i++)
		put_process((struct fake){ .pid = 70 + i,
					   .cgroup = i == 0   ? "0::/one\n"
						     : i == 1 ? "0::/two\n"
							      : "0::/three\n" });
	put("run/runc/one/x", "");
	snprintf(path, sizeof(path), "%s/run/runc/one/state.json", root);
	WANT_INT(mkfifo(path, 0600), 0);
	/* somebody who never writes */
	WANT(open(path, O_RDWR | O_CLOEXEC) >= 0);
	alarm(10);
	put_link("run/runc/two/state.json", "/../../../../../../etc/passwd");
	memset(large, ' ', (size_t)5 << 20);
	memcpy(large, "{\"created\":\"x\"}", 15);
	large[(size_t)5 << 20] = '\0';
	put("run/runc/three/state.json", large);
	find(CONTAINERS_ALL);
	WANT_INT(all.n, 3);
	want_engine(70, "runc", "one");
	WANT(!with_pid(72)->created);
}

/* A link of a user's may lead to a device, which does something when it is opened. */
TEST(what_is_no_regular_file_is_not_even_opened)
{
	char path[PATH_MAX], event[512];
	int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	new_host();
	put_process((struct fake){ .pid = 70, .cgroup = "0::/one\n" });
	put("run/runc/one/x", "");
	put("dev/x", "");
	snprintf(path, sizeof(path), "%s/dev/watchdog", root);
	WANT_INT(mkfifo(path, 0600), 0);
	WANT(inotify_add_watch(watch, path, IN_OPEN) >= 0);
	put_link("run/runc/one/state.json", "/dev/watchdog");
	find(CONTAINERS_ALL);
	want_engine(70, "runc", "one");
	WANT_INT(read(watch, event, sizeof(event)), -1);
	WANT_INT(errno, EAGAIN);
	WANT_INT(close(watch), 0);
}

/* Files of holes cost him nothing. */
TEST(a_user_cannot_use_up_the_searchs_memory)
{
	char path[PATH_MAX];
	struct rusage used;

	if (geteuid() != 0)
		return;
	new_host();
	put_process((struct fake){ .pid = 70, .pidns = "7", .mntns = "8" });
	for (int i = 0; i < 280; i++) {
		snprintf(path, sizeof(path), "run/user/1000/crun/c%d/status", i);
		put(path, "{\"pid\":70}");
		snprintf(path, sizeof(path), "%s/run/user/1000/crun/c%d/status", root, i);
		WANT_INT(truncate(path, (off_t)4 << 20), 0);
	}
	snprintf(path, sizeof(path), "chown -hR 1000 %s/run/user/1000", root);
	WANT_INT(system(path), 0);
	find(CONTAINERS_ALL);
	WANT_INT(all.n, 1);
	want_engine(70, "unknown", "pidns-7");
	WANT_INT(getrusage(RUSAGE_SELF, &used), 0);
	WANT(used.ru_maxrss < 600L << 10);
}

/* Only root can make files that are another's. */
TEST(a_users_state_folder_speaks_of_no_process_but_his)
{
	char path[PATH_MAX];

	if (geteuid() != 0)
		return;
	new_host();
	put_process((struct fake){ .pid = 70, .pidns = "7", .mntns = "8" });
	put_process((struct fake){ .pid = 80,
				   .pidns = "9",
				   .mntns = "8",
				   .cgroup = "0::/user.slice/user-1000.slice/session-1.scope\n" });
	put_process((struct fake){ .pid = 90,
				   .cgroup = "0::/user.slice/user-1000.slice/session-2.scope\n" });
	put("run/user/1000/crun/mine/status", "{\"pid\":80}");
	put("run/user/1000/crun/forged/status", "{\"pid\":70}");
	put("run/user/1000/crun/linked/x", "");
	put("run/secret", "{\"pid\":90,\"bundle\":\"secret\"}");
	put_link("run/user/1000/crun/linked/status", "/run/secret");
	snprintf(path, sizeof(path), "chown -hR 1000 %s/run/user/1000", root);
	WANT_INT(system(path), 0);
	find(CONTAINERS_ALL);
	WANT_INT(all.n, 2);
	want_engine(70, "unknown", "pidns-7");
	want_engine(80, "crun", "mine");
	WANT_INT(with_pid(80)->uid.v, 1000);
}

/* Root's container is called "one"; so a user calls his cgroup, and his container after root's. */
TEST(a_name_counts_only_in_its_users_slice)
{
	char path[PATH_MAX];

	new_host();
	put_process((struct fake){ .pid = 70, .cgroup = "0::/one\n" });
	put_process((struct fake){ .pid = 80, .cgroup = "0::/user.slice/user-1000.slice/one\n" });
	put("run/runc/one/x", "");
	find(CONTAINERS_ALL);
	WANT_INT(all.n, 1);
	want_engine(70, "runc", "one");
	put_process((struct fake){
		.pid = 85,
		.cgroup = "0::/user.slice/user-1000.slice/docker-" HEX("0001") ".scope\n" });
	put("var/lib/docker/containers/" HEX("0001") "/config.v2.json", "{\"Name\":\"/web\"}");
	find(CONTAINERS_ALL);
	WANT_INT(with_pid(85)->uid.v, 1000);
	WANT(!with_pid(85)->name);
	if (geteuid() != 0)
		return;
	put_process((struct fake){ .pid = 90, .cgroup = "0::/two\n" });
	put_process((struct fake){ .pid = 95, .cgroup = "0::/user.slice/user-1000.slice/two\n" });
	put("run/user/1000/crun/two/x", "");
	snprintf(path, sizeof(path), "chown -hR 1000 %s/run/user/1000", root);
	WANT_INT(system(path), 0);
	find(CONTAINERS_ALL);
	WANT_INT(all.n, 3);
	want_engine(95, "crun", "two");
}

TEST(roots_container_in_a_users_session_is_roots)
{
	new_host();
	put_process((struct fake){ .pid = 70,
				   .cgroup = "0::/user.slice/user-1000.slice/session-1.scope/one\n",
				   .pidns = "7",
				   .mntns = "8" });
	put("run/runc/one/state.json", "{\"init_process_pid\":70}");
	find(CONTAINERS_ALL);
	want_engine(70, "runc", "one");
	WANT(!all.at[0].uid.set);
	/* his own session is no user's */
	put_process((struct fake){ .pid = 80,
				   .cgroup = "0::/user.slice/user-0.slice/session-2.scope/two\n" });
	put("run/runc/two/x", "");
	find(CONTAINERS_ALL);
	want_engine(80, "runc", "two");
	WANT(!with_pid(80)->uid.set);
}

TEST(what_has_ended_and_waits_for_its_parent_is_no_process)
{
	new_host();
	put_process((struct fake){ .pid = 70, .cgroup = "0::/lxc.payload.a\n", .state = 'Z' });
	put_process((struct fake){ .pid = 71, .cgroup = "0::/lxc.payload.a\n" });
	put_process((struct fake){ .pid = 80, .cgroup = "0::/lxc.payload.b\n", .state = 'Z' });
	put_process((struct fake){ .pid = 90, .cgroup = "0::/c\n", .state = 'Z' });
	put("run/crun/three/status", "{\"pid\":90}");
	find(CONTAINERS_ALL);
	WANT_INT(all.n, 1);
	WANT_INT(with_pid(71)->processes, 1);
	WANT_INT(all.n_members, 1);
}

/* --- looking up ------------------------------------------------------------------------- */

static void want_lookup(const char *what, int pid)
{
	struct err e = { 0 };
	const struct container_found *c = containers_lookup(&all, what, &e);

	if (!c)
		T_FAIL("'%s': %s", what, e.text);
	WANT_INT(c->pid, pid);
}

static struct err want_no_lookup(const char *what, enum err_class cls)
{
	struct err e = { 0 };

	if (containers_lookup(&all, what, &e))
		T_FAIL("'%s' is found", what);
	WANT_INT(e.cls, cls);
	return e;
}

TEST(a_container_is_meant_by_name_id_pid_engine_or_cgroup)
{
	new_host();
	put_process((struct fake){ .pid = 70, .cgroup = "0::/docker/" HEX("0001") "\n" });
	put_process((struct fake){ .pid = 71, .cgroup = "0::/docker/" HEX("0001") "/x\n" });
	put_process((struct fake){ .pid = 80, .cgroup = "0::/lxc.payload.web\n" });
	put_process((struct fake){ .pid = 90, .cgroup = "0::/lxc.payload.71\n" });
	put_process((struct fake){ .pid = 95, .cgroup = "0::/lxc.payload.webmail\n" });
	put("var/lib/docker/containers/" HEX("0001") "/config.v2.json", "{\"Name\":\"/web\"}");
	find(CONTAINERS_ALL);
	WANT_INT(all.n, 4);
	want_lookup(HEX("0001"), 70);
	want_lookup("001122", 70);
	want_lookup("70", 70);
	want_lookup("pid:80", 80);
	want_lookup("docker:web", 70);
	want_lookup("lxc:web", 80);
	want_lookup("lxc:71", 90);
	want_lookup("docker:71", 70);
	want_lookup("webm", 95);
	want_lookup("/lxc.payload.web", 80);
	want_lookup("/sys/fs/cgroup/memory/docker/" HEX("0001") "/", 70);
	WANT(strstr(want_no_lookup("web", ERR_CONFLICT).text, "lxc:web (pid 80)"));
	/* a name that is a number must not catch what is meant for a pid */
	WANT(strstr(want_no_lookup("71", ERR_CONFLICT).text, "lxc:71 (pid 90)"));
	want_no_lookup("podman:web", ERR_ABSENT);
	want_no_lookup("2", ERR_ABSENT);
	want_no_lookup("", ERR_ABSENT);
	want_no_lookup("docker:", ERR_ABSENT);
}

TEST(escape_sequences_in_names_do_not_reach_the_error)
{
	new_host();
	put_process((struct fake){ .pid = 70, .cgroup = "0::/lxc.payload.a\033[2J1\n" });
	put_process((struct fake){ .pid = 80, .cgroup = "0::/lxc.payload.a\033[2J2\n" });
	/* U+009B, and a letter of the same first byte */
	put_process((struct fake){ .pid = 90, .cgroup = "0::/lxc.payload.b\302\2332J\302\2651\n" });
	put_process((struct fake){ .pid = 91, .cgroup = "0::/lxc.payload.b\302\2332J\302\2652\n" });
	find(CONTAINERS_ALL);
	WANT(!strchr(want_no_lookup("a", ERR_CONFLICT).text, '\033'));
	WANT(!strstr(want_no_lookup("b", ERR_CONFLICT).text, "\302\233"));
	WANT(strstr(want_no_lookup("b", ERR_CONFLICT).text, "b??2J\302\265") != NULL);
}
