package stream

import (
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
)

// session is one TCP connection.
type session struct {
	half [2]half // by who sends: client, server

	state flow.TCPState
	prev  flow.TCPState // before a RST closed the connection
	depth uint32        // bytes of a direction; 0 is unlimited
	last  int8          // index of the half that sent the last packet

	fourWay   bool // both sides sent a SYN (RFC 9293 figure 8)
	midstream bool // the start was not seen
	fromReply bool // midstream, and the first packet was a SYN-ACK
	async     bool // one side only is seen
	tfo       bool // the SYN carried data (RFC 7413)
	confirmed bool // the server went on after the handshake
	evasion   bool // an ACK with the right number acknowledged a wrong one
	stamps    bool // both sides use time stamps
	liberal   bool // segments were lost to a memory cap: do not judge windows

	appStopped bool // nothing goes to the application layer any more
	sealed     bool // nothing more is taken in
	reversed   bool // directions were swapped; toggles
	dataDir    int8 // 1 plus the index of the half that sent the first byte; 0 before it

	// queue holds SYN or SYN-ACK segments that differ from the one the
	// session follows: which of them counts is told by what the peer answers.
	queue []handshake
}

// half is what one side sends.
type half struct {
	data
	isn     uint32 // sequence number of the SYN
	nextSeq uint32 // behind the last byte seen in order
	lastAck uint32 // acknowledged by the other side
	nextWin uint32 // right edge of the window that the other side offers
	window  uint32 // that the other side offers, scaled, bytes
	wscale  uint8  // shift of that window
	policy  Policy // of the receiver
	rare    *rare  // nil until it is needed

	stamp     uint32 // last time stamp of this side (RFC 7323)
	stampTime int64  // packet clock of it, s

	app, raw uint64 // consumed by the application layer; inspected as raw stream
	rawEnd   uint64
	forgot   uint64 // offset before which this side can add nothing

	hasStamp  bool // the SYN had a time stamp
	zeroStamp bool // and it was 0
	seen      bool // a packet of this side was accepted
	keepAlive bool // a probe of this side waits for its answer
	zeroProbe bool // so does a zero window probe
	rst       bool // a RST answered its SYN
	ended     bool // the application layer was told the end
	noReasm   bool // nothing is held any more
	noRaw     bool // raw inspection ends at rawEnd
	trigger   bool // raw inspection shall not wait for a chunk
	full      bool // the depth is reached
}

// rare is what few directions need.
type rare struct {
	sacked  sacks
	urgent  urgentBytes
	hold    uint64 // bytes from here on are kept for the rules, holdMax at most
	holdMax uint32
	past    []run // before holes
}

// more returns the rare part of h, made at first use.
func (h *half) more() *rare {
	if h.rare == nil {
		h.rare = &rare{}
	}
	return h.rare
}

// reset empties the rare part of an earlier session for the next.
func (r *rare) reset() *rare {
	if r != nil {
		*r = rare{sacked: sacks{r.sacked.list[:0]}, urgent: urgentBytes{seqs: r.urgent.seqs[:0]}, past: r.past[:0]}
	}
	return r
}

// before and its kin compare sequence numbers (RFC 9293 section 3.4).
func before(a, b uint32) bool    { return int32(a-b) < 0 }
func upTo(a, b uint32) bool      { return int32(a-b) <= 0 }
func after(a, b uint32) bool     { return int32(a-b) > 0 }
func notBefore(a, b uint32) bool { return int32(a-b) >= 0 }

// offset converts a sequence number to an offset in the direction, given that
// it is near the edge. A number before the first byte gives a negative one.
func (h *half) offset(seq uint32) int64 {
	edge := h.edge()
	if h.rare != nil {
		seq -= h.rare.urgent.before(seq)
	}
	return int64(edge) + int64(int32(seq-(h.isn+1)-uint32(edge)))
}

// acked is the offset up to which the other side has acknowledged.
func (h *half) acked() uint64 {
	if o := h.offset(h.lastAck); o > 0 {
		return uint64(o)
	}
	return 0
}

// rightSeq is the sequence number behind the last byte held.
func (h *half) rightSeq() uint32 {
	seq := h.isn + 1 + uint32(h.right())
	if h.rare == nil {
		return seq
	}
	u := &h.rare.urgent
	return seq + u.before(seq+uint32(len(u.seqs)))
}

// acknowledge moves the acknowledged number on.
func (h *half) acknowledge(ack uint32) {
	if after(ack, h.lastAck) {
		h.lastAck = ack
	}
}

// advance moves the next number on.
func (h *half) advance(seq uint32) {
	if after(seq, h.nextSeq) {
		h.nextSeq = seq
	}
}

// widen moves the right edge of the window on. What was acknowledged
// selectively has left the receiver's window too.
func (h *half) widen() {
	edge := h.lastAck + h.window
	if h.rare != nil {
		edge += h.rare.sacked.size(h.lastAck)
	}
	if after(edge, h.nextWin) {
		h.nextWin = edge
	}
}

// liberalWindow reports whether the window cannot be known, so that data
// beyond it is taken.
func (s *session) liberalWindow() bool { return s.midstream || s.async || s.liberal }

// arrival is a packet at its session.
type arrival struct {
	*Engine
	p        *packet.Packet
	f        *flow.Flow
	s        *session
	from, to *half // what the sender and the receiver of p send
	sink     Sink
	end      uint32 // sequence number behind the payload
}

// locate sets the fields that follow from session and direction.
func (a *arrival) locate(s *session) {
	a.s = s
	i := a.p.Dir.Index()
	a.from, a.to = &s.half[i], &s.half[1-i]
	s.last = int8(i)
}

// is reports whether of the given flags exactly set are on.
func (a *arrival) is(of, set uint8) bool { return a.p.TCP.Flags&of == set }

func (a *arrival) has(flags uint8) bool { return a.is(flags, flags) }

func (a *arrival) toServer() bool { return a.p.Dir == field.ToServer }

// event notes an oddity of the packet. It returns false, which says that the
// packet is not accepted.
func (a *arrival) event(ev packet.Event) bool {
	a.p.AddEvent(ev)
	return false
}

// scaled is the window of p as its sender means it, bytes.
func (a *arrival) scaled() uint32 { return uint32(a.p.TCP.Window) << a.to.wscale }

// setState moves the connection on, and its flow with it.
func (a *arrival) setState(state flow.TCPState) {
	s := a.s
	if s.state == state || state == flow.TCPNone {
		return
	}
	s.prev, s.state = s.state, state
	if a.f.State == flow.StateBypassed {
		return
	}
	switch state {
	case flow.TCPEstablished, flow.TCPFinWait1, flow.TCPFinWait2, flow.TCPClosing, flow.TCPCloseWait:
		a.f.State = flow.StateEstablished
	case flow.TCPLastAck, flow.TCPTimeWait, flow.TCPClosed:
		a.f.State = flow.StateClosed
	}
}

// take accepts p: window, acknowledgement, time stamp, then its bytes. Of a
// segment sent again the window is old.
func (a *arrival) take(resent bool) {
	from, to, t := a.from, a.to, &a.p.TCP
	a.noteStamp()
	if !resent {
		to.window = a.scaled()
	}
	if t.Flags&packet.ACK != 0 {
		to.acknowledge(t.Ack)
		to.advance(t.Ack) // what was not seen, but received
	}
	a.noteSACK()
	if from.nextSeq == t.Seq {
		from.advance(a.end)
	}
	to.widen()
	a.reassemble()
}

// dirOf returns the direction of what half i sends.
func dirOf(i int) field.Dir { return field.Dir(1 << i) }
