/* documents.c - see documents.h */
#include "shim/documents.h"

#include <string.h>

#include "base/own.h"
#include "os/file.h"

#define DOCUMENT_MAX ((size_t)4 << 20)

// clang-format off
static const struct bind_row shim_rows[] = {
	ROW_STRING("id",         REQUIRED, struct shim_doc, id),
	ROW_STRING("runtime",    REQUIRED, struct shim_doc, runtime),
	ROW_STRINGS("remove",    OPTIONAL, struct shim_doc, remove),
	ROW_BOOL("tty",          OPTIONAL, struct shim_doc, tty),
	ROW_BOOL("openStdin",    OPTIONAL, struct shim_doc, open_stdin),
	ROW_U64("logSize",       OPTIONAL, struct shim_doc, log_size),
	ROW_U32("logFiles",      OPTIONAL, struct shim_doc, log_files),
	ROW_STRING("restart",    OPTIONAL, struct shim_doc, restart),
	ROW_U32("retries",       OPTIONAL, struct shim_doc, retries),
};
static const struct bind_row state_rows[] = {
	ROW_STRING("Status",     REQUIRED, struct container_state, status),
	ROW_I64("Pid",           OPTIONAL, struct container_state, pid),
	ROW_I64("ShimPid",       OPTIONAL, struct container_state, shim),
	ROW_I64("ExitCode",      OPTIONAL, struct container_state, exit_code),
	ROW_STRING("Error",      OPTIONAL, struct container_state, error),
	ROW_STRING("StartedAt",  OPTIONAL, struct container_state, started),
	ROW_STRING("FinishedAt", OPTIONAL, struct container_state, finished),
	ROW_I64("RestartCount",  OPTIONAL, struct container_state, restarts),
};
// clang-format on

const struct bind_table shim_doc_table = BIND_TABLE(shim_rows, struct shim_doc, false);
const struct bind_table container_state_table =
	BIND_TABLE(state_rows, struct container_state, false);

/* document_read() - @a owns what is returned; e->sysno is ENOENT where there is none */
int document_read(int folder, const char *name, const struct bind_table *t, struct arena *a,
		  void *ret, struct err *e)
{
	own_mem char *text = NULL;
	int n = file_read(folder, name, DOCUMENT_MAX, &text, e);

	return n < 0 ? -1 : bind_parse(t, text, (size_t)n, name, NULL, a, ret, e);
}

/* document_write() - readers see the old one or the new one; @durable: so do they after a power cut */
int document_write(int folder, const char *name, const struct bind_table *t, const void *doc,
		   bool durable, struct err *e)
{
	own_mem char *text = bind_print(t, doc, false, e);

	if (!text)
		return -1;
	return durable ? file_replace_durable(folder, name, text, strlen(text), e)
		       : file_replace(folder, name, text, strlen(text), e);
}
