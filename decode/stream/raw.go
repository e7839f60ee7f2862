package stream

import (
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
)

// chunk is how many bytes raw inspection of a direction waits for.
func (e *Engine) chunk(dir field.Dir) uint32 {
	if dir == field.ToClient {
		return e.opt.ChunkToClient
	}
	return e.opt.ChunkToServer
}

// Raw implements the view of raw stream rules: the bytes of dir that are ready
// to be inspected and were not yet. Inline, they are those of the packet with
// what stands before them, a chunk in all.
func (e *Engine) Raw(f *flow.Flow, dir field.Dir, p *packet.Packet) (b []byte, offset uint64, ok bool) {
	s := e.session(f)
	if s == nil {
		return nil, 0, false
	}
	h := &s.half[dir.Index()]
	if !h.wantsRaw() || h.noReasm {
		return nil, 0, false
	}
	last := p.Has(packet.StreamEOF)
	if s.sealed && !last {
		return nil, 0, false
	}
	if e.opt.Inline && !last {
		return e.rawInline(h, dir, p)
	}
	limit, before := e.limit(h), max(h.raw, h.base)
	behind, start := h.behind()
	if behind != nil {
		before = start
	}
	if last {
		limit = h.edge()
	}
	if h.noRaw {
		limit = min(limit, h.rawEnd)
	}
	if limit <= before {
		return nil, 0, false
	}
	if !last && !h.trigger && !h.full && limit-before < uint64(e.chunk(dir)) && s.state <= flow.TCPTimeWait {
		return nil, 0, false
	}
	if behind != nil {
		return behind, start, true
	}
	return h.held()[before-h.base : limit-h.base], before, true
}

// rawInline returns the bytes of p within the run of the stream that they are
// in: a chunk, or from p on if that is more.
func (e *Engine) rawInline(h *half, dir field.Dir, p *packet.Packet) (b []byte, offset uint64, ok bool) {
	if p.PayLen == 0 || !p.Has(packet.StreamAdded) {
		return nil, 0, false
	}
	off := max(h.offset(p.TCP.Seq), 0)
	b, start := h.held(), h.base
	if uint64(off) >= h.edge() {
		i := h.find(uint64(off))
		if i == len(h.ooo) {
			return nil, 0, false
		}
		b, start = h.ooo[i].b, h.ooo[i].off
	}
	n := max(int(e.chunk(dir)), int(p.PayLen), int(start)+len(b)-int(off))
	from := max(len(b)-n, 0)
	return b[from:], start + uint64(from), true
}

// MoreRaw is for the end of a flow: where there is a hole behind the bytes of
// dir that Raw gave, it goes on behind that, and says from where. A place that it
// has named before means that nobody has taken what Raw gave there.
func (e *Engine) MoreRaw(f *flow.Flow, dir field.Dir) (from uint64, ok bool) {
	s := e.session(f)
	if s == nil {
		return 0, false
	}
	h := &s.half[dir.Index()]
	if h.noReasm || h.noRaw {
		return 0, false
	}
	if b, start := h.behind(); b != nil {
		return start, true
	}
	if h.raw < h.base {
		h.raw = h.base
		return h.raw, true
	}
	if len(h.ooo) == 0 {
		return 0, false
	}
	to := h.ooo[0].off
	e.pass(h, to)
	h.app, h.raw = max(h.app, to), to
	return to, true
}

// RawDone says that raw rules have seen everything before offset upto.
func (e *Engine) RawDone(f *flow.Flow, dir field.Dir, upto uint64) {
	s := e.session(f)
	if s == nil {
		return
	}
	h := &s.half[dir.Index()]
	if upto > h.raw {
		h.raw = upto
		h.trigger = false
	}
}

// TriggerRaw lets Raw give what is there without waiting for a chunk.
func (e *Engine) TriggerRaw(f *flow.Flow, dir field.Dir) {
	if s := e.session(f); s != nil {
		s.half[dir.Index()].trigger = true
	}
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
