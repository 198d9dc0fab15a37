/* ns_net.c - tare ns net: network namespaces under names, with the words and output of `ip netns` */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/own.h"
#include "base/render.h"
#include "base/render_text.h"
#include "host/child.h"
#include "host/ns_hold.h"
#include "host/ns_net.h"
#include "tare/ns.h"

#define FAILURE 1 /* ip's */

struct all {
	bool all;
};
struct net_ls {
	struct render render;
};

// clang-format off
static const struct opt all_opts[] = {
	OPT_FLAG_("all", 'a', struct all, all, "in all of them, one after the other"),
};
static const struct opt ls_opts[] = {
	RENDER_OPTS_QUIET(struct net_ls, render),
};
static const struct render_column columns[] = {
	{ .header = "NAME",  .path = "name" },
	{ .header = "ID",    .path = "id",   .align = RENDER_RIGHT },
	{ .header = "INODE", .path = "inode" },
};
// clang-format on

static const struct render_list list = {
	.table = &ns_net_table,
	.columns = columns,
	.n = COUNT(columns),
	.quiet = "name",
};

#define RUN(name) \
	static int name(const struct cli *cli __attribute__((unused)), \
			void *options __attribute__((unused)), \
			char **args __attribute__((unused)), \
			size_t n_args __attribute__((unused)), \
			int *ret_status __attribute__((unused)), struct err *e)

static void add_name(struct str *out, const char *name)
{
	render_visible(out, name, strlen(name), !render_is_utf8());
}

static int print(struct str *out, struct err *e)
{
	if (out->torn)
		return fail_errno(e, ENOMEM, "print the list");
	fputs(out->at ? out->at : "", stdout);
	return 0;
}

/* As ip prints it, unless a format is asked for. */
RUN(run_ls)
{
	const struct render *r = &((const struct net_ls *)options)->render;
	own_arena struct arena a = { 0 };
	own_str struct str out = { 0 };
	struct ns_net_list l;

	if (ns_net_list(&a, &l, e) < 0)
		return -1;
	if (r->format || r->json || r->quiet)
		return render_print(r, &list, (struct list_any){ l.names.at, l.names.n }, e);
	for (size_t i = 0; i < l.names.n; i++) {
		add_name(&out, l.names.at[i].name);
		if (l.names.at[i].id.set)
			str_addf(&out, " (id: %" PRId64 ")", l.names.at[i].id.v);
		str_add(&out, "\n");
	}
	return print(&out, e);
}

RUN(run_add)
{
	return ns_hold_new(&ns_store_net, args[0], CLONE_NEWNET, e);
}

RUN(run_attach)
{
	pid_t pid;

	if (ns_parse_pid(args[1], &pid, e) < 0)
		return -1;
	return ns_hold_process(&ns_store_net, args[0], pid, CLONE_NEWNET, e);
}

RUN(run_del)
{
	const struct all *o = options;
	own_arena struct arena a = { 0 };
	struct ns_held_list l;

	if (o->all == (n_args > 0))
		return fail(e, ERR_INPUT, "delete: a name is needed, or --all");
	if (!o->all)
		return ns_release(&ns_store_net, args[0], e);
	if (ns_held_list(&ns_store_net, &a, &l, e) < 0)
		return -1;
	for (size_t i = 0; i < l.names.n; i++)
		if (ns_release(&ns_store_net, l.names.at[i].name, e) < 0)
			return -1;
	return 0;
}

RUN(run_set)
{
	uint64_t id;

	if (strcmp(args[1], "auto") == 0)
		return ns_net_set(args[0], NS_NET_ID_AUTO, e);
	if (text_u64(args[1], INT32_MAX, &id) < 0)
		return fail(e, ERR_INPUT, "set '%s': '%s' is neither an id nor 'auto'", args[0],
			    args[1]);
	return ns_net_set(args[0], (int32_t)id, e);
}

RUN(run_identify)
{
	own_arena struct arena a = { 0 };
	own_str struct str out = { 0 };
	pid_t pid = getpid();
	char **names;

	if ((n_args && strcmp(args[0], "self") != 0 && ns_parse_pid(args[0], &pid, e) < 0) ||
	    ns_net_identify(pid, &a, &names, e) < 0)
		return -1;
	/* ip says one of several, and an empty line for none */
	if (!*names)
		str_add(&out, "\n");
	for (; *names; names++) {
		add_name(&out, *names);
		str_add(&out, "\n");
	}
	return print(&out, e);
}

