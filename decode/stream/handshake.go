package stream

import (
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
)

// first handles a packet of a flow without a session.
func (e *Engine) first(p *packet.Packet, f *flow.Flow, s *session) *session {
	flags := p.TCP.Flags
	switch {
	case flags&packet.RST != 0:
		p.AddEvent(packet.EvStreamRstButNoSession)
		return s
	case flags&packet.FIN != 0:
		if !e.opt.Midstream {
			p.AddEvent(packet.EvStreamFinButNoSession)
			return s
		}
		if flags&packet.ACK == 0 {
			return s
		}
		return e.midstream(p, f, s)
	case flags&(packet.SYN|packet.ACK) == packet.SYN|packet.ACK:
		if !e.opt.Midstream && !e.opt.Async {
			return s
		}
		return e.midstream(p, f, s)
	case flags&packet.SYN != 0:
		if s == nil {
			if s = e.open(f); s == nil {
				return nil
			}
		}
		// The sender of the SYN is the client, whatever the flow thinks.
		from := &s.half[0]
		from.announced(p)
		s.state = flow.TCPSynSent
		if p.PayLen > 0 && p.TCP.Opts&packet.OptTFO != 0 {
			s.tfo = true
			from.nextSeq += uint32(p.PayLen)
			e.payload(p, f, s, from)
		}
		return s
	case flags&packet.ACK != 0:
		if !e.opt.Midstream {
			return s
		}
		return e.midstream(p, f, s)
	}
	return s
}

// midstream picks up a connection whose start was not seen.
func (e *Engine) midstream(p *packet.Packet, f *flow.Flow, s *session) *session {
	if !e.opt.Midstream {
		return s
	}
	if s == nil {
		if s = e.open(f); s == nil {
			return nil
		}
	}
	e.Counters.Midstream++
	s.midstream = true
	from, to := s.sides(p)
	if p.TCP.Flags&packet.SYN != 0 {
		// A SYN-ACK: its sender is the server.
		if p.Dir == field.ToServer {
			return s
		}
		from.announced(p)
		to.isn, to.nextSeq, to.lastAck = p.TCP.Ack-1, p.TCP.Ack, p.TCP.Ack
		to.nextWin = p.TCP.Ack + uint32(p.TCP.Window)
		s.state = flow.TCPSynRecv
		return s
	}
	from.isn, from.nextSeq, from.lastAck = p.TCP.Seq-1, p.TCP.Seq+uint32(p.PayLen), p.TCP.Seq
	from.window, from.seen = uint32(p.TCP.Window), true
	from.nextWin = p.TCP.Seq + 65535
	to.isn, to.nextSeq, to.lastAck = p.TCP.Ack-1, p.TCP.Ack, p.TCP.Ack
	to.nextWin = p.TCP.Ack + from.window
	// Scales were not seen: take the largest.
	from.wscale, to.wscale = 14, 14
	s.state = flow.TCPEstablished
	e.payload(p, f, s, from)
	return s
}

// synSent handles a packet after the first SYN.
func (e *Engine) synSent(p *packet.Packet, f *flow.Flow, s *session, sink Sink) {
	t := &p.TCP
	from, to := s.sides(p)
	switch {
	case t.Flags&packet.RST != 0:
		if p.Dir == field.ToClient && t.Flags&packet.ACK != 0 && t.Ack == s.half[0].nextSeq || p.Dir == field.ToServer && t.Seq == from.nextSeq {
			s.state = flow.TCPClosed
		}
	case t.Flags&(packet.SYN|packet.ACK) == packet.SYN|packet.ACK:
		e.synAck(p, f, s)
	case t.Flags&packet.SYN != 0:
		if p.Dir == field.ToClient && !s.fourWay {
			// Both sides open at once (RFC 9293 section 3.5, figure 8).
			s.fourWay = true
			from.announced(p)
			to.nextWin = to.isn + 1 + from.window
		}
	case t.Flags&packet.ACK != 0:
		if !e.opt.Async || p.Dir == field.ToClient {
			return
		}
		if t.Seq != from.nextSeq {
			p.AddEvent(packet.EvStream3whsAsyncWrongSeq)
			return
		}
		s.async = true
		to.isn, to.nextSeq, to.lastAck = t.Ack-1, t.Ack, t.Ack
		from.nextWin = t.Seq + 1<<20
		from.window = uint32(t.Window)
		s.state = flow.TCPEstablished
		e.established(p, f, s, sink)
	}
}

