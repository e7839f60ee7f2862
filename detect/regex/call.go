package regex

// A call in Machine.calls: these entries, then the registers at the call.
const (
	callOuter  = iota // the call that this one is in, -1: none
	callReturn        // where to go on
	callTarget        // its mark: where its code begins, or callAll
	callDepth
	callHeight // of the stack
	callRegs
)

// callAll marks calls of the whole pattern.
const callAll = -2

// call begins a call with the mark target. It fails where a limit is reached.
func (p *Program) call(m *Machine, back, target int32) bool {
	r := 2*p.groups + regCall
	outer := m.reg[r]
	depth := int32(1)
	if outer >= 0 {
		depth = m.calls[outer+callDepth] + 1
	}
	m.steps--
	at := len(m.calls)
	if m.steps <= 0 || int(depth) > p.limits.Depth || at > p.limits.Stack || len(m.stack) > p.limits.Stack {
		m.steps = 0
		return false
	}
	m.stack = append(m.stack, frame{int32(at), outer, frameCall})
	m.calls = append(m.calls, outer, back, target, depth, int32(len(m.stack)))
	m.calls = append(m.calls, m.reg...)
	m.reg[r] = int32(at)
	return true
}

// ret ends the running call if it has the mark target: groups and marks are as
// before it again, and pc is where to go on.
func (p *Program) ret(m *Machine, target int32) (pc int32, back bool) {
	r := 2*p.groups + regCall
	at := m.reg[r]
	if at < 0 || m.calls[at+callTarget] != target {
		return 0, false
	}
	if target == callAll {
		// As in PCRE2, a call of the whole pattern is not gone back into.
		m.cut(m.calls[at+callHeight])
	}
	saved := m.calls[at+callRegs : int(at)+callRegs+p.regs]
	for i, v := range saved {
		if i != r && i != r-regCall+regKeep && m.reg[i] != v {
			m.set(int32(i), v)
		}
	}
	m.set(int32(r), m.calls[at+callOuter])
	return m.calls[at+callReturn], true
}
