package mpm

import (
	"slices"
	"testing"
)

// fuzzPatterns reads patterns from the fuzzer's bytes: length, flags, bounds,
// text.
func fuzzPatterns(in []byte) []Pattern {
	var ps []Pattern
	for len(in) >= 4 && len(ps) < 200 {
		n, flags, offset, room := int(in[0]&31)+1, in[1], int(in[2]), int(in[3])
		in = in[4:]
		n = min(n, len(in))
		if n == 0 {
			break
		}
		p := Pattern{ID: uint32(len(ps)) % 50, Bytes: in[:n], Nocase: flags&1 != 0, End: flags&2 != 0}
		if flags&4 != 0 {
			p.Offset = offset
		}
		if flags&8 != 0 {
			p.Depth = p.Offset + n + room
		}
		ps = append(ps, p)
		in = in[n:]
	}
	return ps
}

func FuzzScan(f *testing.F) {
	f.Add([]byte("\x03\x01\x00\x00get \x08\x00\x00\x00/admin.php\x02\x02\x00\x00com"), []byte("GET /admin.php?x=.com"), uint16(7))
	f.Add([]byte("\x01\x08\x00\x00ab\x00\x04\x03\x00b\x05\x01\x00\x00aaaaaa"), []byte("aAaAaAaAbabab"), uint16(3))
	f.Fuzz(func(t *testing.T, in, buf []byte, cut uint16) {
		ps := fuzzPatterns(in)
		if len(ps) == 0 || len(buf) > 1<<14 {
			return
		}
		want := naive(ps, buf, 0, 0, true)
		at := int(cut) % (len(buf) + 1)
		sc := new(Scratch)
		check := func(name string, s *Set) {
			if got := sorted(s.Scan(buf, sc)); !slices.Equal(got, want) {
				t.Fatalf("%s: got %v, want %v", name, got, want)
			}
		}
		variants(t, ps, func(name string, s *Set) {
			check(name, s)
			var st StreamState
			both := slices.Clone(s.ScanStream(buf[:at], 0, false, &st, sc))
			both = append(both, s.ScanStream(buf[at:], uint64(at), true, &st, sc)...)
			slices.Sort(both)
			if both = slices.Compact(both); !slices.Equal(both, want) {
				t.Fatalf("%s: two chunks: got %v, want %v", name, both, want)
			}
		})
		forced(t, ps, check)
	})
}
