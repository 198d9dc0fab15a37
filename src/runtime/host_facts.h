/* host_facts.h - what only a process on the host can do to the container's */
#ifndef RUNTIME_HOST_FACTS_H
#define RUNTIME_HOST_FACTS_H

struct creation;
struct err;

int host_facts(struct creation *c, struct err *e);

#endif
