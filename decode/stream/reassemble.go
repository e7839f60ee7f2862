package stream

import (
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
)

// reassemble takes the bytes of p, and gives the application layer what p made
// ready: in IDS order what it acknowledged, in inline order what it brought.
func (a *arrival) reassemble() {
	s := a.s
	own, other := a.opt.Inline, !a.opt.Inline
	switch {
	case a.opt.Inline:
		other = s.state == flow.TCPClosed
	case a.has(packet.RST):
		own, other = true, false
	case a.has(packet.FIN) && s.state > flow.TCPTimeWait:
		own, other = true, a.has(packet.ACK)
	case s.state == flow.TCPClosed:
		own = true
	}
	if other {
		a.deliver(1-a.p.Dir.Index(), false)
	}
	if a.p.PayLen > 0 && a.payload() {
		own = true
	}
	if own {
		a.deliver(a.p.Dir.Index(), false)
	}
}

// payload puts the payload of p into what its sender sends. It reports whether
// that has reached its depth.
func (a *arrival) payload() (full bool) {
	s, from, p := a.s, a.from, a.p
	from.seen = true
	if from.noReasm || s.sealed || a.has(packet.RST) {
		return false // data in a RST is for people (RFC 9293 section 3.5.3)
	}
	if s.appStopped && !from.wantsRaw() {
		a.stop(from)
		return false
	}
	if s.dataDir == 0 {
		s.dataDir = int8(p.Dir.Index() + 1)
	}
	if a.has(packet.SYN) {
		return a.insert(p.TCP.Seq+1, p.Payload())
	}
	if a.opt.Urgent != UrgentInline && !a.urgentPointer() {
		return false
	}
	if from.rare != nil && len(from.rare.urgent.seqs) > 0 {
		return a.insertAround()
	}
	return a.insert(p.TCP.Seq, p.Payload())
}

// insert puts b, which begins with sequence number seq, into what the sender
// sends. It reports whether that has reached its depth.
func (a *arrival) insert(seq uint32, b []byte) (full bool) {
	s, from, p := a.s, a.from, a.p
	off := from.offset(seq)
	if off < 0 || uint64(off)+uint64(len(b)) <= from.base {
		if end := off + int64(len(b)); end <= int64(from.base) {
			if end <= int64(from.forgot) {
				p.AddEvent(packet.EvStreamReassemblySegmentBeforeBaseSeq)
			}
			return false
		}
		if off < 0 {
			b, off = b[-off:], 0
		}
	}
	start := uint64(off)
	if s.depth > 0 && start+uint64(len(b)) > uint64(s.depth) {
		from.full, full = true, true
		a.Counters.DepthReached++
		p.AddEvent(packet.EvStreamReassemblyDepthReached)
		if start >= uint64(s.depth) {
			return true
		}
		b = b[:uint64(s.depth)-start]
	}
	policy := from.policy
	if a.opt.Inline {
		policy = PolicyFirst
	}
	a.pieces.Limit = a.opt.ReassemblyMemCap
	r := from.data.insert(&a.pieces, start, b, policy)
	if r.full {
		a.noRoom()
		return full
	}
	p.Flags |= packet.StreamAdded
	if r.differs && a.opt.Inline && a.opt.IPS {
		a.rewrite(start, b)
	}
	i := p.Dir.Index()
	if r.overlap {
		a.Counters.Overlap++
		if r.differs && (a.opt.CheckOverlap || a.opt.Inline) {
			a.Counters.OverlapDiff++
			a.f.Stream.Overlap[i] = true
			p.AddEvent(packet.EvStreamReassemblyOverlapDifferentData)
		}
	}
	if n := from.regions(); n > int(a.f.Stream.MaxRegions[i]) {
		if a.opt.MaxRegions > 0 && n > int(a.opt.MaxRegions) {
			p.AddEvent(packet.EvStreamReassemblyInsertLimit)
		}
		a.f.Stream.MaxRegions[i] = uint8(min(n, 255))
	}
	return full
}

