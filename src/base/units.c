/* units.c - Go's durations, Docker's sizes, tc's rates
 *
 * The grammars are the ones that the users of runc, Docker and tc know. Numbers may have a
 * fraction; all arithmetic is done in integers and checked, nothing is rounded up.
 */
#include "base/units.h"

#include <stdio.h>

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/text.h"

#define RATE_LEAST INT64_C(1000) /* bytes a second */

// clang-format off
static const struct word duration_words[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "µs", 1000 },
	{ "ms", 1000000 },
	{ "s",  1000000000LL },
	{ "m",  60 * 1000000000LL },
	{ "h",  3600 * 1000000000LL },
	{ NULL, 0 },
};

/* Powers of 1024, whatever the spelling: that is what Docker's memory flags mean. */
static const struct word size_words[] = {
	{ "",  1 },
	{ "b", 1 },
	{ "k", 1LL << 10 }, { "kb", 1LL << 10 }, { "kib", 1LL << 10 },
	{ "m", 1LL << 20 }, { "mb", 1LL << 20 }, { "mib", 1LL << 20 },
	{ "g", 1LL << 30 }, { "gb", 1LL << 30 }, { "gib", 1LL << 30 },
	{ "t", 1LL << 40 }, { "tb", 1LL << 40 }, { "tib", 1LL << 40 },
	{ "p", 1LL << 50 }, { "pb", 1LL << 50 }, { "pib", 1LL << 50 },
	{ NULL, 0 },
};

/* Bits a second; with "bps" bytes, as to tc. Powers of 1000, and of 1024 with an "i". */
static const struct word rate_words[] = {
	{ "bit",   1 },          { "bps",   8 },
	{ "kbit",  1000 },       { "kbps",  8 * 1000LL },
	{ "mbit",  1000000 },    { "mbps",  8 * 1000000LL },
	{ "gbit",  1000000000 }, { "gbps",  8 * 1000000000LL },
	{ "tbit",  1000000000000LL }, { "tbps", 8 * 1000000000000LL },
	{ "kibit", 1LL << 10 },  { "kibps", 8LL << 10 },
	{ "mibit", 1LL << 20 },  { "mibps", 8LL << 20 },
	{ "gibit", 1LL << 30 },  { "gibps", 8LL << 30 },
	{ "tibit", 1LL << 40 },  { "tibps", 8LL << 40 },
	{ NULL, 0 },
};
// clang-format on

/**
 * struct number - digits of a decimal number
 * @value: all digits, the point left out
 * @scale: 10 to the power of the digits behind the point
 */
struct number {
	int64_t value, scale;
};

/* Digits of a fraction beyond the 9th are read and dropped. Moves *@at behind the number. */
static bool read_number(const char **at, struct number *ret)
{
	bool digits = false, point = false;

	*ret = (struct number){ 0, 1 };
	for (;; ++*at) {
		if (**at == '.' && !point) {
			point = true;
			continue;
		}
		if (!isdigit((unsigned char)**at))
			return digits;
		digits = true;
		if (point && ret->scale >= 1000000000)
			continue;
		if (__builtin_mul_overflow(ret->value, 10, &ret->value) ||
		    __builtin_add_overflow(ret->value, **at - '0', &ret->value))
			return false;
		if (point)
			ret->scale *= 10;
	}
}

/* value / scale * unit, rounded down, without ever leaving 64 bits unnoticed */
static bool times(const struct number *n, int64_t unit, int64_t *ret)
{
	__extension__ __int128 v = (__int128)n->value * unit / n->scale;

	*ret = (int64_t)v;
	return v <= INT64_MAX;
}

static int64_t unit_of(const struct word *table, const char *at, size_t len)
{
	for (; table->name; table++)
		if (strlen(table->name) == len && strncasecmp(table->name, at, len) == 0)
			return table->value;
	return 0;
}

static int refuse_duration(const char *text, struct err *e)
{
	fail(e, ERR_INPUT, "'%.64s' is not a duration", text);
	return fail_hint(e, "for example 500ms, 5s or 1m30s");
}

/**
 * duration_parse() - read a duration such as "1m30s", "0" or "1.5h"
 * @ret_ns: nanoseconds
 *
 * A number without a unit is refused, except 0. Negative durations have no use here.
 *
 * Return: 0, or -1 with ERR_INPUT.
 */
