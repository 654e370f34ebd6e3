/* SPDX-License-Identifier: Apache-2.0
 * What a port says of itself. Plain values: no DPDK in this header. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* As its driver counts; what a driver does not count stays 0. */
struct port_stats {
	char driver[32]; /* "net_af_packet" */
	uint8_t mac[6];
	uint16_t mtu;
	uint16_t rx_queues, tx_queues;
	bool link_up;
	uint32_t link_mbps; /* 0: unknown */
	uint64_t link_changes;
	uint64_t rx_frames, rx_bytes, tx_frames, tx_bytes;
	uint64_t rx_missed;    /* imissed: the queue was full, the worker too slow */
	uint64_t rx_no_buffer; /* rx_nombuf: the receive pool was empty */
	uint64_t rx_errors, tx_errors;
};
