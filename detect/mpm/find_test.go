package mpm

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// eachFinder calls f with Index and Finder on every kernel.
func eachFinder(t *testing.T, f func(name string, index func(buf, pat []byte, nocase bool) int)) {
	t.Helper()
	old := best
	defer func() { best = old }()
	for _, k := range kernels() {
		best = k
		f(k.String()+"/Index", Index)
		f(k.String()+"/Finder", func(buf, pat []byte, nocase bool) int { return NewFinder(pat, nocase).Index(buf) })
	}
}

func naiveIndex(b, pat []byte, nocase bool) int {
	if nocase {
		b, pat = lowered(b), lowered(pat)
	}
	return bytes.Index(b, pat)
}

func TestFinder(t *testing.T) {
	rounds := 3000
	if testing.Short() {
		rounds = 300
	}
	eachFinder(t, func(name string, index func(buf, pat []byte, nocase bool) int) {
		r := rand.New(rand.NewPCG(1, 14))
		for range rounds {
			alphabet := []string{"ab", "aAbB@`[{", "abcdefgh\x00\xc1\xe1", ""}[r.IntN(4)]
			b := randomBytes(r, r.IntN(300), alphabet)
			pat := randomBytes(r, r.IntN(1+r.IntN(40)), alphabet)
			if len(pat) <= len(b) && r.IntN(2) == 0 {
				copy(b[r.IntN(len(b)-len(pat)+1):], pat)
			}
			nocase := r.IntN(2) == 0
			if nocase {
				pat = lowered(pat)
			}
			if got, want := index(b, pat, nocase), naiveIndex(b, pat, nocase); got != want {
				t.Fatalf("%s: %q in %q, nocase %v: got %d, want %d", name, pat, b, nocase, got, want)
			}
		}
	})
}

func TestFinderKeepsNothing(t *testing.T) {
	pat := []byte("abc")
	f := NewFinder(pat, true)
	pat[0] = 'x'
	if got := f.Index([]byte("..ABC")); got != 2 {
		t.Errorf("got %d, want 2", got)
	}
}

func TestIndexAllocatesNothing(t *testing.T) {
	b := bytes.Repeat([]byte("some text "), 40)
	for _, pat := range []string{"x", "not there", "some text x"} {
		f := NewFinder([]byte(pat), true)
		if n := testing.AllocsPerRun(100, func() { Index(b, []byte(pat), true); f.Index(b) }); n != 0 {
			t.Errorf("%q: %v allocations, want 0", pat, n)
		}
	}
}

func FuzzFinder(f *testing.F) {
	f.Add([]byte("GET /Index.html"), []byte("index"), true)
	f.Add([]byte("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"), []byte("aaab"), false)
	f.Fuzz(func(t *testing.T, b, pat []byte, nocase bool) {
		if nocase {
			pat = lowered(pat)
		}
		want := naiveIndex(b, pat, nocase)
		if got := Index(b, pat, nocase); got != want {
			t.Errorf("Index: got %d, want %d", got, want)
		}
		if got := NewFinder(pat, nocase).Index(b); got != want {
			t.Errorf("Finder: got %d, want %d", got, want)
		}
	})
}
