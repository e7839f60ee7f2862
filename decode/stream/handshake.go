package stream

import (
	"weir/decode/flow"
	"weir/decode/packet"
)

// handshake is what a SYN or a SYN-ACK announces.
type handshake struct {
	seq, ack  uint32
	window    uint32
	stamp     uint32
	stampTime int64 // s
	wscale    uint8
	opts      packet.TCPOpts
}

// maxWScale is the largest window shift (RFC 7323 section 2.3). Where the
// handshake was not seen it is assumed.
const maxWScale = 14

func handshakeOf(p *packet.Packet) handshake {
	t := &p.TCP
	return handshake{
		seq: t.Seq, ack: t.Ack, window: uint32(t.Window), stamp: t.TSVal, stampTime: p.Time / 1e9,
		wscale: min(t.WScale, maxWScale), opts: t.Opts,
	}
}

// follow makes h the SYN of a half.
func (half *half) follow(h *handshake) {
	half.isn, half.nextSeq, half.lastAck = h.seq, h.seq+1, h.seq+1
	half.hasStamp = h.opts&packet.OptTimestamp != 0
	half.zeroStamp = half.hasStamp && h.stamp == 0
	half.stamp, half.stampTime = 0, 0
	if half.hasStamp {
		half.stamp, half.stampTime = h.stamp, h.stampTime
	}
	half.seen = true
}

// first handles a packet of a flow without a connection.
func (a *arrival) first() bool {
	switch {
	case a.has(packet.RST):
		return a.event(packet.EvStreamRstButNoSession)
	case a.has(packet.FIN):
		if !a.mayPickUp() || a.p.PayLen == 0 {
			return a.event(packet.EvStreamFinButNoSession)
		}
		return a.pickUp(flow.TCPFinWait1)
	case a.has(packet.SYN | packet.ACK):
		if !a.mayPickUp() {
			return true
		}
		return a.pickUpReply()
	case a.has(packet.SYN):
		return a.firstSyn()
	case a.has(packet.ACK):
		if !a.mayPickUp() {
			return true
		}
		return a.pickUp(flow.TCPEstablished)
	}
	return true
}

// start makes the session of a new connection.
func (a *arrival) start() bool {
	s := a.s
	if s == nil {
		if s = a.open(a.f); s == nil {
			return false
		}
	}
	a.locate(s)
	return true
}

// firstSyn starts a connection: the sender of a SYN is the client.
func (a *arrival) firstSyn() bool {
	if !a.start() {
		return false
	}
	a.s.async = a.opt.Async
	h := handshakeOf(a.p)
	a.offer(&h)
	a.setState(flow.TCPSynSent)
	if a.p.PayLen > 0 && h.opts&packet.OptTFO != 0 {
		a.s.tfo = true
		a.from.nextSeq += uint32(a.p.PayLen)
		a.from.nextWin = a.from.nextSeq
		a.reassemble()
	}
	return true
}

// offer takes the SYN of a side: its window and its shift bound the other.
func (a *arrival) offer(h *handshake) {
	a.from.follow(h)
	a.from.lastAck = 0 // nothing is acknowledged yet
	a.to.window, a.to.wscale = h.window, 0
	if h.opts&packet.OptWScale != 0 {
		a.to.wscale = h.wscale
	}
}

// synSent handles a packet behind the first SYN.
func (a *arrival) synSent() bool {
	t := &a.p.TCP
	if !a.validEcho() {
		return a.event(packet.EvStreamPktInvalidTimestamp)
	}
	switch {
	case a.has(packet.RST):
		if !a.validRst() {
			return false
		}
		if !a.toServer() || t.Seq == a.from.isn && t.Window == 0 && t.Ack == a.from.isn+1 {
			a.to.rst = !a.toServer()
			a.setState(flow.TCPClosed)
		}
	case a.has(packet.FIN):
	case a.has(packet.SYN | packet.ACK):
		return a.synAck()
	case a.has(packet.SYN):
		if a.toServer() {
			return a.anotherSyn()
		}
		// Both sides open at once (RFC 9293 section 3.5, figure 8).
		a.s.fourWay = true
		h := handshakeOf(a.p)
		a.offer(&h)
	case a.has(packet.ACK):
		return a.ackWithoutReply()
	}
	return true
}

// anotherSyn handles a SYN sent again. One that differs is remembered until the
// reply tells which of them counts.
func (a *arrival) anotherSyn() bool {
	s, h := a.s, handshakeOf(a.p)
	if h.seq == s.half[0].isn && h.opts&packet.OptTimestamp == 0 {
		return true
	}
	for i := range s.queue {
		if s.queue[i].seq == h.seq && s.queue[i].stamp == h.stamp {
			return true
		}
	}
	if n := len(s.queue); n > 0 && n >= int(a.opt.MaxSynQueued) {
		// A flood must not hide the one that is answered: the newest stay.
		copy(s.queue, s.queue[1:])
		s.queue[n-1] = h
		return a.event(packet.EvStream3whsSynFlood)
	}
	s.queue = append(s.queue, h)
	return true
}

