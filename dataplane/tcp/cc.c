/* SPDX-License-Identifier: Apache-2.0
 * CUBIC (RFC 9438), and NewReno (RFC 5681, 6582) for tests. At LAN delays CUBIC runs in its
 * Reno-friendly region; over a long path it regrows in seconds where Reno would need minutes. */
#include "dataplane/tcp/relay_priv.h"

/* cubic's use of endpoint.cc[] */
enum { W_MAX, EPOCH_MS, W_EST, K_MS, W_REST };

static uint32_t initial_window(const struct endpoint *x)
{
	const uint32_t ten = 10U * x->tx.mss; /* RFC 6928 */
	const uint32_t least = 2U * x->tx.mss > 14600 ? 2U * x->tx.mss : 14600;

	return ten < least ? ten : least;
}

static uint32_t at_least_two(const struct endpoint *x, uint32_t w)
{
	return w > 2U * x->tx.mss ? w : 2U * x->tx.mss;
}

static void reno_init(struct endpoint *x)
{
	x->rec.cwnd = initial_window(x);
	x->rec.ssthresh = UINT32_MAX / 4;
	for (unsigned int i = 0; i < sizeof(x->rec.cc) / sizeof(x->rec.cc[0]); i++)
		x->rec.cc[i] = 0;
}

static void reno_idle(struct endpoint *x)
{
	const uint32_t iw = initial_window(x);

	if (x->rec.cwnd > iw)
		x->rec.cwnd = iw;
	x->rec.cc[EPOCH_MS] = 0;
}

/* RFC 3465 with L bounded by what was acknowledged. Returns what slow start left over. */
static uint32_t slow_start(struct endpoint *x, uint32_t acked)
{
	const uint32_t room = x->rec.cwnd < x->rec.ssthresh ? x->rec.ssthresh - x->rec.cwnd : 0;
	const uint32_t step = acked < room ? acked : room;

	x->rec.cwnd += step;
	return acked - step;
}

static void reno_ack(struct endpoint *x, uint32_t acked, uint32_t now_ms)
{
	(void)now_ms;
	acked = slow_start(x, acked);
	x->rec.cc[W_REST] += acked;
	if (x->rec.cc[W_REST] >= x->rec.cwnd) {
		x->rec.cc[W_REST] -= x->rec.cwnd;
		x->rec.cwnd += x->tx.mss;
	}
}

static void reno_loss(struct endpoint *x, uint32_t now_ms)
{
	(void)now_ms;
	x->rec.ssthresh =
			at_least_two(x, (x->tx.pipe < x->rec.cwnd ? x->tx.pipe : x->rec.cwnd) / 2);
}

/* Integer cube root: 22 rounds, so no libm for one call a loss event. */
static uint32_t cube_root(uint64_t v)
{
	uint64_t root = 0;

	for (uint64_t bit = 1ULL << 21; bit != 0; bit >>= 1) {
		const uint64_t t = root | bit;

		if (t * t * t <= v)
			root = t;
	}
	return (uint32_t)root;
}

static void cubic_epoch(struct endpoint *x, uint32_t now_ms)
{
	x->rec.cc[EPOCH_MS] = now_ms | 1;
	x->rec.cc[W_EST] = x->rec.cwnd;
	if (x->rec.cwnd < x->rec.cc[W_MAX]) {
		const uint64_t missing = x->rec.cc[W_MAX] - x->rec.cwnd;

		/* K = cbrt(missing segments / 0.4) seconds (RFC 9438 4.2), in milliseconds */
		x->rec.cc[K_MS] = cube_root(missing * 2500000000ULL / x->tx.mss);
	} else {
		x->rec.cc[K_MS] = 0;
		x->rec.cc[W_MAX] = x->rec.cwnd;
	}
}

static void cubic_ack(struct endpoint *x, uint32_t acked, uint32_t now_ms)
{
	double t, target, est;

	acked = slow_start(x, acked);
	if (acked == 0)
		return;
	if (x->rec.cc[EPOCH_MS] == 0)
		cubic_epoch(x, now_ms);
	t = ((double)(int32_t)(now_ms - x->rec.cc[EPOCH_MS]) + x->rec.srtt_us / 1000.0 -
			    x->rec.cc[K_MS]) /
			1000.0;
	target = x->rec.cc[W_MAX] + 0.4 * t * t * t * x->tx.mss;
	if (target < x->rec.cwnd)
		target = x->rec.cwnd;
	if (target > 1.5 * x->rec.cwnd)
		target = 1.5 * x->rec.cwnd;
	/* the Reno-friendly region (RFC 9438 4.3), alpha 0.53 until W_MAX is reached again */
	est = x->rec.cc[W_EST] +
			(x->rec.cc[W_EST] < x->rec.cc[W_MAX] ? 0.5294 : 1.0) * acked * x->tx.mss /
					x->rec.cwnd;
	x->rec.cc[W_EST] = (uint32_t)est;
	if (est > target)
		x->rec.cwnd = (uint32_t)est > x->rec.cwnd ? (uint32_t)est : x->rec.cwnd;
	else
		x->rec.cwnd += (uint32_t)((target - x->rec.cwnd) * acked / x->rec.cwnd);
}

static void cubic_loss(struct endpoint *x, uint32_t now_ms)
{
	(void)now_ms;
	/* fast convergence (RFC 9438 4.7) */
	x->rec.cc[W_MAX] = x->rec.cwnd < x->rec.cc[W_MAX] ? (uint32_t)(x->rec.cwnd * 0.85)
							  : x->rec.cwnd;
	x->rec.cc[EPOCH_MS] = 0;
	x->rec.ssthresh = at_least_two(x, (uint32_t)(x->rec.cwnd * 0.7));
}

const struct cc cc_cubic = {
	.name = "cubic",
	.init = reno_init,
	.ack = cubic_ack,
	.loss = cubic_loss,
	.idle = reno_idle,
};

const struct cc cc_reno = {
	.name = "reno",
	.init = reno_init,
	.ack = reno_ack,
	.loss = reno_loss,
	.idle = reno_idle,
};
