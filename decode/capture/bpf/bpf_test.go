package bpf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"weir/decode/packet"
)

var (
	macA = net.HardwareAddr{0x02, 0, 0, 0, 0, 0x0a}
	macB = net.HardwareAddr{0x02, 0, 0, 0, 0, 0x0b}
	all1 = net.HardwareAddr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	ipA  = net.IP{10, 0, 0, 1}
	ipB  = net.IP{192, 168, 1, 2}
	ip6A = net.ParseIP("2001:db8::1")
	ip6B = net.ParseIP("2001:db8:1::2")
)

// serialize puts layers together, with lengths and checksums filled in.
func serialize(ls ...gopacket.SerializableLayer) []byte {
	buf := gopacket.NewSerializeBuffer()
	var network gopacket.NetworkLayer
	for _, l := range ls {
		switch l := l.(type) {
		case *layers.IPv4:
			network = l
		case *layers.IPv6:
			network = l
		case *layers.TCP:
			_ = l.SetNetworkLayerForChecksum(network)
		case *layers.UDP:
			_ = l.SetNetworkLayerForChecksum(network)
		case *layers.ICMPv6:
			_ = l.SetNetworkLayerForChecksum(network)
		}
	}
	if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ls...); err != nil {
		panic(err)
	}
	return slices.Clone(buf.Bytes())
}

func eth(t layers.EthernetType) *layers.Ethernet {
	return &layers.Ethernet{SrcMAC: macA, DstMAC: macB, EthernetType: t}
}

func ip4(p layers.IPProtocol) *layers.IPv4 {
	return &layers.IPv4{Version: 4, IHL: 5, TTL: 64, Protocol: p, SrcIP: ipA, DstIP: ipB}
}

func ip6(p layers.IPProtocol) *layers.IPv6 {
	return &layers.IPv6{Version: 6, NextHeader: p, HopLimit: 64, SrcIP: ip6A, DstIP: ip6B}
}

// frames are Ethernet frames of every kind that filters tell apart.
func frames() map[string][]byte {
	syn := func() *layers.TCP { return &layers.TCP{SrcPort: 40000, DstPort: 80, SYN: true, Window: 1024} }
	ack := func() *layers.TCP {
		return &layers.TCP{SrcPort: 443, DstPort: 40001, ACK: true, PSH: true, Window: 1024}
	}
	udp := func() *layers.UDP { return &layers.UDP{SrcPort: 5353, DstPort: 53} }
	options := ip4(layers.IPProtocolTCP)
	options.Options = []layers.IPv4Option{{OptionType: 148, OptionLength: 4, OptionData: []byte{0, 0}}}
	fragment := ip4(layers.IPProtocolUDP)
	fragment.FragOffset = 100
	first := ip4(layers.IPProtocolUDP)
	first.Flags = layers.IPv4MoreFragments
	group := ip4(layers.IPProtocolUDP)
	group.DstIP = net.IP{224, 0, 0, 251}
	group6 := ip6(layers.IPProtocolUDP)
	group6.DstIP = net.ParseIP("ff02::fb")
	arp := &layers.ARP{
		AddrType: 1, Protocol: 0x800, HwAddressSize: 6, ProtAddressSize: 4, Operation: 1,
		SourceHwAddress: macA, SourceProtAddress: ipA, DstHwAddress: make([]byte, 6), DstProtAddress: ipB,
	}
	broadcast := eth(layers.EthernetTypeARP)
	broadcast.DstMAC = all1
	body := gopacket.Payload("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	tagged := func(id uint16, t layers.EthernetType) *layers.Dot1Q {
		return &layers.Dot1Q{VLANIdentifier: id, Type: t}
	}
	m := map[string][]byte{
		"syn":      serialize(eth(0x800), ip4(6), syn()),
		"ack":      serialize(eth(0x800), ip4(6), ack(), body),
		"options":  serialize(eth(0x800), options, ack(), body),
		"udp":      serialize(eth(0x800), ip4(17), udp(), body),
		"first":    serialize(eth(0x800), first, udp(), body),
		"fragment": serialize(eth(0x800), fragment, body),
		"group":    serialize(eth(0x800), group, udp(), body),
		"icmp":     serialize(eth(0x800), ip4(1), &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(8, 0)}, body),
		"sctp":     serialize(eth(0x800), ip4(132), &layers.SCTP{SrcPort: 80, DstPort: 81}),
		"gre":      serialize(eth(0x800), ip4(47), body),
		"syn6":     serialize(eth(0x86dd), ip6(6), syn()),
		"udp6":     serialize(eth(0x86dd), ip6(17), udp(), body),
		"group6":   serialize(eth(0x86dd), group6, udp(), body),
		"icmp6":    serialize(eth(0x86dd), ip6(58), &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(128, 0)}, gopacket.Payload("ping")),
		"frag6":    serialize(eth(0x86dd), ip6(44), gopacket.Payload([]byte{6, 0, 0, 1, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8})),
		"arp":      serialize(broadcast, arp),
		"vlan":     serialize(eth(0x8100), tagged(100, 0x800), ip4(6), syn()),
		"qinq":     serialize(eth(0x88a8), tagged(5, 0x8100), tagged(100, 0x800), ip4(17), udp()),
		"vlan6":    serialize(eth(0x8100), tagged(7, 0x86dd), ip6(17), udp()),
		"mpls":     serialize(eth(0x8847), &layers.MPLS{Label: 1000, StackBottom: true, TTL: 9}, ip4(6), syn()),
		"mpls2":    serialize(eth(0x8847), &layers.MPLS{Label: 7, TTL: 9}, &layers.MPLS{Label: 1000, StackBottom: true, TTL: 9}, ip4(17), udp()),
		"pppoe":    serialize(eth(0x8864), &layers.PPPoE{Version: 1, Type: 1, SessionId: 17}, &layers.PPP{PPPType: layers.PPPTypeIPv4}, ip4(6), syn()),
		"llc":      serialize(&layers.Ethernet{SrcMAC: macA, DstMAC: macB, EthernetType: layers.EthernetTypeLLC, Length: 10}, gopacket.Payload("0123456789")),
	}
	for _, n := range []int{10, 15, 25, 36, 38, 47} {
		m["cut"+string(rune('A'+n/10))+string(rune('0'+n%10))] = m["ack"][:n]
	}
	m["cut6"] = m["syn6"][:50]
	return m
}

