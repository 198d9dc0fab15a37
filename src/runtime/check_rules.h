/* check_rules.h - parts of check.c, and of exec */
#ifndef RUNTIME_CHECK_RULES_H
#define RUNTIME_CHECK_RULES_H

struct err;
struct oci_config;
struct oci_process;

int check_rules(const struct oci_config *c, struct err *e);
int check_process_values(const struct oci_process *p, struct err *e);

#endif
