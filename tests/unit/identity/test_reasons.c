/* SPDX-License-Identifier: Apache-2.0
 * Every reason to refuse a token, each by a token that differs from a good one in that alone. */
#include "tests/unit/identity/checker.h"
#include "tests/unit/identity/keys.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

#include <stdlib.h>
#include <string.h>

enum key { KEY_RSA, KEY_EC, KEY_ED, KEY_WEAK, KEY_STRANGE, KEYS };

static EVP_PKEY *keys[KEYS];
static struct checker checker;
static bool reached[IDENTITY_REASONS];

static const char yaml[] =
		"identity:\n"
		"  issuers:\n"
		"    - {name: corp, issuer: 'https://i', audience: [s, t], jwks: 'https://i/k'}\n"
		"    - {name: few, issuer: 'https://few', audience: s, jwks: 'https://few/k',\n"
		"       algorithms: [RS256], max_token_bytes: 600}\n"
		"targets:\n"
		"  - {name: db, match: {address: 10.0.0.1}, actors: [{issuer: corp, subjects: u},\n"
		"     {issuer: few}]}\n";

#define AUD  "\"aud\":\"s\","
#define EXP  "\"exp\":1700000600,"
#define WHO  "\"iss\":\"https://i\","
#define SUB  "\"sub\":\"u\""
#define GOOD WHO AUD EXP SUB

struct row {
	enum identity_reason reason;
	const char *why;    /* this row is there */
	const char *header; /* members, without braces */
	const char *claims; /* the same; NULL: GOOD */
	const char *alg;    /* it is signed with; NULL: RS256 */
	enum key key;
};

#define RS "\"alg\":\"RS256\",\"kid\":\"rsa\""

