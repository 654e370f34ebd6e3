/* SPDX-License-Identifier: Apache-2.0
 * Logging in to PostgreSQL, message by message: RFC 7677's exchange, those that Python's hmac has
 * made of it, and everything a server may say wrong. */
#include "ctrlplane/credential/credential_priv.h"
#include "ctrlplane/credential/pgauth.h"
#include "parsers/base/bytes.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CNONCE "rOprNGfwEbeRWgbNEkqO"
#define SNONCE CNONCE "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define SALT   "s=W22ZaJ0SNY7soEsUEjb6gQ=="
#define FIRST  "r=" SNONCE "," SALT ",i=4096"

#define SCRAM "SCRAM-SHA-256\0"
#define PLUS  "SCRAM-SHA-256-PLUS\0"

/* A string literal with its inner NULs, without the last. */
#define TEXT_INIT(s)                                                                               \
	{                                                                                          \
		(const uint8_t *)(s), sizeof(s) - 1                                                \
	}
#define TEXT(s) ((struct span)TEXT_INIT(s))

enum { OK = 0, KERBEROS = 2, CLEAR = 3, MD5 = 5, GSS = 7, SASL = 10, CONTINUE = 11, FINAL = 12 };

static struct credential *credential;
static struct pgauth_stats stats;

struct login {
	struct pgauth_conf conf;
	struct pgauth auth;
	struct pgauth_out out;
};

static struct credential *credential_of(const char *user, const char *password)
{
	struct secret *s = NULL;
	struct credential *c = NULL;

	if (secret_new(strlen(password), &s) < 0)
		abort();
	memcpy(secret_bytes(s), password, strlen(password));
	secret_set_len(s, strlen(password));
	if (credential_make(user, s, &c) < 0)
		abort();
	return c;
}

/* On TLS with a certificate's hash of <n_binding> bytes, or (-1) without TLS. */
static void login_init(struct login *l, int n_binding)
{
	memset(l, 0, sizeof(*l));
	l->conf = (struct pgauth_conf){ .credential = credential,
		.stats = &stats,
		.binding_len = n_binding < 0 ? 0 : (size_t)n_binding,
		.encrypted = n_binding >= 0,
		.verified = n_binding >= 0,
		.nonce = CNONCE,
		.scram_name = "user" };
	for (size_t i = 0; i < PGAUTH_BINDING_MAX; i++)
		l->conf.binding[i] = (uint8_t)i;
	pgauth_init(&l->auth, &l->conf);
}

/* The body in a block of its size, so that every byte read beyond it is seen. */
static enum pgauth_rc take(struct login *l, uint32_t request, struct span rest)
{
	uint8_t *body = malloc(4 + rest.len);
	enum pgauth_rc rc;

	store_be32(body, request);
	memcpy(body + 4, rest.ptr, rest.len);
	rc = pgauth_take(&l->auth, (struct span){ body, 4 + rest.len }, &l->out);
	free(body);
	return rc;
}

static void expect_sent(const struct login *l, struct span body)
{
	CU_ASSERT_EQUAL_FATAL(l->out.len, body.len + 5);
	CU_ASSERT_EQUAL(l->out.bytes[0], 'p');
	CU_ASSERT_EQUAL(load_be32(l->out.bytes + 1), body.len + 4);
	if (memcmp(l->out.bytes + 5, body.ptr, body.len) != 0)
		printf("\n  sent %.*s", (int)body.len, l->out.bytes + 5);
	CU_ASSERT_EQUAL(memcmp(l->out.bytes + 5, body.ptr, body.len), 0);
}

static enum pgauth_rc salted(struct login *l)
{
	uint8_t bytes[SALTED_BYTES];

	CU_ASSERT_EQUAL(salted_password(credential->prepared,
					(struct span){ l->auth.salt, l->auth.salt_len },
					l->auth.iterations, bytes),
			0);
	return pgauth_salted(&l->auth, bytes, &l->out);
}

/* As far as <state> along RFC 7677's exchange. */
static void go_to(struct login *l, enum pgauth_state state)
{
	if (state >= PGAUTH_FIRST)
		CU_ASSERT_EQUAL(take(l, SASL, TEXT(SCRAM "\0")), PGAUTH_SEND);
	if (state >= PGAUTH_SALTING)
		CU_ASSERT_EQUAL(take(l, CONTINUE, TEXT(FIRST)), PGAUTH_NEED_SALTED);
	if (state >= PGAUTH_FINAL)
		CU_ASSERT_EQUAL(salted(l), PGAUTH_SEND);
	if (state >= PGAUTH_PROVEN)
		CU_ASSERT_EQUAL(take(l, FINAL,
						TEXT("v=6rriTRBi23WpRR/wtup+mMhUZUn/"
						     "dB5nLTJRsjl95G4=")),
				PGAUTH_WAIT);
	CU_ASSERT_EQUAL_FATAL(l->auth.state, state);
}

