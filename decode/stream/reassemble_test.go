package stream

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
)

// TestDelivery sends segments behind a handshake and looks at what the parser
// gets of the client's bytes, before the end and at it.
func TestDelivery(t *testing.T) {
	inline := func(o *Options) { o.Inline = true }
	depth := func(o *Options) { o.Depth = 5 }
	overlap := func(o *Options) { o.CheckOverlap = true }
	urgent := func(u Urgent) func(*Options) { return func(o *Options) { o.Urgent = u } }
	for _, tt := range []struct {
		name       string
		set        func(*Options)
		script     string
		want, rest string
	}{
		{"not acknowledged", nil, "c PA 1 1 data=abc", "", "abc"},
		{"acknowledged", nil, "c PA 1 1 data=abc; s A 1 4", "abc", ""},
		{"partly acknowledged", nil, "c PA 1 1 data=abc; s A 1 3", "ab", "c"},
		{"inline", inline, "c PA 1 1 data=abc", "abc", ""},
		{"out of order", nil, "c PA 4 1 data=def; c PA 1 1 data=abc; s A 1 7", "abcdef", ""},
		{"out of order, inline", inline, "c PA 4 1 data=def; c PA 1 1 data=abc", "abcdef", ""},
		{"sent twice", nil, "c PA 1 1 data=abc; c PA 1 1 data=abc; s A 1 4", "abc", ""},
		{"overlap", nil, "c PA 1 1 data=abc; c PA 2 1 data=XYZ; s A 1 5", "abcZ", ""},
		{"overlap, looked for", overlap, "c PA 1 1 data=abc; c PA 2 1 data=XYZ ! reassembly_overlap_different_data; s A 1 5", "abcZ", ""},
		{"overlap when acknowledged, looked for", overlap, "c PA 1 1 data=abc; s A 1 4; c PA 2 1 data=XcY ! reassembly_overlap_different_data; s A 1 5", "abcY", ""},
		{"lost, nothing behind", nil, "s A 1 4", "", ""},
		{"lost", nil, "c PA 4 1 data=def; s A 1 7 ! reassembly_seq_gap", "<3>def", ""},
		{"lost, not acknowledged", nil, "c PA 1 1 data=abc; c PA 7 1 data=ghi; s A 1 4", "abc", ""},
		{"lost, acknowledged in two steps", nil, "c PA 5 1 data=efg; s A 1 3 ! reassembly_seq_gap; s A 1 8 ! reassembly_seq_gap", "<2><2>efg", ""},
		{"lost, inline", inline, "c PA 4 1 data=def; s A 1 7; c PA 7 1 data=ghi ! reassembly_seq_gap", "<3>defghi", ""},
		{"depth", depth, "c PA 1 1 data=abc; s A 1 4; c PA 4 1 data=def ! reassembly_depth_reached; s A 1 7; c PA 7 1 data=ghi", "abc", ""},
		{"before the first byte", nil, "c PA 1 1 data=abc; s A 1 4; c A 4 1; c PA 1 1 data=abc ! pkt_spurious_retransmission", "abc", ""},
		{"FIN", nil, "c FPA 1 1 data=abc; s A 1 5", "abc", ""},
		{"RST of the receiver", nil, "c PA 1 1 data=abc; s RA 1 1", "", "abc"},
		{"RST of the sender", nil, "c PA 1 1 data=abc; c R 4 0", "abc", ""},
		{"RST over a hole", nil, "c PA 1 1 data=abc; c PA 7 1 data=ghi; s RA 1 4", "", "abc"},
		{"RST with data", nil, "c RA 1 1 data=abc ! rst_with_data", "", ""},

		{"urgent byte inline", nil, "c PUA 1 1 urg=3 data=abc; s A 1 4", "abc", ""},
		{"urgent byte out of band", urgent(UrgentOOB), "c PUA 1 1 urg=3 data=abc; c PA 4 1 data=def; s A 1 7", "abdef", ""},
		{"urgent byte alone", urgent(UrgentOOB), "c PA 1 1 data=ab; c PUA 3 1 urg=1 data=X; c PA 4 1 data=c; s A 1 5", "abc", ""},
		{"urgent byte to come", urgent(UrgentOOB), "c PUA 1 1 urg=5 data=ab; c PA 3 1 data=cdXe; s A 1 7", "abcde", ""},
		{"urgent byte sent again", urgent(UrgentOOB), "c PUA 1 1 urg=2 data=aXb; c PUA 1 1 urg=2 data=aXb; c PA 4 1 data=c; s A 1 5", "abc", ""},
		{"urgent byte as a gap", urgent(UrgentGap), "c PUA 1 1 urg=2 data=aXb; s A 1 4 ! reassembly_seq_gap", "a<1>b", ""},
		{"urgent packet dropped", urgent(UrgentDrop), "c PUA 1 1 urg=2 data=aXb; s A 1 4", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opt := DefaultOptions()
			if tt.set != nil {
				tt.set(&opt)
			}
			w := newWire(t, opt)
			w.open()
			for line := range strings.SplitSeq(tt.script, ";") {
				w.send(strings.TrimSpace(line))
			}
			w.delivered(field.ToServer, tt.want)
			w.finish()
			w.delivered(field.ToServer, tt.want+tt.rest)
			w.drained()
		})
	}
}

