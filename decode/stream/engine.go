package stream

import (
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
)

// Sink takes what reassembly yields.
type Sink interface {
	// Data takes in-order bytes of a direction and returns how many it is done
	// with; the rest comes again with more behind it. end is set once, with or
	// without bytes, when nothing follows.
	Data(f *flow.Flow, dir field.Dir, b []byte, offset uint64, end bool) int
	// Gap says that n bytes at offset will never come.
	Gap(f *flow.Flow, dir field.Dir, n int, offset uint64)
}

// Engine holds the sessions of one worker.
type Engine struct {
	Counters Counters

	opt      Options
	sessions []*session
	free     []uint32 // indices into sessions
	pieces   pieces
}

// NewEngine returns an engine without sessions.
func NewEngine(opt Options) *Engine {
	if opt.Policy == nil {
		opt.Policy = func(addr netAddr) Policy { return PolicyBSD }
	}
	return &Engine{opt: opt}
}

// session returns the session of f, or nil.
func (e *Engine) session(f *flow.Flow) *session {
	if f.TCP == 0 {
		return nil
	}
	return e.sessions[f.TCP-1]
}

// open makes the session of f. It returns nil when memory is short.
func (e *Engine) open(f *flow.Flow) *session {
	if e.opt.MemCap > 0 && uint64(len(e.sessions)-len(e.free)+1)*sessionSize > e.opt.MemCap {
		e.Counters.SSNMemCapDrop++
		return nil
	}
	var s *session
	if n := len(e.free); n > 0 {
		f.TCP = e.free[n-1] + 1
		e.free = e.free[:n-1]
		s = e.sessions[f.TCP-1]
	} else {
		s = new(session)
		e.sessions = append(e.sessions, s)
		f.TCP = uint32(len(e.sessions))
	}
	ooo := [2][]segment{s.half[0].ooo[:0], s.half[1].ooo[:0]}
	*s = session{depth: e.opt.Depth}
	for i := range s.half {
		h := &s.half[i]
		h.ooo = ooo[i]
		// The receiver decides: what half i sends goes to the other end.
		h.policy = e.opt.Policy(unmap(f.Addr[1-i]))
		h.noRaw = e.opt.NoRaw
	}
	f.Stream.HasSession = true
	e.Counters.Sessions++
	e.Counters.Active++
	return s
}

// sessionSize is what a session counts towards MemCap, bytes.
const sessionSize = 512

// Release ends the session of f.
func (e *Engine) Release(f *flow.Flow) {
	s := e.session(f)
	if s == nil {
		return
	}
	for i := range s.half {
		s.half[i].release(&e.pieces)
	}
	e.free = append(e.free, f.TCP-1)
	f.TCP = 0
	e.Counters.Active--
}

// MemUse returns the bytes of sessions and of held data.
func (e *Engine) MemUse() (sessions, data uint64) {
	return uint64(len(e.sessions)) * sessionSize, e.pieces.inUse
}

// Segment takes a TCP packet of flow f: it moves the state on, notes events in
// p, and gives sink what has become ready in either direction.
func (e *Engine) Segment(p *packet.Packet, f *flow.Flow, sink Sink) {
	c := &e.Counters
	flags := p.TCP.Flags
	switch {
	case flags&(packet.SYN|packet.ACK) == packet.SYN:
		c.Syn++
	case flags&(packet.SYN|packet.ACK) == packet.SYN|packet.ACK:
		c.SynAck++
	}
	if flags&packet.RST != 0 {
		c.Rst++
	}
	if flags&packet.ACK == 0 && p.TCP.Ack != 0 && flags&packet.SYN == 0 {
		p.AddEvent(packet.EvStreamPktBrokenAck)
	}
	if p.Has(packet.BadChecksum) {
		c.InvalidChecksum++
		return
	}
	s := e.session(f)
	if s == nil || s.state == flow.TCPNone {
		s = e.first(p, f, s)
	} else {
		e.next(p, f, s, sink)
	}
	if s == nil {
		return
	}
	f.Stream.Flags[p.Dir.Index()] |= flags
	f.Stream.State = s.state
	if s.state >= flow.TCPEstablished {
		p.Flags |= packet.Established
	}
	e.flowState(f, s)
}

// flowState moves the flow's state with that of the connection.
func (e *Engine) flowState(f *flow.Flow, s *session) {
	if f.State == flow.StateBypassed {
		return
	}
	switch {
	case s.state >= flow.TCPTimeWait && s.state != flow.TCPCloseWait && s.state != flow.TCPClosing:
		f.State = flow.StateClosed
	case s.state >= flow.TCPEstablished:
		if f.State == flow.StateNew {
			f.State = flow.StateEstablished
		}
	}
}

// Reusable reports whether SYN p starts a new connection on the tuple of f,
// whose old one is over.
func (e *Engine) Reusable(f *flow.Flow, p *packet.Packet) bool {
	s := e.session(f)
	if p.TCP.Flags&(packet.SYN|packet.ACK|packet.RST|packet.FIN) != packet.SYN {
		return false
	}
	if s == nil {
		return true // what came before was no start of a connection
	}
	if s.state == flow.TCPClosed || s.state >= flow.TCPTimeWait && f.State == flow.StateClosed {
		return true
	}
	// Before the handshake is over, a SYN with another number is another try.
	return s.state == flow.TCPSynSent && f.Addr[0] == p.Src && f.Port[0] == p.SrcPort && s.half[0].isn != p.TCP.Seq
}