// filters are compared with tcpdump's reading of them; what they take is in the
// captures above, or not.
var filters = []string{
	"ip", "ip6", "arp", "rarp", "tcp", "udp", "icmp", "icmp6", "sctp", "esp", "ether proto 0x88a8", "ether proto \\ip",
	"host 10.0.0.1", "src host 10.0.0.1", "dst host 10.0.0.1", "dst 192.168.1.2", "src and dst host 10.0.0.1",
	"src or dst host 192.168.1.2", "ip host 10.0.0.1", "arp host 10.0.0.1", "host 2001:db8::1", "src 2001:db8:1::2",
	"net 10", "net 10.0.0.0/8", "net 192.168", "src net 192.168.1.0 mask 255.255.255.0", "net 2001:db8::/32", "dst net 2001:db8:1::/48",
	"port 80", "src port 443", "dst port 53", "tcp port 80", "udp port 53", "sctp port 81", "port domain", "tcp dst port 80 or 443",
	"port 53 or 80", "portrange 50-100", "udp src portrange 5000-6000", "src or dst port 53", "src and dst port 80",
	"ether host 02:00:00:00:00:0a", "ether src 02:00:00:00:00:0b", "ether dst 02:00:00:00:00:0b", "ether broadcast", "broadcast",
	"ether multicast", "multicast", "ip multicast", "ip6 multicast", "proto 47", "ip proto 6", "ip6 proto 17", "ip proto \\udp", "ip6 proto 44",
	"not tcp", "not port 80", "! udp and not arp", "tcp and not port 80", "tcp or udp and port 53", "tcp or (udp and port 53)",
	"not (tcp or udp)", "tcp && port 80 || icmp", "port (80 or 53)", "host 10.0.0.1 and (port 80 or port 53)",
	"tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", "tcp[13] & 2 != 0", "tcp[13] = 2", "tcp[tcpflags] == tcp-syn", "tcp[2:2] = 80",
	"ip[0] & 0xf != 5", "ip[2:2] > 60", "ip[6:2] & 0x1fff != 0", "ip[8] < 65", "ip6[6] = 17", "udp[0:2] = 5353", "icmp[icmptype] = icmp-echo",
	"icmp[0] = 8", "icmp6[icmp6type] = icmp6-echo", "arp[6:2] = 1", "ether[0] & 1 = 1", "ether[6:4] = 0x02000000",
	"tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420", "tcp[100] = 1", "not tcp[100] = 1", "udp[4:2] - 8 > 20", "len > 60", "len - 14 >= 50",
	"less 60", "greater 60", "ip[2:2] = len - 14", "tcp port 80 and (((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0)",
	"vlan", "vlan 100", "vlan 5", "vlan and tcp", "vlan 100 and tcp port 80", "vlan and vlan", "vlan 5 and vlan 100 and udp", "vlan and ip6",
	"tcp or (vlan and tcp)", "mpls", "mpls 1000", "mpls and tcp", "mpls 7 and mpls 1000 and udp port 53", "pppoes", "pppoes 17 and tcp port 80", "pppoes and ip",
	"not vlan", "not ip", "2 = 2", "1 > 2", "-1 > 0", "(1 + 2) * 3 = 9", "ip and 4 = 4", "ether[12:2] = 0x800 and ip[9] = 6",
}

