package regex

import (
	"fmt"
	"strings"
)

const (
	maxNesting = 250   // parentheses, as PCRE2
	maxRepeat  = 65535 // the highest count of a repeat, as PCRE2
	maxGroups  = 1000
	maxName    = 32 // bytes of a group name, as PCRE2
)

// Options that only the pattern itself can set, beside Flags.
const (
	extendedMore  Flags = 1 << (16 + iota) // xx: blanks in classes are ignored too
	noAutoCapture                          // n: ( does not capture
	bsrAnyCRLF                             // \R is CR, LF or CRLF only
)

// parser turns a pattern into a tree. The first error ends it: fail moves to the
// end of the pattern, so that every loop stops.
type parser struct {
	src    string
	i      int
	opt    Flags
	err    *SyntaxError
	groups int // capture groups so far
	high   int // highest group number
	depth  int
	looks  int // look-around assertions around i
	names  []groupName
	refs   []pendingRef
	called map[int32]bool // groups that are called, 0: all of the pattern
	slab   []node
}

// pendingRef is a reference to a group that may come later.
type pendingRef struct {
	n    *node
	name string // or "": n.num is set
}

func (p *parser) fail(pos int, format string, args ...any) *node {
	if p.err == nil {
		p.err = &SyntaxError{pos, fmt.Sprintf(format, args...)}
	}
	p.i = len(p.src)
	return p.node(kCat)
}

func (p *parser) node(k kind) *node {
	if len(p.slab) == 0 {
		p.slab = make([]node, 16)
	}
	n := &p.slab[0]
	p.slab = p.slab[1:]
	n.kind = k
	n.pos = int32(p.i)
	return n
}

func (p *parser) more() bool { return p.i < len(p.src) }

// next reports whether s stands at the current place, and moves behind it.
func (p *parser) next(s string) bool {
	if strings.HasPrefix(p.src[p.i:], s) {
		p.i += len(s)
		return true
	}
	return false
}

// until returns what stands before end and moves behind it.
func (p *parser) until(end string) (s string, ok bool) {
	k := strings.Index(p.src[p.i:], end)
	if k < 0 {
		return "", false
	}
	s = p.src[p.i : p.i+k]
	p.i += k + len(end)
	return s, true
}

func (p *parser) parse() *node {
	p.leadingVerbs()
	n := p.alternatives(false)
	if p.err == nil && p.more() {
		p.fail(p.i, "unmatched )")
	}
	p.resolve()
	return n
}

// leadingVerbs reads settings such as (*NO_JIT) before the pattern.
func (p *parser) leadingVerbs() {
	for p.err == nil && strings.HasPrefix(p.src[p.i:], "(*") {
		at := p.i
		e := strings.IndexByte(p.src[at:], ')')
		if e < 0 {
			return
		}
		verb, _, _ := strings.Cut(p.src[at+2:at+e], "=")
		switch verb {
		case "NO_START_OPT", "NO_AUTO_POSSESS", "NO_JIT", "NO_DOTSTAR_ANCHOR", "LF", "BSR_UNICODE",
			"LIMIT_MATCH", "LIMIT_DEPTH", "LIMIT_RECURSION", "LIMIT_HEAP":
			// These change how PCRE2 works, not what matches; our limits stand.
		case "BSR_ANYCRLF":
			p.opt |= bsrAnyCRLF
		case "UTF", "UCP", "CR", "CRLF", "ANY", "ANYCRLF", "NUL", "NOTEMPTY", "NOTEMPTY_ATSTART":
			p.fail(at, "(*%s): not supported", verb)
			return
		default:
			return
		}
		p.i += e + 1
	}
}

// alternatives parses up to the closing parenthesis or the end. With reset,
// each alternative numbers its groups from the same number.
func (p *parser) alternatives(reset bool) *node {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxNesting {
		return p.fail(p.i, "parentheses are nested too deeply: want at most %d", maxNesting)
	}
	outer := p.opt
	base := p.groups
	top := base
	n := p.sequence()
	if p.more() && p.src[p.i] == '|' {
		alt := p.node(kAlt)
		alt.sub = []*node{n}
		for p.more() && p.src[p.i] == '|' {
			p.i++
			if reset {
				top = max(top, p.groups)
				p.groups = base
			}
			alt.sub = append(alt.sub, p.sequence())
		}
		n = alt
	}
	p.groups = max(top, p.groups)
	p.opt = outer
	return n
}

// skipIgnored moves over comments, an \E that ends nothing, and white space if
// that is ignored.
func (p *parser) skipIgnored() {
	for p.more() {
		c := p.src[p.i]
		switch {
		case c == '(' && strings.HasPrefix(p.src[p.i:], "(?#"):
			at := p.i
			if _, ok := p.until(")"); !ok {
				p.fail(at, "missing ) after (?# comment")
			}
		case c == '\\' && (p.next(`\E`) || p.next(`\Q\E`)):
		case p.opt&Extended != 0 && (c == ' ' || c >= '\t' && c <= '\r'):
			p.i++
		case p.opt&Extended != 0 && c == '#':
			if _, ok := p.until("\n"); !ok {
				p.i = len(p.src)
			}
		default:
			return
		}
	}
}

