package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRuleCache: alerts are the same with compiled sets from the cache, without
// it, with a damaged one, and with a folder that others may write to, which is
// not used and said.
func TestRuleCache(t *testing.T) {
	dir := t.TempDir()
	var text strings.Builder
	for i := range 200 {
		fmt.Fprintf(&text, "alert http any any -> any any (msg:\"%d\"; http.uri; content:\"/%c\"; content:\"x%d\"; distance:0; sid:%d;)\n", i, 'a'+i%26, i, i+1)
	}
	text.WriteString("alert http any any -> any any (msg:\"any\"; http.method; content:\"GET\"; sid:1000;)\n")
	list := filepath.Join(dir, "a.rules")
	if err := os.WriteFile(list, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	analyse := func(name, caching string) (alerts int, stderr string) {
		t.Helper()
		var out, errs bytes.Buffer
		logs := filepath.Join(dir, name)
		if status := run(t.Context(), []string{
			"pcap", "-q", "-k", "none", "-S", list, "-l", logs, "--runmode", "single",
			"--set", "detect.sgh-mpm-caching=" + caching, "--set", "detect.sgh-mpm-caching-path=" + filepath.Join(dir, "cache"), "../../testdata/captures/http",
		}, &out, &errs); status != 0 {
			t.Fatal(errs.String())
		}
		b, err := os.ReadFile(filepath.Join(logs, "eve.json"))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(b), `"signature_id":1000,`), errs.String()
	}
	files := func() []string {
		all, _ := filepath.Glob(filepath.Join(dir, "cache", "weir", "*"))
		return all
	}
	want, _ := analyse("without", "no")
	if want == 0 || len(files()) > 0 {
		t.Fatalf("%d alerts without a cache, files %q", want, files())
	}
	for _, name := range []string{"first", "again"} {
		if got, stderr := analyse(name, "yes"); got != want || stderr != "" || len(files()) != 1 {
			t.Errorf("%s: %d alerts, want %d; %q; files %q", name, got, want, stderr, files())
		}
	}
	b, err := os.ReadFile(files()[0])
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(files()[0], b, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, stderr := analyse("damaged", "yes"); got != want || stderr != "" {
		t.Errorf("damaged: %d alerts, want %d; %q", got, want, stderr)
	}
	if err := os.Chmod(filepath.Join(dir, "cache", "weir"), 0o777); err != nil {
		t.Fatal(err)
	}
	if got, stderr := analyse("open", "yes"); got != want || !strings.Contains(stderr, "has permissions 0777: want none for others: sets are compiled anew at each start") {
		t.Errorf("open folder: %d alerts, want %d; %q", got, want, stderr)
	}
}