// TestLeftover leaves bytes with the stream: they come again with more behind
// them, and are lost with what is missing.
func TestLeftover(t *testing.T) {
	w := newWire(t, DefaultOptions())
	w.refuse = 3
	w.open()
	w.send("c PA 1 1 data=ab", "s A 1 3", "c PA 3 1 data=cd", "s A 1 5")
	w.delivered(field.ToServer, "abcd")
	w.send("c PA 5 1 data=ef", "s A 1 7", "c PA 9 1 data=ijkl", "s A 1 13 ! reassembly_seq_gap")
	w.delivered(field.ToServer, "abcd<4>ijkl")
}

func TestSwapWhileDelivering(t *testing.T) {
	opt := DefaultOptions()
	opt.Midstream = true
	w := newWire(t, opt)
	s := &swapper{wire: w}
	p, _ := w.parse("c A 1 1 data=hello")
	w.e.Segment(p, w.f, s)
	q, _ := w.parse("s A 1 6")
	w.e.Segment(q, w.f, s)
	w.delivered(field.ToClient, "hello")
	w.delivered(field.ToServer, "")
}

// swapper finds at the first bytes that they come from the server.
type swapper struct {
	*wire
	done bool
}

func (s *swapper) Data(f *flow.Flow, dir field.Dir, b []byte, off uint64, end bool) int {
	if !s.done {
		s.done = true
		s.e.Swap(f)
		return 0
	}
	return s.wire.Data(f, dir, b, off, end)
}

// TestRaw looks at what raw rules see with each segment.
func TestRaw(t *testing.T) {
	opt := DefaultOptions()
	opt.ChunkToServer = 4
	w := newWire(t, opt)
	raw := func(want string) {
		t.Helper()
		b, off, ok := w.e.Raw(w.f, w.last.Dir, w.last)
		if got := string(b); got != want || ok != (want != "") {
			t.Errorf("raw %q, %v, want %q", got, ok, want)
		}
		w.e.RawDone(w.f, w.last.Dir, off+uint64(len(b)))
	}
	w.open()
	w.send("c PA 1 1 data=ab", "s A 1 3", "c A 3 1")
	raw("") // no chunk yet
	w.send("c PA 3 1 data=cdef", "s A 1 7", "c A 7 1")
	raw("abcdef")
	w.send("c PA 7 1 data=g", "s A 1 8", "c A 8 1")
	w.e.TriggerRaw(w.f, field.ToServer)
	raw("g")
	w.send("c PA 8 1 data=h", "c PA 12 1 data=lm", "s RA 1 8")
	w.last = &packet.Packet{Dir: field.ToServer, Flags: packet.Pseudo | packet.StreamEOF}
	raw("h")
	if from, ok := w.e.MoreRaw(w.f, field.ToServer); !ok || from != 11 {
		t.Error("nothing behind the hole")
	}
	raw("lm")
	if _, ok := w.e.MoreRaw(w.f, field.ToServer); ok {
		t.Error("more behind the last byte")
	}
}

