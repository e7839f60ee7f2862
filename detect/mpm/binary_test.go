package mpm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestLoadGivesTheSameSet(t *testing.T) {
	for round := range 20 {
		r := rand.New(rand.NewPCG(uint64(round), 3))
		alphabet := alphabets[r.IntN(len(alphabets))]
		ps := randomPatterns(r, []int{1, 2, 20, 400}[round%4], 20, alphabet)
		variants(t, ps, func(name string, s *Set) {
			data, err := s.AppendBinary(make([]byte, round%9)) // every alignment
			if err != nil {
				t.Fatal(err)
			}
			l, err := Load(data[round%9:])
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if l.Len() != s.Len() || l.MaxLen() != s.MaxLen() || l.Memory() != s.Memory() || l.Describe() != s.Describe() {
				t.Errorf("%s: got %s, want %s", name, l.Describe(), s.Describe())
			}
			again, _ := l.MarshalBinary()
			if !bytes.Equal(again, data[round%9:]) {
				t.Errorf("%s: stored again, it differs", name)
			}
			sc := new(Scratch)
			for range 20 {
				b := randomBytes(r, r.IntN(200), alphabet)
				plant(r, b, ps)
				want := sorted(s.Scan(b, sc))
				if got := sorted(l.Scan(b, sc)); !slices.Equal(got, want) {
					t.Fatalf("%s: got %v, want %v", name, got, want)
				}
			}
		})
	}
}

func TestBuildIsDeterministic(t *testing.T) {
	ps := randomPatterns(rand.New(rand.NewPCG(1, 4)), 300, 20, "")
	variants(t, ps, func(name string, s *Set) {
		again, err := Build(ps, Options{Kind: s.kind, CPU: s.cpu})
		if err != nil {
			t.Fatal(err)
		}
		a, _ := s.MarshalBinary()
		b, _ := again.MarshalBinary()
		if !bytes.Equal(a, b) {
			t.Errorf("%s: built twice, it differs", name)
		}
	})
}

func TestLoadRefusesDamage(t *testing.T) {
	s, err := Build(randomPatterns(rand.New(rand.NewPCG(1, 5)), 50, 12, "abc"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	data, _ := s.MarshalBinary()
	for i := range data {
		data[i] ^= 0x40
		if _, err := Load(data); !errors.Is(err, ErrFormat) {
			t.Fatalf("byte %d changed: got error %v", i, err)
		}
		data[i] ^= 0x40
	}
	for n := range data {
		if _, err := Load(data[:n]); !errors.Is(err, ErrFormat) {
			t.Fatalf("cut to %d bytes: got error %v", n, err)
		}
	}
}

// seal makes the checksum of changed data right again.
func seal(data []byte) {
	binary.NativeEndian.PutUint64(data[16:], uint64(len(data)))
	binary.NativeEndian.PutUint32(data[12:], crc32.Checksum(data[16:], castagnoli))
}

// forged changes stored sets under a right checksum: what Load takes all the
// same must scan without a fault.
func forged(t *testing.T, data []byte, r *rand.Rand, rounds int) (taken int) {
	buf := randomBytes(r, 200, "abcABC")
	for range rounds {
		d := bytes.Clone(data)
		for range 1 + r.IntN(3) {
			i := headerSize + r.IntN(len(d)-headerSize)
			if r.IntN(2) == 0 {
				i = headerSize + (i-headerSize)/8*8 // lengths and references begin at words
			}
			switch r.IntN(3) {
			case 0:
				d[i] ^= 1 << r.IntN(8)
			case 1:
				d[i] = byte(r.Uint32())
			case 2:
				d[i]++
			}
		}
		seal(d)
		s, err := Load(d)
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatalf("got error %v", err)
			}
			continue
		}
		taken++
		sc := s.NewScratch()
		var st StreamState
		for n := 0; n < len(buf); n += 37 {
			s.Scan(buf[n:], sc)
			s.ScanStream(buf[n:min(n+37, len(buf))], uint64(n), n > 160, &st, sc)
		}
	}
	return taken
}

func TestLoadForged(t *testing.T) {
	rounds := 400
	if testing.Short() {
		rounds = 50
	}
	taken := 0
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 6))
		variants(t, randomPatterns(r, []int{2, 40, 200}[seed], 12, "abcABC"), func(_ string, s *Set) {
			data, _ := s.MarshalBinary()
			taken += forged(t, data, r, rounds)
		})
	}
	if taken == 0 {
		t.Error("no forged set was taken: nothing was tested")
	}
}

func FuzzLoad(f *testing.F) {
	for _, kind := range []Kind{Short, Stream} {
		s, err := Build(randomPatterns(rand.New(rand.NewPCG(1, 7)), 30, 12, "abcABC"), Options{Kind: kind})
		if err != nil {
			f.Fatal(err)
		}
		data, _ := s.MarshalBinary()
		f.Add(data, []byte("abcabcABCabcabc"))
	}
	f.Fuzz(func(t *testing.T, data, buf []byte) {
		if len(data) >= headerSize {
			seal(data)
		}
		s, err := Load(data)
		if err != nil {
			return
		}
		sc := s.NewScratch()
		var st StreamState
		s.Scan(buf, sc)
		s.ScanStream(buf, 0, false, &st, sc)
		s.ScanStream(buf, uint64(len(buf)), true, &st, sc)
	})
}