static const struct row rows[] = {
	{ .reason = IDENTITY_OK, .why = "RS256", .header = RS },
	{ .reason = IDENTITY_OK,
			.why = "PS256",
			.header = "\"alg\":\"PS256\",\"kid\":\"rsa\"",
			.alg = "PS256" },
	{ .reason = IDENTITY_OK,
			.why = "ES256",
			.header = "\"alg\":\"ES256\",\"kid\":\"ec\"",
			.alg = "ES256",
			.key = KEY_EC },
	{ .reason = IDENTITY_OK,
			.why = "EdDSA",
			.header = "\"alg\":\"EdDSA\",\"kid\":\"ed\"",
			.alg = "EdDSA",
			.key = KEY_ED },
	{ .reason = IDENTITY_OK,
			.why = "no kid, one EC key",
			.header = "\"alg\":\"ES256\"",
			.alg = "ES256",
			.key = KEY_EC },
	{ .reason = IDENTITY_OK, .why = "access token's typ", .header = RS ",\"typ\":\"at+jwt\"" },
	{ .reason = IDENTITY_OK,
			.why = "ID token's typ, other case",
			.header = RS ",\"typ\":\"jwt\"" },
	{ .reason = IDENTITY_OK, .why = "a thumbprint is no key", .header = RS ",\"x5t\":\"abc\"" },
	{ .reason = IDENTITY_OK,
			.why = "second audience of ours",
			.header = RS,
			.claims = WHO "\"aud\":\"t\"," EXP SUB },
	{ .reason = IDENTITY_OK,
			.why = "several audiences and azp",
			.header = RS,
			.claims = WHO "\"aud\":[\"x\",\"s\"],\"azp\":\"c\"," EXP SUB },
	{ .reason = IDENTITY_OK,
			.why = "the skew after exp",
			.header = RS,
			.claims = WHO AUD SUB ",\"exp\":1699999971" },
	{ .reason = IDENTITY_OK,
			.why = "the skew before nbf",
			.header = RS,
			.claims = GOOD ",\"nbf\":1700000030" },
	{ .reason = IDENTITY_OK,
			.why = "times with fractions",
			.header = RS,
			.claims = WHO AUD SUB ",\"exp\":1700000000.5,\"iat\":1.6e9" },
	{ .reason = IDENTITY_OK,
			.why = "eight that act",
			.header = RS,
			.claims = GOOD
			",\"act\":{\"sub\":\"1\",\"act\":{\"sub\":\"2\",\"act\":{\"sub\":\"3\","
			"\"act\":{\"sub\":\"4\",\"act\":{\"sub\":\"5\",\"act\":{\"sub\":\"6\","
			"\"act\":{\"sub\":\"7\",\"act\":{\"sub\":\"8\"}}}}}}}}" },

	{ .reason = IDENTITY_HEADER_JSON, .why = "a list", .header = "]" },
	{ .reason = IDENTITY_CLAIMS_JSON, .why = "text", .header = RS, .claims = "\"" },
	{ .reason = IDENTITY_CLAIMS_JSON,
			.why = "something behind the object",
			.header = RS,
			.claims = GOOD "}{" },
	{ .reason = IDENTITY_CLAIMS_JSON,
			.why = "a NUL in a text",
			.header = RS,
			.claims = WHO AUD EXP "\"sub\":\"u\\u0000\"" },
	{ .reason = IDENTITY_CLAIMS_JSON,
			.why = "UTF-8 that is none",
			.header = RS,
			.claims = WHO AUD EXP "\"sub\":\"\xff\"" },
	{ .reason = IDENTITY_CLAIMS_JSON,
			.why = "a number too large",
			.header = RS,
			.claims = WHO AUD SUB ",\"exp\":1e999" },
	{ .reason = IDENTITY_JSON_DUPLICATE,
			.why = "two algorithms",
			.header = RS ",\"alg\":\"none\"" },
	{ .reason = IDENTITY_JSON_DUPLICATE,
			.why = "two subjects",
			.header = RS,
			.claims = GOOD ",\"sub\":\"root\"" },
	{ .reason = IDENTITY_JSON_DUPLICATE,
			.why = "two, one escaped",
			.header = RS,
			.claims = GOOD ",\"s\\u0075b\":\"root\"" },
	{ .reason = IDENTITY_JSON_DEEP,
			.why = "13 levels",
			.header = RS,
			.claims = GOOD ",\"x\":[[[[[[[[[[[[]]]]]]]]]]]]" },
	{ .reason = IDENTITY_ALG_MISSING, .why = "none", .header = "\"kid\":\"rsa\"" },
	{ .reason = IDENTITY_ALG_MISSING,
			.why = "no text",
			.header = "\"alg\":[\"RS256\"],\"kid\":\"rsa\"" },
	{ .reason = IDENTITY_ALG_UNKNOWN,
			.why = "none",
			.header = "\"alg\":\"none\"",
			.alg = "none" },
	{ .reason = IDENTITY_ALG_UNKNOWN,
			.why = "None",
			.header = "\"alg\":\"None\"",
			.alg = "none" },
	{ .reason = IDENTITY_ALG_UNKNOWN,
			.why = "HMAC with the public key",
			.header = "\"alg\":\"HS256\",\"kid\":\"rsa\"",
			.alg = "HS256" },
	{ .reason = IDENTITY_ALG_UNKNOWN,
			.why = "other case",
			.header = "\"alg\":\"rs256\",\"kid\":\"rsa\"" },
	{ .reason = IDENTITY_ALG_UNKNOWN,
			.why = "a blank",
			.header = "\"alg\":\"RS256 \",\"kid\":\"rsa\"" },
	{ .reason = IDENTITY_ALG_FORBIDDEN,
			.why = "ES256 where only RS256 is",
			.header = "\"alg\":\"ES256\",\"kid\":\"ec\"",
			.claims = "\"iss\":\"https://few\"," AUD EXP SUB,
			.alg = "ES256",
			.key = KEY_EC },
	{ .reason = IDENTITY_CRIT, .why = "crit", .header = RS ",\"crit\":[\"exp\"],\"exp\":1" },
	{ .reason = IDENTITY_CRIT, .why = "crit, empty", .header = RS ",\"crit\":[]" },
	{ .reason = IDENTITY_CRIT, .why = "unencoded payload", .header = RS ",\"b64\":false" },
	{ .reason = IDENTITY_TYP, .why = "logout token", .header = RS ",\"typ\":\"logout+jwt\"" },
	{ .reason = IDENTITY_TYP, .why = "no text", .header = RS ",\"typ\":1" },
	{ .reason = IDENTITY_EMBEDDED_KEY,
			.why = "jku",
			.header = RS ",\"jku\":\"https://evil/k\"" },
	{ .reason = IDENTITY_EMBEDDED_KEY, .why = "jwk", .header = RS ",\"jwk\":{}" },
	{ .reason = IDENTITY_EMBEDDED_KEY,
			.why = "x5u",
			.header = RS ",\"x5u\":\"https://evil/c\"" },
	{ .reason = IDENTITY_EMBEDDED_KEY, .why = "x5c", .header = RS ",\"x5c\":[\"MIIB\"]" },
	{ .reason = IDENTITY_KID_FORM, .why = "a number", .header = "\"alg\":\"RS256\",\"kid\":1" },
	{ .reason = IDENTITY_KID_FORM, .why = "empty", .header = "\"alg\":\"RS256\",\"kid\":\"\"" },
	{ .reason = IDENTITY_ISS_FORM, .why = "missing", .header = RS, .claims = AUD EXP SUB },
	{ .reason = IDENTITY_ISS_FORM,
			.why = "a list",
			.header = RS,
			.claims = "\"iss\":[\"https://i\"]," AUD EXP SUB },
	{ .reason = IDENTITY_ISS_UNKNOWN,
			.why = "a slash more",
			.header = RS,
			.claims = "\"iss\":\"https://i/\"," AUD EXP SUB },
	{ .reason = IDENTITY_ISS_UNKNOWN,
			.why = "other case",
			.header = RS,
			.claims = "\"iss\":\"https://I\"," AUD EXP SUB },
	{ .reason = IDENTITY_AUD_FORM, .why = "missing", .header = RS, .claims = WHO EXP SUB },
	{ .reason = IDENTITY_AUD_FORM,
			.why = "an empty list",
			.header = RS,
			.claims = WHO "\"aud\":[]," EXP SUB },
	{ .reason = IDENTITY_AUD_FORM,
			.why = "a number in the list",
			.header = RS,
			.claims = WHO "\"aud\":[\"s\",1]," EXP SUB },
	{ .reason = IDENTITY_AUD_OTHER,
			.why = "text",
			.header = RS,
			.claims = WHO "\"aud\":\"other\"," EXP SUB },
	{ .reason = IDENTITY_AUD_OTHER,
			.why = "list",
			.header = RS,
			.claims = WHO "\"aud\":[\"a\",\"S\"]," EXP SUB },
	{ .reason = IDENTITY_AUD_OTHER,
			.why = "a longer one",
			.header = RS,
			.claims = WHO "\"aud\":\"ss\"," EXP SUB },
	{ .reason = IDENTITY_EXP_FORM, .why = "missing", .header = RS, .claims = WHO AUD SUB },
	{ .reason = IDENTITY_EXP_FORM,
			.why = "text",
			.header = RS,
			.claims = WHO AUD SUB ",\"exp\":\"1700000600\"" },
	{ .reason = IDENTITY_EXP_FORM,
			.why = "null",
			.header = RS,
			.claims = WHO AUD SUB ",\"exp\":null" },
	{ .reason = IDENTITY_EXP_FORM,
			.why = "negative",
			.header = RS,
			.claims = WHO AUD SUB ",\"exp\":-1" },
	{ .reason = IDENTITY_EXP_FORM,
			.why = "beyond all time",
			.header = RS,
			.claims = WHO AUD SUB ",\"exp\":9223372036854775807" },
	{ .reason = IDENTITY_EXP_FORM,
			.why = "beyond all time, real",
			.header = RS,
			.claims = WHO AUD SUB ",\"exp\":1e30" },
	{ .reason = IDENTITY_EXPIRED,
			.why = "long ago",
			.header = RS,
			.claims = WHO AUD SUB ",\"exp\":1600000000" },
	{ .reason = IDENTITY_EXPIRED,
			.why = "the skew is over",
			.header = RS,
			.claims = WHO AUD SUB ",\"exp\":1699999970" },
	{ .reason = IDENTITY_EXPIRED,
			.why = "a fraction does not help",
			.header = RS,
			.claims = WHO AUD SUB ",\"exp\":1699999970.9" },
	{ .reason = IDENTITY_NBF_FORM,
			.why = "text",
			.header = RS,
			.claims = GOOD ",\"nbf\":\"0\"" },
	{ .reason = IDENTITY_NOT_YET,
			.why = "beyond the skew",
			.header = RS,
			.claims = GOOD ",\"nbf\":1700000031" },
	{ .reason = IDENTITY_NOT_YET,
			.why = "by a fraction",
			.header = RS,
			.claims = GOOD ",\"nbf\":1700000030.1" },
	{ .reason = IDENTITY_IAT_FORM,
			.why = "a list",
			.header = RS,
			.claims = GOOD ",\"iat\":[]" },
	{ .reason = IDENTITY_IAT_FUTURE,
			.why = "beyond the skew",
			.header = RS,
			.claims = GOOD ",\"iat\":1700000031" },
	{ .reason = IDENTITY_SUB_FORM,
			.why = "missing",
			.header = RS,
			.claims = WHO EXP "\"aud\":\"s\"" },
	{ .reason = IDENTITY_SUB_FORM,
			.why = "empty",
			.header = RS,
			.claims = WHO AUD EXP "\"sub\":\"\"" },
	{ .reason = IDENTITY_SUB_FORM,
			.why = "a number",
			.header = RS,
			.claims = WHO AUD EXP "\"sub\":7" },
	{ .reason = IDENTITY_CLIENT_FORM,
			.why = "azp",
			.header = RS,
			.claims = GOOD ",\"azp\":[]" },
	{ .reason = IDENTITY_CLIENT_FORM,
			.why = "client_id",
			.header = RS,
			.claims = GOOD ",\"client_id\":\"\"" },
	{ .reason = IDENTITY_CLIENT_MISSING,
			.why = "two audiences",
			.header = RS,
			.claims = WHO "\"aud\":[\"s\",\"x\"]," EXP SUB },
	{ .reason = IDENTITY_CLIENT_DIFFERS,
			.why = "two",
			.header = RS,
			.claims = GOOD ",\"azp\":\"a\",\"client_id\":\"b\"" },
	{ .reason = IDENTITY_JTI_FORM,
			.why = "a number",
			.header = RS,
			.claims = GOOD ",\"jti\":1" },
	{ .reason = IDENTITY_GROUPS_FORM,
			.why = "a number",
			.header = RS,
			.claims = GOOD ",\"groups\":1" },
	{ .reason = IDENTITY_GROUPS_FORM,
			.why = "null",
			.header = RS,
			.claims = GOOD ",\"groups\":null" },
	{ .reason = IDENTITY_GROUPS_FORM,
			.why = "an object in it",
			.header = RS,
			.claims = GOOD ",\"groups\":[\"a\",{}]" },
	{ .reason = IDENTITY_GROUPS_FORM,
			.why = "an empty one",
			.header = RS,
			.claims = GOOD ",\"groups\":[\"\"]" },
	{ .reason = IDENTITY_BOUND,
			.why = "DPoP",
			.header = RS,
			.claims = GOOD ",\"cnf\":{\"jkt\":\"x\"}" },
	{ .reason = IDENTITY_ACT_FORM,
			.why = "text",
			.header = RS,
			.claims = GOOD ",\"act\":\"root\"" },
	{ .reason = IDENTITY_ACT_FORM,
			.why = "no sub inside",
			.header = RS,
			.claims = GOOD ",\"act\":{\"sub\":\"a\",\"act\":{}}" },
	{ .reason = IDENTITY_ACT_FORM,
			.why = "iss",
			.header = RS,
			.claims = GOOD ",\"act\":{\"sub\":\"a\",\"iss\":1}" },
	{ .reason = IDENTITY_ACT_DEEP,
			.why = "nine",
			.header = RS,
			.claims = GOOD
			",\"act\":{\"sub\":\"1\",\"act\":{\"sub\":\"2\",\"act\":{\"sub\":\"3\","
			"\"act\":{\"sub\":\"4\",\"act\":{\"sub\":\"5\",\"act\":{\"sub\":\"6\","
			"\"act\":{\"sub\":\"7\",\"act\":{\"sub\":\"8\",\"act\":{\"sub\":\"9\""
			"}}}}}}}}}" },
	{ .reason = IDENTITY_KEY_UNKNOWN,
			.why = "kid",
			.header = "\"alg\":\"RS256\",\"kid\":\"other\"" },
	{ .reason = IDENTITY_KID_MISSING,
			.why = "several RSA keys",
			.header = "\"alg\":\"RS256\"" },
	{ .reason = IDENTITY_KID_DUPLICATED,
			.why = "two of one kid",
			.header = "\"alg\":\"RS256\",\"kid\":\"dup\"" },
	{ .reason = IDENTITY_KEY_TYPE,
			.why = "RS256 with an EC key",
			.header = "\"alg\":\"RS256\",\"kid\":\"ec\"" },
	{ .reason = IDENTITY_KEY_TYPE,
			.why = "ES256 with an RSA key",
			.header = "\"alg\":\"ES256\",\"kid\":\"rsa\"",
			.alg = "ES256",
			.key = KEY_EC },
	{ .reason = IDENTITY_KEY_TYPE,
			.why = "EdDSA with an EC key",
			.header = "\"alg\":\"EdDSA\",\"kid\":\"ec\"",
			.alg = "EdDSA",
			.key = KEY_ED },
	{ .reason = IDENTITY_KEY_TYPE,
			.why = "another curve",
			.header = "\"alg\":\"ES256\",\"kid\":\"p384\"",
			.alg = "ES256",
			.key = KEY_EC },
	{ .reason = IDENTITY_KEY_TYPE,
			.why = "a symmetric key",
			.header = "\"alg\":\"RS256\",\"kid\":\"oct\"" },
	{ .reason = IDENTITY_KEY_ALG,
			.why = "PS256 with a key for RS256",
			.header = "\"alg\":\"PS256\",\"kid\":\"rs\"",
			.alg = "PS256" },
	{ .reason = IDENTITY_KEY_ALG,
			.why = "a key for encryption",
			.header = "\"alg\":\"RS256\",\"kid\":\"oaep\"" },
	{ .reason = IDENTITY_KEY_USE, .why = "enc", .header = "\"alg\":\"RS256\",\"kid\":\"enc\"" },
	{ .reason = IDENTITY_KEY_OPS,
			.why = "sign alone",
			.header = "\"alg\":\"RS256\",\"kid\":\"ops\"" },
	{ .reason = IDENTITY_KEY_OPS,
			.why = "no list",
			.header = "\"alg\":\"RS256\",\"kid\":\"ops1\"" },
	{ .reason = IDENTITY_KEY_WEAK,
			.why = "1,024 bits",
			.header = "\"alg\":\"RS256\",\"kid\":\"weak\"",
			.key = KEY_WEAK },
	{ .reason = IDENTITY_KEY_WEAK,
			.why = "e is 1",
			.header = "\"alg\":\"RS256\",\"kid\":\"e1\"" },
	{ .reason = IDENTITY_KEY_PRIVATE,
			.why = "d",
			.header = "\"alg\":\"RS256\",\"kid\":\"priv\"" },
	{ .reason = IDENTITY_KEY_BAD,
			.why = "no y",
			.header = "\"alg\":\"ES256\",\"kid\":\"noy\"",
			.alg = "ES256",
			.key = KEY_EC },
	{ .reason = IDENTITY_KEY_BAD,
			.why = "off the curve",
			.header = "\"alg\":\"ES256\",\"kid\":\"off\"",
			.alg = "ES256",
			.key = KEY_EC },
	{ .reason = IDENTITY_KEY_BAD,
			.why = "x padded",
			.header = "\"alg\":\"EdDSA\",\"kid\":\"pad\"",
			.alg = "EdDSA",
			.key = KEY_ED },
	{ .reason = IDENTITY_SIGNATURE, .why = "another key", .header = RS, .key = KEY_STRANGE },
	{ .reason = IDENTITY_SIGNATURE,
			.why = "no signature, EdDSA",
			.header = "\"alg\":\"EdDSA\",\"kid\":\"ed\"",
			.alg = "none",
			.key = KEY_ED },
	{ .reason = IDENTITY_SIGNATURE,
			.why = "PKCS 1 signature for PS256",
			.header = "\"alg\":\"PS256\",\"kid\":\"rsa\"" },
	{ .reason = IDENTITY_SIGNATURE,
			.why = "PSS signature for RS256",
			.header = RS,
			.alg = "PS256" },
	{ .reason = IDENTITY_SIGNATURE, .why = "no signature", .header = RS, .alg = "none" },
	{ .reason = IDENTITY_SIGNATURE,
			.why = "ECDSA in DER's length",
			.header = "\"alg\":\"ES256\",\"kid\":\"ec\"" },
	{ .reason = IDENTITY_TARGET,
			.why = "a subject who is not named",
			.header = RS,
			.claims = WHO AUD EXP "\"sub\":\"v\"" },
	{ .reason = IDENTITY_REVOKED,
			.why = "a subject",
			.header = RS,
			.claims = WHO AUD EXP "\"sub\":\"gone\"" },
	{ .reason = IDENTITY_REVOKED,
			.why = "a token",
			.header = RS,
			.claims = GOOD ",\"jti\":\"gone\"" },
};

