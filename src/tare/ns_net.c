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
#include "ns/hold.h"
#include "ns/net.h"
#include "tare/ns.h"

/* ip's: a word that cannot be, or no way into a namespace; what the kernel's netlink refuses; the rest */
#define FAILURE_WORD   255
#define FAILURE_KERNEL 2
#define FAILURE        1

struct all {
	bool all;
};
struct net_ls {
	struct render render;
};

// clang-format off
static const struct opt exec_opts[] = {
	OPT_FLAG_("all", 'a', struct all, all, "in all of them, one after the other"),
};
static const struct opt delete_opts[] = {
	OPT_FLAG_("all", 'a', struct all, all, "forget all of them"),
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

/* What has failed is said, and the status is ip's: @status, but for a name that cannot be. */
static int answer(const struct cli *cli, int r, int status, int *ret_status, struct err *e)
{
	if (r == 0)
		return 0;
	cli_complain(cli, e);
	*ret_status = e->cls == ERR_INPUT ? FAILURE_WORD : status;
	return 0;
}

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
	return answer(cli, ns_hold_new(&ns_store_net, args[0], CLONE_NEWNET, e), FAILURE,
		      ret_status, e);
}

RUN(run_attach)
{
	pid_t pid;

	if (ns_parse_pid(args[1], &pid, e) < 0)
		return -1;
	return answer(cli, ns_hold_process(&ns_store_net, args[0], pid, CLONE_NEWNET, e), FAILURE,
		      ret_status, e);
}

RUN(run_del)
{
	const struct all *o = options;
	own_arena struct arena a = { 0 };
	struct ns_held_list l;

	if (o->all == (n_args > 0))
		return fail(e, ERR_INPUT, "delete: a name is needed, or --all");
	if (!o->all)
		return answer(cli, ns_release(&ns_store_net, args[0], e), FAILURE, ret_status, e);
	if (ns_held_list(&ns_store_net, &a, &l, e) < 0)
		return -1;
	for (size_t i = 0; i < l.names.n; i++)
		if (ns_release(&ns_store_net, l.names.at[i].name, e) < 0)
			return -1;
	return 0;
}

static int parse_nsid(const char *text, uint64_t *ret_id, struct err *e)
{
	return text_u64(text, INT32_MAX, ret_id) < 0
		       ? fail(e, ERR_INPUT, "'%s' is no id: a whole number, 0 at least", text)
		       : 0;
}

static int set_id(const char *name, const char *word, struct err *e)
{
	uint64_t id;

	if (strcmp(word, "auto") == 0)
		return ns_net_set(name, NS_NET_ID_AUTO, e);
	if (parse_nsid(word, &id, e) < 0) {
		fail_in(e, "set '%s'", name);
		return fail_hint(e, "or 'auto': any that is free");
	}
	return ns_net_set(name, (int32_t)id, e);
}

RUN(run_set)
{
	int r = set_id(args[0], args[1], e);

	return answer(cli, r, r < 0 && e->sysno ? FAILURE_KERNEL : FAILURE, ret_status, e);
}

/* struct id_words - the words of list-id */
struct id_words {
	struct opt_u64 target, id;
};

static int parse_id_words(char **args, size_t n_args, struct id_words *ret, struct err *e)
{
	for (size_t i = 0; i < n_args; i += 2) {
		struct opt_u64 *to = strcmp(args[i], "target-nsid") == 0 ? &ret->target
				     : strcmp(args[i], "nsid") == 0      ? &ret->id
									 : NULL;

		if (!to)
			return fail(e, ERR_INPUT,
				    "list-id: '%s' is neither 'target-nsid' nor 'nsid'", args[i]);
		if (i + 1 == n_args)
			return fail(e, ERR_INPUT, "list-id: after '%s' an id is needed", args[i]);
		if (parse_nsid(args[i + 1], &to->v, e) < 0)
			return fail_in(e, "list-id");
		to->set = true;
	}
	return 0;
}

static void add_id(struct str *out, const char *label, int64_t id)
{
	if (id < 0)
		str_addf(out, "%s unassigned ", label);
	else
		str_addf(out, "%s %" PRId64 " ", label, id);
}

