package stream

import (
	"net/netip"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
)

type netAddr = netip.Addr

func unmap(a [16]byte) netip.Addr { return netip.AddrFrom16(a).Unmap() }

// keepOld returns how policy decides between a byte held and one that comes: by
// where their segments begin and end (Novak and Sturges, "Target-based TCP
// stream reassembly", 2007).
func (pol Policy) keepOld(oldOff, oldEnd, newOff, newEnd uint64) bool {
	switch pol {
	case PolicyFirst, PolicyVista:
		return true
	case PolicyLast:
		return false
	case PolicyLinux:
		return !(newOff < oldOff || newOff == oldOff && newEnd > oldEnd)
	case PolicyOldLinux:
		return !(newOff < oldOff || newOff == oldOff && newEnd > oldEnd)
	case PolicySolaris, PolicyHPUX10:
		return oldOff <= newOff && oldEnd >= newEnd
	case PolicyWindows, PolicyWindows2K3:
		return !(newOff < oldOff && newEnd > oldEnd)
	}
	return newOff >= oldOff // BSD and its kin
}

// payload puts the bytes of p into what its sender sends.
func (e *Engine) payload(p *packet.Packet, f *flow.Flow, s *session, from *half) {
	b := p.Payload()
	if len(b) == 0 || s.noReasm {
		return
	}
	off := from.offset(p.TCP.Seq)
	if p.TCP.Flags&packet.SYN != 0 {
		off = 0
	}
	if off < 0 {
		if off+int64(len(b)) <= 0 {
			p.AddEvent(packet.EvStreamReassemblySegmentBeforeBaseSeq)
			return
		}
		b = b[-off:]
		off = 0
	}
	start, end := uint64(off), uint64(off)+uint64(len(b))
	if end <= from.base {
		return
	}
	if s.depth > 0 && end > uint64(s.depth) {
		if !from.full {
			from.full = true
			e.Counters.DepthReached++
			p.AddEvent(packet.EvStreamReassemblyDepthReached)
		}
		if start >= uint64(s.depth) {
			return
		}
		b = b[:uint64(s.depth)-start]
	}
	if e.opt.ReassemblyMemCap > 0 && e.pieces.inUse+uint64(len(b)) > e.opt.ReassemblyMemCap {
		e.Counters.SegmentDrop++
		p.AddEvent(packet.EvStreamReassemblyInsertMemcap)
		return
	}
	p.Flags |= packet.StreamAdded
	policy := from.policy
	if e.opt.Inline {
		policy = PolicyFirst
	}
	overlap, differs := from.insert(&e.pieces, start, b, max(from.app, from.raw), policy.keepOld)
	if overlap {
		e.Counters.Overlap++
		if differs {
			e.Counters.OverlapDiff++
			if e.opt.CheckOverlap {
				p.AddEvent(packet.EvStreamReassemblyOverlapDifferentData)
			}
		}
	}
	i := p.Dir.Index()
	f.Stream.MaxRegions[i] = max(f.Stream.MaxRegions[i], uint8(min(len(from.ooo)+1, 255)))
}

// limit is the offset up to which the bytes of h may be used.
func (e *Engine) limit(h *half) uint64 {
	if e.opt.Inline {
		return h.edge()
	}
	return min(h.edge(), h.acked())
}

// deliver gives the application layer what is ready of half i. final says that
// the flow is over: acknowledged or not, all goes.
func (e *Engine) deliver(p *packet.Packet, f *flow.Flow, s *session, i int, sink Sink, final bool) {
	h := &s.half[i]
	dir := dirOf(i)
	if s.noReasm {
		return
	}
	for range maxRounds {
		limit := e.limit(h)
		if final {
			limit = h.edge()
		}
		end := e.atEnd(s, h, limit) || final && len(h.ooo) == 0
		if limit > h.app || end && !h.ended {
			if s.appStopped {
				h.app = max(h.app, limit)
			} else {
				e.consume(f, h, dir, sink, limit, end)
			}
			h.ended = h.ended || end
		}
		if !e.hole(p, f, s, h, dir, sink, final) {
			return
		}
	}
}

// maxRounds bounds the holes passed over for one packet.
const maxRounds = 1024

// consume gives bytes up to limit to the application layer.
func (e *Engine) consume(f *flow.Flow, h *half, dir field.Dir, sink Sink, limit uint64, end bool) {
	from := max(h.app, h.base)
	var b []byte
	if limit > from {
		b = h.buf[from-h.base : limit-h.base]
	}
	n := sink.Data(f, dir, b, from, end)
	h.app = from + uint64(n)
}

// atEnd reports whether limit is the end of what h will ever send.
func (e *Engine) atEnd(s *session, h *half, limit uint64) bool {
	if s.state == flow.TCPClosed && limit == h.edge() && len(h.ooo) == 0 {
		return true
	}
	return h.fin && int64(limit) >= h.offset(h.finSeq) && limit == h.edge()
}

