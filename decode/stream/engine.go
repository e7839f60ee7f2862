package stream

import (
	"net/netip"

	"weir/decode/buffer"
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
	// Gap says that n bytes at offset will never come. They count from what Data
	// left behind: left is that, and comes no more either.
	Gap(f *flow.Flow, dir field.Dir, n int, offset uint64, left []byte)
}

// Engine holds the sessions of one worker.
type Engine struct {
	Counters Counters
	// Reverse swaps the directions of a flow whose first packet came from the
	// server, and calls Swap. Set by the worker.
	Reverse func(*flow.Flow)

	opt        Options
	sessions   []*session
	free       []uint32 // indices into sessions
	pieces     buffer.Pool
	now        arrival // the packet in work
	leftBehind []byte  // scratch: what the parser of a hole's direction waited with
}

// NewEngine returns an engine without sessions.
func NewEngine(opt Options) *Engine {
	if opt.Policy == nil {
		opt.Policy = func(netip.Addr) Policy { return PolicyBSD }
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

// sessionSize is what a session counts towards MemCap, bytes.
const sessionSize = 512

// open makes the session of f. It returns nil when memory is short.
func (e *Engine) open(f *flow.Flow) *session {
	if e.opt.MemCap > 0 && uint64(len(e.sessions)-len(e.free)+1)*sessionSize > e.opt.MemCap {
		e.Counters.SSNMemCapDrop++
		e.now.apply(flow.ReasonStreamMemcap, e.opt.MemCapPolicy)
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
	kept := [2]half{s.half[0], s.half[1]}
	*s = session{depth: e.opt.Depth, queue: s.queue[:0]}
	for i := range s.half {
		h := &s.half[i]
		h.reuse(&kept[i].data)
		h.rare = kept[i].rare.reset()
		// The receiver decides: what half i sends goes to the other end.
		h.policy = e.opt.Policy(netip.AddrFrom16(f.Addr[1-i]).Unmap())
		h.noRaw = e.opt.NoRaw
	}
	f.Stream.HasSession = true
	e.Counters.Sessions++
	e.Counters.Active++
	return s
}

// Release ends the session of f.
func (e *Engine) Release(f *flow.Flow) {
	s := e.session(f)
	if s == nil {
		return
	}
	for i := range s.half {
		e.release(&s.half[i])
	}
	e.free = append(e.free, f.TCP-1)
	f.TCP = 0
	e.Counters.Active--
}

// MemUse returns the bytes of sessions and of held data.
func (e *Engine) MemUse() (sessions, data uint64) {
	return uint64(len(e.sessions)-len(e.free)) * sessionSize, e.pieces.InUse
}

// Segment takes a TCP packet of flow f: it moves the state on, notes events in
// p, and gives sink what has become ready in either direction.
func (e *Engine) Segment(p *packet.Packet, f *flow.Flow, sink Sink) {
	if p.Has(packet.BadChecksum) {
		e.Counters.InvalidChecksum++
		if s := e.session(f); s != nil && s.state >= flow.TCPEstablished {
			p.Flags |= packet.Established // the packet counts for rules all the same
		}
		return
	}
	e.count(p)
	e.now = arrival{Engine: e, p: p, f: f, sink: sink, end: p.TCP.Seq + uint32(p.PayLen)}
	a := &e.now
	if s := e.session(f); s != nil {
		if s.state >= flow.TCPEstablished {
			p.Flags |= packet.Established // since an earlier packet
		}
		a.locate(s)
		i := p.Dir.Index()
		f.Stream.Flags[i] |= p.TCP.Flags
		if s.async && f.Stream.Flags[0] != 0 && f.Stream.Flags[1] != 0 {
			s.async = false
		}
	}
	if !a.has(packet.ACK) && p.TCP.Ack != 0 {
		p.AddEvent(packet.EvStreamPktBrokenAck)
	}
	var ok bool
	if a.s == nil || a.s.state == flow.TCPNone {
		if ok = a.first(); a.s != nil {
			f.Stream.Flags[p.Dir.Index()] |= p.TCP.Flags
		}
	} else {
		ok = a.next()
	}
	if !ok && e.opt.DropInvalid {
		p.Flags |= packet.NoPayloadInspect
		p.Drop(packet.DropStreamError)
	}
	if a.s == nil {
		return
	}
	f.Stream.State = a.s.state
	if p.PayLen > 0 && a.s.state >= flow.TCPEstablished {
		p.Flags |= packet.Established // the ACK that ends the handshake may bring data
	}
}

// count counts p by its flags.
func (e *Engine) count(p *packet.Packet) {
	c := &e.Counters
	switch flags := p.TCP.Flags; {
	case flags&(packet.SYN|packet.ACK) == packet.SYN|packet.ACK:
		c.SynAck++
	case flags&packet.SYN != 0:
		c.Syn++
	}
	if p.TCP.Flags&packet.RST != 0 {
		c.Rst++
	}
	if p.TCP.Flags&packet.URG != 0 {
		c.Urg++
	}
}

// next handles a packet of a connection that is followed already. It reports
// whether the packet fits.
func (a *arrival) next() bool {
	if a.isKeepAlive() || a.isKeepAliveAnswer() {
		return true
	}
	a.from.keepAlive = false
	if !a.isLastAckOfClose() && !a.isWindowUpdate() && (a.isBadWindowUpdate() || a.isOutdatedAck()) {
		return true
	}
	ok := a.isSpurious() || a.dispatch(a.s.state)
	a.checkAfterRst()
	return ok
}

// dispatch handles a packet by the state of the connection.
func (a *arrival) dispatch(state flow.TCPState) bool {
	switch state {
	case flow.TCPSynSent:
		return a.synSent()
	case flow.TCPSynRecv:
		return a.synRecv()
	case flow.TCPEstablished:
		return a.established()
	case flow.TCPFinWait1:
		return a.finWait1()
	case flow.TCPFinWait2:
		return a.finWait2()
	case flow.TCPClosing:
		return a.closing()
	case flow.TCPCloseWait:
		return a.closeWait()
	case flow.TCPLastAck:
		return a.lastAck()
	case flow.TCPTimeWait:
		return a.timeWait()
	}
	return a.closed()
}

// Reusable reports whether SYN p starts a new connection on the tuple of f,
// whose old one is over, or ending since its client has sent a FIN. A SYN that
// the client sends again, number and all, is of the old one.
func (e *Engine) Reusable(f *flow.Flow, p *packet.Packet) bool {
	if p.TCP.Flags&(packet.SYN|packet.ACK|packet.RST|packet.FIN) != packet.SYN {
		return false
	}
	s := e.session(f)
	if s == nil {
		return true // what came before was no start of a connection
	}
	fromClient := f.Addr[0] == p.Src && f.Port[0] == p.SrcPort
	return s.state >= flow.TCPLastAck && !(fromClient && s.half[0].isn == p.TCP.Seq)
}

// Swap swaps the directions of f's session, and of the packet in work if it
// belongs to f.
func (e *Engine) Swap(f *flow.Flow) {
	s := e.session(f)
	if s == nil {
		return
	}
	s.half[0], s.half[1] = s.half[1], s.half[0]
	s.reversed = !s.reversed
	s.last = 1 - s.last
	if s.dataDir != 0 {
		s.dataDir = 3 - s.dataDir
	}
	st := &f.Stream
	st.Flags[0], st.Flags[1] = st.Flags[1], st.Flags[0]
	st.MaxRegions[0], st.MaxRegions[1] = st.MaxRegions[1], st.MaxRegions[0]
	st.Gap[0], st.Gap[1] = st.Gap[1], st.Gap[0]
	st.Overlap[0], st.Overlap[1] = st.Overlap[1], st.Overlap[0]
	if a := &e.now; a.f == f && a.s == s && a.p != nil {
		a.p.Dir = a.p.Dir.Reverse()
		a.from, a.to = a.to, a.from
	}
}
