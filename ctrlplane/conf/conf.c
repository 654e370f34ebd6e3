/* SPDX-License-Identifier: Apache-2.0
 * Loads the file: size, hash, YAML, schema, checks. All errors are collected before any is told. */
#include "ctrlplane/conf/conf_priv.h"

#include <openssl/evp.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool defaults_text(struct conf *c)
{
	c->appliance_name = strdup("sluice");
	c->data_dir = strdup("/var/lib/sluice");
	c->api_socket = strdup("/run/sluice/api.sock");
	c->dataplane.file_prefix = strdup("sluice");
	return c->appliance_name != NULL && c->data_dir != NULL && c->api_socket != NULL &&
			c->dataplane.file_prefix != NULL;
}

int conf_new(struct conf **ret_conf)
{
	struct conf *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return -ENOMEM;
	c->log_level = 2;
	c->dataplane.control_cpu = -1;
	c->dataplane.huge_pages = CONF_HUGEPAGES_AUTO;
	c->dataplane.buffers = 65536;
	c->dataplane.mtu = 1500;
	c->dataplane.sessions = 4096;
	c->dataplane.session_memory_bytes = 256 << 20;
	relay_conf_init(&c->dataplane.relay);
	if (!defaults_text(c)) {
		conf_free(&c);
		return -ENOMEM;
	}
	*ret_conf = c;
	return 0;
}

void conf_free(struct conf **conf)
{
	struct conf *c = *conf;

	if (c == NULL)
		return;
	for (size_t i = 0; i < c->dataplane.n_wires; i++) {
		free(c->dataplane.wires[i].name);
		free(c->dataplane.wires[i].port[SIDE_AGENT].device);
		free(c->dataplane.wires[i].port[SIDE_PROD].device);
	}
	for (size_t i = 0; i < c->n_targets; i++) {
		free(c->targets[i].name);
		conf_actors_done(&c->targets[i]);
		conf_credential_done(&c->targets[i]);
		conf_postgres_done(&c->targets[i].postgres);
	}
	conf_identity_done(&c->identity);
	conf_texts_done(&c->rules.files);
	free(c->rules.dir);
	free(c->targets);
	free(c->dataplane.wires);
	free(c->dataplane.worker_cpus);
	free(c->dataplane.file_prefix);
	free(c->dataplane.restart_file);
	free(c->appliance_name);
	free(c->data_dir);
	free(c->api_socket);
	free(c);
	*conf = NULL;
}

const char *conf_target_name(const struct conf *conf, uint32_t target)
{
	return target < conf->n_targets ? conf->targets[target].name : "-";
}

/* What follows from several keys. */
static void derive(struct conf *c)
{
	struct conf_dataplane *d = &c->dataplane;

	if (d->n_worker_cpus != 0)
		d->n_workers = (uint32_t)d->n_worker_cpus;
	d->relay.mtu = d->mtu;
	d->relay.n_wires = (uint16_t)d->n_wires;
}

static void read_document(struct conf_reader *r)
{
	yaml_node_t *root = yaml_document_get_root_node(&r->doc);

	if (root->type != YAML_MAPPING_NODE) {
		conf_error(r, root, "expected a mapping (keys and values) at the top level");
		return;
	}
	conf_read_map(r, &conf_schema_root, r->conf, root);
	conf_check(r);
	derive(r->conf);
}

int conf_parse(const void *bytes, size_t len, struct conf **ret_conf, struct doc_errors *errors)
{
	static const struct doc_limits limits = { CONF_DEPTH_MAX, CONF_NODES_MAX,
		"sluice configuration", "dataplane.wires" };
	struct conf_reader r = { .errors = errors };
	int rc;

	errors->n = 0;
	if (len > CONF_FILE_MAX) {
		doc_error_at(errors, 0, 0, "larger than 1 MiB: this is no sluice configuration");
		return -EINVAL;
	}
	rc = conf_new(&r.conf);
	if (rc < 0) {
		doc_error_at(errors, 0, 0, "out of memory");
		return rc;
	}
	if (EVP_Digest(bytes, len, r.conf->sha256, NULL, EVP_sha256(), NULL) != 1)
		doc_error_at(errors, 0, 0, "SHA-256 is not available from OpenSSL");
	if (doc_load((struct span){ bytes, len }, &limits, &r.doc, errors)) {
		read_document(&r);
		yaml_document_delete(&r.doc);
	}
	free(r.wire_at);
	free(r.target_at);
	free(r.issuer_at);
	if (errors->n > 0) {
		conf_free(&r.conf);
		return -EINVAL;
	}
	*ret_conf = r.conf;
	return 0;
}

/* Reads up to <max> bytes: their number or -errno. */
static ssize_t read_all(int fd, uint8_t *to, size_t max)
{
	size_t have = 0;

	while (have < max) {
		ssize_t n = read(fd, to + have, max - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

int conf_load(const char *path, struct conf **ret_conf, struct doc_errors *errors)
{
	uint8_t *bytes = malloc(CONF_FILE_MAX + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), rc = -errno;
	ssize_t n;

	errors->n = 0;
	if (bytes == NULL) {
		rc = -ENOMEM;
		goto out;
	}
	if (fd < 0)
		goto out;
	n = read_all(fd, bytes, CONF_FILE_MAX + 1);
	rc = n < 0 ? (int)n : conf_parse(bytes, (size_t)n, ret_conf, errors);
out:
	if (rc < 0 && errors->n == 0)
		doc_error_at(errors, 0, 0, "cannot be read: %s", strerror(-rc));
	if (fd >= 0)
		close(fd);
	free(bytes);
	return rc;
}
