package decode

import (
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/decode/proto"
)

// Frame is a piece of a direction's stream that a parser has named, as the rules
// see it. Data is valid for the call.
type Frame struct {
	Proto *proto.Protocol
	Kind  uint8
	Data  []byte // what is there of it
	Base  uint64 // offset of Data in the frame
	End   bool   // Data goes to its end
	// Fired are the rules that have fired on it, as the engine numbers them.
	Fired *[]uint32
}

// openFrame is one that a flow has open.
type openFrame struct {
	proto      *proto.Protocol
	kind       uint8
	start, end uint64 // offsets in the stream; end is 0 until it is known
	seen       uint64 // up to here it was inspected
	tx         *proto.Tx
	txID       uint64
	fired      []uint32
}

const (
	// maxFrames bounds the frames of one direction that wait for more; the
	// oldest gives way.
	maxFrames = 16
	// maxFrameBytes is how much of the stream is held for them, bytes.
	maxFrameBytes = 64 << 10
)

// Frame implements proto.Host.
func (a *app) Frame(dir field.Dir, kind uint8, off int, length int64, tx *proto.Tx) {
	if !a.w.wantsFrames || a.flow.Proto != packet.ProtoTCP {
		return
	}
	list := &a.uncommon().frames[dir.Index()]
	start := a.w.input.Offset + uint64(off)
	for i := range *list {
		if x := &(*list)[i]; x.end == 0 && x.kind == kind {
			x.end = start
		}
	}
	if len(*list) == maxFrames {
		*list = (*list)[:copy(*list, (*list)[1:])]
	}
	x := openFrame{proto: a.proto, kind: kind, start: start, seen: start, tx: tx, txID: tx.ID}
	if length >= 0 {
		x.end = start + uint64(length)
	}
	*list = append(*list, x)
	a.holdFrames(dir)
}

// holdFrames lets the stream keep the bytes of open frames.
func (a *app) holdFrames(dir field.Dir) {
	list := a.rare.frames[dir.Index()]
	if len(list) == 0 {
		a.w.streams.Hold(a.flow, dir, 0, 0)
		return
	}
	first := list[0].start
	for i := range list {
		first = min(first, list[i].start)
	}
	a.w.streams.Hold(a.flow, dir, first, maxFrameBytes)
}

// openFrames returns the frames of dir with bytes that the rules have not seen.
func (w *worker) openFrames(f *flow.Flow, a *app, dir field.Dir) []Frame {
	d := dir.Index()
	w.frames = w.frames[:0]
	for i := range a.rare.frames[d] {
		x := &a.rare.frames[d][i]
		if x.end == 0 && x.tx.ID == x.txID && x.tx.Progress[d] >= x.proto.Done[d] {
			x.end = a.parsed[d]
		}
		data, base := w.streams.Held(f, dir, x.start, x.end)
		if len(data) == 0 || base+uint64(len(data)) <= x.seen && x.end == 0 {
			continue
		}
		x.seen = base + uint64(len(data))
		w.frames = append(w.frames, Frame{
			Proto: x.proto, Kind: x.kind, Data: data, Base: base - x.start, End: x.end != 0 && x.seen >= x.end, Fired: &x.fired,
		})
	}
	return w.frames
}

// closeFrames forgets the frames of dir that were inspected to their end.
func (a *app) closeFrames(dir field.Dir) {
	list := &a.rare.frames[dir.Index()]
	n := 0
	for _, x := range *list {
		if x.end == 0 || x.seen < x.end {
			(*list)[n] = x
			n++
		}
	}
	if n < len(*list) {
		clear((*list)[n:])
		*list = (*list)[:n]
		a.holdFrames(dir)
	}
}
