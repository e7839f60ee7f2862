package regex

import "strings"

// group parses from behind the opening parenthesis at at.
func (p *parser) group(at int) (n *node, repeatable bool) {
	if p.next("*") {
		return p.verb(at)
	}
	if !p.next("?") {
		if p.opt&noAutoCapture != 0 {
			return p.closed(p.alternatives(false), at), true
		}
		return p.capture("", at), true
	}
	switch {
	case !p.more():
	case p.next(":"):
		return p.closed(p.alternatives(false), at), true
	case p.next("|"):
		return p.closed(p.alternatives(true), at), true
	case p.next(">"):
		return p.atomic(at), true
	case p.next("="):
		return p.look(at, false, false), true
	case p.next("!"):
		return p.look(at, true, false), true
	case p.next("<="):
		return p.look(at, false, true), true
	case p.next("<!"):
		return p.look(at, true, true), true
	case p.next("*"), p.next("<*"):
		return p.fail(at, "non-atomic look-around: not supported"), false
	case p.next("P<"), p.next("<"):
		return p.named(">", at), true
	case p.next("'"):
		return p.named("'", at), true
	case p.next("P="):
		return p.refer(p.node(kRef), p.name(")")), true
	case p.next("P>"), p.next("&"):
		return p.refer(p.node(kCall), p.name(")")), true
	case p.next("("):
		return p.conditional(at), true
	case p.next("C"):
		return p.fail(at, "callouts: not supported"), false
	case p.next("R"):
		if !p.next(")") {
			return p.fail(p.i, "(?R must be followed by )"), false
		}
		return p.refer(p.node(kCall), ""), true
	case isDigit(p.src[p.i]), len(p.src) > p.i+1 && (p.src[p.i] == '+' || p.src[p.i] == '-') && isDigit(p.src[p.i+1]):
		n = p.node(kCall)
		n.num = p.groupNumber()
		if p.err == nil && !p.next(")") {
			return p.fail(p.i, "missing ) behind a group number"), false
		}
		return p.refer(n, ""), true
	default:
		return p.options(at)
	}
	return p.fail(p.i, "missing )"), false
}

// closed reads the closing parenthesis of the group at at behind n.
func (p *parser) closed(n *node, at int) *node {
	if p.err == nil && !p.next(")") {
		return p.fail(p.i, "missing ) of the group at offset %d", at)
	}
	if n.kind != kAlt && n.kind != kLook {
		return n
	}
	// What stands around must not take these alternatives for its own, nor the
	// group for the assertion in it.
	w := p.node(kCat)
	w.sub = []*node{n}
	return w
}

func (p *parser) capture(name string, at int) *node {
	if p.groups++; p.groups > maxGroups {
		return p.fail(at, "too many groups: want at most %d", maxGroups)
	}
	n := p.node(kGroup)
	n.num = int32(p.groups)
	p.high = max(p.high, p.groups)
	if name != "" {
		for _, g := range p.names {
			if g.name == name && g.group != p.groups {
				return p.fail(at, "two groups have the name %q", name)
			}
			if g.name != name && g.group == p.groups {
				return p.fail(at, "groups of the same number have the names %q and %q", g.name, name)
			}
		}
		p.names = append(p.names, groupName{name, p.groups})
	}
	n.sub = []*node{p.closed(p.alternatives(false), at)}
	return n
}

func (p *parser) named(end string, at int) *node {
	name := p.name(end)
	if p.err != nil {
		return p.node(kCat)
	}
	return p.capture(name, at)
}

// name reads a group name up to end.
func (p *parser) name(end string) string {
	at := p.i
	for p.more() && isWord(p.src[p.i]) {
		p.i++
	}
	name := p.src[at:p.i]
	switch {
	case name == "":
		p.fail(p.i, "group name expected")
	case isDigit(name[0]):
		p.fail(at, "group name must not start with a digit")
	case len(name) > maxName:
		p.fail(at, "group name: want at most %d bytes", maxName)
	case !p.next(end):
		p.fail(p.i, "missing %s behind a group name", end)
	}
	return name
}

// groupNumber reads a group number, which a sign makes relative.
func (p *parser) groupNumber() int32 {
	at := p.i
	sign := p.src[p.i]
	if sign == '-' || sign == '+' {
		p.i++
	}
	v, end := number(p.src, p.i)
	p.i = end
	switch {
	case v < 0:
		p.fail(at, "group number expected")
	case sign == '-' && (v == 0 || int(v) > p.groups):
		p.fail(p.i, "reference to a group that does not exist")
	case sign == '-':
		return int32(p.groups) - v + 1
	case sign == '+' && v == 0:
		p.fail(p.i, "(?+0 is not allowed")
	case sign == '+':
		return int32(p.groups) + v
	}
	return v
}

func (p *parser) atomic(at int) *node {
	n := p.node(kAtomic)
	n.sub = []*node{p.closed(p.alternatives(false), at)}
	return n
}

func (p *parser) look(at int, neg, behind bool) *node {
	n := p.node(kLook)
	n.pos = int32(at)
	n.neg, n.behind = neg, behind
	p.looks++
	n.sub = []*node{p.alternatives(false)}
	p.looks--
	if p.err == nil && !p.next(")") {
		return p.fail(p.i, "missing ) of the group at offset %d", at)
	}
	return n
}

