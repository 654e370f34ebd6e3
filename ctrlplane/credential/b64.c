/* SPDX-License-Identifier: Apache-2.0
 * base64 as SCRAM has it (RFC 5802 5.1), by OpenSSL; strict by encoding again what was decoded. */
#include "ctrlplane/credential/credential_priv.h"

#include <openssl/evp.h>

#include <string.h>

enum { DECODED_MAX = 384, TEXT_MAX = DECODED_MAX / 3 * 4 };

size_t b64_encode(struct span in, char *out)
{
	return (size_t)EVP_EncodeBlock((unsigned char *)out, in.ptr, (int)in.len);
}

static size_t padding(struct span in)
{
	size_t n = 0;

	while (n < 2 && n < in.len && in.ptr[in.len - 1 - n] == '=')
		n++;
	return n;
}

ssize_t b64_decode(struct span in, uint8_t *out, size_t room)
{
	uint8_t bytes[DECODED_MAX];
	char again[TEXT_MAX + 1];
	size_t len;

	if (in.len % 4 != 0 || in.len > TEXT_MAX)
		return -1;
	if (in.len == 0)
		return 0;
	if (EVP_DecodeBlock(bytes, in.ptr, (int)in.len) != (int)(in.len / 4 * 3))
		return -1; /* it skips blanks at both ends */
	len = in.len / 4 * 3 - padding(in);
	if (len > room || b64_encode((struct span){ bytes, len }, again) != in.len ||
			memcmp(again, in.ptr, in.len) != 0)
		return -1;
	memcpy(out, bytes, len);
	return (ssize_t)len;
}
