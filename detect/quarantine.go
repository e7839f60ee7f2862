package detect

import (
	"slices"
	"sync"

	"weir/decode/event"
	"weir/decode/packet"
)

// Quarantine takes rules out of use that keep being given up at the step limits:
// each such check has cost much and found nothing. Checks given up are counted by
// epochs of the capture. At the first packet of an epoch a worker waits until all
// others are behind the epoch before, and takes out the rules that were given up
// too often up to there: so every packet meets the same rules, however many
// workers there are.
type quarantine struct {
	mu     sync.Mutex
	counts map[int][]givenUp // by rule
}

// givenUp counts the checks of a rule given up in one epoch.
type givenUp struct {
	epoch uint64
	n     int
}

// epochShift: an epoch is 2^epochShift packets.
const epochShift = 12

// strike counts a check of rule sig given up in an epoch, as long as it matters:
// a rule goes after so many.
func (q *quarantine) strike(sig int, epoch uint64, after int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	total, list := 0, q.counts[sig]
	for i := range list {
		if list[i].epoch == epoch {
			list[i].n++
			return
		}
		total += list[i].n
	}
	if q.counts == nil {
		q.counts = map[int][]givenUp{}
	}
	if total < after || epoch < list[len(list)-1].epoch {
		q.counts[sig] = append(list, givenUp{epoch, 1})
	}
}

// before returns the rules that were given up at least so often before an epoch.
func (q *quarantine) before(epoch uint64, after int) (sigs []int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for sig, list := range q.counts {
		n := 0
		for _, g := range list {
			if g.epoch < epoch {
				n += g.n
			}
		}
		if n >= after {
			sigs = append(sigs, sig)
		}
	}
	return sigs
}

// canBeDear reports whether checking the rule can reach a step limit at all.
func (s *signature) canBeDear() bool {
	for i := range s.units {
		for j := range s.units[i].match {
			if m := &s.units[i].match[j]; m.next || m.kind == mPCRE || m.kind == mBase64 {
				return true
			}
		}
	}
	return false
}

// Quarantines reports whether rules of the engine may be taken out of use: then
// workers have to inspect in turn.
func (e *Engine) Quarantines() bool {
	return e.opt.Quarantine > 0 && slices.ContainsFunc(e.sigs, (*signature).canBeDear)
}

// enterEpoch takes out the rules that have become too dear before packet num.
func (w *Worker) enterEpoch(num uint64) {
	w.epoch = num >> epochShift
	w.turn()
	for _, sig := range w.shared.quarantine.before(w.epoch, w.e.opt.Quarantine) {
		if w.out == nil {
			w.out = make([]bool, len(w.e.sigs))
		}
		w.out[sig] = true
	}
}

// gaveUp notes that the check of a rule has reached a step limit.
func (w *Worker) gaveUp(s *signature) {
	w.match.spent = false
	w.GivenUp++
	if w.costs != nil {
		w.costs[s.order].givenUp++
	}
	p := w.in.Packet
	if w.quarantines && !p.Has(packet.Pseudo) && p.Num>>epochShift == w.epoch {
		w.shared.quarantine.strike(s.order, w.epoch, w.e.opt.Quarantine)
	}
}

// Quarantined is a rule that was taken out of use.
type Quarantined struct {
	GID, SID, Rev uint32
	Msg           string
	After         int // checks given up at which that was due
}

// Quarantined returns the rules that were taken out of use in a run, in the
// order of inspection. The workers must be at rest.
func (e *Engine) Quarantined(workers []*Worker) (all []Quarantined) {
	for i, s := range e.sigs {
		if slices.ContainsFunc(workers, func(w *Worker) bool { return w != nil && w.out != nil && w.out[i] }) {
			all = append(all, Quarantined{s.gid, s.sid, s.rev, s.msg, e.opt.Quarantine})
		}
	}
	return all
}

// AppendEvent implements event.Appender: the record that tells of it.
func (q *Quarantined) AppendEvent(b []byte, _ *event.Output) []byte {
	b = event.Open(event.Open(b, "weir"), "quarantine")
	b = event.Uint(b, "gid", uint64(q.GID))
	b = event.Uint(b, "signature_id", uint64(q.SID))
	b = event.Uint(b, "rev", uint64(q.Rev))
	b = event.Str(b, "signature", q.Msg)
	b = event.Str(b, "reason", "step limit")
	b = event.Uint(b, "given_up", uint64(q.After))
	return event.Close(event.Close(b))
}
