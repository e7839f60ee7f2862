package stream

import (
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
)

// session is one TCP connection.
type session struct {
	state flow.TCPState
	half  [2]half // by who sends: client, server

	fourWay    bool // the SYN of the other side came first (simultaneous open)
	midstream  bool
	async      bool // only one side is seen
	tfo        bool // the SYN carried data
	appStopped bool
	noReasm    bool // neither reassembly nor raw inspection
	depth      uint32
	synAcks    uint8 // resent
	timestamps bool
}

// half is what one side sends.
type half struct {
	data
	isn     uint32 // sequence number of the SYN
	nextSeq uint32 // behind the last byte seen in order
	lastAck uint32 // acknowledged by the other side
	nextWin uint32 // right edge of the window that the other side offers
	window  uint32 // offered by this side, scaled
	wscale  uint8  // that this side announced
	policy  Policy

	lastTS     uint32 // of this side's packets
	lastTSTime int64  // s

	app, raw uint64 // consumed by the application layer; inspected as raw stream
	seen     bool   // a packet of this side was seen

	fin     bool // this side has sent its FIN, at finSeq
	finSeq  uint32
	ended   bool // the application layer was told
	noRaw   bool // raw inspection ends at rawEnd
	rawEnd  uint64
	trigger bool
	full    bool // depth is reached
	last    keepAlive
}

// keepAlive remembers a probe so that its answer is known.
type keepAlive struct{ probe bool }

// before and its kin compare sequence numbers (RFC 9293 section 3.4).
func before(a, b uint32) bool    { return int32(a-b) < 0 }
func upTo(a, b uint32) bool      { return int32(a-b) <= 0 }
func after(a, b uint32) bool     { return int32(a-b) > 0 }
func notBefore(a, b uint32) bool { return int32(a-b) >= 0 }

// offset converts a sequence number to an offset in the direction, given that
// it is near the edge. A number before the first byte gives a negative one.
func (h *half) offset(seq uint32) int64 {
	edge := h.edge()
	return int64(edge) + int64(int32(seq-(h.isn+1)-uint32(edge)))
}

// acked is the offset up to which the other side has acknowledged.
func (h *half) acked() uint64 {
	if o := h.offset(h.lastAck); o > 0 {
		return uint64(o)
	}
	return 0
}

// sides returns what the sender and the receiver of p send.
func (s *session) sides(p *packet.Packet) (from, to *half) {
	i := p.Dir.Index()
	return &s.half[i], &s.half[1-i]
}

// announced takes window, scale and time stamp of a SYN or SYN-ACK.
func (h *half) announced(p *packet.Packet) {
	t := &p.TCP
	h.isn, h.nextSeq = t.Seq, t.Seq+1
	h.lastAck = h.isn + 1
	h.window = uint32(t.Window)
	h.wscale = 0
	if t.Opts&packet.OptWScale != 0 && t.WScale <= 14 { // RFC 7323 section 2.3
		h.wscale = t.WScale
	}
	if t.Opts&packet.OptTimestamp != 0 {
		h.lastTS, h.lastTSTime = t.TSVal, p.Time/1e9
	}
	h.seen = true
}

// scaled returns the window of p as its sender means it.
func (s *session) scaled(p *packet.Packet) uint32 {
	from, to := s.sides(p)
	if from.wscale == 0 && to.wscale == 0 {
		return uint32(p.TCP.Window)
	}
	return uint32(p.TCP.Window) << from.wscale
}

// updateWindow takes the window that p offers for what the other side sends.
func (s *session) updateWindow(p *packet.Packet) {
	from, to := s.sides(p)
	from.window = s.scaled(p)
	if p.TCP.Flags&packet.ACK != 0 {
		if edge := p.TCP.Ack + from.window; after(edge, to.nextWin) {
			to.nextWin = edge
		}
	}
}

// ack takes the acknowledgement of p for what the other side sends.
func (s *session) ack(p *packet.Packet) {
	_, to := s.sides(p)
	if p.TCP.Flags&packet.ACK == 0 {
		return
	}
	if after(p.TCP.Ack, to.lastAck) {
		to.lastAck = p.TCP.Ack
		if after(to.lastAck, to.nextSeq) {
			to.nextSeq = to.lastAck
		}
	}
}

// dirOf returns the direction of what half i sends.
func dirOf(i int) field.Dir { return field.Dir(1 << i) }