static void expect_refused(struct login *l, enum pgauth_rc rc, enum pgauth_reason reason)
{
	if (rc != PGAUTH_REFUSED || l->auth.reason != reason)
		printf("\n  rc %d, %s instead of %s", (int)rc, pgauth_reason_name(l->auth.reason),
				pgauth_reason_name(reason));
	CU_ASSERT_EQUAL(rc, PGAUTH_REFUSED);
	CU_ASSERT_EQUAL(l->auth.reason, reason);
	CU_ASSERT_EQUAL(l->out.len, 0);                         /* nothing to be sent by mistake */
	CU_ASSERT_EQUAL(take(l, OK, TEXT("")), PGAUTH_REFUSED); /* and it stays so */
}

/* Whole exchanges. */

struct exchange {
	const char *name;
	int n_binding;
	struct span offer, first, final;
	const char *signature;
	char flag;
};

static const struct exchange exchanges[] = {
	{ "RFC 7677 3", -1, TEXT_INIT(SCRAM "\0"), TEXT_INIT(SCRAM "\0\0\0\x20n,,n=user,r=" CNONCE),
			TEXT_INIT("c=biws,r=" SNONCE
				  ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="),
			"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", 'n' },
	{ "TLS without a binding", 0, TEXT_INIT(PLUS SCRAM "\0"),
			TEXT_INIT(SCRAM "\0\0\0\x20n,,n=user,r=" CNONCE),
			TEXT_INIT("c=biws,r=" SNONCE
				  ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="),
			"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", 'n' },
	{ "TLS, the server cannot bind", 32, TEXT_INIT("OTHER\0" SCRAM "\0"),
			TEXT_INIT(SCRAM "\0\0\0\x20y,,n=user,r=" CNONCE),
			TEXT_INIT("c=eSws,r=" SNONCE
				  ",p=FoqiHTtQEDE8lz1CdaEe3tK4mS+iMDTl77SPyDS53DY="),
			"v=dI4KpiQJwBr1+V+K6U1dA6l6I4I9DUNXWND4pcpRU3U=", 'y' },
	{ "bound, SHA-256", 32, TEXT_INIT(PLUS SCRAM "\0"),
			TEXT_INIT(PLUS "\0\0\0\x35p=tls-server-end-point,,n=user,r=" CNONCE),
			TEXT_INIT("c=cD10bHMtc2VydmVyLWVuZC1wb2ludCwsAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGx"
				  "wdHh8=,r=" SNONCE
				  ",p=nY1Wus9a+gM2DrbQ1msXFgyhW6KM5ktOxWiU+/P/EGY="),
			"v=RwppMGddhz/J0lFYaRReBjXcQeNUFP5Qc76Lo5Exrig=", 'p' },
	{ "bound, SHA-512, nothing else offered", 64, TEXT_INIT(PLUS "\0"),
			TEXT_INIT(PLUS "\0\0\0\x35p=tls-server-end-point,,n=user,r=" CNONCE),
			TEXT_INIT("c=cD10bHMtc2VydmVyLWVuZC1wb2ludCwsAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGx"
				  "wdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==,r=" SNONCE
				  ",p=aQRxmgw5leIFvCppVrnNxJjSlVUNpHcDxkBonPlt6Mo="),
			"v=/OcDoYRfpgFSwaD8zw+ZVHvjGVRNnMoJ9awfTTgn+MY=", 'p' },
};

static void test_exchanges(void)
{
	for (size_t i = 0; i < sizeof(exchanges) / sizeof(exchanges[0]); i++) {
		const struct exchange *e = &exchanges[i];
		const uint64_t before = stats.answers[PGAUTH_OK];
		static struct login l;

		printf("\n    %s", e->name);
		login_init(&l, e->n_binding);
		l.conf.binding_required = e->flag == 'p';
		CU_ASSERT_EQUAL(take(&l, SASL, e->offer), PGAUTH_SEND);
		expect_sent(&l, e->first);
		CU_ASSERT_EQUAL(take(&l, CONTINUE, TEXT(FIRST)), PGAUTH_NEED_SALTED);
		CU_ASSERT_TRUE(l.auth.salt_len == 16 && l.auth.iterations == 4096);
		CU_ASSERT_EQUAL(salted(&l), PGAUTH_SEND);
		expect_sent(&l, e->final);
		CU_ASSERT_EQUAL(take(&l, FINAL,
						(struct span){ (const uint8_t *)e->signature,
								strlen(e->signature) }),
				PGAUTH_WAIT);
		CU_ASSERT_EQUAL(take(&l, OK, TEXT("")), PGAUTH_DONE);
		CU_ASSERT_EQUAL(l.auth.gs2_flag, e->flag);
		CU_ASSERT_EQUAL(l.auth.method, e->flag == 'p' ? PGAUTH_SCRAM_PLUS : PGAUTH_SCRAM);
		CU_ASSERT_EQUAL(stats.answers[PGAUTH_OK], before + 1);
		pgauth_done(&l.auth);
		CU_ASSERT_EQUAL(l.auth.state, 0);
	}
}

/* As libpq: no name, 24 characters of nonce, another each time. */
static void test_own_nonce(void)
{
	static struct login a, b;

	login_init(&a, -1);
	login_init(&b, -1);
	a.conf.nonce = b.conf.nonce = NULL;
	a.conf.scram_name = b.conf.scram_name = NULL;
	CU_ASSERT_EQUAL(take(&a, SASL, TEXT(SCRAM "\0")), PGAUTH_SEND);
	CU_ASSERT_EQUAL(take(&b, SASL, TEXT(SCRAM "\0")), PGAUTH_SEND);
	CU_ASSERT_EQUAL(memcmp(a.out.bytes + 5, SCRAM "\0\0\0\x20n,,n=,r=", 26), 0);
	CU_ASSERT_EQUAL(a.out.len, 5 + 26 + 24);
	CU_ASSERT_EQUAL(b.out.len, 5 + 26 + 24);
	CU_ASSERT_NOT_EQUAL(memcmp(a.out.bytes, b.out.bytes, a.out.len), 0);
}

static void test_md5(void)
{
	static struct login l;

	login_init(&l, -1);
	CU_ASSERT_EQUAL(take(&l, MD5, TEXT("\1\2\3\377")), PGAUTH_SEND);
	expect_sent(&l, TEXT("md5673c3af101952f37135f47d3103c8b04\0"));
	CU_ASSERT_EQUAL(take(&l, OK, TEXT("")), PGAUTH_DONE);
	CU_ASSERT_EQUAL(l.auth.method, PGAUTH_MD5);
}

static void test_cleartext(void)
{
	static struct login l;

	login_init(&l, -1);
	expect_refused(&l, take(&l, CLEAR, TEXT("")), PGAUTH_CLEARTEXT);
	login_init(&l, 32);
	CU_ASSERT_EQUAL(take(&l, CLEAR, TEXT("")), PGAUTH_SEND);
	expect_sent(&l, TEXT("pencil\0"));
	CU_ASSERT_EQUAL(take(&l, OK, TEXT("")), PGAUTH_DONE);
	pgauth_out_done(&l.out);
	CU_ASSERT_EQUAL(l.out.bytes[5], 0);
}

/* TLS to whoever it is: no password, but any proof of it. */
static void test_not_verified(void)
{
	static struct login l;

	login_init(&l, 32);
	l.conf.verified = false;
	expect_refused(&l, take(&l, CLEAR, TEXT("")), PGAUTH_CLEARTEXT);
	login_init(&l, 32);
	l.conf.verified = false;
	CU_ASSERT_EQUAL(take(&l, SASL, TEXT(PLUS SCRAM "\0")), PGAUTH_SEND);
	CU_ASSERT_EQUAL(l.auth.method, PGAUTH_SCRAM_PLUS);
	login_init(&l, 0);
	l.conf.verified = false;
	CU_ASSERT_EQUAL(take(&l, SASL, TEXT(PLUS SCRAM "\0")), PGAUTH_SEND);
	CU_ASSERT_EQUAL(l.auth.method, PGAUTH_SCRAM);
}

/* The bytes that go out raw are the raw ones; SCRAM's are prepared. */
static void test_raw_and_prepared(void)
{
	struct credential *before = credential;
	static struct login l;

	credential = credential_of("user", "I\xc2\xadX");
	login_init(&l, 0);
	CU_ASSERT_EQUAL(take(&l, CLEAR, TEXT("")), PGAUTH_SEND);
	expect_sent(&l, TEXT("I\xc2\xadX\0"));
	login_init(&l, -1);
	CU_ASSERT_EQUAL(take(&l, MD5, TEXT("\0\0\0\0")), PGAUTH_SEND);
	expect_sent(&l, TEXT("md5f4aff43218fdbc584bf228d7fa0249f6\0"));
	CU_ASSERT_TRUE(secret_is_equal(credential->prepared, TEXT("IX")));
	credential_free(&credential);
	credential = before;
}

static void test_asked_nothing(void)
{
	static struct login l;

	login_init(&l, 32);
	CU_ASSERT_EQUAL(take(&l, OK, TEXT("")), PGAUTH_DONE);
	CU_ASSERT_EQUAL(l.auth.method, PGAUTH_NONE);
}

/* The server has looked at our certificate, and lets us in; what it asks beyond that we do not have. */
static void test_certificate_alone(void)
{
	static const struct {
		uint32_t request;
		struct span rest;
	} asked[] = { { CLEAR, TEXT_INIT("") }, { MD5, TEXT_INIT("salt") },
		{ SASL, TEXT_INIT(SCRAM) } };
	struct credential *none = NULL;
	static struct login l;

	CU_ASSERT_EQUAL_FATAL(credential_make("user", NULL, &none), 0);
	login_init(&l, 32);
	l.conf.credential = none;
	CU_ASSERT_EQUAL(take(&l, OK, TEXT("")), PGAUTH_DONE);
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		login_init(&l, 32);
		l.conf.credential = none;
		CU_ASSERT_EQUAL(take(&l, asked[i].request, asked[i].rest), PGAUTH_REFUSED);
		CU_ASSERT_EQUAL(l.auth.reason, PGAUTH_NO_PASSWORD);
		CU_ASSERT_EQUAL(l.out.len, 0);
	}
	credential_free(&none);
}

/* What is wrong: all that a server may say, in each state. */

struct row {
	const char *name;
	enum pgauth_state state;
	uint32_t request;
	struct span rest;
	enum pgauth_reason reason;
};

#define LONG16 "AAAAAAAAAAAAAAAA"
#define LONG256                                                                                    \
	LONG16 LONG16 LONG16 LONG16 LONG16 LONG16 LONG16 LONG16 LONG16 LONG16 LONG16 LONG16 LONG16 \
			LONG16 LONG16 LONG16
#define R "r=" SNONCE ","

static const struct row rows[] = {
	{ "Kerberos", PGAUTH_START, KERBEROS, TEXT_INIT(""), PGAUTH_METHOD },
	{ "GSSAPI", PGAUTH_START, GSS, TEXT_INIT(""), PGAUTH_METHOD },
	{ "an unknown request", PGAUTH_START, 0xffffffff, TEXT_INIT(""), PGAUTH_METHOD },
	{ "Ok with more", PGAUTH_START, OK, TEXT_INIT("x"), PGAUTH_FORM },
	{ "md5: short salt", PGAUTH_START, MD5, TEXT_INIT("abc"), PGAUTH_FORM },
	{ "md5: long salt", PGAUTH_START, MD5, TEXT_INIT("abcde"), PGAUTH_FORM },
	{ "offer: empty", PGAUTH_START, SASL, TEXT_INIT(""), PGAUTH_FORM },
	{ "offer: no names", PGAUTH_START, SASL, TEXT_INIT("\0"), PGAUTH_MECHANISM },
	{ "offer: no end", PGAUTH_START, SASL, TEXT_INIT(SCRAM), PGAUTH_FORM },
	{ "offer: no NUL", PGAUTH_START, SASL, TEXT_INIT("SCRAM-SHA-256"), PGAUTH_FORM },
	{ "offer: more behind its end", PGAUTH_START, SASL, TEXT_INIT(SCRAM "\0x"), PGAUTH_FORM },
	{ "offer: others", PGAUTH_START, SASL, TEXT_INIT("SCRAM-SHA-1\0SCRAM-SHA-256-PLU\0\0"),
			PGAUTH_MECHANISM },
	{ "offer: bound, without TLS", PGAUTH_START, SASL, TEXT_INIT(PLUS SCRAM "\0"),
			PGAUTH_PLUS_UNENCRYPTED },
	{ "continue at the start", PGAUTH_START, CONTINUE, TEXT_INIT(FIRST), PGAUTH_ORDER },
	{ "final at the start", PGAUTH_START, FINAL, TEXT_INIT("v="), PGAUTH_ORDER },

	{ "Ok instead of server-first", PGAUTH_FIRST, OK, TEXT_INIT(""), PGAUTH_UNPROVEN },
	{ "md5 after SCRAM began", PGAUTH_FIRST, MD5, TEXT_INIT("abcd"), PGAUTH_ORDER },
	{ "cleartext after SCRAM began", PGAUTH_FIRST, CLEAR, TEXT_INIT(""), PGAUTH_ORDER },
	{ "another offer", PGAUTH_FIRST, SASL, TEXT_INIT(SCRAM "\0"), PGAUTH_ORDER },
	{ "final instead of first", PGAUTH_FIRST, FINAL, TEXT_INIT("v="), PGAUTH_ORDER },
	{ "first: empty", PGAUTH_FIRST, CONTINUE, TEXT_INIT(""), PGAUTH_FORM },
	{ "first: one letter", PGAUTH_FIRST, CONTINUE, TEXT_INIT("r"), PGAUTH_FORM },
	{ "first: no nonce", PGAUTH_FIRST, CONTINUE, TEXT_INIT(SALT ",i=4096"), PGAUTH_FORM },
	{ "first: only a nonce", PGAUTH_FIRST, CONTINUE, TEXT_INIT("r=" SNONCE), PGAUTH_FORM },
	{ "first: extension m=", PGAUTH_FIRST, CONTINUE, TEXT_INIT("m=x," FIRST),
			PGAUTH_EXTENSION },
	{ "first: m= alone", PGAUTH_FIRST, CONTINUE, TEXT_INIT("m="), PGAUTH_EXTENSION },
	{ "first: m= behind", PGAUTH_FIRST, CONTINUE, TEXT_INIT(FIRST ",m=x"), PGAUTH_FORM },
	{ "first: order", PGAUTH_FIRST, CONTINUE, TEXT_INIT(R "i=4096," SALT), PGAUTH_FORM },
	{ "first: twice r=", PGAUTH_FIRST, CONTINUE, TEXT_INIT(R R SALT ",i=4096"), PGAUTH_FORM },
	{ "first: only our nonce", PGAUTH_FIRST, CONTINUE,
			TEXT_INIT("r=" CNONCE "," SALT ",i=4096"), PGAUTH_NONCE },
	{ "first: another nonce", PGAUTH_FIRST, CONTINUE,
			TEXT_INIT("r=xOprNGfwEbeRWgbNEkqO%h," SALT), PGAUTH_NONCE },
	{ "first: half our nonce", PGAUTH_FIRST, CONTINUE,
			TEXT_INIT("r=rOprNGfwEb," SALT ",i=4096"), PGAUTH_NONCE },
	{ "first: empty nonce", PGAUTH_FIRST, CONTINUE, TEXT_INIT("r=," SALT ",i=4096"),
			PGAUTH_NONCE },
	{ "first: a NUL in the nonce", PGAUTH_FIRST, CONTINUE,
			TEXT_INIT("r=" CNONCE "a\0b," SALT ",i=4096"), PGAUTH_NONCE },
	{ "first: a blank in the nonce", PGAUTH_FIRST, CONTINUE,
			TEXT_INIT("r=" CNONCE " b," SALT ",i=4096"), PGAUTH_NONCE },
	{ "first: no UTF-8 in the nonce", PGAUTH_FIRST, CONTINUE,
			TEXT_INIT("r=" CNONCE "\377," SALT ",i=4096"), PGAUTH_NONCE },
	{ "first: salt not base64", PGAUTH_FIRST, CONTINUE, TEXT_INIT(R "s=!!!!,i=4096"),
			PGAUTH_SALT },
	{ "first: salt not padded", PGAUTH_FIRST, CONTINUE, TEXT_INIT(R "s=QUI,i=4096"),
			PGAUTH_SALT },
	{ "first: salt with spare bits", PGAUTH_FIRST, CONTINUE, TEXT_INIT(R "s=QUJ=,i=4096"),
			PGAUTH_SALT },
	{ "first: empty salt", PGAUTH_FIRST, CONTINUE, TEXT_INIT(R "s=,i=4096"), PGAUTH_SALT },
	{ "first: salt too long", PGAUTH_FIRST, CONTINUE,
			TEXT_INIT(R "s=" LONG256 LONG16 LONG16 LONG16 LONG16 LONG16 LONG16
				    ",i=4096"),
			PGAUTH_SALT },
	{ "first: iterations 0", PGAUTH_FIRST, CONTINUE, TEXT_INIT(R SALT ",i=0"),
			PGAUTH_ITERATIONS },
	{ "first: no iterations", PGAUTH_FIRST, CONTINUE, TEXT_INIT(R SALT ",i="),
			PGAUTH_ITERATIONS },
	{ "first: -1", PGAUTH_FIRST, CONTINUE, TEXT_INIT(R SALT ",i=-1"), PGAUTH_ITERATIONS },
	{ "first: +1", PGAUTH_FIRST, CONTINUE, TEXT_INIT(R SALT ",i=+1"), PGAUTH_ITERATIONS },
	{ "first: leading 0", PGAUTH_FIRST, CONTINUE, TEXT_INIT(R SALT ",i=04096"),
			PGAUTH_ITERATIONS },
	{ "first: leading blank", PGAUTH_FIRST, CONTINUE, TEXT_INIT(R SALT ",i= 4096"),
			PGAUTH_ITERATIONS },
	{ "first: a letter behind", PGAUTH_FIRST, CONTINUE, TEXT_INIT(R SALT ",i=4096x"),
			PGAUTH_ITERATIONS },
	{ "first: 10 million and 1", PGAUTH_FIRST, CONTINUE, TEXT_INIT(R SALT ",i=10000001"),
			PGAUTH_ITERATIONS },
	{ "first: 2^32 + 4096", PGAUTH_FIRST, CONTINUE, TEXT_INIT(R SALT ",i=4294971392"),
			PGAUTH_ITERATIONS },
	{ "first: a NUL behind", PGAUTH_FIRST, CONTINUE, TEXT_INIT(FIRST "\0"), PGAUTH_ITERATIONS },
	{ "first: ',' behind", PGAUTH_FIRST, CONTINUE, TEXT_INIT(FIRST ","), PGAUTH_FORM },
	{ "first: no attribute behind", PGAUTH_FIRST, CONTINUE, TEXT_INIT(FIRST ",x"),
			PGAUTH_FORM },
	{ "first: an empty one behind", PGAUTH_FIRST, CONTINUE, TEXT_INIT(FIRST ",x="),
			PGAUTH_FORM },
	{ "first: a digit's attribute", PGAUTH_FIRST, CONTINUE, TEXT_INIT(FIRST ",1=x"),
			PGAUTH_FORM },
	{ "first: 17 extensions", PGAUTH_FIRST, CONTINUE,
			TEXT_INIT(FIRST ",x=1,x=2,x=3,x=4,x=5,x=6,x=7,x=8,x=9,x=a,x=b,x=c,x=d,x=e,x=f,x=g,"
					"x=h"),
			PGAUTH_FORM },
	{ "first: larger than any", PGAUTH_FIRST, CONTINUE,
			TEXT_INIT(FIRST ",x=" LONG256 LONG256 LONG256 LONG256 LONG256 LONG256
							LONG256 LONG256),
			PGAUTH_FORM },

	{ "anything while salting", PGAUTH_SALTING, CONTINUE, TEXT_INIT(FIRST), PGAUTH_ORDER },
	{ "Ok while salting", PGAUTH_SALTING, OK, TEXT_INIT(""), PGAUTH_ORDER },

	{ "Ok without a signature", PGAUTH_FINAL, OK, TEXT_INIT(""), PGAUTH_UNPROVEN },
	{ "first again", PGAUTH_FINAL, CONTINUE, TEXT_INIT(FIRST), PGAUTH_ORDER },
	{ "final: empty", PGAUTH_FINAL, FINAL, TEXT_INIT(""), PGAUTH_FORM },
	{ "final: no value", PGAUTH_FINAL, FINAL, TEXT_INIT("v="), PGAUTH_FORM },
	{ "final: short", PGAUTH_FINAL, FINAL, TEXT_INIT("v=QUJD"), PGAUTH_FORM },
	{ "final: not base64", PGAUTH_FINAL, FINAL,
			TEXT_INIT("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4!"), PGAUTH_FORM },
	{ "final: 33 bytes", PGAUTH_FINAL, FINAL,
			TEXT_INIT("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5B"), PGAUTH_FORM },
	{ "final: wrong in its last bit", PGAUTH_FINAL, FINAL,
			TEXT_INIT("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G8="),
			PGAUTH_SIGNATURE },
	{ "final: wrong in its first bit", PGAUTH_FINAL, FINAL,
			TEXT_INIT("v=arriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="),
			PGAUTH_SIGNATURE },
	{ "final: ',' behind", PGAUTH_FINAL, FINAL,
			TEXT_INIT("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=,"), PGAUTH_FORM },
	{ "final: another attribute", PGAUTH_FINAL, FINAL, TEXT_INIT("x=y"), PGAUTH_FORM },
	{ "final: an error", PGAUTH_FINAL, FINAL, TEXT_INIT("e=invalid-proof"),
			PGAUTH_SERVER_ERROR },
	{ "final: an error and more", PGAUTH_FINAL, FINAL, TEXT_INIT("e=other-error,x=y"),
			PGAUTH_SERVER_ERROR },
	{ "final: an empty error", PGAUTH_FINAL, FINAL, TEXT_INIT("e="), PGAUTH_FORM },
	{ "final: an error out of place", PGAUTH_FIRST, FINAL, TEXT_INIT("e=x"), PGAUTH_ORDER },
	{ "final twice", PGAUTH_PROVEN, FINAL,
			TEXT_INIT("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), PGAUTH_ORDER },
	{ "an offer after all", PGAUTH_PROVEN, SASL, TEXT_INIT(SCRAM "\0"), PGAUTH_ORDER },
};

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const uint64_t before = stats.answers[rows[i].reason];
		static struct login l;

		login_init(&l, -1);
		go_to(&l, rows[i].state);
		expect_refused(&l, take(&l, rows[i].request, rows[i].rest), rows[i].reason);
		if (stats.answers[rows[i].reason] != before + 1)
			printf("\n  in row '%s'", rows[i].name);
		CU_ASSERT_EQUAL(stats.answers[rows[i].reason], before + 1);
	}
}

/* After the password is sent, and before there is a whole request. */
static void test_order(void)
{
	static struct login l;

	login_init(&l, 32);
	CU_ASSERT_EQUAL(take(&l, CLEAR, TEXT("")), PGAUTH_SEND);
	expect_refused(&l, take(&l, CLEAR, TEXT("")), PGAUTH_ORDER);
	login_init(&l, 32);
	CU_ASSERT_EQUAL(take(&l, MD5, TEXT("abcd")), PGAUTH_SEND);
	expect_refused(&l, take(&l, SASL, TEXT(SCRAM "\0")), PGAUTH_ORDER);
	login_init(&l, 32);
	expect_refused(&l, pgauth_take(&l.auth, TEXT("\0\0\0"), &l.out), PGAUTH_FORM);
	login_init(&l, 32);
	expect_refused(&l, pgauth_take(&l.auth, TEXT(""), &l.out), PGAUTH_FORM);
}

/* Found by fuzz_pgauth: it was refused, with the reason OK. */
static void test_asks_after_the_end(void)
{
	static struct login l;

	login_init(&l, -1);
	go_to(&l, PGAUTH_PROVEN);
	CU_ASSERT_EQUAL(take(&l, OK, TEXT("")), PGAUTH_DONE);
	expect_refused(&l, take(&l, OK, TEXT("")), PGAUTH_ORDER);
	login_init(&l, -1);
	CU_ASSERT_EQUAL(take(&l, OK, TEXT("")), PGAUTH_DONE);
	expect_refused(&l, take(&l, MD5, TEXT("abcd")), PGAUTH_ORDER);
}

static void test_binding_required(void)
{
	static const struct row all[] = {
		{ "nothing asked", 0, OK, TEXT_INIT(""), PGAUTH_BINDING_REQUIRED },
		{ "cleartext", 0, CLEAR, TEXT_INIT(""), PGAUTH_BINDING_REQUIRED },
		{ "md5", 0, MD5, TEXT_INIT("abcd"), PGAUTH_BINDING_REQUIRED },
		{ "not offered", 0, SASL, TEXT_INIT(SCRAM "\0"), PGAUTH_BINDING_REQUIRED },
	};
	static struct login l;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		login_init(&l, 32);
		l.conf.binding_required = true;
		expect_refused(&l, take(&l, all[i].request, all[i].rest), all[i].reason);
	}
	login_init(&l, 0); /* the server could, the certificate has no hash */
	l.conf.binding_required = true;
	expect_refused(&l, take(&l, SASL, TEXT(PLUS SCRAM "\0")), PGAUTH_BINDING_REQUIRED);
	login_init(&l, 0);
	expect_refused(&l, take(&l, SASL, TEXT(PLUS "\0")), PGAUTH_MECHANISM);
}

