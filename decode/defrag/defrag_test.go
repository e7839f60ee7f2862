package defrag_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"weir/decode/defrag"
	"weir/decode/packet"
	"weir/decode/packet/packettest"
)

var (
	host4 = packettest.IP{Src: "10.0.0.1", Dst: "10.0.0.2"}
	host6 = packettest.IP{Src: "2001:db8::1", Dst: "2001:db8::2"}
)

// rig decodes packets and puts fragments together, as a worker does.
type rig struct {
	dec *packet.Decoder
	tab *defrag.Table
}

func newRig(change func(*defrag.Options)) *rig {
	o := defrag.DefaultOptions()
	if change != nil {
		change(&o)
	}
	return &rig{packet.NewDecoder(packet.DefaultOptions()), defrag.NewTable(o)}
}

// add takes an IP packet at a time, s, and returns the whole datagram, if it
// completes one, and the fragment's events.
func (r *rig) add(b []byte, at int64) ([]byte, []packet.Event) {
	ps := r.dec.Decode(&packet.Frame{Data: b, Wire: uint32(len(b)), Time: packettest.Start + at*1e9, Num: 1, Link: packet.LinkRaw})
	p := ps[len(ps)-1]
	if !p.Has(packet.Fragment) {
		panic("no fragment")
	}
	whole := r.tab.Add(p)
	if whole != nil {
		r.dec.Rebuilt(p, whole)
	}
	return whole, slices.Clone(p.Events())
}

// TestOrder puts datagrams together whose fragments come in any order.
func TestOrder(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789abcdef"), 10)
	for _, c := range []struct {
		name string
		ip   []byte
	}{
		{"ipv4", host4.UDP(1024, 9, data)},
		{"ipv4 with options", packettest.IP{Src: host4.Src, Dst: host4.Dst, Opts: []byte{148, 4, 0, 0, 1, 1, 1, 0}}.UDP(1024, 9, data)},
		{"ipv6", host6.UDP(1024, 9, data)},
	} {
		frags := packettest.Fragments(c.ip, 7, 56)
		for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}, {2, 0, 1}, {0, 0, 1, 2}} {
			t.Run(fmt.Sprint(c.name, order), func(t *testing.T) {
				r := newRig(nil)
				for i, n := range order {
					got, _ := r.add(frags[n], 0)
					if last := i == len(order)-1; !last && got != nil {
						t.Fatalf("whole after %d of %d fragments", i+1, len(order))
					} else if last && !bytes.Equal(body(got), body(c.ip)) {
						t.Errorf("got % x\nwant % x", got, c.ip)
					}
				}
			})
		}
	}
}

// body leaves out what fragmentation changes: identification and checksum of
// the IPv4 header.
func body(ip []byte) []byte {
	ip = slices.Clone(ip)
	if len(ip) > 12 && ip[0]>>4 == 4 {
		clear(ip[4:8])
		clear(ip[10:12])
	}
	return ip
}

// piece is n bytes of one letter at an offset.
type piece struct {
	off, n int
	c      byte
	last   bool
}

func (f piece) packet(v6 bool) []byte {
	data := bytes.Repeat([]byte{f.c}, f.n)
	if v6 {
		h := host6
		h.Proto = 44
		return h.Wrap(append(packettest.FragmentHeader(253, f.off, !f.last, 7), data...))
	}
	h := host4
	h.Proto, h.ID, h.Frag = 253, 7, uint16(f.off/8)
	if !f.last {
		h.Frag |= 0x2000
	}
	return h.Wrap(data)
}

