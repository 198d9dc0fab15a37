/* run_wish.c - what the options of `tare run` ask for */
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/own.h"
#include "base/units.h"
#include "cli/run.h"
#include "os/file.h"

#define LIST_FILE_MAX ((size_t)1 << 20) /* bytes of an --env-file or --label-file */
#define MEMORY_MIN    ((int64_t)6 << 20)

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

/* --- lists that may come from files: environment and labels --- */

/* struct words - a growing list */
struct words {
	struct arena *a;
	char **at;
	size_t n;
};

static int add_word(struct words *w, char *word, struct err *e)
{
	char **more = arena_more(w->a, w->at, w->n, sizeof(char *));

	if (!more || !word)
		return no_memory(e);
	more[w->n++] = word;
	w->at = more;
	return 0;
}

/* NAME=VALUE; NAME alone has our own value, if we have one. */
static int add_variable(struct words *w, const char *word, struct err *e)
{
	const char *ours;

	if (!*word || *word == '=')
		return fail(e, ERR_INPUT, "the variable '%.100s' has no name", word);
	if (strchr(word, '='))
		return add_word(w, arena_dup(w->a, word), e);
	ours = getenv(word);
	return ours ? add_word(w, arena_printf(w->a, "%s=%s", word, ours), e) : 0;
}

static int add_label(struct words *w, const char *word, struct err *e)
{
	if (!*word || *word == '=')
		return fail(e, ERR_INPUT, "the label '%.100s' has no name", word);
	return add_word(w, arena_dup(w->a, word), e);
}

typedef int add_one(struct words *w, const char *word, struct err *e);

/* A line each; '#' begins a remark; what stands before the word is blank. */
static int add_file(struct words *w, const char *path, add_one *add, struct err *e)
{
	own_mem char *text = NULL;
	char *rest, *line;

	if (file_read(AT_FDCWD, path, LIST_FILE_MAX, &text, e) < 0)
		return -1;
	rest = text;
	for (size_t number = 1; (line = strsep(&rest, "\n")); number++) {
		line += strspn(line, " \t");
		if (!*line || *line == '#' || (*line == '\r' && !line[1]))
			continue;
		if (line[strlen(line) - 1] == '\r')
			line[strlen(line) - 1] = '\0';
		if (add(w, line, e) < 0)
			return fail_in(e, "%s:%zu", path, number);
	}
	return 0;
}

static int add_all(struct words *w, const struct opt_list *files, const struct opt_list *words,
		   add_one *add, const char *option, struct err *e)
{
	for (size_t i = 0; i < files->n; i++)
		if (add_file(w, files->at[i], add, e) < 0)
			return fail_in(e, "%s-file", option);
	for (size_t i = 0; i < words->n; i++)
		if (add(w, words->at[i], e) < 0)
			return fail_in(e, "%s", option);
	return 0;
}

static int split(struct arena *a, char *const *words, size_t n, const char *what, struct pairs *ret,
		 struct err *e)
{
	ret->at = arena_array(a, n + 1, sizeof(*ret->at));
	ret->n = 0;
	if (!ret->at)
		return no_memory(e);
	for (size_t i = 0; i < n; i++) {
		char *key = arena_dup(a, words[i]), *value = key ? strchr(key, '=') : NULL;

		if (!key)
			return no_memory(e);
		if (value)
			*value++ = '\0';
		else if (what)
			return fail(e, ERR_INPUT, "%s '%.100s': it is not NAME=VALUE", what, key);
		ret->at[ret->n++] = (struct pair){ key, value ? value : text_shown("") };
	}
	return 0;
}

static int set_lists(const struct run_options *o, struct arena *a, struct wish *w, struct err *e)
{
	struct words env = { .a = a }, labels = { .a = a };
	char **sysctls;

	if (add_all(&env, &o->env_files, &o->env, add_variable, "--env", e) < 0 ||
	    add_all(&labels, &o->label_files, &o->labels, add_label, "--label", e) < 0 ||
	    split(a, labels.at, labels.n, NULL, &w->labels, e) < 0)
		return -1;
	w->env = arena_array(a, env.n + 1, sizeof(char *));
	sysctls = strings(a, &o->sysctls);
	if (!w->env || !sysctls)
		return no_memory(e);
	if (env.n)
		memcpy(w->env, env.at, env.n * sizeof(char *));
	return split(a, sysctls, o->sysctls.n, "--sysctl", &w->sysctls, e);
}

/* --- numbers --- */

