package regex

import "bytes"

// set sets a register, so that going back restores it.
func (m *Machine) set(r, v int32) {
	if len(m.stack) > 0 {
		m.stack = append(m.stack, frame{r, m.reg[r], frameUndo})
	} else {
		m.dirty = true
	}
	m.reg[r] = v
}

// run matches at pos. With found, end is where the match ends.
func (p *Program) run(b []byte, pos, start int32, m *Machine) (end int32, found bool) {
	n := int32(len(b))
	code := p.code
	origin := pos // where this try set out
	work := 0     // instructions of this try
	pc := int32(0)
	m.stack = m.stack[:0]
	m.calls = m.calls[:0]
	for {
		work++
		in := &code[pc]
		ok := false
		switch in.op {
		case opByte:
			if pos < n && b[pos] == in.c {
				pos++
				ok = true
			}
		case opFold:
			if pos < n && b[pos]|0x20 == in.c {
				pos++
				ok = true
			}
		case opSet:
			if pos < n && p.in(tableRef(in.x), b[pos]) {
				pos++
				ok = true
			}
		case opStr:
			s := p.strs[in.x]
			if int(n-pos) >= len(s) && string(b[pos:int(pos)+len(s)]) == string(s) {
				pos += int32(len(s))
				ok = true
			}
		case opStrFold:
			s := p.strs[in.x]
			if int(n-pos) >= len(s) && equalFold(b[pos:int(pos)+len(s)], s) {
				pos += int32(len(s))
				ok = true
			}
		case opSplit:
			if in.turn {
				// A turn costs a step even if it leaves no choice behind.
				if m.steps--; m.steps <= 0 || len(m.stack) > m.limit.Stack {
					m.steps = 0
					return 0, false
				}
			}
			if m.noted && m.note(in.row, pos, len(b)) {
				break
			}
			first, second := in.endF, in.endG
			if pos < n {
				c := b[pos]
				first = in.f == noTable || p.in(in.f, c)
				second = in.g == noTable || p.in(in.g, c)
			}
			if first {
				if second {
					m.stack = append(m.stack, frame{in.y, pos, frameChoice})
				}
				pc = in.x
				continue
			}
			if second {
				pc = in.y
				continue
			}
		case opJump:
			pc = in.x
			continue
		case opMark:
			m.set(in.x, pos)
			ok = true
		case opClose:
			m.set(in.x, m.reg[in.y])
			m.set(in.x+1, pos)
			ok = true
		case opLoopTest:
			if m.reg[in.x] == pos {
				pc = in.y
				continue
			}
			ok = true
		case opRepeat, opRepeatPoss:
			if m.noted && in.row >= 0 && m.note(in.row, pos, len(b)) {
				break
			}
			i := p.runEnd(in, b, pos)
			m.steps -= int(i-pos) >> 4
			if i-pos < in.min {
				break
			}
			lo := pos + in.min
			if pos = i; in.op == opRepeat && i > lo {
				pos = p.backTo(in, b, lo, i)
				if pos > lo {
					m.stack = append(m.stack, frame{pc, pos, lo})
				}
				ok = pos >= lo
			} else {
				ok = true
			}
		case opRepeatLazy:
			if m.noted && m.note(in.row, pos, len(b)) {
				break
			}
			i := pos
			for i-pos < in.min && i < n && p.in(tableRef(in.x), b[i]) {
				i++
			}
			if i-pos < in.min {
				break
			}
			left := int32(1 << 30)
			if in.max >= 0 {
				left = in.max - in.min
			}
			pos, ok = p.lazyTo(in, b, i, &left, m)
			if ok && left > 0 {
				m.stack = append(m.stack, frame{pc, pos, left})
			}
		case opRef:
			lo, hi := m.reg[2*in.x], m.reg[2*in.x+1]
			if lo < 0 || hi < lo || n-pos < hi-lo {
				break
			}
			m.steps -= int(hi-lo) >> 4
			x, y := b[lo:hi], b[pos:pos+hi-lo]
			if in.c == 0 {
				ok = string(x) == string(y)
			} else {
				ok = sameFold(x, y)
			}
			if ok {
				pos += hi - lo
			}
		case opCutBegin:
			if in.y >= 0 {
				m.set(in.y, pos)
			}
			m.set(in.x, int32(len(m.stack)))
			ok = true
		case opCutEnd:
			if in.y >= 0 {
				pos = m.reg[in.y]
			}
			m.cut(m.reg[in.x])
			ok = true
		case opNegBegin:
			m.stack = append(m.stack, frame{in.min, pos, frameChoice})
			at := int32(len(m.stack) - 1)
			m.set(in.y, pos)
			m.set(in.x, at)
			ok = true
		case opNegEnd:
			pos = m.reg[in.y]
			p.unwind(m, m.reg[in.x])
			if in.min >= 0 {
				pc = in.min
				continue
			}
		case opBack:
			pos -= in.x
			ok = pos >= 0
		case opAssert:
			ok = assert(in.c, b, pos, start)
		case opIfGroup:
			if ok = m.reg[2*in.x+1] >= 0; !ok {
				pc = in.y
				continue
			}
		case opIfCalled:
			call := m.reg[2*p.groups+regCall]
			if ok = call >= 0 && (in.x < 0 || m.calls[call+callTarget] == in.x); !ok {
				pc = in.y
				continue
			}
		case opCall:
			if !p.call(m, pc+1, in.y) {
				return 0, false
			}
			pc = in.x
			continue
		case opReturn:
			if pc2, back := p.ret(m, in.x); back {
				pc = pc2
				continue
			}
			ok = true
		case opKeep:
			m.set(int32(2*p.groups+regKeep), pos)
			ok = true
		case opMatch:
			if p.hasCall {
				if pc2, back := p.ret(m, callAll); back {
					pc = pc2
					continue
				}
			}
			return pos, true
		}
		if ok {
			pc++
			continue
		}
		if pos > origin {
			m.steps -= int(pos-origin) >> 4
		}
		m.steps -= work >> 6 // repeats of nothing, one behind the other, move no position
		if pc, pos, ok = p.back(b, m); !ok {
			return 0, false
		}
		origin, work = pos, 0
	}
}

