package detect

import (
	"slices"
	"sync/atomic"

	"weir/decode/proto"
)

// generations numbers engines, from 1.
var generations atomic.Uint32

// Takeover is what it takes for an engine to go on where another stands: rules are
// known again by gid and sid, flow bits and their kin by name. What belongs to
// rules or names that are gone is forgotten.
type Takeover struct {
	from, to uint32  // generations
	sigs     []int32 // by order in the old engine: that in the new one, or -1
	limits   []int32 // thresholds of that rule in the new one
	names    []int   // by number in the old engine
}

// TakeOver prepares the engine to go on in the middle of a run of old.
func (e *Engine) TakeOver(old *Engine) *Takeover {
	t := &Takeover{from: old.gen, to: e.gen, sigs: make([]int32, len(old.sigs)), limits: make([]int32, len(old.sigs)), names: make([]int, len(old.bitNames))}
	ids := make(map[ruleID]int32, len(e.sigs))
	for i, s := range e.sigs {
		ids[ruleID{s.gid, s.sid}] = int32(i)
	}
	for i, s := range old.sigs {
		t.sigs[i] = -1
		if n, ok := ids[ruleID{s.gid, s.sid}]; ok {
			t.sigs[i], t.limits[i] = n, int32(len(e.sigs[n].limits))
		}
	}
	names := make(map[string]int, len(e.bitNames))
	for i, name := range e.bitNames {
		names[name] = i
	}
	for i, name := range old.bitNames {
		t.names[i] = -1
		if n, ok := names[name]; ok {
			t.names[i] = n
		}
	}
	return t
}

// Shared carries over what the workers of a run share. No worker may be at work.
func (t *Takeover) Shared(s *Shared) {
	bits := make(map[xbitKey]int64, len(s.bits))
	for k, until := range s.bits {
		if k.bit = t.names[k.bit]; k.bit >= 0 {
			bits[k] = until
		}
	}
	s.bits = bits
	for host, tags := range s.tags {
		if s.tags[host] = t.tags(tags); len(s.tags[host]) == 0 {
			delete(s.tags, host)
		}
	}
	s.thresholds.takeOver(t)
	s.quarantine.counts = nil
}

// takeOver renumbers the counters' rules.
func (t *thresholdTable) takeOver(to *Takeover) {
	counters := make(map[thresholdKey]*counter, len(t.counters))
	for k, c := range t.counters {
		if !to.limited(k.sig, k.n) {
			t.memuse -= c.size()
			continue
		}
		k.sig = int(to.sigs[k.sig])
		counters[k] = c
	}
	t.counters = counters
}

// limited reports whether the rule still is there with its n-th threshold.
func (t *Takeover) limited(sig, n int) bool { return n < int(t.limits[sig]) }

// maxPast bounds the takeovers that are remembered for transactions that were open
// then.
const maxPast = 16

// Worker makes w, a new worker of the new engine, go on with what old knows of
// flows and transactions. old must not be used any more.
func (t *Takeover) Worker(w, old *Worker) {
	w.Alerts, w.Overflow, w.Suppressed, w.GivenUp = old.Alerts, old.Overflow, old.Suppressed, old.GivenUp
	w.epoch = old.epoch
	w.states, w.freeSt = old.states, old.freeSt
	for _, st := range w.states {
		st.bits = slices.DeleteFunc(st.bits, func(id int) bool { return t.names[id] < 0 })
		for i, id := range st.bits {
			st.bits[i] = t.names[id]
		}
		st.ints = slices.DeleteFunc(st.ints, func(n flowNumber) bool { return t.names[n.id] < 0 })
		for i := range st.ints {
			st.ints[i].id = t.names[st.ints[i].id]
		}
		st.tags = t.tags(st.tags)
		st.counts = slices.DeleteFunc(st.counts, func(c flowCounter) bool { return !t.limited(c.sig, c.n) })
		for i := range st.counts {
			st.counts[i].sig = int(t.sigs[st.counts[i].sig])
		}
	}
	w.past = append(old.past, t)
	if len(w.past) > maxPast {
		w.past = slices.Delete(w.past, 0, 1)
	}
}

func (t *Takeover) tags(list []tag) []tag {
	list = slices.DeleteFunc(list, func(x tag) bool { return t.sigs[x.sig] < 0 })
	for i := range list {
		list[i].sig = int(t.sigs[list[i].sig])
	}
	return list
}

// renew brings what is remembered of a transaction to the worker's engine: rules
// that have had their turn do not fire again, all others begin anew.
func (w *Worker) renew(st *txState) {
	for _, t := range w.past {
		if st.gen != t.from {
			continue
		}
		st.gen = t.to
		st.pending = slices.DeleteFunc(st.pending, func(p pending) bool { return t.sigs[p.sig] < 0 })
		for i := range st.pending {
			st.pending[i] = pending{sig: uint32(t.sigs[st.pending[i].sig]), off: st.pending[i].off}
		}
		st.bits = slices.DeleteFunc(st.bits, func(id int) bool { return t.names[id] < 0 })
		for i, id := range st.bits {
			st.bits[i] = t.names[id]
		}
	}
	if st.gen != w.e.gen { // too long ago
		st.pending, st.bits = st.pending[:0], st.bits[:0]
	}
	st.gen, st.scanned, st.plain = w.e.gen, 0, false
}

// stateOf returns what is remembered of a direction of a transaction, or nil.
func (w *Worker) stateOf(t *proto.Tx, d int) *txState {
	st, ok := t.Detect[d].(*txState)
	if ok && st.gen != w.e.gen {
		w.renew(st)
	}
	return st
}
