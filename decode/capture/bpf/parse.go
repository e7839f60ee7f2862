package bpf

import (
	"fmt"
	"slices"
	"strconv"
)

// Limits of one filter.
const (
	maxText  = 64 << 10 // bytes
	maxDepth = 64       // brackets and "not" inside one another
)

func errorAt(col int, format string, args ...any) *Error {
	return &Error{col, fmt.Sprintf(format, args...)}
}

// parser reads the tokens of one filter.
type parser struct {
	toks  []token
	at    int
	depth int
	link  link       // moved on by vlan, mpls and pppoes
	last  qualifiers // hold for a bare address or port: "port 80 or 443"
}

// qualifiers stand in front of an address, net, port or number.
type qualifiers struct {
	proto string // ether, ip, tcp, ..; empty for any
	dir   dir
	typ   string // host, net, port, portrange, proto; empty is host
	set   bool
}

// parse compiles a filter; nil is one that takes everything.
func parse(text string, l link) (*node, error) {
	if len(text) > maxText {
		return nil, errorAt(maxText, "filter of %d bytes: want at most %d", len(text), maxText)
	}
	toks, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{toks: toks, link: l}
	if p.peek().kind == tokEnd {
		return nil, nil
	}
	n, err := p.expr()
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != tokEnd {
		return nil, errorAt(t.col, "%q: want and, or, or the end", t.text)
	}
	return n, nil
}

func (p *parser) peek() token { return p.toks[p.at] }

// ahead returns the token n behind the next one.
func (p *parser) ahead(n int) token { return p.toks[min(p.at+n, len(p.toks)-1)] }

func (p *parser) next() token {
	t := p.peek()
	if t.kind != tokEnd {
		p.at++
	}
	return t
}

// back gives the token that next returned back.
func (p *parser) back(t token) {
	if t.kind != tokEnd {
		p.at--
	}
}

// accept takes the next token if it is one of words.
func (p *parser) accept(words ...string) bool {
	if t := p.peek(); t.kind != tokAddr && slices.Contains(words, t.text) && t.text != "" {
		p.at++
		return true
	}
	return false
}

// want takes the next token, which must be text.
func (p *parser) want(text string) error {
	if !p.accept(text) {
		return p.unexpected(strconv.Quote(text))
	}
	return nil
}

func (p *parser) unexpected(want string) error {
	t := p.peek()
	if t.kind == tokEnd {
		return errorAt(t.col, "the filter ends, want %s", want)
	}
	return errorAt(t.col, "%q: want %s", t.text, want)
}

// enter counts how deep the text nests.
func (p *parser) enter() error {
	if p.depth++; p.depth > maxDepth {
		return errorAt(p.peek().col, "more than %d brackets and negations inside one another", maxDepth)
	}
	return nil
}

// expr is terms joined by and and or, which bind alike, from left to right.
func (p *parser) expr() (*node, error) {
	n, err := p.term()
	for err == nil {
		o := opAnd
		if p.accept("or", "||") {
			o = opOr
		} else if !p.accept("and", "&&") {
			return n, nil
		}
		var right *node
		if right, err = p.term(); err == nil {
			n = &node{op: o, a: n, b: right}
		}
	}
	return nil, err
}

func (p *parser) term() (*node, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if p.accept("not", "!") {
		n, err := p.term()
		if err != nil {
			return nil, err
		}
		return &node{op: opNot, a: n}, nil
	}
	if p.isRelation() {
		return p.relation()
	}
	if p.accept("(") {
		return p.group()
	}
	return p.primitive()
}

// group is what stands in brackets, behind the opening one.
func (p *parser) group() (*node, error) {
	n, err := p.expr()
	if err != nil {
		return nil, err
	}
	return n, p.want(")")
}

// isRelation looks whether numbers are compared next.
func (p *parser) isRelation() bool {
	t, second := p.peek(), p.ahead(1)
	switch {
	case t.text == "(" && t.kind == tokSign:
		return isCalc(p.behindBracket())
	case t.kind == tokNumber:
		return isCalc(second)
	case t.kind == tokSign:
		return t.text == "-"
	case t.kind == tokWord:
		_, named := numbers[t.text]
		return t.text == "len" && isCalc(second) || named && isCalc(second) || second.kind == tokSign && second.text == "["
	}
	return false
}

// behindBracket returns the token behind the bracket that closes the next one.
func (p *parser) behindBracket() token {
	open := 0
	for i := p.at; i < len(p.toks); i++ {
		if p.toks[i].kind != tokSign {
			continue
		}
		switch p.toks[i].text {
		case "(":
			open++
		case ")":
			if open--; open == 0 {
				return p.toks[min(i+1, len(p.toks)-1)]
			}
		}
	}
	return p.toks[len(p.toks)-1]
}

