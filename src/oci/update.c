/* update.c - update: limits from flags, or from a file in config.json's form */
#include <fcntl.h>
#include <string.h>

#include "base/arena.h"
#include "base/own.h"
#include "base/units.h"
#include "oci/cli.h"
#include "os/file.h"
#include "runtime/rdt.h"
#include "runtime/update.h"
#include "runtime/notes.h"
#include "spec/oci.h"

#define FILE_MAX ((size_t)4 << 20)

/* struct parts - what the flags fill; linked into one struct oci_resources at the end */
struct parts {
	struct oci_memory memory;
	struct oci_cpu cpu;
	struct oci_block_io io;
	struct oci_pids pids;
};

enum value_kind { VALUE_U64, VALUE_I64, VALUE_SIZE, VALUE_TEXT };

// clang-format off
#define VALUES(X)                                                                                    \
	/* id          option                kind  member of parts       help */                          \
	X(IO_WEIGHT,   "blkio-weight",       U64,  io.weight,            "block I/O weight, 10 to 1000")            \
	X(PERIOD,      "cpu-period",         U64,  cpu.period,           "microseconds of one period")              \
	X(QUOTA,       "cpu-quota",          I64,  cpu.quota,            "microseconds of CPU time in each period") \
	X(BURST,       "cpu-burst",          U64,  cpu.burst,            "microseconds that may be saved up")       \
	X(SHARE,       "cpu-share",          U64,  cpu.shares,           "weight relative to other containers")     \
	X(IDLE,        "cpu-idle",           I64,  cpu.idle,             "1: run only when nobody else wants to")   \
	X(RT_PERIOD,   "cpu-rt-period",      U64,  cpu.realtime_period,  "microseconds of one real-time period")    \
	X(RT_RUNTIME,  "cpu-rt-runtime",     I64,  cpu.realtime_runtime, "real-time microseconds in each period")   \
	X(CPUS,        "cpuset-cpus",        TEXT, cpu.cpus,             "CPUs to use, such as 0-3,7")              \
	X(MEMS,        "cpuset-mems",        TEXT, cpu.mems,             "memory nodes to use")                     \
	X(MEMORY,      "memory",             SIZE, memory.limit,         "bytes, or 512m, 1g; -1: no limit")        \
	X(RESERVATION, "memory-reservation", SIZE, memory.reservation,   "the soft limit")                          \
	X(SWAP,        "memory-swap",        SIZE, memory.swap,          "memory and swap together; -1: no limit")  \
	X(PIDS,        "pids-limit",         I64,  pids.limit,           "processes and threads; -1: no limit")

enum value_id {
#define X(id, name, kind, at, help) ID_##id,
	VALUES(X)
#undef X
	VALUE_COUNT
};

static const struct value { const char *name; enum value_kind kind; size_t at; } values[] = {
#define X(id, name, kind, at, help) [ID_##id] = { name, VALUE_##kind, offsetof(struct parts, at) },
	VALUES(X)
#undef X
};

struct update {
	const char *file, *value[VALUE_COUNT];
	struct rdt_change rdt;
};

#define GONE "accepted for old callers; the kernel has no such limit any more"

static const struct opt update_opts[] = {
	OPT_STRING_("resources", 'r', struct update, file, "FILE", "linux.resources as JSON, '-' for standard input; flags are ignored then"),
#define X(id, name, kind, at, help) OPT_STRING_(name, 0, struct update, value[ID_##id], "VALUE", help),
	VALUES(X)
#undef X
	{ "kernel-memory",     0, OPT_IGNORED, 0, "VALUE", GONE },
	{ "kernel-memory-tcp", 0, OPT_IGNORED, 0, "VALUE", GONE },
	OPT_STRING_("l3-cache-schema", 0, struct update, rdt.l3_cache, "SCHEMA", "share of the L3 cache, such as L3:0=ff;1=c0"),
	OPT_STRING_("mem-bw-schema",   0, struct update, rdt.mem_bw,   "SCHEMA", "share of the memory bandwidth, such as MB:0=20;1=70"),
};
// clang-format on

