package stream

import (
	"weir/decode/flow"
	"weir/decode/packet"
)

// validAck checks what p acknowledges: not beyond the window of what the other
// side may send, and not older than one window.
func (a *arrival) validAck() bool {
	s, to, ack := a.s, a.to, a.p.TCP.Ack
	switch {
	case ack == to.lastAck, after(ack, to.lastAck) && upTo(ack, to.nextWin):
		return true
	case before(ack, to.lastAck):
		if to.window != 0 && before(ack, to.lastAck-to.window) {
			return a.event(packet.EvStreamPktInvalidAck)
		}
		return true
	case s.async || s.liberal:
		return true
	case s.state > flow.TCPSynSent && !after(ack, to.nextWin):
		return true
	case s.state == flow.TCPSynSent && !a.toServer() && a.has(packet.RST) && ack == to.isn+1:
		return true // a refused connection; no window is known yet
	}
	return a.event(packet.EvStreamPktInvalidAck)
}

// validRst checks a RST as its receiver would, by policy (RFC 9293 section
// 3.5.2, RFC 5961 section 3).
func (a *arrival) validRst() bool {
	s, from, to, t := a.s, a.from, a.to, &a.p.TCP
	if !a.validStamp() {
		return false
	}
	if a.p.PayLen > 0 {
		a.p.AddEvent(packet.EvStreamRstWithData)
	}
	if a.has(packet.ACK) && t.Ack != 0 && !a.validAck() {
		return a.event(packet.EvStreamRstInvalidAck)
	}
	if s.async {
		return notBefore(t.Seq, from.nextSeq)
	}
	switch to.policy {
	case PolicyHPUX11:
		return notBefore(t.Seq, from.nextSeq)
	case PolicyOldLinux, PolicyLinux, PolicySolaris:
		return notBefore(a.end, from.lastAck) && before(t.Seq, from.nextSeq+from.window)
	}
	return t.Seq == from.nextSeq
}

// reset closes the connection by a RST. What its sender has sent will not come
// again: it counts as acknowledged.
func (a *arrival) reset() bool {
	if !a.validRst() {
		return false
	}
	a.noteStamp()
	a.setState(flow.TCPClosed)
	t := &a.p.TCP
	if a.has(packet.ACK) && a.validAck() {
		a.to.acknowledge(t.Ack)
	}
	a.from.acknowledge(a.from.maxAck(t.Seq))
	a.reassemble()
	return true
}

// maxAck is the larger of ack and the end of what is held.
func (h *half) maxAck(ack uint32) uint32 {
	if right := h.rightSeq(); h.right() > 0 && after(right, ack) {
		return right
	}
	return ack
}
