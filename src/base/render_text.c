/* render_text.c - UTF-8 read strictly, what is dangerous made visible, widths on the screen */
#include "base/render_text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

/* How a first byte begins: its fixed bits, how many bytes follow, and the least value that needs so
 * many (a smaller one in a longer form is how filters are passed by). */
// clang-format off
static const struct { uint8_t mask, bits; size_t more; uint32_t least; } leads[] = {
	{ 0x80, 0x00, 0, 0       },
	{ 0xe0, 0xc0, 1, 0x80    },
	{ 0xf0, 0xe0, 2, 0x800   },
	{ 0xf8, 0xf0, 3, 0x10000 },
};

struct range { uint32_t first, last; };

/* Not shown as they are. Unicode 15: Cc, Cf (but for those that only make up words in scripts that
 * need them), Zl, Zp, and what is never a character. */
static const struct range hidden[] = {
	{ 0x0000,  0x001f  }, { 0x007f,  0x009f  }, /* controls */
	{ 0x00ad,  0x00ad  }, { 0x061c,  0x061c  }, { 0x180e,  0x180e },
	{ 0x200b,  0x200f  }, /* zero width, directions */
	{ 0x2028,  0x202e  }, /* line ends, embeddings, overrides */
	{ 0x2060,  0x206f  }, /* invisible operators, isolates */
	{ 0xfeff,  0xfeff  }, { 0xfff9,  0xfffb  }, { 0xfffe,  0xffff },
	{ 0xe0000, 0xe0fff }, /* tags */
};

/* Two columns wide (East Asian Wide and Fullwidth, emoji), as far as names go. */
static const struct range wide[] = {
	{ 0x1100,  0x115f  }, { 0x2e80,  0x303e  }, { 0x3041,  0xa4cf  }, { 0xac00,  0xd7a3  },
	{ 0xf900,  0xfaff  }, { 0xfe30,  0xfe6f  }, { 0xff00,  0xff60  }, { 0xffe0,  0xffe6  },
	{ 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff }, { 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd },
};

/* Stand on the character before them. */
static const struct range marks[] = {
	{ 0x0300,  0x036f  }, { 0x0483,  0x0489  }, { 0x0591,  0x05bd  }, { 0x064b,  0x065f  },
	{ 0x1ab0,  0x1aff  }, { 0x1dc0,  0x1dff  }, { 0x20d0,  0x20ff  }, { 0xfe00,  0xfe0f  },
	{ 0xfe20,  0xfe2f  },
};
// clang-format on

static bool is_in(const struct range *ranges, size_t n, uint32_t rune)
{
	for (size_t i = 0; i < n; i++)
		if (rune >= ranges[i].first && rune <= ranges[i].last)
			return true;
	return false;
}

/**
 * rune_read() - the code point that starts at @at (RFC 3629)
 * @len:      bytes there, at least 1
 * @ret_rune: the code point, if one is there
 *
 * Return: how many bytes it takes, or 0 where no valid character starts: a stray byte, an overlong
 * form, a surrogate, or one that is cut off.
 */
size_t rune_read(const char *at, size_t len, uint32_t *ret_rune)
{
	const unsigned char *byte = (const unsigned char *)at;

	for (size_t i = 0; i < COUNT(leads); i++) {
		uint32_t rune;

		if ((*byte & leads[i].mask) != leads[i].bits)
			continue;
		if (len <= leads[i].more)
			return 0;
		rune = *byte & (uint8_t)~leads[i].mask;
		for (size_t k = 1; k <= leads[i].more; k++) {
			if ((byte[k] & 0xc0) != 0x80)
				return 0;
			rune = rune << 6 | (byte[k] & 0x3f);
		}
		if (rune < leads[i].least || rune > 0x10ffff || (rune >= 0xd800 && rune <= 0xdfff))
			return 0;
		*ret_rune = rune;
		return leads[i].more + 1;
	}
	return 0;
}

/* rune_is_plain() - may a terminal get it as it is? */
bool rune_is_plain(uint32_t rune)
{
	if (rune >= 0x20 && rune < 0x7f)
		return true;
	return !is_in(hidden, COUNT(hidden), rune);
}

/* rune_width() - columns on the screen: 0 for marks, 2 for wide characters, else 1 */
size_t rune_width(uint32_t rune)
{
	if (rune < 0x300)
		return 1;
	if (is_in(marks, COUNT(marks), rune))
		return 0;
	return is_in(wide, COUNT(wide), rune) ? 2 : 1;
}

static void add_escape(struct str *out, uint32_t rune)
{
	static const struct word known[] = {
		{ "\\t", '\t' },
		{ "\\n", '\n' },
		{ "\\r", '\r' },
		{ NULL, 0 },
	};
	const char *name = word_name(known, rune);

	if (name)
		str_add(out, name);
	else
		str_addf(out,
			 rune < 0x80      ? "\\x%02x"
			 : rune < 0x10000 ? "\\u%04x"
					  : "\\U%08x",
			 (unsigned)rune);
}

static size_t plain_ascii(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[n] >= 0x20 && text[n] < 0x7f)
		n++;
	return n;
}

/**
 * render_visible() - append text from outside as a terminal may have it
 * @len:   bytes of @text; it may hold NULs and need not be UTF-8
 * @ascii: the terminal may take bytes above 0x7f for controls (it is not known to read UTF-8), so
 *         all of these are escaped
 *
 * Invalid bytes become \xNN, the rest of what is not plain \n, \xNN, \uNNNN or \UNNNNNNNN.
 */
void render_visible(struct str *out, const char *text, size_t len, bool ascii)
{
	while (len) {
		size_t n = plain_ascii(text, len);
		uint32_t rune;

		str_add_len(out, text, n);
		text += n;
		len -= n;
		if (!len)
			return;
		n = rune_read(text, len, &rune);
		if (!n)
			str_addf(out, "\\x%02x", (unsigned char)*text);
		else if (!rune_is_plain(rune) || (ascii && rune >= 0x80))
			add_escape(out, rune);
		else
			str_add_len(out, text, n);
		n = n ? n : 1;
		text += n;
		len -= n;
	}
}

/* How many bytes of @text fill at most @columns, which are counted down. */
static size_t walk(const char *text, size_t len, size_t *columns)
{
	size_t done = 0;

	while (done < len) {
		uint32_t rune = '?'; /* an invalid byte is one column */
		size_t n = 1, width = 1;

		if (text[done] & 0x80) {
			n = rune_read(text + done, len - done, &rune);
			width = rune_width(rune);
		}
		if (width > *columns)
			break;
		*columns -= width;
		done += n ? n : 1;
	}
	return done;
}

/* render_width() - columns that @len bytes of text take on the screen */
size_t render_width(const char *text, size_t len)
{
	size_t columns = SIZE_MAX;

	walk(text, len, &columns);
	return SIZE_MAX - columns;
}

/* render_cut() - how many bytes of @text fit into @columns, whole characters */
size_t render_cut(const char *text, size_t len, size_t columns)
{
	return walk(text, len, &columns);
}

/* render_is_utf8() - does the environment say that the terminal reads UTF-8? As setlocale(3) looks
 * for it: the first of these variables that is not empty decides. */
bool render_is_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < COUNT(names); i++) {
		const char *value = getenv(names[i]), *dot;

		if (!value || !*value)
			continue;
		dot = strchr(value, '.');
		return dot && (strncasecmp(dot + 1, "UTF-8", 5) == 0 ||
			       strncasecmp(dot + 1, "utf8", 4) == 0);
	}
	return false;
}
