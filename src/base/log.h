/* log.h - the one place that log lines go through
 *
 * Only mains set the sink; everything else says log_debug(), log_warn() or log_error(). A line
 * is one sentence; the format (text, JSON) is the sink's business.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdarg.h>
#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* write() takes one finished line without a newline; it may be called at any time. */
struct log_sink {
	enum log_level level;
	void (*write)(void *ctx, enum log_level level, const char *line);
	void *ctx;
};

void log_to(const struct log_sink *sink);
bool log_on(enum log_level level);
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)  log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) \
	do { \
		if (log_on(LOG_LEVEL_DEBUG)) \
			log_line(LOG_LEVEL_DEBUG, __VA_ARGS__); \
	} while (0)

#endif
