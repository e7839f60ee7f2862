package mpm

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
)

// anchored finds literals that are wanted at one place alone, by one look at the
// bytes there: at an offset from the beginning of the stream, or at its end. All
// places share one table, so that a scan touches little memory.
type anchored struct {
	places []place
	filter []uint64 // bits by hash: most of what is looked up is not there
	shift  uint32   // 32 - log2(bits of filter)
	tab    windows  // by place.hash
}

// placeBits is how many bits of the filter a literal gets, at least.
const placeBits = 8

// A place is where literals begin, and how many of their bytes are looked up.
// At the end it is where their last bytes begin.
type place struct {
	at uint32 // offset in the stream, or bytes before its end
	w  uint32 // 2 to 8
}

// maxPlaces bounds the places of a part: beyond, a scan of all bytes is as
// cheap.
const maxPlaces = 8

// minEnds is the shortest literal that is looked up at the end.
const minEnds = 4

// hash hashes the bytes of a window, folded, at the place.
func (p *place) hash(x uint64) uint32 {
	x = (x | 0x2020202020202020) << (64 - 8*p.w)
	return uint32(((x ^ uint64(p.at)) * 0x9E3779B97F4A7C15) >> 32)
}

// load returns the bytes of b from i on, of which w are there.
func (p *place) load(b []byte, i int) uint64 {
	if i+8 <= len(b) {
		return binary.LittleEndian.Uint64(b[i:])
	}
	return uint64(loadUp(b, i)) | uint64(loadUp(b, i+4))<<32
}

// newAnchored takes literals that must lie at the offset that fixedAt says or,
// with end, at the end. The rest are those that found no room.
func (s *Set) newAnchored(lits []int32, end bool) (t *anchored, rest []int32) {
	groups := map[place][]int32{}
	for _, li := range lits {
		l := &s.lits[li]
		w := min(uint32(l.n), 4)
		if l.n >= 8 {
			w = 8
		}
		p := place{w, w}
		if !end {
			off, _ := s.fixedAt(l)
			if off > 0 {
				w = min(w, 4)
			}
			p = place{off, w}
		}
		groups[p] = append(groups[p], li)
	}
	t = &anchored{}
	for p := range groups {
		t.places = append(t.places, p)
	}
	// What is short is found most often: it gains most.
	slices.SortFunc(t.places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.w, b.w), cmp.Compare(len(groups[b]), len(groups[a])), cmp.Compare(a.at, b.at))
	})
	if len(t.places) > maxPlaces {
		for _, p := range t.places[maxPlaces:] {
			rest = append(rest, groups[p]...)
		}
		t.places = t.places[:maxPlaces]
	}
	n := 0
	for _, p := range t.places {
		n += len(groups[p])
	}
	pl := newPlacement(n, 1)
	hashes := make([]uint32, 0, n)
	for i := range t.places {
		p := &t.places[i]
		for _, li := range groups[*p] {
			text, off := s.text(&s.lits[li]), 0
			if end {
				off = len(text) - int(p.w)
			}
			if h := p.hash(p.load(text, off)); pl.slot(h).ref < maxBehind {
				pl.put(li, off, h)
				hashes = append(hashes, h)
			} else {
				rest = append(rest, li)
			}
		}
	}
	t.tab = s.anchoredTable(pl, hashes)
	log := bits.Len(uint(max(placeBits*n, 64) - 1))
	t.filter, t.shift = make([]uint64, 1<<log/64), uint32(32-log)
	for _, h := range hashes {
		t.filter[h>>t.shift>>6] |= 1 << (h >> t.shift & 63)
	}
	return t, rest
}

// anchoredTable makes the table of a placement, which it uses up; hashes are
// those of its literals.
func (s *Set) anchoredTable(pl *placement, hashes []uint32) windows {
	t := windows{w: 8, shift: pl.shift, slots: pl.counts, entries: make([]entry, len(pl.lits))}
	t.lists()
	m := traffic()
	for i, li := range pl.lits {
		e := s.entry(m, li, int(pl.offs[i]), 4)
		e.off = pl.offs[i]
		t.add(hashes[i], e)
	}
	return t
}

func (t *anchored) memory() int { return t.tab.memory() + len(t.filter)*8 }

// scanStart looks at the places from the beginning.
func (s *Set) scanStart(t *anchored, sc *Scratch) {
	for i := range t.places {
		p := &t.places[i]
		if at := uint64(p.at); at >= sc.base && at-sc.base+uint64(p.w) <= uint64(len(sc.b)) {
			s.lookAt(t, p, int(at-sc.base), sc)
		}
	}
}

// scanEnd looks at the end of the buffer.
func (s *Set) scanEnd(t *anchored, sc *Scratch) {
	for i := range t.places {
		if p := &t.places[i]; int(p.at) <= len(sc.b) {
			s.lookAt(t, p, len(sc.b)-int(p.at), sc)
		}
	}
}

// lookAt tries the literals behind the window at index i.
func (s *Set) lookAt(t *anchored, p *place, i int, sc *Scratch) {
	h := p.hash(p.load(sc.b, i))
	if t.filter[h>>t.shift>>6]>>(h>>t.shift&63)&1 == 0 {
		return
	}
	if ref := t.tab.find(h); ref != 0 {
		s.try(sc, t.tab.entries, ref-1, i)
	}
}
