//go:build unix

package mpm

import (
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// guarded returns a page with pages on both sides that may not be touched.
func guarded(t *testing.T) []byte {
	t.Helper()
	size := unix.Getpagesize()
	m, err := unix.Mmap(-1, 0, 3*size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Munmap(m) })
	for _, g := range [][]byte{m[:size], m[2*size:]} {
		if err := unix.Mprotect(g, unix.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	return m[size : 2*size : 2*size]
}

// TestNoReadOutside scans buffers that end, or begin, where a page does.
func TestNoReadOutside(t *testing.T) {
	page := guarded(t)
	r := rand.New(rand.NewPCG(1, 12))
	for _, alphabet := range []string{"aAb", ""} {
		ps := randomPatterns(r, 60, 14, alphabet)
		sc := new(Scratch)
		copy(page, randomBytes(r, len(page), alphabet))
		plant(r, page[:200], ps)
		plant(r, page[len(page)-200:], ps)
		var want [201][2][]uint32
		for n := range want {
			want[n] = [2][]uint32{naive(ps, page[len(page)-n:], 0, 0, true), naive(ps, page[:n], 0, 0, true)}
		}
		check := func(name string, s *Set) {
			for n := range want {
				for side, b := range [][]byte{page[len(page)-n:], page[:n:n]} {
					if got := sorted(s.Scan(b, sc)); !slices.Equal(got, want[n][side]) {
						t.Fatalf("%s: %d bytes: got %v, want %v", name, n, got, want[n][side])
					}
				}
			}
		}
		variants(t, ps, check)
		forced(t, ps, check)
	}
}

func TestFinderNoReadOutside(t *testing.T) {
	page := guarded(t)
	copy(page, randomBytes(rand.New(rand.NewPCG(1, 13)), len(page), "ab"))
	eachFinder(t, func(name string, index func(buf, pat []byte, nocase bool) int) {
		for n := range 200 {
			for _, pat := range []string{"a", "bb", "abab", "aabbaabbab", "abababababababababababababababababa"} {
				for _, b := range [][]byte{page[len(page)-n:], page[:n:n]} {
					for _, nocase := range []bool{false, true} {
						if got, want := index(b, []byte(pat), nocase), naiveIndex(b, []byte(pat), nocase); got != want {
							t.Fatalf("%s: %q in %q: got %d, want %d", name, pat, b, got, want)
						}
					}
				}
			}
		}
	})
}
