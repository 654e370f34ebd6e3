/* SPDX-License-Identifier: Apache-2.0
 * See rules.h. */
#include "ctrlplane/policy/rules.h"

#include "ctrlplane/policy/published.h"
#include "ruleset/load/load.h"
#include "ruleset/model/model.h"
#include "ruleset/packs/packs.h"

#include <openssl/evp.h>

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void rules_unheard(void *ctx, const char *path, const struct doc_error *e, bool is_warning)
{
	(void)ctx;
	(void)path;
	(void)e;
	(void)is_warning;
}

/* ---- the collection */

static struct rules_pack *pack_add(struct rules *r, const char *name, const char *path)
{
	struct rules_pack *larger = reallocarray(r->packs, r->n + 1, sizeof(*larger));
	struct rules_pack *p;

	if (larger == NULL)
		return NULL;
	r->packs = larger;
	p = &r->packs[r->n];
	*p = (struct rules_pack){ .name = strdup(name),
		.path = path == NULL ? NULL : strdup(path) };
	if (p->name == NULL || (path != NULL && p->path == NULL)) {
		free(p->name);
		free(p->path);
		return NULL;
	}
	r->n++;
	return p;
}

struct rules *rules_new(void)
{
	struct rules *r = calloc(1, sizeof(*r));

	for (const struct pack_file *f = pack_files; r != NULL && f->name != NULL; f++) {
		struct rules_pack *p = pack_add(r, f->name, NULL);

		if (p == NULL)
			rules_free(&r);
		else
			p->text = (struct span){ f->bytes, f->len };
	}
	return r;
}

void rules_free(struct rules **rules)
{
	struct rules *r = *rules;

	*rules = NULL;
	for (size_t i = 0; r != NULL && i < r->n; i++) {
		if (r->packs[i].path != NULL)
			free((void *)(uintptr_t)r->packs[i].text.ptr);
		free(r->packs[i].name);
		free(r->packs[i].path);
	}
	if (r != NULL)
		free(r->packs);
	free(r);
}

const struct rules_pack *rules_find(const struct rules *rules, const char *name)
{
	for (size_t i = 0; i < rules->n; i++) {
		if (strcmp(rules->packs[i].name, name) == 0)
			return &rules->packs[i];
	}
	return NULL;
}

/* ---- files */

static int whole(const struct rules_ear *ear, const char *path, int rc, const char *text)
{
	struct doc_error e = { .line = 0 };

	snprintf(e.text, sizeof(e.text), "%s", text);
	ear->hear(ear->ctx, path, &e, false);
	return rc;
}

