package detect

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"weir/rules"
)

// addrIndex finds rules without a pattern by an address of the packet: most of
// them are lists of addresses, and few of those have a given one.
type addrIndex struct {
	src, dst addrMap
	rest     []uint32 // rules that cover too much to be found by address
}

// indexable is the number of addresses up to which a rule is found by them.
const indexable = 1 << 24

// newAddrIndex distributes rules by the smaller of their address sets.
func newAddrIndex(sigs []*signature) *addrIndex {
	x := &addrIndex{}
	var src, dst []*signature
	for _, s := range sigs {
		a, b := s.src.Size(), s.dst.Size()
		switch {
		case s.bidir || min(a, b) > indexable:
			x.rest = append(x.rest, uint32(s.order))
		case a <= b:
			src = append(src, s)
		default:
			dst = append(dst, s)
		}
	}
	wide := x.src.build(src, func(s *signature) *rules.AddressSet { return s.src })
	wide = append(wide, x.dst.build(dst, func(s *signature) *rules.AddressSet { return s.dst })...)
	for _, s := range wide {
		x.rest = append(x.rest, uint32(s.order))
	}
	return x
}

// addrMap maps addresses to rules: from starts[i] on, up to the next start,
// those of lists[i].
type addrMap struct {
	starts []wideAddr
	lists  [][]uint32
	// four says, for the upper half of each IPv4 address, how many starts are
	// below its first one and its last one: a few at most lie between.
	four []span
}

// wideAddr is an address as two numbers, which compare faster than bytes.
type wideAddr struct{ hi, lo uint64 }

func wide(a *[16]byte) wideAddr {
	return wideAddr{binary.BigEndian.Uint64(a[:]), binary.BigEndian.Uint64(a[8:])}
}

// above reports whether a comes behind b.
func (a wideAddr) above(b wideAddr) bool { return a.hi > b.hi || a.hi == b.hi && a.lo > b.lo }

// span is a run of indices.
type span struct{ lo, hi uint32 }

// edge is where a range of a rule begins or where it has ended.
type edge struct {
	at   [16]byte
	rule uint32
	open bool
}

// build fills the map and returns the rules that do not go into it: where many
// cover each other, the lists would grow with their square.
func (m *addrMap) build(sigs []*signature, of func(*signature) *rules.AddressSet) (wide []*signature) {
	edges := edgesOf(sigs, of)
	for listed(edges) > maxListed {
		// The half that covers most.
		sigs = slices.Clone(sigs)
		slices.SortStableFunc(sigs, func(a, b *signature) int { return cmp.Compare(of(a).Size(), of(b).Size()) })
		wide = append(wide, sigs[len(sigs)/2:]...)
		sigs = sigs[:len(sigs)/2]
		edges = edgesOf(sigs, of)
	}
	m.fill(edges)
	return wide
}

// edgesOf returns the edges of the rules' ranges, in order.
func edgesOf(sigs []*signature, of func(*signature) *rules.AddressSet) (edges []edge) {
	for _, s := range sigs {
		for _, r := range of(s).Ranges {
			edges = append(edges, edge{r.Lo, uint32(s.order), true})
			if next, ok := successor(r.Hi); ok {
				edges = append(edges, edge{next, uint32(s.order), false})
			}
		}
	}
	slices.SortFunc(edges, func(a, b edge) int { return bytes.Compare(a.at[:], b.at[:]) })
	return edges
}

// listed returns how many entries the lists of a map would have.
func listed(edges []edge) (n int) {
	active := 0
	for i := range edges {
		if edges[i].open {
			active++
		} else {
			active--
		}
		if i == len(edges)-1 || edges[i].at != edges[i+1].at {
			n += active
		}
	}
	return n
}

// fill makes starts and lists.
func (m *addrMap) fill(edges []edge) {
	var active []uint32 // in order
	for i := 0; i < len(edges); {
		at, from := edges[i].at, i
		for ; i < len(edges) && edges[i].at == at; i++ {
			if edges[i].open {
				continue
			}
			if k, ok := slices.BinarySearch(active, edges[i].rule); ok {
				active = slices.Delete(active, k, k+1)
			}
		}
		for _, e := range edges[from:i] {
			if !e.open {
				continue
			}
			if k, ok := slices.BinarySearch(active, e.rule); !ok {
				active = slices.Insert(active, k, e.rule)
			}
		}
		m.starts = append(m.starts, wide(&at))
		m.lists = append(m.lists, slices.Clone(active))
	}
	m.indexFour()
}

func successor(a [16]byte) ([16]byte, bool) {
	for i := 15; i >= 0; i-- {
		if a[i]++; a[i] != 0 {
			return a, true
		}
	}
	return a, false
}

// mapped is what precedes an IPv4 address in sixteen bytes.
const mapped = 0xFFFF

// minFour is from how many starts on an index of IPv4 addresses pays.
const minFour = 64

// indexFour makes m.four.
func (m *addrMap) indexFour() {
	if len(m.starts) < minFour {
		return
	}
	m.four = make([]span, 1<<16)
	i := 0
	// upTo moves i behind the starts that are at or below a.
	upTo := func(a wideAddr) uint32 {
		for i < len(m.starts) && !m.starts[i].above(a) {
			i++
		}
		return uint32(i)
	}
	for half := range m.four {
		a := wideAddr{0, mapped<<32 | uint64(half)<<16}
		m.four[half].lo = upTo(a)
		a.lo |= 0xFFFF
		m.four[half].hi = upTo(a)
	}
}

// of returns the rules for an address.
func (m *addrMap) of(a *[16]byte) []uint32 {
	if len(m.starts) == 0 {
		return nil
	}
	x := wide(a)
	lo, hi := 0, len(m.starts)
	if m.four != nil && x.hi == 0 && x.lo>>32 == mapped {
		s := m.four[uint16(x.lo>>16)]
		lo, hi = int(s.lo), int(s.hi)
	}
	// The number of starts at or below a.
	for lo < hi {
		if i := int(uint(lo+hi) >> 1); m.starts[i].above(x) {
			hi = i
		} else {
			lo = i + 1
		}
	}
	if lo == 0 {
		return nil
	}
	return m.lists[lo-1]
}
