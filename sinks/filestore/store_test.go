package filestore

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/decode/event"
	"weir/decode/file"
)

// keep stores data in pieces as worker 0 would.
func keep(t *testing.T, s *Store, pieces ...string) *file.File {
	t.Helper()
	fs := &file.Store{Sink: s.Worker(0), All: true}
	var l file.List
	f := fs.Open(&l, []byte("name"), 0)
	for _, p := range pieces {
		f.Append([]byte(p), false)
	}
	f.Close(false)
	return f
}

func TestStore(t *testing.T) {
	for _, c := range []struct {
		name    string
		maxOpen int
		pieces  []string
	}{
		{"in one piece", 0, []string{"hello"}},
		{"in many", 0, []string{"he", "l", "lo"}},
		{"closed between pieces", 1, []string{"he", "l", "lo"}},
		{"empty", 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			s, err := New(Options{Dir: dir, MaxOpen: c.maxOpen})
			if err != nil {
				t.Fatal(err)
			}
			if c.maxOpen > 0 {
				s.open.Add(int64(c.maxOpen)) // as if others were open
			}
			f := keep(t, s, c.pieces...)
			want := strings.Join(c.pieces, "")
			sum := sha256.Sum256([]byte(want))
			name := hex.EncodeToString(sum[:])
			got, err := os.ReadFile(filepath.Join(dir, name[:2], name))
			if err != nil || string(got) != want || !f.Stored {
				t.Errorf("%q, %v, stored %v", got, err, f.Stored)
			}
			if left, _ := os.ReadDir(filepath.Join(dir, "tmp")); len(left) != 0 {
				t.Errorf("%d files left in tmp", len(left))
			}
			keep(t, s, c.pieces...) // once more, the same content
			if err := s.Close(); err != nil || s.Stored.Load() != 2 {
				t.Errorf("Close: %v, %d files", err, s.Stored.Load())
			}
		})
	}
}

func TestIncomplete(t *testing.T) {
	dir := t.TempDir()
	s, err := New(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "tmp")); err != nil {
		t.Fatal(err)
	}
	if f := keep(t, s, "lost"); f.Stored {
		t.Error("a file counts as stored that could not be written")
	}
	err = s.Close()
	if err == nil || !strings.Contains(err.Error(), "1 files are missing") || s.Errors.Load() != 1 {
		t.Errorf("Close: %v, %d errors", err, s.Errors.Load())
	}
}

func TestDescribe(t *testing.T) {
	dir := t.TempDir()
	s, err := New(Options{Dir: dir, Info: true, Encode: func(b []byte, ev *event.Event) []byte { return append(b, ev.Type...) }})
	if err != nil {
		t.Fatal(err)
	}
	f := keep(t, s, "x")
	s.Worker(0).Describe(f, &event.Event{Type: "fileinfo", Time: 1515441287 * 1e9})
	name := hex.EncodeToString(f.SHA256[:])
	b, err := os.ReadFile(filepath.Join(dir, name[:2], name+".1515441287.1.json"))
	if err != nil || string(b) != "fileinfo" {
		t.Errorf("%q, %v", b, err)
	}
}
