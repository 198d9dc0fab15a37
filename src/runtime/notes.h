/* notes.h - what is said of words in a document that nobody knows */
#ifndef RUNTIME_NOTES_H
#define RUNTIME_NOTES_H

#include "base/bind.h"

struct bind_note note_by_warning(const char *doc);
int note_or_fail(bool strict, const struct err *note, struct err *e);

#endif
