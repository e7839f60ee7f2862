package cursor

import (
	"bytes"
	"testing"
)

func TestReads(t *testing.T) {
	c := New([]byte{1, 0, 2, 0, 0, 3, 0, 0, 0, 4, 5, 0, 6, 0, 0, 0, 'a', 'b', 'c', 'd'})
	if got := [...]uint64{uint64(c.U8()), uint64(c.U16()), uint64(c.U24()), uint64(c.U32()), uint64(c.LE16()), uint64(c.LE32())}; got != [...]uint64{1, 2, 3, 4, 5, 6} {
		t.Errorf("got %v", got)
	}
	if got := c.Bytes(2); string(got) != "ab" {
		t.Errorf("got %q, want ab", got)
	}
	if c.Short() || c.Len() != 2 || c.Pos() != 18 {
		t.Errorf("short %v, len %d, pos %d", c.Short(), c.Len(), c.Pos())
	}
	if got := c.U32(); got != 0 || !c.Short() || c.Len() != 0 {
		t.Errorf("read beyond the end: got %d, short %v, len %d", got, c.Short(), c.Len())
	}
	if c.U8() != 0 || !c.Short() {
		t.Error("short is not kept")
	}
}

func TestSub(t *testing.T) {
	c := New([]byte{1, 2, 3})
	s := c.Sub(2)
	if s.U16() != 0x0102 || s.Short() || c.U8() != 3 {
		t.Error("sub reads something else")
	}
	s = c.Sub(1)
	if !s.Short() {
		t.Error("sub of nothing is not short")
	}
}

func FuzzCursor(f *testing.F) {
	f.Add([]byte("abcdef"), []byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, b, ops []byte) {
		c := New(b)
		for _, op := range ops {
			before := c.Pos()
			var got []byte
			switch op % 8 {
			case 0:
				c.U8()
			case 1:
				c.U16()
			case 2:
				c.U24()
			case 3:
				c.U32()
			case 4:
				c.U64()
			case 5:
				got = c.Bytes(int(op))
			case 6:
				c.Skip(int(int8(op)))
			case 7:
				got = c.Peek()
			}
			if c.Pos() < before || c.Pos()+c.Len() != len(b) {
				t.Fatalf("pos %d, len %d of %d", c.Pos(), c.Len(), len(b))
			}
			if len(got) > 0 && !bytes.Contains(b, got) {
				t.Fatal("bytes from elsewhere")
			}
		}
	})
}