func TestRawInline(t *testing.T) {
	opt := DefaultOptions()
	opt.Inline, opt.ChunkToServer = true, 6
	w := newWire(t, opt)
	w.open()
	for _, tt := range []struct{ line, want string }{
		{"c PA 1 1 data=abcd", "abcd"},
		{"c PA 5 1 data=efgh", "cdefgh"}, // a chunk
		{"c PA 12 1 data=l", "l"},        // behind a hole
		{"c A 9 1", ""},
	} {
		p, _ := w.parse(tt.line)
		w.e.Segment(p, w.f, w)
		b, off, _ := w.e.Raw(w.f, p.Dir, p)
		if string(b) != tt.want {
			t.Errorf("%s: raw %q, want %q", tt.line, b, tt.want)
		}
		w.e.RawDone(w.f, p.Dir, off+uint64(len(b)))
		w.e.Prune(w.f)
	}
}

// TestMemCap holds no more than it may, and tells.
func TestMemCap(t *testing.T) {
	opt := DefaultOptions()
	opt.ReassemblyMemCap, opt.Depth = 64<<10, 0
	w := newWire(t, opt)
	w.open()
	seq, dropped := 1, 0
	for range 200 {
		p, _ := w.parse(fmt.Sprintf("c PA %d 1 data=%s", seq, strings.Repeat("x", 900)))
		p.TCP.Window = 65535
		w.e.sessions[0].half[0].nextWin = p.TCP.Seq + 1000
		w.e.Segment(p, w.f, w)
		if p.HasEvent(packet.EvStreamReassemblyInsertMemcap) {
			dropped++
		}
		seq += 900
	}
	if got, most := w.e.pieces.InUse, 2*opt.ReassemblyMemCap; got > most {
		t.Errorf("%d bytes are held, want %d at most", got, most)
	}
	if dropped == 0 || w.e.Counters.SegmentDrop != uint64(dropped) {
		t.Errorf("%d segments dropped, %d counted", dropped, w.e.Counters.SegmentDrop)
	}
	w.e.Release(w.f)
	w.drained()
}

// TestSessionCap refuses sessions beyond the cap, and carries the policy out.
func TestSessionCap(t *testing.T) {
	opt := DefaultOptions()
	opt.IPS = true
	opt.MemCap, opt.MemCapPolicy = sessionSize, flow.ExceptionDropFlow
	w := newWire(t, opt)
	w.send("c S 0 0")
	p, _ := w.parse("c S 0 0")
	f := &flow.Flow{Proto: packet.ProtoTCP}
	w.e.Segment(p, f, w)
	if f.TCP != 0 || w.e.Counters.SSNMemCapDrop != 1 {
		t.Errorf("session %d, %d counted, want none and 1", f.TCP, w.e.Counters.SSNMemCapDrop)
	}
	if !f.Has(flow.Dropped) || !p.Has(packet.Dropped) {
		t.Error("the policy was not carried out")
	}
}

// TestHoles opens more holes than are kept.
func TestHoles(t *testing.T) {
	opt := DefaultOptions()
	opt.Depth = 0
	w := newWire(t, opt)
	w.open()
	var last *packet.Packet
	for i := range maxBlocks + 1 {
		p, _ := w.parse(fmt.Sprintf("c PA %d 1 data=x", 2+2*i))
		w.e.Segment(p, w.f, w)
		last = p
	}
	if !last.HasEvent(packet.EvStreamReassemblyInsertLimit) {
		t.Errorf("events %v, want reassembly_insert_limit", last.Events())
	}
	w.e.Release(w.f)
	w.drained()
}

// TestHostPolicy takes the policy of the receiver.
func TestHostPolicy(t *testing.T) {
	opt := DefaultOptions()
	last := netip.MustParseAddr("192.0.2.2")
	opt.Policy = func(a netip.Addr) Policy {
		if a == last {
			return PolicyLast
		}
		return PolicyFirst
	}
	w := newWire(t, opt)
	w.f.Addr[0], w.f.Addr[1] = netip.MustParseAddr("192.0.2.1").As16(), last.As16()
	w.open()
	w.send("c PA 1 1 data=abc", "c PA 1 1 data=xyz", "s A 1 4")
	w.send("s PA 1 4 data=abc", "s PA 1 4 data=xyz", "c A 4 4")
	w.delivered(field.ToServer, "xyz")
	w.delivered(field.ToClient, "abc")
}
