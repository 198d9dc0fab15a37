/* cg_rules.c - cgrules.conf, and the kernel's process events: what is read is whole, or an error */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/own.h"
#include "cg/rules.h"
#include "os/proc_events.h"

static void ignore(void *ctx, struct err *problem)
{
	(void)ctx;
	MUST(*problem->text && *problem->origin);
}

static void check(const struct cg_rules *r)
{
	struct cg_process p = {
		.status = FD_NONE, .pid = 7, .uid = 1, .gid = 2, .program = "/a/b"
	};
	char path[CGROUP_PATH_MAX];
	bool made;

	for (size_t i = 0; i < r->n; i++) {
		const struct cg_rule *rule = &r->at[i];
		struct err e = { 0 };

		MUST(rule->line && *rule->name && *rule->controllers && *rule->destination);
		MUST(!rule->more || i);
		if (cg_rule_expand(r, rule->destination, &p, path, &made, &e) == 0)
			MUST(made == (strcmp(path, rule->destination) != 0));
		else
			MUST(*e.text);
	}
	(void)cg_rules_find(r, &p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_mem char *text = malloc(size + 1);
	own_cg_rules struct cg_rules strict = { 0 }, all = { 0 };
	struct cg_rules_report report = { ignore, NULL, 0 };
	struct netlink_bytes bytes = { (const unsigned char *)text, size };
	struct proc_event_news news;
	struct err e = { 0 };

	MUST(text);
	memcpy(text, data, size);
	text[size] = '\0';
	if (proc_event_parse(bytes, &news) > 0)
		MUST(news.what <= PROC_EVENT_TEAM);
	MUST(cg_rules_parse(&all, "file", text, &report, &e) == 0 || *e.text);
	check(&all);
	if (cg_rules_parse(&strict, "file", text, NULL, &e) < 0)
		MUST(*e.text);
	else
		MUST(!report.n && strict.n == all.n);
	return 0;
}
