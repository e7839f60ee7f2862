package regex

import (
	"bytes"
	"errors"
)

type op uint8

const (
	oByte  op = iota // c
	oSet             // set x
	oStr             // lits[x]
	oSplit           // x first, then y
	oJmp             // x
	oClose           // group registers x, x+1 = reg y, pos
	oMark            // reg x = pos (loop start)
	oProg            // if pos == reg x goto y
	oRep             // set x, min..max, greedy
	oRepLazy
	oRepPoss
	oRef  // group x, c!=0: fold
	oLook // sub-program from pc+1 to y; c bit0 neg
	oAtomic
	oBack // move back x
	oAssert
	oAccept
)

type inst struct {
	op       op
	c        byte
	x, y     int32
	min, max int32
}

// Regexp is a compiled pattern.
type Regexp struct {
	prog  []inst
	sets  []set
	lits  [][]byte
	nreg  int
	ncap  int
	anch  bool // only at the start
	first *[256]bool
	fb    int    // the single first byte, -1
	req   []byte // a literal every match contains
	lead  *set   // the pattern starts with this set repeated without limit
	// Limit is the step limit of one Match.
	Limit int
}

type comp struct {
	re *Regexp
}

const maxProg = 60000

// Compile compiles p with PCRE flag letters (i s m x A E G).
func Compile(p, fl string) (*Regexp, error) {
	ps := &parser{p: p, names: map[string]int{}}
	anch := false
	for _, c := range fl {
		switch c {
		case 'i':
			ps.f.i = true
		case 's':
			ps.f.s = true
		case 'm':
			ps.f.m = true
		case 'x':
			ps.f.x = true
		case 'G':
			ps.f.ungreedy = true
		case 'E':
			ps.f.dollarEnd = true
		case 'A':
			anch = true
		}
	}
	n, err := ps.alt()
	if err != nil {
		return nil, err
	}
	if ps.more() {
		return nil, errors.New("unmatched )")
	}
	re := &Regexp{ncap: ps.ncap, nreg: 2 * (ps.ncap + 1), fb: -1, Limit: 1 << 17}
	c := &comp{re}
	if err := c.gen(n); err != nil {
		return nil, err
	}
	c.emit(inst{op: oAccept})
	re.anch = anch || startsAnchored(n)
	var f set
	if !firstSet(n, &f) {
		var t [256]bool
		k := 0
		for i := range t {
			t[i] = f.has(byte(i))
			if t[i] {
				k++
			}
		}
		if k < 256 {
			re.first = &t
		}
		if b, ok := f.single(); ok {
			re.fb = int(b)
		}
	}
	re.req = required(n)
	if !re.anch && re.ncap == 0 {
		re.lead = leadRep(n)
	}
	return re, nil
}

func (c *comp) emit(i inst) int {
	c.re.prog = append(c.re.prog, i)
	return len(c.re.prog) - 1
}

func (c *comp) set(s set) int32 {
	for i := len(c.re.sets) - 1; i >= 0; i-- {
		if c.re.sets[i] == s {
			return int32(i)
		}
	}
	c.re.sets = append(c.re.sets, s)
	return int32(len(c.re.sets) - 1)
}

func nullable(n *node) bool {
	switch n.k {
	case kSet:
		return false
	case kCat:
		for _, s := range n.sub {
			if !nullable(s) {
				return false
			}
		}
		return true
	case kAlt:
		for _, s := range n.sub {
			if nullable(s) {
				return true
			}
		}
		return false
	case kRep:
		return n.min == 0 || nullable(n.sub[0])
	case kGroup, kAtomic:
		return nullable(n.sub[0])
	}
	return true
}

