package mpm

import (
	"bytes"
	"math"
	"math/bits"
	"slices"
	"unsafe"
)

// buckets finds literals by windows spread over groups of eight buckets: for
// each byte of a window, a table gives the buckets that have it there, and a
// position is a hit when a bucket has all its bytes. The tables look at parts
// of a byte (six bits with AVX-512, halves with AVX2), so that 64 or 32
// positions are looked up at once.
type buckets struct {
	groups int          // of windows of four bytes: 0 to fourGroups
	four   *windows     // nil without groups
	two    *windows     // windows of two bytes, in group twoGroup; nil for none
	six    [16][64]byte // AVX-512: group*4+byte, by the low six bits; see twoGroup
	half   [32][16]byte // AVX2: (group*4+byte)*2, low half, high half
}

// Groups. In twoGroup, the third and the fourth table of six are by the high six
// bits of the first and the second byte, so that both bytes are known exactly.
const (
	fourGroups = 3
	twoGroup   = 3
)

// A bucketHit is 64 positions from pos on, with the hits of the windows of four
// and of two bytes.
type bucketHit struct {
	four, two uint64
	pos       int
}

// bucketSet collects the bytes of the windows of one bucket.
type bucketSet struct {
	has  [4][4]uint64   // place in the window: 256 bits
	p    [4]shareByKind // estimated share of bytes that pass, with the kernel's tables
	rate float32
}

// bucketPlan is how literals are spread over buckets.
type bucketPlan struct {
	four, two *placement
	groups    int
	sets      [4][8]bucketSet
	rate      float64 // estimated share of positions with a hit, over all kinds of traffic
}

// spread plans buckets for literals with windows of four bytes in the given
// number of groups, and for literals of two and three bytes.
func (s *Set) spread(four, two *placement, groups int) *bucketPlan {
	bp := &bucketPlan{four: four, two: two, groups: groups}
	m := traffic()
	if four != nil {
		s.fillBuckets(m, four, 4, s.cpu != AVX512, bp.sets[:groups])
	}
	if two != nil {
		s.fillBuckets(m, two, 2, true, bp.sets[twoGroup:twoGroup+1])
	}
	for g := range bp.sets {
		for k := range bp.sets[g] {
			bp.rate += float64(bp.sets[g][k].rate)
		}
	}
	return bp
}

// fillBuckets puts each window of w bytes where the rate of hits grows least.
// The tables know bytes exactly, or by their low six bits.
func (s *Set) fillBuckets(m *model, pl *placement, w int, exact bool, groups [][8]bucketSet) {
	order := make([]int, len(pl.lits))
	for i := range order {
		order[i] = i
	}
	window := func(i int) []byte { return s.text(&s.lits[pl.lits[i]])[pl.offs[i]:][:w] }
	slices.SortStableFunc(order, func(a, b int) int { return bytes.Compare(window(a), window(b)) })
	for _, i := range order {
		l := &s.lits[pl.lits[i]]
		t := window(i)
		var best *bucketSet
		grow := float32(math.Inf(1))
		for g := range groups {
			for k := range groups[g] {
				b := &groups[g][k]
				if x := b.with(m, exact, l, t); x-b.rate < grow {
					best, grow = b, x-b.rate
				}
			}
		}
		best.add(m, exact, l, t)
	}
}

// with returns the bucket's rate if it also had the window.
func (b *bucketSet) with(m *model, exact bool, l *literal, t []byte) float32 {
	var rate shareByKind
	for j := range t {
		p := b.p[j]
		if b.has[j][t[j]>>6]>>(t[j]&63)&1 == 0 {
			m.passing(&p, exact, l, t[j])
		}
		for k := range p {
			if j == 0 {
				rate[k] = min(p[k], 1)
			} else {
				rate[k] *= min(p[k], 1)
			}
		}
	}
	sum := float32(0)
	for _, x := range rate {
		sum += x
	}
	return sum / kinds
}

