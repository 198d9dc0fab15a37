/* check_values.h - parts of check.c */
#ifndef RUNTIME_CHECK_VALUES_H
#define RUNTIME_CHECK_VALUES_H

struct err;
struct oci_config;
struct oci_process;

int check_sysctl(const struct oci_config *c, struct err *e);
int check_scheduler(const struct oci_config *c, struct err *e);
int check_memory_policy(const struct oci_config *c, struct err *e);
void check_ambient(const struct oci_process *p);

#endif
