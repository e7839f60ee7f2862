package mpm

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// kernels lists what this machine can run.
func kernels() []CPU {
	ks := []CPU{Portable}
	for k := AVX2; k <= Best(); k++ {
		ks = append(ks, k)
	}
	return ks
}

// variants builds the set for every kernel and kind.
func variants(t testing.TB, ps []Pattern, f func(name string, s *Set)) {
	t.Helper()
	for _, k := range kernels() {
		for _, kind := range []Kind{Short, Stream} {
			s, err := Build(ps, Options{Kind: kind, CPU: k})
			if err != nil {
				t.Fatalf("Build(%s, %s): %v", k, kind, err)
			}
			f(fmt.Sprintf("%s/%s", k, kind), s)
		}
	}
}

// randomPatterns makes patterns over a small alphabet, so that they overlap.
func randomPatterns(r *rand.Rand, n, maxLen int, alphabet string) []Pattern {
	ps := make([]Pattern, n)
	for i := range ps {
		p := &ps[i]
		p.ID = uint32(r.IntN(n+1)) * 7
		p.Bytes = randomBytes(r, 1+r.IntN(maxLen), alphabet)
		p.Nocase = r.IntN(2) == 0
		switch r.IntN(8) {
		case 0:
			p.Offset = r.IntN(40)
		case 1:
			p.Depth = len(p.Bytes) + r.IntN(60)
		case 2:
			p.Offset = r.IntN(20)
			p.Depth = p.Offset + len(p.Bytes) + r.IntN(3)
		case 3:
			p.End = true
		}
		if i > 0 && r.IntN(10) == 0 {
			p.Bytes = ps[r.IntN(i)].Bytes // the same literal, wanted elsewhere
			if p.Depth > 0 {
				p.Depth = p.Offset + len(p.Bytes)
			}
		}
	}
	return ps
}

func randomBytes(r *rand.Rand, n int, alphabet string) []byte {
	b := make([]byte, n)
	for i := range b {
		if alphabet == "" {
			b[i] = byte(r.Uint32())
		} else {
			b[i] = alphabet[r.IntN(len(alphabet))]
		}
	}
	return b
}

var alphabets = []string{"ab", "aAbB", "abcdeABCDE/.", "\x00\x20\x01aA", ""}

// plant writes some of the patterns into b.
func plant(r *rand.Rand, b []byte, ps []Pattern) {
	for range r.IntN(6) {
		p := ps[r.IntN(len(ps))].Bytes
		if len(p) <= len(b) {
			at := r.IntN(len(b) - len(p) + 1)
			switch r.IntN(4) {
			case 0:
				at = 0
			case 1:
				at = len(b) - len(p)
			}
			copy(b[at:], p)
		}
	}
}

func TestScanRandom(t *testing.T) {
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	for round := range rounds {
		r := rand.New(rand.NewPCG(uint64(round), 1))
		alphabet := alphabets[r.IntN(len(alphabets))]
		n := []int{1, 2, 4, 5, 20, 100, 500}[r.IntN(7)]
		ps := randomPatterns(r, n, []int{1, 3, 6, 8, 20, 300}[r.IntN(6)], alphabet)
		bufs := make([][]byte, 0, 60)
		for range 60 {
			b := randomBytes(r, r.IntN(300), alphabet)
			plant(r, b, ps)
			bufs = append(bufs, b)
		}
		sc := new(Scratch)
		variants(t, ps, func(name string, s *Set) {
			for i, b := range bufs {
				want := naive(ps, b, 0, 0, true)
				if got := sorted(s.Scan(b, sc)); !slices.Equal(got, want) {
					t.Fatalf("round %d, %s, buffer %d (%d bytes): got %v, want %v", round, name, i, len(b), got, want)
				}
			}
		})
	}
}

func TestScanStreamRandom(t *testing.T) {
	for round := range 60 {
		r := rand.New(rand.NewPCG(uint64(round), 2))
		alphabet := alphabets[r.IntN(len(alphabets))]
		ps := randomPatterns(r, []int{1, 3, 30, 300}[r.IntN(4)], []int{2, 6, 12, 60}[r.IntN(4)], alphabet)
		sc := new(Scratch)
		b := randomBytes(r, 1+r.IntN(400), alphabet)
		plant(r, b, ps)
		variants(t, ps, func(name string, s *Set) {
			var st StreamState
			for at := 0; at <= len(b); {
				n := min(r.IntN(1+r.IntN(120)), len(b)-at)
				end := at+n == len(b) && r.IntN(2) == 0
				want := naive(ps, b[:at+n], 0, at, end)
				if end && n == 0 {
					want = naiveEnd(ps, b)
				}
				got := sorted(s.ScanStream(b[at:at+n], uint64(at), end, &st, sc))
				if !slices.Equal(got, want) {
					t.Fatalf("round %d, %s, chunk %d+%d end %v: got %v, want %v", round, name, at, n, end, got, want)
				}
				skip := r.IntN(max(at-s.MaxLen(), 0) + 1) // bytes that are gone
				got = sorted(s.ScanFrom(b[skip:at+n], at-skip, uint64(skip), end, sc))
				if !slices.Equal(got, want) {
					t.Fatalf("round %d, %s, %d bytes from %d end %v: got %v, want %v", round, name, n, at, end, got, want)
				}
				at += n
				if end || at == len(b) && r.IntN(3) == 0 {
					break
				}
			}
		})
	}
}

// naiveEnd returns what the end of the stream alone brings.
func naiveEnd(ps []Pattern, b []byte) []uint32 {
	var e []Pattern
	for _, p := range ps {
		if p.End {
			e = append(e, p)
		}
	}
	return naive(e, b, 0, 0, true)
}

func TestScanStreamGap(t *testing.T) {
	s, err := Build([]Pattern{{ID: 1, Bytes: []byte("abcdef")}}, Options{Kind: Stream})
	if err != nil {
		t.Fatal(err)
	}
	var st StreamState
	sc := s.NewScratch()
	s.ScanStream([]byte("xxabc"), 0, false, &st, sc)
	if got := s.ScanStream([]byte("defxx"), 6, false, &st, sc); len(got) != 0 {
		t.Errorf("over a gap: got %v, want none", got)
	}
	s.ScanStream([]byte("xxabc"), 11, false, &st, sc)
	st.Reset()
	if got := s.ScanStream([]byte("defxx"), 16, false, &st, sc); len(got) != 0 {
		t.Errorf("after Reset: got %v, want none", got)
	}
}

func TestBuildRefuses(t *testing.T) {
	rows := []struct {
		name string
		p    Pattern
	}{
		{"empty", Pattern{}},
		{"too long", Pattern{Bytes: make([]byte, MaxPattern+1)}},
		{"negative offset", Pattern{Bytes: []byte("a"), Offset: -1}},
		{"no room", Pattern{Bytes: []byte("abc"), Offset: 2, Depth: 4}},
	}
	for _, row := range rows {
		if _, err := Build([]Pattern{row.p}, Options{}); err == nil {
			t.Errorf("%s: got no error", row.name)
		}
	}
}

func TestEmptySet(t *testing.T) {
	s, err := Build(nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var st StreamState
	sc := s.NewScratch()
	if got := s.Scan([]byte("abc"), sc); len(got) != 0 {
		t.Errorf("Scan: got %v, want none", got)
	}
	if got := s.ScanStream([]byte("abc"), 0, true, &st, sc); len(got) != 0 {
		t.Errorf("ScanStream: got %v, want none", got)
	}
}
