package regex

// genRepeat emits a repeat: of single bytes as one instruction, of other things
// written out up to the minimum.
func (c *compiler) genRepeat(n *node, follow front) {
	body := n.sub[0]
	if n.max == 0 {
		if c.hasCalled(body) {
			jump := c.emit(inst{op: opJump}, n)
			c.gen(body, frontAny)
			c.emit(inst{op: opFail}, n)
			c.p.code[jump].x = c.here()
		}
		return
	}
	if s, ok := body.single(); ok {
		c.genRepeatSet(n, &s, follow)
		return
	}
	if n.poss {
		mark := c.reg()
		c.emit(inst{op: opCutBegin, x: mark, y: -1}, n)
		c.genLoop(n, frontAny)
		c.emit(inst{op: opCutEnd, x: mark, y: -1}, n)
		return
	}
	c.genLoop(n, follow)
}

func (c *compiler) hasCalled(n *node) bool {
	found := false
	if len(c.called) > 0 {
		walk(n, func(n *node) { found = found || n.kind == kGroup && c.called[n.num] })
	}
	return found
}

func (c *compiler) genRepeatSet(n *node, s *set, follow front) {
	if n.min == 1 && n.max == 1 {
		c.genSet(n, s)
		return
	}
	in := inst{op: opRepeat, x: int32(c.table(s)), min: n.min, max: n.max, until: -1}
	in.f, in.endF = c.guard(&follow)
	switch {
	case n.poss, n.min == n.max, !follow.any && s.disjoint(&follow.s):
		// Where the run ends is the only place at which the rest can go on.
		in.op = opRepeatPoss
	case n.lazy:
		in.op = opRepeatLazy
	}
	if b, ok := follow.s.only(); ok && !follow.any && !follow.end {
		in.one, in.c = true, b
	}
	if rest := s.not(); rest.empty() {
		in.until = untilNone
	} else if b, ok := rest.only(); ok {
		in.until = int16(b)
	}
	c.emit(in, n)
}

// untilNone is inst.until of a set of all bytes.
const untilNone = 256

func (c *compiler) genLoop(n *node, follow front) {
	body := n.sub[0]
	again := c.frontOf(body, follow)
	behind := again // what can come behind one turn
	behind.or(&follow)
	required := n.min
	if n.max == unlimited && n.min > 0 {
		required-- // the last one is the loop
	}
	for range required {
		before := c.here()
		c.gen(body, behind)
		if c.err != nil || c.here() == before {
			break // a body without code
		}
	}
	if n.max == unlimited {
		c.genUnlimited(n, again, behind, follow)
		return
	}
	var splits []int32
	for range n.max - n.min {
		before := c.here()
		splits = append(splits, c.split2(n.lazy, &again, &follow, n))
		c.gen(body, behind)
		if c.err != nil || c.here() == before+1 {
			break
		}
	}
	for _, sp := range splits {
		c.ways(sp, n.lazy, sp+1, c.here())
	}
}

// genUnlimited emits a loop. A turn that matches nothing is its last.
func (c *compiler) genUnlimited(n *node, again, behind, follow front) {
	enter := int32(-1)
	if n.min == 0 {
		enter = c.split2(n.lazy, &again, &follow, n)
	}
	begin := c.here()
	mark := int32(-1)
	if nullable(n.sub[0]) {
		mark = c.reg()
		c.emit(inst{op: opMark, x: mark}, n)
	}
	c.gen(n.sub[0], behind)
	test := int32(-1)
	if mark >= 0 {
		test = c.emit(inst{op: opLoopTest, x: mark}, n)
	}
	turn := c.split2(n.lazy, &again, &follow, n)
	c.p.code[turn].turn = true
	c.ways(turn, n.lazy, begin, c.here())
	if enter >= 0 {
		c.ways(enter, n.lazy, begin, c.here())
	}
	if test >= 0 {
		c.p.code[test].y = c.here()
	}
}

// split2 emits the choice of a loop: one more turn, or on.
func (c *compiler) split2(lazy bool, again, on *front, n *node) int32 {
	if lazy {
		return c.split(on, again, n)
	}
	return c.split(again, on, n)
}

func (c *compiler) ways(sp int32, lazy bool, again, on int32) {
	if lazy {
		again, on = on, again
	}
	c.p.code[sp].x, c.p.code[sp].y = again, on
}
