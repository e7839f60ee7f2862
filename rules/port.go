package rules

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// PortSet is a set of ports. It takes memory by its ranges: rule sets have many.
type PortSet struct {
	Any    bool
	ranges [][2]uint16 // both ends included, apart, in order
}

// Contains reports whether port p is in the set.
func (s *PortSet) Contains(p uint16) bool {
	if s.Any {
		return true
	}
	rs := s.ranges
	for len(rs) > 4 {
		if m := len(rs) / 2; p < rs[m][0] {
			rs = rs[:m]
		} else {
			rs = rs[m:]
		}
	}
	for i := range rs {
		if p <= rs[i][1] {
			return p >= rs[i][0]
		}
	}
	return false
}

// Ranges returns the set as runs of ports, both ends included, in order.
func (s *PortSet) Ranges() [][2]uint16 {
	if s.Any {
		return [][2]uint16{{0, 65535}}
	}
	return s.ranges
}

// Count returns the number of ports in the set.
func (s *PortSet) Count() int {
	n := 0
	for _, r := range s.Ranges() {
		n += int(r[1]) - int(r[0]) + 1
	}
	return n
}

// ParsePorts parses a port group: any, a port, a range a:b with either end left
// out, a variable, a list in brackets, each negated by '!'.
func ParsePorts(s string, v *Vars) (*PortSet, error) {
	if strings.TrimSpace(s) == "any" {
		return &PortSet{Any: true}, nil
	}
	if !strings.Contains(s, "[") && strings.Contains(s, ",") {
		s = "[" + s + "]" // rule sets have lists without brackets
	}
	p := portParser{v: v}
	pos, neg := &portBits{}, &portBits{}
	hasPos, err := p.group(s, 0, pos, neg)
	if err != nil {
		return nil, err
	}
	pos.less(neg, hasPos)
	switch rs := pos.ranges(); {
	case len(rs) == 0:
		return nil, fmt.Errorf("port %s: %w", Quote(s), errNone)
	case len(rs) == 1 && rs[0] == [2]uint16{0, 65535}:
		return &PortSet{Any: true}, nil
	default:
		return &PortSet{ranges: rs}, nil
	}
}

// portBits has a bit for each port.
type portBits [1024]uint64

// set adds the ports from lo to hi.
func (b *portBits) set(lo, hi uint16) {
	first, last := ^uint64(0)<<(lo&63), ^uint64(0)>>(63-hi&63)
	if lo>>6 == hi>>6 {
		b[lo>>6] |= first & last
		return
	}
	b[lo>>6] |= first
	for i := lo>>6 + 1; i < hi>>6; i++ {
		b[i] = ^uint64(0)
	}
	b[hi>>6] |= last
}

// less takes the ports of n away; without any of its own, b stands for all.
func (b *portBits) less(n *portBits, any bool) {
	for i := range b {
		if !any {
			b[i] = ^uint64(0)
		}
		b[i] &^= n[i]
	}
}

// ranges returns the ports as runs.
func (b *portBits) ranges() [][2]uint16 {
	var rs [][2]uint16
	for p := b.next(0, 0); p < 1<<16; {
		end := b.next(p, ^uint64(0))
		rs = append(rs, [2]uint16{uint16(p), uint16(end - 1)})
		p = b.next(end, 0)
	}
	return slices.Clip(rs)
}

// next returns the first port from p on that is in, or with flip, is not; 65536
// if there is none.
func (b *portBits) next(p int, flip uint64) int {
	for p < 1<<16 {
		if w := (b[p>>6] ^ flip) >> (p & 63); w != 0 {
			return p + bits.TrailingZeros64(w)
		}
		p = p&^63 + 64
	}
	return p
}

type portParser struct {
	v *Vars
	budget
}

// group adds s to pos, or to neg if it is negated; hasPos tells whether
// anything was added to pos.
func (p *portParser) group(s string, depth int, pos, neg *portBits) (hasPos bool, err error) {
	if err := p.take(depth); err != nil {
		return false, fmt.Errorf("port %s: %w", Quote(s), err)
	}
	s = strings.TrimSpace(s)
	if rest, ok := strings.CutPrefix(s, "!"); ok {
		return false, p.negated(strings.TrimSpace(rest), depth, neg)
	}
	switch {
	case s == "":
		return false, fmt.Errorf("port is empty")
	case s[0] == '[':
		items, err := list(s)
		if err != nil {
			return false, fmt.Errorf("port %s: %w", Quote(s), err)
		}
		for _, it := range items {
			has, err := p.group(it, depth+1, pos, neg)
			if err != nil {
				return false, err
			}
			hasPos = hasPos || has
		}
		return hasPos, nil
	case s[0] == '$':
		val, ok := p.v.Ports[s[1:]]
		if !ok {
			return false, fmt.Errorf("port %s: no such variable in vars.port-groups", Quote(s))
		}
		if strings.TrimSpace(val) == "" {
			return false, fmt.Errorf("port %s: the variable is empty", Quote(s))
		}
		return p.group(val, depth+1, pos, neg)
	}
	lo, hi, err := portRange(s)
	if err != nil {
		return false, err
	}
	pos.set(lo, hi)
	return true, nil
}

// negated adds to neg what s, which stands behind a '!', matches.
func (p *portParser) negated(s string, depth int, neg *portBits) error {
	if s == "any" {
		return fmt.Errorf("port %s: %w", Quote("!"+s), errAny)
	}
	if s != "" && s[0] >= '0' && s[0] <= '9' {
		lo, hi, err := portRange(s)
		if err == nil {
			neg.set(lo, hi)
		}
		return err
	}
	in, out := &portBits{}, &portBits{}
	has, err := p.group(s, depth+1, in, out)
	if err != nil {
		return err
	}
	in.less(out, has)
	for i := range in {
		neg[i] |= in[i]
	}
	return nil
}

func portRange(s string) (lo, hi uint16, err error) {
	if s == "any" {
		return 0, 65535, nil
	}
	bad := func() (uint16, uint16, error) {
		return 0, 0, fmt.Errorf("port %s: want a port 0 to 65535, or a range a:b", Quote(s))
	}
	a, b, isRange := strings.Cut(s, ":")
	if a == "" && b == "" {
		return bad()
	}
	num := func(t string, def uint16) (uint16, bool) {
		if t = strings.TrimSpace(t); t == "" && isRange {
			return def, true
		}
		n, err := strconv.ParseUint(t, 10, 16)
		return uint16(n), err == nil
	}
	lo, ok := num(a, 0)
	if !ok {
		return bad()
	}
	hi = lo
	if isRange {
		if hi, ok = num(b, 65535); !ok {
			return bad()
		}
	}
	if hi < lo {
		return 0, 0, fmt.Errorf("port %s: the range is reversed", Quote(s))
	}
	return lo, hi, nil
}
