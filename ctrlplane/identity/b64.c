/* SPDX-License-Identifier: Apache-2.0
 * base64url, strictly: no padding, no white space, no bits that are not used. Each value has one
 * text, so that no token has a second spelling with another hash. */
#include "ctrlplane/identity/identity_priv.h"

static int digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

ssize_t b64url_decode(struct span in, uint8_t *out)
{
	uint32_t bits = 0;
	unsigned int n_bits = 0;
	size_t n = 0;

	if (in.len % 4 == 1)
		return -1;
	for (size_t i = 0; i < in.len; i++) {
		const int d = digit(in.ptr[i]);

		if (d < 0)
			return -1;
		bits = (bits << 6 | (uint32_t)d) & 0xfff;
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			out[n++] = (uint8_t)(bits >> n_bits);
		}
	}
	return (bits & ((1u << n_bits) - 1)) == 0 ? (ssize_t)n : -1;
}
