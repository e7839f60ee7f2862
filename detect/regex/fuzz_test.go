package regex

import (
	"errors"
	"strings"
	"testing"
)

func FuzzMatch(f *testing.F) {
	for _, tt := range matchTests {
		f.Add(tt.pattern, uint(parseFlags(tt.flags)), []byte(tt.in), tt.start)
	}
	f.Add(`(a*)*\1b`, uint(0), []byte("aaaaaaaaaaaaaaaaaaaaaaaaa"), 0)
	f.Add(`(?:(?:ab|c){1,200}){1,200}`, uint(0), []byte("abc"), 1)
	f.Add(`(?R)?(?1)((?<n>x)|(?&n))`, uint(CaseInsensitive), []byte("xX"), 0)
	lim := Limits{Steps: 20000, Stack: 10000, Program: 5000}
	var m Machine
	f.Fuzz(func(t *testing.T, pattern string, flags uint, b []byte, start int) {
		p, err := Compile(pattern, Flags(flags)&(Ungreedy<<1-1), lim)
		if err != nil {
			var se *SyntaxError
			if !errors.As(err, &se) || se.Pos < 0 || se.Pos > len(pattern) || se.Msg == "" {
				t.Fatalf("got %v, want a SyntaxError inside the pattern", err)
			}
			return
		}
		ok, err := p.Match(b, start, &m)
		if ok && err != nil || err != nil && err != ErrLimit {
			t.Fatalf("got %v, %v", ok, err)
		}
		if n := cap(m.stack); n > 2*lim.Stack+8*lim.Program {
			t.Fatalf("the stack grew to %d", n)
		}
		for i := range p.Groups() + 1 {
			lo, hi := m.Group(i)
			if (lo < 0) != (hi < 0) || lo > len(b) || hi > len(b) || !ok && lo >= 0 {
				t.Fatalf("group %d of %q: %d to %d", i, pattern, lo, hi)
			}
		}
		lo, hi := m.Group(0)
		if need := p.Required(); ok && !need.NoCase && !strings.Contains(pattern, `K`) && hi-lo < len(need.Bytes) {
			t.Fatalf("%q matched %d bytes without %q", pattern, hi-lo, need.Bytes)
		}
	})
}