/* As ip prints it, with the blank at the end. */
static int list_ids(const struct id_words *w, struct err *e)
{
	own_arena struct arena a = { 0 };
	own_str struct str out = { 0 };
	struct ns_net_ids found;
	struct ns_net_list names;

	if (ns_net_ids(w->target, w->id, &a, &found, e) < 0 || ns_net_list(&a, &names, e) < 0)
		return -1;
	for (size_t i = 0; i < found.ids.n; i++) {
		const struct ns_net_id *one = &found.ids.at[i];
		int64_t ours = one->current.set ? one->current.v : one->id;

		add_id(&out, "nsid", one->id);
		if (one->current.set)
			add_id(&out, "current-nsid", one->current.v);
		for (size_t j = 0; j < names.names.n; j++) {
			const struct ns_net *n = &names.names.at[j];

			if (!n->id.set || n->id.v != ours)
				continue;
			str_add(&out, "(iproute2 netns name: ");
			add_name(&out, n->name);
			str_add(&out, ")");
			break;
		}
		str_add(&out, "\n");
	}
	return print(&out, e);
}

RUN(run_list_id)
{
	struct id_words w = { 0 };
	int r = parse_id_words(args, n_args, &w, e);

	if (r == 0)
		r = list_ids(&w, e);
	return answer(cli, r, r < 0 && e->sysno ? FAILURE_KERNEL : FAILURE, ret_status, e);
}

RUN(run_help)
{
	own_str struct str out = { 0 };

	command_help(&ns_net_command, "tare ns net", &out);
	return print(&out, e);
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
		return answer(cli, -1, FAILURE, ret_status, e);
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
	if (o->all)
		return exec_all(args, ret_status, e);
	(void)ns_net_exec(args[0], args + 1, e);
	/* ip says only of its program that it failed with 1 */
	return answer(cli, -1,
		      e->cls == ERR_ABSENT || e->cls == ERR_DENIED ? FAILURE : FAILURE_WORD,
		      ret_status, e);
}

// clang-format off
#define ROW(c, n, a, s, lo, hi, r, ...) \
	static const struct command c = { .name = n, .args = a, .summary = s, .min = lo, .max = hi, .run = r, __VA_ARGS__ }
#define OPTS(o, S) .opts = o, .n = COUNT(o), .size = sizeof(S)

ROW(add, "add", "NAME", "make one, under a name", 1, 1, run_add, .failure = FAILURE);
ROW(attach, "attach", "NAME PID", "give that of a process a name", 2, 2, run_attach, .failure = FAILURE);
ROW(del, "delete", "NAME", "forget a name", 0, 1, run_del, .failure = FAILURE, .words = WORDS_NETNS,
    .aliases = (const char *const[]){ "del", NULL }, OPTS(delete_opts, struct all));
ROW(execute, "exec", "[NAME] PROGRAM [ARG...]", "run a program in one", 0, SIZE_MAX, run_exec,
    .failure = FAILURE, .stop_early = true, .words = WORDS_NETNS, OPTS(exec_opts, struct all));
ROW(identify, "identify", "[PID]", "print the names of a process's network namespace, or of ours", 0, 1,
    run_identify, .failure = FAILURE, .words = WORDS_PID);
ROW(ls, "list", "", "list the names, with the ids that they have here", 0, 0, run_ls, .failure = FAILURE,
    .aliases = (const char *const[]){ "ls", "lst", "show", NULL }, OPTS(ls_opts, struct net_ls));
ROW(list_id, "list-id", "[target-nsid ID] [nsid ID]", "list the ids that a network namespace has given", 0, 4,
    run_list_id, .failure = FAILURE_WORD);
ROW(help, "help", "", "show these commands", 0, 0, run_help, .failure = FAILURE);
ROW(monitor, "monitor", "", "print names as they come and go", 0, 0, run_monitor, .failure = FAILURE);
ROW(pids, "pids", "NAME", "print the processes in one", 1, 1, run_pids, .failure = FAILURE,
    .words = WORDS_NETNS);
ROW(set, "set", "NAME ID|auto", "give one an id, by which ours speaks of it", 2, 2, run_set,
    .failure = FAILURE, .stop_early = true, .words = WORDS_NETNS);
// clang-format on

/* In ip's order, by which a beginning is understood. */
static const struct command *const commands[] = {
	&ls, &list_id, &help, &add, &set, &del, &identify, &pids, &execute, &monitor, &attach, NULL,
};

const struct command ns_net_command = {
	.name = "net",
	.args = "COMMAND [ARG...]",
	.summary = "network namespaces under names, as `ip netns` has them",
	.about = "The names are the same: what one makes the other sees. Commands may be called "
		 "by any beginning, and without one the names are listed, as by ip.",
	.aliases = (const char *const[]){ "netns", NULL },
	.commands = commands,
	.opts = ls_opts,
	.n = COUNT(ls_opts),
	.size = sizeof(struct net_ls),
	.beginnings = true,
	.failure = FAILURE_WORD,
	.run = run_ls,
};