/* 'y' says that the server seemed unable; it says that it is able: somebody took it from the offer.
 * */
static void test_downgrade(void)
{
	static struct login l;

	login_init(&l, 32);
	go_to(&l, PGAUTH_FINAL);
	CU_ASSERT_EQUAL(l.auth.gs2_flag, 'y');
	expect_refused(&l, take(&l, FINAL, TEXT("e=server-does-support-channel-binding")),
			PGAUTH_DOWNGRADED);
	CU_ASSERT_STRING_EQUAL(l.auth.server_error, "server-does-support-channel-binding");
	login_init(&l, -1); /* 'n': it makes no sense, but is no downgrade */
	go_to(&l, PGAUTH_FINAL);
	expect_refused(&l, take(&l, FINAL, TEXT("e=server-does-support-channel-binding")),
			PGAUTH_SERVER_ERROR);
}

static void test_server_error_is_printable(void)
{
	static struct login l;

	login_init(&l, -1);
	go_to(&l, PGAUTH_FINAL);
	expect_refused(&l, take(&l, FINAL, TEXT("e=a\033[0m\n\377" LONG256)), PGAUTH_SERVER_ERROR);
	CU_ASSERT_EQUAL(strncmp(l.auth.server_error, "a?[0m??AAAA", 11), 0);
	CU_ASSERT_EQUAL(strlen(l.auth.server_error), PGAUTH_ERROR_MAX - 1);
}

