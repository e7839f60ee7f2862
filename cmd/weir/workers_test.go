package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// TestWorkersAgreeOnCaptures: what is written does not depend on the number of workers,
// for any of the bundled captures.
func TestWorkersAgreeOnCaptures(t *testing.T) {
	files, err := filepath.Glob("../../testdata/captures/*/*.pcap*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no captures: %v", err)
	}
	dir := t.TempDir()
	events := func(workers, file string) []byte {
		out := filepath.Join(dir, workers)
		if err := os.RemoveAll(out); err != nil {
			t.Fatal(err)
		}
		run(t.Context(), []string{"pcap", "-q", "--workers", workers, "-l", out, file}, io.Discard, io.Discard) // some are broken
		b, err := os.ReadFile(filepath.Join(out, "eve.json"))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, f := range files {
		if !bytes.Equal(events("1", f), events("3", f)) {
			t.Errorf("%s: one worker and three do not write the same", filepath.Base(f))
		}
	}
}
