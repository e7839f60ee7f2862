package stream

import (
	"testing"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
)

// download is a connection in steady state: the server sends full segments, the
// client acknowledges every second one.
type download struct {
	e    *Engine
	f    flow.Flow
	p    packet.Packet
	seq  uint32
	data [1460]byte
	got  uint64
}

// Data implements Sink.
func (d *download) Data(_ *flow.Flow, _ field.Dir, b []byte, _ uint64, _ bool) int {
	d.got += uint64(len(b))
	return len(b)
}

// Gap implements Sink.
func (d *download) Gap(*flow.Flow, field.Dir, int, uint64, []byte) {}

func newDownload(opt Options) *download {
	opt.Depth = 0
	d := &download{e: NewEngine(opt), f: flow.Flow{Proto: packet.ProtoTCP}}
	d.packet(field.ToServer, packet.SYN, 0, 0, nil)
	d.packet(field.ToClient, packet.SYN|packet.ACK, 0, 1, nil)
	d.packet(field.ToServer, packet.ACK, 1, 1, nil)
	d.seq = 1
	return d
}

func (d *download) packet(dir field.Dir, flags uint8, seq, ack uint32, data []byte) {
	d.p = packet.Packet{
		Proto: packet.ProtoTCP, L4: 1, Dir: dir, Data: data, PayLen: uint16(len(data)),
		TCP: packet.TCP{Flags: flags, Seq: seq, Ack: ack, Window: 0xffff},
	}
	d.e.Segment(&d.p, &d.f, d)
	if b, off, ok := d.e.Raw(&d.f, dir, &d.p); ok {
		d.e.RawDone(&d.f, dir, off+uint64(len(b)))
	}
	d.e.Prune(&d.f)
}

// round is two segments and their acknowledgement, in order.
func (d *download) round() {
	d.packet(field.ToClient, packet.ACK, d.seq, 1, d.data[:])
	d.packet(field.ToClient, packet.ACK, d.seq+1460, 1, d.data[:])
	d.seq += 2920
	d.packet(field.ToServer, packet.ACK, 1, d.seq, nil)
}

// swapped is round with the segments in the wrong order.
func (d *download) swapped() {
	d.packet(field.ToClient, packet.ACK, d.seq+1460, 1, d.data[:])
	d.packet(field.ToClient, packet.ACK, d.seq, 1, d.data[:])
	d.seq += 2920
	d.packet(field.ToServer, packet.ACK, 1, d.seq, nil)
}

// resent is round with a segment sent twice.
func (d *download) resent() {
	d.packet(field.ToClient, packet.ACK, d.seq, 1, d.data[:])
	d.round()
}

func TestNoAllocation(t *testing.T) {
	for _, tt := range []struct {
		name  string
		round func(*download)
		set   func(*Options)
	}{
		{"in order", (*download).round, func(*Options) {}},
		{"out of order", (*download).swapped, func(*Options) {}},
		{"sent again", (*download).resent, func(*Options) {}},
		{"inline", (*download).round, func(o *Options) { o.Inline = true }},
		{"overlaps looked for", (*download).resent, func(o *Options) { o.CheckOverlap = true }},
	} {
		opt := DefaultOptions()
		tt.set(&opt)
		d := newDownload(opt)
		for range 200 {
			tt.round(d)
		}
		if n := testing.AllocsPerRun(200, func() { tt.round(d) }); n != 0 {
			t.Errorf("%s: %v allocations a round, want 0", tt.name, n)
		}
		if d.got == 0 {
			t.Errorf("%s: nothing was delivered", tt.name)
		}
	}
}

// TestSessionReuse opens and ends connections without allocation.
func TestSessionReuse(t *testing.T) {
	d := newDownload(DefaultOptions())
	turn := func() {
		d.round()
		d.e.Release(&d.f)
		d.f.Stream = flow.TCPInfo{}
		d.packet(field.ToServer, packet.SYN, 0, 0, nil)
		d.packet(field.ToClient, packet.SYN|packet.ACK, 0, 1, nil)
		d.packet(field.ToServer, packet.ACK, 1, 1, nil)
		d.seq = 1
	}
	turn()
	if n := testing.AllocsPerRun(100, turn); n != 0 {
		t.Errorf("%v allocations a connection, want 0", n)
	}
}

func BenchmarkSegment(b *testing.B) {
	for _, bb := range []struct {
		name  string
		round func(*download)
	}{
		{"in order", (*download).round}, {"out of order", (*download).swapped}, {"sent again", (*download).resent},
	} {
		b.Run(bb.name, func(b *testing.B) {
			d := newDownload(DefaultOptions())
			b.SetBytes(2920)
			b.ReportAllocs()
			for b.Loop() {
				bb.round(d)
			}
			if d.got < 2920*uint64(b.N) {
				b.Fatalf("%d bytes delivered, want %d", d.got, 2920*b.N)
			}
		})
	}
}

// BenchmarkWindow has a megabyte in flight behind a hole that closes late.
func BenchmarkWindow(b *testing.B) {
	opt := DefaultOptions()
	d := newDownload(opt)
	d.e.session(&d.f).half[1].wscale = 8
	const segments = 700
	b.SetBytes(segments * 1460)
	b.ReportAllocs()
	for b.Loop() {
		d.e.session(&d.f).half[1].nextWin = d.seq + 2*segments*1460
		for i := uint32(1); i < segments; i++ {
			d.packet(field.ToClient, packet.ACK, d.seq+i*1460, 1, d.data[:])
		}
		d.packet(field.ToClient, packet.ACK, d.seq, 1, d.data[:])
		for i := uint32(1); i <= segments; i += 2 {
			d.packet(field.ToServer, packet.ACK, 1, d.seq+i*1460, nil)
		}
		d.seq += segments * 1460
		d.packet(field.ToServer, packet.ACK, 1, d.seq, nil)
	}
	if d.got < segments*1460*uint64(b.N) {
		b.Fatalf("%d bytes delivered, want %d", d.got, segments*1460*b.N)
	}
}
