/* SPDX-License-Identifier: Apache-2.0
 * Reads a capture with libpcap. Link types without an Ethernet header get one, so that the engine
 * sees what it would see on a wire. */
#include "parsers/base/bytes.h"
#include "tools/replay/replay.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ETH_LEN = 14, FRAME_MAX = 1 << 18 };

struct capture {
	pcap_t *file; /* owned */
	int link_type;
	bool has_first;
	uint64_t first_us, last_us;
	struct capture_counts counts;
	uint8_t bytes[ETH_LEN + FRAME_MAX];
};

/* What stands where the Ethernet header would be: its length, and where in it the Ethertype is, or
 * -1 when only the IP version tells. */
struct link_header {
	int link_type;
	uint32_t len;
	int type_at;
};

static const struct link_header link_headers[] = {
	{ DLT_RAW, 0, -1 },
	{ DLT_NULL, 4, -1 },
	{ DLT_LOOP, 4, -1 },
	{ DLT_LINUX_SLL, 16, 14 },
	{ DLT_LINUX_SLL2, 20, 0 },
};

static const struct link_header *link_header_of(int link_type)
{
	for (size_t i = 0; i < sizeof(link_headers) / sizeof(link_headers[0]); i++) {
		if (link_headers[i].link_type == link_type)
			return &link_headers[i];
	}
	return NULL;
}

struct capture *capture_open(const char *path)
{
	struct capture *c = calloc(1, sizeof(*c));
	char error[PCAP_ERRBUF_SIZE] = "out of memory";

	if (c != NULL)
		c->file = pcap_open_offline_with_tstamp_precision(
				path, PCAP_TSTAMP_PRECISION_MICRO, error);
	if (c == NULL || c->file == NULL) {
		fprintf(stderr, "replay: %s\n", error);
		capture_close(&c);
		return NULL;
	}
	c->link_type = pcap_datalink(c->file);
	if (c->link_type != DLT_EN10MB && link_header_of(c->link_type) == NULL) {
		fprintf(stderr,
				"replay: %s: link type %s is not supported: Ethernet, raw IP, "
				"null/loop and Linux cooked are\n",
				path, pcap_datalink_val_to_name(c->link_type));
		capture_close(&c);
	}
	return c;
}

void capture_close(struct capture **c)
{
	if (*c == NULL)
		return;
	if ((*c)->file != NULL)
		pcap_close((*c)->file);
	free(*c);
	*c = NULL;
}

const struct capture_counts *capture_counts(const struct capture *c)
{
	return &c->counts;
}

/* The Ethertype of what follows the link header; 0: none that we know. */
static uint16_t ether_type(const struct link_header *h, const uint8_t *bytes, uint32_t len)
{
	uint8_t version;

	if (h->type_at >= 0)
		return load_be16(bytes + h->type_at);
	if (len == h->len)
		return 0;
	version = bytes[h->len] >> 4;
	return version == 4 ? 0x0800 : version == 6 ? 0x86dd : 0;
}

/* Copies the frame, as Ethernet. Its length; 0: it cannot be one. */
static uint32_t as_ethernet(struct capture *c, const uint8_t *bytes, uint32_t len)
{
	const struct link_header *h = link_header_of(c->link_type);
	uint16_t type;

	if (len > FRAME_MAX)
		len = FRAME_MAX; /* libpcap's own limit */
	if (h == NULL) {
		memcpy(c->bytes, bytes, len);
		return len;
	}
	if (len < h->len)
		return 0;
	type = ether_type(h, bytes, len);
	if (type == 0)
		return 0;
	memset(c->bytes, 0, ETH_LEN);
	c->bytes[0] = c->bytes[6] = 0x02; /* locally administered, nobody's */
	store_be16(c->bytes + 12, type);
	memcpy(c->bytes + ETH_LEN, bytes + h->len, len - h->len);
	return len - h->len + ETH_LEN;
}

/* Microseconds since the first frame, never backwards. */
static uint64_t stamp(struct capture *c, const struct timeval *t)
{
	uint64_t us = (uint64_t)t->tv_sec * 1000000 + (uint64_t)t->tv_usec;

	if (!c->has_first) {
		c->has_first = true;
		c->first_us = us;
	}
	us = us < c->first_us ? 0 : us - c->first_us;
	if (us < c->last_us)
		c->counts.backwards++;
	else
		c->last_us = us;
	return c->last_us;
}

int capture_next(struct capture *c, struct capture_frame *ret)
{
	struct pcap_pkthdr *head;
	const uint8_t *bytes;
	int rc;

	while ((rc = pcap_next_ex(c->file, &head, &bytes)) == 1) {
		c->counts.frames++;
		if (head->caplen < head->len)
			c->counts.truncated++;
		ret->at_us = stamp(c, &head->ts);
		ret->len = as_ethernet(c, bytes, head->caplen);
		ret->bytes = c->bytes;
		if (ret->len > 0)
			return 1;
		c->counts.skipped++;
	}
	if (rc == PCAP_ERROR_BREAK)
		return 0;
	fprintf(stderr, "replay: frame %llu: %s\n", (unsigned long long)c->counts.frames + 1,
			pcap_geterr(c->file));
	return -EBADMSG;
}
