/* SPDX-License-Identifier: Apache-2.0
 * Who is refused though the token is good: in memory, sorted by hash, and in one small file that is
 * replaced as a whole (written beside, synced, renamed, folder synced). */
#include "ctrlplane/identity/identity_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME "revoked.json"

/* Of 65,536 entries with two texts of 255 bytes, each byte escaped as \u00XX. */
enum { FILE_BYTES_MAX = 256 << 20, VERSION = 1 };

struct entry {
	uint8_t sha256[32]; /* of kind, iss and value */
	enum identity_revoke_kind kind;
	char *iss, *value; /* owned */
};

struct revoked {
	pthread_mutex_t writing; /* taken before lock: whoever asks never waits for the disk */
	pthread_mutex_t lock;    /* of the entries */
	char *dir;               /* owned */
	struct entry *entries;   /* owned, sorted by sha256 */
	size_t n, room;
	_Atomic size_t n_seen; /* n, for whoever only asks whether there is any */
};

static const char *const kind_names[] = {
	[IDENTITY_REVOKE_SUB] = "sub", [IDENTITY_REVOKE_JTI] = "jti"
};

static int hash_of(enum identity_revoke_kind kind, const char *iss, const char *value,
		uint8_t sha256[32])
{
	/* neither text has a NUL in it, so no two pairs run together to the same bytes */
	char all[2 * (ACTOR_TEXT_MAX + 1) + 1];
	size_t n_iss = strlen(iss) + 1, n_value = strlen(value) + 1;

	if (n_iss == 1 || n_value == 1 || n_iss > ACTOR_TEXT_MAX + 1 ||
			n_value > ACTOR_TEXT_MAX + 1)
		return -EINVAL;
	all[0] = (char)kind;
	memcpy(all + 1, iss, n_iss);
	memcpy(all + 1 + n_iss, value, n_value);
	return EVP_Digest(all, 1 + n_iss + n_value, sha256, NULL, EVP_sha256(), NULL) == 1 ? 0
											   : -EIO;
}

