package packet_test

import (
	"slices"
	"testing"

	"weir/decode/packet"
	"weir/decode/packet/packettest"
)

func TestWhole(t *testing.T) {
	names := map[string]packet.Source{}
	for s := packet.SourceWire; s <= packet.SourceShutdown; s++ {
		var p packet.Packet
		p.SetSource(s)
		names[p.Source()] = s
	}
	d := packet.NewDecoder(packet.DefaultOptions())
	for _, c := range packettest.Wholes() {
		t.Run(c.Name, func(t *testing.T) {
			ps := decodeAll(d, c.Link, c.Frame)
			var got []packet.Source
			for _, p := range ps {
				got = append(got, names[p.Source()])
				for _, e := range p.Events() {
					if e != packet.EvIPv6ExtHdrUselessFH && e != packet.EvIPv4OptPadRequired {
						t.Errorf("event %s", e.Name())
					}
				}
			}
			if !slices.Equal(got, c.Sources) {
				t.Fatalf("packets %v, want %v", got, c.Sources)
			}
			p := ps[0]
			if got := string(p.Payload()); got != packettest.Data || p.Proto != packet.ProtoUDP || p.SrcPort != 1024 || p.DstPort != 9 {
				t.Errorf("payload %q of protocol %d, ports %d to %d", got, p.Proto, p.SrcPort, p.DstPort)
			}
			if !slices.Equal(p.VLANIDs(), c.VLANs) {
				t.Errorf("VLANs %v, want %v", p.VLANIDs(), c.VLANs)
			}
			if !p.ChecksumOK() || p.Version == 4 && !p.IPv4ChecksumOK() {
				t.Errorf("a checksum is wrong")
			}
			for i, p := range ps {
				if want := uint8(len(ps) - 1 - i); p.Depth != want {
					t.Errorf("depth %d, want %d", p.Depth, want)
				}
				if (p.Root != nil) != p.Has(packet.Inner) || p.Root != nil && p.Root != ps[len(ps)-1] {
					t.Errorf("packet %d: its root is not the frame's packet", i)
				}
			}
		})
	}
}

// TestCut cuts each frame at each byte: there is always a packet, and its
// getters are safe.
func TestCut(t *testing.T) {
	d := packet.NewDecoder(packet.DefaultOptions())
	for _, c := range packettest.Wholes() {
		for n := range c.Frame {
			for _, p := range decodeAll(d, c.Link, c.Frame[:n]) {
				getters(t, p)
			}
		}
	}
	for _, c := range packettest.Broken() {
		for n := range c.Frame {
			for _, p := range decodeAll(d, c.Link, c.Frame[:n]) {
				getters(t, p)
			}
		}
	}
}

// getters calls all that reads the bytes of a packet.
func getters(t testing.TB, p *packet.Packet) {
	if n := len(p.Payload()); n > len(p.Data) {
		t.Fatalf("payload of %d bytes in %d", n, len(p.Data))
	}
	for _, proto := range []uint8{packet.ProtoTCP, packet.ProtoUDP, packet.ProtoICMP, packet.ProtoICMPv6, packet.ProtoIGMP, packet.ProtoSCTP} {
		p.Header(proto)
	}
	p.IPHeader(4)
	p.IPHeader(6)
	p.IPv4ChecksumOK()
	if p.L4 != 0 {
		p.ChecksumOK()
	}
	p.VLANIDs()
	p.SrcAddr()
	p.DstAddr()
	_ = p.Source()
	for _, e := range p.Events() {
		_ = e.Name()
	}
	for range p.SCTPChunks() {
	}
	if _, ok := p.IGMPType(); ok {
		p.IGMPVersion()
		p.IsRGMP()
	}
	if p.MACs >= 0 {
		_ = p.Data[p.MACs : p.MACs+14]
	}
	if p.HasARP {
		_ = p.Data[p.ARP : p.ARP+28]
	}
	if p.TCP.NSACK > 0 {
		_ = p.Data[p.TCP.SACK : int(p.TCP.SACK)+8*int(p.TCP.NSACK)]
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range packettest.Wholes() {
		f.Add(uint16(c.Link), c.Frame)
	}
	for _, c := range packettest.Broken() {
		f.Add(uint16(c.Link), c.Frame)
	}
	old := packet.DefaultOptions()
	old.Version7, old.TeredoAnyPort, old.Checksums, old.VXLANReserved = true, true, true, true
	ds := []*packet.Decoder{packet.NewDecoder(packet.DefaultOptions()), packet.NewDecoder(old)}
	f.Fuzz(func(t *testing.T, link uint16, b []byte) {
		for _, d := range ds {
			ps := decodeAll(d, packet.LinkType(link), b)
			if len(ps) == 0 {
				t.Fatal("no packet")
			}
			for _, p := range ps {
				getters(t, p)
			}
		}
	})
}

func TestDecodeAllocates(t *testing.T) {
	d := packet.NewDecoder(packet.DefaultOptions())
	var frames []packet.Frame
	for _, c := range packettest.Wholes() {
		frames = append(frames, packet.Frame{Data: c.Frame, Wire: uint32(len(c.Frame)), Num: 1, Link: c.Link})
	}
	all := func() {
		for i := range frames {
			d.Decode(&frames[i])
		}
	}
	all()
	if n := testing.AllocsPerRun(100, all); n != 0 {
		t.Errorf("Decode allocates %v times for %d frames, want 0", n, len(frames))
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, name := range []string{"ethernet ipv4", "ethernet ipv6", "vlan", "ipv6 with extension headers", "gre ipv4", "vxlan"} {
		frames := packettest.Wholes()
		c := frames[slices.IndexFunc(frames, func(c packettest.Whole) bool { return c.Name == name })]
		b.Run(name, func(b *testing.B) { benchmark(b, c.Link, c.Frame) })
	}
	ip := packettest.IP{Src: "10.0.0.1", Dst: "10.0.0.2"}
	b.Run("tcp", func(b *testing.B) {
		benchmark(b, packet.LinkEthernet, packettest.EtherIP(ip.TCP(packettest.TCP{
			SrcPort: 1024, DstPort: 80, Flags: packet.ACK, Opts: []byte{1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2}, Data: make([]byte, 1448),
		})))
	})
}

func benchmark(b *testing.B, link packet.LinkType, frame []byte) {
	d := packet.NewDecoder(packet.DefaultOptions())
	f := &packet.Frame{Data: frame, Wire: uint32(len(frame)), Num: 1, Link: link}
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	for b.Loop() {
		if ps := d.Decode(f); ps[0].L4 == 0 {
			b.Fatal("no transport header")
		}
	}
}
