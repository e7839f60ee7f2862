package flow

import (
	"bytes"
	"encoding/binary"
	"slices"

	"weir/decode/field"
	"weir/decode/packet"
)

// Timeouts are those of one protocol, seconds after the last packet.
type Timeouts struct {
	New, Established, Closed, Bypassed                                     uint32
	EmergencyNew, EmergencyEstablished, EmergencyClosed, EmergencyBypassed uint32
}

// Options set up a Table.
type Options struct {
	MemCap   uint64 // bytes; 0 is unlimited
	UseVLAN  bool   // VLAN identifiers are part of the key
	Recovery uint32 // percent of the flows that must be free to end emergency mode

	Default, TCP, UDP, ICMP Timeouts
}

// DefaultOptions are those of an empty configuration.
func DefaultOptions() Options {
	return Options{
		MemCap: 128 << 20, UseVLAN: true, Recovery: 30,
		Default: Timeouts{30, 300, 0, 100, 10, 100, 0, 50},
		TCP:     Timeouts{60, 600, 10, 100, 5, 100, 2, 50},
		UDP:     Timeouts{30, 300, 0, 100, 10, 100, 0, 50},
		ICMP:    Timeouts{30, 300, 0, 100, 10, 100, 0, 50},
	}
}

// Counters are those of one table, named as the stats record names them.
type Counters struct {
	Total, Active, TCP, UDP, ICMPv4, ICMPv6, TCPReuse, MemCap uint64
	EmergencyEntered, EmergencyOver                           uint64
	EndState                                                  [4]uint64
	EndTCPState                                               [TCPClosed + 1]uint64
}

const (
	chunkBits = 12 // flows of one chunk of the slab
	flowSize  = 512
)

// Table holds the flows of one worker.
type Table struct {
	Counters Counters
	// Reuse reports whether TCP packet p starts a new connection on the tuple
	// of f, whose old one is over. Set by the worker.
	Reuse func(f *Flow, p *packet.Packet) bool

	opt       Options
	chunks    [][]Flow
	free      []uint32
	index     map[Key]uint32
	ended     []uint32 // replaced by a packet, wait for Ended
	next      uint32   // flows ever used of the slab
	emergency bool
	scratch   []uint32
}

// NewTable returns an empty table.
func NewTable(opt Options) *Table {
	return &Table{opt: opt, index: map[Key]uint32{}}
}

func (t *Table) at(i uint32) *Flow { return &t.chunks[i>>chunkBits][i&(1<<chunkBits-1)] }

// keyOf returns the key of p and whether its sender is side A.
func (t *Table) keyOf(p *packet.Packet) (k Key, ok bool) {
	k.Proto, k.Depth = p.Proto, p.Depth
	if t.opt.UseVLAN {
		for i := range p.VLANs {
			k.VLAN[i] = p.VLAN[i] & 0xfff
		}
	}
	src, dst, sp, dp := p.Src, p.Dst, p.SrcPort, p.DstPort
	switch p.Proto {
	case packet.ProtoTCP, packet.ProtoUDP, packet.ProtoSCTP:
		if p.L4 == 0 {
			return k, false
		}
	case packet.ProtoICMP, packet.ProtoICMPv6:
		if p.L4 == 0 {
			return k, false
		}
		if quotes(p) {
			// An error belongs to the flow of the packet it is about.
			k.Proto = p.ICMP.QuotedProto
			src, dst, sp, dp = p.ICMP.QuotedDst, p.ICMP.QuotedSrc, p.ICMP.QuotedDPort, p.ICMP.QuotedSPort
			if k.Proto == packet.ProtoICMP || k.Proto == packet.ProtoICMPv6 {
				sp, dp = 0, 0
			}
			break
		}
		sp, dp = icmpPorts(p)
	default:
		sp, dp = 0, 0
	}
	if c := bytes.Compare(src[:], dst[:]); c > 0 || c == 0 && sp > dp {
		src, dst, sp, dp = dst, src, dp, sp
	}
	k.A, k.B, k.APort, k.BPort = src, dst, sp, dp
	return k, true
}

// quotes reports whether p is an ICMP error that belongs to the flow of the
// packet it is about: destination unreachable.
func quotes(p *packet.Packet) bool {
	return p.Proto == packet.ProtoICMP && p.ICMP.Quoted && p.ICMP.Type == 3
}

// icmpPorts makes a question and its answer meet: their types are one pair.
func icmpPorts(p *packet.Packet) (a, b uint16) {
	t := p.ICMP.Type
	if p.Proto == packet.ProtoICMP {
		switch t {
		case 0: // echo
			t = 8
		case 14, 16, 18: // time stamp, information, address mask
			t--
		}
	} else {
		switch t {
		case 129, 134, 136, 140, 145: // echo, router, neighbour, node information, home agent
			t--
		}
	}
	n := uint16(t)<<8 | uint16(p.ICMP.Code)
	return n, n
}

