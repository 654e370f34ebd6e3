-- SPDX-License-Identifier: Apache-2.0
-- Pktgen: the highest rate without a lost frame (RFC 2544, 26.1), by frame size, found by halving
-- and then confirmed by a long trial. See README.md for the command.
package.path = package.path .. ";?.lua;tools/pktgen/?.lua"
local wire = require("wire")

local trial_ms = tonumber(os.getenv("TRIAL_MS") or "10000")
local confirm_ms = tonumber(os.getenv("CONFIRM_MS") or "60000")
local steps = tonumber(os.getenv("STEPS") or "8") -- resolution: 100 % / 2^steps
local lowest = 0.5 -- percent: what loses here has no throughput that this can find

local function lossless(size, rate, ms)
	local sent, received = wire.trial(size, rate, ms)
	printf("  %4d bytes %7.3f %%: sent %.0f, lost %.0f\n", size, rate, sent, sent - received)
	return sent > 0 and sent == received, received
end

-- The highest rate of the search that lost nothing, in percent; nil if none did.
local function search(size)
	local good, bad = nil, nil
	local rate = 100
	for _ = 1, steps do
		if lossless(size, rate, trial_ms) then
			good = rate
		else
			bad = rate
		end
		if bad == nil then
			return good
		end
		rate = ((good or 0) + bad) / 2
		if rate < lowest then
			break
		end
	end
	return good
end

-- Confirms, and steps down by 2 % while the long trial still loses.
local function confirm(size, rate)
	while rate and rate >= lowest do
		local ok, received = lossless(size, rate, confirm_ms)
		if ok then
			return rate, received
		end
		rate = rate * 0.98
	end
	return nil
end

wire.setup(os.getenv("PROTO") or "udp")
local results = {}
for _, size in ipairs(wire.sizes) do
	local rate, received = confirm(size, search(size))
	results[#results + 1] = { size = size, rate = rate, received = received }
end
printf("%6s %9s %12s %10s\n", "bytes", "rate %", "Mpps", "Gbit/s")
for _, r in ipairs(results) do
	if r.rate then
		local mpps, gbps = wire.rates(r.received, r.size, confirm_ms)
		printf("%6d %9.3f %12.3f %10.2f\n", r.size, r.rate, mpps, gbps)
	else
		printf("%6d %9s\n", r.size, "none")
	end
end
pktgen.quit()
