/* numlist.c - parser of "0-3,7"
 *
 * The grammar is the one that runc accepts: items between commas, each a number or a range
 * `low-high`, blanks around an item and empty items ignored. At least one item must be there.
 */
#include "base/numlist.h"

#include <string.h>

#include "base/err.h"

/* Reads digits at *@at; false when there are none or they exceed NUMLIST_MAX. */
static bool number(const char **at, const char *end, unsigned *ret)
{
	const char *c = *at;
	unsigned v = 0;

	for (; c < end && *c >= '0' && *c <= '9'; c++) {
		v = v * 10 + (unsigned)(*c - '0');
		if (v > NUMLIST_MAX)
			return false;
	}
	if (c == *at)
		return false;
	*at = c;
	*ret = v;
	return true;
}

static bool range(const char *at, const char *end, unsigned *ret_low, unsigned *ret_high)
{
	if (!number(&at, end, ret_low))
		return false;
	*ret_high = *ret_low;
	if (at == end)
		return true;
	return *at++ == '-' && number(&at, end, ret_high) && at == end && *ret_low <= *ret_high;
}

static void add(struct numlist *l, unsigned low, unsigned high)
{
	for (unsigned i = low; i <= high; i++)
		l->bits[i / NUMLIST_WORD] |= 1UL << (i % NUMLIST_WORD);
	if (high > l->top)
		l->top = high;
}

/**
 * numlist_parse() - read a list such as "0-3,7"
 * @text:     the list, from the user
 * @ret_list: receives the set; undefined when this fails
 *
 * Return: 0, or -1 with ERR_INPUT that names the item at fault.
 */
int numlist_parse(const char *text, struct numlist *ret_list, struct err *e)
{
	unsigned items = 0;

	memset(ret_list, 0, sizeof(*ret_list));
	for (const char *at = text, *next; at; at = next ? next + 1 : NULL) {
		const char *end = next = strchr(at, ',');
		unsigned low, high;

		if (!end)
			end = at + strlen(at);
		while (at < end && *at == ' ')
			at++;
		while (end > at && end[-1] == ' ')
			end--;
		if (at == end)
			continue;
		if (!range(at, end, &low, &high))
			return fail(e, ERR_INPUT,
				    "'%.*s' in '%.64s' is not a number or a range "
				    "'low-high' up to %d",
				    (int)(end - at > 32 ? 32 : end - at), at, text, NUMLIST_MAX);
		add(ret_list, low, high);
		items++;
	}
	if (!items)
		return fail(e, ERR_INPUT, "'%.64s' names no number", text);
	return 0;
}

/* numlist_has() - is @number in the set? */
bool numlist_has(const struct numlist *l, unsigned number)
{
	return number <= NUMLIST_MAX &&
	       (l->bits[number / NUMLIST_WORD] >> (number % NUMLIST_WORD) & 1);
}
