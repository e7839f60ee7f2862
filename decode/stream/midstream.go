package stream

import (
	"weir/decode/flow"
	"weir/decode/packet"
)

// mayPickUp reports whether a connection may be followed from p on although its
// start was not seen, and applies the policy for such connections.
func (a *arrival) mayPickUp() bool {
	if !a.apply(flow.ReasonMidstream, a.opt.MidstreamPolicy) {
		return false
	}
	return a.opt.Midstream
}

// pickUp follows a connection from a segment of its middle on. The sender
// counts as the client until the application layer knows better.
func (a *arrival) pickUp(state flow.TCPState) bool {
	if !a.start() {
		return false
	}
	a.Counters.Midstream++
	s, t, from, to := a.s, &a.p.TCP, a.from, a.to
	s.midstream, s.async = true, a.opt.Async
	from.wscale, to.wscale = maxWScale, maxWScale
	from.isn, from.nextSeq, from.lastAck = t.Seq-1, a.end, t.Seq
	from.window = uint32(t.Window) << maxWScale
	from.nextWin = from.lastAck + from.window
	from.seen = true
	to.isn = t.Ack - 1
	to.nextSeq, to.lastAck, to.nextWin = t.Ack, t.Ack, t.Ack
	to.window = from.window
	if t.Opts&packet.OptTimestamp != 0 {
		s.stamps = true
		from.stamp, from.stampTime, from.zeroStamp = t.TSVal, a.p.Time/1e9, t.TSVal == 0
		to.stamp = t.TSEcr
	}
	a.setState(state)
	a.reassemble()
	return true
}

// pickUpReply follows a connection from its SYN-ACK on, whose sender is the
// server.
func (a *arrival) pickUpReply() bool {
	if !a.start() {
		return false
	}
	if a.toServer() && a.Reverse != nil {
		a.Reverse(a.f)
	}
	a.Counters.Midstream++
	s := a.s
	s.midstream, s.fromReply, s.async = true, true, a.opt.Async
	h := handshakeOf(a.p)
	client, server := &s.half[0], &s.half[1]
	server.follow(&h)
	server.window = h.window
	server.nextWin = server.lastAck + server.window
	client.isn, client.nextSeq, client.lastAck = h.ack-1, h.ack, h.ack
	client.window = h.window
	client.nextWin = client.lastAck + client.window
	if h.opts&packet.OptWScale != 0 {
		// The client had one too; of unknown size.
		client.wscale, server.wscale = h.wscale, maxWScale
	}
	if server.hasStamp {
		s.stamps = true
		client.stamp = a.p.TCP.TSEcr
	}
	a.setState(flow.TCPSynRecv)
	return true
}
