package shunt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"weir/bpf/nstest"
)

// open loads the program, or skips the test where it may not be loaded.
func open(t testing.TB, o Options) *Shunt {
	t.Helper()
	s, err := Open(o)
	if err != nil {
		nstest.NoEBPF(t, err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func addr(s string) [16]byte { return netip.MustParseAddr(s).As16() }

// segment makes a frame of TCP from one address to another.
func segment(src, dst string, sport, dport uint16, flags byte, frag uint16) []byte {
	b := append(make([]byte, 12), 8, 0, 0x45)
	b = append(b, make([]byte, 11)...)
	b[14+6], b[14+7], b[14+9] = byte(frag>>8), byte(frag), unix.IPPROTO_TCP
	b = append(append(b, netip.MustParseAddr(src).AsSlice()...), netip.MustParseAddr(dst).AsSlice()...)
	return append(append(ports(b, sport, dport), 0, 0, 0, 1, 0, 0, 0, 2, 0x50, flags), make([]byte, 26)...)
}

// datagram6 makes a frame of UDP.
func datagram6(src, dst string, sport, dport uint16) []byte {
	b := append(make([]byte, 12), 0x86, 0xdd, 0x60, 0, 0, 0, 0, 8, unix.IPPROTO_UDP, 64)
	b = append(append(b, netip.MustParseAddr(src).AsSlice()...), netip.MustParseAddr(dst).AsSlice()...)
	return append(ports(b, sport, dport), 0, 8, 0, 0)
}

func ports(b []byte, src, dst uint16) []byte {
	return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(b, src), dst)
}

// TestProgram takes frames through the program.
func TestProgram(t *testing.T) {
	s := open(t, Options{Flows: 4, Snaplen: 1000})
	const a, b = "192.0.2.1", "198.51.100.2"
	run := func(frame []byte) (kept bool) {
		t.Helper()
		n, err := s.objs.Shunt.Run(&ebpf.RunOptions{Data: frame})
		if err != nil {
			t.Fatal(err)
		}
		if n != 0 && n != 1000 {
			t.Errorf("%d bytes taken", n)
		}
		return n == 0
	}
	if run(segment(a, b, 40000, 443, 0x10, 0)) {
		t.Error("kept back without flows")
	}
	k := Key{A: addr(a), B: addr(b), APort: 40000, BPort: 443, Proto: unix.IPPROTO_TCP}
	// The lower address has the higher port; and both sides the same address.
	k6 := Key{A: addr("2001:db8::1"), B: addr("2001:db8:0:1::"), APort: 53, BPort: 7, Proto: unix.IPPROTO_UDP}
	self := Key{A: addr("::1"), B: addr("::1"), APort: 7, BPort: 53, Proto: unix.IPPROTO_UDP}
	for _, k := range []*Key{&k, &k6, &self} {
		if err := s.Add(k); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name  string
		frame []byte
		want  bool
	}{
		{"to the server", segment(a, b, 40000, 443, 0x10, 0), true},
		{"to the client", segment(b, a, 443, 40000, 0x18, 0), true},
		{"SYN", segment(a, b, 40000, 443, 0x02, 0), false},
		{"SYN-ACK", segment(b, a, 443, 40000, 0x12, 0), false},
		{"FIN", segment(a, b, 40000, 443, 0x11, 0), false},
		{"RST", segment(a, b, 40000, 443, 0x04, 0), false},
		{"another port", segment(a, b, 40001, 443, 0x10, 0), false},
		{"ports the wrong way round", segment(a, b, 443, 40000, 0x10, 0), false},
		{"another address", segment(a, "198.51.100.3", 40000, 443, 0x10, 0), false},
		{"first fragment", segment(a, b, 40000, 443, 0x10, 0x2000), false},
		{"later fragment", segment(a, b, 40000, 443, 0x10, 0x0100), false},
		{"cut header", segment(a, b, 40000, 443, 0x10, 0)[:46], false},
		{"IPv6", datagram6("2001:db8::1", "2001:db8:0:1::", 53, 7), true},
		{"IPv6 back", datagram6("2001:db8:0:1::", "2001:db8::1", 7, 53), true},
		{"one address", datagram6("::1", "::1", 53, 7), true},
		{"ARP", append(append(make([]byte, 12), 8, 6), make([]byte, 46)...), false},
	} {
		if got := run(c.frame); got != c.want {
			t.Errorf("%s: kept back %v, want %v", c.name, got, c.want)
		}
	}
	const len4, len6 = 60, 48 // test runs leave the header of Ethernet out
	for _, c := range []struct {
		key           *Key
		packets, size [2]uint64
	}{
		{&k, [2]uint64{1, 1}, [2]uint64{len4, len4}},
		{&k6, [2]uint64{1, 1}, [2]uint64{len6, len6}},
		{&self, [2]uint64{0, 1}, [2]uint64{0, len6}},
	} {
		got, ok := s.Read(c.key)
		if age := time.Since(time.Unix(0, got.Last)); !ok || age < -time.Second || age > time.Minute {
			t.Errorf("%+v: last seen %v ago", c.key, age)
		}
		got.Last = 0
		if want := (Counts{Packets: c.packets, Bytes: c.size}); got != want {
			t.Errorf("%+v: %+v, want %+v", c.key, got, want)
		}
	}
	if got, err := s.Totals(); err != nil || got != (Totals{5, 2*len4 + 3*len6, 3}) {
		t.Errorf("totals %+v, %v", got, err)
	}
	if got, ok := s.Remove(&k); !ok || got.Packets != [2]uint64{1, 1} {
		t.Errorf("removed %+v, %v", got, ok)
	}
	if _, ok := s.Remove(&k); ok {
		t.Error("removed twice")
	}
	if run(segment(a, b, 40000, 443, 0x10, 0)) {
		t.Error("kept back after its flow was removed")
	}
}

// TestFull adds more flows than there is room for.
func TestFull(t *testing.T) {
	s := open(t, Options{Flows: 2})
	var err error
	n := 0
	for ; n < 3 && err == nil; n++ {
		err = s.Add(&Key{APort: uint16(n), Proto: unix.IPPROTO_UDP})
	}
	if !errors.Is(err, ErrFull) || n != 3 {
		t.Errorf("flow %d: %v", n, err)
	}
	if err := s.Add(&Key{APort: 1, Proto: unix.IPPROTO_UDP}); err != nil {
		t.Errorf("a flow that is there: %v", err)
	}
	if got, err := s.Totals(); err != nil || got.Flows != 2 {
		t.Errorf("%d flows, %v", got.Flows, err)
	}
}

// TestLayout compares the key with that of the program.
func TestLayout(t *testing.T) {
	c, g := reflect.TypeFor[programKey](), reflect.TypeFor[Key]()
	if c.Size() != reflect.TypeFor[kernelKey]().Size() {
		t.Errorf("%d bytes, want %d", reflect.TypeFor[kernelKey]().Size(), c.Size())
	}
	for mine, theirs := range map[string]string{"A": "A", "B": "B", "APort": "Aport", "BPort": "Bport", "VLAN": "Vlan", "Proto": "Proto", "Depth": "Depth"} {
		m, _ := g.FieldByName(mine)
		if f, ok := c.FieldByName(theirs); !ok || f.Offset != m.Offset || f.Type.Size() != m.Type.Size() {
			t.Errorf("%s at %d of %d bytes, want %d of %d", mine, m.Offset, m.Type.Size(), f.Offset, f.Type.Size())
		}
	}
}

// TestTraffic sends frames with and without VLAN tags over a wire to a packet socket
// behind the shunt: each is either taken or counted.
func TestTraffic(t *testing.T) {
	if !nstest.Enter(t) {
		return
	}
	peer := nstest.NewPeer(t, "wire0", netip.MustParsePrefix("192.0.2.1/24"), netip.MustParsePrefix("192.0.2.2/24"))
	s := open(t, Options{VLAN: true})
	receiver := socket(t)
	if err := s.AttachTo(receiver); err != nil {
		t.Fatal(err)
	}
	var sender int
	peer.Do(func() { sender = socket(t) })
	key := func(vlans ...uint16) *Key {
		k := &Key{A: addr("198.51.100.1"), B: addr("203.0.113.1"), APort: 2000, BPort: 3000, Proto: unix.IPPROTO_TCP}
		copy(k.VLAN[:], vlans)
		return k
	}
	plain := segment("198.51.100.1", "203.0.113.1", 2000, 3000, 0x10, 0)
	tagged := func(typ ...uint16) []byte { // type, tag, type, tag...
		b := append([]byte{}, plain[:12]...)
		for _, v := range typ {
			b = binary.BigEndian.AppendUint16(b, v)
		}
		return append(b, plain[12:]...)
	}
	one, two := tagged(0x8100, 0x2005), tagged(0x88a8, 7, 0x8100, 8)
	for _, k := range []*Key{key(), key(5), key(7, 8)} {
		if err := s.Add(k); err != nil {
			t.Fatal(err)
		}
	}
	const rounds = 20
	for range rounds {
		for _, f := range [][]byte{plain, one, two, tagged(0x8100, 6), segment("203.0.113.1", "198.51.100.1", 3000, 2000, 0x10, 0)} {
			if _, err := unix.Write(sender, f); err != nil {
				t.Fatal(err)
			}
		}
	}
	// What is sent last comes last.
	if _, err := unix.Write(sender, segment("198.51.100.1", "203.0.113.1", 2000, 3000, 0x11, 0)); err != nil {
		t.Fatal(err)
	}
	taken := 0
	b := make([]byte, 2048)
	for {
		n, err := unix.Read(receiver, b)
		if err != nil {
			t.Fatalf("no end of the connection after %d frames: %v", taken, err)
		}
		if n < 54 || b[12] != 8 || b[23] != unix.IPPROTO_TCP {
			continue
		}
		if b[47]&1 != 0 {
			break
		}
		taken++
	}
	if taken != rounds { // those of another VLAN, without their tag
		t.Errorf("%d frames taken, want %d", taken, rounds)
	}
	for _, c := range []struct {
		key         *Key
		back, bytes uint64
	}{{key(), rounds, rounds * 74}, {key(5), 0, rounds * 78}, {key(7, 8), 0, rounds * 82}} {
		got, ok := s.Remove(c.key)
		got.Last = 0
		if want := (Counts{[2]uint64{rounds, c.back}, [2]uint64{c.bytes, c.back * 74}, 0}); !ok || got != want {
			t.Errorf("VLAN %v: %+v, want %+v", c.key.VLAN, got, want)
		}
	}
}

// socket opens a packet socket on the wire.
func socket(t *testing.T) int {
	ifc, err := net.InterfaceByName("wire0")
	if err != nil {
		t.Error(err)
		return -1
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Error(err)
		return -1
	}
	t.Cleanup(func() { unix.Close(fd) })
	all := uint16(unix.ETH_P_ALL)
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all<<8 | all>>8, Ifindex: ifc.Index}); err != nil {
		t.Error(err)
	}
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 20}); err != nil {
		t.Error(err)
	}
	return fd
}

