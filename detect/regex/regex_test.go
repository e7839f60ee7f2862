package regex

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func parseFlags(s string) (f Flags) {
	for _, c := range s {
		f |= map[rune]Flags{'i': CaseInsensitive, 'm': Multiline, 's': DotAll, 'x': Extended, 'A': Anchored, 'E': DollarEndOnly, 'G': Ungreedy}[c]
	}
	return f
}

func compileTest(t testing.TB, pattern, flags string) *Program {
	t.Helper()
	p, err := Compile(pattern, parseFlags(flags), Limits{})
	if err != nil {
		t.Fatalf("%q: %v", pattern, err)
	}
	return p
}

// matchTests: want is the bounds of groups 0, 1, ...; nil: no match.
var matchTests = []struct {
	name, pattern, flags, in string
	start                    int
	want                     []int
}{
	{"literal", "abc", "", "xabcx", 0, []int{1, 4}},
	{"literal, not there", "abc", "", "xabx", 0, nil},
	{"case-blind", "aBc1", "i", "xAbC1", 0, []int{1, 5}},
	{"case-blind beside @ and `", "a@`", "i", "A`@A@`", 0, []int{3, 6}},
	{"high bytes", `[\x80-\xff]{3}`, "", "a\x80\xff\x90", 0, []int{1, 4}},
	{"dot stops at newline", "a.*", "", "ab\nc", 0, []int{0, 2}},
	{"dot all", "a.*", "s", "ab\nc", 0, []int{0, 4}},
	{"dollar before last newline", "a$", "", "a\n", 0, []int{0, 1}},
	{"dollar end only", "a$", "E", "a\n", 0, nil},
	{"lines", "^b$", "m", "a\nb\nc", 0, []int{2, 3}},
	{"line start not behind the last newline", "^", "m", "a\n", 1, nil},
	{"start offset sees what is before", `\Bb`, "", "ab", 1, []int{1, 2}},
	{"start offset is no start", "^b", "", "ab", 1, nil},
	{"search start", `\Gb`, "", "ab", 1, []int{1, 2}},
	{"anchored", "b", "A", "ab", 0, nil},
	{"anchored at offset", "b", "A", "ab", 1, []int{1, 2}},
	{"first alternative wins", "(a|ab)(c|bcd)(d*)", "", "abcd", 0, []int{0, 4, 0, 1, 1, 4, 4, 4}},
	{"greedy", "a(.+)b", "", "aXbYb", 0, []int{0, 5, 1, 4}},
	{"lazy", "a(.+?)b", "", "aXbYb", 0, []int{0, 3, 1, 2}},
	{"ungreedy", "a(.+)b", "G", "aXbYb", 0, []int{0, 3, 1, 2}},
	{"possessive", "a[ab]++b", "", "aabb", 0, nil},
	{"atomic", "a(?>bc|b)c", "", "abc", 0, nil},
	{"atomic keeps groups", "(?>(a+))b", "", "aab", 0, []int{0, 3, 0, 2}},
	{"counts", "a{2,3}", "", "aaaa", 0, []int{0, 3}},
	{"upper count alone", "a{,3}", "", "aaaa", 0, []int{0, 3}},
	{"blanks in counts", "a{ 1 , 2 }b", "", "aaab", 0, []int{1, 4}},
	{"count that is none", "a{,}", "", "aa{,}", 0, []int{1, 5}},
	{"repeat of nothing ends", "(a*)*b", "", "aab", 0, []int{0, 3, 2, 2}},
	{"group of the last turn", "(?:(a)|b)*", "", "aab", 0, []int{0, 3, 1, 2}},
	{"reference", `(a+)b\1`, "", "aabaa", 0, []int{0, 5, 0, 2}},
	{"reference to unset group", `(?:(a)|b)\1`, "", "bb", 0, nil},
	{"reference inside its group", `(?:(a\1|b))+`, "", "bab", 0, []int{0, 3, 1, 3}},
	{"reference, case-blind", `(?i)(ab)\1`, "", "aBAb", 0, []int{0, 4, 0, 2}},
	{"reference by name", `(?P<x>a)(?P=x)\k<x>\g{x}`, "", "aaaa", 0, []int{0, 4, 0, 1}},
	{"relative reference", `(a)(b)\g{-1}`, "", "abb", 0, []int{0, 3, 0, 1, 1, 2}},
	{"octal, not reference", `\101\60`, "", "A0", 0, []int{0, 2}},
	{"look-ahead", "a(?=b)", "", "acab", 0, []int{2, 3}},
	{"negative look-ahead", "a(?!b)", "", "abac", 0, []int{2, 3}},
	{"look-ahead sets groups", "(?=(ab))a", "", "ab", 0, []int{0, 1, 0, 2}},
	{"negative look-ahead sets none", "(?!(b)c)(.)", "", "bd", 0, []int{0, 1, -1, -1, 0, 1}},
	{"look-behind", "(?<=ab|c)x", "", "xcx", 0, []int{2, 3}},
	{"negative look-behind", `(?<!a)b`, "", "abb", 0, []int{2, 3}},
	{"look-behind before the offset", "(?<=a)b", "", "ab", 1, []int{1, 2}},
	{"word edge", `\bfoo\b`, "", "foobar foo", 0, []int{7, 10}},
	{"inline flags to the end of the group", "(a(?i)b|c)d", "", "Cd", 0, []int{0, 2, 0, 1}},
	{"inline flags do not leave", "(?:(?i)a)b", "", "AB", 0, nil},
	{"flags off", "(?i)a(?-i:b)", "", "AB", 0, nil},
	{"extended", "a b # c\n c", "x", "abc", 0, []int{0, 3}},
	{"extended, blank before a repeat", "a +", "x", "aa", 0, []int{0, 2}},
	{"comment", "a(?#x)+b", "", "aab", 0, []int{0, 3}},
	{"quoted", `\Qa.b\E+`, "", "a.bb", 0, []int{0, 4}},
	{"class with ] first", `[]a]+`, "", "x]a", 0, []int{1, 3}},
	{"class of classes", `[[:alpha:]\d_-]+`, "", " a-1_ ", 0, []int{1, 5}},
	{"negated posix class", `[[:^digit:]]+`, "", "1ab2", 0, []int{1, 3}},
	{"white space of two kinds", `\h\v`, "", "\t\x85", 0, []int{0, 2}},
	{"line break takes both", `\R\n`, "", "\r\n", 0, nil},
	{"not newline", `\N+`, "s", "a\nb", 0, []int{0, 1}},
	{"match starts here", `a\Kb`, "", "ab", 0, []int{1, 2}},
	{"branch reset", `(?|(a)|(b))(c)`, "", "bc", 0, []int{0, 2, 0, 1, 1, 2}},
	{"conditional, yes", `(a)?(?(1)b|c)`, "", "ab", 0, []int{0, 2, 0, 1}},
	{"conditional, no", `(a)?(?(1)b|c)`, "", "xc", 0, []int{1, 2, -1, -1}},
	{"conditional by name", `(?<q>")?x(?(<q>)")`, "", `"x"`, 0, []int{0, 3, 0, 1}},
	{"conditional assertion", `(?(?=a)ab|cd)`, "", "xcd", 0, []int{1, 3}},
	{"conditional negative assertion", `(?(?!a)cd|ab)`, "", "ab", 0, []int{0, 2}},
	{"define", `(?(DEFINE)(?<n>\d+))v(?&n)\.(?&n)`, "", "v10.42", 0, []int{0, 6, -1, -1}},
	{"recursion", `\((?:[^()]++|(?R))*\)`, "", "x(a(b)c)", 0, []int{1, 8}},
	{"recursion, test", `a(?(R)b|(?R)c)`, "", "aabc", 0, []int{0, 4}},
	{"call restores groups", `(a|b)(?1)\1`, "", "aba", 0, []int{0, 3, 0, 1}},
	{"call can be gone back into", `(a+)(?1)b`, "", "aaab", 0, []int{0, 4, 0, 2}},
	{"call of all is not gone back into", `x(?R)a|a+`, "", "xaa", 0, []int{1, 3}},
	{"call of a first group is gone back into", `(.??)(?1)c`, "", "abc", 0, []int{0, 3, 0, 1}},
	{"palindrome", `^((.)(?1)\2|.?)$`, "", "abcba", 0, []int{0, 5, 0, 5, 0, 1}},
	{"forced failure", `a(*FAIL)|b`, "", "ab", 0, []int{1, 2}},
	{"worded assertion", `(*pla:ab)a`, "", "ab", 0, []int{0, 1}},
	{"empty pattern", "", "", "a", 0, []int{0, 0}},
	{"empty buffer", "a*$", "", "", 0, []int{0, 0}},
	{"repeat goes back to what follows", "[a-z]+=1", "", "ab=2cd=1", 0, []int{4, 8}},
	{"counted repeat, then its own byte", "a{1,3}ab", "", "aaaaab", 0, []int{1, 6}},
	{"required literal at a distance", "[0-9]{2}xyz", "", "xyz1xyz12xyz", 0, []int{7, 12}},
	{"lazy up to a byte", `x.*?y`, "s", "x\n\ny", 0, []int{0, 4}},
	{"lazy with a maximum", `x.{0,2}?y`, "s", "xaaay", 0, nil},
}

