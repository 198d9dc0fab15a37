/* merge.c - what the image says of its containers stands where the wish says nothing; Docker's rules */
#include "base/arena.h"
#include "base/err.h"
#include "engine/wish.h"

/* struct merging - into @a's memory; @torn: which ran out */
struct merging {
	struct arena *a;
	bool torn;
};

static bool names_variable(const char *variable, const char *name, size_t len)
{
	return strncmp(variable, name, len) == 0 && (variable[len] == '=' || !variable[len]);
}

static bool has_variable(char *const *env, const char *variable)
{
	const size_t len = strcspn(variable, "=");

	for (; env && *env; env++)
		if (names_variable(*env, variable, len))
			return true;
	return false;
}

static char **merge_env(struct merging *m, char **ours, char *const *theirs)
{
	for (; theirs && *theirs; theirs++)
		if (!has_variable(ours, *theirs)) {
			char **more = arena_append(m->a, ours, *theirs);

			m->torn = m->torn || !more;
			ours = more ? more : ours;
		}
	return ours;
}

static bool has_key(const struct pairs *p, const char *key)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->at[i].key, key) == 0)
			return true;
	return false;
}

static void merge_pairs(struct merging *m, struct pairs *ours, const struct pairs *theirs)
{
	for (size_t i = 0; i < theirs->n; i++) {
		struct pair *more;

		if (has_key(ours, theirs->at[i].key))
			continue;
		more = arena_more(m->a, ours->at, ours->n, sizeof(*more));
		m->torn = m->torn || !more;
		if (!more)
			return;
		more[ours->n++] = theirs->at[i];
		ours->at = more;
	}
}

/* Of a set of names: ports, volumes. */
static void merge_names(struct merging *m, struct list_any *ours, const struct list_any *theirs)
{
	const struct image_name *names = theirs->at;

	for (size_t i = 0; i < theirs->n; i++) {
		struct image_name *more = ours->at;
		bool known = false;

		for (size_t k = 0; k < ours->n; k++)
			known = known || strcmp(more[k].key, names[i].key) == 0;
		if (known)
			continue;
		more = arena_more(m->a, ours->at, ours->n, sizeof(*more));
		m->torn = m->torn || !more;
		if (!more)
			return;
		more[ours->n++] = names[i];
		ours->at = more;
	}
}

/* A new entrypoint drops the image's command as well. */
static void merge_program(struct image_run *c, const struct image_run *image)
{
	if (text_count(c->entrypoint))
		return;
	if (!text_count(c->cmd)) {
		c->cmd = image->cmd;
		c->args_escaped = image->args_escaped;
	}
	if (!c->entrypoint)
		c->entrypoint = image->entrypoint;
}

/**
 * wish_merge() - complete @config by what @image says
 * @image: may be NULL
 * @a: owns what is added, and what both are made of
 */
int wish_merge(struct image_run *config, const struct image_run *image, struct arena *a,
	       struct err *e)
{
	struct merging m = { .a = a };
	char **const words[][2] = {
		{ &config->user, image ? (char **)(uintptr_t)&image->user : NULL },
		{ &config->working_dir, image ? (char **)(uintptr_t)&image->working_dir : NULL },
		{ &config->stop_signal, image ? (char **)(uintptr_t)&image->stop_signal : NULL },
	};

	if (!image)
		return 0;
	for (size_t i = 0; i < COUNT(words); i++)
		if (!*words[i][0] || !**words[i][0])
			*words[i][0] = *words[i][1];
	config->env = merge_env(&m, config->env, image->env);
	merge_pairs(&m, &config->labels, &image->labels);
	merge_names(&m, (struct list_any *)&config->exposed_ports,
		    (const struct list_any *)&image->exposed_ports);
	merge_names(&m, (struct list_any *)&config->volumes,
		    (const struct list_any *)&image->volumes);
	merge_program(config, image);
	if (!config->healthcheck)
		config->healthcheck = image->healthcheck;
	if (!config->shell)
		config->shell = image->shell;
	if (!config->stop_timeout.set)
		config->stop_timeout = image->stop_timeout;
	return m.torn ? fail_errno(e, ENOMEM, "read what the image says of its containers") : 0;
}