/* Optional extensions are ignored but signed; few iterations are allowed but counted. */
static void test_allowed(void)
{
	const uint64_t weak = stats.weak_iterations;
	static struct login l;

	login_init(&l, -1);
	go_to(&l, PGAUTH_FIRST);
	CU_ASSERT_EQUAL(take(&l, CONTINUE, TEXT(R SALT ",i=4096,x=y,Z=\303\244")),
			PGAUTH_NEED_SALTED);
	login_init(&l, -1);
	go_to(&l, PGAUTH_FIRST);
	CU_ASSERT_EQUAL(take(&l, CONTINUE, TEXT(R SALT ",i=10000000")), PGAUTH_NEED_SALTED);
	CU_ASSERT_EQUAL(l.auth.iterations, 10000000);
	CU_ASSERT_EQUAL(stats.weak_iterations, weak);
	login_init(&l, -1);
	go_to(&l, PGAUTH_FIRST);
	CU_ASSERT_EQUAL(take(&l, CONTINUE, TEXT(R SALT ",i=1")), PGAUTH_NEED_SALTED);
	CU_ASSERT_EQUAL(stats.weak_iterations, weak + 1);
	CU_ASSERT_EQUAL(salted(&l), PGAUTH_SEND);
	expect_sent(&l, TEXT("c=biws,r=" SNONCE ",p=0HpZtX/KXXa0ywYK4tj43Y2SHpuAk6sib0z2ZmNk22Y="));
}

