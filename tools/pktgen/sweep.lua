-- SPDX-License-Identifier: Apache-2.0
-- Pktgen: how much of a full offer passes, by frame size. See README.md for the command.
package.path = package.path .. ";?.lua;tools/pktgen/?.lua"
local wire = require("wire")

local duration_ms = tonumber(os.getenv("TRIAL_MS") or "10000")

wire.setup(os.getenv("PROTO") or "udp")
printf("%6s %14s %14s %12s %10s\n", "bytes", "sent", "received", "passed Mpps", "Gbit/s")
for _, size in ipairs(wire.sizes) do
	local sent, received = wire.trial(size, 100, duration_ms)
	local mpps, gbps = wire.rates(received, size, duration_ms)
	printf("%6d %14.0f %14.0f %12.3f %10.2f\n", size, sent, received, mpps, gbps)
end
pktgen.quit()
