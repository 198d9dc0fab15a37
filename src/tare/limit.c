/* limit.c - tare limit: what a running container of any engine may use, and the way back */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/own.h"
#include "base/units.h"
#include "any/limit.h"
#include "tare/any.h"
#include "tare/cli.h"

#define PAGE 4096

struct limit {
	const char *memory, *swap, *cpus, *pids, *cpuset, *net_rate;
	struct opt_list io;
	bool undo, json;
};

// clang-format off
static const struct opt limit_opts[] = {
	OPT_STRING_("memory",      'm', struct limit, memory, "BYTES", "memory, as in 512m; 'max': no limit"),
	OPT_STRING_("memory-swap",  0,  struct limit, swap,   "BYTES", "memory and swap together; 'max': no limit of swap"),
	OPT_STRING_("cpus",        'c', struct limit, cpus,   "NUMBER", "processors' time, as in 1.5; 'max': no limit"),
	OPT_STRING_("cpuset-cpus",  0,  struct limit, cpuset, "LIST", "the processors to run on, as in 0-2,7"),
	OPT_STRING_("pids",         0,  struct limit, pids,   "NUMBER", "processes and threads; 'max': no limit"),
	OPT_STRINGS_("io",          0,  struct limit, io,     "DEVICE,read=RATE,…", "a disk's bytes (read, write) and operations (riops, wiops) a second; 'max': no limit"),
	OPT_STRING_("net-rate",     0,  struct limit, net_rate, "RATE|in=RATE,out=RATE", "what each network interface receives and sends a second, as in 10mbit or 2mbps (bytes); 'max': no limit"),
	OPT_FLAG_("undo",           0,  struct limit, undo,   "take back what the last limit of the container changed"),
	OPT_FLAG_("json",           0,  struct limit, json,   "print the old and new values as JSON"),
};
// clang-format on

static int parse_limit(const char *what, const char *text, bool bytes, struct opt_i64 *ret,
		       struct err *e)
{
	uint64_t n;

	*ret = (struct opt_i64){ .set = text != NULL, .v = LIMIT_NONE };
	if (!text || strcmp(text, "max") == 0 || strcmp(text, "-1") == 0)
		return 0;
	if (bytes && size_parse(text, &ret->v, e) < 0)
		return fail_in(e, "limit: --%s", what);
	if (!bytes && text_u64(text, INT64_MAX - 1, &n) < 0) {
		fail(e, ERR_INPUT, "limit: --%s: '%s' is not a whole number", what, text);
		return fail_hint(e, "'max' is no limit");
	}
	if (!bytes)
		ret->v = (int64_t)n;
	/* to docker and to some files of v1 it is no limit, to the others nothing at all */
	if (ret->v == 0) {
		fail(e, ERR_INPUT, "limit: --%s: 0 leaves nothing", what);
		return fail_hint(e, "'max' is no limit");
	}
	return 0;
}

/* "1.5": thousandths */
static int parse_cpus(const char *text, struct opt_i64 *ret, struct err *e)
{
	uint64_t whole, part = 0;
	char digits[4] = "000", head[16];
	const char *dot = text ? strchr(text, '.') : NULL;
	size_t n = dot    ? (size_t)(dot - text)
		   : text ? strlen(text)
			  : 0,
	       more = dot ? strlen(dot + 1) : 0;

	*ret = (struct opt_i64){ .set = text != NULL, .v = LIMIT_NONE };
	if (!text || strcmp(text, "max") == 0 || strcmp(text, "-1") == 0)
		return 0;
	if (n < sizeof(head) && more <= 3) {
		snprintf(head, sizeof(head), "%.*s", (int)n, n ? text : "0");
		memcpy(digits, dot ? dot + 1 : "", more);
		if (text_u64(head, 100000, &whole) == 0 && text_u64(digits, 999, &part) == 0 &&
		    whole * 1000 + part >= 10) {
			ret->v = (int64_t)(whole * 1000 + part);
			return 0;
		}
	}
	fail(e, ERR_INPUT, "limit: --cpus: '%s' is not a number of processors", text);
	return fail_hint(e, "0.01 is the least, as in 0.5 or 2");
}

/* "8:0" */
static bool parse_device(const char *text, struct limit_io *io)
{
	const char *colon = strchr(text, ':');
	uint64_t major_number, minor_number;
	char head[16];

	if (!colon || (size_t)(colon - text) >= sizeof(head))
		return false;
	snprintf(head, sizeof(head), "%.*s", (int)(colon - text), text);
	if (text_u64(head, UINT32_MAX, &major_number) < 0 ||
	    text_u64(colon + 1, UINT32_MAX, &minor_number) < 0)
		return false;
	io->major = (uint32_t)major_number;
	io->minor = (uint32_t)minor_number;
	return true;
}