// TestPolicies overlaps fragments in every way.
func TestPolicies(t *testing.T) {
	pol := func(p defrag.Policy) func(*defrag.Options) {
		return func(o *defrag.Options) { o.Policy = func(netip.Addr) defrag.Policy { return p } }
	}
	policies := []defrag.Policy{defrag.PolicyBSD, defrag.PolicyBSDRight, defrag.PolicyLinux, defrag.PolicyWindows, defrag.PolicySolaris, defrag.PolicyFirst, defrag.PolicyLast}
	for _, c := range []struct {
		name   string
		pieces []piece
		want   [7]string // in units of eight bytes, by policy
	}{
		{"same place", []piece{{0, 16, 'a', false}, {0, 16, 'b', false}, {16, 8, 'c', true}},
			[7]string{"aac", "bbc", "bbc", "aac", "aac", "aac", "bbc"}},
		{"later one to the right", []piece{{0, 16, 'a', false}, {8, 16, 'b', false}, {24, 8, 'c', true}},
			[7]string{"aabc", "aabc", "aabc", "aabc", "aabc", "aabc", "abbc"}},
		{"later one to the left", []piece{{8, 16, 'a', false}, {0, 16, 'b', false}, {24, 8, 'c', true}},
			[7]string{"bbac", "bbac", "bbac", "baac", "baac", "baac", "bbac"}},
		{"later one within", []piece{{0, 24, 'a', false}, {8, 8, 'b', false}, {24, 8, 'c', true}},
			[7]string{"aaac", "aaac", "aaac", "aaac", "aaac", "aaac", "abac"}},
		{"later one around", []piece{{8, 8, 'a', false}, {0, 24, 'b', false}, {24, 8, 'c', true}},
			[7]string{"bbbc", "bbbc", "bbbc", "bbbc", "bbbc", "babc", "bbbc"}},
		{"later one around to the same end", []piece{{8, 16, 'a', false}, {0, 24, 'b', false}, {24, 8, 'c', true}},
			[7]string{"bbbc", "bbbc", "bbbc", "baac", "bbbc", "baac", "bbbc"}},
		{"over two", []piece{{0, 8, 'a', false}, {16, 8, 'c', false}, {0, 24, 'b', false}, {24, 8, 'd', true}},
			[7]string{"abbd", "bbbd", "bbbd", "abcd", "abbd", "abcd", "bbbd"}},
		{"into two", []piece{{0, 16, 'a', false}, {16, 16, 'c', false}, {8, 16, 'b', false}, {32, 8, 'd', true}},
			[7]string{"aabcd", "aabcd", "aabcd", "aaccd", "aaccd", "aaccd", "abbcd"}},
	} {
		for i, want := range c.want {
			for _, v6 := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s %d %v", c.name, policies[i], v6), func(t *testing.T) {
					r := newRig(pol(policies[i]))
					var got []byte
					overlaps := 0
					for _, f := range c.pieces {
						whole, evs := r.add(f.packet(v6), 0)
						if whole != nil {
							got = slices.Clone(whole)
						}
						if slices.Contains(evs, packet.EvIPv4FragOverlap) || slices.Contains(evs, packet.EvIPv6FragOverlap) {
							overlaps++
						}
					}
					header := 20
					if v6 {
						header = 40
					}
					if got == nil {
						t.Fatal("not whole")
					}
					short := ""
					for j := header; j < len(got); j += 8 {
						short += string(got[j])
					}
					if short != want {
						t.Errorf("got %q, want %q", short, want)
					}
					if overlaps != 1 {
						t.Errorf("%d overlaps, want 1", overlaps)
					}
				})
			}
		}
	}
}

func TestEvents(t *testing.T) {
	cut := piece{0, 12, 'a', false}.packet(true)
	for _, c := range []struct {
		name string
		ip   []byte
		want []packet.Event
	}{
		{"ipv4 behind the end", piece{65528, 8, 'a', true}.packet(false), []packet.Event{packet.EvIPv4FragPktTooLarge}},
		{"ipv4 up to the end", piece{65520, 15, 'a', true}.packet(false), nil},
		{"ipv6 behind the end", piece{65528, 8, 'a', true}.packet(true), []packet.Event{packet.EvIPv6FragPktTooLarge}},
		{"ipv6 odd length with more to come", cut, []packet.Event{packet.EvIPv6FragInvalidLength}},
		{"ipv4 odd length with more to come", piece{0, 12, 'a', false}.packet(false), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, got := newRig(nil).add(c.ip, 0); !slices.Equal(got, c.want) {
				t.Errorf("events %v, want %v", got, c.want)
			}
		})
	}
}

// TestTwo keeps datagrams apart that differ in one part of their name.
func TestTwo(t *testing.T) {
	r := newRig(nil)
	a, b := host4, host4
	b.Dst = "10.0.0.3"
	data := make([]byte, 100)
	for _, other := range [][][]byte{
		packettest.Fragments(b.UDP(1, 2, data), 7, 64),
		packettest.Fragments(a.UDP(1, 2, data), 8, 64),
		packettest.Fragments(a.TCP(packettest.TCP{Data: data}), 7, 64),
	} {
		if whole, _ := r.add(other[0], 0); whole != nil {
			t.Fatal("whole after the first fragment")
		}
	}
	frags := packettest.Fragments(a.UDP(1, 2, data), 7, 64)
	if whole, _ := r.add(frags[1], 0); whole != nil {
		t.Error("put together with another datagram")
	}
	if whole, _ := r.add(frags[0], 0); whole == nil {
		t.Error("not put together")
	}
}

