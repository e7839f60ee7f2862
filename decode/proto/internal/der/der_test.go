package der

import (
	"testing"

	"weir/decode/cursor"
)

func TestPath(t *testing.T) {
	b := []byte("\x30\x0a\xa0\x03\x02\x01\x05\xa1\x03\x1b\x01R")
	if v, ok := Int(Path(b, Sequence, 0xa0, Integer)); v != 5 || !ok {
		t.Errorf("got %d, %v", v, ok)
	}
	if got := string(Path(b, Sequence, 0xa1, GeneralString)); got != "R" {
		t.Errorf("got %q", got)
	}
	if Path(b, Sequence, 0xa2) != nil || Path(b[:6], Sequence) != nil {
		t.Error("something that is not there")
	}
	if v, ok := Int([]byte{0xff, 0x7b}); v != -133 || !ok {
		t.Errorf("got %d, %v", v, ok)
	}
}

func TestLengths(t *testing.T) {
	for _, x := range []struct {
		name, b string
		n       int
	}{
		{"long form", "\x04\x82\x00\x03abc", 3},
		{"indefinite", "\x04\x80abc", -1},
		{"too long a length", "\x04\x85\x00\x00\x00\x00\x01a", -1},
		{"beyond the end", "\x04\x04abc", -1},
		{"nothing", "", -1},
	} {
		c := cursor.New([]byte(x.b))
		if _, v := Next(&c); (v == nil) != (x.n < 0) || len(v) != max(x.n, 0) {
			t.Errorf("%s: got %d bytes", x.name, len(v))
		}
	}
}

func FuzzNext(f *testing.F) {
	f.Add([]byte("\x30\x0a\xa0\x03\x02\x01\x05\xa1\x03\x1b\x01R"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := cursor.New(b)
		for c.Len() > 0 {
			before := c.Len()
			if _, v := Next(&c); len(v) > before || c.Len() >= before {
				t.Fatal("no progress")
			}
		}
		Path(b, Sequence, 0xa0, Integer)
	})
}
