package decode

import (
	"encoding/base64"
	"slices"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/decode/proto"
)

// FrameStream is the kind of the frame that all of a direction is in.
const FrameStream = 255

// Frame is a piece of a direction's stream, or of a datagram, that a parser has
// named, as the rules see it. Data is valid for the call.
type Frame struct {
	Proto *proto.Protocol
	Kind  uint8  // FrameStream or a kind of Proto
	Data  []byte // what is there of it
	Base  uint64 // offset of Data in the frame
	End   bool   // Data goes to its end
	// Fired are the rules that have fired on it, as the engine numbers them.
	Fired *[]uint32

	ID     uint32 // from 1, in each direction of a flow
	Start  uint64 // offset in the stream; of no meaning in datagrams
	Length int64  // bytes; -1 while it is not known
	TxID   uint64
	Tx     *proto.Tx // may be over: then its ID is not TxID
	Dir    field.Dir
	// Datagram: it is a piece of one, not of a stream.
	Datagram bool
	open     *openFrame // nil in datagrams
}

// Name returns the frame's type.
func (fr *Frame) Name() string {
	if fr.Kind == FrameStream {
		return "stream"
	}
	return fr.Proto.Frames[fr.Kind]
}

// openFrame is one that a flow has open.
type openFrame struct {
	proto      *proto.Protocol
	kind       uint8
	logged     bool // has its record
	id         uint32
	start, end uint64 // offsets in the stream; end is 0 until it is known
	seen       uint64 // up to here it was inspected
	tx         *proto.Tx
	txID       uint64
	fired      []uint32
}

const (
	// maxFrames bounds the frames of one direction that wait for more; the
	// oldest gives way.
	maxFrames = 64
	// maxFrameBytes is how much of the stream is held for them, bytes.
	maxFrameBytes = 64 << 10
	// streamOverlap is how much of a stream frame is seen again with what
	// follows, bytes.
	streamOverlap = 4 << 10
	// streamFrameID is the one of the frame that all of a direction is in.
	streamFrameID = 1
	// frameShown is how many bytes a record waits for before it shows a frame
	// whose length is known.
	frameShown = 2500
)

// Frame implements proto.Host.
func (a *app) Frame(dir field.Dir, kind uint8, off int, length int64, tx *proto.Tx) {
	if !a.w.wantsFrames {
		return
	}
	if a.flow.Proto != packet.ProtoTCP {
		a.datagramFrame(dir, kind, off, length, tx)
		return
	}
	list := a.uncommon().frames[dir.Index()]
	start := a.w.input.Offset + uint64(off)
	for i := range list {
		if x := &list[i]; x.end == 0 && x.kind == kind {
			x.end = start
		}
	}
	if length == proto.FrameEnd {
		return
	}
	x := openFrame{proto: a.proto, kind: kind, start: start, seen: start, tx: tx}
	if tx != nil {
		x.txID = tx.ID
	}
	if length >= 0 {
		x.end = start + uint64(length)
	}
	a.addFrame(dir, x)
}

// addFrame appends a frame to those that are open.
func (a *app) addFrame(dir field.Dir, x openFrame) {
	d := dir.Index()
	list := &a.rare.frames[d]
	if len(*list) == maxFrames {
		*list = slices.Delete(*list, 0, 1)
	}
	a.rare.frameID[d] = max(a.rare.frameID[d], streamFrameID) + 1
	x.id = a.rare.frameID[d]
	*list = append(*list, x)
	a.holdFrames(dir)
}

// streamFrame opens the frame that is all of a direction, at first use.
func (a *app) streamFrame(dir field.Dir) {
	d := dir.Index()
	if r := a.uncommon(); !r.streamed[d] {
		r.streamed[d] = true
		r.frames[d] = slices.Insert(r.frames[d], 0, openFrame{proto: a.proto, kind: FrameStream, id: streamFrameID})
	}
}

// datagramFrame notes a frame of the datagram in work.
func (a *app) datagramFrame(dir field.Dir, kind uint8, off int, length int64, tx *proto.Tx) {
	b := a.w.input.Data
	if off > len(b) {
		return
	}
	b = b[off:]
	whole := length < 0 || int64(len(b)) >= length
	if length >= 0 {
		b = b[:min(int64(len(b)), length)]
	}
	r := a.uncommon()
	r.frameID[dir.Index()]++
	fr := Frame{
		Proto: a.proto, Kind: kind, Data: b, End: whole, Fired: new([]uint32), ID: r.frameID[dir.Index()],
		Length: length, Tx: tx, Dir: dir, Datagram: true,
	}
	if tx != nil {
		fr.TxID = tx.ID
	}
	a.w.datagram = append(a.w.datagram, fr)
}

// holdFrames lets the stream keep the bytes of open frames.
func (a *app) holdFrames(dir field.Dir) {
	list := a.rare.frames[dir.Index()]
	if len(list) == 0 {
		a.w.streams.Hold(a.flow, dir, 0, 0)
		return
	}
	first := list[0].holdFrom()
	for i := range list {
		first = min(first, list[i].holdFrom())
	}
	a.w.streams.Hold(a.flow, dir, first, maxFrameBytes)
}