func (c *comp) gen(n *node) error {
	if len(c.re.prog) > maxProg {
		return errors.New("too large")
	}
	switch n.k {
	case kSet:
		if b, ok := n.s.single(); ok {
			c.emit(inst{op: oByte, c: b})
		} else {
			c.emit(inst{op: oSet, x: c.set(n.s)})
		}
	case kCat:
		for i := 0; i < len(n.sub); i++ {
			// runs of single bytes become a literal
			j := i
			var lit []byte
			for j < len(n.sub) && n.sub[j].k == kSet {
				b, ok := n.sub[j].s.single()
				if !ok {
					break
				}
				lit = append(lit, b)
				j++
			}
			if len(lit) > 1 {
				c.re.lits = append(c.re.lits, lit)
				c.emit(inst{op: oStr, x: int32(len(c.re.lits) - 1)})
				i = j - 1
				continue
			}
			if err := c.gen(n.sub[i]); err != nil {
				return err
			}
		}
	case kAlt:
		var ends []int
		for i, s := range n.sub {
			if i == len(n.sub)-1 {
				if err := c.gen(s); err != nil {
					return err
				}
				break
			}
			sp := c.emit(inst{op: oSplit})
			c.re.prog[sp].x = int32(sp + 1)
			if err := c.gen(s); err != nil {
				return err
			}
			ends = append(ends, c.emit(inst{op: oJmp}))
			c.re.prog[sp].y = int32(len(c.re.prog))
		}
		for _, e := range ends {
			c.re.prog[e].x = int32(len(c.re.prog))
		}
	case kGroup:
		// the group's old value stays visible to references inside it
		t := int32(c.re.nreg)
		c.re.nreg++
		c.emit(inst{op: oMark, x: t})
		if err := c.gen(n.sub[0]); err != nil {
			return err
		}
		c.emit(inst{op: oClose, x: int32(2 * n.n), y: t})
	case kRef:
		if n.n > c.re.ncap {
			return errors.New("no such group")
		}
		i := inst{op: oRef, x: int32(n.n)}
		if n.fold {
			i.c = 1
		}
		c.emit(i)
	case kAssert:
		c.emit(inst{op: oAssert, c: n.a})
	case kAtomic:
		i := c.emit(inst{op: oAtomic})
		if err := c.gen(n.sub[0]); err != nil {
			return err
		}
		c.emit(inst{op: oAccept})
		c.re.prog[i].y = int32(len(c.re.prog))
	case kLook:
		i := c.emit(inst{op: oLook})
		if n.neg {
			c.re.prog[i].c = 1
		}
		s := n.sub[0]
		if n.behind {
			alts := []*node{s}
			if s.k == kAlt {
				alts = s.sub
			}
			var ends []int
			for k, a := range alts {
				l, ok := fixedLen(a)
				if !ok {
					return errors.New("look-behind not fixed")
				}
				sp := -1
				if k < len(alts)-1 {
					sp = c.emit(inst{op: oSplit})
					c.re.prog[sp].x = int32(sp + 1)
				}
				c.emit(inst{op: oBack, x: int32(l)})
				if err := c.gen(a); err != nil {
					return err
				}
				if sp >= 0 {
					ends = append(ends, c.emit(inst{op: oJmp}))
					c.re.prog[sp].y = int32(len(c.re.prog))
				}
			}
			for _, e := range ends {
				c.re.prog[e].x = int32(len(c.re.prog))
			}
		} else if err := c.gen(s); err != nil {
			return err
		}
		c.emit(inst{op: oAccept})
		c.re.prog[i].y = int32(len(c.re.prog))
	case kRep:
		s := n.sub[0]
		for s.k == kCat && len(s.sub) == 1 {
			s = s.sub[0]
		}
		if s.k == kSet {
			o := oRep
			if n.poss {
				o = oRepPoss
			} else if n.lazy {
				o = oRepLazy
			}
			c.emit(inst{op: o, x: c.set(s.s), min: int32(n.min), max: int32(n.max)})
			return nil
		}
		if n.poss {
			m := *n
			m.poss = false
			return c.gen(&node{k: kAtomic, sub: []*node{&m}})
		}
		for k := 0; k < n.min; k++ {
			if err := c.gen(s); err != nil {
				return err
			}
		}
		if n.max < 0 {
			reg := int32(-1)
			sp := c.emit(inst{op: oSplit})
			if nullable(s) {
				reg = int32(c.re.nreg)
				c.re.nreg++
				c.emit(inst{op: oMark, x: reg})
			}
			if err := c.gen(s); err != nil {
				return err
			}
			if reg >= 0 {
				pr := c.emit(inst{op: oProg, x: reg})
				c.re.prog[pr].y = int32(pr + 2)
			}
			c.emit(inst{op: oJmp, x: int32(sp)})
			e := int32(len(c.re.prog))
			if n.lazy {
				c.re.prog[sp].x, c.re.prog[sp].y = e, int32(sp+1)
			} else {
				c.re.prog[sp].x, c.re.prog[sp].y = int32(sp+1), e
			}
			return nil
		}
		var sps []int
		for k := n.min; k < n.max; k++ {
			sps = append(sps, c.emit(inst{op: oSplit}))
			if err := c.gen(s); err != nil {
				return err
			}
		}
		e := int32(len(c.re.prog))
		for _, sp := range sps {
			if n.lazy {
				c.re.prog[sp].x, c.re.prog[sp].y = e, int32(sp+1)
			} else {
				c.re.prog[sp].x, c.re.prog[sp].y = int32(sp+1), e
			}
		}
	}
	return nil
}

