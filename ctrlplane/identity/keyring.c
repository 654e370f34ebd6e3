/* SPDX-License-Identifier: Apache-2.0
 * When an issuer's keys are fetched, used and given up. No clock, no network: times are arguments. */
#include "ctrlplane/identity/identity_priv.h"

#include <string.h>

void keyring_init(struct keyring *k, const struct conf_issuer *conf, uint64_t now_ms)
{
	memset(k, 0, sizeof(*k));
	k->conf = conf;
	k->is_file = conf->jwks[0] == '/';
	k->next_ms = now_ms;
}

void keyring_done(struct keyring *k)
{
	jwks_free(&k->keys);
}

bool keyring_is_usable(const struct keyring *k, uint64_t now_ms)
{
	return k->keys != NULL && now_ms < k->expires_ms;
}

static struct keyring_absent *absent_find(struct keyring *k, const char *kid, uint64_t now_ms)
{
	for (size_t i = 0; kid != NULL && i < KEYRING_ABSENT; i++) {
		if (now_ms < k->absent[i].until_ms && strcmp(k->absent[i].kid, kid) == 0)
			return &k->absent[i];
	}
	return NULL;
}

void keyring_absent_add(struct keyring *k, const char *kid, uint64_t now_ms)
{
	struct keyring_absent *a = absent_find(k, kid, now_ms);

	if (kid == NULL)
		return;
	if (a == NULL)
		a = &k->absent[k->next_absent++ % KEYRING_ABSENT];
	snprintf(a->kid, sizeof(a->kid), "%s", kid);
	a->until_ms = now_ms + KEYRING_ABSENT_MS;
}

/* Whoever sends tokens chooses their kid: what that may cause is limited here. */
bool keyring_ask(struct keyring *k, const char *kid, uint64_t now_ms)
{
	if (k->fetching || now_ms >= k->next_ms)
		return true;
	if (!keyring_is_usable(k, now_ms)) /* it has just failed */
		return false;
	if (now_ms < k->unknown_ms || absent_find(k, kid, now_ms) != NULL)
		return false;
	k->unknown_ms = now_ms + (k->is_file ? KEYRING_FILE_UNKNOWN_MS : KEYRING_UNKNOWN_MS);
	k->next_ms = now_ms;
	return true;
}

void keyring_started(struct keyring *k, uint64_t now_ms)
{
	k->fetching = true;
	k->started_ms = now_ms;
}

static uint64_t lifetime_ms(const struct keyring *k, int64_t max_age_s)
{
	uint64_t s = max_age_s < 0 ? KEYRING_DEFAULT_S : (uint64_t)max_age_s;

	if (k->is_file || s > k->conf->keys_max_s)
		s = k->conf->keys_max_s;
	else if (s < k->conf->keys_min_s)
		s = k->conf->keys_min_s;
	return s * 1000;
}

void keyring_loaded(struct keyring *k, struct jwks *keys, int64_t max_age_s, uint64_t now_ms)
{
	const uint64_t life = lifetime_ms(k, max_age_s);

	k->fetching = false;
	k->failures = 0;
	k->expires_ms = now_ms + life;
	k->next_ms = now_ms + (k->is_file ? KEYRING_FILE_MS : life - life / 4);
	if (keys == NULL)
		return;
	if (k->keys == NULL || memcmp(k->keys->sha256, keys->sha256, sizeof(keys->sha256)) != 0)
		k->generation++;
	jwks_free(&k->keys);
	k->keys = keys;
}

void keyring_failed(struct keyring *k, uint64_t now_ms)
{
	const uint32_t doublings = k->failures < 5 ? k->failures : 5;
	const uint64_t pause = (uint64_t)KEYRING_RETRY_MS << doublings;

	k->fetching = false;
	k->failures++;
	k->next_ms = now_ms + (pause < KEYRING_RETRY_MAX_MS ? pause : KEYRING_RETRY_MAX_MS);
}
