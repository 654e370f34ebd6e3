/* SPDX-License-Identifier: Apache-2.0
 * Validators of what is no identity number: cards, accounts, addresses, tokens, secrets. */
#include "ruleset/scan/valid_priv.h"

#include <math.h>
#include <string.h>

bool valid_luhn(struct span match)
{
	uint8_t d[VALID_MAX];
	const uint32_t n = valid_all_digits(match, d);

	return n >= 12 && n <= 19 && valid_luhn_of(d, n);
}

/* SWIFT's IBAN registry: country and length. */
static const char iban_lengths[] =
		"AD24AE23AL28AT20AZ28BA20BE16BG22BH22BR29BY28CH21CR22CY28CZ24DE22"
		"DK18DO28EE20EG29ES24FI18FO18FR27GB22GE22GI23GL18GR27GT28HR21HU28"
		"IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27"
		"MD24ME22MK19MR27MT31MU30NL18NO15PK24PL28PS29PT25QA29RO24RS22SA24"
		"SC31SD18SE24SI19SK24SM27ST25SV28TL23TN24TR26UA29VA22VG24XK20";

static bool is_iban_length(const uint8_t *country, uint32_t n)
{
	for (const char *p = iban_lengths; *p != 0; p += 4) {
		if (memcmp(p, country, 2) == 0)
			return n == valid_number((const uint8_t *)p + 2, 2);
	}
	return false;
}

static uint32_t iban_mod(const uint8_t *chars, uint32_t n)
{
	uint32_t mod = 0;

	for (uint32_t i = 0; i < n; i++) {
		const uint8_t c = chars[(i + 4) % n];

		mod = valid_is_digit(c) ? (mod * 10 + c - '0') % 97
					: (mod * 100 + c - 'A' + 10) % 97;
	}
	return mod;
}

bool valid_iban(struct span match)
{
	uint8_t chars[VALID_MAX];
	uint32_t n = 0;

	for (size_t i = 0; i < match.len; i++) {
		if (!valid_is_digit(match.ptr[i]) && !valid_is_letter(match.ptr[i]))
			continue;
		if (n == VALID_MAX)
			return false;
		chars[n++] = valid_upper(match.ptr[i]);
	}
	return n > 4 && is_iban_length(chars, n) && iban_mod(chars, n) == 1;
}

/* SSA: areas 000, 666 and 900-999 do not exist, nor group 00 and serial 0000; two numbers of
 * advertisements were withdrawn. */
bool valid_us_ssn(struct span match)
{
	uint8_t d[VALID_MAX];
	uint32_t area, group, serial;

	if (!valid_digits(match, 9, d))
		return false;
	area = d[0] * 100U + valid_two(d, 1);
	group = valid_two(d, 3);
	serial = valid_two(d, 5) * 100 + valid_two(d, 7);
	if (area == 0 || area == 666 || area >= 900 || group == 0 || serial == 0)
		return false;
	return !(area == 78 && group == 5 && serial == 1120) &&
			!(area == 219 && group == 9 && serial == 9999);
}

static int base64url(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' || c == '+' ? 62 : c == '_' || c == '/' ? 63 : -1;
}

enum { JWT_HEADER_MAX = 384 };

/* Bytes of the part of <text> before its first dot, at most JWT_HEADER_MAX. */
static size_t jwt_header(struct span text, char *ret)
{
	uint32_t bits = 0, n_bits = 0;
	size_t n = 0;

	for (size_t i = 0; i < text.len && text.ptr[i] != '.' && n < JWT_HEADER_MAX; i++) {
		const int value = base64url(text.ptr[i]);

		if (value < 0)
			return 0;
		bits = (bits << 6 | (uint32_t)value) & 0xffffff;
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			ret[n++] = (char)(bits >> n_bits & 0xff);
		}
	}
	return n;
}

bool valid_jwt(struct span match)
{
	char header[JWT_HEADER_MAX];
	struct span token = match;
	size_t n;

	while (token.len > 3 && memcmp(token.ptr, "eyJ", 3) != 0) {
		token.ptr++;
		token.len--;
	}
	n = jwt_header(token, header);
	return n > 2 && header[0] == '{' && memmem(header, n, "\"alg\"", 5) != NULL;
}

/* The last word of an assignment: without quotes, up to what stands between name and value. */
static struct span secret_of(struct span match)
{
	static const char stops[] = " \t\r\n\"'`=:>,;(";
	size_t end = match.len, from;

