/* SPDX-License-Identifier: Apache-2.0
 * One port over rte_ethdev. What a driver cannot do is tolerated where the worker loop does not
 * need it (MTU, promiscuous mode), and is an error where it does. */
#include "dataplane/port/port.h"

#include "dataplane/port/eal.h"

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	RX_DESCRIPTORS = 1024,
	TX_DESCRIPTORS = 1024,
	MTU_ORDINARY = 1500,
};

static const uint64_t RSS_TYPES = RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_FRAG_IPV4 |
		RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_IPV6 | RTE_ETH_RSS_FRAG_IPV6 |
		RTE_ETH_RSS_NONFRAG_IPV6_TCP;
static const uint64_t RSS_NEEDED = RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV6_TCP;
static const uint64_t RX_CKSUM = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM;

const uint8_t port_rss_key[PORT_RSS_KEY_MAX] = {
	0x6d,
	0x5a,
	0x6d,
	0x5a,
	0x6d,
	0x5a,
	0x6d,
	0x5a,
	0x6d,
	0x5a,
	0x6d,
	0x5a,
	0x6d,
	0x5a,
	0x6d,
	0x5a,
	0x6d,
	0x5a,
	0x6d,
	0x5a,
	0x6d,
	0x5a,
	0x6d,
	0x5a,
	0x6d,
	0x5a,
	0x6d,
	0x5a,
	0x6d,
	0x5a,
	0x6d,
	0x5a,
	0x6d,
	0x5a,
	0x6d,
	0x5a,
	0x6d,
	0x5a,
	0x6d,
	0x5a,
	0x6d,
	0x5a,
	0x6d,
	0x5a,
	0x6d,
	0x5a,
	0x6d,
	0x5a,
	0x6d,
	0x5a,
	0x6d,
	0x5a,
	0x6d,
	0x5a,
	0x6d,
	0x5a,
	0x6d,
	0x5a,
	0x6d,
	0x5a,
	0x6d,
	0x5a,
	0x6d,
	0x5a,
};

static int pci_missing(const struct port_device *d, struct port_error *e)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", d->name);
	if (access(path, F_OK) != 0)
		return port_error_set(e, -ENODEV,
				"port %s: no such PCI device: `lspci -D` shows what exists",
				d->name);
	return port_error_set(e, -ENODEV,
			"port %s: no DPDK driver took it: `dpdk-devbind.py -b vfio-pci %s`; is the "
			"NIC's DPDK driver installed?",
			d->name, d->name);
}

static int vdev_failed(const struct port_device *d, int rc, struct port_error *e)
{
	const char *said = port_eal_said();

	if (said[0] == '\0')
		said = "its driver gave no reason; is the vdev's name and are its arguments right?";
	return port_error_set(
			e, rc, "port %s: cannot open \"%.100s\": %s", d->name, d->devargs, said);
}

int port_open(struct port *p, const struct port_device *device, struct port_error *e)
{
	int rc;

	*p = (struct port){ .device = *device };
	if (device->driver == PORT_DRIVER_PCI)
		return rte_eth_dev_get_port_by_name(device->name, &p->id) == 0
				? 0
				: pci_missing(device, e);
	(void)port_eal_said();
	rc = rte_dev_probe(device->devargs);
	if (rc == -EEXIST)
		return port_error_set(e, rc, "port %s: named twice: every port needs its own name",
				device->name);
	if (rc < 0)
		return vdev_failed(device, rc, e);
	if (rte_eth_dev_get_port_by_name(device->name, &p->id) != 0)
		return port_error_set(
				e, -ENODEV, "port %s: this vdev is no network port", device->name);
	return 0;
}

uint16_t port_rss_table_size(const struct port *p, uint32_t n_workers)
{
	struct rte_eth_dev_info info;

	if (n_workers < 2 || rte_eth_dev_info_get(p->id, &info) != 0)
		return 0;
	if (info.max_rx_queues < n_workers || info.max_tx_queues < n_workers ||
			(info.flow_type_rss_offloads & RSS_NEEDED) != RSS_NEEDED)
		return 0;
	if (info.hash_key_size > PORT_RSS_KEY_MAX || info.reta_size < n_workers ||
			info.reta_size > PORT_RETA_MAX || !rte_is_power_of_2(info.reta_size))
		return 0;
	return info.reta_size;
}

/* These drivers spread what they receive over all the queues that they were made with; the others
 * use as many as they are asked to. */
