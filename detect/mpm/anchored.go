package mpm

// anchored finds literals at one end of the buffer, by the hash of the eight or
// four bytes there.
type anchored struct {
	long, short *windows // literals of 8 bytes and more, of 4 to 7; nil for none
}

// minAnchored is the shortest literal that anchored takes.
const minAnchored = 4

// newAnchored takes literals of minAnchored bytes or more that must lie at the
// beginning or, with end, at the end. The rest are those that found no room.
func (s *Set) newAnchored(lits []int32, end bool) (t *anchored, rest []int32) {
	var long, short []int32
	for _, li := range lits {
		if s.lits[li].n >= 8 {
			long = append(long, li)
		} else {
			short = append(short, li)
		}
	}
	t = &anchored{}
	for _, x := range []struct {
		to   **windows
		lits []int32
		w    int
	}{{&t.long, long, 8}, {&t.short, short, 4}} {
		if len(x.lits) == 0 {
			continue
		}
		pl := newPlacement(len(x.lits), 1)
		tw := newWindows(x.w)
		for _, li := range x.lits {
			text, off := s.text(&s.lits[li]), 0
			if end {
				off = len(text) - x.w
			}
			if h := tw.hashAt(text, off); pl.slot(h).ref < maxBehind {
				pl.put(li, off, h)
			} else {
				rest = append(rest, li)
			}
		}
		*x.to = s.windows(pl, x.w, 1)
	}
	return t, rest
}

func (t *anchored) memory() int {
	n := 0
	for _, w := range []*windows{t.long, t.short} {
		if w != nil {
			n += w.memory()
		}
	}
	return n
}

// scanStart looks at the beginning of the buffer.
func (s *Set) scanStart(t *anchored, sc *Scratch) {
	if t.long != nil && len(sc.b) >= 8 {
		s.look(t.long, 0, sc)
	}
	if t.short != nil && len(sc.b) >= 4 {
		s.look(t.short, 0, sc)
	}
}

// scanEnd looks at the end of the buffer.
func (s *Set) scanEnd(t *anchored, sc *Scratch) {
	if t.long != nil && len(sc.b) >= 8 {
		s.look(t.long, len(sc.b)-8, sc)
	}
	if t.short != nil && len(sc.b) >= 4 {
		s.look(t.short, len(sc.b)-4, sc)
	}
}

// len returns the number of literals.
func (t *anchored) len() int {
	n := 0
	for _, w := range []*windows{t.long, t.short} {
		if w != nil {
			n += len(w.entries)
		}
	}
	return n
}
