package stream

import (
	"bytes"
	"math/bits"
)

// pieces are buffers by size class that wait for use. There are four classes
// from one power of two to the next: 256, 320, 384, 448, 512, 640 bytes and so on.
type pieces struct {
	free  [80][][]byte
	inUse uint64 // bytes given out
	idle  int    // bytes in free
}

const (
	minPiece = 256     // bytes
	maxIdle  = 2 << 20 // bytes of buffers that are kept
)

// class returns the smallest class that holds n bytes.
func class(n int) int {
	if n <= minPiece {
		return 0
	}
	top := bits.Len(uint(n-1)) - 1 // of the power of two below
	return 4*(top-8) + (n-1-1<<top)>>(top-2) + 1
}

// size returns the bytes of a class.
func size(c int) int { return (4 + c%4) << (c/4 + 6) }

// get returns an empty buffer for n bytes at least.
func (p *pieces) get(n int) []byte {
	c := class(n)
	p.inUse += uint64(size(c))
	if l := p.free[c]; len(l) > 0 {
		b := l[len(l)-1]
		p.free[c] = l[:len(l)-1]
		p.idle -= size(c)
		return b[:0]
	}
	return make([]byte, 0, size(c))
}

func (p *pieces) put(b []byte) {
	if cap(b) == 0 {
		return
	}
	c := class(cap(b))
	p.inUse -= uint64(size(c))
	if p.idle < maxIdle {
		p.idle += size(c)
		p.free[c] = append(p.free[c], b)
	}
}

// segment is a piece of a direction beyond a hole.
type segment struct {
	off uint64
	b   []byte
}

func (s *segment) end() uint64 { return s.off + uint64(len(s.b)) }

// data holds the bytes of one direction.
type data struct {
	base uint64    // offset of buf[0]
	buf  []byte    // contiguous
	ooo  []segment // beyond a hole, sorted, disjoint
}

// edge is the offset behind the contiguous bytes.
func (d *data) edge() uint64 { return d.base + uint64(len(d.buf)) }

// right is the offset behind the last byte held.
func (d *data) right() uint64 {
	if n := len(d.ooo); n > 0 {
		return d.ooo[n-1].end()
	}
	return d.edge()
}

// insert adds b at offset off. keepOld says, for a byte held already, whether it
// stays: by the offsets of the segments that overlap. fixed is the offset before
// which bytes have been used and can not change. It reports overlaps, and
// whether their bytes differed.
func (d *data) insert(p *pieces, off uint64, b []byte, fixed uint64, keepOld func(oldOff, oldEnd, newOff, newEnd uint64) bool) (overlap, differs bool) {
	if off < d.base {
		n := min(d.base-off, uint64(len(b)))
		b, off = b[n:], off+n
	}
	if len(b) == 0 {
		return
	}
	if edge := d.edge(); off < edge {
		n := int(min(edge-off, uint64(len(b))))
		at := int(off - d.base)
		overlap = true
		if !bytes.Equal(d.buf[at:at+n], b[:n]) {
			differs = true
			if !keepOld(d.base, edge, off, off+uint64(len(b))) {
				from := 0
				if off < fixed {
					from = int(min(fixed-off, uint64(n)))
				}
				copy(d.buf[at+from:at+n], b[from:n])
			}
		}
		b, off = b[n:], off+uint64(n)
		if len(b) == 0 {
			return
		}
	}
	if off == d.edge() && (len(d.ooo) == 0 || off+uint64(len(b)) <= d.ooo[0].off) {
		d.append(p, b)
	} else {
		o, x := d.insertOOO(p, off, b, keepOld)
		overlap, differs = overlap || o, differs || x
	}
	d.join(p)
	return
}

// append adds bytes at the edge.
func (d *data) append(p *pieces, b []byte) {
	if len(d.buf)+len(b) > cap(d.buf) {
		grown := p.get(max(len(d.buf)+len(b), len(d.buf)+len(d.buf)/2))
		grown = append(grown, d.buf...)
		p.put(d.buf)
		d.buf = grown
	}
	d.buf = append(d.buf, b...)
}

// insertOOO adds a segment beyond a hole; overlaps are decided now, piece by
// piece, so that the list stays disjoint.
func (d *data) insertOOO(p *pieces, off uint64, b []byte, keepOld func(oldOff, oldEnd, newOff, newEnd uint64) bool) (overlap, differs bool) {
	newOff, newEnd := off, off+uint64(len(b))
	i := 0
	for i < len(d.ooo) && d.ooo[i].end() <= off {
		i++
	}
	for len(b) > 0 {
		if i == len(d.ooo) || off+uint64(len(b)) <= d.ooo[i].off {
			d.place(p, i, off, b)
			return
		}
		s := &d.ooo[i]
		if off < s.off {
			n := s.off - off
			d.place(p, i, off, b[:n])
			b, off = b[n:], off+n
			i++
			s = &d.ooo[i]
		}
		n := int(min(s.end()-off, uint64(len(b))))
		at := int(off - s.off)
		overlap = true
		if !bytes.Equal(s.b[at:at+n], b[:n]) {
			differs = true
			if !keepOld(s.off, s.end(), newOff, newEnd) {
				copy(s.b[at:at+n], b[:n])
			}
		}
		b, off = b[n:], off+uint64(n)
		i++
	}
	return
}

// place puts a copy of b into the list at index i.
func (d *data) place(p *pieces, i int, off uint64, b []byte) {
	c := append(p.get(len(b)), b...)
	d.ooo = append(d.ooo, segment{})
	copy(d.ooo[i+1:], d.ooo[i:])
	d.ooo[i] = segment{off, c}
}

// join moves segments that have met the edge into the buffer.
func (d *data) join(p *pieces) {
	for len(d.ooo) > 0 && d.ooo[0].off <= d.edge() {
		s := d.ooo[0]
		if s.end() > d.edge() {
			d.append(p, s.b[d.edge()-s.off:])
		}
		d.dropFirst(p)
	}
}

func (d *data) dropFirst(p *pieces) {
	p.put(d.ooo[0].b)
	copy(d.ooo, d.ooo[1:])
	d.ooo[len(d.ooo)-1] = segment{}
	d.ooo = d.ooo[:len(d.ooo)-1]
}

// jump leaves a hole behind: the contiguous part starts anew at off, which is
// beyond the edge.
func (d *data) jump(p *pieces, off uint64) {
	d.buf = d.buf[:0]
	d.base = off
	for len(d.ooo) > 0 && d.ooo[0].end() <= off {
		d.dropFirst(p)
	}
	d.join(p)
}

// prune forgets what stands before off.
func (d *data) prune(p *pieces, off uint64) {
	if off <= d.base {
		return
	}
	n := int(min(off-d.base, uint64(len(d.buf))))
	rest := d.buf[n:]
	switch {
	case len(rest) == 0:
		p.put(d.buf)
		d.buf = nil
	case 4*len(rest) <= cap(d.buf) && cap(d.buf) > minPiece:
		// Most connections keep little: hold it in as little.
		small := append(p.get(len(rest)), rest...)
		p.put(d.buf)
		d.buf = small
	case n < len(rest) && cap(d.buf) <= 1<<16:
		return // moving is dearer than keeping
	default:
		d.buf = d.buf[:copy(d.buf, rest)]
	}
	d.base += uint64(n)
}

// release forgets everything.
func (d *data) release(p *pieces) {
	p.put(d.buf)
	for i := range d.ooo {
		p.put(d.ooo[i].b)
		d.ooo[i] = segment{}
	}
	d.buf, d.ooo = nil, d.ooo[:0]
}
