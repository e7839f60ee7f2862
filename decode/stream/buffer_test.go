package stream

import "testing"

func TestClass(t *testing.T) {
	for n := 1; n < 1<<20; n += 1 + n/97 {
		c := class(n)
		if size(c) < n || c > 0 && size(c-1) >= n {
			t.Fatalf("%d bytes: class %d of %d bytes, below it %d", n, c, size(c), size(max(c-1, 0)))
		}
	}
	for c := range len(pieces{}.free) {
		if got := class(size(c)); got != c {
			t.Errorf("class of %d bytes is %d, want %d", size(c), got, c)
		}
	}
}
