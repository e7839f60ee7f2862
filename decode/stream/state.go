package stream

import (
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
)

// next handles a packet of a connection whose start was seen.
func (e *Engine) next(p *packet.Packet, f *flow.Flow, s *session, sink Sink) {
	from, _ := s.sides(p)
	if e.keepAlive(p, s) {
		return
	}
	if p.PayLen > 0 && p.TCP.Flags&packet.SYN == 0 && upTo(p.TCP.Seq+uint32(p.PayLen), from.lastAck) {
		p.AddEvent(packet.EvStreamPktSpuriousRetransmission)
	}
	if s.state > flow.TCPSynSent && p.TCP.Flags&packet.RST == 0 && !s.timestamp(p) {
		p.AddEvent(packet.EvStreamPktInvalidTimestamp)
		return
	}
	switch s.state {
	case flow.TCPSynSent:
		e.synSent(p, f, s, sink)
	case flow.TCPSynRecv:
		e.synRecv(p, f, s, sink)
	case flow.TCPEstablished:
		e.segment(p, f, s, sink)
	case flow.TCPClosed:
		e.closed(p, f, s, sink)
	default:
		e.closing(p, f, s, sink)
	}
	e.deliverBoth(p, f, s, sink)
}

// deliverBoth gives the application layer what p made ready: first what it
// acknowledged, then, in inline order, what it brought.
func (e *Engine) deliverBoth(p *packet.Packet, f *flow.Flow, s *session, sink Sink) {
	i := p.Dir.Index()
	e.deliver(p, f, s, 1-i, sink, false)
	e.deliver(p, f, s, i, sink, false)
}

// keepAlive reports whether p is a keep-alive probe or its answer (RFC 9293
// section 3.8.4): at most one byte, before the edge, acknowledged before.
func (e *Engine) keepAlive(p *packet.Packet, s *session) bool {
	from, to := s.sides(p)
	t := &p.TCP
	if s.state < flow.TCPEstablished || t.Flags&(packet.SYN|packet.FIN|packet.RST) != 0 || p.PayLen > 1 {
		return false
	}
	if t.Seq == from.nextSeq-1 && t.Ack == to.lastAck && t.Flags&packet.ACK != 0 {
		from.last.probe = true
		return true
	}
	if p.PayLen == 0 && to.last.probe && t.Seq == from.nextSeq && t.Ack == to.nextSeq {
		to.last.probe = false
		return true
	}
	from.last.probe = false
	return false
}

// timestamp checks p after RFC 7323 section 5 and remembers its time stamp.
func (s *session) timestamp(p *packet.Packet) bool {
	from, _ := s.sides(p)
	if !s.timestamps || p.TCP.Opts&packet.OptTimestamp == 0 {
		return true
	}
	ts, now := p.TCP.TSVal, p.Time/1e9
	const idle = 24 * 24 * 3600 // s; a stamp may wrap after that
	if from.lastTS != 0 && int32(ts-from.lastTS) < 0 && now-from.lastTSTime < idle {
		if from.policy == PolicyLinux && from.lastTS-ts == 1 {
			return true
		}
		return false
	}
	if int32(ts-from.lastTS) > 0 || from.lastTS == 0 {
		from.lastTS, from.lastTSTime = ts, now
	}
	return true
}

// validAck checks what p acknowledges.
func (e *Engine) validAck(p *packet.Packet, s *session) bool {
	_, to := s.sides(p)
	if p.TCP.Flags&packet.ACK == 0 {
		return true
	}
	ack := p.TCP.Ack
	if upTo(ack, to.lastAck) {
		return true
	}
	if !s.midstream && !s.async && after(ack, to.nextWin) && after(ack, to.nextSeq) {
		p.AddEvent(packet.EvStreamPktInvalidAck)
		return false
	}
	return true
}

// segment handles a packet of an established connection.
func (e *Engine) segment(p *packet.Packet, f *flow.Flow, s *session, sink Sink) {
	t := &p.TCP
	from, to := s.sides(p)
	switch {
	case t.Flags&packet.RST != 0:
		if e.validRst(p, s) {
			e.reset(p, f, s)
		}
	case t.Flags&packet.FIN != 0:
		if t.Flags&packet.SYN != 0 {
			p.AddEvent(packet.EvStreamFinSyn)
		}
		e.finish(p, f, s, sink)
	case t.Flags&(packet.SYN|packet.ACK) == packet.SYN|packet.ACK:
		switch {
		case p.Dir == field.ToServer:
			p.AddEvent(packet.EvStreamEstSynAckToserver)
		case t.Ack != to.isn+1 && t.Ack != to.lastAck:
			p.AddEvent(packet.EvStreamEstSynAckResendWithDifferentAck)
		case t.Ack != to.lastAck:
			p.AddEvent(packet.EvStreamEstSynAckResendWithDifferentAck)
		case t.Seq != from.isn:
			p.AddEvent(packet.EvStreamEstSynAckResendWithDiffSeq)
		default:
			p.AddEvent(packet.EvStreamEstSynAckResend)
		}
	case t.Flags&packet.SYN != 0:
		switch {
		case p.Dir == field.ToClient:
			p.AddEvent(packet.EvStreamEstSynToclient)
		case t.Seq != from.isn:
			p.AddEvent(packet.EvStreamEstSynResendDiffSeq)
		default:
			p.AddEvent(packet.EvStreamEstSynResend)
		}
	case t.Flags&packet.ACK != 0:
		e.established(p, f, s, sink)
	}
}

