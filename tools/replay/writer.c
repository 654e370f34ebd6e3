/* SPDX-License-Identifier: Apache-2.0
 * Writes a capture. */
#include "tools/replay/replay.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

enum { SNAPLEN = 1 << 18 };

struct writer {
	pcap_t *dead;        /* owned: says the link type */
	pcap_dumper_t *file; /* owned */
};

struct writer *writer_open(const char *path)
{
	struct writer *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->dead = pcap_open_dead(DLT_EN10MB, SNAPLEN);
	if (w->dead != NULL)
		w->file = pcap_dump_open(w->dead, path);
	if (w->file != NULL)
		return w;
	fprintf(stderr, "replay: %s\n", w->dead == NULL ? "out of memory" : pcap_geterr(w->dead));
	writer_close(&w);
	return NULL;
}

void writer_put(struct writer *w, const uint8_t *bytes, uint32_t len, uint64_t at_us)
{
	const struct pcap_pkthdr head = {
		.ts = { .tv_sec = (time_t)(at_us / 1000000),
				.tv_usec = (suseconds_t)(at_us % 1000000) },
		.caplen = len,
		.len = len,
	};

	pcap_dump((u_char *)w->file, &head, bytes);
}

bool writer_close(struct writer **writer)
{
	struct writer *w = *writer;
	bool ok = true;

	if (w == NULL)
		return true;
	if (w->file != NULL) {
		ok = pcap_dump_flush(w->file) == 0 && !ferror(pcap_dump_file(w->file));
		pcap_dump_close(w->file);
	}
	if (w->dead != NULL)
		pcap_close(w->dead);
	free(w);
	*writer = NULL;
	return ok;
}
