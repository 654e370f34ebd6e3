/* SPDX-License-Identifier: Apache-2.0
 * ctrlplane/identity alone, for tests: `probe CONFIGURATION` reads commands from standard input and
 * writes one line of JSON for each answer, in the order of the answers.
 *
 *	verify ID TARGET TOKEN     {"id": ID, "reason": ..., "actor": {...} or null}
 *	revoke sub|jti ISS VALUE   {"revoked": 0 or -errno}
 *	stats                      {"from_cache": ..., "fetches": ..., "fetches_failed": ...}
 */
#include "ctrlplane/identity/identity.h"
#include "ctrlplane/log/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t out_lock = PTHREAD_MUTEX_INITIALIZER;

static void on_answer(void *ctx, enum identity_reason reason, struct actor *actor)
{
	char *id = ctx, *json = actor == NULL ? strdup("null") : actor_json(actor);

	pthread_mutex_lock(&out_lock);
	printf("{\"id\": %s, \"reason\": \"%s\", \"actor\": %s}\n", id,
			identity_reason_name(reason), json);
	fflush(stdout);
	pthread_mutex_unlock(&out_lock);
	free(json);
	free(id);
	actor_unref(&actor);
}

static void say_number(const char *name, long long value)
{
	pthread_mutex_lock(&out_lock);
	printf("{\"%s\": %lld}\n", name, value);
	fflush(stdout);
	pthread_mutex_unlock(&out_lock);
}

static void verify(struct identity *id, char **rest)
{
	const char *name = strtok_r(NULL, " \n", rest), *target = strtok_r(NULL, " \n", rest);
	const char *token = strtok_r(NULL, " \n", rest);
	const struct identity_done done = { on_answer, name == NULL ? NULL : strdup(name) };
	int rc;

	if (target == NULL || token == NULL)
		exit(2);
	rc = identity_verify(id, (struct span){ (const uint8_t *)token, strlen(token) },
			(uint32_t)strtoul(target, NULL, 10), &done);
	if (rc < 0) {
		say_number("busy", rc);
		free(done.ctx);
	}
}

static void revoke(struct identity *id, char **rest)
{
	const char *kind = strtok_r(NULL, " \n", rest), *iss = strtok_r(NULL, " \n", rest);
	const char *value = strtok_r(NULL, " \n", rest);

	if (kind == NULL || iss == NULL || value == NULL)
		exit(2);
	say_number("revoked",
			identity_revoke(id,
					strcmp(kind, "jti") == 0 ? IDENTITY_REVOKE_JTI
								 : IDENTITY_REVOKE_SUB,
					iss, value));
}

static void stats(struct identity *id)
{
	struct identity_stats s;

	identity_stats(id, &s);
	pthread_mutex_lock(&out_lock);
	printf("{\"from_cache\": %llu, \"fetches\": %llu, \"fetches_failed\": %llu}\n",
			(unsigned long long)s.from_cache, (unsigned long long)s.fetches,
			(unsigned long long)s.fetches_failed);
	fflush(stdout);
	pthread_mutex_unlock(&out_lock);
}

static void command(struct identity *id, char *line)
{
	char *rest = NULL;
	const char *word = strtok_r(line, " \n", &rest);

	if (word != NULL && strcmp(word, "verify") == 0)
		verify(id, &rest);
	else if (word != NULL && strcmp(word, "revoke") == 0)
		revoke(id, &rest);
	else if (word != NULL && strcmp(word, "stats") == 0)
		stats(id);
	else
		exit(2);
}

int main(int argc, char **argv)
{
	static struct doc_errors errors;
	struct conf *conf = NULL;
	struct identity *id = NULL;
	char *line = NULL;
	size_t room = 0;
	int rc;

	if (argc != 2 || conf_load(argv[1], &conf, &errors) < 0) {
		conf_errors_print(stderr, argc == 2 ? argv[1] : "probe", &errors);
		return 2;
	}
	log_open(conf->log_level);
	rc = identity_new(conf, NULL, &id);
	if (rc < 0) {
		fprintf(stderr, "probe: %s\n", strerror(-rc));
		return 1;
	}
	while (getline(&line, &room, stdin) > 0)
		command(id, line);
	identity_free(&id);
	conf_free(&conf);
	free(line);
	return 0;
}
