/* remote_priv.h - between remote.c, which carries questions, and remote_docs.c, which asks them whole */
#ifndef REMOTE_REMOTE_PRIV_H
#define REMOTE_REMOTE_PRIV_H

#include "remote/remote.h"

const char *remote_name(const struct remote *r);

#endif
