package detect

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"weir/decode"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/decode/proto"
)

// observation is what the rule is held against: a packet, with a transaction or
// frame where there is one.
type observation struct {
	w     *Worker
	p     *packet.Packet
	f     *flow.Flow // may be nil
	tx    proto.Transaction
	dir   field.Dir
	frame *decode.Frame
}

// packet looks at a packet to which the engine will not hold the rule itself.
func (x *Explainer) packet(w *Worker) {
	if x.s.hasTx || x.s.onFrames || w.mark[x.s.order] != w.gen {
		x.see(w, nil, w.in.Packet.Dir, nil)
	}
}

// tx looks at a transaction to which the engine will not hold the rule itself.
func (x *Explainer) tx(w *Worker, st *txState, tx proto.Transaction, dir field.Dir) {
	if !slices.ContainsFunc(st.pending, func(p pending) bool { return int(p.sig) == x.s.order && !p.off }) {
		x.see(w, tx, dir, nil)
	}
}

// see holds the rule against what is inspected, gate by gate.
func (x *Explainer) see(w *Worker, tx proto.Transaction, dir field.Dir, frame *decode.Frame) {
	o := &observation{w, w.in.Packet, w.in.Flow, tx, dir, frame}
	if tx != nil && !x.s.hasTx && frame == nil {
		return // the rule looks at packets alone
	}
	inStream, captured := w.inStream, w.match.captured
	defer func() { w.inStream, w.match.captured, w.match.spent = inStream, captured, false }()
	seen := x.seen(o)
	x.matches = x.matches[:0]
	x.held = slices.Grow(x.held[:0], len(x.gates))[:x.first]
	for i := range x.held {
		g := &x.gates[i]
		switch {
		case g.holds != nil:
			x.held[i] = g.holds(w, o)
		case g.Kind != GateMatch || x.held[i-1]:
			// A matcher is tried where the one before it has fitted.
			x.held[i] = seen != nil && seen.held[i] || x.try(o, g, g.match)
		default:
			x.held[i] = false
		}
	}
	x.locate(o, seen)
	if seen != nil {
		for i, g := range x.gates[:x.first] {
			seen.held[i] = g.unit >= 0 && x.held[i]
		}
		seen.matches = append(seen.matches[:0], x.matches...)
	}
	x.count(o, seen)
	x.weigh(o)
}

// seen returns what is known of the transaction; nil if it is none, or one too
// many.
func (x *Explainer) seen(o *observation) *seenTx {
	if o.tx == nil || o.f == nil || o.frame != nil {
		return nil
	}
	k := txKey{o.f.ID, o.tx.Base().ID, o.dir}
	if x.s.wholeTx {
		k.dir = 0
	}
	s := x.txs[k]
	if s == nil && len(x.txs) < maxSeen {
		s = &seenTx{held: make([]bool, x.first)}
		x.txs[k] = s
	}
	return s
}

// try runs matchers over the buffer of a gate, by the engine's own function.
func (x *Explainer) try(o *observation, g *Gate, match []matcher) bool {
	w, u := o.w, x.s.units[g.unit]
	u.match = match
	if n := len(x.s.units[g.unit].match); len(w.match.marks) < n {
		w.match.marks = make([]int, n)
	}
	limit := w.match.limit
	w.match.limit *= 2 // half of the steps are marks
	defer func() { w.match.limit = limit }()
	switch {
	case u.frames != nil:
		return o.frame != nil && w.frameUnit(&u, o.frame)
	case u.def == nil:
		return w.payloadUnit(x.s, &u, o.p, o.f)
	case o.tx == nil || w.in.Proto == nil:
		return false
	}
	def := u.of(w.in.Proto)
	if def == nil {
		return false
	}
	dir := x.s.side(def, o.dir)
	if def.State[dir.Index()] > o.tx.Base().Progress[dir.Index()] && !w.in.Last {
		return false
	}
	return w.unit(&u, def, o.tx, dir)
}

// locate notes where the matchers stand that have fitted: for each unit as the
// longest run of them does.
func (x *Explainer) locate(o *observation, seen *seenTx) {
	for i := x.first - 1; i >= 0; i-- {
		g := &x.gates[i]
		if g.Kind != GateMatch || !x.held[i] || i+1 < x.first && x.gates[i+1].unit == g.unit && x.held[i+1] {
			continue
		}
		if !x.try(o, g, g.match) {
			continue // it has fitted before, see below
		}
		ms := x.s.units[g.unit].match
		for k := i; k >= 0 && x.gates[k].Kind == GateMatch && x.gates[k].unit == g.unit; k-- {
			j := x.gates[k].last
			m := &ms[j]
			if m.negated || m.kind != mContent && m.kind != mPCRE && m.kind != mByteJump {
				continue
			}
			end := o.w.match.marks[j] + int(o.w.match.base)
			at := Match{Gate: k, Buffer: g.Buffer, Start: -1, End: end}
			if m.kind == mContent {
				at.Start = end - len(m.pattern)
			}
			x.matches = append(x.matches, at)
		}
	}
	if seen != nil {
		for _, m := range seen.matches {
			if !slices.ContainsFunc(x.matches, func(n Match) bool { return n.Gate == m.Gate }) {
				x.matches = append(x.matches, m)
			}
		}
	}
	slices.SortFunc(x.matches, func(a, b Match) int { return cmp.Compare(a.Gate, b.Gate) })
}

