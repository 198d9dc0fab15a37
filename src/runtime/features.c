/* features.c - the OCI features document, made from the tables that do the work
 *
 * Source: runtime-spec features.md and features-linux.md. No list is kept for this document:
 * a name that is printed is a row that is obeyed.
 */
#include "runtime/features.h"

#include <stdlib.h>
#include <string.h>

#include "base/bind.h"
#include "base/err.h"
#include "base/json_text.h"
#include "os/mountopt.h"
#include "os/seccomp.h"
#include "os/seccomp_load.h"
#include "spec/oci.h"

/**
 * struct names - a list that is printed in order
 * @n: may exceed the room; then the list is not printed but the test fails
 */
struct names {
	const char *at[192];
	size_t n;
};

static void add_name(const char *name, void *ctx)
{
	struct names *l = ctx;

	if (l->n < COUNT(l->at))
		l->at[l->n++] = name;
}

static void add_words(const struct word *w, struct names *l)
{
	for (; w && w->name; w++)
		add_name(w->name, l);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void print_names(const char *key, const struct names *l, struct str *out)
{
	json_text_quote(out, key);
	str_add(out, ":[");
	for (size_t i = 0; i < l->n; i++) {
		str_add(out, i ? "," : "");
		json_text_quote(out, l->at[i]);
	}
	str_add(out, "]");
}

static void print_sorted(const char *key, struct names *l, struct str *out)
{
	qsort(l->at, l->n, sizeof(*l->at), by_name);
	print_names(key, l, out);
}

static void print_words(const char *key, const struct word *w, struct str *out)
{
	struct names l = { .n = 0 };

	add_words(w, &l);
	print_sorted(key, &l, out);
}

/* The words that a document's member may hold. */
static const struct word *words_of(const struct bind_table *t, const char *key)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->rows[i].key, key) == 0)
			return t->rows[i].words;
	return NULL;
}

static void print_hooks(struct str *out)
{
	struct names l = { .n = 0 };

	for (size_t i = 0; i < oci_hooks_table.n; i++)
		add_name(oci_hooks_table.rows[i].key, &l);
	print_names("hooks", &l, out);
}

static void print_mount_options(struct str *out)
{
	struct names l = { .n = 0 };

	mountopt_each(add_name, &l);
	print_sorted("mountOptions", &l, out);
}

/* Capabilities stand in the kernel's order, as everywhere. */
static void print_capabilities(struct str *out)
{
	struct names l = { .n = 0 };

	add_words(oci_capability_words, &l);
	print_names("capabilities", &l, out);
}

static void print_seccomp(struct str *out)
{
	struct names can = { .n = 0 };

	for (const struct word *w = oci_seccomp_flag_words; w->name; w++)
		if (seccomp_try_flag((unsigned)w->value) == 0)
			add_name(w->name, &can);
	str_add(out, "'seccomp':{'enabled':true,");
	print_words("actions", oci_seccomp_action_words, out);
	str_add(out, ",");
	print_words("operators", oci_seccomp_op_words, out);
	str_add(out, ",");
	print_words("archs", seccomp_arch_words, out);
	str_add(out, ",");
	print_words("knownFlags", oci_seccomp_flag_words, out);
	str_add(out, ",");
	print_sorted("supportedFlags", &can, out);
	str_add(out, "},");
}

static const char *truth(bool b)
{
	return b ? "true" : "false";
}

static void print_linux(const struct features *f, struct str *out)
{
	str_add(out, "'linux':{");
	print_words("namespaces", oci_namespace_words, out);
	str_add(out, ",");
	print_capabilities(out);
	str_addf(out, ",'cgroup':{'v1':true,'v2':true,'systemd':%s,'systemdUser':%s,'rdma':true},",
		 truth(f->systemd), truth(f->systemd_user));
	print_seccomp(out);
	str_add(out, "'apparmor':{'enabled':true},'selinux':{'enabled':true},"
		     "'memoryPolicy':{");
	print_words("modes", words_of(&oci_memory_policy_table, "mode"), out);
	str_add(out, ",");
	print_words("flags", words_of(&oci_memory_policy_table, "flags"), out);
	str_addf(out,
		 "},'intelRdt':{'enabled':%s,'schemata':%s,'monitoring':%s},"
		 "'mountExtensions':{'idmap':{'enabled':true}},'netDevices':{'enabled':%s}}",
		 truth(f->rdt), truth(f->rdt), truth(f->rdt), truth(f->net_devices));
}

static void print_annotations(const struct features *f, struct str *out)
{
	struct names unsafe = { .n = 0 };

	str_addf(out,
		 ",'annotations':{'io.github.seccomp.libseccomp.version':'%s',"
		 "'io.tare.version':'%s','org.opencontainers.runc.checkpoint.enabled':'%s'}",
		 LIBSECCOMP_VERSION, f->version, truth(f->checkpoint));
	for (const char *const *u = f->unsafe; u && *u; u++)
		add_name(*u, &unsafe);
	if (unsafe.n) {
		str_add(out, ",");
		print_names("potentiallyUnsafeConfigAnnotations", &unsafe, out);
	}
}

/**
 * features_add() - append the features document, with a last line end
 *
 * Return: 0, or -1 when memory ran out.
 */
int features_add(const struct features *f, struct str *out, struct err *e)
{
	own_str struct str s = { 0 };

	str_add(&s,
		"{'ociVersionMin':'" OCI_VERSION_MIN "','ociVersionMax':'" OCI_VERSION_MAX "',");
	print_hooks(&s);
	str_add(&s, ",");
	print_mount_options(&s);
	str_add(&s, ",");
	print_linux(f, &s);
	print_annotations(f, &s);
	str_add(&s, "}");
	if (!s.torn)
		json_text_indent(out, s.at, "    ");
	str_add(out, "\n");
	return s.torn || out->torn ? fail(e, ERR_LIMIT, "describe the features: out of memory") : 0;
}