// back takes the latest choice that is left; ok is false if there is none or no
// step is left.
func (p *Program) back(b []byte, m *Machine) (pc, pos int32, ok bool) {
	for {
		m.steps--
		top := len(m.stack) - 1
		if top < 0 {
			return 0, 0, false
		}
		if m.steps <= 0 || top > m.limit.Stack {
			m.steps = 0
			return 0, 0, false
		}
		f := &m.stack[top]
		switch f.lo {
		case frameUndo:
			m.reg[f.pc] = f.pos
			m.stack = m.stack[:top]
			m.steps++ // was paid for by what set it
			continue
		case frameCall:
			m.calls = m.calls[:f.pc]
			m.reg[2*p.groups+regCall] = f.pos
			m.stack = m.stack[:top]
			continue
		case frameChoice:
			pc, pos = f.pc, f.pos
			m.stack = m.stack[:top]
		default:
			in := &p.code[f.pc]
			pc = f.pc + 1
			if in.op == opRepeat {
				was, lo := f.pos, f.lo
				pos = p.backTo(in, b, lo, was-1)
				m.steps -= int(was-pos) >> 4
				if f.pos = pos; pos <= lo {
					m.stack = m.stack[:top]
				}
				if pos < lo || m.tried(in, pos, len(b)) {
					continue
				}
			} else {
				if f.pos >= int32(len(b)) || !p.in(tableRef(in.x), b[f.pos]) {
					m.stack = m.stack[:top]
					continue
				}
				left := f.lo - 1
				var more bool
				if pos, more = p.lazyTo(in, b, f.pos+1, &left, m); !more {
					m.stack = m.stack[:top]
					continue
				}
				if f.pos, f.lo = pos, left; left == 0 {
					m.stack = m.stack[:top]
				}
				if m.tried(in, pos, len(b)) {
					continue
				}
			}
		}
		if !m.noted && p.rows > 0 && m.first-m.steps > memoAfter {
			m.startMemo(p, len(b))
		}
		return pc, pos, true
	}
}

// tried reports whether what follows a repeat was tried at pos before. Sixteen
// such cost a step.
func (m *Machine) tried(in *inst, pos int32, n int) bool {
	if !m.noted || !m.note(in.row+1, pos, n) {
		return false
	}
	if m.seen++; m.seen&15 != 0 {
		m.steps++
	}
	return true
}

