package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// sharedFolders are where large sets of captures lie beside a clone, if they do.
var sharedFolders = []string{"../../../shared/verify", "../../../shared/parity"}

// TestEveryCapture reads all captures there are, each with fresh state and the
// bundled rules, and prints how long that takes. It wants no panic, no hang, and
// nothing left over: goroutines, open files.
func TestEveryCapture(t *testing.T) {
	var captures []string
	for _, dir := range append([]string{"../../testdata/captures"}, sharedFolders...) {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && looksLikeCapture(path) {
				captures = append(captures, path)
			}
			return nil // a folder that is not there has no captures
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	goroutines, open := runtime.NumGoroutine(), openFiles(t)
	var stdout, stderr bytes.Buffer
	out := t.TempDir()
	start := time.Now()
	args := append([]string{"pcap", "-q", "--separate", "--workers", "2", "-l", out}, captures...)
	// Some captures are broken on purpose: that is status 1, and a message.
	if status := run(t.Context(), args, &stdout, &stderr); status > 1 {
		t.Fatalf("status %d: %s", status, &stderr)
	}
	took := time.Since(start)
	results, err := filepath.Glob(filepath.Join(out, "*", "eve.json"))
	if err != nil || len(results) != len(captures) {
		t.Errorf("%d results of %d captures, %v", len(results), len(captures), err)
	}
	for range 100 { // goroutines end in their own time
		if runtime.NumGoroutine() <= goroutines {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("%d goroutines are left over", n-goroutines)
	}
	if n := openFiles(t); n > open {
		t.Errorf("%d files are left open", n-open)
	}
	t.Logf("%d captures in %v", len(captures), took.Round(time.Millisecond))
}

// looksLikeCapture goes by the name.
func looksLikeCapture(path string) bool {
	name := filepath.Base(path)
	for _, ext := range []string{".pcap", ".pcapng", ".cap"} {
		if strings.Contains(name, ext) {
			return true
		}
	}
	return false
}

// openFiles counts the open files of the process.
func openFiles(t *testing.T) int {
	t.Helper()
	l, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc")
	}
	return len(l)
}
