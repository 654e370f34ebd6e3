/* SPDX-License-Identifier: Apache-2.0
 * See tool.h. */
#include "tests/unit/mask/tool.h"

#include "parsers/base/must.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct mask tool_redact = { .kind = MASK_REDACT }, tool_null = { .kind = MASK_NULL },
		  tool_year = { .kind = MASK_DATE_TO_YEAR },
		  tool_pseudonym = { .kind = MASK_PSEUDONYM };

static struct mask_key key;
static struct masker masker;
static uint8_t scratch[TOOL_ROOM], out[TOOL_ROOM + 1];

struct mask tool_keep_first(uint32_t n)
{
	return (struct mask){ .kind = MASK_KEEP_FIRST, .keep = n };
}

struct mask tool_keep_last(uint32_t n)
{
	return (struct mask){ .kind = MASK_KEEP_LAST, .keep = n };
}

struct mask tool_fixed(const char *text)
{
	return (struct mask){ .kind = MASK_FIXED, .fixed = tool_span(text) };
}

struct mask tool_noise(double ratio)
{
	return (struct mask){ .kind = MASK_NOISE, .ratio = ratio };
}

struct span tool_span(const char *text)
{
	return (struct span){ (const uint8_t *)text, strlen(text) };
}

void tool_rekey(const char *secret)
{
	must(mask_key_init(&key, tool_span(secret)) == 0);
}

struct masker *tool_masker(void)
{
	if (masker.crypto != NULL)
		return &masker;
	masker = (struct masker){
		.key = &key, .crypto = mask_crypto_new(), .scratch = ob_of(scratch, sizeof(scratch))
	};
	must(masker.crypto != NULL);
	tool_rekey("a secret of the tests, not of anyone");
	return &masker;
}

const uint8_t *tool_value(const struct mask *mask, struct mask_input in, int *ret_len)
{
	struct outbuf o = ob_of(out, TOOL_ROOM);
	uint8_t *exact = malloc(in.bytes.len > 0 ? in.bytes.len : 1);
	int rc;

	must(exact != NULL);
	if (in.bytes.len > 0)
		memcpy(exact, in.bytes.ptr, in.bytes.len);
	in.bytes.ptr = exact;
	rc = mask_value(tool_masker(), mask, &in, &o);
	free(exact);
	must(rc == MASK_OK || o.len == 0);
	must(masker.scratch.len == 0 && !masker.scratch.full);
	*ret_len = rc == MASK_OK ? (int)o.len : rc == MASK_NULLED ? -1 : rc;
	out[o.len] = '\0';
	return out;
}

static const char *word_of(int rc)
{
	switch (rc) {
	case -1:
		return "<null>";
	case -EBADMSG:
		return "<badmsg>";
	case -ENOBUFS:
		return "<nobufs>";
	case -E2BIG:
		return "<2big>";
	case -EINVAL:
		return "<inval>";
	default:
		return "<error>";
	}
}

const char *tool_input(const struct mask *mask, struct mask_input in)
{
	int len;
	const uint8_t *bytes = tool_value(mask, in, &len);

	return len < 0 ? word_of(len) : (const char *)bytes;
}

const char *tool_text(const struct mask *mask, uint32_t oid, const char *text)
{
	return tool_input(mask,
			(struct mask_input){ .type = oid,
					.bytes = tool_span(text),
					.part = MASK_WHOLE });
}

static size_t unhex(const char *hex, uint8_t *to)
{
	size_t n = 0;
	char two[3] = { 0 };

	for (; *hex != '\0'; hex++) {
		if (*hex == ' ')
			continue;
		two[0] = *hex++;
		two[1] = *hex;
		to[n++] = (uint8_t)strtoul(two, NULL, 16);
	}
	return n;
}

const char *tool_binary(const struct mask *mask, uint32_t oid, const char *hex)
{
	static const char digits[] = "0123456789abcdef";
	static uint8_t in[4096];
	static char text[8192];
	int len;
	const size_t n = unhex(hex, in);
	const uint8_t *bytes = tool_value(
			mask, (struct mask_input){ oid, 1, { in, n }, MASK_WHOLE, NULL }, &len);

	if (len < 0)
		return word_of(len);
	must(len < 4096);
	for (int i = 0; i < len; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	text[2 * len] = '\0';
	return text;
}

bool tool_is(const char *row, const char *is, const char *wanted)
{
	if (strcmp(is, wanted) == 0)
		return true;
	printf("\n    %s: is %s, wanted %s", row, is, wanted);
	return false;
}
