/* SPDX-License-Identifier: Apache-2.0
 * A capture through the relay engine: the parts and what they hand to each other. */
#pragma once

#include "dataplane/net/frame.h"
#include "dataplane/net/side.h"
#include "dataplane/tcp/relay.h"
#include "tools/replay/gate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	REPLAY_NETS_MAX = 16, /* --agent-net, and as many --agent-mac */
	REPLAY_MTU_MAX = 9216,
	REPLAY_START_S = 1,          /* the engine's clock at the first frame: 0 would be no time */
	REPLAY_FLOWS_KEPT = 1 << 20, /* ended flows remembered */
};

/* capture.c: the file, frame by frame, as Ethernet. */

struct capture;

struct capture_counts {
	uint64_t frames;
	uint64_t truncated; /* recorded shorter than they were: the engine drops them */
	uint64_t skipped;   /* of a link type that has no Ethernet in it for this frame */
	uint64_t backwards; /* time stamps before their predecessor's: taken as equal */
};

struct capture_frame {
	uint8_t *bytes; /* borrowed until the next frame; writable */
	uint32_t len;
	uint64_t at_us; /* since the first frame; never less than before */
};

/* NULL, with one line on stderr. */
struct capture *capture_open(const char *path);
void capture_close(struct capture **c);
/* 1: *ret is set. 0: the end. -EBADMSG, with one line on stderr: the file is broken from here on. */
int capture_next(struct capture *c, struct capture_frame *ret);
const struct capture_counts *capture_counts(const struct capture *c);

/* offload.c: what a host leaves to its port, done as the port would have done it. */

struct offload {
	uint16_t mtu;
	uint64_t completed;   /* checksums that held the pseudo header's sum alone */
	uint64_t resegmented; /* segments larger than the MTU, cut into several */
	void *ctx;
	/* Takes one frame; <bytes> are the callee's only during the call. */
	void (*put)(void *ctx, uint8_t *bytes, uint32_t len);
	uint8_t piece[FRAME_L2_MAX + REPLAY_MTU_MAX];
};

/* Hands on one recorded frame, as one or as several. */
void offload_undo(struct offload *o, uint8_t *bytes, uint32_t len);

/* After a change to a segment: its TCP checksum, and the IP length of a frame of <total> bytes. */
void segment_cksum_write(const struct frame *f, uint8_t *bytes, uint32_t tcp_len);
void segment_length_write(const struct frame *f, uint8_t *bytes, uint32_t total);

/* pace.c: the two recorded ends, held to what the engine has let them know. */

struct pace;

struct pace_counts {
	uint64_t held;    /* frames that waited for the engine's window */
	uint64_t reacked; /* acknowledgements given in parts, as the engine's sender went on */
	uint64_t forced;  /* held frames given all the same, because nothing moved any more */
};

struct pace_env {
	void *ctx;
	/* Takes one frame from side <from>; the bytes are the callee's only during the call. */
	void (*feed)(void *ctx, enum side from, uint8_t *bytes, uint32_t len);
};

/* NULL: out of memory. */
struct pace *pace_new(const struct pace_env *env);
void pace_free(struct pace **p);
/* A recorded frame: fed now, or when the engine has made room for it. */
void pace_recorded(struct pace *p, enum side from, uint8_t *bytes, uint32_t len);
/* A frame that the engine emitted towards <to>. May be called from within feed(). */
void pace_emitted(struct pace *p, enum side to, const uint8_t *bytes, uint32_t len);
/* Feeds what may go by now. Not from within feed(). */
void pace_pump(struct pace *p);
/* Nothing waits. */
bool pace_is_idle(const struct pace *p);
/* Feeds all that waits, as it was recorded. */
void pace_force(struct pace *p);
const struct pace_counts *pace_counts(const struct pace *p);

/* side.c: which side of the wire a frame came from. */

struct side_net {
	uint8_t addr[16];
	uint8_t prefix; /* of the 16 bytes */
};

struct sides;

struct sides_conf {
	struct side_net nets[REPLAY_NETS_MAX];
	size_t n_nets;
	uint8_t macs[REPLAY_NETS_MAX][6];
	size_t n_macs;
};

/* <conf> is borrowed. NULL: out of memory. */
struct sides *sides_new(const struct sides_conf *conf);
void sides_free(struct sides **s);
enum side sides_of(struct sides *s, const uint8_t *bytes, uint32_t len);
/* "10.0.0.0/8", "fd00::/8"; false: it is none. */
bool side_net_parse(const char *text, struct side_net *ret);
bool side_mac_parse(const char *text, uint8_t ret[6]);

/* run.c: the engine, its clock and what it emits. */

struct run_conf {
	enum flow_mode mode; /* MODE_RELAY, MODE_WIRE; MODE_XLATE: relay, then bypass */
	uint16_t mtu;
	uint32_t max_flows;
	uint64_t wait_us;     /* goes on this long after the last frame */
	const char *out_path; /* NULL: what is emitted is counted and dropped */
	bool as_recorded;     /* no pace.c in between */
	bool check;           /* the engine's invariants after every frame */
	struct sides_conf sides;
	bool reads_postgres; /* what is said is kept, and played through the spine: gate.h */
	struct gate_conf gate;
};

/* Some 10 KiB: not for a stack frame. */
struct run {
	const struct run_conf *conf; /* borrowed */
	struct relay *relay;         /* owned */
	struct flow_report *flows;   /* owned: ended ones in their order, then those still open */
	size_t n_flows, room;
	uint64_t flows_lost;  /* beyond REPLAY_FLOWS_KEPT */
	uint64_t from[SIDES]; /* frames fed */
	uint64_t sent[SIDES]; /* frames emitted towards each side */
	struct capture_counts capture;
	struct offload offload;
	const char *broken; /* the invariant that did not hold, or NULL */
	/* of the engine's environment */
	struct pkt_pools pools;
	struct flow_policy policy;
	struct sides *sides;   /* owned */
	struct writer *writer; /* owned */
	struct tap tap;
	struct gate gate;
	struct pace *pace; /* owned; NULL with as_recorded */
	struct pace_counts paced;
	uint64_t now_us;
};

/* Plays <path> through. 0; -errno with one line on stderr, and what was played until then in *r. */
int run_play(struct run *r, const struct run_conf *conf, const char *path);
void run_done(struct run *r);

/* writer.c: emitted frames into a capture. */
struct writer *writer_open(const char *path);
void writer_put(struct writer *w, const uint8_t *bytes, uint32_t len, uint64_t at_us);
/* false: not all could be written. Accepts NULL. */
bool writer_close(struct writer **w);

/* print.c */
void print_table(const struct run *r, const char *path);
void print_json(const struct run *r, const char *path);