/* The first entry that is not before <sha256>. */
static size_t place_of(const struct revoked *r, const uint8_t sha256[32])
{
	size_t low = 0, high = r->n;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (memcmp(r->entries[mid].sha256, sha256, 32) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool is_at(const struct revoked *r, size_t place, const uint8_t sha256[32])
{
	return place < r->n && memcmp(r->entries[place].sha256, sha256, 32) == 0;
}

static void entry_done(struct entry *e)
{
	free(e->iss);
	free(e->value);
}

static int make_room(struct revoked *r)
{
	const size_t room = r->room == 0 ? 64 : 2 * r->room;
	struct entry *larger;

	if (r->n < r->room)
		return 0;
	larger = reallocarray(r->entries, room, sizeof(*larger));
	if (larger == NULL)
		return -ENOMEM;
	r->entries = larger;
	r->room = room;
	return 0;
}

static void count_set(struct revoked *r, size_t n)
{
	r->n = n;
	atomic_store_explicit(&r->n_seen, n, memory_order_release);
}

/* 1: it is new; 0: it was there. */
static int insert(struct revoked *r, enum identity_revoke_kind kind, const char *iss,
		const char *value)
{
	struct entry e = { .kind = kind };
	int rc = hash_of(kind, iss, value, e.sha256);
	const size_t place = rc == 0 ? place_of(r, e.sha256) : 0;

	if (rc < 0)
		return rc;
	if (is_at(r, place, e.sha256))
		return 0;
	if (r->n == REVOKED_MAX)
		return -ENOSPC;
	rc = make_room(r);
	if (rc < 0)
		return rc;
	e.iss = strdup(iss);
	e.value = strdup(value);
	if (e.iss == NULL || e.value == NULL) {
		entry_done(&e);
		return -ENOMEM;
	}
	memmove(&r->entries[place + 1], &r->entries[place], (r->n - place) * sizeof(e));
	r->entries[place] = e;
	count_set(r, r->n + 1);
	return 1;
}

/* The file. */

static json_t *to_json(const struct revoked *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->n; i++) {
		const struct entry *e = &r->entries[i];

		if (json_array_append_new(list,
				    json_pack("{s:s, s:s}", "iss", e->iss, kind_names[e->kind],
						    e->value)) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return json_pack("{s:i, s:o}", "version", VERSION, "revoked", list);
}

static int write_all(int fd, const char *text, size_t len)
{
	for (size_t done = 0; done < len;) {
		const ssize_t n = write(fd, text + done, len - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

static int replace(int dir, const char *text)
{
	const int fd = openat(dir, FILE_NAME ".new",
			O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc;

	if (fd < 0)
		return -errno;
	rc = write_all(fd, text, strlen(text));
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && renameat(dir, FILE_NAME ".new", dir, FILE_NAME) < 0)
		rc = -errno;
	if (rc == 0 && fsync(dir) < 0)
		rc = -errno;
	if (rc < 0)
		unlinkat(dir, FILE_NAME ".new", 0);
	return rc;
}

static char *dump(const struct revoked *r)
{
	json_t *root = to_json(r);
	char *text = root == NULL ? NULL : json_dumps(root, JSON_INDENT(1) | JSON_ENSURE_ASCII);

	json_decref(root);
	return text;
}

/* Takes <text> over. */
static int save(const struct revoked *r, char *text)
{
	const int dir = open(r->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = dir < 0 ? -errno : -ENOMEM;

	if (dir >= 0 && text != NULL)
		rc = replace(dir, text);
	if (dir >= 0)
		close(dir);
	free(text);
	return rc;
}

static int load_one(struct revoked *r, const json_t *one)
{
	const char *iss = json_short_text(json_object_get(one, "iss"));

	for (int kind = IDENTITY_REVOKE_SUB; kind <= IDENTITY_REVOKE_JTI; kind++) {
		const char *value = json_short_text(json_object_get(one, kind_names[kind]));

		if (iss != NULL && value != NULL && json_object_size(one) == 2)
			return insert(r, (enum identity_revoke_kind)kind, iss, value);
	}
	return -EBADMSG;
}

/* A file that is not wholly understood is refused: half a list of revocations lets people in. */
static int load_json(struct revoked *r, const json_t *root)
{
	const json_t *list = json_object_get(root, "revoked");
	int rc = 0;

	if (json_integer_value(json_object_get(root, "version")) != VERSION || !json_is_array(list))
		return -EBADMSG;
	for (size_t i = 0; rc >= 0 && i < json_array_size(list); i++)
		rc = load_one(r, json_array_get(list, i));
	return rc < 0 ? rc : 0;
}

static int load_fd(struct revoked *r, int fd)
{
	struct stat st;
	json_t *root;
	int rc;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_BYTES_MAX)
		return -EBADMSG;
	root = json_loadfd(fd, JSON_REJECT_DUPLICATES, NULL);
	rc = root == NULL ? -EBADMSG : load_json(r, root);
	json_decref(root);
	return rc;
}

static int load(struct revoked *r)
{
	const int dir = open(r->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd, rc;

	if (dir < 0)
		return -errno;
	fd = openat(dir, FILE_NAME, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	rc = fd < 0 ? -errno : load_fd(r, fd);
	if (fd >= 0)
		close(fd);
	close(dir);
	return rc == -ENOENT ? 0 : rc;
}

int revoked_new(const char *dir, struct revoked **ret_revoked)
{
	struct revoked *r = calloc(1, sizeof(*r));
	int rc;

	if (r == NULL)
		return -ENOMEM;
	pthread_mutex_init(&r->writing, NULL);
	pthread_mutex_init(&r->lock, NULL);
	r->dir = strdup(dir);
	rc = r->dir == NULL ? -ENOMEM : load(r);
	if (rc < 0)
		revoked_free(&r);
	else
		*ret_revoked = r;
	return rc;
}

void revoked_free(struct revoked **revoked)
{
	struct revoked *r = *revoked;

	if (r == NULL)
		return;
	for (size_t i = 0; i < r->n; i++)
		entry_done(&r->entries[i]);
	free(r->entries);
	free(r->dir);
	pthread_mutex_destroy(&r->writing);
	pthread_mutex_destroy(&r->lock);
	free(r);
	*revoked = NULL;
}

/* A repeated call writes again: the first one may have failed to. */
int revoked_add(struct revoked *r, enum identity_revoke_kind kind, const char *iss,
		const char *value)
{
	char *text = NULL;
	int rc;

	pthread_mutex_lock(&r->writing);
	pthread_mutex_lock(&r->lock);
	rc = insert(r, kind, iss, value);
	if (rc >= 0)
		text = dump(r);
	pthread_mutex_unlock(&r->lock);
	if (rc >= 0)
		rc = save(r, text);
	pthread_mutex_unlock(&r->writing);
	return rc;
}

static int take_out(struct revoked *r, const uint8_t sha256[32])
{
	const size_t place = place_of(r, sha256);

	if (!is_at(r, place, sha256))
		return -ENOENT;
	entry_done(&r->entries[place]);
	memmove(&r->entries[place], &r->entries[place + 1],
			(r->n - place - 1) * sizeof(r->entries[0]));
	count_set(r, r->n - 1);
	return 0;
}

int revoked_remove(struct revoked *r, enum identity_revoke_kind kind, const char *iss,
		const char *value)
{
	uint8_t sha256[32];
	char *text = NULL;
	int rc = hash_of(kind, iss, value, sha256);

	if (rc < 0)
		return rc;
	pthread_mutex_lock(&r->writing);
	pthread_mutex_lock(&r->lock);
	rc = take_out(r, sha256);
	if (rc == 0)
		text = dump(r);
	pthread_mutex_unlock(&r->lock);
	if (rc == 0)
		rc = save(r, text);
	pthread_mutex_unlock(&r->writing);
	return rc;
}

static bool has(const struct revoked *r, enum identity_revoke_kind kind, const char *iss,
		const char *value)
{
	uint8_t sha256[32];
	int rc;

	if (value[0] == '\0')
		return false;
	rc = hash_of(kind, iss, value, sha256);
	return rc < 0 ||
			is_at(r, place_of(r, sha256), sha256); /* what cannot be asked is refused */
}

bool revoked_has(struct revoked *r, const struct actor *a)
{
	bool found;

	if (atomic_load_explicit(&r->n_seen, memory_order_acquire) == 0)
		return false;
	pthread_mutex_lock(&r->lock);
	found = has(r, IDENTITY_REVOKE_SUB, a->iss, a->sub) ||
			has(r, IDENTITY_REVOKE_JTI, a->iss, a->jti);
	pthread_mutex_unlock(&r->lock);
	return found;
}
