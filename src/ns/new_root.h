/* new_root.h - a folder becomes the root in a mount namespace of its own, and nothing else is left
 *
 * After chroot(2) a process with CAP_SYS_CHROOT gets out by a second one: its working directory stays
 * above the new root, and ".." leads on. Here the old root is unmounted in our mount namespace, so
 * there is nothing above. It is no sandbox: root inside can still do what root can without files of
 * the host, as killing and tracing its processes.
 */
#ifndef NS_NEW_ROOT_H
#define NS_NEW_ROOT_H

#include "base/err.h"

int new_root_enter(const char *dir, struct err *e);

#endif
