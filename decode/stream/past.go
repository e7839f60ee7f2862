package stream

import (
	"strconv"

	"weir/decode/field"
	"weir/decode/flow"
)

// run is a run of bytes of a direction that ends at a hole.
type run struct {
	off uint64
	b   []byte // in memory of the pool
}

func (r *run) end() uint64 { return r.off + uint64(len(r.b)) }

const (
	// maxPast and maxPastBytes bound what a direction keeps before holes.
	// Raw rules wait for a chunk of some thousand bytes at most.
	maxPast      = 8
	maxPastBytes = 64 << 10
)

// pass leaves the hole at the edge of h behind: the contiguous bytes begin anew
// at offset to. What stands before the hole is kept if raw rules have still to
// see it, or alerts to show it.
func (e *Engine) pass(h *half, to uint64) {
	edge := h.edge()
	unseen := h.wantsRaw() && h.raw < edge && !e.opt.Inline
	if b := h.held(); len(b) > 0 && (unseen || e.opt.Show > 0) {
		r := h.more()
		r.past = append(r.past, run{h.base, append(e.pieces.Get(len(b)), b...)})
		e.trimPast(h)
	} else if len(b) == 0 && e.opt.Show > 0 && edge == 0 {
		h.more().past = append(h.more().past, run{}) // the hole alone is shown
	}
	if !unseen {
		h.raw = max(h.raw, to)
	}
	h.jump(&e.pieces, to)
}

// trimPast forgets the oldest runs where there are too many.
func (e *Engine) trimPast(h *half) {
	r, n := h.rare, 0
	for i := range r.past {
		n += len(r.past[i].b)
	}
	for len(r.past) > maxPast || n > maxPastBytes {
		n -= len(r.past[0].b)
		e.dropPast(r)
	}
}

// dropPast forgets the first run before a hole.
func (e *Engine) dropPast(r *rare) {
	e.pieces.Put(r.past[0].b)
	copy(r.past, r.past[1:])
	r.past[len(r.past)-1] = run{}
	r.past = r.past[:len(r.past)-1]
}

// prunePast forgets the runs that end before keep, which never stands in a hole.
func (e *Engine) prunePast(h *half, keep uint64) {
	for r := h.rare; r != nil && len(r.past) > 0 && r.past[0].end() < keep; {
		e.dropPast(r)
	}
}

// release gives back all that h holds.
func (e *Engine) release(h *half) {
	h.data.release(&e.pieces)
	for r := h.rare; r != nil && len(r.past) > 0; {
		e.dropPast(r)
	}
}

// behind returns the bytes before a hole that raw rules have not seen.
func (h *half) behind() (b []byte, offset uint64) {
	if h.rare != nil {
		for i := range h.rare.past {
			if r := &h.rare.past[i]; r.end() > h.raw {
				from := max(h.raw, r.off)
				return r.b[from-r.off:], from
			}
		}
	}
	return nil, 0
}

// GoesOn reports whether raw rules have just seen the bytes of dir up to a hole;
// Raw gives them then what stands behind it, without waiting for a chunk.
func (e *Engine) GoesOn(f *flow.Flow, dir field.Dir) bool {
	s := e.session(f)
	if s == nil {
		return false
	}
	h := &s.half[dir.Index()]
	if h.rare == nil {
		return false
	}
	for i := range h.rare.past {
		if r := &h.rare.past[i]; r.end() == h.raw && len(r.b) > 0 {
			h.raw, h.trigger = h.base, true
			if i+1 < len(h.rare.past) {
				h.raw = h.rare.past[i+1].off
			}
			return true
		}
	}
	return false
}

// AppendHeld appends what is held of a direction, Options.Show bytes at most, as
// people are shown it: a hole is "[n bytes missing]".
func (e *Engine) AppendHeld(dst []byte, f *flow.Flow, dir field.Dir) []byte {
	s := e.session(f)
	if s == nil {
		return dst
	}
	h := &s.half[dir.Index()]
	first, at := len(dst), h.base
	add := func(off uint64, b []byte) {
		if off > at {
			dst = strconv.AppendUint(append(dst, '['), off-at, 10)
			dst = append(dst, " bytes missing]"...)
		}
		dst, at = append(dst, b...), off+uint64(len(b))
	}
	if h.rare != nil && len(h.rare.past) > 0 {
		at = h.rare.past[0].off
		for i := range h.rare.past {
			add(h.rare.past[i].off, h.rare.past[i].b)
		}
	}
	add(h.base, h.held())
	for i := range h.ooo {
		add(h.ooo[i].off, h.ooo[i].b)
	}
	return dst[:min(len(dst), first+int(e.opt.Show))]
}
