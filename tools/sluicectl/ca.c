/* SPDX-License-Identifier: Apache-2.0
 * sluicectl ca: a certificate authority of one's own, in a folder: ca.pem and ca.key. It asks no
 * daemon; what was made is described as JSON like any answer, and shown from that. */
#include "tools/ca/ca.h"

#include "tools/sluicectl/ctl.h"

#include <openssl/x509v3.h>

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	DAY_S = 86400,
	ROOT_DAYS = 3650,
	LEAF_DAYS_DEFAULT = 365,
	LEAF_DAYS_MAX = 3650,
	SKEW_S = 300, /* valid a little before now: clocks differ */
	PATH_BYTES = 512,
	TEXT_BYTES = 512,
	NAME_BYTES_MAX = 64, /* of a CA's common name: RFC 5280 A.1 */
};

static const char default_dir[] = "/etc/sluice/ca";

static enum ctl_exit refuse(const char *what, const char *path, int rc, const char *advice)
{
	fprintf(stderr, "sluicectl: %s %s: %s%s%s\n", what, path,
			rc == -EBADMSG ? "there is no PEM of that kind in it" : strerror(-rc),
			advice[0] == '\0' ? "" : ". ", advice);
	return CTL_REFUSED;
}

static enum ctl_exit refuse_crypto(void)
{
	fprintf(stderr, "sluicectl: OpenSSL could not make the key or the certificate: is there memory?\n");
	return CTL_REFUSED;
}

/* <head><tail>; false and said so: too long. */
static bool join(char out[PATH_BYTES], const char *head, const char *tail)
{
	if (snprintf(out, PATH_BYTES, "%s%s", head, tail) < PATH_BYTES)
		return true;
	fprintf(stderr, "sluicectl: the path %.40s... is too long\n", head);
	return false;
}

struct ca_paths {
	char cert[PATH_BYTES], key[PATH_BYTES];
};

static bool paths_of_ca(const struct ctl *c, struct ca_paths *ret)
{
	const char *dir = c->ca.dir == NULL ? default_dir : c->ca.dir;

	return join(ret->cert, dir, "/ca.pem") && join(ret->key, dir, "/ca.key");
}

/* The text that OpenSSL writes for something about a certificate; "" when it does not. */
static void about(const X509 *cert, int (*print)(BIO *, const X509 *), char out[TEXT_BYTES])
{
	BIO *bio = BIO_new(BIO_s_mem());
	int n = 0;

	if (bio != NULL && print(bio, cert) >= 0)
		n = BIO_read(bio, out, TEXT_BYTES - 1);
	out[n > 0 ? n : 0] = '\0';
	BIO_free(bio);
}

static int print_subject(BIO *bio, const X509 *cert)
{
	return X509_NAME_print_ex(bio, X509_get_subject_name(cert), 0, XN_FLAG_RFC2253);
}

static int print_issuer(BIO *bio, const X509 *cert)
{
	return X509_NAME_print_ex(bio, X509_get_issuer_name(cert), 0, XN_FLAG_RFC2253);
}

static int print_names(BIO *bio, const X509 *cert)
{
	return X509V3_EXT_print(bio,
			X509_get_ext(cert, X509_get_ext_by_NID(cert, NID_subject_alt_name, -1)), 0,
			0);
}

static int print_serial(BIO *bio, const X509 *cert)
{
	return i2a_ASN1_INTEGER(bio, X509_get0_serialNumber(cert));
}

static void print_time(int64_t at_s, char out[TEXT_BYTES])
{
	const time_t t = at_s;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(out, TEXT_BYTES, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		out[0] = '\0';
}

static void print_fingerprint(const X509 *cert, char out[TEXT_BYTES])
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	out[0] = '\0';
	if (X509_digest(cert, EVP_sha256(), hash, &n) != 1)
		return;
	for (unsigned int i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", hash[i]);
}

static enum ctl_exit describe(
		const char *cert_path, const char *key_path, const X509 *cert, json_t **ret)
{
	char subject[TEXT_BYTES], issuer[TEXT_BYTES], serial[TEXT_BYTES], names[TEXT_BYTES] = "";
	char until[TEXT_BYTES], fingerprint[TEXT_BYTES];

	about(cert, print_subject, subject);
	about(cert, print_issuer, issuer);
	about(cert, print_serial, serial);
	if (X509_get_ext_by_NID(cert, NID_subject_alt_name, -1) >= 0)
		about(cert, print_names, names);
	print_time(ca_until_s(cert), until);
	print_fingerprint(cert, fingerprint);
	*ret = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:I}", "certificate", cert_path, "key",
			key_path, "subject", subject, "issuer", issuer, "names", names, "serial",
			serial, "until", until, "sha256", fingerprint, "days_left",
			(json_int_t)((ca_until_s(cert) - time(NULL)) / DAY_S));
	return *ret == NULL ? refuse_crypto() : CTL_OK;
}

