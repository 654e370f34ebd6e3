/* SPDX-License-Identifier: Apache-2.0
 * Device strings and the kernel's interfaces behind them. The constraints of the ring arguments are
 * those of DPDK 22.11's drivers (README.md). */
#include "dataplane/port/device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	/* Before the frame in a slot: TPACKET_V2 headers and alignment, 66 bytes. */
	AF_PACKET_SLOT_HEAD = 66,
	/* The driver wants room for the slot less this, whatever the MTU. */
	AF_PACKET_SLOT_LESS = 32,
	AF_PACKET_SLOT_MAX = 32768,
	AF_PACKET_BLOCK_BYTES = 65536,
	/* Two rings a port: 8192 slots of 2 KiB, and the same bytes for larger slots. */
	AF_PACKET_RING_BYTES = 8192 * 2048,
	/* XDP gives every frame 256 bytes of head room before ours, in a page at most. */
	AF_XDP_MTU_MAX = 3400,
	FRAME_OVERHEAD =
			22 + 4, /* Ethernet with two tags, and a checksum that some drivers leave */
	PAGE_BYTES = 4096,
};

static const struct {
	const char *prefix;
	enum port_driver driver;
	const char *ifarg; /* the argument that names the kernel's interface */
} drivers[] = {
	{ "net_af_packet", PORT_DRIVER_AF_PACKET, "iface" },
	{ "eth_af_packet", PORT_DRIVER_AF_PACKET, "iface" },
	{ "net_af_xdp", PORT_DRIVER_AF_XDP, "iface" },
	{ "net_memif", PORT_DRIVER_MEMIF, NULL },
};

/* Copies the value of argument <key> into <out>; false: it is not there, or too long. */
static bool arg_get(const char *devargs, const char *key, char *out, size_t out_bytes)
{
	size_t key_len = strlen(key);
	const char *p = strchr(devargs, ',');

	for (; p != NULL; p = strchr(p, ',')) {
		size_t len;

		p++;
		if (strncmp(p, key, key_len) != 0 || p[key_len] != '=')
			continue;
		p += key_len + 1;
		len = strcspn(p, ",");
		if (len >= out_bytes)
			return false;
		memcpy(out, p, len);
		out[len] = '\0';
		return true;
	}
	return false;
}

static bool arg_has(const char *devargs, const char *key)
{
	char value[PORT_DEVICE_MAX];

	return arg_get(devargs, key, value, sizeof(value));
}

static int arg_append(struct port_device *d, const char *arg, struct port_error *e)
{
	size_t len = strlen(d->devargs);

	if (len + strlen(arg) + 2 > sizeof(d->devargs))
		return port_error_set(e, -EINVAL, "port %s: its arguments are too long", d->name);
	snprintf(d->devargs + len, sizeof(d->devargs) - len, ",%s", arg);
	return 0;
}

static bool is_pci_address(const char *text)
{
	unsigned int domain, bus, dev, fn;
	int n = 0;

	if (sscanf(text, "%4x:%2x:%2x.%1x%n", &domain, &bus, &dev, &fn, &n) == 4)
		return text[n] == '\0' || text[n] == ',';
	n = 0;
	if (sscanf(text, "%2x:%2x.%1x%n", &bus, &dev, &fn, &n) == 3)
		return text[n] == '\0' || text[n] == ',';
	return false;
}

/* The kernel wants blocks of whole pages and frames = blocks * frames per block; the driver reaches
 * slot i at i * framesz, so blocks must be whole slots too. */
static uint32_t af_packet_block_bytes(uint32_t slot)
{
	uint32_t block = slot;

	if (AF_PACKET_BLOCK_BYTES % slot == 0)
		return AF_PACKET_BLOCK_BYTES;
	while (block % PAGE_BYTES != 0)
		block += slot;
	return block;
}

static int af_packet_complete(struct port_device *d, uint16_t mtu, struct port_error *e)
{
	uint32_t slot = 2048, block, n_slots;
	char text[96];

	if (arg_get(d->devargs, "framesz", text, sizeof(text)))
		slot = (uint32_t)strtoul(text, NULL, 10);
	if (slot < 128 || slot > AF_PACKET_SLOT_MAX)
		return port_error_set(e, -EINVAL, "port %s: framesz must be 128..%d", d->name,
				AF_PACKET_SLOT_MAX);
	if (!arg_has(d->devargs, "framesz") && !arg_has(d->devargs, "blocksz") &&
			!arg_has(d->devargs, "framecnt")) {
		while (slot < (uint32_t)mtu + FRAME_OVERHEAD + AF_PACKET_SLOT_HEAD)
			slot += 1024;
		block = af_packet_block_bytes(slot);
		n_slots = AF_PACKET_RING_BYTES / block * (block / slot);
		snprintf(text, sizeof(text), "framesz=%u,blocksz=%u,framecnt=%u", slot, block,
				n_slots);
		if (arg_append(d, text, e) < 0)
			return -EINVAL;
	}
	d->room_bytes = slot > AF_PACKET_SLOT_LESS ? slot - AF_PACKET_SLOT_LESS : 0;
	if ((uint32_t)mtu + FRAME_OVERHEAD + AF_PACKET_SLOT_HEAD > slot)
		return port_error_set(e, -EINVAL,
				"port %s: framesz=%u is too small for mtu %u: use at least %u",
				d->name, slot, mtu,
				(uint32_t)mtu + FRAME_OVERHEAD + AF_PACKET_SLOT_HEAD);
	return 0;
}

