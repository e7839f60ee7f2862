package buffer

import (
	"bytes"
	"testing"
)

// TestAppend grows a buffer byte by byte and in large steps, with a pool and
// without.
func TestAppend(t *testing.T) {
	for name, p := range map[string]*Pool{"pool": {}, "none": nil} {
		t.Run(name, func(t *testing.T) {
			var b, want []byte
			for n := 1; n < 40_000; n += 1 + n/3 {
				more := bytes.Repeat([]byte{byte(n)}, n)
				b, want = p.Append(b, more), append(want, more...)
			}
			if !bytes.Equal(b, want) {
				t.Fatal("the bytes are not those appended")
			}
			if p != nil && (cap(b) > len(b)+len(b)/8+len(b)/4 || p.InUse != uint64(cap(b))) {
				t.Errorf("%d bytes take %d, %d are in use", len(b), cap(b), p.InUse)
			}
			b = p.Free(b)
			if len(b) != 0 || p != nil && p.InUse != 0 {
				t.Errorf("%d bytes left, %d in use", len(b), p.InUse)
			}
		})
	}
}