	while (end > 0 && strchr("\"'`,; \t\r\n", match.ptr[end - 1]) != NULL)
		end--;
	for (from = end; from > 0; from--) {
		const uint8_t c = match.ptr[from - 1];

		/* base64 may end in = */
		if (c == 0 || (strchr(stops, c) != NULL && !(c == '=' && from + 2 > end)))
			break;
	}
	return (struct span){ match.ptr + from, end - from };
}

static bool holds_word(struct span text, const char *word)
{
	const size_t n = strlen(word);

	for (size_t i = 0; i + n <= text.len; i++) {
		size_t k = 0;

		while (k < n && valid_upper(text.ptr[i + k]) == (uint8_t)word[k])
			k++;
		if (k == n)
			return true;
	}
	return false;
}

static bool is_placeholder(struct span text)
{
	static const char *const words[] = { "EXAMPLE", "CHANGEME", "CHANGE_ME", "CHANGE-ME",
		"XXXX", "PLACEHOLDER", "REDACTED", "YOUR", "INSERT", "DUMMY", "SAMPLE", "PASSWORD",
		"****", "1234567890", "ABCDEF", "NULL", "UNDEFINED", "<", "{", "%(", "$(" };

	for (size_t i = 0; i < N_OF(words); i++) {
		if (holds_word(text, words[i]))
			return true;
	}
	return false;
}

enum { LOWER = 1, UPPER = 2, DIGIT = 4, OTHER = 8 };

static uint32_t class_of(uint8_t c)
{
	if (valid_is_digit(c))
		return DIGIT;
	if (c >= 'a' && c <= 'z')
		return LOWER;
	return c >= 'A' && c <= 'Z' ? UPPER : OTHER;
}

/* Shannon's entropy of its own characters, in bits a character; and the classes it has. */
static double entropy_of(struct span text, uint32_t *ret_classes)
{
	uint16_t counts[256] = { 0 };
	double bits = 0;

	*ret_classes = 0;
	for (size_t i = 0; i < text.len; i++) {
		counts[text.ptr[i]]++;
		*ret_classes |= class_of(text.ptr[i]);
	}
	for (size_t i = 0; i < N_OF(counts); i++) {
		const double p = (double)counts[i] / (double)text.len;

		if (counts[i] > 0)
			bits -= p * log2(p);
	}
	return bits;
}

/* What a person or a machine chose as a secret: long enough for its alphabet, of more than one class
 * with a digit or a sign among them, and nothing that documentation writes in its place. */
bool valid_entropy(struct span match)
{
	const struct span s = secret_of(match);
	uint32_t classes;
	double bits;

	if (s.len < 8 || s.len > 1024 || is_placeholder(s))
		return false;
	bits = entropy_of(s, &classes);
	if ((classes & (DIGIT | OTHER)) == 0 || (classes & (LOWER | UPPER)) == 0)
		return false;
	return bits >= (s.len < 12 ? 2.5 : s.len < 20 ? 2.9 : 3.1);
}

/* Lenient on the left of @ (a sender may have any of it), strict on the right. */
bool valid_email(struct span match)
{
	static const char *const files[] = { "png", "jpg", "jpeg", "gif", "svg", "webp", "css",
		"js", "ico", "pdf" };
	const uint8_t *at = memchr(match.ptr, '@', match.len), *dot;
	size_t local, n;

	if (at == NULL || match.len > 320)
		return false;
	local = (size_t)(at - match.ptr);
	dot = memrchr(match.ptr, '.', match.len);
	if (local == 0 || local > 64 || dot < at)
		return false;
	n = match.len - (size_t)(dot + 1 - match.ptr);
	for (size_t i = 0; i < N_OF(files); i++) {
		if (strlen(files[i]) == n && memcmp(dot + 1, files[i], n) == 0)
			return false;
	}
	return true;
}

/* ITU E.164 assigned country codes; those of one digit (1 and 7) are told by it. */
static bool is_country_code(const uint8_t *d)
{
	static const char two[] =
			"20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 "
			"55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98";
	const char code[] = { (char)('0' + d[0]), (char)('0' + d[1]), 0 };

	if (d[0] == 1 || d[0] == 7 || strstr(two, code) != NULL)
		return true;
	return strchr("2345689", code[0]) != NULL &&
			strstr("21 22 23 24 25 26 29 35 37 38 42 50 59 67 "
			       "68 69 80 85 87 88 96 97 99",
					code) != NULL;
}

bool valid_phone(struct span match)
{
	uint8_t d[VALID_MAX];
	const uint32_t n = valid_all_digits(match, d);

	if (n < 8 || n > 15 || !is_country_code(d))
		return false;
	if (d[0] == 1) /* North American numbering: +1 NXX NXX XXXX */
		return n == 11 && d[1] >= 2 && d[4] >= 2;
	return d[0] != 7 || n == 11;
}
