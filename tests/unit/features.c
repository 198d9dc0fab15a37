/* features.c - the features document is JSON, and every list in it is full and in order */
#include "t.h"

#include <json-c/json.h>

#include "base/err.h"
#include "base/text.h"
#include "os/seccomp.h"
#include "runtime/features.h"
#include "spec/oci.h"

static const char *const unsafe[] = { "org.criu.config", "run.oci.", NULL };

static struct json_object *document(void)
{
	struct features f = { .version = "0.1.0", .checkpoint = true, .unsafe = unsafe };
	own_str struct str out = { 0 };
	struct json_object *doc;
	struct err e = { 0 };

	WANT_INT(features_add(&f, &out, &e), 0);
	doc = json_tokener_parse(out.at);
	if (!doc)
		T_FAIL("not JSON: %s", out.at);
	return doc;
}

static struct json_object *at(struct json_object *o, const char *path)
{
	struct json_object *found = NULL;

	if (json_pointer_get(o, path, &found) < 0)
		T_FAIL("no %s", path);
	return found;
}

static size_t words(const struct word *w)
{
	size_t n = 0;

	for (; w->name; w++)
		n++;
	return n;
}

static void is_full(struct json_object *doc, const char *path, size_t n)
{
	struct json_object *list = at(doc, path);

	if (json_object_array_length(list) != n)
		T_FAIL("%s has %zu items, not %zu", path, json_object_array_length(list), n);
	for (size_t i = 0; i < n; i++)
		WANT(*json_object_get_string(json_object_array_get_idx(list, i)));
}

static void is_sorted(struct json_object *doc, const char *path)
{
	struct json_object *list = at(doc, path);

	WANT(json_object_array_length(list) > 0);
	for (size_t i = 1; i < json_object_array_length(list); i++)
		WANT(strcmp(json_object_get_string(json_object_array_get_idx(list, i - 1)),
			    json_object_get_string(json_object_array_get_idx(list, i))) < 0);
}

TEST(every_table_is_printed_in_full)
{
	struct json_object *doc = document();

	is_full(doc, "/hooks", 6);
	is_full(doc, "/linux/namespaces", 8);
	is_full(doc, "/linux/capabilities", words(oci_capability_words));
	is_full(doc, "/linux/seccomp/actions", words(oci_seccomp_action_words));
	is_full(doc, "/linux/seccomp/operators", words(oci_seccomp_op_words));
	is_full(doc, "/linux/seccomp/archs", words(seccomp_arch_words));
	is_full(doc, "/linux/seccomp/knownFlags", words(oci_seccomp_flag_words));
	is_full(doc, "/linux/memoryPolicy/modes", 7);
	is_full(doc, "/linux/memoryPolicy/flags", 3);
	is_full(doc, "/potentiallyUnsafeConfigAnnotations", 2);
	json_object_put(doc);
}

TEST(lists_are_sorted)
{
	struct json_object *doc = document();

	is_sorted(doc, "/mountOptions");
	is_sorted(doc, "/linux/namespaces");
	is_sorted(doc, "/linux/seccomp/actions");
	is_sorted(doc, "/linux/seccomp/supportedFlags");
	json_object_put(doc);
}

TEST(what_is_not_built_in_is_not_claimed)
{
	struct json_object *doc = document();

	WANT(!json_object_get_boolean(at(doc, "/linux/cgroup/systemd")));
	WANT(!json_object_get_boolean(at(doc, "/linux/intelRdt/enabled")));
	WANT_STR(json_object_get_string(at(doc, "/annotations/org.opencontainers.runc.checkpoint."
						"enabled")), "true");
	WANT_STR(json_object_get_string(at(doc, "/ociVersionMax")), OCI_VERSION_MAX);
	json_object_put(doc);
}
