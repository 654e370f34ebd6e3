/* SPDX-License-Identifier: Apache-2.0
 * What a token says: for whom, by whom, from when to when, about whom. */
#include "ctrlplane/identity/identity_priv.h"

#include <math.h>
#include <string.h>

enum { AUDIENCES_MAX = 64 };

static const int64_t time_max_s = 253402300799; /* the year 9999 */

static const char *text_or_empty(const char *text)
{
	return text == NULL ? "" : text;
}

/* NumericDate (RFC 7519 2): seconds since 1970, which may have a fraction. It is rounded to the side
 * on which the token is good for less long. */
static bool time_of(const json_t *value, bool up, int64_t *ret_s)
{
	const double real = json_real_value(value);

	if (json_is_integer(value))
		*ret_s = json_integer_value(value);
	else if (json_is_real(value) && real >= 0 && real <= (double)time_max_s)
		*ret_s = (int64_t)(up ? ceil(real) : floor(real));
	else
		return false;
	return *ret_s >= 0 && *ret_s <= time_max_s;
}

enum identity_reason claims_issuer(
		const struct token *t, const struct conf_identity *conf, uint32_t *ret_issuer)
{
	const char *iss = json_string_value(json_object_get(t->claims, "iss"));

	if (iss == NULL)
		return IDENTITY_ISS_FORM;
	for (uint32_t i = 0; i < conf->n_issuers; i++) {
		if (strcmp(conf->issuers[i].issuer, iss) == 0) {
			*ret_issuer = i;
			return IDENTITY_OK;
		}
	}
	return IDENTITY_ISS_UNKNOWN;
}

static bool is_audience(const struct conf_issuer *conf, const json_t *value)
{
	for (size_t i = 0; i < conf->audiences.n; i++) {
		if (strcmp(conf->audiences.at[i], json_string_value(value)) == 0)
			return true;
	}
	return false;
}

static enum identity_reason check_audience(const json_t *claims, const struct conf_issuer *conf)
{
	const json_t *aud = json_object_get(claims, "aud");
	const size_t n = json_array_size(aud);
	bool found = false;

	if (json_is_string(aud))
		return is_audience(conf, aud) ? IDENTITY_OK : IDENTITY_AUD_OTHER;
	if (n == 0 || n > AUDIENCES_MAX)
		return IDENTITY_AUD_FORM;
	for (size_t i = 0; i < n; i++) {
		const json_t *one = json_array_get(aud, i);

		if (!json_is_string(one))
			return IDENTITY_AUD_FORM;
		found = found || is_audience(conf, one);
	}
	return found ? IDENTITY_OK : IDENTITY_AUD_OTHER;
}

static enum identity_reason check_times(
		const json_t *claims, int64_t skew_s, int64_t now_s, struct claims *ret)
{
	const json_t *exp = json_object_get(claims, "exp"), *nbf = json_object_get(claims, "nbf");
	const json_t *iat = json_object_get(claims, "iat");
	int64_t iat_s = 0;

	ret->nbf_s = INT64_MIN;
	if (exp == NULL || !time_of(exp, false, &ret->exp_s))
		return IDENTITY_EXP_FORM;
	if (nbf != NULL && !time_of(nbf, true, &ret->nbf_s))
		return IDENTITY_NBF_FORM;
	if (iat != NULL && !time_of(iat, true, &iat_s))
		return IDENTITY_IAT_FORM;
	if (now_s >= ret->exp_s + skew_s)
		return IDENTITY_EXPIRED;
	if (nbf != NULL && now_s + skew_s < ret->nbf_s)
		return IDENTITY_NOT_YET;
	return now_s + skew_s < iat_s ? IDENTITY_IAT_FUTURE : IDENTITY_OK;
}

/* RFC 9068 2.2 has client_id, OpenID Connect azp: the same thing, so they may not differ. */
static enum identity_reason check_client(const json_t *claims, struct claims *ret)
{
	const json_t *azp = json_object_get(claims, "azp");
	const json_t *id = json_object_get(claims, "client_id");
	const char *azp_text = json_short_text(azp), *id_text = json_short_text(id);

	if ((azp != NULL && azp_text == NULL) || (id != NULL && id_text == NULL))
		return IDENTITY_CLIENT_FORM;
	if (azp != NULL && id != NULL && strcmp(azp_text, id_text) != 0)
		return IDENTITY_CLIENT_DIFFERS;
	ret->client_id = text_or_empty(id_text != NULL ? id_text : azp_text);
	if (ret->client_id[0] == '\0' && json_array_size(json_object_get(claims, "aud")) > 1)
		return IDENTITY_CLIENT_MISSING;
	return IDENTITY_OK;
}

static bool groups_are_good(const json_t *groups)
{
	const size_t n = json_array_size(groups);

	if (!json_is_array(groups))
		return json_short_text(groups) != NULL;
	for (size_t i = 0; i < n; i++) {
		if (json_short_text(json_array_get(groups, i)) == NULL)
			return false;
	}
	return n <= ACTOR_GROUPS_MAX;
}

static enum identity_reason check_act(const json_t *act)
{
	for (int depth = 0; act != NULL; depth++) {
		const json_t *iss = json_object_get(act, "iss");

		if (depth == ACTOR_ACTS_MAX)
			return IDENTITY_ACT_DEEP;
		if (json_short_text(json_object_get(act, "sub")) == NULL ||
				(iss != NULL && json_short_text(iss) == NULL))
			return IDENTITY_ACT_FORM;
		act = json_object_get(act, "act");
	}
	return IDENTITY_OK;
}

static enum identity_reason check_who(
		const json_t *claims, const struct conf_issuer *conf, struct claims *ret)
{
	const json_t *jti = json_object_get(claims, "jti");
	enum identity_reason reason;

	ret->sub = json_short_text(json_object_get(claims, "sub"));
	if (ret->sub == NULL)
		return IDENTITY_SUB_FORM;
	reason = check_client(claims, ret);
	if (reason != IDENTITY_OK)
		return reason;
	ret->jti = text_or_empty(json_short_text(jti));
	if (jti != NULL && ret->jti[0] == '\0')
		return IDENTITY_JTI_FORM;
	ret->groups = json_object_get(claims, conf->groups_claim);
	if (ret->groups != NULL && !groups_are_good(ret->groups))
		return IDENTITY_GROUPS_FORM;
	if (json_object_get(claims, "cnf") != NULL) /* RFC 7800: whoever only holds it is a thief */
		return IDENTITY_BOUND;
	ret->act = json_object_get(claims, "act");
	return check_act(ret->act);
}

enum identity_reason claims_check(const struct token *t, const struct conf_issuer *conf,
		int64_t now_s, struct claims *ret)
{
	enum identity_reason reason;

	if ((conf->algorithms & (uint32_t)t->alg) == 0)
		return IDENTITY_ALG_FORBIDDEN;
	reason = check_audience(t->claims, conf);
	if (reason == IDENTITY_OK)
		reason = check_times(t->claims, conf->clock_skew_s, now_s, ret);
	if (reason == IDENTITY_OK)
		reason = check_who(t->claims, conf, ret);
	return reason;
}
