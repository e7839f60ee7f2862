package flow

import (
	"net/netip"
	"reflect"
	"testing"

	"weir/decode/field"
	"weir/decode/packet"
)

// pkt makes a packet of proto at second sec.
func pkt(sec int64, proto uint8, src, dst string, sport, dport uint16) *packet.Packet {
	p := &packet.Packet{
		Time: sec * second, Size: 100, MACs: -1, Proto: proto, L4: 20, TTL: 64,
		Src: netip.MustParseAddr(src).As16(), Dst: netip.MustParseAddr(dst).As16(), SrcPort: sport, DstPort: dport,
	}
	p.Version = 4
	if netip.MustParseAddr(src).Is6() {
		p.Version = 6
	}
	return p
}

// tcp makes a TCP packet.
func tcp(sec int64, src, dst string, sport, dport uint16, flags uint8) *packet.Packet {
	p := pkt(sec, packet.ProtoTCP, src, dst, sport, dport)
	p.TCP.Flags = flags
	return p
}

// icmp makes an ICMP or ICMPv6 packet.
func icmp(src, dst string, typ, code uint8) *packet.Packet {
	p := pkt(1, packet.ProtoICMP, src, dst, 0, 0)
	if p.Version == 6 {
		p.Proto = packet.ProtoICMPv6
	}
	p.ICMP.Type, p.ICMP.Code = typ, code
	return p
}

// about makes p an error about q.
func about(p, q *packet.Packet) *packet.Packet {
	m := &p.ICMP
	m.Quoted, m.QuotedProto = true, q.Proto
	m.QuotedWhole = true
	m.QuotedSrc, m.QuotedDst, m.QuotedSPort, m.QuotedDPort = q.Src, q.Dst, q.SrcPort, q.DstPort
	return p
}

// esp makes an ESP packet of a security parameter index.
func esp(src, dst string, spi byte) *packet.Packet {
	p := pkt(1, packet.ProtoESP, src, dst, 0, 0)
	p.Data = append(make([]byte, 20), 0, 0, 0, spi, 0, 0, 0, 1)
	return p
}

// with changes a packet.
func with(p *packet.Packet, change func(*packet.Packet)) *packet.Packet {
	change(p)
	return p
}

func newTable(t testing.TB, change func(*Options)) *Table {
	o := DefaultOptions()
	if change != nil {
		change(&o)
	}
	tab := NewTable(o)
	t.Cleanup(tab.Close)
	return tab
}

