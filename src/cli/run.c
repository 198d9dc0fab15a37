/* run.c - tare run: a container in the foreground, of an image that is pulled where it isn't here */
#include "cli/run.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/session.h"
#include "cli/container.h"
#include "cli/registry.h"
#include "engine/run.h"

// clang-format off
#define TEXT(n, l, m, v, h) OPT_STRING_(n, l, struct run_options, m, v, h)
#define MANY(n, l, m, v, h) OPT_STRINGS_(n, l, struct run_options, m, v, h)
#define FLAG(n, l, m, h)    OPT_FLAG_(n, l, struct run_options, m, h)
#define LATER "can't be honoured yet"

static const struct opt opts[] = {
	MANY("add-host",     0,  hosts,      "NAME:ADDRESS",  "a name for /etc/hosts"),
	MANY("cap-add",      0,  cap_add,    "CAPABILITY",    "give it a capability; ALL: every one"),
	MANY("cap-drop",     0,  cap_drop,   "CAPABILITY",    "take a capability; ALL: every one"),
	MANY("annotation",   0,  annotations, "KEY=VALUE",    "an annotation of the OCI config"),
	TEXT("blkio-weight", 0,  blkio_weight, "10-1000",     "weight of its block I/O beside others'"),
	MANY("blkio-weight-device", 0, weight_devices, "DEVICE:WEIGHT", "the same, for one device"),
	TEXT("cgroup-parent", 0, cgroup_parent, "CGROUP",     "its cgroup's parent; /tare otherwise"),
	TEXT("cgroupns",     0,  cgroupns,   "MODE",          "'private' (the default) or 'host'"),
	TEXT("cidfile",      0,  cidfile,    "FILE",          "write the container's id to FILE"),
	TEXT("cpu-period",   0,  cpu_period, "MICROSECONDS",  "length of a period, of which --cpu-quota is a part"),
	TEXT("cpu-quota",    0,  cpu_quota,  "MICROSECONDS",  "processor time in each period"),
	TEXT("cpu-shares",  'c', cpu_shares, "NUMBER",        "weight beside others; 1024 is usual"),
	TEXT("cpus",         0,  cpus,       "NUMBER",        "how many processors' time, such as 1.5"),
	TEXT("cpuset-cpus",  0,  cpuset_cpus, "LIST",         "the processors that it may use, such as 0-3"),
	TEXT("cpuset-mems",  0,  cpuset_mems, "LIST",         "the memory nodes that it may use"),
	FLAG("detach",      'd', detach,                      "print its id, and leave it alone"),
	MANY("device",       0,  devices,    "DEVICE[:PLACE[:rwm]]", "a device of the host"),
	MANY("device-cgroup-rule", 0, device_rules, "RULE",   "what else it may do with devices, such as 'c 1:3 rwm'"),
	MANY("device-read-bps", 0, read_bps, "DEVICE:SIZE",   "at most SIZE are read from a device in a second"),
	MANY("device-read-iops", 0, read_iops, "DEVICE:NUMBER", "at most that many reads in a second"),
	MANY("device-write-bps", 0, write_bps, "DEVICE:SIZE", "at most SIZE are written to a device in a second"),
	MANY("device-write-iops", 0, write_iops, "DEVICE:NUMBER", "at most that many writes in a second"),
	OPT_BOOL_("disable-content-trust", 0, struct run_options, untrusted, "signatures are not checked here, so that there is nothing to disable"),
	TEXT("domainname",   0,  domainname, "NAME",          "its NIS domain name"),
	TEXT("entrypoint",   0,  entrypoint, "PROGRAM",       "run PROGRAM in the stead of the image's entrypoint"),
	MANY("env",         'e', env,        "NAME[=VALUE]",  "an environment variable; without VALUE our own"),
	MANY("env-file",     0,  env_files,  "FILE",          "environment variables from FILE, a line each"),
	MANY("group-add",    0,  groups,     "GROUP",         "one more group for its program"),
	TEXT("hostname",    'h', hostname,   "NAME",          "its host name"),
	FLAG("interactive", 'i', interactive,                 "keep the standard input open"),
	TEXT("ipc",          0,  ipc,        "MODE",          "'private' or 'host'"),
	MANY("label",       'l', labels,     "NAME[=VALUE]",  "a label"),
	MANY("label-file",   0,  label_files, "FILE",         "labels from FILE, a line each"),
	TEXT("log-driver",   0,  log_driver, "DRIVER",        "what becomes of what it prints: 'json-file' (the default) or 'none'"),
	MANY("log-opt",      0,  log_opts,   "KEY=VALUE",     "max-size=SIZE (32m otherwise), max-file=NUMBER (2 otherwise)"),
	TEXT("memory",      'm', memory,     "SIZE",          "at most SIZE of memory, such as 512m"),
	TEXT("memory-reservation", 0, memory_reservation, "SIZE", "what it keeps when memory is short"),
	TEXT("memory-swap",  0,  memory_swap, "SIZE",         "memory and swap together; -1: unlimited"),
	TEXT("memory-swappiness", 0, memory_swappiness, "0-100", "how gladly its memory is swapped out"),
	MANY("mount",        0,  mounts,     "KEY=VALUE,...", "mount a folder (type=bind) or memory (type=tmpfs)"),
	TEXT("name",         0,  name,       "NAME",          "what it is called; two words otherwise"),
	TEXT("network",      0,  network,    "MODE",          "'none' (the default, as long as there are no bridges) or 'host'"),
	TEXT("net",          0,  network,    "MODE",          "the same"),
	FLAG("no-healthcheck", 0, no_healthcheck,             "the image's health check is not to be done"),
	FLAG("oom-kill-disable", 0, oom_kill_disable,         "none of its processes is killed when its memory is full; cgroup v1 only"),
	TEXT("oom-score-adj", 0, oom_score_adj, "NUMBER",     "how soon its processes are killed when memory is short"),
	TEXT("pid",          0,  pid,        "MODE",          "'private' or 'host'"),
	TEXT("pids-limit",   0,  pids_limit, "NUMBER",        "how many processes; 2048 otherwise, -1: unlimited"),
	TEXT("platform",     0,  platform,   "OS/ARCH",       "of which platform the image is to be"),
	FLAG("privileged",   0,  privileged,                  "all capabilities and devices; nothing is masked"),
	TEXT("pull",         0,  pull,       "WHEN",          "'missing' (the default), 'always' or 'never'"),
	FLAG("quiet",       'q', quiet,                       "no word of the image's pull"),
	FLAG("read-only",    0,  readonly,                    "its root can't be written to"),
	FLAG("rm",           0,  rm,                          "remove it when it has ended"),
	TEXT("restart",      0,  restart,    "POLICY",        "start it again: 'no', 'always', 'unless-stopped', 'on-failure[:TIMES]'"),
	TEXT("runtime",      0,  runtime,    "PROGRAM",       "another OCI runtime"),
	MANY("security-opt", 0,  security,   "OPTION",        "no-new-privileges, seccomp=unconfined, seccomp=FILE, systempaths=unconfined"),
	TEXT("shm-size",     0,  shm_size,   "SIZE",          "size of /dev/shm; 64m otherwise"),
	TEXT("stop-signal",  0,  stop_signal, "SIGNAL",       "what asks it to end; TERM otherwise"),
	TEXT("stop-timeout", 0,  stop_timeout, "SECONDS",     "how long it may take; 10 otherwise"),
	MANY("storage-opt",  0,  storage,    "size=SIZE",     "at most SIZE may be written to its root"),
	MANY("sysctl",       0,  sysctls,    "NAME=VALUE",    "a setting of the kernel's, for its namespaces"),
	MANY("tmpfs",        0,  tmpfs,      "TARGET[:OPTION,...]", "memory, mounted on TARGET"),
	FLAG("tty",         't', tty,                         "give it a terminal"),
	TEXT("tz",           0,  tz,         "ZONE",          "its time zone, such as Europe/Berlin"),
	MANY("ulimit",       0,  ulimits,    "NAME=SOFT[:HARD]", "a limit of its processes"),
	TEXT("user",        'u', user,       "USER[:GROUP]",  "who its program runs as, by name or number"),
	TEXT("userns",       0,  userns,     "MODE",          "'host', as it is without"),
	TEXT("uts",          0,  uts,        "MODE",          "'host': the host's name"),
	MANY("volume",      'v', volumes,    "FOLDER:TARGET[:OPTION,...]", "mount a folder of the host"),
	TEXT("workdir",     'w', workdir,    "FOLDER",        "where its program begins"),
	/* of docker's, for what is not there yet */
	OPT_REFUSED_("attach",                 'a', "STREAM", LATER),
	OPT_REFUSED_("cpu-rt-period",          0, "MICROSECONDS", LATER),
	OPT_REFUSED_("cpu-rt-runtime",         0, "MICROSECONDS", LATER),
	OPT_REFUSED_("detach-keys",            0, "KEYS", LATER ": nothing is attached to"),
	OPT_REFUSED_("dns",                    0, "ADDRESS", LATER ": it comes with networks"),
	OPT_REFUSED_("dns-option",             0, "OPTION", LATER ": it comes with networks"),
	OPT_REFUSED_("dns-opt",                0, "OPTION", LATER ": it comes with networks"),
	OPT_REFUSED_("dns-search",             0, "DOMAIN", LATER ": it comes with networks"),
	OPT_REFUSED_("expose",                 0, "PORT", LATER ": it comes with networks"),
	OPT_REFUSED_("gpus",                   0, "GPUS", LATER),
	OPT_REFUSED_("health-cmd",             0, "COMMAND", LATER ": there are no health checks"),
	OPT_REFUSED_("health-interval",        0, "TIME", LATER ": there are no health checks"),
	OPT_REFUSED_("health-retries",         0, "NUMBER", LATER ": there are no health checks"),
	OPT_REFUSED_("health-start-interval",  0, "TIME", LATER ": there are no health checks"),
	OPT_REFUSED_("health-start-period",    0, "TIME", LATER ": there are no health checks"),
	OPT_REFUSED_("health-timeout",         0, "TIME", LATER ": there are no health checks"),
	OPT_REFUSED_("init",                   0, NULL, LATER),
	OPT_REFUSED_("ip",                     0, "ADDRESS", LATER ": it comes with networks"),
	OPT_REFUSED_("ip6",                    0, "ADDRESS", LATER ": it comes with networks"),
	OPT_REFUSED_("isolation",              0, "TECHNOLOGY", "is of Windows"),
	OPT_REFUSED_("kernel-memory",          0, "SIZE", "is not there: kernels from 5.4 on have no such limit"),
	OPT_REFUSED_("link",                   0, "CONTAINER", "is not there: networks have names"),
	OPT_REFUSED_("link-local-ip",          0, "ADDRESS", LATER ": it comes with networks"),
	OPT_REFUSED_("mac-address",            0, "ADDRESS", LATER ": it comes with networks"),
	OPT_REFUSED_("network-alias",          0, "NAME", LATER ": it comes with networks"),
	OPT_REFUSED_("net-alias",              0, "NAME", LATER ": it comes with networks"),
	OPT_REFUSED_("publish",                'p', "PORTS", LATER ": it comes with networks"),
	OPT_REFUSED_("publish-all",            'P', NULL, LATER ": it comes with networks"),
	OPT_REFUSED_("sig-proxy",              0, NULL, LATER ": signals are passed on"),
	OPT_REFUSED_("use-api-socket",         0, NULL, LATER),
	OPT_REFUSED_("volume-driver",          0, "DRIVER", LATER ": there are no volumes"),
	OPT_REFUSED_("volumes-from",           0, "CONTAINER", LATER),
};
// clang-format on

