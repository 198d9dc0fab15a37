/* wire.h - what the engine and tare-fetch say to each other
 *
 * Packets of a SOCK_SEQPACKET socket, packed by bind tables (base/bind.h). The engine's first packet
 * is empty and brings a memory file with struct remote_target, which may be long. Then come questions,
 * each with the descriptor that it is about; back come news. Lists, which may be long too, are packed
 * into the question's memory file. Neither side trusts the other's lengths, numbers or words.
 */
#ifndef REMOTE_WIRE_H
#define REMOTE_WIRE_H

#include "base/bind.h"
#include "remote/remote.h"

#define WIRE_PACKET     16384             /* bytes of a packet at most */
#define WIRE_SETUP_MAX  ((size_t)8 << 20) /* bytes of a packed target at most */
#define WIRE_ANSWER_MAX ((size_t)4 << 20) /* bytes of a manifest or a list at most */
#define WIRE_LIST_MAX   100000            /* names of a list at most */

/* struct wire_ask - one packet to tare-fetch; action REMOTE_NOTHING: cancel the question @id */
struct wire_ask {
	uint64_t id;
	uint32_t action;
	char *what, *media_type, *mount_from;
	uint64_t size, offset, chunk, limit;
	bool registry_only;
};

/* struct wire_news - one packet from tare-fetch */
struct wire_news {
	uint64_t id;
	uint32_t news;
	uint64_t bytes, size;
	bool has_size, mounted, existed;
	char *digest, *media_type, *host;
	int64_t pulls_left;
	uint32_t cls;
	int64_t sysno;
	char *text, *hint;
};

struct wire_names {
	char **names;
};

extern const struct bind_table wire_target_table, wire_ask_table, wire_news_table, wire_names_table,
	wire_results_table;

int wire_news_read(const unsigned char *at, size_t len, struct remote_event *ret_event,
		   struct err *e);
int wire_ask_read(const unsigned char *at, size_t len, struct arena *a, struct wire_ask *ret_ask,
		  struct err *e);

#endif
