package stream

import (
	"testing"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
)

// at is byte i of the stream that FuzzReassemble sends.
func at(i uint64) byte { return byte(i*0x9e3779b97f4a7c15>>56) ^ byte(i) }

// receiver checks what reassembly yields against at.
type receiver struct {
	t    *testing.T
	pos  uint64
	sent []bool // by offset
	due  []bool // sent before it was acknowledged
	done bool
}

// Data implements Sink.
func (r *receiver) Data(_ *flow.Flow, dir field.Dir, b []byte, off uint64, end bool) int {
	if dir == field.ToClient {
		return len(b)
	}
	if r.done || off != r.pos {
		r.t.Fatalf("%d bytes at %d, want %d; ended %v", len(b), off, r.pos, r.done)
	}
	r.check(b, off)
	r.pos += uint64(len(b))
	r.done = end
	return len(b)
}

func (r *receiver) check(b []byte, off uint64) {
	for i, c := range b {
		if x := off + uint64(i); c != at(x) || !r.sent[x] {
			r.t.Fatalf("offset %d: %#x, want %#x; sent %v", x, c, at(x), r.sent[x])
		}
	}
}

// Gap implements Sink.
func (r *receiver) Gap(_ *flow.Flow, dir field.Dir, n int, off uint64, _ []byte) {
	if dir == field.ToClient || off != r.pos || n <= 0 {
		r.t.Fatalf("gap of %d bytes at %d, want %d", n, off, r.pos)
	}
	for i := range uint64(n) {
		if r.due[off+i] {
			r.t.Fatalf("gap of %d bytes at %d: offset %d was sent in time", n, off, off+i)
		}
	}
	r.pos += uint64(n)
}

// FuzzReassemble sends pieces of a known stream in any order, some twice, some
// over others, some never, with acknowledgements of any age between them. What
// comes out is the stream from its start on, with holes only where nothing was
// sent; memory is bounded, and is all given back.
func FuzzReassemble(f *testing.F) {
	f.Add(false, []byte{0, 0, 100, 1, 100, 3, 0, 100, 100, 1, 200})
	f.Add(false, []byte{0, 100, 100, 0, 0, 50, 1, 255, 0, 250, 90, 2, 1, 255})
	f.Add(true, []byte{0, 10, 200, 0, 0, 100, 0, 5, 20, 1, 255, 3})
	f.Add(false, []byte{0, 20, 20, 0, 60, 20, 0, 40, 20, 1, 100, 0, 0, 20, 0, 10, 60, 1, 200})
	f.Add(true, []byte("0A01"))                // the end over a hole, inline
	f.Add(true, []byte("0A0100Z01\x030\x010")) // into a hole that was acknowledged
	f.Fuzz(func(t *testing.T, inline bool, b []byte) {
		const size = 1 << 12
		opt := DefaultOptions()
		opt.Inline, opt.ReassemblyMemCap, opt.ChunkToServer = inline, 1<<20, 64
		e, fl := NewEngine(opt), &flow.Flow{Proto: packet.ProtoTCP}
		r := &receiver{t: t, sent: make([]bool, size), due: make([]bool, size)}
		send := func(dir field.Dir, flags uint8, seq, ack uint32, data []byte) {
			p := &packet.Packet{
				Proto: packet.ProtoTCP, L4: 1, Dir: dir, Data: data, PayLen: uint16(len(data)),
				TCP: packet.TCP{Flags: flags, Seq: seq, Ack: ack, Window: 0xffff},
			}
			if flags&packet.ACK == 0 {
				p.TCP.Ack = 0
			}
			e.Segment(p, fl, r)
			if raw, off, ok := e.Raw(fl, dir, p); ok {
				if dir == field.ToServer {
					r.check(raw, off)
				}
				e.RawDone(fl, dir, off+uint64(len(raw)))
			}
			e.Prune(fl)
			if e.pieces.InUse > 2*opt.ReassemblyMemCap {
				t.Fatalf("%d bytes are held", e.pieces.InUse)
			}
		}
		const client, server = 0xfffff000, 7 // the client's numbers wrap
		send(field.ToServer, packet.SYN, client, 0, nil)
		send(field.ToClient, packet.SYN|packet.ACK, server, client+1, nil)
		send(field.ToServer, packet.ACK, client+1, server+1, nil)
		next := func() int {
			if len(b) == 0 {
				return 0
			}
			n := int(b[0])
			b = b[1:]
			return n
		}
		edge, acked := 0, 0
		for len(b) > 0 {
			switch next() % 3 {
			case 0: // a piece, some way before or behind the last
				off := max(min(edge-128+next()*2, size-1), 0)
				n := min(next()+1, size-off)
				data := make([]byte, n)
				for i := range data {
					data[i] = at(uint64(off + i))
					r.sent[off+i] = true
					// What was all acknowledged already comes again, and is passed over.
					r.due[off+i] = r.due[off+i] || off+n > acked
				}
				edge = max(edge, off+n)
				send(field.ToServer, packet.ACK|packet.PSH, client+1+uint32(off), server+1, data)
			case 1: // an acknowledgement
				acked = max(acked, edge-next())
				send(field.ToClient, packet.ACK, server+1, client+1+uint32(acked), nil)
			case 2: // an answer
				send(field.ToClient, packet.ACK|packet.PSH, server+1, client+1+uint32(acked), []byte("x"))
			}
		}
		p := &packet.Packet{Dir: field.ToServer, Flags: packet.Pseudo | packet.StreamEOF}
		e.Flush(fl, p, r)
		for more := true; more; _, more = e.MoreRaw(fl, field.ToServer) {
			if raw, off, ok := e.Raw(fl, field.ToServer, p); ok {
				r.check(raw, off)
				e.RawDone(fl, field.ToServer, off+uint64(len(raw)))
			}
		}
		e.Release(fl)
		if e.pieces.InUse != 0 {
			t.Fatalf("%d bytes are held after the end", e.pieces.InUse)
		}
	})
}