// rewrite makes b, bytes of the packet's payload that begin at offset off, those
// of the stream: the receiver gets what was inspected.
func (a *arrival) rewrite(off uint64, b []byte) {
	for len(b) > 0 {
		held, n := a.from.at(off, len(b))
		if held != nil {
			n = copy(b, held)
		}
		b, off = b[n:], off+uint64(n)
	}
	a.p.SetTCPChecksum()
	a.p.Flags |= packet.Rewritten
}

// noRoom handles a segment for which there is no memory, or that would make one
// hole too many.
func (a *arrival) noRoom() {
	if len(a.from.ooo) >= maxBlocks {
		a.Counters.InsertFail++
		a.p.AddEvent(packet.EvStreamReassemblyInsertLimit)
		return
	}
	a.Counters.SegmentDrop++
	a.s.liberal = true
	a.p.AddEvent(packet.EvStreamReassemblyInsertMemcap)
	a.apply(flow.ReasonReassemblyMemcap, a.opt.ReassemblyMemCapPolicy)
}

// limit is the offset up to which the bytes of h may be used.
func (e *Engine) limit(h *half) uint64 {
	if e.opt.Inline {
		return h.edge()
	}
	return min(h.edge(), h.acked())
}

// maxRounds bounds the holes passed over for one packet.
const maxRounds = maxBlocks + 1

// deliver gives the application layer what is ready of half i. final says that
// the flow is over: acknowledged or not, all goes.
func (a *arrival) deliver(i int, final bool) {
	s := a.s
	for range maxRounds {
		h := &s.half[i]
		if h.noReasm {
			return
		}
		limit := a.limit(h)
		if s.state == flow.TCPSynSent {
			limit = 0
		}
		if final {
			limit = h.edge()
		}
		_, more := a.lost(h)
		// What waits behind a hole that nobody has acknowledged keeps the
		// direction open: its end was not seen.
		end := !more && (h.full || (final || s.state == flow.TCPClosed) && len(h.ooo) == 0)
		if limit > h.app || end && !h.ended {
			if s.appStopped {
				h.app = max(h.app, limit)
			} else if reversed := s.reversed; a.consume(i, limit, end) && reversed != s.reversed {
				i = 1 - i
				continue
			}
		}
		if !a.hole(i) {
			return
		}
	}
}

// consume gives bytes of half i up to limit to the application layer. It
// reports whether there were any.
func (a *arrival) consume(i int, limit uint64, end bool) bool {
	h := &a.s.half[i]
	from := max(h.app, h.base)
	var b []byte
	if limit > from {
		b = h.held()[from-h.base : limit-h.base]
	}
	h.ended = h.ended || end
	reversed := a.s.reversed
	n := a.sink.Data(a.f, dirOf(i), b, from, end)
	if reversed != a.s.reversed {
		h = &a.s.half[1-i]
	}
	h.app = from + uint64(n)
	return len(b) > 0
}

// lost reports whether bytes at the edge are lost: they were acknowledged and
// never seen, and others stand behind them. It returns where they end.
func (a *arrival) lost(h *half) (end uint64, ok bool) {
	edge, acked := h.edge(), h.acked()
	if a.s.state >= flow.TCPFinWait1 && acked > 0 {
		acked-- // the FIN takes a number too
	}
	if len(h.ooo) == 0 || acked <= edge {
		return 0, false
	}
	if a.opt.Inline {
		return h.ooo[0].off, true
	}
	return min(h.ooo[0].off, h.acked()), true
}

// maxLeftBehind is the largest Engine.leftBehind that is kept, bytes.
const maxLeftBehind = 64 << 10