// established handles data and acknowledgements.
func (e *Engine) established(p *packet.Packet, f *flow.Flow, s *session, _ Sink) {
	t := &p.TCP
	from, to := s.sides(p)
	end := t.Seq + uint32(p.PayLen)
	if !e.validAck(p, s) {
		p.AddEvent(packet.EvStreamEstInvalidAck)
		return
	}
	if !s.async && before(end, from.lastAck) {
		p.AddEvent(packet.EvStreamEstPktBeforeLastAck)
		return
	}
	if !s.midstream && !s.async && after(end, from.nextWin) && !(p.PayLen == 0) {
		p.AddEvent(packet.EvStreamEstPacketOutOfWindow)
		return
	}
	e.accept(p, f, s, from, to)
}

// accept takes the payload, the acknowledgement and the window of p.
func (e *Engine) accept(p *packet.Packet, f *flow.Flow, s *session, from, to *half) {
	t := &p.TCP
	from.seen = true
	end := t.Seq + uint32(p.PayLen)
	if upTo(t.Seq, from.nextSeq) && after(end, from.nextSeq) || s.midstream && after(end, from.nextSeq) {
		from.nextSeq = end
	} else if after(t.Seq, from.nextSeq) && after(end, from.nextSeq) && !e.opt.Inline {
		from.nextSeq = end // a segment was lost; the receiver may have it
	}
	if s.midstream && after(end, from.nextWin) {
		from.nextWin = end + 65535
	}
	if t.Flags&packet.ACK != 0 && after(t.Ack, to.edgeSeq()) && after(t.Ack, to.nextSeq) {
		e.Counters.AckUnseen++
	}
	s.updateWindow(p)
	e.payload(p, f, s, from)
	s.ack(p)
}

// edgeSeq is the sequence number behind the contiguous bytes.
func (h *half) edgeSeq() uint32 { return h.isn + 1 + uint32(h.edge()) }

// validRst checks a RST by what its receiver would do (RFC 5961 section 3).
func (e *Engine) validRst(p *packet.Packet, s *session) bool {
	from, to := s.sides(p)
	t := &p.TCP
	if p.PayLen > 0 {
		p.AddEvent(packet.EvStreamRstWithData)
	}
	if t.Flags&packet.ACK != 0 && t.Ack != 0 && !e.validAck(p, s) {
		p.AddEvent(packet.EvStreamRstInvalidAck)
		return false
	}
	if s.midstream || s.async {
		return true
	}
	switch to.policy {
	case PolicyHPUX11:
		return notBefore(t.Seq, from.nextSeq)
	case PolicyLinux, PolicyOldLinux, PolicySolaris:
		return notBefore(t.Seq+uint32(p.PayLen), from.lastAck) && upTo(t.Seq, from.nextSeq+to.window)
	}
	return t.Seq == from.nextSeq
}

// reset closes the connection by a RST.
func (e *Engine) reset(p *packet.Packet, f *flow.Flow, s *session) {
	from, to := s.sides(p)
	if s.state >= flow.TCPEstablished {
		if p.TCP.Flags&packet.ACK != 0 {
			s.ack(p)
		}
		e.payload(p, f, s, from)
		// The receiver gave up; what it was sent counts as taken.
		for _, h := range [...]*half{from, to} {
			if after(h.edgeSeq(), h.lastAck) {
				h.lastAck = h.edgeSeq()
			}
		}
	}
	s.state = flow.TCPClosed
}

// finish handles the first FIN.
func (e *Engine) finish(p *packet.Packet, f *flow.Flow, s *session, _ Sink) {
	t := &p.TCP
	from, to := s.sides(p)
	if !e.validAck(p, s) {
		p.AddEvent(packet.EvStreamFinInvalidAck)
		return
	}
	end := t.Seq + uint32(p.PayLen)
	if before(t.Seq, from.lastAck) && before(end, from.lastAck) || !s.midstream && !s.async && after(t.Seq, from.nextWin) {
		p.AddEvent(packet.EvStreamFinOutOfWindow)
		return
	}
	e.accept(p, f, s, from, to)
	from.close(end)
	// The states are those of the server's end.
	if p.Dir == field.ToServer {
		s.state = flow.TCPCloseWait
	} else {
		s.state = flow.TCPFinWait1
	}
}