uint16_t port_n_queues(const struct port *p)
{
	const char *all[] = { "net_af_packet", "net_af_xdp", "net_pcap", "net_ring" };
	struct rte_eth_dev_info info;

	if (rte_eth_dev_info_get(p->id, &info) != 0 || info.driver_name == NULL)
		return 1;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strcmp(info.driver_name, all[i]) == 0 && info.max_rx_queues > 0)
			return info.max_rx_queues;
	}
	return 1;
}

static int failed(const struct port *p, const char *what, int rc, struct port_error *e)
{
	const char *said = port_eal_said();

	return port_error_set(e, rc, "port %s: %s: %s", p->device.name, what,
			said[0] != '\0' ? said : rte_strerror(-rc));
}

/* What the driver is told. Most software ports know no MTU but 1500, and carry any: only hardware
 * has to agree to more. */
static uint16_t mtu_told(const struct port *p, uint16_t mtu)
{
	return p->device.driver == PORT_DRIVER_PCI || mtu < MTU_ORDINARY ? mtu : MTU_ORDINARY;
}

static int configure(struct port *p, const struct port_queues *q, struct port_error *e)
{
	struct rte_eth_dev_info info;
	struct rte_eth_conf conf = { .rxmode.mtu = mtu_told(p, q->mtu) };
	uint8_t key[PORT_RSS_KEY_MAX]; /* the API takes it writable */
	int rc = rte_eth_dev_info_get(p->id, &info);

	if (rc < 0)
		return failed(p, "no information", rc, e);
	if (q->n_rx > info.max_rx_queues || q->n_tx > info.max_tx_queues)
		return port_error_set(e, -EINVAL,
				"port %s: has %u receive and %u transmit queues, needs %u",
				p->device.name, info.max_rx_queues, info.max_tx_queues, q->n_rx);
	p->rx_cksum = (info.rx_offload_capa & RX_CKSUM) == RX_CKSUM;
	if (p->rx_cksum)
		conf.rxmode.offloads = RX_CKSUM;
	if (info.min_mtu > conf.rxmode.mtu)
		conf.rxmode.mtu = info.min_mtu;
	if (q->rss_pattern > 0) {
		memcpy(key, port_rss_key, sizeof(key));
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf.rss_key = key;
		conf.rx_adv_conf.rss_conf.rss_key_len =
				info.hash_key_size > 0 ? info.hash_key_size : 40;
		conf.rx_adv_conf.rss_conf.rss_hf = RSS_TYPES & info.flow_type_rss_offloads;
	}
	rc = rte_eth_dev_configure(p->id, (uint16_t)q->n_rx, (uint16_t)q->n_tx, &conf);
	if (rc < 0)
		return failed(p, "cannot be configured", q->rss_pattern > 0 ? -ENOTSUP : rc, e);
	p->mtu = q->mtu;
	p->n_rx = (uint16_t)q->n_rx;
	p->n_tx = (uint16_t)q->n_tx;
	p->rss_pattern = q->rss_pattern;
	return 0;
}

/* Ours, or what the driver would rather have if that is more: af_xdp drops what finds its ring of
 * 1024 full, and none at 2048 under the same load. */
static int descriptors(const struct port *p, uint16_t *ret_rx, uint16_t *ret_tx)
{
	struct rte_eth_dev_info info;
	int rc = rte_eth_dev_info_get(p->id, &info);

	if (rc < 0)
		return rc;
	*ret_rx = RTE_MAX(info.default_rxportconf.ring_size, RX_DESCRIPTORS);
	*ret_tx = RTE_MAX(info.default_txportconf.ring_size, TX_DESCRIPTORS);
	return rte_eth_dev_adjust_nb_rx_tx_desc(p->id, ret_rx, ret_tx);
}

static int queues_setup(struct port *p, const struct port_queues *q, struct port_error *e)
{
	uint16_t n_rxd = 0, n_txd = 0;
	int rc = descriptors(p, &n_rxd, &n_txd);

	for (uint16_t i = 0; rc >= 0 && i < p->n_rx; i++)
		rc = rte_eth_rx_queue_setup(
				p->id, i, n_rxd, SOCKET_ID_ANY, NULL, q->pools[i]->pool[PKT_FULL]);
	if (rc < 0)
		return failed(p, "no receive queue", rc, e);
	/* No txconf, no offload: above all no MBUF_FAST_FREE, since we keep references. */
	for (uint16_t i = 0; rc >= 0 && i < p->n_tx; i++)
		rc = rte_eth_tx_queue_setup(p->id, i, n_txd, SOCKET_ID_ANY, NULL);
	return rc < 0 ? failed(p, "no transmit queue", rc, e) : 0;
}

