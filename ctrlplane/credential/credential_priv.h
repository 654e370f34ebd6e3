/* SPDX-License-Identifier: Apache-2.0
 * Inside ctrlplane/credential: where passwords come from, and the sums. */
#pragma once

#include "ctrlplane/credential/credential.h"

#include <sys/types.h>

/* credential.c: writes the reason and returns <rc>. */
int credential_fail(struct credential_error *error, int rc, const char *fmt, ...)
		__attribute__((format(printf, 3, 4)));
/* The same password after SASLprep. */
int credential_make(const char *user, struct secret *password, struct credential **ret_credential);

/* source.c. All of <fd> up to its end: -EFBIG when there is more than the room. */
int source_read_fd(int fd, struct secret *to);

/* command.c: runs argv without a shell, in a clean environment, and reads its stdout into <out>, at
 * most secret_room(out) bytes, and the beginning of its stderr into <err>. -ETIMEDOUT, -EFBIG,
 * -ECHILD: it ended with an error; -errno: it could not be run. <error> says which. Whatever it
 * started in its process group is killed. */
int command_run(const struct conf_texts *argv, int timeout_ms, struct secret *out,
		struct secret *err, struct credential_error *error);

/* prep.c: SASLprep (RFC 4013) by PostgreSQL's own code; the raw bytes when they cannot be prepared,
 * as PostgreSQL does. -ENOMEM. */
int prep_password(const struct secret *raw, struct secret **ret_prepared);

/* sum.c: each is false when OpenSSL does not have it. */
enum { SHA256_BYTES = 32, MD5_HEX = 32 };

bool sum_hmac_sha256(struct span key, struct span text, uint8_t ret[SHA256_BYTES]);
bool sum_sha256(struct span text, uint8_t ret[SHA256_BYTES]);
/* Lower-case hexadecimal of MD5 of <a> and <b>, without NUL. */
bool sum_md5_hex(struct span a, struct span b, char ret[MD5_HEX]);

/* b64.c: RFC 4648 4, with its padding, strictly: each value has one text. The number of bytes; -1:
 * it is none, or longer than <room>. */
ssize_t b64_decode(struct span in, uint8_t *out, size_t room);
/* Without NUL. The number of characters; <out> has room for (in.len + 2) / 3 * 4 and a NUL. */
size_t b64_encode(struct span in, char *out);