/* Both files or neither: a key without its certificate is of no use, and would be in the way. */
static enum ctl_exit save(const struct ca_paths *paths, X509 *cert, EVP_PKEY *key)
{
	static const char advice[] = "Nothing is overwritten: name another place, or move it away";
	int rc = ca_write_key(paths->key, key);

	if (rc != 0)
		return refuse("cannot write", paths->key, rc, rc == -EEXIST ? advice : "");
	rc = ca_write_cert(paths->cert, cert);
	if (rc == 0)
		return CTL_OK;
	unlink(paths->key);
	return refuse("cannot write", paths->cert, rc, rc == -EEXIST ? advice : "");
}

static void root_name(char out[NAME_BYTES_MAX + 1])
{
	char host[256] = "";

	if (gethostname(host, sizeof(host) - 1) != 0)
		host[0] = '\0';
	snprintf(out, NAME_BYTES_MAX + 1, "Sluice CA %.50s", host);
}

static enum ctl_exit init(const struct ctl *c, json_t **ret)
{
	const int64_t now_s = time(NULL);
	char name[NAME_BYTES_MAX + 1];
	enum ctl_exit rc = CTL_REFUSED;
	struct ca_paths paths;
	EVP_PKEY *key;
	X509 *cert;

	root_name(name);
	if (c->ca.n_names > 1 || (c->ca.n_names == 1 && strlen(c->ca.names[0]) > NAME_BYTES_MAX)) {
		fprintf(stderr, "sluicectl: ca init takes one --name, of %d bytes at most\n",
				NAME_BYTES_MAX);
		return CTL_USAGE;
	}
	if (!paths_of_ca(c, &paths))
		return CTL_USAGE;
	if (mkdir(c->ca.dir == NULL ? default_dir : c->ca.dir, 0700) != 0 && errno != EEXIST)
		return refuse("cannot make the folder", c->ca.dir == NULL ? default_dir : c->ca.dir,
				-errno, "Name another with --dir");
	key = ca_key_new();
	cert = key == NULL ? NULL
			   : ca_root_new(key, c->ca.n_names == 1 ? c->ca.names[0] : name,
					     now_s - SKEW_S, now_s + (int64_t)ROOT_DAYS * DAY_S);
	rc = cert == NULL ? refuse_crypto() : save(&paths, cert, key);
	if (rc == CTL_OK)
		rc = describe(paths.cert, paths.key, cert, ret);
	X509_free(cert);
	EVP_PKEY_free(key);
	return rc;
}

static enum ctl_exit issue_from(const struct ctl *c, const struct ca_leaf *leaf, json_t **ret)
{
	EVP_PKEY *key = ca_key_new();
	X509 *cert = key == NULL ? NULL : ca_leaf_new(leaf, key);
	struct ca_paths paths;
	enum ctl_exit rc = CTL_USAGE;

	if (cert == NULL)
		rc = refuse_crypto();
	else if (join(paths.cert, c->ca.out, ".pem") && join(paths.key, c->ca.out, ".key"))
		rc = save(&paths, cert, key);
	if (rc == CTL_OK)
		rc = describe(paths.cert, paths.key, cert, ret);
	X509_free(cert);
	EVP_PKEY_free(key);
	return rc;
}

/* The CA of the folder. <key> may be NULL: only its certificate. */
static enum ctl_exit load(const struct ca_paths *paths, X509 **cert, EVP_PKEY **key)
{
	static const char advice[] = "sluicectl ca init makes a CA; --dir names its folder";
	int rc = ca_read_cert(paths->cert, cert);

	if (rc != 0)
		return refuse("cannot read", paths->cert, rc, rc == -ENOENT ? advice : "");
	rc = key == NULL ? 0 : ca_read_key(paths->key, key);
	return rc == 0 ? CTL_OK
		       : refuse("cannot read", paths->key, rc, rc == -ENOENT ? advice : "");
}

static enum ctl_exit load_usable(const struct ca_paths *paths, X509 **cert, EVP_PKEY **key)
{
	enum ctl_exit rc = load(paths, cert, key);

	if (rc != CTL_OK)
		return rc;
	if (X509_check_private_key(*cert, *key) != 1) {
		fprintf(stderr, "sluicectl: %s is not the key of %s\n", paths->key, paths->cert);
		return CTL_REFUSED;
	}
	if (ca_until_s(*cert) > time(NULL))
		return CTL_OK;
	fprintf(stderr, "sluicectl: the CA %s has expired: make a new one with sluicectl ca init --dir\n",
			paths->cert);
	return CTL_REFUSED;
}

static enum ctl_exit issue(const struct ctl *c, json_t **ret)
{
	const int64_t now_s = time(NULL), days = c->ca.days == 0 ? LEAF_DAYS_DEFAULT : c->ca.days;
	struct ca_leaf leaf = { .names = c->ca.names,
		.n_names = c->ca.n_names,
		.from_s = now_s - SKEW_S,
		.until_s = now_s + days * DAY_S };
	struct ca_paths paths;
	enum ctl_exit rc;