// ackWithoutReply handles an ACK of the client to a SYN-ACK not seen: only one
// side of the connection passes here.
func (a *arrival) ackWithoutReply() bool {
	t := &a.p.TCP
	if !a.opt.Async || !a.toServer() {
		return true
	}
	if t.Seq != a.from.nextSeq {
		return a.event(packet.EvStream3whsAsyncWrongSeq)
	}
	a.s.async = true
	a.s.queue = a.s.queue[:0]
	a.from.window = uint32(t.Window)
	a.from.lastAck = t.Seq
	a.from.nextWin = a.from.lastAck + a.from.window
	a.to.isn = t.Ack - 1
	a.to.nextSeq, a.to.lastAck, a.to.nextWin = t.Ack, t.Ack, t.Ack
	a.s.stamps = a.from.hasStamp && t.Opts&packet.OptTimestamp != 0
	if a.s.stamps {
		a.from.stamp, a.from.stampTime = t.TSVal, a.p.Time/1e9
		a.from.zeroStamp = t.TSVal == 0
	}
	a.from.advance(a.end)
	a.setState(flow.TCPEstablished)
	a.reassemble()
	return true
}

// synAck handles the reply to a SYN.
func (a *arrival) synAck() bool {
	t, s := &a.p.TCP, a.s
	if a.toServer() {
		if !s.fourWay {
			return a.event(packet.EvStream3whsSynAckInWrongDirection)
		}
		return a.fourWaySynAck()
	}
	client := &s.half[0]
	// Another SYN may be the one that is answered.
	for i := range s.queue {
		if h := &s.queue[i]; h.seq+1 == t.Ack && (h.stamp == t.TSEcr || h.seq != client.isn) {
			to := a.to
			to.follow(h)
			a.from.window, a.from.wscale = h.window, h.wscale
			if h.opts&packet.OptWScale == 0 {
				a.from.wscale = 0
			}
			break
		}
	}
	h := handshakeOf(a.p)
	switch {
	case s.tfo && t.Ack == client.isn+1:
		// The server did not take the data (RFC 7413 section 4.2.1).
		a.p.AddEvent(packet.EvStream3whsSynAckTFODataIgnored)
		client.nextSeq = client.isn + 1
		client.release(&a.pieces)
		s.tfo = false
	case t.Ack != client.nextSeq:
		return a.event(packet.EvStream3whsSynAckWithWrongAck)
	}
	s.queue = s.queue[:0]
	a.reply(&h)
	if s.tfo {
		a.setState(flow.TCPEstablished)
		if a.opt.Inline {
			a.reassemble() // else the server's next segment does
		}
	}
	return true
}

// reply takes the SYN-ACK h of the server.
func (a *arrival) reply(h *handshake) {
	s := a.s
	client, server := &s.half[0], &s.half[1]
	server.follow(h)
	if s.state != flow.TCPSynRecv {
		a.setState(flow.TCPSynRecv)
	}
	s.stamps = client.hasStamp && server.hasStamp
	if !s.stamps {
		client.stamp, server.stamp = 0, 0
		client.zeroStamp, server.zeroStamp = false, false
	}
	client.window, client.wscale = h.window, 0
	if h.opts&packet.OptWScale != 0 && server.wscale != 0 {
		client.wscale = h.wscale
	}
	if h.opts&packet.OptWScale == 0 {
		server.wscale = 0 // scales hold only if both offer one (RFC 7323 section 2.2)
	}
	client.lastAck = h.ack
	client.nextWin = client.lastAck + client.window
	server.nextWin = server.lastAck + server.window
}

// fourWaySynAck handles the SYN-ACK of the client to the server's SYN.
func (a *arrival) fourWaySynAck() bool {
	t := &a.p.TCP
	if t.Ack != a.to.isn+1 {
		return a.event(packet.EvStream4whsSynAckWithWrongAck)
	}
	if t.Seq != a.from.isn {
		return a.event(packet.EvStream4whsSynAckWithWrongSyn)
	}
	h := handshakeOf(a.p)
	a.s.stamps = a.to.hasStamp && h.opts&packet.OptTimestamp != 0
	a.offer(&h)
	a.from.lastAck = a.from.isn + 1
	a.to.lastAck = t.Ack
	a.from.nextWin = a.from.lastAck + a.from.window
	a.to.nextWin = a.to.lastAck + a.to.window
	a.setState(flow.TCPSynRecv)
	return true
}

