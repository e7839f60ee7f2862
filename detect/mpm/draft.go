package mpm

import "unsafe"

// A draft is a choice of kernels with its windows placed.
type draft struct {
	w      int        // window of the strided part
	long   *placement // step 4
	dense  *placement // step 2
	spread *bucketPlan
	spill  []int32
}

func (d *draft) price(cpu CPU, n float64) float64 {
	ns := 0.0
	if d.long != nil {
		ns += stridedPrice(cpu, 4).of(n) + priceCandidate*d.long.rate*n
	}
	if d.dense != nil {
		ns += stridedPrice(cpu, 2).of(n) + priceCandidate*d.dense.rate*n
	}
	if b := d.spread; b != nil {
		groups := b.groups
		if b.two != nil {
			groups++
		}
		ns += bucketsPrice(cpu, groups).of(n) + priceHit*b.rate*n
		for _, pl := range []*placement{b.four, b.two} {
			if pl != nil {
				ns += (priceCandidate - priceHit) * pl.rate * n
			}
		}
	}
	if len(d.spill) > 0 {
		ns += dfaPrice(0, n).of(n)
	}
	return ns
}

// Bounds of what is tried.
const (
	maxSmall    = 96 // literals that buckets alone may take
	minDense    = 64 // literals too short for step 4 that may take step 2
	denseWindow = 4
)

// draftKernels returns the cheapest of a few ways with kernels.
func (s *Set) draftKernels(lits []int32, n float64) draft {
	var two, four []int32
	for _, li := range lits {
		if s.lits[li].n < 4 {
			two = append(two, li)
		} else {
			four = append(four, li)
		}
	}
	var pl2 *placement
	if len(two) > 0 {
		pl2 = s.place(two, 2, 1)
	}
	best := s.draftWindow(four, pl2, 4, n)
	cost := best.price(s.cpu, n)
	others := []int{6}
	if len(four) <= maxSmall {
		others = []int{0, 6}
	}
	for _, w := range others {
		d := s.draftWindow(four, pl2, w, n)
		if c := d.price(s.cpu, n); c < cost {
			best, cost = d, c
		}
	}
	return best
}

// draftWindow places literals of w+3 bytes and more in the strided part, none
// with w 0, and the rest in buckets, or the longer ones of the rest in the
// dense part.
func (s *Set) draftWindow(four []int32, two *placement, w int, n float64) draft {
	d := draft{w: w}
	var long, mid []int32
	for _, li := range four {
		if w > 0 && int(s.lits[li].n) >= w+3 {
			long = append(long, li)
		} else {
			mid = append(mid, li)
		}
	}
	if len(long) > 0 {
		d.long = s.place(long, w, 4)
		d.spill = append(d.spill, d.long.spill...)
	}
	if two != nil {
		d.spill = append(d.spill, two.spill...)
	}
	best := s.draftRest(d, mid, two, n)
	if len(mid) < minDense {
		return best
	}
	var dense, exact []int32
	for _, li := range mid {
		if s.lits[li].n > denseWindow {
			dense = append(dense, li)
		} else {
			exact = append(exact, li)
		}
	}
	if len(dense) > 0 {
		d.dense = s.place(dense, denseWindow, 2)
		d.spill = append(d.spill[:len(d.spill):len(d.spill)], d.dense.spill...)
		if x := s.draftRest(d, exact, two, n); x.price(s.cpu, n) < best.price(s.cpu, n) {
			best = x
		}
	}
	return best
}

// draftRest adds buckets for literals of four bytes and more and for those
// placed in windows of two, in the number of groups that is cheapest.
func (s *Set) draftRest(d draft, four []int32, two *placement, n float64) draft {
	if len(four) == 0 {
		if two != nil {
			d.spread = s.spread(nil, two, 0)
		}
		return d
	}
	pl := s.place(four, 4, 1)
	d.spill = append(d.spill[:len(d.spill):len(d.spill)], pl.spill...)
	best, cost := d, 0.0
	for g := 1; g <= fourGroups && (g-1)*8 < len(four); g++ {
		d.spread = s.spread(pl, two, g)
		c := d.price(s.cpu, n)
		if g > 1 && c >= cost {
			break
		}
		best, cost = d, c
	}
	return best
}

// A draftDFA is an automaton whose words are collected.
type draftDFA struct {
	words []word
	nodes []trieNode
	dfa   *dfa
	rate  float64
}

func (d *draftDFA) bytes() int { return len(d.nodes) * int(d.dfa.row) * int(unsafe.Sizeof(uint32(0))) }

func (d *draftDFA) price(n float64) float64 {
	return dfaPrice(d.bytes(), n).of(n) + priceCandidate*d.rate*n
}
