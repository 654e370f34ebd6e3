/* SPDX-License-Identifier: Apache-2.0
 * SASLprep by PostgreSQL's own code (libpgcommon), so that what is hashed here is what the server
 * has hashed. Its malloc() and free() are these two (meson.build renames them): its copies of the
 * password are secret memory too. */
#include "ctrlplane/credential/credential_priv.h"

#include <common/saslprep.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

enum { ARENA_BYTES = 256 << 10, ALIGN = 16 };

void *saslprep_malloc(size_t n);
void saslprep_free(void *p);
char *saslprep_strdup(const char *text);

/* Of the preparation that is under way; pg_saslprep() has a static variable as well. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct secret *arena; /* owned, only under the lock */
static size_t arena_used;

void *saslprep_malloc(size_t n)
{
	uint8_t *p = secret_bytes(arena) + arena_used;

	if (n > secret_room(arena) - arena_used)
		return NULL;
	n = (n + ALIGN - 1) / ALIGN * ALIGN;
	arena_used = n > secret_room(arena) - arena_used ? secret_room(arena) : arena_used + n;
	return p;
}

void saslprep_free(void *p)
{
	(void)p; /* with the arena */
}

char *saslprep_strdup(const char *text)
{
	const size_t size = strlen(text) + 1;
	char *copy = saslprep_malloc(size);

	return copy == NULL ? NULL : memcpy(copy, text, size);
}

static int copy(struct span from, struct secret **ret)
{
	int rc = secret_new(from.len, ret);

	if (rc < 0)
		return rc;
	memcpy(secret_bytes(*ret), from.ptr, from.len);
	secret_set_len(*ret, from.len);
	return 0;
}

static int prepare(const struct secret *raw, struct secret **ret_prepared)
{
	char *text = NULL;
	pg_saslprep_rc rc = pg_saslprep((const char *)secret_span(raw).ptr, &text);

	if (rc == SASLPREP_OOM)
		return -ENOMEM;
	if (rc != SASLPREP_SUCCESS)
		return copy(secret_span(raw), ret_prepared);
	return copy((struct span){ (const uint8_t *)text, strlen(text) }, ret_prepared);
}

int prep_password(const struct secret *raw, struct secret **ret_prepared)
{
	int rc;

	pthread_mutex_lock(&lock);
	arena_used = 0;
	rc = secret_new(ARENA_BYTES, &arena);
	if (rc == 0)
		rc = prepare(raw, ret_prepared);
	secret_free(&arena);
	pthread_mutex_unlock(&lock);
	return rc;
}
