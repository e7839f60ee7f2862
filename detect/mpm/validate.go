package mpm

import (
	"errors"
	"fmt"
)

// validate checks every index of a loaded set, so that no scan can read out of
// bounds or loop, whatever was stored, and derives what is not stored.
func (s *Set) validate() error {
	if s.kind > Stream || s.cpu < Portable || s.cpu > AVX512 {
		return fmt.Errorf("kind %d, kernels %d", s.kind, s.cpu)
	}
	if s.cpu > best {
		return fmt.Errorf("built for %s, this machine has %s", s.cpu, best)
	}
	for i := range s.lits {
		if err := s.validateLiteral(&s.lits[i]); err != nil {
			return fmt.Errorf("literal %d: %w", i, err)
		}
	}
	for i, c := range s.cons {
		if int(c.slot) >= len(s.ids) {
			return fmt.Errorf("constraint %d: slot %d of %d", i, c.slot, len(s.ids))
		}
		s.anyEnd = s.anyEnd || c.end != 0
	}
	for _, li := range s.singles {
		if li < 0 || int(li) >= len(s.lits) || s.lits[li].n != 1 {
			return fmt.Errorf("single %d", li)
		}
	}
	for i := range s.parts {
		if err := s.validatePart(&s.parts[i]); err != nil {
			return fmt.Errorf("part %d: %w", i, err)
		}
	}
	return nil
}

func (s *Set) validateLiteral(l *literal) error {
	size := uint64(l.n)
	if l.flags&litNocase != 0 {
		size *= 2
	}
	if l.n == 0 || uint64(l.pos)+size > uint64(len(s.arena)) {
		return fmt.Errorf("%d bytes at %d of %d", l.n, l.pos, len(s.arena))
	}
	s.maxLen = max(s.maxLen, int(l.n))
	if l.flags&litPlain != 0 && int(l.con) >= len(s.ids) {
		return fmt.Errorf("slot %d of %d", l.con, len(s.ids))
	}
	if l.flags&litPlain == 0 && uint64(l.con)+uint64(l.ncon) > uint64(len(s.cons)) {
		return fmt.Errorf("constraints %d+%d of %d", l.con, l.ncon, len(s.cons))
	}
	return nil
}

func (s *Set) validatePart(p *part) error {
	for i, li := range p.fewLits {
		if int(li) >= len(s.lits) {
			return fmt.Errorf("few: literal %d", li)
		}
		l := &s.lits[li]
		f := p.few[i]
		if f.keys.at >= int(l.n) || f.keys.at2 >= int(l.n) {
			return fmt.Errorf("few: places %d and %d of %d", f.keys.at, f.keys.at2, l.n)
		}
		f.pat, f.nocase = s.text(l), l.flags&litNocase != 0
		f.keys.set(f.pat, f.nocase, f.keys.at, f.keys.at2)
	}
	for _, d := range []*dfa{p.dfa, p.overflow} {
		if err := s.validateDFA(d); err != nil {
			return fmt.Errorf("automaton: %w", err)
		}
	}
	for _, t := range []*anchored{p.starts, p.ends} {
		if t == nil {
			continue
		}
		for _, x := range t.places {
			if x.w < 2 || x.w > 8 || x.at > maxBound || t == p.ends && x.at != x.w {
				return fmt.Errorf("anchored: %d bytes at %d", x.w, x.at)
			}
		}
		if t.shift < 4 || t.shift > 26 || len(t.filter) != 1<<(26-t.shift) {
			return fmt.Errorf("anchored: filter of %d words with shift %d", len(t.filter), t.shift)
		}
		if err := s.validateWindows(&t.tab, 8, 8); err != nil {
			return fmt.Errorf("anchored: %w", err)
		}
	}
	for _, t := range []*strided{p.strided, p.dense} {
		if err := s.validateStrided(t); err != nil {
			return fmt.Errorf("strided: %w", err)
		}
	}
	if t := p.buckets; t != nil {
		if err := s.validateBuckets(t); err != nil {
			return fmt.Errorf("buckets: %w", err)
		}
	}
	return nil
}