// hole passes over bytes that are lost. It reports whether there may be more to
// deliver behind.
func (a *arrival) hole(i int) bool {
	s := a.s
	h := &s.half[i]
	to, ok := a.lost(h)
	if !ok {
		return false
	}
	edge := h.edge()
	from := min(h.app, edge) // what the parser waited for more behind is lost with it
	left := a.leftBehind[:0]
	if from >= h.base && edge > from && !s.appStopped {
		left = append(left, h.held()[from-h.base:edge-h.base]...)
	}
	if a.leftBehind = left; cap(left) > maxLeftBehind {
		a.leftBehind = nil
	}
	a.pass(h, to)
	h.app = to
	if s.appStopped {
		return true
	}
	a.Counters.Gap++
	a.f.Stream.Gap[i] = true
	if a.p != nil {
		a.p.AddEvent(packet.EvStreamReassemblySeqGap)
	}
	a.sink.Gap(a.f, dirOf(i), int(min(to-from, 1<<31-1)), from, left)
	return true
}

// stop ends reassembly of a direction.
func (e *Engine) stop(h *half) {
	h.noReasm = true
	e.release(h)
}

// Prune forgets the bytes of f that nobody needs any more.
func (e *Engine) Prune(f *flow.Flow) {
	s := e.session(f)
	if s == nil {
		return
	}
	for i := range s.half {
		h := &s.half[i]
		switch {
		case h.noReasm || h.full:
			e.stop(h)
		case h.right() > h.base:
			keep := e.needed(s, i)
			h.prune(&e.pieces, keep)
			e.prunePast(h, keep)
		}
		if i == int(s.last) {
			h.forgot = h.base
		}
	}
}

// needed is the offset before which nobody needs the bytes of half i.
func (e *Engine) needed(s *session, i int) uint64 {
	h := &s.half[i]
	keep := h.edge()
	if !s.appStopped {
		keep = min(keep, h.app)
	}
	if h.wantsRaw() {
		raw := h.raw
		if e.opt.Inline {
			// A packet is inspected with what stands before it.
			raw -= min(raw, uint64(e.chunk(dirOf(i))))
		}
		raw -= min(raw, uint64(e.opt.Show))
		keep = min(keep, raw)
	}
	if r := h.rare; r != nil && r.holdMax > 0 {
		edge := h.edge()
		keep = min(keep, max(r.hold, edge-min(edge, uint64(r.holdMax))))
	}
	if !e.opt.Inline {
		keep = min(keep, max(h.acked(), h.base))
	}
	if e.opt.CheckOverlap || e.opt.Inline {
		// What is sent again within a window is compared with the first copy.
		window := uint64(h.window)
		if window == 0 {
			window = 4096
		}
		acked := h.acked()
		keep = min(keep, acked-min(acked, window))
	}
	return keep
}

// Hold keeps the bytes of dir from offset off on until it is called again, but
// not more than size; a size of 0 keeps none.
func (e *Engine) Hold(f *flow.Flow, dir field.Dir, off uint64, size uint32) {
	if s := e.session(f); s != nil {
		r := s.half[dir.Index()].more()
		r.hold, r.holdMax = off, size
	}
}

// Held returns the bytes of dir from offset from on that may be used, up to
// offset to if that is not 0, and the offset of the first. They are valid until
// Prune.
func (e *Engine) Held(f *flow.Flow, dir field.Dir, from, to uint64) (b []byte, offset uint64) {
	s := e.session(f)
	if s == nil {
		return nil, 0
	}
	h := &s.half[dir.Index()]
	end := e.limit(h)
	if to > 0 {
		end = min(end, to)
	}
	if from = max(from, h.base); h.noReasm || end <= from {
		return nil, 0
	}
	return h.held()[from-h.base : end-h.base], from
}

// Pending reports whether a direction has something that no packet has let the
// application layer or the rules see.
func (e *Engine) Pending(f *flow.Flow, dir field.Dir) bool {
	s := e.session(f)
	if s == nil {
		return false
	}
	if s.state >= flow.TCPEstablished && s.state != flow.TCPClosed {
		return true
	}
	h := &s.half[dir.Index()]
	return !h.noReasm && (!s.appStopped && h.right() > h.app || h.wantsRaw() && h.right() > max(h.raw, h.base))
}

