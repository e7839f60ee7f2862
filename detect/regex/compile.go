package regex

import (
	"math/bits"
	"slices"

	"weir/detect/mpm"
)

// compiler emits the code of one pattern.
type compiler struct {
	p      *Program
	err    *SyntaxError
	sets   []set   // what tables hold, in order
	groups []*node // first group of each number
	called map[int32]bool
	start  []int32 // place of each called group, -1: not yet emitted
	calls  []int32 // opCall and opIfCalled whose x is still a group number
	alone  bool    // a place and a position tell the rest of the match: the memo may be used
	work   int     // visits of nodes that are left
}

// maxWork bounds the visits of nodes while compiling, since repeats visit their
// body again and again; it takes well under a second. PCRE2 refuses such
// patterns by the size of their code.
const maxWork = 4 << 20

func generate(root *node, ps *parser, flags Flags, lim Limits) (*Program, error) {
	p := &Program{
		groups: ps.high + 1, names: ps.names, limits: lim,
		lead: noTable, first: noTable, firstByte: -1,
		code: make([]inst, 0, len(ps.src)/2+4),
	}
	p.regs = 2*p.groups + fixedRegs
	c := compiler{p: p, called: ps.called, alone: true, work: maxWork}
	c.groups = make([]*node, p.groups)
	c.start = make([]int32, p.groups)
	for i := range c.start {
		c.start[i] = -1
	}
	c.start[0] = 0
	depends := false
	walk(root, func(n *node) {
		switch n.kind {
		case kGroup:
			if c.groups[n.num] == nil {
				c.groups[n.num] = n
			}
		case kCall:
			p.hasCall, depends = true, true
		case kRef, kCond:
			depends = true
		case kLook, kAtomic:
			c.alone = false
		case kRepeat:
			if _, ok := n.sub[0].single(); n.poss && !ok {
				c.alone = false
			}
		}
	})
	c.alone = c.alone && !depends
	c.gen(root, frontAny)
	c.emit(inst{op: opMatch}, root)
	for _, at := range c.calls {
		in := &p.code[at]
		group := in.x
		if in.x = c.start[group]; in.op == opCall {
			in.y = in.x
			if group == 0 {
				in.y = callAll
			}
		} else if group == 0 {
			in.x = callAll
		}
	}
	if c.err != nil {
		return nil, c.err
	}
	c.starts(root, flags, depends)
	if c.alone {
		c.memoRows()
	}
	p.code = slices.Clip(p.code)
	return p, nil
}

// starts finds out how matches can begin and what they contain.
func (c *compiler) starts(root *node, flags Flags, depends bool) {
	p := c.p
	p.anchored = flags&Anchored != 0 || startsWith(root, func(c byte) bool { return c == bufBegin || c == searchBegin })
	p.lineStart = startsWith(root, func(c byte) bool { return c == bufBegin || c == lineBegin })
	f := c.frontOf(root, frontAny)
	if !f.any && !f.end {
		if b, ok := f.s.only(); ok {
			p.firstByte = int(b)
		} else if f.s.len() < 256 {
			p.first = c.table(&f.s)
		}
	}
	if s, ok := leadSet(root); ok && !depends {
		p.lead = c.table(&s)
	}
	var head Literal
	p.need, head = findNeed(root)
	switch n := len(p.need.lit.Bytes); {
	case n == 0:
	case p.need.hi == 0 && n == 1 && p.firstByte >= 0:
		// Looking for the first byte finds it.
	default:
		p.find = mpm.NewFinder(p.need.lit.Bytes, p.need.lit.NoCase)
		if p.need.hi == 0 {
			p.firstByte, p.first = -1, noTable // it tells all of that
		} else if len(head.Bytes) > 1 && !p.anchored {
			p.findHead = mpm.NewFinder(head.Bytes, head.NoCase)
		}
	}
}

// memoRows gives the instructions that leave choices their rows of the memo: one
// for being entered, and for a repeat one for what comes behind it.
func (c *compiler) memoRows() {
	for i := range c.p.code {
		switch in := &c.p.code[i]; in.op {
		case opSplit:
			in.row = int32(c.p.rows)
			c.p.rows++
		case opRepeat, opRepeatLazy:
			in.row = int32(c.p.rows)
			c.p.rows += 2
		}
	}
}

func (c *compiler) fail(n *node, msg string) {
	if c.err == nil {
		c.err = &SyntaxError{int(n.pos), msg}
	}
}

// spend counts a visit of n.
func (c *compiler) spend(n *node) {
	if c.work--; c.work < 0 {
		c.fail(n, "pattern is too large: repeats of large groups")
	}
}

