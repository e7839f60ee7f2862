package mpm

import "unsafe"

// Prices in ns, measured on one machine (2.6 GHz, AVX-512); what counts is
// their ratios.
const (
	priceCandidate = 15.0 // a window that is looked up and compared
	priceHit       = 7.0  // a kernel's hit that is looked up and not there
)

// A price is what a way of scanning costs for each call and for each byte.
type price struct{ call, byte float64 }

func (p price) of(n float64) float64 { return p.call + p.byte*n }

// Prices by kernel; with AVX2, what the last, partial block costs is in call.
func stridedPrice(cpu CPU, step int) price {
	f := 4 / float64(step)
	if cpu == AVX512 {
		return price{16 + 8*f, 0.077 * f}
	}
	return price{20 + 15*f, 0.15 * f}
}

func bucketsPrice(cpu CPU, groups int) price {
	f := float64(groups)
	if cpu == AVX512 {
		return price{10 + f, 0.012 + 0.02*f}
	}
	return price{20 * f, 0.085 * f}
}

// dfaPrice depends on where the table has its place.
func dfaPrice(bytes int, n float64) price {
	f := 1.0
	switch {
	case bytes > 8<<20:
		f = 4
	case bytes > 4<<20:
		f = 3
	case bytes > 2<<20:
		f = 2
	case bytes > 1<<20:
		f = 1.4
	case bytes > 512<<10:
		f = 1.2
	}
	if n < dfaChains {
		return price{3, f}
	}
	return price{6, 0.6 * f}
}

// Typical bytes of a buffer, by kind.
const (
	shortBytes  = 40
	streamBytes = 1200
)

// headLimits are the classes of literals that must end early: only these first
// bytes of a stream are scanned for them.
var headLimits = [...]uint32{64, 256, 1024}

// minHead is the least number of literals that make a class of their own.
const minHead = 4

// plan chooses how the literals are looked for.
func (s *Set) plan() {
	var heads [len(headLimits)][]int32
	var rest []int32
	for i := range s.lits {
		l := &s.lits[i]
		limit := s.limit(l)
		switch class := headClass(limit); {
		case l.n == 1:
			s.singles = append(s.singles, int32(i))
		case s.kind == Stream && class < len(headLimits):
			heads[class] = append(heads[class], int32(i))
		default:
			rest = append(rest, int32(i))
		}
	}
	for i := range heads {
		switch {
		case len(heads[i]) == 0:
		case len(heads[i]) < minHead && i+1 < len(heads) && len(heads[i+1]) > 0:
			heads[i+1] = append(heads[i+1], heads[i]...)
		default:
			s.parts = append(s.parts, s.planPart(heads[i], headLimits[i]))
		}
	}
	if len(rest) > 0 {
		s.parts = append(s.parts, s.planPart(rest, 0))
	}
}

// headClass returns the index of the smallest head limit that holds limit, and
// len(headLimits) if none does.
func headClass(limit uint32) int {
	for i, h := range headLimits {
		if limit != 0 && limit <= h {
			return i
		}
	}
	return len(headLimits)
}

// planPart chooses how literals of two bytes and more are looked for in the
// first limit bytes, or all.
func (s *Set) planPart(lits []int32, limit uint32) part {
	n := float64(shortBytes)
	if s.kind == Stream {
		n = streamBytes
	}
	if limit != 0 {
		n = min(n, float64(limit))
	}
	p := part{limit: limit}
	if len(lits) <= 2 || len(lits) <= 4 && s.kind == Stream && s.cpu == Portable {
		for _, li := range lits {
			l := &s.lits[li]
			p.few = append(p.few, NewFinder(s.text(l), l.flags&litNocase != 0))
			p.fewLits = append(p.fewLits, uint32(li))
		}
		return p
	}
	// A probe at one end costs as much as an automaton's walk over twenty
	// bytes: not for short buffers.
	var starts, ends, mid []int32
	for _, li := range lits {
		switch l := &s.lits[li]; {
		case s.kind == Short || l.n < minAnchored:
			mid = append(mid, li)
		case s.endOnly(l):
			ends = append(ends, li)
		case s.startOnly(l):
			starts = append(starts, li)
		default:
			mid = append(mid, li)
		}
	}
	if len(ends) < minHead {
		mid, ends = append(mid, ends...), nil
	}
	if len(starts) < minHead {
		mid, starts = append(mid, starts...), nil
	}
	if len(ends) > 0 {
		var left []int32
		p.ends, left = s.newAnchored(ends, true)
		mid = append(mid, left...)
	}
	if len(starts) > 0 {
		var left []int32
		p.starts, left = s.newAnchored(starts, false)
		mid = append(mid, left...)
	}
	if len(mid) > 0 {
		s.planMiddle(&p, mid, n)
	}
	return p
}

// startOnly reports whether the literal is wanted at the beginning alone.
func (s *Set) startOnly(l *literal) bool { return s.limit(l) == uint32(l.n) }

// planMiddle chooses how literals that may lie anywhere are looked for. What
// cannot be cheaper is not drafted.
func (s *Set) planMiddle(p *part, lits []int32, n float64) {
	if s.cpu == Portable {
		p.dfa = s.newDFA(s.draftWords(lits))
		return
	}
	least := stridedPrice(s.cpu, 4).of(n) + bucketsPrice(s.cpu, 1).of(n)
	if len(lits) <= maxSmall {
		least = bucketsPrice(s.cpu, 1).of(n)
	}
	var words *draftDFA
	if dfaPrice(0, n).of(n) <= least {
		if words = s.draftWords(lits); words.price(n) <= least {
			p.dfa = s.newDFA(words)
			return
		}
	}
	best := s.draftKernels(lits, n)
	if price := best.price(s.cpu, n); dfaPrice(0, n).of(n) < price {
		if words == nil {
			words = s.draftWords(lits)
		}
		if words.price(n) <= price {
			p.dfa = s.newDFA(words)
			return
		}
	}
	if best.long != nil {
		p.strided = s.newStrided(best.long, best.w, 4)
	}
	if best.dense != nil {
		p.dense = s.newStrided(best.dense, denseWindow, 2)
	}
	if best.spread != nil {
		p.buckets = s.newBuckets(best.spread)
	}
	if len(best.spill) > 0 {
		p.overflow = s.newDFA(s.draftDFA(best.spill, overflowWindow))
	}
}

// draftWords drafts an automaton for a part.
func (s *Set) draftWords(lits []int32) *draftDFA {
	d := s.draftDFA(lits, dfaWindow)
	if d.bytes() > smallDFA {
		d = s.draftDFA(lits, dfaWindow-1)
	}
	return d
}

// Longest windows of automata. With dfaWindow, or one less where the table
// would be larger than smallDFA, false candidates are rare in text, and the
// table is a quarter of one of whole literals.
const (
	dfaWindow      = 5
	smallDFA       = 1 << 20
	overflowWindow = 64
)

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