	if (c->ca.n_names == 0 || c->ca.out == NULL) {
		fprintf(stderr, "sluicectl: ca issue needs --name and --out: see sluicectl help ca\n");
		return CTL_USAGE;
	}
	for (size_t i = 0; i < c->ca.n_names; i++) {
		if (ca_name_is_valid(c->ca.names[i]))
			continue;
		fprintf(stderr, "sluicectl: '%s' is neither a DNS name nor an IP address\n",
				c->ca.names[i]);
		return CTL_USAGE;
	}
	if (!paths_of_ca(c, &paths))
		return CTL_USAGE;
	rc = load_usable(&paths, &leaf.issuer, &leaf.issuer_key);
	if (rc == CTL_OK)
		rc = issue_from(c, &leaf, ret);
	X509_free(leaf.issuer);
	EVP_PKEY_free(leaf.issuer_key);
	return rc;
}

static enum ctl_exit describe_ca(const struct ctl *c, json_t **ret)
{
	struct ca_paths paths;
	X509 *cert = NULL;
	enum ctl_exit rc;

	if (!paths_of_ca(c, &paths))
		return CTL_USAGE;
	rc = load(&paths, &cert, NULL);
	if (rc == CTL_OK)
		rc = describe(paths.cert, paths.key, cert, ret);
	X509_free(cert);
	return rc;
}

static enum ctl_exit fetch(const struct ctl *c, json_t **ret_answer)
{
	static const struct {
		const char *name;
		enum ctl_exit (*run)(const struct ctl *c, json_t **ret);
		bool makes_leaf;
	} actions[] = { { "init", init, false }, { "issue", issue, true },
		{ "show", describe_ca, false } };

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(c->argument, actions[i].name) != 0)
			continue;
		if (actions[i].makes_leaf || (c->ca.out == NULL && c->ca.days == 0))
			return actions[i].run(c, ret_answer);
		fprintf(stderr, "sluicectl: --out and --days are for ca issue\n");
		return CTL_USAGE;
	}
	fprintf(stderr, "sluicectl: ca takes init, issue or show, not '%s': see sluicectl help ca\n",
			c->argument);
	return CTL_USAGE;
}

static void show(const struct ctl *c, const json_t *answer)
{
	static const char *const lines[][2] = { { "certificate", "certificate" },
		{ "key", "private key" }, { "subject", "subject" }, { "names", "for" },
		{ "issuer", "issued by" }, { "serial", "serial" }, { "until", "valid until" },
		{ "sha256", "SHA-256" } };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const char *text = ctl_text(answer, lines[i][0]);

		if (text[0] != '\0')
			fprintf(c->out, "%-12s %s\n", lines[i][1], text);
	}
}

static const char *set_name(struct ctl *c, const char *value)
{
	if (value[0] == '\0')
		return "is empty";
	if (c->ca.n_names == CTL_NAMES_MAX)
		return "was given too often";
	c->ca.names[c->ca.n_names++] = value;
	return NULL;
}

static const char *set_out(struct ctl *c, const char *value)
{
	c->ca.out = value;
	return value[0] == '\0' ? "is empty" : NULL;
}

static const char *set_dir(struct ctl *c, const char *value)
{
	c->ca.dir = value;
	return value[0] == '\0' ? "is empty" : NULL;
}

static const char *set_days(struct ctl *c, const char *value)
{
	return ctl_number(value, 1, LEAF_DAYS_MAX, &c->ca.days) ? NULL
								: "takes days from 1 to 3650";
}

static const struct ctl_option options[] = {
	{ "name", "DNS|IP", "whom the certificate is for; may be given again", set_name },
	{ "out", "PREFIX", "issue: writes PREFIX.pem and PREFIX.key", set_out },
	{ "days", "N", "issue: valid for so many days (365)", set_days },
	{ "dir", "DIR", "the CA's folder (/etc/sluice/ca)", set_dir },
	{ .name = NULL },
};

const struct ctl_verb ctl_ca = {
	.name = "ca",
	.summary = "a certificate authority of one's own, for what agents are shown",
	.argument = "init|issue|show",
	.about = "ca init   makes a CA, ECDSA P-256, for ten years: DIR/ca.pem and DIR/ca.key.\n"
		 "          Agents must trust ca.pem; ca.key signs, so keep it as you keep a\n"
		 "          root password. --name is what it calls itself.\n"
		 "ca issue  makes a key and a server certificate for the names, signed by it.\n"
		 "ca show   describes the CA.\n"
		 "\n"
		 "It works on files alone; no daemon is asked. Nothing is ever overwritten.",
	.options = options,
	.runs_once = true,
	.fetch = fetch,
	.show = show,
};
