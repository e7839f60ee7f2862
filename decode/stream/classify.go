package stream

import (
	"weir/decode/flow"
	"weir/decode/packet"
)

const control = packet.SYN | packet.FIN | packet.RST

// bare reports whether p carries nothing but an acknowledgement.
func (a *arrival) bare() bool { return a.p.PayLen == 0 && a.is(control, 0) }

// isKeepAlive reports whether p is a keep-alive probe: at most one byte, just
// before the edge, acknowledged before (RFC 9293 section 3.8.4).
func (a *arrival) isKeepAlive() bool {
	t := &a.p.TCP
	if a.p.PayLen > 1 || !a.is(control, 0) || t.Ack != a.to.lastAck || t.Seq != a.from.nextSeq-1 {
		return false
	}
	a.from.keepAlive = true
	return true
}

// isKeepAliveAnswer reports whether p answers a probe: it repeats the last
// acknowledgement.
func (a *arrival) isKeepAliveAnswer() bool {
	t := &a.p.TCP
	if !a.to.keepAlive || !a.bare() || t.Window == 0 || a.scaled() != a.to.window ||
		t.Ack != a.to.lastAck || t.Seq != a.from.nextSeq {
		return false
	}
	a.to.keepAlive = false
	return true
}

// isLastAckOfClose reports whether p acknowledges a FIN behind one of its own.
func (a *arrival) isLastAckOfClose() bool {
	return a.bare() && a.p.TCP.Seq == a.from.nextSeq+1 && a.p.TCP.Ack == a.to.nextSeq+1
}

// isWindowUpdate reports whether p changes nothing but the window.
func (a *arrival) isWindowUpdate() bool {
	t := &a.p.TCP
	return a.s.state >= flow.TCPEstablished && a.bare() && t.Window != 0 && a.scaled() != a.to.window &&
		t.Ack == a.to.lastAck && t.Seq == a.from.nextSeq
}

// isBadWindowUpdate reports whether p takes window back, by more than it
// carries, while it runs ahead in both directions: no receiver should (RFC 9293
// section 3.8.6).
func (a *arrival) isBadWindowUpdate() bool {
	t := &a.p.TCP
	if a.s.state < flow.TCPEstablished || a.s.state == flow.TCPClosed || !a.is(control, 0) {
		return false
	}
	if !after(t.Ack, a.to.nextSeq) || after(t.Ack, a.to.nextWin) || !after(t.Seq, a.from.nextSeq) {
		return false
	}
	if a.scaled()+(t.Ack-a.to.lastAck)+uint32(a.p.PayLen) >= a.to.window {
		return false
	}
	a.p.AddEvent(packet.EvStreamPktBadWindowUpdate)
	return true
}

// isOutdatedAck reports whether p is an acknowledgement that was overtaken by a
// later one.
func (a *arrival) isOutdatedAck() bool {
	t := &a.p.TCP
	return a.s.state >= flow.TCPEstablished && a.bare() && a.has(packet.ACK) &&
		before(t.Ack, a.to.lastAck) && t.Seq == a.from.nextSeq
}

// isSpurious notes a segment all of whose bytes were acknowledged before, and
// reports whether they are forgotten too, so that nothing is left to handle.
func (a *arrival) isSpurious() bool {
	from := a.from
	if a.p.PayLen == 0 {
		return false
	}
	forgotten := !from.noReasm && upTo(a.end, from.isn+1+uint32(from.forgot))
	if !forgotten && after(a.end, from.lastAck) {
		return false
	}
	a.p.AddEvent(packet.EvStreamPktSpuriousRetransmission)
	return forgotten
}

// isResent reports whether p carries bytes that were sent before: acknowledged,
// partly so, or still in flight.
func (a *arrival) isResent() bool {
	from := a.from
	if a.p.PayLen == 0 {
		return false
	}
	if before(a.p.TCP.Seq, from.lastAck) && after(a.end, from.lastAck) || upTo(a.end, from.lastAck) || upTo(a.end, from.nextSeq) {
		a.p.AddEvent(packet.EvStreamPktRetransmission)
		return true
	}
	return false
}

// checkAfterRst notes that the sender of a RST goes on as if it had not sent
// it: somebody else did.
func (a *arrival) checkAfterRst() {
	if a.has(packet.RST) || !a.to.rst {
		return
	}
	a.to.rst = false
	a.p.AddEvent(packet.EvStreamSuspectedRstInject)
}