static int find_device(const char *name, struct limit_io *io, struct err *e)
{
	struct stat st;

	if (parse_device(name, io))
		return 0;
	if (stat(name, &st) < 0)
		return fail_sys(e, "limit: --io: find the device '%s'", name);
	if (!S_ISBLK(st.st_mode))
		return fail(e, ERR_INPUT, "limit: --io: '%s' is no block device", name);
	io->major = major(st.st_rdev);
	io->minor = minor(st.st_rdev);
	return 0;
}

static int parse_rate(const char *word, struct limit_io *io, struct err *e)
{
	static const struct {
		const char *name;
		bool bytes;
		size_t at;
	} rates[] = {
		{ "read", true, offsetof(struct limit_io, read_bps) },
		{ "write", true, offsetof(struct limit_io, write_bps) },
		{ "riops", false, offsetof(struct limit_io, read_iops) },
		{ "wiops", false, offsetof(struct limit_io, write_iops) },
	};
	const char *equals = strchr(word, '=');

	for (size_t i = 0; equals && i < COUNT(rates); i++)
		if (strncmp(rates[i].name, word, (size_t)(equals - word)) == 0 &&
		    !rates[i].name[equals - word])
			return parse_limit("io", equals + 1, rates[i].bytes,
					   (struct opt_i64 *)((char *)io + rates[i].at), e);
	fail(e, ERR_INPUT, "limit: --io: '%s' is not understood", word);
	return fail_hint(e, "as in --io /dev/sda,read=10m,write=5m,riops=100,wiops=max");
}

static int parse_io(const char *text, struct limit_io *io, struct err *e)
{
	own_mem char *copy = strdup(text);
	char *rest = copy, *word;

	*io = (struct limit_io){ 0 };
	if (!copy)
		return fail_errno(e, ENOMEM, "limit: --io");
	word = strsep(&rest, ",");
	if (find_device(word, io, e) < 0)
		return -1;
	if (!rest)
		return parse_rate("", io, e);
	while ((word = strsep(&rest, ",")))
		if (parse_rate(word, io, e) < 0)
			return -1;
	return 0;
}

static int parse_network(const char *text, struct opt_i64 *ret, struct err *e)
{
	uint64_t bytes;

	*ret = (struct opt_i64){ .set = true, .v = LIMIT_NONE };
	if (strcmp(text, "max") == 0 || strcmp(text, "none") == 0)
		return 0;
	if (rate_parse(text, &bytes, e) < 0)
		return fail_in(e, "limit: --net-rate");
	ret->v = (int64_t)bytes;
	return 0;
}

/* "10mbit" for both directions, or "in=10mbit,out=max" */
static int parse_net_rate(const char *text, struct limit_request *r, struct err *e)
{
	const struct {
		const char *name;
		struct opt_i64 *rate;
	} ways[] = { { "in=", &r->net_in }, { "out=", &r->net_out } };
	own_mem char *copy = text ? strdup(text) : NULL;
	char *rest = copy, *word;

	if (text && !copy)
		return fail_errno(e, ENOMEM, "limit: --net-rate");
	while ((word = strsep(&rest, ","))) {
		bool both = word == copy && !rest && !strchr(word, '=');
		bool any = false;

		for (size_t i = 0; i < COUNT(ways); i++) {
			if (!both && (!text_starts(word, ways[i].name) || ways[i].rate->set))
				continue;
			if (parse_network(both ? word : word + strlen(ways[i].name), ways[i].rate,
					  e) < 0)
				return -1;
			any = true;
		}
		if (!any) {
			fail(e, ERR_INPUT, "limit: --net-rate: '%s' is not understood", word);
			return fail_hint(
				e, "as in --net-rate 10mbit or --net-rate in=10mbit,out=2mbit");
		}
	}
	return 0;
}

static int parse_all(const struct limit *o, struct limit_request *r, struct limit_io *io,
		     struct err *e)
{
	if (parse_limit("memory", o->memory, true, &r->memory, e) < 0 ||
	    parse_limit("memory-swap", o->swap, true, &r->swap, e) < 0 ||
	    parse_limit("pids", o->pids, false, &r->pids, e) < 0 ||
	    parse_cpus(o->cpus, &r->cpus, e) < 0 || parse_net_rate(o->net_rate, r, e) < 0)
		return -1;
	if (r->memory.set && r->swap.set && r->swap.v != LIMIT_NONE &&
	    (r->memory.v == LIMIT_NONE || r->swap.v < r->memory.v)) {
		fail(e, ERR_INPUT, "limit: --memory-swap %s is less than --memory %s", o->swap,
		     o->memory);
		return fail_hint(e, "it is the limit of memory and swap together");
	}
	/* the kernel would make it none at all */
	if (r->memory.set && r->memory.v != LIMIT_NONE && r->memory.v < PAGE) {
		fail(e, ERR_INPUT, "limit: --memory: %s is less than a page", o->memory);
		return fail_hint(e, "4096 bytes; a program needs some hundreds of them");
	}
	r->cpuset = o->cpuset;
	for (size_t i = 0; i < o->io.n; i++)
		if (parse_io(o->io.at[i], &io[i], e) < 0)
			return -1;
	r->io.at = io;
	r->io.n = o->io.n;
	return 0;
}