// Get finds or makes the flow of p and counts p. It sets p.Dir. The flow is nil
// if p has none: nothing to tell flows by, an ICMP error about an unknown flow,
// or no memory.
func (t *Table) Get(p *packet.Packet) (f *Flow, created bool) {
	k, ok := t.keyOf(p)
	if !ok {
		return nil, false
	}
	i, found := t.index[k]
	if found {
		f = t.at(i)
		switch {
		case quotes(p):
			f.Flags |= ICMPSeen
		case t.expired(f, p.Time):
			f.Flags |= TimedOut
			t.replace(k, i)
			found = false
		case p.Proto == packet.ProtoTCP && t.Reuse != nil && t.Reuse(f, p):
			f.Flags |= Reused
			t.Counters.TCPReuse++
			t.replace(k, i)
			found = false
		}
	}
	if !found {
		if f = t.create(k, p); f == nil {
			return nil, false
		}
	}
	t.count(f, p)
	return f, !found
}

// replace takes a flow out of the index and notes that it is to be ended.
func (t *Table) replace(k Key, i uint32) {
	delete(t.index, k)
	t.ended = append(t.ended, i)
}

// Ended hands over the flows that the last Get replaced.
func (t *Table) Ended(end func(*Flow)) {
	for len(t.ended) > 0 {
		i := t.ended[0]
		t.ended = t.ended[1:]
		end(t.at(i))
	}
	t.ended = t.ended[:0]
}

