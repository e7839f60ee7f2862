package install

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sample is a set of two files.
func sample(t *testing.T) *set {
	t.Helper()
	s := newSet()
	for name, text := range map[string]string{
		"rules/emerging-dos.rules": `alert tcp any any -> any 80 (msg:"DoS heartbleed"; content:"a"; threshold:type limit,track by_src,count 1,seconds 60; metadata:deployment Perimeter, tag x; classtype:trojan-activity; sid:1; rev:2;)
#alert udp any any -> any 53 (msg:"off by the source"; sid:2;)
# A comment about sid: not a rule.
alert tcp any any -> any 22 (msg:"sets"; flowbits:set,a; flowbits:noalert; sid:3;)
`,
		"local.rules": "drop ip any any -> any any \\\n  (msg:\"Local $1\"; gid:7; sid:4;)\n",
	} {
		if errs := s.parse(file{name, []byte(text)}); len(errs) > 0 {
			t.Fatal(errs[0])
		}
	}
	return s
}

func TestMatchers(t *testing.T) {
	for _, tc := range []struct{ line, want, err string }{
		{"1", "1:1", ""},
		{"1:2", "1:2", ""},
		{"1, 7:4", "1:1 7:4", ""},
		{"4", "", ""},
		{"*", "1:1 1:2 1:3 7:4", ""},
		{"re:HEARTbleed", "1:1", ""},
		{`re:"any \d\d \("`, "1:1 1:2 1:3", ""},
		{"re:(?=x)", "", "invalid or unsupported Perl syntax"},
		{"group:emerging-dos.rules", "1:1 1:2 1:3", ""},
		{"group:emerging-dos", "1:1 1:2 1:3", ""},
		{"group:emerging*", "1:1 1:2 1:3", ""},
		{"group:dos", "", ""},
		{"filename:*/emerging-d?s.rules", "1:1 1:2 1:3", ""},
		{"filename:local.rules", "7:4", ""},
		{"metadata:deployment perimeter", "1:1", ""},
		{"metadata: Tag  X", "1:1", ""},
		{"metadata:deployment", "1:1", ""},
		{"metadata:deploy", "", ""},
		{"metadata:", "", "metadata: want key and value"},
		{"group:", "", "pattern is empty"},
		{"x:1", "", `"x:1": want sid, gid:sid, or one of re:, group:, filename: and metadata: with its argument`},
		{"99999999999", "", "want sid"},
	} {
		t.Run(tc.line, func(t *testing.T) {
			m, err := parseMatcher(tc.line)
			if (err != nil) != (tc.err != "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Fatalf("got error %v, want %q", err, tc.err)
			}
			if err != nil {
				return
			}
			var got []string
			for _, x := range []id{{1, 1}, {1, 2}, {1, 3}, {7, 4}} {
				if m(sample(t).rules[x]) {
					got = append(got, x.String())
				}
			}
			if s := strings.Join(got, " "); s != tc.want {
				t.Errorf("got %s, want %s", s, tc.want)
			}
		})
	}
}

func TestModify(t *testing.T) {
	for _, tc := range []struct{ name, line, want, err string }{
		{"number", `1 "seconds \d+" "seconds 3600"`, "seconds 3600", ""},
		{"group as Python has it", `re:classtype:trojan-activity "(alert)(.*)" "drop\\2"`, "drop tcp any any -> any 80 (msg", ""},
		{"group as Oinkmaster has it", `modifysid * "^alert(.*)heartbleed" | "reject${1}x"`, `reject tcp any any -> any 80 (msg:"DoS x"`, ""},
		{"dollar that is none", `1 "heartbleed" "costs $5"`, `(msg:"DoS costs $5"`, ""},
		{"quotes", `1 "msg:\"DoS" "msg:\"XX"`, `(msg:"XX heartbleed"`, ""},
		{"expression with blanks", `re:dos heart "DoS" "DDoS"`, `"DDoS`, ""},
		{"metadata", `metadata-add re:"DoS heart" "action" "archive"`, "metadata:action archive;)", ""},
		{"no rule any more", `1 "\(" ""`, "DoS heartbleed", "rule 1:1 stays as it is: "},
		{"another rule", `1 "sid:1;" "sid:9;"`, "sid:1;", "rule 1:1 stays as it is: rule 1:1 would become 1:9"},
		{"one string", `1 "a"`, "", `want MATCHER "FROM" "TO"`},
		{"not an expression", `1 "(" ""`, "", "missing closing )"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "modify.conf")
			if err := os.WriteFile(name, []byte("# comment\n\n"+tc.line+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := ReadFilters(FilterFiles{Modify: name})
			s := sample(t)
			if err == nil {
				if _, errs := f.apply(s); len(errs) > 0 {
					err = errs[0]
				}
			}
			if (err != nil) != (tc.err != "") || err != nil && (!strings.Contains(err.Error(), tc.err) || !strings.HasPrefix(err.Error(), name+":3: ")) {
				t.Fatalf("got error %v, want %q at line 3", err, tc.err)
			}
			if got := s.rules[id{1, 1}].text; !strings.Contains(got, tc.want) {
				t.Errorf("got %s, want %s in it", got, tc.want)
			}
		})
	}
}

func TestFilters(t *testing.T) {
	dir := t.TempDir()
	names := FilterFiles{Disable: filepath.Join(dir, "d"), Enable: filepath.Join(dir, "e"), Drop: filepath.Join(dir, "x")}
	for name, text := range map[string]string{names.Disable: "group:emerging-dos\n7:4\n", names.Enable: "2\n3\n", names.Drop: "*\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := ReadFilters(names)
	if err != nil {
		t.Fatal(err)
	}
	s := sample(t)
	got, errs := f.apply(s)
	if want := (Applied{Disabled: 2, Enabled: 1, Dropped: 1}); got != want || len(errs) > 0 {
		t.Errorf("got %+v %v, want %+v", got, errs, want)
	}
	want := `# alert tcp any any -> any 80 (msg:"DoS heartbleed"; content:"a"; threshold:type limit,track by_src,count 1,seconds 60; metadata:deployment Perimeter, tag x; classtype:trojan-activity; sid:1; rev:2;)
drop udp any any -> any 53 (msg:"off by the source"; sid:2;)
alert tcp any any -> any 22 (msg:"sets"; flowbits:set,a; flowbits:noalert; sid:3;)
# drop ip any any -> any any   (msg:"Local $1"; gid:7; sid:4;)
`
	if text := string(s.file()); !strings.HasSuffix(text, want) {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}

// FuzzFilter: lines of filter files never panic, and a change that applies leaves
// rules.
func FuzzFilter(f *testing.F) {
	for _, line := range []string{"1:2,3", `re:a "b" "c\\1"`, "group:[a-", `metadata-add * "a" "b"`, `modifysid * "^(.)" | "${1}"`} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		s := sample(&testing.T{})
		if m, err := parseMatcher(line); err == nil {
			for r := range s.all {
				m(r)
			}
		}
		if c, err := parseChange(line); err == nil {
			for r := range s.all {
				if c.matcher(r) {
					c.apply(r)
				}
			}
		}
		again := newSet()
		if errs := again.parse(file{"f", s.file()}); len(errs) > 0 || len(again.order) != len(s.order) {
			t.Fatalf("%v; %d rules, want %d", errs, len(again.order), len(s.order))
		}
	})
}
