package regex

import "strings"

// escape parses from behind the backslash at at.
func (p *parser) escape(at int) (n *node, repeatable bool) {
	if !p.more() {
		return p.fail(p.i, `\ at the end of the pattern`), false
	}
	if c, ok := p.escapedByte(at, false); ok {
		return p.literal(c), true
	}
	if p.err != nil {
		return p.node(kCat), false
	}
	c := p.src[p.i]
	p.i++
	switch c {
	case 'A':
		return p.assert(bufBegin), false
	case 'z':
		return p.assert(bufEnd), false
	case 'Z':
		return p.assert(bufEndLF), false
	case 'G':
		return p.assert(searchBegin), false
	case 'b':
		return p.assert(wordEdge), false
	case 'B':
		return p.assert(noWordEdge), false
	case 'K':
		if p.looks > 0 {
			return p.fail(p.i, `\K is not allowed in look-around`), false
		}
		return p.node(kKeep), false
	case 'Q':
		return p.quoted()
	case 'R':
		return p.lineBreak(), true
	case 'k', 'g':
		return p.reference(at, c), true
	case 'N':
		if p.next("{") {
			return p.fail(p.i, `\N{: not supported`), false
		}
	}
	if isDigit(c) {
		p.i--
		n = p.node(kRef)
		n.num, p.i = number(p.src, p.i)
		return p.refer(n, ""), true
	}
	if s := shorthand[c&0x7f]; s != nil && c < 0x80 {
		n = p.node(kSet)
		n.set = s
		return n, true
	}
	return p.fail(at+1, `\%c: unknown or not supported`, c), false
}

// quoted parses from behind \Q to behind \E.
func (p *parser) quoted() (n *node, repeatable bool) {
	text, ok := p.until(`\E`)
	if !ok {
		text, p.i = p.src[p.i:], len(p.src)
	}
	if len(text) == 1 {
		return p.literal(text[0]), true
	}
	n = p.node(kCat)
	n.sub = make([]*node, len(text))
	for i := range len(text) {
		n.sub[i] = p.literal(text[i])
	}
	return n, true
}

// lineBreak makes \R: CRLF, or one byte that ends a line, and it stays so.
func (p *parser) lineBreak() *node {
	cr, lf, one := p.node(kByte), p.node(kByte), p.node(kSet)
	cr.c, lf.c = '\r', '\n'
	one.set = shorthand['v']
	if p.opt&bsrAnyCRLF != 0 {
		s := setOf('\r', '\n')
		one.set = &s
	}
	both, alt, n := p.node(kCat), p.node(kAlt), p.node(kAtomic)
	both.sub = []*node{cr, lf}
	alt.sub = []*node{both, one}
	n.sub = []*node{alt}
	return n
}

// reference parses \k and \g from behind the letter.
func (p *parser) reference(at int, letter byte) *node {
	n := p.node(kRef)
	n.pos = int32(at)
	if letter == 'g' {
		switch {
		case p.next("<"):
			return p.callByName(n, ">")
		case p.next("'"):
			return p.callByName(n, "'")
		case p.next("{"):
			if !p.more() || isLetter(p.src[p.i]) || p.src[p.i] == '_' {
				return p.refer(n, p.name("}"))
			}
			n.num = p.groupNumber()
			if p.err == nil && !p.next("}") {
				return p.fail(p.i, "missing } behind a group number")
			}
		default:
			if !p.more() {
				return p.fail(p.i, `\g: group expected`)
			}
			n.num = p.groupNumber()
		}
		if n.num == 0 && p.err == nil {
			return p.fail(p.i, "a reference to group 0 is not allowed")
		}
		return p.refer(n, "")
	}
	switch {
	case p.next("{"):
		return p.refer(n, p.name("}"))
	case p.next("<"):
		return p.refer(n, p.name(">"))
	case p.next("'"):
		return p.refer(n, p.name("'"))
	}
	return p.fail(p.i, `\k: group name expected`)
}

// callByName parses the call \g<name> or \g<number> up to end.
func (p *parser) callByName(n *node, end string) *node {
	n.kind = kCall
	if p.more() && (isLetter(p.src[p.i]) || p.src[p.i] == '_') {
		return p.refer(n, p.name(end))
	}
	if !p.more() {
		return p.fail(p.i, `\g: group expected`)
	}
	n.num = p.groupNumber()
	if p.err == nil && !p.next(end) {
		return p.fail(p.i, "missing %s behind a group number", end)
	}
	return p.refer(n, "")
}

// escapedByte parses an escape that stands for one byte, from behind the
// backslash at at; otherwise it does not move, or fails.
func (p *parser) escapedByte(at int, inClass bool) (b byte, ok bool) {
	c := p.src[p.i]
	if c >= 0x80 || !isLetter(c) && !isDigit(c) {
		p.i++
		return c, true
	}
	switch c {
	case 'a', 'e', 'f', 'n', 'r', 't':
		p.i++
		return "\a\x1b\f\n\r\t"[strings.IndexByte("aefnrt", c)], true
	case 'b':
		if inClass {
			p.i++
			return '\b', true
		}
	case 'c':
		p.i++
		if !p.more() {
			p.fail(p.i, `\c at the end of the pattern`)
			return 0, false
		}
		x := p.src[p.i]
		if x < ' ' || x > '~' {
			p.fail(p.i, `\c must be followed by a printable ASCII character`)
			return 0, false
		}
		p.i++
		if isLetter(x) {
			x &^= 0x20
		}
		return x ^ 0x40, true
	case 'o':
		p.i++
		if !p.next("{") {
			p.fail(p.i, `missing { behind \o`)
			return 0, false
		}
		return p.braced(at, 8)
	case 'x':
		p.i++
		if p.next("{") {
			return p.braced(at, 16)
		}
		for k := 0; k < 2 && p.more() && hexDigit(p.src[p.i]) >= 0; k++ {
			b = b<<4 | byte(hexDigit(p.src[p.i]))
			p.i++
		}
		return b, true
	}
	if isDigit(c) && p.octal(c, inClass) {
		v := 0
		for k := 0; k < 3 && p.more() && p.src[p.i] >= '0' && p.src[p.i] <= '7'; k++ {
			v = v<<3 | int(p.src[p.i]-'0')
			p.i++
		}
		if v > 0xff {
			p.fail(p.i, `octal value is greater than \377`)
			return 0, false
		}
		return byte(v), true
	}
	return 0, false
}

// octal reports whether the digits at i are an octal number, as opposed to the
// number of a group: in a class always, otherwise with a leading 0, or from two
// digits on if there are not as many groups yet.
func (p *parser) octal(c byte, inClass bool) bool {
	switch {
	case c >= '8':
		return false
	case inClass || c == '0':
		return true
	}
	v, end := number(p.src, p.i)
	return end-p.i > 1 && int(v) > p.groups
}

// braced parses the digits of \x{...} or \o{...} and the brace.
func (p *parser) braced(at, base int) (b byte, ok bool) {
	digits, closed := p.until("}")
	v := 0
	for i := range len(digits) {
		d := hexDigit(digits[i])
		if d < 0 || d >= base {
			closed = false
		}
		v = min(v*base+d, 1<<20)
	}
	switch {
	case !closed || digits == "":
		p.fail(at, "digits and } expected")
	case v > 0xff:
		p.fail(at, "value in braces is above ff: characters are bytes")
	default:
		return byte(v), true
	}
	return 0, false
}
