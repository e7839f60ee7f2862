// Package regex is a prototype byte-oriented backtracking regex engine with
// PCRE's semantics for what IDS rules use: look-around, back references,
// atomic groups, possessive quantifiers, bytes instead of runes, a step limit.
package regex

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

type set [4]uint64

func (s *set) add(c byte)      { s[c>>6] |= 1 << (c & 63) }
func (s *set) has(c byte) bool { return s[c>>6]>>(c&63)&1 != 0 }
func (s *set) rng(a, b int) {
	for c := a; c <= b; c++ {
		s.add(byte(c))
	}
}
func (s *set) or(o set) {
	for i := range s {
		s[i] |= o[i]
	}
}
func (s *set) not() (o set) {
	for i := range s {
		o[i] = ^s[i]
	}
	return
}
func (s *set) fold() {
	for c := byte('a'); c <= 'z'; c++ {
		if s.has(c) || s.has(c^32) {
			s.add(c)
			s.add(c ^ 32)
		}
	}
}
func (s *set) single() (byte, bool) {
	n, r := 0, 0
	for c := 0; c < 256; c++ {
		if s.has(byte(c)) {
			n++
			r = c
		}
	}
	return byte(r), n == 1
}

type kind uint8

const (
	kEmpty kind = iota
	kSet
	kCat
	kAlt
	kRep
	kGroup
	kRef
	kLook
	kAtomic
	kAssert
)

type node struct {
	k        kind
	s        set
	sub      []*node
	min, max int // kRep; max -1: no limit
	lazy     bool
	poss     bool
	n        int // capture or reference number
	neg      bool
	behind   bool
	a        byte // kAssert: ^ $ A z Z b B m(^ multi) M($ multi)
	fold     bool
}

type flags struct{ i, s, m, x, ungreedy, dollarEnd bool }

type parser struct {
	p     string
	i     int
	f     flags
	ncap  int
	names map[string]int
	depth int
}

var errEnd = errors.New("unexpected end")

func (p *parser) more() bool { return p.i < len(p.p) }

func (p *parser) alt() (*node, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > 250 {
		return nil, errors.New("nested too deep")
	}
	var alts []*node
	f0 := p.f
	for {
		c, err := p.cat()
		if err != nil {
			return nil, err
		}
		alts = append(alts, c)
		if p.more() && p.p[p.i] == '|' {
			p.i++
			continue
		}
		break
	}
	p.f = f0
	if len(alts) == 1 {
		return alts[0], nil
	}
	return &node{k: kAlt, sub: alts}, nil
}

func (p *parser) cat() (*node, error) {
	c := &node{k: kCat}
	for p.more() {
		ch := p.p[p.i]
		if ch == '|' || ch == ')' {
			break
		}
		if p.f.x {
			if ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r' {
				p.i++
				continue
			}
			if ch == '#' {
				for p.more() && p.p[p.i] != '\n' {
					p.i++
				}
				continue
			}
		}
		n, err := p.atom()
		if err != nil {
			return nil, err
		}
		if n == nil {
			continue
		}
		for p.more() {
			q, err := p.quant(n)
			if err != nil {
				return nil, err
			}
			if q == nil {
				break
			}
			n = q
		}
		c.sub = append(c.sub, n)
	}
	return c, nil
}

func (p *parser) quant(n *node) (*node, error) {
	mn, mx := 0, -1
	switch p.p[p.i] {
	case '*':
		p.i++
	case '+':
		mn = 1
		p.i++
	case '?':
		mx = 1
		p.i++
	case '{':
		e := strings.IndexByte(p.p[p.i:], '}')
		if e < 0 {
			return nil, nil
		}
		b := p.p[p.i+1 : p.i+e]
		a, c, two := strings.Cut(b, ",")
		v, err := strconv.Atoi(a)
		if err != nil {
			return nil, nil
		}
		mn, mx = v, v
		if two {
			mx = -1
			if c != "" {
				if mx, err = strconv.Atoi(c); err != nil {
					return nil, nil
				}
			}
		}
		p.i += e + 1
	default:
		return nil, nil
	}
	r := &node{k: kRep, sub: []*node{n}, min: mn, max: mx, lazy: p.f.ungreedy}
	if p.more() && p.p[p.i] == '?' {
		r.lazy = !r.lazy
		p.i++
	} else if p.more() && p.p[p.i] == '+' {
		r.poss, r.lazy = true, false
		p.i++
	}
	return r, nil
}

