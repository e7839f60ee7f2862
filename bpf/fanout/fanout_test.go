package fanout

import (
	"encoding/binary"
	"net"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"weir/bpf/nstest"
)

// open loads the program, or skips the test where it may not be loaded.
func open(t testing.TB) *Program {
	t.Helper()
	p, err := Open(Options{VXLANPorts: []uint16{8472, 4789}, GENEVEPorts: []uint16{6081}})
	if err != nil {
		nstest.NoEBPF(t, err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// Layers of test frames.

func join(parts ...[]byte) (b []byte) {
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func ether(typ uint16) []byte { return binary.BigEndian.AppendUint16(make([]byte, 12), typ) }

func tagged(tag, typ uint16) []byte {
	return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, tag), typ)
}

// ip4 and ip6 make headers; the length is left out, as nothing reads it.
func ip4(src, dst string, proto byte, frag uint16) []byte {
	b := make([]byte, 12, 20)
	b[0], b[8], b[9] = 0x45, 64, proto
	binary.BigEndian.PutUint16(b[6:], frag)
	return append(append(b, netip.MustParseAddr(src).AsSlice()...), netip.MustParseAddr(dst).AsSlice()...)
}

func ip6(src, dst string, next byte) []byte {
	b := make([]byte, 8, 40)
	b[0], b[6] = 0x60, next
	return append(append(b, netip.MustParseAddr(src).AsSlice()...), netip.MustParseAddr(dst).AsSlice()...)
}

func udpTo(port uint16) []byte { return []byte{0x12, 0x34, byte(port >> 8), byte(port), 0, 0, 0, 0} }

// TestHash compares numbers of frames: same says whether those of a row are equal.
func TestHash(t *testing.T) {
	p := open(t)
	load := make([]byte, 32)
	plain := join(ether(0x800), ip4("10.0.0.1", "10.0.0.2", 6, 0), load)
	plain6 := join(ether(0x86dd), ip6("2001:db8::1", "2001:db8::2", 6), load)
	inner := join(ip4("10.0.0.1", "10.0.0.2", 6, 0), load)
	inner6 := join(ip6("2001:db8::1", "2001:db8::2", 6), load)
	back := join(ip4("10.0.0.2", "10.0.0.1", 6, 0), load)
	outer := func(proto byte) []byte { return join(ether(0x800), ip4("192.0.2.1", "192.0.2.2", proto, 0)) }
	vxlan := []byte{8, 0, 0, 0, 0, 0, 7, 0}
	for _, c := range []struct {
		name string
		a, b []byte
		same bool
	}{
		{"both directions", plain, join(ether(0x800), back), true},
		{"both directions of IPv6", plain6, join(ether(0x86dd), ip6("2001:db8::2", "2001:db8::1", 6), load), true},
		{"another peer", plain, join(ether(0x800), ip4("10.0.0.1", "10.0.0.3", 6, 0), load), false},
		{"another peer of IPv6", plain6, join(ether(0x86dd), ip6("2001:db8::1", "2001:db8::3", 6), load), false},
		{"another protocol", plain, join(ether(0x800), ip4("10.0.0.1", "10.0.0.2", 1, 0), load), true},
		{"a fragment", plain, join(ether(0x800), ip4("10.0.0.1", "10.0.0.2", 6, 0x2001), load), true},
		{"VLAN", plain, join(ether(0x8100), tagged(5, 0x800), inner), true},
		{"VLAN in VLAN", plain, join(ether(0x88a8), tagged(5, 0x8100), tagged(6, 0x800), inner), true},
		{"PPPoE", plain, join(ether(0x8864), []byte{0x11, 0, 0, 7, 0, 22, 0, 0x21}, inner), true},
		{"IPv6 in PPPoE behind a VLAN", plain6, join(ether(0x8100), tagged(5, 0x8864), []byte{0x11, 0, 0, 7, 0, 22, 0, 0x57}, inner6), true},
		{"MPLS", plain, join(ether(0x8847), []byte{0, 0, 0x10, 64, 0, 0, 0x21, 64}, inner), true},
		{"IPv6 in MPLS", plain6, join(ether(0x8847), []byte{0, 0, 0x21, 64}, inner6), true},
		{"IP in IP", plain, join(outer(4), inner), true},
		{"IP in IP, back", plain, join(outer(4), back), true},
		{"IPv6 in IP", plain6, join(outer(41), inner6), true},
		{"IP in IPv6", plain, join(ether(0x86dd), ip6("2001:db8::8", "2001:db8::9", 4), inner), true},
		{"IP in IPv6 with options", plain, join(ether(0x86dd), ip6("2001:db8::8", "2001:db8::9", 60), []byte{4, 0, 4, 1, 4, 1, 1, 0}, inner), true},
		{"GRE", plain, join(outer(47), []byte{0, 0, 8, 0}, inner), true},
		{"GRE with key and sequence", plain, join(outer(47), []byte{0x30, 0, 8, 0, 0, 0, 0, 7, 0, 0, 0, 1}, inner), true},
		{"Ethernet in GRE", plain, join(outer(47), []byte{0, 0, 0x65, 0x58}, plain), true},
		{"VXLAN", plain, join(outer(17), udpTo(4789), vxlan, plain), true},
		{"VXLAN with VLAN inside", plain, join(outer(17), udpTo(4789), vxlan, ether(0x8100), tagged(5, 0x800), inner), true},
		{"GENEVE of Ethernet", plain, join(outer(17), udpTo(6081), []byte{0, 0, 0x65, 0x58, 0, 0, 7, 0}, plain), true},
		{"GENEVE with options, of IPv6", plain6, join(outer(17), udpTo(6081), []byte{1, 0, 0x86, 0xdd, 0, 0, 7, 0, 1, 2, 3, 4}, inner6), true},
		{"tunnel in tunnel", plain, join(outer(47), []byte{0, 0, 8, 0}, ip4("198.51.100.1", "198.51.100.2", 17, 0), udpTo(4789), vxlan, plain), true},
		{"VXLAN at another port", plain, join(outer(17), udpTo(8472), vxlan, plain), true},
		{"VXLAN without identifier is none", join(outer(1), load), join(outer(17), udpTo(4789), make([]byte, 8), plain), true},
		{"another port is no tunnel", plain, join(outer(17), udpTo(4790), vxlan, plain), false},
		{"first fragment of a tunnel goes with the others", join(ether(0x800), ip4("192.0.2.1", "192.0.2.2", 4, 0x2000), inner),
			join(ether(0x800), ip4("192.0.2.1", "192.0.2.2", 4, 0x0008), load), true},
		{"PPTP is no tunnel of IP", join(outer(47), []byte{0x20, 1, 0x88, 0x0b, 0, 4, 0, 0}, inner), join(outer(1), load), true},
		{"cut tunnel goes by what there is", join(outer(17), udpTo(4789), vxlan, ether(0x800), inner[:12]), join(outer(1), load), true},
	} {
		a, err := p.Hash(c.a)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		b, err := p.Hash(c.b)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if (a == b) != c.same {
			t.Errorf("%s: %#x and %#x, want the same: %v", c.name, a, b, c.same)
		}
	}
}

// TestSpread gives neighbours to members: each has its share.
func TestSpread(t *testing.T) {
	p := open(t)
	for _, members := range []uint32{2, 3, 8} {
		got := make([]int, members)
		for i := range 800 {
			addr := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
			h, err := p.Hash(join(ether(0x800), ip4("192.0.2.1", addr.String(), 6, 0), make([]byte, 20)))
			if err != nil {
				t.Fatal(err)
			}
			got[h%members]++
		}
		for i, n := range got {
			if n < 600/int(members) || n > 1000/int(members) {
				t.Errorf("%d of 800 pairs for member %d of %d", n, i, members)
			}
		}
	}
}

// TestAttach sends over loopback to a group of sockets: all datagrams of an address
// pair come to one of them, those of many pairs to all.
func TestAttach(t *testing.T) {
	if !nstest.Enter(t) {
		return
	}
	p := open(t)
	ifc, err := net.InterfaceByName("lo")
	if err != nil {
		t.Fatal(err)
	}
	var fds [3]int
	for i := range fds {
		proto := uint16(unix.ETH_P_IP)
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: proto<<8 | proto>>8, Ifindex: ifc.Index}); err != nil {
			t.Fatal(err)
		}
		if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_FANOUT, 7|unix.PACKET_FANOUT_EBPF<<16); err != nil {
			t.Fatal(err)
		}
		if err := p.Attach(fd); err != nil {
			t.Fatal(err)
		}
		fds[i] = fd
	}
	const pairs, each = 40, 5
	for i := range pairs {
		c, err := net.DialUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 1, byte(i))}, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9})
		if err != nil {
			t.Fatal(err)
		}
		for range each {
			_, _ = c.Write([]byte("datagram")) // refused: nobody listens
		}
		c.Close()
	}
	by := map[[4]byte]map[int]int{}
	used := map[int]bool{}
	b := make([]byte, 2048)
	for i, fd := range fds {
		for {
			n, _, err := unix.Recvfrom(fd, b, 0)
			if err != nil {
				break
			}
			if n < 42 || b[23] != unix.IPPROTO_UDP {
				continue // an error of ICMP
			}
			src := [4]byte(b[26:])
			if by[src] == nil {
				by[src] = map[int]int{}
			}
			by[src][i]++
			used[i] = true
		}
	}
	if len(by) != pairs || len(used) != len(fds) {
		t.Errorf("%d pairs seen at %d sockets, want %d at %d", len(by), len(used), pairs, len(fds))
	}
	for src, at := range by {
		if len(at) != 1 {
			t.Errorf("frames of %v at sockets %v, want one", src, at)
		}
	}
}

// BenchmarkHash is the cost of a frame inside the kernel.
func BenchmarkHash(b *testing.B) {
	p := open(b)
	plain := join(ether(0x800), ip4("10.0.0.1", "10.0.0.2", 6, 0), make([]byte, 40))
	for _, c := range []struct {
		name  string
		frame []byte
	}{
		{"plain", plain},
		{"vxlan", join(ether(0x800), ip4("192.0.2.1", "192.0.2.2", 17, 0), udpTo(4789), []byte{8, 0, 0, 0, 0, 0, 7, 0}, plain)},
	} {
		b.Run(c.name, func(b *testing.B) {
			_, d, err := p.objs.Fanout.Benchmark(c.frame, b.N, b.ResetTimer)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(d.Nanoseconds()), "ns/frame")
		})
	}
}
