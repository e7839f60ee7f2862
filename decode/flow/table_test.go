package flow

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"weir/decode/packet"
)

// ids collects what the table hands over.
type ids struct {
	tab   *Table
	nums  []uint64
	flags []Flags
}

func (c *ids) end(f *Flow) {
	c.nums = append(c.nums, f.FirstNum)
	c.flags = append(c.flags, f.Flags)
	c.tab.Release(f)
}

func TestTimeouts(t *testing.T) {
	for _, r := range []struct {
		name  string
		proto uint8
		state State
		want  int64 // last second at which the flow lives, its packet at 100
	}{
		{"TCP new", packet.ProtoTCP, StateNew, 130},
		{"TCP established", packet.ProtoTCP, StateEstablished, 400},
		{"TCP closed", packet.ProtoTCP, StateClosed, 110},
		{"TCP bypassed", packet.ProtoTCP, StateBypassed, 200},
		{"UDP new", packet.ProtoUDP, StateNew, 130},
		{"UDP established", packet.ProtoUDP, StateEstablished, 400},
		{"ICMP new", packet.ProtoICMP, StateNew, 130},
		{"SCTP established", packet.ProtoSCTP, StateEstablished, 400},
	} {
		t.Run(r.name, func(t *testing.T) {
			for _, step := range []int64{1, 7, 5000} {
				tab := newTable(t, nil)
				p := pkt(100, r.proto, "10.0.0.1", "10.0.0.2", 1, 2)
				p.ICMP.Type = 8
				f, _ := tab.Get(p)
				f.State = r.state
				tab.Settle(f)
				c := ids{tab: tab}
				tab.Expire(r.want*second+second-1, c.end)
				if len(c.nums) != 0 {
					t.Fatalf("timed out before second %d", r.want+1)
				}
				tab.Expire((r.want+step)*second, c.end)
				if len(c.nums) != 1 || c.flags[0]&TimedOut == 0 {
					t.Errorf("at second %d: %d flows timed out, want it", r.want+step, len(c.nums))
				}
			}
		})
	}
}

// TestTimeoutFollowsPackets: the time-out begins with each packet anew.
func TestTimeoutFollowsPackets(t *testing.T) {
	tab := newTable(t, nil)
	c := ids{tab: tab}
	for sec := int64(100); sec < 2000; sec += 29 {
		if _, created := tab.Get(pkt(sec, packet.ProtoUDP, "10.0.0.1", "10.0.0.2", 1, 2)); created != (sec == 100) {
			t.Fatalf("second %d: created %v", sec, created)
		}
		tab.Expire(sec*second, c.end)
	}
	if len(c.nums) != 0 {
		t.Error("a flow with packets timed out")
	}
}

// TestReplaced: a packet that finds its flow timed out, or over, starts a new one
// before any tick of the clock.
func TestReplaced(t *testing.T) {
	tab := newTable(t, nil)
	c := ids{tab: tab}
	reuse := false
	tab.Reuse = func(*Flow, *packet.Packet) bool { return reuse }
	get := func(sec int64, num uint64) *Flow {
		p := tcp(sec, "10.0.0.1", "10.0.0.2", 1, 2, packet.SYN)
		p.Num = num
		f, _ := tab.Get(p)
		if tab.Ended(c.end) && f.FirstNum != num {
			t.Errorf("packet %d: a flow ended, but the packet is of flow %d", num, f.FirstNum)
		}
		return f
	}
	get(100, 1)
	if f := get(130, 2); f.FirstNum != 1 {
		t.Error("timed out too early")
	}
	get(161, 3)
	reuse = true
	get(162, 4)
	if !slices.Equal(c.nums, []uint64{1, 3}) || c.flags[0]&TimedOut == 0 || c.flags[1]&Reused == 0 {
		t.Errorf("ended %v with %v, want 1 timed out and 3 reused", c.nums, c.flags)
	}
	if n := tab.Counters.TCPReuse; n != 1 {
		t.Errorf("tcp_reuse %d, want 1", n)
	}
}

// TestFractions: a packet is late by the fraction of a second, or as Suricata 7
// judged by whole ones.
func TestFractions(t *testing.T) {
	for _, whole := range []bool{false, true} {
		tab := newTable(t, func(o *Options) { o.WholeSeconds = whole })
		p := pkt(100, packet.ProtoUDP, "10.0.0.1", "10.0.0.2", 1, 2)
		tab.Get(p)
		p.Time = 130 * second
		if _, created := tab.Get(p); created {
			t.Error("timed out at the time-out itself")
		}
		p.Time = 160*second + 1
		if _, created := tab.Get(p); created == whole {
			t.Errorf("whole seconds %v: created %v a moment after the time-out", whole, created)
		}
	}
}