static int read_size(const char *option, const char *text, int64_t *ret, struct err *e)
{
	if (text && size_parse(text, ret, e) < 0)
		return fail_in(e, "%s", option);
	return 0;
}

static int read_number(const char *option, const char *text, uint64_t max, uint64_t *ret,
		       struct err *e)
{
	if (text && text_u64(text, max, ret) < 0)
		return fail(e, ERR_INPUT, "%s '%.50s': it is not a number up to %llu", option, text,
			    (unsigned long long)max);
	return 0;
}

static int read_signed(const char *option, const char *text, int64_t *ret, struct err *e)
{
	if (text && text_i64(text, ret) < 0)
		return fail(e, ERR_INPUT, "%s '%.50s': it is not a number", option, text);
	return 0;
}

static int set_memory(const struct run_options *o, struct wish *w, struct err *e)
{
	uint64_t swappiness = 0;

	if (read_size("--memory", o->memory, &w->memory, e) < 0 ||
	    read_size("--memory-reservation", o->memory_reservation, &w->memory_reservation, e) <
		    0 ||
	    read_size("--shm-size", o->shm_size, &w->shm_size, e) < 0 ||
	    read_number("--memory-swappiness", o->memory_swappiness, 100, &swappiness, e) < 0)
		return -1;
	w->swappiness = (struct opt_u64){ o->memory_swappiness != NULL, swappiness };
	if (o->memory_swap && strcmp(o->memory_swap, "-1") == 0)
		w->memory_swap = -1;
	else if (read_size("--memory-swap", o->memory_swap, &w->memory_swap, e) < 0)
		return -1;
	if (o->memory && w->memory < MEMORY_MIN)
		return fail(e, ERR_INPUT, "--memory %s: at least 6 MiB are needed", o->memory);
	if (o->memory_swap && !w->memory)
		return fail(e, ERR_INPUT,
			    "--memory-swap is memory and swap together: it needs --memory");
	if (w->memory_swap > 0 && w->memory_swap < w->memory)
		return fail(e, ERR_INPUT,
			    "--memory-swap %s is memory and swap together: it can't be less than "
			    "--memory %s",
			    o->memory_swap, o->memory);
	return 0;
}

/* "1.5": a number of processors. */
static int read_cpus(const char *text, int64_t *ret_nano, struct err *e)
{
	char *end;
	double cpus;

	if (!text)
		return 0;
	cpus = strtod(text, &end);
	if (!isdigit((unsigned char)*text) || *end || cpus < 0.01 || cpus > 65536)
		return fail(e, ERR_INPUT, "--cpus '%.50s': it is not a number from 0.01 on", text);
	*ret_nano = (int64_t)(cpus * 1e9);
	return 0;
}

static int set_cpu(const struct run_options *o, struct wish *w, struct err *e)
{
	if (o->cpus && (o->cpu_quota || o->cpu_period))
		return fail(e, ERR_INPUT,
			    "--cpus says what --cpu-quota and --cpu-period say: give one of them");
	w->cpus = text_shown(o->cpuset_cpus);
	w->mems = text_shown(o->cpuset_mems);
	return read_cpus(o->cpus, &w->nano_cpus, e) < 0 ||
			       read_number("--cpu-shares", o->cpu_shares, 262144, &w->cpu_shares,
					   e) < 0 ||
			       read_number("--cpu-period", o->cpu_period, 1000000, &w->cpu_period,
					   e) < 0 ||
			       read_signed("--cpu-quota", o->cpu_quota, &w->cpu_quota, e) < 0
		       ? -1
		       : 0;
}

static int set_process_limits(const struct run_options *o, struct wish *w, struct err *e)
{
	int64_t adj = 0;

	if (read_signed("--pids-limit", o->pids_limit, &w->pids_limit, e) < 0 ||
	    read_signed("--oom-score-adj", o->oom_score_adj, &adj, e) < 0)
		return -1;
	if (o->pids_limit && w->pids_limit == 0)
		w->pids_limit = -1;
	if (adj < -1000 || adj > 1000)
		return fail(e, ERR_INPUT, "--oom-score-adj %s: it is from -1000 to 1000",
			    o->oom_score_adj);
	w->oom_score_adj = (struct opt_i64){ o->oom_score_adj != NULL, adj };
	return 0;
}