func TestTimeout(t *testing.T) {
	r := newRig(nil)
	frags := packettest.Fragments(host4.UDP(1, 2, make([]byte, 100)), 7, 64)
	r.add(frags[0], 0)
	if whole, _ := r.add(frags[1], 61); whole != nil {
		t.Error("put together after a minute")
	}
	r.tab.Expire(packettest.Start + 200e9)
	if c := r.tab.Counters; c.Timeouts != 2 {
		t.Errorf("%d time-outs, want 2", c.Timeouts)
	}
}

func TestLimits(t *testing.T) {
	t.Run("trackers", func(t *testing.T) {
		r := newRig(func(o *defrag.Options) { o.MaxTrackers = 10 })
		for i := range uint16(12) {
			r.add(numbered(i, 0, 64), 0)
		}
		if r.tab.Counters.TrackerDrop != 2 {
			t.Errorf("%d trackers refused, want 2", r.tab.Counters.TrackerDrop)
		}
	})
	t.Run("fragments", func(t *testing.T) {
		r := newRig(func(o *defrag.Options) { o.MaxFragments = 4 })
		var last []packet.Event
		for i := range uint16(5) {
			_, last = r.add(numbered(1, i*8, 64), 0)
		}
		if r.tab.Counters.MaxFragHits != 1 || !slices.Equal(last, []packet.Event{packet.EvIPv4FragIgnored}) {
			t.Errorf("%d refused, events %v", r.tab.Counters.MaxFragHits, last)
		}
	})
	t.Run("memory", func(t *testing.T) {
		// The oldest go first, so that those that come in a row are still made.
		r := newRig(func(o *defrag.Options) { o.MemCap = 64 << 10 })
		whole := packettest.Fragments(host4.UDP(1, 2, make([]byte, 3000)), 9999, 1480)
		for i := range uint16(1000) {
			r.add(numbered(i, 0, 1000), 0)
		}
		r.add(whole[0], 0)
		r.add(whole[1], 0)
		if got, _ := r.add(whole[2], 0); got == nil {
			t.Error("the newest datagram was given up")
		}
		if r.tab.Counters.TrackerDrop == 0 {
			t.Error("nothing was given up")
		}
	})
}

// numbered is a fragment of n bytes of datagram id, with more to come; off is
// in units of eight bytes.
func numbered(id, off uint16, n int) []byte {
	h := host4
	h.Proto, h.ID, h.Frag = 253, id, 0x2000|off
	return h.Wrap(make([]byte, n))
}

func TestAllocates(t *testing.T) {
	r := newRig(nil)
	var frames []packet.Frame
	for id := range uint32(20) {
		for _, ip := range [][]byte{host4.UDP(1, 2, make([]byte, 4000)), host6.UDP(1, 2, make([]byte, 4000))} {
			for _, b := range packettest.Fragments(ip, id, 1480) {
				frames = append(frames, packet.Frame{Data: b, Wire: uint32(len(b)), Num: 1, Link: packet.LinkRaw})
			}
		}
	}
	all := func() {
		for i := range frames {
			p := r.dec.Decode(&frames[i])[0]
			if b := r.tab.Add(p); b != nil {
				r.dec.Rebuilt(p, b)
			}
		}
	}
	all()
	if n := testing.AllocsPerRun(50, all); n != 0 {
		t.Errorf("%v allocations for %d fragments, want 0", n, len(frames))
	}
	if got := r.tab.Counters.Reassembled4; got == 0 {
		t.Error("nothing was put together")
	}
}

func BenchmarkAdd(b *testing.B) {
	r := newRig(nil)
	var ps []packet.Packet
	frags := packettest.Fragments(host4.UDP(1, 2, make([]byte, 4000)), 7, 1480)
	for _, f := range frags {
		ps = append(ps, *r.dec.Decode(&packet.Frame{Data: f, Wire: uint32(len(f)), Num: 1, Link: packet.LinkRaw})[0])
	}
	b.ReportAllocs()
	for b.Loop() {
		var whole []byte
		for i := range ps {
			whole = r.tab.Add(&ps[i])
		}
		if len(whole) != 4028 {
			b.Fatal("not whole")
		}
	}
}