static char *serve_keys(void)
{
	char *rsa = test_jwk(keys[KEY_RSA], ""), *ec = test_jwk(keys[KEY_EC], "\"kid\":\"ec\"");
	char *ed = test_jwk(keys[KEY_ED], "\"kid\":\"ed\",\"alg\":\"EdDSA\",\"use\":\"sig\"");
	char *weak = test_jwk(keys[KEY_WEAK], "\"kid\":\"weak\"");
	char *off = test_jwk(keys[KEY_EC], "\"kid\":\"off\""), *x = strstr(off, "\"x\":\"") + 5;
	EVP_PKEY *other = test_ec_new("P-384");
	char *p384 = test_jwk(other, "\"kid\":\"p384\""), *out;
	const int n = (int)strlen(rsa) - 1; /* without its brace */

	*x = *x == 'A' ? 'B' : 'A';
	out = test_format(
			"{\"keys\":[%.*s,\"kid\":\"rsa\",\"key_ops\":[\"verify\"]},"
			"%.*s,\"kid\":\"rs\",\"alg\":\"RS256\"},"
			"%.*s,\"kid\":\"oaep\",\"alg\":\"RSA-OAEP\"},"
			"%.*s,\"kid\":\"enc\",\"use\":\"enc\"},"
			"%.*s,\"kid\":\"ops\",\"key_ops\":[\"sign\"]},"
			"%.*s,\"kid\":\"ops1\",\"key_ops\":\"verify\"},"
			"%.*s,\"kid\":\"priv\",\"d\":\"AQAB\"},"
			"%.*s,\"kid\":\"dup\"},%.*s,\"kid\":\"dup\"},%s,%s,%s,%s,%s,"
			"{\"kty\":\"oct\",\"k\":\"AAAA\",\"kid\":\"oct\"},"
			"{\"kty\":\"RSA\",\"kid\":\"e1\",\"n\":\"%.342s\",\"e\":\"AQ\"},"
			"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"kid\":\"noy\"},"
			"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"pad\",\"x\":\"%.42sA=\"}]}",
			n, rsa, n, rsa, n, rsa, n, rsa, n, rsa, n, rsa, n, rsa, n, rsa, n, rsa, ec,
			ed, weak, p384, off, strstr(rsa, "\"n\":\"") + 5,
			"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
			"AAAAAAAAAA");
	free(rsa);
	free(ec);
	free(ed);
	free(weak);
	free(off);
	free(p384);
	EVP_PKEY_free(other);
	return out;
}

