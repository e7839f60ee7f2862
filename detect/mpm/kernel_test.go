package mpm

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// A layout looks for all literals of a set of two bytes and more in one way.
type layout struct {
	name    string
	kernels bool // needs assembly
	part    func(s *Set, lits []int32) part
}

func layouts() []layout {
	ls := []layout{{"few", false, func(s *Set, lits []int32) (p part) {
		for _, li := range lits {
			l := &s.lits[li]
			p.few = append(p.few, NewFinder(s.text(l), l.flags&litNocase != 0))
			p.fewLits = append(p.fewLits, uint32(li))
		}
		return p
	}}}
	for _, win := range []int{1, 2, 3, 5, 8, 64} {
		ls = append(ls, layout{fmt.Sprintf("dfa%d", win), false, func(s *Set, lits []int32) part {
			return part{dfa: s.newDFA(s.draftDFA(lits, win))}
		}})
	}
	for _, w := range []int{4, 5, 6, 7, 8} {
		for _, step := range []int{4, 2} {
			ls = append(ls, layout{fmt.Sprintf("strided%d/%d", w, step), true, func(s *Set, lits []int32) part {
				return stridedPart(s, lits, w, step)
			}})
		}
	}
	for g := 1; g <= fourGroups; g++ {
		ls = append(ls, layout{fmt.Sprintf("buckets%d", g), true, func(s *Set, lits []int32) part {
			return bucketPart(s, lits, g)
		}})
	}
	return ls
}

// stridedPart leaves what is too short, or crowded, to an automaton.
func stridedPart(s *Set, lits []int32, w, step int) (p part) {
	var long, rest []int32
	for _, li := range lits {
		if int(s.lits[li].n) >= w+step-1 {
			long = append(long, li)
		} else {
			rest = append(rest, li)
		}
	}
	if len(long) > 0 {
		pl := s.place(long, w, step)
		p.strided = s.newStrided(pl, w, step)
		rest = append(rest, pl.spill...)
	}
	if len(rest) > 0 {
		p.overflow = s.newDFA(s.draftDFA(rest, 64))
	}
	return p
}

func bucketPart(s *Set, lits []int32, groups int) (p part) {
	var two, four, rest []int32
	for _, li := range lits {
		if s.lits[li].n < 4 {
			two = append(two, li)
		} else {
			four = append(four, li)
		}
	}
	var pl2, pl4 *placement
	if len(two) > 0 {
		pl2 = s.place(two, 2, 1)
		rest = append(rest, pl2.spill...)
	}
	if len(four) > 0 {
		pl4 = s.place(four, 4, 1)
		rest = append(rest, pl4.spill...)
	} else {
		groups = 0
	}
	if pl2 != nil || pl4 != nil {
		p.buckets = s.newBuckets(s.spread(pl4, pl2, groups))
	}
	if len(rest) > 0 {
		p.overflow = s.newDFA(s.draftDFA(rest, 64))
	}
	return p
}

// forced calls f with the set in every layout and for every kernel.
func forced(t testing.TB, ps []Pattern, f func(name string, s *Set)) {
	t.Helper()
	for _, k := range kernels() {
		for _, l := range layouts() {
			if l.kernels && k == Portable {
				continue
			}
			s, err := Build(ps, Options{CPU: k})
			if err != nil {
				t.Fatal(err)
			}
			var lits []int32
			for i := range s.lits {
				if s.lits[i].n > 1 {
					lits = append(lits, int32(i))
				}
			}
			if len(lits) == 0 {
				continue
			}
			s.parts = []part{l.part(s, lits)}
			f(k.String()+"/"+l.name, s)
		}
	}
}