func TestMatch(t *testing.T) {
	var m Machine
	for _, tt := range matchTests {
		t.Run(tt.name, func(t *testing.T) {
			p := compileTest(t, tt.pattern, tt.flags)
			ok, err := p.Match([]byte(tt.in), tt.start, &m)
			if err != nil {
				t.Fatal(err)
			}
			var got []int
			if ok {
				for i := range p.Groups() + 1 {
					lo, hi := m.Group(i)
					got = append(got, lo, hi)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%q on %q: got %v, want %v", tt.pattern, tt.in, got, tt.want)
			}
		})
	}
}

func TestSyntaxErrors(t *testing.T) {
	tests := []struct {
		name, pattern string
		pos           int
		msg           string
	}{
		{"open group", "a(b", 3, "missing ) of the group at offset 1"},
		{"closed too often", "a)b", 1, "unmatched )"},
		{"nothing to repeat", "a|*", 2, "quantifier does not follow a repeatable item"},
		{"repeat of an assertion", `\b+`, 2, "quantifier does not follow a repeatable item"},
		{"counts out of order", "a{3,1}", 5, "numbers out of order in {} quantifier"},
		{"count too high", "a{70000}", 7, "repeat count: want at most 65535"},
		{"open class", "[ab", 3, "missing ] of the class at offset 0"},
		{"range out of order", "[z-a]", 2, "range out of order in a class"},
		{"unknown posix class", "[[:foo:]]", 1, "unknown class [:foo:]"},
		{"no such group", `(a)\2`, 4, "reference to a group that does not exist"},
		{"unknown escape", `a\y`, 2, `\y: unknown or not supported`},
		{"beyond a byte", `\x{100}`, 0, "value in braces is above ff: characters are bytes"},
		{"property", `\p{L}`, 1, `\p: unknown or not supported`},
		{"callout", "a(?C1)", 1, "callouts: not supported"},
		{"verb", "a(*COMMIT)b", 1, "(*COMMIT: not supported or unknown"},
		{"UTF", "(*UTF)a", 0, "(*UTF): not supported"},
		{"look-behind of any length", "x(?<=a+)", 1, "look-behind assertion is not of fixed length"},
		{"name twice", "(?<n>a)(?<n>b)", 7, `two groups have the name "n"`},
		{"start in look-around", `(?=a\K)`, 6, `\K is not allowed in look-around`},
		{"nested too deep", strings.Repeat("(", 300), 250, "parentheses are nested too deeply: want at most 250"},
		{"repeats of repeats", "(?:ab{1,9}){1,65535}{1,65535}", 20, "quantifier does not follow a repeatable item"},
		{"repeats inside repeats", "(?:(?:ab|c){1,65535}){1,65535}", 0, ""},
		{"long pattern", strings.Repeat("a", 70000), 65535, "pattern of 70000 bytes: want at most 65535"},
		{"long literal, often", "(?:" + strings.Repeat("a", 60000) + "){1,65535}", 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Compile(tt.pattern, 0, Limits{})
			var se *SyntaxError
			if !errors.As(err, &se) {
				t.Fatalf("got error %v, want a SyntaxError", err)
			}
			if tt.msg == "" {
				if !strings.HasPrefix(se.Msg, "pattern is too large") {
					t.Errorf("got %q, want that it is too large", se.Msg)
				}
				return
			}
			if se.Pos != tt.pos || se.Msg != tt.msg {
				t.Errorf("got offset %d, %q; want %d, %q", se.Pos, se.Msg, tt.pos, tt.msg)
			}
		})
	}
}

