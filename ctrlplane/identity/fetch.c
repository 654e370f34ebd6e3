/* SPDX-License-Identifier: Apache-2.0
 * The system's clocks, and libcurl: one transfer an issuer, none of which blocks the others. */
#include "ctrlplane/identity/identity_priv.h"

#include <curl/curl.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

struct transfer {
	CURL *easy;    /* owned; NULL: none under way */
	uint8_t *body; /* owned */
	size_t len;
	int64_t max_age_s; /* -1: not said */
	bool is_too_large;
	char error[CURL_ERROR_SIZE];
};

struct fetch {
	struct identity_env env; /* first: what the caller holds */
	CURLM *multi;            /* owned */
	struct transfer *all;    /* owned */
	size_t n;
};

static int64_t wall_s(void *ctx)
{
	struct timespec t;

	(void)ctx;
	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec;
}

static uint64_t mono_ms(void *ctx)
{
	struct timespec t;

	(void)ctx;
	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* libcurl's callbacks. */

static size_t on_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	n *= size;
	if (n > FETCH_BODY_MAX - t->len) {
		t->is_too_large = true;
		return 0;
	}
	memcpy(t->body + t->len, bytes, n);
	t->len += n;
	return n;
}

static bool takes_word(const char **at, const char *word)
{
	const size_t n = strlen(word);

	if (strncasecmp(*at, word, n) != 0)
		return false;
	*at += n;
	return true;
}

/* One directive of Cache-Control (RFC 9111 5.2.2); the shortest time of several counts. */
static void take_directive(struct transfer *t, const char *at)
{
	int64_t s;

	if (takes_word(&at, "max-age=")) {
		at += *at == '"';
		s = *at >= '0' && *at <= '9' ? (int64_t)strtol(at, NULL, 10) : 0;
	} else if (takes_word(&at, "no-store") || takes_word(&at, "no-cache")) {
		s = 0;
	} else {
		return;
	}
	if (t->max_age_s < 0 || s < t->max_age_s)
		t->max_age_s = s;
}

static size_t on_header(char *bytes, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	char line[512];
	const char *at = line;
	char *rest = NULL, *word;

	n *= size;
	snprintf(line, sizeof(line), "%.*s", (int)(n < sizeof(line) ? n : sizeof(line) - 1), bytes);
	if (takes_word(&at, "HTTP/"))
		t->max_age_s = -1;
	if (!takes_word(&at, "cache-control:"))
		return n;
	for (word = strtok_r(line + (at - line), ", \t\r\n", &rest); word != NULL;
			word = strtok_r(NULL, ", \t\r\n", &rest))
		take_directive(t, word);
	return n;
}

/* A transfer. */

static void transfer_end(struct fetch *f, struct transfer *t)
{
	if (t->easy != NULL) {
		curl_multi_remove_handle(f->multi, t->easy);
		curl_easy_cleanup(t->easy);
	}
	free(t->body);
	*t = (struct transfer){ .easy = NULL };
}

static CURLcode set_limits(CURL *c)
{
	CURLcode rc = curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)FETCH_CONNECT_MS);

	rc |= curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)FETCH_TOTAL_MS);
	rc |= curl_easy_setopt(c, CURLOPT_MAXFILESIZE, (long)FETCH_BODY_MAX);
	rc |= curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	rc |= curl_easy_setopt(c, CURLOPT_FORBID_REUSE, 1L);
	return rc;
}

/* Where it may go: this URL, this scheme, no redirect, no proxy of the environment. */
static CURLcode set_place(CURL *c, const struct conf_issuer *conf)
{
	const char *scheme = strncmp(conf->jwks, "https:", 6) == 0 ? "https" : "http";
	CURLcode rc = curl_easy_setopt(c, CURLOPT_URL, conf->jwks);

	rc |= curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, scheme);
	rc |= curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	rc |= curl_easy_setopt(c, CURLOPT_PROXY, "");
	rc |= curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
	rc |= curl_easy_setopt(c, CURLOPT_USERAGENT, "sluice");
	return rc;
}

static CURLcode set_tls(CURL *c, const struct conf_issuer *conf)
{
	CURLcode rc = curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);

	rc |= curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	rc |= curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (conf->ca != NULL) {
		rc |= curl_easy_setopt(c, CURLOPT_CAINFO, conf->ca);
		rc |= curl_easy_setopt(c, CURLOPT_CAPATH, NULL); /* Debian's default trusts more */
	}
	return rc;
}

