package mpm

import (
	"math/bits"
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
			for j := range bp.sets[g][k].at {
				t.fill(g, j, 1<<k, bp.sets[g][k].at[j].has)
			}
		}
	}
	return t
}

// fill puts the bytes of has, at place j of the windows of group g, in the
// tables of a bucket.
func (t *buckets) fill(g, j int, bucket byte, has [4]uint64) {
	for q, x := range has {
		for ; x != 0; x &= x - 1 {
			c := byte(q<<6 + bits.TrailingZeros64(x))
			t.half[(g*4+j)*2][c&15] |= bucket
			t.half[(g*4+j)*2+1][c>>4] |= bucket
			switch {
			case g != twoGroup:
				t.six[g*4+j][c&63] |= bucket
			case j < 2:
				t.six[g*4+j][c&63] |= bucket
				t.six[g*4+2+j][c>>2] |= bucket
			}
		}
	}
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
