package regex

import "strings"

// bracket parses a class from behind the [ at at.
func (p *parser) bracket(at int) *node {
	if k := p.posixEnd(at); k > 0 {
		return p.fail(at, "[:name:] stands outside of a class")
	}
	neg := p.next("^")
	n := p.node(kSet)
	var s set
	for first := true; first || !p.next("]"); {
		switch {
		case !p.more():
			return p.fail(p.i, "missing ] of the class at offset %d", at)
		case p.opt&extendedMore != 0 && (p.src[p.i] == ' ' || p.src[p.i] == '\t'):
			p.i++
		case p.next(`\E`):
		case p.next(`\Q`):
			text, ok := p.until(`\E`)
			if !ok {
				return p.fail(len(p.src), "missing ] of the class at offset %d", at)
			}
			for i := range len(text) {
				s.add(text[i])
				first = false
			}
		default:
			p.rangeOrItem(&s)
			first = false
		}
	}
	if p.err != nil {
		return n
	}
	if p.opt&CaseInsensitive != 0 {
		s.fold()
	}
	if neg {
		s = s.not()
	}
	n.set = &s
	return n
}

// rangeOrItem parses one byte, range, escape or [:name:] of a class.
func (p *parser) rangeOrItem(s *set) {
	lo, single := p.classItem(s)
	if p.err != nil || p.i+1 >= len(p.src) || p.src[p.i] != '-' || p.src[p.i+1] == ']' {
		if single {
			s.add(lo)
		}
		return
	}
	dash := p.i
	if !single {
		// Behind \d or [:alpha:] a hyphen is an error unless it ends the class.
		p.fail(dash, "invalid range in a class")
		return
	}
	p.i++
	var ignored set
	hi, single := p.classItem(&ignored)
	switch {
	case p.err != nil:
	case !single:
		p.fail(dash, "invalid range in a class")
	case hi < lo:
		p.fail(dash, "range out of order in a class")
	default:
		s.addRange(lo, hi)
	}
}

// classItem parses one item: a single byte, or a set that is added to s.
func (p *parser) classItem(s *set) (c byte, single bool) {
	at := p.i
	c = p.src[p.i]
	if c == '[' {
		if k := p.posixEnd(p.i); k > 0 {
			p.posixClass(s, k)
			return 0, false
		}
	}
	p.i++
	if c != '\\' {
		return c, true
	}
	if !p.more() {
		p.fail(p.i, `\ at the end of the pattern`)
		return 0, false
	}
	if c, single = p.escapedByte(at, true); single || p.err != nil {
		return c, single
	}
	c = p.src[p.i]
	if x := shorthand[c&0x7f]; x != nil && c < 0x80 && c != 'N' && c != 'C' {
		p.i++
		s.or(x)
		return 0, false
	}
	if isDigit(c) || c == 'g' {
		p.i++
		return c, true
	}
	p.fail(p.i, `\%c: unknown or not allowed in a class`, c)
	return 0, false
}

// posixEnd returns the end of the [:name:] that starts at at, or 0.
func (p *parser) posixEnd(at int) int {
	s := p.src[at:]
	if len(s) < 2 || s[1] != ':' && s[1] != '.' && s[1] != '=' {
		return 0
	}
	for k := 2; k+1 < len(s) && s[k] != ']'; k++ {
		if s[k] == '\\' && s[k+1] == ']' || s[k] == '[' && s[k+1] == s[1] {
			return 0
		}
		if s[k] == s[1] && s[k+1] == ']' {
			return at + k + 2
		}
	}
	return 0
}

func (p *parser) posixClass(s *set, end int) {
	at := p.i
	if p.src[at+1] != ':' {
		p.fail(at, "collating elements [%c: not supported", p.src[at+1])
		return
	}
	name, neg := strings.CutPrefix(p.src[at+2:end-2], "^")
	x := posix[name]
	if x == nil {
		p.fail(at, "unknown class [:%s:]", name)
		return
	}
	if p.opt&CaseInsensitive != 0 && (name == "upper" || name == "lower") {
		x = posix["alpha"]
	}
	if neg {
		y := x.not()
		x = &y
	}
	s.or(x)
	p.i = end
}
