-- SPDX-License-Identifier: Apache-2.0
-- What the Pktgen scripts here share: the two ports, the frames, one trial.
-- Written for Pktgen-DPDK 23.03 (with DPDK 22.11).

local wire = {
	from = "0", -- sends, on the agent's side of the wire
	to = "1", -- receives, on its prod side
	sizes = { 64, 128, 256, 512, 1024, 1280, 1518 }, -- with the FCS
	settle_ms = 500, -- for frames still on their way when sending stops
}

-- UDP crosses a wire by policy; TCP makes sluiced look a flow up for each frame. <proto>: "tcp"
-- needs undeclared_tcp: forward and unknown_tcp: wire in sluice.yaml, since there is no handshake.
function wire.setup(proto)
	pktgen.stop("all")
	pktgen.set_ipaddr(wire.from, "src", "10.77.64.1/24")
	pktgen.set_ipaddr(wire.from, "dst", "10.77.0.2")
	pktgen.set_proto(wire.from, proto)
	pktgen.set(wire.from, "sport", 32768)
	pktgen.set(wire.from, "dport", 5001)
	pktgen.set(wire.from, "count", 0)
end

-- One trial: frames sent and received.
function wire.trial(size, rate_percent, duration_ms)
	pktgen.clr()
	pktgen.set(wire.from, "size", size)
	pktgen.set(wire.from, "rate", rate_percent)
	pktgen.start(wire.from)
	pktgen.delay(duration_ms)
	pktgen.stop(wire.from)
	pktgen.delay(wire.settle_ms)
	local sent = pktgen.portStats(wire.from, "port")[tonumber(wire.from)].opackets
	local received = pktgen.portStats(wire.to, "port")[tonumber(wire.to)].ipackets
	return sent, received
end

-- Mpps, and Gbit/s with preamble, FCS and gap, of <frames> in <duration_ms>.
function wire.rates(frames, size, duration_ms)
	local per_s = frames * 1000 / duration_ms
	return per_s / 1e6, per_s * (size + 20) * 8 / 1e9
end

return wire
