package config

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestShared loads every configuration of the suites under WEIR_SHARED.
func TestShared(t *testing.T) {
	dir := os.Getenv("WEIR_SHARED")
	if dir == "" {
		t.Skip("WEIR_SHARED does not name the folder of the test suites")
	}
	n := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasPrefix(d.Name(), "suricata") || filepath.Ext(path) != ".yaml" {
			return err
		}
		n++
		c, _, err := Load(Options{File: path})
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return nil
		}
		if err := c.Err(); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if testing.Verbose() {
			for _, p := range c.Ignored() {
				t.Log(p)
			}
		}
		return nil
	})
	if err != nil || n == 0 {
		t.Fatalf("read %d files: %v", n, err)
	}
	t.Logf("%d configurations", n)
}
