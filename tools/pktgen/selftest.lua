-- SPDX-License-Identifier: Apache-2.0
-- Runs sweep.lua and rfc2544.lua against a made-up Pktgen whose wire has a known capacity, and fails
-- unless they find it. Any Lua runs it: tshark -X lua_script:tools/pktgen/selftest.lua -v, or lua.
package.path = package.path .. ";?.lua;tools/pktgen/?.lua"

local LINE = 1e6 -- frames per second at 100 % of the rate
local CAPACITY = { [64] = 0.4e6, [128] = 0.7e6, [256] = 0.3333e6 } -- others: no loss at all
local output, now, sending, port = {}, 0, nil, { [0] = { opackets = 0 }, [1] = { ipackets = 0 } }
local setting = { size = 64, rate = 100 }

function _G.printf(format, ...)
	output[#output + 1] = string.format(format, ...)
end

_G.pktgen = {
	set_ipaddr = function() end,
	set_proto = function() end,
	set = function(_, what, value)
		setting[what] = value
	end,
	clr = function()
		port[0].opackets, port[1].ipackets = 0, 0
	end,
	start = function()
		sending = now
	end,
	delay = function(ms)
		now = now + ms
	end,
	stop = function()
		if sending == nil then
			return
		end
		local s = (now - sending) / 1000
		local offered = LINE * setting.rate / 100
		port[0].opackets = math.floor(offered * s)
		port[1].ipackets = math.floor(math.min(offered, CAPACITY[setting.size] or LINE) * s)
		sending = nil
	end,
	portStats = function()
		return port
	end,
	quit = function() end,
}

local function check(file, size, column, want, tolerance)
	local found
	for _, line in ipairs(output) do
		local words = {}
		for w in line:gmatch("%S+") do
			words[#words + 1] = w
		end
		if words[1] == tostring(size) and tonumber(words[column]) then
			found = tonumber(words[column])
		end
	end
	if found == nil or math.abs(found - want) > tolerance then
		error(string.format("%s, %d bytes: %s, not %s", file, size, tostring(found), want))
	end
end

local function run(file)
	output = {}
	dofile((arg and arg[0] or "tools/pktgen/selftest.lua"):gsub("[^/]*$", "") .. file)
end

run("sweep.lua")
check("sweep.lua", 64, 4, 0.4, 0.001)
check("sweep.lua", 1518, 4, 1.0, 0.001)
run("rfc2544.lua")
check("rfc2544.lua", 64, 2, 40, 1)
check("rfc2544.lua", 128, 2, 70, 1)
check("rfc2544.lua", 256, 2, 33.33, 1)
check("rfc2544.lua", 1518, 2, 100, 0)
print("pktgen scripts: passed")
