package detect

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"weir/decode/packet"
	"weir/rules"
)

// Reputation says how good or bad addresses are, by category. It is immutable
// once it is loaded.
type Reputation struct {
	categories map[string]uint8 // by name
	hosts      map[netip.Addr][]score
	nets       map[netip.Prefix][]score
	bits       []int // lengths of the prefixes in nets, the longest first
}

// score is the reputation of an address in one category.
type score struct{ category, value uint8 }

// maxScore is the largest score.
const maxScore = 127

// NewReputation reads a categories file: number (1 to 59), name, description.
// Lines that cannot be used are reported and left out.
func NewReputation(name string, text []byte) (*Reputation, []*rules.Error) {
	r := &Reputation{categories: map[string]uint8{}, hosts: map[netip.Addr][]score{}, nets: map[netip.Prefix][]score{}}
	return r, eachLine(name, text, func(line string) error {
		p := strings.SplitN(line, ",", 3)
		if len(p) != 3 {
			return fmt.Errorf("%q: want number,name,description", line)
		}
		n, err := strconv.ParseUint(p[0], 10, 8)
		if err != nil || n == 0 || n >= 60 {
			return fmt.Errorf("category %q: want a number from 1 to 59", p[0])
		}
		r.categories[strings.TrimSpace(p[1])] = uint8(n)
		return nil
	})
}

// Load reads a reputation file: address or network, category, score.
func (r *Reputation) Load(name string, text []byte) []*rules.Error {
	errs := eachLine(name, text, func(line string) error {
		p := strings.Split(line, ",")
		if len(p) != 3 {
			return fmt.Errorf("%q: want address,category,score", line)
		}
		cat, err := strconv.ParseUint(strings.TrimSpace(p[1]), 10, 8)
		if err != nil || cat == 0 || cat >= 60 {
			return fmt.Errorf("category %q: want a number from 1 to 59", p[1])
		}
		val, err := strconv.ParseUint(strings.TrimSpace(p[2]), 10, 8)
		if err != nil || val > maxScore {
			return fmt.Errorf("score %q: want 0 to %d", p[2], maxScore)
		}
		s := score{uint8(cat), uint8(val)}
		if !strings.Contains(p[0], "/") {
			a, err := netip.ParseAddr(p[0])
			if err != nil {
				return fmt.Errorf("address %q: want an address or a network", p[0])
			}
			r.hosts[a] = addScore(r.hosts[a], s)
			return nil
		}
		n, err := netip.ParsePrefix(p[0])
		if err != nil {
			return fmt.Errorf("address %q: want an address or a network", p[0])
		}
		n = n.Masked()
		r.nets[n] = addScore(r.nets[n], s)
		if !slices.Contains(r.bits, n.Bits()) {
			r.bits = append(r.bits, n.Bits())
		}
		return nil
	})
	slices.SortFunc(r.bits, func(a, b int) int { return b - a })
	return errs
}

func addScore(all []score, s score) []score {
	for i := range all {
		if all[i].category == s.category {
			all[i] = s
			return all
		}
	}
	return append(all, s)
}

// eachLine calls f for each line that is neither empty nor a comment.
func eachLine(name string, text []byte, f func(line string) error) (errs []*rules.Error) {
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if err := f(line); err != nil {
			errs = append(errs, &rules.Error{Pos: rules.Pos{File: name, Line: n, Col: 1}, Msg: err.Error()})
		}
	}
	return errs
}

// of returns the score of an address in a category: that of the address itself,
// else that of the smallest network around it.
func (r *Reputation) of(a netip.Addr, category uint8) (uint8, bool) {
	if v, ok := find(r.hosts[a], category); ok {
		return v, true
	}
	for _, bits := range r.bits {
		n, err := a.Prefix(bits)
		if err != nil {
			continue
		}
		if v, ok := find(r.nets[n], category); ok {
			return v, true
		}
	}
	return 0, false
}

func find(all []score, category uint8) (uint8, bool) {
	for _, s := range all {
		if s.category == category {
			return s.value, true
		}
	}
	return 0, false
}

// iprep compiles any|src|dst|both,category,operator,score, or isset or isnotset
// behind the category.
func iprep(c *compiler, v string) error {
	p := split(v)
	if len(p) < 3 || len(p) > 4 {
		return fmt.Errorf("value %q: want any|src|dst|both,category,operator,score", v)
	}
	if !slices.Contains([]string{"any", "src", "dst", "both"}, p[0]) {
		return fmt.Errorf("side %q: want any, src, dst or both", p[0])
	}
	r := c.e.opt.Reputation
	if r == nil {
		return fmt.Errorf("there are no categories: set reputation-categories-file")
	}
	cat, ok := r.categories[p[1]]
	if !ok {
		return fmt.Errorf("category %q is unknown", p[1])
	}
	var fits func(v uint8, there bool) bool
	switch {
	case len(p) == 3 && p[2] == "isset":
		fits = func(_ uint8, there bool) bool { return there }
	case len(p) == 3 && p[2] == "isnotset":
		fits = func(_ uint8, there bool) bool { return !there }
	case len(p) == 3:
		return fmt.Errorf("value %q: want isset, isnotset, or an operator and a score", p[2])
	default:
		n, err := strconv.ParseUint(p[3], 10, 8)
		if err != nil || n > maxScore {
			return fmt.Errorf("score %q: want 0 to %d", p[3], maxScore)
		}
		cmp, ok := comparisons[p[2]]
		if !ok {
			return fmt.Errorf("operator %q: want <, >, =, !=, <= or >=", p[2])
		}
		fits = func(v uint8, there bool) bool { return there && cmp(v, uint8(n)) }
	}
	side := p[0]
	c.s.reputation = append(c.s.reputation, func(p *packet.Packet) bool {
		switch side {
		case "src":
			return fits(r.of(p.SrcAddr(), cat))
		case "dst":
			return fits(r.of(p.DstAddr(), cat))
		case "both":
			return fits(r.of(p.SrcAddr(), cat)) && fits(r.of(p.DstAddr(), cat))
		}
		return fits(r.of(p.SrcAddr(), cat)) || fits(r.of(p.DstAddr(), cat))
	})
	return nil
}

var comparisons = map[string]func(a, b uint8) bool{
	"<": func(a, b uint8) bool { return a < b }, ">": func(a, b uint8) bool { return a > b },
	"=": func(a, b uint8) bool { return a == b }, "!=": func(a, b uint8) bool { return a != b },
	"<=": func(a, b uint8) bool { return a <= b }, ">=": func(a, b uint8) bool { return a >= b },
}