static int reta_set(const struct port *p, struct port_error *e)
{
	struct rte_eth_rss_reta_entry64 reta[PORT_RETA_MAX / RTE_ETH_RETA_GROUP_SIZE];
	struct rte_eth_dev_info info;
	int rc = rte_eth_dev_info_get(p->id, &info);

	memset(reta, 0, sizeof(reta));
	for (uint16_t i = 0; rc == 0 && i < info.reta_size; i++) {
		struct rte_eth_rss_reta_entry64 *group = &reta[i / RTE_ETH_RETA_GROUP_SIZE];

		group->mask |= 1ULL << (i % RTE_ETH_RETA_GROUP_SIZE);
		group->reta[i % RTE_ETH_RETA_GROUP_SIZE] = i % p->rss_pattern % p->n_rx;
	}
	if (rc == 0)
		rc = rte_eth_dev_rss_reta_update(p->id, reta, info.reta_size);
	return rc < 0 ? failed(p, "refuses the RSS table", -ENOTSUP, e) : 0;
}

/* We answer for no address: every frame is ours to carry. Drivers of plain pipes have no such mode
 * and need none. */
static int promiscuous_set(struct port *p, struct port_error *e)
{
	int rc = 0;

	p->promiscuous = !port_device_is_promiscuous(&p->device);
	if (p->promiscuous)
		rc = rte_eth_promiscuous_enable(p->id);
	if (rc < 0)
		p->promiscuous = false;
	return rc < 0 && rc != -ENOTSUP ? failed(p, "cannot be made promiscuous", rc, e) : 0;
}

int port_start(struct port *p, const struct port_queues *queues, struct port_error *e)
{
	int rc;

	(void)port_eal_said();
	rc = configure(p, queues, e);
	if (rc == 0)
		rc = queues_setup(p, queues, e);
	if (rc < 0)
		return rc;
	rc = rte_eth_dev_start(p->id);
	if (rc < 0)
		return failed(p, "cannot be started", rc, e);
	p->started = true;
	if (p->rss_pattern > 0)
		rc = reta_set(p, e);
	if (rc < 0)
		return rc;
	rc = promiscuous_set(p, e);
	if (rc < 0)
		return rc;
	p->up = port_device_is_up(&p->device);
	return 0;
}

bool port_watch(struct port *p)
{
	struct rte_eth_link link;
	bool up = port_device_is_up(&p->device);

	/* Drivers over kernel interfaces report "up" whatever happens: the kernel knows better. */
	if (p->device.ifname[0] == '\0' && rte_eth_link_get_nowait(p->id, &link) == 0)
		up = link.link_status == RTE_ETH_LINK_UP;
	if (up == p->up)
		return false;
	p->up = up;
	p->link_changes++;
	return true;
}

static void identity_get(const struct port *p, struct port_stats *ret)
{
	struct rte_eth_dev_info info;
	struct rte_ether_addr mac;
	struct rte_eth_link link;

	if (rte_eth_dev_info_get(p->id, &info) == 0 && info.driver_name != NULL)
		snprintf(ret->driver, sizeof(ret->driver), "%s", info.driver_name);
	if (rte_eth_macaddr_get(p->id, &mac) == 0)
		memcpy(ret->mac, mac.addr_bytes, sizeof(ret->mac));
	if (rte_eth_link_get_nowait(p->id, &link) == 0 &&
			link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN)
		ret->link_mbps = link.link_speed;
}

int port_stats_get(const struct port *p, struct port_stats *ret)
{
	struct rte_eth_stats s;
	int rc = rte_eth_stats_get(p->id, &s);

	if (rc < 0)
		return rc;
	*ret = (struct port_stats){ .mtu = p->mtu,
		.rx_queues = p->n_rx,
		.tx_queues = p->n_tx,
		.link_up = p->up,
		.link_changes = p->link_changes,
		.rx_frames = s.ipackets,
		.rx_bytes = s.ibytes,
		.tx_frames = s.opackets,
		.tx_bytes = s.obytes,
		.rx_missed = s.imissed,
		.rx_no_buffer = s.rx_nombuf,
		.rx_errors = s.ierrors,
		.tx_errors = s.oerrors };
	identity_get(p, ret);
	return 0;
}

void port_stop(struct port *p)
{
	if (p->promiscuous)
		(void)rte_eth_promiscuous_disable(p->id);
	p->promiscuous = false;
	if (p->started)
		rte_eth_dev_stop(p->id);
	p->started = false;
}

void port_close(struct port *p)
{
	port_stop(p);
	rte_eth_dev_close(p->id);
}
