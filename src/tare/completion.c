/* completion.c - tare completion: command lines that a shell completes
 *
 * The scripts know nothing of the commands. They ask `tare completion words -- WORD...`, whose first
 * line says what else the shell is to offer (none, files, folders, programs), and whose others are
 * candidates, each with a tab and a description. What there is to offer besides commands and options
 * is looked up on the host; whatever goes wrong there is no reason to disturb a command line.
 */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "base/render_text.h"
#include "base/signals.h"
#include "discovery/containers.h"
#include "tare/cli.h"

/* --- what is on the host ---------------------------------------------------------------------- */

static void add_containers(struct completion *c)
{
	own_containers struct containers all = { 0 };
	struct err ignored = { 0 };

	if (containers_find(NULL, CONTAINERS_NAMES | CONTAINERS_UNKNOWN, &all, &ignored) < 0)
		return;
	for (size_t i = 0; i < all.n; i++) {
		const struct container_found *one = &all.at[i];
		const char *engine = word_name(engine_words, one->engine.v);

		if (one->name)
			completion_add(c, one->name, engine);
		if (!one->name || *c->prefix)
			completion_add(c, one->id, engine);
	}
}

/* Names in a folder: all, or only folders. */
static void add_names(struct completion *c, const char *folder, const char *before,
		      bool folders_only)
{
	own_dir DIR *dir = opendir(folder);
	const struct dirent *d;

	while (dir && (d = readdir(dir))) {
		char word[512];

		if (d->d_name[0] == '.' || (folders_only && d->d_type != DT_DIR))
			continue;
		snprintf(word, sizeof(word), "%s%s", before, d->d_name);
		completion_add(c, word, "");
	}
}

/* The name of a program is its own choice. */
static void describe_process(const char *pid, struct str *out)
{
	char path[64], name[32];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	f = fopen(path, "re");
	if (!f)
		return;
	n = fread(name, 1, sizeof(name), f);
	(void)fclose(f);
	render_visible(out, name, n && name[n - 1] == '\n' ? n - 1 : n, true);
}

static void add_processes(struct completion *c)
{
	own_dir DIR *dir = opendir("/proc");
	const struct dirent *d;

	while (dir && (d = readdir(dir))) {
		own_str struct str name = { 0 };

		if (!isdigit((unsigned char)d->d_name[0]) || !text_starts(d->d_name, c->prefix))
			continue;
		describe_process(d->d_name, &name);
		completion_add(c, d->d_name, name.at ? name.at : "");
	}
}

static void add_held(struct completion *c)
{
	add_names(c, "/run/tare/ns", "", true);
}

static void add_netns(struct completion *c)
{
	add_names(c, "/run/netns", "", false);
}

/* Below what is there already: a/b completes to a/bc. */
static void add_cgroups(struct completion *c)
{
	static const char *const roots[] = { "/sys/fs/cgroup/pids", "/sys/fs/cgroup/unified",
					     "/sys/fs/cgroup" };
	const char *slash = strrchr(c->prefix, '/');
	size_t len = slash ? (size_t)(slash + 1 - c->prefix) : 0;

	for (size_t i = 0; i < COUNT(roots); i++) {
		char folder[512], before[256];

		snprintf(before, sizeof(before), "%.*s", (int)(len < 255 ? len : 255), c->prefix);
		snprintf(folder, sizeof(folder), "%s/%s", roots[i], before);
		if (access(roots[i], F_OK) == 0 && !strstr(before, "..")) {
			add_names(c, folder, before, true);
			return;
		}
	}
}

static void add_signals(struct completion *c)
{
	for (const struct word *w = signal_words; w->name; w++)
		completion_add(c, w->name, "");
}