func TestLayoutsRandom(t *testing.T) {
	rounds := 25
	if testing.Short() {
		rounds = 4
	}
	for round := range rounds {
		r := rand.New(rand.NewPCG(uint64(round), 10))
		alphabet := alphabets[r.IntN(len(alphabets))]
		ps := randomPatterns(r, []int{3, 30, 300}[r.IntN(3)], []int{3, 6, 12, 40}[r.IntN(4)], alphabet)
		bufs := make([][]byte, 0, 40)
		for i := range 40 {
			n := r.IntN(300)
			if i == 0 {
				n = 3*blockBytes + r.IntN(100) // kernels are called for blocks
			}
			b := randomBytes(r, n, alphabet)
			plant(r, b, ps)
			if n > blockBytes { // over the border of two blocks
				p := ps[r.IntN(len(ps))].Bytes
				copy(b[blockBytes-r.IntN(len(p)):], p)
			}
			bufs = append(bufs, b)
		}
		want := make([][]uint32, len(bufs))
		for i, b := range bufs {
			want[i] = naive(ps, b, 0, 0, true)
		}
		sc := new(Scratch)
		forced(t, ps, func(name string, s *Set) {
			for i, b := range bufs {
				if got := sorted(s.Scan(b, sc)); !slices.Equal(got, want[i]) {
					t.Fatalf("round %d, %s, buffer %d (%d bytes): got %v, want %v", round, name, i, len(b), got, want[i])
				}
			}
		})
	}
}

// TestLayoutsPlaces plants one pattern at each place of buffers of each length.
func TestLayoutsPlaces(t *testing.T) {
	ps := []Pattern{
		{ID: 1, Bytes: []byte("ab")},
		{ID: 2, Bytes: []byte("Xyz"), Nocase: true},
		{ID: 3, Bytes: []byte("wxyz")},
		{ID: 4, Bytes: []byte("needle/7"), Nocase: true},
		{ID: 5, Bytes: []byte("a longer needle\x00\xff")},
	}
	lengths := 200
	if testing.Short() {
		lengths = 80
	}
	sc := new(Scratch)
	back := make([]byte, lengths+64)
	forced(t, ps, func(name string, s *Set) {
		for n := range lengths {
			b := back[n%64:][:n] // every alignment
			for _, p := range ps {
				for at := 0; at+len(p.Bytes) <= n; at += 1 + n/40 {
					clear(b)
					copy(b[at:], p.Bytes)
					if got := s.Scan(b, sc); !slices.Contains(got, p.ID) {
						t.Fatalf("%s: pattern %d at %d of %d: got %v", name, p.ID, at, n, got)
					}
				}
			}
			clear(b)
			if got := s.Scan(b, sc); len(got) != 0 {
				t.Fatalf("%s: zeros: got %v", name, got)
			}
		}
	})
}

// TestLayoutsCrowded has more literals behind the same windows than one window
// may lead to.
func TestLayoutsCrowded(t *testing.T) {
	var ps []Pattern
	for i := range 200 {
		ps = append(ps, Pattern{ID: uint32(i), Bytes: append([]byte("samestart"), byte(i))})
	}
	for i := range 128 { // one folded text
		b := []byte("foldedx")
		for j := range b {
			b[j] ^= byte(i>>j&1) << 5
		}
		ps = append(ps, Pattern{ID: uint32(1000 + i), Bytes: b})
	}
	buf := bytes.Repeat([]byte("samestarA samestart\x07 FOLDEDX foldedX"), 10)
	want := naive(ps, buf, 0, 0, true)
	sc := new(Scratch)
	check := func(name string, s *Set) {
		sc.candidates = 0
		if got := sorted(s.Scan(buf, sc)); !slices.Equal(got, want) {
			t.Fatalf("%s: got %v, want %v", name, got, want)
		}
	}
	forced(t, ps, check)
	variants(t, ps, check)
}

// TestWorstCase feeds buffers made of windows alone and bounds the literals
// compared for each byte.
func TestWorstCase(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 11))
	var ps []Pattern
	for i := range 2000 {
		ps = append(ps, Pattern{ID: uint32(i), Bytes: randomBytes(r, 4+r.IntN(20), "abcdefghijkl/.-_0123456789")})
	}
	var buf []byte
	for len(buf) < 1<<16 {
		p := ps[r.IntN(len(ps))].Bytes
		buf = append(buf, p[:len(p)-1]...) // all but found
	}
	sc := new(Scratch)
	variants(t, ps, func(name string, s *Set) {
		sc.candidates = 0
		s.Scan(buf, sc)
		if got := float64(sc.candidates) / float64(len(buf)); got > 1 {
			t.Errorf("%s: %.2f literals compared a byte, want at most 1", name, got)
		}
	})
}