func (p *parser) lit(c byte) *node {
	n := &node{k: kSet}
	n.s.add(c)
	if p.f.i {
		n.s.fold()
	}
	return n
}

func (p *parser) name(end byte) (string, error) {
	e := strings.IndexByte(p.p[p.i:], end)
	if e < 0 {
		return "", errEnd
	}
	s := p.p[p.i : p.i+e]
	p.i += e + 1
	return s, nil
}

func (p *parser) group(n *node, err error) (*node, error) {
	if err != nil {
		return nil, err
	}
	if !p.more() || p.p[p.i] != ')' {
		return nil, errors.New("missing )")
	}
	p.i++
	return n, nil
}

func (p *parser) capture(name string) (*node, error) {
	p.ncap++
	k := p.ncap
	if name != "" {
		p.names[name] = k
	}
	n, err := p.group(p.alt())
	if err != nil {
		return nil, err
	}
	return &node{k: kGroup, sub: []*node{n}, n: k}, nil
}

func (p *parser) atom() (*node, error) {
	ch := p.p[p.i]
	p.i++
	switch ch {
	case '(':
		if !p.more() || p.p[p.i] != '?' {
			return p.capture("")
		}
		r := p.p[p.i+1:]
		switch {
		case strings.HasPrefix(r, ":"):
			p.i += 2
			return p.group(p.alt())
		case strings.HasPrefix(r, "|"):
			return nil, errors.New("branch reset")
		case strings.HasPrefix(r, ">"):
			p.i += 2
			n, err := p.group(p.alt())
			return &node{k: kAtomic, sub: []*node{n}}, err
		case strings.HasPrefix(r, "="), strings.HasPrefix(r, "!"):
			p.i += 2
			n, err := p.group(p.alt())
			return &node{k: kLook, sub: []*node{n}, neg: r[0] == '!'}, err
		case strings.HasPrefix(r, "<="), strings.HasPrefix(r, "<!"):
			p.i += 3
			n, err := p.group(p.alt())
			return &node{k: kLook, sub: []*node{n}, neg: r[1] == '!', behind: true}, err
		case strings.HasPrefix(r, "P<"), strings.HasPrefix(r, "<"), strings.HasPrefix(r, "'"):
			e := byte('>')
			p.i += 2
			if r[0] == 'P' {
				p.i++
			} else if r[0] == '\'' {
				e = '\''
			}
			nm, err := p.name(e)
			if err != nil {
				return nil, err
			}
			return p.capture(nm)
		case strings.HasPrefix(r, "P="):
			p.i += 3
			nm, err := p.name(')')
			if err != nil {
				return nil, err
			}
			k, ok := p.names[nm]
			if !ok {
				return nil, fmt.Errorf("no group %q", nm)
			}
			return &node{k: kRef, n: k, fold: p.f.i}, nil
		case strings.HasPrefix(r, "#"):
			p.i++
			_, err := p.name(')')
			return nil, err
		}
		// inline flags
		on := true
		f := p.f
		p.i++
		for p.more() {
			c := p.p[p.i]
			p.i++
			switch c {
			case '-':
				on = false
			case 'i':
				f.i = on
			case 's':
				f.s = on
			case 'm':
				f.m = on
			case 'x':
				f.x = on
			case 'U':
				f.ungreedy = on
			case ')':
				p.f = f
				return nil, nil
			case ':':
				f0 := p.f
				p.f = f
				n, err := p.group(p.alt())
				p.f = f0
				return n, err
			default:
				return nil, fmt.Errorf("(?%c", c)
			}
		}
		return nil, errEnd
	case '[':
		s, err := p.class()
		if err != nil {
			return nil, err
		}
		return &node{k: kSet, s: s}, nil
	case '.':
		n := &node{k: kSet}
		var s set
		if !p.f.s {
			s.add('\n')
		}
		n.s = s.not()
		return n, nil
	case '^':
		if p.f.m {
			return &node{k: kAssert, a: 'm'}, nil
		}
		return &node{k: kAssert, a: 'A'}, nil
	case '$':
		if p.f.m {
			return &node{k: kAssert, a: 'M'}, nil
		}
		if p.f.dollarEnd {
			return &node{k: kAssert, a: 'z'}, nil
		}
		return &node{k: kAssert, a: 'Z'}, nil
	case '\\':
		return p.escape()
	}
	if ch == '*' || ch == '+' || ch == '?' {
		return nil, errors.New("nothing to repeat")
	}
	return p.lit(ch), nil
}

