/* ns.c - tare ns: the group of commands, and what they share */
#include "tare/ns.h"

#include <fcntl.h>
#include <stdlib.h>

#include "base/own.h"
#include "base/passwd.h"
#include "base/userspec.h"
#include "os/file.h"

#define PASSWD_MAX ((size_t)16 << 20)

/* ns_given() - CLONE_NEW* of the types whose option was given */
uint64_t ns_given(const char *const files[NSFS_TYPES])
{
	uint64_t flags = 0;

	for (int i = 0; i < NSFS_TYPES; i++)
		flags |= files[i] ? nsfs_kinds[i].flag : 0;
	return flags;
}

/* ns_parse_id() - an id by number; NULL: none was given */
int ns_parse_id(const char *option, const char *text, struct opt_u64 *ret_id, struct err *e)
{
	uint64_t id;

	if (!text)
		return 0;
	if (text_u64(text, USERSPEC_ID_MAX, &id) < 0)
		return fail(e, ERR_INPUT, "option '--%s': '%s' is not an id", option, text);
	*ret_id = (struct opt_u64){ true, id };
	return 0;
}

/**
 * ns_parse_name() - a user's or a group's id, by number or by name
 * @file: /etc/passwd or /etc/group of the host
 */
int ns_parse_name(const char *option, const char *file, const char *text, uint32_t *ret_id,
		  struct err *e)
{
	own_mem char *known = NULL;
	uint64_t id;

	if (text_u64(text, USERSPEC_ID_MAX, &id) == 0) {
		*ret_id = (uint32_t)id;
		return 0;
	}
	/* what looks like a number is one, and that one is too big */
	if (*text >= '0' && *text <= '9')
		return fail(e, ERR_INPUT, "option '--%s': '%s' is not an id", option, text);
	if (file_read(AT_FDCWD, file, PASSWD_MAX, &known, e) < 0)
		return fail_in(e, "option '--%s'", option);
	if (!passwd_id(known, text, ret_id)) {
		fail(e, ERR_INPUT, "option '--%s': '%s' does not know '%s'", option, file, text);
		return fail_hint(e, "give the number");
	}
	return 0;
}

int ns_parse_pid(const char *text, pid_t *ret_pid, struct err *e)
{
	uint64_t pid;

	if (text_u64(text, INT32_MAX, &pid) < 0 || !pid)
		return fail(e, ERR_INPUT, "'%s' is not a process's number", text);
	*ret_pid = (pid_t)pid;
	return 0;
}

/* ns_shell() - the program that was given, or the user's shell, by way of @shell */
char **ns_shell(char **args, size_t n_args, char *shell[2])
{
	static char sh[] = "/bin/sh";

	if (n_args)
		return args;
	shell[0] = getenv("SHELL");
	if (!shell[0] || !*shell[0])
		shell[0] = sh;
	shell[1] = NULL;
	return shell;
}

/* ns_hint_words() - say which words there are. -1 */
int ns_hint_words(const struct word *words, struct err *e)
{
	own_str struct str all = { 0 };

	for (const struct word *w = words; w->name; w++)
		str_addf(&all, "%s%s", w == words ? "" : w[1].name ? ", " : " or ", w->name);
	return all.at ? fail_hint(e, "it is %s", all.at) : -1;
}

/* ns_parse_word() - an option's value out of a table; @fallback without the option */
int ns_parse_word(const char *option, const struct word *words, const char *text, int64_t fallback,
		  int64_t *ret, struct err *e)
{
	const struct word *w = text ? word_find(words, text) : NULL;

	if (!text || w) {
		*ret = w ? w->value : fallback;
		return 0;
	}
	fail(e, ERR_INPUT, "option '--%s': '%s' is none of its words", option, text);
	return ns_hint_words(words, e);
}

static const struct command *const commands[] = {
	&ns_caps_command, &ns_enter_command,   &ns_held_command,   &ns_hold_command,
	&ns_ls_command,   &ns_mount_command,   &ns_mounts_command, &ns_net_command,
	&ns_pids_command, &ns_release_command, &ns_run_command,    NULL,
};

const struct command ns_command = {
	.name = "ns",
	.args = "COMMAND [ARG...]",
	.summary = "namespaces by hand",
	.about = "Makes, enters, keeps and shows namespaces of all eight types.",
	.section = "NAMESPACES",
	.commands = commands,
};