func TestAgainstTcpdump(t *testing.T) {
	tool, err := exec.LookPath("tcpdump")
	if err != nil {
		t.Skip("tcpdump is not installed")
	}
	all := frames()
	names := slices.Sorted(func(yield func(string) bool) {
		for n := range all {
			if !yield(n) {
				return
			}
		}
	})
	for _, tt := range []struct {
		name string
		link packet.LinkType
		cut  int // of the link header
		put  func(etherType uint16) []byte
	}{
		{"ethernet", packet.LinkEthernet, 0, nil},
		{"raw", packet.LinkRaw, 14, func(uint16) []byte { return nil }},
		{"sll", packet.LinkSLL, 14, func(et uint16) []byte { return binary.BigEndian.AppendUint16(make([]byte, 14), et) }},
		{"sll2", packet.LinkSLL2, 14, func(et uint16) []byte { return append(binary.BigEndian.AppendUint16(nil, et), make([]byte, 18)...) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "in.pcap")
			var buf bytes.Buffer
			w := pcapgo.NewWriter(&buf)
			if err := w.WriteFileHeader(65535, layers.LinkType(tt.link)); err != nil {
				t.Fatal(err)
			}
			binary.LittleEndian.PutUint32(buf.Bytes()[20:], uint32(tt.link)) // the writer knows a byte of it
			var sent [][]byte
			for i, n := range names {
				b := all[n]
				if tt.cut > 0 {
					if len(b) < 20 || tt.link == packet.LinkRaw && b[12] == 0x81 {
						continue
					}
					b = append(tt.put(binary.BigEndian.Uint16(b[12:])), b[tt.cut:]...)
				}
				sent = append(sent, b)
				if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: time.Unix(int64(len(sent)), 0), CaptureLength: len(b), Length: len(b)}, b); err != nil {
					t.Fatal(i, err)
				}
			}
			if err := os.WriteFile(file, buf.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			compared := 0
			for _, expr := range filters {
				out, err := exec.Command(tool, "-n", "-r", file, "-w", "-", expr).Output()
				if err != nil {
					continue // tcpdump refuses it for this link type
				}
				compared++
				f, err := Compile(expr, tt.link)
				if err != nil {
					t.Errorf("%s: %v", expr, err)
					continue
				}
				want := times(t, out)
				for i, b := range sent {
					if got := f.Match(b, uint32(len(b))); got != want[i+1] {
						t.Errorf("%s: frame %d %x: %v, tcpdump says %v", expr, i, b, got, want[i+1])
					}
				}
			}
			t.Logf("%d filters compared", compared)
		})
	}
}

// times returns the time stamps, s, of a capture in memory.
func times(t *testing.T, b []byte) map[int]bool {
	r, err := pcapgo.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	m := map[int]bool{}
	for {
		_, ci, err := r.ReadPacketData()
		if err != nil {
			return m
		}
		m[int(ci.Timestamp.Unix())] = true
	}
}

