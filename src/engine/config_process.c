/* config_process.c - what runs in a container: words, environment, user, rights */
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/passwd.h"
#include "base/userspec.h"
#include "engine/config.h"
#include "os/caps.h"
#include "os/file.h"
#include "os/path.h"

#define PATH_DEFAULT "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define USERS_MAX    ((size_t)4 << 20) /* bytes of /etc/passwd and /etc/group */

/* podman's, which are Docker's without MKNOD, NET_RAW and AUDIT_WRITE */
static const char *const default_caps[] = {
	"CAP_CHOWN",   "CAP_DAC_OVERRIDE", "CAP_FOWNER",           "CAP_FSETID",
	"CAP_KILL",    "CAP_SETGID",       "CAP_NET_BIND_SERVICE", "CAP_SETFCAP",
	"CAP_SETPCAP", "CAP_SETUID",       "CAP_SYS_CHROOT",
};

static int no_memory(struct err *e)
{
	return fail_errno(e, ENOMEM, "make the container's config");
}

/* --- words --- */

static size_t append(char **to, char *const *from)
{
	size_t n = 0;

	for (; from && from[n]; n++)
		to[n] = from[n];
	return n;
}

/**
 * config_words() - the program and its words: the entrypoint's, then the command's
 *
 * An entrypoint of one empty word is Docker's way to say that there is none.
 *
 * Return: NULL-terminated, at least one, owned by @a; or NULL.
 */
char **config_words(const struct image_run *c, struct arena *a, struct err *e)
{
	char *const *entrypoint = c->entrypoint;
	size_t n = text_count(entrypoint), m = text_count(c->cmd);
	char **words;

	if (n == 1 && !**entrypoint) {
		entrypoint = NULL;
		n = 0;
	}
	if (n + m == 0) {
		fail(e, ERR_INPUT,
		     "run a container: neither the image nor the command line names a program");
		fail_hint(e, "write it after the image's name");
		return NULL;
	}
	words = arena_array(a, n + m + 1, sizeof(char *));
	if (words)
		append(words + append(words, entrypoint), c->cmd);
	else
		no_memory(e);
	return words;
}

/* --- environment --- */

/* What is said later counts: tare-init keeps the last of each name, and adds HOME (init/env.c), as other
 * runtimes do. */
static int set_env(const struct image_run *c, const struct config_place *at, struct arena *a,
		   struct oci_process *p, struct err *e)
{
	char **env = arena_array(a, text_count(c->env) + 4, sizeof(char *));
	char *hostname = arena_printf(a, "HOSTNAME=%s", at->hostname);
	size_t n = 0;

	if (!env || !hostname)
		return no_memory(e);
	env[n++] = text_shown(PATH_DEFAULT);
	env[n++] = hostname;
	if (c->tty)
		env[n++] = text_shown("TERM=xterm");
	append(env + n, c->env);
	p->env = env;
	return 0;
}

/* --- user --- */

/* struct account - who the program runs as */
struct account {
	char name[256];
	uint32_t uid, gid;
	bool has_group;
};

/* A list of the container's own, as its links lead; "" where it has none. What is no usual file is not
 * opened: a device may do something then. */
static int read_list(int root, const char *path, char **ret_text, struct err *e)
{
	own_fd int found = path_try_open(root, path, O_PATH, 0), fd = FD_NONE;
	char link[32];
	struct stat st;

	if (found < 0 || fstat(found, &st) < 0 || !S_ISREG(st.st_mode)) {
		*ret_text = calloc(1, 1);
		return *ret_text ? 0 : no_memory(e);
	}
	(void)path_fd_link(found, link);
	fd = fd_open(link, O_RDONLY);
	return fd < 0 ? fail_sys(e, "open the container's %s", path)
		      : file_read_fd(fd, path, USERS_MAX, ret_text, e);
}

