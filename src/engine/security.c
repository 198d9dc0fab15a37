/* security.c - see security.h */
#include "engine/security.h"

#include <string.h>

#include "base/text.h"

/* Its NAME=VALUE may be written NAME:VALUE, too. */
static bool is_option(const char *word, const char *name, const char **ret_value)
{
	const size_t len = strlen(name);

	if (strncmp(word, name, len) != 0 || (word[len] && !strchr("=:", word[len])))
		return false;
	*ret_value = word[len] ? word + len + 1 : "";
	return true;
}

static int set_new_privileges(const char *value, struct security *s, struct err *e)
{
	s->no_new_privileges = !*value || strcmp(value, "true") == 0;
	return s->no_new_privileges || strcmp(value, "false") == 0
		       ? 0
		       : fail(e, ERR_INPUT, "'%.50s' is neither true nor false", value);
}

static int set_seccomp(const char *value, struct security *s, struct err *e)
{
	s->unconfined = strcmp(value, "unconfined") == 0;
	s->seccomp = NULL;
	if (s->unconfined || strcmp(value, "builtin") == 0)
		return 0;
	if (*value != '{')
		return fail(e, ERR_INPUT, "it is 'unconfined', 'builtin' or a policy");
	s->seccomp = value;
	return 0;
}

/* There is no SELinux and no AppArmor on our containers: who turns them off gets what he asks for. */
static int set_label(const char *value, struct security *s __attribute__((unused)), struct err *e)
{
	return strcmp(value, "disable") == 0 ? 0
					     : fail(e, ERR_UNSUPPORTED, "it can't be honoured yet");
}

static int set_apparmor(const char *value, struct security *s __attribute__((unused)),
			struct err *e)
{
	return strcmp(value, "unconfined") == 0
		       ? 0
		       : fail(e, ERR_UNSUPPORTED, "it can't be honoured yet");
}

static const struct {
	const char *name;
	int (*set)(const char *value, struct security *s, struct err *e);
} rows[] = {
	{ "no-new-privileges", set_new_privileges },
	{ "seccomp", set_seccomp },
	{ "label", set_label },
	{ "apparmor", set_apparmor },
};

static int read_one(const char *word, struct security *s, struct err *e)
{
	const char *value;

	for (size_t i = 0; i < COUNT(rows); i++)
		if (is_option(word, rows[i].name, &value))
			return rows[i].set(value, s, e);
	return fail(e, ERR_UNSUPPORTED, "it can't be honoured yet");
}

/* security_read() - later ones win; @ret points into @options, which may be NULL */
int security_read(char *const *options, struct security *ret, struct err *e)
{
	*ret = (struct security){ 0 };
	for (; options && *options; options++)
		if (read_one(*options, ret, e) < 0)
			return fail_in(e, "--security-opt '%.100s'", *options);
	return 0;
}
