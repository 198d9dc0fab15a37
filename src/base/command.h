/* command.h - command lines by table: commands, their groups, options, help and did-you-mean
 *
 * A program has one table; parsing, `--help`, shell completion and the man pages are read from it.
 * A row is a command or a group of commands (`tare ns`), to any depth.
 */
#ifndef BASE_COMMAND_H
#define BASE_COMMAND_H

#include "base/err.h"
#include "base/opt.h"

/* What stands before the command: each program has its own. */
struct cli;

/* What a command's words are, for completion in a shell. */
enum command_words {
	WORDS_ANY,
	WORDS_CONTAINER, /* a container of any engine */
	WORDS_PID,       /* a process */
	WORDS_FILE,      /* a file or folder */
	WORDS_FOLDER,    /* a folder */
	WORDS_PROGRAM,   /* a program to start, and its words */
	WORDS_CGROUP,    /* a cgroup's path */
	WORDS_NAMESPACE, /* a namespace that is held under a name */
	WORDS_NETNS,     /* a network namespace's name */
	WORDS_SIGNAL,    /* a signal's name */
	WORDS_COMMAND,   /* a command of this program, and those in it */
};

/**
 * struct command - one row of the table
 * @name:         the word by which it is called
 * @args:         words after the options, for the help
 * @summary:      half a line
 * @about:        what more the manual says: paragraphs divided by an empty line; may be NULL
 * @section:      in its group's help, rows with the same section stand under it; may be NULL
 * @aliases:      other names; ends with NULL; may be NULL
 * @commands:     a group's commands; ends with NULL; NULL for a command. A group with @run does that
 *                when none of them is named, instead of showing its help
 * @opts, @n, @size: its options, and the size of the struct that they fill
 * @min, @max:    how many words it takes
 * @stop_early:   options end at the first word (exec, ps); those of `tare` run a program, whose exit
 *                status is theirs
 * @raw:          it reads all of its words itself, options too: another program's dialect
 * @beginnings:   a group's commands may be called by any beginning of theirs, as those of ip(8): the
 *                first row that fits is meant
 * @link:         a program that is called by this name is this command
 * @words:        what its words are
 * @failure:      its exit status when it fails; 0: the program's own choice
 * @run:          *ret_status is the exit status on success
 */
struct command {
	const char *name, *args, *summary, *about, *section;
	const char *const *aliases;
	const struct command *const *commands;
	const struct opt *opts;
	size_t n, size, min, max;
	bool stop_early, raw, beginnings, link;
	enum command_words words;
	int failure;
	int (*run)(const struct cli *cli, void *options, char **args, size_t n_args,
		   int *ret_status, struct err *e);
};

/**
 * struct command_call - a command that was found, and the words that are left for it
 * @path:  how it was called, for messages: "tare ns enter"
 */
struct command_call {
	const struct command *command;
	char path[128];
	char **words;
	size_t n;
};

const struct command *command_find(const struct command *const *commands, const char *name);
const char *command_nearest(const struct command *const *commands, const char *name);
int command_descend(const char *program, const struct command *top, char **words, size_t n,
		    struct command_call *ret_call, struct err *e);
bool command_wants_help(const struct command *c, char **words, size_t n);
int command_run(const struct cli *cli, const struct command_call *call, int *ret_status,
		struct err *e);

/* command_help.c */
void command_help(const struct command *c, const char *path, struct str *out);
bool command_starts_section(const struct command *c, size_t i);
const char *command_section(const struct command *c, size_t i);
bool command_in_section(const struct command *c, size_t i, const char *section);

/* command_man.c */
void command_man(const struct command *c, const char *path, struct str *out);

/**
 * struct completion - what the last word of an unfinished command line may become
 * @prefix:  what stands there; after --name= only the value
 * @before:  --name= itself, which stands before each candidate, else empty
 * @words:   of which kind the word is: WORDS_ANY: only what is in @lines
 * @lines:   candidates that begin with @prefix, one to a line: the whole word, tab, description
 */
struct completion {
	const char *prefix;
	char before[64];
	enum command_words words;
	struct str lines;
};

/* command_complete.c */
void command_complete(const struct command *top, char **words, size_t n, struct completion *ret);
void completion_add(struct completion *c, const char *word, const char *description);
void completion_done(struct completion *c);
#define own_completion __attribute__((cleanup(completion_done)))

#endif
