/* notes.h - what is said of members that nobody knows, in documents besides the config */
#ifndef RUNTIME_NOTES_H
#define RUNTIME_NOTES_H

#include "base/bind.h"

struct bind_note note_by_warning(const char *doc);

#endif