/* struct change - one command: the same for every container that it names */
struct change {
	const struct limit *options;
	const struct limit_request *request;
};

/* struct told - a line of the report, and whose it is */
struct told {
	char *container;
	struct limit_line line;
};

// clang-format off
static const struct bind_row told_rows[] = {
	ROW_STRING("container", OPTIONAL, struct told, container),
	ROW_STRING("what",      OPTIONAL, struct told, line.what),
	ROW_STRING("file",      OPTIONAL, struct told, line.file),
	ROW_STRING("before",    OPTIONAL, struct told, line.before),
	ROW_STRING("after",     OPTIONAL, struct told, line.after),
	ROW_STRING("unit",      OPTIONAL, struct told, line.unit),
};
// clang-format on
static const struct bind_table told_table = BIND_TABLE(told_rows, struct told, false);

static int print_report(const struct any_host *host, const struct container_found *c,
			const struct limit_report *report, bool json, struct err *e)
{
	for (size_t i = 0; i < report->lines.n; i++) {
		const struct limit_line *l = &report->lines.at[i];
		const struct told told = { c->id, *l };
		own_mem char *text = json ? bind_print(&told_table, &told, false, e) : NULL;
		own_str struct str line = { 0 };

		if (json && !text)
			return -1;
		str_addf(&line, "%s: %s: %s -> %s (%s%s%s)", host->word, l->what, l->before,
			 l->after, l->file, l->unit ? ", and systemd was told of " : "",
			 l->unit ? l->unit : "");
		any_print(json ? text : line.at ? line.at : "?");
	}
	return 0;
}

static int change_one(struct any_host *host, const struct container_found *c, void *ctx,
		      struct err *e)
{
	const struct change *change = ctx;
	own_fd int ledger = ledger_open(e);
	own_ledger_entry struct ledger_entry entry = { 0 };
	own_limit_report struct limit_report report = { 0 };
	const struct limit_target t = { &host->all, c, &host->world, ledger, &entry };

	if (ledger < 0 || ledger_sweep(ledger, &host->world, e) < 0 ||
	    ledger_read(ledger, c, &entry, e) < 0)
		return -1;
	if ((change->options->undo ? limit_undo(&t, &report, e)
				   : limit_apply(&t, change->request, &report, e)) < 0)
		return fail_in(e, "limit container '%s'", any_name(c));
	return print_report(host, c, &report, change->options->json, e);
}

static int run_limit(const struct cli *cli __attribute__((unused)), void *options, char **args,
		     size_t n_args, int *ret_status __attribute__((unused)), struct err *e)
{
	const struct limit *o = options;
	struct limit_io io[COUNT(o->io.at)];
	struct limit_request request = { 0 };
	bool any =
		o->memory || o->swap || o->cpus || o->pids || o->cpuset || o->io.n || o->net_rate;

	if (any == o->undo) {
		fail(e, ERR_INPUT,
		     any ? "limit: --undo stands alone" : "limit: nothing is to change");
		return fail_hint(e, "give a limit, as in --memory 512m, or --undo");
	}
	if (o->cpuset && !*o->cpuset)
		return fail(e, ERR_INPUT, "limit: --cpuset-cpus: no processor is given");
	if (parse_all(o, &request, io, e) < 0)
		return -1;
	return any_each(args, n_args, change_one, &(struct change){ o, &request }, e);
}

const struct command limit_command = {
	.name = "limit",
	.args = "CONTAINER...",
	.summary = "change what running containers of any engine may use; print the old values",
	.about = "Limits hold at once. The engine that made the container does not know of them, "
		 "and may overwrite them when it updates it. systemd is told of those of its "
		 "units, until the machine starts again, and keeps whole percents of a "
		 "processor.\n\n"
		 "--net-rate limits each network interface but the loopback by a token bucket "
		 "(tc-tbf(8)): what the container sends on its own interface, what it receives on "
		 "the host's end of the veth pair. RATE is in bits a second with kbit, mbit or "
		 "gbit, in bytes with kbps, mbps or gbps, as for tc. It is refused for a container "
		 "that uses the host's or another's interfaces, and where somebody else has put a "
		 "queueing discipline.",
	.section = "ANY CONTAINER OF THE HOST",
	.opts = limit_opts,
	.n = COUNT(limit_opts),
	.size = sizeof(struct limit),
	.min = 1,
	.max = SIZE_MAX,
	.words = WORDS_CONTAINER,
	.run = run_limit,
};
