/* run_wish.c - what the options of `tare run` ask for */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "cli/run.h"
#include "cli/words.h"
#include "os/file.h"

#define POLICY_MAX ((size_t)4 << 20) /* bytes of a seccomp policy */

static int no_memory(struct err *e)
{
	return fail_errno(e, ENOMEM, "read the command line");
}

static char **strings(struct arena *a, const struct opt_list *from)
{
	char **list = arena_array(a, from->n + 1, sizeof(char *));

	for (size_t i = 0; list && i < from->n; i++)
		list[i] = text_shown(from->at[i]);
	return list;
}

static int split_option(struct arena *a, const struct opt_list *from, const char *option,
			struct pairs *ret, struct err *e)
{
	char **list = strings(a, from);

	return list ? words_split(a, list, from->n, option, ret, e) : no_memory(e);
}

static int set_lists(const struct run_options *o, struct arena *a, struct wish *w, struct err *e)
{
	const char *zone = o->tz ? arena_printf(a, "TZ=%s", o->tz) : NULL;

	if (o->tz && !zone)
		return no_memory(e);
	if (words_env(a, &o->env_files, &o->env, zone, &w->config.env, e) < 0 ||
	    words_labels(a, &o->label_files, &o->labels, &w->config.labels, e) < 0)
		return -1;
	return split_option(a, &o->sysctls, "--sysctl", &w->host.sysctls, e) < 0 ||
			       split_option(a, &o->storage, "--storage-opt", &w->host.storage_opt,
					    e) < 0 ||
			       split_option(a, &o->annotations, "--annotation",
					    &w->host.annotations, e) < 0
		       ? -1
		       : 0;
}

/* --- rights and words --- */

/* Docker's client does so, too: the policy goes with the container, not with a file. */
static int add_security(struct words *w, const char *word, struct err *e)
{
	own_mem char *text = NULL;

	if (strcmp(word, "systempaths=unconfined") == 0)
		return 0;
	if (!text_starts(word, "seccomp=") || strcmp(word + 8, "unconfined") == 0 ||
	    strcmp(word + 8, "builtin") == 0)
		return words_add(w, text_shown(word), e);
	if (file_read(AT_FDCWD, word + 8, POLICY_MAX, &text, e) < 0)
		return fail_in(e, "--security-opt '%.200s'", word);
	return words_add(w, arena_printf(w->a, "seccomp=%s", text + strspn(text, " \t\r\n")), e);
}

static int set_security(const struct run_options *o, struct arena *a, struct host_config *h,
			struct err *e)
{
	struct words w = { .a = a };

	for (size_t i = 0; i < o->security.n; i++) {
		if (add_security(&w, o->security.at[i], e) < 0)
			return -1;
		if (strcmp(o->security.at[i], "systempaths=unconfined") == 0 &&
		    (!(h->masked_paths = arena_array(a, 1, sizeof(char *))) ||
		     !(h->readonly_paths = arena_array(a, 1, sizeof(char *)))))
			return no_memory(e);
	}
	h->security_opt = words_list(&w, e);
	return h->security_opt ? 0 : -1;
}

/* --- log and life --- */

static int set_log(const struct run_options *o, struct arena *a, struct host_config *h,
		   struct err *e)
{
	h->log = arena_alloc(a, sizeof(*h->log));
	if (!h->log)
		return no_memory(e);
	h->log->type = text_shown(o->log_driver ? o->log_driver : "json-file");
	return split_option(a, &o->log_opts, "--log-opt", &h->log->config, e);
}

/* "always", "on-failure:3" */
static int set_restart(const struct run_options *o, struct arena *a, struct host_config *h,
		       struct err *e)
{
	uint64_t times = 0;
	char *colon;

	h->restart = arena_alloc(a, sizeof(*h->restart));
	if (!h->restart || !(h->restart->name = arena_dup(a, o->restart ? o->restart : "no")))
		return no_memory(e);
	colon = strchr(h->restart->name, ':');
	if (!colon)
		return 0;
	*colon = '\0';
	if (text_u64(colon + 1, INT32_MAX, &times) < 0)
		return fail(e, ERR_INPUT, "--restart '%.50s': '%.20s' is not a number", o->restart,
			    colon + 1);
	h->restart->maximum_retry_count = (int64_t)times;
	return 0;
}