// synRecv handles a packet between the SYN-ACK and the end of the handshake.
func (a *arrival) synRecv() bool {
	t := &a.p.TCP
	switch {
	case a.has(packet.RST):
		return a.resetHandshake()
	case a.has(packet.FIN):
		return a.finish()
	case a.has(packet.SYN | packet.ACK):
		switch {
		case a.toServer():
			return a.event(packet.EvStream3whsSynAckToserverOnSynRecv)
		case t.Ack != a.to.lastAck:
			return a.event(packet.EvStream3whsSynAckResendWithDifferentAck)
		case t.Seq != a.from.isn:
			return a.anotherSynAck()
		}
	case a.has(packet.SYN):
		if !a.toServer() {
			return a.event(packet.EvStream3whsSynToclientOnSynRecv)
		}
		if t.Seq != a.from.isn {
			return a.event(packet.EvStream3whsSynResendDiffSeqOnSynRecv)
		}
	case a.has(packet.ACK):
		a.chooseSynAck()
		if !a.validStamp() {
			return false
		}
		if a.s.fourWay && !a.toServer() {
			return a.fourWayAck()
		}
		return a.thirdAck()
	}
	return true
}

// resetHandshake handles a RST in the handshake. Behind an ACK that
// acknowledged a wrong number, some systems send one that is not meant for this
// connection, and go on with it.
func (a *arrival) resetHandshake() bool {
	if !a.validRst() {
		return false
	}
	if a.s.evasion {
		switch a.to.policy {
		case PolicyLinux, PolicyOldLinux, PolicySolaris:
			return true
		}
	}
	a.noteStamp()
	a.setState(flow.TCPClosed)
	return true
}

// anotherSynAck remembers a SYN-ACK that differs from the one before.
func (a *arrival) anotherSynAck() bool {
	h := handshakeOf(a.p)
	for i := range a.s.queue {
		if q := &a.s.queue[i]; q.seq == h.seq && q.stamp == h.stamp {
			return true
		}
	}
	if len(a.s.queue) >= int(a.opt.MaxSynAckQueued) {
		return a.event(packet.EvStream3whsSynAckFlood)
	}
	a.s.queue = append(a.s.queue, h)
	return true
}

// chooseSynAck follows the SYN-ACK that the client acknowledges.
func (a *arrival) chooseSynAck() {
	s := a.s
	if len(s.queue) == 0 || !a.toServer() {
		return
	}
	for i := range s.queue {
		if h := s.queue[i]; h.seq+1 == a.p.TCP.Ack {
			a.reply(&h)
			break
		}
	}
	s.queue = s.queue[:0]
}

// fourWayAck handles the server's ACK of a simultaneous open.
func (a *arrival) fourWayAck() bool {
	if a.p.TCP.Seq != a.from.nextSeq {
		return a.event(packet.EvStream4whsWrongSeq)
	}
	if !a.validAck() {
		return a.event(packet.EvStream4whsInvalidAck)
	}
	a.open3(a.to)
	return true
}

// thirdAck handles the ACK that ends the handshake, or what comes in its place
// when it was lost.
func (a *arrival) thirdAck() bool {
	s, t, from, to := a.s, &a.p.TCP, a.from, a.to
	client, server := &s.half[0], &s.half[1]
	missed := false // the client's ACK was lost; the server goes on
	if !a.toServer() && !s.fromReply && !s.tfo {
		if a.opt.Inline {
			// Inline nothing is lost unseen: this is somebody else's.
			if a.p.PayLen > 0 && t.Ack == client.lastAck && t.Seq == server.nextSeq {
				return a.event(packet.EvStream3whsAckDataInject)
			}
			return a.event(packet.EvStream3whsAckInWrongDir)
		}
		missed = true
	}
	switch {
	case a.toServer() && t.Seq == client.nextSeq && t.Ack == server.nextSeq:
		if s.midstream && !s.fromReply {
			client.wscale, server.wscale = maxWScale, maxWScale
		}
	case a.opt.Async && t.Seq == server.nextSeq && !a.toServer():
		s.async = true
	case a.toServer() && t.Seq == client.nextSeq:
		s.evasion = true
		return a.event(packet.EvStream3whsRightSeqWrongAckEvasion)
	case !a.toServer() && !a.opt.Inline && after(t.Seq, server.nextSeq) && after(t.Ack, client.lastAck):
		from.nextSeq = t.Seq
	case a.toServer() && after(t.Seq, client.nextSeq) && upTo(t.Seq, client.nextWin) && t.Ack == server.nextSeq:
		from.nextSeq = t.Seq // segments before this one were lost
	case (missed || s.tfo || s.fromReply) && t.Ack == client.lastAck && t.Seq == server.nextSeq:
	default:
		return a.event(packet.EvStream3whsWrongSeqWrongAck)
	}
	a.open3(to)
	return true
}

// open3 ends the handshake: the connection is open.
func (a *arrival) open3(to *half) {
	a.noteStamp()
	to.acknowledge(a.p.TCP.Ack)
	if a.from.nextSeq == a.p.TCP.Seq {
		a.from.advance(a.end)
	}
	to.window = a.scaled()
	to.nextWin = to.lastAck + to.window
	a.setState(flow.TCPEstablished)
	a.reassemble()
}