static int check(const struct run_options *o, struct err *e)
{
	if (registry_trust("run", o->untrusted, e) < 0)
		return -1;
	if (!o->rm && !o->detach) {
		fail(e, ERR_UNSUPPORTED,
		     "run: a container in the foreground that stays when it has ended can't be "
		     "kept yet");
		return fail_hint(e, "with --rm it is removed then, with --detach it is kept");
	}
	if (o->detach && o->rm && o->restart && strcmp(o->restart, "no") != 0)
		return fail(e, ERR_INPUT,
			    "--rm and --restart: what is started again can't be removed when it "
			    "ends");
	if (!o->detach && o->tty && o->interactive && !isatty(STDIN_FILENO))
		return fail(e, ERR_INPUT, "-t: the standard input is no terminal");
	return 0;
}

/* struct order - what the command line orders */
struct order {
	struct wish wish;
	struct run_request q;
};

static int read_order(const struct cli *cli, const struct run_options *o, char **args,
		      size_t n_args, struct store *s, struct arena *a, struct order *ret,
		      struct err *e)
{
	struct image_found image;

	if (run_wish(o, args + 1, n_args - 1, a, &ret->wish, e) < 0 ||
	    session_open(s, cli, e) < 0 || run_image(cli, o, args[0], s, &image, e) < 0)
		return -1;
	ret->wish.config.image = args[0];
	ret->q = (struct run_request){
		.image = image.digest, .wish = &ret->wish, .image_name = args[0], .name = o->name
	};
	return 0;
}

