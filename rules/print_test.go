package rules

import (
	"slices"
	"testing"
)

// TestFormat prints files in canonical form.
func TestFormat(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"blanks", "alert  tcp any any->any any", "alert  tcp any any->any any\n"}, // is no rule
		{"rule", "  alert\ttcp  any any -> any any ( msg : \"a b\" ;sid:1 ;)", "alert tcp any any -> any any (msg:\"a b\"; sid:1;)\n"},
		{"groups", `alert tcp [ 10.0.0.0/8, !10.1.0.0/16 ] [80, 81:90] <> any any (sid:1;)`, "alert tcp [10.0.0.0/8,!10.1.0.0/16] [80,81:90] <> any any (sid:1;)\n"},
		{"hook", `alert http1:request_headers any any => any any (sid:1;)`, "alert http1:request_headers any any => any any (sid:1;)\n"},
		{"turned off", `#  alert tcp any any -> any any (sid:1 ;)`, "# alert tcp any any -> any any (sid:1;)\n"},
		{"comment", "#  what follows\n##\n", "#  what follows\n##\n"},
		{"comment behind", `alert tcp any any -> any any (sid:1;)   # why`, "alert tcp any any -> any any (sid:1;) # why\n"},
		{"lines", "alert tcp any any -> any any ( \\\n    msg:\"a\"; \\\n    sid:1;)\n", "alert tcp any any -> any any (msg:\"a\"; sid:1;)\n"},
		{"empty lines", "\n\n# a\n\n\n\n# b\n\n\n", "# a\n\n# b\n"},
		{"backslash at the end of a value", `alert tcp any any -> any any (content:"a\ ; sid:1;)`, `alert tcp any any -> any any (content:"a\ ; sid:1;)` + "\n"},
		{"no rule", "alert tcp any (\nalert tcp any any -> any any (sid:2 ;)", "alert tcp any (\nalert tcp any any -> any any (sid:2;)\n"},
		{"line ends", "alert tcp any any -> any any (sid:1;)\r\n# a\r\n", "alert tcp any any -> any any (sid:1;)\n# a\n"},
	} {
		got, _ := Format("a.rules", []byte(c.in))
		if string(got) != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
	if _, errs := Format("a.rules", []byte("# x\nalert tcp any (\n")); len(errs) != 1 || errs[0].Pos.Line != 2 {
		t.Errorf("errors %v, want one in line 2", errs)
	}
}

// FuzzFormat: what is printed parses to the same rule, and prints the same.
func FuzzFormat(f *testing.F) {
	f.Add(`alert tcp [10.0.0.0/8, !$HOME_NET] any -> any [80,443] (msg:"a\;b"; content:"a|20|"; nocase; sid:1; rev:2;) # why`)
	f.Add(`pass http1:request any any => any any (x:y\ ; :; a; sid:"7";)`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseRule(text)
		if err != nil {
			return
		}
		printed := r.String()
		again, err := ParseRule(printed)
		if err != nil {
			t.Fatalf("%q is printed as %q: %v", text, printed, err)
		}
		same := func(a, b Option) bool { return a.Name == b.Name && a.Value == b.Value && a.HasValue == b.HasValue }
		if again.String() != printed || !slices.EqualFunc(r.Options, again.Options, same) || again.SID != r.SID || again.Dir != r.Dir {
			t.Fatalf("%q is printed as %q, that as %q", text, printed, again.String())
		}
	})
}
