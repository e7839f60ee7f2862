// Package defrag puts IP fragments together (RFC 791 section 3.2, RFC 8200
// section 4.5).
//
// A Table serves one worker. Copies of the fragments of a datagram are kept
// until it is whole, too old, or the oldest when memory is needed; which bytes
// count where they overlap is decided by the policy of the receiver. A datagram
// is given back as an IP packet with its header, the fragment fields cleared, to
// be decoded again.
package defrag

import (
	"net/netip"

	"weir/decode/packet"
)

// Options set up a Table.
type Options struct {
	MaxTrackers  int   // datagrams in work
	MaxFragments int   // of one datagram
	MemCap       int   // bytes of all fragments
	Timeout      int64 // ns from the first fragment on
	Policy       func(dst netip.Addr) Policy
}

// DefaultOptions are those of an empty configuration.
func DefaultOptions() Options {
	return Options{MaxTrackers: 65535, MaxFragments: 65535, MemCap: 32 << 20, Timeout: 60e9}
}

// Counters are those of one table.
type Counters struct {
	Fragments4, Reassembled4, Fragments6, Reassembled6 uint64
	MaxFragHits, TrackerDrop, MemDrop, Timeouts        uint64
}

// maxPayload bounds the payload of a datagram, bytes.
const maxPayload = 65535

// Table holds the datagrams in work.
type Table struct {
	Counters Counters

	opt   Options
	mem   memory
	m     map[key]*tracker
	free  []*tracker
	ends  tracker  // of the list by age: ends.next is the oldest
	built [][]byte // by depth of the tunnel: the datagrams given back last
}

// NewTable returns an empty table.
func NewTable(opt Options) *Table {
	if opt.Policy == nil {
		opt.Policy = func(netip.Addr) Policy { return PolicyBSD }
	}
	t := &Table{opt: opt, m: map[key]*tracker{}}
	t.mem.cap = opt.MemCap
	t.ends.next, t.ends.prev = &t.ends, &t.ends
	return t
}

// Add takes a fragment. When it completes a datagram, that is returned as an IP
// packet, valid until the next datagram of the same depth in tunnels; else nil.
// Oddities are noted in p.
func (t *Table) Add(p *packet.Packet) []byte {
	if p.Version == 6 {
		t.Counters.Fragments6++
	} else {
		t.Counters.Fragments4++
	}
	more := p.FragBits&1 != 0
	at, ok := place(p, more)
	if !ok {
		return nil
	}
	tr := t.tracker(p)
	if tr == nil {
		return nil
	}
	data := p.Data[p.Pay : int(p.Pay)+at.end-at.off]
	if len(tr.frags) >= t.opt.MaxFragments {
		t.Counters.MaxFragHits++
		p.AddEvent(either(p, packet.EvIPv4FragIgnored, packet.EvIPv6FragIgnored))
		return nil
	}
	if !t.room(tr, len(data)+int(p.L3Len)) {
		t.Counters.MemDrop++
		return nil
	}
	if at.off == 0 {
		tr.begin(&t.mem, p.Data[p.L3:int(p.L3)+int(p.L3Len)])
	}
	if tr.put(&t.mem, at, data) {
		p.AddEvent(either(p, packet.EvIPv4FragOverlap, packet.EvIPv6FragOverlap))
	}
	if !more && (tr.size < 0 || tr.policy == PolicyLast) {
		tr.size = at.end
	}
	if !tr.whole() {
		return nil
	}
	return t.finish(tr, p.Has(packet.Rebuilt))
}

// place returns where the payload of p lies in its datagram. It reports false,
// with an event, if that cannot be.
func place(p *packet.Packet, more bool) (at span, ok bool) {
	n := int(p.PayLen)
	if p.Version == 6 && more && n%8 != 0 {
		p.AddEvent(packet.EvIPv6FragInvalidLength)
		n &^= 7
	}
	at = span{int(p.FragOff), int(p.FragOff) + n}
	if at.end > maxPayload {
		p.AddEvent(either(p, packet.EvIPv4FragPktTooLarge, packet.EvIPv6FragPktTooLarge))
		return at, false
	}
	return at, n > 0 || !more
}

// either returns the event for the version of p.
func either(p *packet.Packet, v4, v6 packet.Event) packet.Event {
	if p.Version == 6 {
		return v6
	}
	return v4
}

// tracker finds or makes that of the datagram of p; nil if there are too many.
func (t *Table) tracker(p *packet.Packet) *tracker {
	k := key{p.Src, p.Dst, p.IPID, p.VLAN, p.Proto, p.Version, p.Depth}
	if p.Version == 6 {
		k.proto = 0
	}
	tr := t.m[k]
	if tr != nil {
		if p.Time-tr.first <= t.opt.Timeout {
			return tr
		}
		t.Counters.Timeouts++
		t.drop(tr)
	}
	if len(t.m) >= t.opt.MaxTrackers {
		t.Expire(p.Time)
		if len(t.m) >= t.opt.MaxTrackers {
			t.Counters.TrackerDrop++
			return nil
		}
	}
	if n := len(t.free); n > 0 {
		tr, t.free = t.free[n-1], t.free[:n-1]
	} else {
		tr = &tracker{}
	}
	*tr = tracker{
		key: k, first: p.Time, size: -1, policy: t.opt.Policy(p.DstAddr()),
		frags: tr.frags[:0], extents: tr.extents[:0],
		next: &t.ends, prev: t.ends.prev,
	}
	tr.prev.next, tr.next.prev = tr, tr
	t.m[k] = tr
	return tr
}

// room makes room for n bytes of tr: the oldest datagrams in work are given up.
// It reports false if that does not do.
func (t *Table) room(tr *tracker, n int) bool {
	for !t.mem.fits(n) {
		old := t.ends.next
		if old == tr {
			old = tr.next
		}
		if old == &t.ends {
			return false
		}
		t.Counters.TrackerDrop++
		t.drop(old)
	}
	return true
}

// finish builds a datagram and forgets what it was made of. fresh asks for other
// memory than that of the datagram before, which the last fragment came in.
func (t *Table) finish(tr *tracker, fresh bool) []byte {
	if tr.key.version == 6 {
		t.Counters.Reassembled6++
	} else {
		t.Counters.Reassembled4++
	}
	for len(t.built) <= int(tr.key.depth) {
		t.built = append(t.built, nil)
	}
	to := &t.built[tr.key.depth]
	if need := len(tr.header) + tr.size; fresh || cap(*to) < need {
		*to = make([]byte, 0, need)
	}
	b := tr.build((*to)[:0])
	t.drop(tr)
	return b
}

// drop forgets a datagram.
func (t *Table) drop(tr *tracker) {
	tr.release(&t.mem)
	tr.prev.next, tr.next.prev = tr.next, tr.prev
	delete(t.m, tr.key)
	t.free = append(t.free, tr)
}

// Expire forgets the datagrams that are too old at now, ns.
func (t *Table) Expire(now int64) {
	for tr := t.ends.next; tr != &t.ends && now-tr.first > t.opt.Timeout; tr = t.ends.next {
		t.Counters.Timeouts++
		t.drop(tr)
	}
}
