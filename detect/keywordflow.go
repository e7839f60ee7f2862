package detect

import (
	"fmt"
	"strconv"
	"strings"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/decode/proto"
)

// flowKeywords are conditions on the flow, its stream and what it speaks.
var flowKeywords = []Keyword{
	{Name: "flow", Doc: "Direction and state of the flow.", Syntax: "to_server|to_client|from_server|from_client, established|not_established|stateless, only_stream|no_stream, only_frag|no_frag", Example: "flow:established,to_server;", setup: flowKeyword},
	{Name: "flow.age", Doc: "Age of the flow, seconds.", Syntax: "integer", Example: "flow.age:>3600;", setup: flowInt(func(f *flow.Flow) uint64 { return uint64(max(f.Last/1e9-f.Start/1e9, 0)) })},
	{Name: "flow.pkts", Doc: "Packets of the flow so far.", Syntax: "[toserver|toclient|both|either,]integer", Example: "flow.pkts:toserver,>10;", setup: flowCount(func(f *flow.Flow) [2]uint64 { return f.Pkts })},
	{Name: "flow.pkts_toserver", Doc: "Packets to the server so far.", Syntax: "integer", Example: "flow.pkts_toserver:3;", setup: flowInt(func(f *flow.Flow) uint64 { return f.Pkts[0] })},
	{Name: "flow.pkts_toclient", Doc: "Packets to the client so far.", Syntax: "integer", Example: "flow.pkts_toclient:3;", setup: flowInt(func(f *flow.Flow) uint64 { return f.Pkts[1] })},
	{Name: "flow.bytes", Doc: "Bytes of the flow so far, with headers.", Syntax: "[toserver|toclient|both|either,]integer", Example: "flow.bytes:both,>1000;", setup: flowCount(func(f *flow.Flow) [2]uint64 { return f.Bytes })},
	{Name: "flow.bytes_toserver", Doc: "Bytes to the server so far.", Syntax: "integer", Example: "flow.bytes_toserver:>1000;", setup: flowInt(func(f *flow.Flow) uint64 { return f.Bytes[0] })},
	{Name: "flow.bytes_toclient", Doc: "Bytes to the client so far.", Syntax: "integer", Example: "flow.bytes_toclient:>1000;", setup: flowInt(func(f *flow.Flow) uint64 { return f.Bytes[1] })},
	{Name: "stream_size", Doc: "Bytes of the stream so far, by sequence numbers.", Syntax: "server|client|both|either, <|>|=|!=|<=|>=, bytes", Example: "stream_size:client,>,1000;", setup: streamSize},
	{Name: "stream-event", Doc: "Reassembly has noted something odd.", Syntax: "name", Example: "stream-event:reassembly_seq_gap;", setup: streamEvent},
	{Name: "app-layer-protocol", Doc: "What the flow speaks, or that it is not known.", Syntax: "[!]name|unknown|failed[,final|original|toserver|toclient|direction|either]", Example: "app-layer-protocol:!http;", setup: appProtocol},
	{Name: "app-layer-event", Doc: "The parser, or protocol detection, has noted something odd.", Syntax: "protocol.name|name of protocol detection", Example: "app-layer-event:applayer_mismatch_protocol_both_directions;", setup: appEvent},
	{Name: "app-layer-state", Doc: "How far a transaction is.", Syntax: "[<|<=|>|>=|!]state of the rule's protocol", setup: appState},
}

// flowCond adds a condition on the flow: it does not tie the rule to a packet.
func (c *compiler) flowTest(f func(f *flow.Flow) bool) error {
	c.s.packet = append(c.s.packet, func(_ *packet.Packet, fl *flow.Flow) bool { return fl != nil && f(fl) })
	return nil
}

// flowCount compiles flow.pkts and flow.bytes: [toserver|toclient|both|either,]integer.
func flowCount(get func(f *flow.Flow) [2]uint64) setup {
	return func(c *compiler, v string) error {
		side, rest, ok := strings.Cut(v, ",")
		if !ok {
			side, rest = "sum", v
		}
		t, err := parseInt(rest, nil)
		if err != nil {
			return err
		}
		fits := func(n uint64) bool { return t.fits(n) }
		side = strings.TrimSpace(side)
		switch side {
		case "toserver", "toclient", "both", "either", "sum":
		default:
			return fmt.Errorf("value %q: want toserver, toclient, both or either before the number", side)
		}
		return c.flowTest(func(f *flow.Flow) bool {
			n := get(f)
			switch side {
			case "toserver":
				return fits(n[0])
			case "toclient":
				return fits(n[1])
			case "both":
				return fits(n[0]) && fits(n[1])
			case "either":
				return fits(n[0]) || fits(n[1])
			}
			return fits(n[0] + n[1])
		})
	}
}

