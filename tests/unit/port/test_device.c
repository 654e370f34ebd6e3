/* SPDX-License-Identifier: Apache-2.0
 * What the configuration calls a port, and what is made of it. The kernel's constraints on packet
 * rings are checked on every completed string: whole pages a block, whole slots a block, as many
 * slots as the blocks have. */
#include "dataplane/port/device.h"
#include "tests/unit/net/suite.h"

#include <errno.h>
#include <string.h>

struct row {
	const char *text;
	uint16_t mtu;
	enum port_driver driver;
	const char *devargs; /* NULL: refused */
	const char *ifname;
	uint32_t room_bytes;
};

static const struct row rows[] = {
	{ "0000:3b:00.0", 1500, PORT_DRIVER_PCI, "0000:3b:00.0", "", 0 },
	{ "3b:00.1", 1500, PORT_DRIVER_PCI, "3b:00.1", "", 0 },
	{ "net_af_packet0,iface=sl-a", 1500, PORT_DRIVER_AF_PACKET,
			"net_af_packet0,iface=sl-a,framesz=2048,blocksz=65536,framecnt=8192",
			"sl-a", 2016 },
	{ "net_af_packet0,iface=sl-a", 9000, PORT_DRIVER_AF_PACKET,
			"net_af_packet0,iface=sl-a,framesz=9216,blocksz=36864,framecnt=1820",
			"sl-a", 9184 },
	{ "net_af_packet0,iface=e,framesz=4096", 1500, PORT_DRIVER_AF_PACKET,
			"net_af_packet0,iface=e,framesz=4096", "e", 4064 },
	{ "net_af_packet0,qpairs=2,iface=e,framecnt=512", 1500, PORT_DRIVER_AF_PACKET,
			"net_af_packet0,qpairs=2,iface=e,framecnt=512", "e", 2016 },
	{ "net_af_packet0,iface=e,framesz=1024", 1500, PORT_DRIVER_AF_PACKET, NULL, "", 0 },
	{ "net_af_packet0,iface=e,framesz=99999", 1500, PORT_DRIVER_AF_PACKET, NULL, "", 0 },
	{ "net_af_packet0,iface=e,framecnt=512", 9000, PORT_DRIVER_AF_PACKET, NULL, "", 0 },
	{ "net_af_packet0", 1500, PORT_DRIVER_AF_PACKET, NULL, "", 0 },
	{ "net_af_packet0,iface=a-name-that-is-too-long", 1500, PORT_DRIVER_AF_PACKET, NULL, "",
			0 },
	{ "net_af_xdp1,iface=eth1", 1500, PORT_DRIVER_AF_XDP,
			"net_af_xdp1,iface=eth1,busy_budget=0", "eth1", 0 },
	{ "net_af_xdp1,iface=eth1,busy_budget=64", 1500, PORT_DRIVER_AF_XDP,
			"net_af_xdp1,iface=eth1,busy_budget=64", "eth1", 0 },
	{ "net_af_xdp1,iface=eth1", 9000, PORT_DRIVER_AF_XDP, NULL, "", 0 },
	{ "net_memif0,role=server,socket=/x,zero-copy=no", 1500, PORT_DRIVER_MEMIF,
			"net_memif0,role=server,socket=/x,zero-copy=no", "", 0 },
	{ "net_tap0,iface=t0", 1500, PORT_DRIVER_OTHER, "net_tap0,iface=t0", "", 0 },
	{ "net_null0", 9000, PORT_DRIVER_OTHER, "net_null0", "", 0 },
	{ "", 1500, PORT_DRIVER_OTHER, NULL, "", 0 },
	{ ",iface=x", 1500, PORT_DRIVER_OTHER, NULL, "", 0 },
};

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *row = &rows[i];
		struct port_error e = { .text = "" };
		struct port_device d;
		int rc = port_device_parse(&d, row->text, row->mtu, &e);

		CHECK_ROW(row->text, (rc == 0) == (row->devargs != NULL));
		CHECK_ROW(row->text, (rc == 0) == (e.text[0] == '\0'));
		if (rc < 0 || row->devargs == NULL)
			continue;
		CHECK_ROW(row->text, d.driver == row->driver);
		CHECK_ROW(row->text, strcmp(d.devargs, row->devargs) == 0);
		CHECK_ROW(row->text, strcmp(d.ifname, row->ifname) == 0);
		CHECK_ROW(row->text, d.room_bytes == row->room_bytes);
		CHECK_ROW(row->text, strncmp(d.name, row->text, strlen(d.name)) == 0);
	}
}

static void test_rings_fit_every_mtu(void)
{
	for (unsigned int mtu = 576; mtu <= 9216; mtu++) {
		unsigned int slot = 0, block = 0, n = 0;
		struct port_error e;
		struct port_device d;

		CU_ASSERT_EQUAL_FATAL(
				port_device_parse(&d, "net_af_packet0,iface=e", (uint16_t)mtu, &e),
				0);
		CU_ASSERT_EQUAL_FATAL(sscanf(strstr(d.devargs, "framesz"),
						      "framesz=%u,blocksz=%u,framecnt=%u", &slot,
						      &block, &n),
				3);
		CU_ASSERT(slot >= mtu + 22 + 66); /* two tags, TPACKET_V2's head */
		CU_ASSERT_EQUAL(slot % 16, 0);
		CU_ASSERT_EQUAL(block % 4096, 0);
		CU_ASSERT_EQUAL(block % slot, 0);
		CU_ASSERT_EQUAL(n % (block / slot), 0);
		CU_ASSERT((uint64_t)n * slot <= 8192 * 2048 && n >= 1024);
	}
}

static void test_too_long(void)
{
	struct port_error e;
	struct port_device d;
	char text[PORT_DEVICE_MAX + 8];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	CU_ASSERT_EQUAL(port_device_parse(&d, text, 1500, &e), -EINVAL);
	memcpy(text, "net_af_packet0,iface=e,", 23);
	text[PORT_DEVICE_MAX - 1] = '\0'; /* fits, but our arguments do not */
	CU_ASSERT_EQUAL(port_device_parse(&d, text, 1500, &e), -EINVAL);
}

static void test_prepare(void)
{
	struct port_error e = { .text = "" };
	struct port_device d;

	CU_ASSERT_EQUAL(port_device_parse(&d, "net_null0", 1500, &e), 0);
	CU_ASSERT_EQUAL(port_device_prepare(&d, 1500, &e), 0);
	CU_ASSERT(port_device_is_up(&d));
	CU_ASSERT_EQUAL(port_device_parse(&d, "net_af_packet0,iface=no-such-if", 1500, &e), 0);
	CU_ASSERT_EQUAL(port_device_prepare(&d, 1500, &e), -ENODEV);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "no-such-if"));
	CU_ASSERT_FALSE(port_device_is_up(&d));
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "device strings", test_rows },
		{ "packet rings fit every MTU", test_rings_fit_every_mtu },
		{ "strings that are too long", test_too_long },
		{ "interfaces", test_prepare },
	};

	return suite_run("device", tests, sizeof(tests) / sizeof(*tests));
}
