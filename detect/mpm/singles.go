package mpm

import "bytes"

// scanSingles looks for the literals of one byte, each constraint by itself.
func (s *Set) scanSingles(sc *Scratch) {
	for _, li := range s.singles {
		l := &s.lits[li]
		b := s.arena[l.pos]
		fold := l.flags&litNocase != 0
		if l.flags&litPlain != 0 {
			if !sc.endNow && hasByte(sc.b[sc.minEnd:], b, fold) {
				sc.once(l.con)
			}
			continue
		}
		for _, k := range s.cons[l.con : l.con+l.ncon] {
			if sc.endNow && k.end == 0 {
				continue
			}
			lo, hi := sc.minEnd, len(sc.b)
			if uint64(k.offset) > sc.base {
				lo = max(lo, int(uint64(k.offset)-sc.base))
			}
			if k.depth != 0 {
				hi = clamp(uint64(k.depth), sc.base, hi)
			}
			if k.end != 0 {
				if !sc.atEnd || hi < len(sc.b) {
					continue
				}
				lo = max(lo, hi-1)
			}
			if lo < hi && hasByte(sc.b[lo:hi], b, fold) {
				sc.once(k.slot)
			}
		}
	}
}

// clamp returns the index of stream offset x in a buffer of n bytes at base: 0
// before, n behind it.
func clamp(x, base uint64, n int) int {
	if x <= base {
		return 0
	}
	return int(min(x-base, uint64(n)))
}

// hasByte reports whether b has c, or with fold the lower-case letter c in
// either case.
func hasByte(b []byte, c byte, fold bool) bool {
	return bytes.IndexByte(b, c) >= 0 || fold && bytes.IndexByte(b, c^0x20) >= 0
}