/* NAME=SOFT[:HARD] */
static int read_ulimit(const char *word, struct oci_rlimit *ret, struct err *e)
{
	char name[32] = "RLIMIT_", text[64];
	const char *equals = strchr(word, '=');
	const struct word *w;
	char *hard;
	int64_t soft_value, hard_value;

	snprintf(text, sizeof(text), "%.60s", equals ? equals + 1 : "");
	for (size_t i = 0; equals && i < (size_t)(equals - word) && i < 20; i++)
		name[7 + i] = (char)toupper((unsigned char)word[i]);
	w = word_find(oci_rlimit_words, name);
	hard = strchr(text, ':');
	if (hard)
		*hard++ = '\0';
	if (!w || text_i64(text, &soft_value) < 0 ||
	    text_i64(hard ? hard : text, &hard_value) < 0) {
		fail(e, ERR_INPUT, "--ulimit '%.100s': it is not NAME=SOFT[:HARD]", word);
		return fail_hint(e, "such as nofile=1024:2048; -1 is unlimited");
	}
	*ret = (struct oci_rlimit){ .type = { true, w->value },
				    .soft = (uint64_t)soft_value,
				    .hard = (uint64_t)hard_value };
	return ret->soft > ret->hard
		       ? fail(e, ERR_INPUT,
			      "--ulimit '%.100s': the soft limit is above the hard one", word)
		       : 0;
}

static int set_ulimits(const struct run_options *o, struct arena *a, struct wish *w, struct err *e)
{
	w->ulimits.at = arena_array(a, o->ulimits.n + 1, sizeof(*w->ulimits.at));
	if (!w->ulimits.at)
		return no_memory(e);
	for (size_t i = 0; i < o->ulimits.n; i++)
		if (read_ulimit(o->ulimits.at[i], &w->ulimits.at[w->ulimits.n++], e) < 0)
			return -1;
	return 0;
}

/* --- devices and rights --- */

/* HOST[:CONTAINER[:ACCESS]] */
static int add_device(struct arena *a, struct wish *w, const char *word, struct err *e)
{
	char *host = arena_dup(a, word), *inside, *access = NULL;
	struct stat st;
	struct oci_device *d = &w->devices.at[w->devices.n];
	struct oci_device_rule *r = &w->device_rules.at[w->device_rules.n];

	if (!host)
		return no_memory(e);
	inside = strchr(host, ':');
	if (inside)
		*inside++ = '\0';
	if (inside && (access = strchr(inside, ':')))
		*access++ = '\0';
	if (inside && *inside != '/' && !access) {
		access = inside;
		inside = NULL;
	}
	if (stat(host, &st) < 0)
		return fail_sys(e, "look at the device '%s'", host);
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return fail(e, ERR_INPUT, "'%s' is no device", host);
	if (access && (!*access || strspn(access, "rwm") != strlen(access)))
		return fail(e, ERR_INPUT, "'%.20s' is no access: it is of r, w and m", access);
	*r = (struct oci_device_rule){ .allow = true,
				       .type = text_shown(S_ISCHR(st.st_mode) ? "c" : "b"),
				       .major = { true, major(st.st_rdev) },
				       .minor = { true, minor(st.st_rdev) },
				       .access = access ? access : text_shown("rwm") };
	*d = (struct oci_device){ .type = r->type,
				  .path = inside && *inside ? inside : host,
				  .major = r->major,
				  .minor = r->minor,
				  .file_mode = { true, st.st_mode & 07777 },
				  .uid = { true, st.st_uid },
				  .gid = { true, st.st_gid } };
	w->devices.n++;
	w->device_rules.n++;
	return 0;
}

static int set_devices(const struct run_options *o, struct arena *a, struct wish *w, struct err *e)
{
	w->devices.at = arena_array(a, o->devices.n + 1, sizeof(*w->devices.at));
	w->device_rules.at = arena_array(a, o->devices.n + 1, sizeof(*w->device_rules.at));
	if (!w->devices.at || !w->device_rules.at)
		return no_memory(e);
	for (size_t i = 0; i < o->devices.n; i++)
		if (add_device(a, w, o->devices.at[i], e) < 0)
			return fail_in(e, "--device '%.200s'", o->devices.at[i]);
	return 0;
}

static int set_security(const struct run_options *o, struct wish *w, struct err *e)
{
	for (size_t i = 0; i < o->security.n; i++) {
		const char *word = o->security.at[i];

		if (strcmp(word, "no-new-privileges") == 0 ||
		    strcmp(word, "no-new-privileges=true") == 0 ||
		    strcmp(word, "no-new-privileges:true") == 0)
			w->no_new_privileges = true;
		else if (strcmp(word, "seccomp=unconfined") == 0)
			w->seccomp_unconfined = true;
		else if (text_starts(word, "seccomp=") && word[8])
			w->seccomp = text_shown(word + 8);
		else if (strcmp(word, "no-new-privileges=false") != 0 &&
			 strcmp(word, "apparmor=unconfined") != 0 &&
			 strcmp(word, "label=disable") != 0)
			return fail(e, ERR_UNSUPPORTED,
				    "--security-opt '%.100s' can't be honoured yet", word);
	}
	return 0;
}

