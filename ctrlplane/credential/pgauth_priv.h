/* SPDX-License-Identifier: Apache-2.0
 * Inside a login: SCRAM's messages (scram.c) under PostgreSQL's requests (pgauth.c). */
#pragma once

#include "ctrlplane/credential/credential_priv.h"
#include "ctrlplane/credential/pgauth.h"

/* PGAUTH_END, with the reason counted. */
enum pgauth_rc pgauth_refuse(struct pgauth *a, enum pgauth_reason reason);

/* The body of a 'p' message, behind its header. False: it does not fit. */
bool out_put(struct pgauth_out *out, struct span text);
void out_begin(struct pgauth_out *out);
void out_end(struct pgauth_out *out);

/* The server's list of mechanisms: chooses one and begins. */
enum pgauth_rc scram_begin(struct pgauth *a, struct span mechanisms, struct pgauth_out *out);
/* server-first-message (RFC 5802 7). */
enum pgauth_rc scram_first(struct pgauth *a, struct span text);
enum pgauth_rc scram_salted(
		struct pgauth *a, const uint8_t salted[SALTED_BYTES], struct pgauth_out *out);
/* server-final-message. */
enum pgauth_rc scram_final(struct pgauth *a, struct span text);
