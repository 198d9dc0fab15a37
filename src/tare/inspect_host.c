/* inspect_host.c - tare inspect-host: how well a container of any engine is kept apart, and why */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "base/render.h"
#include "base/render_text.h"
#include "any/isolation.h"
#include "spec/oci.h"
#include "tare/any.h"
#include "tare/cli.h"

struct inspect_host {
	struct render render;
};

static const struct opt inspect_opts[] = {
	OPT_STRING_("format", 'f', struct inspect_host, render.format, "FORMAT",
		    "'json' or a Go template; a report in words by default"),
	OPT_FLAG_("json", 0, struct inspect_host, render.json, "print the report as JSON"),
};

static void add_label(struct str *out, const char *label)
{
	str_addf(out, "  %-16s ", label);
}

static void add_words(struct str *out, const char *label, char *const *words, const char *none)
{
	add_label(out, label);
	for (size_t i = 0; words && words[i]; i++)
		str_addf(out, "%s%s", i ? ", " : "", words[i]);
	str_addf(out, "%s\n", words && words[0] ? "" : none);
}

static void add_caps(struct str *out, uint64_t caps)
{
	bool any = false;

	add_label(out, "capabilities");
	for (unsigned bit = 0; bit < 64; bit++) {
		const char *name = caps >> bit & 1 ? word_name(oci_capability_words,
							       (int64_t)(UINT64_C(1) << bit))
						   : NULL;

		if (name)
			str_addf(out, "%s%s", any ? ", " : "", name);
		any = any || name;
	}
	str_add(out, any ? "\n" : "none\n");
}

static void add_map(struct str *out, const char *label, const struct isolation_range *at, size_t n)
{
	add_label(out, label);
	for (size_t i = 0; i < n; i++)
		str_addf(out, "%s%" PRIu32 "-%" PRIu32 " are the host's %" PRIu32 "-%" PRIu32,
			 i ? ", " : "", at[i].inside, at[i].inside + at[i].size - 1, at[i].outside,
			 at[i].outside + at[i].size - 1);
	str_add(out, n ? "\n" : "unknown\n");
}

static void add_findings(struct str *out, const struct isolation *r)
{
	for (int64_t weight = WEIGHT_CRITICAL; weight >= WEIGHT_MINOR; weight--)
		for (size_t i = 0; i < r->findings.n; i++)
			if (r->findings.at[i].weight.v == weight)
				str_addf(out, "  %-9s %s: %s\n",
					 word_name(isolation_weight_words, weight),
					 r->findings.at[i].rule, r->findings.at[i].text);
	for (size_t i = 0; i < r->mounts.n; i++)
		str_addf(out, "  mount     %s (%s): %s is the host's %s\n", r->mounts.at[i].what,
			 r->mounts.at[i].writable ? "writable" : "read-only",
			 r->mounts.at[i].target, r->mounts.at[i].source);
}

static void describe(const struct container_found *c, const struct isolation *r, struct str *out)
{
	str_addf(out, "%s (%s, pid %" PRId64 "): grade %s\n", any_name(c),
		 word_name(engine_words, c->engine.v), c->pid, r->grade);
	add_findings(out, r);
	add_words(out, "host namespaces", r->shared, "none");
	add_caps(out, r->caps);
	add_label(out, "seccomp");
	str_addf(out, "%s\n", word_name(isolation_seccomp_words, r->seccomp.v));
	add_label(out, "new privileges");
	str_addf(out, "%s\n", r->no_new_privs ? "never" : "by setuid programs");
	if (r->confinement) {
		add_label(out, "confinement");
		str_addf(out, "%s\n", r->confinement);
	}
	add_map(out, "users", r->uid_map.at, r->uid_map.n);
	add_map(out, "groups", r->gid_map.at, r->gid_map.n);
	add_words(out, "devices", r->devices, "none listed");
	add_words(out, "writable", r->writable, "none");
}

/* Names and paths are the container's: line by line, nothing in them reaches the terminal raw. */
static int print_lines(struct str *text, struct err *e)
{
	own_str struct str out = { 0 };
	char *rest = text->at, *line;

	while (rest && (line = strsep(&rest, "\n")) && (*line || rest)) {
		render_visible(&out, line, strlen(line), !render_is_utf8());
		str_add(&out, "\n");
	}
	if (text->torn || out.torn || !out.at)
		return fail_errno(e, ENOMEM, "print the report");
	fputs(out.at, stdout);
	return 0;
}

static int inspect_one(struct any_host *host __attribute__((unused)),
		       const struct container_found *c, void *ctx, struct err *e)
{
	const struct inspect_host *o = ctx;
	own_arena struct arena mem = { 0 };
	own_str struct str out = { 0 };
	struct isolation report;

	if (isolation_inspect(NULL, c, &mem, &report, e) < 0)
		return fail_in(e, "inspect container '%s'", any_name(c));
	if (!o->render.format && !o->render.json) {
		describe(c, &report, &out);
		return print_lines(&out, e);
	}
	if (render_document(&o->render, &isolation_table, &report, &out, e) < 0)
		return -1;
	fputs(out.at ? out.at : "", stdout);
	return 0;
}

static int run_inspect_host(const struct cli *cli __attribute__((unused)), void *options,
			    char **args, size_t n_args, int *ret_status __attribute__((unused)),
			    struct err *e)
{
	return any_each(args, n_args, inspect_one, options, e);
}

const struct command inspect_host_command = {
	.name = "inspect-host",
	.args = "CONTAINER...",
	.summary = "grade how well containers of any engine are kept apart from the host",
	.about =
		"The grade, A to F, comes from what the kernel says of the container's first "
		"process: "
		"namespaces, capabilities, seccomp, devices, mounts. What its configuration wished "
		"for does not count.",
	.section = "ANY CONTAINER OF THE HOST",
	.opts = inspect_opts,
	.n = COUNT(inspect_opts),
	.size = sizeof(struct inspect_host),
	.min = 1,
	.max = SIZE_MAX,
	.words = WORDS_CONTAINER,
	.run = run_inspect_host,
};
