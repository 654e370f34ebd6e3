/* SPDX-License-Identifier: Apache-2.0
 * Two-sided scripts: what the two ends send, what the engine must send to them, and when. One
 * command a line; C is the agent's end, S the prod end.
 *
 *	C> S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,ws 7>     the end sends this frame
 *	C>+ ...                   the same, handed over together with the next one
 *	S< P. 1:11(10) ack 1      the next frame to that end must be this
 *	S<* ...                   one of the frames that wait for that end must be this; those before
 *	                          it are thrown away
 *	quiet [C|S]               nothing waits for that end (both)
 *	flush [C|S]               what waits is thrown away
 *	deaf                      from now on nothing waits: all frames are thrown away
 *	nodata C|S                what waits is thrown away, and must not carry payload
 *	+10ms                     time passes: us, ms, s, m, h
 *	est                       a whole handshake with the usual options
 *	verdict C pass N|all      what the inspector does with the bytes from C: pass, drop N,
 *	                          emit TEXT, need N, hold, resume, bypass, close,
 *	                          deny rst|silent|reply
 *	manual, auto              from now on the inspector decides nothing by itself, or passes all
 *	port N                    from here on another connection, from this client port
 *	host N                    ... from this agent (last byte of its address)
 *	kill                      somebody ends the flow that is found first
 *	icmp S mtu N seq N        the network tells the engine's S side that our segment was too big,
 *	                          or with mtu 0 that nobody took it
 *	quote C seq N             the next frame to that end must be an ICMP error about its segment N
 *	state NAME | mode NAME | flows N | held N | stat NAME N | drop NAME N      must be so
 *
 * Flags are S F R P U E W and . for ACK, - for none. Numbers are relative to the initial ones of
 * the end that counts them. After a frame: ttl N, tos N, urg N, wnd as win N; sent ones also: junk
 * (other bytes than the stream's), badcsum, badipcsum, trunc N, dataoff N, mac N, frag OFF LEN.
 * A field that is not written is not compared. Payload is the oracle's, or "text". */
#pragma once

#include "tests/sim/scenario.h"

struct script;

struct script_conf {
	void (*setup)(struct plan *p); /* may be NULL */
	uint32_t isn[SIDES];           /* 0: some */
	uint8_t ip_ver, n_tags;        /* 0: IPv4 */
};

struct script *script_new(struct test *t, const struct script_conf *conf);
/* Checks what must hold at the end, frees everything. */
void script_end(struct script **s);
/* Runs lines; nothing after a failure. */
void script_do(struct script *s, const char *text);
void script_f(struct script *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* All in one. */
void script_run(struct test *t, const struct script_conf *conf, const char *text);

struct world *script_world(struct script *s);
/* Frames that wait for an end. */
uint32_t script_waiting(const struct script *s, enum side at);
/* Takes the next of them and reads it. false: there is none, or it is no TCP segment. */
bool script_next(struct script *s, enum side at, struct seg *ret);
/* What the engine says of its first flow. */
struct flow_report script_report(const struct script *s);
/* The bytes that a script sends by default, and with "junk": <n> from stream offset <off> on. */
void script_oracle(enum side by, bool junk, uint32_t off, uint8_t *out, uint32_t n);
/* Is the payload of <g>, sent in the name of <by>, something else than the stream's bytes? */
bool script_differs(const struct script *s, enum side by, const struct seg *g);