int duration_parse(const char *text, int64_t *ret_ns, struct err *e)
{
	const char *at = text;
	int64_t total = 0;

	if (strcmp(text, "0") == 0) {
		*ret_ns = 0;
		return 0;
	}
	do {
		struct number n;
		int64_t unit, part;
		size_t len;

		if (!read_number(&at, &n))
			return refuse_duration(text, e);
		len = strcspn(at, "0123456789.");
		unit = unit_of(duration_words, at, len);
		if (!unit || !times(&n, unit, &part) || __builtin_add_overflow(total, part, &total))
			return refuse_duration(text, e);
		at += len;
	} while (*at);
	*ret_ns = total;
	return 0;
}

/**
 * size_parse() - read a size such as "512m", "1.5g" or "4096"; "-1" is unlimited
 * @ret_bytes: bytes, or -1
 *
 * Return: 0, or -1 with ERR_INPUT.
 */
int size_parse(const char *text, int64_t *ret_bytes, struct err *e)
{
	const char *at = text;
	struct number n;
	int64_t unit;

	if (strcmp(text, "-1") == 0) {
		*ret_bytes = -1;
		return 0;
	}
	if (read_number(&at, &n)) {
		at += *at == ' ';
		unit = unit_of(size_words, at, strlen(at));
		if (unit && times(&n, unit, ret_bytes))
			return 0;
	}
	fail(e, ERR_INPUT, "'%.64s' is not a size", text);
	return fail_hint(e, "for example 4096, 512k, 1.5g, or -1 for no limit");
}

/**
 * rate_parse() - read a rate such as "10mbit" (bits a second) or "1.25MBps" (bytes), as tc does
 * @ret_bytes: bytes a second, rounded down
 *
 * tc takes a number without a unit as bits, docker's users would mean bytes: here it needs one.
 * Less than a kilobyte a second is refused: not even one packet a second would go.
 *
 * Return: 0, or -1 with ERR_INPUT.
 */
int rate_parse(const char *text, uint64_t *ret_bytes, struct err *e)
{
	const char *at = text;
	struct number n;
	int64_t unit, bits;

	if (read_number(&at, &n)) {
		unit = unit_of(rate_words, at, strlen(at));
		if (unit && times(&n, unit, &bits) && bits >= 8 * RATE_LEAST) {
			*ret_bytes = (uint64_t)bits / 8;
			return 0;
		}
	}
	fail(e, ERR_INPUT, "'%.64s' is not a rate", text);
	return fail_hint(
		e, "bits a second as in 500kbit, 10mbit, 1.5gbit, or bytes as in 2mbps, as to "
		   "tc; 8kbit is the least");
}

/**
 * rate_format() - bytes a second in the largest unit of bits that says it exactly: "10mbit"
 *
 * Return: @ret_text, which rate_parse() reads.
 */
char *rate_format(uint64_t bytes, char ret_text[24])
{
	static const char *const units[] = { "bit", "kbit", "mbit", "gbit", "tbit" };
	uint64_t n = bytes > UINT64_MAX / 8 ? UINT64_MAX : bytes * 8;
	size_t u = 0;

	while (n && n % 1000 == 0 && u + 1 < COUNT(units)) {
		n /= 1000;
		u++;
	}
	snprintf(ret_text, 24, "%llu%s", (unsigned long long)n, units[u]);
	return ret_text;
}

static char *format_size(uint64_t bytes, bool binary, int digits, char ret_text[24])
{
	static const char *const units[2][7] = {
		{ "B", "kB", "MB", "GB", "TB", "PB", "EB" },
		{ "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" },
	};
	double n = (double)bytes, step = binary ? 1024 : 1000;
	/* what would be rounded to a thousand in three digits is one of the next unit: %g has 1e+03 for it */
	double most = digits < 4 ? step - 0.5 : step;
	size_t u = 0;

	while (n >= most && u < 6) {
		n /= step;
		u++;
	}
	snprintf(ret_text, 24, "%.*g%s", digits, n, units[binary][u]);
	return ret_text;
}

/**
 * size_format() - bytes in at most four digits, as docker prints them
 * @binary: "1.5MiB", powers of 1024; else "1.5MB", powers of 1000
 *
 * Return: @ret_text.
 */
char *size_format(uint64_t bytes, bool binary, char ret_text[24])
{
	return format_size(bytes, binary, 4, ret_text);
}

/* size_format_short() - in three digits and powers of 1000, as docker prints sizes of images and layers */
char *size_format_short(uint64_t bytes, char ret_text[24])
{
	return format_size(bytes, false, 3, ret_text);
}