func (c *compiler) emit(in inst, n *node) int32 {
	in.row = -1
	c.p.code = append(c.p.code, in)
	if len(c.p.code) > c.p.limits.Program {
		c.fail(n, "pattern is too large: repeats are written out")
	}
	return int32(len(c.p.code) - 1)
}

func (c *compiler) here() int32 { return int32(len(c.p.code)) }

func (c *compiler) reg() int32 {
	c.p.regs++
	return int32(c.p.regs - 1)
}

// table returns the table of a set, which it shares with the latest equal ones.
func (c *compiler) table(s *set) tableRef {
	const look = 64
	for i := len(c.sets) - 1; i >= max(0, len(c.sets)-look); i-- {
		if c.sets[i] == *s {
			return tableRef(i)
		}
	}
	i := len(c.sets)
	c.sets = append(c.sets, *s)
	if i&7 == 0 {
		c.p.tables = append(c.p.tables, [256]uint8{})
	}
	t := &c.p.tables[i>>3]
	for w, word := range s {
		for ; word != 0; word &= word - 1 {
			t[w<<6|bits.TrailingZeros64(word)] |= 1 << (i & 7)
		}
	}
	return tableRef(i)
}

// guard returns the table of a front, noTable if anything can follow.
func (c *compiler) guard(f *front) (t tableRef, end bool) {
	if f.any {
		return noTable, true
	}
	return c.table(&f.s), f.end
}

// gen emits n; follow is what can come behind it in a successful match.
func (c *compiler) gen(n *node, follow front) {
	if c.spend(n); c.err != nil {
		return
	}
	switch n.kind {
	case kByte, kSet:
		s, _ := n.single()
		c.genSet(n, &s)
	case kCat:
		c.genCat(n.sub, follow)
	case kAlt:
		c.genAlt(n.sub, follow, n)
	case kRepeat:
		c.genRepeat(n, follow)
	case kGroup:
		c.genGroup(n, follow)
	case kAtomic:
		mark := c.reg()
		c.emit(inst{op: opCutBegin, x: mark, y: -1}, n)
		c.gen(n.sub[0], frontAny)
		c.emit(inst{op: opCutEnd, x: mark, y: -1}, n)
	case kLook:
		c.genLook(n)
	case kAssert:
		c.emit(inst{op: opAssert, c: n.c}, n)
	case kRef:
		in := inst{op: opRef, x: n.num}
		if n.fold {
			in.c = 1
		}
		c.emit(in, n)
	case kCall:
		c.calls = append(c.calls, c.emit(inst{op: opCall, x: n.num}, n))
	case kCond:
		c.genCond(n, follow)
	case kKeep:
		c.emit(inst{op: opKeep}, n)
	case kFail:
		c.emit(inst{op: opFail}, n)
	}
}

func (c *compiler) genSet(n *node, s *set) {
	if b, ok := s.only(); ok {
		c.emit(inst{op: opByte, c: b}, n)
	} else if b, ok := s.letter(); ok {
		c.emit(inst{op: opFold, c: b}, n)
	} else {
		c.emit(inst{op: opSet, x: int32(c.table(s))}, n)
	}
}

// genCat emits a sequence, runs of bytes as one string.
func (c *compiler) genCat(sub []*node, follow front) {
	fronts := make([]front, len(sub)+1)
	fronts[len(sub)] = follow
	for i := len(sub) - 1; i > 0; i-- {
		fronts[i] = c.frontOf(sub[i], fronts[i+1])
	}
	for i := 0; i < len(sub); {
		k := i
		fold := false
		for k < len(sub) && sub[k].kind == kByte {
			fold = fold || sub[k].fold
			k++
		}
		if fold {
			// In one string all letters are in either case.
			for k = i; k < len(sub) && sub[k].kind == kByte && (sub[k].fold || !isLetter(sub[k].c)); k++ {
			}
		}
		if k-i < 2 {
			c.gen(sub[i], fronts[i+1])
			i++
			continue
		}
		str := make([]byte, 0, k-i)
		in := inst{op: opStr, x: int32(len(c.p.strs))}
		for _, s := range sub[i:k] {
			c.spend(s)
			b := s.c
			if fold {
				b = lower[b]
				in.op = opStrFold
			}
			str = append(str, b)
		}
		c.p.strs = append(c.p.strs, str)
		c.emit(in, sub[i])
		i = k
	}
}