// TestOrder: flows come in order of their first packets, inner before outer.
func TestOrder(t *testing.T) {
	tab := newTable(t, nil)
	c := ids{tab: tab}
	for i := range 100 {
		p := pkt(int64(100-i), packet.ProtoUDP, "10.0.0.1", "10.0.0.2", uint16(i*7919), 2)
		p.Num = uint64(i/2 + 1)
		p.Depth = uint8(i % 2)
		tab.Get(p)
	}
	depths := []uint8{}
	tab.Expire(5000*second, func(f *Flow) {
		depths = append(depths, f.Key.Depth)
		c.end(f)
	})
	if len(c.nums) != 100 || !slices.IsSorted(c.nums) || depths[0] != 1 || depths[1] != 0 {
		t.Errorf("order %v, depths %v", c.nums, depths)
	}
}

// TestEmergency: at the cap a flow goes for each that comes, those that would
// time out first before the others, until enough have gone.
func TestEmergency(t *testing.T) {
	const room = 100
	tab := newTable(t, func(o *Options) { o.MemCap = uint64(room * flowSize) })
	c := ids{tab: tab}
	get := func(sec int64, i int) *Flow {
		p := pkt(sec, packet.ProtoUDP, "10.0.0.1", "10.0.0.2", uint16(i), 9)
		p.Num = uint64(i)
		f, _ := tab.Get(p)
		if tab.Ended(c.end) && f == nil {
			f, _ = tab.Get(p)
		}
		return f
	}
	for i := range room {
		f := get(100, i+1)
		if i < 90 { // the other ten are new and time out first
			f.State = StateEstablished
			tab.Settle(f)
		}
	}
	for i := range 10 {
		f := get(101, 1000+i)
		if f == nil {
			t.Fatalf("no memory for flow %d", i)
		}
		f.State = StateEstablished
		tab.Settle(f)
	}
	slices.Sort(c.nums)
	if len(c.nums) != 10 || c.nums[0] != 91 || c.flags[0]&(Forced|Emergency) != Forced|Emergency {
		t.Errorf("shed %v, want the ten new ones", c.nums)
	}
	k := &tab.Counters
	if k.EmergencyEntered != 1 || k.GetUsed != 10 || k.MemCap != 10 {
		t.Errorf("counters %+v: want one emergency, ten flows shed", k)
	}
	// The shorter time-outs hold: 100 s for established ones, where 300 are usual.
	for sec := int64(101); sec < 215; sec++ {
		tab.Expire(sec*second, c.end)
	}
	if k.Active != 10 || k.EmergencyOver != 1 {
		t.Errorf("%d flows left, emergency over %d times: want those of second 101, once", k.Active, k.EmergencyOver)
	}
}

// TestEmergencyMidstream: without memory no session is picked up in its middle.
func TestEmergencyMidstream(t *testing.T) {
	tab := newTable(t, func(o *Options) { o.MemCap, o.Midstream = uint64(flowSize), true })
	c := ids{tab: tab}
	tab.Get(tcp(1, "10.0.0.1", "10.0.0.2", 1, 2, packet.SYN))
	tab.Get(tcp(1, "10.0.0.1", "10.0.0.2", 3, 2, packet.SYN))
	tab.Ended(c.end)
	if f, _ := tab.Get(tcp(1, "10.0.0.1", "10.0.0.2", 5, 2, packet.ACK)); f != nil {
		t.Error("an acknowledgement started a flow")
	}
	if f, _ := tab.Get(tcp(1, "10.0.0.1", "10.0.0.2", 6, 2, packet.SYN)); f == nil {
		t.Error("a SYN started none")
	}
}

// TestBudget: tables have one cap in common.
func TestBudget(t *testing.T) {
	b := NewBudget(uint64(10 * flowSize))
	one := newTable(t, func(o *Options) { o.Budget = b })
	two := newTable(t, func(o *Options) { o.Budget = b })
	for i := range 10 {
		if f, _ := one.Get(pkt(1, packet.ProtoUDP, "10.0.0.1", "10.0.0.2", uint16(i), 2)); f == nil {
			t.Fatalf("flow %d of 10 had no room", i)
		}
	}
	if f, _ := two.Get(pkt(1, packet.ProtoUDP, "10.0.0.1", "10.0.0.2", 1, 2)); f != nil {
		t.Error("an eleventh flow had room")
	}
	one.Close()
	if f, _ := two.Get(pkt(1, packet.ProtoUDP, "10.0.0.1", "10.0.0.2", 1, 2)); f == nil {
		t.Error("a closed table kept its share")
	}
}

