/* SPDX-License-Identifier: Apache-2.0
 * See history.h. A name appears when what it names is whole: folders and the index are made beside their
 * place and moved there. */
#include "ctrlplane/reload/history.h"

#include <jansson.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VERSION = 1, INDEX_MAX = 1 << 20, FOLDER_MODE = 0700, FILE_MODE = 0600 };

static const char index_name[] = "index.json", index_next[] = "index.json.next";

static const char *const how_names[HISTORY_HOWS] = {
	[HISTORY_START] = "start",
	[HISTORY_CONFIGURED] = "configured",
	[HISTORY_SIGNAL] = "signal",
	[HISTORY_SENT] = "sent",
	[HISTORY_ROLLBACK] = "rollback",
};

struct history {
	char *data_dir, *dir;                          /* owned; dir: data_dir/rules */
	pthread_mutex_t lock;                          /* of what follows */
	struct history_entry entries[HISTORY_MAX + 1]; /* the oldest first */
	size_t n;
};

const char *history_how_name(enum history_how how)
{
	return how_names[how];
}

/* ---- the index */

static bool is_hash(const char *text)
{
	return strspn(text, "0123456789abcdef") == 64 && text[64] == '\0';
}

static bool how_of(const char *name, enum history_how *ret)
{
	for (int i = 0; i < HISTORY_HOWS; i++) {
		if (strcmp(how_names[i], name) == 0) {
			*ret = (enum history_how)i;
			return true;
		}
	}
	return false;
}

static int load_one(struct history *h, json_t *one)
{
	struct history_entry *e = &h->entries[h->n];
	const char *sha256, *how;
	json_int_t at_s;
	int uid;

	if (json_unpack(one, "{s:s, s:I, s:i, s:s}", "sha256", &sha256, "at", &at_s, "uid", &uid,
			    "how", &how) < 0 ||
			!is_hash(sha256) || !how_of(how, &e->how) || h->n == HISTORY_MAX)
		return -EBADMSG;
	memcpy(e->sha256, sha256, sizeof(e->sha256));
	e->at_s = at_s;
	e->uid = uid;
	h->n++;
	return 0;
}

static int load_json(struct history *h, json_t *root)
{
	const json_t *list = json_object_get(root, "applied");
	json_t *one;
	size_t i;
	int rc = 0;

	if (json_integer_value(json_object_get(root, "version")) != VERSION || !json_is_array(list))
		return -EBADMSG;
	json_array_foreach(list, i, one)
	{
		if (rc == 0)
			rc = load_one(h, one);
	}
	return rc;
}

static int load(struct history *h)
{
	char *path;
	json_t *root;
	int rc;

	if (asprintf(&path, "%s/%s", h->dir, index_name) < 0)
		return -ENOMEM;
	if (access(path, R_OK) < 0) {
		rc = errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
		free(path);
		return rc;
	}
	root = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
	free(path);
	rc = root == NULL ? -EBADMSG : load_json(h, root);
	json_decref(root);
	return rc;
}

int history_open(const char *data_dir, struct history **ret)
{
	struct history *h = calloc(1, sizeof(*h));
	int rc = -ENOMEM;

	if (h == NULL)
		return rc;
	pthread_mutex_init(&h->lock, NULL);
	h->data_dir = strdup(data_dir);
	if (asprintf(&h->dir, "%s/rules", data_dir) < 0)
		h->dir = NULL;
	if (h->data_dir != NULL && h->dir != NULL)
		rc = load(h);
	if (rc < 0)
		history_free(&h);
	else
		*ret = h;
	return rc;
}

void history_free(struct history **history)
{
	struct history *h = *history;

	*history = NULL;
	if (h == NULL)
		return;
	pthread_mutex_destroy(&h->lock);
	free(h->data_dir);
	free(h->dir);
	free(h);
}

/* ---- asked */

size_t history_list(struct history *h, struct history_entry *ret, size_t max)
{
	size_t n = 0;

	pthread_mutex_lock(&h->lock);
	for (; n < max && n < h->n; n++)
		ret[n] = h->entries[h->n - 1 - n];
	pthread_mutex_unlock(&h->lock);
	return n;
}

int history_find(struct history *h, const char *prefix, char ret[RULES_HASH_SIZE])
{
	const char *found = NULL;
	int rc = 0;

	pthread_mutex_lock(&h->lock);
	for (size_t i = 0; i < h->n; i++) {
		const char *sha256 = h->entries[i].sha256;

		if (strncmp(sha256, prefix, strlen(prefix)) != 0)
			continue;
		if (found != NULL && strcmp(found, sha256) != 0)
			rc = -EEXIST;
		found = sha256;
	}
	if (found != NULL && rc == 0)
		memcpy(ret, found, RULES_HASH_SIZE);
	pthread_mutex_unlock(&h->lock);
	return found == NULL ? -ENOENT : rc;
}

int history_before(struct history *h, char ret[RULES_HASH_SIZE])
{
	int rc = -ENOENT;

	pthread_mutex_lock(&h->lock);
	for (size_t i = h->n; i-- > 0 && rc < 0;) {
		if (strcmp(h->entries[i].sha256, h->entries[h->n - 1].sha256) == 0)
			continue;
		memcpy(ret, h->entries[i].sha256, RULES_HASH_SIZE);
		rc = 0;
	}
	pthread_mutex_unlock(&h->lock);
	return rc;
}