// clang-format off
static const struct source {
	enum command_words words;
	const char *shells; /* what the shell itself is to offer */
	void (*add)(struct completion *c);
} sources[] = {
	{ WORDS_CONTAINER, "none",     add_containers },
	{ WORDS_PID,       "none",     add_processes  },
	{ WORDS_NAMESPACE, "none",     add_held       },
	{ WORDS_NETNS,     "none",     add_netns      },
	{ WORDS_CGROUP,    "none",     add_cgroups    },
	{ WORDS_SIGNAL,    "none",     add_signals    },
	{ WORDS_FILE,      "files",    NULL           },
	{ WORDS_FOLDER,    "folders",  NULL           },
	{ WORDS_PROGRAM,   "programs", NULL           },
};
// clang-format on

static int run_words(const struct cli *cli __attribute__((unused)),
		     void *options __attribute__((unused)), char **args, size_t n_args,
		     int *ret_status __attribute__((unused)), struct err *e)
{
	own_completion struct completion c;
	const char *shells = "none";

	command_complete(&tare_command, args, n_args, &c);
	for (size_t i = 0; i < COUNT(sources); i++) {
		if (sources[i].words != c.words)
			continue;
		shells = sources[i].shells;
		if (sources[i].add)
			sources[i].add(&c);
	}
	if (c.lines.torn)
		return fail_errno(e, ENOMEM, "complete the words");
	printf("%s\n%s", shells, c.lines.at ? c.lines.at : "");
	return 0;
}

/* --- the shells ------------------------------------------------------------------------------- */

/* Readline cuts words at = and :, and replaces only what is after the last of them. */
static const char bash_script[] =
	"# bash completion of tare, as `tare completion bash` prints it\n"
	"\n"
	"_tare() {\n"
	"\tlocal cur i line shells word glue='' words=() lines=()\n"
	"\n"
	"\tfor ((i = 1; i <= COMP_CWORD; i++)); do\n"
	"\t\tword=${COMP_WORDS[i]}\n"
	"\t\tif [[ ${#words[@]} -gt 0 && ($glue || $word == [:=]) ]]; then\n"
	"\t\t\twords[${#words[@]}-1]+=$word\n"
	"\t\telse\n"
	"\t\t\twords+=(\"$word\")\n"
	"\t\tfi\n"
	"\t\tglue=\n"
	"\t\t[[ $word != [:=] ]] || glue=1\n"
	"\tdone\n"
	"\tcur=${words[${#words[@]}-1]}\n"
	"\tCOMPREPLY=()\n"
	"\tmapfile -t lines < <(\"$1\" completion words -- \"${words[@]}\" 2>/dev/null)\n"
	"\tshells=${lines[0]-}\n"
	"\tword=${cur##*[:=]}\n"
	"\tfor line in \"${lines[@]:1}\"; do\n"
	"\t\tline=${line%%$'\\t'*}\n"
	"\t\tCOMPREPLY+=(\"${line#\"${cur%\"$word\"}\"}\")\n"
	"\tdone\n"
	"\tcase $shells in\n"
	"\tfiles) mapfile -t lines < <(compgen -f -- \"$word\") ;;\n"
	"\tfolders) mapfile -t lines < <(compgen -d -- \"$word\") ;;\n"
	"\tprograms) mapfile -t lines < <(compgen -c -- \"$word\") ;;\n"
	"\t*) return ;;\n"
	"\tesac\n"
	"\t[[ $shells = programs ]] || compopt -o filenames 2>/dev/null\n"
	"\tCOMPREPLY+=(\"${lines[@]}\")\n"
	"}\n"
	"\n"
	"complete -F _tare tare\n";

static const char zsh_script[] =
	"#compdef tare\n"
	"# zsh completion of tare, as `tare completion zsh` prints it\n"
	"\n"
	"_tare() {\n"
	"\tlocal -a lines candidates descriptions\n"
	"\tlocal line shells\n"
	"\n"
	"\tlines=(\"${(@f)$(\"${words[1]}\" completion words -- \"${(@)words[2,CURRENT]}\" "
	"2>/dev/null)}\")\n"
	"\tshells=${lines[1]}\n"
	"\tfor line in \"${(@)lines[2,-1]}\"; do\n"
	"\t\tcandidates+=(\"${line%%$'\\t'*}\")\n"
	"\t\tdescriptions+=(\"${line%%$'\\t'*}  ${line#*$'\\t'}\")\n"
	"\tdone\n"
	"\t(( ${#candidates} )) && compadd -l -d descriptions -a candidates\n"
	"\tcase $shells in\n"
	"\tfiles) compset -P '--*='; _files ;;\n"
	"\tfolders) compset -P '--*='; _files -/ ;;\n"
	"\tprograms) compset -P '--*='; _command_names -e ;;\n"
	"\tesac\n"
	"}\n"
	"\n"
	"if [[ ${funcstack[1]} = _tare ]]; then\n"
	"\t_tare \"$@\"\n"
	"else\n"
	"\tcompdef _tare tare\n"
	"fi\n";