// holdFrom returns the offset in the stream from which on its bytes are needed.
func (x *openFrame) holdFrom() uint64 {
	if x.kind == FrameStream {
		return x.seen - min(x.seen, streamOverlap)
	}
	return x.start
}

// framesOf returns the frames that the packet p lets the rules see.
func (w *worker) framesOf(p *packet.Packet, f *flow.Flow, a *app) []Frame {
	if f == nil || a.proto == nil || len(a.proto.Frames) == 0 {
		return nil
	}
	if p.Proto != packet.ProtoTCP {
		return w.datagram
	}
	if w.streamFrames {
		a.streamFrame(p.Dir)
	} else if a.rare == nil {
		return nil
	}
	return w.openFrames(f, a, p.Dir)
}

// openFrames returns the frames of dir with bytes that the rules have not seen.
func (w *worker) openFrames(f *flow.Flow, a *app, dir field.Dir) []Frame {
	d := dir.Index()
	w.frames = w.frames[:0]
	for i := range a.rare.frames[d] {
		x := &a.rare.frames[d][i]
		if x.end == 0 && x.tx != nil && x.tx.ID == x.txID && x.tx.Progress[d] >= x.proto.Done[d] {
			x.end = a.parsed[d]
		}
		data, base := w.streams.Held(f, dir, x.holdFrom(), x.end)
		if len(data) == 0 || base+uint64(len(data)) <= x.seen && x.end == 0 {
			continue
		}
		x.seen = base + uint64(len(data))
		fr := Frame{
			Proto: x.proto, Kind: x.kind, Data: data, Base: base - x.start, End: x.end != 0 && x.seen >= x.end, Fired: &x.fired,
			ID: x.id, Start: x.start, Length: -1, TxID: x.txID, Tx: x.tx, Dir: dir, open: x,
		}
		if x.end != 0 {
			fr.Length = int64(x.end - x.start)
		}
		w.frames = append(w.frames, fr)
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
	clear((*list)[n:])
	*list = (*list)[:n]
	a.holdFrames(dir)
}

// logFrames writes the records of frames that are whole, or of which there is
// enough to show. A frame has one record.
func (w *worker) logFrames(p *packet.Packet, f *flow.Flow, frames []Frame) {
	for i := range frames {
		fr := &frames[i]
		have := fr.Base + uint64(len(fr.Data))
		if o := fr.open; o != nil {
			if o.logged || fr.Length >= 0 && !fr.End && have < frameShown && !w.in.Last {
				continue
			}
			o.logged = true
		}
		w.frameRecord = frameRecord{fr}
		w.packetHead("frame", p, f)
		w.ev.AppProto = fr.Proto.EVEName()
		w.ev.Body = &w.frameRecord
		w.pub.Publish(&w.ev)
	}
}

// frameRecord is the body of a frame event.
type frameRecord struct{ fr *Frame }

// frameOptions are those of the frame type of an eve-log output.
type frameOptions struct {
	payload, printable bool
	size               uint64 // of what is shown, bytes
}

// FrameOptions reads the frame section of an eve-log output.
func FrameOptions(o event.Options) (any, error) {
	return &frameOptions{
		payload: o.Bool("payload", true), printable: o.Bool("payload-printable", true),
		size: o.Size("payload-buffer-size", DefaultShown),
	}, nil
}

// AppendEvent implements event.Appender.
func (r *frameRecord) AppendEvent(b []byte, out *event.Output) []byte {
	o, ok := out.Opts.(*frameOptions)
	if !ok {
		o = &frameOptions{payload: true, printable: true, size: DefaultShown}
	}
	return r.fr.append(b, o)
}

// AppendFrame appends the frame object of an alert.
func AppendFrame(b []byte, fr *Frame) []byte {
	return fr.append(b, &frameOptions{payload: true, printable: true, size: DefaultShown})
}

func (fr *Frame) append(b []byte, o *frameOptions) []byte {
	b = event.Open(b, "frame")
	b = event.Str(b, "type", fr.Name())
	b = event.Uint(b, "id", uint64(fr.ID))
	dir := "toserver"
	if fr.Dir == field.ToClient {
		dir = "toclient"
	}
	b = event.Str(b, "direction", dir)
	if !fr.Datagram {
		b = event.Uint(b, "stream_offset", fr.Start)
	}
	n := uint64(fr.Length)
	if fr.Length < 0 {
		n = fr.Base + uint64(len(fr.Data))
	}
	b = event.Uint(b, "length", n)
	if data := fr.Data[:min(uint64(len(fr.Data)), o.size)]; len(data) > 0 {
		if o.payload {
			b = append(event.Key(b, "payload"), '"')
			b = append(base64.StdEncoding.AppendEncode(b, data), '"')
		}
		if o.printable {
			b = event.Bytes(b, "payload_printable", event.AppendPrintable(nil, data))
		}
	}
	b = event.Bool(b, "complete", fr.End)
	if fr.Tx != nil && fr.Proto.FrameTx {
		b = event.Uint(b, "tx_id", fr.TxID)
	}
	return event.Close(b)
}