/* The largest server-first-message that is taken: the answer has its nonce in it. */
static void test_largest_nonce(void)
{
	static char text[PGAUTH_BODY_MAX];
	const size_t tail = strlen("," SALT ",i=4096");
	static struct login l;
	size_t n;

	for (n = 100; n + tail <= PGAUTH_BODY_MAX - 4; n++) {
		memset(text, 'x', sizeof(text));
		memcpy(text, "r=" CNONCE, strlen("r=" CNONCE));
		memcpy(text + n, "," SALT ",i=4096", tail);
		login_init(&l, 64);
		CU_ASSERT_EQUAL_FATAL(take(&l, SASL, TEXT(PLUS "\0")), PGAUTH_SEND);
		if (take(&l, CONTINUE, (struct span){ (uint8_t *)text, n + tail }) !=
						PGAUTH_NEED_SALTED ||
				pgauth_salted(&l.auth, (const uint8_t[SALTED_BYTES]){ 0 },
						&l.out) != PGAUTH_SEND)
			break;
		n += 50;
	}
	CU_ASSERT_TRUE(n > 1000);
	expect_refused(&l, PGAUTH_REFUSED, PGAUTH_FORM);
}

static void test_reasons(void)
{
	CU_ASSERT_STRING_EQUAL(pgauth_reason_name(PGAUTH_SERVER_ERROR), "server_error");
	CU_ASSERT_STRING_EQUAL(pgauth_reason_text(PGAUTH_OK), "logged in");
	CU_ASSERT_STRING_EQUAL(pgauth_reason_name(PGAUTH_REASONS), "-");
	CU_ASSERT_STRING_EQUAL(pgauth_reason_text(PGAUTH_REASONS), "-");
}