static const char fish_script[] =
	"# fish completion of tare, as `tare completion fish` prints it\n"
	"\n"
	"function __tare_complete\n"
	"\tset -l words (commandline -opc)\n"
	"\tset -l cur (commandline -ct)\n"
	"\tset -q cur[1]; or set cur ''\n"
	"\tset -l lines ($words[1] completion words -- $words[2..-1] $cur 2>/dev/null)\n"
	"\tset -q lines[2]; and printf '%s\\n' $lines[2..-1]\n"
	"\tswitch \"$lines[1]\"\n"
	"\t\tcase files\n"
	"\t\t\t__fish_complete_path $cur\n"
	"\t\tcase folders\n"
	"\t\t\t__fish_complete_directories $cur\n"
	"\t\tcase programs\n"
	"\t\t\t__fish_complete_command\n"
	"\tend\n"
	"end\n"
	"\n"
	"complete -c tare -f -a '(__tare_complete)'\n";

static int print_script(const char *script)
{
	fputs(script, stdout);
	return 0;
}

static int run_bash(const struct cli *cli __attribute__((unused)),
		    void *options __attribute__((unused)), char **args __attribute__((unused)),
		    size_t n_args __attribute__((unused)), int *ret_status __attribute__((unused)),
		    struct err *e __attribute__((unused)))
{
	return print_script(bash_script);
}

static int run_zsh(const struct cli *cli __attribute__((unused)),
		   void *options __attribute__((unused)), char **args __attribute__((unused)),
		   size_t n_args __attribute__((unused)), int *ret_status __attribute__((unused)),
		   struct err *e __attribute__((unused)))
{
	return print_script(zsh_script);
}

static int run_fish(const struct cli *cli __attribute__((unused)),
		    void *options __attribute__((unused)), char **args __attribute__((unused)),
		    size_t n_args __attribute__((unused)), int *ret_status __attribute__((unused)),
		    struct err *e __attribute__((unused)))
{
	return print_script(fish_script);
}

static const struct command bash_command = {
	.name = "bash",
	.args = "",
	.summary = "the script for bash",
	.about = "\tsource <(tare completion bash)\n",
	.run = run_bash,
};
static const struct command zsh_command = {
	.name = "zsh",
	.args = "",
	.summary = "the script for zsh",
	.about = "\ttare completion zsh >~/.zfunc/_tare\n"
		 "\n"
		 "into a folder of $fpath, or:\n"
		 "\n"
		 "\tsource <(tare completion zsh)\n",
	.run = run_zsh,
};
static const struct command fish_command = {
	.name = "fish",
	.args = "",
	.summary = "the script for fish",
	.about = "\ttare completion fish | source\n",
	.run = run_fish,
};
static const struct command words_command = {
	.name = "words",
	.args = "-- WORD...",
	.summary = "what the last word may become; the scripts ask this",
	.about = "The first line says what the shell is to offer besides: none, files, folders or "
		 "programs. In each of the others stand a word, a tab, and what it means.",
	.section = "FOR SCRIPTS",
	.min = 1,
	.max = SIZE_MAX,
	.run = run_words,
};
static const struct command *const completion_commands[] = {
	&bash_command, &zsh_command, &fish_command, &words_command, NULL,
};

const struct command completion_command = {
	.name = "completion",
	.args = "COMMAND",
	.summary = "print a script that completes command lines in a shell",
	.section = "ABOUT TARE",
	.commands = completion_commands,
};
