/* check_rules.h - part of check.c */
#ifndef RUNTIME_CHECK_RULES_H
#define RUNTIME_CHECK_RULES_H

struct err;
struct oci_config;

int check_rules(const struct oci_config *c, struct err *e);

#endif
