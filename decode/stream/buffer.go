package stream

import (
	"bytes"
	"sort"
	"weir/decode/buffer"
)

// data holds the bytes of one direction: a contiguous run that ends at the
// edge, and blocks beyond holes.
type data struct {
	base uint64  // offset of the first byte held
	buf  []byte  // contiguous bytes
	head int     // bytes of buf before base, which nobody needs
	ooo  []block // beyond a hole, sorted, apart from one another
	segs spans   // segments that the bytes held came in
}

// block is a run of bytes beyond a hole.
type block struct {
	off uint64
	b   []byte
}

func (b *block) end() uint64 { return b.off + uint64(len(b.b)) }

const (
	// maxBlocks bounds the holes of one direction. Each costs a search and a
	// move of the list; real loss leaves some dozens.
	maxBlocks = 1024
	// wideHole is how wide a hole makes two regions of a stream, bytes.
	wideHole = 256 << 10
)

// held returns the contiguous bytes.
func (d *data) held() []byte { return d.buf[d.head:] }

// edge is the offset behind the contiguous bytes.
func (d *data) edge() uint64 { return d.base + uint64(len(d.buf)-d.head) }

// right is the offset behind the last byte held.
func (d *data) right() uint64 {
	if n := len(d.ooo); n > 0 {
		return d.ooo[n-1].end()
	}
	return d.edge()
}

// regions counts the runs that wide holes keep apart.
func (d *data) regions() int {
	n, end := 1, d.edge()
	for i := range d.ooo {
		if d.ooo[i].off-end >= wideHole {
			n++
		}
		end = d.ooo[i].end()
	}
	return n
}

// inserted is what came of an insertion.
type inserted struct {
	overlap bool // with segments held
	differs bool // in bytes
	full    bool // there was no room for all
}

// insert adds segment b at offset off. Of bytes that are held already policy
// says which copy stays.
func (d *data) insert(p *buffer.Pool, off uint64, b []byte, policy Policy) (r inserted) {
	if off < d.base {
		n := min(d.base-off, uint64(len(b)))
		b, off = b[n:], off+n
	}
	if len(b) == 0 {
		return r
	}
	seg := span{off, off + uint64(len(b))}
	if off == d.edge() && len(d.ooo) == 0 {
		if !p.Fits(len(b) + spanSize) {
			return inserted{full: true}
		}
		d.segs.push(p, seg)
		d.append(p, b)
		return r
	}
	at, known := d.segs.find(seg)
	r.overlap = known || d.segs.overlap(at, seg)
	for len(b) > 0 {
		held, n := d.at(off, len(b))
		switch {
		case held != nil:
			n = len(held)
			if !bytes.Equal(held, b[:n]) {
				r.differs = true
				d.segs.replace(held, b[:n], off, seg, policy)
			}
		case !p.Fits(n+spanSize) || len(d.ooo) >= maxBlocks:
			r.full = true
			return r
		default:
			d.place(p, off, b[:n])
		}
		b, off = b[n:], off+uint64(n)
	}
	if !known {
		d.segs.insert(p, at, seg)
	}
	d.join(p)
	return r
}

// at returns the bytes held at offset off, n at most; nil if there are none, and
// then how many of n are missing.
func (d *data) at(off uint64, n int) (held []byte, missing int) {
	if edge := d.edge(); off < edge {
		from := d.head + int(off-d.base)
		return d.buf[from:min(from+n, len(d.buf))], 0
	}
	i := d.find(off)
	switch {
	case i == len(d.ooo):
		return nil, n
	case d.ooo[i].off > off:
		return nil, int(min(d.ooo[i].off-off, uint64(n)))
	}
	b := &d.ooo[i]
	from := int(off - b.off)
	return b.b[from:min(from+n, len(b.b))], 0
}

// find returns the index of the first block that ends behind off.
func (d *data) find(off uint64) int {
	return sort.Search(len(d.ooo), func(i int) bool { return d.ooo[i].end() > off })
}

// append adds bytes at the edge.
func (d *data) append(p *buffer.Pool, b []byte) {
	if len(d.buf)+len(b) > cap(d.buf) {
		held := d.held()
		if need := len(held) + len(b); need <= cap(d.buf) && d.head >= len(held) {
			d.buf = d.buf[:copy(d.buf, held)]
		} else {
			grown := p.Get(max(need, len(held)+len(held)/2))
			grown = append(grown, held...)
			p.Put(d.buf)
			d.buf = grown
		}
		d.head = 0
	}
	d.buf = append(d.buf, b...)
}

