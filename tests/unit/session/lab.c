/* SPDX-License-Identifier: Apache-2.0
 * See lab.h. */
#include "tests/unit/session/lab.h"

#include "ctrlplane/log/log.h"
#include "parsers/base/must.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct lab_ticket {
	struct lab_ticket *next;
	uint32_t worker;
	struct ticket ticket;
};

struct lab_answer {
	struct lab_answer *next;
	struct ticket_answer answer;
};

/* The port. */

static bool next(void *ctx, uint32_t *ret_worker, struct ticket *ret)
{
	struct lab *l = ctx;
	struct lab_ticket *t;

	pthread_mutex_lock(&l->lock);
	t = l->first;
	if (t != NULL) {
		l->first = t->next;
		if (l->first == NULL)
			l->last = &l->first;
	}
	pthread_mutex_unlock(&l->lock);
	if (t == NULL)
		return false;
	*ret_worker = t->worker;
	*ret = t->ticket;
	free(t);
	return true;
}

static bool answer(void *ctx, uint32_t worker, const struct ticket_answer *a)
{
	struct lab *l = ctx;
	struct lab_answer *copy;
	bool fits;

	pthread_mutex_lock(&l->lock);
	fits = l->room[worker] > 0;
	if (fits) {
		l->room[worker]--;
		copy = malloc(sizeof(*copy));
		must(copy != NULL);
		*copy = (struct lab_answer){ .answer = *a };
		*l->last_answer = copy;
		l->last_answer = &copy->next;
		pthread_cond_broadcast(&l->came);
	}
	pthread_mutex_unlock(&l->lock);
	return fits;
}

static uint64_t mono_us(void *ctx)
{
	struct timespec t;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static int64_t wall_s(void *ctx)
{
	struct lab *l = ctx;

	return l->world.env.wall_s(&l->world);
}

/* Start and end. */

static void password_write(const struct lab *l)
{
	char *path = test_format("%s/pw", l->dir);
	FILE *f = fopen(path, "w");

	must(f != NULL && fputs("pencil\n", f) > 0 && fchmod(fileno(f), 0600) == 0);
	fclose(f);
	free(path);
}

static struct conf *configure(const struct lab *l)
{
	char *yaml = test_format(
			"appliance: {data_dir: %s, api: {socket: %s/api.sock}}\n"
			"identity: {issuers: [{name: corp, issuer: 'https://i', audience: s,\n"
			"   jwks: 'https://i/k'}]}\n"
			"targets:\n"
			"- {name: db, match: {address: 10.0.0.1}, actors: [{issuer: corp}],\n"
			"   credential: {user: app, password: {file: %s/pw}}}\n"
			"- {name: other, match: {address: 10.0.0.2}, actors: [{issuer: corp}]}\n"
			"- {name: closed, match: {address: 10.0.0.3}}\n",
			l->dir, l->dir, l->dir);
	struct conf *conf = world_conf(yaml);

	free(yaml);
	return conf;
}

static void serve_keys(struct lab *l)
{
	char *jwk = test_jwk(l->key, "\"kid\":\"0\"");

	world_serve(&l->world, 0, test_format("{\"keys\":[%s]}", jwk));
	free(jwk);
}

void lab_init(struct lab *l, bool silent)
{
	struct sessions_port port = {
		.ctx = l, .n_workers = LAB_WORKERS, .next = next, .answer = answer
	};
	struct sessions_clock clock = { l, mono_us, wall_s };
	struct sessions_conf conf = { .port = &port, .clock = &clock };

	memset(l, 0, sizeof(*l));
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->came, NULL);
	l->last = &l->first;
	l->last_answer = &l->answers;
	l->room[0] = l->room[1] = UINT32_MAX;
	l->log = tmpfile();
	log_redirect(l->log, false);
	log_level_set(LOG_LEVEL_DEBUG);
	world_init(&l->world);
	world_silence(&l->world, silent);
	l->dir = world_dir();
	password_write(l);
	l->key = test_ec_new("P-256");
	serve_keys(l);
	l->conf = configure(l);
	must(identity_new(l->conf, &l->world.env, &l->identity) == 0);
	conf.conf = l->conf;
	conf.identity = l->identity;
	must(sessions_new(&conf, &l->sessions) == 0);
}

void lab_stop(struct lab *l)
{
	sessions_free(&l->sessions);
}

static void answers_free(struct lab *l)
{
	struct lab_answer *after;

	for (struct lab_answer *a = l->answers; a != NULL; a = after) {
		after = a->next;
		if (a->answer.block != NULL)
			lab_block_free(l, &a->answer.block);
		free(a);
	}
}

