package flow

import (
	"encoding/binary"
	"hash/maphash"

	"weir/decode/packet"
)

// Counters are those of one table, named as the stats record names them.
type Counters struct {
	Total, Active, TCP, UDP, ICMPv4, ICMPv6, TCPReuse, MemCap uint64
	EmergencyEntered, EmergencyOver                           uint64
	GetUsed, GetUsedEval, GetUsedFailed                       uint64 // flows shed, looked at for it, none found
	LocalPkts, LocalBytes                                     uint64 // of bypassed flows
	CapturePkts, CaptureBytes                                 uint64 // likewise, though the source keeps them back
	EndCapture                                                uint64 // flows that ended so
	EndState                                                  [numStates]uint64
	EndTCPState                                               [TCPClosed + 1]uint64
}

// Table holds the flows of one worker.
type Table struct {
	Counters Counters
	// Reuse reports whether TCP packet p starts a new connection on the tuple
	// of f, whose old one is over. Set by the worker.
	Reuse func(f *Flow, p *packet.Packet) bool
	// Seen returns when the last packet of a flow with Shunted came, ns. Set by the
	// worker if there are any.
	Seen func(f *Flow) int64

	opt   Options
	times timeouts
	seed  maphash.Seed

	slab  slab
	index index
	wheel wheel
	macs  [][]macs // by chunk of the slab; nil unless Options.KeepMACs

	key       Key      // of the packet in work
	replaced  []uint32 // flows that wait for Ended
	scratch   []uint32 // flows about to be handed over
	order     func(a, b uint32) int
	reused    Flags // set where Reuse ends a flow
	emergency bool
	hurried   uint16 // slot that hurry looked at last
}

// NewTable returns an empty table.
func NewTable(opt Options) *Table {
	if opt.Budget == nil {
		opt.Budget = NewBudget(opt.MemCap)
	}
	t := &Table{opt: opt, times: opt.timeouts(), seed: maphash.MakeSeed(), slab: slab{budget: opt.Budget}}
	t.order, t.reused = t.byFirst, Reused
	if opt.ReuseTimesOut {
		t.reused = TimedOut
	}
	t.index.resize(minEntries)
	return t
}

// MemUse returns the bytes of the flow records in use. Summed over the tables of
// a pipeline it is the same however flows are divided among them.
func (t *Table) MemUse() uint64 { return uint64(t.slab.live) * uint64(flowSize) }

// Get finds or makes the flow of p and counts p. It sets p.Dir. The flow is nil
// if p has none: nothing to tell flows by, an ICMP error about an unknown flow,
// or no memory.
func (t *Table) Get(p *packet.Packet) (f *Flow, created bool) {
	if !t.tracked(p) {
		return nil, false
	}
	quoted := quotes(p)
	t.makeKey(p, quoted)
	h := t.hash(&t.key)
	f = t.find(h)
	if f != nil && !quoted {
		switch {
		case t.over(f, p.Time):
			f.Flags |= TimedOut
			t.replace(f)
			f = nil
		case p.Proto == packet.ProtoTCP && t.Reuse != nil && t.Reuse(f, p):
			f.Flags |= t.reused
			t.Counters.TCPReuse++
			t.replace(f)
			f = nil
		}
	}
	if f == nil {
		if icmpError(p) {
			return nil, false
		}
		if f = t.create(h, p); f == nil {
			return nil, false
		}
		created = true
	}
	if quoted {
		f.Flags |= ICMPSeen
	}
	t.count(f, p, quoted)
	return f, created
}

// find returns the flow of t.key, whose hash is h, or nil.
func (t *Table) find(h uint32) *Flow {
	x := &t.index
	for i := h & x.mask; ; i = (i + 1) & x.mask {
		e := x.entries[i]
		if e == 0 {
			return nil
		}
		if uint32(e>>32) == h {
			if f := t.slab.at(uint32(e) - 1); f.Key == t.key {
				return f
			}
		}
	}
}

// unlink takes f out of index and wheel: no packet finds it any more.
func (t *Table) unlink(f *Flow) {
	t.index.remove(f.hash, f.self)
	t.unput(f)
}

// replace takes a flow out of the table and notes that it is to be ended.
func (t *Table) replace(f *Flow) {
	t.unlink(f)
	t.replaced = append(t.replaced, f.self)
}

// Ended hands over the flows that the last Get replaced and reports whether
// there were any.
func (t *Table) Ended(end func(*Flow)) bool {
	if len(t.replaced) == 0 {
		return false
	}
	for _, i := range t.replaced {
		end(t.slab.at(i))
	}
	t.replaced = t.replaced[:0]
	return true
}

// create makes the flow of t.key with p as its first packet.
func (t *Table) create(h uint32, p *packet.Packet) *Flow {
	if t.emergency && t.opt.Midstream && p.Proto == packet.ProtoTCP &&
		p.TCP.Flags&(packet.SYN|packet.ACK|packet.RST|packet.FIN) != packet.SYN {
		return nil
	}
	f := t.slab.take()
	if f == nil {
		t.enterEmergency()
		t.Counters.MemCap++
		t.shed()
		return nil
	}
	f.Key, f.hash = t.key, h
	f.Start, f.Last, f.FirstNum = p.Time, p.Time, p.Num
	f.Proto, f.Version, f.group, f.depth = t.key.Proto, p.Version, uint8(group(t.key.Proto)), p.Depth
	f.Addr, f.Port = [2][16]byte{p.Src, p.Dst}, [2]uint16{p.SrcPort, p.DstPort}
	f.NVLAN = uint8(copy(f.VLAN[:], p.VLANIDs()))
	if p.Proto == packet.ProtoICMP || p.Proto == packet.ProtoICMPv6 {
		f.ICMPType, f.ICMPCode = p.ICMP.Type, p.ICMP.Code
	}
	if t.emergency {
		f.Flags |= Emergency
	}
	f.ID = flowID(f)
	t.clearMACs(f)
	if !t.wheel.begun {
		t.wheel.begun, t.wheel.now = true, p.Time/second
	}
	t.index.add(h, f.self)
	t.put(f, t.due(f))
	c := &t.Counters
	c.Total++
	c.Active++
	switch f.Proto {
	case packet.ProtoTCP:
		c.TCP++
	case packet.ProtoUDP:
		c.UDP++
	case packet.ProtoICMP:
		c.ICMPv4++
	case packet.ProtoICMPv6:
		c.ICMPv6++
	}
	return f
}

// flowID derives flow_id from what is known at the first packet: positive, 53
// bits, the same in each run.
func flowID(f *Flow) int64 {
	h := uint64(14695981039346656037) // FNV-1a
	mix := func(v uint64) {
		for range 8 {
			h = (h ^ v&0xff) * 1099511628211
			v >>= 8
		}
	}
	for i := range f.Addr {
		mix(binary.BigEndian.Uint64(f.Addr[i][:]))
		mix(binary.BigEndian.Uint64(f.Addr[i][8:]))
	}
	mix(uint64(f.Port[0])<<32 | uint64(f.Port[1])<<16 | uint64(f.Proto))
	mix(uint64(f.Start))
	mix(f.FirstNum)
	mix(uint64(f.Key.Depth))
	return int64(h&(1<<53-1)) | 1
}

// Release frees a flow that was handed over.
func (t *Table) Release(f *Flow) {
	c := &t.Counters
	c.Active--
	if f.Has(BypassCapture) {
		c.EndCapture++
	} else {
		c.EndState[f.State&(numStates-1)]++
	}
	if f.Proto == packet.ProtoTCP {
		c.EndTCPState[f.Stream.State]++
	}
	t.slab.give(f)
}