// create makes the flow of key k with p as its first packet.
func (t *Table) create(k Key, p *packet.Packet) *Flow {
	if t.opt.MemCap > 0 && uint64(len(t.index)+1)*flowSize > t.opt.MemCap {
		t.Counters.MemCap++
		if !t.emergency {
			t.emergency = true
			t.Counters.EmergencyEntered++
		}
		return nil
	}
	var i uint32
	if n := len(t.free); n > 0 {
		i, t.free = t.free[n-1], t.free[:n-1]
	} else {
		i = t.next
		t.next++
		if int(i>>chunkBits) == len(t.chunks) {
			t.chunks = append(t.chunks, make([]Flow, 1<<chunkBits))
		}
	}
	f := t.at(i)
	*f = Flow{
		Key: k, Start: p.Time, Last: p.Time, FirstNum: p.Num, Proto: k.Proto, Version: p.Version, self: i, Gen: f.Gen + 1,
		Addr: [2][16]byte{p.Src, p.Dst}, Port: [2]uint16{p.SrcPort, p.DstPort}, NVLAN: p.VLANs,
	}
	if quotes(p) {
		f.Proto = p.Proto
		f.Key.Proto = p.Proto
	}
	copy(f.VLAN[:], p.VLANIDs())
	if p.MACs >= 0 {
		copy(f.MACs[0][:], p.Data[p.MACs+6:])
		copy(f.MACs[1][:], p.Data[p.MACs:])
	}
	if p.Proto == packet.ProtoICMP || p.Proto == packet.ProtoICMPv6 {
		f.ICMPType, f.ICMPCode = p.ICMP.Type, p.ICMP.Code
	}
	f.ID = flowID(f, p)
	t.index[k] = i
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

// flowID derives flow_id from the content of the first packet: positive, 53
// bits, the same in each run.
func flowID(f *Flow, p *packet.Packet) int64 {
	h := uint64(14695981039346656037) // FNV-1a
	mix := func(v uint64) {
		for range 8 {
			h = (h ^ v&0xff) * 1099511628211
			v >>= 8
		}
	}
	for _, a := range f.Addr {
		mix(binary.BigEndian.Uint64(a[:]))
		mix(binary.BigEndian.Uint64(a[8:]))
	}
	mix(uint64(f.Port[0])<<32 | uint64(f.Port[1])<<16 | uint64(f.Proto))
	mix(uint64(p.Time))
	mix(p.Num)
	return int64(h&(1<<53-1)) | 1
}

// count adds p to the flow and finds its direction.
func (t *Table) count(f *Flow, p *packet.Packet) {
	src, sport := p.Src, p.SrcPort
	p.Dir = field.ToServer
	switch {
	case quotes(p) && f.Proto != p.Proto:
		if p.ICMP.QuotedSrc == f.Addr[0] && p.ICMP.QuotedSPort == f.Port[0] {
			p.Dir = field.ToClient
		}
	case src == f.Addr[0] && (sport == f.Port[0] || f.Addr[0] != f.Addr[1]):
		if f.Addr[0] == f.Addr[1] && f.Port[0] == f.Port[1] && f.ICMPType != p.ICMP.Type {
			p.Dir = field.ToClient
		}
	default:
		p.Dir = field.ToClient
	}
	i := p.Dir.Index()
	f.Pkts[i]++
	f.Bytes[i] += uint64(p.Wire)
	f.Last, f.LastDir[i] = max(f.Last, p.Time), p.Time
	p.Flags |= packet.FlowPkt
	if p.Version != 0 {
		ttl := &f.TTL[i]
		if f.Pkts[i] == 1 {
			ttl[0], ttl[1] = p.TTL, p.TTL
		}
		ttl[0], ttl[1] = min(ttl[0], p.TTL), max(ttl[1], p.TTL)
	}
	if i == 0 {
		f.Flags |= SeenTS
	} else {
		f.Flags |= SeenTC
		if f.Pkts[1] == 1 {
			f.RespType, f.RespCode = p.ICMP.Type, p.ICMP.Code
		}
	}
	if f.Proto != packet.ProtoTCP && f.Seen() {
		if f.State == StateNew {
			f.State = StateEstablished
		}
		p.Flags |= packet.Established
	}
}

// Reverse swaps the directions of a flow.
func (t *Table) Reverse(f *Flow) {
	f.Flags ^= Reversed
	f.Addr[0], f.Addr[1] = f.Addr[1], f.Addr[0]
	f.Port[0], f.Port[1] = f.Port[1], f.Port[0]
	f.Pkts[0], f.Pkts[1] = f.Pkts[1], f.Pkts[0]
	f.Bytes[0], f.Bytes[1] = f.Bytes[1], f.Bytes[0]
	f.TTL[0], f.TTL[1] = f.TTL[1], f.TTL[0]
	f.MACs[0], f.MACs[1] = f.MACs[1], f.MACs[0]
	f.LastDir[0], f.LastDir[1] = f.LastDir[1], f.LastDir[0]
	f.AppTS, f.AppTC = f.AppTC, f.AppTS
	seen := f.Flags & (SeenTS | SeenTC)
	f.Flags &^= SeenTS | SeenTC
	if seen&SeenTS != 0 {
		f.Flags |= SeenTC
	}
	if seen&SeenTC != 0 {
		f.Flags |= SeenTS
	}
}

// timeout returns how long a flow may be idle, s.
func (t *Table) timeout(f *Flow) uint32 {
	o := &t.opt.Default
	switch f.Proto {
	case packet.ProtoTCP:
		o = &t.opt.TCP
	case packet.ProtoUDP:
		o = &t.opt.UDP
	case packet.ProtoICMP, packet.ProtoICMPv6:
		o = &t.opt.ICMP
	}
	n := [4]uint32{o.New, o.Established, o.Closed, o.Bypassed}
	if t.emergency {
		n = [4]uint32{o.EmergencyNew, o.EmergencyEstablished, o.EmergencyClosed, o.EmergencyBypassed}
	}
	return n[f.State&3]
}

// expired reports whether a flow has been idle too long at now, ns.
func (t *Table) expired(f *Flow, now int64) bool {
	return now/1e9 > f.Last/1e9+int64(t.timeout(f))
}

// Expire hands over the flows that have timed out at now, ns, in order of their
// first packets.
func (t *Table) Expire(now int64, end func(*Flow)) {
	t.scratch = t.scratch[:0]
	for _, i := range t.index {
		if t.expired(t.at(i), now) {
			t.scratch = append(t.scratch, i)
		}
	}
	t.finish(TimedOut, end)
}

// End hands over all flows, in order of their first packets.
func (t *Table) End(end func(*Flow)) {
	t.scratch = t.scratch[:0]
	for _, i := range t.index {
		t.scratch = append(t.scratch, i)
	}
	t.finish(Shutdown, end)
}

// finish takes the flows of scratch out of the table and hands them over.
func (t *Table) finish(why Flags, end func(*Flow)) {
	slices.SortFunc(t.scratch, func(a, b uint32) int {
		x, y := t.at(a), t.at(b)
		if x.FirstNum != y.FirstNum {
			if x.FirstNum < y.FirstNum {
				return -1
			}
			return 1
		}
		return int(y.Key.Depth) - int(x.Key.Depth)
	})
	for _, i := range t.scratch {
		f := t.at(i)
		f.Flags |= why
		delete(t.index, f.Key)
		end(f)
	}
}

// Release frees a flow that was handed over.
func (t *Table) Release(f *Flow) {
	c := &t.Counters
	c.Active--
	c.EndState[f.State&3]++
	if f.Proto == packet.ProtoTCP {
		c.EndTCPState[f.Stream.State]++
	}
	f.Gen++
	t.free = append(t.free, f.self)
}