// TestSecondPacket asks of each pair of packets whether the second belongs to
// the flow of the first, and in which direction.
func TestSecondPacket(t *testing.T) {
	const a, b = "10.0.0.1", "10.0.0.2"
	const c, d = "fc00::1", "fc00::2"
	udp := func(src, dst string, sport, dport uint16) *packet.Packet {
		return pkt(1, packet.ProtoUDP, src, dst, sport, dport)
	}
	const (
		none = -1 // no flow
		own  = -2 // a flow of its own
		ts   = 0
		tc   = 1
	)
	for _, r := range []struct {
		name          string
		first, second *packet.Packet
		opt           func(*Options)
		want          int
	}{
		{name: "UDP on", first: udp(a, b, 10, 20), second: udp(a, b, 10, 20), want: ts},
		{name: "UDP back", first: udp(a, b, 10, 20), second: udp(b, a, 20, 10), want: tc},
		{name: "UDP back from higher address", first: udp(b, a, 20, 10), second: udp(a, b, 10, 20), want: tc},
		{name: "other port", first: udp(a, b, 10, 20), second: udp(a, b, 11, 20), want: own},
		{name: "ports swapped, addresses not", first: udp(a, b, 10, 20), second: udp(a, b, 20, 10), want: own},
		{name: "other transport", first: udp(a, b, 10, 20), second: pkt(1, packet.ProtoSCTP, a, b, 10, 20), want: own},
		{name: "one address, two ports", first: udp(a, a, 10, 20), second: udp(a, a, 20, 10), want: tc},
		{name: "one address, one port", first: udp(a, a, 10, 10), second: udp(a, a, 10, 10), want: ts},
		{name: "IPv4 address as IPv6", first: udp(a, b, 10, 20), second: udp(c, d, 10, 20), want: own},
		{
			name: "other VLAN", first: udp(a, b, 10, 20), want: own,
			second: with(udp(a, b, 10, 20), func(p *packet.Packet) { p.VLANs, p.VLAN[0] = 1, 7 }),
		},
		{
			name: "other VLAN, not tracked", first: udp(a, b, 10, 20), want: ts,
			second: with(udp(a, b, 10, 20), func(p *packet.Packet) { p.VLANs, p.VLAN[0] = 1, 7 }),
			opt:    func(o *Options) { o.UseVLAN = false },
		},
		{
			name: "VLAN priority", first: udp(a, b, 10, 20), want: ts,
			second: with(udp(a, b, 10, 20), func(p *packet.Packet) { p.VLANs, p.VLAN[0] = 1, 0xe000 }),
		},
		{
			name: "in a tunnel", first: udp(a, b, 10, 20), want: own,
			second: with(udp(a, b, 10, 20), func(p *packet.Packet) { p.Depth = 1 }),
		},
		{
			name: "in a tunnel, not tracked", first: udp(a, b, 10, 20), want: ts,
			second: with(udp(a, b, 10, 20), func(p *packet.Packet) { p.Depth = 1 }),
			opt:    func(o *Options) { o.UseDepth = false },
		},
		{name: "echo and reply", first: icmp(a, b, 8, 0), second: icmp(b, a, 0, 0), want: tc},
		{name: "echo both ways", first: icmp(a, b, 8, 0), second: icmp(b, a, 8, 0), want: own},
		{name: "echo of another code", first: icmp(a, b, 8, 0), second: icmp(a, b, 8, 5), want: ts},
		{name: "reply, then echo", first: icmp(a, b, 0, 0), second: icmp(b, a, 8, 0), want: tc},
		{name: "echo to itself", first: icmp(a, a, 8, 0), second: icmp(a, a, 0, 0), want: ts},
		{name: "time stamp and echo", first: icmp(a, b, 13, 0), second: icmp(b, a, 0, 0), want: own},
		{name: "time stamp and reply", first: icmp(a, b, 13, 0), second: icmp(b, a, 14, 0), want: tc},
		{name: "router discovery", first: icmp(a, b, 10, 0), second: icmp(b, a, 9, 0), want: tc},
		{name: "type without answer, back", first: icmp(a, b, 40, 0), second: icmp(b, a, 40, 0), want: own},
		{name: "ICMPv6 echo and reply", first: icmp(c, d, 128, 0), second: icmp(d, c, 129, 0), want: tc},
		{name: "neighbour discovery", first: icmp(c, d, 135, 0), second: icmp(d, c, 136, 0), want: tc},
		{name: "unasked advertisement", first: icmp(c, d, 135, 0), second: icmp(c, d, 136, 0), want: own},
		{name: "inverse discovery", first: icmp(c, d, 141, 0), second: icmp(d, c, 142, 0), want: own},
		{name: "error about the first", first: udp(a, b, 10, 20), second: about(icmp(b, a, 3, 3), udp(a, b, 10, 20)), want: tc},
		{name: "error from a router", first: udp(a, b, 10, 20), second: about(icmp("1.1.1.1", a, 3, 1), udp(a, b, 10, 20)), want: tc},
		{name: "error of an unknown code", first: udp(a, b, 10, 20), second: about(icmp(b, a, 3, 16), udp(a, b, 10, 20)), want: none},
		{
			name: "error that quotes too little", first: udp(a, b, 10, 20), want: none,
			second: with(about(icmp(b, a, 3, 3), udp(a, b, 10, 20)), func(p *packet.Packet) { p.ICMP.QuotedWhole = false }),
		},
		{name: "error about the answer", first: udp(a, b, 10, 20), second: about(icmp(a, b, 3, 3), udp(b, a, 20, 10)), want: ts},
		{name: "error about another", first: udp(a, b, 10, 20), second: about(icmp(b, a, 3, 3), udp(a, b, 11, 20)), want: none},
		{name: "error that quotes nothing", first: udp(a, b, 10, 20), second: icmp(b, a, 3, 3), want: none},
		{name: "error about echo", first: icmp(a, b, 8, 0), second: about(icmp(b, a, 3, 3), icmp(a, b, 8, 0)), want: none},
		{name: "time exceeded", first: udp(a, b, 10, 20), second: about(icmp(b, a, 11, 0), udp(a, b, 10, 20)), want: none},
		{name: "ICMPv6 error", first: udp(c, d, 10, 20), second: about(icmp(d, c, 1, 4), udp(c, d, 10, 20)), want: own},
		{name: "ESP on", first: esp(a, b, 1), second: esp(a, b, 1), want: ts},
		{name: "ESP back", first: esp(a, b, 1), second: esp(b, a, 1), want: own},
		{name: "ESP of another index", first: esp(a, b, 1), second: esp(a, b, 2), want: own},
		{name: "IPv6 in IPv4 back", first: pkt(1, packet.ProtoIPv6, a, b, 0, 0), second: pkt(1, packet.ProtoIPv6, b, a, 0, 0), want: ts},
		{name: "IPv6 in IPv6", first: pkt(1, packet.ProtoIPv6, c, d, 0, 0), second: pkt(1, packet.ProtoIPIP, c, d, 0, 0), want: own},
		{
			name: "IPv6 in IPv6, not asked for", first: udp(c, d, 10, 20), second: pkt(1, packet.ProtoIPv6, c, d, 0, 0), want: none,
			opt: func(o *Options) { o.IPv6InIPv6 = false },
		},
		{name: "IPv4 in IPv4 on", first: pkt(1, packet.ProtoIPIP, a, b, 0, 0), second: pkt(1, packet.ProtoIPIP, a, b, 0, 0), want: ts},
		{name: "GRE", first: udp(a, b, 10, 20), second: pkt(1, packet.ProtoGRE, a, b, 0, 0), want: none},
		{name: "no transport header", first: udp(a, b, 10, 20), second: with(udp(a, b, 10, 20), func(p *packet.Packet) { p.L4 = 0 }), want: none},
		{name: "fragment", first: udp(a, b, 10, 20), second: with(udp(a, b, 10, 20), func(p *packet.Packet) { p.Flags |= packet.Fragment }), want: none},
		{name: "broken", first: udp(a, b, 10, 20), second: with(udp(a, b, 10, 20), func(p *packet.Packet) { p.Flags |= packet.Invalid }), want: none},
	} {
		t.Run(r.name, func(t *testing.T) {
			tab := newTable(t, r.opt)
			f, created := tab.Get(r.first)
			if f == nil || !created {
				t.Fatal("the first packet made no flow")
			}
			g, created := tab.Get(r.second)
			got := own
			switch {
			case g == nil:
				got = none
			case created:
				if g == f {
					t.Fatal("made the same flow again")
				}
			case g == f:
				got = r.second.Dir.Index()
				if f.Pkts[got] == 0 {
					t.Errorf("packets %v: not counted in direction %d", f.Pkts, got)
				}
			}
			if got != r.want {
				t.Errorf("got %d, want %d", got, r.want)
			}
		})
	}
}

