package mpm

// Prices in ns, measured on one machine (2.6 GHz, AVX-512); what counts is
// their ratios.
const (
	priceCandidate = 15.0 // a window that is looked up and compared
	// A bucket's hit that is looked up and not there: twice what it costs, as
	// traffic differs from the sample and one more group is cheap.
	priceHit = 14.0
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
	// A probe costs as much as an automaton's walk over twenty bytes: not for
	// short buffers.
	var starts, ends, mid []int32
	for _, li := range lits {
		l := &s.lits[li]
		_, fixed := s.fixedAt(l)
		switch {
		case s.kind == Short:
			mid = append(mid, li)
		case fixed:
			starts = append(starts, li)
		case s.endOnly(l) && l.n >= minEnds:
			ends = append(ends, li)
		default:
			mid = append(mid, li)
		}
	}
	if len(ends) < minHead {
		mid, ends = append(mid, ends...), nil
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
