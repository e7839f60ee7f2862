package stream

import (
	"weir/decode/flow"
	"weir/decode/packet"
)

// established handles a packet of an open connection.
func (a *arrival) established() bool {
	t := &a.p.TCP
	switch {
	case a.has(packet.RST):
		return a.reset()
	case a.has(packet.FIN):
		return a.finish()
	case a.has(packet.SYN | packet.ACK):
		switch {
		case a.toServer():
			return a.event(packet.EvStreamEstSynAckToserver)
		case t.Ack != a.to.lastAck:
			return a.event(packet.EvStreamEstSynAckResendWithDifferentAck)
		case t.Seq != a.from.isn:
			return a.event(packet.EvStreamEstSynAckResendWithDiffSeq)
		case a.s.confirmed:
			return a.event(packet.EvStreamEstSynAckResend)
		}
		// The server has not got the client's ACK.
	case a.has(packet.SYN):
		switch {
		case !a.toServer():
			return a.event(packet.EvStreamEstSynToclient)
		case t.Seq != a.from.isn:
			return a.event(packet.EvStreamEstSynResendDiffSeq)
		}
		return a.event(packet.EvStreamEstSynResend)
	case a.has(packet.ACK):
		if !a.toServer() {
			a.s.confirmed = true
		}
		return a.data()
	}
	return true
}

// data handles a segment of an open connection: payload, acknowledgement, or
// both.
func (a *arrival) data() bool {
	s, from, to, t := a.s, a.from, a.to, &a.p.TCP
	if !a.validStamp() {
		return false
	}
	// The byte of a zero window probe is acknowledged or not.
	if to.zeroProbe && t.Ack == to.nextSeq+1 {
		to.zeroProbe = false
	} else if !a.validAck() {
		return a.event(packet.EvStreamEstInvalidAck)
	}
	if !a.inOrder() {
		return a.event(packet.EvStreamEstPktBeforeLastAck)
	}
	if s.midstream && !a.toServer() && from.nextWin == from.isn+1 {
		// The first packet of the other side of a connection whose start was not
		// seen: only now is it known that it sends.
		from.window = a.scaled()
		from.nextWin = from.lastAck + from.window
	}
	probe := a.p.PayLen == 1 && t.Seq == from.nextSeq && from.window == 0
	if after(t.Ack, to.nextSeq) {
		a.Counters.AckUnseen++
	}
	if probe {
		from.zeroProbe = true
	} else if after(a.end, from.nextSeq) && (upTo(t.Seq, from.nextSeq) || before(from.nextSeq, from.lastAck)) {
		from.nextSeq = a.end
	}
	a.noteStamp()
	if !probe && after(a.end, from.nextWin) && !s.liberalWindow() {
		return a.event(packet.EvStreamEstPacketOutOfWindow)
	}
	to.window = a.scaled()
	to.acknowledge(t.Ack)
	a.noteSACK()
	to.widen()
	a.reassemble()
	return true
}

// inOrder reports whether p is not older than what was acknowledged.
func (a *arrival) inOrder() bool {
	s, from, t := a.s, a.from, &a.p.TCP
	switch {
	case notBefore(a.end, from.lastAck), a.p.PayLen <= 1 && t.Seq == from.nextSeq-1:
		return true
	case s.async:
		// Nobody acknowledges: what is sent counts as acknowledged.
		from.acknowledge(t.Seq)
		return true
	case a.opt.Async && s.midstream && (from.nextSeq == t.Seq || from.lastAck == from.isn+1):
		from.acknowledge(t.Seq)
		s.async = true
		return true
	}
	// Bytes that were acknowledged before they were seen.
	return after(from.lastAck, from.nextSeq) && after(a.end, from.nextSeq)
}

// finish handles the first FIN.
func (a *arrival) finish() bool {
	from := a.from
	if !a.validStamp() {
		return false
	}
	if !a.validAck() {
		return a.event(packet.EvStreamFinInvalidAck)
	}
	if !a.finInWindow() {
		return a.event(packet.EvStreamFinOutOfWindow)
	}
	if a.has(packet.SYN) {
		return a.event(packet.EvStreamFinSyn)
	}
	a.noteStamp()
	// The states are those of the server's end.
	if a.toServer() {
		a.setState(flow.TCPCloseWait)
		from.nextSeq = a.end
	} else {
		a.setState(flow.TCPFinWait1)
		from.nextSeq = a.end + 1 // the FIN takes one
	}
	a.take(false)
	return true
}
