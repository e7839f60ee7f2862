package rules

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Vars are address and port variables by name, as the configuration has them.
type Vars struct {
	Addresses, Ports map[string]string
}

// addr is an address in sixteen bytes; IPv4 as ::ffff:a.b.c.d.
type addr = [16]byte

// AddrRange is a run of addresses, both ends included, IPv4 as ::ffff:a.b.c.d.
type AddrRange struct{ Lo, Hi [16]byte }

// AddressSet is a set of addresses: disjoint ranges in order. IPv4 and IPv6 do
// not mix: IPv4 stands at ::ffff:0:0/96.
type AddressSet struct {
	Any    bool
	Ranges []AddrRange
	words  []wordRange // Ranges, for Contains
}

// wordRange is a range as numbers: the upper and the lower eight bytes.
type wordRange struct{ loHi, loLo, hiHi, hiLo uint64 }

// newSet makes a set of ranges that are disjoint and in order.
func newSet(rs []AddrRange) *AddressSet {
	s := &AddressSet{Ranges: rs, words: make([]wordRange, len(rs))}
	for i := range rs {
		lo, hi := rs[i].Lo[:], rs[i].Hi[:]
		s.words[i] = wordRange{
			binary.BigEndian.Uint64(lo), binary.BigEndian.Uint64(lo[8:]), binary.BigEndian.Uint64(hi), binary.BigEndian.Uint64(hi[8:]),
		}
	}
	return s
}

// Size returns how many addresses the set has, as far as a float can tell.
func (s *AddressSet) Size() float64 {
	if s.Any {
		return math.Inf(1)
	}
	n := 0.0
	for _, r := range s.words {
		n += float64(r.hiHi-r.loHi)*(1<<64) + float64(r.hiLo) - float64(r.loLo) + 1
	}
	return n
}

// Contains reports whether a, IPv4 as ::ffff:a.b.c.d, is in the set.
func (s *AddressSet) Contains(a *[16]byte) bool {
	if s.Any {
		return true
	}
	x, y := binary.BigEndian.Uint64(a[:]), binary.BigEndian.Uint64(a[8:])
	lo, hi := 0, len(s.words)
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if r := &s.words[m]; r.hiHi < x || r.hiHi == x && r.hiLo < y {
			lo = m + 1
		} else {
			hi = m
		}
	}
	if lo == len(s.words) {
		return false
	}
	r := &s.words[lo]
	return r.loHi < x || r.loHi == x && r.loLo <= y
}

// ContainsAddr is Contains for netip.
func (s *AddressSet) ContainsAddr(a netip.Addr) bool {
	b := a.As16()
	return s.Contains(&b)
}

// ParseAddresses parses an address group: any, an address, a network as prefix
// or with mask, a range a-b, a variable, a list in brackets, each negated by '!'.
func ParseAddresses(s string, v *Vars) (*AddressSet, error) {
	p := addressParser{v: v}
	pos, neg, err := p.group(s, 0)
	if err != nil {
		return nil, err
	}
	if len(pos) == 0 && len(neg) > 0 {
		pos = []AddrRange{everything}
	}
	pos = merge(pos)
	neg = merge(neg)
	out := subtract(pos, neg)
	if len(out) == 0 {
		return nil, fmt.Errorf("address %s: %w", Quote(s), errNone)
	}
	if len(out) == 1 && out[0] == everything {
		return &AddressSet{Any: true}, nil
	}
	return newSet(out), nil
}

var everything = AddrRange{Hi: addr(bytes.Repeat([]byte{0xff}, 16))}

type addressParser struct {
	v *Vars
	budget
}

// group parses one item or list to what it adds and what it takes away.
func (p *addressParser) group(s string, depth int) (pos, neg []AddrRange, err error) {
	if err := p.take(depth); err != nil {
		return nil, nil, fmt.Errorf("address %s: %w", Quote(s), err)
	}
	s = strings.TrimSpace(s)
	if rest, ok := strings.CutPrefix(s, "!"); ok {
		if strings.TrimSpace(rest) == "any" {
			return nil, nil, fmt.Errorf("address %s: %w", Quote(s), errAny)
		}
		in, out, err := p.group(rest, depth+1)
		if err != nil {
			return nil, nil, err
		}
		if len(in) == 0 && len(out) > 0 {
			in = []AddrRange{everything}
		}
		left := subtract(merge(in), merge(out))
		if len(left) == 1 && left[0] == everything {
			return nil, nil, fmt.Errorf("address %s: %w", Quote(s), errAny)
		}
		return nil, left, nil
	}
	switch {
	case s == "":
		return nil, nil, fmt.Errorf("address is empty")
	case s[0] == '[':
		items, err := list(s)
		if err != nil {
			return nil, nil, fmt.Errorf("address %s: %w", Quote(s), err)
		}
		for _, it := range items {
			a, b, err := p.group(it, depth+1)
			if err != nil {
				return nil, nil, err
			}
			pos, neg = append(pos, a...), append(neg, b...)
		}
		return pos, neg, nil
	case s[0] == '$':
		val, ok := p.v.Addresses[s[1:]]
		if !ok {
			return nil, nil, fmt.Errorf("address %s: no such variable in vars.address-groups", Quote(s))
		}
		if strings.TrimSpace(val) == "" {
			return nil, nil, fmt.Errorf("address %s: the variable is empty", Quote(s))
		}
		return p.group(val, depth+1)
	case s == "any":
		return []AddrRange{everything}, nil, nil
	}
	r, err := parseRange(s)
	if err != nil {
		return nil, nil, err
	}
	return []AddrRange{r}, nil, nil
}