static int find_id(const char *list, const char *word, const char *what, const char *file,
		   uint32_t *ret_id, struct err *e)
{
	if (*word >= '0' && *word <= '9')
		return userspec_id(word, ret_id, e);
	if (passwd_id(list, word, ret_id))
		return 0;
	fail(e, ERR_INPUT, "run as the %s '%.200s': there is none in the container's %s", what,
	     word, file);
	return fail_hint(e, "a number needs no name");
}

/* "USER", "USER:GROUP", each a name or a number; ":GROUP" is root's. */
static int find_account(const char *spec, const char *passwd, const char *group,
			struct account *ret, struct err *e)
{
	const char *colon = strchr(spec, ':');
	size_t len = colon ? (size_t)(colon - spec) : strlen(spec);
	struct account who = { 0 };

	if (len >= sizeof(who.name))
		return fail(e, ERR_INPUT, "run as '%.100s': a name of more than 255 bytes", spec);
	memcpy(who.name, spec, len);
	if (len && find_id(passwd, who.name, "user", "/etc/passwd", &who.uid, e) < 0)
		return -1;
	*who.name = '\0';
	(void)passwd_user_of(passwd, who.uid, who.name, sizeof(who.name), &who.gid);
	who.has_group = colon && colon[1];
	if (who.has_group && find_id(group, colon + 1, "group", "/etc/group", &who.gid, e) < 0)
		return -1;
	*ret = who;
	return 0;
}

static int add_group(struct arena *a, struct oci_user *u, uint32_t gid, struct err *e)
{
	int64_t *more = arena_more(a, u->additional_gids.at, u->additional_gids.n, sizeof(*more));

	if (!more)
		return no_memory(e);
	more[u->additional_gids.n++] = gid;
	u->additional_gids.at = more;
	return 0;
}

/* Those that /etc/group gives the user, unless one was asked for; and @more. */
static int add_groups(const struct account *who, const char *group, char *const *more,
		      struct arena *a, struct oci_user *u, struct err *e)
{
	const char *rest = group;
	uint32_t gid;

	while (*who->name && !who->has_group && passwd_next_group(&rest, who->name, &gid))
		if (add_group(a, u, gid, e) < 0)
			return -1;
	for (; more && *more; more++)
		if (find_id(group, *more, "group", "/etc/group", &gid, e) < 0 ||
		    add_group(a, u, gid, e) < 0)
			return -1;
	return 0;
}

/**
 * config_user() - who that is, by the container's own files
 * @spec: "USER[:GROUP]", each a name or a number; empty: root
 * @more_groups: names or numbers; may be NULL
 * @root: descriptor of the container's root
 */
int config_user(const char *spec, char *const *more_groups, int root, struct arena *a,
		struct oci_user *ret, struct err *e)
{
	own_mem char *passwd = NULL, *group = NULL;
	struct account who;

	if (read_list(root, "/etc/passwd", &passwd, e) < 0 ||
	    read_list(root, "/etc/group", &group, e) < 0 ||
	    find_account(spec, passwd, group, &who, e) < 0)
		return -1;
	*ret = (struct oci_user){ .uid = who.uid, .gid = who.gid };
	return add_groups(&who, group, more_groups, a, ret, e);
}

/* --- rights --- */

