/* exec_process.c - composes the process that exec starts */
#include "runtime/exec_process.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/own.h"
#include "base/userspec.h"
#include "os/file.h"
#include "runtime/exec.h"
#include "runtime/notes.h"
#include "spec/oci.h"

#define PROCESS_MAX ((size_t)4 << 20)

static int out_of_memory(struct err *e)
{
	return fail_errno(e, ENOMEM, "compose the process");
}

static int read_file(const char *path, struct arena *a, struct oci_process *p, struct err *e)
{
	const struct bind_note note = note_by_warning(path);
	own_mem char *text = NULL;
	int n = file_read(AT_FDCWD, path, PROCESS_MAX, &text, e);

	if (n < 0)
		return fail_in(e, "read the process");
	*p = (struct oci_process){ 0 };
	return bind_parse(&oci_process_table, text, (size_t)n, path, &note, a, p, e);
}

/* A variable given twice takes the later value, as a shell has it. */
static int add_env(struct oci_process *p, const char *const *more, struct arena *a, struct err *e)
{
	size_t n = text_count(p->env), extra = text_count((char *const *)more);
	char **list = arena_array(a, n + extra + 1, sizeof(*list));

	if (!list)
		return out_of_memory(e);
	if (n)
		memcpy(list, p->env, n * sizeof(*list));
	for (size_t i = 0; i < extra; i++) {
		size_t name = strcspn(more[i], "="), at = 0;

		if (!more[i][name])
			return fail(e, ERR_INPUT, "--env '%s' is not of the form NAME=VALUE",
				    more[i]);
		while (at < n && strncmp(list[at], more[i], name + 1) != 0)
			at++;
		list[at] = (char *)more[i];
		n += at == n;
	}
	p->env = list;
	return 0;
}

static int set_user(struct oci_process *p, const char *text, struct arena *a, struct err *e)
{
	struct oci_user *u = arena_alloc(a, sizeof(*u));
	struct userspec spec = { 0 };

	if (!u)
		return out_of_memory(e);
	if (userspec_parse(text, &spec, e) < 0)
		return -1;
	u->umask = p->user->umask;
	u->uid = spec.uid;
	u->gid = spec.has_gid ? spec.gid : p->user->gid;
	p->user = u;
	return 0;
}

static int add_gids(struct oci_process *p, const char *const *gids, struct arena *a, struct err *e)
{
	size_t n = p->user->additional_gids.n, extra = text_count((char *const *)gids);
	struct oci_user *u = arena_alloc(a, sizeof(*u));
	int64_t *list = arena_array(a, n + extra, sizeof(*list));

	if (!u || !list)
		return out_of_memory(e);
	*u = *p->user;
	if (n)
		memcpy(list, u->additional_gids.at, n * sizeof(*list));
	for (size_t i = 0; i < extra; i++) {
		uint64_t gid;

		if (text_u64(gids[i], UINT32_MAX - 1, &gid) < 0)
			return fail(e, ERR_INPUT, "--additional-gids '%s' is not a group id",
				    gids[i]);
		list[n++] = (int64_t)gid;
	}
	u->additional_gids.at = list;
	u->additional_gids.n = n;
	p->user = u;
	return 0;
}

/* The capability that @name probably means: written small, without "CAP_", as capsh(1) and Kubernetes
 * write them, or with an error; NULL: none */