// model is a table that does everything the plain way.
type model struct {
	times timeouts
	whole bool // WholeSeconds
	flows map[Key]*modelFlow
	ended []uint64
}

type modelFlow struct {
	num   uint64
	last  int64
	group int
	state State
}

func (m *model) expired(f *modelFlow, now int64) bool {
	return now/second > f.last/second+m.times[0][f.group][f.state]
}

// late reports whether a packet comes too late for f.
func (m *model) late(f *modelFlow, now int64) bool {
	if m.whole || m.times[0][f.group][f.state] == 0 {
		return m.expired(f, now)
	}
	return now > f.last+m.times[0][f.group][f.state]*second
}

func (m *model) get(k Key, p *packet.Packet) *modelFlow {
	f := m.flows[k]
	if f != nil && m.late(f, p.Time) {
		m.ended = append(m.ended, f.num)
		f = nil
	}
	if f == nil {
		f = &modelFlow{num: p.Num, group: group(p.Proto)}
		m.flows[k] = f
	}
	f.last = max(f.last, p.Time)
	return f
}

func (m *model) expire(now int64) {
	var out []uint64
	for k, f := range m.flows {
		if m.expired(f, now) {
			out = append(out, f.num)
			delete(m.flows, k)
		}
	}
	slices.Sort(out)
	m.ended = append(m.ended, out...)
}

// TestModel runs random traffic, clocks and state changes through the table and
// through a plain map that walks all flows, and wants the same flows to end in
// the same order.
func TestModel(t *testing.T) {
	for seed := range uint64(6) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		whole := seed%2 == 0
		tab := newTable(t, func(o *Options) { o.WholeSeconds = whole })
		m := &model{times: tab.times, whole: whole, flows: map[Key]*modelFlow{}}
		c := ids{tab: tab}
		clock, tick := int64(1000)*second, int64(1000)
		protos := []uint8{packet.ProtoTCP, packet.ProtoUDP, packet.ProtoSCTP}
		for n := uint64(1); n <= 30000; n++ {
			switch r := rnd.IntN(1000); {
			case r < 1:
				clock += rnd.Int64N(5000) * second
			case r < 50:
				clock += rnd.Int64N(20) * second
			default:
				clock += rnd.Int64N(second / 10)
			}
			if clock/second != tick {
				tick = clock / second
				tab.Expire(clock, c.end)
				m.expire(clock)
			}
			p := pkt(0, protos[rnd.IntN(3)], "10.0.0.1", fmt.Sprintf("10.0.0.%d", 2+rnd.IntN(200)), uint16(rnd.IntN(20)), 9)
			p.Time, p.Num = clock-rnd.Int64N(second), n
			if n > 1 && rnd.IntN(2) == 0 {
				p.Src, p.Dst, p.SrcPort, p.DstPort = p.Dst, p.Src, p.DstPort, p.SrcPort
			}
			f, _ := tab.Get(p)
			tab.Ended(c.end)
			g := m.get(f.Key, p)
			if f.FirstNum != g.num || f.Last != g.last {
				t.Fatalf("seed %d packet %d: flow %d last %d, want %d last %d", seed, n, f.FirstNum, f.Last, g.num, g.last)
			}
			if rnd.IntN(4) == 0 {
				f.State = State(rnd.IntN(numStates))
				tab.Settle(f)
			}
			g.state = f.State
			if int(tab.Counters.Active) != len(m.flows) || tab.index.n != len(m.flows) {
				t.Fatalf("seed %d packet %d: %d flows, %d in the index, want %d", seed, n, tab.Counters.Active, tab.index.n, len(m.flows))
			}
		}
		if !slices.Equal(c.nums, m.ended) {
			t.Fatalf("seed %d: %d flows ended, want %d in the same order", seed, len(c.nums), len(m.ended))
		}
		n := len(c.nums)
		tab.End(c.end)
		if len(c.nums)-n != len(m.flows) || !slices.IsSorted(c.nums[n:]) || tab.Counters.Active != 0 {
			t.Errorf("seed %d: %d flows at the end, want %d in order", seed, len(c.nums)-n, len(m.flows))
		}
	}
}

