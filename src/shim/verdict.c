/* verdict.c - see verdict.h
 *
 * A runtime's exit status is its program's, or 1 if the program was never run: which of the two, its log
 * tells, whose JSON form all runtimes share; and why, its sentence, in which they have the same words.
 */
#include "shim/verdict.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "os/file.h"

#define LOG_MAX 65536

/* Docker's exit statuses, by what is said of exec(2). */
static const struct {
	const char *words;
	int status;
} rows[] = {
	{ "executable file not found", 127 }, { "is a directory", 126 },
	{ "permission denied", 126 },         { "exec format error", 126 },
	{ "no such file or directory", 127 },
};
#define OTHERWISE 125

/**
 * verdict() - the exit status of a container
 * @folder: where the runtime has written @log
 * @status: the runtime's
 */
int verdict(int folder, const char *log, int status)
{
	char text[LOG_MAX];
	const char *line;
	int n = status ? file_try_read(folder, log, text, sizeof(text)) : 0;

	if (n <= 0)
		return status;
	line = strstr(text, "\"level\":\"error\"");
	if (!line)
		return status;
	for (size_t i = 0; strstr(line, "exec") && i < COUNT(rows); i++)
		if (strstr(line, rows[i].words))
			return rows[i].status;
	return OTHERWISE;
}