static int find_cap(const char *word, uint64_t *ret, struct err *e)
{
	char name[64];
	const struct word *w;

	snprintf(name, sizeof(name), "%s%.50s", strncasecmp(word, "CAP_", 4) == 0 ? "" : "CAP_",
		 word);
	for (char *c = name; *c; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
	if (strcmp(name, "CAP_ALL") == 0) {
		*ret = ~UINT64_C(0);
		return 0;
	}
	w = word_find(oci_capability_words, name);
	if (!w) {
		const char *near = word_nearest(oci_capability_words, name);

		fail(e, ERR_INPUT, "there is no capability '%.50s'", word);
		return near ? fail_hint(e, "did you mean %s?", near) : -1;
	}
	*ret = (uint64_t)w->value;
	return 0;
}

static int add_caps(char *const *words, uint64_t *caps, struct err *e)
{
	uint64_t bit;

	for (; words && *words; words++) {
		if (find_cap(*words, &bit, e) < 0)
			return -1;
		*caps |= bit;
	}
	return 0;
}

/* Those that we can give: what is not in our own bounding set nobody can have. */
static int every_cap(uint64_t *ret, struct err *e)
{
	struct caps ours;

	if (caps_read(&ours, e) < 0)
		return -1;
	*ret = 0;
	for (const struct word *w = oci_capability_words; w->name; w++)
		*ret |= (uint64_t)w->value & ours.bounding;
	return 0;
}

/* Docker's rules: what is added, beside the defaults or all; less what is dropped */
static int choose_caps(const struct host_config *h, uint64_t *ret, struct err *e)
{
	uint64_t all, caps, add = 0, drop = 0;

	if (every_cap(&all, e) < 0)
		return -1;
	caps = h->privileged ? all : 0;
	for (size_t i = 0; !h->privileged && i < COUNT(default_caps); i++)
		caps |= (uint64_t)word_find(oci_capability_words, default_caps[i])->value;
	if (add_caps(h->cap_add, &add, e) < 0)
		return fail_in(e, "--cap-add");
	if (add_caps(h->cap_drop, &drop, e) < 0)
		return fail_in(e, "--cap-drop");
	/* --cap-drop ALL --cap-add X leaves X; --cap-add ALL --cap-drop X all but X */
	if (drop == ~UINT64_C(0))
		*ret = add & all;
	else
		*ret = (caps | add) & ~drop & all;
	return 0;
}

/* A user who is not root gets none to begin with; his programs can have what is bounding. */
static int set_caps(const struct host_config *h, struct arena *a, struct oci_process *p,
		    struct err *e)
{
	uint64_t caps;

	p->capabilities = arena_alloc(a, sizeof(*p->capabilities));
	if (!p->capabilities)
		return no_memory(e);
	if (choose_caps(h, &caps, e) < 0)
		return -1;
	p->capabilities->bounding = caps;
	if (p->user->uid == 0)
		p->capabilities->effective = p->capabilities->permitted = caps;
	return 0;
}

static int set_rlimits(const struct host_config *h, struct arena *a, struct oci_process *p,
		       struct err *e)
{
	p->rlimits.at = arena_array(a, h->ulimits.n + 1, sizeof(*p->rlimits.at));
	if (!p->rlimits.at)
		return no_memory(e);
	for (size_t i = 0; i < h->ulimits.n; i++) {
		const struct host_ulimit *u = &h->ulimits.at[i];
		char name[32] = "RLIMIT_";
		const struct word *w;

		for (size_t k = 0; k < 20 && u->name[k]; k++)
			name[7 + k] = (char)toupper((unsigned char)u->name[k]);
		w = word_find(oci_rlimit_words, name);
		if (!w)
			return fail(e, ERR_INPUT, "there is no limit '%.50s'", u->name);
		p->rlimits.at[p->rlimits.n++] = (struct oci_rlimit){ { true, w->value },
								     (uint64_t)u->soft,
								     (uint64_t)u->hard };
	}
	return 0;
}

/* config_process() - what @ret->user and all else is */
int config_process(const struct wish *w, const struct config_place *at, struct arena *a,
		   struct oci_process *ret, struct err *e)
{
	const struct image_run *c = &w->config;
	struct oci_process p = { .terminal = c->tty, .oom_score_adj = w->host.oom_score_adj };

	/* an image's may be relative: to the root, as docker has it */
	p.cwd = c->working_dir ? c->working_dir : text_shown("");
	if (*p.cwd != '/')
		p.cwd = arena_printf(a, "/%s", p.cwd);
	if (!p.cwd)
		return no_memory(e);
	if (!(p.args = config_words(c, a, e)) || !(p.user = arena_alloc(a, sizeof(*p.user))) ||
	    config_user(c->user ? c->user : "", w->host.group_add, at->root, a, p.user, e) < 0 ||
	    set_env(c, at, a, &p, e) < 0 || set_caps(&w->host, a, &p, e) < 0 ||
	    set_rlimits(&w->host, a, &p, e) < 0)
		return -1;
	*ret = p;
	return 0;
}
