/* state_text.h - a container's state in docker's words: "Up 5 minutes", "Exited (0) 2 hours ago" */
#ifndef ENGINE_STATE_TEXT_H
#define ENGINE_STATE_TEXT_H

#include "shim/documents.h"

#define STATE_TEXT 128

const char *kept_text(const struct container_state *t, char buf[STATE_TEXT]);

#endif