static CURLcode set_sinks(CURL *c, struct transfer *t)
{
	CURLcode rc = curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);

	rc |= curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	rc |= curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	rc |= curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
	rc |= curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->error);
	rc |= curl_easy_setopt(c, CURLOPT_PRIVATE, t);
	return rc;
}

static int start(void *ctx, size_t issuer, const struct conf_issuer *conf)
{
	struct fetch *f = ctx;
	struct transfer *t = &f->all[issuer];

	transfer_end(f, t);
	t->easy = curl_easy_init();
	t->body = malloc(FETCH_BODY_MAX);
	t->max_age_s = -1;
	if (t->easy == NULL || t->body == NULL) {
		transfer_end(f, t);
		return -ENOMEM;
	}
	if (set_limits(t->easy) != CURLE_OK || set_place(t->easy, conf) != CURLE_OK ||
			set_tls(t->easy, conf) != CURLE_OK || set_sinks(t->easy, t) != CURLE_OK ||
			curl_multi_add_handle(f->multi, t->easy) != CURLM_OK) {
		transfer_end(f, t);
		return -EIO;
	}
	return 0;
}

static const char *why_failed(struct transfer *t, CURLcode rc)
{
	long status = 0;

	if (t->is_too_large)
		return "it is larger than 256 KiB";
	if (rc != CURLE_OK) {
		if (t->error[0] == '\0')
			snprintf(t->error, sizeof(t->error), "%s", curl_easy_strerror(rc));
		return t->error;
	}
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status == 200)
		return NULL;
	snprintf(t->error, sizeof(t->error), "HTTP status %ld%s", status,
			status >= 300 && status < 400 ? ", and redirects are not followed" : "");
	return t->error;
}

/* Tells of each transfer that has ended; true if there was one. */
static bool tell_ended(struct fetch *f, fetch_done_fn *done, void *arg)
{
	bool any = false;
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(f->multi, &left)) != NULL) {
		const CURLcode rc = m->data.result;
		struct transfer *t = NULL;
		struct fetch_result r;

		if (m->msg != CURLMSG_DONE ||
				curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t) != CURLE_OK)
			continue;
		r = (struct fetch_result){ .why = why_failed(t, rc),
			.body = { t->body, t->len },
			.max_age_s = t->max_age_s };
		done(arg, (size_t)(t - f->all), &r);
		transfer_end(f, t);
		any = true;
	}
	return any;
}

static void wait_any(void *ctx, uint64_t timeout_ms, fetch_done_fn *done, void *arg)
{
	struct fetch *f = ctx;
	int running;

	curl_multi_perform(f->multi, &running);
	if (tell_ended(f, done, arg))
		return;
	curl_multi_poll(f->multi, NULL, 0, (int)timeout_ms, NULL);
	curl_multi_perform(f->multi, &running);
	tell_ended(f, done, arg);
}

static void wake(void *ctx)
{
	struct fetch *f = ctx;

	curl_multi_wakeup(f->multi);
}

int fetch_new(size_t n_issuers, struct identity_env **ret_env)
{
	struct fetch *f;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return -EIO;
	f = calloc(1, sizeof(*f));
	if (f == NULL)
		return -ENOMEM;
	f->env = (struct identity_env){ .ctx = f,
		.wall_s = wall_s,
		.mono_ms = mono_ms,
		.start = start,
		.wait = wait_any,
		.wake = wake };
	f->n = n_issuers;
	f->all = calloc(n_issuers + 1, sizeof(f->all[0]));
	f->multi = curl_multi_init();
	*ret_env = &f->env;
	if (f->all == NULL || f->multi == NULL) {
		fetch_free(ret_env);
		return -ENOMEM;
	}
	return 0;
}

void fetch_free(struct identity_env **env)
{
	struct fetch *f;

	if (*env == NULL)
		return;
	f = (*env)->ctx;
	for (size_t i = 0; f->all != NULL && i < f->n; i++)
		transfer_end(f, &f->all[i]);
	curl_multi_cleanup(f->multi);
	free(f->all);
	free(f);
	*env = NULL;
}
