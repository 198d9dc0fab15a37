/* render_text.h - text from outside on a terminal: what is shown of it, and how wide that is
 *
 * Names of processes and containers are anybody's. A terminal obeys escape sequences, and its reader
 * believes what bidirectional overrides and invisible characters make of a line; so whatever is not
 * plain is shown as an escape: \n, \x1b, \u202e. A backslash stays a backslash: this is for reading;
 * whoever wants to have the bytes back asks for JSON.
 */
#ifndef BASE_RENDER_TEXT_H
#define BASE_RENDER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str;

size_t rune_read(const char *at, size_t len, uint32_t *ret_rune);
size_t rune_width(uint32_t rune);
bool rune_is_plain(uint32_t rune);

void render_visible(struct str *out, const char *text, size_t len, bool ascii);
size_t render_width(const char *text, size_t len);
size_t render_cut(const char *text, size_t len, size_t columns);
bool render_is_utf8(void);

#endif