static const char *nearest_capability(const char *name)
{
	char full[64];
	int n = snprintf(full, sizeof(full), "CAP_%s",
			 strncasecmp(name, "CAP_", 4) == 0 ? name + 4 : name);

	if (n < 0 || (size_t)n >= sizeof(full))
		return NULL;
	for (char *c = full; *c; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
	return word_nearest(oci_capability_words, full);
}

/* Never inheritable (CVE-2022-29162), and ambient only where the config has made them inheritable. */
static int add_caps(struct oci_process *p, const char *const *caps, struct arena *a, struct err *e)
{
	struct oci_capabilities *c = arena_alloc(a, sizeof(*c));

	if (!c)
		return out_of_memory(e);
	*c = *p->capabilities;
	for (; *caps; caps++) {
		const struct word *w = word_find(oci_capability_words, *caps);
		const char *near = w ? NULL : nearest_capability(*caps);

		if (!w) {
			fail(e, ERR_INPUT, "--cap: unknown capability '%s'", *caps);
			return near ? fail_hint(e, "did you mean '%s'?", near) : -1;
		}
		c->bounding |= (uint64_t)w->value;
		c->permitted |= (uint64_t)w->value;
		c->effective |= (uint64_t)w->value;
		c->ambient |= (uint64_t)w->value & c->inheritable;
	}
	p->capabilities = c;
	return 0;
}

static int apply_flags(const struct exec_options *o, struct arena *a, struct oci_process *p,
		       struct err *e)
{
	if (o->args && o->args[0])
		p->args = o->args;
	if (o->cwd)
		p->cwd = (char *)o->cwd;
	if (o->apparmor)
		p->apparmor_profile = (char *)o->apparmor;
	if (o->process_label)
		p->selinux_label = (char *)o->process_label;
	if (o->no_new_privs)
		p->no_new_privileges = true;
	if (o->env && add_env(p, o->env, a, e) < 0)
		return -1;
	if (o->user && set_user(p, o->user, a, e) < 0)
		return -1;
	if (o->gids && add_gids(p, o->gids, a, e) < 0)
		return -1;
	return o->caps ? add_caps(p, o->caps, a, e) : 0;
}

/* Was the member given by a flag? */
static bool is_by_flag(const struct exec_options *o, const char *member)
{
	const struct {
		const char *member;
		bool given;
	} rows[] = {
		{ "args", o->args && o->args[0] },
		{ "cwd", o->cwd },
		{ "env", o->env },
		{ "apparmorProfile", o->apparmor },
		{ "selinuxLabel", o->process_label },
		{ "user", o->user || o->gids },
		{ "terminal", o->tty },
		{ "capabilities", o->caps },
		{ "noNewPrivileges", o->no_new_privs },
	};
	size_t len = strcspn(member, "/");

	for (size_t i = 0; i < COUNT(rows); i++)
		if (strlen(rows[i].member) == len && memcmp(rows[i].member, member, len) == 0)
			return rows[i].given;
	return false;
}

/**
 * exec_process_fail() - an error's place is where the caller said it: the config, his file, or a flag
 *
 * Return: -1.
 */
int exec_process_fail(const struct exec_options *o, struct err *e)
{
	static const char place[] = "config.json: /process/";
	char member[sizeof(e->origin)];

	if (!text_starts(e->origin, place))
		return -1;
	memcpy(member, e->origin + strlen(place), sizeof(member) - strlen(place));
	if (!o->process_file && !is_by_flag(o, member))
		return -1;
	e->origin[0] = '\0';
	return is_by_flag(o, member) ? -1 : fail_at(e, "%s: /%s", o->process_file, member);
}

/**
 * exec_process_make() - the process that exec starts
 * @a: owns what @ret_process points to, together with @config and @o
 */
int exec_process_make(const struct exec_options *o, const struct oci_config *config,
		      struct arena *a, struct oci_process *ret_process, struct err *e)
{
	struct oci_process *p = ret_process;

	if (o->process_file) {
		if (read_file(o->process_file, a, p, e) < 0)
			return -1;
		p->terminal |= o->tty;
	} else {
		*p = *config->process;
		p->terminal = o->tty;
	}
	if (oci_process_settle(p, a, e) < 0 || apply_flags(o, a, p, e) < 0)
		return -1;
	if (!p->args || !p->args[0])
		return fail(e, ERR_INPUT, "process args cannot be empty");
	return 0;
}