void lab_done(struct lab *l, bool lossy)
{
	char *path = test_format("%s/pw", l->dir);

	lab_stop(l);
	identity_free(&l->identity);
	answers_free(l);
	must(lossy || l->n_blocks == 0);
	while (l->n_blocks > 0)
		free(l->blocks[--l->n_blocks]);
	free(l->blocks);
	must(l->first == NULL);
	unlink(path);
	free(path);
	world_dir_remove(l->dir);
	world_done(&l->world);
	conf_free(&l->conf);
	EVP_PKEY_free(l->key);
	log_redirect(stderr, false);
	fclose(l->log);
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->came);
}

static bool has_logged(struct lab *l, const char *text)
{
	static char all[1 << 20];
	ssize_t n;

	fflush(l->log);
	n = pread(fileno(l->log), all, sizeof(all) - 1, 0);
	all[n < 0 ? 0 : n] = '\0';
	return strstr(all, text) != NULL;
}

bool lab_logged(struct lab *l, const char *text)
{
	for (int i = 0; i < 100; i++) {
		if (has_logged(l, text))
			return true;
		usleep(2000);
	}
	return false;
}

/* Tickets. */

char *lab_token(struct lab *l, const char *sub, int64_t exp_s)
{
	char *claims = test_format(
			"{\"iss\":\"https://i\",\"aud\":\"s\",\"exp\":%lld,\"sub\":\"%s\","
			"\"jti\":\"j-%s\"}",
			(long long)exp_s, sub, sub);
	char *token = test_sign(l->key, "ES256", "{\"alg\":\"ES256\",\"kid\":\"0\"}", claims);

	free(claims);
	return token;
}

void lab_put(struct lab *l, uint32_t worker, const struct ticket *t)
{
	struct lab_ticket *copy = malloc(sizeof(*copy));

	must(copy != NULL);
	*copy = (struct lab_ticket){ .worker = worker, .ticket = *t };
	pthread_mutex_lock(&l->lock);
	*l->last = copy;
	l->last = &copy->next;
	pthread_mutex_unlock(&l->lock);
}

struct ticket_block *lab_block(struct lab *l, const void *bytes, size_t len, const char *more)
{
	const size_t n_more = more == NULL ? 0 : strlen(more);
	struct ticket_block *b = malloc(sizeof(*b) + len + n_more);

	must(b != NULL);
	b->cap_bytes = b->len_bytes = (uint32_t)(len + n_more);
	memcpy(b->bytes, bytes, len);
	if (n_more > 0)
		memcpy(b->bytes + len, more, n_more);
	pthread_mutex_lock(&l->lock);
	if (l->n_blocks == l->n_room) {
		l->n_room = 2 * l->n_room + 16;
		l->blocks = realloc(l->blocks, l->n_room * sizeof(l->blocks[0]));
		must(l->blocks != NULL);
	}
	l->blocks[l->n_blocks++] = b;
	pthread_mutex_unlock(&l->lock);
	return b;
}

void lab_block_free(struct lab *l, struct ticket_block **b)
{
	size_t i = 0;

	pthread_mutex_lock(&l->lock);
	while (i < l->n_blocks && l->blocks[i] != *b)
		i++;
	must(i < l->n_blocks); /* it came back once */
	l->blocks[i] = l->blocks[--l->n_blocks];
	pthread_mutex_unlock(&l->lock);
	free(*b);
	*b = NULL;
}

static void key_set(struct flow_key *k, uint32_t slot)
{
	const uint8_t agent[4] = { 10, 0, 9, 1 }, prod[4] = { 10, 0, 0, 1 };

	flow_key_addr(k->addr[SIDE_AGENT], agent, 4);
	flow_key_addr(k->addr[SIDE_PROD], prod, 4);
	k->port[SIDE_AGENT] = (uint16_t)(40000 + slot);
	k->port[SIDE_PROD] = 5432;
}

void lab_who(struct lab *l, uint32_t worker, uint32_t slot, uint32_t gen, const char *token)
{
	struct ticket_who who = { .token_len = (uint32_t)strlen(token),
		.encrypted = true,
		.user = "agent\033[7m",
		.database = "orders",
		.application = "psql" };
	struct ticket t = { .kind = TICKET_WHO, .slot = slot, .gen = gen, .target = TARGET_DB };

	key_set(&who.key, slot);
	t.block = lab_block(l, &who, sizeof(who), token);
	lab_put(l, worker, &t);
}

