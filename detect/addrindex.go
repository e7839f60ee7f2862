package detect

import (
	"bytes"
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
	x.src.build(src, func(s *signature) *rules.AddressSet { return s.src })
	x.dst.build(dst, func(s *signature) *rules.AddressSet { return s.dst })
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

func (m *addrMap) build(sigs []*signature, of func(*signature) *rules.AddressSet) {
	var edges []edge
	for _, s := range sigs {
		for _, r := range of(s).Ranges {
			edges = append(edges, edge{r.Lo, uint32(s.order), true})
			if next, ok := successor(r.Hi); ok {
				edges = append(edges, edge{next, uint32(s.order), false})
			}
		}
	}
	slices.SortFunc(edges, func(a, b edge) int { return bytes.Compare(a.at[:], b.at[:]) })
	active := map[uint32]bool{}
	for i := 0; i < len(edges); {
		at := edges[i].at
		for ; i < len(edges) && edges[i].at == at; i++ {
			if !edges[i].open {
				delete(active, edges[i].rule)
			}
		}
		for j := i - 1; j >= 0 && edges[j].at == at; j-- {
			if edges[j].open {
				active[edges[j].rule] = true
			}
		}
		list := make([]uint32, 0, len(active))
		for r := range active {
			list = append(list, r)
		}
		slices.Sort(list)
		m.starts = append(m.starts, wide(&at))
		m.lists = append(m.lists, list)
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
