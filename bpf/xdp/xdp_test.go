package xdp

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/bpf/nstest"
)

// open loads the program, or skips the test where it may not be loaded.
func open(t testing.TB, o Options) *Program {
	t.Helper()
	p, err := Open(o)
	if err != nil {
		nstest.NoEBPF(t, err)
	}
	t.Cleanup(func() { p.Close() })
	// The addresses of the machine that runs the tests do not matter.
	p.guard.read = time.Now().Add(time.Hour)
	return p
}

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

// frame makes a frame of 60 bytes from an address, behind VLAN tags.
func frame(from string, tags ...uint16) []byte {
	b := make([]byte, 12)
	for _, tag := range tags {
		b = binary.BigEndian.AppendUint16(append(b, 0x81, 0), tag)
	}
	if a := netip.MustParseAddr(from); a.Is4() {
		b = append(append(b, 8, 0, 0x45), make([]byte, 11)...)
		b = append(append(b, a.AsSlice()...), 198, 51, 100, 9)
	} else {
		b = append(append(b, 0x86, 0xdd, 0x60), make([]byte, 7)...)
		b = append(append(b, a.AsSlice()...), make([]byte, 16)...)
	}
	return append(b, make([]byte, max(0, 60-len(b)))...)
}

// TestBlock takes frames through the program with a block list.
func TestBlock(t *testing.T) {
	p := open(t, Options{})
	for _, s := range []string{"192.0.2.7/32", "203.0.113.0/24", "2001:db8:1::/48", "::ffff:198.51.100.1/128"} {
		if err := p.Block(prefix(s), 0); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name  string
		frame []byte
		want  bool
	}{
		{"address in the list", frame("192.0.2.7"), true},
		{"its neighbour", frame("192.0.2.8"), false},
		{"network in the list", frame("203.0.113.200"), true},
		{"behind a VLAN tag", frame("203.0.113.200", 5), true},
		{"behind two VLAN tags", frame("203.0.113.200", 5, 6), true},
		{"IPv6 network in the list", frame("2001:db8:1:2::3"), true},
		{"another IPv6 network", frame("2001:db8:2::3"), false},
		{"IPv4 address that was written as IPv6", frame("198.51.100.1"), true},
		{"ARP", append(append(make([]byte, 12), 8, 6), make([]byte, 46)...), false},
		{"cut header", frame("192.0.2.7")[:30], false},
	} {
		if got, err := p.Run(c.frame); err != nil || got != c.want {
			t.Errorf("%s: dropped %v, %v, want %v", c.name, got, err, c.want)
		}
	}
	c, err := p.Counters()
	if want := (Counters{Packets: 10, Bytes: 9*60 + 30, IPv4: 6, IPv6: 2, Blocked: 6, BlockedBytes: 360}); err != nil || c != want {
		t.Errorf("counters %+v, %v, want %+v", c, err, want)
	}
	list, err := p.List()
	want := []Blocked{{prefix("192.0.2.7/32"), 0, 1, 60}, {prefix("198.51.100.1/32"), 0, 1, 60}, {prefix("203.0.113.0/24"), 0, 3, 180}, {prefix("2001:db8:1::/48"), 0, 1, 60}}
	if err != nil || !slices.Equal(list, want) {
		t.Errorf("list %v, %v, want %v", list, err, want)
	}
	if err := p.Unblock(prefix("203.0.113.9/24")); err != nil {
		t.Error(err)
	}
	if err := p.Unblock(prefix("203.0.113.0/24")); !errors.Is(err, ErrNotBlocked) {
		t.Errorf("unblocked twice: %v", err)
	}
	if got, err := p.Run(frame("203.0.113.200")); err != nil || got {
		t.Errorf("dropped after Unblock: %v, %v", got, err)
	}
}

// TestTTL blocks for a time: it is over by the program's own clock, the sweep takes
// the entry out, and a network that holds it is in force again.
func TestTTL(t *testing.T) {
	p := open(t, Options{})
	if err := p.Block(prefix("192.0.2.7/32"), time.Hour); err != nil {
		t.Fatal(err)
	}
	if got, err := p.Run(frame("192.0.2.7")); err != nil || !got {
		t.Fatalf("dropped %v, %v within the time", got, err)
	}
	// The same prefix anew: it keeps its hits and gets a shorter time.
	if err := p.Block(prefix("192.0.2.7/32"), time.Nanosecond); err != nil {
		t.Fatal(err)
	}
	// The clock of the program moves by ticks.
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if got, err := p.Run(frame("192.0.2.7")); err != nil || time.Now().After(end) {
			t.Fatalf("dropped %v, %v after its time", got, err)
		} else if !got {
			break
		}
	}
	if list, err := p.List(); err != nil || len(list) != 0 {
		t.Errorf("list %v, %v after its time", list, err)
	}
	if err := p.Block(prefix("192.0.2.0/24"), 0); err != nil {
		t.Fatal(err)
	}
	p.expire()
	if got, err := p.Run(frame("192.0.2.7")); err != nil || !got {
		t.Errorf("dropped %v, %v by the network once the address was swept", got, err)
	}
}

// TestBlockKeepsHits renews an entry.
func TestBlockKeepsHits(t *testing.T) {
	p := open(t, Options{})
	for range 3 {
		if err := p.Block(prefix("192.0.2.7/32"), time.Hour); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Run(frame("192.0.2.7")); err != nil {
			t.Fatal(err)
		}
	}
	list, err := p.List()
	if err != nil || len(list) != 1 || list[0].Hits != 3 || list[0].Left <= 59*time.Minute || list[0].Left > time.Hour {
		t.Errorf("list %v, %v", list, err)
	}
}

