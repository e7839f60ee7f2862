package flow

import (
	"cmp"
	"iter"
	"math/bits"
	"slices"
)

// timeout returns how long f may be idle, s.
func (t *Table) timeout(f *Flow) int64 {
	mode := 0
	if t.emergency {
		mode = 1
	}
	return t.times[mode][f.group][f.State&(numStates-1)]
}

// over reports whether a packet that comes at now, ns, comes too late for f.
func (t *Table) over(f *Flow, now int64) bool {
	idle := t.timeout(f)
	if f.Has(Shunted) && now-f.Last > idle*second {
		t.look(f)
	}
	if t.opt.WholeSeconds || idle == 0 {
		// No time at all is the rest of the second: what ends a connection
		// comes in several packets.
		return t.due(f) <= now/second
	}
	return now-f.Last > idle*second
}

// look asks when the last packet of a shunted flow came.
func (t *Table) look(f *Flow) { f.Last = max(f.Last, t.Seen(f)) }

// Settle tells the table that a packet of f has been handled, so that its state
// may have changed and with it when it times out.
func (t *Table) Settle(f *Flow) {
	if f.State == f.placed {
		return
	}
	t.unput(f)
	t.put(f, t.due(f))
}

// Expire moves the clock to now, ns, and hands over the flows that have timed out
// by then, in order of their first packets. It is for changes of the second:
// what is due in one that has been looked at waits for the next.
func (t *Table) Expire(now int64, end func(*Flow)) {
	t.scratch = t.scratch[:0]
	sec := now / second
	t.turn(sec)
	if t.emergency {
		t.hurry(sec)
	}
	t.finish(TimedOut, end)
	if t.emergency {
		t.recover()
	}
}

// End hands over all flows, in order of their first packets.
func (t *Table) End(end func(*Flow)) {
	t.scratch = t.scratch[:0]
	for _, e := range t.index.entries {
		if e != 0 {
			t.scratch = append(t.scratch, uint32(e)-1)
		}
	}
	t.finish(Shutdown, end)
}

// All yields the flows of the table, in no order. The table must not change
// meanwhile.
func (t *Table) All() iter.Seq[*Flow] {
	return func(yield func(*Flow) bool) {
		for _, e := range t.index.entries {
			if e != 0 && !yield(t.slab.at(uint32(e)-1)) {
				return
			}
		}
	}
}

// Close gives the memory back. Counters stay readable; flows do not.
func (t *Table) Close() {
	t.index.close()
	t.slab.close()
}

// finish takes the flows of scratch out of the table and hands them over.
func (t *Table) finish(why Flags, end func(*Flow)) {
	slices.SortFunc(t.scratch, t.order)
	for _, i := range t.scratch {
		f := t.slab.at(i)
		f.Flags |= why
		t.unlink(f)
	}
	for _, i := range t.scratch {
		end(t.slab.at(i))
	}
}

// byFirst orders flows by their first packets; of those that one frame began,
// the innermost comes first.
func (t *Table) byFirst(a, b uint32) int {
	x, y := t.slab.at(a), t.slab.at(b)
	return cmp.Or(cmp.Compare(x.FirstNum, y.FirstNum), cmp.Compare(y.depth, x.depth))
}

// enterEmergency begins emergency mode.
func (t *Table) enterEmergency() {
	if !t.emergency {
		t.emergency = true
		t.Counters.EmergencyEntered++
	}
}

// hurrySlots is how many slots of the wheel each tick of the clock looks at in
// emergency mode for flows that were put by the longer time-outs.
const hurrySlots = 128

// hurry looks at the next part of the wheel by the emergency time-outs.
func (t *Table) hurry(now int64) {
	for range hurrySlots {
		t.hurried = (t.hurried + 1) & (wheelSlots - 1)
		if t.wheel.heads[t.hurried] != 0 {
			t.sweep(t.hurried, now)
		}
	}
	// What turn has found already may have been found again.
	slices.Sort(t.scratch)
	t.scratch = slices.Compact(t.scratch)
}

// recover ends emergency mode when enough memory is free.
func (t *Table) recover() {
	s := &t.slab
	if uint64(s.live)*100 <= uint64(s.granted)*uint64(100-min(t.opt.Recovery, 100)) {
		t.emergency = false
		t.Counters.EmergencyOver++
	}
}

// victimTries is how many flows are looked at for one to shed.
const victimTries = 32

// shed takes the flow out of the table that is the first to time out, of those
// looked at, and notes that it is to be ended.
func (t *Table) shed() {
	c := &t.Counters
	var victim *Flow
	var least int64
	tries := 0
	w := &t.wheel
	for s := range t.slots() {
		for i := w.heads[s]; i != 0 && tries < victimTries; tries++ {
			f := t.slab.at(i - 1)
			if d := t.due(f); victim == nil || d < least {
				victim, least = f, d
			}
			i = f.wheelNext
		}
		if tries == victimTries {
			break
		}
	}
	c.GetUsedEval += uint64(tries)
	if victim == nil {
		c.GetUsedFailed++
		return
	}
	c.GetUsed++
	victim.Flags |= Forced | Emergency
	t.replace(victim)
}

// slots yields the slots of the wheel that hold flows, the next one due first.
func (t *Table) slots() func(yield func(uint16) bool) {
	return func(yield func(uint16) bool) {
		w := &t.wheel
		start := uint16((w.now + 1) & (wheelSlots - 1))
		for n := uint16(0); n < wheelSlots; {
			s := (start + n) & (wheelSlots - 1)
			word := w.used[s/64] >> (s % 64)
			if word == 0 {
				n += 64 - s%64
				continue
			}
			skip := uint16(bits.TrailingZeros64(word))
			if n += skip; n >= wheelSlots || !yield((s+skip)&(wheelSlots-1)) {
				return
			}
			n++
		}
	}
}
