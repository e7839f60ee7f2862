// Package defrag puts IP fragments together (RFC 791 section 3.2, RFC 8200
// section 4.5).
//
// A Table serves one worker. Fragments of one datagram are kept until it is
// whole, too old, or the memory is needed; overlaps are decided by the policy of
// the receiver. A datagram is given back as an IP packet with its header, the
// fragment fields cleared, to be decoded again.
package defrag

import (
	"encoding/binary"
	"net/netip"

	"weir/decode/packet"
)

// Policy says which copy of a byte the receiver keeps when fragments overlap
// (Novak, "Target-based fragmentation reassembly", 2005).
type Policy uint8

// Policies.
const (
	PolicyBSD Policy = iota
	PolicyBSDRight
	PolicyLinux
	PolicyWindows
	PolicySolaris
	PolicyFirst
	PolicyLast
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

// maxDatagram bounds the payload of a datagram, bytes.
const maxDatagram = 65535

// key names a datagram.
type key struct {
	src, dst [16]byte
	id       uint32
	vlan     [3]uint16
	proto    uint8
	version  uint8
	depth    uint8
}

// fragment is one piece of the payload.
type fragment struct {
	off, end int
	seq      int    // order of arrival
	data     []byte // a copy
}

// tracker is a datagram in work.
type tracker struct {
	key    key
	frags  []fragment // by offset
	header []byte     // IP header of the first fragment, unfragmentable part
	proto  uint8      // of the payload
	size   int        // of the payload; 0 until the last fragment is there
	bytes  int        // held
	first  int64      // time of the first fragment, ns
	policy Policy
}

// Table holds the datagrams in work.
type Table struct {
	Counters Counters

	opt  Options
	m    map[key]*tracker
	free []*tracker
	mem  int
	out  []byte
}

// NewTable returns an empty table.
func NewTable(opt Options) *Table {
	if opt.Policy == nil {
		opt.Policy = func(netip.Addr) Policy { return PolicyBSD }
	}
	return &Table{opt: opt, m: map[key]*tracker{}}
}

// Add takes a fragment. When it completes a datagram, that is returned as an IP
// packet, valid until the next call; else nil. Oddities are noted in p.
func (t *Table) Add(p *packet.Packet) []byte {
	if p.Version == 6 {
		t.Counters.Fragments6++
	} else {
		t.Counters.Fragments4++
	}
	k := key{p.Src, p.Dst, p.IPID, p.VLAN, p.Proto, p.Version, p.Depth}
	if p.Version == 6 {
		k.proto = 0 // only the first fragment's counts
	}
	tr := t.m[k]
	if tr != nil && p.Time-tr.first > t.opt.Timeout {
		t.Counters.Timeouts++
		t.drop(tr)
		tr = nil
	}
	more := p.FragBits&1 != 0
	off, n := int(p.FragOff), int(p.PayLen)
	if p.Version == 6 && more && n%8 != 0 {
		p.AddEvent(packet.EvIPv6FragInvalidLength)
		n &^= 7
	}
	if off+n > maxDatagram {
		if p.Version == 6 {
			p.AddEvent(packet.EvIPv6FragPktTooLarge)
		} else {
			p.AddEvent(packet.EvIPv4FragPktTooLarge)
		}
		return nil
	}
	if n == 0 && more {
		return nil
	}
	if tr == nil {
		if tr = t.track(k, p); tr == nil {
			return nil
		}
	}
	if len(tr.frags) >= t.opt.MaxFragments {
		t.Counters.MaxFragHits++
		return nil
	}
	if t.mem+n > t.opt.MemCap {
		t.Counters.MemDrop++
		return nil
	}
	t.insert(tr, p, off, off+n, more)
	return t.complete(tr)
}

// track begins a datagram; nil if there are too many.
func (t *Table) track(k key, p *packet.Packet) *tracker {
	if len(t.m) >= t.opt.MaxTrackers {
		t.Expire(p.Time)
		if len(t.m) >= t.opt.MaxTrackers {
			t.Counters.TrackerDrop++
			return nil
		}
	}
	var tr *tracker
	if n := len(t.free); n > 0 {
		tr, t.free = t.free[n-1], t.free[:n-1]
	} else {
		tr = &tracker{}
	}
	*tr = tracker{key: k, first: p.Time, frags: tr.frags[:0], header: tr.header[:0], policy: t.opt.Policy(p.DstAddr())}
	t.m[k] = tr
	return tr
}

// insert adds a fragment in order of its offset and settles overlaps.
func (t *Table) insert(tr *tracker, p *packet.Packet, off, end int, more bool) {
	data := append([]byte(nil), p.Data[p.Pay:int(p.Pay)+end-off]...)
	t.mem += len(data)
	tr.bytes += len(data)
	if off == 0 {
		tr.header = append(tr.header[:0], p.Data[p.L3:int(p.L3)+int(p.L3Len)]...)
		tr.proto = p.Proto
	}
	i := len(tr.frags)
	overlap := false
	for j := range tr.frags {
		f := &tr.frags[j]
		if off < f.end && f.off < end {
			overlap = true
		}
		if f.off > off && i == len(tr.frags) {
			i = j
		}
	}
	if overlap {
		if p.Version == 6 {
			p.AddEvent(packet.EvIPv6FragOverlap)
		} else {
			p.AddEvent(packet.EvIPv4FragOverlap)
		}
	}
	tr.frags = append(tr.frags, fragment{})
	copy(tr.frags[i+1:], tr.frags[i:])
	tr.frags[i] = fragment{off: off, end: end, seq: len(tr.frags), data: data}
	if !more && (tr.size == 0 || tr.policy == PolicyLast) {
		tr.size = end
	}
}

// complete returns the datagram if all of it is there.
func (t *Table) complete(tr *tracker) []byte {
	if tr.size == 0 || len(tr.header) == 0 {
		return nil
	}
	covered := 0
	for i := range tr.frags {
		f := &tr.frags[i]
		if f.off > covered {
			return nil
		}
		covered = max(covered, f.end)
	}
	if covered < tr.size {
		return nil
	}
	b := t.build(tr)
	if tr.key.version == 6 {
		t.Counters.Reassembled6++
	} else {
		t.Counters.Reassembled4++
	}
	t.drop(tr)
	return b
}

// build lays the fragments over one another, so that where two overlap the one
// that the policy prefers is written last.
func (t *Table) build(tr *tracker) []byte {
	h := len(tr.header)
	if need := h + tr.size; cap(t.out) < need {
		t.out = make([]byte, need)
	}
	b := t.out[:h+tr.size]
	copy(b, tr.header)
	body := b[h:]
	for i := range tr.frags {
		t.lay(tr, body, i)
	}
	if tr.key.version == 6 {
		return header6(b, tr)
	}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	b[6], b[7] = b[6]&0x40, 0
	b[10], b[11] = 0, 0
	binary.BigEndian.PutUint16(b[10:], checksum(b[:h]))
	return b
}

// lay writes fragment i where no earlier arrival that the policy prefers has
// been.
func (t *Table) lay(tr *tracker, body []byte, i int) {
	f := &tr.frags[i]
	at := f.off
	for at < min(f.end, len(body)) {
		end := min(f.end, len(body))
		if !t.wins(tr, i, at, &end) {
			at = end
			continue
		}
		copy(body[at:end], f.data[at-f.off:end-f.off])
		at = end
	}
}

// wins reports whether fragment i is the one to show at offset at, and sets end
// to where that may change.
func (t *Table) wins(tr *tracker, i, at int, end *int) bool {
	f := &tr.frags[i]
	ok := true
	for j := range tr.frags {
		o := &tr.frags[j]
		switch {
		case j == i || o.end <= at:
		case o.off > at:
			*end = min(*end, o.off)
		default:
			*end = min(*end, o.end)
			ok = ok && tr.policy.prefers(f, o)
		}
	}
	return ok
}

// prefers reports whether a byte of a stays where a and b both have it.
func (pol Policy) prefers(a, b *fragment) bool {
	older := a.seq < b.seq
	switch pol {
	case PolicyFirst:
		return older
	case PolicyLast:
		return !older
	case PolicyBSDRight, PolicyLinux:
		// The one that starts earlier; the last of those that start together.
		if a.off != b.off {
			return a.off < b.off
		}
		return !older
	case PolicyWindows:
		// The first, unless a later one covers it on both sides.
		if older {
			return !(b.off < a.off && b.end > a.end)
		}
		return a.off < b.off && a.end > b.end
	case PolicySolaris:
		if older {
			return !(b.off < a.off && b.end >= a.end)
		}
		return a.off < b.off && a.end >= b.end
	}
	// BSD: the one that starts earlier; the first of those that start together.
	if a.off != b.off {
		return a.off < b.off
	}
	return older
}

// header6 takes the fragment header out of b, an IPv6 packet whose header ends
// with it.
func header6(b []byte, tr *tracker) []byte {
	h := len(tr.header)
	// The header in front of the fragment header now names the payload.
	at, next := 6, int(40)
	for nh := b[6]; nh != 44 && next+8 <= h-8; {
		nh, at = b[next], next
		next += 8 + int(b[next+1])*8
	}
	b[at] = tr.proto
	copy(b[8:], b[:h-8])
	b = b[8:]
	binary.BigEndian.PutUint16(b[4:], uint16(len(b)-40))
	return b
}

// checksum is that of an IPv4 header (RFC 1071).
func checksum(b []byte) uint16 {
	var acc uint32
	for i := 0; i+1 < len(b); i += 2 {
		acc += uint32(b[i])<<8 | uint32(b[i+1])
	}
	for acc > 0xffff {
		acc = acc&0xffff + acc>>16
	}
	return ^uint16(acc)
}

// drop forgets a datagram.
func (t *Table) drop(tr *tracker) {
	t.mem -= tr.bytes
	delete(t.m, tr.key)
	for i := range tr.frags {
		tr.frags[i].data = nil
	}
	t.free = append(t.free, tr)
}

// Expire forgets the datagrams that are too old at now, ns.
func (t *Table) Expire(now int64) {
	for _, tr := range t.m {
		if now-tr.first > t.opt.Timeout {
			t.Counters.Timeouts++
			t.drop(tr)
		}
	}
}