func TestNames(t *testing.T) {
	p := compileTest(t, `(?<a>x)(y)(?P<b>z)`, "")
	if n, ok := p.Group("b"); !ok || n != 3 {
		t.Errorf("b: got %d, %v", n, ok)
	}
	if _, ok := p.Group("c"); ok {
		t.Error("c: is there")
	}
	if p.Groups() != 3 || p.Name(1) != "a" || p.Name(2) != "" {
		t.Errorf("got %d groups, names %q, %q", p.Groups(), p.Name(1), p.Name(2))
	}
}

func TestRequired(t *testing.T) {
	tests := []struct {
		name, pattern, flags, want string
		nocase                     bool
	}{
		{"plain", "a.*foobar.*x", "", "foobar", false},
		{"case-blind", "/GET.php", "i", "/get", true},
		{"through groups", "a(bc)d", "", "abcd", false},
		{"assertions do not part", `ab\bcd`, "", "abcd", false},
		{"not out of alternatives", "(?:foo|bar)x", "", "x", false},
		{"not out of optional parts", "(?:foo)?x", "", "x", false},
		{"out of a repeat", "(?:foo)+x", "", "foo", false},
		{"not out of look-ahead", "(?=foo)x", "", "x", false},
		{"not out of definitions", "(?(DEFINE)(foo))x", "", "x", false},
		{"none", "[ab]+", "", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := compileTest(t, tt.pattern, tt.flags).Required()
			if string(got.Bytes) != tt.want || got.NoCase != tt.nocase {
				t.Errorf("got %q, %v; want %q, %v", got.Bytes, got.NoCase, tt.want, tt.nocase)
			}
		})
	}
}