// close notes that the side ends at sequence number end.
func (h *half) close(end uint32) {
	if !h.fin {
		h.fin, h.finSeq = true, end
		if notBefore(end+1, h.nextSeq) {
			h.nextSeq = end + 1
		}
	}
}

// closingEvents are the events of the states behind the first FIN.
type closingEvents struct{ invalidAck, wrongAckSeq, wrongFinSeq packet.Event }

var closingEventsOf = map[flow.TCPState]closingEvents{
	flow.TCPFinWait1:  {packet.EvStreamFin1InvalidAck, packet.EvStreamFin1AckWrongSeq, packet.EvStreamFin1FinWrongSeq},
	flow.TCPFinWait2:  {packet.EvStreamFin2InvalidAck, packet.EvStreamFin2AckWrongSeq, packet.EvStreamFin2FinWrongSeq},
	flow.TCPClosing:   {packet.EvStreamClosingInvalidAck, packet.EvStreamClosingAckWrongSeq, packet.EvStreamClosingAckWrongSeq},
	flow.TCPCloseWait: {packet.EvStreamClosewaitInvalidAck, packet.EvStreamClosewaitAckOutOfWindow, packet.EvStreamClosewaitFinOutOfWindow},
	flow.TCPLastAck:   {packet.EvStreamLastackInvalidAck, packet.EvStreamLastackAckWrongSeq, packet.EvStreamLastackAckWrongSeq},
	flow.TCPTimeWait:  {packet.EvStreamTimewaitInvalidAck, packet.EvStreamTimewaitAckWrongSeq, packet.EvStreamTimewaitAckWrongSeq},
}

// closing handles packets behind the first FIN.
func (e *Engine) closing(p *packet.Packet, f *flow.Flow, s *session, sink Sink) {
	t := &p.TCP
	from, to := s.sides(p)
	ev := closingEventsOf[s.state]
	switch {
	case t.Flags&packet.RST != 0:
		if e.validRst(p, s) {
			e.reset(p, f, s)
		}
		return
	case t.Flags&packet.SYN != 0:
		p.AddEvent(packet.EvStreamShutdownSynResend)
		return
	case t.Flags&(packet.ACK|packet.FIN) == 0:
		return
	}
	if !e.validAck(p, s) {
		p.AddEvent(ev.invalidAck)
		return
	}
	end := t.Seq + uint32(p.PayLen)
	if t.Flags&packet.FIN != 0 {
		again := from.fin && end == from.finSeq
		if !again && !s.midstream && (before(end, from.lastAck) || after(t.Seq, from.nextWin) && after(t.Seq, from.nextSeq)) {
			p.AddEvent(ev.wrongFinSeq)
			return
		}
	} else if !s.midstream && p.PayLen > 0 && after(end, from.nextWin) {
		p.AddEvent(ev.wrongAckSeq)
		return
	}
	if s.state == flow.TCPCloseWait && before(end, from.lastAck) && t.Flags&packet.FIN == 0 && p.PayLen > 0 {
		p.AddEvent(packet.EvStreamClosewaitPktBeforeLastAck)
		return
	}
	if from.fin && p.PayLen > 0 && notBefore(t.Seq, from.finSeq) {
		return // nothing comes behind a FIN
	}
	e.accept(p, f, s, from, to)
	if t.Flags&packet.FIN != 0 {
		from.close(end)
	}
	s.state = s.closingState(p.Dir)
}

// closingState is the state that the FINs and their acknowledgements seen so
// far add up to.
func (s *session) closingState(dir field.Dir) flow.TCPState {
	client, server := &s.half[0], &s.half[1]
	clientAcked := client.fin && after(client.lastAck, client.finSeq)
	serverAcked := server.fin && after(server.lastAck, server.finSeq)
	switch {
	case clientAcked && serverAcked:
		return flow.TCPClosed
	case client.fin && server.fin:
		switch s.state {
		case flow.TCPFinWait1:
			if serverAcked {
				return flow.TCPTimeWait
			}
			return flow.TCPClosing
		case flow.TCPFinWait2:
			return flow.TCPTimeWait
		case flow.TCPCloseWait:
			return flow.TCPLastAck
		case flow.TCPClosing:
			if clientAcked || serverAcked {
				return flow.TCPTimeWait
			}
		}
		return s.state
	case serverAcked && s.state == flow.TCPFinWait1:
		return flow.TCPFinWait2
	}
	return s.state
}

// closed handles packets of a connection that is over.
func (e *Engine) closed(p *packet.Packet, f *flow.Flow, s *session, _ Sink) {
	if p.TCP.Flags&(packet.RST|packet.SYN) != 0 || s.noReasm {
		return
	}
	from, to := s.sides(p)
	if !e.validAck(p, s) || after(p.TCP.Seq, from.nextWin) {
		return
	}
	if from.fin && notBefore(p.TCP.Seq, from.finSeq) && p.PayLen > 0 {
		return
	}
	if !from.fin || before(p.TCP.Seq, from.finSeq) {
		e.accept(p, f, s, from, to)
	}
}
