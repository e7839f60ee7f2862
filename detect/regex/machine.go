package regex

import "bytes"

// Machine is the scratch of matching and holds the groups of the last match. It
// serves one goroutine and any number of programs; its zero value is ready.
type Machine struct {
	stack []frame
	reg   []int32
	calls []int32  // frames of calls, see opCall
	memo  bitmap   // rows and positions that were tried
	noted bool     // memo is in use
	dirty bool     // registers were set without a note on the stack
	steps int      // left
	first int      // steps at the start
	seen  int      // choices that the memo spared
	prog  *Program // of the last match, nil if it failed
	limit Limits
}

// frame is an entry of the backtracking stack.
type frame struct {
	pc, pos int32
	// What it is: one of the constants below, or the state of a repeat at pc:
	// the lowest position to go back to, or, if lazy, how many more bytes it
	// may take.
	lo int32
}

const (
	frameChoice = -1 // go on at pc, pos
	frameUndo   = -2 // register pc was pos
	frameCall   = -3 // the call register was pos, calls had pc entries
)

// Registers behind those of the groups.
const (
	regCall = iota // index of the running call in calls, -1: none
	regKeep        // start of the match as \K set it
	fixedRegs
)

// maxBuf is the longest buffer, so that sums of positions fit 32 bits.
const maxBuf = 1<<30 - 1

const (
	memoAfter = 4096    // steps without a memo
	memoBits  = 4 << 20 // largest memo
)

// bitmap is a set of small numbers.
type bitmap []uint64

// Group returns the bounds of group n of the last match, group 0 being all of
// it; -1, -1 if it took no part.
func (m *Machine) Group(n int) (lo, hi int) {
	if m.prog == nil || n < 0 || n >= m.prog.groups {
		return -1, -1
	}
	return int(m.reg[2*n]), int(m.reg[2*n+1])
}

// Steps returns how many steps the last match has taken.
func (m *Machine) Steps() int { return m.first - max(m.steps, 0) }

// Match looks for the first match in buf at start or behind; what stands before
// start is seen by look-behind, \b and ^. The error is nil or ErrLimit.
func (p *Program) Match(buf []byte, start int, m *Machine) (ok bool, err error) {
	m.prog, m.first, m.steps = nil, 0, 0
	if start < 0 || start > len(buf) || len(buf) > maxBuf {
		return false, nil
	}
	needAt := -1 // first place of the literal from the current start on
	if p.find != nil {
		k := p.find.Index(buf[start:])
		if k < 0 {
			return false, nil
		}
		needAt = start + k
	}
	p.prepare(m, len(buf)-start)
	for i := start; i <= len(buf); i++ {
		if !p.anchored {
			if i = p.candidate(buf, i, &needAt); i < 0 {
				return false, nil
			}
		}
		if m.dirty {
			m.clear()
		}
		end, found := p.run(buf, int32(i), int32(start), m)
		if found {
			if keep := m.reg[2*p.groups+regKeep]; keep >= 0 {
				i = int(keep)
			}
			m.reg[0], m.reg[1] = int32(i), end
			m.prog = p
			return true, nil
		}
		if m.steps <= 0 {
			return false, ErrLimit
		}
		if p.anchored {
			break
		}
		if p.lead != noTable {
			for i < len(buf) && p.in(p.lead, buf[i]) {
				i++
			}
		}
	}
	return false, nil
}

func (p *Program) prepare(m *Machine, n int) {
	if cap(m.reg) < p.regs {
		m.reg = make([]int32, p.regs+16)
	}
	m.reg = m.reg[:p.regs]
	m.clear()
	m.stack = m.stack[:0]
	m.calls = m.calls[:0]
	m.noted = false
	m.steps = p.limits.Steps + n // each start is free
	m.first = m.steps
	m.limit = p.limits
}

func (m *Machine) clear() {
	for i := range m.reg {
		m.reg[i] = -1
	}
	m.dirty = false
}

// candidate returns the first place from i on where a match can begin, or -1.
func (p *Program) candidate(buf []byte, i int, needAt *int) int {
	for {
		if p.find != nil {
			if at := i + p.need.lo; *needAt < at {
				if at > len(buf) {
					return -1
				}
				k := p.find.Index(buf[at:])
				if k < 0 {
					return -1
				}
				*needAt = at + k
			}
			if p.need.hi >= 0 {
				i = max(i, *needAt-p.need.hi)
			}
		}
		if i = p.head(buf, i); i < 0 {
			return -1
		}
		if p.lineStart && i > 0 && buf[i-1] != '\n' {
			k := bytes.IndexByte(buf[i:], '\n')
			if k < 0 {
				return -1
			}
			i += k + 1
			continue
		}
		if p.find == nil || *needAt >= i+p.need.lo {
			return i
		}
	}
}

// head returns the first place from i on with bytes that a match can begin with,
// or -1.
func (p *Program) head(buf []byte, i int) int {
	switch {
	case p.findHead != nil:
		if k := p.findHead.Index(buf[i:]); k >= 0 {
			return i + k
		}
		return -1
	case p.firstByte >= 0:
		if k := bytes.IndexByte(buf[i:], byte(p.firstByte)); k >= 0 {
			return i + k
		}
		return -1
	case p.first != noTable:
		t, bit := &p.tables[p.first>>3], uint8(1)<<(p.first&7)
		for ; i < len(buf); i++ {
			if t[buf[i]]&bit != 0 {
				return i
			}
		}
		return -1
	}
	return i
}

// note reports whether this row was noted at pos before, and notes it.
func (m *Machine) note(row, pos int32, n int) (before bool) {
	k := int(row)*(n+1) + int(pos)
	before = m.memo[k>>6]>>(k&63)&1 != 0
	m.memo[k>>6] |= 1 << (k & 63)
	return before
}

// startMemo begins to note, if the memo of this program and buffer is not too
// large.
func (m *Machine) startMemo(p *Program, n int) {
	size := p.rows * (n + 1)
	if size > memoBits {
		return
	}
	words := size>>6 + 1
	if cap(m.memo) < words {
		m.memo = make(bitmap, words)
	}
	m.memo = m.memo[:words]
	clear(m.memo)
	m.noted = true
}