// runEnd returns how far the set of a repeat goes from pos on.
func (p *Program) runEnd(in *inst, b []byte, pos int32) int32 {
	e := int32(len(b))
	if in.max >= 0 && e-pos > in.max {
		e = pos + in.max
	}
	switch {
	case in.until == untilNone:
		return e
	case in.until >= 0:
		if k := bytes.IndexByte(b[pos:e], byte(in.until)); k >= 0 {
			return pos + int32(k)
		}
		return e
	}
	t, bit := &p.tables[in.x>>3], uint8(1)<<(in.x&7)
	i := pos
	for i < e && t[b[i]]&bit != 0 {
		i++
	}
	return i
}

// backTo returns the last place from hi back to lo at which what follows a
// repeat can begin, or a place before lo.
func (p *Program) backTo(in *inst, b []byte, lo, hi int32) int32 {
	if hi < lo {
		return hi
	}
	if hi == int32(len(b)) {
		if in.endF {
			return hi
		}
		hi--
	}
	switch {
	case in.one:
		if hi < lo {
			return hi
		}
		return lo + int32(bytes.LastIndexByte(b[lo:hi+1], in.c))
	case in.f == noTable:
		return hi
	}
	t, bit := &p.tables[in.f>>3], uint8(1)<<(in.f&7)
	for hi >= lo && t[b[hi]]&bit == 0 {
		hi--
	}
	return hi
}

// lazyTo returns the first place from pos on at which what follows a lazy repeat
// can begin; left is how many more bytes the repeat may take.
func (p *Program) lazyTo(in *inst, b []byte, pos int32, left *int32, m *Machine) (at int32, ok bool) {
	if in.f == noTable {
		return pos, true
	}
	n := int32(len(b))
	from := pos
	if in.one && in.until == untilNone {
		e := min(n, pos+min(*left, n)+1)
		k := bytes.IndexByte(b[pos:max(e, pos)], in.c)
		if k < 0 {
			return 0, false
		}
		*left -= int32(k)
		m.steps -= k >> 4
		return pos + int32(k), true
	}
	for pos < n && !p.in(in.f, b[pos]) {
		if *left == 0 || !p.in(tableRef(in.x), b[pos]) {
			return 0, false
		}
		pos++
		*left--
	}
	m.steps -= int(pos-from) >> 4
	return pos, pos < n || in.endF
}

// cut drops the choices from height h on, not the notes of registers.
func (m *Machine) cut(h int32) {
	k := h
	for _, f := range m.stack[h:] {
		if f.lo == frameUndo || f.lo == frameCall {
			m.stack[k] = f
			k++
		}
	}
	m.stack = m.stack[:k]
}

// unwind takes back everything from height h on.
func (p *Program) unwind(m *Machine, h int32) {
	for i := int32(len(m.stack)) - 1; i >= h; i-- {
		switch f := &m.stack[i]; f.lo {
		case frameUndo:
			m.reg[f.pc] = f.pos
		case frameCall:
			m.calls = m.calls[:f.pc]
			m.reg[2*p.groups+regCall] = f.pos
		}
	}
	m.stack = m.stack[:h]
}

// assert reports whether an assertion holds at pos.
func assert(c byte, b []byte, pos, start int32) bool {
	n := int32(len(b))
	switch c {
	case bufBegin:
		return pos == 0
	case searchBegin:
		return pos == start
	case bufEnd:
		return pos == n
	case bufEndLF:
		return pos == n || pos == n-1 && b[pos] == '\n'
	case lineBegin:
		return pos == 0 || b[pos-1] == '\n' && pos < n
	case lineEnd:
		return pos == n || b[pos] == '\n'
	}
	before := pos > 0 && isWord(b[pos-1])
	behind := pos < n && isWord(b[pos])
	return (before != behind) == (c == wordEdge)
}

// equalFold reports whether b in lower case is s. They have one length.
func equalFold(b, s []byte) bool {
	for i, c := range s {
		if lower[b[i]] != c {
			return false
		}
	}
	return true
}

// sameFold reports whether x and y are the same but for case. They have one length.
func sameFold(x, y []byte) bool {
	for i, c := range x {
		if lower[c] != lower[y[i]] {
			return false
		}
	}
	return true
}