func fixedLen(n *node) (int, bool) {
	switch n.k {
	case kSet:
		return 1, true
	case kCat:
		t := 0
		for _, s := range n.sub {
			l, ok := fixedLen(s)
			if !ok {
				return 0, false
			}
			t += l
		}
		return t, true
	case kAlt:
		l, ok := fixedLen(n.sub[0])
		for _, s := range n.sub[1:] {
			m, k := fixedLen(s)
			if !k || m != l {
				return 0, false
			}
		}
		return l, ok
	case kGroup, kAtomic:
		return fixedLen(n.sub[0])
	case kRep:
		l, ok := fixedLen(n.sub[0])
		return l * n.min, ok && n.min == n.max
	case kRef:
		return 0, false
	}
	return 0, true
}

// leadRep returns the set of a leading unlimited repeat.
func leadRep(n *node) *set {
	switch n.k {
	case kCat:
		if len(n.sub) > 0 {
			return leadRep(n.sub[0])
		}
	case kRep:
		if n.max < 0 && n.min <= 1 && n.sub[0].k == kSet {
			return &n.sub[0].s
		}
	}
	return nil
}

func startsAnchored(n *node) bool {
	switch n.k {
	case kAssert:
		return n.a == 'A'
	case kCat:
		for _, s := range n.sub {
			if startsAnchored(s) {
				return true
			}
			if s.k != kLook && s.k != kAssert {
				return false
			}
		}
		return false
	case kAlt:
		for _, s := range n.sub {
			if !startsAnchored(s) {
				return false
			}
		}
		return true
	case kGroup, kAtomic:
		return startsAnchored(n.sub[0])
	}
	return false
}

// firstSet adds the possible first bytes; true when n may match empty.
func firstSet(n *node, f *set) bool {
	switch n.k {
	case kSet:
		f.or(n.s)
		return false
	case kCat:
		for _, s := range n.sub {
			if !firstSet(s, f) {
				return false
			}
		}
		return true
	case kAlt:
		e := false
		for _, s := range n.sub {
			if firstSet(s, f) {
				e = true
			}
		}
		return e
	case kRep:
		return firstSet(n.sub[0], f) || n.min == 0
	case kGroup, kAtomic:
		return firstSet(n.sub[0], f)
	}
	return true
}

// required finds the longest literal that every match contains.
func required(n *node) []byte {
	var best, cur []byte
	flush := func() {
		if len(cur) > len(best) {
			best = cur
		}
		cur = nil
	}
	var walk func(n *node)
	walk = func(n *node) {
		switch n.k {
		case kSet:
			if b, ok := n.s.single(); ok {
				cur = append(cur, b)
				return
			}
			flush()
		case kCat:
			for _, s := range n.sub {
				walk(s)
			}
		case kGroup:
			walk(n.sub[0])
		case kAtomic:
			flush()
			walk(n.sub[0])
			flush()
		case kRep:
			flush()
			if n.min > 0 {
				walk(n.sub[0])
			}
			flush()
		case kAssert:
		case kLook:
		default:
			flush()
		}
	}
	walk(n)
	flush()
	return best
}