static int set_stop(const struct run_options *o, struct image_run *c, struct err *e)
{
	c->stop_signal = text_shown(o->stop_signal);
	c->stop_timeout.set = o->stop_timeout != NULL;
	return o->stop_timeout && text_i64(o->stop_timeout, &c->stop_timeout.v) < 0
		       ? fail(e, ERR_INPUT, "--stop-timeout '%.50s': it is not a number of seconds",
			      o->stop_timeout)
		       : 0;
}

/* Docker's word for none, which an image's does not replace. */
static int set_health(const struct run_options *o, struct arena *a, struct image_run *c,
		      struct err *e)
{
	if (!o->no_healthcheck)
		return 0;
	c->healthcheck = arena_alloc(a, sizeof(*c->healthcheck));
	if (!c->healthcheck || !(c->healthcheck->test = arena_append(a, NULL, "NONE")))
		return no_memory(e);
	return 0;
}

static int set_config(const struct run_options *o, char **args, size_t n_args, struct arena *a,
		      struct image_run *c, struct err *e)
{
	c->hostname = text_shown(o->hostname);
	c->domainname = text_shown(o->domainname);
	c->user = text_shown(o->user);
	c->working_dir = text_shown(o->workdir);
	c->tty = o->tty;
	c->open_stdin = o->interactive;
	c->cmd = n_args ? args : NULL;
	if (set_stop(o, c, e) < 0 || set_health(o, a, c, e) < 0)
		return -1;
	if (!o->entrypoint)
		return 0;
	c->entrypoint = arena_append(a, NULL, o->entrypoint);
	return c->entrypoint ? 0 : no_memory(e);
}

static int set_host(const struct run_options *o, struct arena *a, struct host_config *h,
		    struct err *e)
{
	const struct {
		char **to;
		const char *from;
	} words[] = {
		{ &h->cgroup_parent, o->cgroup_parent },
		{ &h->network, o->network ? o->network : "none" },
		{ &h->ipc, o->ipc },
		{ &h->pid, o->pid },
		{ &h->uts, o->uts },
		{ &h->cgroupns, o->cgroupns },
		{ &h->userns, o->userns },
		{ &h->runtime, o->runtime },
		{ &h->id_file, o->cidfile },
	};
	const struct {
		char ***to;
		const struct opt_list *from;
	} lists[] = {
		{ &h->cap_add, &o->cap_add },
		{ &h->cap_drop, &o->cap_drop },
		{ &h->group_add, &o->groups },
		{ &h->extra_hosts, &o->hosts },
		{ &h->device_cgroup_rules, &o->device_rules },
	};

	for (size_t i = 0; i < COUNT(words); i++)
		*words[i].to = text_shown(words[i].from);
	for (size_t i = 0; i < COUNT(lists); i++)
		if (!(*lists[i].to = strings(a, lists[i].from)))
			return no_memory(e);
	h->privileged = o->privileged;
	h->readonly_rootfs = o->readonly;
	h->auto_remove = o->rm;
	return set_security(o, a, h, e) < 0 || set_log(o, a, h, e) < 0 ? -1
								       : set_restart(o, a, h, e);
}

/**
 * run_wish() - what the options and words ask for
 * @args: the program and its words
 * @a: owns what is returned, with the command line
 */
int run_wish(const struct run_options *o, char **args, size_t n_args, struct arena *a,
	     struct wish *ret, struct err *e)
{
	struct wish w = { 0 };

	if (set_config(o, args, n_args, a, &w.config, e) < 0 || set_host(o, a, &w.host, e) < 0 ||
	    set_lists(o, a, &w, e) < 0 || run_limits(o, a, &w.host, e) < 0 ||
	    run_mounts(o, a, &w.host, e) < 0)
		return -1;
	*ret = w;
	return 0;
}