static int setup(void)
{
	keys[KEY_RSA] = test_rsa_new(2048);
	keys[KEY_EC] = test_ec_new("P-256");
	keys[KEY_ED] = test_ed25519_new();
	keys[KEY_WEAK] = test_rsa_new(1024);
	keys[KEY_STRANGE] = test_rsa_new(2048);
	checker_init(&checker, yaml);
	world_serve(&checker.world, 0, serve_keys());
	world_serve(&checker.world, 1, serve_keys());
	checker_run(&checker);
	return revoked_add(checker.revoked, IDENTITY_REVOKE_SUB, "https://i", "gone") +
			revoked_add(checker.revoked, IDENTITY_REVOKE_JTI, "https://i", "gone");
}

static int teardown(void)
{
	checker_done(&checker);
	for (int i = 0; i < KEYS; i++)
		EVP_PKEY_free(keys[i]);
	return 0;
}

static void expect(const char *token, enum identity_reason reason, const char *why)
{
	const enum identity_reason found = checker_verify(&checker, token);

	if (found != reason)
		printf("\n  %s (%s): found %s\n", identity_reason_name(reason), why,
				identity_reason_name(found));
	CU_ASSERT_EQUAL(found, reason);
	CU_ASSERT_EQUAL(checker.actor != NULL, reason == IDENTITY_OK);
	reached[found] = true;
}