void lab_news(struct lab *l, uint32_t worker, uint32_t slot, uint32_t gen, enum ticket_kind kind)
{
	struct ticket t = { .kind = kind, .slot = slot, .gen = gen, .target = TARGET_DB };

	if (kind == TICKET_GONE) {
		t.gone.why = SESSION_CLOSED;
		t.gone.n_commands = 7;
		t.gone.n_denied = 2;
		t.gone.n_held = 1;
	} else if (kind == TICKET_READY) {
		t.ready.pid = 1000 + slot;
		t.ready.key_len = 4;
		memcpy(t.ready.key, "key", 3);
		t.ready.key[3] = (uint8_t)slot;
	}
	lab_put(l, worker, &t);
}

void lab_may(struct lab *l, uint32_t slot, uint64_t command, const char *text)
{
	struct ticket_may may = { .rule = "ddl", .reason = "a table goes", .n_values = 3 };
	struct ticket t = {
		.kind = TICKET_MAY, .slot = slot, .gen = 1, .target = TARGET_DB, .command = command
	};

	may.text_len = (uint32_t)strlen(text);
	may.text_bytes = may.text_len + 5;
	t.block = lab_block(l, &may, sizeof(may), text);
	lab_put(l, 0, &t);
}

void lab_plan(struct lab *l, uint32_t slot, uint64_t command, bool is_plan, const char *text)
{
	const struct ticket_plan plan = { .is_plan = is_plan, .len = (uint32_t)strlen(text) };
	struct ticket t = {
		.kind = TICKET_PLAN, .slot = slot, .gen = 1, .target = TARGET_DB, .command = command
	};

	t.block = lab_block(l, &plan, sizeof(plan), text);
	lab_put(l, 0, &t);
}

/* Answers. */

static struct lab_answer **find(struct lab *l, enum ticket_answer_kind kind, uint32_t slot)
{
	struct lab_answer **at = &l->answers;

	while (*at != NULL && ((*at)->answer.kind != kind || (*at)->answer.slot != slot))
		at = &(*at)->next;
	return at;
}

bool lab_answer(struct lab *l, enum ticket_answer_kind kind, uint32_t slot,
		struct ticket_answer *ret)
{
	struct lab_answer **at, *a;
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	pthread_mutex_lock(&l->lock);
	while (*(at = find(l, kind, slot)) == NULL && rc == 0)
		rc = pthread_cond_timedwait(&l->came, &l->lock, &until);
	a = *at;
	if (a != NULL) {
		*at = a->next;
		if (a->next == NULL)
			l->last_answer = at;
		*ret = a->answer;
		free(a);
	}
	pthread_mutex_unlock(&l->lock);
	return a != NULL;
}

bool lab_poll(struct lab *l, struct ticket_answer *ret)
{
	struct lab_answer *a;

	pthread_mutex_lock(&l->lock);
	a = l->answers;
	if (a != NULL) {
		l->answers = a->next;
		if (a->next == NULL)
			l->last_answer = &l->answers;
		*ret = a->answer;
	}
	pthread_mutex_unlock(&l->lock);
	free(a);
	return a != NULL;
}

bool lab_is_silent(struct lab *l)
{
	bool none;

	usleep(30000);
	pthread_mutex_lock(&l->lock);
	none = l->answers == NULL && l->first == NULL;
	pthread_mutex_unlock(&l->lock);
	return none;
}

void lab_room(struct lab *l, uint32_t worker, uint32_t room)
{
	pthread_mutex_lock(&l->lock);
	l->room[worker] = room;
	pthread_mutex_unlock(&l->lock);
}

uint64_t lab_known(struct lab *l, uint32_t slot, uint32_t gen, const char *sub)
{
	char *token = lab_token(l, sub, LAB_EXP_S);
	struct ticket_answer a;

	lab_who(l, 0, slot, gen, token);
	free(token);
	must(lab_answer(l, TICKET_ANSWER, slot, &a));
	must(a.of == TICKET_WHO && a.rc == 0 && a.gen == gen && a.session != 0);
	lab_block_free(l, &a.block);
	return a.session;
}

uint64_t lab_ready(struct lab *l, uint32_t slot, uint32_t gen, const char *sub)
{
	const uint64_t id = lab_known(l, slot, gen, sub);

	lab_news(l, 0, slot, gen, TICKET_READY);
	return id;
}

bool lab_login(struct lab *l, uint32_t slot, const struct ticket_login *step,
		struct ticket_answer *ret)
{
	struct ticket t = { .kind = TICKET_LOGIN, .slot = slot, .gen = 1, .target = TARGET_DB };

	t.block = lab_block(l, step, sizeof(*step), NULL);
	lab_put(l, 0, &t);
	return lab_answer(l, TICKET_ANSWER, slot, ret);
}