/* One byte more than a pack may have is read: the loader says what is wrong then. */
static int read_fd(int fd, uint8_t *to, size_t *ret_len)
{
	struct stat st;
	ssize_t n = 1;

	*ret_len = 0;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	while (n != 0 && *ret_len <= LOAD_FILE_MAX) {
		n = read(fd, to + *ret_len, LOAD_FILE_MAX + 1 - *ret_len);
		if (n < 0 && errno != EINTR)
			return -errno;
		*ret_len += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int read_file(const char *path, struct span *ret)
{
	uint8_t *bytes = malloc(LOAD_FILE_MAX + 1), *fit;
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int rc = fd < 0 ? -errno : bytes == NULL ? -ENOMEM : read_fd(fd, bytes, &ret->len);

	if (fd >= 0)
		close(fd);
	if (rc < 0) {
		free(bytes);
		return rc;
	}
	fit = realloc(bytes, ret->len + 1);
	ret->ptr = fit == NULL ? bytes : fit;
	return 0;
}

static void hear_all(const struct rules_ear *ear, const char *path, const struct doc_errors *e,
		bool is_warning)
{
	char more[64];

	for (size_t i = 0; i < e->n && i < DOC_ERRORS_MAX; i++)
		ear->hear(ear->ctx, path, &e->at[i], is_warning);
	if (e->n <= DOC_ERRORS_MAX)
		return;
	snprintf(more, sizeof(more), "and %zu more", e->n - DOC_ERRORS_MAX);
	whole(ear, path, 0, more);
}

/* The text alone is a policy: what is wrong with it is known before anybody asks for the pack. */
static int check(struct rules *r, const char *path, struct span text, const struct rules_ear *ear)
{
	struct load_report *report = calloc(1, sizeof(*report));
	struct policy *policy = NULL;
	struct rules_pack *p = NULL;
	int rc = report == NULL ? -ENOMEM : load_policy(&text, 1, &policy, report);

	if (report != NULL) {
		hear_all(ear, path, &report->errors, false);
		hear_all(ear, path, &report->warnings, true);
	}
	if (rc < 0 && (report == NULL || report->errors.n == 0))
		whole(ear, path, rc, strerror(-rc));
	if (rc == 0)
		rc = published_check(policy, path, ear);
	if (rc == 0 && rules_find(r, policy->packs[0].name) != NULL)
		rc = whole(ear, path, -EINVAL,
				"pack: another pack has this name, of the product or of a file: give "
				"this one another");
	if (rc == 0)
		p = pack_add(r, policy->packs[0].name, path);
	if (rc == 0 && p == NULL)
		rc = -ENOMEM;
	if (p != NULL)
		p->text = text;
	policy_free(&policy);
	free(report);
	return rc;
}

static int add(struct rules *rules, const char *path, struct span text, const struct rules_ear *ear)
{
	const int rc = check(rules, path, text, ear);

	if (rc < 0)
		free((void *)(uintptr_t)text.ptr);
	return rc;
}

int rules_add_file(struct rules *rules, const char *path, const struct rules_ear *ear)
{
	struct span text = { NULL, 0 };
	const int rc = read_file(path, &text);

	return rc < 0 ? whole(ear, path, rc, strerror(-rc)) : add(rules, path, text, ear);
}

int rules_add_text(struct rules *rules, const char *path, struct span text,
		const struct rules_ear *ear)
{
	uint8_t *copy = malloc(text.len + 1);

	if (copy == NULL)
		return whole(ear, path, -ENOMEM, strerror(ENOMEM));
	memcpy(copy, text.ptr, text.len);
	return add(rules, path, (struct span){ copy, text.len }, ear);
}

static int is_yaml(const struct dirent *entry)
{
	const size_t n = strlen(entry->d_name);

	return entry->d_name[0] != '.' && n > 5 && strcmp(entry->d_name + n - 5, ".yaml") == 0;
}

int rules_add_dir(struct rules *rules, const char *dir, const struct rules_ear *ear)
{
	struct dirent **entries;
	char *path;
	int rc = 0, one;
	const int n = scandir(dir, &entries, is_yaml, alphasort);

	if (n < 0) {
		rc = -errno;
		return whole(ear, dir, rc, strerror(-rc));
	}
	for (int i = 0; i < n; i++) {
		one = asprintf(&path, "%s/%s", dir, entries[i]->d_name);
		if (one >= 0) {
			one = rules_add_file(rules, path, ear);
			free(path);
		} else {
			one = -ENOMEM;
		}
		rc = rc < 0 ? rc : one;
		free(entries[i]);
	}
	free(entries);
	return rc;
}

/* ---- policies */

int rules_policy(const struct rules *rules, const char *const *names, size_t n, struct policy **ret,
		size_t *ret_bad)
{
	struct load_report *reports;
	struct span *texts;
	int rc = 0;

	if (n > LOAD_PACKS_MAX)
		return -E2BIG;
	reports = calloc(n + 1, sizeof(*reports));
	texts = calloc(n + 1, sizeof(*texts));
	if (reports == NULL || texts == NULL)
		rc = -ENOMEM;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		const struct rules_pack *p = rules_find(rules, names[i]);

		if (p != NULL) {
			texts[i] = p->text;
			continue;
		}
		*ret_bad = i;
		rc = -ENOENT;
	}
	if (rc == 0)
		rc = load_policy(texts, n, ret, reports);
	free(reports);
	free(texts);
	return rc;
}

/* ---- what they are, in one number */

static int by_name(const void *a, const void *b)
{
	const struct rules_pack *const *p = a, *const *q = b;

	return strcmp((*p)->name, (*q)->name);
}

/* Length and bytes, so that no two sets are one text. */
static bool hash_packs(EVP_MD_CTX *md, const struct rules_pack *const *packs, size_t n)
{
	bool ok = EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;

	for (size_t i = 0; ok && i < n; i++) {
		const uint64_t len = htole64(packs[i]->text.len);

		ok = EVP_DigestUpdate(md, packs[i]->name, strlen(packs[i]->name) + 1) == 1 &&
				EVP_DigestUpdate(md, &len, sizeof(len)) == 1 &&
				EVP_DigestUpdate(md, packs[i]->text.ptr, packs[i]->text.len) == 1;
	}
	return ok;
}

int rules_hash(const struct rules *rules, char ret[RULES_HASH_SIZE])
{
	const struct rules_pack **own = calloc(rules->n + 1, sizeof(*own));
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t sum[EVP_MAX_MD_SIZE];
	size_t n = 0;
	int rc = own == NULL || md == NULL ? -ENOMEM : 0;

	for (size_t i = 0; rc == 0 && i < rules->n; i++) {
		if (rules->packs[i].path != NULL)
			own[n++] = &rules->packs[i];
	}
	if (rc == 0) {
		qsort(own, n, sizeof(*own), by_name);
		rc = hash_packs(md, own, n) && EVP_DigestFinal_ex(md, sum, NULL) == 1 ? 0 : -EIO;
	}
	for (int i = 0; rc == 0 && i < 32; i++)
		snprintf(ret + 2 * i, 3, "%02x", sum[i]);
	EVP_MD_CTX_free(md);
	free(own);
	return rc;
}
