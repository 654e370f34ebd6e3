/* SPDX-License-Identifier: Apache-2.0
 * A credential from its description to its secrets. */
#include "ctrlplane/credential/credential_priv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

int credential_fail(struct credential_error *error, int rc, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(error->text, sizeof(error->text), fmt, args);
	va_end(args);
	return rc;
}

int credential_make(const char *user, struct secret *password, struct credential **ret_credential)
{
	struct credential *c = calloc(1, sizeof(*c));
	int rc = c == NULL ? -ENOMEM : 0;

	if (rc == 0 && password != NULL)
		rc = prep_password(password, &c->prepared);
	if (rc == 0) {
		c->user = strdup(user);
		rc = c->user == NULL ? -ENOMEM : 0;
	}
	if (rc < 0) {
		credential_free(&c);
		return rc;
	}
	c->password = password;
	*ret_credential = c;
	return 0;
}

static bool has_source(const struct conf_password *p)
{
	return p->file != NULL || p->env != NULL || p->systemd != NULL || p->command.n > 0;
}

int credential_load(const struct conf_credential *conf, struct credential **ret_credential,
		struct credential_error *error)
{
	struct secret *password = NULL;
	int rc = 0;

	if (has_source(&conf->password))
		rc = credential_read(&conf->password, "password", &password, error);

	if (rc < 0)
		return rc;
	rc = credential_make(conf->user, password, ret_credential);
	if (rc < 0) {
		secret_free(&password);
		credential_fail(error, rc, "no memory for the password: %s", strerror(-rc));
	}
	return rc;
}

void credential_free(struct credential **c)
{
	struct credential *old = *c;

	if (old == NULL)
		return;
	secret_free(&old->password);
	secret_free(&old->prepared);
	free(old->user);
	free(old);
	*c = NULL;
}
