/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/script_parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t script_duration_us(const char *text)
{
	static const struct {
		const char *unit;
		uint64_t us;
	} units[] = { { "us", 1 }, { "ms", 1000 }, { "s", 1000000 }, { "m", 60000000 },
		{ "h", 3600000000ull } };

	char *end;
	const uint64_t n = strtoull(text, &end, 10);

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(end, units[i].unit) == 0)
			return n * units[i].us;
	return n;
}

/* The next word of *at, without blanks around it; moves *at on. "" at the end. */
static void next_word(const char **at, char *out, size_t size)
{
	size_t n;

	*at += strspn(*at, " \t");
	n = strcspn(*at, " \t");
	snprintf(out, size, "%.*s", (int)n, *at);
	*at += n;
}

static bool parse_flags(const char *w, uint8_t *ret)
{
	static const char name[] = "FSRP.UEW";

	*ret = 0;
	if (strcmp(w, "-") == 0)
		return true;
	for (; *w != '\0'; w++) {
		const char *p = strchr(name, *w);

		if (p == NULL)
			return false;
		*ret |= (uint8_t)(1u << (p - name));
	}
	return true;
}

/* raw 01ff..: option bytes as they are. */
static bool parse_raw(const char *hex, struct sframe *p)
{
	for (; hex[0] != '\0' && hex[1] != '\0' && p->raw_len < sizeof(p->raw); hex += 2) {
		unsigned int v;

		if (sscanf(hex, "%2x", &v) != 1)
			return false;
		p->raw[p->raw_len++] = (uint8_t)v;
	}
	return true;
}

static void add_raw(struct sframe *p, const uint8_t *b, uint8_t n)
{
	memcpy(p->raw + p->raw_len, b, n);
	p->raw_len = (uint8_t)(p->raw_len + n);
}

static bool parse_flag_opt(const char *w, struct sframe *p)
{
	static const uint8_t tfo[] = { 34, 2, 1, 1 };
	static const uint8_t tfo_cookie[] = { 34, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1 };
	static const uint8_t mptcp[] = { 30, 12, 0, 0x81, 1, 2, 3, 4, 5, 6, 7, 8 };
	static const uint8_t md5[] = { 19, 18, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 1,
		1 };
	static const uint8_t ao[] = { 29, 16, 1, 1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9 };
	static const uint8_t unk[] = { 253, 4, 0xbe, 0xef };

	if (strcmp(w, "sackOK") == 0)
		p->o.sack_ok = true;
	else if (strcmp(w, "tfo") == 0)
		add_raw(p, tfo, sizeof(tfo));
	else if (strcmp(w, "tfocookie") == 0)
		add_raw(p, tfo_cookie, sizeof(tfo_cookie));
	else if (strcmp(w, "mptcp") == 0)
		add_raw(p, mptcp, sizeof(mptcp));
	else if (strcmp(w, "md5") == 0)
		add_raw(p, md5, sizeof(md5));
	else if (strcmp(w, "ao") == 0)
		add_raw(p, ao, sizeof(ao));
	else if (strcmp(w, "unk") == 0)
		add_raw(p, unk, sizeof(unk));
	else
		return false;
	/* what a frame that is expected must show */
	p->o.tfo |= strncmp(w, "tfo", 3) == 0;
	p->o.mptcp |= strcmp(w, "mptcp") == 0;
	p->o.md5 |= strcmp(w, "md5") == 0;
	p->o.ao |= strcmp(w, "ao") == 0;
	p->o.other |= strcmp(w, "unk") == 0;
	return true;
}

static bool parse_opt(const char *w, struct sframe *p)
{
	unsigned int a, b;
	int l, r;

	if (sscanf(w, "mss %u", &a) == 1) {
		p->o.has_mss = true;
		p->o.mss = (uint16_t)a;
	} else if (sscanf(w, "ws %u", &a) == 1) {
		p->o.has_ws = true;
		p->o.ws = (uint8_t)a;
	} else if (sscanf(w, "ts %u/%u", &a, &b) == 2) {
		p->o.has_ts = true;
		p->o.tsval = a;
		p->o.tsecr = b;
	} else if (strcmp(w, "ts") == 0) {
		p->o.has_ts = true;
	} else if (sscanf(w, "sack %d-%d", &l, &r) == 2 && p->o.n_sack < 4) {
		p->o.sack[p->o.n_sack][0] = (uint32_t)l;
		p->o.sack[p->o.n_sack++][1] = (uint32_t)r;
	} else if (strncmp(w, "raw ", 4) == 0) {
		return parse_raw(w + 4, p);
	} else {
		return parse_flag_opt(w, p);
	}
	return true;
}

