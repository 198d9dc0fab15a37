/* base64.h - the form in which names and passwords are kept and sent (RFC 4648, 4) */
#ifndef REMOTE_BASE64_H
#define REMOTE_BASE64_H

struct arena;

char *base64_of(const char *text, struct arena *a);
char *base64_read(const char *text, struct arena *a);

#endif
