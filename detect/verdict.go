package detect

import (
	"cmp"
	"slices"

	"weir/decode"
	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/packet"
)

// publish turns the rules that have fitted into a verdict, which it marks in the
// packet, and into alerts, which show it.
func (w *Worker) publish(p *packet.Packet, f *flow.Flow) decode.Verdict {
	if len(w.alerts) == 0 {
		return 0
	}
	// Rules on the packet and on its transactions were found one after the
	// other: they count in the order of the rules.
	slices.SortStableFunc(w.alerts, func(a, b alert) int { return cmp.Compare(a.sig.order, b.sig.order) })
	if w.ex != nil {
		w.ex.fits(w)
	}
	var v decode.Verdict
	shown := w.alerts[:0]
	for i := range w.alerts {
		a := w.alerts[i]
		s := a.sig
		if s.bypass {
			v |= decode.VerdictBypass
		}
		allowed := w.allow(&a, p, f)
		if w.ex != nil {
			w.ex.allowed(&a, allowed)
		}
		if allowed != match {
			w.Suppressed++
		}
		if allowed == noMatch {
			continue
		}
		v |= w.act(a, p) | w.configure(&a, f)
		switch {
		case allowed == silent || s.noAlert || s.action == actConfig || a.changed && a.action == actPass:
		case len(shown) == w.e.opt.AlertMax:
			w.Overflow++
		default:
			shown = append(shown, a)
		}
		if len(s.tags) > 0 && a.action != actConfig && a.action != actPass {
			w.begin(s, p, f) // also of what is not shown
		}
		if a.action == actPass {
			break // nothing behind it counts
		}
	}
	if w.ex != nil {
		w.ex.settled(w, shown)
	}
	for _, a := range shown {
		v |= decode.VerdictAlerted
		w.raise(a, p, f)
	}
	w.alerts = shown
	return v
}

// act does what a rule's action says. What has come first counts: a packet that
// is dropped is not passed any more.
func (w *Worker) act(a alert, p *packet.Packet) (v decode.Verdict) {
	s := a.sig
	flowToo := s.wholeFlow || a.stream
	switch a.action {
	case actPass:
		if p.Has(packet.Dropped) || w.drop.a.sig != nil {
			return 0
		}
		p.Flags |= packet.Passed
		if flowToo {
			v |= decode.VerdictPassFlow
		}
	case actDrop, actReject:
		if w.e.opt.IPS {
			reason := packet.DropRules
			if a.changed {
				reason = packet.DropDetectionFilter
			}
			p.Drop(reason)
		}
		p.Reject |= a.reject
		if w.drop.a.sig == nil {
			w.drop.a = a
			w.in.DropRule = &w.drop
		}
		if flowToo {
			v |= decode.VerdictDropFlow
		}
		if a.action == actReject {
			v |= decode.VerdictReject
		}
	}
	return v
}

// raise publishes an alert.
func (w *Worker) raise(a alert, p *packet.Packet, f *flow.Flow) {
	s := a.sig
	w.Alerts++
	w.body = alertBody{w, a, p, f, w.in.Proto}
	decode.PacketHead(&w.ev, "alert", p, f)
	w.ev.Meta = w.Variables(f, p)
	if a.tx != nil {
		w.ev.HasTx, w.ev.TxID, w.ev.TxGuessed = true, a.tx.Base().ID, a.guessed
	}
	w.ev.Body = &w.body
	if a.tx != nil && w.in.Proto != nil && w.in.Proto.Header != nil {
		w.ev.Addrs = &w.body
	}
	w.ev.Alert = &event.Alert{
		GID: s.gid, SID: s.sid, Rev: s.rev, Msg: s.msg, Class: s.class, Priority: s.priority, Dropped: a.action != actAlert && p.Has(packet.Dropped),
	}
	w.pub.Publish(&w.ev)
}

// dropRule is the rule that has dropped a packet, as drop records show it.
type dropRule struct{ a alert }

// AppendEvent implements event.Appender.
func (d *dropRule) AppendEvent(b []byte, _ *event.Output) []byte {
	return event.Close(d.a.appendRule(event.Open(b, "alert"), true))
}

// Counters are what the engine's workers counted.
type Counters struct{ Alerts, Overflow, Suppressed, GivenUp uint64 }

// Add adds what a worker counted.
func (c *Counters) Add(w *Worker) {
	c.Alerts += w.Alerts
	c.Overflow += w.Overflow
	c.Suppressed += w.Suppressed
	c.GivenUp += w.GivenUp
}
