package buffer

import "testing"

func TestClass(t *testing.T) {
	for n := 1; n < 1<<20; n += 1 + n/97 {
		c := class(n)
		if size(c) < n || c > 0 && size(c-1) >= n {
			t.Fatalf("%d bytes: class %d of %d bytes, below it %d", n, c, size(c), size(max(c-1, 0)))
		}
	}
	for c := range len(Pool{}.free) {
		if got := class(size(c)); got != c {
			t.Errorf("class of %d bytes is %d, want %d", size(c), got, c)
		}
	}
}

func TestReuse(t *testing.T) {
	var p Pool
	b := append(p.Get(300), make([]byte, 300)...)
	if p.InUse != 320 || cap(b) != 320 {
		t.Errorf("%d bytes in use, capacity %d, want 320", p.InUse, cap(b))
	}
	p.Put(b)
	p.Put(nil)
	if c := p.Get(310); p.InUse != 320 || len(c) != 0 || &c[:1][0] != &b[0] {
		t.Error("the buffer given back is not used again")
	}
	p.Limit = 1000
	if !p.Fits(680) || p.Fits(681) {
		t.Error("Fits goes by another limit")
	}
}
