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

func TestVarint(t *testing.T) {
	tests := []struct {
		name  string
		b     []byte
		want  uint64
		pos   int
		short bool
	}{
		{"one byte", []byte{0x25, 9}, 37, 1, false},
		{"two bytes", []byte{0x7b, 0xbd}, 15293, 2, false},
		{"four bytes", []byte{0x9d, 0x7f, 0x3e, 0x7d}, 494878333, 4, false},
		{"eight bytes", []byte{0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c}, 151288809941952652, 8, false},
		{"longer than needed", []byte{0x40, 0x25}, 37, 2, false},
		{"cut", []byte{0x9d, 0x7f, 0x3e}, 0, 3, true},
		{"nothing left", nil, 0, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := New(tt.b)
			if got := c.Varint(); got != tt.want || c.Pos() != tt.pos || c.Short() != tt.short {
				t.Errorf("got %d, pos %d, short %v; want %d, %d, %v", got, c.Pos(), c.Short(), tt.want, tt.pos, tt.short)
			}
		})
	}
}

func TestNoAllocation(t *testing.T) {
	b := make([]byte, 64)
	var sum uint64
	n := testing.AllocsPerRun(100, func() {
		c := New(b)
		s := c.Sub(8)
		sum += uint64(c.U8()) + s.U64() + c.Varint() + uint64(c.LE24()) + uint64(len(c.Rest()))
	})
	if n != 0 {
		t.Errorf("reading allocates %v times, want 0", n)
	}
}

func BenchmarkHeader(b *testing.B) {
	buf := make([]byte, 20)
	b.SetBytes(20)
	b.ReportAllocs()
	for b.Loop() {
		c := New(buf)
		v := c.U32() + uint32(c.U16()) + uint32(c.U8()) + uint32(c.U8()) + c.U32() + c.U32() + c.U32()
		if v != 0 || c.Short() {
			b.Fatal("wrong value")
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add([]byte("abcdef"), []byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, b, ops []byte) {
		c := New(b)
		for _, op := range ops {
			before := c.Pos()
			var got []byte
			switch op % 10 {
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
			case 8:
				c.Varint()
			case 9:
				c.LE24()
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