// Flush delivers all that is held of a direction: the flow is over. p is the
// packet that stands for its end.
func (e *Engine) Flush(f *flow.Flow, p *packet.Packet, sink Sink) {
	s := e.session(f)
	if s == nil {
		return
	}
	e.now = arrival{Engine: e, p: p, f: f, sink: sink}
	e.now.locate(s)
	e.now.deliver(p.Dir.Index(), true)
}

// Redeliver gives the application layer again what it left of a direction.
func (e *Engine) Redeliver(f *flow.Flow, dir field.Dir, sink Sink) {
	if s := e.session(f); s != nil && e.now.f == f {
		a := e.now
		a.sink = sink
		a.deliver(dir.Index(), false)
	}
}

// StopApp ends delivery to the application layer.
func (e *Engine) StopApp(f *flow.Flow) {
	if s := e.session(f); s != nil {
		s.appStopped = true
	}
}

// StopReassembly ends all reassembly of f: encrypted, passed or bypassed.
func (e *Engine) StopReassembly(f *flow.Flow) {
	if s := e.session(f); s != nil {
		s.appStopped = true
		for i := range s.half {
			s.half[i].noReasm = true // the bytes may be in use; Prune gives them back
		}
	}
}

// AtDepth returns how many directions of f have reached their depth.
func (e *Engine) AtDepth(f *flow.Flow) (n int) {
	if s := e.session(f); s != nil {
		for i := range s.half {
			if s.half[i].full {
				n++
			}
		}
	}
	return n
}

// Seal ends reassembly of f: nothing more is taken in. What raw inspection has not
// seen yet it sees at the flow's end.
func (e *Engine) Seal(f *flow.Flow) {
	s := e.session(f)
	if s == nil {
		return
	}
	s.appStopped, s.sealed = true, true
	for _, dir := range [...]field.Dir{field.ToServer, field.ToClient} {
		e.StopRaw(f, dir)
		if h := &s.half[dir.Index()]; !h.wantsRaw() {
			h.noReasm = true // the bytes may be in use; Prune gives them back
		}
	}
}

// Sizes returns how many bytes client and server have sent, by their sequence
// numbers.
func (e *Engine) Sizes(f *flow.Flow) (client, server uint64) {
	s := e.session(f)
	if s == nil {
		return 0, 0
	}
	size := func(h *half) uint64 {
		if !h.seen {
			return 0
		}
		return uint64(h.nextSeq - h.isn)
	}
	return size(&s.half[0]), size(&s.half[1])
}

// HeldFrom returns, by direction, the sequence number of the first byte that is held
// and whether the depth is reached.
func (e *Engine) HeldFrom(f *flow.Flow) (from [2]uint32, full [2]bool) {
	if s := e.session(f); s != nil {
		for i := range s.half {
			h := &s.half[i]
			from[i], full[i] = h.isn+1+uint32(h.base), h.full
		}
	}
	return from, full
}

// DepthReached reports whether a direction ended at its depth.
func (e *Engine) DepthReached(f *flow.Flow, dir field.Dir) bool {
	s := e.session(f)
	return s != nil && s.half[dir.Index()].full
}

// RaiseDepth replaces Options.Depth for one flow by a larger one, bytes; 0 is
// unlimited.
func (e *Engine) RaiseDepth(f *flow.Flow, n uint32) {
	if s := e.session(f); s != nil && (n == 0 || n > s.depth) {
		s.depth = n
	}
}

// SetDepth replaces Options.Depth for one flow, bytes; 0 is unlimited.
func (e *Engine) SetDepth(f *flow.Flow, n uint32) {
	if s := e.session(f); s != nil {
		s.depth = n
	}
}
