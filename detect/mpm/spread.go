package mpm

import (
	"bytes"
	"math"
	"slices"
)

// bucketPlan is how literals are spread over buckets.
type bucketPlan struct {
	four, two *placement
	groups    int
	sets      [4][8]bucketSet
	rate      float64 // estimated share of positions with a hit, over all kinds of traffic
}

// A bucketSet collects the windows of one bucket.
type bucketSet struct {
	n    int // windows
	at   [4]bucketByte
	rate float32
}

// A bucketByte is one place of a bucket's windows: the bytes there, and the
// share of traffic that its tables let pass, by first and by second key.
type bucketByte struct {
	has           [4]uint64
	firsts        [4]uint64
	seconds       uint64
	first, second shareByKind
}

// shareByKind is a share of the bytes of each kind of traffic.
type shareByKind [kinds]float32

func (p *shareByKind) add(o *shareByKind) {
	for k := range p {
		p[k] += o[k]
	}
}

// tableKeys says what a kernel's tables know of a byte: one key, or two that
// must both be in their table.
type tableKeys struct {
	mask   byte          // first key: these bits
	shift  uint          // second key: the bits from here on
	first  []shareByKind // by key
	second []shareByKind // nil for no second key
}

// certain is a share of all bytes.
var certain = func() (p shareByKind) {
	for k := range p {
		p[k] = 1
	}
	return p
}()

// keys returns what the tables for windows of w bytes know.
func (m *model) keys(cpu CPU, w int) tableKeys {
	switch {
	case cpu != AVX512:
		return tableKeys{0x0F, 4, m.low[:], m.high[:]}
	case w == 2: // two tables that overlap: as good as the whole byte
		return tableKeys{0xFF, 8, m.whole[:], nil}
	}
	return tableKeys{0x3F, 8, m.six[:], nil}
}

// spread plans buckets for literals with windows of four bytes in the given
// number of groups, and for literals with windows of two. Either may be nil.
func (s *Set) spread(four, two *placement, groups int) *bucketPlan {
	bp := &bucketPlan{four: four, two: two, groups: groups}
	if four != nil {
		s.fillBuckets(four, 4, bp.sets[:groups])
	}
	if two != nil {
		s.fillBuckets(two, 2, bp.sets[twoGroup:twoGroup+1])
	}
	for g := range bp.sets {
		for k := range bp.sets[g] {
			bp.rate += float64(bp.sets[g][k].rate)
		}
	}
	return bp
}

// fillBuckets puts each window of w bytes where the rate of hits grows least.
func (s *Set) fillBuckets(pl *placement, w int, groups [][8]bucketSet) {
	keys := traffic().keys(s.cpu, w)
	order := make([]int, len(pl.lits))
	for i := range order {
		order[i] = i
	}
	window := func(i int) []byte { return s.text(&s.lits[pl.lits[i]])[pl.offs[i]:][:w] }
	slices.SortStableFunc(order, func(a, b int) int { return bytes.Compare(window(a), window(b)) })
	for _, i := range order {
		t := window(i)
		nocase := s.lits[pl.lits[i]].flags&litNocase != 0
		var best *bucketSet
		grow := float32(math.Inf(1))
	search:
		for g := range groups {
			for k := range groups[g] {
				b := &groups[g][k]
				if x := b.with(&keys, t, nocase); x-b.rate < grow {
					best, grow = b, x-b.rate
				}
				if b.n == 0 {
					break search // the other empty ones are as good
				}
			}
		}
		best.put(&keys, t, nocase)
	}
	for g := range groups {
		for k := range groups[g] {
			groups[g][k].open(w)
		}
	}
}

// with returns the bucket's rate if it also had the window.
func (b *bucketSet) with(keys *tableKeys, t []byte, nocase bool) float32 {
	rate := certain
	for j, c := range t {
		x := &b.at[j]
		first, second := x.first, x.second
		x.grow(keys, c, &first, &second)
		if nocase && isLetter(c) {
			x.grow(keys, c^0x20, &first, &second)
		}
		for k := range rate {
			rate[k] *= first[k]
		}
		if keys.second != nil {
			for k := range rate {
				rate[k] *= second[k]
			}
		}
	}
	sum := float32(0)
	for _, p := range rate {
		sum += p
	}
	return sum / kinds
}

// grow adds to the shares what c would let pass in addition.
func (x *bucketByte) grow(keys *tableKeys, c byte, first, second *shareByKind) {
	if k := c & keys.mask; x.firsts[k>>6]>>(k&63)&1 == 0 {
		first.add(&keys.first[k])
	}
	if k := c >> keys.shift; keys.second != nil && x.seconds>>k&1 == 0 {
		second.add(&keys.second[k])
	}
}

// put adds the window to the bucket.
func (b *bucketSet) put(keys *tableKeys, t []byte, nocase bool) {
	b.rate = b.with(keys, t, nocase)
	b.n++
	for j, c := range t {
		b.at[j].put(keys, c)
		if nocase && isLetter(c) {
			b.at[j].put(keys, c^0x20)
		}
	}
}

func (x *bucketByte) put(keys *tableKeys, c byte) {
	x.grow(keys, c, &x.first, &x.second)
	x.has[c>>6] |= 1 << (c & 63)
	first := c & keys.mask
	x.firsts[first>>6] |= 1 << (first & 63)
	x.seconds |= 1 << (c >> keys.shift)
}

// open lets all bytes pass behind windows of w bytes, if there are any.
func (b *bucketSet) open(w int) {
	for j := w; j < len(b.at) && b.n > 0; j++ {
		b.at[j].has = [4]uint64{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
	}
}
