package stream

import (
	"weir/decode/flow"
	"weir/decode/packet"
)

// The states behind the first FIN are those of the server's end: it sent the
// first FIN and is in FIN-WAIT, or got it and is in CLOSE-WAIT.

// teardown handles what is alike in all of them. done says that p needs no more
// handling, ok whether it fits.
func (a *arrival) teardown() (done, ok bool) {
	switch {
	case a.has(packet.RST):
		return true, a.reset()
	case a.has(packet.SYN):
		return true, a.event(packet.EvStreamShutdownSynResend)
	case a.is(packet.ACK|packet.FIN, 0):
		return true, true
	}
	ok = a.validStamp()
	return !ok, ok
}

// finInWindow checks the number of a FIN.
func (a *arrival) finInWindow() bool {
	from, seq := a.from, a.p.TCP.Seq
	return notBefore(seq, from.lastAck) && upTo(seq, from.lastAck+from.window)
}

// isFinResent reports whether p is a FIN sent again.
func (a *arrival) isFinResent() bool {
	return a.has(packet.FIN) && a.p.TCP.Seq == a.from.nextSeq-1 && a.p.TCP.Ack == a.to.lastAck
}

// dataInWindow checks the right edge of a segment.
func (a *arrival) dataInWindow() bool {
	return upTo(a.end, a.from.nextWin) || a.s.liberalWindow()
}

// finWait1: the server has sent its FIN.
func (a *arrival) finWait1() bool {
	if done, ok := a.teardown(); done {
		return ok
	}
	fin := a.has(packet.FIN)
	resent := a.isFinResent() || a.isResent()
	if fin && !resent && !a.finInWindow() {
		return a.event(packet.EvStreamFin1FinWrongSeq)
	}
	if !a.validAck() {
		return a.event(packet.EvStreamFin1InvalidAck)
	}
	switch {
	case resent:
	case fin && a.has(packet.ACK):
		a.setState(flow.TCPTimeWait)
	case fin:
		a.setState(flow.TCPClosing)
	case !a.dataInWindow():
		return a.event(packet.EvStreamFin1AckWrongSeq)
	case a.toServer() && a.p.TCP.Seq == a.from.nextSeq, !a.toServer() && a.p.TCP.Seq == a.from.nextSeq-1:
		a.setState(flow.TCPFinWait2)
	}
	a.take(resent)
	return true
}

// finWait2: the server's FIN was acknowledged.
func (a *arrival) finWait2() bool {
	if done, ok := a.teardown(); done {
		return ok
	}
	fin := a.has(packet.FIN)
	resent := a.isFinResent() || a.isResent()
	if fin && !resent && !a.finInWindow() {
		return a.event(packet.EvStreamFin2FinWrongSeq)
	}
	if !a.validAck() {
		return a.event(packet.EvStreamFin2InvalidAck)
	}
	switch {
	case resent:
	case fin:
		a.setState(flow.TCPTimeWait)
	case !a.dataInWindow():
		return a.event(packet.EvStreamFin2AckWrongSeq)
	}
	a.take(resent)
	return true
}

// closing: both sides have sent a FIN before they got the other's.
func (a *arrival) closing() bool {
	if done, ok := a.teardown(); done || a.is(packet.ACK, 0) {
		return ok
	}
	resent := a.isResent()
	if a.p.TCP.Seq != a.from.nextSeq {
		return a.event(packet.EvStreamClosingAckWrongSeq)
	}
	if !a.validAck() {
		return a.event(packet.EvStreamClosingInvalidAck)
	}
	if !resent {
		a.setState(flow.TCPTimeWait)
	}
	a.take(resent)
	return true
}

// closeWait: the client has sent its FIN.
func (a *arrival) closeWait() bool {
	if done, ok := a.teardown(); done {
		return ok
	}
	from, t := a.from, &a.p.TCP
	resent := a.isResent()
	fin := a.has(packet.FIN)
	switch {
	case fin:
		if !resent && (before(t.Seq, from.nextSeq) || !a.finInWindow()) {
			return a.event(packet.EvStreamClosewaitFinOutOfWindow)
		}
	case a.p.PayLen > 0 && upTo(a.end, from.lastAck):
		return a.event(packet.EvStreamClosewaitPktBeforeLastAck)
	case after(t.Seq, from.lastAck+from.window):
		return a.event(packet.EvStreamClosewaitAckOutOfWindow)
	}
	if !a.validAck() {
		return a.event(packet.EvStreamClosewaitInvalidAck)
	}
	if fin && !resent && !a.toServer() {
		a.setState(flow.TCPLastAck)
	}
	a.take(resent)
	return true
}

// lastAck: both have sent a FIN; the server waits for the acknowledgement of
// its own.
func (a *arrival) lastAck() bool {
	if done, ok := a.teardown(); done || a.has(packet.FIN) || !a.toServer() {
		return ok
	}
	seq, next := a.p.TCP.Seq, a.from.nextSeq
	resent := a.isResent()
	if !a.validAck() {
		return a.event(packet.EvStreamLastackInvalidAck)
	}
	if !resent {
		if notBefore(seq, next) {
			if seq != next && seq != next+1 {
				return a.event(packet.EvStreamLastackAckWrongSeq)
			}
			a.setState(flow.TCPClosed)
		}
	}
	a.take(resent)
	return true
}

// timeWait: both FINs are acknowledged, but for the last.
func (a *arrival) timeWait() bool {
	if done, ok := a.teardown(); done || a.has(packet.FIN) {
		return ok
	}
	seq, next := a.p.TCP.Seq, a.from.nextSeq
	resent := a.isResent()
	if !resent && seq != next && seq != next+1 {
		if a.toServer() || a.p.PayLen == 0 || seq != a.from.lastAck {
			return a.event(packet.EvStreamTimewaitAckWrongSeq)
		}
		resent = true
	}
	if !a.validAck() {
		return a.event(packet.EvStreamTimewaitInvalidAck)
	}
	if !resent {
		a.setState(flow.TCPClosed)
	}
	a.take(resent)
	return true
}

// closed handles packets of a connection that is over. Where a RST closed it
// and its sender goes on, the RST was not from there: the packet is handled as
// before.
func (a *arrival) closed() bool {
	s := a.s
	if a.has(packet.RST) || a.from.rst || !a.to.rst {
		return true
	}
	prev := s.prev
	ok := a.dispatch(prev)
	if s.state == flow.TCPClosed {
		s.state, s.prev = prev, flow.TCPClosed
	}
	return ok
}