// hole passes over bytes that were acknowledged and not seen. It reports
// whether there may be more to deliver behind.
func (e *Engine) hole(p *packet.Packet, f *flow.Flow, s *session, h *half, dir field.Dir, sink Sink, final bool) bool {
	edge, acked := h.edge(), h.acked()
	if h.fin {
		// The FIN takes a number of its own, which is no byte.
		if o := h.offset(h.finSeq); o >= 0 && acked > uint64(o) {
			acked = uint64(o)
		}
	}
	if h.full && s.depth > 0 {
		acked = min(acked, uint64(s.depth))
	}
	var to uint64
	switch {
	case len(h.ooo) > 0 && (final || acked > edge):
		to = h.ooo[0].off
		if !final && to > acked {
			to = acked
		}
	case len(h.ooo) == 0 && acked > edge && !e.opt.Inline:
		to = acked
	default:
		return false
	}
	if to <= edge || h.app < edge && !s.appStopped {
		return false // the parser still waits for more before the hole
	}
	if !s.appStopped {
		e.Counters.Gap++
		f.Stream.Gap[dir.Index()] = true
		if p != nil {
			p.AddEvent(packet.EvStreamReassemblySeqGap)
		}
		sink.Gap(f, dir, int(min(to-edge, 1<<31-1)), edge)
	}
	h.jump(&e.pieces, to)
	h.app, h.raw = to, max(h.raw, to)
	return true
}

// Prune forgets the bytes of f that nobody needs any more.
func (e *Engine) Prune(f *flow.Flow) {
	s := e.session(f)
	if s == nil {
		return
	}
	for i := range s.half {
		h := &s.half[i]
		if len(h.buf) == 0 {
			continue
		}
		keep := h.edge()
		if !s.appStopped {
			keep = min(keep, h.app)
		}
		if h.wantsRaw() && !s.noReasm {
			keep = min(keep, h.raw)
		}
		if !e.opt.Inline {
			keep = min(keep, max(h.acked(), h.base))
		}
		h.prune(&e.pieces, keep)
	}
}

// Raw implements the view of raw stream rules: the bytes of dir that are ready
// to be inspected and were not yet.
func (e *Engine) Raw(f *flow.Flow, dir field.Dir, p *packet.Packet) (b []byte, offset uint64, ok bool) {
	s := e.session(f)
	if s == nil || s.noReasm {
		return nil, 0, false
	}
	h := &s.half[dir.Index()]
	if !h.wantsRaw() {
		return nil, 0, false
	}
	limit := e.limit(h)
	last := p.Has(packet.StreamEOF)
	if last {
		limit = h.edge()
	}
	if h.noRaw {
		limit = min(limit, h.rawEnd)
	}
	from := max(h.raw, h.base)
	if limit <= from {
		return nil, 0, false
	}
	chunk := uint64(e.opt.ChunkToServer)
	if dir == field.ToClient {
		chunk = uint64(e.opt.ChunkToClient)
	}
	if !last && !h.trigger && !h.full && !e.opt.Inline && limit-from < chunk && s.state < flow.TCPTimeWait {
		return nil, 0, false
	}
	return h.buf[from-h.base : limit-h.base], from, true
}

// RawDone says that raw rules have seen everything before offset upto.
func (e *Engine) RawDone(f *flow.Flow, dir field.Dir, upto uint64) {
	if s := e.session(f); s != nil {
		h := &s.half[dir.Index()]
		h.raw = max(h.raw, upto)
		h.trigger = false
	}
}

// TriggerRaw lets Raw give what is there without waiting for a chunk.
func (e *Engine) TriggerRaw(f *flow.Flow, dir field.Dir) {
	if s := e.session(f); s != nil {
		s.half[dir.Index()].trigger = true
	}
}

// Pending reports whether bytes of dir wait for the application layer or for raw
// inspection.
func (e *Engine) Pending(f *flow.Flow, dir field.Dir) bool {
	s := e.session(f)
	if s == nil || s.noReasm {
		return false
	}
	h := &s.half[dir.Index()]
	return !s.appStopped && (h.right() > h.app || !h.ended && h.seen) || h.wantsRaw() && h.edge() > max(h.raw, h.base)
}

// Flush delivers all that is held of a direction: the flow is over.
func (e *Engine) Flush(f *flow.Flow, dir field.Dir, sink Sink) {
	if s := e.session(f); s != nil {
		e.Counters.Pseudo++
		e.deliver(nil, f, s, dir.Index(), sink, true)
	}
}

// Redeliver gives the application layer again what it left of a direction.
func (e *Engine) Redeliver(f *flow.Flow, dir field.Dir, sink Sink) {
	if s := e.session(f); s != nil {
		e.deliver(nil, f, s, dir.Index(), sink, false)
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
	s := e.session(f)
	if s == nil {
		return
	}
	s.noReasm, s.appStopped = true, true
}

// StopRaw ends raw inspection of a direction behind what has come so far.
func (e *Engine) StopRaw(f *flow.Flow, dir field.Dir) {
	if s := e.session(f); s != nil {
		h := &s.half[dir.Index()]
		if !h.noRaw {
			h.noRaw, h.rawEnd, h.trigger = true, h.edge(), true
		}
	}
}

// wantsRaw reports whether raw inspection has anything to see yet.
func (h *half) wantsRaw() bool { return !h.noRaw || h.raw < h.rawEnd }

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

// SetDepth replaces Options.Depth for one flow, bytes; 0 is unlimited.
func (e *Engine) SetDepth(f *flow.Flow, n uint32) {
	if s := e.session(f); s != nil {
		s.depth = n
	}
}

// Reverse swaps the directions of f's session.
func (e *Engine) Reverse(f *flow.Flow) {
	if s := e.session(f); s != nil {
		s.half[0], s.half[1] = s.half[1], s.half[0]
		st := &f.Stream
		st.Flags[0], st.Flags[1] = st.Flags[1], st.Flags[0]
		st.MaxRegions[0], st.MaxRegions[1] = st.MaxRegions[1], st.MaxRegions[0]
	}
}
