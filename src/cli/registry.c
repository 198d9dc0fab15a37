/* registry.c - tare login, logout and image tags */
#include "cli/registry.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "cli/image.h"
#include "cli/session.h"
#include "remote/auth.h"

/* registry_options() - put them into @ret */
int registry_options(const struct registry_options *o, struct remote_options *ret, struct err *e)
{
	struct stat st;

	ret->authfile = o->authfile;
	ret->cert_dir = o->cert_dir;
	if (o->cert_dir && stat(o->cert_dir, &st) < 0)
		return fail_sys(e, "--cert-dir '%s'", o->cert_dir);
	if (o->cert_dir && !S_ISDIR(st.st_mode))
		return fail_errno(e, ENOTDIR, "--cert-dir '%s'", o->cert_dir);
	ret->tls_verify.set = o->tls_verify != NULL;
	if (o->tls_verify && !opt_truth(o->tls_verify, &ret->tls_verify.v))
		return fail(e, ERR_INPUT, "--tls-verify is true or false, not '%s'", o->tls_verify);
	return 0;
}

/* registry_trust() - Notary's signatures are neither made nor checked: who asks for them is told so */
int registry_trust(const char *command, struct opt_bool disabled, struct err *e)
{
	if (!disabled.set || disabled.v)
		return 0;
	fail(e, ERR_UNSUPPORTED,
	     "%s: --disable-content-trust=false is not supported: Docker Content Trust has no "
	     "signatures here",
	     command);
	return fail_hint(e, "name the image by its digest, which is always checked");
}

struct login {
	const char *username, *password;
	bool password_stdin;
	struct registry_options registry;
};

// clang-format off
static const struct opt login_opts[] = {
	OPT_STRING_("username",   'u', struct login, username, "NAME", "who logs in"),
	OPT_STRING_("password",   'p', struct login, password, "WORD", "the password; others on this host can see it"),
	OPT_FLAG_("password-stdin", 0, struct login, password_stdin,   "read the password from the standard input"),
	REGISTRY_OPTS(struct login, registry),
};
// clang-format on

/* A line from @in, without its end. */
static bool read_line(FILE *in, char *ret, size_t size)
{
	if (!fgets(ret, (int)size, in))
		return false;
	ret[strcspn(ret, "\r\n")] = '\0';
	return *ret != '\0';
}

/* The terminal as it was, for who is ended while nothing that is typed is shown. */
static struct termios terminal_before;

static void show_again(int signal)
{
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal_before);
	/* by its usual effect, once we have returned */
	(void)raise(signal);
}

static const int endings[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

static void hide(struct sigaction old[COUNT(endings)])
{
	struct termios hidden = terminal_before;
	struct sigaction a = { .sa_handler = show_again, .sa_flags = (int)SA_RESETHAND };

	for (size_t i = 0; i < COUNT(endings); i++) {
		(void)sigaction(endings[i], NULL, &old[i]);
		if (old[i].sa_handler != SIG_IGN)
			(void)sigaction(endings[i], &a, NULL);
	}
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
}

static bool ask_hidden(char *ret, size_t size)
{
	struct sigaction old[COUNT(endings)];
	bool good;

	if (tcgetattr(STDIN_FILENO, &terminal_before) < 0)
		return read_line(stdin, ret, size);
	hide(old);
	good = read_line(stdin, ret, size);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal_before);
	for (size_t i = 0; i < COUNT(endings); i++)
		(void)sigaction(endings[i], &old[i], NULL);
	printf("\n");
	return good;
}

static int get_username(const struct login *o, char *ret, size_t size, struct err *e)
{
	if (o->username) {
		snprintf(ret, size, "%s", o->username);
		return 0;
	}
	if (!isatty(STDIN_FILENO) || o->password_stdin) {
		fail(e, ERR_INPUT, "login: who logs in?");
		return fail_hint(e, "say --username NAME");
	}
	printf("Username: ");
	(void)fflush(stdout);
	return read_line(stdin, ret, size) ? 0
					   : fail(e, ERR_INPUT, "login: no user name was given");
}

static int get_password(const struct login *o, char *ret, size_t size, struct err *e)
{
	if (o->password) {
		snprintf(ret, size, "%s", o->password);
		return 0;
	}
	if (o->password_stdin)
		return read_line(stdin, ret, size)
			       ? 0
			       : fail(e, ERR_INPUT, "login: the standard input has no password");
	if (!isatty(STDIN_FILENO)) {
		fail(e, ERR_INPUT, "login: there is no terminal to ask for the password");
		return fail_hint(e, "use --password-stdin");
	}
	printf("Password: ");
	(void)fflush(stdout);
	return ask_hidden(ret, size) ? 0 : fail(e, ERR_INPUT, "login: no password was given");
}

static int check(const char *registry, const struct remote_options *how, struct arena *a,
		 struct err *e)
{
	struct remote_target target;
	struct remote *remote;
	int r;

	if (remote_target_of_registry(registry, how, a, &target, e) < 0 ||
	    remote_open(&target, &remote, e) < 0)
		return -1;
	r = remote_login(remote, e);
	remote_close(remote);
	return r;
}