static int af_xdp_complete(struct port_device *d, uint16_t mtu, struct port_error *e)
{
	if (mtu > AF_XDP_MTU_MAX)
		return port_error_set(e, -EINVAL,
				"port %s: af_xdp carries frames of one page: set mtu <= %d, or use "
				"net_af_packet",
				d->name, AF_XDP_MTU_MAX);
	/* The driver's default makes a system call of every look at an empty queue. */
	if (!arg_has(d->devargs, "busy_budget"))
		return arg_append(d, "busy_budget=0", e);
	return 0;
}

static int name_read(struct port_device *d, const char *text, struct port_error *e)
{
	size_t len = strcspn(text, ",");

	if (len == 0 || len >= sizeof(d->name) || strlen(text) >= sizeof(d->devargs))
		return port_error_set(e, -EINVAL,
				"port '%.60s': expected a PCI address or a DPDK vdev such as "
				"net_af_packet0,iface=eth1",
				text);
	memcpy(d->name, text, len);
	d->name[len] = '\0';
	snprintf(d->devargs, sizeof(d->devargs), "%s", text);
	return 0;
}

static int vdev_read(struct port_device *d, uint16_t mtu, struct port_error *e)
{
	const char *ifarg = NULL;
	char value[8];

	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		if (strncmp(d->name, drivers[i].prefix, strlen(drivers[i].prefix)) != 0)
			continue;
		d->driver = drivers[i].driver;
		ifarg = drivers[i].ifarg;
	}
	if (ifarg != NULL && !arg_get(d->devargs, ifarg, d->ifname, sizeof(d->ifname)))
		return port_error_set(e, -EINVAL,
				"port %s: names no interface, or too long a one: add ,%s=NAME",
				d->name, ifarg);
	if (d->driver == PORT_DRIVER_AF_PACKET)
		return af_packet_complete(d, mtu, e);
	if (d->driver == PORT_DRIVER_AF_XDP)
		return af_xdp_complete(d, mtu, e);
	if (d->driver == PORT_DRIVER_MEMIF)
		d->zero_copy_memif = arg_get(d->devargs, "zero-copy", value, sizeof(value)) &&
				strcmp(value, "yes") == 0;
	return 0;
}

int port_device_parse(struct port_device *d, const char *text, uint16_t mtu, struct port_error *e)
{
	memset(d, 0, sizeof(*d));
	d->driver = PORT_DRIVER_OTHER;
	if (name_read(d, text, e) < 0)
		return -EINVAL;
	if (is_pci_address(text)) {
		d->driver = PORT_DRIVER_PCI;
		return 0;
	}
	return vdev_read(d, mtu, e);
}

/* One question to the kernel about an interface: 0 or -errno. */
static int if_ioctl(const char *ifname, unsigned long what, struct ifreq *ifr)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc = 0;

	if (fd < 0)
		return -errno;
	snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), "%s", ifname);
	if (ioctl(fd, what, ifr) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

static int if_mtu_set(const struct port_device *d, uint16_t mtu, struct port_error *e)
{
	struct ifreq ifr;
	int rc;

	memset(&ifr, 0, sizeof(ifr));
	rc = if_ioctl(d->ifname, SIOCGIFMTU, &ifr);
	if (rc == 0 && ifr.ifr_mtu == mtu)
		return 0;
	ifr.ifr_mtu = mtu;
	rc = if_ioctl(d->ifname, SIOCSIFMTU, &ifr);
	if (rc < 0)
		return port_error_set(e, rc,
				"port %s: cannot set the MTU of %s to %u: %s; set dataplane.mtu to "
				"what the interface can do",
				d->name, d->ifname, mtu, strerror(-rc));
	return 0;
}

static int may_open_raw(const struct port_device *d, struct port_error *e)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), rc = -errno;

	if (fd >= 0) {
		close(fd);
		return 0;
	}
	return port_error_set(e, rc,
			"port %s: not permitted to open %s: run as root, or with CAP_NET_RAW and "
			"CAP_NET_ADMIN (%s)",
			d->name, d->ifname, strerror(-rc));
}

int port_device_prepare(const struct port_device *d, uint16_t mtu, struct port_error *e)
{
	struct ifreq ifr;
	int rc;

	if (d->ifname[0] == '\0')
		return 0;
	memset(&ifr, 0, sizeof(ifr));
	rc = if_ioctl(d->ifname, SIOCGIFFLAGS, &ifr);
	if (rc < 0)
		return port_error_set(e, rc,
				"port %s: interface %s: %s; `ip link` shows what exists in this "
				"network namespace",
				d->name, d->ifname, strerror(-rc));
	rc = may_open_raw(d, e);
	if (rc < 0)
		return rc;
	if ((ifr.ifr_flags & IFF_UP) == 0)
		return port_error_set(e, -ENETDOWN,
				"port %s: interface %s is down: `ip link set %s up`", d->name,
				d->ifname, d->ifname);
	return if_mtu_set(d, mtu, e);
}

/* All of <flags> are set; <without> is the answer for devices without an interface. */
static bool if_has(const struct port_device *d, int flags, bool without)
{
	struct ifreq ifr;

	if (d->ifname[0] == '\0')
		return without;
	memset(&ifr, 0, sizeof(ifr));
	return if_ioctl(d->ifname, SIOCGIFFLAGS, &ifr) == 0 && (ifr.ifr_flags & flags) == flags;
}

bool port_device_is_up(const struct port_device *d)
{
	return if_has(d, IFF_UP | IFF_RUNNING, true);
}

bool port_device_is_promiscuous(const struct port_device *d)
{
	return if_has(d, IFF_PROMISC, false);
}
