/* SPDX-License-Identifier: Apache-2.0
 * What the configuration calls a port: a PCI address or a DPDK vdev string, read once and completed
 * with our defaults. Text and kernel interfaces only; no EAL is needed. */
#pragma once

#include "dataplane/port/error.h"

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

enum { PORT_DEVICE_MAX = 512 };

/* The drivers that need to be told apart; every other one is PORT_DRIVER_OTHER. */
enum port_driver {
	PORT_DRIVER_PCI,
	PORT_DRIVER_AF_PACKET,
	PORT_DRIVER_AF_XDP,
	PORT_DRIVER_MEMIF,
	PORT_DRIVER_OTHER,
};

struct port_device {
	enum port_driver driver;
	char name[64];                 /* as DPDK calls the device: "net_memif0", "0000:3b:00.0" */
	char devargs[PORT_DEVICE_MAX]; /* name and arguments, our defaults among them */
	char ifname[IFNAMSIZ];         /* the kernel's interface behind it; "" when there is none */
	uint32_t room_bytes;           /* what its driver wants to write into one buffer; 0: any */
	bool zero_copy_memif;          /* shares our memory with its peer */
};

/* Reads <text> and completes it. <mtu> decides the size of ring slots. 0, or -EINVAL. */
int port_device_parse(struct port_device *d, const char *text, uint16_t mtu, struct port_error *e);

/* The interface of the kernel that <d> names must exist and be up; its MTU is set to <mtu> where it
 * differs. 0 (also for devices without one), -ENODEV, -ENETDOWN, -EPERM, ... */
int port_device_prepare(const struct port_device *d, uint16_t mtu, struct port_error *e);

/* Is the interface up and running? true for devices without one. */
bool port_device_is_up(const struct port_device *d);

/* Does the interface take every frame already? false for devices without one. */
bool port_device_is_promiscuous(const struct port_device *d);
