package defrag

import (
	"encoding/binary"
	"slices"
)

// key names a datagram.
type key struct {
	src, dst [16]byte
	id       uint32
	vlan     [3]uint16
	proto    uint8 // of IPv4; 0 of IPv6, where only the first fragment tells
	version  uint8
	depth    uint8
}

// fragment is one piece of the payload, as it came.
type fragment struct {
	span
	data []byte // of the table's memory; nil when nothing of it counts any more
	used int    // extents
}

// extent is a run of bytes that one fragment yields.
type extent struct {
	span
	from int // index of the fragment
}

// tracker is a datagram in work.
type tracker struct {
	key        key
	next, prev *tracker // by age
	frags      []fragment
	extents    []extent // by offset, without overlap
	header     []byte   // of the table's memory: that of the first fragment, up to where the datagram was cut
	size       int      // of the payload; -1 until the last fragment is there
	held       int      // bytes of the extents
	first      int64    // time of the first fragment, ns
	policy     Policy
}

// begin takes the header of the first fragment.
func (tr *tracker) begin(mem *memory, header []byte) {
	if tr.header != nil {
		mem.give(tr.header)
	}
	tr.header = mem.take(len(header))
	copy(tr.header, header)
}

// release gives the memory back. What is used again stays short.
func (tr *tracker) release(mem *memory) {
	for i := range tr.frags {
		if b := tr.frags[i].data; b != nil {
			mem.give(b)
			tr.frags[i].data = nil
		}
	}
	mem.used -= len(tr.frags) * perFragment
	if tr.header != nil {
		mem.give(tr.header)
		tr.header = nil
	}
	if cap(tr.frags) > keptFragments {
		tr.frags = nil
	}
	if cap(tr.extents) > keptFragments {
		tr.extents = nil
	}
}

// put adds a fragment and lets the policy settle what it shares with earlier
// ones. It reports whether there was an overlap.
func (tr *tracker) put(mem *memory, at span, data []byte) (overlap bool) {
	i, _ := slices.BinarySearchFunc(tr.extents, at.off, func(e extent, off int) int { return e.end - off - 1 })
	n := len(tr.frags)
	tr.frags = append(tr.frags, fragment{span: at})
	for off := at.off; off < at.end; {
		if i == len(tr.extents) || tr.extents[i].off >= at.end {
			tr.insert(i, extent{span{off, at.end}, n})
			break
		}
		e := &tr.extents[i]
		if off < e.off {
			end := e.off
			tr.insert(i, extent{span{off, end}, n})
			i, off = i+1, end
			continue
		}
		overlap = true
		if end := min(e.end, at.end); tr.policy.replaces(tr.frags[e.from].span, at) {
			i = tr.replace(mem, i, span{off, end}, n)
			off = end
		} else {
			i, off = i+1, end
		}
	}
	if tr.frags[n].used == 0 {
		tr.frags = tr.frags[:n] // nothing of it counts
		return overlap
	}
	mem.used += perFragment
	tr.frags[n].data = mem.take(len(data))
	copy(tr.frags[n].data, data)
	return overlap
}

// insert adds an extent at index i.
func (tr *tracker) insert(i int, e extent) {
	tr.extents = slices.Insert(tr.extents, i, e)
	tr.frags[e.from].used++
	tr.held += e.end - e.off
}

// replace gives the part at of extent i to fragment n and returns the index
// behind it.
func (tr *tracker) replace(mem *memory, i int, at span, n int) int {
	old := tr.extents[i]
	f := &tr.frags[old.from]
	tr.frags[n].used++
	before, after := old.off < at.off, old.end > at.end
	switch {
	case before && after:
		f.used++
		tr.extents[i].end = at.off
		tr.extents = slices.Insert(tr.extents, i+1, extent{at, n}, extent{span{at.end, old.end}, old.from})
		return i + 2
	case before:
		tr.extents[i].end = at.off
		tr.extents = slices.Insert(tr.extents, i+1, extent{at, n})
		return i + 2
	case after:
		tr.extents[i].off = at.end
		tr.extents = slices.Insert(tr.extents, i, extent{at, n})
		return i + 1
	}
	tr.extents[i] = extent{at, n}
	if f.used--; f.used == 0 {
		mem.give(f.data)
		f.data = nil
	}
	return i + 1
}

// whole reports whether all of the payload is there.
func (tr *tracker) whole() bool {
	if tr.size < 0 || len(tr.header) == 0 || tr.held < tr.size {
		return false
	}
	end := 0
	for i := range tr.extents {
		e := &tr.extents[i]
		if e.off > end {
			break
		}
		end = e.end
	}
	return end >= tr.size
}

// build appends the datagram to b.
func (tr *tracker) build(b []byte) []byte {
	start := len(b)
	b = append(b, tr.header...)
	for i := range tr.extents {
		e := &tr.extents[i]
		if e.off >= tr.size {
			break
		}
		f := &tr.frags[e.from]
		b = append(b, f.data[e.off-f.off:min(e.end, tr.size)-f.off]...)
	}
	if tr.key.version == 6 {
		return tr.finish6(b, start)
	}
	h := b[start : start+len(tr.header)]
	binary.BigEndian.PutUint16(h[2:], uint16(len(b)-start))
	h[6], h[7] = h[6]&0x40, 0
	h[10], h[11] = 0, 0
	binary.BigEndian.PutUint16(h[10:], checksum(h))
	return b
}

// finish6 takes the fragment header, the last eight bytes of the headers, out of
// the IPv6 packet that begins at start.
func (tr *tracker) finish6(b []byte, start int) []byte {
	h := b[start:]
	n := len(tr.header)
	// The header in front of the fragment header now names the payload.
	at, next := 6, 40
	for nh := h[6]; nh != 44 && next+8 <= n-8; {
		nh, at = h[next], next
		next += 8 + int(h[next+1])*8
	}
	h[at] = h[n-8] // the next header that the fragment header names
	copy(h[8:], h[:n-8])
	h = h[8:]
	binary.BigEndian.PutUint16(h[4:], uint16(len(h)-40))
	return h
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