type frame struct {
	pc, pos int32
	lo      int32 // oRep: lowest pos; -1: plain choice; -2: undo register pc to pos
}

// Machine is per-worker state.
type Machine struct {
	st    []frame
	reg   []int32
	steps int
	Over  bool // the last Match hit its limit
	lo    int32
	hi    int32
}

// Bounds returns where the last successful match begins and ends.
func (m *Machine) Bounds() (lo, hi int) { return int(m.lo), int(m.hi) }

// Group returns the bounds of capture group k of the last match; ok is false if
// it took no part.
func (m *Machine) Group(k int) (lo, hi int, ok bool) {
	if 2*k+1 >= len(m.reg) || m.reg[2*k] < 0 || m.reg[2*k+1] < 0 {
		return 0, 0, false
	}
	return int(m.reg[2*k]), int(m.reg[2*k+1]), true
}

// Match tells whether the pattern occurs in b.
func (re *Regexp) Match(b []byte, m *Machine) bool {
	m.Over = false
	if len(re.req) > 1 && !bytes.Contains(b, re.req) {
		return false
	}
	if cap(m.reg) < re.nreg {
		m.reg = make([]int32, re.nreg+16)
	}
	m.reg = m.reg[:re.nreg]
	for i := range m.reg {
		m.reg[i] = -1
	}
	m.steps = re.Limit
	m.st = m.st[:0]
	for i := 0; i <= len(b); i++ {
		if !re.anch {
			if re.fb >= 0 {
				k := bytes.IndexByte(b[i:], byte(re.fb))
				if k < 0 {
					return false
				}
				i += k
			} else if re.first != nil {
				f := re.first
				for i < len(b) && !f[b[i]] {
					i++
				}
				if i == len(b) {
					return false
				}
			}
		}
		if end, ok := re.run(b, 0, int32(i), m); ok {
			m.lo, m.hi = int32(i), end
			return true
		}
		if re.anch || m.steps <= 0 {
			break
		}
		if re.lead != nil {
			// a start inside the same run could only fail again
			for i < len(b) && re.lead.has(b[i]) {
				i++
			}
		}
	}
	m.Over = m.steps <= 0
	return false
}

func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c|32 >= 'a' && c|32 <= 'z' || c == '_'
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c | 32
	}
	return c
}

