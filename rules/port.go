package rules

import (
	"fmt"
	"strconv"
	"strings"
)

// PortSet is a set of ports.
type PortSet struct {
	Any  bool
	bits *[1024]uint64
}

// Contains reports whether port p is in the set.
func (s *PortSet) Contains(p uint16) bool { return s.Any || s.bits[p>>6]&(1<<(p&63)) != 0 }

// Ranges returns the set as runs of ports, both ends included, in order.
func (s *PortSet) Ranges() [][2]uint16 {
	if s.Any {
		return [][2]uint16{{0, 65535}}
	}
	var out [][2]uint16
	for p := 0; p < 65536; p++ {
		if p&63 == 0 && s.bits[p>>6] == 0 {
			p += 63
			continue
		}
		if !s.Contains(uint16(p)) {
			continue
		}
		from := p
		for p < 65535 && s.Contains(uint16(p+1)) {
			p++
		}
		out = append(out, [2]uint16{uint16(from), uint16(p)})
	}
	return out
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
	pos, neg := new([1024]uint64), new([1024]uint64)
	hasPos, err := p.group(s, 0, false, pos, neg)
	if err != nil {
		return nil, err
	}
	left, full := false, true
	for i := range pos {
		if !hasPos {
			pos[i] = ^uint64(0)
		}
		pos[i] &^= neg[i]
		left = left || pos[i] != 0
		full = full && pos[i] == ^uint64(0)
	}
	if !left {
		return nil, fmt.Errorf("port %q: nothing is left", s)
	}
	if full {
		return &PortSet{Any: true}, nil
	}
	return &PortSet{bits: pos}, nil
}

type portParser struct{ v *Vars }

// group adds s to pos, or to neg if it is negated; hasPos tells whether
// anything was added to pos.
func (p *portParser) group(s string, depth int, negated bool, pos, neg *[1024]uint64) (hasPos bool, err error) {
	if depth > maxDepth {
		return false, fmt.Errorf("port %q: groups nest deeper than %d", s, maxDepth)
	}
	s = strings.TrimSpace(s)
	if rest, ok := strings.CutPrefix(s, "!"); ok {
		rest = strings.TrimSpace(rest)
		if rest == "any" {
			return false, fmt.Errorf("port %q: !any matches nothing", s)
		}
		// A negated group: what it matches is taken away.
		in, out := new([1024]uint64), new([1024]uint64)
		has, err := p.group(rest, depth+1, false, in, out)
		if err != nil {
			return false, err
		}
		to := neg
		if negated {
			to = pos
		}
		for i := range in {
			if !has {
				in[i] = ^uint64(0)
			}
			to[i] |= in[i] &^ out[i]
		}
		return negated, nil
	}
	switch {
	case s == "":
		return false, fmt.Errorf("port is empty")
	case s[0] == '[':
		items, err := list(s)
		if err != nil {
			return false, fmt.Errorf("port %q: %w", s, err)
		}
		for _, it := range items {
			has, err := p.group(it, depth+1, negated, pos, neg)
			if err != nil {
				return false, err
			}
			hasPos = hasPos || has
		}
		return hasPos, nil
	case s[0] == '$':
		val, ok := p.v.Ports[s[1:]]
		if !ok {
			return false, fmt.Errorf("port %q: no such variable in vars.port-groups", s)
		}
		if strings.TrimSpace(val) == "" {
			return false, fmt.Errorf("port %q: the variable is empty", s)
		}
		return p.group(val, depth+1, negated, pos, neg)
	}
	lo, hi, err := portRange(s)
	if err != nil {
		return false, err
	}
	for i := int(lo); i <= int(hi); i++ {
		pos[i>>6] |= 1 << (i & 63)
	}
	return true, nil
}

func portRange(s string) (lo, hi uint16, err error) {
	if s == "any" {
		return 0, 65535, nil
	}
	a, b, isRange := strings.Cut(s, ":")
	num := func(t string, def uint16) uint16 {
		t = strings.TrimSpace(t)
		if t == "" && isRange {
			return def
		}
		n, e := strconv.ParseUint(t, 10, 16)
		if e != nil {
			err = fmt.Errorf("port %q: want a port 0 to 65535, or a range a:b", s)
		}
		return uint16(n)
	}
	if a == "" && b == "" {
		return 0, 0, fmt.Errorf("port %q: want a port 0 to 65535, or a range a:b", s)
	}
	lo = num(a, 0)
	hi = lo
	if isRange {
		hi = num(b, 65535)
	}
	if err == nil && hi < lo {
		err = fmt.Errorf("port %q: the range is reversed", s)
	}
	return lo, hi, err
}
