package regex

// need is the literal that every match contains, and where.
type need struct {
	lit    Literal
	lo, hi int // distance from the start of a match; hi -1: no bound
}

// needFinder walks a tree in the order of matching and collects the runs of
// single bytes that no match can leave out.
type needFinder struct {
	best, cur need
	head      Literal // the run at the start of every match
	lo, hi    int     // distance of the current place from the start; hi -1: no bound
}

// maxNeed is enough of a literal; a longer one costs more than it tells.
const maxNeed = 64

func findNeed(root *node) (best need, head Literal) {
	var f needFinder
	f.walk(root, true)
	f.flush()
	return f.best, f.head
}

func (f *needFinder) flush() {
	if len(f.cur.lit.Bytes) > len(f.best.lit.Bytes) {
		f.best = f.cur
	}
	if f.cur.hi == 0 && len(f.cur.lit.Bytes) > len(f.head.Bytes) {
		f.head = f.cur.lit
	}
	f.cur = need{}
}

// skip moves on by lo to hi bytes.
func (f *needFinder) skip(lo, hi int) {
	f.lo += lo
	if hi < 0 || f.hi < 0 {
		f.hi = -1
	} else {
		f.hi += hi
	}
	const far = 1 << 20 // keeps sums of hostile repeats from overflowing
	if f.lo = min(f.lo, far); f.hi >= far {
		f.hi = -1
	}
}

// add appends a byte to the run.
func (f *needFinder) add(c byte, fold bool) {
	l := &f.cur.lit
	if len(l.Bytes) == maxNeed {
		f.flush()
	}
	if len(l.Bytes) == 0 {
		f.cur.lo, f.cur.hi = f.lo, f.hi
	}
	if fold && !l.NoCase {
		l.NoCase = true
		for i, b := range l.Bytes {
			l.Bytes[i] = lower[b]
		}
	}
	if l.NoCase {
		c = lower[c]
	}
	l.Bytes = append(l.Bytes, c)
	f.skip(1, 1)
}

// walk moves over n; must says that every match passes it.
func (f *needFinder) walk(n *node, must bool) {
	if s, ok := n.single(); ok {
		if c, ok := s.only(); ok && must {
			f.add(c, false)
		} else if c, ok := s.letter(); ok && must {
			f.add(c, true)
		} else {
			f.flush()
			f.skip(1, 1)
		}
		return
	}
	switch n.kind {
	case kCat:
		for _, s := range n.sub {
			f.walk(s, must)
		}
	case kGroup:
		f.walk(n.sub[0], must)
	case kAtomic:
		f.flush()
		f.walk(n.sub[0], must)
		f.flush()
	case kAssert, kKeep, kLook:
		// No bytes of the match; literals beside them still touch.
	case kAlt:
		f.flush()
		f.branches(n.sub)
	case kCond:
		f.flush()
		if n.cond != condDefine {
			f.branches(n.sub[:2])
		}
	case kRepeat:
		f.repeat(n, must)
	case kFail:
		f.flush()
	default:
		f.flush()
		f.skip(0, -1)
	}
}

// branches moves over one of several ways.
func (f *needFinder) branches(sub []*node) {
	lo, hi := f.lo, f.hi
	minLo, maxHi := -1, 0
	for _, s := range sub {
		f.lo, f.hi = lo, hi
		f.walk(s, false)
		if minLo < 0 || f.lo < minLo {
			minLo = f.lo
		}
		if f.hi < 0 || maxHi < 0 {
			maxHi = -1
		} else {
			maxHi = max(maxHi, f.hi)
		}
	}
	f.lo, f.hi = minLo, maxHi
}

func (f *needFinder) repeat(n *node, must bool) {
	f.flush()
	if n.max == 0 {
		return
	}
	lo, hi := f.lo, f.hi
	f.walk(n.sub[0], must && n.min > 0)
	f.flush()
	oneLo, oneHi := f.lo-lo, -1
	if f.hi >= 0 && hi >= 0 {
		oneHi = f.hi - hi
	}
	f.lo, f.hi = lo, hi
	if n.max == unlimited || oneHi < 0 {
		oneHi = -1
	} else {
		oneHi *= int(n.max)
	}
	f.skip(oneLo*int(n.min), oneHi)
}