// validateEntries checks that each list ends and that what scans read without a
// further check lies in the literals.
func (s *Set) validateEntries(es []entry) error {
	for i, e := range es {
		if int(e.lit) >= len(s.lits) || e.n != s.lits[e.lit].n ||
			e.how&entryCheck != 0 && int(e.chk)+4 > int(e.n) {
			return fmt.Errorf("entry %d of literal %d", i, e.lit)
		}
	}
	if len(es) == 0 || es[len(es)-1].how&entryLast == 0 {
		return fmt.Errorf("%d entries without an end", len(es))
	}
	return nil
}

func (s *Set) validateWindows(t *windows, least, most int) error {
	if t == nil {
		return nil
	}
	if t.w < least || t.w > most {
		return fmt.Errorf("window of %d bytes", t.w)
	}
	if t.shift < 4 || t.shift > 31 || len(t.slots) != 1<<(32-t.shift) {
		return fmt.Errorf("%d slots with shift %d", len(t.slots), t.shift)
	}
	free := false
	for _, sl := range t.slots {
		if int64(sl.ref) > int64(len(t.entries)) {
			return fmt.Errorf("slot leads to entry %d of %d", sl.ref, len(t.entries))
		}
		free = free || sl.ref == 0
	}
	if !free {
		return errors.New("no slot is free")
	}
	return s.validateEntries(t.entries)
}

func (s *Set) validateStrided(t *strided) error {
	if t == nil {
		return nil
	}
	if t.step != 2 && t.step != 4 || t.windows == nil || s.cpu == Portable {
		return fmt.Errorf("step %d", t.step)
	}
	if t.shift < 4 || t.shift > 31 || len(t.filter) != 1<<(32-t.shift) {
		return fmt.Errorf("filter of %d words with shift %d", len(t.filter), t.shift)
	}
	return s.validateWindows(t.windows, 2, 8)
}

func (s *Set) validateBuckets(t *buckets) error {
	if t.groups > fourGroups || (t.groups > 0) != (t.four != nil) || t.groups == 0 && t.two == nil || s.cpu == Portable {
		return fmt.Errorf("%d groups", t.groups)
	}
	if t.groups == 0 { // the kernel looks at the first group all the same
		clear(t.six[:4])
	}
	return errors.Join(s.validateWindows(t.four, 4, 4), s.validateWindows(t.two, 2, 2))
}

func (s *Set) validateDFA(d *dfa) error {
	if d == nil {
		return nil
	}
	n := uint64(len(d.tab))
	row := uint64(d.row)
	if row < 3 || row > 258 || n == 0 || n >= dfaOut || n%row != 0 || d.win < 1 || d.win > MaxPattern {
		return fmt.Errorf("table of %d, rows of %d, windows of %d", n, row, d.win)
	}
	for c, k := range d.classes {
		if uint64(k) >= row-2 {
			return fmt.Errorf("byte %#x: class %d", c, k)
		}
	}
	// x is a multiple of row if x*inverse, modulo 2^64, is below inverse.
	inverse := ^uint64(0)/row + 1
	for at := uint64(0); at < n; at += row {
		r := d.tab[at : at+row]
		for _, x := range r[:row-2] {
			if x := uint64(x &^ dfaOut); x >= n || x*inverse >= inverse {
				return fmt.Errorf("row at %d leads to %d", at, x)
			}
		}
		if uint64(r[row-2]) > uint64(len(d.entries)) {
			return fmt.Errorf("row at %d: entry %d of %d", at, r[row-2], len(d.entries))
		}
		if x := uint64(r[row-1]); x != 0 && (x >= at || x*inverse >= inverse) {
			return fmt.Errorf("row at %d: suffix %d", at, x)
		}
	}
	return s.validateEntries(d.entries)
}
