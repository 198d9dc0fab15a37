/* tar_number.c - the ways in which tar archives write numbers and times */
#include <string.h>

#include "layer/tar_priv.h"

/* A number of bytes, the first of which has its top bit set; two's complement (star, GNU) */
static int read_binary(const unsigned char *p, size_t len, int64_t *ret_number)
{
	unsigned char flip = (p[0] & 0x40) ? 0xff : 0;
	uint64_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)(p[i] ^ flip);

		if (i == 0)
			c &= 0x7f;
		if (n >> 56)
			return -1;
		n = n << 8 | c;
	}
	if (n >> 63)
		return -1;
	*ret_number = flip ? (int64_t)~n : (int64_t)n;
	return 0;
}

/**
 * tar_number() - a numeric field of a header: octal between blanks and NULs, or binary
 *
 * Return: 0; -1 where it is no number, or none of 63 bits. An empty field is 0.
 */
int tar_number(const unsigned char *header, struct tar_field field, int64_t *ret_number)
{
	const unsigned char *p = header + field.at, *end = p + field.len;
	uint64_t n = 0;

	if (*p & 0x80)
		return read_binary(p, field.len, ret_number);
	while (p < end && (*p == ' ' || *p == '\0'))
		p++;
	while (p < end && *p >= '0' && *p <= '7') {
		if (n >> 60)
			return -1;
		n = n << 3 | (uint64_t)(*p++ - '0');
	}
	while (p < end && (*p == ' ' || *p == '\0'))
		p++;
	if (p < end)
		return -1;
	*ret_number = (int64_t)n;
	return 0;
}

/* tar_decimal() - decimal digits at *@text, which moves behind them. Return: 0, or -1 */
int tar_decimal(const char **text, uint64_t *ret_number)
{
	const char *p = *text;
	uint64_t n = 0;

	if (*p < '0' || *p > '9')
		return -1;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (n > (INT64_MAX - 9) / 10)
			return -1;
		n = n * 10 + (uint64_t)(*p - '0');
	}
	*text = p;
	*ret_number = n;
	return 0;
}

/* tar_time() - seconds and a fraction, as in "-1.5"; digits beyond nanoseconds are dropped */
int tar_time(const char *text, struct timespec *ret_time)
{
	bool minus = *text == '-';
	long ns = 0, unit = 100000000;
	uint64_t s;

	if (minus)
		text++;
	if (tar_decimal(&text, &s) < 0)
		return -1;
	if (*text == '.')
		for (text++; *text >= '0' && *text <= '9'; text++, unit /= 10)
			ns += unit * (*text - '0');
	if (*text)
		return -1;
	*ret_time = (struct timespec){ .tv_sec = (time_t)s, .tv_nsec = ns };
	if (minus) {
		ret_time->tv_sec = -(time_t)s - (ns > 0);
		ret_time->tv_nsec = ns > 0 ? 1000000000 - ns : 0;
	}
	return 0;
}