// list splits a list in brackets at its top-level commas.
func list(s string) ([]string, error) {
	if s[len(s)-1] != ']' {
		return nil, fmt.Errorf("list is not closed")
	}
	var items []string
	depth, from := 0, 1
	for i := 1; i < len(s)-1; i++ {
		switch s[i] {
		case '[':
			depth++
		case ']':
			if depth--; depth < 0 {
				return nil, fmt.Errorf("brackets do not match")
			}
		case ',':
			if depth == 0 {
				items = append(items, s[from:i])
				from = i + 1
			}
		}
	}
	if depth != 0 {
		return nil, fmt.Errorf("brackets do not match")
	}
	items = append(items, s[from:len(s)-1])
	for _, it := range items {
		if strings.TrimSpace(it) == "" {
			return nil, fmt.Errorf("empty item in a list")
		}
	}
	return items, nil
}

// parseRange parses an address, a network or a range.
func parseRange(s string) (AddrRange, error) {
	bad := func() (AddrRange, error) {
		return AddrRange{}, fmt.Errorf("address %s: want an address, a network such as 192.0.2.0/24, or a range a-b", Quote(s))
	}
	if lo, hi, ok := strings.Cut(s, "-"); ok {
		a, err1 := netip.ParseAddr(strings.TrimSpace(lo))
		b, err2 := netip.ParseAddr(strings.TrimSpace(hi))
		if err1 != nil || err2 != nil || a.Is4() != b.Is4() {
			return bad()
		}
		if b.Less(a) {
			return AddrRange{}, fmt.Errorf("address %s: the range is reversed", Quote(s))
		}
		return AddrRange{a.As16(), b.As16()}, nil
	}
	host, mask, ok := strings.Cut(s, "/")
	a, err := netip.ParseAddr(host)
	if err != nil || a.Zone() != "" {
		return bad()
	}
	bits := a.BitLen()
	if ok {
		if bits, err = maskBits(mask, a.BitLen()); err != nil {
			return bad()
		}
	}
	p := netip.PrefixFrom(a, bits).Masked()
	r := AddrRange{Lo: p.Addr().As16()}
	r.Hi = r.Lo
	for i := 128 - (a.BitLen() - bits); i < 128; i++ {
		r.Hi[i/8] |= 0x80 >> (i % 8)
	}
	return r, nil
}

// maskBits reads the part behind the slash: a number, or a mask with dots.
func maskBits(s string, limit int) (int, error) {
	if strings.Contains(s, ".") {
		m, err := netip.ParseAddr(s)
		if err != nil || !m.Is4() || limit != 32 {
			return 0, fmt.Errorf("mask %q", s)
		}
		b := m.As4()
		v := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
		n := 0
		for v&0x80000000 != 0 {
			n++
			v <<= 1
		}
		if v != 0 {
			return 0, fmt.Errorf("mask %q has holes", s)
		}
		return n, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > limit {
		return 0, fmt.Errorf("mask %q", s)
	}
	return n, nil
}

// merge sorts ranges and joins those that touch.
func merge(rs []AddrRange) []AddrRange {
	slices.SortFunc(rs, func(a, b AddrRange) int { return bytes.Compare(a.Lo[:], b.Lo[:]) })
	out := rs[:0]
	for _, r := range rs {
		if n := len(out); n > 0 {
			last := &out[n-1]
			if next, ok := successor(last.Hi); !ok || bytes.Compare(r.Lo[:], next[:]) <= 0 {
				if bytes.Compare(r.Hi[:], last.Hi[:]) > 0 {
					last.Hi = r.Hi
				}
				continue
			}
		}
		out = append(out, r)
	}
	return out
}

// subtract takes b, both merged, away from a.
func subtract(a, b []AddrRange) []AddrRange {
	var out []AddrRange
	for _, r := range a {
		for len(b) > 0 && bytes.Compare(b[0].Hi[:], r.Lo[:]) < 0 {
			b = b[1:]
		}
		lo, done := r.Lo, false
		for _, n := range b {
			if bytes.Compare(n.Lo[:], r.Hi[:]) > 0 {
				break
			}
			if bytes.Compare(n.Lo[:], lo[:]) > 0 {
				out = append(out, AddrRange{lo, predecessor(n.Lo)})
			}
			next, ok := successor(n.Hi)
			if !ok || bytes.Compare(next[:], r.Hi[:]) > 0 {
				done = true
				break
			}
			lo = next
		}
		if !done {
			out = append(out, AddrRange{lo, r.Hi})
		}
	}
	return out
}

func successor(a addr) (addr, bool) {
	for i := 15; i >= 0; i-- {
		if a[i]++; a[i] != 0 {
			return a, true
		}
	}
	return a, false
}

func predecessor(a addr) addr {
	for i := 15; i >= 0; i-- {
		a[i]--
		if a[i] != 0xff {
			break
		}
	}
	return a
}
