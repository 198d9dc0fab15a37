/* trees_priv.h - what drivers have in common whose snapshots are whole trees, in snapshots/ID/root */
#ifndef SNAPSHOT_TREES_PRIV_H
#define SNAPSHOT_TREES_PRIV_H

#include "snapshot/snapshot.h"

#define TREES_ROOT "root"

int trees_open_base(const struct snapshot_base *b, int *ret_fd, struct err *e);
int trees_made(int folder, struct err *e);
int trees_mount(int folder, const struct snapshot_base *b, const struct snapshot_mount *how,
		struct err *e);
int trees_source(int folder, const struct snapshot_base *b, struct pack_source *ret_source,
		 struct err *e);
int trees_usage(int folder, struct snapshot_usage *ret_usage, struct err *e);

#endif