/* What can't be started is told, and is kept, as docker keeps it; unless it is to be removed. */
static int detach(const struct cli *cli, struct store *s, const struct run_request *q,
		  int *ret_status, struct err *e)
{
	struct container c = CONTAINER_NONE;
	struct shim_report report = { 0 };
	struct err other = { 0 };
	int r = kept_create(s, q, &c, e);

	if (r == 0) {
		r = kept_start(&c, &report, e);
		if (r < 0 && q->wish->host.auto_remove)
			(void)container_remove(&c, &other);
	}
	container_close(&c);
	if (r < 0)
		return -1;
	if (report.status == 0) {
		printf("%s\n", c.id);
		return 0;
	}
	*e = report.e;
	(void)fail_in(e, "run the container '%s'", c.name);
	cli_complain(cli, e);
	*ret_status = report.status;
	return 0;
}

static int run_run(const struct cli *cli, void *options, char **args, size_t n_args,
		   int *ret_status, struct err *e)
{
	const struct run_options *o = options;
	own_arena struct arena a = { 0 };
	own_store s = STORE_NONE;
	struct order order;

	if (check(o, e) < 0 || read_order(cli, o, args, n_args, &s, &a, &order, e) < 0)
		return -1;
	return o->detach ? detach(cli, &s, &order.q, ret_status, e)
			 : run_foreground(&s, &order.q, ret_status, e);
}