func TestMatch(t *testing.T) {
	all := frames()
	for _, tt := range []struct{ filter, takes, leaves string }{
		{"", "syn arp llc", ""},
		{"tcp port 80", "syn syn6", "ack udp vlan fragment"},
		{"port 53", "udp first udp6", "fragment syn"},
		{"host 10.0.0.1", "syn arp icmp", "syn6"},
		{"vlan 100 and tcp", "vlan", "qinq syn"},
		{"not tcp", "udp arp llc", "syn cutB5"},
		{"tcp[tcpflags] & tcp-syn != 0", "syn", "ack syn6"},
	} {
		f, err := Compile(tt.filter, packet.LinkEthernet)
		if err != nil {
			t.Fatal(err)
		}
		for name := range strings.FieldsSeq(tt.takes) {
			if !f.Match(all[name], uint32(len(all[name]))) {
				t.Errorf("%q does not take %s", tt.filter, name)
			}
		}
		for name := range strings.FieldsSeq(tt.leaves) {
			if f.Match(all[name], uint32(len(all[name]))) {
				t.Errorf("%q takes %s", tt.filter, name)
			}
		}
	}
	f, err := Compile("len > 1000", packet.LinkEthernet)
	if err != nil {
		t.Fatal(err)
	}
	if !f.Takes(&packet.Frame{Data: all["syn"], Wire: 1500}) {
		t.Error("len is not the length on the wire")
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct{ filter, want string }{
		{"port", "column 5: want a port number"},
		{"port 70000", `column 6: "70000": want a port up to 65535`},
		{"port nosuch", `column 6: "nosuch": want a port number; this name is not known`},
		{"host www.example.com", `column 6: "www.example.com": names are not looked up, want an address`},
		{"host 10.0.0", `column 6: "10.0.0": want an address`},
		{"net 10.0.0.1/8", `column 5: "10.0.0.1": want an address with no bits set behind the prefix`},
		{"net 10.0.0.0/33", `column 14: "33": want a prefix length up to 32`},
		{"tcp and", "column 8: the filter ends, want a test such as host, port or tcp"},
		{"(tcp or udp", `column 12: the filter ends, want ")"`},
		{"tcp udp", `column 5: "udp": want and, or, or the end`},
		{"tcp[13] &", "column 10: the filter ends, want a number, len or a header such as tcp[13]"},
		{"tcp[13]", "column 8: the filter ends, want =, !=, >, <, >= or <="},
		{"tcp[0:3] = 1", `column 7: "3": want a size of 1, 2 or 4 bytes`},
		{"foo[0] = 1", `column 1: "foo": want ether, ip, ip6, arp, tcp, udp, icmp or another protocol in front of [`},
		{"nonsense", `column 1: "nonsense" is no word of the filter language`},
		{"10.0.0.1", `column 1: "10.0.0.1": want host, net, port or another word in front`},
		{"gateway 10.0.0.1", "column 1: gateway: names of hosts are not looked up"},
		{"icmp port 5", "column 11: icmp has no ports: want tcp, udp or sctp"},
		{"tcp host 10.0.0.1", "column 10: tcp in front of 10.0.0.1: want ip, ip6, arp, rarp or nothing that fits the address"},
		{"vlan 5000", `column 6: "5000": want an identifier up to 4095`},
		{"tcp @ 5", `column 5: character '@' has no meaning in a filter`},
		{"len / 0 = 1", "column 5: division by 0"},
		{strings.Repeat("(", 100) + "tcp", "column 65: more than 64 brackets and negations inside one another"},
	} {
		_, err := Compile(tt.filter, packet.LinkEthernet)
		var e *Error
		if !errors.As(err, &e) || e.Error() != tt.want {
			t.Errorf("%q:\n got %v\nwant %s", tt.filter, err, tt.want)
		}
	}
	if _, err := Compile("tcp", packet.LinkNFLOG); err == nil {
		t.Error("a link type that is not known compiles")
	}
}

func TestNoAllocation(t *testing.T) {
	all := frames()
	for _, expr := range filters {
		f, err := Compile(expr, packet.LinkEthernet)
		if err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		if n := testing.AllocsPerRun(20, func() {
			for _, b := range all {
				f.Match(b, uint32(len(b)))
			}
		}); n != 0 {
			t.Errorf("%s allocates %v times, want 0", expr, n)
		}
	}
}

// FuzzFilter: no text and no frame makes the compiler or a filter fail, and a
// position is within the text.
func FuzzFilter(f *testing.F) {
	frame := frames()["ack"]
	for _, expr := range filters {
		f.Add(expr, frame, uint16(packet.LinkEthernet))
	}
	f.Fuzz(func(t *testing.T, expr string, frame []byte, link uint16) {
		flt, err := Compile(expr, packet.LinkType(link))
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Col < 1 || e.Col > len(expr)+1 {
				t.Fatalf("%q: %v", expr, err)
			}
			return
		}
		flt.Match(frame, uint32(len(frame)))
	})
}

func BenchmarkMatch(b *testing.B) {
	all := frames()
	for _, expr := range []string{"tcp port 80", "host 10.0.0.1 and (port 80 or port 53)", "tcp[tcpflags] & tcp-syn != 0"} {
		b.Run(expr, func(b *testing.B) {
			f, err := Compile(expr, packet.LinkEthernet)
			if err != nil {
				b.Fatal(err)
			}
			syn := all["syn"]
			b.ReportAllocs()
			for b.Loop() {
				if !f.Match(syn, uint32(len(syn))) {
					b.Fatal("does not take the frame")
				}
			}
		})
	}
}