/* ---- kept */

static int write_all(int fd, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	while (len > 0) {
		const ssize_t n = write(fd, at, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		at += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

static int put_file(int dir, const char *name, const void *bytes, size_t len)
{
	const int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
			FILE_MODE);
	int rc = fd < 0 ? -errno : write_all(fd, bytes, len);

	if (fd >= 0)
		close(fd);
	return rc;
}

static int open_folder(const char *path, bool make)
{
	int fd;

	if (make && mkdir(path, FOLDER_MODE) < 0 && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static void empty_folder(int fd)
{
	DIR *d = fdopendir(dup(fd));
	const struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (e->d_name[0] != '.')
			(void)unlinkat(fd, e->d_name, 0);
	}
	if (d != NULL)
		closedir(d);
}

static void folder_remove(int dir, const char *name)
{
	const int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return;
	empty_folder(fd);
	close(fd);
	(void)unlinkat(dir, name, AT_REMOVEDIR);
}

static int put_packs(int fd, const struct rules *rules)
{
	char name[80];
	int rc = 0;

	for (size_t i = 0; i < rules->n && rc == 0; i++) {
		const struct rules_pack *p = &rules->packs[i];

		if (p->path == NULL)
			continue;
		snprintf(name, sizeof(name), "%.60s.yaml", p->name);
		rc = put_file(fd, name, p->text.ptr, p->text.len);
	}
	return rc == 0 && fsync(fd) < 0 ? -errno : rc;
}

static int put_sources(int dir, const struct rules *rules, const char *sha256)
{
	static const char next[] = "next";
	int fd, rc;

	if (faccessat(dir, sha256, F_OK, 0) == 0)
		return 0;
	folder_remove(dir, next); /* of one that did not come so far */
	if (mkdirat(dir, next, FOLDER_MODE) < 0)
		return -errno;
	fd = openat(dir, next, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rc = fd < 0 ? -errno : put_packs(fd, rules);
	if (fd >= 0)
		close(fd);
	if (rc == 0 && renameat(dir, next, dir, sha256) < 0)
		rc = -errno;
	return rc;
}

static char *dump(const struct history_entry *entries, size_t n)
{
	json_t *list = json_array(),
	       *root = json_pack("{s:i, s:o}", "version", VERSION, "applied", list);
	char *text;

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list,
				json_pack("{s:s, s:I, s:i, s:s}", "sha256", entries[i].sha256, "at",
						(json_int_t)entries[i].at_s, "uid",
						(int)entries[i].uid, "how",
						how_names[entries[i].how]));
	text = json_array_size(list) == n ? json_dumps(root, JSON_INDENT(1)) : NULL;
	json_decref(root);
	return text;
}

static int put_index(int dir, const struct history_entry *entries, size_t n)
{
	char *text = dump(entries, n);
	int rc = text == NULL ? -ENOMEM : put_file(dir, index_next, text, strlen(text));

	free(text);
	if (rc == 0 && renameat(dir, index_next, dir, index_name) < 0)
		rc = -errno;
	return rc == 0 && fsync(dir) < 0 ? -errno : rc;
}

static bool is_named(const struct history *h, const char *sha256)
{
	for (size_t i = 0; i < h->n; i++) {
		if (strcmp(h->entries[i].sha256, sha256) == 0)
			return true;
	}
	return false;
}

/* The oldest goes when there is no room. */
static int put_entry(struct history *h, int dir, const struct history_entry *entry)
{
	const size_t gone = h->n == HISTORY_MAX;
	const struct history_entry oldest = h->entries[0];
	int rc;

	h->entries[h->n] = *entry;
	rc = put_index(dir, h->entries + gone, h->n + 1 - gone);
	if (rc < 0)
		return rc;
	memmove(h->entries, h->entries + gone, (h->n + 1 - gone) * sizeof(*entry));
	h->n += 1 - gone;
	if (gone != 0 && !is_named(h, oldest.sha256))
		folder_remove(dir, oldest.sha256);
	return 0;
}

int history_put(struct history *h, const struct rules *rules, const struct history_entry *entry)
{
	const int data = open_folder(h->data_dir, true);
	const int dir = data < 0 ? data : open_folder(h->dir, true);
	int rc = dir < 0 ? dir : put_sources(dir, rules, entry->sha256);

	if (rc == 0) {
		pthread_mutex_lock(&h->lock);
		rc = put_entry(h, dir, entry);
		pthread_mutex_unlock(&h->lock);
	}
	if (dir >= 0)
		close(dir);
	if (data >= 0)
		close(data);
	return rc;
}

int history_load(struct history *h, const char *sha256, struct rules *rules,
		const struct rules_ear *ear)
{
	const struct doc_error changed = { .text = "is not what was in force: it was changed, or a "
						   "file is missing" };
	char found[RULES_HASH_SIZE], *path;
	int rc;

	if (asprintf(&path, "%s/%s", h->dir, sha256) < 0)
		return -ENOMEM;
	rc = rules_add_dir(rules, path, ear);
	if (rc == 0)
		rc = rules_hash(rules, found);
	if (rc == 0 && strcmp(found, sha256) != 0) {
		ear->hear(ear->ctx, path, &changed, false);
		rc = -EBADMSG;
	}
	free(path);
	return rc;
}
