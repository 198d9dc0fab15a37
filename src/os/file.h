/* file.h - whole small files, always relative to a directory descriptor */
#ifndef OS_FILE_H
#define OS_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

int file_read(int dirfd, const char *name, size_t max, char **ret_text, struct err *e);
int file_read_fd(int fd, const char *name, size_t max, char **ret_text, struct err *e);
int file_try_read(int dirfd, const char *name, char *buf, size_t size);
int file_try_write(int dirfd, const char *name, const char *text);
int file_write(int dirfd, const char *name, const char *text, struct err *e);
int file_replace(int dirfd, const char *name, const char *text, size_t len, struct err *e);
int file_replace_durable(int dirfd, const char *name, const char *text, size_t len, struct err *e);
int file_make_folders(const char *path, size_t len, mode_t mode, struct err *e);
int file_check_place(const char *path, struct err *e);
int file_replace_path(const char *path, const char *text, size_t len, struct err *e);

#endif
