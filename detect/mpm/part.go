package mpm

// A part scans for some of the literals, by every means that is not nil.
type part struct {
	limit    uint32 // only the bytes of the stream before this offset, 0 for all
	few      []*Finder
	fewLits  []uint32 // literals of few
	dfa      *dfa
	starts   *anchored
	ends     *anchored
	strided  *strided // step 4
	dense    *strided // step 2
	buckets  *buckets
	overflow *dfa // literals whose windows are crowded
}

func (p *part) memory() int {
	n := len(p.fewLits) * 4
	for _, f := range p.few {
		n += f.memory()
	}
	for _, d := range []*dfa{p.dfa, p.overflow} {
		if d != nil {
			n += d.memory()
		}
	}
	for _, a := range []*anchored{p.starts, p.ends} {
		if a != nil {
			n += a.memory()
		}
	}
	for _, t := range []*strided{p.strided, p.dense} {
		if t != nil {
			n += t.memory()
		}
	}
	if p.buckets != nil {
		n += p.buckets.memory()
	}
	return n
}

// runPart scans v, which is the buffer up to the part's limit.
func (s *Set) runPart(p *part, v []byte, sc *Scratch) {
	if p.dfa != nil {
		s.scanDFA(p.dfa, v, sc)
	}
	if p.ends != nil && sc.atEnd {
		s.scanEnd(p.ends, sc)
	}
	if p.starts != nil {
		s.scanStart(p.starts, sc)
	}
	if p.strided != nil {
		s.scanStrided(p.strided, v, sc)
	}
	if p.dense != nil {
		s.scanStrided(p.dense, v, sc)
	}
	if p.buckets != nil {
		s.scanBuckets(p.buckets, v, sc)
	}
	if p.overflow != nil {
		s.scanDFA(p.overflow, v, sc)
	}
	for i, f := range p.few {
		s.scanFew(f, p.fewLits[i], v, sc)
	}
}

// scanFew looks for one literal until nothing is left to report of it.
func (s *Set) scanFew(f *Finder, li uint32, v []byte, sc *Scratch) {
	l := &s.lits[li]
	for at := max(sc.minEnd-int(l.n)+1, 0); at < len(v); at++ {
		i := f.Index(v[at:])
		if i < 0 {
			return
		}
		at += i
		s.found(sc, li, at)
		if s.done(l, sc) {
			return
		}
	}
}

// done reports whether all ids of the literal are found.
func (s *Set) done(l *literal, sc *Scratch) bool {
	if l.flags&litPlain != 0 {
		return sc.has(l.con)
	}
	for _, k := range s.cons[l.con : l.con+l.ncon] {
		if !sc.has(k.slot) {
			return false
		}
	}
	return true
}