func (p *parser) sequence() *node {
	seq := p.node(kCat)
	var last *node // what a repeat would be of
	for {
		p.skipIgnored()
		if !p.more() || p.src[p.i] == '|' || p.src[p.i] == ')' {
			break
		}
		at := p.i
		if lo, hi, ok := p.counts(); ok {
			if last == nil {
				p.fail(at, "quantifier does not follow a repeatable item")
				break
			}
			seq.sub[len(seq.sub)-1] = p.repeat(last, lo, hi)
			last = nil
			continue
		}
		if p.err != nil {
			break
		}
		n, repeatable := p.item()
		last = nil
		if n == nil {
			continue
		}
		if n.kind == kCat && repeatable && len(n.sub) > 1 && p.src[at] == '\\' {
			// \Q...\E: a repeat is of the last byte only
			seq.sub = append(seq.sub, n.sub...)
			last = n.sub[len(n.sub)-1]
			continue
		}
		seq.sub = append(seq.sub, n)
		if repeatable {
			last = n
		}
	}
	if len(seq.sub) == 1 {
		return seq.sub[0]
	}
	return seq
}

// counts reads the start of a quantifier, if there is one. As since PCRE2 10.43,
// the lower count may be left out, and blanks may stand in the braces.
func (p *parser) counts() (lo, hi int32, ok bool) {
	switch p.src[p.i] {
	case '*':
		p.i++
		return 0, unlimited, true
	case '+':
		p.i++
		return 1, unlimited, true
	case '?':
		p.i++
		return 0, 1, true
	case '{':
		k := blanks(p.src, p.i+1)
		lo, k = number(p.src, k)
		hi, k = lo, blanks(p.src, k)
		if k < len(p.src) && p.src[k] == ',' {
			k = blanks(p.src, k+1)
			hi, k = number(p.src, k)
			k = blanks(p.src, k)
			switch {
			case lo < 0 && hi < 0:
				return 0, 0, false
			case lo < 0:
				lo = 0
			case hi < 0:
				hi = unlimited
			}
		}
		if lo < 0 || k == len(p.src) || p.src[k] != '}' {
			return 0, 0, false
		}
		if lo > maxRepeat || hi > maxRepeat {
			p.fail(k, "repeat count: want at most %d", maxRepeat)
			return 0, 0, false
		}
		p.i = k + 1
		if hi != unlimited && hi < lo {
			p.fail(p.i-1, "numbers out of order in {} quantifier")
			return 0, 0, false
		}
		return lo, hi, true
	}
	return 0, 0, false
}

// blanks returns the first place from i on without a space or tab.
func blanks(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t') {
		i++
	}
	return i
}

// number reads decimal digits of s from i on; v is -1 if there are none, and
// stays above every limit if it is too large.
func number(s string, i int) (v int32, end int) {
	v = -1
	for ; i < len(s) && isDigit(s[i]); i++ {
		v = min(max(v, 0)*10+int32(s[i]-'0'), 1<<20)
	}
	return v, i
}

// repeat makes a repeat of n and reads what may follow its counts.
func (p *parser) repeat(n *node, lo, hi int32) *node {
	r := p.node(kRepeat)
	r.min, r.max, r.sub = lo, hi, []*node{n}
	r.lazy = p.opt&Ungreedy != 0
	if p.opt&Extended != 0 {
		p.skipIgnored()
	}
	switch {
	case p.next("+"):
		r.poss, r.lazy = true, false
	case p.next("?"):
		r.lazy = !r.lazy
	}
	if n.kind == kLook {
		// An assertion that held once holds again.
		r.min = min(r.min, 1)
		r.max = 1
		if hi == 0 {
			r.max = 0
		}
	}
	return r
}

// item parses one item; nil if it leaves nothing in the tree.
func (p *parser) item() (n *node, repeatable bool) {
	at := p.i
	c := p.src[p.i]
	p.i++
	switch c {
	case '(':
		return p.group(at)
	case '[':
		return p.bracket(at), true
	case '.':
		n = p.node(kSet)
		n.set = &setNotLF
		if p.opt&DotAll != 0 {
			n.set = &setAll
		}
		return n, true
	case '^':
		if p.opt&Multiline != 0 {
			return p.assert(lineBegin), false
		}
		return p.assert(bufBegin), false
	case '$':
		switch {
		case p.opt&Multiline != 0:
			return p.assert(lineEnd), false
		case p.opt&DollarEndOnly != 0:
			return p.assert(bufEnd), false
		}
		return p.assert(bufEndLF), false
	case '\\':
		return p.escape(at)
	}
	return p.literal(c), true
}

func (p *parser) literal(c byte) *node {
	n := p.node(kByte)
	n.c = c
	n.fold = p.opt&CaseInsensitive != 0 && isLetter(c)
	return n
}

func (p *parser) assert(c byte) *node {
	n := p.node(kAssert)
	n.c = c
	return n
}

// refer makes n a reference to a group by name, or by the number in n.num.
func (p *parser) refer(n *node, name string) *node {
	n.fold = p.opt&CaseInsensitive != 0
	p.refs = append(p.refs, pendingRef{n, name})
	return n
}

// resolve gives references by name their numbers and checks all of them.
func (p *parser) resolve() {
	for _, r := range p.refs {
		if p.err != nil {
			return
		}
		if r.name != "" {
			r.n.num = -1
			for _, g := range p.names {
				if g.name == r.name {
					r.n.num = int32(g.group)
				}
			}
		}
		if r.n.num < 0 || int(r.n.num) > p.high {
			p.fail(int(r.n.pos), "reference to a group that does not exist")
			return
		}
		if r.n.kind == kCall {
			if p.called == nil {
				p.called = map[int32]bool{}
			}
			p.called[r.n.num] = true
		}
	}
}
