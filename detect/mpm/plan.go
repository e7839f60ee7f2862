package mpm

// A part scans for some of the literals.
type part struct {
	limit uint32 // only the bytes of the stream before this offset, 0 for all
	dfa   *dfa
}

func (p *part) memory() int {
	n := 0
	if p.dfa != nil {
		n += p.dfa.memory()
	}
	return n
}

// plan chooses how the literals are looked for.
func (s *Set) plan() {
	if len(s.lits) == 0 {
		return
	}
	all := make([]int32, len(s.lits))
	for i := range all {
		all[i] = int32(i)
	}
	s.parts = []part{{dfa: s.newDFA(all, 6)}}
}