func hexv(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|32 >= 'a' && c|32 <= 'f':
		return int(c|32-'a') + 10
	}
	return -1
}

var shorthand = func() map[byte]set {
	m := map[byte]set{}
	var d, w, s, h, v set
	d.rng('0', '9')
	w.rng('0', '9')
	w.rng('a', 'z')
	w.rng('A', 'Z')
	w.add('_')
	for _, c := range []byte{9, 10, 11, 12, 13, 32} {
		s.add(c)
	}
	h.add(9)
	h.add(32)
	h.add(0xa0)
	v.rng(10, 13)
	v.add(0x85)
	var nl set
	nl.add('\n')
	m['d'], m['w'], m['s'], m['h'], m['v'], m['N'] = d, w, s, h, v, nl.not()
	for _, c := range []byte("dwshv") {
		x := m[c]
		m[c-32] = x.not()
	}
	return m
}()

// char parses a single-byte escape after the backslash at p.i; ok false if it
// is none.
func (p *parser) char(inClass bool) (byte, bool, error) {
	c := p.p[p.i]
	p.i++
	switch c {
	case 'n':
		return '\n', true, nil
	case 'r':
		return '\r', true, nil
	case 't':
		return '\t', true, nil
	case 'f':
		return '\f', true, nil
	case 'a':
		return 7, true, nil
	case 'e':
		return 27, true, nil
	case 'c':
		if !p.more() {
			return 0, false, errEnd
		}
		x := p.p[p.i]
		p.i++
		if x >= 'a' && x <= 'z' {
			x -= 32
		}
		return x ^ 64, true, nil
	case 'x':
		if p.more() && p.p[p.i] == '{' {
			p.i++
			s, err := p.name('}')
			if err != nil {
				return 0, false, err
			}
			v, err := strconv.ParseUint(s, 16, 8)
			return byte(v), true, err
		}
		v := 0
		for k := 0; k < 2 && p.more() && hexv(p.p[p.i]) >= 0; k++ {
			v = v*16 + hexv(p.p[p.i])
			p.i++
		}
		return byte(v), true, nil
	case 'b':
		if inClass {
			return 8, true, nil
		}
	}
	if c == '0' || inClass && c >= '1' && c <= '7' {
		v := int(c - '0')
		for k := 0; k < 2 && p.more() && p.p[p.i] >= '0' && p.p[p.i] <= '7'; k++ {
			v = v*8 + int(p.p[p.i]-'0')
			p.i++
		}
		return byte(v), true, nil
	}
	if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9') {
		return c, true, nil
	}
	p.i--
	return 0, false, nil
}

func (p *parser) escape() (*node, error) {
	if !p.more() {
		return nil, errEnd
	}
	b, ok, err := p.char(false)
	if err != nil {
		return nil, err
	}
	if ok {
		return p.lit(b), nil
	}
	c := p.p[p.i]
	p.i++
	if s, ok := shorthand[c]; ok {
		return &node{k: kSet, s: s}, nil
	}
	switch c {
	case 'A', 'z', 'Z', 'b', 'B':
		return &node{k: kAssert, a: c}, nil
	case 'Q':
		e := strings.Index(p.p[p.i:], "\\E")
		l := p.p[p.i:]
		if e >= 0 {
			l = p.p[p.i : p.i+e]
			p.i += e + 2
		} else {
			p.i = len(p.p)
		}
		n := &node{k: kCat}
		for j := 0; j < len(l); j++ {
			n.sub = append(n.sub, p.lit(l[j]))
		}
		return n, nil
	case 'R':
		cr := &node{k: kCat, sub: []*node{{k: kSet}, {k: kSet}}}
		cr.sub[0].s.add('\r')
		cr.sub[1].s.add('\n')
		v := &node{k: kSet, s: shorthand['v']}
		return &node{k: kAtomic, sub: []*node{{k: kAlt, sub: []*node{cr, v}}}}, nil
	case 'E':
		return nil, nil
	case 'k', 'g':
		if p.more() && strings.IndexByte("<{'", p.p[p.i]) >= 0 {
			e := map[byte]byte{'<': '>', '{': '}', '\'': '\''}[p.p[p.i]]
			p.i++
			s, err := p.name(e)
			if err != nil {
				return nil, err
			}
			if k, ok := p.names[s]; ok {
				return &node{k: kRef, n: k, fold: p.f.i}, nil
			}
			if k, err := strconv.Atoi(s); err == nil && k > 0 {
				return &node{k: kRef, n: k, fold: p.f.i}, nil
			}
		}
		return nil, errors.New("bad reference")
	}
	if c >= '1' && c <= '9' {
		k := int(c - '0')
		for p.more() && p.p[p.i] >= '0' && p.p[p.i] <= '9' && k*10+int(p.p[p.i]-'0') <= p.ncap {
			k = k*10 + int(p.p[p.i]-'0')
			p.i++
		}
		return &node{k: kRef, n: k, fold: p.f.i}, nil
	}
	return nil, fmt.Errorf("unknown escape \\%c", c)
}

