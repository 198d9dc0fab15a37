/* date.c - RFC 3339 dates from text and back */
#include "base/date.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/text.h"
#include "base/units.h"

#define SECOND INT64_C(1000000000)

/* date_now_ns() - nanoseconds since 1970 */
int64_t date_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * SECOND + now.tv_nsec;
}

/**
 * date_epoch() - the time that what is made shall have, by the environment's SOURCE_DATE_EPOCH, or now
 *
 * It is seconds since 1970, and nothing else (reproducible-builds.org/specs/source-date-epoch). One that
 * is empty counts as none.
 *
 * Return: 1: it is set, 0: it is now; -1.
 */
int date_epoch(int64_t *ret_ns, struct err *e)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	uint64_t s;

	if (!text || !*text) {
		*ret_ns = date_now_ns();
		return 0;
	}
	if (text_u64(text, INT64_MAX / SECOND, &s) < 0) {
		fail(e, ERR_INPUT, "$SOURCE_DATE_EPOCH: '%.60s' is no number of seconds since 1970",
		     text);
		return fail_hint(e, "unset it, or set it to what `date +%%s` prints");
	}
	*ret_ns = (int64_t)s * SECOND;
	return 1;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Exactly @n digits at *@at, at most @max. */
static bool digits(const char **at, int n, int max, int *ret_value)
{
	int value = 0;

	for (int i = 0; i < n; i++, (*at)++) {
		if (!is_digit(**at))
			return false;
		value = value * 10 + (**at - '0');
	}
	*ret_value = value;
	return value <= max;
}

static bool sign(const char **at, const char *one_of)
{
	if (!**at || !strchr(one_of, **at))
		return false;
	(*at)++;
	return true;
}

static bool fraction(const char **at, int64_t *ret_ns)
{
	int64_t unit = SECOND / 10;

	*ret_ns = 0;
	if (**at != '.')
		return true;
	if (!is_digit(*++*at))
		return false;
	for (; is_digit(**at); (*at)++, unit /= 10)
		*ret_ns += unit * (**at - '0');
	return true;
}

/* Seconds east of Greenwich. */
static bool offset(const char **at, int64_t *ret_offset)
{
	int hours, minutes;
	bool west = **at == '-';

	*ret_offset = 0;
	if (sign(at, "Zz"))
		return true;
	if (!sign(at, "+-") || !digits(at, 2, 23, &hours) || !sign(at, ":") ||
	    !digits(at, 2, 59, &minutes))
		return false;
	*ret_offset = (west ? -1 : 1) * (INT64_C(3600) * hours + INT64_C(60) * minutes);
	return true;
}

/**
 * date_parse() - an RFC 3339 date
 * @ret_ns: nanoseconds since 1970; years outside of what 64 bits hold (1678 to 2261) are refused
 */
bool date_parse(const char *text, int64_t *ret_ns)
{
	struct tm tm = { 0 };
	int64_t ns, east;
	const char *at = text;

	if (!digits(&at, 4, 2261, &tm.tm_year) || !sign(&at, "-") ||
	    !digits(&at, 2, 12, &tm.tm_mon) || !sign(&at, "-") ||
	    !digits(&at, 2, 31, &tm.tm_mday) || !sign(&at, "Tt ") ||
	    !digits(&at, 2, 23, &tm.tm_hour) || !sign(&at, ":") ||
	    !digits(&at, 2, 59, &tm.tm_min) || !sign(&at, ":") || !digits(&at, 2, 60, &tm.tm_sec) ||
	    !fraction(&at, &ns) || !offset(&at, &east) || *at)
		return false;
	/* Go's zero time is a date that says "none" */
	if (tm.tm_year < 1678) {
		*ret_ns = 0;
		return true;
	}
	if (tm.tm_mon == 0 || tm.tm_mday == 0)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	*ret_ns = ((int64_t)timegm(&tm) - east) * SECOND + ns;
	return true;
}

/* Seconds since 1970, with a fraction or without. */
static bool seconds(const char *text, int64_t *ret_ns)
{
	int64_t s = 0, ns;

	if (!is_digit(*text))
		return false;
	for (; is_digit(*text); text++) {
		s = s * 10 + (*text - '0');
		if (s > INT64_MAX / SECOND - 1)
			return false;
	}
	if (!fraction(&text, &ns) || *text)
		return false;
	*ret_ns = s * SECOND + ns;
	return true;
}

/* "T10", "T10:30" or "T10:30:15.5" */
static bool clock_time(const char **at, struct tm *tm, int64_t *ret_ns)
{
	if (!sign(at, "T"))
		return true;
	if (!digits(at, 2, 23, &tm->tm_hour))
		return false;
	if (!sign(at, ":"))
		return true;
	if (!digits(at, 2, 59, &tm->tm_min))
		return false;
	return !sign(at, ":") || (digits(at, 2, 59, &tm->tm_sec) && fraction(at, ret_ns));
}

