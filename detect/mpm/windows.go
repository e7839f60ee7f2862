package mpm

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// windows maps the folded windows of one width to the literals they stand for.
type windows struct {
	w       int    // bytes of a window, 2 to 8
	second  int    // place of the last four bytes, 0 for windows of up to four
	mask    uint32 // of the first word: all ones from four bytes on
	shift   uint32 // 32 - log2(len(slots))
	slots   []slot // open addressing, at most two thirds full, one third behind buckets
	entries []entry
}

// A slot is a window's hash and the entry it leads to, plus one; 0 is free.
type slot struct{ hash, ref uint32 }

// maxBehind bounds the entries behind one window, and so the price of one
// candidate. What finds no window with room goes into an automaton.
const maxBehind = 32

// hashWindow hashes a window by its first and its last four folded bytes. Half
// of all inputs share their hash with another, which costs a comparison.
func hashWindow(first, last uint32) uint32 {
	h := (first ^ bits.RotateLeft32(last, 7)) * 0x9E3779B1
	return h ^ h>>16
}

// loadUp is a little-endian load of four bytes of b at i, zero beyond the end.
func loadUp(b []byte, i int) uint32 {
	if i+4 <= len(b) {
		return binary.LittleEndian.Uint32(b[i:])
	}
	var x uint32
	for j := 0; j < 4 && i+j < len(b); j++ {
		x |= uint32(b[i+j]) << (8 * j)
	}
	return x
}

// hashAt hashes the window of b at i.
func (t *windows) hashAt(b []byte, i int) uint32 {
	return hashWindow(fold4(loadUp(b, i))&t.mask, fold4(loadUp(b, i+t.second))&t.mask)
}

// find returns the entry behind a hash plus one, 0 for none.
func (t *windows) find(h uint32) uint32 {
	for i := h * 0x85EBCA6B >> t.shift; ; i = (i + 1) & uint32(len(t.slots)-1) {
		if sl := t.slots[i]; sl.hash == h || sl.ref == 0 {
			return sl.ref
		}
	}
}

// look tries the literals behind the window of the buffer at index i.
func (s *Set) look(t *windows, i int, sc *Scratch) {
	b := sc.b
	var h uint32
	if j := i + t.second; uint(j)+4 <= uint(len(b)) && i <= j {
		h = hashWindow(fold4(binary.LittleEndian.Uint32(b[i:]))&t.mask, fold4(binary.LittleEndian.Uint32(b[j:]))&t.mask)
	} else {
		h = t.hashAt(b, i)
	}
	if ref := t.find(h); ref != 0 {
		s.try(sc, t.entries, ref-1, i)
	}
}

func (t *windows) memory() int {
	return len(t.slots)*int(unsafe.Sizeof(slot{})) + len(t.entries)*entrySize
}

// A placement is where literals put their windows.
type placement struct {
	lits   []int32
	offs   []uint16 // first window of each literal
	spill  []int32  // literals that found no room
	counts []slot   // hash and number of entries; ref 0 is free
	shift  uint32
	keys   int
	rate   float64 // estimated share of positions with a candidate
}

func newPlacement(lits, step int) *placement {
	n := lits * step * 3 / 2
	if step == 1 {
		n = lits * 3 // most look-ups find nothing: a sparse table ends them at once
	}
	log := uint32(bits.Len(uint(n + 3)))
	return &placement{
		lits: make([]int32, 0, lits), offs: make([]uint16, 0, lits),
		counts: make([]slot, 1<<log), shift: 32 - log,
	}
}

// place chooses for each literal the step consecutive windows of w bytes with
// the lowest estimated cost: a new window brings candidates, one that others
// have brings a comparison, dearer the more there are.
func (s *Set) place(lits []int32, w, step int) *placement {
	m := traffic()
	pl := newPlacement(len(lits), step)
	tw := newWindows(w)
	var shares []float32
	var slots []*slot
	for _, li := range lits {
		text := s.text(&s.lits[li])
		n := min(len(text)-w+1, maxOffsets) // windows
		shares = m.shares(shares[:0], text[:n+w-1], w)
		slots = slots[:0]
		for o := range n {
			slots = append(slots, pl.slot(tw.hashAt(text[:o+w], o)))
		}
		best, at := float32(0), -1
	places:
		for o := 0; o+step <= n; o++ {
			cost := float32(0)
			for j := o; j < o+step; j++ {
				switch k := slots[j].ref; {
				case k >= maxBehind:
					continue places
				case k == 0:
					cost += shares[j] * newWindow
				default:
					cost += shares[j] * float32(k)
				}
			}
			if at < 0 || cost < best {
				best, at = cost, o
			}
		}
		if at < 0 {
			pl.spill = append(pl.spill, li)
			continue
		}
		for j := at; j < at+step; j++ {
			if pl.count(tw.hashAt(text[:j+w], j)) {
				pl.rate += float64(shares[j])
			}
		}
		pl.lits = append(pl.lits, li)
		pl.offs = append(pl.offs, uint16(at))
	}
	pl.rate /= float64(step)
	return pl
}

const (
	newWindow  = 8   // price of a candidate in comparisons of an entry
	maxOffsets = 256 // windows of one literal that are considered
)

func newWindows(w int) *windows {
	t := &windows{w: w, second: max(w-4, 0), mask: ^uint32(0)}
	if w < 4 {
		t.mask = 1<<(8*w) - 1
	}
	return t
}

// slot returns the slot of a hash, or the free one where it would go.
func (pl *placement) slot(h uint32) *slot {
	for i := h * 0x85EBCA6B >> pl.shift; ; i = (i + 1) & uint32(len(pl.counts)-1) {
		if sl := &pl.counts[i]; sl.hash == h || sl.ref == 0 {
			return sl
		}
	}
}

// count counts an entry behind a hash and reports whether it is the first.
func (pl *placement) count(h uint32) bool {
	sl := pl.slot(h)
	sl.ref++
	if sl.ref > 1 {
		return false
	}
	sl.hash = h
	pl.keys++
	return true
}

// put places a literal's only window, of hash h, at off.
func (pl *placement) put(li int32, off int, h uint32) {
	pl.count(h)
	pl.lits = append(pl.lits, li)
	pl.offs = append(pl.offs, uint16(off))
}

// windows makes the table of a placement, which it uses up.
func (s *Set) windows(pl *placement, w, step int) *windows {
	t := newWindows(w)
	t.shift, t.slots = pl.shift, pl.counts
	t.entries = make([]entry, len(pl.lits)*step)
	t.lists()
	m := traffic()
	for i, li := range pl.lits {
		text := s.text(&s.lits[li])
		off := int(pl.offs[i])
		e := s.entry(m, li, off, w+step-1)
		for j := off; j < off+step; j++ {
			e.off = uint16(j)
			t.add(t.hashAt(text[:j+w], j), e)
		}
	}
	return t
}

// lists turns the counts of a placement into lists of entries that are still
// empty.
func (t *windows) lists() {
	next := uint32(1)
	for i := range t.slots {
		if n := t.slots[i].ref; n != 0 {
			t.slots[i].ref = next
			next += n
			t.entries[next-2].how = entryLast
		}
	}
}

// add puts an entry into the list of a hash.
func (t *windows) add(h uint32, e entry) {
	ref := t.find(h) - 1
	for t.entries[ref].n != 0 {
		ref++
	}
	last := t.entries[ref].how & entryLast
	t.entries[ref] = e
	t.entries[ref].how |= last
}