/* --- modes --- */

static int read_mode(const char *option, const char *text, const char *const *words, struct err *e)
{
	for (; text && *words; words++)
		if (strcmp(text, *words) == 0)
			return 0;
	return text ? fail(e, ERR_UNSUPPORTED, "%s '%.100s' can't be honoured yet", option, text)
		    : 0;
}

static int set_modes(const struct run_options *o, struct wish *w, struct err *e)
{
	static const char *const networks[] = { "none", "host", NULL };
	static const char *const own[] = { "host", "private", "", NULL };

	if (read_mode("--network", o->network, networks, e) < 0)
		return fail_hint(e, "'none' and 'host' are there; bridges come with networks");
	if (read_mode("--ipc", o->ipc, own, e) < 0 || read_mode("--pid", o->pid, own, e) < 0 ||
	    read_mode("--uts", o->uts, own, e) < 0)
		return -1;
	w->network = text_shown(o->network ? o->network : "none");
	w->ipc = text_shown(o->ipc);
	w->pid = text_shown(o->pid);
	w->uts = text_shown(o->uts);
	return 0;
}

static int check_hosts(const struct run_options *o, struct err *e)
{
	for (size_t i = 0; i < o->hosts.n; i++) {
		const char *colon = strchr(o->hosts.at[i], ':');

		if (!colon || colon == o->hosts.at[i] || !colon[1] ||
		    strpbrk(o->hosts.at[i], " \t\n"))
			return fail(e, ERR_INPUT, "--add-host '%.100s': it is not NAME:ADDRESS",
				    o->hosts.at[i]);
	}
	return 0;
}

static int set_storage(const struct run_options *o, struct wish *w, struct err *e)
{
	for (size_t i = 0; i < o->storage.n; i++) {
		int64_t size = 0;

		if (!text_starts(o->storage.at[i], "size="))
			return fail(e, ERR_UNSUPPORTED,
				    "--storage-opt '%.100s' can't be honoured; size=SIZE can",
				    o->storage.at[i]);
		if (size_parse(o->storage.at[i] + 5, &size, e) < 0)
			return fail_in(e, "--storage-opt");
		w->size = (uint64_t)size;
	}
	return 0;
}

static int set_words(const struct run_options *o, char **args, size_t n_args, struct arena *a,
		     struct wish *w, struct err *e)
{
	w->hostname = text_shown(o->hostname);
	w->domainname = text_shown(o->domainname);
	w->user = text_shown(o->user);
	w->working_dir = text_shown(o->workdir);
	w->tz = text_shown(o->tz);
	w->cgroup_parent = text_shown(o->cgroup_parent);
	w->tty = o->tty;
	w->open_stdin = o->interactive;
	w->privileged = o->privileged;
	w->readonly = o->readonly;
	w->cap_add = strings(a, &o->cap_add);
	w->cap_drop = strings(a, &o->cap_drop);
	w->groups = strings(a, &o->groups);
	w->add_hosts = strings(a, &o->hosts);
	w->cmd = n_args ? args : NULL;
	if (o->entrypoint) {
		w->entrypoint = arena_array(a, 2, sizeof(char *));
		if (w->entrypoint && *o->entrypoint)
			w->entrypoint[0] = text_shown(o->entrypoint);
	}
	if (!w->cap_add || !w->cap_drop || !w->groups || !w->add_hosts ||
	    (o->entrypoint && !w->entrypoint))
		return no_memory(e);
	if (o->workdir && *o->workdir != '/')
		return fail(e, ERR_INPUT, "--workdir '%.200s': it is not an absolute path",
			    o->workdir);
	return 0;
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

	if (set_words(o, args, n_args, a, &w, e) < 0 || set_lists(o, a, &w, e) < 0 ||
	    set_memory(o, &w, e) < 0 || set_cpu(o, &w, e) < 0 || set_process_limits(o, &w, e) < 0 ||
	    set_ulimits(o, a, &w, e) < 0 || set_devices(o, a, &w, e) < 0 ||
	    set_security(o, &w, e) < 0 || set_modes(o, &w, e) < 0 || check_hosts(o, e) < 0 ||
	    set_storage(o, &w, e) < 0 || run_mounts(o, a, &w, e) < 0)
		return -1;
	*ret = w;
	return 0;
}
