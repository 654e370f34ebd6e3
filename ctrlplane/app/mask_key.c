/* SPDX-License-Identifier: Apache-2.0
 * The key of a target's pseudonyms and noise: from where the configuration says, or one of this start's. */
#include "ctrlplane/app/target.h"
#include "ctrlplane/credential/credential.h"
#include "ctrlplane/log/log.h"
#include "ruleset/mask/mask.h"
#include "ruleset/model/model.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

enum {
	SECRET_MIN = 32
}; /* bytes: as text of hexadecimal digits it still has MASK_KEY_MIN of them */

static bool has_source(const struct conf_password *p)
{
	return p->file != NULL || p->env != NULL || p->systemd != NULL || p->command.n > 0;
}

static int key_random(struct secret *s)
{
	uint8_t *to = secret_bytes(s);

	if (getrandom(to, SECRET_MIN, 0) != SECRET_MIN)
		return -EIO;
	secret_set_len(s, SECRET_MIN);
	return 0;
}

static int key_secret(
		const struct conf_target *conf, struct secret **ret, struct credential_error *error)
{
	int rc;

	if (has_source(&conf->postgres.mask_key)) {
		rc = credential_read(&conf->postgres.mask_key, "mask_key", ret, error);
		if (rc < 0 || secret_span(*ret).len >= SECRET_MIN)
			return rc;
		snprintf(error->text, sizeof(error->text),
				"mask_key: has %zu bytes: give %d or more, as `openssl rand -hex 32` "
				"writes them",
				secret_span(*ret).len, SECRET_MIN);
		return -EINVAL;
	}
	rc = secret_new(SECRET_MIN, ret);
	if (rc == 0)
		rc = key_random(*ret);
	if (rc < 0)
		snprintf(error->text, sizeof(error->text), "mask_key: %s",
				rc == -EIO ? "no random numbers from the kernel" : strerror(-rc));
	return rc;
}

int app_mask_key_up(const struct conf_target *conf, struct secret **ret)
{
	struct secret *from = NULL, *key = NULL;
	struct credential_error error;
	int rc = key_secret(conf, &from, &error);

	if (rc == 0) {
		snprintf(error.text, sizeof(error.text), "mask_key: no memory for secrets");
		rc = secret_new(sizeof(struct mask_key), &key);
	}
	if (rc == 0) {
		secret_set_len(key, sizeof(struct mask_key));
		rc = mask_key_init((struct mask_key *)(void *)secret_bytes(key), secret_span(from));
	}
	secret_free(&from);
	if (rc < 0) {
		log_err("app", "target %s: %s", conf->name, error.text);
		secret_free(&key);
		return rc;
	}
	*ret = key;
	return 0;
}

/* ---- what hangs on it */

static bool hangs_on_key(const struct model_pack *p)
{
	for (uint32_t i = 0; i < p->n_data; i++) {
		if (p->data[i].mask.kind == MASK_PSEUDONYM || p->data[i].mask.kind == MASK_NOISE)
			return true;
	}
	return false;
}

bool app_mask_key_is_lost(const struct conf_target *conf, const struct policy *policy)
{
	if (has_source(&conf->postgres.mask_key))
		return false;
	for (uint32_t i = 0; i < policy->n_packs; i++) {
		if (hangs_on_key(&policy->packs[i]))
			return true;
	}
	return false;
}
