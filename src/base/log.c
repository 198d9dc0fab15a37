/* log.c - hands finished lines to the sink */
#include "base/log.h"

#include <stdio.h>

static struct log_sink current;

/* log_to() - from now on lines go to @sink, which is copied */
void log_to(const struct log_sink *sink)
{
	current = *sink;
}

/* log_on() - is anybody interested in lines of this level? */
bool log_on(enum log_level level)
{
	return current.write && level <= current.level;
}

/* log_line() - log one sentence; control bytes are the sink's to escape */
void log_line(enum log_level level, const char *fmt, ...)
{
	char line[2048];
	va_list ap;

	if (!log_on(level))
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	current.write(current.ctx, level, line);
}