static int run_create(const struct cli *cli, void *options, char **args, size_t n_args,
		      int *ret_status __attribute__((unused)), struct err *e)
{
	const struct run_options *o = options;
	own_arena struct arena a = { 0 };
	own_store s = STORE_NONE;
	struct container c = CONTAINER_NONE;
	struct order order;

	if (o->detach)
		return fail(e, ERR_INPUT, "create: --detach says how to run it: `tare run` does");
	if (read_order(cli, o, args, n_args, &s, &a, &order, e) < 0 ||
	    kept_create(&s, &order.q, &c, e) < 0) {
		container_close(&c);
		return -1;
	}
	container_close(&c);
	printf("%s\n", c.id);
	return 0;
}

const struct command container_run_command = {
	.name = "run",
	.args = "IMAGE [PROGRAM [ARG...]]",
	.summary = "run a program in a new container of an image",
	.about = "In the foreground, with --rm, the container is there as long as the command: its "
		 "standard streams are ours, and nothing of it is left when it has ended. With "
		 "--detach it is kept: its shim has its streams, its log and its exit status.\n\n"
		 "The exit status is the program's; 125: the container could not be made; 126, "
		 "127: the program can't be run, or isn't there; 128 + N: signal N ended it.",
	.section = "CONTAINERS",
	.opts = opts,
	.n = COUNT(opts),
	.size = sizeof(struct run_options),
	.min = 1,
	.max = SIZE_MAX,
	.stop_early = true,
	.failure = 125,
	.run = run_run,
};

#define CREATE(symbol) \
	const struct command symbol = { \
		.name = "create", \
		.args = "IMAGE [PROGRAM [ARG...]]", \
		.summary = "make a container of an image, for `tare start`", \
		.section = "CONTAINERS", \
		.opts = opts, \
		.n = COUNT(opts), \
		.size = sizeof(struct run_options), \
		.min = 1, \
		.max = SIZE_MAX, \
		.stop_early = true, \
		.failure = 1, \
		.run = run_create, \
	}

CREATE(create_command);
CREATE(container_create_command);