// Signs that stand between numbers.
var (
	relations = []string{"=", "==", "!=", ">", "<", ">=", "<="}
	calcSigns = []string{"+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"}
)

func isCalc(t token) bool {
	return t.kind == tokSign && (slices.Contains(relations, t.text) || slices.Contains(calcSigns, t.text))
}

// relation is two numbers and what is between them.
func (p *parser) relation() (*node, error) {
	x, err := p.number(0)
	if err != nil {
		return nil, err
	}
	t := p.next()
	if t.kind != tokSign || !slices.Contains(relations, t.text) {
		p.back(t)
		return nil, p.unexpected("=, !=, >, <, >= or <=")
	}
	y, err := p.number(0)
	if err != nil {
		return nil, err
	}
	return &node{op: opCompare, x: x, y: y, rel: t.text}, nil
}

// levels are the operators of numbers, those that bind least first.
var levels = [][]string{{"|"}, {"^"}, {"&"}, {"<<", ">>"}, {"+", "-"}, {"*", "/", "%"}}

// number reads an arithmetic expression whose operators bind at least as much
// as level.
func (p *parser) number(level int) (*num, error) {
	if level == len(levels) {
		return p.operand()
	}
	x, err := p.number(level + 1)
	for err == nil {
		t := p.peek()
		if t.kind != tokSign || !slices.Contains(levels[level], t.text) {
			return x, nil
		}
		p.at++
		var y *num
		if y, err = p.number(level + 1); err == nil {
			if y.op == numConst && y.value == 0 && (t.text == "/" || t.text == "%") {
				return nil, errorAt(t.col, "division by 0")
			}
			x = calc(t.text, x, y)
		}
	}
	return nil, err
}

// calc joins two numbers, at once if both are known.
func calc(op string, x, y *num) *num {
	if x.op == numConst && y.op == numConst {
		if v, t := calculate(op, x.value, y.value); t == yes {
			return &num{op: numConst, value: v}
		}
	}
	return &num{op: numCalc, calc: op, x: x, y: y}
}

func (p *parser) operand() (*num, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	t := p.next()
	switch {
	case t.kind == tokSign && t.text == "-":
		x, err := p.operand()
		if err != nil {
			return nil, err
		}
		return calc("-", &num{op: numConst}, x), nil
	case t.kind == tokSign && t.text == "(":
		x, err := p.number(0)
		if err != nil {
			return nil, err
		}
		return x, p.want(")")
	case t.kind == tokNumber:
		v, err := parseNumber(t)
		return &num{op: numConst, value: v}, err
	case t.kind == tokWord && t.text == "len":
		return &num{op: numLen}, nil
	case t.kind == tokWord && p.peek().text == "[" && p.peek().kind == tokSign:
		return p.access(t)
	case t.kind == tokWord:
		if v, ok := numbers[t.text]; ok {
			return &num{op: numConst, value: v}, nil
		}
	}
	p.back(t)
	return nil, p.unexpected("a number, len or a header such as tcp[13]")
}

func parseNumber(t token) (uint32, error) {
	v, err := strconv.ParseUint(t.text, 0, 32)
	if err != nil {
		return 0, errorAt(t.col, "%q: want a number up to 4294967295", t.text)
	}
	return uint32(v), nil
}

// access is proto[offset:size], behind the name.
func (p *parser) access(name token) (*num, error) {
	n := &num{op: numLoad, size: 1, link: p.link}
	switch proto, isIP := ipProtos[name.text]; {
	case name.text == "ether" || name.text == "link":
		n.layer = layerLink
	case name.text == "ip" || name.text == "ip6" || name.text == "arp" || name.text == "rarp":
		n.layer, n.need = layerNetwork, networks[name.text]
	case name.text == "icmp6":
		n.layer, n.proto = layerICMPv6, proto.number
	case isIP:
		n.layer, n.proto = layerTransport, proto.number
	default:
		return nil, errorAt(name.col, "%q: want ether, ip, ip6, arp, tcp, udp, icmp or another protocol in front of [", name.text)
	}
	p.at++ // the bracket
	var err error
	if n.x, err = p.number(0); err != nil {
		return nil, err
	}
	if p.accept(":") {
		t := p.next()
		switch {
		case t.kind == tokNumber && (t.text == "1" || t.text == "2" || t.text == "4"):
			n.size = int(t.text[0] - '0')
		default:
			return nil, errorAt(t.col, "%q: want a size of 1, 2 or 4 bytes", t.text)
		}
	}
	return n, p.want("]")
}