/* <a,b,c> */
static bool parse_opts(const char **at, struct sframe *p)
{
	char one[120];

	p->has_opts = true;
	for (*at += 1; **at != '>' && **at != '\0';) {
		const size_t n = strcspn(*at, ",>");

		snprintf(one, sizeof(one), "%.*s", (int)n, *at);
		if (!parse_opt(one, p))
			return false;
		*at += n + ((*at)[n] == ',');
	}
	*at += **at == '>';
	return true;
}

static bool parse_text(const char **at, struct sframe *p)
{
	const char *end = strchr(*at + 1, '"');

	if (end == NULL || (size_t)(end - *at - 1) > sizeof(p->text))
		return false;
	p->text_len = (uint32_t)(end - *at - 1);
	memcpy(p->text, *at + 1, p->text_len);
	*at = end + 1;
	return true;
}

static uint32_t next_number(const char **at)
{
	char w[30];

	next_word(at, w, sizeof(w));
	return (uint32_t)strtol(w, NULL, 10);
}

static bool parse_number_word(const char *w, const char **at, struct sframe *p)
{
	if (strcmp(w, "ack") == 0) {
		p->has_ack = true;
		p->ack = (int32_t)next_number(at);
	} else if (strcmp(w, "win") == 0) {
		p->has_wnd = true;
		p->wnd = (uint16_t)next_number(at);
	} else if (strcmp(w, "ttl") == 0) {
		p->has_ttl = true;
		p->ttl = (uint8_t)next_number(at);
	} else if (strcmp(w, "tos") == 0) {
		p->has_tos = true;
		p->tos = (uint8_t)next_number(at);
	} else if (strcmp(w, "mac") == 0) {
		p->has_mac = true;
		p->mac = (uint8_t)next_number(at);
	} else if (strcmp(w, "urg") == 0) {
		p->urg = (uint16_t)next_number(at);
	} else if (strcmp(w, "trunc") == 0) {
		p->has_trunc = true;
		p->trunc = next_number(at);
	} else if (strcmp(w, "dataoff") == 0) {
		p->has_dataoff = true;
		p->dataoff = (uint8_t)next_number(at);
	} else if (strcmp(w, "frag") == 0) {
		p->has_frag = true;
		p->frag_off = next_number(at);
		p->frag_len = next_number(at);
		p->frag_id = next_number(at);
	} else {
		return false;
	}
	return true;
}

static bool parse_word(const char *w, const char **at, struct sframe *p)
{
	if (strcmp(w, "junk") == 0)
		p->junk = true;
	else if (strcmp(w, "badcsum") == 0)
		p->badcsum = true;
	else if (strcmp(w, "badipcsum") == 0)
		p->badipcsum = true;
	else if (strcmp(w, "any") == 0)
		p->any = true;
	else
		return parse_number_word(w, at, p);
	return true;
}

bool script_parse_frame(const char *text, struct sframe *p)
{
	const char *at = text;
	char w[40];
	int end;

	*p = (struct sframe){ 0 };
	if (*at == '+' || *at == '*') {
		p->together = *at == '+';
		p->any_order = *at == '*';
		at++;
	}
	next_word(&at, w, sizeof(w));
	if (!parse_flags(w, &p->flags))
		return false;
	while (*(at += strspn(at, " \t")) != '\0') {
		bool ok;

		if (*at == '<') {
			ok = parse_opts(&at, p);
		} else if (*at == '"') {
			ok = parse_text(&at, p);
		} else {
			next_word(&at, w, sizeof(w));
			if (sscanf(w, "%d:%d(%u)", &p->seq, &end, &p->len) == 3)
				p->has_seq = ok = true;
			else
				ok = parse_word(w, &at, p);
		}
		if (!ok)
			return false;
	}
	if (p->text_len > 0)
		p->len = p->text_len;
	return true;
}
