package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const bundled = "../../testdata/captures"

// TestBundled wants the made captures of the repository to be what the code
// makes, no more and no fewer.
func TestBundled(t *testing.T) {
	made, size := map[string]bool{}, 0
	for _, f := range files() {
		if made[f.name] {
			t.Errorf("%s is made twice", f.name)
		}
		made[f.name] = true
		size += len(f.data)
		got, err := os.ReadFile(filepath.Join(bundled, f.name))
		if err != nil {
			t.Errorf("%v; run make captures", err)
		} else if !bytes.Equal(got, f.data) {
			t.Errorf("%s differs from what the code makes; run make captures", f.name)
		}
	}
	if size > 300_000 {
		t.Errorf("%d bytes of captures, want at most 300,000", size)
	}
	err := filepath.WalkDir(bundled, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasPrefix(d.Name(), "made-") {
			return err
		}
		if name, _ := filepath.Rel(bundled, path); !made[filepath.ToSlash(name)] {
			t.Errorf("%s is not made by the code", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestSame makes the captures twice.
func TestSame(t *testing.T) {
	a, b := files(), files()
	for i := range a {
		if !bytes.Equal(a[i].data, b[i].data) {
			t.Errorf("%s comes out different the second time", a[i].name)
		}
	}
}