// TestStateOfDatagrams: both directions make a flow established, errors do not.
func TestStateOfDatagrams(t *testing.T) {
	tab := newTable(t, nil)
	q := pkt(1, packet.ProtoUDP, "10.0.0.1", "10.0.0.2", 10, 20)
	f, _ := tab.Get(q)
	tab.Get(about(icmp("10.0.0.2", "10.0.0.1", 3, 3), q))
	if f.State != StateNew || f.Pkts != [2]uint64{1, 1} {
		t.Errorf("after an error: state %v, packets %v, want new and one each", f.State, f.Pkts)
	}
	back := pkt(1, packet.ProtoUDP, "10.0.0.2", "10.0.0.1", 20, 10)
	tab.Get(back)
	if f.State != StateEstablished || !back.Has(packet.Established) {
		t.Errorf("after an answer: state %v, want established, and the packet too", f.State)
	}
}

func TestReverse(t *testing.T) {
	tab := newTable(t, func(o *Options) { o.KeepMACs = true })
	p := pkt(1, packet.ProtoUDP, "10.0.0.1", "10.0.0.2", 10, 20)
	p.Data, p.MACs = []byte("\x02\x02\x02\x02\x02\x02\x01\x01\x01\x01\x01\x01"), 0
	f, _ := tab.Get(p)
	tab.Reverse(f)
	q := pkt(2, packet.ProtoUDP, "10.0.0.1", "10.0.0.2", 10, 20)
	if g, _ := tab.Get(q); g != f {
		t.Fatal("a reversed flow was not found")
	}
	if q.Dir != field.ToClient || f.Pkts != [2]uint64{0, 2} || !f.Has(SeenTC) || f.Has(SeenTS) {
		t.Errorf("direction %v, packets %v, flags %b: want all to client", q.Dir, f.Pkts, f.Flags)
	}
	if c, s := tab.MACs(f); string(c) != "\x02\x02\x02\x02\x02\x02" || string(s) != "\x01\x01\x01\x01\x01\x01" {
		t.Errorf("hardware addresses %x and %x are not swapped", c, s)
	}
}

func TestMACs(t *testing.T) {
	tab := newTable(t, func(o *Options) { o.KeepMACs = true })
	var f *Flow
	for i := range byte(20) {
		p := pkt(1, packet.ProtoUDP, "10.0.0.1", "10.0.0.2", 10, 20)
		p.Data, p.MACs = []byte{9, 9, 9, 9, 9, 9, 0, 0, 0, 0, 0, i / 2}, 0
		f, _ = tab.Get(p)
	}
	client, server := tab.MACs(f)
	if len(client) != 6*maxMACs || client[5] != 0 || client[11] != 1 || len(server) != 6 {
		t.Errorf("client %x, server %x: want %d in order, and one", client, server, maxMACs)
	}
}

// TestNoPointers guards what keeps flows out of the garbage collector's sight.
func TestNoPointers(t *testing.T) {
	var walk func(rt reflect.Type, path string)
	walk = func(rt reflect.Type, path string) {
		switch rt.Kind() {
		case reflect.Struct:
			for i := range rt.NumField() {
				walk(rt.Field(i).Type, path+"."+rt.Field(i).Name)
			}
		case reflect.Array:
			walk(rt.Elem(), path)
		case reflect.Pointer, reflect.Slice, reflect.String, reflect.Map, reflect.Interface, reflect.Chan, reflect.Func, reflect.UnsafePointer:
			t.Errorf("%s is a %v", path, rt.Kind())
		}
	}
	walk(reflect.TypeFor[Flow](), "Flow")
	if flowSize > 256 {
		t.Errorf("a flow takes %d bytes, want at most 256", flowSize)
	}
}
