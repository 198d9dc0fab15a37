/* document.c - a document as text, as a blob, and as what a manifest says of it */
#include "image/document.h"

#include <string.h>

/**
 * document_keep() - put a config or a manifest into the store, leased to us
 * @t, @doc: its rows and its struct
 * @type:    its media type, a literal
 * @a:       owns the digest's text in @ret_descriptor
 */
int document_keep(struct store *s, const struct bind_table *t, const void *doc, const char *type,
		  struct arena *a, struct image_descriptor *ret_descriptor,
		  struct digest *ret_digest, struct err *e)
{
	own_mem char *text = bind_print(t, doc, false, e);
	char digest[DIGEST_TEXT];

	if (!text || store_blob_keep(s, text, strlen(text), type, ret_digest, e) < 0)
		return -1;
	*ret_descriptor = (struct image_descriptor){
		.media_type = text_shown(type),
		.size = strlen(text),
		.digest = arena_dup(a, digest_text(ret_digest, digest)),
	};
	return ret_descriptor->digest ? 0 : fail_errno(e, ENOMEM, "make an image");
}