// TestRefused checks what is never blocked, and the bound of the list.
func TestRefused(t *testing.T) {
	if !nstest.Enter(t) {
		return
	}
	nstest.NewPeer(t, "wire0", prefix("192.0.2.1/24"), prefix("192.0.2.2/24"))
	p := open(t, Options{Entries: 2, Never: []netip.Prefix{prefix("198.51.100.0/25")}})
	p.guard.read = time.Time{}
	for _, c := range []struct{ prefix, want string }{
		{"192.0.2.1/32", "192.0.2.1 is an address of this host: it is never blocked"},
		{"192.0.0.0/16", "192.0.2.1 is an address of this host: it is never blocked"},
		{"127.0.0.3/32", "127.0.0.0/8 is loopback: it is never blocked"},
		{"::1/128", "::1/128 is loopback: it is never blocked"},
		{"0.0.0.0/0", "is loopback: it is never blocked"},
		{"::/0", "is loopback: it is never blocked"},
		{"::ffff:127.0.0.1/128", "127.0.0.0/8 is loopback: it is never blocked"},
		{"224.0.0.1/32", "224.0.0.0/4 is multicast: it is never blocked"},
		{"198.51.100.9/32", "198.51.100.0/25 is set as never to be blocked: it is never blocked"},
		{"192.0.2.2/32", ""},
		{"192.0.2.3/32", ""},
		{"192.0.2.4/32", "there are 2 already"},
	} {
		err := p.Block(prefix(c.prefix), 0)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.prefix, err, c.want)
		}
	}
	if err := p.Block(netip.Prefix{}, 0); err == nil {
		t.Error("no prefix was blocked")
	}
}

// TestGateways reads tables of routes as the kernel prints them.
func TestGateways(t *testing.T) {
	four := "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n" +
		"eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n" +
		"eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
	own, err := gateways4(strings.NewReader(four))
	want := []protected{{netip.MustParseAddr("192.0.2.1"), "a gateway of eth0"}}
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the table is that of a little-endian machine")
	}
	if err != nil || !slices.Equal(own, want) {
		t.Errorf("%v, %v, want %v", own, err, want)
	}
	six := "00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n" +
		"fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n"
	own, err = gateways6(strings.NewReader(six))
	want = []protected{{netip.MustParseAddr("fe80::1"), "a gateway of eth0"}}
	if err != nil || !slices.Equal(own, want) {
		t.Errorf("%v, %v, want %v", own, err, want)
	}
}

// TestSample takes samples of frames.
func TestSample(t *testing.T) {
	p := open(t, Options{SampleBuffer: 1 << 12})
	s, err := p.Sampler()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var got Sample
	if _, err := p.Run(frame("192.0.2.7")); err != nil {
		t.Fatal(err)
	}
	if err := s.Read(&got, 0); !errors.Is(err, ErrNone) {
		t.Fatalf("sample %+v, %v without sampling", got, err)
	}
	if err := p.Sample(1); err != nil {
		t.Fatal(err)
	}
	if err := p.Block(prefix("192.0.2.8/32"), 0); err != nil {
		t.Fatal(err)
	}
	long := append(frame("192.0.2.8"), make([]byte, 400)...)
	for _, c := range []struct {
		frame   []byte
		data    int
		blocked bool
	}{{frame("192.0.2.7"), 60, false}, {long, 128, true}, {long[:128], 128, true}, {long[:14], 14, false}} {
		if _, err := p.Run(c.frame); err != nil {
			t.Fatal(err)
		}
		if err := s.Read(&got, 10*time.Second); err != nil {
			t.Fatal(err)
		}
		if got.Len != len(c.frame) || string(got.Data) != string(c.frame[:c.data]) || got.Blocked != c.blocked || got.Age < 0 {
			t.Errorf("sample %+v of %x", got, c.frame)
		}
	}
	// A buffer that nobody reads: what has no room is counted.
	for range 40 {
		if _, err := p.Run(frame("192.0.2.7")); err != nil {
			t.Fatal(err)
		}
	}
	c, err := p.Counters()
	if err != nil || c.Sampled+c.Unsampled != 44 || c.Unsampled == 0 {
		t.Errorf("counters %+v, %v", c, err)
	}
	if err := p.Sample(1000); err != nil {
		t.Fatal(err)
	}
	before := c.Sampled + c.Unsampled
	const frames = 100_000
	if _, _, err := p.objs.Watch.Benchmark(frame("192.0.2.7"), frames, nil); err != nil {
		t.Fatal(err)
	}
	if c, err = p.Counters(); err != nil {
		t.Fatal(err)
	}
	if n := c.Sampled + c.Unsampled - before; n < 20 || n > 400 { // 100 wanted
		t.Errorf("%d samples of %d frames, one in 1000 asked for", n, frames)
	}
}

// BenchmarkWatch is the cost of a frame inside the kernel.
func BenchmarkWatch(b *testing.B) {
	p := open(b, Options{})
	for _, c := range []struct {
		name  string
		frame []byte
		setUp func() error
	}{
		{"empty", frame("198.51.100.7"), func() error { return nil }},
		{"passed", frame("198.51.100.7"), func() error {
			for i := range 1000 {
				a := netip.AddrFrom4([4]byte{192, 0, byte(2 + i>>8), byte(i)})
				if err := p.Block(netip.PrefixFrom(a, 32), 0); err != nil {
					return err
				}
			}
			return nil
		}},
		{"blocked", frame("192.0.2.7"), func() error { return nil }},
	} {
		if err := c.setUp(); err != nil {
			b.Fatal(err)
		}
		b.Run(c.name, func(b *testing.B) {
			_, d, err := p.objs.Watch.Benchmark(c.frame, b.N, b.ResetTimer)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(d.Nanoseconds()), "ns/frame")
		})
	}
}
