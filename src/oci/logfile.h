/* logfile.h - --log, --log-format, --log-level: where log lines go, and in which form */
#ifndef OCI_LOGFILE_H
#define OCI_LOGFILE_H

struct cli;
struct err;

int logfile_open(const struct cli *cli, struct err *e);
void logfile_failure(const struct cli *cli, const struct err *failure);

#endif