// FuzzSegments sends packets of any kind: nothing panics, and no state keeps
// memory.
func FuzzSegments(f *testing.F) {
	f.Add(uint8(0), []byte{0, 2, 0, 0, 0, 1, 18, 0, 1, 0, 0, 16, 1, 1, 0, 0, 24, 1, 1, 9})
	f.Add(uint8(3), []byte{0, 24, 9, 9, 40, 1, 17, 1, 1, 3, 0, 4, 3, 3, 0})
	f.Fuzz(func(t *testing.T, mode uint8, b []byte) {
		opt := DefaultOptions()
		opt.Midstream, opt.Async, opt.Inline = mode&1 != 0, mode&2 != 0, mode&4 != 0
		opt.CheckOverlap, opt.Urgent = mode&8 != 0, Urgent(mode>>4&3)
		pol := Policy(mode >> 5)
		w := newWire(t, opt)
		w.e.opt.Policy = nil
		for len(b) >= 5 {
			p := &packet.Packet{
				Proto: packet.ProtoTCP, L4: 1, Dir: dirOf(int(b[0] & 1)), Time: int64(b[0]) << 32,
				Data: make([]byte, b[4]), PayLen: uint16(b[4]),
				TCP: packet.TCP{
					Flags: b[1] & 0x3f, Seq: uint32(int8(b[2])), Ack: uint32(int8(b[3])), Window: uint16(b[0]) << 8,
					Urgent: uint16(b[2] ^ b[3]), TSVal: uint32(b[2]), TSEcr: uint32(b[3]), Opts: packet.TCPOpts(b[0]) & packet.OptTimestamp,
				},
			}
			b = b[5:]
			if s := w.e.session(w.f); s != nil {
				s.half[0].policy, s.half[1].policy = pol, pol
			} else {
				w.e.opt.Policy = NewEngine(Options{}).opt.Policy
			}
			w.e.Segment(p, w.f, w)
			if raw, off, ok := w.e.Raw(w.f, p.Dir, p); ok {
				w.e.RawDone(w.f, p.Dir, off+uint64(len(raw)))
			}
			w.e.Prune(w.f)
		}
		w.finish()
		w.drained()
	})
}
