package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "print the manual anew")

// TestManual: docs/reference says what the code does (make docs prints it).
func TestManual(t *testing.T) {
	for _, p := range pages {
		name := filepath.Join("../../docs/reference", p.name)
		var want bytes.Buffer
		if err := p.print(rootCommand(), &want); err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(name, want.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want.Bytes()) {
			t.Errorf("%s is not what the code prints: run make docs", name)
		}
	}
}