// TestIndex removes and finds entries that all have homes close together.
func TestIndex(t *testing.T) {
	var x index
	defer x.close()
	rnd := rand.New(rand.NewPCG(1, 1))
	have := map[uint32]uint32{} // place to hash
	for n := range uint32(20000) {
		if h := rnd.Uint32N(50) | rnd.Uint32N(4)<<30; rnd.IntN(3) > 0 {
			x.add(h, n)
			have[n] = h
		}
		if rnd.IntN(2) == 0 {
			for self, h := range have {
				x.remove(h, self)
				delete(have, self)
				break
			}
		}
		if len(have) > 600 {
			for self, h := range have {
				x.remove(h, self)
				delete(have, self)
			}
		}
	}
	got := slices.DeleteFunc(slices.Clone(x.entries), func(e uint64) bool { return e == 0 })
	if x.n != len(have) || len(got) != len(have) {
		t.Fatalf("%d counted, %d entries, want %d", x.n, len(got), len(have))
	}
	for self, h := range have {
		i := h & x.mask
		for x.entries[i] != uint64(h)<<32|uint64(self+1) {
			if x.entries[i] == 0 {
				t.Fatalf("entry %d is not on its way from its home", self)
			}
			i = (i + 1) & x.mask
		}
	}
}

func TestNoAllocation(t *testing.T) {
	tab := newTable(t, nil)
	c := func(f *Flow) { tab.Release(f) }
	p := pkt(1000, packet.ProtoUDP, "10.0.0.1", "10.0.0.2", 1, 2)
	i := uint16(0)
	turn := func() {
		for range 100 { // a new flow, packets of it, and old ones that time out
			i++
			p.SrcPort, p.Time = i, p.Time+second/5
			for range 3 {
				f, _ := tab.Get(p)
				tab.Ended(c)
				tab.Settle(f)
			}
			tab.Expire(p.Time, c)
		}
	}
	for range 20 {
		turn()
	}
	if n := testing.AllocsPerRun(100, turn); n != 0 {
		t.Errorf("%v allocations a turn, want 0", n)
	}
}

// numbered makes p a packet of flow n.
func numbered(p *packet.Packet, n uint32) *packet.Packet {
	p.SrcPort, p.DstPort = uint16(n), uint16(n>>16)
	return p
}

// fill puts n flows into the table and returns them in random order.
func fill(b *testing.B, tab *Table, n int) []uint32 {
	order := make([]uint32, n)
	p := tcp(1000, "10.0.0.1", "10.0.0.2", 0, 0, packet.ACK)
	for i := range order {
		order[i] = uint32(i)
		if f, created := tab.Get(numbered(p, uint32(i))); f == nil || !created {
			b.Fatal("no flow")
		}
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(n, func(i, j int) { order[i], order[j] = order[j], order[i] })
	return order
}

// BenchmarkGet finds flows in tables of several sizes, in random order.
func BenchmarkGet(b *testing.B) {
	for _, n := range []int{1000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("flows=%d", n), func(b *testing.B) {
			tab := newTable(b, func(o *Options) { o.MemCap = 0 })
			order := fill(b, tab, n)
			p := tcp(1000, "10.0.0.1", "10.0.0.2", 0, 0, packet.ACK)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if f, created := tab.Get(numbered(p, order[i])); f == nil || created {
					b.Fatal("not found")
				}
				if i++; i == n {
					i = 0
				}
			}
		})
	}
}

// BenchmarkCreate makes flows and lets them time out: the life of a flow.
func BenchmarkCreate(b *testing.B) {
	tab := newTable(b, func(o *Options) { o.MemCap = 0 })
	p := pkt(1000, packet.ProtoUDP, "10.0.0.1", "10.0.0.2", 1, 2)
	end := func(f *Flow) { tab.Release(f) }
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		p.Time += second / 10000
		tab.Get(numbered(p, uint32(n)))
		tab.Ended(end)
		if n++; n%10000 == 0 {
			tab.Expire(p.Time, end)
		}
	}
	if got := int(tab.Counters.Total); got != n {
		b.Errorf("%d flows made, want %d", got, n)
	}
}

// BenchmarkTick moves the clock by a second over a million flows that live on.
func BenchmarkTick(b *testing.B) {
	tab := newTable(b, func(o *Options) { o.MemCap = 0; o.TCP.New = 1 << 30 })
	fill(b, tab, 1_000_000)
	now := int64(1000) * second
	for b.Loop() {
		now += second
		tab.Expire(now, func(*Flow) { b.Fatal("timed out") })
	}
}