/* A self-signed certificate, DER. */
static int certificate(const char *type, const EVP_MD *md, uint8_t **ret_der)
{
	EVP_PKEY *key = strcmp(type, "RSA") == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, type, (size_t)2048)
			: strcmp(type, "EC") == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, type, "P-256")
						  : EVP_PKEY_Q_keygen(NULL, NULL, type);
	X509 *x = X509_new();
	int len;

	X509_set_pubkey(x, key);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	CU_ASSERT_TRUE_FATAL(X509_sign(x, key, md) > 0);
	*ret_der = NULL;
	len = i2d_X509(x, ret_der);
	X509_free(x);
	EVP_PKEY_free(key);
	return len;
}

static void test_binding(void)
{
	const struct {
		const char *type;
		const EVP_MD *md, *want; /* NULL: no binding */
	} all[] = { { "RSA", EVP_sha256(), EVP_sha256() }, { "RSA", EVP_sha512(), EVP_sha512() },
		{ "EC", EVP_sha384(), EVP_sha384() }, { "RSA", EVP_sha1(), EVP_sha256() },
		{ "ED25519", NULL, NULL } };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		uint8_t *der, got[PGAUTH_BINDING_MAX], want[PGAUTH_BINDING_MAX];
		int len = certificate(all[i].type, all[i].md, &der);
		size_t n = 0;

		CU_ASSERT_EQUAL(pgauth_binding_of((struct span){ der, (size_t)len }, got, &n),
				all[i].want == NULL ? -ENOTSUP : 0);
		if (all[i].want != NULL) {
			CU_ASSERT_EQUAL(EVP_Digest(der, (size_t)len, want, NULL, all[i].want, NULL),
					1);
			CU_ASSERT_EQUAL_FATAL(n, (size_t)EVP_MD_get_size(all[i].want));
			CU_ASSERT_EQUAL(memcmp(got, want, n), 0);
		}
		CU_ASSERT_EQUAL(pgauth_binding_of((struct span){ der, (size_t)len - 1 }, got, &n),
				-EBADMSG);
		OPENSSL_free(der);
	}
	CU_ASSERT_EQUAL(pgauth_binding_of(
					TEXT("no certificate"), (uint8_t[64]){ 0 }, &(size_t){ 0 }),
			-EBADMSG);
}