var posix = map[string]string{"alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z", "xdigit": "0-9a-fA-F"}

func (p *parser) class() (set, error) {
	var s set
	neg := false
	if p.more() && p.p[p.i] == '^' {
		neg = true
		p.i++
	}
	first := true
	for {
		if !p.more() {
			return s, errEnd
		}
		c := p.p[p.i]
		if c == ']' && !first {
			p.i++
			break
		}
		first = false
		if c == '[' && strings.HasPrefix(p.p[p.i:], "[:") {
			if e := strings.Index(p.p[p.i:], ":]"); e > 0 {
				nm := p.p[p.i+2 : p.i+e]
				var x set
				ng := strings.HasPrefix(nm, "^")
				nm = strings.TrimPrefix(nm, "^")
				if r, ok := posix[nm]; ok {
					for j := 0; j+2 < len(r); j += 3 {
						x.rng(int(r[j]), int(r[j+2]))
					}
				} else {
					switch nm {
					case "space":
						x = shorthand['s']
					case "word":
						x = shorthand['w']
					case "punct":
						for c := 33; c < 127; c++ {
							if w := shorthand['w']; !w.has(byte(c)) || c == '_' {
								x.add(byte(c))
							}
						}
					case "print":
						x.rng(32, 126)
					case "graph":
						x.rng(33, 126)
					case "cntrl":
						x.rng(0, 31)
						x.add(127)
					case "blank":
						x.add(32)
						x.add(9)
					default:
						return s, fmt.Errorf("[:%s:]", nm)
					}
				}
				if ng {
					x = x.not()
				}
				s.or(x)
				p.i += e + 2
				continue
			}
		}
		p.i++
		lo := c
		if c == '\\' {
			if !p.more() {
				return s, errEnd
			}
			b, ok, err := p.char(true)
			if err != nil {
				return s, err
			}
			if !ok {
				x, ok := shorthand[p.p[p.i]]
				if !ok {
					// an unknown escaped letter is itself
					if p.p[p.i] == 'E' || p.p[p.i] == 'Q' {
						p.i++
						continue
					}
					b = p.p[p.i]
					p.i++
				} else {
					p.i++
					s.or(x)
					continue
				}
			}
			lo = b
		}
		hi := lo
		if p.i+1 < len(p.p) && p.p[p.i] == '-' && p.p[p.i+1] != ']' {
			sv := p.i
			p.i++
			h := p.p[p.i]
			p.i++
			if h == '\\' {
				b, ok, err := p.char(true)
				if err != nil {
					return s, err
				}
				if !ok {
					p.i = sv
					s.add(lo)
					continue
				}
				h = b
			} else if h == '[' && strings.HasPrefix(p.p[p.i:], ":") {
				p.i = sv
				s.add(lo)
				s.add('-')
				p.i++
				continue
			}
			hi = h
			if hi < lo {
				return s, errors.New("range out of order")
			}
		}
		s.rng(int(lo), int(hi))
	}
	if p.f.i {
		s.fold()
	}
	if neg {
		s = s.not()
	}
	return s, nil
}
