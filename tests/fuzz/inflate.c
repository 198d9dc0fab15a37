/* inflate.c - compressed streams: the pieces that they are read in do not matter */
#include "fuzz.h"

#include <string.h>

#include "codec/inflate.h"

#define MOST ((size_t)1 << 20)

struct pieces {
	const uint8_t *at;
	size_t left, step;
};

static ssize_t next(void *of, void *at, size_t size)
{
	struct pieces *p = of;
	size_t n = p->left < p->step ? p->left : p->step;

	n = n < size ? n : size;
	memcpy(at, p->at, n);
	p->at += n;
	p->left -= n;
	return (ssize_t)n;
}

/* Return: 0 at the stream's end, -1: broken, 1: longer than we look */
static int inflate_all(struct pieces p, size_t step, uint8_t *out, size_t *ret_len)
{
	own_inflate z = { 0 };
	struct err e = { 0 };
	ssize_t n = 0;

	*ret_len = 0;
	if (inflate_start(&z, next, &p, &e) < 0) {
		MUST(*e.text);
		return -1;
	}
	while (*ret_len + step <= MOST && (n = inflate_read(&z, out + *ret_len, step, &e)) > 0)
		*ret_len += (size_t)n;
	MUST(n >= 0 || *e.text);
	MUST(z.out == *ret_len);
	return n < 0 ? -1 : n > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t one[MOST], other[MOST];
	size_t a_len, b_len;
	int a = inflate_all((struct pieces){ data, size, MOST }, 1 << 16, one, &a_len);
	int b = inflate_all((struct pieces){ data, size, 7 }, 1000, other, &b_len);

	if (a == 1 || b == 1)
		return 0;
	MUST(a == b);
	MUST(a < 0 || (a_len == b_len && memcmp(one, other, a_len) == 0));
	return 0;
}