// TestHostile: patterns and buffers that blow up naive engines end early.
func TestHostile(t *testing.T) {
	a := strings.Repeat("a", 300)
	long := strings.Repeat("a", 50000)
	tests := []struct {
		name, pattern, in string
		limit             bool // ends by the limit rather than with a result
	}{
		{"nested repeats", `(?:a+)+$`, a + "b", false},
		{"nested repeats with groups", `(a|aa)+$`, a + "b", false},
		{"repeats in a row", `a*a*a*a*a*a*[bc]`, a + "d", false},
		{"literal that is needed", `a*a*a*a*a*a*b`, long, false},
		{"nested repeats, long", `(?:a+)+$`, long + "b", true},
		{"nested repeats and look-ahead", `^(?:(a|aa)+)+(?=x)`, a, true},
		{"endless recursion", `(?:a|(?R)b)c|(?R)`, a, true},
		{"ten thousand alternatives", strings.Repeat("ab|", 10000) + "c", long, true},
		{"long literal", strings.Repeat("ab", 30000), strings.Repeat("ab", 29999), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			begin := time.Now()
			p, err := Compile(tt.pattern, 0, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			var m Machine
			ok, err := p.Match([]byte(tt.in), 0, &m)
			if ok || (err == ErrLimit) != tt.limit {
				t.Errorf("got %v, %v; want the limit: %v", ok, err, tt.limit)
			}
			if d := time.Since(begin); d > 2*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
}

func TestNoAllocation(t *testing.T) {
	var m Machine
	for _, pattern := range []string{`(\w+)=(\d+)`, `^(?:a|b)*?c`, `(?i)foo[^b]*bar`, `(a+)+$`, `\((?:[^()]|(?R))*\)`, `(x+)\1y`} {
		p := compileTest(t, pattern, "")
		b := []byte("GET /a?xx=12&(a(b)c)=" + strings.Repeat("a", 100) + "!xxxxxfoo")
		if _, err := p.Match(b, 0, &m); err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(20, func() { p.Match(b, 0, &m) }); n != 0 {
			t.Errorf("%q: matching allocates %v times, want 0", pattern, n)
		}
	}
}

type rulePattern struct{ pattern, flags string }

// rulePatterns reads the distinct patterns of the rule file that WEIR_RULES names.
func rulePatterns(t testing.TB) []rulePattern {
	t.Helper()
	file := os.Getenv("WEIR_RULES")
	if file == "" {
		t.Skip("WEIR_RULES does not name a rule file")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[rulePattern]bool{}
	var out []rulePattern
	for line := range strings.Lines(string(text)) {
		for _, part := range strings.Split(line, "pcre:")[1:] {
			i := strings.IndexByte(part, '/')
			var arg strings.Builder
			k := i + 1
			for ; k > 0 && k < len(part) && !strings.HasPrefix(part[k:], `";`); k++ {
				if part[k] == '\\' && k+1 < len(part) && strings.IndexByte(`";:`, part[k+1]) >= 0 {
					k++
				} else if part[k] == '\\' {
					arg.WriteByte(part[k])
					k++
				}
				arg.WriteByte(part[k])
			}
			s := arg.String()
			end := strings.LastIndexByte(s, '/')
			if end < 0 {
				continue
			}
			rp := rulePattern{s[:end], ""}
			for _, f := range s[end+1:] {
				if strings.ContainsRune("imsxAEG", f) {
					rp.flags += string(f)
				}
			}
			if !seen[rp] {
				seen[rp] = true
				out = append(out, rp)
			}
		}
	}
	return out
}

// TestRules compiles every pattern of a rule file.
func TestRules(t *testing.T) {
	rps := rulePatterns(t)
	var best time.Duration
	for round := range 5 {
		begin := time.Now()
		for _, rp := range rps {
			if _, err := Compile(rp.pattern, parseFlags(rp.flags), Limits{}); err != nil && round == 0 {
				t.Errorf("%q: %v", rp.pattern, err)
			}
		}
		if d := time.Since(begin); round == 0 || d < best {
			best = d
		}
	}
	t.Logf("%d distinct patterns in %v", len(rps), best)
}
