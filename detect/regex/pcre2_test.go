//go:build pcre2 && cgo

package regex

import (
	"math/rand"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"weir/detect/regex/internal/pcre2"
)

// oracle turns off what makes PCRE2 10.42 miss matches: the start optimisations do
// behind a leading look-ahead, automatic possessive repeats before the end of a
// pattern that calls itself, and the anchor of .* with a start offset.
const oracle = "(*NO_START_OPT)(*NO_AUTO_POSSESS)(*NO_DOTSTAR_ANCHOR)"

// newCounts reports whether a pattern may hold counts that PCRE2 reads as such
// from 10.43 on only.
func newCounts(pattern string) bool {
	return strings.Contains(pattern, "{,") || strings.Contains(pattern, "{ ")
}

// compare matches b with both engines and reports a difference.
func compare(t *testing.T, pattern, flags string, p *Program, q *pcre2.Regexp, b []byte, start int, m *Machine) (matched bool) {
	t.Helper()
	want, failed := q.Match(b, start)
	ok, err := p.Match(b, start, m)
	if failed || err != nil {
		return false
	}
	var got []int
	if ok {
		for i := range p.Groups() + 1 {
			lo, hi := m.Group(i)
			if lo < 0 || hi < 0 {
				lo, hi = -1, -1
			}
			got = append(got, lo, hi)
		}
	}
	if p.hasCall && ok && want != nil {
		// PCRE2 leaves behind what a call has set in groups below a later one.
		for i, v := range got {
			if v < 0 {
				want[i] = v
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q flags %q on %q from %d: got %v, want %v", pattern, flags, b, start, got, want)
	}
	return ok
}

// TestTableAgainstPCRE2 checks that the table of semantics tells the truth.
func TestTableAgainstPCRE2(t *testing.T) {
	var m Machine
	for _, tt := range matchTests {
		if newCounts(tt.pattern) {
			continue
		}
		q, err := pcre2.Compile(oracle+tt.pattern, tt.flags)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		p := compileTest(t, tt.pattern, tt.flags)
		compare(t, tt.pattern, tt.flags, p, q, []byte(tt.in), tt.start, &m)
		q.Free()
	}
}

// TestSyntaxAgainstPCRE2 cuts and joins pieces of syntax: what PCRE2 refuses is
// refused, and what it takes is taken unless it is declared as not supported.
func TestSyntaxAgainstPCRE2(t *testing.T) {
	pieces := strings.Fields(`a b ( (?: (?= (?! (?<= (?<! (?> (?| (?<n> (?<m> (?P=n) (?P>n) (?&m) (?1) (?-1) (?+1) (?R) (?(1) (?(<n>) (?(R) (?(R1) (?(DEFINE) (?(?=
		) ) ) ) ) | | * + ? *? ++ {2} {1,} {,3} {3,1} {0} { } [ ] [^ [a-z] [] [^] - [:alpha:] [[:alpha:]] [[:^digit:]-] [\d-] [\d-a] [a-\d] [z-a] [\Qa\E] \d \W \s \h \R \N \K \A \z \Z \G \b \B \Q \E \Qab\E
		\1 \2 \8 \10 \18 \400 \012 \x41 \x{41} \x{141} \x{} \o{101} \cA \c \g1 \g{-1} \g{+1} \g{n} \g<1> \g'n' \k<n> \k{m} \k'n' \y \L ^ $ . (?i) (?-i) (?i-m: (?^) (?x) (?xx) (?n) (?# #x) (*FAIL) (*NO_JIT) (* (? (?z)`)
	pieces = append(pieces, " ", "#", "\n", `\`)
	r := rand.New(rand.NewSource(seed()))
	n, good := 0, 0
	for range rounds(40000) {
		var sb strings.Builder
		for range 1 + r.Intn(7) {
			sb.WriteString(pieces[r.Intn(len(pieces))])
		}
		pattern := sb.String()
		flags := []string{"", "i", "x", "s"}[r.Intn(4)]
		if newCounts(pattern) {
			continue
		}
		q, qerr := pcre2.Compile(oracle+pattern, flags)
		p, err := Compile(pattern, parseFlags(flags), Limits{})
		n++
		switch {
		case err != nil && strings.Contains(err.Error(), "not supported"):
		case (err == nil) != (qerr == nil):
			t.Errorf("%q flags %q: got error %v, want %v", pattern, flags, err, qerr)
		case err == nil:
			good++
			var m Machine
			for range 4 {
				compare(t, pattern, flags, p, q, subject(r), 0, &m)
			}
		}
		if q != nil {
			q.Free()
		}
	}
	t.Logf("%d patterns, %d valid", n, good)
}

func subject(r *rand.Rand) []byte {
	b := make([]byte, r.Intn(14))
	for i := range b {
		b[i] = "abcAB\n\x80\xffaabb \rn1"[r.Intn(16)]
	}
	return b
}

func seed() int64 {
	if n, err := strconv.ParseInt(os.Getenv("WEIR_SEED"), 10, 64); err == nil {
		return n
	}
	return 7
}

func rounds(n int) int {
	if k, err := strconv.Atoi(os.Getenv("WEIR_ROUNDS")); err == nil {
		return n * k
	}
	return n
}

// generator makes random patterns over a small alphabet.
type generator struct {
	*rand.Rand
	groups int
}

func (g *generator) pick(s ...string) string { return s[g.Intn(len(s))] }

func (g *generator) pattern(depth int) string {
	switch k := g.Intn(24); {
	case depth <= 0 || k < 5:
		return g.pick("a", "b", "c", ".", "[ab]", "[^a]", "\\n", "\\w", "\\x80", "[\\x80-\\xff]", "\\R", "\\N", "\\W", "ab", "A")
	case k < 10:
		return g.pattern(depth-1) + g.pattern(depth-1)
	case k < 13:
		return "(?:" + g.pattern(depth-1) + ")" + g.quantifier()
	case k < 14:
		return g.pick("a", "b", ".", "[ab]", "\\w") + g.quantifier()
	case k < 16:
		return "(?:" + g.pattern(depth-1) + "|" + g.pattern(depth-1) + ")"
	case k < 18:
		g.groups++
		return "(" + g.pattern(depth-1) + ")"
	case k < 19:
		return g.pick("(?=", "(?!", "(?>", "(?i:", "(?|") + g.pattern(depth-1) + ")"
	case k < 20:
		return g.pick("^", "$", "\\b", "\\B", "\\A", "\\z", "\\Z", "\\G", "(?<=a)", "(?<!b)", "(?<=ab|c)")
	case k < 21:
		return g.pick("(?(1)", "(?(?=a)", "(?(?!b)", "(?(R)", "(?(?<=a)") + g.pattern(depth-1) + "|" + g.pattern(depth-1) + ")"
	case k < 22:
		return g.pick("\\K", "(?:(?R)|)", "(?1)", "(?2)", "(?-1)", "(*FAIL)", "|")
	}
	return "\\" + strconv.Itoa(1+g.Intn(max(1, min(g.groups, 9))))
}

func (g *generator) quantifier() string {
	return g.pick("*", "+", "?", "{0,2}", "{2}", "{1,3}", "{2,}", "*?", "+?", "??", "{1,3}?", "*+", "++", "?+")
}

// TestRandomAgainstPCRE2 compares matches and groups on random patterns and buffers.
func TestRandomAgainstPCRE2(t *testing.T) {
	r := rand.New(rand.NewSource(seed()))
	var m Machine
	pairs, matches := 0, 0
	for range rounds(60000) {
		g := generator{r, 0}
		pattern := g.pattern(5)
		flags := g.pick("", "", "i", "s", "m", "sm", "G", "E", "A")
		if newCounts(pattern) {
			continue
		}
		q, qerr := pcre2.Compile(oracle+pattern, flags)
		p, err := Compile(pattern, parseFlags(flags), Limits{})
		if qerr != nil {
			continue
		}
		if err != nil {
			t.Errorf("%q flags %q: %v", pattern, flags, err)
			q.Free()
			continue
		}
		for range 8 {
			b := subject(r)
			pairs++
			if compare(t, pattern, flags, p, q, b, r.Intn(3)%(len(b)+1), &m) {
				matches++
			}
		}
		q.Free()
	}
	t.Logf("%d pairs, %d matching", pairs, matches)
}

// TestRulesAgainstPCRE2 compares both engines on the patterns of a rule file and
// made buffers: parts of the patterns themselves.
func TestRulesAgainstPCRE2(t *testing.T) {
	r := rand.New(rand.NewSource(seed()))
	var m Machine
	pairs, matches := 0, 0
	for _, rp := range rulePatterns(t) {
		if newCounts(rp.pattern) {
			continue
		}
		q, qerr := pcre2.Compile(oracle+rp.pattern, rp.flags)
		if qerr != nil {
			continue
		}
		p, err := Compile(rp.pattern, parseFlags(rp.flags), Limits{})
		if err != nil {
			t.Errorf("%q: %v", rp.pattern, err)
			continue
		}
		text := strings.NewReplacer(`\`, "", "(", "", ")", "", "?", "", "[^", "", "[", "", "]", "", "+", "", "*", "", "^", "", "$", "").Replace(rp.pattern)
		for range 20 {
			b := []byte(text)
			for range r.Intn(4) {
				if len(b) > 0 {
					k := r.Intn(len(b))
					b = append(b[:k], append([]byte{"a0 \n&=/.%"[r.Intn(9)]}, b[k+r.Intn(2):]...)...)
				}
			}
			pairs++
			if compare(t, rp.pattern, rp.flags, p, q, b, 0, &m) {
				matches++
			}
		}
		q.Free()
	}
	t.Logf("%d pairs, %d matching", pairs, matches)
}