static char *token_of(const struct row *row)
{
	char *header = test_format("{%s}", row->header);
	char *claims = test_format("{%s}", row->claims == NULL ? GOOD : row->claims);
	char *token = test_sign(
			keys[row->key], row->alg == NULL ? "RS256" : row->alg, header, claims);

	free(header);
	free(claims);
	return token;
}

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *token = token_of(&rows[i]);

		/* a kid that is unknown asks for keys, and may do so only so often */
		world_pass(&checker.world, rows[i].reason == IDENTITY_KEY_UNKNOWN ? 0 : 1);
		expect(token, rows[i].reason, rows[i].why);
		free(token);
	}
}

/* The text itself: a good token, changed. */
static void test_texts(void)
{
	static const struct row good = { .reason = IDENTITY_OK, .why = "", .header = RS };
	char *token = token_of(&good), *text = test_format("%s.", token);
	char *dot = strchr(token, '.'), *last = strrchr(token, '.');

	expect(text, IDENTITY_NOT_COMPACT, "four parts");
	expect("", IDENTITY_NOT_COMPACT, "empty");
	expect("a.b", IDENTITY_NOT_COMPACT, "two parts");
	expect("..", IDENTITY_HEADER_JSON, "three empty parts");
	expect("a..", IDENTITY_BASE64, "a sixth of a byte");
	text[strlen(text) - 1] = '=';
	expect(text, IDENTITY_BASE64, "padding");
	text[strlen(text) - 1] = '\n';
	expect(text, IDENTITY_BASE64, "a line's end");
	text[0] = ' ';
	expect(text, IDENTITY_BASE64, "a blank");
	*last = '\0';
	expect(token, IDENTITY_NOT_COMPACT, "without its signature");
	*last = '.';
	*dot = ',';
	expect(token, IDENTITY_NOT_COMPACT, "a comma");
	free(token);
	free(text);
}