int main(void)
{
	CU_pSuite s;
	unsigned int n_failed;

	credential = credential_of("user", "pencil");
	CU_initialize_registry();
	s = CU_add_suite("pgauth", NULL, NULL);
	CU_add_test(s, "whole exchanges", test_exchanges);
	CU_add_test(s, "its own nonce", test_own_nonce);
	CU_add_test(s, "md5", test_md5);
	CU_add_test(s, "cleartext", test_cleartext);
	CU_add_test(s, "TLS that is not verified", test_not_verified);
	CU_add_test(s, "raw and prepared", test_raw_and_prepared);
	CU_add_test(s, "asked for nothing", test_asked_nothing);
	CU_add_test(s, "a certificate alone", test_certificate_alone);
	CU_add_test(s, "everything wrong", test_rows);
	CU_add_test(s, "order", test_order);
	CU_add_test(s, "asks after the end", test_asks_after_the_end);
	CU_add_test(s, "binding required", test_binding_required);
	CU_add_test(s, "downgrade", test_downgrade);
	CU_add_test(s, "a server's error is printable", test_server_error_is_printable);
	CU_add_test(s, "allowed", test_allowed);
	CU_add_test(s, "largest nonce", test_largest_nonce);
	CU_add_test(s, "reasons", test_reasons);
	CU_add_test(s, "tls-server-end-point", test_binding);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	n_failed = CU_get_number_of_failures();
	CU_cleanup_registry();
	credential_free(&credential);
	return n_failed == 0 ? 0 : 1;
}
