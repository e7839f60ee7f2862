package packet_test

import (
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"weir/decode/capture/pcapfile"
	"weir/decode/packet"
)

// facts are what two decoders have to agree on: the innermost packet that both
// of them reach.
type facts struct {
	src, dst     netip.Addr
	proto        uint8
	sport, dport uint16
	payload      int // length
	at           int // offset of the payload in the frame
	vlans        int
}

// oracle decodes a frame with gopacket. It reports false where there is no
// whole IP packet with a transport header of TCP, UDP, SCTP or ICMP.
func oracle(link packet.LinkType, b []byte) (facts, bool) {
	if link == packet.LinkRadiotap {
		return facts{}, false // gopacket copies the frame to add a check sequence
	}
	var first gopacket.Decoder = layers.LinkType(link)
	if link == packet.LinkRaw || link == packet.LinkRaw12 || link == packet.LinkRaw14 {
		first = layers.LinkTypeRaw
	}
	p := gopacket.NewPacket(b, first, gopacket.DecodeOptions{Lazy: false, NoCopy: true})
	if p.ErrorLayer() != nil {
		return facts{}, false
	}
	var f facts
	ips := 0
	for _, l := range p.Layers() {
		switch l := l.(type) {
		case *layers.Dot1Q:
			f.vlans++
		case *layers.IPv4:
			if l.FragOffset != 0 || l.Flags&layers.IPv4MoreFragments != 0 || int(l.Length) > len(l.Contents)+len(l.Payload) {
				return facts{}, false
			}
			ips++
			f.src, _ = netip.AddrFromSlice(l.SrcIP)
			f.dst, _ = netip.AddrFromSlice(l.DstIP)
		case *layers.IPv6:
			if int(l.Length) != len(l.Payload) {
				return facts{}, false // jumbograms, and what is cut
			}
			ips++
			f.src, _ = netip.AddrFromSlice(l.SrcIP)
			f.dst, _ = netip.AddrFromSlice(l.DstIP)
		case *layers.IPv6Fragment, *layers.GRE, *layers.VXLAN, *layers.Geneve, *layers.PPP, *layers.MPLS:
			return facts{}, false // TestWhole is about these
		case *layers.TCP:
			f.proto, f.sport, f.dport = packet.ProtoTCP, uint16(l.SrcPort), uint16(l.DstPort)
			f.place(b, l.Contents, l.Payload)
			return f, ips == 1
		case *layers.UDP:
			if int(l.Length) < 8 {
				return facts{}, false
			}
			f.proto, f.sport, f.dport = packet.ProtoUDP, uint16(l.SrcPort), uint16(l.DstPort)
			f.place(b, l.Contents, l.Payload)
			return f, ips == 1
		case *layers.ICMPv4:
			f.proto = packet.ProtoICMP
			f.place(b, l.Contents, l.Payload)
			return f, ips == 1
		}
	}
	return facts{}, false
}

// place notes where a payload stands: header and payload are views of the frame.
func (f *facts) place(frame, header, payload []byte) {
	f.payload = len(payload)
	f.at = cap(frame) - cap(header) + len(header)
}

// ours decodes a frame with Decoder.
func ours(p *packet.Packet) facts {
	return facts{
		src: p.SrcAddr(), dst: p.DstAddr(), proto: p.Proto, sport: p.SrcPort, dport: p.DstPort,
		payload: len(p.Payload()), at: int(p.Pay), vlans: int(p.VLANs),
	}
}

// TestOracle compares every frame of the bundled captures, and of others that
// are there, with gopacket. What gopacket takes for whole has to be the same
// here, but for packets with an event: those are stricter here.
func TestOracle(t *testing.T) {
	dirs := []string{"../../testdata/captures"}
	for _, dir := range []string{"../../../shared/parity/pcaps", "../../../shared/verify/pcaps"} {
		if _, err := os.Stat(dir); err == nil && !testing.Short() {
			dirs = append(dirs, dir)
		}
	}
	compared, frames, bad := 0, 0, 0
	d := packet.NewDecoder(packet.DefaultOptions())
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.Contains(path, ".pcap") {
				return err
			}
			eachFrame(path, func(f *packet.Frame) {
				frames++
				want, ok := oracle(f.Link, f.Data)
				if !ok || bad > 20 {
					return
				}
				ps := d.Decode(f)
				p := ps[len(ps)-1]
				if len(p.Events()) > 0 {
					return
				}
				compared++
				if got := ours(p); got != want {
					bad++
					t.Errorf("%s: packet %d: %+v, want %+v", filepath.Base(path), f.Num, got, want)
				}
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of %d frames compared", compared, frames)
	if compared*2 < frames {
		t.Errorf("%d of %d frames compared, want half of them", compared, frames)
	}
}

// eachFrame calls f for the frames of a capture, up to what is broken in it.
func eachFrame(path string, f func(*packet.Frame)) {
	c, err := pcapfile.Open(path)
	if err != nil {
		return
	}
	defer c.Close()
	num := uint64(0)
	for {
		var b pcapfile.Batch
		err := c.Next(&b)
		for i := range b.Frames {
			num++
			b.Frames[i].Num = num
			f(&b.Frames[i])
		}
		b.Release()
		if err != nil {
			return
		}
	}
}
