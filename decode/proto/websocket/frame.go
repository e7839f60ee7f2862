package websocket

import (
	"encoding/binary"

	"weir/decode/cursor"
	"weir/decode/field"
	"weir/decode/proto"
	"weir/decode/proto/internal/decompress"
)

// Opcodes (RFC 6455 section 5.2).
const (
	opContinuation = 0
	opText         = 1
	opBinary       = 2
	opClose        = 8 // the first that is of control
	opPing         = 9
	opPong         = 10
)

// Bits of the first byte of a frame.
const (
	flagFin        = 0x80
	flagCompressed = 0x40 // RFC 7692 section 6
	flagBits       = 0xf0
)

// maxInflated bounds the bytes that are decoded of a message, most of which are
// passed over: the next message refers to them.
const maxInflated = 1 << 20

// header is the head of a frame (RFC 6455 section 5.2).
type header struct {
	first  byte
	masked bool
	mask   uint32
	length uint64 // of the payload, bytes
	size   int    // of the header, bytes
}

// readHeader reads the header that begins b; ok is false if it is not whole, and
// size is then what is needed at least.
func readHeader(b []byte) (h header, ok bool) {
	c := cursor.New(b)
	h.first = c.U8()
	second := c.U8()
	h.masked = second&0x80 != 0
	h.size = 2
	h.length = uint64(second & 0x7f)
	switch h.length {
	case 126:
		h.size += 2
		h.length = uint64(c.U16())
	case 127:
		h.size += 8
		h.length = c.U64()
	}
	if h.masked {
		h.size += 4
		h.mask = c.U32()
	}
	return h, !c.Short()
}

// Parse implements proto.Parser.
func (p *parser) Parse(in *proto.Input) proto.Result {
	s := &p.sides[in.Dir.Index()]
	if in.Gap > 0 {
		if uint64(in.Gap) > s.skip {
			s.release()
			return proto.Result{Status: proto.Stop} // where frames begin is not known any more
		}
		s.skip -= uint64(in.Gap)
		return proto.Result{}
	}
	if in.End {
		defer s.release()
	}
	used := 0
	for {
		n := min(s.skip, uint64(len(in.Data)-used))
		s.skip -= n
		used += int(n)
		b := in.Data[used:]
		if len(b) == 0 {
			return proto.Result{Consumed: used}
		}
		h, ok := readHeader(b)
		if !ok {
			return proto.Result{Consumed: used, Need: max(h.size, len(b)+1), Status: proto.Incomplete}
		}
		kept := int(min(h.length, uint64(p.opt.maxPayload)))
		if len(b) < h.size+kept {
			return proto.Result{Consumed: used, Need: h.size + kept, Status: proto.Incomplete}
		}
		t := p.frame(s, in.Dir, &h, b[h.size:h.size+kept])
		if p.env.Frames {
			p.showFrames(t, in.Dir, used, &h)
		}
		used += h.size + kept
		s.skip = h.length - uint64(kept)
	}
}

// showFrames names the parts of a frame for rules.
func (p *parser) showFrames(t *Tx, dir field.Dir, at int, h *header) {
	length := int64(min(h.length, 1<<40))
	p.env.Host.Frame(dir, framePDU, at, int64(h.size)+length, &t.Tx)
	p.env.Host.Frame(dir, frameHeader, at, int64(h.size), &t.Tx)
	if length > 0 {
		p.env.Host.Frame(dir, frameData, at+h.size, length, &t.Tx)
	}
}

// frame opens the transaction of a frame; b is what is kept of its payload.
func (p *parser) frame(s *side, dir field.Dir, h *header, b []byte) *Tx {
	if p.txs.Len() >= maxOpen {
		p.txs.Free(p.txs.At(0))
	}
	t := p.txs.Open(p.env.Now, resetTx)
	t.Dirs = dir
	t.Inspected[dir.Reverse().Index()] = true
	t.flags, t.opcode, t.masked, t.mask = h.first&flagBits, h.first&^flagBits, h.masked, h.mask
	t.payload = append(t.payload, b...)
	if h.masked {
		unmask(t.payload, h.mask)
	}
	if uint64(len(b)) < h.length {
		t.AddEvent(evSkipped, dir)
	}
	if t.opcode < opClose {
		p.message(s, t, dir)
	}
	t.Advance(dir, done)
	p.env.Host.TriggerRaw(dir)
	return t
}

// unmask undoes the mask of a payload (RFC 6455 section 5.3).
func unmask(b []byte, mask uint32) {
	wide := uint64(mask)<<32 | uint64(mask)
	for len(b) >= 8 {
		binary.BigEndian.PutUint64(b, binary.BigEndian.Uint64(b)^wide)
		b = b[8:]
	}
	for i := range b {
		b[i] ^= byte(mask >> (24 - 8*(i&3)))
	}
}

// message puts the frames of a message together and undoes its compression.
func (p *parser) message(s *side, t *Tx, dir field.Dir) {
	last := t.flags&flagFin != 0
	if t.opcode != opContinuation {
		s.open, s.message = !last, s.message[:0]
		s.compressed = t.flags&flagCompressed != 0
		if last {
			if s.compressed {
				t.payload = s.inflate(t.payload, t.payload, p.opt.maxPayload)
			}
			return
		}
	} else if !s.open {
		return // of a message whose beginning was not seen
	}
	if room := p.opt.maxPayload - len(s.message); room < len(t.payload) {
		t.AddEvent(evReassembly, dir)
		s.message = append(s.message, t.payload[:room]...)
	} else {
		s.message = append(s.message, t.payload...)
	}
	if !last {
		return
	}
	if s.compressed {
		t.payload = s.inflate(t.payload, s.message, p.opt.maxPayload)
	} else {
		t.payload = append(t.payload[:0], s.message...)
	}
	s.open = false
	if s.message = s.message[:0]; cap(s.message) > maxKept {
		s.message = nil
	}
}

// syncTail is what the sender left out at the end of a compressed message (RFC 7692
// section 7.2.1).
var syncTail = []byte{0x00, 0x00, 0xff, 0xff}

// inflate writes what message b was before it was compressed over dst, at most limit
// bytes; b itself if it cannot be read. They may share their memory.
func (s *side) inflate(dst, b []byte, limit int) []byte {
	if s.decoder == nil {
		s.decoder = decompress.NewRaw()
	}
	s.inflated, s.size, s.limit = s.inflated[:0], 0, limit
	err := s.decoder.Write(b, s)
	if err == nil {
		err = s.decoder.Write(syncTail, s)
	}
	if err != nil || s.decoder.Ended() {
		s.decoder.Release()
		s.decoder = nil
	}
	if err != nil && s.size == 0 {
		return append(dst[:0], b...)
	}
	dst = append(dst[:0], s.inflated...)
	if cap(s.inflated) > maxKept {
		s.inflated = nil
	}
	return dst
}

// Decoded implements decompress.Sink.
func (s *side) Decoded(b []byte) bool {
	s.size += len(b)
	s.inflated = append(s.inflated, b[:min(len(b), s.limit-len(s.inflated))]...)
	return s.size < maxInflated
}

// release gives back what a side holds.
func (s *side) release() {
	if s.decoder != nil {
		s.decoder.Release()
		s.decoder = nil
	}
	s.message, s.inflated = nil, nil
}
