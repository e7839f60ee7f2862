package httprange

import (
	"crypto/sha256"
	"testing"

	"weir/decode/file"
)

func TestTable(t *testing.T) {
	data := []byte("0123456789abcdefghij")
	type part struct{ start, end uint64 }
	for _, c := range []struct {
		name  string
		parts []part
		done  bool
	}{
		{"in order", []part{{0, 9}, {10, 19}}, true},
		{"out of order", []part{{10, 14}, {15, 19}, {0, 9}}, true},
		{"overlapping", []part{{0, 12}, {8, 19}}, true},
		{"twice", []part{{0, 9}, {0, 9}, {10, 19}}, true},
		{"hole", []part{{0, 5}, {10, 19}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			tab := NewTable(&file.Store{Hashes: file.SHA256}, DefaultMemcap, DefaultTimeout)
			var f *file.File
			for _, x := range c.parts {
				p := tab.Open([]byte("h/f"), []byte("/f"), x.start, x.end, uint64(len(data)), 1)
				if p == nil {
					continue
				}
				p.Write(data[x.start : x.start+1])
				p.Write(data[x.start+1 : x.end+1])
				if got := p.Close(2); got != nil {
					f = got
				}
			}
			if (f != nil) != c.done {
				t.Fatalf("got a file: %v, want %v", f != nil, c.done)
			}
			if f == nil {
				return
			}
			if f.Size != uint64(len(data)) || f.SHA256 != sha256.Sum256(data) {
				t.Errorf("got %d other bytes", f.Size)
			}
			if tab.held != 0 || len(tab.files) != 0 {
				t.Errorf("%d bytes, %d files left behind", tab.held, len(tab.files))
			}
		})
	}
}

func TestTableLimits(t *testing.T) {
	tab := NewTable(&file.Store{}, 4, 1)
	p := tab.Open([]byte("k"), []byte("n"), 10, 19, 20, 0)
	p.Write([]byte("abcdef"))
	if tab.held > 4 {
		t.Errorf("holds %d bytes, want at most 4", tab.held)
	}
	p.Close(0)
	if tab.Open([]byte("other"), []byte("n"), 0, 1, 20, 5e9); len(tab.files) != 1 {
		t.Errorf("%d files, want the new one alone", len(tab.files))
	}
}