// run executes from pc at pos to oAccept; frames above the entry level belong
// to this run.
func (re *Regexp) run(b []byte, pc, pos int32, m *Machine) (int32, bool) {
	base := len(m.st)
	n := int32(len(b))
	prog := re.prog
	for {
		in := &prog[pc]
		ok := false
		switch in.op {
		case oByte:
			if pos < n && b[pos] == in.c {
				pos++
				ok = true
			}
		case oSet:
			if pos < n && re.sets[in.x].has(b[pos]) {
				pos++
				ok = true
			}
		case oStr:
			l := re.lits[in.x]
			if int(pos)+len(l) <= len(b) && string(b[pos:int(pos)+len(l)]) == string(l) {
				pos += int32(len(l))
				ok = true
			}
		case oSplit:
			m.st = append(m.st, frame{in.y, pos, -1})
			pc = in.x
			continue
		case oJmp:
			pc = in.x
			continue
		case oClose:
			m.st = append(m.st, frame{in.x, m.reg[in.x], -2}, frame{in.x + 1, m.reg[in.x+1], -2})
			m.reg[in.x], m.reg[in.x+1] = m.reg[in.y], pos
			ok = true
		case oMark:
			m.st = append(m.st, frame{in.x, m.reg[in.x], -2})
			m.reg[in.x] = pos
			ok = true
		case oProg:
			ok = true
			if m.reg[in.x] == pos {
				pc = in.y
				continue
			}
		case oRep, oRepPoss:
			s := &re.sets[in.x]
			e := n
			if in.max >= 0 && n-pos > in.max {
				e = pos + in.max
			}
			i := pos
			for i < e && s.has(b[i]) {
				i++
			}
			m.steps -= int(i-pos) >> 4
			if i-pos >= in.min {
				ok = true
				if in.op == oRep && i-pos > in.min {
					m.st = append(m.st, frame{pc, i, pos + in.min})
				}
				pos = i
			}
		case oRepLazy:
			s := &re.sets[in.x]
			i := pos
			for i-pos < in.min && i < n && s.has(b[i]) {
				i++
			}
			if i-pos >= in.min {
				ok = true
				if in.max < 0 || in.max > in.min {
					// lo holds the count of further bytes allowed
					left := int32(1 << 30)
					if in.max >= 0 {
						left = in.max - in.min
					}
					m.st = append(m.st, frame{pc, i, left})
				}
				pos = i
			}
		case oRef:
			s, e := m.reg[2*in.x], m.reg[2*in.x+1]
			if s >= 0 && e >= s && pos+e-s <= n {
				ok = true
				for i := int32(0); i < e-s; i++ {
					x, y := b[s+i], b[pos+i]
					if x != y && (in.c == 0 || lower(x) != lower(y)) {
						ok = false
						break
					}
				}
				if ok {
					pos += e - s
				}
			}
		case oBack:
			if pos >= in.x {
				pos -= in.x
				ok = true
			}
		case oAssert:
			switch in.c {
			case 'A':
				ok = pos == 0
			case 'z':
				ok = pos == n
			case 'Z':
				ok = pos == n || pos == n-1 && b[pos] == '\n'
			case 'm':
				ok = pos == 0 || b[pos-1] == '\n' && pos < n
			case 'M':
				ok = pos == n || b[pos] == '\n'
			case 'b', 'B':
				x := pos > 0 && isWord(b[pos-1])
				y := pos < n && isWord(b[pos])
				ok = (x != y) == (in.c == 'b')
			}
		case oAtomic, oLook:
			mark := len(m.st)
			e, good := re.run(b, pc+1, pos, m)
			if good {
				// keep register undos, drop choices
				k := mark
				for _, f := range m.st[mark:] {
					if f.lo == -2 {
						m.st[k] = f
						k++
					}
				}
				m.st = m.st[:k]
				if in.op == oLook && in.c&1 != 0 {
					for len(m.st) > mark {
						f := m.st[len(m.st)-1]
						m.st = m.st[:len(m.st)-1]
						m.reg[f.pc] = f.pos
					}
				}
			}
			if in.op == oAtomic {
				ok = good
				pos = e
			} else {
				ok = good != (in.c&1 != 0)
			}
			if ok {
				pc = in.y
				continue
			}
		case oAccept:
			return pos, true
		}
		if ok {
			pc++
			continue
		}
		// backtrack
		for {
			m.steps--
			if m.steps <= 0 {
				m.st = m.st[:base]
				return 0, false
			}
			if len(m.st) == base {
				return 0, false
			}
			f := &m.st[len(m.st)-1]
			if f.lo == -2 {
				m.reg[f.pc] = f.pos
				m.st = m.st[:len(m.st)-1]
				continue
			}
			if f.lo == -1 {
				pc, pos = f.pc, f.pos
				m.st = m.st[:len(m.st)-1]
				break
			}
			in := &prog[f.pc]
			if in.op == oRep {
				// give back one; when a byte must follow, jump to where it is
				pos = f.pos - 1
				if nx := &prog[f.pc+1]; nx.op == oByte {
					k := bytes.LastIndexByte(b[f.lo:f.pos], nx.c)
					if k < 0 {
						m.st = m.st[:len(m.st)-1]
						continue
					}
					pos = f.lo + int32(k)
				}
				pc = f.pc + 1
				if pos <= f.lo {
					m.st = m.st[:len(m.st)-1]
				} else {
					f.pos = pos
				}
				break
			}
			// lazy: take one more
			if f.lo > 0 && f.pos < n && re.sets[in.x].has(b[f.pos]) {
				f.pos++
				f.lo--
				pos = f.pos
				pc = f.pc + 1
				if f.lo == 0 {
					m.st = m.st[:len(m.st)-1]
				}
				break
			}
			m.st = m.st[:len(m.st)-1]
		}
	}
}