RUN(run_pids)
{
	own_arena struct arena a = { 0 };
	own_str struct str out = { 0 };
	struct numbers pids;

	if (ns_net_pids(args[0], &a, &pids, e) < 0)
		return -1;
	for (size_t i = 0; i < pids.n; i++)
		str_addf(&out, "%" PRId64 "\n", pids.at[i]);
	return print(&out, e);
}

static int tell(void *ctx __attribute__((unused)), bool added, const char *name, struct err *e)
{
	own_str struct str out = { 0 };

	str_add(&out, added ? "add " : "delete ");
	add_name(&out, name);
	str_add(&out, "\n");
	if (print(&out, e) < 0)
		return -1;
	return fflush(stdout) != 0 ? fail_sys(e, "write the output") : 0;
}

RUN(run_monitor)
{
	const struct ns_net_watch w = { .each = tell };

	return ns_net_monitor(&w, e);
}

/* One after the other, each in a child; all are tried, the last failure counts. */
static int exec_all(char **argv, int *ret_status, struct err *e)
{
	own_arena struct arena a = { 0 };
	struct ns_held_list l;
	int r = 0;

	if (ns_held_list(&ns_store_net, &a, &l, e) < 0)
		return -1;
	for (size_t i = 0; i < l.names.n; i++) {
		const char *name = l.names.at[i].name;
		own_str struct str head = { 0 };
		struct child c;
		int why, side, status;

		str_add(&head, "\nnetns: ");
		add_name(&head, name);
		str_add(&head, "\n");
		if (print(&head, e) < 0)
			return -1;
		(void)fflush(stdout);
		side = child_fork(&c, &why, e);
		if (side == 0) {
			(void)ns_net_exec(name, argv, e);
			child_failed(why, e);
		}
		if (side < 0)
			return child_not_tried(e);
		if (child_wait(&c, &status, e) < 0)
			r = -1;
		else if (status)
			*ret_status = status;
	}
	return r;
}

RUN(run_exec)
{
	const struct all *o = options;

	if (n_args < (o->all ? 1 : 2))
		return fail(e, ERR_INPUT, "exec: a name, or --all, and a program are needed");
	return o->all ? exec_all(args, ret_status, e) : ns_net_exec(args[0], args + 1, e);
}

// clang-format off
#define ROW(c, n, a, s, lo, hi, r, ...) \
	static const struct command c = { .name = n, .args = a, .summary = s, .min = lo, .max = hi, .run = r, __VA_ARGS__ }
#define OPTS(o, S) .opts = o, .n = COUNT(o), .size = sizeof(S)

ROW(add, "add", "NAME", "make one, under a name", 1, 1, run_add, .failure = FAILURE);
ROW(attach, "attach", "NAME PID", "give that of a process a name", 2, 2, run_attach, .failure = FAILURE);
ROW(del, "delete", "NAME", "forget a name", 0, 1, run_del, .failure = FAILURE, .words = WORDS_NETNS,
    .aliases = (const char *const[]){ "del", NULL }, OPTS(all_opts, struct all));
ROW(execute, "exec", "[NAME] PROGRAM [ARG...]", "run a program in one", 1, SIZE_MAX, run_exec,
    .stop_early = true, .words = WORDS_NETNS, OPTS(all_opts, struct all));
ROW(identify, "identify", "[PID]", "print the names of a process's network namespace, or of ours", 0, 1,
    run_identify, .failure = FAILURE, .words = WORDS_PID);
ROW(ls, "list", "", "list the names, with the ids that they have here", 0, 0, run_ls, .failure = FAILURE,
    .aliases = (const char *const[]){ "ls", "show", NULL }, OPTS(ls_opts, struct net_ls));
ROW(monitor, "monitor", "", "print names as they come and go", 0, 0, run_monitor, .failure = FAILURE);
ROW(pids, "pids", "NAME", "print the processes in one", 1, 1, run_pids, .failure = FAILURE,
    .words = WORDS_NETNS);
ROW(set, "set", "NAME ID|auto", "give one an id, by which ours speaks of it", 2, 2, run_set,
    .failure = FAILURE, .words = WORDS_NETNS);
// clang-format on

static const struct command *const commands[] = {
	&add, &attach, &del, &execute, &identify, &ls, &monitor, &pids, &set, NULL,
};

const struct command ns_net_command = {
	.name = "net",
	.args = "COMMAND [ARG...]",
	.summary = "network namespaces under names, as `ip netns` has them",
	.about = "The names are the same: what one makes the other sees.",
	.aliases = (const char *const[]){ "netns", NULL },
	.commands = commands,
};
