package mpm

import (
	"encoding/binary"
	"fmt"
	"unsafe"
)

// maxBound is the largest Offset or Depth.
const maxBound = 1<<31 - 1

// Flags of a literal.
const (
	litPlain  = 1 << iota // one constraint that allows any place
	litNocase             // arena also holds the fold mask
)

const (
	literalSize    = int(unsafe.Sizeof(literal{}))
	constraintSize = int(unsafe.Sizeof(constraint{}))
)

// A literal is a distinct (bytes, nocase) pair.
type literal struct {
	pos   uint32 // in Set.arena: n bytes, folded if nocase, then n bytes of fold mask if nocase
	con   uint32 // first constraint; of a plain literal, the slot of its only id
	ncon  uint32
	n     uint16
	flags uint16
}

// A constraint says where a literal must lie for a slot to be reported.
type constraint struct {
	slot   uint32
	offset uint32
	depth  uint32 // 0: no limit
	end    uint32 // 1: must end at the end
}

// lower returns c with 'A' to 'Z' in lower case.
func lower(c byte) byte {
	if c-'A' < 26 {
		return c | 0x20
	}
	return c
}

func isLetter(c byte) bool { return (c|0x20)-'a' < 26 }

// addLiterals merges the patterns into distinct literals, each with the
// distinct places where it is wanted.
func (s *Set) addLiterals(ps []Pattern) error {
	slots := make(map[uint32]uint32, len(ps))
	index := make(map[string]int32, len(ps))
	of := make([]int32, len(ps)) // pattern -> literal
	size := 0
	for i := range ps {
		size += len(ps[i].Bytes)
	}
	s.arena = make([]byte, 0, size+size/2)
	key := make([]byte, 0, 64)
	for i := range ps {
		p := &ps[i]
		if err := p.check(); err != nil {
			return fmt.Errorf("mpm: pattern %d (id %d): %w", i, p.ID, err)
		}
		s.maxLen = max(s.maxLen, len(p.Bytes))
		s.anyEnd = s.anyEnd || p.End
		nocase := false
		key = key[:0]
		for _, c := range p.Bytes {
			if p.Nocase && isLetter(c) {
				nocase = true
				c |= 0x20
			}
			key = append(key, c)
		}
		flags := uint16(0)
		if nocase {
			flags = litNocase
		}
		key = append(key, byte(flags))
		li, ok := index[string(key)]
		if !ok {
			li = int32(len(s.lits))
			index[string(key)] = li
			s.lits = append(s.lits, literal{pos: uint32(len(s.arena)), n: uint16(len(p.Bytes)), flags: flags})
			s.arena = append(s.arena, key[:len(key)-1]...)
			if nocase {
				for _, c := range p.Bytes {
					m := byte(0)
					if isLetter(c) {
						m = 0x20
					}
					s.arena = append(s.arena, m)
				}
			}
		}
		of[i] = li
		s.lits[li].ncon++
	}
	s.addConstraints(ps, of, slots)
	return nil
}

// addConstraints groups the patterns' constraints by literal, without repeats.
func (s *Set) addConstraints(ps []Pattern, of []int32, slots map[uint32]uint32) {
	all := make([]constraint, len(ps))
	next := uint32(0)
	for i := range s.lits {
		s.lits[i].con = next
		next += s.lits[i].ncon
		s.lits[i].ncon = 0
	}
	for i := range ps {
		p := &ps[i]
		slot, ok := slots[p.ID]
		if !ok {
			slot = uint32(len(s.ids))
			slots[p.ID] = slot
			s.ids = append(s.ids, p.ID)
		}
		c := constraint{slot: slot, offset: uint32(p.Offset), depth: uint32(p.Depth)}
		if p.End {
			c.end = 1
		}
		l := &s.lits[of[i]]
		dup := false
		for _, o := range all[l.con : l.con+min(l.ncon, maxDupScan)] {
			dup = dup || o == c
		}
		if !dup {
			all[l.con+l.ncon] = c
			l.ncon++
		}
	}
	// Repeats left gaps; a plain literal needs no constraint at all.
	for i := range s.lits {
		l := &s.lits[i]
		cs := all[l.con : l.con+l.ncon]
		if len(cs) == 1 && cs[0].offset == 0 && cs[0].depth == 0 && cs[0].end == 0 {
			l.flags |= litPlain
			l.con, l.ncon = cs[0].slot, 0
			continue
		}
		l.con = uint32(len(s.cons))
		s.cons = append(s.cons, cs...)
	}
}

// maxDupScan bounds the search for repeated constraints of one literal, so
// that building stays linear; a repeat that slips through costs memory alone.
const maxDupScan = 16

// text returns the literal's bytes, folded if nocase.
func (s *Set) text(l *literal) []byte { return s.arena[l.pos : l.pos+uint32(l.n)] }

// folds returns the literal's fold mask: 0x20 where a letter may be in either
// case. Only of nocase literals.
func (s *Set) folds(l *literal) []byte {
	return s.arena[l.pos+uint32(l.n) : l.pos+2*uint32(l.n)]
}

// limit returns the place beyond which the literal cannot end, 0 for none.
func (s *Set) limit(l *literal) uint32 {
	if l.flags&litPlain != 0 {
		return 0
	}
	m := uint32(0)
	for _, c := range s.cons[l.con : l.con+l.ncon] {
		if c.depth == 0 {
			return 0
		}
		m = max(m, c.depth)
	}
	return m
}

// fixedAt returns the only offset at which the literal is wanted, if it is one.
func (s *Set) fixedAt(l *literal) (offset uint32, ok bool) {
	if l.ncon == 0 {
		return 0, false
	}
	offset = s.cons[l.con].offset
	for _, c := range s.cons[l.con : l.con+l.ncon] {
		if c.offset != offset || c.depth != offset+uint32(l.n) || c.end != 0 {
			return 0, false
		}
	}
	return offset, true
}

// endOnly reports whether the literal is wanted at the end alone.
func (s *Set) endOnly(l *literal) bool {
	if l.flags&litPlain != 0 {
		return false
	}
	for _, c := range s.cons[l.con : l.con+l.ncon] {
		if c.end == 0 {
			return false
		}
	}
	return true
}

// equalFold reports whether each byte of b or-ed with f gives v. The three have
// one length.
func equalFold(b, v, f []byte) bool {
	n := len(v)
	b, f = b[:n], f[:n]
	i := 0
	for ; i+8 <= n; i += 8 {
		if binary.LittleEndian.Uint64(b[i:])|binary.LittleEndian.Uint64(f[i:]) != binary.LittleEndian.Uint64(v[i:]) {
			return false
		}
	}
	if n >= 8 {
		i = n - 8
		return binary.LittleEndian.Uint64(b[i:])|binary.LittleEndian.Uint64(f[i:]) == binary.LittleEndian.Uint64(v[i:])
	}
	for i := range v {
		if b[i]|f[i] != v[i] {
			return false
		}
	}
	return true
}
