package flow

// wheelSlots is the reach of the timing wheel in seconds, a power of two. Flows
// that are due later wait in its last slot and are put again when that comes.
const wheelSlots = 1024

// wheel holds each flow in the slot of a second at which, or after which, it may
// time out. Packets do not move flows: when a slot comes up, those that had
// traffic since are put again.
type wheel struct {
	heads [wheelSlots]uint32      // lists through wheelNext, index plus one
	used  [wheelSlots / 64]uint64 // slots with a list
	now   int64                   // second; slots up to it have been looked at
	begun bool
}

// put links f for second due.
func (t *Table) put(f *Flow, due int64) {
	w := &t.wheel
	s := uint16(min(max(due, w.now+1), w.now+wheelSlots-1) & (wheelSlots - 1))
	f.slot, f.placed = s, f.State
	f.wheelPrev, f.wheelNext = 0, w.heads[s]
	if f.wheelNext != 0 {
		t.slab.at(f.wheelNext - 1).wheelPrev = f.self + 1
	}
	w.heads[s] = f.self + 1
	w.used[s/64] |= 1 << (s % 64)
}

// unput takes f out of the wheel.
func (t *Table) unput(f *Flow) {
	if f.wheelNext != 0 {
		t.slab.at(f.wheelNext - 1).wheelPrev = f.wheelPrev
	}
	if f.wheelPrev != 0 {
		t.slab.at(f.wheelPrev - 1).wheelNext = f.wheelNext
		return
	}
	t.wheel.heads[f.slot] = f.wheelNext
	if f.wheelNext == 0 {
		t.wheel.used[f.slot/64] &^= 1 << (f.slot % 64)
	}
}

// turn moves the wheel to second now and appends to t.scratch the flows that
// have timed out by then. Those stay in the wheel.
func (t *Table) turn(now int64) {
	w := &t.wheel
	if now <= w.now {
		return
	}
	from := max(w.now+1, now-wheelSlots+1)
	w.now = now
	for s := from; s <= now; s++ {
		t.sweep(uint16(s&(wheelSlots-1)), now)
	}
}

// sweep looks at the flows of one slot at second now: those that live on are put
// where they are due, the others also appended to t.scratch.
func (t *Table) sweep(slot uint16, now int64) {
	w := &t.wheel
	i := w.heads[slot]
	w.heads[slot] = 0
	w.used[slot/64] &^= 1 << (slot % 64)
	for i != 0 {
		f := t.slab.at(i - 1)
		i = f.wheelNext
		due := t.due(f)
		if f.Has(Shunted) && due <= now {
			t.look(f)
			due = t.due(f)
		}
		t.put(f, due)
		if due <= now {
			t.scratch = append(t.scratch, f.self)
		}
	}
}

// due returns the first second at which f, without further packets, has timed
// out.
func (t *Table) due(f *Flow) int64 {
	return f.Last/second + t.timeout(f) + 1
}

// second is one second of the packet clock, ns.
const second = int64(1e9)
