/* SPDX-License-Identifier: Apache-2.0
 * What sluiced logs in to a target with: the user, and where the password is found. */
#include "ctrlplane/conf/conf_priv.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 40 };

const char *conf_user_check(const char *text)
{
	if (strlen(text) > CONF_USER_MAX)
		return "is too long for a user: at most 63 bytes";
	return conf_claim_check(text);
}

const char *conf_env_check(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
				      "0123456789";

	if (text[strspn(text, allowed)] != '\0' || (text[0] >= '0' && text[0] <= '9'))
		return "is no variable: use letters, digits and '_', no digit first";
	return strlen(text) > CONF_NAME_MAX ? "is too long: at most 63 characters" : NULL;
}

static size_t list_length(const yaml_node_t *v)
{
	return (size_t)(v->data.sequence.items.top - v->data.sequence.items.start);
}

static const char *word_check(const char *text, bool is_program)
{
	if (is_program && text[0] != '/')
		return "is no absolute path: a command is run without a shell and without PATH";
	if (strlen(text) > CONF_PATH_MAX)
		return "is too long: at most 1023 bytes";
	return NULL;
}

static void word_add(struct conf_reader *r, const struct conf_key *k, struct conf_texts *argv,
		yaml_node_t *v)
{
	const char *text = conf_scalar(r, k, v), *wrong;
	char *copy;

	if (text == NULL)
		return;
	wrong = word_check(text, argv->n == 0);
	if (wrong != NULL) {
		conf_error(r, v, "%s: '%.*s' %s", k->name, SHOWN_MAX, text, wrong);
		return;
	}
	copy = strdup(text);
	if (copy == NULL || !conf_grow(&argv->at, argv->n, sizeof(argv->at[0]))) {
		conf_error(r, v, "out of memory");
		free(copy);
		return;
	}
	argv->at[argv->n++] = copy;
}

void conf_read_command(
		struct conf_reader *r, const struct conf_key *k, void *object, yaml_node_t *v)
{
	struct conf_texts *argv = (struct conf_texts *)(void *)((uint8_t *)object + k->off);
	size_t n;

	if (v->type != YAML_SEQUENCE_NODE) {
		conf_error(r, v, "%s: expected a list as [/usr/bin/program, argument]", k->name);
		return;
	}
	n = list_length(v);
	if (n == 0 || n > CONF_ARGV_MAX) {
		conf_error(r, v, "%s: expected 1 to %d words, found %zu", k->name, CONF_ARGV_MAX,
				n);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		word_add(r, k, argv,
				yaml_document_get_node(&r->doc, v->data.sequence.items.start[i]));
		if (argv->n != i + 1)
			return; /* what follows is judged once this is right */
	}
}

void conf_source_check(struct conf_reader *r, yaml_node_t *from, const char *key, const char *what)
{
	static const char *const sources[] = { "file", "env", "systemd", "command" };
	const char *first = NULL;

	if (from == NULL || from->type != YAML_MAPPING_NODE)
		return;
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		const yaml_node_t *at = conf_child(r, from, sources[i]);

		if (at != NULL && first != NULL)
			conf_error(r, at, "%s: the %s comes from %s already: remove one",
					sources[i], what, first);
		else if (at != NULL)
			first = sources[i];
	}
	if (first == NULL)
		conf_error(r, from, "%s: has no source: give one of file, env, systemd, command",
				key);
}

static void check_credential(struct conf_reader *r, size_t target)
{
	const struct conf_target *t = &r->conf->targets[target];
	yaml_node_t *of = r->target_at[target].node, *at = conf_child(r, of, "credential");

	if (at == NULL || at->type != YAML_MAPPING_NODE)
		return;
	if (conf_child(r, at, "password") == NULL && t->postgres.prod_tls.cert == NULL)
		conf_error(r, at,
				"'password' is missing in targets.credential: give one, or "
				"prod_tls.cert and key if the server asks for a certificate alone");
	conf_source_check(r, conf_child(r, at, "password"), "password", "password");
	if (conf_child(r, of, "actors") == NULL)
		conf_error(r, at,
				"credential: without actors it would let in whoever connects: name "
				"actors");
	if (t->policy.mode == MODE_WIRE || t->xlate)
		conf_error(r, at,
				"credential: is never used with mode: %s: remove it, or say mode: "
				"relay",
				t->xlate ? "xlate" : "wire");
}

void conf_credential_check(struct conf_reader *r)
{
	for (size_t i = 0; i < r->conf->n_targets; i++)
		check_credential(r, i);
}

void conf_source_done(struct conf_password *p)
{
	free(p->file);
	free(p->env);
	free(p->systemd);
	conf_texts_done(&p->command);
}

void conf_credential_done(struct conf_target *t)
{
	free(t->credential.user);
	conf_source_done(&t->credential.password);
}