// synAck handles the answer to a SYN.
func (e *Engine) synAck(p *packet.Packet, f *flow.Flow, s *session) {
	t := &p.TCP
	from, to := s.sides(p)
	if p.Dir == field.ToServer {
		if !s.fourWay {
			p.AddEvent(packet.EvStream3whsSynAckInWrongDirection)
			return
		}
		if t.Ack != to.isn+1 {
			p.AddEvent(packet.EvStream4whsSynAckWithWrongAck)
			return
		}
		if t.Seq != from.isn {
			p.AddEvent(packet.EvStream4whsSynAckWithWrongSyn)
			return
		}
		s.updateWindow(p)
		s.state = flow.TCPSynRecv
		return
	}
	client := &s.half[0]
	switch {
	case s.tfo && t.Ack == client.isn+1 && client.nextSeq != client.isn+1:
		p.AddEvent(packet.EvStream3whsSynAckTFODataIgnored)
		client.nextSeq = client.isn + 1
		client.release(&e.pieces)
		s.tfo = false
	case t.Ack != client.nextSeq:
		p.AddEvent(packet.EvStream3whsSynAckWithWrongAck)
		return
	}
	from.announced(p)
	s.timestamps = client.lastTSTime > 0 && t.Opts&packet.OptTimestamp != 0
	if t.Opts&packet.OptWScale == 0 || client.wscale == 0 && from.wscale == 0 {
		// RFC 7323 section 2.2: scales hold only if both sides sent one.
		if t.Opts&packet.OptWScale == 0 {
			client.wscale = 0
		}
	}
	client.lastAck = t.Ack
	client.nextWin = t.Ack + from.window
	from.nextWin = from.isn + 1 + client.window
	s.state = flow.TCPSynRecv
}

// synRecv handles a packet between the SYN-ACK and the end of the handshake.
func (e *Engine) synRecv(p *packet.Packet, f *flow.Flow, s *session, sink Sink) {
	t := &p.TCP
	from, to := s.sides(p)
	switch {
	case t.Flags&packet.RST != 0:
		if e.validRst(p, s) {
			s.state = flow.TCPClosed
		}
	case t.Flags&packet.FIN != 0:
		e.finish(p, f, s, sink)
	case t.Flags&(packet.SYN|packet.ACK) == packet.SYN|packet.ACK:
		if p.Dir == field.ToServer {
			p.AddEvent(packet.EvStream3whsSynAckToserverOnSynRecv)
			return
		}
		if t.Ack != s.half[0].lastAck {
			p.AddEvent(packet.EvStream3whsSynAckResendWithDifferentAck)
			return
		}
		if t.Seq != from.isn {
			p.AddEvent(packet.EvStream3whsSynAckResendWithDiffSeq)
			if s.synAcks++; s.synAcks > e.opt.MaxSynAckQueued {
				p.AddEvent(packet.EvStream3whsSynAckFlood)
				return
			}
			// The last one counts if the client acknowledges it.
			win := from.window
			from.announced(p)
			if from.window == 0 {
				from.window = win
			}
			from.nextWin = from.isn + 1 + to.window
		}
	case t.Flags&packet.SYN != 0:
		if p.Dir == field.ToClient {
			p.AddEvent(packet.EvStream3whsSynToclientOnSynRecv)
			return
		}
		if t.Seq != from.isn {
			p.AddEvent(packet.EvStream3whsSynResendDiffSeqOnSynRecv)
		}
	case t.Flags&packet.ACK != 0:
		e.thirdAck(p, f, s, sink)
	}
}

// thirdAck handles the ACK that ends the handshake.
func (e *Engine) thirdAck(p *packet.Packet, f *flow.Flow, s *session, sink Sink) {
	t := &p.TCP
	from, to := s.sides(p)
	if s.fourWay {
		if t.Seq != from.nextSeq {
			p.AddEvent(packet.EvStream4whsWrongSeq)
			return
		}
		if t.Ack != to.nextSeq {
			p.AddEvent(packet.EvStream4whsInvalidAck)
			return
		}
		s.state = flow.TCPEstablished
		e.established(p, f, s, sink)
		return
	}
	if p.Dir == field.ToClient {
		// From the server: the client's ACK was lost if there is data that fits.
		if p.PayLen == 0 || t.Seq != from.nextSeq || t.Ack != to.nextSeq {
			if p.PayLen > 0 && t.Ack == to.nextSeq {
				p.AddEvent(packet.EvStream3whsAckDataInject)
				return
			}
			if !s.midstream {
				p.AddEvent(packet.EvStream3whsAckInWrongDir)
				return
			}
		}
		s.state = flow.TCPEstablished
		e.established(p, f, s, sink)
		return
	}
	switch {
	case t.Seq == from.nextSeq && t.Ack == to.nextSeq:
	case t.Seq == from.nextSeq && before(t.Ack, to.nextSeq), t.Seq == from.nextSeq && after(t.Ack, to.nextWin):
		p.AddEvent(packet.EvStream3whsRightSeqWrongAckEvasion)
		return
	case upTo(t.Seq, from.nextWin) && notBefore(t.Seq, from.nextSeq) && notBefore(t.Ack, to.nextSeq) && upTo(t.Ack, to.nextWin):
		// The bare ACK was lost, or comes late.
	default:
		p.AddEvent(packet.EvStream3whsWrongSeqWrongAck)
		return
	}
	s.state = flow.TCPEstablished
	e.established(p, f, s, sink)
}