func flowInt(get func(f *flow.Flow) uint64) setup {
	return func(c *compiler, v string) error {
		t, err := parseInt(v, nil)
		if err != nil {
			return err
		}
		return c.flowTest(func(f *flow.Flow) bool { return t.fits(get(f)) })
	}
}

func flowKeyword(c *compiler, v string) error {
	fc := &c.s.flow
	fc.set = true
	for _, w := range split(v) {
		switch strings.ToLower(w) {
		case "established":
			fc.established = true
		case "not_established":
			fc.notEstablished = true
		case "stateless":
			fc.stateless = true
		case "to_server", "from_client":
			fc.dir |= field.ToServer
		case "to_client", "from_server":
			fc.dir |= field.ToClient
		case "only_stream":
			fc.onlyStream, c.s.needStream = true, true
		case "no_stream":
			fc.noStream, c.s.needPacket = true, true
		case "only_frag":
			fc.onlyFrag = true
		case "no_frag":
			fc.noFrag = true
		default:
			return fmt.Errorf("value %q: want established, not_established, stateless, to_server, to_client, from_server, from_client, only_stream, no_stream, only_frag or no_frag", w)
		}
	}
	if fc.dir == field.Both {
		return fmt.Errorf("value %q: to_server and to_client exclude each other", v)
	}
	return nil
}

func decodeEvent(c *compiler, v string) error {
	ev, ok := packet.DecoderEvent(v)
	if !ok {
		if ev, ok = packet.StreamEvent(strings.TrimPrefix(v, "stream.")); !ok {
			return fmt.Errorf("value %q: no such event", v)
		}
	}
	c.s.eventOnly = true
	return c.cond(func(p *packet.Packet, _ *flow.Flow) bool { return p.HasEvent(ev) })
}

func streamEvent(c *compiler, v string) error {
	ev, ok := packet.StreamEvent(v)
	if !ok {
		return fmt.Errorf("value %q: no such event", v)
	}
	c.s.eventOnly = true
	c.e.overlaps = c.e.overlaps || ev == packet.EvStreamReassemblyOverlapDifferentData
	return c.cond(func(p *packet.Packet, _ *flow.Flow) bool { return p.HasEvent(ev) })
}

// appEvent compiles protocol.event, or an event of protocol detection.
func appEvent(c *compiler, v string) error {
	if ev := proto.AppEventByName(v); ev != 0 {
		c.s.appEvent = ev
		return nil
	}
	name, event, ok := strings.Cut(v, ".")
	if !ok {
		return fmt.Errorf("value %q: want protocol.event", v)
	}
	ps := c.e.set.Members(name)
	if len(ps) == 0 {
		return fmt.Errorf("protocol %q is unknown", name)
	}
	var ids []defOf
	for _, p := range ps {
		for i := range p.Events {
			if p.Events[i].Name == event || event != "" && p.Events[i].Alias == event {
				n := uint8(i)
				d := &field.Def{Field: field.Field{Name: "app-layer-event", Dir: field.Both}, Kind: field.KindCustom}
				d.Compile = func(string) (func(tx any, dir field.Dir) bool, error) {
					return func(tx any, _ field.Dir) bool { return tx.(proto.Transaction).Base().HasEvent(n) }, nil
				}
				ids = append(ids, defOf{p, d})
			}
		}
	}
	if len(ids) == 0 {
		if ps[0].New == nil {
			return errUnsupported{"protocol " + name}
		}
		return fmt.Errorf("protocol %s has no event %q", name, event)
	}
	return c.field(ids, "")
}

// streamSize compiles side,operator,bytes.
func streamSize(c *compiler, v string) error {
	parts := split(v)
	if len(parts) != 3 {
		return fmt.Errorf("value %q: want server|client|both|either, operator, bytes", v)
	}
	n, err := strconv.ParseUint(parts[2], 10, 32)
	if err != nil {
		return fmt.Errorf("value %q: want a number of bytes", parts[2])
	}
	cmp := map[string]func(a uint64) bool{
		"<": func(a uint64) bool { return a < n }, ">": func(a uint64) bool { return a > n }, "=": func(a uint64) bool { return a == n },
		"!=": func(a uint64) bool { return a != n }, "<=": func(a uint64) bool { return a <= n }, ">=": func(a uint64) bool { return a >= n },
	}[parts[1]]
	if cmp == nil {
		return fmt.Errorf("operator %q: want <, >, =, !=, <= or >=", parts[1])
	}
	switch parts[0] {
	case "server", "client", "both", "either":
	default:
		return fmt.Errorf("value %q: want server, client, both or either", parts[0])
	}
	c.s.streamSize = func(client, server uint64) bool {
		switch parts[0] {
		case "client":
			return cmp(client)
		case "server":
			return cmp(server)
		case "both":
			return cmp(client) && cmp(server)
		}
		return cmp(client) || cmp(server)
	}
	return nil
}