/* A day, or a day and an hour and so on, and a zone; without one it is where we are. */
static bool shortened(const char *at, int64_t *ret_ns)
{
	struct tm tm = { .tm_isdst = -1 };
	int64_t ns = 0, east = 0;
	time_t when;
	int day;

	if (!digits(&at, 4, 2261, &tm.tm_year) || tm.tm_year < 1678 || !sign(&at, "-") ||
	    !digits(&at, 2, 12, &tm.tm_mon) || tm.tm_mon < 1 || !sign(&at, "-") ||
	    !digits(&at, 2, 31, &tm.tm_mday) || !clock_time(&at, &tm, &ns))
		return false;
	day = tm.tm_mday;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	if (!*at)
		when = mktime(&tm);
	else if (offset(&at, &east) && !*at)
		when = timegm(&tm);
	else
		return false;
	/* the 31st of a month that has 30 days is the next one's first */
	if (tm.tm_mday != day)
		return false;
	*ret_ns = ((int64_t)when - east) * SECOND + ns;
	return true;
}

/**
 * date_parse_point() - a point of time as docker's --filter until= and --since have it
 * @text: a duration before @now_ns ("1h30m"), a date, to the second or shortened ("2024-01-31T10:00Z"),
 *        where we are if it names no zone; or seconds since 1970
 */
bool date_parse_point(const char *text, int64_t now_ns, int64_t *ret_ns)
{
	struct err no_duration = { 0 };
	int64_t ns;

	if (seconds(text, ret_ns) || shortened(text, ret_ns))
		return true;
	if (duration_parse(text, &ns, &no_duration) < 0)
		return false;
	*ret_ns = now_ns - ns;
	return true;
}

/* date_local() - to the second, where we are, as RFC 3339 has it */
const char *date_local(int64_t ns, char buf[DATE_TEXT])
{
	time_t when = (time_t)(ns / SECOND - (ns % SECOND < 0));
	struct tm tm;
	size_t len;

	(void)localtime_r(&when, &tm);
	len = strftime(buf, DATE_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
	if (tm.tm_gmtoff == 0)
		snprintf(buf + len, DATE_TEXT - len, "Z");
	else
		snprintf(buf + len, DATE_TEXT - len, "%c%02ld:%02ld", tm.tm_gmtoff < 0 ? '-' : '+',
			 labs(tm.tm_gmtoff) / 3600, labs(tm.tm_gmtoff) / 60 % 60);
	return buf;
}

/* date_local_words() - the same in Go's other form: "2024-01-31 10:00:00 +0100 CET" */
const char *date_local_words(int64_t ns, char buf[DATE_TEXT])
{
	time_t when = (time_t)(ns / SECOND - (ns % SECOND < 0));
	struct tm tm;

	(void)localtime_r(&when, &tm);
	(void)strftime(buf, DATE_TEXT, "%Y-%m-%d %H:%M:%S %z %Z", &tm);
	return buf;
}

/* date_text() - in @buf, UTC, as Go writes it: without the zeros at the end of the fraction */
const char *date_text(int64_t ns, char buf[DATE_TEXT])
{
	int64_t rest = ns % SECOND;
	time_t seconds = (time_t)(ns / SECOND - (rest < 0));
	struct tm tm;
	size_t len;

	rest += rest < 0 ? SECOND : 0;
	(void)gmtime_r(&seconds, &tm);
	len = strftime(buf, DATE_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
	if (rest) {
		len += (size_t)snprintf(buf + len, DATE_TEXT - len, ".%09lld", (long long)rest);
		while (buf[len - 1] == '0')
			len--;
	}
	snprintf(buf + len, DATE_TEXT - len, "Z");
	return buf;
}

/* date_ago() - how long before @now_ns that was, in docker's words */
const char *date_ago(int64_t ns, int64_t now_ns, char *buf, size_t size)
{
	static const struct {
		int64_t below, unit; /* s */
		const char *words;
	} steps[] = {
		{ 1, 1, "Less than a second ago" },
		{ 2, 1, "1 second ago" },
		{ 60, 1, "%lld seconds ago" },
		{ 120, 60, "About a minute ago" },
		{ 3600, 60, "%lld minutes ago" },
		{ INT64_C(2) * 3600, 3600, "About an hour ago" },
		{ INT64_C(48) * 3600, 3600, "%lld hours ago" },
		{ INT64_C(14) * 86400, 86400, "%lld days ago" },
		{ INT64_C(60) * 86400, INT64_C(7) * 86400, "%lld weeks ago" },
		{ INT64_C(2) * 365 * 86400, INT64_C(30) * 86400, "%lld months ago" },
		{ INT64_MAX, INT64_C(365) * 86400, "%lld years ago" },
	};
	int64_t s = (now_ns - ns) / SECOND;

	if (ns == 0)
		return snprintf(buf, size, "N/A"), buf;
	for (size_t i = 0; i < COUNT(steps); i++)
		if (s < steps[i].below) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			snprintf(buf, size, steps[i].words, (long long)(s / steps[i].unit));
#pragma GCC diagnostic pop
			break;
		}
	return buf;
}