/* Longer than the issuer takes; the other issuer takes it. */
static void test_size(void)
{
	static const char fill[] =
			"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
	char *claims = test_format("\"iss\":\"https://few\"," AUD EXP SUB ",\"x\":\"%s\"", fill);
	const struct row large = {
		.reason = IDENTITY_TOO_LARGE, .why = "", .header = RS, .claims = claims
	};
	char *token = token_of(&large);

	expect(token, IDENTITY_TOO_LARGE, "601 bytes and more");
	CU_ASSERT_TRUE(strlen(token) > 600);
	free(token);
	free(claims);
}

/* The same bytes in other digits would be the same token under another hash. */
static void test_no_second_spelling(void)
{
	static const struct row good = { .reason = IDENTITY_OK,
		.why = "",
		.header = "\"alg\":\"ES256\",\"kid\":\"ec\"",
		.alg = "ES256",
		.key = KEY_EC };
	char *token = token_of(&good);
	char *last = token + strlen(token) - 1; /* 64 bytes in 86 digits: 4 bits are not used */

	CU_ASSERT_TRUE(strchr("AQgw", *last) != NULL);
	(*last)++;
	expect(token, IDENTITY_BASE64, "bits that are not used");
	free(token);
}

static size_t flip_all(const struct row *row, unsigned bit)
{
	char *token = token_of(row);
	const size_t len = strlen(token);
	size_t n_good = 0;

	CU_ASSERT_EQUAL(checker_verify(&checker, token), IDENTITY_OK);
	for (size_t i = 0; i < len; i++) {
		token[i] = (char)(token[i] ^ (1 << bit));
		if (token[i] != '\0')
			n_good += checker_verify(&checker, token) == IDENTITY_OK;
		token[i] = (char)(token[i] ^ (1 << bit));
	}
	free(token);
	return n_good;
}