// count notes how many gates in a row have held.
func (x *Explainer) count(o *observation, seen *seenTx) {
	n := slices.Index(x.held, false)
	if n < 0 {
		n = x.first
	}
	if o.p.Num != x.num || o.p.Has(packet.Pseudo) || x.packets == 0 {
		x.endPacket()
		x.num, x.depth = o.p.Num, 0
		x.packets++
	}
	x.depth = max(x.depth, n)
	if o.f != nil {
		if d, ok := x.flows[o.f.ID]; ok || len(x.flows) < maxSeen {
			x.flows[o.f.ID] = max(d, n)
		}
	}
	if seen != nil {
		seen.depth = max(seen.depth, n)
	}
}

// endPacket adds the packet in work to the gates that it has passed.
func (x *Explainer) endPacket() {
	for i := range x.depth {
		x.gates[i].Packets++
	}
	x.depth = 0
}

// weigh keeps the observation if none came nearer: if what did not hold is less
// than what did not at any before.
func (x *Explainer) weigh(o *observation) {
	loss := 0
	for i, held := range x.held {
		if !held {
			loss += x.gates[i].weight
		}
	}
	if x.best != nil && loss >= x.loss {
		return
	}
	near := &Near{Place: x.place(o.p, o.f, o.tx)}
	near.Frame = o.frame != nil
	near.Matches = slices.Clone(x.matches)
	for i, held := range x.held {
		// What was not tried because of another gate of its buffer says nothing.
		if !held && (x.gates[i].Kind != GateMatch || x.held[i-1]) {
			m := Miss{Gate: i}
			m.Why, m.Hints = x.miss(o, i)
			near.Misses = append(near.Misses, m)
		}
	}
	x.best, x.loss = near, loss
}

// place describes a packet.
func (x *Explainer) place(p *packet.Packet, f *flow.Flow, tx proto.Transaction) Place {
	at := Place{Packet: p.Num, Time: time.Unix(0, p.Time).UTC()}
	if p.Version != 0 {
		end := func(a netip.Addr, port uint16) string {
			if p.L4 == 0 || p.Proto == packet.ProtoICMP || p.Proto == packet.ProtoICMPv6 {
				return a.String()
			}
			return netip.AddrPortFrom(a, port).String()
		}
		at.Src, at.Dst = end(p.SrcAddr(), p.SrcPort), end(p.DstAddr(), p.DstPort)
	}
	if f != nil {
		at.Flow, at.Dir = f.ID, p.Dir.String()
	}
	if tx != nil {
		id := tx.Base().ID
		at.Tx = &id
	}
	return at
}

// fits notes that the rule has fitted in the packet in work, if it has.
func (x *Explainer) fits(w *Worker) {
	x.fitting, x.passing = nil, nil
	for i := range w.alerts {
		if a := &w.alerts[i]; a.sig == x.s {
			if x.fitting == nil {
				x.fitting = &Firing{Place: x.place(w.in.Packet, w.in.Flow, a.tx)}
				x.fitting.Frame = a.frame != nil
			}
			x.total++
			if a.tx != nil && w.in.Flow != nil {
				k := txKey{w.in.Flow.ID, a.tx.Base().ID, w.in.Packet.Dir}
				if x.s.wholeTx {
					k.dir = 0
				}
				if s := x.txs[k]; s != nil {
					x.fitting.seen = s
					x.fitting.Matches = slices.Clone(s.matches)
					continue
				}
			}
			x.fitting.Matches = slices.Clone(x.matches)
		}
	}
}

// allowed notes what the thresholds of a rule have said.
func (x *Explainer) allowed(a *alert, said outcome) {
	if a.action == actPass && said != noMatch && x.passing == nil {
		x.passing = a.sig
	}
	if a.sig != x.s || x.fitting == nil {
		return
	}
	switch said {
	case noMatch:
		x.fitting.Why = "its threshold has not been reached: it counts as no match"
	case silent:
		x.fitting.Why = "its threshold is exceeded, or an entry of the threshold file suppresses it"
	}
}

// settled notes what came of the rule.
func (x *Explainer) settled(w *Worker, shown []alert) {
	fr := x.fitting
	if fr == nil {
		return
	}
	last := len(x.gates) - 1
	limited := fr.Why != ""
	for _, a := range shown {
		if a.sig == x.s {
			fr.Alert, fr.Why = true, ""
			x.alerts++
		}
	}
	switch s := x.s; {
	case fr.Alert || fr.Why != "":
	case s.action == actPass:
		fr.Why = "its action is pass"
	case s.noAlert:
		fr.Why = "the rule says noalert"
	case s.action == actConfig:
		fr.Why = "its action is config"
	case x.passing != nil:
		fr.Why = fmt.Sprintf("rule %d, whose action is pass, comes before it", x.passing.sid)
	default:
		fr.Why = fmt.Sprintf("the packet has as many alerts as it may have, %d", w.e.opt.AlertMax)
	}
	for i := x.first; i <= last; i++ {
		if i == last && fr.Alert || i < last && !limited {
			x.gates[i].Packets++
			x.depths(fr, i+1)
		}
	}
	if len(x.fired) < maxFirings {
		x.fired = append(x.fired, *fr)
	}
}

// depths notes how far the flow and the transaction of a firing have come.
func (x *Explainer) depths(fr *Firing, n int) {
	if d, ok := x.flows[fr.Flow]; ok {
		x.flows[fr.Flow] = max(d, n)
	}
	if fr.seen != nil {
		fr.seen.depth = max(fr.seen.depth, n)
	}
}
