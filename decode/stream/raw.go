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
	if e.opt.Inline && !last {
		return e.rawInline(h, dir, p)
	}
	limit := e.limit(h)
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
	if !last && !h.trigger && !h.full && limit-from < uint64(e.chunk(dir)) && s.state <= flow.TCPTimeWait {
		return nil, 0, false
	}
	return h.held()[from-h.base : limit-h.base], from, true
}

// rawInline returns the bytes of p within the stream: a chunk that ends with
// them, if they are in the contiguous run.
func (e *Engine) rawInline(h *half, dir field.Dir, p *packet.Packet) (b []byte, offset uint64, ok bool) {
	if p.PayLen == 0 || !p.Has(packet.StreamAdded) {
		return nil, 0, false
	}
	edge := h.edge()
	off := h.offset(p.TCP.Seq)
	if off < 0 || uint64(off) >= edge {
		return nil, 0, false
	}
	size := max(uint64(e.chunk(dir)), uint64(p.PayLen))
	from := max(edge-min(edge, size), h.base)
	from = max(min(from, uint64(off)), h.base)
	return h.held()[from-h.base:], from, true
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