// verb parses (*VERB) and the worded forms of assertions.
func (p *parser) verb(at int) (n *node, repeatable bool) {
	end := strings.IndexAny(p.src[p.i:], ":)")
	if end < 0 {
		return p.fail(p.i, "missing ) behind (*"), false
	}
	name := p.src[p.i : p.i+end]
	colon := p.src[p.i+end] == ':'
	p.i += end + 1
	if colon {
		switch name {
		case "pla", "positive_lookahead":
			return p.look(at, false, false), true
		case "nla", "negative_lookahead":
			return p.look(at, true, false), true
		case "plb", "positive_lookbehind":
			return p.look(at, false, true), true
		case "nlb", "negative_lookbehind":
			return p.look(at, true, true), true
		case "atomic":
			return p.atomic(at), true
		}
	} else if name == "F" || name == "FAIL" {
		return p.node(kFail), false
	}
	return p.fail(at, "(*%s: not supported or unknown", name), false
}

// options parses (?i) and (?i:...).
func (p *parser) options(at int) (n *node, repeatable bool) {
	opt := p.opt
	on := true
	if p.next("^") {
		opt &^= CaseInsensitive | Multiline | DotAll | Extended | extendedMore | noAutoCapture
	}
	for p.more() {
		c := p.src[p.i]
		p.i++
		var f Flags
		switch c {
		case ')':
			p.opt = opt
			return nil, false
		case ':':
			outer := p.opt
			p.opt = opt
			n = p.closed(p.alternatives(false), at)
			p.opt = outer
			return n, true
		case '-':
			if !on || p.src[p.i-2] == '^' {
				return p.fail(p.i-1, "invalid hyphen in option setting"), false
			}
			on = false
			continue
		case 'i':
			f = CaseInsensitive
		case 'm':
			f = Multiline
		case 's':
			f = DotAll
		case 'x':
			f = Extended
			if !on || p.next("x") {
				f |= extendedMore
			} else {
				opt &^= extendedMore
			}
		case 'n':
			f = noAutoCapture
		case 'U':
			f = Ungreedy
		case 'J':
			return p.fail(p.i-1, "duplicate names (?J): not supported"), false
		default:
			return p.fail(p.i-1, "unknown option or group (?%s", p.src[at+2:p.i]), false
		}
		if on {
			opt |= f
		} else {
			opt &^= f
		}
	}
	return p.fail(p.i, "missing )"), false
}

// conditional parses from behind (?( of the group at at.
func (p *parser) conditional(at int) *node {
	n := p.node(kCond)
	n.pos = int32(at)
	var look *node
	switch {
	case p.next("?="):
		look = p.look(at+2, false, false)
	case p.next("?!"):
		look = p.look(at+2, true, false)
	case p.next("?<="):
		look = p.look(at+2, false, true)
	case p.next("?<!"):
		look = p.look(at+2, true, true)
	case p.next("*"):
		look, _ = p.verb(at + 2)
		if p.err == nil && look.kind != kLook {
			return p.fail(at, "assertion expected behind (?(")
		}
	case p.next("?"):
		return p.fail(p.i-1, "assertion expected behind (?(")
	case p.next("<"):
		p.refer(n, p.name(">"))
		p.next(")")
	case p.next("'"):
		p.refer(n, p.name("'"))
		p.next(")")
	case p.more() && (isDigit(p.src[p.i]) || p.src[p.i] == '-' || p.src[p.i] == '+'):
		n.num = p.groupNumber()
		if n.num == 0 && p.err == nil {
			return p.fail(p.i, "a condition on group 0 is not allowed")
		}
		p.refer(n, "")
		p.condClose()
	case p.next("VERSION"):
		return p.fail(at, "condition on a version: not supported")
	default:
		p.namedCondition(n)
	}
	if p.err != nil {
		return n
	}
	body := p.alternatives(false)
	n.sub = []*node{body, p.node(kCat)}
	if body.kind == kAlt {
		if len(body.sub) > 2 {
			return p.fail(at, "conditional group has more than two branches")
		}
		if n.cond == condDefine {
			return p.fail(at, "DEFINE group has more than one branch")
		}
		n.sub = body.sub[:2:2]
	}
	if look != nil {
		n.cond = condLook
		n.sub = append(n.sub, look)
	}
	return p.closed(n, at)
}

func (p *parser) condClose() {
	if p.err == nil && !p.next(")") {
		p.fail(p.i, "missing ) behind a condition")
	}
}

// namedCondition parses (name), (R), (R1), (R&name) and (DEFINE).
func (p *parser) namedCondition(n *node) {
	if p.next("R&") {
		n.cond = condCalledFor
		p.refer(n, p.name(")"))
		return
	}
	name := p.name(")")
	if p.err != nil {
		return
	}
	known := false
	for _, g := range p.names {
		known = known || g.name == name
	}
	num, end := number(name, 1)
	switch {
	case name == "DEFINE" && !known:
		n.cond = condDefine
	case name == "R" && !known:
		n.cond = condCalled
	case name[0] == 'R' && end == len(name) && num >= 0 && !known:
		n.cond, n.num = condCalledFor, num
		p.refer(n, "")
	default:
		p.refer(n, name)
	}
}
