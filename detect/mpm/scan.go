package mpm

import (
	"encoding/binary"
	"unsafe"
)

// A Scratch is what one goroutine needs to scan, with any set. It keeps no
// reference to a buffer between calls.
type Scratch struct {
	// What the running call scans.
	b      []byte
	base   uint64 // stream offset of b[0]
	minEnd int    // matches end behind this index of b
	atEnd  bool   // b ends where the stream ends
	endNow bool   // only constraints with end; the others had their turn

	seen []uint64 // slots found by the running call
	out  []uint32 // slots, then ids, found by the running call
	join []byte   // carry and head of the chunk, see ScanStream

	lanes   [maxHits]laneHit
	buckets [blockBytes/64 + 3]bucketHit
	padded  [padBytes]byte

	candidates int // literals compared, all calls; for tests and tuning
}

// NewScratch returns a scratch fit for s; it grows when used with larger sets.
func (s *Set) NewScratch() *Scratch {
	sc := new(Scratch)
	sc.fit(s)
	return sc
}

// fit makes room for the slots of s.
func (sc *Scratch) fit(s *Set) {
	if n := (len(s.ids) + 63) / 64; n > len(sc.seen) {
		sc.seen = make([]uint64, n)
	}
	if cap(sc.out) < len(s.ids) {
		sc.out = make([]uint32, 0, len(s.ids))
	}
}

// Scan returns the ids of the patterns in buf, each once, in no order. The
// slice is valid until the next call with sc.
func (s *Set) Scan(buf []byte, sc *Scratch) []uint32 {
	return s.ScanAt(buf, 0, true, sc)
}

// ScanAt is Scan of a piece of a stream that begins at offset, and ends the
// stream if end is set: Offset, Depth and End are meant for the stream.
func (s *Set) ScanAt(buf []byte, offset uint64, end bool, sc *Scratch) []uint32 {
	if len(s.lits) == 0 || len(buf) == 0 {
		return nil
	}
	if cap(sc.out) < len(s.ids) {
		sc.fit(s)
	}
	sc.out = sc.out[:0]
	sc.b, sc.base, sc.minEnd, sc.atEnd, sc.endNow = buf, offset, 0, end, false
	s.run(sc)
	return s.finish(sc)
}

// finish turns slots into ids and forgets what was seen.
func (s *Set) finish(sc *Scratch) []uint32 {
	sc.b = nil
	for i, slot := range sc.out {
		sc.seen[slot>>6] = 0
		sc.out[i] = s.ids[slot]
	}
	return sc.out
}

// run scans one buffer with every part of the set.
func (s *Set) run(sc *Scratch) {
	if len(s.singles) > 0 {
		s.scanSingles(sc)
	}
	for i := range s.parts {
		p := &s.parts[i]
		v := sc.b
		if p.limit != 0 {
			if sc.base >= uint64(p.limit) {
				continue
			}
			v = v[:min(uint64(len(v)), uint64(p.limit)-sc.base)]
		}
		s.runPart(p, v, sc)
	}
}

// found compares the literal with the buffer from index at on, where it is
// known to fit, and reports those of its ids whose constraints hold.
func (s *Set) found(sc *Scratch, li uint32, at int) {
	l := &s.lits[li]
	if s.done(l, sc) {
		return
	}
	sc.candidates++
	end := at + int(l.n)
	if end <= sc.minEnd {
		return
	}
	if l.flags&litNocase == 0 {
		if string(sc.b[at:end]) != string(s.text(l)) {
			return
		}
	} else if !equalFold(sc.b[at:end], s.text(l), s.folds(l)) {
		return
	}
	if l.flags&litPlain != 0 {
		if !sc.endNow {
			sc.add(l.con)
		}
		return
	}
	from, to := sc.base+uint64(at), sc.base+uint64(end)
	last := sc.atEnd && end == len(sc.b)
	for _, k := range s.cons[l.con : l.con+l.ncon] {
		if from < uint64(k.offset) || k.depth != 0 && to > uint64(k.depth) ||
			k.end != 0 && !last || k.end == 0 && sc.endNow {
			continue
		}
		sc.once(k.slot)
	}
}

// has reports whether the slot was found by the running call.
func (sc *Scratch) has(slot uint32) bool { return sc.seen[slot>>6]>>(slot&63)&1 != 0 }

// once adds the slot unless it is there.
func (sc *Scratch) once(slot uint32) {
	if !sc.has(slot) {
		sc.add(slot)
	}
}

func (sc *Scratch) add(slot uint32) {
	sc.seen[slot>>6] |= 1 << (slot & 63)
	sc.out = append(sc.out, slot)
}

// An entry stands behind a window: a literal that holds it.
type entry struct {
	lit uint32
	val uint32 // four folded bytes of the literal, compared before the literal is touched
	n   uint16 // length of the literal
	off uint16 // of the position that is reported, in the literal
	chk uint16 // place of val in the literal
	how uint16 // entryLast, entryCheck
}

// Flags of an entry.
const (
	entryLast  = 1 << iota // no further entry behind this window
	entryCheck             // chk and val are set
)

const entrySize = int(unsafe.Sizeof(entry{}))

// entry makes the entry of a literal that is found by the span bytes at off; it
// lacks the place that will be reported.
func (s *Set) entry(m *model, li int32, off, span int) entry {
	l := &s.lits[li]
	e := entry{lit: uint32(li), n: l.n}
	t := s.text(l)
	if chk := m.check(t, off, span); chk >= 0 {
		e.chk, e.how, e.val = uint16(chk), entryCheck, fold4(loadUp(t, chk))
	}
	return e
}

func fold4(x uint32) uint32 { return x | 0x20202020 }

// try looks at the entries from ref on for a window reported at index pos.
func (s *Set) try(sc *Scratch, ents []entry, ref uint32, pos int) {
	for {
		e := &ents[ref]
		at := pos - int(e.off)
		if at >= 0 && at+int(e.n) <= len(sc.b) &&
			(e.how&entryCheck == 0 || fold4(binary.LittleEndian.Uint32(sc.b[at+int(e.chk):])) == e.val) {
			s.found(sc, e.lit, at)
		}
		if e.how&entryLast != 0 {
			return
		}
		ref++
	}
}
