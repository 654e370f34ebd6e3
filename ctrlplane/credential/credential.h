/* SPDX-License-Identifier: Apache-2.0
 * What sluiced logs in to a target with: the user, and the password from where the configuration
 * says (file, environment, systemd, a command). */
#pragma once

#include "ctrlplane/conf/conf.h"
#include "ctrlplane/credential/secret.h"

enum { CREDENTIAL_PASSWORD_MAX = 1024 }; /* bytes */

/* Immutable: any thread may read it. */
struct credential {
	char *user;              /* owned */
	struct secret *password; /* owned: 1 to CREDENTIAL_PASSWORD_MAX bytes, no NUL among them.
				  * NULL: there is none, and neither the next: a certificate does */
	struct secret *prepared; /* owned: after SASLprep (RFC 4013) as PostgreSQL does it */
};

/* Why there is none, for the log: the source and what is wrong with it, never its content. */
struct credential_error {
	char text[256];
};

/* Reads the password that <conf> describes. May wait: up to CREDENTIAL_COMMAND_MS for a command.
 * One newline at the end of a file's or a command's output is not part of the password.
 * 0: *ret_credential is the caller's. -errno: <error> says why. Logs what a command says on stderr,
 * unless the password is in it. Any thread. */
int credential_load(const struct conf_credential *conf, struct credential **ret_credential,
		struct credential_error *error);
void credential_free(struct credential **c);

/* Any other secret that comes as passwords do, under the same rules: 1 to CREDENTIAL_PASSWORD_MAX bytes, no
 * NUL among them. <what>: as errors call it. */
int credential_read(const struct conf_password *conf, const char *what, struct secret **ret_secret,
		struct credential_error *error);

enum {
	CREDENTIAL_COMMAND_MS = 10000,
	CREDENTIAL_STDERR_MAX = 4096, /* bytes; more is thrown away */
};