static int put_size(const char *text, struct opt_i64 *ret, struct err *e)
{
	ret->set = true;
	ret->v = -1;
	return strcmp(text, "-1") == 0 ? 0 : size_parse(text, &ret->v, e);
}

static int put(const struct value *v, const char *text, char *parts, struct err *e)
{
	struct opt_u64 *u = (void *)(parts + v->at);
	struct opt_i64 *i = (void *)(parts + v->at);

	switch (v->kind) {
	case VALUE_U64:
		u->set = true;
		if (text_u64(text, UINT64_MAX, &u->v) == 0)
			return 0;
		break;
	case VALUE_I64:
		i->set = true;
		if (text_i64(text, &i->v) < 0)
			break;
		return i->v >= -1 ? 0
				  : fail(e, ERR_INPUT, "invalid value for %s: %s is less than -1",
					 v->name, text);
	case VALUE_SIZE:
		return put_size(text, i, e) < 0 ? fail_in(e, "invalid value for %s", v->name) : 0;
	case VALUE_TEXT:
		*(char **)(parts + v->at) = (char *)text;
		return 0;
	}
	return fail(e, ERR_INPUT, "invalid value for %s: '%s' is not a whole number", v->name,
		    text);
}

static int update_by_flags(int root, const char *id, const struct update *u, struct err *e)
{
	struct parts p = { 0 };
	struct oci_resources r = {
		.memory = &p.memory, .cpu = &p.cpu, .block_io = &p.io, .pids = &p.pids
	};
	bool any = (u->rdt.l3_cache && *u->rdt.l3_cache) || (u->rdt.mem_bw && *u->rdt.mem_bw);
	bool limits = false;

	for (size_t i = 0; i < VALUE_COUNT; i++) {
		/* an empty value is no value, for callers that always pass all flags */
		if (!u->value[i] || !*u->value[i])
			continue;
		limits = true;
		if (put(&values[i], u->value[i], (char *)&p, e) < 0)
			return -1;
	}
	if (!any && !limits) {
		fail(e, ERR_INPUT, "update: nothing to update");
		return fail_hint(e, "give at least one limit, or --resources FILE");
	}
	return container_update(root, id, limits ? &r : &(struct oci_resources){ 0 }, &u->rdt,
				"update: ", e);
}

static int update_by_file(int root, const char *id, const struct update *u, struct err *e)
{
	const char *file = u->file;
	bool is_stdin = strcmp(file, "-") == 0;
	const char *name = is_stdin ? "standard input" : file;
	own_arena struct arena mem = { 0 };
	own_mem char *text = NULL;
	const struct bind_note note = note_by_warning(name);
	struct oci_resources r = { 0 };
	const char *doc = arena_printf(&mem, "%s: ", name);
	int n;

	n = is_stdin ? file_read_fd(STDIN_FILENO, name, FILE_MAX, &text, e)
		     : file_read(AT_FDCWD, file, FILE_MAX, &text, e);
	if (n < 0)
		return fail_in(e, "read the resources");
	if (bind_parse(&oci_resources_table, text, (size_t)n, name, &note, &mem, &r, e) < 0)
		return -1;
	return container_update(root, id, &r, &u->rdt, doc, e);
}

static int run_update(const struct cli *cli, void *options, char **args,
		      size_t n_args __attribute__((unused)),
		      int *ret_status __attribute__((unused)), struct err *e)
{
	const struct update *u = options;
	own_fd int root = cli_open_root(cli, e);

	if (root < 0)
		return -1;
	return u->file ? update_by_file(root, args[0], u, e) : update_by_flags(root, args[0], u, e);
}

const struct command update_command = {
	.name = "update",
	.args = "CONTAINER",
	.summary = "change the limits of a container",
	.opts = update_opts,
	.n = COUNT(update_opts),
	.size = sizeof(struct update),
	.min = 1,
	.max = 1,
	.run = run_update,
};
