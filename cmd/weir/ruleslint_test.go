package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLintAndStats runs both verbs on three rules, one of which cannot be used.
func TestLintAndStats(t *testing.T) {
	name := filepath.Join(t.TempDir(), "my.rules")
	text := `alert http any any -> any any (msg:"good"; flow:to_server; http.uri; content:"/evil.php"; classtype:bad-unknown; sid:1; rev:1;)
alert tcp any any -> any any (msg:"short"; flow:to_server; content:"ab"; priority:1; sid:2; rev:1;)
alert tcp any any -> any any (msg:"broken"; nothing:1; sid:3;)
`
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	call := func(want int, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if got := run(t.Context(), append([]string{"rules"}, args...), &out, &errs); got != want {
			t.Errorf("%v: status %d, want %d: %s%s", args, got, want, &out, &errs)
		}
		return out.String()
	}
	if out := call(1, "lint", name); !strings.Contains(out, `:2:60: sid 2: short-pattern: the fast pattern "ab" has 2 bytes`) || !strings.Contains(out, "2 rules looked at, 1 findings; 1 cannot be used") {
		t.Errorf("lint says\n%s", out)
	}
	call(0, "lint", "--off", "short-pattern", name)
	call(0, "lint", "--only", "no-msg", name)
	call(2, "lint", "--off", "no-such", name)
	var f struct {
		Lint string
		Line int
		SID  int
	}
	if out := call(1, "lint", "--json", name); json.Unmarshal([]byte(out), &f) != nil || f.Lint != "short-pattern" || f.Line != 2 || f.SID != 2 {
		t.Errorf("lint --json says %s", out)
	}
	if out := call(0, "stats", name); !strings.Contains(out, "2 rules, loaded in") || !strings.Contains(out, "http.uri of http1 to_server") {
		t.Errorf("stats says\n%s", out)
	}
	var s setStats
	if out := call(0, "stats", "--json", name); json.Unmarshal([]byte(out), &s) != nil || s.Loaded != 2 || s.Refused != 1 || s.Patterns[9] != 1 || s.Patterns[2] != 1 || s.Keywords["content"] != 2 {
		t.Errorf("stats --json says %s", out)
	}
	call(2, "stats", "--top", "0", name)
}