// add puts the window in the bucket.
func (b *bucketSet) add(m *model, exact bool, l *literal, t []byte) {
	b.rate = b.with(m, exact, l, t)
	for j := range t {
		if b.has[j][t[j]>>6]>>(t[j]&63)&1 == 0 {
			m.passing(&b.p[j], exact, l, t[j])
		}
		b.has[j][t[j]>>6] |= 1 << (t[j] & 63)
		if l.flags&litNocase != 0 && isLetter(t[j]) {
			u := t[j] ^ 0x20
			b.has[j][u>>6] |= 1 << (u & 63)
		}
	}
	for j := len(t); j < 4; j++ {
		b.has[j] = [4]uint64{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
	}
}

// shareByKind is a share of the bytes of each kind of traffic.
type shareByKind [kinds]float32

// passing adds the share of bytes that the tables take for c of the literal.
func (m *model) passing(p *shareByKind, exact bool, l *literal, c byte) {
	both := l.flags&litNocase != 0 && isLetter(c)
	for k := range p {
		t := &m.kinds[k]
		switch {
		case exact && both:
			p[k] += t.byte[c] + t.byte[c^0x20]
		case exact:
			p[k] += t.byte[c]
		case both:
			p[k] += t.six[c&63] + t.six[c&63^0x20]
		default:
			p[k] += t.six[c&63]
		}
	}
}

// newBuckets makes the tables of a plan.
func (s *Set) newBuckets(bp *bucketPlan) *buckets {
	t := &buckets{groups: bp.groups}
	if bp.four != nil {
		t.four = s.windows(bp.four, 4, 1)
	}
	if bp.two != nil {
		t.two = s.windows(bp.two, 2, 1)
	}
	for g := range bp.sets {
		for k := range bp.sets[g] {
			b := &bp.sets[g][k]
			for j := range b.has {
				for q, x := range b.has[j] {
					for ; x != 0; x &= x - 1 {
						c := byte(q<<6 + bits.TrailingZeros64(x))
						if g != twoGroup {
							t.six[g*4+j][c&63] |= 1 << k
						} else if j < 2 {
							t.six[g*4+j][c&63] |= 1 << k
							t.six[g*4+2+j][c>>2] |= 1 << k
						}
						t.half[(g*4+j)*2][c&15] |= 1 << k
						t.half[(g*4+j)*2+1][c>>4] |= 1 << k
					}
				}
			}
		}
	}
	return t
}

func (t *buckets) memory() int {
	n := int(unsafe.Sizeof(*t))
	if t.four != nil {
		n += t.four.memory()
	}
	if t.two != nil {
		n += t.two.memory()
	}
	return n
}

// scanBuckets tests v.
func (s *Set) scanBuckets(t *buckets, v []byte, sc *Scratch) {
	for base := 0; base+2 <= len(v); base += blockBytes {
		b := v[base:min(len(v), base+blockBytes+3)]
		if s.cpu == AVX512 {
			s.buckets512(t, b, base, sc)
			continue
		}
		for g := range t.groups {
			s.buckets256(t, g, t.four, b, base, sc)
		}
		if t.two != nil {
			s.buckets256(t, twoGroup, t.two, b, base, sc)
		}
	}
}

func (s *Set) buckets512(t *buckets, b []byte, base int, sc *Scratch) {
	two := 0
	if t.two != nil {
		two = 1
	}
	hits := &sc.buckets
	n := buckets512(unsafe.Pointer(unsafe.SliceData(b)), len(b), &t.six, t.groups, two, &hits[0])
	for _, h := range hits[:n/int(unsafe.Sizeof(hits[0]))] {
		for m := h.four; m != 0; m &= m - 1 {
			s.look(t.four, base+h.pos+bits.TrailingZeros64(m), sc)
		}
		for m := h.two; m != 0; m &= m - 1 {
			s.look(t.two, base+h.pos+bits.TrailingZeros64(m), sc)
		}
	}
}

// buckets256 tests b, which lies at index base, for the windows of one group.
// The kernel takes whole blocks: the rest is copied to where it may read on.
func (s *Set) buckets256(t *buckets, g int, ws *windows, b []byte, base int, sc *Scratch) {
	tabs := (*[8][16]byte)(t.half[g*8:])
	n, done := buckets256(unsafe.Pointer(unsafe.SliceData(b)), len(b), tabs, &sc.lanes[0])
	s.bytes(ws, sc.lanes[:n], base, len(sc.b), sc)
	left := len(b) - done - ws.w + 1
	if left <= 0 {
		return
	}
	pad := sc.pad(b[done:])
	n, _ = buckets256(unsafe.Pointer(pad), (left+31)/32*32+3, tabs, &sc.lanes[0])
	s.bytes(ws, sc.lanes[:n], base+done, base+done+left, sc)
}

// bytes looks up the hits of one kernel call below index end.
func (s *Set) bytes(ws *windows, hits []laneHit, base, end int, sc *Scratch) {
	for _, h := range hits {
		for m := h.mask; m != 0; m &= m - 1 {
			if i := base + h.pos + bits.TrailingZeros64(m); i < end {
				s.look(ws, i, sc)
			}
		}
	}
}