// genAlt emits alternatives; one that the next byte excludes is not tried.
func (c *compiler) genAlt(sub []*node, follow front, n *node) {
	rest := make([]front, len(sub))
	for i := len(sub) - 1; i >= 0; i-- {
		rest[i] = c.frontOf(sub[i], follow)
		if i+1 < len(sub) {
			rest[i].or(&rest[i+1])
		}
	}
	var ends []int32
	for i, s := range sub {
		if c.err != nil {
			return
		}
		if i == len(sub)-1 {
			c.gen(s, follow)
			break
		}
		f := c.frontOf(s, follow)
		sp := c.split(&f, &rest[i+1], n)
		c.p.code[sp].x = sp + 1
		c.gen(s, follow)
		ends = append(ends, c.emit(inst{op: opJump}, n))
		c.p.code[sp].y = c.here()
	}
	for _, e := range ends {
		c.p.code[e].x = c.here()
	}
}

// split emits a choice between ways that begin with f and, later, g.
func (c *compiler) split(f, g *front, n *node) int32 {
	in := inst{op: opSplit}
	in.f, in.endF = c.guard(f)
	in.g, in.endG = c.guard(g)
	return c.emit(in, n)
}

func (c *compiler) genGroup(n *node, follow front) {
	called := c.called[n.num]
	at := c.here()
	if called {
		follow = frontAny
		if c.start[n.num] < 0 {
			c.start[n.num] = at
		}
	}
	from := c.reg()
	c.emit(inst{op: opMark, x: from}, n)
	c.gen(n.sub[0], follow)
	c.emit(inst{op: opClose, x: 2 * n.num, y: from}, n)
	if called {
		c.emit(inst{op: opReturn, x: at}, n)
	}
}

func (c *compiler) genLook(n *node) {
	mark, pos := c.reg(), c.reg()
	if n.neg {
		begin := c.emit(inst{op: opNegBegin, x: mark, y: pos}, n)
		c.genLookBody(n)
		c.emit(inst{op: opNegEnd, x: mark, y: pos, min: -1}, n)
		c.p.code[begin].min = c.here()
		return
	}
	c.emit(inst{op: opCutBegin, x: mark, y: pos}, n)
	c.genLookBody(n)
	c.emit(inst{op: opCutEnd, x: mark, y: pos}, n)
}

// genLookBody emits what a look-around looks for. Each branch of a look-behind
// goes back by its own width first.
func (c *compiler) genLookBody(n *node) {
	body := n.sub[0]
	if !n.behind {
		c.gen(body, frontAny)
		return
	}
	branches := n.sub
	if body.kind == kAlt {
		branches = body.sub
	}
	var ends []int32
	for i, b := range branches {
		w, ok := c.width(b, 0)
		if !ok {
			c.fail(n, "look-behind assertion is not of fixed length")
			return
		}
		sp := int32(-1)
		if i < len(branches)-1 {
			sp = c.split(&frontAny, &frontAny, n)
			c.p.code[sp].x = sp + 1
		}
		c.emit(inst{op: opBack, x: int32(w)}, n)
		c.gen(b, frontAny)
		if sp >= 0 {
			ends = append(ends, c.emit(inst{op: opJump}, n))
			c.p.code[sp].y = c.here()
		}
	}
	for _, e := range ends {
		c.p.code[e].x = c.here()
	}
}

func (c *compiler) genCond(n *node, follow front) {
	yes, no := n.sub[0], n.sub[1]
	if n.cond == condLook {
		c.genCondLook(n, follow)
		return
	}
	var test int32
	switch n.cond {
	case condDefine:
		test = c.emit(inst{op: opJump}, n)
		c.gen(yes, frontAny)
		c.emit(inst{op: opFail}, n)
		c.p.code[test].x = c.here()
		return
	case condGroup:
		test = c.emit(inst{op: opIfGroup, x: n.num}, n)
	case condCalled:
		test = c.emit(inst{op: opIfCalled, x: -1}, n)
	case condCalledFor:
		test = c.emit(inst{op: opIfCalled, x: n.num}, n)
		c.calls = append(c.calls, test)
	}
	c.gen(yes, follow)
	end := c.emit(inst{op: opJump}, n)
	c.p.code[test].y = c.here()
	c.gen(no, follow)
	c.p.code[end].x = c.here()
}

// genCondLook emits a conditional on an assertion.
func (c *compiler) genCondLook(n *node, follow front) {
	look := n.sub[2]
	mark, pos := c.reg(), c.reg()
	first, second := n.sub[0], n.sub[1]
	begin := c.emit(inst{op: opNegBegin, x: mark, y: pos}, n)
	c.genLookBody(look)
	var neg int32 = -1
	if look.neg {
		first, second = second, first
		neg = c.emit(inst{op: opNegEnd, x: mark, y: pos}, n)
		c.p.code[neg].min = c.here()
	} else {
		c.emit(inst{op: opCutEnd, x: mark, y: pos}, n)
	}
	c.gen(first, follow)
	end := c.emit(inst{op: opJump}, n)
	c.p.code[begin].min = c.here()
	c.gen(second, follow)
	c.p.code[end].x = c.here()
}
