/* plan.c - plan: what create would do, for people (text) and programs (json) */
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "oci/cli.h"
#include "runtime/create.h"
#include "runtime/describe.h"

struct plan_options {
	const char *bundle, *config, *format;
	bool no_pivot;
};

static const struct opt plan_opts[] = {
	OPT_STRING_("bundle", 'b', struct plan_options, bundle, "DIR",
		    "the bundle; the working directory by default"),
	OPT_STRING_("config", 'f', struct plan_options, config, "FILE",
		    "the config; config.json in the bundle by default"),
	OPT_STRING_("format", 0, struct plan_options, format, "FORMAT", "'text' or 'json'"),
	OPT_FLAG_("no-pivot", 0, struct plan_options, no_pivot, "as for create"),
};

static const char *or_dash(const char *text)
{
	return text && *text ? text : "-";
}

static void print_stages(const struct description *d)
{
	puts("stages, in order (who, what)");
	for (size_t i = 0; i < d->stages.n; i++)
		printf("   %-8s %-16s %s\n", d->stages.at[i].side, d->stages.at[i].name,
		       d->stages.at[i].phrase);
	puts("namespaces");
	for (size_t i = 0; i < d->namespaces.n; i++)
		printf("   %-8s %-16s %s\n", d->namespaces.at[i].how, d->namespaces.at[i].type,
		       d->namespaces.at[i].path ? d->namespaces.at[i].path : "");
}

static void print_cgroups(const struct description *d)
{
	puts("cgroups");
	for (size_t i = 0; i < d->cgroups.n; i++)
		printf("   %-8s %-16s %s\n", d->cgroups.at[i].how, d->cgroups.at[i].hierarchy,
		       d->cgroups.at[i].path);
	puts("limits");
	for (size_t i = 0; i < d->limits.n; i++)
		printf("   %s = %s\n", d->limits.at[i].file, d->limits.at[i].value);
}

static void print_mounts(const struct description *d)
{
	puts("mounts, in order (kind, type, source, target, options, data)");
	for (size_t i = 0; i < d->mounts.n; i++) {
		const struct description_mount *m = &d->mounts.at[i];

		printf("   %-8s %-8s %-16s %-24s %s %s\n", m->kind, or_dash(m->type),
		       or_dash(m->source), m->target, or_dash(m->options), or_dash(m->data));
	}
}

static void print_devices(const struct description *d)
{
	puts("devices");
	for (size_t i = 0; i < d->devices.n; i++) {
		const struct description_device *v = &d->devices.at[i];

		printf("   %s %3lld:%-4lld %s %u:%u %s\n", v->type, (long long)v->major,
		       (long long)v->minor, v->mode, v->uid, v->gid, v->path);
	}
	for (size_t i = 0; i < d->links.n; i++)
		printf("   link %s -> %s\n", d->links.at[i].path, d->links.at[i].target);
}

static void print_list(const char *title, char *const *list)
{
	if (list && *list)
		puts(title);
	for (; list && *list; list++)
		printf("   %s\n", *list);
}

static int show_text(void *ctx __attribute__((unused)), const struct description *d,
		     struct err *e __attribute__((unused)))
{
	printf("bundle %s\nroot   %s%s\n", d->bundle, d->rootfs, d->readonly ? " (read-only)" : "");
	print_stages(d);
	print_cgroups(d);
	print_mounts(d);
	print_devices(d);
	print_list("masked paths", d->masked);
	print_list("read-only paths", d->readonly_paths);
	print_list("program", d->args);
	return 0;
}

static int show_json(void *ctx __attribute__((unused)), const struct description *d, struct err *e)
{
	own_mem char *text = bind_print(&description_table, d, true, e);

	if (!text)
		return -1;
	puts(text);
	return 0;
}

static int run_plan(const struct cli *cli, void *options, char **args, size_t n_args,
		    int *ret_status __attribute__((unused)), struct err *e)
{
	const struct plan_options *p = options;
	bool json = p->format && strcmp(p->format, "json") == 0;
	struct create_options o = {
		.root = cli->root,
		.unit_prefix = cli_unit_prefix(cli),
		.id = n_args ? args[0] : "ID",
		.bundle = p->bundle ? p->bundle : ".",
		.config = p->config,
		.strict = cli->strict,
		.no_pivot = p->no_pivot,
		.dry = true,
	};

	if (p->format && !json && strcmp(p->format, "text") != 0)
		return fail(e, ERR_INPUT, "plan: unknown format '%s': it is neither text nor json",
			    p->format);
	if (cli_cgroup_manager(cli, &o.cgroup_manager, e) < 0)
		return -1;
	return describe_bundle(&o, json ? show_json : show_text, NULL, e);
}

const struct command plan_command = {
	.name = "plan",
	.args = "[CONTAINER]",
	.summary = "show what create would do, and touch nothing",
	.opts = plan_opts,
	.n = COUNT(plan_opts),
	.size = sizeof(struct plan_options),
	.min = 0,
	.max = 1,
	.run = run_plan,
};