// BenchmarkProgram is the cost of a packet inside the kernel, by what is in the map.
func BenchmarkProgram(b *testing.B) {
	s := open(b, Options{})
	frame := segment("192.0.2.1", "198.51.100.2", 40000, 443, 0x10, 0)
	k := Key{A: addr("192.0.2.1"), B: addr("198.51.100.2"), APort: 40000, BPort: 443, Proto: unix.IPPROTO_TCP}
	run := func(name string) {
		b.Run(name, func(b *testing.B) {
			_, d, err := s.objs.Shunt.Benchmark(frame, b.N, b.ResetTimer)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(d.Nanoseconds()), "ns/packet")
		})
	}
	run("no flows")
	for i := range 10_000 {
		if err := s.Add(&Key{APort: uint16(i), Proto: unix.IPPROTO_TCP}); err != nil {
			b.Fatal(err)
		}
	}
	run("another flow")
	if err := s.Add(&k); err != nil {
		b.Fatal(err)
	}
	run("shunted")
}

// BenchmarkAdd is the cost of a flow to a worker: in and out.
func BenchmarkAdd(b *testing.B) {
	s := open(b, Options{})
	k := Key{A: addr("192.0.2.1"), B: addr("198.51.100.2"), APort: 40000, BPort: 443, Proto: unix.IPPROTO_TCP}
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Add(&k); err != nil {
			b.Fatal(err)
		}
		if _, ok := s.Remove(&k); !ok {
			b.Fatal(fmt.Errorf("the flow has gone"))
		}
	}
}
