package detect

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"weir/decode"
	"weir/decode/packet"
	"weir/decode/proto"
)

// frameRef names a kind of frame of one protocol.
type frameRef struct {
	proto *proto.Protocol
	kind  uint8
}

// frameBuffer compiles protocol.kind, or a kind of the rule's protocol: a sticky
// buffer over the bytes of a frame.
func frameBuffer(c *compiler, v string) error {
	name, kind, ok := strings.Cut(v, ".")
	var refs []frameRef
	if p := c.e.set.ByName(name); ok && p != nil {
		refs = framesNamed([]*proto.Protocol{p}, kind)
		if c.s.app == nil {
			c.s.app = []*proto.Protocol{p}
		}
	} else {
		refs = framesNamed(c.s.app, v)
	}
	if len(refs) == 0 {
		return errUnsupported{fmt.Sprintf("frame %q", v)}
	}
	c.s.units = append(c.s.units, unit{frames: refs, name: "frame"})
	c.s.onFrames = true
	c.unit = len(c.s.units) - 1
	c.last, c.nested = place{}, false
	return nil
}

// framesNamed returns the frames of that name of some protocols. All of a
// direction is a frame too, of those that have any.
func framesNamed(ps []*proto.Protocol, kind string) (refs []frameRef) {
	for _, p := range ps {
		if kind == "stream" && len(p.Frames) > 0 {
			refs = append(refs, frameRef{p, decode.FrameStream})
		}
		if i := slices.Index(p.Frames, kind); i >= 0 {
			refs = append(refs, frameRef{p, uint8(i)})
		}
	}
	return refs
}

// WantsFrames implements decode.FrameInspector.
func (w *Worker) WantsFrames() (any, stream bool) {
	for _, s := range w.e.onFrames {
		for i := range s.units {
			stream = stream || slices.ContainsFunc(s.units[i].frames, func(r frameRef) bool { return r.kind == decode.FrameStream })
		}
	}
	return len(w.e.onFrames) > 0, stream
}

// frame runs the rules on frames over one of them. A rule fires once on each.
func (w *Worker) frame(fr *decode.Frame) {
	p, f := w.in.Packet, w.in.Flow
	if w.ex != nil && w.ex.s.onFrames {
		w.ex.see(w, w.txOf(fr), p.Dir, fr)
	}
	for _, s := range w.e.onFrames {
		if slices.Contains(*fr.Fired, uint32(s.order)) || !slices.Contains(s.app, fr.Proto) || !w.conditions(s, p, f) {
			continue
		}
		if w.tryFrame(s, fr, p) {
			*fr.Fired = append(*fr.Fired, uint32(s.order))
			w.fire(s, w.txOf(fr))
			w.alerts[len(w.alerts)-1].frame = fr
		}
	}
}

// tryFrame checks what a rule looks for in a frame, if the rule is in use.
func (w *Worker) tryFrame(s *signature, fr *decode.Frame, p *packet.Packet) (fits bool) {
	if w.out != nil && w.out[s.order] {
		return false
	}
	if w.costs == nil {
		fits = w.fitsFrame(s, fr, p)
	} else {
		start := time.Now()
		fits = w.fitsFrame(s, fr, p)
		w.costs[s.order].add(time.Since(start), fits)
	}
	if w.match.spent {
		w.gaveUp(s)
	}
	return fits
}

// txOf returns the transaction of a frame, if it is still there.
func (w *Worker) txOf(fr *decode.Frame) proto.Transaction {
	for _, tx := range w.in.Txs {
		if t := tx.Base(); t == fr.Tx && t.ID == fr.TxID {
			return tx
		}
	}
	return nil
}

// fitsFrame reports whether all that a rule looks for is there.
func (w *Worker) fitsFrame(s *signature, fr *decode.Frame, p *packet.Packet) bool {
	for i := range s.units {
		u := &s.units[i]
		switch {
		case u.frames != nil:
			if !w.frameUnit(u, fr) {
				return false
			}
		case u.def != nil, !w.payloadUnit(s, u, p, w.in.Flow):
			return false
		}
	}
	return true
}

// frameUnit checks contents on the bytes of a frame.
func (w *Worker) frameUnit(u *unit, fr *decode.Frame) bool {
	if !slices.Contains(u.frames, frameRef{fr.Proto, fr.Kind}) {
		return false
	}
	data := fr.Data
	for _, t := range u.transforms {
		if w.used == len(w.spare) {
			w.spare = append(w.spare, nil)
		}
		w.spare[w.used] = t.apply(w.spare[w.used][:0], data)
		data = w.spare[w.used]
		w.used++
	}
	return w.fits(u, data, fr.Base, fr.End)
}
