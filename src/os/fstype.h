/* fstype.h - which types of file systems the kernel can mount */
#ifndef OS_FSTYPE_H
#define OS_FSTYPE_H

/* What the kernel knows of a type. Whether a module could bring one that it does not know is seen
 * only by asking for it, which would load the module. */
enum fstype { FSTYPE_KNOWN, FSTYPE_MAYBE, FSTYPE_NEVER };

enum fstype fstype_look(const char *type);

#endif