// place puts bytes where none are: behind a block, or in one of their own.
func (d *data) place(p *buffer.Pool, off uint64, b []byte) {
	if off == d.edge() {
		d.append(p, b)
		return
	}
	i := sort.Search(len(d.ooo), func(i int) bool { return d.ooo[i].off > off })
	if i > 0 && d.ooo[i-1].end() == off {
		x := &d.ooo[i-1]
		if len(x.b)+len(b) > cap(x.b) {
			grown := append(p.Get(len(x.b)+max(len(b), len(x.b)/2)), x.b...)
			p.Put(x.b)
			x.b = grown
		}
		x.b = append(x.b, b...)
		if i < len(d.ooo) && x.end() == d.ooo[i].off {
			d.merge(p, i)
		}
		return
	}
	d.ooo = append(d.ooo, block{})
	copy(d.ooo[i+1:], d.ooo[i:])
	d.ooo[i] = block{off, append(p.Get(len(b)), b...)}
	if i+1 < len(d.ooo) && d.ooo[i].end() == d.ooo[i+1].off {
		d.merge(p, i+1)
	}
}

// merge adds block i to the one before, which ends where it begins.
func (d *data) merge(p *buffer.Pool, i int) {
	x, y := &d.ooo[i-1], d.ooo[i].b
	if len(x.b)+len(y) > cap(x.b) {
		grown := append(p.Get(len(x.b)+len(y)), x.b...)
		p.Put(x.b)
		x.b = grown
	}
	x.b = append(x.b, y...)
	d.drop(p, i)
}

// join moves blocks that have met the edge into the buffer.
func (d *data) join(p *buffer.Pool) {
	for len(d.ooo) > 0 && d.ooo[0].off <= d.edge() {
		if b := &d.ooo[0]; b.end() > d.edge() {
			d.append(p, b.b[d.edge()-b.off:])
		}
		d.drop(p, 0)
	}
}

// drop gives block i back.
func (d *data) drop(p *buffer.Pool, i int) {
	p.Put(d.ooo[i].b)
	copy(d.ooo[i:], d.ooo[i+1:])
	d.ooo[len(d.ooo)-1] = block{}
	d.ooo = d.ooo[:len(d.ooo)-1]
}

// jump leaves a hole behind: the contiguous run starts anew at off, which is
// beyond the edge and not beyond the first block.
func (d *data) jump(p *buffer.Pool, off uint64) {
	p.Put(d.buf)
	d.buf, d.head = nil, 0
	d.base = off
	d.segs.dropBefore(p, off)
	d.join(p)
}

// prune forgets the segments that end before off.
func (d *data) prune(p *buffer.Pool, off uint64) {
	off = d.segs.dropBefore(p, min(off, d.edge()))
	if off <= d.base {
		return
	}
	d.head += int(off - d.base)
	d.base = off
	held := d.held()
	switch {
	case len(held) == 0:
		p.Put(d.buf)
		d.buf, d.head = nil, 0
	case cap(d.buf) > buffer.Smallest && 4*len(held) <= cap(d.buf):
		// Most connections keep little: hold it in as little.
		small := append(p.Get(len(held)), held...)
		p.Put(d.buf)
		d.buf, d.head = small, 0
	}
}

// release forgets everything and keeps the offset.
func (d *data) release(p *buffer.Pool) {
	d.base = d.edge()
	p.Put(d.buf)
	for i := range d.ooo {
		p.Put(d.ooo[i].b)
		d.ooo[i] = block{}
	}
	d.buf, d.head, d.ooo = nil, 0, d.ooo[:0]
	d.segs.release(p)
}

// maxKept bounds the lists that a session leaves to the next one, elements.
const maxKept = 64

// reuse takes the empty lists of an earlier session.
func (d *data) reuse(old *data) {
	if cap(old.ooo) <= maxKept {
		d.ooo = old.ooo[:0]
	}
	if cap(old.segs.list) <= maxKept {
		d.segs.list = old.segs.list[:0]
	}
}
