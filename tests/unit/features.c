/* features.c - the features document is JSON, and every list in it is full and in order */
#include "t.h"

#include <stdbool.h>

#include "base/arena.h"
#include "base/bind.h"
#include "base/err.h"
#include "os/seccomp.h"
#include "runtime/features.h"
#include "spec/oci.h"

struct on {
	bool enabled, systemd, v1;
};
struct lists {
	char **actions, **operators, **archs, **known, **supported, **modes, **flags;
};
struct platform {
	char **namespaces, **capabilities;
	struct on *cgroup, *rdt, *net_devices;
	struct lists *seccomp, *policy;
};
struct document {
	char *min, *max, **hooks, **mount_options, **unsafe;
	struct platform *platform;
	struct pairs annotations;
};

// clang-format off
static const struct bind_row on_rows[] = {
	ROW_BOOL("enabled", OPTIONAL, struct on, enabled),
	ROW_BOOL("systemd", OPTIONAL, struct on, systemd),
	ROW_BOOL("v1",      OPTIONAL, struct on, v1),
};
static const struct bind_table on = BIND_TABLE(on_rows, struct on, false);
static const struct bind_row lists_rows[] = {
	ROW_STRINGS("actions",        OPTIONAL, struct lists, actions),
	ROW_STRINGS("operators",      OPTIONAL, struct lists, operators),
	ROW_STRINGS("archs",          OPTIONAL, struct lists, archs),
	ROW_STRINGS("knownFlags",     OPTIONAL, struct lists, known),
	ROW_STRINGS("supportedFlags", OPTIONAL, struct lists, supported),
	ROW_STRINGS("modes",          OPTIONAL, struct lists, modes),
	ROW_STRINGS("flags",          OPTIONAL, struct lists, flags),
};
static const struct bind_table lists = BIND_TABLE(lists_rows, struct lists, false);
static const struct bind_row platform_rows[] = {
	ROW_STRINGS("namespaces",  REQUIRED, struct platform, namespaces),
	ROW_STRINGS("capabilities", REQUIRED, struct platform, capabilities),
	ROW_OBJECT("cgroup",       REQUIRED, struct platform, cgroup, on),
	ROW_OBJECT("intelRdt",     REQUIRED, struct platform, rdt, on),
	ROW_OBJECT("netDevices",   REQUIRED, struct platform, net_devices, on),
	ROW_OBJECT("seccomp",      REQUIRED, struct platform, seccomp, lists),
	ROW_OBJECT("memoryPolicy", REQUIRED, struct platform, policy, lists),
};
static const struct bind_table platform = BIND_TABLE(platform_rows, struct platform, false);
static const struct bind_row document_rows[] = {
	ROW_STRING("ociVersionMin", REQUIRED, struct document, min),
	ROW_STRING("ociVersionMax", REQUIRED, struct document, max),
	ROW_STRINGS("hooks",        REQUIRED, struct document, hooks),
	ROW_STRINGS("mountOptions", REQUIRED, struct document, mount_options),
	ROW_STRINGS("potentiallyUnsafeConfigAnnotations", REQUIRED, struct document, unsafe),
	ROW_OBJECT("linux",         REQUIRED, struct document, platform, platform),
	ROW_PAIRS("annotations",    REQUIRED, struct document, annotations),
};
static const struct bind_table document_table = BIND_TABLE(document_rows, struct document, false);
// clang-format on

static const char *const unsafe[] = { "org.criu.config", "run.oci.", NULL };

/* The document as a reader sees it; its memory lasts as long as the test. */
static struct document document(void)
{
	static struct arena a;
	struct features f = { .version = "0.1.0", .checkpoint = true, .unsafe = unsafe };
	own_str struct str out = { 0 };
	struct document d = { 0 };
	struct err e = { 0 };

	WANT_INT(features_add(&f, &out, &e), 0);
	if (bind_parse(&document_table, out.at, out.len, "features", NULL, &a, &d, &e) < 0)
		T_FAIL("%s: %s in %s", e.origin, e.text, out.at);
	return d;
}

static const char *annotation(const struct document *d, const char *key)
{
	for (size_t i = 0; i < d->annotations.n; i++)
		if (strcmp(d->annotations.at[i].key, key) == 0)
			return d->annotations.at[i].value;
	return "";
}

static size_t count(char **list)
{
	size_t n = 0;

	while (list[n])
		n++;
	return n;
}

static bool has(char **list, const char *name)
{
	for (; *list; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

static void is_full(char **list, const struct word *table)
{
	size_t n = 0;

	for (const struct word *w = table; w->name; w++, n++)
		if (!has(list, w->name))
			T_FAIL("%s is missing", w->name);
	WANT_INT(count(list), n);
}

static void is_sorted(char **list)
{
	WANT(list[0] != NULL);
	for (; list[1]; list++)
		WANT(strcmp(list[0], list[1]) < 0);
}

TEST(every_table_is_printed_in_full)
{
	struct document d = document();

	WANT_INT(count(d.hooks), 6);
	WANT_INT(count(d.unsafe), 2);
	is_full(d.platform->namespaces, oci_namespace_words);
	is_full(d.platform->capabilities, oci_capability_words);
	is_full(d.platform->seccomp->actions, oci_seccomp_action_words);
	is_full(d.platform->seccomp->operators, oci_seccomp_op_words);
	is_full(d.platform->seccomp->archs, seccomp_arch_words);
	is_full(d.platform->seccomp->known, oci_seccomp_flag_words);
	WANT_INT(count(d.platform->policy->modes), 7);
	WANT_INT(count(d.platform->policy->flags), 3);
	WANT(has(d.mount_options, "rro") && has(d.mount_options, "tmpcopyup"));
}

TEST(lists_are_sorted)
{
	struct document d = document();

	is_sorted(d.mount_options);
	is_sorted(d.platform->namespaces);
	is_sorted(d.platform->seccomp->actions);
	is_sorted(d.platform->seccomp->supported);
}

TEST(what_is_not_built_in_is_not_claimed)
{
	struct document d = document();

	WANT(d.platform->cgroup->v1 && !d.platform->cgroup->systemd);
	WANT(!d.platform->rdt->enabled);
	WANT(!d.platform->net_devices->enabled);
	WANT_STR(annotation(&d, "org.opencontainers.runc.checkpoint.enabled"), "true");
	WANT_STR(annotation(&d, "io.tare.version"), "0.1.0");
	WANT_STR(d.max, OCI_VERSION_MAX);
}
