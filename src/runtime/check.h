/* check.h - refuses what cannot be done, before anything is touched */
#ifndef RUNTIME_CHECK_H
#define RUNTIME_CHECK_H

struct create_options;
struct err;
struct oci_config;

int check_config(const struct oci_config *c, const struct create_options *o, struct err *e);

#endif
