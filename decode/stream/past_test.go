package stream

import (
	"testing"

	"weir/decode/field"
	"weir/decode/packet"
)

// TestPast lets raw rules see what stood before a hole, also where the hole was
// passed over before there was a chunk, and shows both sides of it.
func TestPast(t *testing.T) {
	for _, tt := range []struct {
		name        string
		show, chunk uint32
		lines       []string
		raw         []string // at the last line, then as long as it goes on
		held        string
	}{
		{"chunk over a hole", 100, 6, []string{"c PA 1 1 data=abcd", "c PA 9 1 data=ij", "s A 1 11", "c A 11 1"},
			[]string{"abcd", "ij"}, "abcd[4 bytes missing]ij"},
		{"too little for a chunk", 100, 20, []string{"c PA 1 1 data=abcd", "c PA 9 1 data=ij", "s A 1 11", "c A 11 1"},
			nil, "abcd[4 bytes missing]ij"},
		{"two holes", 100, 4, []string{"c PA 1 1 data=ab", "c PA 5 1 data=ef", "c PA 9 1 data=ij", "s A 1 11", "c A 11 1"},
			[]string{"ab", "ef", "ij"}, "ab[2 bytes missing]ef[2 bytes missing]ij"},
		{"hole at the start", 100, 2, []string{"c PA 5 1 data=ef", "s A 1 7", "c A 7 1"}, []string{"ef"}, "[4 bytes missing]ef"},
		{"nobody shows it", 0, 6, []string{"c PA 1 1 data=abcd", "c PA 9 1 data=ij", "s A 1 11", "c A 11 1"},
			[]string{"abcd", "ij"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opt := DefaultOptions()
			opt.ChunkToServer, opt.Show = tt.chunk, tt.show
			w := newWire(t, opt)
			w.open()
			for _, line := range tt.lines {
				p, _ := w.parse(line)
				w.e.Segment(p, w.f, w)
				w.last = p
				w.e.Prune(w.f)
			}
			var got []string
			for more := true; more; more = w.e.GoesOn(w.f, field.ToServer) {
				if b, off, ok := w.e.Raw(w.f, field.ToServer, w.last); ok {
					got = append(got, string(b))
					w.e.RawDone(w.f, field.ToServer, off+uint64(len(b)))
				}
			}
			if len(got) != len(tt.raw) {
				t.Fatalf("raw %q, want %q", got, tt.raw)
			}
			for i := range got {
				if got[i] != tt.raw[i] {
					t.Errorf("raw %q, want %q", got, tt.raw)
				}
			}
			if held := string(w.e.AppendHeld(nil, w.f, field.ToServer)); held != tt.held {
				t.Errorf("held %q, want %q", held, tt.held)
			}
			w.e.Prune(w.f)
			w.e.Release(w.f)
			w.drained()
		})
	}
}

// TestRewrite: inline, the receiver gets the bytes that were inspected.
func TestRewrite(t *testing.T) {
	opt := DefaultOptions()
	opt.Inline, opt.IPS = true, true
	w := newWire(t, opt)
	w.open()
	for _, tt := range []struct {
		line, want string
		rewritten  bool
	}{
		{"c PA 1 1 data=good", "good", false},
		{"c PA 1 1 data=good", "good", false},
		{"c PA 1 1 data=evil", "good", true},
		{"c PA 3 1 data=evil", "odil", true},
	} {
		p, _ := w.parse(tt.line)
		w.e.Segment(p, w.f, w)
		if got := string(p.Payload()); got != tt.want || p.Has(packet.Rewritten) != tt.rewritten {
			t.Errorf("%s: %q, rewritten %v; want %q, %v", tt.line, got, p.Has(packet.Rewritten), tt.want, tt.rewritten)
		}
	}
}