static int run_login(const struct cli *cli __attribute__((unused)), void *options, char **args,
		     size_t n_args, int *ret_status __attribute__((unused)), struct err *e)
{
	const struct login *o = options;
	const char *registry = n_args ? args[0] : REFERENCE_DEFAULT_REGISTRY;
	own_arena struct arena a = { 0 };
	char name[256], password[4096];
	struct auth_place place;
	struct auth auth = { .username = name, .password = password };
	struct registries registries;
	struct remote_options how = { .auth = &auth, .registries = &registries };
	struct auth_places places = { .authfile = o->registry.authfile };

	if (o->password && o->password_stdin)
		return fail(e, ERR_INPUT,
			    "login: --password and --password-stdin exclude each other");
	if (o->password)
		log_warn("--password on the command line is insecure, as others on this host can "
			 "see it; --password-stdin is not seen");
	if (registry_options(&o->registry, &how, e) < 0)
		return -1;
	if (!reference_is_registry(registry))
		return fail(e, ERR_INPUT, "login: '%s' is no registry's name", registry);
	if (registries_load(&a, &registries, e) < 0)
		return -1;
	places.helpers = registries.helpers;
	if (get_username(o, name, sizeof(name), e) < 0 ||
	    get_password(o, password, sizeof(password), e) < 0 ||
	    check(registry, &how, &a, e) < 0 ||
	    auth_store(registry, &auth, &places, &a, &place, e) < 0)
		return fail_in(e, "log in to %s", registry);
	if (!place.helper)
		log_warn("the credentials are stored unencrypted in '%s'; a credential helper "
			 "(credsStore) keeps them elsewhere",
			 place.name);
	printf("Login Succeeded\n");
	return 0;
}

const struct command login_command = {
	.name = "login",
	.args = "[REGISTRY]",
	.summary = "log in to a registry",
	.section = "IMAGES",
	.opts = login_opts,
	.n = COUNT(login_opts),
	.size = sizeof(struct login),
	.max = 1,
	.run = run_login,
};

struct logout {
	const char *authfile;
};

static const struct opt logout_opts[] = {
	OPT_STRING_("authfile", 0, struct logout, authfile, "FILE", "credentials are in FILE only"),
};

static int run_logout(const struct cli *cli __attribute__((unused)), void *options, char **args,
		      size_t n_args, int *ret_status __attribute__((unused)), struct err *e)
{
	const struct logout *o = options;
	const char *registry = n_args ? args[0] : REFERENCE_DEFAULT_REGISTRY;
	own_arena struct arena a = { 0 };
	struct auth_places places = { .authfile = o->authfile };
	struct registries registries;
	int r;

	if (registries_load(&a, &registries, e) < 0)
		return -1;
	places.helpers = registries.helpers;
	r = auth_erase(registry, &places, &a, e);
	if (r < 0)
		return -1;
	if (r == 0) {
		printf("Not logged in to %s\n", registry);
		return 0;
	}
	printf("Removing login credentials for %s\n", registry);
	return 0;
}

const struct command logout_command = {
	.name = "logout",
	.args = "[REGISTRY]",
	.summary = "log out of a registry",
	.section = "IMAGES",
	.opts = logout_opts,
	.n = COUNT(logout_opts),
	.size = sizeof(struct logout),
	.max = 1,
	.run = run_logout,
};

struct tags {
	uint32_t limit;
	struct registry_options registry;
};

// clang-format off
static const struct opt tags_opts[] = {
	OPT_U32_("limit", 0, struct tags, limit, "N", "at most N tags; 10,000 by default"),
	REGISTRY_OPTS(struct tags, registry),
};
// clang-format on

static int get_tags(const struct reference *ref, const struct remote_options *how, uint64_t limit,
		    struct arena *a, char ***ret_tags, struct err *e)
{
	struct remote_target target;
	struct remote *remote;
	int r;

	if (remote_target(ref, how, a, &target, e) < 0 || remote_open(&target, &remote, e) < 0)
		return -1;
	r = remote_tags(remote, limit, a, ret_tags, e);
	remote_close(remote);
	return r;
}

static int run_tags(const struct cli *cli __attribute__((unused)), void *options, char **args,
		    size_t n_args __attribute__((unused)), int *ret_status __attribute__((unused)),
		    struct err *e)
{
	const struct tags *o = options;
	own_arena struct arena a = { 0 };
	struct remote_options how = { 0 };
	struct registries_names names;
	struct registries registries;
	char **tags = NULL;
	int r = -1;

	if (registry_options(&o->registry, &how, e) < 0 ||
	    session_names(args[0], &a, &names, &registries, e) < 0)
		return -1;
	how.registries = &registries;
	for (size_t i = 0; r < 0 && i < names.names.n; i++) {
		*e = (struct err){ 0 };
		r = get_tags(&names.names.at[i], &how, o->limit ? o->limit : 10000, &a, &tags, e);
	}
	for (size_t i = 0; r == 0 && tags[i]; i++)
		if (reference_is_tag(tags[i]))
			printf("%s\n", tags[i]);
	return r;
}

const struct command image_tags_command = {
	.name = "tags",
	.args = "REPOSITORY",
	.summary = "list the tags that a registry has of a repository",
	.section = "IMAGES",
	.opts = tags_opts,
	.n = COUNT(tags_opts),
	.size = sizeof(struct tags),
	.min = 1,
	.max = 1,
	.run = run_tags,
};
