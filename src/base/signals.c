/* signals.c - names and numbers of signals
 *
 * The numbers are those of x86, ARM, RISC-V, PowerPC and S390 alike (MIPS, SPARC, Alpha and
 * PA-RISC differ; <signal.h> decides for the program that is built).
 */
#include "base/signals.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"

// clang-format off
const struct word signal_words[] = {
	{ "HUP",    SIGHUP    }, { "INT",    SIGINT    }, { "QUIT",   SIGQUIT   },
	{ "ILL",    SIGILL    }, { "TRAP",   SIGTRAP   }, { "ABRT",   SIGABRT   },
	{ "BUS",    SIGBUS    }, { "FPE",    SIGFPE    }, { "KILL",   SIGKILL   },
	{ "USR1",   SIGUSR1   }, { "SEGV",   SIGSEGV   }, { "USR2",   SIGUSR2   },
	{ "PIPE",   SIGPIPE   }, { "ALRM",   SIGALRM   }, { "TERM",   SIGTERM   },
	{ "STKFLT", SIGSTKFLT }, { "CHLD",   SIGCHLD   }, { "CONT",   SIGCONT   },
	{ "STOP",   SIGSTOP   }, { "TSTP",   SIGTSTP   }, { "TTIN",   SIGTTIN   },
	{ "TTOU",   SIGTTOU   }, { "URG",    SIGURG    }, { "XCPU",   SIGXCPU   },
	{ "XFSZ",   SIGXFSZ   }, { "VTALRM", SIGVTALRM }, { "PROF",   SIGPROF   },
	{ "WINCH",  SIGWINCH  }, { "IO",     SIGIO     }, { "PWR",    SIGPWR    },
	{ "SYS",    SIGSYS    },
	/* other names of the same; the first one in the table is the one that is printed */
	{ "IOT",    SIGABRT   }, { "CLD",    SIGCHLD   }, { "POLL",   SIGIO     },
	{ NULL, 0 },
};
// clang-format on

static int refuse(const char *text, struct err *e)
{
	const char *near = word_nearest(signal_words, text);

	fail(e, ERR_INPUT, "unknown signal '%.64s'", text);
	return near ? fail_hint(e, "did you mean '%s'?", near)
		    : fail_hint(e, "a name such as TERM or RTMIN+3, or a number from 1 to %d",
				SIGNAL_MAX);
}

/* "RTMIN", "RTMIN+n", "RTMAX", "RTMAX-n"; 0 when it is none of them. */
static int real_time(const char *name)
{
	bool from_top = strncasecmp(name, "RTMAX", 5) == 0;
	uint64_t n = 0;

	if (!from_top && strncasecmp(name, "RTMIN", 5) != 0)
		return 0;
	name += 5;
	if (*name && (*name++ != (from_top ? '-' : '+') ||
		      text_u64(name, SIGNAL_MAX - SIGNAL_RTMIN, &n) < 0))
		return 0;
	return from_top ? SIGNAL_MAX - (int)n : SIGNAL_RTMIN + (int)n;
}

/**
 * signal_parse() - read a signal from the user
 * @text: a name with or without "SIG", in any case, or a number; 0 and 65 are no signals
 *
 * Return: 0, or -1 with ERR_INPUT.
 */
int signal_parse(const char *text, int *ret_signal, struct err *e)
{
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
	uint64_t number;
	int rt;

	if (text_u64(text, SIGNAL_MAX, &number) == 0 && number > 0) {
		*ret_signal = (int)number;
		return 0;
	}
	for (const struct word *w = signal_words; w->name; w++)
		if (strcasecmp(w->name, name) == 0) {
			*ret_signal = (int)w->value;
			return 0;
		}
	rt = real_time(name);
	if (!rt)
		return refuse(text, e);
	*ret_signal = rt;
	return 0;
}

/**
 * signal_name() - write "SIGTERM", "SIGRTMIN+3", or the number when there is no name
 *
 * Return: bytes written, without the NUL.
 */
size_t signal_name(int signal, char *ret_name, size_t size)
{
	const char *name = word_name(signal_words, signal);

	if (name)
		snprintf(ret_name, size, "SIG%s", name);
	else if (signal >= SIGNAL_RTMIN && signal <= SIGNAL_MAX)
		snprintf(ret_name, size, signal == SIGNAL_RTMIN ? "SIGRTMIN" : "SIGRTMIN+%d",
			 signal - SIGNAL_RTMIN);
	else
		snprintf(ret_name, size, "%d", signal);
	return strlen(ret_name);
}
