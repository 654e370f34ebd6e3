/* SPDX-License-Identifier: Apache-2.0
 * Memory for secrets. */
#include "ctrlplane/credential/secret.h"

#include "parsers/base/must.h"

#include <openssl/crypto.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ALIGN = 16 };

struct secret {
	uint8_t *at; /* ends where the guard page begins, but for alignment */
	size_t room, len;
	uint8_t *map; /* owned: guard, pages, guard */
	size_t map_bytes, page_bytes;
	bool locked;
};

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

static uint8_t *pages(const struct secret *s)
{
	return s->map + s->page_bytes;
}

static size_t pages_bytes(const struct secret *s)
{
	return s->map_bytes - 2 * s->page_bytes;
}

static int map_pages(struct secret *s)
{
	void *map = mmap(NULL, s->map_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		return -errno;
	s->map = map;
	if (mprotect(pages(s), pages_bytes(s), PROT_READ | PROT_WRITE) < 0 ||
			madvise(pages(s), pages_bytes(s), MADV_DONTDUMP) < 0 ||
			madvise(pages(s), pages_bytes(s), MADV_WIPEONFORK) < 0)
		return -errno;
	s->locked = mlock(pages(s), pages_bytes(s)) == 0;
	return 0;
}

int secret_new(size_t room, struct secret **ret_secret)
{
	struct secret *s = calloc(1, sizeof(*s));
	size_t used = round_up(room + 1, ALIGN);
	int rc;

	must(room < SIZE_MAX / 2);
	if (s == NULL)
		return -ENOMEM;
	s->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	s->map_bytes = round_up(used, s->page_bytes) + 2 * s->page_bytes;
	rc = map_pages(s);
	if (rc < 0) {
		secret_free(&s);
		return rc;
	}
	s->at = s->map + s->map_bytes - s->page_bytes - used;
	s->room = room;
	*ret_secret = s;
	return 0;
}

void secret_free(struct secret **s)
{
	struct secret *old = *s;

	if (old == NULL)
		return;
	if (old->at != NULL)
		secret_wipe(old);
	if (old->map != NULL)
		must(munmap(old->map, old->map_bytes) == 0);
	free(old);
	*s = NULL;
}

void secret_wipe(struct secret *s)
{
	explicit_bzero(pages(s), pages_bytes(s));
	s->len = 0;
}

uint8_t *secret_bytes(struct secret *s)
{
	return s->at;
}

size_t secret_room(const struct secret *s)
{
	return s->room;
}

void secret_set_len(struct secret *s, size_t len)
{
	must(len <= s->room);
	explicit_bzero(s->at + len, s->room + 1 - len);
	s->len = len;
}

struct span secret_span(const struct secret *s)
{
	return (struct span){ s->at, s->len };
}

bool secret_is_equal(const struct secret *s, struct span other)
{
	return s->len == other.len && CRYPTO_memcmp(s->at, other.ptr, s->len) == 0;
}

bool secret_is_locked(const struct secret *s)
{
	return s->locked;
}