static void test_flipped_bits(void)
{
	for (size_t i = 0; i < 4; i++) {
		for (unsigned bit = 0; bit < 8; bit++)
			CU_ASSERT_EQUAL(flip_all(&rows[i], bit), 0);
	}
}

/* Each byte by each digit of base64url that it is not: what flipping bits does not reach. */
static void test_other_digits(void)
{
	static const char digits[] =
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
	char *token = token_of(&rows[3]); /* EdDSA is the shortest */
	const size_t len = strlen(token);

	for (size_t i = 0; i < len; i++) {
		const char was = token[i];

		for (const char *d = digits; *d != '\0'; d++) {
			token[i] = *d;
			if (*d != was)
				CU_ASSERT_NOT_EQUAL_FATAL(
						checker_verify(&checker, token), IDENTITY_OK);
		}
		token[i] = was;
	}
	free(token);
}

static void test_unreachable(void)
{
	struct checker c;
	char *token = token_of(&rows[0]);

	checker_init(&c, yaml);
	CU_ASSERT_EQUAL(checker_verify(&c, token), IDENTITY_KEYS_UNAVAILABLE);
	reached[c.reason] = true;
	checker_done(&c);
	free(token);
}

/* The last one: all that a token can be refused for was seen above. */
static void test_all_were_reached(void)
{
	for (int i = 0; i < IDENTITY_NO_MEMORY; i++) {
		if (!reached[i])
			printf("\n  no test reaches %s\n",
					identity_reason_name((enum identity_reason)i));
		CU_ASSERT_TRUE(reached[i]);
		CU_ASSERT_TRUE(identity_reason_name((enum identity_reason)i)[0] >= 'a');
		CU_ASSERT_TRUE(strlen(identity_reason_text((enum identity_reason)i)) > 7);
	}
	CU_ASSERT_STRING_EQUAL(identity_reason_name(IDENTITY_KEY_WEAK), "key_weak");
	CU_ASSERT_STRING_EQUAL(identity_reason_name(IDENTITY_REASONS), "-");
	CU_ASSERT_STRING_EQUAL(identity_reason_text(IDENTITY_REASONS), "-");
}

int main(void)
{
	CU_pSuite s;
	unsigned failures;

	CU_initialize_registry();
	s = CU_add_suite("reasons", setup, teardown);
	CU_add_test(s, "each reason, by a token that differs in that alone", test_rows);
	CU_add_test(s, "texts that are no token", test_texts);
	CU_add_test(s, "an issuer's own limit of size", test_size);
	CU_add_test(s, "no second spelling of a token", test_no_second_spelling);
	CU_add_test(s, "any bit flipped, all algorithms", test_flipped_bits);
	CU_add_test(s, "any digit replaced by any other", test_other_digits);
	CU_add_test(s, "no keys", test_unreachable);
	CU_add_test(s, "every reason was reached", test_all_were_reached);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures == 0 ? 0 : 1;
}
